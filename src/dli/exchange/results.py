"""Export of the tables of an assessment to a workbook or a folder of CSV files."""

import csv
import os
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO, StringIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.checks import instance
from dli.errors import DataError, FileError, MethodError
from dli.exchange.sheet import LAST_COLUMN, LAST_ROW, text_fault
from dli.exchange.sheets import excel
from dli.files import replacing
from dli.frames import Frame
from dli.framework import Indicator

__all__ = ["DANGEROUS", "write_csv", "write_excel"]

# Spreadsheets read cells that begin with these characters as formulas.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
# The largest table that a sheet of a workbook can contain.
_MAX_ROWS, _MAX_COLUMNS = LAST_ROW, LAST_COLUMN
# Larger whole numbers, which only occur as names of units or periods, would lose digits and are
# written as text.
_MAX_WHOLE = 10**15


def write_excel(assessment: Assessment, path: str | PathLike[str]) -> None:
    """Write the tables of an assessment to a workbook, with one sheet for each table.

    The sheets are Framework, League table, Scores, Ranks, Weights, Contributions (unless an
    aggregation cannot be decomposed into them), Flags, the indicators after each step, and
    Methods. Text that begins with ``=``, ``+``, ``-`` or ``@`` is written as text, never as a
    formula. Numbers are written with sixteen digits, one fewer than are needed to distinguish all
    floats; `write_csv` writes every digit.

    Parameters
    ----------
    assessment : Assessment
        The assessment to write.
    path : path
        The file to write, which must end in .xlsx. An existing file is replaced when the new one
        is complete.

    Raises
    ------
    DataError
        openpyxl is not installed, the path has another ending, or a workbook cannot contain some
        tables or cells, such as text with control characters; all of them are listed, with sheet
        and row.
    FileError
        The file cannot be written; an existing file is unchanged.
    """
    if not str(path).lower().endswith(".xlsx"):
        msg = f"a workbook must end in .xlsx, got {str(path)!r}"
        raise DataError(msg)
    book = excel().Workbook(write_only=False)
    book.remove(book.active)
    instance("assessment", assessment, Assessment)
    tables = _tables(assessment)
    _refuse_unfit(tables)
    for title, columns in tables.items():
        sheet = book.create_sheet(title)
        sheet.append(list(columns))
        for row in zip(*columns.values(), strict=True):
            sheet.append([_in_sheet(cell) for cell in row])
        _finish(sheet, columns)
    content = BytesIO()
    book.save(content)
    with replacing(path) as file:
        file.write_bytes(content.getvalue())


def _refuse_unfit(tables: Mapping[str, dict[str, list[Any]]]) -> None:
    """Raise an error for tables that a workbook cannot contain without changes."""
    faults = []
    for title, columns in tables.items():
        n_rows = 1 + max(map(len, columns.values()), default=0)
        if n_rows > _MAX_ROWS or len(columns) > _MAX_COLUMNS:
            faults.append(
                f"sheet {title!r}: {n_rows:,} rows and {len(columns):,} columns; a sheet has at "
                f"most {_MAX_ROWS:,} rows and {_MAX_COLUMNS:,} columns"
            )
        for name, cells in columns.items():
            for row, cell in enumerate([name, *cells], 1):
                wrong = text_fault(cell) if isinstance(cell, str) else ""
                if wrong:
                    faults.append(f"sheet {title!r}, column {name!r}, row {row}: {wrong}")
    if faults:
        msg = "a workbook cannot hold these tables; shorten or rename the texts, or use write_csv"
        raise DataError(msg, faults)


def _in_sheet(cell: Any) -> Any:
    """Return a cell as it is written; whole numbers that would lose digits become text."""
    return str(cell) if isinstance(cell, int) and abs(cell) >= _MAX_WHOLE else cell


