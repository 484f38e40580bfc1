"""Indicators that share a column, have another name than theirs, or are constants."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli.aggregation import GeometricMean
from dli.assessment import Assessment
from dli.errors import DataError, MethodError
from dli.framework import Index, Indicator
from dli.method import Method
from dli.normalisation import Unscaled
from dli.observations import Observations

# Women and men of an index such as UNDP's Gender Inequality Index; two indicators are one column.
INDEX = Index(
    "T",
    [
        Index("F", [Indicator("health_f", column="survival"), Indicator("work_f")]),
        Index(
            "M",
            [
                Indicator("health_m", constant=1),
                Indicator("work_m", column="work", scale=(0, 10)),
                Indicator("work_m2", column="work", direction=-1),
            ],
        ),
    ],
)
DATA = {
    "unit": ["X", "Y"],
    "work": [4.0, None],
    "survival": [0.2, 0.4],
    "work_f": [3, 1],
    "region": ["N", "S"],
}
VALUES = [[0.2, 3, 1, 4, 4], [0.4, 1, 1, np.nan, np.nan]]


def _faults(data, index=INDEX, **keys):
    with pytest.raises(DataError) as caught:
        Observations.read(data, index, **keys)
    return caught.value.faults


@pytest.mark.parametrize(
    "make", [dict, pd.DataFrame, pl.DataFrame], ids=["mapping", "pandas", "polars"]
)
def test_columns_and_constants_stand_in_the_order_of_the_index(make):
    observations = Observations.read(make(DATA), INDEX)
    np.testing.assert_array_equal(observations.values, VALUES)
    assert observations.values.flags.f_contiguous
    assert not observations.values.flags.writeable
    assert observations.context == ("region",)
    assert repr(observations) == "2 units: 2 rows, 5 indicators, 2 of 10 values missing"


def test_a_file_is_read_by_columns(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("unit;work;survival;work_f\nX;4,0;0,2;3\nY;;0,4;1\n")
    observations = Observations.read(path, INDEX, delimiter=";", decimal=",")
    np.testing.assert_array_equal(observations.values, VALUES)


@given(
    st.lists(st.sampled_from(["p", "q", "r", None]), min_size=1, max_size=6).filter(any),
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3), min_size=1, max_size=4),
)
def test_each_indicator_has_the_values_of_its_column(columns, cells):
    given_columns = dict(zip("pqr", np.array(cells).T, strict=True))
    indicators = [
        Indicator(f"i{j}", constant=7) if name is None else Indicator(f"i{j}", column=name)
        for j, name in enumerate(columns)
    ]
    data = {"unit": list(range(len(cells))), **given_columns}
    observations = Observations.read(data, Index("T", indicators))
    for name, values in zip(columns, observations.values.T, strict=True):
        assert values.tolist() == ([7] * len(cells) if name is None else data[name].tolist())
    # Renaming the columns as the codes changes nothing.
    plain = Index("T", [Indicator(i.code) for i in indicators])
    renamed = {"unit": data["unit"]} | dict(
        zip((i.code for i in indicators), observations.values.T, strict=True)
    )
    assert Observations.read(renamed, plain).values.tolist() == observations.values.tolist()


def test_long_and_wide_tables_name_columns():
    index = Index("T", [Indicator("a", column="S.1"), Indicator("b", constant=2)])
    long = {"geo": ["X", "Y", "X"], "item": ["S.1", "S.1", "S.2"], "value": [1, 3, 9]}
    observations = Observations.from_long(long, index, unit="geo", indicator="item", value="value")
    assert observations.values.tolist() == [[1, 2], [3, 2]]
    assert observations.context == ("S.2",)
    wide = {"geo": ["X"], "item": ["S.1"], "2019": [1], "2020": [3]}
    observations = Observations.from_wide(wide, index, unit="geo", indicator="item")
    assert observations.values.tolist() == [[1, 2], [3, 2]]
    # The constant needs no rows, so all of them are about the one column.
    bare = {"geo": ["X"], "2019": [1], "2020": [3]}
    observations = Observations.from_wide(bare, index, unit="geo")
    assert observations.values.tolist() == [[1, 2], [3, 2]]
    both = Index("T", [*index.children, Indicator("c", column="S.2")])
    with pytest.raises(MethodError, match=r"because the index has several: S\.1, S\.2"):
        Observations.from_wide(bare, both, unit="geo")


def test_missing_columns_name_their_indicators_too():
    assert _faults({"unit": ["X"], "works": [1], "work_g": [1], "survival": [1]}) == (
        "indicator 'work_f'; did you mean 'work_g'?",
        "column 'work'; did you mean 'works'? (indicators 'work_m', 'work_m2')",
    )
    faults = _faults({"unit": ["X"], "work": [11], "work_f": [1]})
    assert faults == (
        "missing column 'survival' (indicator 'health_f')",
        "row 0 (unit 'X'), 'work' (indicator 'work_m'): 11 is outside its scale (0, 10)",
    )
    with pytest.raises(
        DataError,
        match=r"any of the columns of the 5 indicators of 'T' \(survival, work_f, work\); the columns",
    ):
        Observations.read({"unit": ["X"], "z": [1]}, INDEX)


def test_cells_at_fault_name_column_and_code():
    faults = _faults(DATA | {"work": [12, "ten"], "survival": [np.inf, 0], "work_f": ["no", 1]})
    assert faults == (
        (
            "row 0 (unit 'X'), 'work_f': 'no' is not a number; if it marks a missing value, "
            "set missing=('no',)"
        ),
        (
            "row 1 (unit 'Y'), 'work' (indicators 'work_m', 'work_m2'): 'ten' is not a number; "
            "if it marks a missing value, set missing=('ten',)"
        ),
        "row 0 (unit 'X'), 'survival' (indicator 'health_f'): inf is infinite",
        "row 0 (unit 'X'), 'work' (indicator 'work_m'): 12 is outside its scale (0, 10)",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"health_m": [1, 1]}, "the code of an indicator with a constant"),
        ({"work_m": [1, 1]}, "the code of an indicator whose column is 'work'"),
    ],
)
def test_no_other_column_has_the_code_of_an_indicator(changes, fault):
    (name,) = changes
    assert _faults(DATA | changes) == (f"'{name}' is both a column of the data and {fault}",)


def test_a_column_under_the_code_instead_is_told_as_such():
    data = {"work_m" if name == "work" else name: cells for name, cells in DATA.items()}
    assert _faults(data) == (
        (
            "'work_m' is both a column of the data and the code of an indicator whose column is "
            "'work', which is missing"
        ),
    )


def test_indicators_may_exchange_their_names_and_be_left_out():
    index = Index("T", [Indicator("a", column="b"), Indicator("b", column="a"), Indicator("c")])
    observations = Observations.read({"unit": ["X"], "a": [1], "b": [2], "c": [3]}, index)
    assert observations.values.tolist() == [[2, 1, 3]]
    # The column "a" is nobody's then, and would be taken for the indicator "a".
    without = observations.select(index.without("b"))
    assert without.values.tolist() == [[2, 3]]
    assert without.context == ()
    assert without.select(index.without("b", "c")).values.tolist() == [[2]]


def test_another_column_or_constant_is_read_anew():
    observations = Observations.read(DATA, INDEX)
    assert observations.select(INDEX.with_weights({"work_m": 3})) is observations
    other = INDEX.replace("health_m", Indicator("health_m", constant=0.5))
    other = other.replace("health_f", Indicator("health_f", column="work_f"))
    assert observations.select(other).values[:, [0, 2]].tolist() == [[3, 0.5], [1, 0.5]]
    assert observations.select(other).context == ("survival", "region")


def test_a_key_is_no_column_of_indicators():
    index = Index("T", [Indicator("a"), Indicator("age", column="year")])
    data = {"unit": ["X"], "year": [2020], "a": [1]}
    assert _faults(data, index, period="year") == (
        "'year' is both the column of the periods and that of indicator 'age'",
    )


def test_something_must_be_measured():
    index = Index("T", [Indicator("a", constant=1)])
    with pytest.raises(DataError, match=r"all indicators of 'T' are constants, .*; at least one"):
        Observations.read({"unit": ["X"]}, index)
    with pytest.raises(DataError, match="all indicators of 'T' are constants"):
        Observations.from_wide({"unit": ["X"], "2020": [1]}, index, unit="unit")


def test_a_denominator_is_a_column():
    index = Index(
        "T", [Indicator("a", column="x", denominator="y"), Indicator("b", column="y")]
    )  # fmt: skip
    assessment = Assessment(index, {"unit": ["X", "Y"], "x": [6, 12], "y": [2, 3.0]})
    assert assessment.stage_array("denominated").tolist() == [[3, 2], [4, 3]]
    with pytest.raises(DataError) as caught:
        Observations.read({"unit": ["X"], "x": [1], "y": [1]},
                          index.replace("a", Indicator("a", column="x", denominator="b")))  # fmt: skip
    assert caught.value.faults == ("column 'b' (denominator of 'a')",)


def test_a_fixed_part_of_a_formula_enters_as_a_constant():
    method = Method(normalisation=Unscaled(), aggregation=GeometricMean())
    index = Index("M", [Indicator("one", constant=1), Indicator("p"), Indicator("q", column="p2")])
    assessment = Assessment(index, {"unit": ["X", "Y"], "p": [8, 1], "p2": [27, 1]}, method=method)
    # The cube roots of 1 * 8 * 27 and of 1.
    np.testing.assert_allclose(assessment.array("M"), [6, 1], rtol=1e-15)
    assert assessment.array("one").tolist() == [1, 1]


def test_arrays_of_the_caller_stay_theirs():
    work = np.array([4.0, 5.0])
    observations = Observations.read(DATA | {"work": work}, INDEX)
    work[0] = 9.0
    assert observations.values[0, 3] == 4
    assert observations.table.column("work") == [4, 5]
    assert observations.take(np.array([1])).values[0].tolist() == [0.4, 1, 1, 5, 5]


def test_a_column_may_have_the_code_of_a_sub_index():
    index = Index("T", [Index("A", [Indicator("a")])])
    observations = Observations.read({"unit": ["X", "Y"], "a": [1, 2], "A": ["p", "q"]}, index)
    assert observations.context_columns == {"A": ["p", "q"]}
