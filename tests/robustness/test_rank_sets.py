"""Which differences of rank errors leave."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.robustness.cases import ENDS, column

from dli import Assessment, Index, Indicator, Method, robustness
from dli.errors import DLIError, MethodError, UnknownCodeError
from dli.normalisation import Goalposts
from dli.ranking import rank_scores
from dli.robustness.arrays import best_sets, noise, rank_sets, tie_groups, worst_sets
from dli.sensitivity import Exclusion, MeasurementError, uncertainty

INDEX = Index("T", [Indicator("a", goalposts=ENDS), Indicator("b", goalposts=ENDS)])
SIDES = ("two-sided", "lower", "upper")


def assess(data, period=None, missing="propagate"):
    method = Method(normalisation=Goalposts(), missing=missing)
    return Assessment(INDEX, data, period=period, method=method)


DATA = {
    "unit": ["W", "X", "Y", "Z"],
    "a": [60, 70, 58, 40],
    "b": [60, 70, 58, 40],
    "se": [2.0, 1.0, 2.0, 2.0],
}


@st.composite
def tables(draw):
    n = draw(st.integers(1, 9))
    numbers = st.lists(st.integers(0, 12), min_size=n, max_size=n)
    scores = np.array(draw(numbers), dtype=float)
    sds = np.array(draw(numbers), dtype=float) / 4
    scores[1:][np.array(draw(numbers))[1:] == 0] = np.nan
    return scores, sds


def sets_of(scores, errors, **options):
    return rank_sets(scores, errors, **({"n_draws": 200, "rng": 3} | options))


def within(inner, outer):
    return (
        np.all((outer.lower <= inner.lower) | np.isnan(inner.lower))
        and np.all((inner.upper <= outer.upper) | np.isnan(inner.upper))
    )  # fmt: skip


# -- by hand ------------------------------------------------------------------------------------


def test_two_units_are_told_apart_by_the_quantile_of_a_normal_distribution():
    # One difference with the standard error 5: the critical value is 1.96.
    for gap, apart in ((9.5, False), (10.1, True)):
        sets = rank_sets([gap, 0.0], [3.0, 4.0], stepdown=False, n_draws=400_000, rng=1)
        assert sets.critical_values == pytest.approx([1.96] * 2, abs=0.01)
        assert sets.told_apart[0, 1] == apart
        assert sets.upper.tolist() == [1, 2] if apart else [2, 2]


def test_one_side_of_one_unit_alone_needs_a_smaller_difference():
    sets = rank_sets(
        [9.0, 0.0], [3.0, 4.0], side="lower", simultaneous=False, n_draws=400_000, rng=1
    )
    assert sets.critical_values == pytest.approx([1.645] * 2, abs=0.01)
    assert sets.lower.tolist() == [1, 2]
    assert sets.upper.tolist() == [2, 2]


@pytest.mark.parametrize("simultaneous", [True, False])
@pytest.mark.parametrize("stepdown", [True, False])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", ["errors", "covariance"])
def test_critical_values_are_the_quantiles_of_all_draws(kind, side, stepdown, simultaneous):
    rng = np.random.default_rng(4)
    scores, errors = rng.normal(0, 4, 12), rng.uniform(0.5, 2, 12)
    spread = rng.normal(size=(12, 12))
    given_errors = {"errors": errors}
    if kind == "covariance":
        given_errors = {"covariance": spread @ spread.T / 6}
    found = rank_sets(
        scores, **given_errors, side=side, stepdown=stepdown, simultaneous=simultaneous,
        n_draws=999, rng=2,
    )  # fmt: skip
    plain = _plainly(scores, found, given_errors)
    assert_array_equal(found.lower, plain[0])
    assert_array_equal(found.upper, plain[1])
    np.testing.assert_allclose(found.critical_values, plain[2])


def _plainly(scores, found, given_errors):
    """Follow the definition with arrays of all pairs and draws."""
    kinds = [given_errors.get(name) for name in ("errors", "covariance", "draws")]
    drawn = noise.noise_of(scores, *kinds, found.n_draws, found.seed)
    x, n = np.ldexp(scores, -drawn.power), len(scores)
    z = drawn.errors
    gaps = (z[:, np.newaxis] - z) * drawn.inverse[:, :, np.newaxis]  # row over column
    observed = (x[:, np.newaxis] - x) * drawn.inverse
    place = math.ceil(found.confidence * (found.n_draws + 1)) - 1
    result = np.empty((3, n))
    for unit in range(n):
        is_open = ~np.eye(n, dtype=bool)
        if not found.simultaneous:
            own = np.zeros_like(is_open)
            own[:, unit] |= found.side != "upper"
            own[unit] |= found.side != "lower"
            is_open &= own
        told = np.zeros_like(is_open)
        while is_open.any():
            critical = np.sort(gaps[is_open].max(axis=0))[place]
            new = is_open & (observed > critical)
            told |= new
            is_open &= ~new
            if not (new.any() and found.stepdown):
                break
        result[0, unit] = 1 + (told[:, unit].sum() if found.side != "upper" else 0)
        result[1, unit] = n - (told[unit].sum() if found.side != "lower" else 0)
        result[2, unit] = critical
    return result


# -- laws ---------------------------------------------------------------------------------------


@given(tables(), st.sampled_from(SIDES), st.booleans(), st.sampled_from([0.3, 0.8, 0.95]))
def test_sets_hold_the_rank_within_the_ranks_there_are(table, side, simultaneous, confidence):
    scores, errors = table
    sets = sets_of(scores, errors, side=side, simultaneous=simultaneous, confidence=confidence)
    is_scored = ~np.isnan(scores)
    assert_array_equal(sets.ranks, rank_scores(scores))
    assert_array_equal(np.isnan(sets.lower), ~is_scored)
    assert_array_equal(np.isnan(sets.upper), ~is_scored)
    assert (sets.lower <= sets.ranks)[is_scored].all()
    assert (sets.ranks <= sets.upper)[is_scored].all()
    assert (sets.lower >= 1)[is_scored].all()
    assert (sets.upper <= is_scored.sum())[is_scored].all()


@given(tables(), st.booleans())
def test_the_set_of_a_unit_alone_lies_inside_the_simultaneous_one(table, stepdown):
    alone = sets_of(*table, simultaneous=False, stepdown=stepdown)
    assert within(alone, sets_of(*table, stepdown=stepdown))


@given(tables(), st.booleans())
def test_a_further_step_never_widens(table, simultaneous):
    further = sets_of(*table, simultaneous=simultaneous)
    assert within(further, sets_of(*table, simultaneous=simultaneous, stepdown=False))


@given(tables(), st.booleans(), st.floats(0.01, 0.98), st.floats(0, 1))
def test_a_higher_confidence_never_narrows(table, simultaneous, confidence, share):
    higher = confidence + share * (0.99 - confidence)
    low = sets_of(*table, confidence=confidence, simultaneous=simultaneous)
    high = sets_of(*table, confidence=higher, simultaneous=simultaneous)
    assert within(low, high)


@given(tables(), st.booleans(), st.integers(-100, 100), st.integers(-300, 300))
def test_neither_a_constant_nor_a_scale_changes_anything(table, simultaneous, constant, power):
    scores, errors = table
    expected = sets_of(scores, errors, simultaneous=simultaneous)
    moved = sets_of(scores + constant, errors, simultaneous=simultaneous)
    scale = 2.0**power
    scaled = sets_of(scores * scale, errors * scale, simultaneous=simultaneous)
    for found in (moved, scaled):
        assert_array_equal(found.lower, expected.lower)
        assert_array_equal(found.upper, expected.upper)


@given(tables(), st.booleans())
def test_without_errors_ranks_are_exact_and_ties_share_them(table, simultaneous):
    scores, _ = table
    sets = sets_of(scores, 0.0, simultaneous=simultaneous)
    assert_array_equal(sets.lower, rank_scores(scores))
    assert_array_equal(sets.upper, rank_scores(scores))


def test_rounding_is_no_difference():
    sets = rank_sets([0.3, 0.1 + 0.2, 0.1], 0)
    assert sets.lower.tolist() == sets.upper.tolist() == [1, 1, 3]


@given(tables())
def test_one_side_for_all_is_that_of_two_sides(table):
    both = sets_of(*table)
    assert_array_equal(sets_of(*table, side="lower").lower, both.lower)
    assert_array_equal(sets_of(*table, side="upper").upper, both.upper)


@given(tables())
def test_a_diagonal_covariance_is_independent_errors(table):
    # They take the same normal numbers.
    scores, errors = table
    sets = rank_sets(scores, covariance=np.diag(errors**2), n_draws=200, rng=3)
    assert_array_equal(sets.lower, sets_of(scores, errors).lower)
    assert_array_equal(sets.upper, sets_of(scores, errors).upper)


@given(tables(), st.integers(1, 9))
def test_the_best_turned_over_are_the_worst(table, k):
    scores, errors = table
    k = min(k, scores.size)
    covariance = np.diag(errors**2)
    best = best_sets(scores, None, k, covariance=covariance, n_draws=200, rng=3)
    worst = worst_sets(scores, None, k, covariance=covariance, n_draws=200, rng=3)
    ranks = rank_scores(scores)
    assert best[ranks <= k].all()
    assert worst[ranks > (~np.isnan(scores)).sum() - k].all()
    assert not (best | worst)[np.isnan(scores)].any()


@settings(max_examples=25)
@given(tables())
def test_groups_are_runs_of_units_not_told_apart(table):
    scores, _ = table
    found = tie_groups(*table, n_draws=200, rng=3)
    is_scored = ~np.isnan(scores)
    assert_array_equal(np.isnan(found.groups), ~is_scored)
    assert_array_equal(found.together, found.together.T)
    assert_array_equal(found.together.sum(axis=1)[is_scored], found.sets.not_told_apart[is_scored])
    order = np.argsort(found.sets.ranks, kind="stable")[: is_scored.sum()]
    groups = found.groups[order]
    assert groups[0] == 1
    assert set(np.diff(groups)) <= {0, 1}
    for number in np.unique(groups):
        own = order[groups == number]
        assert (found.together[np.ix_(own, own)] | np.eye(own.size, dtype=bool)).all()
        if number > 1:
            before = order[groups == number - 1]
            assert not found.together[own[0], before].all()


def test_the_same_seed_gives_the_same_bits():
    rng = np.random.default_rng(1)
    scores, errors = rng.normal(0, 2, 40), rng.uniform(0.5, 1, 40)
    first, again, other = (rank_sets(scores, errors, rng=seed) for seed in (5, 5, 6))
    assert_array_equal(first.critical_values, again.critical_values)
    assert first.critical_values[0] != other.critical_values[0]
    assert (first.seed, first.n_draws, first.side) == (5, 10_000, "two-sided")


# -- correlated errors --------------------------------------------------------------------------


def test_what_all_errors_have_in_common_moves_no_difference():
    scores, errors = np.array([3.0, 1.0, 0.0]), np.array([0.4, 0.5, 0.3])
    covariance = np.diag(errors**2)
    expected = rank_sets(scores, covariance=covariance, rng=1)
    shared = rank_sets(scores, covariance=covariance + 1e4, rng=1)
    assert_array_equal(shared.upper, expected.upper)
    assert shared.critical_values == pytest.approx(expected.critical_values, abs=0.05)


def test_errors_that_are_always_the_same_are_none():
    sets = rank_sets([2.0, 1.0, 1.0], covariance=np.full((3, 3), 9.0))
    assert sets.lower.tolist() == sets.upper.tolist() == [1, 2, 2]


def test_draws_stand_for_their_covariance():
    rng = np.random.default_rng(2)
    draws = rng.normal(0, 1, (500, 4)) * [1.0, 2.0, 0.5, 1.0] + 50
    scores = [60.0, 54.0, 53.0, np.nan]
    sets = rank_sets(scores, draws=draws, rng=1)
    other = rank_sets(scores, covariance=np.cov(draws.T), rng=1)
    assert_array_equal(sets.upper, other.upper)
    assert sets.critical_values[:3] == pytest.approx(other.critical_values[:3], rel=0.03)


def test_small_errors_beside_large_ones_leave_no_bound_in_single_precision():
    scores = np.array([1.0, 0.0, 2.0, 1e-35])
    for errors in ([1e-8, 1e-8, 10.0, 1.0], [1e-35, 1e-35, 0.0, 1e-35]):
        alone = rank_sets(scores, errors, simultaneous=False, n_draws=300, rng=1)
        assert (alone.lower <= alone.ranks).all()
        assert within(alone, rank_sets(scores, errors, n_draws=300, rng=1))


# -- printing -----------------------------------------------------------------------------------


def test_results_print_as_tables():
    scores = [60, 70, 58, 40, None]
    assert str(rank_sets(scores, 2.0, rng=1)) == (
        "Simultaneous sets of ranks, confidence 95 %, two-sided\n\n"
        "unit   rank  from  to\n"
        "row 1     1     1   1\n"
        "row 0     2     2   3\n"
        "row 2     3     2   3\n"
        "row 3     4     4   4"
    )
    assert "Marginal sets" in str(rank_sets(scores, 2.0, simultaneous=False, rng=1))
    assert str(tie_groups(scores, 2.0, rng=1)) == (
        "Groups of units not told apart, confidence 95 %\n\n"
        "group  units  first rank  last rank\n"
        "    1      1           1          1\n"
        "    2      2           2          3\n"
        "    3      1           4          4"
    )


# -- errors -------------------------------------------------------------------------------------

SQUARE = [[1.0, 0.5], [0.5, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"exactly one of errors, covariance and draws, got none; pass errors=0"),
        ({"errors": 1, "draws": SQUARE}, r"got errors and draws"),
        ({"errors": [1.0]}, r"errors must be a number or have the shape .*= \(2,\), got \(1,\)"),
        ({"errors": [-1.0, np.nan]}, r"at least 0:\n  - row 0: -1.0\n  - row 1: nan"),
        ({"errors": [np.inf, 1.0]}, r"row 0: inf"),
        ({"covariance": [1.0, 2.0]}, r"n_units\) = \(2, 2\), got \(2,\)"),
        ({"covariance": [[1.0, np.nan], [0.5, 1.0]]}, r"row 0, column 1: nan"),
        (
            {"covariance": [[1.0, 0.5], [0.2, 1.0]]},
            r"symmetric:\n  - row 0, column 1: 0.5, but 0.2",
        ),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, r"no negative eigenvalues, got -1"),
        ({"draws": [[1.0, 2.0]]}, r"n_units = 2 and at least 2 draws, got \(1, 2\)"),
        ({"draws": [[1.0, np.nan], [1.0, 2.0]]}, r"column 1: 1 missing or infinite"),
        ({"errors": 1, "confidence": 1.0}, r"confidence must be a number above 0 and below 1"),
        ({"errors": 1, "n_draws": 18}, r"n_draws must be at least 19 for a confidence of 0.95"),
        ({"errors": 1, "side": "both"}, r"side"),
        ({"errors": 1, "simultaneous": 1}, r"simultaneous"),
        ({"errors": 1, "rng": "x"}, r"rng"),
    ],
)
def test_what_cannot_be_errors_is_refused(arguments, message):
    with pytest.raises(MethodError, match=message):
        rank_sets([2.0, 1.0], **arguments)


def test_the_fewest_draws_are_enough():
    assert rank_sets([2.0, 1.0], 1, n_draws=19).n_draws == 19


@pytest.mark.parametrize("scores", [[[1.0, 2.0]], [], 3.0])
def test_scores_must_be_a_list(scores):
    with pytest.raises(MethodError, match=r"scores must have the shape \(n_units,\)"):
        rank_sets(scores, 1)


def test_infinite_scores_are_refused():
    with pytest.raises(MethodError, match=r"NaN where missing:\n  - row 1: inf"):
        rank_sets([1.0, np.inf], 1)


@pytest.mark.parametrize("sets", [best_sets, worst_sets])
@pytest.mark.parametrize("k", [0, 3, 1.5])
def test_k_is_a_number_of_units(sets, k):
    with pytest.raises(MethodError, match=r"k must be a whole number from 1 to 2, got"):
        sets([2.0, 1.0], 1, k)


# -- of an assessment ---------------------------------------------------------------------------


@pytest.mark.parametrize("errors", ["se", [2.0, 1.0, 2.0, 2.0]])
def test_an_assessment_gets_the_sets_of_its_scores(errors):
    table = robustness.rank_sets(assess(DATA), errors, rng=1)
    assert column(table, "unit") == ["W", "X", "Y", "Z"]
    assert column(table, "score") == pytest.approx([60, 70, 58, 40])
    assert column(table, "rank") == [2, 1, 3, 4]
    assert column(table, "best") == [2, 1, 2, 4]
    assert column(table, "worst") == [3, 1, 3, 4]
    assert column(table, "not_told_apart") == [1, 0, 1, 0]
    groups = robustness.tie_groups(assess(DATA), errors, rng=1)
    assert column(groups, "tie_group") == [2, 1, 2, 3]
    assert column(groups, "others") == ["Y", "", "W", ""]
    assert column(groups, "not_told_apart") == [1, 0, 1, 0]


def test_a_league_table_is_in_the_order_of_ranks():
    assessment = assess(DATA | {"name": ["Wye", "Exe", None, "Zed"]})
    table = robustness.league_table(assessment, "se", rng=1)
    assert list(table) == ["unit", "rank", "name", "score", "best", "worst", "not_told_apart"]
    assert column(table, "unit") == ["X", "W", "Y", "Z"]
    assert column(table, "name") == ["Exe", "Wye", None, "Zed"]
    assert column(table, "score") == pytest.approx([70, 60, 58, 40])
    assert column(table, "rank") == [1, 2, 3, 4]
    assert column(table, "best") == [1, 2, 2, 4]
    assert column(table, "worst") == [1, 3, 3, 4]
    assert column(table, "not_told_apart") == [0, 1, 1, 0]
    assert "name" not in list(robustness.league_table(assess(DATA), "se", rng=1))
    sure = robustness.league_table(assessment, "se", confidence=0.5, n_draws=300, rng=1)
    wide = robustness.league_table(assessment, "se", confidence=0.99999, n_draws=200_000, rng=1)
    assert column(sure, "worst") <= [1, 3, 3, 4] < column(wide, "worst")


def test_periods_of_a_league_table_follow_one_another():
    assessment = assess(PANEL, "year")
    table = robustness.league_table(assessment, "se", rng=1)
    assert column(table, "year") == [2020] * 3 + [2021] * 3
    assert column(table, "unit") == ["X", "Y", "Z", "Y", "X", "Z"]
    assert column(table, "rank") == [1, 2, 3, 1, 2, None]
    assert column(table, "best") == [1, 2, 2, 1, 2, None]
    alone = robustness.league_table(assessment, "se", period=2021, rng=1)
    assert column(alone, "unit") == ["Y", "X", "Z"]
    assert column(alone, "worst") == [1, 2, None]


def test_settings_reach_the_method():
    assessment = assess(DATA)
    wide = robustness.rank_sets(assessment, 8.0, rng=1)
    one = robustness.rank_sets(assessment, 8.0, simultaneous=False, side="lower", rng=1)
    assert column(wide, "worst") == [4, 3, 4, 4]
    assert column(one, "worst") == [4, 4, 4, 4]
    expected = rank_sets([60, 70, 58, 40], 8.0, simultaneous=False, side="lower", rng=1)
    assert column(one, "best") == expected.lower.tolist()


PANEL = {
    "unit": ["X", "X", "Y", "Y", "Z", "Z"],
    "year": [2020, 2021] * 3,
    "a": [70, 50, 60, 70, 58, 60],
    "b": [70, 50, 60, 70, 58, None],
    "se": [1.0, 1.0, 1.0, 1.0, 2.0, None],
}


def test_each_period_is_ranked_by_itself():
    assessment = assess(PANEL, "year")
    table = robustness.rank_sets(assessment, "se", rng=1)
    assert column(table, "best") == [1, 2, 2, 1, 2, None]
    assert column(table, "worst") == [1, 2, 3, 1, 3, None]
    alone = robustness.rank_sets(assessment, "se", period=2021, rng=1)
    assert column(alone, "unit") == ["X", "Y", "Z"]
    assert column(alone, "best") == [2, 1, None]
    groups = robustness.tie_groups(assessment, "se", rng=1)
    assert column(groups, "tie_group") == [1, 2, 2, 1, 2, None]
    assert column(groups, "others") == ["", "", "Z", "", "Y", None]


def test_a_study_gives_the_errors():
    assessment = assess(DATA)
    study = uncertainty(assessment, [MeasurementError({"a": 1.0})], n_samples=400, rng=1)
    table = robustness.rank_sets(assessment, study=study, rng=1)
    expected = rank_sets([60, 70, 58, 40], draws=study.scores(0, 400), rng=1)
    assert column(table, "best") == expected.lower.tolist()
    assert column(table, "worst") == expected.upper.tolist()
    groups = robustness.tie_groups(assessment, study=study, rng=1)
    assert (
        column(groups, "tie_group")
        == tie_groups([60, 70, 58, 40], draws=study.scores(0, 400), rng=1).groups.tolist()
    )


def test_a_study_of_other_scores_is_refused():
    assessment = assess(DATA)
    other = assess(DATA | {"a": [61, 70, 58, 40]})
    fewer = assess({name: cells[:3] for name, cells in DATA.items()})
    for own in (other, fewer):
        study = uncertainty(own, [MeasurementError(0.1)], n_samples=20, rng=1)
        with pytest.raises(MethodError, match=r"of this assessment and its node 'T'"):
            robustness.rank_sets(assessment, study=study)


def test_a_study_in_which_a_unit_loses_its_score_is_refused():
    assessment = assess(DATA | {"b": [60, None, 58, 40]}, missing="renormalise")
    study = uncertainty(assessment, [Exclusion(["a"])], n_samples=50, rng=1)
    with pytest.raises(MethodError, match=r"draws with a score:\n  - unit 'X': \d+"):
        robustness.rank_sets(assessment, study=study)


@pytest.mark.parametrize(
    "function", [robustness.rank_sets, robustness.league_table, robustness.tie_groups]
)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"either errors or study, got neither; pass errors=0"),
        ({"errors": 1, "study": 1}, r"either errors or study, got both"),
        ({"study": 1}, r"study must be a study .* got int"),
        ({"errors": [1.0]}, r"each of the 6 rows of the assessment, got an array of shape \(1,\)"),
        ({"errors": [1, -1, 1, 1, 1, 1]}, r"score:\n  - unit 'X', 2021: -1"),
        ({"errors": "low"}, r"errors, the column 'low', must .*\n  - unit 'Y', 2020: nan"),
    ],
)
def test_errors_that_do_not_fit_an_assessment_are_refused(function, arguments, message):
    assessment = assess(PANEL | {"low": [1.0, 1.0, None, 1.0, 1.0, None]}, "year")
    with pytest.raises(MethodError, match=message):
        function(assessment, **arguments)


def test_names_that_are_not_there_are_refused():
    for arguments in ({"errors": "sd"}, {"errors": 1, "node": "U"}):
        with pytest.raises(UnknownCodeError):
            robustness.rank_sets(assess(DATA), **arguments)
    with pytest.raises(DLIError, match="assessment must be of the class Assessment"):
        robustness.rank_sets(DATA, 1)
