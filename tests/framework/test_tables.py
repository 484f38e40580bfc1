from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from dli.errors import DLIWarning, ModelError
from dli.framework import Index, Indicator

OWN = {
    "code": ["T", "A", "a1", "a2"],
    "parent": [None, "T", "A", "A"],
    "name": ["Top", "Sub", "One", None],
    "weight": [None, 1, 2, 1],
    "direction": [None, None, -1, 1],
    "goalpost_worst": [None, None, 9, None],
    "goalpost_best": [None, None, 0, None],
    "scale_low": [None, None, None, 0],
    "scale_high": [None, None, None, 10],
}
COINR = {
    "Level": [1, 1, 2, None, None],
    "iCode": ["a", "b", "T", "GDP", "Region"],
    "iName": ["First", "Second", "Top", "Gross product", "Region"],
    "Direction": [1, -1, 1, None, None],
    "Weight": [1, 3, 1, None, None],
    "Unit": ["%", "", None, None, None],
    "Target": [5.0, None, None, None, None],
    "Denominator": ["GDP", None, None, None, None],
    "Parent": ["T", "T", None, None, None],
    "Type": ["Indicator", "Indicator", "Aggregate", "Denominator", "Group"],
}


@pytest.mark.parametrize(
    "make", [dict, pl.DataFrame, pd.DataFrame], ids=["mapping", "polars", "pandas"]
)
def test_own_columns_make_an_index(make):
    index = Index.from_table(make(OWN))
    assert [n.code for n in index.walk()] == ["T", "A", "a1", "a2"]
    first, second = index.indicators
    assert (first.name, first.weight, first.direction, first.goalposts) == ("One", 2, -1, (9, 0))
    assert (second.name, second.weight, second.scale) == ("", 1, (0, 10))


@pytest.mark.parametrize(
    "make", [dict, pl.DataFrame, pd.DataFrame], ids=["mapping", "polars", "pandas"]
)
def test_coinr_metadata_make_an_index_unchanged(make):
    index = Index.from_table(make(COINR))
    a, b = index.indicators
    assert index.code == "T"
    assert (a.name, a.target, a.denominator) == ("First", 5, "GDP")
    assert a.unit_of_measure == "% per GDP"  # COINr states it before the division
    assert (b.direction, b.weight) == (-1, 3)


def test_denominators_come_with_their_factor():
    table = {"code": ["T", "a"], "parent": [None, "T"], "denominator": [None, "people"],
             "denominator_factor": [None, 1000]}  # fmt: skip
    (indicator,) = Index.from_table(table).indicators
    assert (indicator.denominator, indicator.denominator_factor) == ("people", 1000)


@pytest.mark.parametrize(
    "make", [dict, pl.DataFrame, pd.DataFrame], ids=["mapping", "polars", "pandas"]
)
def test_columns_and_constants_come_over(make):
    table = {
        "code": ["T", "a", "b", "c"],
        "parent": [None, "T", "T", "T"],
        "column": [None, "x", None, None],
        "constant": [None, None, 1.0, None],
    }
    assert Index.from_table(make(table)) == Index(
        "T", [Indicator("a", column="x"), Indicator("b", constant=1), Indicator("c")]
    )


def test_a_column_or_constant_at_fault_names_row_and_code():
    table = {"code": ["T", "a", "b"], "parent": [None, "T", "T"], "column": [None, "x", "y"],
             "constant": [None, 1, "one"]}  # fmt: skip
    with pytest.raises(ModelError) as caught:
        Index.from_table(table)
    assert caught.value.faults == (
        "row 2 (code 'b'), column 'constant': 'one' is not a number",
        ("row 1 (code 'a'): column and constant exclude each other: leave out one of them"),
    )


