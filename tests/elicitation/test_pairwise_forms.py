"""Forms for pairwise judgements: what their formulas say, and what comes back from them."""

import datetime as dt
import random
import re
import shutil
import subprocess
from itertools import combinations

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_damaged_workbooks import mutant, parts_of

from dli import Assessment, Index, Indicator, Method, frames, normalisation
from dli.elicitation import (
    pairwise_form,
    read_pairwise,
    read_questionnaires,
    write_pairwise,
    write_questionnaire,
)
from dli.errors import DataError, DLIWarning, FileError, MethodError, UnknownCodeError
from dli.weighting import AHP, GroupAHP, ahp_priorities

pytestmark = pytest.mark.once

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
# Else LibreOffice shows the values that were stored with formulas.
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""

INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a"), Indicator("b")], "First"),
        Index("B", [Indicator("c")], "Second"),
        Index("C", [Indicator("d"), Indicator("e"), Indicator("f")]),
    ],
    "Test index",
)
# Title, three labels, the ratio and its hint, then the head in row 9.
FIRST = 10


def fill(path, *values, sheet=None, change=lambda sheet: None, expert="Ann"):
    book = openpyxl.load_workbook(path)
    own = book[sheet] if sheet else book.worksheets[0]
    own["B2"] = expert
    for row, value in enumerate(values, FIRST):
        own.cell(row, 3).value = value
    change(own)
    book.save(path)
    return path


@pytest.fixture
def form(tmp_path):
    def make(name="Ann.xlsx", items=("x", "y", "z")):
        write_pairwise(items, tmp_path / name)
        return tmp_path / name

    return make


def faults(paths):
    with pytest.raises(DataError, match="cannot read the pairwise comparisons") as caught:
        read_pairwise(paths)
    return [fault.replace("sheet 'Comparisons', ", "") for fault in caught.value.faults]


def test_one_expert_is_an_ahp_and_several_are_a_group(form):
    ann = fill(form(), 2, 6, 3)
    comparisons = read_pairwise(ann)
    assert comparisons.judgements == {"": {"Ann": (("x", "y", 2), ("x", "z", 6), ("y", "z", 3))}}
    assert comparisons.items == {"": ("x", "y", "z")}
    scheme = comparisons.scheme(strict=True)
    assert isinstance(scheme, AHP)
    assert scheme.strict
    weights = scheme.priorities(["x", "y", "z"]).weights
    assert weights == pytest.approx([0.6, 0.3, 0.1])
    bob = fill(form("Bob.xlsx", ("z", "x", "y")), "1/2", 0.333, None, expert="Bob")
    group = read_pairwise([ann, bob]).scheme("", join="arithmetic priorities")
    assert isinstance(group, GroupAHP)
    assert group.experts["Bob"] == (("z", "x", 1 / 2), ("z", "y", 1 / 3))
    assert group.priorities(["x", "y", "z"]).weights.sum() == pytest.approx(1)


def test_a_hierarchy_has_a_sheet_for_each_node_and_one_name_for_all(tmp_path):
    path = tmp_path / "all.xlsx"
    write_pairwise(INDEX, path, below=True)
    assert openpyxl.load_workbook(path).sheetnames == ["T", "A", "C", "Scale"]
    fill(path, 1, 3, 2)
    fill(path, 4, sheet="A", expert=None)
    comparisons = read_pairwise(path)
    assert list(comparisons.judgements) == ["T", "A"]
    assert comparisons.judgements["A"] == {"Ann": (("a", "b", 4),)}
    assert repr(comparisons).splitlines() == [
        "2 forms of judgements",
        "",
        "node  expert  file      judged  missing     CR",
        "T     Ann     all.xlsx       3        0  0.016",
        "A     Ann     all.xlsx       1        0  0.000",
    ]
    with pytest.raises(UnknownCodeError, match="no node with judgements 'C'"):
        comparisons.scheme("C")
    with pytest.raises(UnknownCodeError, match="no node with judgements None"):
        comparisons.scheme()
    fixed = Method(
        normalisation=normalisation.Unscaled(),
        weighting={"T": comparisons.scheme("T"), "A": comparisons.scheme("A")},
    )
    data = {"unit": ["U", "V"]} | {code: [1.0, 2.0] for code in "abcdef"}
    table = frames.read(Assessment(INDEX, data, method=fixed).weights)
    local = dict(zip(table.column("code"), table.column("local"), strict=True))
    assert (local["a"], local["b"]) == pytest.approx((0.8, 0.2))


