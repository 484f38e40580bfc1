"""The settings for reading numbers, markers of missing numbers, and names from text."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import numpy as np
from attrs import field, fields, frozen

from dli.checks import is_number, is_whole
from dli.errors import MethodError, UnknownCodeError

__all__ = ["Reading", "ReadingOptions", "reading_of"]

# Texts that mark a missing number in a file. Names of units and other texts are never changed: in a
# column of country codes, NA is Namibia.
_MISSING_TEXT = frozenset({"", "na", "nan", "null", "none"})
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_SPACES = " \u00a0\u202f\u2009"
# The flags of Eurostat and the OECD, but not abbreviations of millions and billions.
_FLAGS = re.compile(r"(?!.*(?:bn|mn)$)(.*?)\s*(?:[bcdefinprsuz]{1,3}|[*†‡¹²³]+)", re.IGNORECASE)


class ReadingOptions(TypedDict, total=False):
    """The fields of `Reading`, as keyword arguments of the functions that read data."""

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
    """The settings for reading a table; the last four fields apply to CSV files only.

    Attributes
    ----------
    missing : text, number, or sequence of these
        The markers of missing numbers, such as ``("..", ":", "n/a", -999)``. A marker that is a
        number, or the text of one, also marks equal numbers. Markers do not apply to names.
    decimal : {".", ","}, optional
        The decimal separator, "." by default in a file. If any of ``decimal``, ``thousands``,
        ``percent`` and ``flags`` is set, text in a frame is read as numbers too.
    thousands : str, optional
        The thousands separator, such as "," or " ". It must separate groups of three digits.
    percent : bool
        Whether to drop a per cent sign after a number: "45 %" is read as 45.
    flags : bool
        Whether to drop flags after a number or a marker: "12.3 b" is read as 12.3. A flag is one to
        three of the letters b, c, d, e, f, i, n, p, r, s, u and z, or asterisks and similar signs.
    delimiter : str
        The character that separates the cells of a line.
    encoding : str
        The encoding of the file.
    header_line : int
        The number of the line with the names of the columns; the first line is 1.
    last_line : int, optional
        The number of the last line of the table; lines after it, such as notes, are not read.
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
            raise MethodError("invalid settings for reading a table", faults)
        texts = frozenset(m.strip() for m in self.missing if isinstance(m, str))
        numbers = {float(m) for m in self.missing if not isinstance(m, str)}
        numbers |= {x for x in map(self._plain_number, texts) if x is not None}
        object.__setattr__(self, "_texts", texts)
        object.__setattr__(self, "_numbers", frozenset(numbers))

    def _faults(self) -> Iterable[str]:
        settings: dict[str, Any] = {name: getattr(self, name) for name in _OPTIONS}
        for marker in settings["missing"]:
            if not isinstance(marker, str) and not is_number(marker):
                yield f"missing must contain only texts and numbers, got {marker!r}"
        if settings["decimal"] not in (None, ".", ","):
            yield f"decimal must be '.' or ',', got {settings['decimal']!r}"
        for name, example in (("thousands", "',' or ' '"), ("delimiter", "';' or a tab")):
            mark = settings[name]
            if not _is_character(mark) and not (name == "thousands" and mark is None):
                yield f"{name} must be one character such as {example}, got {mark!r}"
        if settings["thousands"] == (settings["decimal"] or "."):
            yield (
                f"thousands and decimal must differ, but both are {settings['thousands']!r}"
                + ("; set decimal=',' as well" if settings["thousands"] == "." else "")
            )
        for name in ("percent", "flags"):
            if not isinstance(settings[name], bool):
                yield f"{name} must be True or False, got {settings[name]!r}"
        if not _is_encoding(settings["encoding"]):
            yield f"encoding must name one such as 'utf-8' or 'cp1252', got {self.encoding!r}"
        yield from self._line_faults()

    def _line_faults(self) -> Iterable[str]:
        if not is_whole(self.header_line, 1):
            yield f"header_line must be a whole number of at least 1, got {self.header_line!r}"
        elif self.last_line is not None and not is_whole(self.last_line, self.header_line + 1):
            yield f"last_line must be a whole number above header_line, got {self.last_line!r}"

    @property
    def reads_text(self) -> bool:
        """Whether text in a frame is read as numbers, as in a file."""
        return any((self.decimal, self.thousands, self.percent, self.flags))

    def number(self, text: str) -> float | None:
        """Return a text as a number, NaN if it marks a missing number, or None if it is neither."""
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
        """Return whether a cell is a text that is declared as a marker of missing numbers."""
        return isinstance(cell, str) and cell.strip() in self._texts

    def without_marked(self, values: Any) -> Any:
        """Return numbers with NaN in place of those that mark a missing number."""
        if not self._numbers or not values.size:
            return values
        return np.where(np.isin(values, list(self._numbers)), np.nan, values)

    def _plain_number(self, text: str) -> float | None:
        text = text.replace("\u2212", "-")
        if self.thousands is not None:
            joined = self._without_thousands(text)
            if joined is None:
                return None
            text = joined
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
        """Return the fault of a cell that is not a number, with a setting that reads it, if any."""
        hint = self._hint(cell.strip(), in_file) if isinstance(cell, str) else ""
        return f"{cell!r} is not a number" + (f"; {hint}" if hint else "")

    def _hint(self, text: str, in_file: bool) -> str:  # noqa: FBT001 private
        if not in_file and not self.reads_text and self._plain_number(text) is not None:
            return "it is text: set decimal='.' to read text as numbers"
        for words, settings in _OTHER_SETTINGS.items():
            try:
                other = Reading(**{**self.options(), **settings}).number(text)
            except MethodError:
                continue
            if other is not None and not np.isnan(other):
                also = " (or thousands=',' for 1,234)" if _is_grouped(text, words) else ""
                return f"set {words}{also} to read it as {other:.15g}"
        if not self.flags and (match := _FLAGS.fullmatch(text)) and match[1] and (
            not match[1][-1].isalnum()
        ):  # fmt: skip
            return f"if it marks a missing value, set missing=({match[1]!r},) and flags=True"
        is_number_like = text[:1].lstrip("+-").isdigit() or text[1:2].isdigit()
        return "" if is_number_like else f"if it marks a missing value, set missing=({text!r},)"

    def options(self) -> dict[str, Any]:
        """Return the settings as keyword arguments."""
        return {name: getattr(self, name) for name in _OPTIONS}

    def names(self, texts: Sequence[str]) -> list[Any]:
        """Return names as numbers if all of them read back as they were written, otherwise as text.

        Blank names are missing. 1.10 and 004 remain text, because numbers would lose the zeros; so
        do 1 and 1.0, because they would become equal.
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
    """Return the settings from keyword arguments.

    Raises
    ------
    UnknownCodeError
        A keyword is not a field of `Reading`.
    MethodError
        A setting is invalid, or a keyword is a step of the method. All faults are listed.
    """
    if not options:
        return _PLAIN
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown:
        elsewhere = [name for name in unknown if name in _STEPS]
        if elsewhere:
            msg = "steps are set with `method`, such as method=Method(imputation=...)"
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
    """Return whether a value is one character that can separate digits or cells."""
    is_one = isinstance(mark, str) and len(mark) == 1
    return is_one and not mark.isalnum() and mark not in '+-"\r\n'


def _is_encoding(name: Any) -> bool:
    try:
        return isinstance(name, str) and "".encode(name) is not None
    except (LookupError, ValueError):
        return False


# The settings of most tables, checked once.
_PLAIN = Reading()
