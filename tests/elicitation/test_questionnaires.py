"""Questionnaires go out and come back: filled, half filled, renamed, sorted, of older versions."""

import datetime as dt
import random
import re
import warnings

import numpy as np
import openpyxl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_damaged_workbooks import mutant, parts_of

import dli
from dli import Index, Indicator, frames
from dli.elicitation import (
    MATURITY_LEVELS,
    gather,
    krippendorff_alpha,
    read_questionnaires,
    write_questionnaire,
)
from dli.errors import DataError, DLIWarning, FileError, MethodError, ModelError

INDEX = Index(
    "T",
    [
        Index(
            "A",
            [
                Indicator("a", "Vision", scale=(0, 5), description="A vision is published."),
                Indicator("b", "Plan", scale=(0, 5)),
            ],
            "First",
            description="What comes first.",
        ),
        Indicator("c", scale=(1, 3)),
    ],
    "Test index",
    description="For tests.\n\nIn two paragraphs.",
)
# Title, five fields, a blank row, the head, then A, a, b and c.
ROWS = {"a": 10, "b": 11, "c": 12}


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    path = tmp_path_factory.mktemp("forms") / "blank.xlsx"
    write_questionnaire(INDEX, path, levels={0: "absent", 5: "optimised"})
    return path


@pytest.fixture
def fill(blank, tmp_path):
    """Fill in a form as people do, cell by cell."""

    def filled(name, change=lambda sheet: None, source=blank, **cells):
        book = openpyxl.load_workbook(source)
        sheet = book["Questionnaire"]
        cells = {"B2": "Health", "B3": name.split(".")[0], "E10": 4, "E11": 2, "E12": 3} | cells
        for cell, value in cells.items():
            sheet[cell] = value
        change(sheet)
        book.save(tmp_path / name)
        return tmp_path / name

    return filled


def faults(paths, index=INDEX):
    with pytest.raises(DataError, match="cannot read the questionnaires") as caught:
        read_questionnaires(paths, index)
    return list(caught.value.faults)


def rows(frame):
    table = frames.read(frame, empty=True)
    return list(zip(*(table.column(name) for name in table.names), strict=True))


def test_filled_forms_become_ratings_of_several_assessors(fill):
    paths = [
        fill("Ann.xlsx", F10="Law 5/2020", B4="2026-11-30"),
        fill("Bob.xlsx", E10=2, E11=None),
        fill("Cem.xlsx", B2="Justice", E10="5", E11="4.0", E12="n/a"),
    ]
    answers = read_questionnaires(paths, INDEX)
    assert rows(answers.data) == [
        ("Health", "Ann", 4, 2, 3),
        ("Health", "Bob", 2, None, 3),
        ("Justice", "Cem", 5, 4, None),
    ]
    assert rows(answers.evidence) == [("Health", "Ann", "a", 4, "Law 5/2020")]
    assert rows(answers.missing) == [
        ("Health", "Bob", "b", "Bob.xlsx", "Questionnaire", "E11"),
        ("Justice", "Cem", "c", "Cem.xlsx", "Questionnaire", "E12"),
    ]
    assert [row[2:] for row in rows(answers.forms)] == [
        ("Health", "Ann", "2026-11-30", 3, 0, "same"),
        ("Health", "Bob", "", 2, 1, "same"),
        ("Justice", "Cem", "", 2, 1, "same"),
    ]
    ratings = gather(INDEX, answers.data)
    assert ratings.joined.tolist() == [[3, 2, 3], [5, 4, pytest.approx(np.nan, nan_ok=True)]]
    assert repr(answers).splitlines()[0] == "3 questionnaires"
    assert "Ann.xlsx  Health   Ann       2026-11-30      3        0  same" in repr(answers)


