"""Units that are like a unit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.diagnosis.cases import DATA, assessment, column, names, panel, tables

from dli import Assessment, Index, Indicator, Method, datasets, models
from dli.diagnosis import gower_distances, peers
from dli.errors import DataError, DLIWarning, MethodError, UnknownCodeError
from dli.normalisation import Goalposts


def test_gower_by_hand():
    # Age over a range of 20; sex; smokes, which the third does not tell. After Gower (1971).
    ages, sexes, smokes = [20, 30, 40, 25], ["f", "f", "m", "m"], [True, False, None, True]
    expected = [
        [0, (0.5 + 0 + 1) / 3, (1 + 1) / 2, (0.25 + 1 + 0) / 3],
        [0.5, 0, (0.5 + 1) / 2, (0.25 + 1 + 1) / 3],
        [1, 0.75, 0, (0.75 + 0) / 2],
        [1.25 / 3, 0.75, 0.375, 0],
    ]
    assert_allclose(gower_distances([ages, sexes, smokes]), expected)


def test_units_without_a_common_variable_have_no_distance():
    found = gower_distances([[1.0, math.nan, 3.0], [None, "N", "S"]])
    assert np.isnan(found).tolist() == [[False, True, False], [True, False, False], [False] * 3]
    assert found[0, 2] == 1


def test_values_that_differ_by_rounding_are_no_range():
    assert gower_distances([[0.3, 0.1 + 0.2], ["a", "a"]]).tolist() == [[0, 0], [0, 0]]


def test_a_constant_or_empty_variable():
    assert gower_distances([[4, 4, 4], ["a", "b", "a"]]).tolist() == [
        [0.0, 0.5, 0.0],
        [0.5, 0.0, 0.5],
        [0.0, 0.5, 0.0],
    ]
    assert gower_distances([[None, None], ["a", "b"]]).tolist() == [[0.0, 1.0], [1.0, 0.0]]


cells = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(-1e6, 1e6)), st.one_of(st.none(), st.sampled_from("xyz"))
    ),
    min_size=1,
    max_size=8,
)


@given(cells)
def test_gower_is_symmetric_between_0_and_1_and_0_to_oneself(pairs):
    found = gower_distances(list(zip(*pairs, strict=True)))
    assert_allclose(found, found.T)
    there = found[~np.isnan(found)]
    assert ((there >= 0) & (there <= 1 + 1e-12)).all()
    assert all(found[i, i] == 0 or pair == (None, None) for i, pair in enumerate(pairs))


@given(cells, st.floats(0.01, 100), st.floats(-50, 50))
def test_gower_does_not_ask_in_which_unit_of_measure(pairs, factor, shift):
    numbers, words = zip(*pairs, strict=True)
    spread = max((n for n in numbers if n is not None), default=0) - min(
        (n for n in numbers if n is not None), default=0
    )
    other = [None if n is None else n * factor + shift for n in numbers]
    if spread == 0 or spread > 1e-3:  # below it the shift rounds the differences away
        first, second = gower_distances([numbers, words]), gower_distances([other, words])
        assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], r"at least one and equally long, got lengths \[\]"),
        ([[1, 2], ["a"]], r"equally long, got lengths \[1, 2\]"),
        (
            [[1, "a"], [math.inf, 2]],
            r"column 0 mixes numbers with 'a'\n.*column 1 contains infinite",
        ),
    ],
)
def test_gower_refuses_what_are_no_columns(columns, message):
    with pytest.raises(MethodError, match=message):
        gower_distances(columns)


def test_peers_by_context():
    found = peers(assessment(), "U", by=["people", "region"])
    assert names(found) == ["unit", "name", "distance", "compared", "score", "rank", "note"]
    # The range of people is 50. X has no people and Z no region: one of two is too little.
    assert column(found, "unit") == ["V", "W", "Y"]
    assert_allclose(column(found, "distance"), [0.1, 0.2, 0.9])
    assert column(found, "compared") == [2, 2, 2]
    assert column(found, "note") == ["", "", ""]
    assert column(found, "name")[0] == "land V"
    assert_allclose(column(found, "score")[0], 0.25 * 50 + 0.75 * 40)
    assert column(found, "rank") == [4, 3, 1]


def test_what_cannot_be_compared_counts_as_the_greatest_difference():
    found = peers(assessment(), "U", by=["people", "region"], shared=0.5)
    # X is in another region and Z as far as can be in people; what they lack counts 1 as well.
    assert column(found, "unit") == ["V", "W", "Y", "Z", "X"]
    assert_allclose(column(found, "distance"), [0.1, 0.2, 0.9, 1, 1])
    assert column(found, "compared") == [2, 2, 2, 1, 1]
    assert column(found, "note") == ["", "", "", "not compared: region", "not compared: people"]


# U has all three; N and C have the size alone, and that of U; P lacks the wealth.
THREE = {
    "unit": ["U", "N", "C", "P", "Q"],
    "a": [50.0, 50.0, 50.0, 10.0, 90.0],
    "region": ["N", None, None, "N", "S"],
    "wealth": ["high", None, None, None, "low"],
    "size": [10.0, 10.0, 10.0, 12.0, 20.0],
}
FLAT = Index("T", [Indicator("a", goalposts=(0, 100))])


def test_units_that_share_one_of_three_columns_are_no_peers():
    own = assessment(THREE, index=FLAT)
    found = peers(own, "U", by=["region", "wealth", "size"])
    # P: 0 in region, 0.2 in size and 1 for the wealth that it lacks. Q differs in everything.
    assert column(found, "unit") == ["P", "Q"]
    assert_allclose(column(found, "distance"), [1.2 / 3, 1])
    assert column(found, "compared") == [2, 3]
    assert column(found, "note") == ["not compared: wealth", ""]
    # Two thirds of three are two, whatever the rounding.
    assert column(peers(own, "U", by=["region", "wealth", "size"], shared=0.67), "unit") == ["Q"]
    everyone = peers(own, "U", by=["region", "wealth", "size"], shared=0)
    assert column(everyone, "unit") == ["P", "C", "N", "Q"]
    assert_allclose(column(everyone, "distance"), [0.4, 2 / 3, 2 / 3, 1])


def test_a_unit_that_lacks_most_columns_has_doubtful_peers():
    own = assessment(THREE, index=FLAT)
    with pytest.warns(DLIWarning, match=r"unit 'N' is compared over at most 1 of 3 variables"):
        found = peers(own, "N", by=["region", "wealth", "size"], k=2)
    assert column(found, "unit") == ["C", "U"]
    assert_allclose(column(found, "distance"), 2 / 3)
    assert column(found, "note") == ["not compared: region, wealth"] * 2


def test_a_column_that_nobody_has_in_the_period_is_no_variable():
    data = THREE | {"wealth": [None] * 5}
    found = peers(assessment(data, index=FLAT), "U", by=["region", "wealth", "size"])
    assert column(found, "unit") == ["P", "Q"]
    assert_allclose(column(found, "distance"), [0.1, 1])
    assert column(found, "note") == ["", ""]


def test_peers_by_profile_lack_what_either_lacks():
    found = peers(assessment(), "W", k=2)
    assert column(found, "unit") == ["V", "X"]
    # W lacks b, in which the range is 80; a, c and d are left.
    assert_allclose(column(found, "distance"), (10 + 20 + 20 + 80) / 4)
    assert column(found, "compared") == [3, 3]
    assert column(found, "note") == ["not compared: b"] * 2


def test_a_peer_whose_score_is_from_few_indicators_is_marked():
    data = DATA | {"a": [50.0, None, *DATA["a"][2:]], "b": [50.0, None, *DATA["b"][2:]]}
    found = peers(assessment(data), "U", by="people", k=2)
    assert column(found, "unit") == ["V", "W"]
    assert column(found, "note") == ["score from 2 of 4 indicators", ""]


def test_many_variables_that_are_not_compared_are_named_in_part():
    many = Index("T", [Indicator(f"i{j}", goalposts=(0, 100)) for j in range(20)])
    data = {"unit": ["U", "V", "W"]} | {f"i{j}": [1.0, 2.0, 3.0] for j in range(20)}
    data |= {f"i{j}": [1.0, None, 3.0] for j in range(6)}
    found = peers(assessment(data, index=many), "U")
    assert column(found, "unit") == ["V", "W"]
    # Six count 2, the range, and fourteen 1; W differs by 2 in all.
    assert_allclose(column(found, "distance"), [26 / 20, 2])
    assert column(found, "note") == ["not compared: i0, i1, i2, i3, i4 and 1 more", ""]


def test_two_units_are_each_others_peers_and_one_unit_has_none():
    two = {"unit": ["U", "V"], "a": [10.0, 30.0], "region": ["N", "N"]}
    found = peers(assessment(two, index=FLAT), "U")
    assert (column(found, "unit"), column(found, "distance")) == (["V"], [20.0])
    assert column(peers(assessment(two, index=FLAT), "U", by="region"), "distance") == [0.0]
    one = {"unit": ["U"], "a": [10.0], "region": ["N"]}
    for by in (None, "region"):
        with pytest.raises(DataError, match="no other unit has anything to compare with 'U'"):
            peers(assessment(one, index=FLAT), "U", by=by)


def test_one_column_limits_and_numbers():
    found = peers(assessment(), "U", by="people", within=0.2)
    assert column(found, "unit") == ["V"]
    assert len(column(peers(assessment(), "U", by="people", k=1), "unit")) == 1
    assert len(column(peers(assessment(), "U", k=None), "unit")) == 5


def test_numbers_of_numpy_are_limits():
    found = peers(assessment(), "U", by="people", k=np.int64(1), within=np.float32(1.0))
    assert column(found, "unit") == ["V"]


def test_a_distance_that_equals_the_limit_but_for_rounding_lies_within_it():
    # 0.1 + 0.2 over a range of 1 is more than 0.3 by a rounding.
    data = {"unit": ["U", "V", "W"], "a": [1.0, 2.0, 3.0], "size": [0.0, 0.1 + 0.2, 1.0]}
    own = assessment(data, index=Index("T", [Indicator("a")]), method=Method())
    assert column(peers(own, "U", by="size", within=0.3), "unit") == ["V"]
    with pytest.raises(MethodError, match=r"no unit lies within 0\.299"):
        peers(own, "U", by="size", within=0.299)


def test_a_unit_without_a_score_has_peers_and_can_be_one():
    data = DATA | {"c": [None, *DATA["c"][1:]]}
    own = assessment(data, method=Method(normalisation=Goalposts(), missing="propagate"))
    assert np.isnan(own.array("T")[0])
    assert column(peers(own, "U", by="people", k=2), "unit") == ["V", "W"]
    found = peers(own, "V", by="people", k=1)
    assert column(found, "unit") == ["U"]
    assert column(found, "score") == column(found, "rank") == [None]
    # By the profile: U lacks c, with a range of 80, and W lacks b too; V differs by 10, 10 and 20
    # and X by 30, 30 and 20.
    near = peers(own, "U", k=2)
    assert column(near, "unit") == ["V", "X"]
    assert_allclose(column(near, "distance"), [30, 40])


def test_peers_that_tie_come_in_the_order_of_their_profiles():
    data = DATA | {"unit": ["U", "Z", "Y", "X", "W", "V"], "region": ["N"] * 6}
    # Means of differences: Z 15, W 45; Y, X and V 35, but their largest are 80, 60 and 50.
    found = peers(assessment(data), "U", by="region")
    assert column(found, "distance") == [0] * 5
    assert column(found, "unit") == ["Z", "V", "X", "Y", "W"]


def test_the_order_of_units_that_are_alike_in_everything_is_that_of_their_codes():
    data = {"unit": ["U", "Z", "Y"], "a": [1.0, 2.0, 2.0], "region": ["N"] * 3}
    own = assessment(data, index=FLAT)
    assert column(peers(own, "U", by="region"), "unit") == ["Y", "Z"]


@given(data=tables(), rng=st.randoms())
def test_peers_do_not_depend_on_the_order_of_rows(data, rng):
    order = list(range(len(data["unit"])))
    rng.shuffle(order)
    mixed = {name: [cells[i] for i in order] for name, cells in data.items()}
    first, second = (peers(assessment(table), "u0", k=None, shared=0.0) for table in (data, mixed))
    assert column(first, "unit") == column(second, "unit")


def test_peers_are_of_the_same_period():
    found = peers(panel(), "U", by="people", period=2022)
    assert column(found, "unit") == ["V", "W", "Y", "Z"]
    assert_allclose(column(found, "score")[0], 0.25 * 35 + 0.75 * 40)


def test_a_table_without_names_has_no_names():
    data = {name: cells for name, cells in DATA.items() if name != "name"}
    assert "name" not in names(peers(assessment(data), "U"))


@given(data=tables())
def test_profiles_agree_with_plain_arithmetic(data):
    own = assessment(data)
    found = peers(own, "u0", k=None, shared=0.0)
    values = own.stage_array("normalised")
    span = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
    far = {
        unit: np.mean([s if np.isnan(x) else abs(x - y) for x, y, s in zip(v, values[0], span, strict=True)])
        for unit, v in zip(own.units, values, strict=True)
    }  # fmt: skip
    assert_allclose(column(found, "distance"), [far[u] for u in column(found, "unit")])
    assert_allclose(np.sort(column(found, "distance")), column(found, "distance"), atol=1e-9)
    assert set(column(found, "unit")) == set(own.units) - {"u0"}


GOVERNMENTS = datasets.load("digital-government", "mapping")


def test_peers_of_governments():
    own = Assessment(models.load("dli-public"), GOVERNMENTS, unit="iso3")
    context = ["wb_region", "income_group", "population_millions"]
    found = peers(own, "USA", by=context, k=None)
    assert column(found, "iso3")[0] == "CAN"
    # North Korea and Cuba have neither a region nor an income group.
    assert not {"PRK", "CUB"} & set(column(found, "iso3"))
    alike = peers(own, "KEN", by=["wb_region", "income_group"], k=8)
    assert column(alike, "distance") == [0] * 8
    # All are as near: the order is that of the profile, not of the alphabet.
    by_profile = column(peers(own, "KEN", k=None, shared=0), "iso3")
    places = [by_profile.index(unit) for unit in column(alike, "iso3")]
    assert places == sorted(places)
    assert column(alike, "iso3") != sorted(column(alike, "iso3"))
    with pytest.warns(DLIWarning, match="'PRK' is compared over at most 1 of 3 variables"):
        doubtful = peers(own, "PRK", by=context, k=3)
    assert column(doubtful, "note") == ["not compared: income_group, wb_region"] * 3
    assert min(column(doubtful, "distance")) >= 2 / 3


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"by": ["regio", "people"]}, UnknownCodeError, "no context column 'regio'; did you mean 'region'"),
        ({"by": "a"}, UnknownCodeError, "no context column 'a'"),
        ({"by": []}, MethodError, "by must name at least one context column"),
        ({"by": "people", "within": 0.1}, MethodError, "no unit lies within 0.1 of 'U'; the nearest, 'V', is at 0.2"),
        ({"k": 0}, MethodError, "k must be a whole number of at least 1, or None for all, got 0"),
        ({"period": 1999}, MethodError, "no periods, got period=1999"),
        ({"k": True}, MethodError, "got True"),
        ({"within": -1}, MethodError, "within must be a number of at least 0, got -1"),
        ({"shared": 2}, MethodError, "shared must be a number from 0 to 1, got 2"),
    ],
)  # fmt: skip
def test_peers_say_what_is_wrong(kwargs, error, message):
    with pytest.raises(error, match=message):
        peers(assessment(), "U", **kwargs)


def test_a_unit_that_cannot_be_compared():
    with pytest.raises(DataError, match="unit 'X' has no value in 'people'"):
        peers(assessment(), "X", by="people")
    with pytest.raises(DataError, match="no other unit has anything to compare with 'U'"):
        peers(assessment(DATA | {"people": [1.0] + [None] * 5}), "U", by="people")
    with pytest.raises(MethodError, match="'region' mixes numbers with 'N'"):
        peers(assessment(DATA | {"region": ["N", 2, 3, 4, 5, 6]}), "U", by="region")
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        peers(assessment(), "Q")
    with pytest.raises(UnknownCodeError, match="no period 2021"):
        peers(panel(), "U", period=2021)
    with pytest.raises(MethodError, match="choose one of 2020, 2022"):
        peers(panel(), "U")