def test_a_form_with_contradictory_judgements_is_marked(tmp_path):
    path = tmp_path / "form.xlsx"
    write_pairwise(INDEX, path)
    fill(path, 9, 1 / 9, 9)
    (line,) = repr(read_pairwise(path)).splitlines()[3:]
    assert re.search(r" [0-9]\.[0-9]{3} \(above 0\.1\)$", line)


def test_the_form_says_what_is_compared(tmp_path):
    path = tmp_path / "form.xlsx"
    write_pairwise(INDEX, path, expert="Ann", date="2026")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["T", "Scale"]
    sheet = book["T"]
    assert sheet["A1"].value == "Test index"
    assert [sheet[cell].value for cell in ("B2", "B3", "B4")] == ["Ann", "2026", "T"]
    pairs = [(sheet.cell(row, 1).value, sheet.cell(row, 4).value) for row in (10, 11, 12)]
    assert pairs == [("A", "B"), ("A", "C"), ("B", "C")]
    assert sheet["B10"].value == "First"
    unlocked = {c.coordinate for row in sheet for c in row if not c.protection.locked}
    assert unlocked == {"B2", "B3", "C10", "C11", "C12"}
    rule = next(own for own in sheet.data_validations.dataValidation if "C10" in str(own.sqref))
    assert rule.formula1 == "Scale!$A$4:$A$20"
    values = [book["Scale"].cell(row, 1).value for row in range(4, 21)]
    assert values == pytest.approx([*range(9, 0, -1), *(1 / n for n in range(2, 10))])
    assert book["Scale"]["A21"].value is None
    assert book["Scale"]["B4"].value == "the first is extremely more important"
    assert book["Scale"]["B13"].value == "the second is more important: between 1 and 3"
    assert book["Scale"]["B12"].value == "both are equally important"