def test_columns_named_by_numbers_in_a_file_are_text(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text("code,parent,column,constant\nT,,,\na,T,07,\nb,T,,1\n")
    a, b = Index.from_table(path).indicators
    assert (a.data_column, a.constant, b.data_column, b.constant) == ("07", None, None, 1)


def test_a_file_makes_an_index(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text("code,parent,weight\nT,,\n01,T,2\n2,T,1\n")
    assert [(i.code, i.weight) for i in Index.from_table(path).indicators] == [("01", 2), ("2", 1)]


def test_unused_columns_are_reported():
    with pytest.warns(DLIWarning, match="do not describe the index are ignored: remark"):
        Index.from_table({"code": ["T", "a"], "parent": [None, "T"], "remark": ["x", "y"]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Parent": ["T", "U", None, None, None]}, r"row 1 \(code 'b'\): no node has .* parent 'U'"),
        ({"Parent": [None, "T", None, None, None]}, r"exactly one node must have no parent.*\['a', 'T'\]"),
        ({"Type": ["Indicator", "Aggregate", "Aggregate", "Group", "Group"]}, "'b'\\): Type is 'Aggregate', but no row"),
        ({"Type": ["Indicator", "Indicator", "Indicator", "Group", "Group"]}, "'T'\\): Type is 'Indicator', but another row"),
        ({"Type": ["Indicator", "Thing", "Aggregate", "Group", "Group"]}, "got 'Thing'"),
        ({"Level": [1, 2, 2, None, None]}, "Level 2 is not below the level of its parent, 2"),
        ({"Direction": [1, 1.5, 1, None, None]}, "key 'direction': expected a whole number, got 1.5"),
        ({"Direction": [1, 2, 1, None, None]}, "direction must be 1 or -1, got 2"),
        ({"Weight": [1, "heavy", 1, None, None]}, r"row 1 \(code 'b'\), column 'Weight': 'heavy' is not a number"),
        ({"Weight": [1, -3, 1, None, None]}, "weight must be"),
        ({"iCode": ["a", "a", "T", "GDP", "Region"]}, "code 'a' appears 2 times: row 0, row 1"),
        ({"iCode": ["a", "b", "T", "a", "Region"]}, "code 'a' appears 2 times: row 0, row 3"),
        ({"Direction": [1, float("inf"), 1, None, None]}, "row 1 .*'direction': expected a whole number, got inf"),
    ],
)  # fmt: skip
def test_a_broken_table_names_row_and_code(changes, message):
    with pytest.raises(ModelError, match=message):
        Index.from_table(COINR | changes)


def test_missing_columns_are_named():
    with pytest.raises(ModelError, match=r"column 'parent'; did you mean 'parents'"):
        Index.from_table({"code": ["T"], "parents": [None]})
    with pytest.raises(ModelError, match="column 'Parent'"):
        Index.from_table({"iCode": ["T"]})


def test_the_asem_framework_comes_over_unchanged():
    path = Path(__file__).parents[3] / "shared" / "data" / "asem" / "iMeta.csv"
    if not path.exists():
        pytest.skip("shared data are not beside this checkout")
    index = Index.from_table(path)
    assert len(index.indicators) == 49
    assert sum(i.direction == -1 for i in index.indicators) == 14
    assert sum(i.denominator is not None for i in index.indicators) == 17
    assert [len(c.children) for c in index.children] == [5, 3]


def test_all_kinds_of_faults_are_listed_with_their_lines(tmp_path):
    path = tmp_path / "iMeta.csv"
    path.write_text(
        "iCode,Parent,Type,Level,Weight,Direction\n"
        "T,NA,Aggregate,2,1,1\n"
        "a,T,Thing,1,1,1\n"
        "b,T,Indicator,3,heavy,1\n"
        "b,T,Indicator,1,1,2\n"
        "GDP,NA,Denominator,NA,NA,NA\n"
    )
    with pytest.raises(ModelError) as caught:
        Index.from_table(path)
    text = str(caught.value)
    for part in (
        "line 4 (code 'b'), column 'Weight': 'heavy' is not a number",
        "code 'b' appears 2 times: line 4, line 5",
        "line 3 (code 'a'): Type must be one of",
        "line 4 (code 'b'): Level 3 is not below the level of its parent, 2",
        "line 5 (code 'b'): direction must be 1 or -1, got 2",
    ):
        assert part in text, part
    assert len(caught.value.faults) == 5


def test_na_of_r_is_missing_unless_a_row_has_it_as_its_code():
    table = {**COINR, "Parent": ["T", "T", "NA", "NA", "NA"], "Denominator": ["GDP", *["NA"] * 4],
             "Unit": ["%", *["NA"] * 4], "Weight": [1, 3, 1, "NA", "NA"]}  # fmt: skip
    assert Index.from_table(table) == Index.from_table({**COINR, "Unit": ["%", *[None] * 4]})
    table["iCode"] = ["a", "b", "NA", "GDP", "Region"]
    with pytest.raises(ModelError, match="no node has the code of its parent 'T'"):
        Index.from_table(table)
    table["Parent"] = ["NA", "NA", None, None, None]
    table["Denominator"] = ["GDP", *[None] * 4]
    assert Index.from_table(table).code == "NA"
