import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agreement.cases import ASSESSMENTS, TREE, assess, panel, table

from dli import frames
from dli.assessment import Assessment
from dli.errors import DataError, DLIWarning, MethodError, UnknownCodeError
from dli.framework import Index, Indicator
from dli.method import Method
from dli.normalisation import Goalposts

# The scale is that of the data: a score is the value itself.
SAME = Method(normalisation=Goalposts(0, 100))


def leaf(code):
    return Indicator(code, goalposts=(0, 100))


INDEX = Index("T", [Index("S", [leaf("a"), leaf("b")]), leaf("c")])
# S: 20, 40, 60, 80, none; T with c: 10, 40, 80, 60, 50.
DATA = {
    "unit": ["U", "V", "W", "X", "Y"],
    "region": ["N", "N", "N", "S", "S"],
    "people": [1.0, 2.0, 5.0, 3.0, 1.0],
    "a": [10.0, 40.0, 50.0, 80.0, None],
    "b": [30.0, 40.0, 70.0, 80.0, None],
    "c": [0.0, 40.0, 100.0, 40.0, 50.0],
}
COLUMNS = ["code", "group", "units", "scored", "mean", "median", "rank"]


def found(assessment, column="region", **options):
    """Return the table as columns of Python objects."""
    read = frames.read(assessment.groups(column, **options))
    return {name: read.column(name) for name in read.names}


def quietly(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DLIWarning)
        return found(*args, **options)


def figures(columns):
    """Return the figures of each node and group (and period), in no order."""
    return {
        cells[:-5]: [np.nan if cell is None else float(cell) for cell in cells[-5:]]
        for cells in zip(*columns.values(), strict=True)
    }


def assert_same(one, other):
    first, second = figures(one), figures(other)
    assert first.keys() == second.keys()
    for key, cells in first.items():
        np.testing.assert_allclose(cells, second[key], rtol=1e-12)


@pytest.fixture
def assessment():
    return Assessment(INDEX, DATA, method=SAME)


def test_means_and_medians_are_those_worked_by_hand(assessment):
    columns = found(assessment)
    assert list(columns) == COLUMNS
    assert columns["code"] == ["T", "T", "S", "S", "c", "c"]
    assert columns["group"] == ["S", "N", "S", "N", "N", "S"]
    assert columns["units"] == [2, 3, 2, 3, 3, 2]
    assert columns["scored"] == [2, 3, 1, 3, 3, 2]
    np.testing.assert_allclose(columns["mean"], [55, 130 / 3, 80, 40, 140 / 3, 45])
    assert columns["median"] == [55, 40, 80, 40, 40, 45]
    assert columns["rank"] == [1, 2, 1, 2, 1, 2]


def test_weighted_means_and_medians_are_those_worked_by_hand(assessment):
    columns = found(assessment, nodes=0, weight="people")
    # North: (10 + 2 * 40 + 5 * 80) / 8; half of the weight, 4, is reached at 80.
    assert columns["group"] == ["N", "S"]
    assert columns["mean"] == [61.25, 57.5]
    assert columns["median"] == [80, 60]
    # Exactly half of the weight is reached at 40: the median lies midway to 80.
    halves = Assessment(INDEX, DATA | {"people": [1, 4, 5, 1, 1]}, method=SAME)
    assert found(halves, nodes=0, weight="people")["median"] == [60, 55]


def test_the_statistic_decides_the_rank(assessment):
    data = DATA | {"a": [0.0, 70, 70, 60, 60], "b": [0.0, 70, 70, 60, 60], "c": [0, 70, 70, 60, 60]}
    other = Assessment(INDEX, data, method=SAME)
    assert found(other, nodes=0)["group"] == ["S", "N"]
    by_median = found(other, nodes=0, statistic="median")
    assert (by_median["group"], by_median["rank"]) == (["N", "S"], [1, 2])


def test_nodes_are_chosen_as_everywhere(assessment):
    assert dict.fromkeys(found(assessment, nodes=2)["code"]) == dict.fromkeys(["a", "b"])
    assert dict.fromkeys(found(assessment, nodes="c")["code"]) == {"c": None}
    assert list(dict.fromkeys(found(assessment, nodes=["b", "T"])["code"])) == ["b", "T"]
    with pytest.raises(UnknownCodeError, match="no node 'z'"):
        assessment.groups("region", nodes=["T", "z"])
    with pytest.raises(MethodError, match="nodes must be a level from 0"):
        assessment.groups("region", nodes=3)


