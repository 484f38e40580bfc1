import numpy as np
import pandas as pd
import pytest

from dli.assessment import Assessment
from dli.errors import DataError, MethodError
from dli.framework import Index, Indicator
from dli.observations import Observations

INDEX = Index("T", [Indicator("a", scale=(0, 10)), Indicator("b", denominator="people")])
DATA = {
    "unit": ["X", "Y"],
    "a": [1, 10],
    "b": [4.0, None],
    "people": [2.0, 4.0],
    "region": ["N", "S"],
}


def _faults(changes, **keys):
    with pytest.raises(DataError) as caught:
        Observations.read(DATA | changes, INDEX, **keys)
    return caught.value.faults


def test_values_stand_in_the_order_of_the_index():
    observations = Observations.read(DATA, INDEX.replace("a", Index("A", [Indicator("b1")]))
                                     .replace("b1", Indicator("a")))  # fmt: skip
    np.testing.assert_array_equal(observations.values, [[1, 4], [10, np.nan]])
    assert observations.units == ("X", "Y")
    assert observations.context == ("people", "region")
    assert not observations.values.flags.writeable


def test_missing_columns_come_all_with_the_nearest_name():
    with pytest.raises(DataError) as caught:
        Observations.read({"iso": ["X"], "A": [1], "b": [1]}, INDEX, unit="iso3")
    assert caught.value.faults == (
        "column 'iso3'; did you mean 'iso'? (the column of the units, set with unit=)",
        "indicator 'a'; did you mean 'A'?",
        "column 'people' (denominator of 'b')",
    )


def test_data_without_any_indicator_are_refused():
    with pytest.raises(DataError, match=r"any of the 2 indicators of 'T' \(a, b\); the columns"):
        Observations.read({"unit": ["X"], "c": [1]}, INDEX)


def test_an_indicator_is_no_name_of_units():
    with pytest.raises(
        DataError, match="'a' is both the column of the units and the code of a node"
    ):
        Observations.read(DATA, INDEX, unit="a")


def test_every_cell_at_fault_is_named_with_row_and_unit():
    faults = _faults({"a": [11, "ten"], "b": [np.inf, -np.inf]})
    assert faults == (
        (
            "row 1 (unit 'Y'), 'a': 'ten' is not a number; if it marks a missing value, "
            "set missing=('ten',)"
        ),
        "row 0 (unit 'X'), 'a': 11 is outside its scale (0, 10)",
        "row 0 (unit 'X'), 'b': inf is infinite",
        "row 1 (unit 'Y'), 'b': -inf is infinite",
    )


def test_units_without_a_name_or_named_twice_are_listed():
    assert _faults({"unit": [None, "Y"]}) == ("row 0: the unit is missing",)
    assert _faults({"unit": ["Y", "Y"]}) == (
        (
            "row 1 (unit 'Y') is a duplicate of row 0; if the data have several periods, name their "
            "column with period="
        ),
    )


def test_a_unit_may_return_in_another_period():
    years = {"unit": ["X", "X"], "year": [2020, 2021]}
    observations = Observations.read(DATA | years, INDEX, period="year")
    assert observations.periods == (2020, 2021)
    assert _faults(years | {"year": [2020, 2020]}, period="year") == (
        "row 1 (unit 'X', period 2020) is a duplicate of row 0",
    )
    assert _faults(years | {"year": [2020, None]}, period="year") == (
        "row 1 (unit 'X'): the period is missing",
    )


def test_denominators_must_be_above_zero():
    observations = Observations.read(DATA | {"people": [0.0, "many"]}, INDEX)
    with pytest.raises(DataError) as caught:
        observations.denominators(INDEX.indicators)
    assert caught.value.faults == (
        (
            "row 1 (unit 'Y'), 'people': 'many' is not a number; if it marks a missing value, "
            "set missing=('many',)"
        ),
        "row 0 (unit 'X'), 'people': 0",
    )


def test_a_file_names_lines_in_its_faults(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("unit,a,b,people\nX,1,2,3\nY,much,2,3\n")
    with pytest.raises(DataError, match=r"line 3 \(unit 'Y'\), 'a': 'much' is not a number"):
        Observations.read(path, INDEX)


def test_a_mapping_stays_the_callers_to_change():
    data = {"unit": ["X"], "a": np.array([1.0]), "b": [2.0], "people": np.array([3.0])}
    observations = Observations.read(data, INDEX)
    for cells in data.values():
        cells[0] = 9.0
    table = observations.select(INDEX.without("b")).table
    assert [table.column(name) for name in ("unit", "a", "people")] == [["X"], [1.0], [3.0]]
    assert observations.values.tolist() == [[1, 2]]


def test_the_same_table_is_read_for_another_index():
    observations = Observations.read(pd.DataFrame(DATA), INDEX)
    assert observations.select(INDEX) is observations
    assert observations.select(INDEX.without("a")).values.shape == (2, 1)


def test_options_cannot_come_after_the_data_were_read():
    observations = Observations.read(DATA, INDEX)
    with pytest.raises(MethodError, match=r"(?s)have already been read; .*decimal=','"):
        Assessment(INDEX, observations, decimal=",")
