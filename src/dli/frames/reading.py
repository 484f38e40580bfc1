"""How the text of a table is read: numbers, what marks a missing one, and names."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import numpy as np
from attrs import field, fields, frozen

from dli.checks import is_number, is_whole
from dli.errors import MethodError, UnknownCodeError

__all__ = ["Reading", "ReadingOptions", "reading_of"]

# What stands for a missing number in a text file. Unit names and other text are never touched:
# NA is Namibia there.
_MISSING_TEXT = frozenset({"", "na", "nan", "null", "none"})
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_SPACES = " \u00a0\u202f\u2009"
# The letters are those of Eurostat and the OECD; words of magnitude are not among them.
_FLAGS = re.compile(r"(?!.*(?:bn|mn)$)(.*?)\s*(?:[bcdefinprsuz]{1,3}|[*†‡¹²³]+)", re.IGNORECASE)


class ReadingOptions(TypedDict, total=False):
    """The fields of `Reading`, as keywords of the functions that read data."""

    missing: str | Iterable[Any]
    decimal: str
    thousands: str
    percent: bool
    flags: bool
    delimiter: str
    encoding: str
    header_line: int
    last_line: int


def _markers(missing: Any) -> tuple[Any, ...]:
    if isinstance(missing, (str, bytes)) or is_number(missing):
        return (missing,)
    return tuple(missing) if isinstance(missing, Iterable) else (missing,)


@frozen(kw_only=True)
class Reading:
    """How the cells of a table are read; the last four fields are about CSV files only.

    Attributes
    ----------
    missing : text, number, or sequence of these
        What marks a missing number, such as ``("..", ":", "n/a", -999)``. A marker that is a
        number, or the text of one, also marks equal numbers. Names are never marked as missing.
    decimal : {".", ","}, optional
        The decimal separator; "." by default in a file. If it or ``thousands`` is given, text in
        a frame is read as numbers too.
    thousands : str, optional
        The thousands separator, such as "," or " "; between groups of three digits only.
    percent : bool
        Whether a per cent sign behind a number is dropped: "45 %" is 45.
    flags : bool
        Whether flags behind a number or a marker are dropped, which are one to three of the letters
        b, c, d, e, f, i, n, p, r, s, u and z, or asterisks and the like: "12.3 b" is 12.3.
    delimiter : str
        What separates the cells of a line.
    encoding : str
        Of the text of a CSV file.
    header_line : int
        The line of the file, from 1, that has the names of the columns.
    last_line : int, optional
        The last line of the table; what follows, such as notes, is not read.
    """

    missing: tuple[Any, ...] = field(default=(), converter=_markers)
    decimal: str | None = None
    thousands: str | None = None
    percent: bool = False
    flags: bool = False
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    header_line: int = 1
    last_line: int | None = None
    _texts: frozenset[str] = field(init=False, eq=False, repr=False)
    _numbers: frozenset[float] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise MethodError("the table cannot be read with these settings", faults)
        texts = frozenset(m.strip() for m in self.missing if isinstance(m, str))
        numbers = {float(m) for m in self.missing if not isinstance(m, str)}
        numbers |= {x for x in map(self._plain_number, texts) if x is not None}
        object.__setattr__(self, "_texts", texts)
        object.__setattr__(self, "_numbers", frozenset(numbers))

    def _faults(self) -> Iterable[str]:
        given: dict[str, Any] = {name: getattr(self, name) for name in _OPTIONS}
        for marker in given["missing"]:
            if not isinstance(marker, str) and not is_number(marker):
                yield f"missing must hold texts and numbers, got {marker!r}"
        if given["decimal"] not in (None, ".", ","):
            yield f"decimal must be '.' or ',', got {given['decimal']!r}"
        for name, example in (("thousands", "',' or ' '"), ("delimiter", "';' or a tab")):
            mark = given[name]
            if not _is_character(mark) and not (name == "thousands" and mark is None):
                yield f"{name} must be one character such as {example}, got {mark!r}"
        if given["thousands"] == (given["decimal"] or "."):
            yield (
                f"thousands and decimal must differ, both are {given['thousands']!r}"
                + ("; say decimal=',' as well" if given["thousands"] == "." else "")
            )
        for name in ("percent", "flags"):
            if not isinstance(given[name], bool):
                yield f"{name} must be True or False, got {given[name]!r}"
        if not _is_encoding(given["encoding"]):
            yield f"encoding must name one, such as 'utf-8' or 'cp1252', got {self.encoding!r}"
        yield from self._line_faults()

    def _line_faults(self) -> Iterable[str]:
        if not is_whole(self.header_line, 1):
            yield f"header_line must be a whole number of at least 1, got {self.header_line!r}"
        elif self.last_line is not None and not is_whole(self.last_line, self.header_line + 1):
            yield f"last_line must be a whole number after header_line, got {self.last_line!r}"

    @property
    def reads_text(self) -> bool:
        """Whether text in a frame is read as numbers, as in a file."""
        return any((self.decimal, self.thousands, self.percent, self.flags))

    def number(self, text: str) -> float | None:
        """Return the number that a text is, NaN if it marks a missing one, None if neither."""
        text = text.strip()
        if text in self._texts or text.lower() in _MISSING_TEXT:
            return np.nan
        number = self._plain_number(text)
        if number is None and self.flags and (match := _FLAGS.fullmatch(text)):
            text = match[1]
            if text in self._texts:
                return np.nan
            number = self._plain_number(text)
        if number is None and self.percent and text.endswith("%"):
            number = self._plain_number(text[:-1].rstrip())
        return np.nan if number in self._numbers else number

    def is_marker(self, cell: object) -> bool:
        """Return whether a cell is a text that was declared to mark a missing number."""
        return isinstance(cell, str) and cell.strip() in self._texts

    def without_marked(self, values: Any) -> Any:
        """Return numbers with NaN in place of those that mark a missing one."""
        if not self._numbers or not values.size:
            return values
        return np.where(np.isin(values, list(self._numbers)), np.nan, values)

    def _plain_number(self, text: str) -> float | None:
        text = text.replace("\u2212", "-")
        if self.thousands is not None:
            found = self._without_thousands(text)
            if found is None:
                return None
            text = found
        if self.decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".")
        try:
            return None if "_" in text else float(text)
        except ValueError:
            return None

    def _without_thousands(self, text: str) -> str | None:
        separators = str(self.thousands)
        separators = _SPACES if separators in _SPACES else separators
        mark = re.escape(self.decimal or ".")
        whole, *rest = re.split(f"(?={mark})", text, maxsplit=1)
        groups = re.split(f"[{re.escape(separators)}]", whole)
        if len(groups) > 1 and (
            not re.fullmatch(r"[+-]?[1-9]\d{0,2}", groups[0])
            or not all(re.fullmatch(r"\d{3}", group) for group in groups[1:])
        ):
            return None
        return "".join([*groups, *rest])

    def fault(self, cell: object, *, in_file: bool) -> str:
        """Return why a cell is not a number, with the setting that reads it if there is one."""
        hint = self._hint(cell.strip(), in_file) if isinstance(cell, str) else ""
        return f"{cell!r} is not a number" + (f"; {hint}" if hint else "")

    def _hint(self, text: str, in_file: bool) -> str:  # noqa: FBT001 private
        if not in_file and not self.reads_text and self._plain_number(text) is not None:
            return "it is text: say decimal='.' to read text as numbers"
        for words, settings in _OTHER_SETTINGS.items():
            try:
                other = Reading(**{**self.options(), **settings}).number(text)
            except MethodError:
                continue
            if other is not None and not np.isnan(other):
                also = " (or thousands=',' for 1,234)" if _is_grouped(text, words) else ""
                return f"say {words}{also} to read it as {other:.15g}"
        if not self.flags and (match := _FLAGS.fullmatch(text)) and match[1] and (
            not match[1][-1].isalnum()
        ):  # fmt: skip
            return f"if it marks a missing value, say missing=({match[1]!r},) and flags=True"
        is_number_like = text[:1].lstrip("+-").isdigit() or text[1:2].isdigit()
        return "" if is_number_like else f"if it marks a missing value, say missing=({text!r},)"

    def options(self) -> dict[str, Any]:
        """Return the settings as the keywords that make them."""
        return {name: getattr(self, name) for name in _OPTIONS}

    def names(self, texts: Sequence[str]) -> list[Any]:
        """Return names as numbers if every one that is not blank reads back as it was, else text.

        1.10 and 004 stay text: as numbers they would lose the zero. So do 1 and 1.0, which would
        become the same.
        """
        stripped = [text.strip() for text in texts]
        present = {text for text in stripped if text}
        if all(_WHOLE.fullmatch(text) for text in present):
            return [int(text) if text else None for text in stripped]
        if all(map(_reads_back, present)) and len(set(map(float, present))) == len(present):
            return [float(text) if text else None for text in stripped]
        return [text or None for text in stripped]


_OPTIONS = tuple(f.name for f in fields(Reading) if f.init)
_STEPS = ("imputation", "treatment", "normalisation", "weighting", "aggregation", "availability",
          "coverage")  # fmt: skip
_OTHER_SETTINGS: dict[str, dict[str, Any]] = {
    "decimal=','": {"decimal": ","},
    "thousands=','": {"thousands": ","},
    "thousands=' '": {"thousands": " "},
    'thousands="\'"': {"thousands": "'"},
    "decimal=',', thousands='.'": {"decimal": ",", "thousands": "."},
    "decimal=',', thousands=' '": {"decimal": ",", "thousands": " "},
    "percent=True": {"percent": True},
    "percent=True, decimal=','": {"percent": True, "decimal": ","},
    "flags=True": {"flags": True},
    "flags=True, decimal=','": {"flags": True, "decimal": ","},
}


def reading_of(options: ReadingOptions) -> Reading:
    """Return the settings that keywords name.

    Raises
    ------
    UnknownCodeError
        Keywords that are not fields of `Reading`.
    MethodError
        Settings of the wrong kind, all of them.
    """
    if not options:
        return _PLAIN
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown:
        elsewhere = [name for name in unknown if name in _STEPS]
        if elsewhere:
            msg = "steps are given by `method`, such as method=Method(imputation=...)"
            raise MethodError(msg, [f"{name}={options[name]!r}" for name in elsewhere])  # type: ignore[literal-required] # unknown ones
        raise UnknownCodeError("option for reading data", unknown, _OPTIONS)
    return Reading(**options)


def _is_grouped(text: str, words: str) -> bool:
    """Return whether a comma may separate decimals or thousands, as in 1,234."""
    return words == "decimal=','" and re.fullmatch(r"[+-]?\d{1,3},\d{3}", text) is not None


def _reads_back(text: str) -> bool:
    if re.fullmatch(r"-?\d+\.\d+", text):
        return str(float(text)) == text
    return _WHOLE.fullmatch(text) is not None and len(text) < 16


def _is_character(mark: Any) -> bool:
    """Return whether something is one character that can separate numbers or cells."""
    is_one = isinstance(mark, str) and len(mark) == 1
    return is_one and not mark.isalnum() and mark not in '+-"\r\n'


def _is_encoding(name: Any) -> bool:
    try:
        return isinstance(name, str) and "".encode(name) is not None
    except (LookupError, ValueError):
        return False


# The settings of most tables, checked once.
_PLAIN = Reading()