def test_groups_that_differ_by_rounding_tie_and_stay_in_the_order_of_the_data():
    data = {"unit": list("WXYZ"), "g": ["p", "q", "r", "r"], "a": [0.3, 0.1 + 0.2, 0.4, 0.5]}
    columns = found(Assessment(Index("T", [leaf("a")]), data, method=SAME), "g", nodes="a")
    assert (columns["group"], columns["rank"]) == (["r", "p", "q"], [1, 2, 2])


def test_a_group_without_scores_comes_last_and_has_no_rank():
    data = DATA | {"a": [None, None, None, 80.0, 1.0], "b": [None] * 3 + [80.0, 1.0]}
    columns = found(Assessment(INDEX, data, method=SAME), nodes="S")
    assert columns["group"] == ["S", "N"]
    assert (columns["units"], columns["scored"]) == ([2, 3], [2, 0])
    assert columns["mean"][1] is columns["median"][1] is columns["rank"][1] is None


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"]
)
def test_the_table_is_in_the_library_of_the_data(make):
    data = make({**DATA, "year": [1, 1, 1, 2, 2]})
    result = Assessment(INDEX, data, period="year", method=SAME).groups("region")
    assert isinstance(result, type(data))
    assert frames.read(result).names == ("year", *COLUMNS)


def test_a_file_is_read_as_its_numbers(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("unit,region,people,a\nX,1.10,1.50,10\nY,1.1,n/a,20\nZ,1.10,4.50,30\n")
    index = Index("T", [leaf("a")])
    assessment = Assessment(index, path, missing=("n/a",), method=SAME)
    columns = found(assessment, nodes=0)
    assert sorted(columns["group"]) == ["1.1", "1.10"]
    with pytest.warns(DLIWarning, match="'Y'"):
        columns = found(assessment, nodes=0, weight="people")
    assert columns["mean"] == [25, None]


# -- laws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["plain", "gaps", "propagate", "coverage", "ties", "one unit"])
def test_one_group_has_the_mean_and_median_of_all(case):
    assessment = ASSESSMENTS[case]()
    observed = assessment.observations.table
    data = {name: observed.column(name) for name in observed.names}
    data["all"] = ["all"] * observed.n_rows
    columns = found(Assessment(TREE, data, method=assessment.method), "all", nodes=["T", "A", "d"])
    scores = assessment.arrays(["T", "A", "d"])
    np.testing.assert_allclose(columns["mean"], np.nanmean(scores, axis=0))
    np.testing.assert_allclose(columns["median"], np.nanmedian(scores, axis=0))
    assert columns["scored"] == (~np.isnan(scores)).sum(axis=0).tolist()
    assert columns["rank"] == [1, 1, 1]


def grouped_table(n, seed, weights):
    return {
        **table(n, seed, gaps=0.2, ratings=True),
        "region": [f"r{i % 3}" for i in range(n)],
        "people": weights,
    }


SEEDS = st.integers(0, 1000)
SIZES = st.integers(3, 12)


@settings(max_examples=15)
@given(SIZES, SEEDS, st.floats(1e-300, 1e300))
def test_equal_weights_equal_no_weights(n, seed, weight):
    assessment = assess(grouped_table(n, seed, [weight] * n))
    assert_same(found(assessment), found(assessment, weight="people"))


@settings(max_examples=15)
@given(SIZES, SEEDS, st.data())
def test_a_whole_weight_is_that_many_units(n, seed, draw):
    weights = draw.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))
    data = grouped_table(n, seed, weights)
    rows = np.repeat(np.arange(n), weights).tolist()
    many = {name: [cells[row] for row in rows] for name, cells in data.items()}
    many["unit"] = [f"m{i}" for i in range(len(rows))]
    weighted = figures(found(assess(data), weight="people"))
    repeated = figures(found(assess(many)))
    assert weighted.keys() == repeated.keys()
    for key, cells in weighted.items():  # all but the counts of units
        np.testing.assert_allclose(cells[2:], repeated[key][2:], rtol=1e-12)