@pytest.mark.parametrize("library", ["mapping", "polars", "pyarrow"])
def test_answers_are_tables_of_the_library_that_is_there(fill, monkeypatch, library):
    monkeypatch.setattr("dli.frames.results.default_library", lambda: library)
    answers = read_questionnaires([fill("Ann.xlsx"), fill("Bob.xlsx", E11=None)], INDEX)
    assert rows(answers.evidence) == []
    assert rows(answers.missing) == [("Health", "Bob", "b", "Bob.xlsx", "Questionnaire", "E11")]
    assert gather(INDEX, answers.data).joined.tolist() == [[4, 2, 3]]
    assert "2 questionnaires" in repr(answers)


def test_a_survey_of_the_bundled_model_from_forms_to_agreement(tmp_path):
    index = dli.models.load("dli-maturity")
    path = tmp_path / "form.xlsx"
    write_questionnaire(index, path, unit="Health", levels=MATURITY_LEVELS)
    expected = np.random.default_rng(3).integers(0, 6, (2, len(index.indicators)))
    paths = []
    for name, ratings in zip(("Ann", "Bob"), expected, strict=True):
        book = openpyxl.load_workbook(path)
        sheet = book["Questionnaire"]
        sheet["B3"] = name
        row_of = {sheet.cell(row, 1).value: row for row in range(9, sheet.max_row + 1)}
        for indicator, rating in zip(index.indicators, ratings.tolist(), strict=True):
            sheet.cell(row_of[indicator.code], 5).value = rating
        paths.append(tmp_path / f"{name}.xlsx")
        book.save(paths[-1])
    ratings = gather(index, read_questionnaires(paths, index).data)
    assert (ratings.ratings[:, 0] == expected).all()
    alpha = frames.read(ratings.agreement()).column("alpha")[0]
    assert alpha == pytest.approx(krippendorff_alpha(expected))


def test_all_but_the_fields_is_locked_and_ratings_have_a_list(blank):
    book = openpyxl.load_workbook(blank)
    sheet = book["Questionnaire"]
    assert all(own.protection.sheet for own in book.worksheets)
    open_cells = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked
    }
    assert open_cells == {"B2", "B3", "B4", *(f"{c}{r}" for c in "EF" for r in ROWS.values())}
    lists = {str(own.sqref): own for own in sheet.data_validations.dataValidation}
    assert lists["E10"].formula1 == '"0,1,2,3,4,5"'
    assert lists["E12"].formula1 == '"1,2,3"'
    assert lists["E10"].prompt == "0 absent\n5 optimised"
    assert lists["E12"].prompt == "Enter a whole number from 1 to 3."
    assert sheet["C3"].value == '=COUNT(E9:E12)&" of 3 statements rated"'
    told = [cell.value for cell in book["How to rate"]["B"] if cell.value]
    assert told[-3:] == ["Test index", "For tests.", "In two paragraphs."]


