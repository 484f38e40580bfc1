"""The live workbook: what it shows, what it refuses, and what it says of itself."""

import re
import sys
from io import BytesIO
from xml.sax.saxutils import unescape
from zipfile import ZipFile

import numpy as np
import pytest
import xlsxwriter
from tests.exchange.workbook_cells import agree, framework_cell, opened

from dli import Assessment, Coverage, Index, Indicator, Method
from dli.aggregation import (
    ArithmeticMean,
    Complement,
    Copeland,
    Difference,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
    Ratio,
    Sum,
)
from dli.elicitation import write_pairwise
from dli.errors import DataError, DLIWarning, FileError, MethodError, UnknownCodeError
from dli.exchange import write_workbook
from dli.exchange.workbook import book as book_module
from dli.exchange.workbook.book import Book
from dli.framework.bands import Bands
from dli.imputation import ColumnMean, GroupMean
from dli.normalisation import (
    Borda,
    DistanceToReference,
    DistanceToTarget,
    FittedOn,
    FractionOfMax,
    Goalposts,
    MinMax,
    PercentileRank,
    Rank,
    Reciprocal,
    Scaled,
    Unscaled,
    ZScore,
)
from dli.treatment import Winsorise
from dli.weighting import BenefitOfTheDoubt, Entropy, Equal

NAN = float("nan")
DATA = {
    "unit": ["X", "Y", "Z", "W", "V"],
    "name": ["Xland", None, "=Zland", "http://w", "5"],
    "a": [40.0, 60.0, 80.0, NAN, 35.0],
    "b": [1.0, 3.0, 2.0, NAN, 2.5],
    "c": [100.0, NAN, 300.0, 250.0, 120.0],
    "d": [5.0, 4.0, 4.0, 3.0, 1.0],
    "people": [2.0, 4.0, 5.0, 8.0, 1.0],
}
INDEX = Index(
    "T",
    [
        Index(
            "P",
            [
                Indicator("a", "A long name", goalposts=(30, 70), target=90, scale=(0, 200)),
                Indicator("b", direction=-1, target=0.5, scale=(0, 10), unit_of_measure="days"),
            ],
        ),
        Index("Q", [
            Indicator("c", weight=2, target=500, scale=(0, 1000)),
            Indicator("d", target=9, scale=(0, 10)),
        ], weight=3),
    ],
    bands=Bands([20, 60], ["low", "middle", "high"]),
)  # fmt: skip
MIXED = Index(
    "T",
    [
        Indicator("d"),
        Index("P", [Indicator("a"), Indicator("c", denominator="people", denominator_factor=10)]),
        Index("Q", [Indicator("b"), Indicator("k", constant=3.0, goalposts=(0, 10))]),
        Index("R", [Indicator("d2", column="d")]),
    ],
)
PAIRS = Index(
    "T", [Index("P", [Index("A", [Indicator("a")]), Indicator("b")]), Index("C", [Indicator("d")])]
)


def lifted(**choices):
    """Return a method whose normalised values are above zero."""
    return Method(normalisation=MinMax(1, 100), **choices)


