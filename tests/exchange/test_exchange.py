"""Data and frameworks from other tools, and results for them."""

import csv
import sys

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import Copeland
from dli.errors import DataError, DLIWarning, ModelError
from dli.exchange import read_coin_tool, read_coinr, write_csv, write_excel

META = {
    "iCode": ["I", "P", "a", "b", "c", "GDP", "region", "note"],
    "iName": ["Index", "Pillar", "A", "B", "C", "", "", ""],
    "Parent": [None, "I", "P", "P", "I", None, None, None],
    "Level": [3, 2, 1, 1, 2, None, None, None],
    "Weight": [1, 1, 2, 1, 1, None, None, None],
    "Direction": [1, 1, 1, -1, 1, None, None, None],
    "Denominator": [None, None, "GDP", None, None, None, None, None],
    "Type": ["Aggregate", "Aggregate", *["Indicator"] * 3, "Denominator", "Group", "Other"],
}
DATA = {
    "uCode": ["X", "Y", "Z"],
    "uName": ["Xland", "Yland", "Zland"],
    "a": [2.0, 6.0, None],
    "b": [1, 3, 2],
    "c": [4, 5, 6],
    "GDP": [1, 2, 4],
    "region": ["N", "S", "S"],
    "note": ["=x", "", "y"],
}


