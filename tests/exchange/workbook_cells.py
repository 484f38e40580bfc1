"""What a workbook shows, read back and compared with the assessment it was written from."""

import re
import warnings
import zipfile

import numpy as np
import openpyxl
from openpyxl.utils import get_column_letter

from dli import Index

FIRST = 10


def opened(path, *, formulas=True):
    """Return a workbook as openpyxl reads it, which warns about the data bars it leaves out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with path.open("rb") as file:
            return openpyxl.load_workbook(file, data_only=not formulas)


def number(cell):
    """Return a cell as a number, NaN where it is empty."""
    return np.nan if cell in (None, "") else cell


def columns(sheet, first, n_columns, n_rows):
    """Return the figures of a sheet that has a row for each unit."""
    cells = [
        [number(sheet.cell(FIRST + row, first + column).value) for column in range(n_columns)]
        for row in range(n_rows)
    ]
    return np.array(cells, dtype=np.float64)


def first_column(assessment):
    """Return the column of the first figures."""
    return 2 + ("name" in assessment.observations.context) + (assessment.periods is not None)


def agree(path, assessment, period=None):
    """Assert that normalised values, scores, ranks and the league table are the assessment's."""
    book = opened(path, formulas=False)
    shown = assessment.rows(period)
    first = first_column(assessment)
    indicators = [own.code for own in assessment.index.indicators]
    nodes = [node.code for node in assessment.index.walk() if isinstance(node, Index)]
    for title, codes in (("Normalised", indicators), ("Scores", nodes)):
        found = columns(book[title], first, len(codes), len(shown))
        expected = assessment.arrays(codes)[shown]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=title)
    ranks = np.stack([assessment.rank_array(code)[shown] for code in nodes], axis=1)
    found = columns(book["Ranks"], first, len(nodes), len(shown))
    np.testing.assert_array_equal(found, ranks)
    order = shown[np.argsort(ranks[:, 0], kind="stable")]
    units = [book["League"].cell(5 + place, 2).value for place in range(len(shown))]
    assert units == [str(assessment.units[row]) for row in order]
    place = [cell.value for cell in book["League"][3]].index("indicators") + 1
    counts = [book["League"].cell(5 + row, place).value for row in range(len(shown))]
    known = np.isfinite(assessment.stage_array("normalised")[order]).sum(axis=1)
    assert counts == known.tolist()


def edited(path, new, changes):
    """Write a workbook with other numbers in some cells; openpyxl would lose its data bars."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as file:
        sheets = enumerate(opened(path).sheetnames, 1)
        titles = {f"xl/worksheets/sheet{n}.xml": title for n, title in sheets}
        for name in old.namelist():
            content = old.read(name)
            own = {c: v for (title, c), v in changes.items() if title == titles.get(name)}
            text = content.decode() if own else ""
            for cell, value in own.items():
                pattern = rf'<c r="{cell}"( s="\d+")?(?:/>|><v>[^<]*</v></c>)'
                inner = "" if value is None else f"<v>{value!r}</v>"
                text, n = re.subn(pattern, rf'<c r="{cell}"\1>{inner}</c>', text)
                assert n == 1, f"{titles[name]} has no number in {cell}"
            file.writestr(name, text.encode() if own else content)


def data_cell(assessment, code, row):
    """Return the cell of a value."""
    codes = [own.code for own in assessment.index.indicators]
    column = first_column(assessment) + codes.index(code)
    return "Data", f"{get_column_letter(column)}{FIRST + row}"


def framework_cell(assessment, code, column):
    """Return the cell of a weight (D), a direction (G) or a goalpost (H and I)."""
    codes = [node.code for node in assessment.index.walk()]
    return "Framework", f"{column}{6 + codes.index(code)}"
