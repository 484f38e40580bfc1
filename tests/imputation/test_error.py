import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dli.errors import MethodError
from dli.imputation import ColumnMean, Context, GroupMean, Regression, imputation_error

RNG = np.random.default_rng(3)
X = RNG.normal(size=60)
VALUES = np.stack([X, 5 + 3 * X, RNG.normal(size=60), np.full(60, 2.0)], axis=1)


def context_of(values, groups=None):
    n_units, n_indicators = values.shape
    return Context(
        columns={"g": groups or ["N"] * n_units},
        units=tuple(range(n_units)),
        codes=tuple(f"x{j}" for j in range(n_indicators)),
    )


def test_the_mean_errs_by_about_the_standard_deviation():
    found = imputation_error(ColumnMean(), VALUES, context_of(VALUES), n_rounds=30, rng=1)
    assert found.n_hidden.tolist() == [180] * 4
    assert_allclose(found.relative[:3], 1, atol=0.25)
    assert found.root_mean_square[3] == 0
    assert np.isnan(found.relative[3])
    assert (found.mean_absolute <= found.root_mean_square).all()


def test_regression_finds_what_lies_on_a_line():
    found = imputation_error(Regression(), VALUES[:, :3], context_of(VALUES[:, :3]), rng=1)
    assert (found.relative[:2] < 0.5).all()
    assert found.relative[2] > 0.7


def test_errors_by_hand():
    # Two of three are the least a column keeps, so that one of 0, 3, 6 is hidden.
    values = np.array([[0.0], [3.0], [6.0]])
    sizes = {4.5, 0.0}
    for seed in range(5):
        found = imputation_error(
            ColumnMean(), values, context_of(values), share=0.9, n_rounds=1, rng=seed
        )
        assert found.n_hidden.tolist() == [1]
        assert found.mean_absolute[0] in sizes
        assert found.relative[0] == found.root_mean_square[0] / 3


def test_what_stays_missing_is_counted_and_not_measured():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    known = context_of(values, ["N", "S", "W"])
    found = imputation_error(GroupMean("g", empty="keep"), values, known, n_rounds=4, rng=1)
    assert found.n_hidden.tolist() == [0, 0]
    assert found.n_unfilled.tolist() == [4, 4]
    assert np.isnan(found.root_mean_square).all()


def test_columns_with_few_values_are_left_alone():
    values = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, np.nan], [9.0, np.nan]])
    found = imputation_error(ColumnMean(), values, context_of(values), rng=1)
    assert found.n_hidden.tolist() == [10, 0]
    assert np.isnan(found.relative[1])


def test_equal_seeds_give_equal_results_and_zero_is_a_seed():
    results = [
        imputation_error(ColumnMean(), VALUES, context_of(VALUES), rng=seed).mean_absolute
        for seed in (0, np.int64(0), np.random.SeedSequence(0), 1)
    ]
    assert_array_equal(results[0], results[1])
    assert_array_equal(results[0], results[2])
    assert (results[0] != results[3]).any()


def test_a_generator_moves_on():
    rng, same = np.random.default_rng(5), np.random.default_rng(5)
    first, second, again = (
        imputation_error(ColumnMean(), VALUES, context_of(VALUES), rng=source).mean_absolute
        for source in (rng, rng, same)
    )
    assert_array_equal(first, again)
    assert (first != second).any()


@pytest.mark.parametrize("rng", [-1, 0.5, "1", True])
def test_the_seed_is_checked(rng):
    with pytest.raises(MethodError, match=r"rng .* must be a whole number of at least 0"):
        imputation_error(ColumnMean(), VALUES, context_of(VALUES), rng=rng)


@pytest.mark.parametrize("share", [0, 1, -0.5, np.nan, "0.1"])
def test_the_share_is_checked(share):
    with pytest.raises(MethodError, match="share must be a number above 0 and below 1"):
        imputation_error(ColumnMean(), VALUES, context_of(VALUES), share=share)


@pytest.mark.parametrize("n_rounds", [0, 1.5, True])
def test_the_number_of_rounds_is_checked(n_rounds):
    with pytest.raises(MethodError, match="n_rounds must be a whole number"):
        imputation_error(ColumnMean(), VALUES, context_of(VALUES), n_rounds=n_rounds)


def test_there_must_be_something_to_hide():
    values = np.array([[1.0], [2.0], [np.nan]])
    with pytest.raises(MethodError, match="no indicator has the three values"):
        imputation_error(ColumnMean(), values, context_of(values))


def test_an_imputer_of_another_library_needs_no_method_impute():
    class Imputer:
        def fit_transform(self, values):
            return np.where(np.isnan(values), 0.0, values)

    values = np.arange(12.0).reshape(6, 2)
    context = Context(units=tuple("abcdef"), codes=("x", "y"))
    found = imputation_error(Imputer(), values, context, share=0.2, n_rounds=2, rng=1)
    assert found.n_hidden.sum() > 0