CASES = {
    "default": (INDEX, Method()),
    "observed": (INDEX, Method(normalisation=MinMax(1, 10, ends="observed"))),
    "percentiles": (INDEX, Method(normalisation=MinMax(percentiles=(5, 95)))),
    "fixed ends": (INDEX, Method(normalisation={"d": MinMax(worst=0, best=4), "*": MinMax()})),
    "logarithms": (INDEX, Method(normalisation=MinMax(log=True))),
    "z-scores": (INDEX, Method(normalisation=ZScore(100, 10))),
    "scaled": (INDEX, Method(normalisation=Scaled())),
    "target": (INDEX, Method(normalisation=DistanceToTarget())),
    "capped target": (INDEX, Method(normalisation=DistanceToTarget(cap=True))),
    "reference": (INDEX, Method(normalisation={"d": DistanceToReference("Y", cap=True)})),
    "ranks": (INDEX, Method(normalisation=Rank())),
    "mean ranks": (INDEX, Method(normalisation=Rank("average"))),
    "Borda": (INDEX, Method(normalisation=Borda())),
    "inclusive": (INDEX, Method(normalisation=PercentileRank())),
    "exclusive": (INDEX, Method(normalisation=PercentileRank(1, 3, "exclusive"))),
    "weak": (INDEX, Method(normalisation=PercentileRank(0, 1, "weak"))),
    "mean": (INDEX, Method(normalisation=PercentileRank(0, 100, "mean"))),
    "fraction": (INDEX, Method(normalisation=FractionOfMax())),
    "percent of max": (INDEX, Method(normalisation=FractionOfMax(100))),
    "unscaled": (INDEX, Method(normalisation=Unscaled())),
    "reciprocal": (INDEX, Method(normalisation={"b": Reciprocal(10), "*": MinMax()})),
    "goalposts": (INDEX, Method(normalisation={"a": Goalposts(), "*": MinMax()})),
    "free goalposts": (INDEX, Method(normalisation={"a": Goalposts(1, 2, truncate=False)})),
    "rounded": (INDEX, Method(decimals=0)),
    "geometric": (INDEX, lifted(aggregation=GeometricMean())),
    "harmonic": (INDEX, lifted(aggregation=HarmonicMean())),
    "quadratic": (INDEX, lifted(aggregation=PowerMean(2))),
    "root": (INDEX, lifted(aggregation={"P": PowerMean(0.5), "*": PowerMean(-2)})),
    "least": (INDEX, lifted(aggregation=Minimum())),
    "greatest": (INDEX, lifted(aggregation=PowerMean(np.inf))),
    "sum": (INDEX, Method(aggregation={0: Sum(total=3), "*": Sum()})),
    "propagated": (INDEX, lifted(aggregation=GeometricMean(), missing="propagate")),
    "coverage": (INDEX, Method(coverage=0.7)),
    "of indicators": (INDEX, Method(coverage=Coverage(share=0.6, of="indicators"))),
    "mixed": (MIXED, Method()),
    "no names for weights": (MIXED, Method(weighting=Equal())),
    "node": (MIXED, Method(normalisation={"P": ZScore(), "*": MinMax()})),
    "ranked node": (INDEX, Method(normalisation={1: Rank("average"), "*": MinMax()})),
    "pair": (
        PAIRS,
        Method(aggregation={"P": Difference(), "C": Complement(of=100), "*": ArithmeticMean()}),
    ),
    "ratio": (
        PAIRS,
        Method(aggregation={"P": Ratio(), "*": ArithmeticMean()}, normalisation=MinMax(1, 2)),
    ),
    "imputed": (INDEX, Method(imputation=ColumnMean(), treatment=Winsorise(skewness=0.1))),
    "left out": (INDEX, Method(availability=0.6)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_values_stored_with_the_formulas_are_those_of_the_assessment(case, tmp_path):
    index, method = CASES[case]
    assessment = Assessment(index, DATA, method=method)
    write_workbook(assessment, tmp_path / "book.xlsx")
    agree(tmp_path / "book.xlsx", assessment)


def written(tmp_path, assessment, *, formulas=True, **options):
    """Return a workbook as openpyxl reads it."""
    write_workbook(assessment, tmp_path / "book.xlsx", **options)
    return opened(tmp_path / "book.xlsx", formulas=formulas)


def test_formulas_are_those_that_one_writes_by_hand(tmp_path):
    book = written(tmp_path, Assessment(INDEX, DATA))
    normalised, scores = book["Normalised"], book["Scores"]
    assert normalised["C10"].value == (
        '=IF(ISNUMBER(Data!C10),MAX(C$8,MIN(C$9,(Data!C10-C$6)/C$7*100)),"")'
    )
    assert normalised["D6"].value == (
        "=IF(COUNT(Framework!$H$10,Framework!$I$10)=2,Framework!$H$10,"
        "IF(Framework!$G$10>0,MIN(Data!D$10:D$14),MAX(Data!D$10:D$14)))"
    )
    assert scores["D12"].value == (
        "=IF(OR(COUNT(Normalised!C12:D12)<1,"
        'SUMPRODUCT(Normalised!C$5:D$5*ISNUMBER(Normalised!C12:D12))=0),"",'
        "SUMPRODUCT(Normalised!C$5:D$5,Normalised!C12:D12)/"
        "SUMPRODUCT(Normalised!C$5:D$5*ISNUMBER(Normalised!C12:D12)))"
    )
    assert book["Ranks"]["C10"].value == (
        '=IF(ISNUMBER(Scores!C10),INDEX(Order!C$10:C$14,RANK(Scores!C10,Scores!C$10:C$14)),"")'
    )
    assert book["Framework"]["E11"].value == "=D11/SUM(D$11:D$12)"


def test_text_of_the_data_stays_text(tmp_path):
    book = written(tmp_path, Assessment(INDEX, DATA))
    cells = [book["Data"].cell(10 + row, 2) for row in range(5)]
    assert [cell.value for cell in cells] == ["Xland", None, "=Zland", "http://w", "5"]
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_what_may_be_changed_is_yellow_and_what_has_no_say_is_not(tmp_path):
    book = written(tmp_path, Assessment(INDEX, DATA))
    sheet, yellow = book["Framework"], "FFFFF6CC"
    assert [sheet[f"{column}9"].fill.fgColor.rgb == yellow for column in "DGHIJK"] == (
        [True, True, True, True, False, False]
    )
    assert book["Data"]["C10"].fill.fgColor.rgb == yellow
    scaled = Assessment(INDEX, DATA, method=Method(normalisation=Scaled()))
    sheet = written(tmp_path, scaled)["Framework"]
    assert [sheet[f"{column}9"].fill.fgColor.rgb == yellow for column in "DGHIJKL"] == (
        [True, True, False, False, False, True, True]
    )


def test_the_league_counts_the_indicators_that_have_a_value(tmp_path):
    book = written(tmp_path, Assessment(INDEX, DATA), formulas=False)
    sheet = book["League"]
    heads = [cell.value for cell in sheet[3]]
    place = heads.index("indicators") + 1
    assert sheet.cell(4, place).value == f"with a value, of {len(INDEX.indicators)}"
    known = {
        unit: sum(bool(np.isfinite(DATA[own.code][row])) for own in INDEX.indicators)
        for row, unit in enumerate(DATA["unit"])
    }
    rows = range(5, 5 + len(known))
    assert {sheet.cell(row, 2).value: sheet.cell(row, place).value for row in rows} == known
    assert min(known.values()) < max(known.values())
    lines = [cell.value for cell in book["Readme"]["B"] if cell.value]
    assert "A unit has the same row on the sheets Data, Normalised, Scores and Ranks." in lines


def test_sheets_have_frozen_panes_data_bars_names_and_a_list(tmp_path):
    book = written(tmp_path, Assessment(INDEX, DATA))
    assert book.sheetnames == [
        "Readme", "League", "Profile", "Framework", "Data", "Normalised", "Scores", "Ranks",
        "Order", "Bands", "Flags", "Methods",
    ]  # fmt: skip
    assert book["Data"].freeze_panes == "C10"
    bars = [rule.type for own in book["League"].conditional_formatting for rule in own.rules]
    assert bars == ["dataBar"] * 3 + ["cellIs"]
    names = book.defined_names
    assert names["score_T"].attr_text == "Scores!$C$10:$C$14"
    assert names["raw_b"].attr_text == "Data!$D$10:$D$14"
    assert names["weight_P"].attr_text == "Framework!$D$7"
    (choice,) = book["Profile"].data_validations.dataValidation
    assert (choice.type, choice.formula1) == ("list", "Data!$A$10:$A$14")
    # As text: a spreadsheet would make the number 7 of a unit "007" that is chosen.
    assert book["Profile"]["B3"].number_format == "@"


def test_notes_say_what_was_missing_imputed_and_treated(tmp_path):
    book = written(tmp_path, Assessment(INDEX, DATA))
    assert book["Data"]["C13"].comment.text == "no value in the data"
    book = written(tmp_path, Assessment(*CASES["imputed"][:1], DATA, method=CASES["imputed"][1]))
    texts = [c.comment.text for row in book["Values"].iter_rows() for c in row if c.comment]
    assert any(text.startswith("imputed: ") for text in texts)
    assert book["Values"]["C13"].value == pytest.approx(53.75)
    assert book["Values"]["C10"].value == '=IF(ISNUMBER(Data!C10),Data!C10,"")'
    readme = [row[1] for row in book["Readme"].iter_rows(values_only=True) if row[1]]
    assert any("values with a note" in text for text in readme)


def test_treated_values_have_a_note(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("b")])
    values = [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 400.0]
    data = {"unit": list("ABCDEFGH"), "a": values, "b": list(range(8))}
    assessment = Assessment(index, data, method=Method(treatment=Winsorise()))
    book = written(tmp_path, assessment)
    assert book["Values"]["B17"].comment.text == "treated: 3 (before: 400)"


def test_after_a_thousand_notes_colours_have_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(book_module, "_MAX_NOTES", 1)
    sheet = written(tmp_path, Assessment(INDEX, DATA))["Data"]
    assert sum(cell.comment is not None for row in sheet.iter_rows() for cell in row) == 1


def test_what_no_formula_can_carry_is_named_with_its_node(tmp_path):
    method = Method(
        normalisation={"a": FittedOn(MinMax(), units=["X", "Y"]), "b": Rank(equality="rounding")},
        weighting={"Q": Entropy(), "P": BenefitOfTheDoubt()},
        aggregation={"T": Copeland(), "Q": PowerMean(0.001)},
        node_imputation={"P": GroupMean("people")},
    )
    data = {**DATA, "people": [1, 1, 2, 1, 2]}
    assessment = Assessment(INDEX, data, method=method)
    with pytest.raises(MethodError, match="a workbook cannot express these steps") as caught:
        write_workbook(assessment, tmp_path / "book.xlsx")
    faults = caught.value.faults
    assert [fault.split(":")[0] for fault in faults] == [
        "normalisation OnRows of 'a'",
        "normalisation Rank of 'b'",
        "aggregation Copeland of 'T'",
        "node_imputation GroupMean of 'P'",
        "weighting BenefitOfTheDoubt of 'P'",
        "aggregation PowerMean of 'Q'",
        "weighting Entropy of 'Q'",
    ]
    assert not (tmp_path / "book.xlsx").exists()
    write_workbook(assessment, tmp_path / "book.xlsx", values_where_no_formula=True)
    agree(tmp_path / "book.xlsx", assessment)
    book = opened(tmp_path / "book.xlsx")
    assert not str(book["Scores"]["C10"].value).startswith("=")
    assert book["Framework"]["D9"].value is None
    readme = [row[1] for row in book["Readme"].iter_rows(values_only=True) if row[1]]
    assert sum(text.startswith("Values instead of formulas") for text in readme) == len(faults)


@pytest.mark.parametrize(
    ("values", "normalisation", "reason"),
    [
        ([1e15, 1e15 + 1, 1e15 + 2], MinMax(), "too close together"),
        ([1.0, 1.0 + 2.0**-51, 2.0], Rank(), "digits that spreadsheets do not store"),
        ([1.0, 1.0 + 2.0**-30, 2.0], MinMax(0, 1), ""),
    ],
)
def test_values_that_a_spreadsheet_cannot_tell_apart_are_refused(
    values, normalisation, reason, tmp_path
):
    data = {"unit": ["X", "Y", "Z"], "a": values}
    for decimals in (None, 6):
        method = Method(normalisation=normalisation, decimals=decimals)
        assessment = Assessment(Index("T", [Indicator("a")]), data, method=method)
        if not reason:
            write_workbook(assessment, tmp_path / "book.xlsx")
            continue
        with pytest.raises(MethodError, match=reason):
            write_workbook(assessment, tmp_path / "book.xlsx")


PANEL = {
    "unit": ["X", "Y", "Z", "X", "Y", "Z"],
    "year": [1, 1, 1, 2, 2, 2],
    "a": [1.0, 2.0, 3.0, 4.0, 9.0, 5.0],
    "b": [3.0, 2.0, NAN, 4.0, 1.0, 6.0],
}


@pytest.mark.parametrize("goalposts", [None, (0, 10)])
def test_other_periods_come_along_where_they_play_a_part(goalposts, tmp_path):
    index = Index("T", [Indicator("a", goalposts=goalposts), Indicator("b", goalposts=goalposts)])
    normalisation = MinMax() if goalposts is None else Goalposts()
    method = Method(normalisation=normalisation)
    assessment = Assessment(index, PANEL, period="year", method=method)
    write_workbook(assessment, tmp_path / "book.xlsx", period=2)
    agree(tmp_path / "book.xlsx", assessment, period=2)
    book = opened(tmp_path / "book.xlsx")
    rows = [cell.value for cell in book["Data"]["B"][9:]]
    assert rows == (["2", "2", "2", "1", "1", "1"] if goalposts is None else ["2", "2", "2"])
    assert [cell.value for cell in book["League"]["B"][4:]] != []
    assert {cell.value for cell in book["Flags"]["B"][4:]} <= {"2"}


def test_a_period_must_be_one_of_several(tmp_path):
    assessment = Assessment(Index("T", [Indicator("a")]), PANEL, period="year")
    with pytest.raises(MethodError, match="choose one of 1, 2 with period="):
        write_workbook(assessment, tmp_path / "book.xlsx")
    with pytest.raises(UnknownCodeError, match="3"):
        write_workbook(assessment, tmp_path / "book.xlsx", period=3)


def test_a_unit_without_scores_stands_last(tmp_path):
    data = {"unit": ["X", "Y", "Z"], "a": [NAN, 2.0, 1.0], "b": [1.0, 2.0, 2.0]}
    index = Index("T", [Index("P", [Indicator("a")]), Indicator("b")])
    assessment = Assessment(index, data, method=Method(missing="propagate"))
    book = written(tmp_path, assessment, formulas=False)
    assert [book["League"].cell(row, 2).value for row in (5, 6, 7)] == ["Y", "Z", "X"]
    assert book["League"]["A7"].value is None
    assert book["Order"]["B12"].value is None


def test_missing_values_that_a_method_refuses_are_errors_in_the_workbook(tmp_path):
    data = {name: [1.0, 2.0] for name in "abcd"} | {"unit": ["X", "Y"], "b": [2.0, 1.0]}
    method = Method(missing="raise", aggregation=GeometricMean(), normalisation=MinMax(1, 2))
    book = written(tmp_path, Assessment(INDEX, data, method=method))
    assert book["Scores"]["B10"].value.text.startswith("=IF(COUNT(C10:D10)<2,NA(),")


def test_codes_become_names_that_differ(tmp_path):
    index = Index("T", [Indicator("a b"), Indicator("A_b"), Indicator("é1")])
    data = {"unit": ["X", "Y"], "a b": [1, 2], "A_b": [2, 1], "é1": [3, 4]}
    names = written(tmp_path, Assessment(index, data)).defined_names
    assert {"raw_a_b", "raw_A_b_", "raw__1"} <= set(names)


def test_bands_of_one_name_and_of_thresholds_of_zero(tmp_path):
    for bands in (Bands([], ["all"]), Bands([0.0], ["low", "high"])):
        index = Index("T", [Indicator("a")], bands=bands)
        assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 2]})
        book = written(tmp_path, assessment, formulas=False)
        assert book["League"]["C5"].value == bands.names[-1]


