"""Names of units that look alike."""

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any
from warnings import warn

from dli.errors import DLIWarning

__all__ = ["look_alikes", "plain_name", "warn_of_near_names"]

# Characters that look the same: quotes, dashes, and letters of Greek and Cyrillic.
_SAME = str.maketrans(
    "\u2018\u2019\u02bc\u00b4`\u2010\u2011\u2012\u2013\u2014\u2212"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456"
    "\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7",
    "'''''------ABEKMHOPCTXIaeopcyxiABEHIKMNOPTX",
    "".join(map(chr, range(0xFE00, 0xFE10))),  # selectors of variants
)
# Shorter names, such as country codes, are similar by chance.
_LEAST_LENGTH = 4


def plain_name(name: object) -> str:
    """Return a name without the differences that readers cannot see or may overlook.

    These are case, leading, trailing and repeated spaces, zero-width characters, accents written as
    separate characters, the kind of quote or dash, letters of another script that look the same,
    and whether a number is stored as text.

    Examples
    --------
    >>> plain_name("  Cote  d'Ivoire ") == plain_name("cote d'ivoire")
    True
    """
    text = unicodedata.normalize("NFKC", str(name)).translate(_SAME)
    seen = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join(seen.split()).casefold()


def look_alikes(names: Iterable[Hashable]) -> tuple[tuple[Any, ...], ...]:
    """Return the groups of different names that look the same.

    Examples
    --------
    >>> look_alikes(["Kenya", "kenya ", "Ghana", 12, "12"])
    (('Kenya', 'kenya '), (12, '12'))
    """
    names = tuple(names)
    if set(map(type, names)) <= {int, type(None)}:
        return ()
    different = [name for name in dict.fromkeys(names) if name is not None]
    if _surely_differ(different):
        return ()
    groups: dict[str, list[Any]] = {}
    for name in different:
        groups.setdefault(plain_name(name), []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _surely_differ(names: Sequence[Any]) -> bool:
    """Return whether a quick check suffices: ASCII names that differ in more than case."""
    if set(map(type, names)) != {str}:
        return False
    together = "\n".join(names)
    letters = "".join(names)
    if not letters.isascii() or not letters.isprintable() or "`" in letters:
        return False
    spaced = "  " in together or " \n" in f"{together}\n" or "\n " in f"\n{together}"
    return not spaced and len(set(together.lower().split("\n"))) == len(names)


def warn_of_near_names(wanted: Iterable[Any], known: Iterable[Any], where: str) -> None:
    """Warn about names that a table does not contain although it contains a similar one.

    Parameters
    ----------
    wanted, known : iterable
        The names in one table and in the other, such as units; names in both are ignored.
    where : str
        The other table, as the warning calls it.
    """
    wanted, known = dict.fromkeys(wanted), dict.fromkeys(known)
    absent = [name for name in wanted if name is not None and name not in known]
    spare = {plain_name(name): name for name in known if name is not None and name not in wanted}
    if not spare:
        return
    long = [name for name in spare if len(name) >= _LEAST_LENGTH]
    pairs = []
    for name in absent:
        plain = plain_name(name)
        near = [plain] if plain in spare else get_close_matches(plain, long, n=1, cutoff=0.8)
        if near and (near[0] == plain or len(plain) >= _LEAST_LENGTH):
            pairs.append(f"{name!r} (did you mean {spare[near[0]]!r}?)")
    if pairs:
        warn(f"{where} does not contain these units: {', '.join(pairs)}", DLIWarning, stacklevel=4)
