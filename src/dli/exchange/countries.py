"""Conversion of names of countries to codes."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import warn

from attrs import frozen

from dli.checks import choice_faults, mapping, refuse, text_faults
from dli.errors import DataError, DLIWarning, MethodError
from dli.frames import is_missing

__all__ = ["country_codes"]

# Words that may be part of the name of a country without referring to another place.
_GENERAL_WORDS = """
    the of in de d da do del la le les s l
    state states republic rep kingdom federation fed federal sts union united commonwealth
    democratic dem people peoples socialist islamic arab plurinational bolivarian cooperative co
    operative principality sultanate dominion confederation confederacy independent
    province special administrative region sar territory territories island islands is isl overseas
    department collectivity country bailiwick dependency
    under unsc unscr resolution 1244
    st saint sint ste sao former formerly later part mainland coast rb pdr dpr
"""
_GENERAL = frozenset(_GENERAL_WORDS.split())
# Words that some lists add to names, and that neither the names nor the patterns contain.
_ADDED = {
    "CHN": "pr", "HKG": "china prc pr", "HMD": "and", "IRN": "ir", "KGZ": "kyrgyzstan",
    "LBY": "jamahiriya", "MAC": "china prc pr", "MKD": "fyr yugoslav", "PRI": "us usa",
    "PSE": "and occupied", "TWN": "chinese", "VIR": "us usa",
}  # fmt: skip
# The patterns match these words, which are other places: a part of a country, or several ones.
_OTHER_PLACES = frozenset({"czechoslovakia", "england", "somaliland"})
# The patterns match these names, which mean another place, such as a state of the USA.
_OTHER_NAMES = frozenset({"georgia state"})
# Marks of footnotes that some lists append to names, such as [5], 5/ or a star.
_NOTES = re.compile(r"(\s*(\[[0-9a-z]{1,2}\]|\([0-9]{1,2}\)|[0-9]/|\*+))+$")


@frozen
class _Country:
    """A country in the data of country_converter, with the words that may be part of its name."""

    code: str
    name: str
    pattern: re.Pattern[str]
    words: frozenset[str]

    def explains(self, word: str) -> bool:
        """Return whether a word may be part of a name of this country."""
        return word not in _OTHER_PLACES and (
            word in _GENERAL or word in self.words or self.pattern.fullmatch(word) is not None
        )


def country_codes(
    names: Iterable[Any],
    *,
    known: Mapping[str, str] | None = None,
    unmatched: str = "raise",
) -> list[str | None]:
    """Return the ISO 3166-1 alpha-3 codes of countries and territories.

    Publishers write names in different ways: *Korea, Rep.*, *Republic of Korea*, *South Korea*.
    Names are matched by the patterns of country_converter [1]_; accents, case and the type of
    apostrophe do not matter. Nothing is guessed: a misspelt name does not match, nor does a name
    with a word that does not belong to the country, such as *New Mexico* or *Niger River*.

    Parameters
    ----------
    names : iterable of str
        A column of names, such as ``data["country"]``; names may be repeated. Alpha-3 codes are
        returned unchanged. The code of Kosovo is XKX, which is in use although it is not part of
        the standard.
    known : mapping of str to str, optional
        The codes of names that would not be found, or that have another meaning in these data.
    unmatched : {"raise", "missing"}
        Whether a name that does not match exactly one country raises an error or has the code
        None.

    Returns
    -------
    list of str or None
        The code of each name.

    Raises
    ------
    DataError
        country_converter is not installed; or names are missing, not text, not found or match
        several countries. All of these names are listed with their rows, counted from 0, and with
        the most similar name if there is one.
    MethodError
        ``names`` is a single text instead of a column, or an option is invalid.

    Warns
    -----
    DLIWarning
        Names have no code, with ``unmatched="missing"``; all of them are listed.

    References
    ----------
    .. [1] K. Stadler (2017), "The country converter coco - a Python package for converting country
       names between different classification schemes", *Journal of Open Source Software* 2(16),
       332. https://doi.org/10.21105/joss.00332

    Examples
    --------
    >>> country_codes(["Viet Nam", "Korea, Rep.", "Côte d’Ivoire", "Turkey"])  # doctest: +SKIP
    ['VNM', 'KOR', 'CIV', 'TUR']
    """
    refuse("country_codes", choice_faults("unmatched", unmatched, ("raise", "missing")))
    codes = {} if known is None else mapping("known", known, "name to code")
    refuse(
        "country_codes", text_faults(**{f"the code of {k!r}": code for k, code in codes.items()})
    )
    if isinstance(names, (str, bytes, Mapping)) or not isinstance(names, Iterable):
        msg = f"names must be a column of names, got {names!r}"
        raise MethodError(msg)
    cells = [None if is_missing(name) else name for name in names]
    # The type is part of the key: a missing name is not the text "None".
    keys = [(type(cell), repr(cell)) for cell in cells]
    rows: dict[Any, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    countries = _countries()
    matches = {key: _code(cells[same[0]], codes, countries) for key, same in rows.items()}
    faults = [f"{_named(rows[key])}: {fault}" for key, (_, fault) in matches.items() if fault]
    if faults:
        msg = (
            "names of countries without a code (correct them, or pass their codes as "
            "known={name: code})"
        )
        if unmatched == "raise":
            raise DataError(msg, faults)
        warn("\n  - ".join([f"{msg}:", *faults]), DLIWarning, stacklevel=2)
    return [matches[key][0] for key in keys]


def _named(rows: Sequence[int]) -> str:
    """Return rows as messages name them, such as "rows 0, 3"."""
    shown = ", ".join(map(str, rows[:5])) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
    return f"row{'s' if len(rows) > 1 else ''} {shown}"


def _code(
    name: object, known: Mapping[Any, Any], countries: Sequence[_Country]
) -> tuple[str | None, str]:
    """Return the code of a name and an empty text, or None and what is wrong."""
    if name is None:
        return None, "no name"
    if not isinstance(name, str):
        return None, f"{name!r} is not a text"
    if name in known:
        return known[name], ""
    code = name.strip()
    is_code = any(country.code == code for country in countries)
    return (code, "") if is_code else _matched(name, countries)


def _matched(name: str, countries: Sequence[_Country]) -> tuple[str | None, str]:
    """Return the code of the only country whose pattern matches, or None and what is wrong."""
    spellings = list(_spellings(name))
    hits = [c for c in countries if any(map(c.pattern.search, spellings))]
    if " ".join(_words(spellings[-1])) in _OTHER_NAMES:
        hits = []
    if len(hits) > 1:
        return None, f"{name!r} may be {' or '.join(country.code for country in hits)}"
    if not hits:
        return None, f"{name!r} was not found{_similar(name, countries)}"
    code = hits[0].code
    strange = [repr(word) for word in _words(spellings[-1]) if not hits[0].explains(word)]
    if strange:
        verb = "are" if len(strange) > 1 else "is"
        fault = (
            f"{name!r} was not found: {' and '.join(strange)} {verb} not part of a name of {code}"
            f"{_similar(name, countries)}"
        )
        return None, fault
    return code, ""


def _similar(name: str, countries: Sequence[_Country]) -> str:
    """Return the hint that ends a message, if a country has almost the same name."""
    near = get_close_matches(name.strip(), [country.name for country in countries], 1, cutoff=0.8)
    return f"; did you mean {near[0]!r}?" if near else ""


def _spellings(name: str) -> Iterator[str]:
    """Yield a name with its accents, and then without."""
    text = unicodedata.normalize("NFC", name).replace("\u2019", "'").replace("\u02bc", "'")
    text = _NOTES.sub("", " ".join(text.split()))
    yield text
    yield _plain(text)


def _plain(text: str) -> str:
    """Return a text in lower case without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _plain(text).replace(".", ""))


@cache
def _countries() -> tuple[_Country, ...]:
    """Return the countries in country_converter, without those that no longer exist.

    Its data are read directly, because its class loads pandas, fails with pandas 3 (which reads
    Namibia's code NA as missing), and only logs names that it does not find.
    """
    spec = find_spec("country_converter")
    if spec is None or spec.origin is None:
        msg = (
            "codes of countries require country_converter: "
            "pip install 'digital-leadership-index[countries]'"
        )
        raise DataError(msg)
    with Path(spec.origin).with_name("country_data.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if not row["obsolete"]]
    return tuple(map(_country, rows))


def _country(row: Mapping[str, str]) -> _Country:
    # The words in a pattern are part of a name, except those that it excludes; the b of \b is
    # not a letter.
    spelt = re.findall(r"[a-z]{3,}", _plain(re.sub(r"\\\w|\(\?!.*?\)", " ", row["regex"])))
    added = _ADDED.get(row["ISO3"], "")
    return _Country(
        code=row["ISO3"],
        name=row["name_short"],
        pattern=re.compile(row["regex"], re.IGNORECASE),
        words=frozenset([*_words(f"{row['name_short']} {row['name_official']} {added}"), *spelt]),
    )