def test_units_must_differ_as_texts(tmp_path):
    with pytest.warns(DLIWarning, match="look alike"):
        assessment = Assessment(Index("T", [Indicator("a")]), {"unit": [1, "1"], "a": [1, 2]})
    with pytest.raises(DataError, match=r"names that differ as texts.*\n.*'1': 2 times"):
        write_workbook(assessment, tmp_path / "book.xlsx")


def test_text_that_a_workbook_cannot_hold_is_refused_with_its_cell(tmp_path):
    index = Index("T", [Indicator("a", "x" * 40_000)])
    assessment = Assessment(index, {"unit": ["X\x01", "Y"], "a": [1, 2]})
    with pytest.raises(DataError, match="shorten or rename the texts, or use write_csv") as caught:
        write_workbook(assessment, tmp_path / "book.xlsx")
    text = str(caught.value)
    assert r"sheet 'Data', cell A10: 'X\x01' has the invalid character '\x01'" in text
    assert "a text of 40,000 characters; a cell can have at most 32,767" in text
    assert not (tmp_path / "book.xlsx").exists()


def test_rows_beyond_the_last_are_told_once():
    book = Book()
    sheet = book.sheet("S")
    for row in (1_048_577, 1_048_578):
        book.number(sheet, row, 1, 1.0, "figure")
        book.formula(sheet, row, 1, "=1", 1.0)
    assert book.faults == ["sheet 'S': a sheet can have at most 1,048,576 rows and 16,384 columns"]