@settings(max_examples=15)
@given(SIZES, SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(n, seed, random):
    data = grouped_table(n, seed, [float(1 + i % 4) for i in range(n)])
    order = random.sample(range(n), n)
    other = {name: [cells[row] for row in order] for name, cells in data.items()}
    assert_same(found(assess(data), weight="people"), found(assess(other), weight="people"))


@settings(max_examples=15)
@given(SIZES, SEEDS)
def test_means_lie_within_the_scores_of_their_group(n, seed):
    assessment = assess(grouped_table(n, seed, [10.0**i for i in range(n)]))
    columns = found(assessment, nodes=0, weight="people")
    regions = np.array(assessment.context("region"))
    for i, group in enumerate(columns["group"]):
        scores = assessment.array("T")[regions == group]
        for statistic in ("mean", "median"):
            assert scores.min() - 1e-9 <= columns[statistic][i] <= scores.max() + 1e-9


@pytest.mark.parametrize("weight", [None, "people"])
def test_groups_of_a_period_are_those_of_that_period_alone(weight):
    data = panel()
    n = len(data["unit"])
    data["region"] = [None if i % 7 == 0 else f"r{i % 2}" for i in range(n)]
    data["people"] = [float(i % 5) for i in range(n)]
    whole = quietly(assess(data), weight=weight)
    for year in (2019, 2020, 2021):
        keep = [i for i, own in enumerate(data["year"]) if own == year]
        alone = {name: [c[i] for i in keep] for name, c in data.items() if name != "year"}
        rows = [i for i, own in enumerate(whole["year"]) if own == year]
        of_year = {name: [c[i] for i in rows] for name, c in whole.items() if name != "year"}
        assert_same(of_year, quietly(assess(alone), weight=weight))
    assert list(dict.fromkeys(whole["year"])) == list(assess(data).rows_by_period)


class Unchanged:
    def normalise(self, values, indicators):
        return values


@pytest.mark.parametrize("size", [1e-300, 1e300, 1.7e308])
def test_the_size_of_scores_and_weights_changes_nothing(size):
    data = {
        "unit": list("WXYZ"),
        "g": ["p", "p", "p", "q"],
        "a": [size, size / 2, size / 4, size],
        "w": [size, size / 2, size / 4, 0.5 * size],
    }
    method = Method(normalisation=Unchanged())
    assessment = Assessment(Index("T", [Indicator("a")]), data, method=method)
    columns = found(assessment, "g", nodes="a", weight="w")
    np.testing.assert_allclose(columns["mean"], [size, 0.75 * size])
    assert columns["median"] == [size, size]


# -- what is left out ----------------------------------------------------------------------------


def test_units_without_a_group_are_left_out_with_a_warning():
    assessment = Assessment(INDEX, DATA | {"region": ["N", None, "N", "S", None]}, method=SAME)
    message = "units without a value in 'region' are left out (2 rows): 'V', 'Y'"
    with pytest.warns(DLIWarning, match=f"^{re.escape(message)}$") as caught:
        columns = found(assessment, nodes=0)
    assert caught[0].filename == __file__
    assert columns["group"] == ["S", "N"]
    assert (columns["units"], columns["mean"]) == ([1, 2], [60, 45])


def test_many_units_without_a_group_are_counted_and_each_is_named_once():
    n = 24
    data = {
        "unit": [f"u{i // 2}" for i in range(n)],
        "year": [2020, 2021] * (n // 2),
        "region": ["N", "N"] + [None] * (n - 2),
        "a": np.linspace(1, 90, n),
    }
    assessment = Assessment(Index("T", [leaf("a")]), data, period="year", method=SAME)
    with pytest.warns(DLIWarning, match=r"\(22 rows\): 'u1', 'u2', .*'u8', 3 more$"):
        assessment.groups("region")


def test_a_period_without_a_group_has_no_rows():
    data = DATA | {"year": [1, 1, 1, 2, 2], "region": [None] * 3 + ["S", "S"]}
    columns = quietly(Assessment(INDEX, data, period="year", method=SAME), nodes=0)
    assert columns["year"] == [2]


def test_units_without_a_weight_are_left_out_with_a_warning(assessment):
    data = DATA | {"people": [None, 2.0, 6.0, 0.0, 1.0]}
    message = (
        "units without a weight above 0 in 'people' are left out of means and medians "
        "(2 rows): 'U', 'X'"
    )
    with pytest.warns(DLIWarning, match=f"^{re.escape(message)}$") as caught:
        columns = found(Assessment(INDEX, data, method=SAME), nodes=["T", "S"], weight="people")
    assert caught[0].filename == __file__
    assert columns["group"] == ["N", "S", "N", "S"]
    assert (columns["units"], columns["scored"]) == ([3, 2, 3, 2], [2, 1, 2, 0])
    assert columns["mean"] == [70, 50, 55, None]


def test_the_weight_of_a_unit_that_has_no_score_does_not_matter():
    data = DATA | {"people": [1.0, 2.0, 5.0, 3.0, None]}
    columns = found(Assessment(INDEX, data, method=SAME), nodes="S", weight="people")
    assert columns["scored"] == [1, 3]


def test_units_that_were_not_assessed_are_in_no_group():
    data = DATA | {"c": [0.0, 40.0, 100.0, 40.0, None], "people": [1, 1, 3, 2, 9]}
    assessment = Assessment(INDEX, data, method=SAME.refine(INDEX, availability=0.5))
    columns = found(assessment, nodes=0, weight="people")
    assert dict(zip(columns["group"], columns["units"], strict=True)) == {"N": 3, "S": 1}
    assert columns["mean"] == [60, 58]


def test_groups_that_look_alike_are_warned_of():
    assessment = Assessment(INDEX, DATA | {"region": ["N", "n ", "N", "S", "S"]}, method=SAME)
    message = "groups of 'region' that look alike: 'N' and 'n '"
    with pytest.warns(DLIWarning, match=f"^{message}$") as caught:
        assert len(found(assessment, nodes=0)["group"]) == 3
    assert caught[0].filename == __file__


# -- what is refused -----------------------------------------------------------------------------


def test_unknown_columns_are_named_together(assessment):
    with pytest.raises(UnknownCodeError, match="no column 'regoin'; did you mean 'region'"):
        assessment.groups("regoin")
    with pytest.raises(UnknownCodeError, match=r"(?s)no column 'regoin'.*no column 'peple'"):
        assessment.groups("regoin", weight="peple")
    for wrong in (["region"], np.array(["region", "people"]), 3, None):
        with pytest.raises(UnknownCodeError, match="no column"):
            assessment.groups(wrong)


def test_another_statistic_is_refused(assessment):
    with pytest.raises(MethodError, match="statistic must be 'mean' or 'median', got 'meen'"):
        assessment.groups("region", statistic="meen")


def test_weights_must_be_finite_numbers_of_at_least_0_and_all_faults_are_listed():
    data = DATA | {"people": ["few", 2.0, -1.0, float("inf"), None]}
    with pytest.raises(
        DataError, match="the weights of units in 'people' must be finite"
    ) as caught:
        Assessment(INDEX, data, method=SAME).groups("region", weight="people")
    few, negative, infinite = caught.value.faults
    assert few.startswith("row 0 (unit 'U'), 'people': 'few' is not a number")
    assert negative == "row 2 (unit 'W'), 'people': -1"
    assert infinite == "row 3 (unit 'X'), 'people': inf"


@pytest.mark.parametrize("people", [[0.0] * 5, [None] * 5, [0.0, 0.0, None, 0.0, 0.0]])
def test_weights_of_nothing_are_refused(people):
    assessment = Assessment(INDEX, DATA | {"people": people}, method=SAME)
    message = "no unit with a score and a value in 'region' has a weight above 0 in 'people'"
    with pytest.raises(DataError, match=message):
        assessment.groups("region", weight="people")


def test_groups_without_any_score_are_refused():
    data = DATA | {"a": [None] * 4 + [1.0], "b": [None] * 4 + [1.0]}
    data["region"] = ["N", "N", "N", "S", None]
    assessment = Assessment(INDEX, data, method=SAME)
    message = "no unit with a value in 'region' has a score at 'S', 'a'"
    with (
        pytest.warns(DLIWarning, match="are left out"),
        pytest.raises(DataError, match=message),
    ):
        assessment.groups("region", nodes=["S", "a"])


def test_groups_must_be_named():
    assessment = Assessment(INDEX, DATA | {"region": [None] * 5}, method=SAME)
    with pytest.raises(DataError, match="no unit has a value in 'region'"):
        assessment.groups("region")
    lists = DATA | {"region": pd.Series([["N"], "N", "N", ["S"], "S"])}
    with pytest.raises(DataError, match="the column 'region' has other cells") as caught:
        Assessment(INDEX, pd.DataFrame(lists), method=SAME).groups("region")
    assert caught.value.faults == ("unit 'U': ['N']", "unit 'X': ['S']")


def test_a_column_of_periods_named_as_one_of_the_table_is_refused():
    data = {"unit": ["X"], "group": [2020], "region": ["N"], "a": [1.0]}
    assessment = Assessment(Index("T", [leaf("a")]), data, period="group", method=SAME)
    with pytest.raises(DataError, match="'group', is a column of this table too; rename it"):
        assessment.groups("region")