def test_faults_are_all_told_with_file_sheet_and_cell(fill):
    paths = [
        fill("Ann.xlsx", E10=7, E11=2.5, E12="good"),
        fill("Bob.xlsx", E10=True, E11="=1+1", E12=dt.date(2026, 1, 1), B2=None, B3=None),
        fill("Cem.xlsx", E12=0, E10="-1", E15=4),
        "none.xlsx",
    ]
    assert faults(paths) == [
        "file 'none.xlsx': cannot read 'none.xlsx': no such file",
        "file 'Ann.xlsx', sheet 'Questionnaire', cell E10: 7 is not a whole number from 0 to 5, which is the scale of 'a'",
        "file 'Ann.xlsx', sheet 'Questionnaire', cell E11: 2.5 is not a whole number from 0 to 5, which is the scale of 'b'",
        "file 'Ann.xlsx', sheet 'Questionnaire', cell E12: 'good' is not a whole number from 1 to 3, which is the scale of 'c'",
        "file 'Bob.xlsx', sheet 'Questionnaire', cell B2: blank, expected the unit that is assessed",
        "file 'Bob.xlsx', sheet 'Questionnaire', cell B3: blank, expected the name of the assessor",
        "file 'Bob.xlsx', sheet 'Questionnaire', cell E10: True is not a whole number from 0 to 5, which is the scale of 'a'",
        "file 'Bob.xlsx', sheet 'Questionnaire', cell E11: a formula, expected a value",
        "file 'Bob.xlsx', sheet 'Questionnaire', cell E12: a date, stored as '46023', expected a number or text",
        "file 'Cem.xlsx', sheet 'Questionnaire', cell E10: -1 is not a whole number from 0 to 5, which is the scale of 'a'",
        "file 'Cem.xlsx', sheet 'Questionnaire', cell E12: 0 is not a whole number from 1 to 3, which is the scale of 'c'",
        "file 'Cem.xlsx', sheet 'Questionnaire', cell E15: a rating in a row without a code",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"E10": "4,0"}, 4.0),
        ({"E10": " 4 "}, 4.0),
        ({"E10": 4.0}, 4.0),
        ({"E10": "+4."}, 4.0),
        ({"E10": "N/A"}, None),
        ({"E10": "--"}, None),
        ({"E10": "\N{EN DASH}"}, None),
        ({"E10": "\N{EM DASH}"}, None),
        ({"E10": ""}, None),
    ],
)
def test_ratings_as_text_and_marks_of_missing_ones(fill, cells, expected):
    answers = read_questionnaires(fill("Ann.xlsx", **cells), INDEX)
    assert frames.read(answers.data).column("a") == [expected]


@pytest.mark.parametrize("text", ["four", "4.5", "4 managed", "1e0", "٤", "9999999"])
def test_other_texts_are_not_ratings(fill, text):
    assert (
        f"cell E10: {text!r} is not a whole number from 0 to 5"
        in faults([fill("Ann.xlsx", E10=text)])[0]
    )


def test_the_same_assessor_twice_for_a_unit_is_refused(fill):
    paths = [fill("Ann.xlsx"), fill("again.xlsx", B3="Ann"), fill("other.xlsx", B3="Ann", B2="X")]
    assert faults(paths) == [
        (
            "file 'again.xlsx', sheet 'Questionnaire': 'Ann' rates 'Health' here and in file "
            "'Ann.xlsx', sheet 'Questionnaire'; keep only one of the two"
        )
    ]


def test_sheets_may_be_renamed_rows_sorted_and_columns_moved(fill):
    def change(sheet):
        sheet.title = "Fragebogen"
        sheet.parent.move_sheet("How to rate", -1)
        for column in range(1, 7):
            one, two = sheet.cell(10, column), sheet.cell(12, column)
            one.value, two.value = two.value, one.value
        sheet.insert_rows(1)
        sheet.insert_cols(1)

    answers = read_questionnaires(fill("Ann.xlsx", change), INDEX)
    assert rows(answers.data) == [("Health", "Ann", 4, 2, 3)]


def test_a_workbook_may_have_the_forms_of_several_people(fill):
    def change(sheet):
        copy = sheet.parent.copy_worksheet(sheet)
        copy.title = "Bob"
        copy["B3"], copy["E10"] = "Bob", 1

    answers = read_questionnaires([fill("Ann.xlsx", change)], INDEX)
    assert rows(answers.data) == [("Health", "Ann", 4, 2, 3), ("Health", "Bob", 1, 2, 3)]


def test_a_form_without_a_rating_is_refused(fill):
    assert faults(fill("Ann.xlsx", E10=None, E11="n/a", E12=None)) == [
        (
            "file 'Ann.xlsx', sheet 'Questionnaire': no rating; leave the file out if it was not "
            "filled in"
        )
    ]


def test_rows_that_are_gone_or_there_twice(fill):
    assert faults(fill("Ann.xlsx", A11=None, E11=None)) == [
        (
            "file 'Ann.xlsx', sheet 'Questionnaire': no row for 'b'; rows of the form were deleted or "
            "changed"
        )
    ]
    assert (
        "file 'Ann.xlsx', sheet 'Questionnaire', cell A11: 'a' already appears in row 10"
        in faults(fill("Ann.xlsx", A11="a"))
    )