def recalculated(tmp_path, *paths):
    profile = tmp_path / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE)
    command = [OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to"]
    subprocess.run(
        [*command, "xlsx", "--outdir", tmp_path / "out", *paths],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return [openpyxl.load_workbook(tmp_path / "out" / path.name, data_only=True) for path in paths]


@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on this machine")
def test_the_ratio_in_the_sheet_is_that_of_python(tmp_path):
    rng = np.random.default_rng(11)
    scale = np.array([*range(1, 10), *(1 / n for n in range(2, 10))])
    # As contradictory as the scale allows, random, consistent, of order 2, and one pair short.
    cases = [[9, 1 / 9, 9], rng.choice(scale, 15), rng.choice(scale, 36), [2, 6, 3], [3], [2, 4]]
    items = [3, 6, 9, 3, 2, 3]
    paths = []
    for place, (values, n) in enumerate(zip(cases, items, strict=True)):
        path = tmp_path / f"case{place}.xlsx"
        write_pairwise([f"i{k}" for k in range(n)], path)
        paths.append(fill(path, *map(float, values)))
    survey = Index("T", [Indicator("a", "=1+1", scale=(0, 5)), Indicator("b", scale=(0, 5))])
    write_questionnaire(survey, tmp_path / "survey.xlsx", unit="U", assessor="A")
    book = openpyxl.load_workbook(tmp_path / "survey.xlsx")
    book["Questionnaire"]["E9"] = 4
    book["Questionnaire"]["B9"].data_type = "s"  # openpyxl would make a formula of it
    book.save(tmp_path / "survey.xlsx")
    *books, answers = recalculated(tmp_path, *paths, tmp_path / "survey.xlsx")
    assert answers["Questionnaire"]["C3"].value == "1 of 2 statements rated"
    # What another spreadsheet has saved is read as what it was made from.
    data = read_questionnaires(tmp_path / "out" / "survey.xlsx", survey).data
    assert frames.read(data).column("a") == [4]
    for path in paths:
        again = read_pairwise(tmp_path / "out" / path.name).judgements
        assert again == read_pairwise(path).judgements
    for book, values, n in zip(books[:-1], cases, items, strict=False):
        matrix = np.ones((n, n))
        for (i, j), value in zip(combinations(range(n), 2), values, strict=True):
            matrix[i, j], matrix[j, i] = value, 1 / value
        expected = ahp_priorities(matrix[np.newaxis])
        sheet = book["Comparisons"]
        assert sheet["B6"].value == pytest.approx(expected.consistency_ratio[0], abs=1e-12)
        weights = [sheet.cell(FIRST + k, 11).value for k in range(n)]
        assert weights == pytest.approx(expected.weights[0], abs=1e-12)
        inside = [[sheet.cell(FIRST + i, 14 + j).value for j in range(n)] for i in range(n)]
        assert np.array(inside) == pytest.approx(matrix)
        verdict = "Above 0.10: " if expected.consistency_ratio[0] > 0.1 else "Acceptable: "
        assert sheet["C6"].value.startswith(verdict)
    texts = books[3]["Comparisons"]
    assert texts["F10"].value == "i0 is 2 times as important as i1"
    assert texts["G10"].value == pytest.approx(2)
    small = books[0]["Comparisons"]
    assert small["F11"].value == "i2 is 9 times as important as i0"
    short = books[-1]["Comparisons"]
    assert short["B6"].value == "1 of 3 pairs left"
    assert (
        (short["K10"].value or "") == (short["F12"].value or "") == (short["C6"].value or "") == ""
    )


def test_faults_are_all_told_with_file_and_cell(form):
    ann = fill(form(), 10, "much", dt.date(2026, 1, 3))
    bob = fill(form("Bob.xlsx"), 0, True, "1/0", expert=None)  # noqa: FBT003 a cell
    cem = fill(form("Cem.xlsx"), None, "n/a", None, expert="Cem")
    dee = fill(form("Dee.xlsx"), "=1/3", 0.1, "1/10", expert="Dee")
    assert faults([ann, bob, cem, dee, "none.xlsx"]) == [
        "file 'none.xlsx': cannot read 'none.xlsx': no such file",
        "file 'Ann.xlsx', cell C10: 10 is not a number from 1/9 to 9",
        "file 'Ann.xlsx', cell C11: 'much' is not a number from 1/9 to 9",
        (
            "file 'Ann.xlsx', cell C12: a date, perhaps from a fraction such as 1/3; choose the value "
            "from the list"
        ),
        "file 'Bob.xlsx', cell C10: 0 is not a number from 1/9 to 9",
        "file 'Bob.xlsx', cell C11: True is not a number from 1/9 to 9",
        "file 'Bob.xlsx', cell C12: '1/0' is not a number from 1/9 to 9",
        "file 'Bob.xlsx', cell B2: blank, expected the name of the expert",
        (
            "file 'Cem.xlsx', sheet 'Comparisons': no judgement; leave the file out if it was not "
            "filled in"
        ),
        "file 'Dee.xlsx', cell C10: a formula, expected a value",
        "file 'Dee.xlsx', cell C11: 0.1 is not a number from 1/9 to 9",
        "file 'Dee.xlsx', cell C12: '1/10' is not a number from 1/9 to 9",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3", 3), ("1 / 3", 1 / 3), (0.3333, 1 / 3), (0.33, 0.33), (0.111, 1 / 9), ("2,5", 2.5),
     (2.5, 2.5), (9.0, 9), ("3/2", 1.5)],
)  # fmt: skip
def test_fractions_and_rounded_ones(form, value, expected):
    path = fill(form(items=("x", "y")), value)
    assert read_pairwise(path).judgements[""]["Ann"] == (("x", "y", expected),)


def test_rows_that_are_gone_twice_or_changed(form):
    def change(**cells):
        def set_cells(sheet):
            for cell, value in cells.items():
                sheet[cell] = value

        return set_cells

    path = form()
    found = faults(fill(path, 1, 2, 3, change=change(A12=None, C12=None, D12=None)))
    assert found == ["file 'Ann.xlsx', sheet 'Comparisons': no row for the pairs (y, z)"]
    found = faults(fill(form(), 1, 2, 3, change=change(A12="y", D12="x")))
    assert found[1] == "file 'Ann.xlsx', cell A12: the pair (y, x) already appears in row 10"
    found = faults(fill(form(), 1, 2, 3, change=change(A12="z")))
    assert found[1] == "file 'Ann.xlsx', cell A12: 'z' and 'z' are not a pair of two items"
    found = faults(fill(form(), 1, 2, 3, change=change(C15=3)))
    assert found == ["file 'Ann.xlsx', cell C15: a judgement in a row without items"]
    found = faults(fill(form(), 1, 2, 3, change=change(A2=None, A4=None)))
    assert found == [
        "file 'Ann.xlsx', sheet 'Comparisons': no cell 'Weights within:' above the table",
        (
            "file 'Ann.xlsx', sheet 'Comparisons': no cell 'Expert:' above the table, so the name of "
            "the expert is unknown"
        ),
    ]
    blank = {f"{column}{row}": None for column in "ACD" for row in (10, 11, 12)}
    found = faults(fill(form(), change=change(**blank)))
    assert found == ["file 'Ann.xlsx', sheet 'Comparisons': no pair of items"]
    found = faults(fill(form(), 1, 2, 3, change=lambda sheet: sheet.merge_cells("C10:C11")))
    assert found[0].startswith("file 'Ann.xlsx', cells C10:C11: merged")


VALUES = [float(n) for n in range(1, 10)] + [1 / n for n in range(2, 10)]


@settings(max_examples=10)  # each writes and reads two files
@given(st.lists(st.none() | st.sampled_from(VALUES), min_size=6, max_size=6))
def test_what_was_judged_comes_back_exactly(tmp_path_factory, judged):
    path = tmp_path_factory.mktemp("law") / "form.xlsx"
    write_pairwise(["w", "x", "y", "z"], path)
    fill(path, *judged)
    expected = tuple(
        (a, b, value)
        for (a, b), value in zip(combinations("wxyz", 2), judged, strict=True)
        if value
    )
    if expected:
        assert read_pairwise(path).judgements[""]["Ann"] == expected
    else:
        assert faults(path) == [
            (
                "file 'form.xlsx', sheet 'Comparisons': no judgement; leave the file out if it was "
                "not filled in"
            )
        ]


def test_damaged_forms_are_read_or_refused(form):
    path = fill(form(), 1, 2, 3)
    content, parts = path.read_bytes(), parts_of(path)
    outcomes = set()
    for seed in range(25):
        path.write_bytes(mutant(parts, content, random.Random(seed)))  # noqa: S311 no secret
        try:
            outcomes.add(len(read_pairwise(path).judgements))
        except DataError as error:
            outcomes.add(str(error).splitlines()[0])
    assert outcomes == {1, "cannot read the pairwise comparisons:"}


def test_forms_that_do_not_go_together(form, tmp_path):
    ann, again = fill(form(), 1, 2, 3), fill(form("again.xlsx"), 1, 2, 3)
    other = fill(form("other.xlsx", ("x", "y")), 1, expert="Bob")
    assert faults([ann, again, other]) == [
        (
            "file 'again.xlsx', sheet 'Comparisons': 'Ann' judges here and in file 'Ann.xlsx', sheet "
            "'Comparisons'; keep only one of the two"
        ),
        (
            "file 'other.xlsx', sheet 'Comparisons': compares x, y, but file 'Ann.xlsx', sheet "
            "'Comparisons' compares x, y, z"
        ),
    ]
    paths = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for path in paths:
        write_pairwise(INDEX, path)
        fill(path, 1, 2, 3)
    assert "'Ann' judges the items of 'T' here and in" in faults(paths)[0]


def test_judgements_that_join_no_scale_have_no_ratio(form):
    path = fill(form(items=("w", "x", "y", "z")), 2, None, None, None, None, 3)
    comparisons = read_pairwise(path)
    assert frames.read(comparisons.forms).column("consistency_ratio") == [None]
    assert repr(comparisons).splitlines()[-1] == "      Ann     Ann.xlsx       2        4"


def test_contradictory_judgements_warn_when_they_weigh(form):
    scheme = read_pairwise(fill(form(), 9, 1 / 9, 9)).scheme()
    with pytest.warns(DLIWarning, match=r"consistency ratio of .*, above 0\.1"):
        scheme.weights(np.ones((1, 3)), [Indicator(code) for code in "xyz"])


def test_names_of_sheets_are_short_and_all_different(tmp_path):
    children = [Indicator("p"), Indicator("q")]
    codes = ["Scale", "scale", "a/b", "a:b", "x" * 40, "x" * 41, "'", "History"]
    index = Index(
        "T", [Index(code, [Indicator(f"{code} {own}") for own in "pq"]) for code in codes]
    )
    path = tmp_path / "form.xlsx"
    write_pairwise(index, path, below=True)
    assert openpyxl.load_workbook(path).sheetnames == [
        "T", "Scale 2", "scale 3", "a_b", "a_b 2", "x" * 25, "x" * 25 + " 2", "_", "History 2",
        "Scale",
    ]  # fmt: skip
    write_pairwise(Index("T", children), path)
    assert openpyxl.load_workbook(path)["T"]["A1"].value == "T"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "<b>", '"', "{=A1}", "a & b"])
