"""An assessment as tables for other tools: a workbook, or a folder of CSV files."""

import csv
from contextlib import suppress
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.errors import DataError, MethodError
from dli.exchange.sheets import excel
from dli.frames import Frame
from dli.framework import Indicator

__all__ = ["write_csv", "write_excel"]

# A spreadsheet reads cells that begin with these as formulas.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def write_excel(assessment: Assessment, path: str | PathLike[str]) -> None:
    """Write an assessment to a workbook, a sheet for each table.

    The sheets are Framework, League table, Scores, Ranks, Weights, Contributions (unless an
    aggregation cannot be decomposed into them), Flags, the indicators after each step, and
    Methods. Text that begins with ``=``, ``+``, ``-`` or ``@`` is written as text, never as a
    formula. Numbers have sixteen digits, one less than is needed to distinguish all of them;
    `write_csv` writes every digit.

    Parameters
    ----------
    assessment : Assessment
    path : path
        Ending in .xlsx; an existing file is replaced.

    Raises
    ------
    DataError
        openpyxl is not installed, or the path has another ending.
    """
    file = Path(fspath(path))
    if file.suffix.lower() != ".xlsx":
        msg = f"a workbook must end in .xlsx, got {str(file)!r}"
        raise DataError(msg)
    book = excel().Workbook(write_only=False)
    book.remove(book.active)
    for title, columns in _tables(assessment).items():
        sheet = book.create_sheet(title)
        sheet.append(list(columns))
        for row in zip(*columns.values(), strict=True):
            sheet.append(list(row))
        _finish(sheet, columns)
    book.save(file)


def _finish(sheet: Any, columns: dict[str, list[Any]]) -> None:
    """Mark text that would be read as a formula, freeze the header and set column widths."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.startswith(_DANGEROUS):
                cell.data_type = "s"
                cell.quotePrefix = True
    for place, (name, cells) in enumerate(columns.items(), 1):
        letter = sheet.cell(1, place).column_letter
        shown = [len(f"{c:.4g}" if isinstance(c, float) else str(c)) for c in cells]
        sheet.column_dimensions[letter].width = min(60, max([len(name), *shown]) + 2)
    sheet.freeze_panes = "A2"


def write_csv(assessment: Assessment, folder: str | PathLike[str]) -> list[Path]:
    """Write an assessment to a folder of CSV files in UTF-8, a file for each table.

    The tables are those of `write_excel`. Numbers are written with all their digits. Text that
    begins with ``=``, ``+``, ``-`` or ``@`` is preceded by an apostrophe.

    Parameters
    ----------
    assessment : Assessment
    folder : path
        Created if it does not exist.

    Returns
    -------
    list of Path
        The files.
    """
    place = Path(fspath(folder))
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for title, columns in _tables(assessment).items():
        file = place / f"{title.lower().replace(' ', '-')}.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow([_as_text(name) for name in columns])
            writer.writerows(
                [_as_text(cell) for cell in row] for row in zip(*columns.values(), strict=True)
            )
        files.append(file)
    return files


def _as_text(cell: Any) -> Any:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
    return "" if cell is None else repr(cell) if isinstance(cell, float) else cell


def _tables(assessment: Assessment) -> dict[str, dict[str, list[Any]]]:
    """Return all tables by title, each a mapping of columns to cells, None where missing."""
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
    """Return a cell as a type that a file can hold."""
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
    }