def test_merged_cells_are_refused(fill):
    found = faults(fill("Ann.xlsx", lambda sheet: sheet.merge_cells("E10:E11")))
    assert found == [
        (
            "file 'Ann.xlsx', sheet 'Questionnaire', cells E10:E11: merged; unmerge them and fill in "
            "each"
        )
    ]


def test_labels_that_are_gone(fill):
    found = faults(fill("Ann.xlsx", A2=None, A3="Rater", A4=None, A6=None))
    assert found == [
        (
            "file 'Ann.xlsx', sheet 'Questionnaire': no cell 'Unit assessed:' above the table, so the "
            "unit that is assessed is unknown"
        ),
        (
            "file 'Ann.xlsx', sheet 'Questionnaire': no cell 'Assessor:' above the table, so the name "
            "of the assessor is unknown"
        ),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(dt.date(2026, 11, 30), "2026-11-30"), (dt.datetime(2026, 11, 30, 9, 5), "2026-11-30"),  # noqa: DTZ001 as cells are
     ("30.11.2026", "30.11.2026"), (2026, "2026")],
)  # fmt: skip
def test_dates_may_be_text_or_dates(fill, value, expected):
    answers = read_questionnaires(fill("Ann.xlsx", B4=value), INDEX)
    assert frames.read(answers.forms).column("date") == [expected]


def test_names_and_evidence_are_read_as_text(fill):
    answers = read_questionnaires(
        fill("Ann.xlsx", B2=12, B3=True, F10="<b>x</b> & 'y'", F11=2020, F12=dt.date(2026, 1, 2)),
        INDEX,
    )
    assert rows(answers.data)[0][:2] == ("12", "TRUE")
    assert [row[-1] for row in rows(answers.evidence)] == [
        "<b>x</b> & 'y'",
        "2020",
        "2026-01-02",
    ]


def changed(**fields):
    return INDEX.replace("a", evolve(INDEX.find("a"), **fields))


def test_other_texts_give_a_warning_that_names_them(fill):
    path = fill("Ann.xlsx")
    with pytest.warns(DLIWarning, match=r"but other texts: file 'Ann.xlsx', sheet 'Questionnaire': other statements for 'a'"):  # fmt: skip
        answers = read_questionnaires(path, changed(description="Another vision."))
    assert frames.read(answers.forms).column("version") == ["other texts"]
    with pytest.warns(DLIWarning, match=r"other texts: .*: another version$"):
        answers = read_questionnaires(path, evolve(INDEX, name="Renamed"))
    assert frames.read(answers.forms).column("version") == ["other texts"]
    with pytest.warns(DLIWarning, match=r": another version$"):
        answers = read_questionnaires(fill("Ann.xlsx", B6=None), INDEX)
    assert frames.read(answers.forms).column("version") == ["unknown"]


def test_other_codes_or_scales_are_refused(fill):
    path = fill("Ann.xlsx")
    assert faults(path, changed(scale=(0, 7))) == [
        (
            "file 'Ann.xlsx', sheet 'Questionnaire', cell D10: '0 to 5', but the scale of 'a' in the "
            "index is 0 to 7"
        )
    ]
    found = faults(path, changed(code="a1"))
    assert len(found) == 2
    assert re.search(r"the index has no indicator 'a'; did you mean 'a1'\?; the form is for another version of the index: it has 'dli-questionnaire/1 [0-9a-f]{12}-[0-9a-f]{12}', expected 'dli-", found[0])  # fmt: skip
    assert "no row for 'a1'; the form is for another version" in found[1]
    found = faults(fill("Ann.xlsx", A6=None), INDEX.without("c"))
    assert "another version of the index: it has no version, expected" in found[0]