def test_formulas_and_markup_stay_text(tmp_path, text):
    path = tmp_path / "form.xlsx"
    write_pairwise({text: text, "b": ""}, path, title=text, expert="Ann")
    sheet = openpyxl.load_workbook(path)["Comparisons"]
    assert [sheet[cell].data_type for cell in ("A1", "A10", "B10", "I10", "J10")] == ["s"] * 5
    assert [sheet[cell].value for cell in ("A1", "A10", "B10")] == [text] * 3


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["x"], r"from 2 to 15 items with different codes:\n  - 1 items"),
        ([f"i{k}" for k in range(16)], "16 items"),
        (["x", "x"], "items must be different codes"),
        ("xy", "items must be a sequence of codes"),
        ({"x": 3, " y": ""}, r"(?s)the name of 'x' must be text, got 3.*code must be a text without"),
        (Index("T", [Indicator("a")]), r"'T': 1 items"),
        (3, "items must be a sequence of codes, got 3"),
    ],
)  # fmt: skip
def test_items_are_checked(tmp_path, items, message):
    with pytest.raises(MethodError, match=message):
        write_pairwise(items, tmp_path / "form.xlsx")


def test_options_are_checked(tmp_path):
    with pytest.raises(MethodError, match="below=True requires an Index, got "):
        write_pairwise(["x", "y"], "form.xlsx", below=True)
    with pytest.raises(MethodError, match="no node has two or more children"):
        write_pairwise(Index("T", [Indicator("a")]), "form.xlsx", below=True)
    with pytest.raises(MethodError, match=r"(?s)below must be True or False.*expert must be text"):
        write_pairwise(["x", "y"], "form.xlsx", below="yes", expert=3)
    with pytest.raises(DataError, match=r"a form must end in \.xlsx, got 'form\.html'"):
        write_pairwise(["x", "y"], "form.html")
    with pytest.raises(FileError, match="cannot write"):
        write_pairwise(["x", "y"], tmp_path / "none" / "form.xlsx")


def test_powers_of_the_matrix_suffice_for_every_matrix_of_the_scale():
    """The second eigenvalue is furthest from the first's share for three items in a circle."""
    a = np.array([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]])
    values = np.sort(np.abs(np.linalg.eigvals(a)))
    assert (values[-2] / values[-1]) ** 2**pairwise_form._SQUARINGS < 1e-15