@pytest.mark.parametrize("convert", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_a_pair_of_coinr_comes_over(convert):
    index, data = read_coinr(convert(DATA), META)
    assert type(data) is type(convert(DATA))
    assessment = Assessment(index, data, unit="uCode")
    assert [node.code for node in index.walk()] == ["I", "P", "c", "a", "b"]
    assert assessment.stage_array("denominated")[:, 0].tolist()[:2] == [2.0, 3.0]
    assert assessment.context("name") == ["Xland", "Yland", "Zland"]
    assert assessment.context("region") == ["N", "S", "S"]


def test_files_of_coinr_come_over(tmp_path):
    pd.DataFrame(META).to_csv(tmp_path / "iMeta.csv", index=False, na_rep="NA")
    pd.DataFrame(DATA).to_csv(tmp_path / "iData.csv", index=False, na_rep="NA")
    index, data = read_coinr(tmp_path / "iData.csv", tmp_path / "iMeta.csv")
    assert Assessment(index, data, unit="uCode").observations.values[2, 1] == 2.0


def test_a_pair_without_types_comes_over():
    meta = {name: cells[:5] for name, cells in META.items() if name not in ("Type", "Denominator")}
    index, _ = read_coinr(DATA, meta)
    assert len(index.indicators) == 3


def test_columns_that_are_missing_are_named():
    short = {
        name: cells for name, cells in DATA.items() if name not in ("uCode", "b", "GDP", "region")
    }
    with pytest.raises(DataError) as caught:
        read_coinr({**short, "bb": [1, 2, 3]}, META)
    text = str(caught.value)
    assert all(
        part in text for part in ("'uCode'", "indicator 'b'", "denominator 'GDP'", "group 'region'")
    )


def test_text_among_numbers_is_named_with_its_row():
    with pytest.raises(
        DataError, match=r"row 1 \(uCode 'Y'\), column 'b': 'three' is not a number"
    ):
        read_coinr({**DATA, "b": [1, "three", 2]}, META)


def test_a_broken_framework_is_one():
    with pytest.raises(ModelError):
        read_coinr(DATA, {**META, "Parent": [None, "I", "Q", "P", "I", None, None, None]})


def workbook(path, change=lambda book: None):
    """Lay out a workbook as the tool does: two sub-indices, no pillars, one sub-pillar each."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Database"
    columns = [
        # weight, direction, lower, upper, index, sub-index, pillar, sub-pillar, name, code
        (2, 1, 0, 10, "Index", "si.01", "p.01", "sp.01", "First", "Ind.01"),
        (1, -1, 0, 8, "Index", "si.01", "p.01", "sp.01", "Second", "Ind.02"),
        (1, 1, None, None, "Index", "si.02", "p.01", "sp.02", "Third", "Ind.03"),
    ]
    for place, column in enumerate(columns, 5):
        for row, value in enumerate(column, 7):
            sheet.cell(row, place, value)
    units = [("Aland", "A", 1, 2, 3), ("Bland", "B", 4, "n/a", 6), ("Cland", "C", 7, 8, 10.5)]
    for row, (name, code, *values) in enumerate(units, 17):
        sheet.cell(row, 2, name)
        sheet.cell(row, 3, code)
        for place, value in enumerate(values, 5):
            sheet.cell(row, place, value)
    frame = book.create_sheet("Framework")
    frame.cell(4, 3, "Code")
    elements = [("Index", 1, "The index"), ("si.01", 3, "One"), ("si.02", 1, "Two"), ("si.03", None, "--"),
                ("sp.01", 1, "Sub one"), ("sp.02", 1, "Sub two")]  # fmt: skip
    for row, (code, weight, name) in enumerate(elements, 5):
        frame.cell(row, 3, code)
        frame.cell(row, 5, weight)
        frame.cell(row, 8, name)
    change(book)
    book.save(path)
    return path


def test_a_workbook_of_the_coin_tool_comes_over(tmp_path):
    index, data = read_coin_tool(workbook(tmp_path / "tool.xlsx"))
    # All indicators are in one pillar: that level was not used.
    assert [node.code for node in index.walk()] == [
        "Index", "si.01", "si.02", "sp.01", "sp.02", "Ind.01", "Ind.02", "Ind.03",
    ]  # fmt: skip
    assert index.name == "The index"
    assert index.find("si.01").weight == 3
    assert index.find("Ind.01").goalposts == (0, 10)
    second = index.find("Ind.02")
    assert (second.direction, second.goalposts, second.name) == (-1, (8, 0), "Second")
    assert index.find("Ind.03").goalposts is None
    assessment = Assessment(index, data)
    assert assessment.units == ("A", "B", "C")
    # (2 x 10 + 1 x 75) / 3 for A, goalposts in force.
    assert assessment.array("sp.01").round(6).tolist() == [31.666667, 40.0, 46.666667]
    assert np.isnan(assessment.stage_array("raw")[1, 1])


def told(tmp_path, change):
    with pytest.raises(DataError) as caught:
        read_coin_tool(workbook(tmp_path / "tool.xlsx", change))
    return str(caught.value)


def test_sheets_that_are_missing_are_named(tmp_path):
    text = told(tmp_path, lambda book: setattr(book["Framework"], "title", "Frame"))
    assert "lacks sheets (its sheets: Database, Frame)" in text
    assert "sheet 'Framework'" in text


def test_every_fault_names_sheet_and_cell(tmp_path):
    def change(book):
        data, frame = book["Database"], book["Framework"]
        data["E17"] = "=1+1"
        data["F18"] = "much"
        data["G16"] = "Ind.01"
        data["C19"] = "A"
        data["E8"] = 2
        data["F7"] = -1
        data["E9"], data["E10"] = 5, 5
        data["E15"] = "=B1"
        data["F20"] = True
        data["C20"] = "D"
        data.merge_cells("E11:F11")
        frame["C6"] = "Index"
        frame["E7"] = "heavy"

    text = told(tmp_path, change)
    for part in (
        "sheet 'Database', cell E17: a formula, expected a value",
        "sheet 'Database', cell F18: 'much' is not a number",
        "sheet 'Database', cell F20: True is not a number",
        "sheet 'Database', cell G16: 'Ind.01' already appears in sheet 'Database', cell E16",
        "sheet 'Database', cell C19: unit 'A' already appears in sheet 'Database', cell C17",
        "sheet 'Database', cell E8: direction must be 1 or -1, got 2",
        "sheet 'Database', cell F7: weight must not be negative, got -1",
        "sheet 'Database', cell E9: the lower goalpost 5 is not below the upper goalpost 5",
        "sheet 'Database', cell E15: a formula, expected a value",
        "sheet 'Database', cells E11:F11: merged",
        "sheet 'Framework', cell C6: 'Index' already appears in sheet 'Framework', cell C5",
        "sheet 'Framework', cell E7: 'heavy' is not a number",
    ):
        assert part in text, part


def test_an_empty_database_says_where_codes_should_be(tmp_path):
    def change(book):
        book.remove(book["Database"])
        book.create_sheet("Database")

    text = told(tmp_path, change)
    assert "cell E16: no indicator code" in text
    assert "cell C17: no unit code" in text


def test_files_that_are_no_workbooks_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_coin_tool(tmp_path / "none.xlsx")
    (tmp_path / "text.xlsx").write_text("no zip")
    with pytest.raises(DataError, match=r"cannot read .*text\.xlsx' as a workbook"):
        read_coin_tool(tmp_path / "text.xlsx")


def test_workbooks_need_their_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"digital-leadership-index\[excel\]"):
        read_coin_tool(tmp_path / "any.xlsx")


@pytest.fixture
def assessment():
    index = Index(
        "T",
        [
            Index("=A", [Indicator("a", "+cmd"), Indicator("b", goalposts=(0, 9), scale=(0, 10))]),
            Indicator("c", direction=-1),
        ],
    )
    data = {
        "unit": ["=1+1", "@y", "Z"],
        "name": ["-x", "plain", "=HYPERLINK(1)"],
        "a": [0.1 + 0.2, 2, None],
        "b": [3, 4, 5],
        "c": [1, 2, 4],
    }
    return Assessment(index, data)


def test_a_workbook_holds_every_number(assessment, tmp_path):
    write_excel(assessment, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == [
        "Framework", "League table", "Scores", "Ranks", "Weights", "Flags", "Contributions",
        "Data raw", "Data denominated", "Data imputed", "Data treated", "Data normalised", "Methods",
    ]  # fmt: skip
    scores = book["Scores"]
    assert [cell.value for cell in scores[1]] == ["unit", "T", "=A", "c", "a", "b"]
    for row, own in enumerate(assessment.array("T").tolist(), 2):
        assert scores.cell(row, 2).value == pytest.approx(own, rel=1e-15)
    assert book["Data raw"]["B2"].value == pytest.approx(0.3, rel=1e-15)
    assert book["Data raw"]["B4"].value is None
    assert scores.freeze_panes == "A2"
    assert book["Framework"]["G6"].value == 0
    assert "# Methods" in book["Methods"]["A2"].value


def test_text_is_never_a_formula(assessment, tmp_path):
    write_excel(assessment, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    texts = [
        c for sheet in book for row in sheet.iter_rows() for c in row if isinstance(c.value, str)
    ]
    assert {"=1+1", "@y", "+cmd", "-x", "=HYPERLINK(1)", "=A"} <= {c.value for c in texts}
    assert all(c.data_type == "s" for c in texts)


def test_csv_files_hold_the_same_with_text_marked(assessment, tmp_path):
    files = write_csv(assessment, tmp_path / "new" / "folder")
    assert [f.name for f in files][:3] == ["framework.csv", "league-table.csv", "scores.csv"]
    with (tmp_path / "new" / "folder" / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["unit"] for row in rows] == ["'=1+1", "'@y", "Z"]
    assert [float(row["T"]) for row in rows] == assessment.array("T").tolist()
    assert "'=A" in rows[0]
    found = frames.read(tmp_path / "new" / "folder" / "data-raw.csv")
    assert found.column("a") == [0.1 + 0.2, 2.0, None]


def test_what_has_no_contributions_goes_without(assessment, tmp_path):
    files = write_csv(assessment.evolve(aggregation=Copeland()), tmp_path)
    assert "contributions.csv" not in [f.name for f in files]


def test_a_panel_with_odd_cells_is_written(tmp_path):
    index = Index("T", [Indicator("a")])
    dates = pd.to_datetime(["2020-01-01", "2021-01-01"] * 2)
    data = pd.DataFrame({"unit": ["X", "X", "Y", "Y"], "when": dates, "a": [1, 2, 3, 4]})
    write_excel(Assessment(index, data, period="when"), tmp_path / "p.xlsx")
    cells = openpyxl.load_workbook(tmp_path / "p.xlsx")["Scores"]
    assert "2020-01-01" in str(cells["B2"].value)


def test_a_workbook_must_end_as_one(assessment, tmp_path):
    with pytest.raises(DataError, match=r"must end in \.xlsx"):
        write_excel(assessment, tmp_path / "out.xls")


def test_the_framework_sheet_is_a_table_of_nodes(assessment, tmp_path):
    write_csv(assessment, tmp_path)
    table = pd.read_csv(tmp_path / "framework.csv").replace({"'=A": "=A", "'+cmd": "+cmd"})
    again = Index.from_table(table)
    assert again == assessment.index
    assert Method() is not None
    with pytest.warns(DLIWarning, match="do not describe the index are ignored: more"):
        Index.from_table(table.assign(more=1))


def test_a_mapping_without_flags_is_written(tmp_path, monkeypatch):
    for module in ("results", "incoming"):
        monkeypatch.setattr(f"dli.frames.{module}.is_installed", lambda _: False)
    index = Index("T", [Indicator("a")])
    files = write_csv(Assessment(index, {"unit": ["X", "Y"], "a": [1, 2]}), tmp_path)
    flags = next(f for f in files if f.name == "flags.csv")
    assert flags.read_text(encoding="utf-8").strip() == "unit,code,flag,note"


def test_columns_and_levels_that_are_not_used_are_passed_over(tmp_path):
    def change(book):
        data = book["Database"]
        data["I16"] = "n/a"
        data["B25"] = "a note below the units"
        data["H10"] = 4
        data.merge_cells("B3:E4")
        for place in "EFG":
            data[f"{place}12"] = data[f"{place}14"] = "one"

    index, _ = read_coin_tool(workbook(tmp_path / "tool.xlsx", change))
    assert [node.code for node in index.walk()] == ["Index", "Ind.01", "Ind.02", "Ind.03"]


def test_a_formula_in_the_header_counts_for_its_stored_value(tmp_path):
    import zipfile

    plain = workbook(tmp_path / "a.xlsx", lambda book: book["Database"].__setitem__("E7", "=2+3"))
    stored = tmp_path / "b.xlsx"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(stored, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet1.xml"):
                assert b"<f>2+3</f>" in text
                head, tail = text.split(b"<f>2+3</f>")
                text = (
                    head
                    + b"<f>2+3</f><v>5</v>"
                    + tail.removeprefix(b"<v />").removeprefix(b"<v></v>")
                )
            new.writestr(name, text)
    index, _ = read_coin_tool(stored)
    assert index.find("Ind.01").weight == 5