def test_arguments_are_checked(tmp_path):
    assessment = Assessment(INDEX, DATA)
    with pytest.raises(DataError, match=r"must end in \.xlsx"):
        write_workbook(assessment, tmp_path / "book.ods")
    with pytest.raises(MethodError, match="values_where_no_formula must be True or False"):
        write_workbook(assessment, tmp_path / "book.xlsx", values_where_no_formula="yes")
    with pytest.raises(MethodError, match="assessment must be"):
        write_workbook("x", tmp_path / "book.xlsx")
    with pytest.raises(FileError, match="nowhere"):
        write_workbook(assessment, tmp_path / "nowhere" / "book.xlsx")


def test_without_the_library_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(DataError, match=r"require XlsxWriter: pip install .*\[excel\]"):
        write_workbook(Assessment(INDEX, DATA), tmp_path / "book.xlsx")


def test_the_methods_statement_and_the_flags_come_along(tmp_path):
    assessment = Assessment(INDEX, DATA)
    book = written(tmp_path, assessment, formulas=False)
    methods = [row[0] for row in book["Methods"].iter_rows(values_only=True)]
    assert "Methods: T" in methods
    flags = list(book["Flags"].iter_rows(min_row=4, values_only=True))
    assert flags[0][:3] == ("unit", "code", "flag")
    assert ("W", "a", "missing") in [row[:3] for row in flags]
    assert framework_cell(assessment, "P", "D") == ("Framework", "D7")