def _finish(sheet: Any, columns: dict[str, list[Any]]) -> None:
    """Mark text that could be read as a formula, freeze the header and set column widths."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.startswith(DANGEROUS):
                cell.data_type = "s"
                cell.quotePrefix = True
    for place, (name, cells) in enumerate(columns.items(), 1):
        letter = sheet.cell(1, place).column_letter
        shown = [len(f"{c:.4g}" if isinstance(c, float) else str(c)) for c in cells]
        sheet.column_dimensions[letter].width = min(60, max([len(name), *shown]) + 2)
    sheet.freeze_panes = "A2"


def write_csv(assessment: Assessment, folder: str | PathLike[str]) -> list[Path]:
    """Write the tables of an assessment to CSV files in UTF-8, with one file for each table.

    The tables are those of `write_excel`. Numbers are written with all their digits. Text that
    begins with ``=``, ``+``, ``-`` or ``@`` is preceded by an apostrophe.

    Parameters
    ----------
    assessment : Assessment
        The assessment to write.
    folder : path
        The folder for the files, which is created if it does not exist.

    Returns
    -------
    list of Path
        The paths of the files. Each file replaces an existing one when it is complete. If a file
        cannot be written, the files before it have already been replaced.

    Raises
    ------
    DataError
        A text is not valid Unicode.
    FileError
        The folder cannot be created or a file cannot be written; the message contains the path.
    """
    instance("assessment", assessment, Assessment)
    try:
        place = Path(os.fsdecode(folder))
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as error:
        raise FileError(folder, error) from error
    files = []
    for title, columns in _tables(assessment).items():
        text = StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([_as_text(name) for name in columns])
        writer.writerows(
            [_as_text(cell) for cell in row] for row in zip(*columns.values(), strict=True)
        )
        file = place / f"{title.lower().replace(' ', '-')}.csv"
        with replacing(file) as new:
            new.write_bytes(text.getvalue().encode())
        files.append(file)
    return files


def _as_text(cell: Any) -> Any:
    """Return a cell as it is written to CSV: floats with every digit, and no formulas."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(DANGEROUS) else cell
    return "" if cell is None else repr(float(cell)) if isinstance(cell, float) else cell


def _tables(assessment: Assessment) -> dict[str, dict[str, list[Any]]]:
    """Return all tables by title, or raise an error for text that is not valid Unicode."""
    try:
        return _all_tables(assessment)
    except UnicodeEncodeError as error:  # raised by a data-frame library
        msg = f"tables cannot hold the text {error.object[:80]!r}: it is not valid Unicode"
        raise DataError(msg) from error


def _all_tables(assessment: Assessment) -> dict[str, dict[str, list[Any]]]:
    """Return all tables by title, each a mapping of columns to cells; missing cells are None."""
    tables = {
        "Framework": _framework(assessment),
        "League table": _columns(assessment.league_table()),
        "Scores": _columns(assessment.scores),
        "Ranks": _columns(assessment.ranks),
        "Weights": _columns(assessment.weights),
        "Flags": _columns(assessment.flags),
    }
    with suppress(MethodError):  # not every aggregation can be decomposed into contributions
        tables["Contributions"] = _columns(assessment.contributions)
    for stage in ("raw", "denominated", "imputed", "treated", "normalised"):
        tables[f"Data {stage}"] = _columns(assessment.stage(stage))
    tables["Methods"] = {"statement": list(assessment.methodology().splitlines())}
    return tables


def _columns(frame: Frame) -> dict[str, list[Any]]:
    table = frames.read(frame, empty=True)
    return {name: [_plain(cell) for cell in table.column(name)] for name in table.names}


def _plain(cell: Any) -> Any:
    """Return a cell as a type that openpyxl and the csv module can write."""
    if cell is None or isinstance(cell, (str, bool, int, float)):
        return cell
    return cell.item() if isinstance(cell, np.generic) else str(cell)


def _framework(assessment: Assessment) -> dict[str, list[Any]]:
    index = assessment.index
    nodes = list(index.walk())
    parents = [index.parent(node.code) for node in nodes]

    def field(name: str, place: int | None = None) -> list[Any]:
        cells = [getattr(node, name) if isinstance(node, Indicator) else None for node in nodes]
        return [cell if cell is None or place is None else cell[place] for cell in cells]

    return {
        "code": [node.code for node in nodes],
        "parent": [None if parent is None else parent.code for parent in parents],
        "name": [node.name or None for node in nodes],
        "weight": [float(node.weight) for node in nodes],
        "direction": field("direction"),
        "unit_of_measure": [value or None for value in field("unit_of_measure")],
        "goalpost_worst": field("goalposts", 0),
        "goalpost_best": field("goalposts", 1),
        "target": field("target"),
        "scale_low": field("scale", 0),
        "scale_high": field("scale", 1),
        "denominator": field("denominator"),
        "denominator_factor": field("denominator_factor"),
        "column": field("column"),
        "constant": field("constant"),
    }