def test_many_codes_are_told_in_a_few_words(fill):
    wide = Index("T", [*INDEX.children, *(Indicator(f"x{i}", scale=(0, 1)) for i in range(7))])
    assert "no row for 'x0', 'x1', 'x2', 'x3', 'x4' and 2 more; " in faults(
        fill("Ann.xlsx"), wide
    )[0]  # fmt: skip


def test_files_that_are_no_forms(fill, tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "Code"
    book.save(tmp_path / "other.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    paths = [tmp_path / "other.xlsx", tmp_path / "text.xlsx", 3, tmp_path]
    found = faults(paths)
    assert found[0].startswith("file 'other.xlsx': no sheet has a row with the columns 'Code', ")
    assert found[0].endswith("(its sheets: 'Sheet'); expected a form written by this library")
    assert found[1].startswith("file 'text.xlsx': cannot read ")
    assert found[2].startswith("file '3': cannot read 3: ")
    assert found[3].endswith(f"cannot read {str(tmp_path)!r}: it is a folder, expected a workbook")
    with pytest.raises(DataError, match="paths must name at least one file"):
        read_questionnaires([], INDEX)
    with pytest.raises(MethodError, match="paths must be a sequence of paths, got 3"):
        read_questionnaires(3, INDEX)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("~$Ann.xlsx", "the workbook is open elsewhere; save and close it, and leave this lock file out"),
        ("Ann.HTML", "a page to print; copy the ratings and evidence into a workbook"),
        ("Ann.ods", "not an .xlsx workbook; save it as .xlsx"),
    ],
)  # fmt: skip
def test_other_files_are_refused_with_advice(name, advice):
    assert faults([f"folder/{name}"]) == [f"file {name!r}: {advice}"]


def test_a_form_is_opened_once(fill, monkeypatch):
    path, opened = fill("Ann.xlsx"), []
    load = openpyxl.load_workbook
    monkeypatch.setattr(
        openpyxl, "load_workbook", lambda *a, **k: opened.append(a) or load(*a, **k)
    )
    assert frames.read(read_questionnaires(path, INDEX).data).n_rows == 1
    assert len(opened) == 1


def test_files_of_one_name_are_told_by_their_folder(fill, tmp_path):
    paths = [tmp_path / "one" / "form.xlsx", tmp_path / "two" / "form.xlsx"]
    assert [str(path) in fault for path, fault in zip(paths, faults(paths), strict=True)] == [
        True,
        True,
    ]


def test_damaged_forms_are_read_or_refused(fill, tmp_path):
    path = fill("Ann.xlsx", F10="Law")
    content, parts = path.read_bytes(), parts_of(path)
    outcomes = set()
    for seed in range(25):
        path.write_bytes(mutant(parts, content, random.Random(seed)))  # noqa: S311 no secret
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DLIWarning)
            try:
                outcomes.add(frames.read(read_questionnaires(path, INDEX).data).n_rows)
            except DataError as error:
                outcomes.add(str(error).splitlines()[0])
    assert outcomes == {1, "cannot read the questionnaires:"}


def test_errors_in_the_heading_are_told_once(fill):
    assert faults(fill("Ann.xlsx", B2="=A1", B4="#N/A")) == [
        "file 'Ann.xlsx', sheet 'Questionnaire', cell B2: a formula, expected a value",
        (
            "file 'Ann.xlsx', sheet 'Questionnaire', cell B4: the error value '#N/A', expected a "
            "number or text"
        ),
    ]
    assert faults(fill("Ann.xlsx", B2="#N/A")) == [
        (
            "file 'Ann.xlsx', sheet 'Questionnaire', cell B2: the error value '#N/A', expected a "
            "number or text"
        )
    ]