def formulas_of(path):
    with ZipFile(path) as archive:
        parts = [archive.read(name).decode() for name in archive.namelist() if "sheet" in name]
    return {unescape(own) for text in parts for own in re.findall("<f(?: [^>]*)?>(.*?)</f>", text)}


def test_no_formula_has_a_function_that_would_need_a_prefix(tmp_path):
    # XlsxWriter's search for such functions is left out, since it takes most of the time.
    path, plain = tmp_path / "book.xlsx", tmp_path / "plain.xlsx"
    write_pairwise(["a", "b", "c"], path)
    formulas = formulas_of(path)
    for index, method in [*list(CASES.values())[::6], (INDEX, lifted(aggregation=GeometricMean()))]:
        write_workbook(Assessment(index, DATA, method=method), path)
        formulas |= formulas_of(path)
    assert len(formulas) > 500
    book = xlsxwriter.Workbook(plain, {"use_future_functions": True})
    sheet = book.add_worksheet()
    for row, formula in enumerate(formulas):
        sheet.write_formula(row, 0, f"={formula}")
    book.close()
    assert formulas_of(plain) == formulas


def test_the_search_that_is_left_out_still_has_its_name():
    sheet = xlsxwriter.Workbook(BytesIO()).add_worksheet()
    assert sheet._prepare_formula("=UNIQUE(A1)") == "_xlfn.UNIQUE(A1)"
    own = Book().sheet("S")
    for formula in ("=A1+1", "{=A1+1}", "A1+1"):
        assert own._prepare_formula(formula) == sheet._prepare_formula(formula) == "A1+1"
