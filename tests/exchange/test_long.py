"""The long table of an assessment, and the way back."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from dli import Assessment, Index, Indicator, Method, Observations, frames
from dli.aggregation import Copeland, Difference
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.exchange import to_long
from dli.exchange.long import QUANTITIES
from dli.imputation import ColumnMean
from dli.normalisation import MinMax, ZScore
from dli.weighting import BenefitOfTheDoubt

INDEX = Index("T", [Index("P", [Indicator("a"), Indicator("b", direction=-1)]), Indicator("c")])
DATA = {
    "unit": ["X", "Y", "Z"],
    "name": ["Xland", None, "Zland"],
    "a": [1.0, 3.0, 2.0],
    "b": [5.0, np.nan, 4.0],
    "c": [0.1, 0.2, 0.4],
}


def rows(assessment, **options):
    table = frames.read(to_long(assessment, **options), empty=True)
    return list(zip(*map(table.column, table.names), strict=True))


def test_every_row_says_what_an_assessment_says():
    assessment = Assessment(INDEX, DATA, method=Method(imputation=ColumnMean()))
    by_key = {row[:3]: row[3] for row in rows(assessment)}
    assert by_key["Y", "b", "raw"] is None
    assert by_key["Y", "b", "imputed"] == 4.5
    assert by_key["X", "b", "normalised"] == by_key["X", "b", "score"] == 0.0
    assert by_key["Z", "P", "score"] == assessment.array("P")[2] == 75.0
    assert by_key["Z", "P", "rank"] == 1.0
    assert by_key["X", "a", "weight"] == 0.5
    assert by_key["X", "a", "effective_weight"] == 0.25
    assert by_key["Z", "c", "contribution"] == 50.0
    assert ("X", "P", "raw") not in by_key
    # Three indicators with nine quantities and contributions, two nodes with four.
    assert len(by_key) == 3 * (3 * 10 + 2 * 4)


def test_rows_follow_units_nodes_and_quantities():
    table = rows(Assessment(INDEX, DATA), quantities=["rank", "score"], nodes=1)
    assert [row[:3] for row in table[:5]] == [
        ("X", "P", "score"), ("X", "P", "rank"), ("X", "c", "score"), ("X", "c", "rank"),
        ("Y", "P", "score"),
    ]  # fmt: skip


@pytest.mark.parametrize("build", [pd.DataFrame, pl.DataFrame, pa.table], ids=["p", "l", "a"])
def test_the_table_is_of_the_library_of_the_data(build):
    table = to_long(Assessment(INDEX, build(DATA)), quantities="raw")
    assert type(table) is type(build(DATA))
    assert frames.read(table).column("value") == [0.1, 1.0, 5.0, 0.2, 3.0, None, 0.4, 2.0, 4.0]


def test_units_with_weights_of_their_own_have_them():
    assessment = Assessment(INDEX, DATA, method=Method(weighting={"P": BenefitOfTheDoubt()}))
    weights = assessment.weight_array("P")
    assert weights.ndim == 2
    table = rows(assessment, quantities="weight", nodes=["a", "b"])
    assert [row[3] for row in table] == weights.ravel().tolist()


def test_what_enters_the_parent_is_the_normalised_value_of_a_node():
    method = Method(normalisation={"P": ZScore(), "*": MinMax()})
    assessment = Assessment(INDEX, DATA, method=method)
    table = rows(assessment, quantities="normalised", nodes="P")
    assert [row[3] for row in table] == assessment.array("P", normalised=True).tolist()


def test_contributions_that_are_not_defined_are_left_out_unless_asked_for():
    assessment = Assessment(INDEX, DATA, method=Method(aggregation=Copeland()))
    assert {row[2] for row in rows(assessment)} == {*QUANTITIES} - {"contribution"}
    with pytest.raises(MethodError, match="Copeland"):
        to_long(assessment, quantities=["score", "contribution"])


def test_what_does_not_exist_is_an_error():
    assessment = Assessment(INDEX, DATA)
    with pytest.raises(UnknownCodeError, match="no quantity 'scores'; did you mean 'score'"):
        to_long(assessment, quantities=["scores"])
    with pytest.raises(UnknownCodeError, match=r"no quantity \['score'\]"):
        to_long(assessment, quantities=[["score"]])
    with pytest.raises(UnknownCodeError, match="no node 'x'"):
        to_long(assessment, nodes="x")
    with pytest.raises(UnknownCodeError, match="no column 'region'"):
        to_long(assessment, context="region")
    with pytest.raises(UnknownCodeError, match="no column"):
        to_long(assessment, context=[["region"]])
    with pytest.raises(UnknownCodeError, match="no column"):
        to_long(assessment, context=[pd.NA])
    for options in ({"quantities": []}, {"quantities": "raw", "nodes": "P"}):
        with pytest.raises(MethodError, match="no quantity to write: the nodes="):
            to_long(assessment, **options)
    with pytest.raises(MethodError, match="assessment must be of the class Assessment, got 5"):
        to_long(5)


def test_columns_that_would_clash_are_an_error():
    data = DATA | {"value": [1, 2, 3], "code": ["p", "q", "r"]}
    with pytest.raises(DataError, match=r"(?s)name of a column of the long.*'value'\n  - 'code'"):
        to_long(Assessment(INDEX, data), context=["value", "name", "code"])
    renamed = {("code" if name == "unit" else name): cells for name, cells in DATA.items()}
    with pytest.raises(DataError, match="'code'"):
        to_long(Assessment(INDEX, renamed, unit="code"))


# Numbers of all sizes, some missing, each column with two known values that differ.
CELLS = st.one_of(st.none(), st.floats(-1e12, 1e12))


@given(st.lists(st.tuples(CELLS, CELLS, st.floats(-1e12, 1e12)), min_size=1, max_size=6))
def test_the_long_table_leads_back_to_the_same_scores(cells):
    cells = [*cells, (0.1, 0.2, 0.3), (1 / 3, 2 / 3, 4 / 3)]
    columns = dict(zip("abc", np.array(cells, dtype=float).T, strict=True))
    data = {"unit": [f"u{i}" for i in range(len(cells))], **columns}
    first = Assessment(INDEX, data)
    long = to_long(first, quantities="raw")
    again = Observations.from_long(long, INDEX, unit="unit", indicator="code", value="value")
    second = Assessment(INDEX, again)
    assert second.units == first.units
    for node in INDEX.walk():
        assert_array_equal(second.array(node.code), first.array(node.code))


def test_a_panel_with_denominators_leads_back_through_the_context(tmp_path):
    index = Index("T", [Indicator("a", denominator="people"), Indicator("b")])
    file = tmp_path / "data.csv"
    file.write_text(
        "iso,year,a,b,people,region\nX,2020,1,2,10.50,01\nX,2021,4,5,2,01\nY,2020,,7,3,02\n"
    )
    first = Assessment(index, file, unit="iso", period="year")
    long = to_long(first, quantities="raw", context=["people", "region"])
    assert frames.read(long).names == (
        "iso", "year", "people", "region", "code", "quantity", "value"
    )  # fmt: skip
    second = Assessment(
        index,
        Observations.from_long(
            long, index, unit="iso", indicator="code", value="value", period="year"
        ),
    )
    assert second.periods == first.periods
    assert second.context("region") == ["01", "01", "02"]
    assert_array_equal(second.array("T"), first.array("T"))


def test_a_weight_that_does_not_enter_is_missing():
    index = Index("T", [Indicator("a"), Indicator("c")])
    assessment = Assessment(index, DATA, method=Method(aggregation=Difference()))
    assert [row[3] for row in rows(assessment, quantities="weight")[:3]] == [1.0, None, None]