HOSTILE = [
    "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2", "<script>alert(1)</script>", "http://x.org",
    "a & b", "' or 1", '"', "{=A1}", "_x0041_", "Unit assessed:", "Code",
]  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_markup_and_formulas_stay_text(tmp_path):
    index = Index(
        "=T",
        [
            Index(f"{text}!", [Indicator(text, text, scale=(0, 2), description=text)], text)
            for text in HOSTILE
        ],
        "=X&<b>",
        description="<b>",
    )
    path = tmp_path / "form.xlsx"
    write_questionnaire(index, path, title="=1", unit="=U", assessor="@A", date="=today()")
    book = openpyxl.load_workbook(path)
    sheet = book["Questionnaire"]
    assert [cell.coordinate for row in sheet for cell in row if cell.data_type == "f"] == ["C3"]
    for row in range(10, 9 + 2 * len(HOSTILE), 2):
        sheet.cell(row, 5).value = 1
    # openpyxl makes formulas of such texts as it saves them.
    for row in sheet:
        for cell in row:
            if cell.data_type == "f" and cell.coordinate != "C3":
                cell.data_type = "s"
    book.save(path)
    answers = read_questionnaires(path, index)
    assert rows(answers.data) == [("=U", "@A", *[1] * len(HOSTILE))]
    write_questionnaire(index, tmp_path / "form.html", title="<i>", unit='"><script>')
    html = (tmp_path / "form.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<b>" not in html
    assert 'value="&quot;&gt;&lt;script&gt;"' in html


TEXTS = st.text(st.characters(exclude_categories=["C"], include_characters="\n\t"), max_size=30)


@settings(max_examples=10)  # each writes and reads three files
@given(TEXTS, TEXTS)
def test_any_text_comes_back_as_the_same_statement(tmp_path_factory, name, description):
    index = Index("T", [Indicator("a", name, scale=(0, 5), description=description)])
    path = tmp_path_factory.mktemp("texts") / "form.xlsx"
    write_questionnaire(index, path, unit="U", assessor="A")
    book = openpyxl.load_workbook(path)
    book["Questionnaire"]["E9"] = 3
    for row in book["Questionnaire"].iter_rows(min_row=9):
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    book.save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rows(read_questionnaires(path, index).data) == [("U", "A", 3)]


def test_the_printed_form_has_all_questions_and_no_script(tmp_path):
    path = tmp_path / "form.html"
    write_questionnaire(INDEX, path, levels={0: "absent", 1: "initial"}, unit="Health")
    html = path.read_text(encoding="utf-8")
    assert html.count("<fieldset>") == 3
    assert html.count('type="radio"') == 6 + 6 + 3
    assert "@media print" in html
    assert "<script" not in html
    assert "http" not in html
    assert '<legend>Vision <span class="code">a</span></legend>' in html
    assert '<legend><span class="code">c</span></legend>' in html
    assert '<h2>First</h2>\n<p class="about">What comes first.</p>' in html
    assert "<dl><dt>0</dt><dd>absent</dd><dt>1</dt><dd>initial</dd></dl>" in html
    assert 'value="0">0 absent</label>' in html
    assert "T Test index, dli-questionnaire/1 " in html
    write_questionnaire(Index("T", [Index("B", [Indicator("b", scale=(0, 1))])]), path)
    html = path.read_text(encoding="utf-8")
    assert "<dl>" not in html
    assert "<h2>B</h2>\n<fieldset>" in html


def test_indicators_that_cannot_be_rated_are_all_named(tmp_path):
    index = Index(
        "T",
        [
            Indicator("none"),
            Indicator("half", scale=(0, 2.5)),
            Indicator("wide", scale=(0, 100)),
            Indicator("fixed", constant=1),
            Indicator("per", scale=(0, 5), denominator="people"),
            Indicator("unit", scale=(0, 5)),
            Indicator("one", scale=(0, 5), column="x"),
            Indicator("two", scale=(0, 5), column="x"),
            Indicator("good", scale=(-2, 2)),
        ],
    )
    with pytest.raises(ModelError) as caught:
        write_questionnaire(index, tmp_path / "form.xlsx")
    assert caught.value.faults == (
        "indicator 'none': it has no scale; expected one such as (0, 5)",
        "indicator 'half': its scale, 0 to 2.5, must consist of whole numbers",
        "indicator 'wide': its scale, 0 to 100, has more than 21 levels",
        "indicator 'fixed': it is a constant; leave it out of the index",
        "indicator 'per': it is divided by 'people'; ratings cannot have a denominator",
        "indicator 'unit': its column 'unit' is that of the units; rename the column",
        "indicator 'two': it has the same column 'x' as 'one'; leave one of them out",
    )
    with pytest.raises(ModelError, match="rated on a scale of whole numbers"):
        read_questionnaires("x.xlsx", index)
    for wrong in ("T", None):
        with pytest.raises(MethodError, match=f"index must be an Index, got {wrong!r}"):
            write_questionnaire(wrong, tmp_path / "form.xlsx")


def test_negative_levels_and_columns_with_other_names(tmp_path):
    index = Index("T", [Indicator("a", scale=(-2, 2), column="x")])
    path = tmp_path / "form.xlsx"
    write_questionnaire(index, path, unit="U", assessor="A")
    book = openpyxl.load_workbook(path)
    book["Questionnaire"]["E9"] = -1
    book.save(path)
    data = read_questionnaires(path, index).data
    assert frames.read(data).names == ("unit", "assessor", "x")
    assert gather(index, data).joined.tolist() == [[-1]]


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (["absent"], r"levels must be a mapping of ratings to their meaning, got \['absent'\]"),
        ({6: "x", "1": "y", 2: "", 3: 4}, r"(?s)6 is not a rating on any scale.*'1' is not a rating.*the meaning of 2 must be text, got ''.*of 3 must be text, got 4"),
    ],
)  # fmt: skip
def test_levels_are_checked(tmp_path, levels, message):
    with pytest.raises(MethodError, match=message):
        write_questionnaire(INDEX, tmp_path / "form.xlsx", levels=levels)


