"""Reading sheets of workbooks, which may be damaged or malicious."""

import re
from collections.abc import Collection, Sequence
from math import isfinite
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any, BinaryIO
from warnings import catch_warnings, simplefilter
from xml.etree.ElementTree import XMLParser
from zipfile import ZipFile

from attrs import define, field

from dli.errors import DataError, did_you_mean
from dli.exchange.sheet import (
    LAST_COLUMN,
    LAST_ROW,
    Sheet,
    Unreadable,
    position,
    reference,
    shown,
)

__all__ = ["excel", "open_sheets"]

# Workbooks that would unpack to more bytes are refused, whatever their compressed size.
MAX_BYTES = 100 * 2**20
# Texts and styles take much longer to read than sheets of the same size.
MAX_TEXT_BYTES = 10 * 2**20
MAX_CELLS = 1_000_000
MAX_MERGED = 10_000
# The nesting of the XML of a sheet; the format uses fewer than ten levels.
MAX_DEPTH = 100
# Reading stops after this number of faults, since a damaged file may have millions.
MAX_FAULTS = 1000

_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
# What messages call the types of cells that cannot be read.
_TYPES = {"s": "the missing text", "b": "the truth value", "e": "the error value", "d": "the date"}


def excel() -> Any:
    """Return the module openpyxl, which reads and writes workbooks.

    Raises
    ------
    DataError
        openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        msg = "workbooks require openpyxl: pip install 'digital-leadership-index[excel]'"
        raise DataError(msg) from error
    return openpyxl


def open_sheets(path: str | PathLike[str], names: Sequence[str] | None = None) -> list[Sheet]:
    """Return the named sheets of a workbook; by default all sheets, in order.

    Raises
    ------
    DataError
        The file does not exist, is a folder, is not a workbook or is too large when unpacked; or
        sheets are missing or cannot be read.
    """
    excel()
    try:
        file = Path(fsdecode(path))
        is_file, is_folder = file.is_file(), file.is_dir()
    except (TypeError, ValueError) as error:
        msg = f"cannot read {path!r}: {error}"
        raise DataError(msg) from error
    if not is_file:
        wrong = "it is a folder, expected a workbook" if is_folder else "no such file"
        msg = f"cannot read {str(file)!r}: {wrong}"
        raise DataError(msg)
    try:
        # The file is opened here so that it is closed whatever openpyxl raises.
        with file.open("rb") as stream:
            return _sheets(file, stream, names)
    except OSError as error:
        msg = f"cannot read {str(file)!r}: {error.strerror or error}"
        raise DataError(msg) from error


def _sheets(file: Path, stream: BinaryIO, names: Sequence[str] | None) -> list[Sheet]:
    try:
        _check_size(file)
        # openpyxl warns about features that it does not support; none of them is read here.
        with catch_warnings():
            simplefilter("ignore")
            book = excel().load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except DataError:
        raise
    except Exception as error:  # openpyxl passes on errors of the archive and of its XML
        msg = f"cannot read {str(file)!r} as a workbook: {error}"
        raise DataError(msg) from error
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        names = list(sheets) if names is None else names
        missing = [
            f"sheet {name!r}{did_you_mean(name, sheets)}" for name in names if name not in sheets
        ]
        if missing:
            titles = ", ".join(map(str, sheets)) or "none"
            msg = f"{str(file)!r} lacks sheets (its sheets: {titles})"
            raise DataError(msg, missing)
        return [_read(name, sheets[name], book) for name in names]
    finally:
        book.close()


def _check_size(file: Path) -> None:
    """Raise an error if a workbook is too large; a small archive can unpack to terabytes."""
    with ZipFile(file) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    texts = sizes.get("xl/sharedStrings.xml", 0) + sizes.get("xl/styles.xml", 0)
    for what, size, limit in (
        ("", sum(sizes.values()), MAX_BYTES),
        ("texts and styles of ", texts, MAX_TEXT_BYTES),
    ):
        if size > limit:
            msg = (
                f"{str(file)!r} unpacks to {what}{size / 2**20:,.0f} MB, more than the limit of "
                f"{limit / 2**20:,.0f} MB; copy the required sheets to a new workbook"
            )
            raise DataError(msg)


def _read(name: str, worksheet: Any, book: Any) -> Sheet:
    """Return the cells of a worksheet.

    The cells are read from the XML of the sheet because openpyxl fills in the blank cells of merged
    ranges, rows and columns, of which a damaged file can have billions.
    """
    # These private names of openpyxl are the same since version 3.0; there are no public ones.
    texts, dates = worksheet._shared_strings, book._date_formats  # noqa: SLF001
    target = _Target(Sheet(name), texts, dates)
    parser = XMLParser(target=target)  # noqa: S314 expat limits the expansion of entities
    try:
        with worksheet._get_source() as source:  # noqa: SLF001
            while chunk := source.read(2**16):
                parser.feed(chunk)
            parser.close()
    except DataError:
        raise
    except Exception as error:  # errors of the archive and of its XML
        msg = f"cannot read the sheet {name!r}: {error}"
        raise DataError(msg) from error
    return target.sheet


@define(eq=False)
class _Target:
    """The target of the XML parser, which collects the cells of a sheet."""

    sheet: Sheet
    texts: Sequence[str]
    dates: Collection[int]
    _path: list[str] = field(factory=list)
    _row: int = 0
    _column: int = 0
    _attributes: dict[str, str] = field(factory=dict)
    _has_formula: bool = False
    _has_value: bool = False
    _stored: list[str] = field(factory=list)
    _inline: list[str] = field(factory=list)
    _reading: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.removeprefix(_NAMESPACE)
        if not self._path and tag != "worksheet":
            msg = f"cannot read the sheet {self.sheet.name!r}: its XML is not a worksheet"
            raise DataError(msg)
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH:
            msg = f"cannot read the sheet {self.sheet.name!r}: its XML has over {MAX_DEPTH} levels"
            raise DataError(msg)
        if tag == "row":
            self._start_row(attributes.get("r"))
        elif tag == "c":
            self._attributes = attributes
            self._has_formula = self._has_value = False
            self._stored, self._inline = [], []
        elif tag == "f":
            self._has_formula = True
        elif tag == "v":
            self._has_value = True
            self._reading = self._stored
        # Text is in runs (r) or directly in the cell; text in rPh is a guide to pronunciation.
        elif tag == "t" and "rPh" not in self._path:
            self._reading = self._inline
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def data(self, text: str) -> None:
        if self._reading is not None:
            self._reading.append(text)

    def end(self, tag: str) -> None:
        del tag  # it is always the last tag that started
        self._reading = None
        if self._path.pop() == "c":
            self._end_cell()

    def close(self) -> None:
        pass

    def _start_row(self, number: str | None) -> None:
        place = (self._row + 1, 1) if number is None else position(f"A{number}")
        if place is None or place[0] > LAST_ROW:
            self._fail(f"row {shown(number)} does not exist")
        else:
            self._row, self._column = place[0], 0

    def _end_cell(self) -> None:
        text = self._attributes.get("r")
        place = (self._row, self._column + 1) if text is None else position(text)
        if place is None or place[0] < 1 or place[1] > LAST_COLUMN:
            self._fail(f"cell {shown(text)} does not exist")
            return
        self._column = place[1]
        value = self._value()
        if self._has_formula:
            self.sheet.formulas.add(place)
            if value is None and self._has_value and self._attributes.get("t") == "str":
                value = ""
        elif value is None:
            return
        if place in self.sheet.values:
            self._fail(f"cell {reference(*place)} appears twice")
        self.sheet.values[place] = value
        if len(self.sheet.values) > MAX_CELLS:
            msg = f"the sheet {self.sheet.name!r} has more than {MAX_CELLS:,} cells with a value"
            raise DataError(msg)

    def _value(self) -> Any:
        kind = self._attributes.get("t", "n")
        text = "".join(self._inline if kind == "inlineStr" else self._stored).strip()
        if not text:
            return None
        match kind:
            case "inlineStr" | "str":
                return text
            case "s" if _WHOLE.fullmatch(text) and int(text) < len(self.texts):
                return self.texts[int(text)].strip() or None
            case "b" if text in ("0", "1"):
                return text == "1"
            case "n":
                return self._number(text)
        what = _TYPES.get(kind, f"a cell of the unknown type {shown(kind)},")
        return Unreadable(f"{what} {shown(text)}")

    def _number(self, text: str) -> Any:
        style = self._attributes.get("s", "0")
        if _WHOLE.fullmatch(style) and int(style) in self.dates:
            return Unreadable(f"a date, stored as {shown(text)}")
        if _NUMBER.fullmatch(text) is None or not isfinite(float(text)):
            return Unreadable(f"{shown(text)}, not a finite number")
        value = float(text)
        # Whole numbers may be codes, so they are kept as integers without a decimal point.
        return int(value) if value.is_integer() and "." not in text and len(text) < 16 else value

    def _merge(self, text: str) -> None:
        first, _, last = text.partition(":")
        start, stop = position(first), position(last or first)
        if start is None or stop is None or start[0] > stop[0] or start[1] > stop[1]:
            self._fail(f"merged cells {shown(text)} do not exist")
        elif start != stop:
            self.sheet.merged.append((*start, *stop))
            if len(self.sheet.merged) > MAX_MERGED:
                msg = f"the sheet {self.sheet.name!r} has more than {MAX_MERGED:,} merged ranges"
                raise DataError(msg)

    def _fail(self, what: str) -> None:
        self.sheet.faults.append(f"sheet {self.sheet.name!r}: {what}")
        if len(self.sheet.faults) > MAX_FAULTS:
            msg = f"cannot read the sheet {self.sheet.name!r}"
            raise DataError(msg, self.sheet.faults)