def test_paths_and_texts_are_checked(tmp_path):
    with pytest.raises(DataError, match=r"a form must end in \.xlsx or \.html, got 'form\.pdf'"):
        write_questionnaire(INDEX, "form.pdf")
    with pytest.raises(
        MethodError, match=r"(?s)title must be text, got 3.*unit must not contain control"
    ):
        write_questionnaire(INDEX, tmp_path / "form.xlsx", title=3, unit="a\0")
    with pytest.raises(FileError, match="cannot write"):
        write_questionnaire(INDEX, tmp_path / "none" / "form.xlsx")
    index = Index("T", [Indicator("a", "x" * 40_000, scale=(0, 5))])
    with pytest.raises(DataError, match=r"(?s)cannot hold these texts.*cell B9: a text of 40,000"):
        write_questionnaire(index, tmp_path / "form.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_long_texts_make_high_rows(tmp_path):
    index = Index(
        "T", [Indicator("a", scale=(0, 5), description="word " * 100), Indicator("b", scale=(0, 5))]
    )
    write_questionnaire(index, tmp_path / "form.xlsx", title="T & U")
    sheet = openpyxl.load_workbook(tmp_path / "form.xlsx")["Questionnaire"]
    assert (sheet.row_dimensions[9].height, sheet.row_dimensions[10].height) == (9 * 15, 2 * 15)
    assert sheet.oddFooter.left.text == "T && U"


def test_levels_that_no_drop_down_list_can_hold_are_refused(tmp_path):
    def written(low):
        index = Index("T", [Indicator("a", scale=(low, low + 20))])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            write_questionnaire(index, tmp_path / "form.xlsx")

    written(-9_999_999_999)
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    assert any(
        "-9999999999," in own.formula1
        for own in book.worksheets[0].data_validations.dataValidation
        if own.formula1
    )
    with pytest.raises(ModelError, match=r"'a': its scale, .* has levels of more than 10 digits"):
        written(10**12)
