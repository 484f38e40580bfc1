import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dli.errors import DLIWarning, InconsistentJudgementsError, MethodError
from dli.framework import Indicator
from dli.weighting import (
    AHP,
    Declared,
    Entropy,
    Equal,
    Fixed,
    ahp_priorities,
    entropy_weights,
    equal_weights,
)

pytestmark = pytest.mark.filterwarnings("ignore::dli.DLIWarning")
CHILDREN = [Indicator("a", weight=3), Indicator("b"), Indicator("c", weight=0)]
VALUES = np.array([[1.0, 4.0, 2.0], [2.0, 4.0, 8.0], [3.0, 4.0, 2.0]])
tables = hnp.arrays(
    np.float64, st.tuples(st.integers(2, 12), st.just(3)), elements=st.floats(0.5, 100)
).filter(lambda x: (np.ptp(x, axis=0) > 0.1).any())


@pytest.mark.parametrize(
    "scheme",
    [Declared(), Equal(), Fixed({"a": 2, "b": 1, "c": 1, "other": 9}), Entropy(),
     AHP({("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 2})],
    ids=lambda scheme: type(scheme).__name__,
)  # fmt: skip
@given(values=tables)
def test_weights_lie_on_the_simplex_and_ignore_the_order_of_units(scheme, values):
    weights = scheme.weights(values, CHILDREN)
    assert weights.shape == (3,)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(scheme.weights(values[::-1], CHILDREN), weights, atol=1e-12)


def test_declared_and_fixed_weights_keep_their_proportions():
    assert Declared().weights(VALUES, CHILDREN).tolist() == [0.75, 0.25, 0]
    assert Fixed({"a": 1, "b": 3, "c": 4}).weights(VALUES, CHILDREN).tolist() == [0.125, 0.375, 0.5]
    assert Equal().weights(VALUES, CHILDREN[:1]).tolist() == [1.0]


def test_weights_that_are_none_are_refused():
    with pytest.raises(
        MethodError, match="number of children to weigh must be a whole number of at least 1, got 0"
    ):
        equal_weights(0)
    with pytest.raises(MethodError, match="declared weights must not all be 0: c"):
        Declared().weights(VALUES, CHILDREN[2:])
    with pytest.raises(MethodError, match="weights must not all be 0: a, b"):
        Fixed({"a": 0, "b": 0.0}).weights(VALUES, CHILDREN[:2])
    with pytest.raises(MethodError, match=r"(?s)missing for.*'b'.*'c'"):
        Fixed({"a": 1}).weights(VALUES, CHILDREN)
    with pytest.raises(
        MethodError, match=r"(?s)'a' must be .*got -1.*'b' .*got inf.*'c' .*got True.*'d' .*got '1'"
    ):
        Fixed({"a": -1, "b": np.inf, "c": True, "d": "1"})
    with pytest.raises(MethodError, match="must be a mapping of codes to numbers"):
        Fixed([1, 2])


# Entropy


def test_entropy_weights_of_a_table_worked_by_hand():
    # Shares of a: 1/6, 1/3, 1/2, entropy 0.92062; of c: 1/6, 2/3, 1/6, entropy 0.78969.
    expected = np.array([1 - 0.920619835714305, 0, 1 - 0.7896900821428474])
    np.testing.assert_allclose(entropy_weights(VALUES), expected / expected.sum(), rtol=1e-12)


@given(tables, st.floats(0.01, 100))
def test_entropy_weights_ignore_the_unit_of_measure(values, factor):
    scaled = values * [factor, 1, 1]
    np.testing.assert_allclose(entropy_weights(scaled), entropy_weights(values), atol=1e-9)


def test_missing_values_leave_the_entropy_of_the_rest():
    gaps = np.vstack([VALUES, [np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(entropy_weights(gaps), entropy_weights(VALUES), rtol=1e-14)


def test_zero_shares_add_no_entropy():
    assert entropy_weights([[0.0, 1.0], [5.0, 1.0], [5.0, 2.0]])[0] > 0.5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0], r"shape \(n_units, n_indicators\), got \(2,\)"),
        ([[1.0, -2.0], [2.0, np.inf]], "column 1: 2 invalid, such as -2"),
        ([[1.0, np.nan], [2.0, 3.0]], "column 1: 1 values, expected at least 2"),
        (
            [[1.0, 0.0], [2.0, 0.0]],
            "(?s)entropy weights are undefined for an indicator that is 0 for all units.*column 1",
        ),
        ([[2.0, 5.0], [2.0, 5.0]], "an indicator that differs between units: column 0, column 1"),
    ],
)
def test_values_without_entropy_are_refused(values, message):
    with pytest.raises(MethodError, match=message):
        entropy_weights(values)


def test_the_scheme_names_codes():
    with pytest.raises(
        MethodError, match=r"(?s)entropy weights need finite values of at least 0.*'b': 3 invalid"
    ):
        Entropy().weights(VALUES * [1, -1, 1], CHILDREN)


# AHP


def test_judgements_of_published_examples_give_their_priorities():
    # Saaty (2008), Decision making with the analytic hierarchy process, consumption of drinks:
    # coffee, wine, tea, beer, soda, milk, water; printed to three decimals.
    upper = [9, 5, 2, 1, 1, 1 / 2, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 4, 1 / 3, 1 / 9,
             1 / 2, 1, 1 / 3, 2, 1 / 2, 1 / 3]  # fmt: skip
    found = ahp_priorities(_reciprocal(7, upper))
    printed = [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327]
    np.testing.assert_allclose(found.weights, printed, atol=0.0006)
    assert found.consistency_ratio == pytest.approx(0.022, abs=0.0006)
    # Saaty (1980), choice of a school; printed to two decimals. The C.R. of .24 printed with it
    # does not follow from the matrix, which gives .229.
    upper = [4, 3, 1, 3, 4, 7, 3, 1 / 5, 1, 1 / 5, 1 / 5, 1 / 6, 1, 1 / 3, 3]
    found = ahp_priorities(_reciprocal(6, upper))
    np.testing.assert_allclose(found.weights, [0.32, 0.14, 0.03, 0.13, 0.24, 0.14], atol=0.006)


def _reciprocal(n, upper):
    matrix = np.eye(n)
    matrix[np.triu_indices(n, 1)] = upper
    return matrix + np.triu(1 / np.where(matrix > 0, matrix, 1), 1).T


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(0.1, 9)))
def test_consistent_judgements_give_back_the_weights(weights):
    matrix = weights[:, np.newaxis] / weights
    for method in ("eigenvector", "geometric"):
        found = ahp_priorities(matrix, method=method)
        np.testing.assert_allclose(found.weights, weights / weights.sum(), rtol=1e-9)
        assert found.lambda_max == pytest.approx(len(weights))
        assert found.consistency_ratio == pytest.approx(0, abs=1e-12)
        assert found.geometric_consistency_index == pytest.approx(0, abs=1e-12)


CODES = ["a", "b", "c"]
PAIRS = {("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6}
MATRIX = [[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]]


@pytest.mark.parametrize(
    "judgements",
    [PAIRS, [[*pair, value] for pair, value in PAIRS.items()], MATRIX, np.array(MATRIX),
     {("b", "a"): 1 / 2, ("a", "b"): 2, ("c", "b"): 1 / 3, ("a", "c"): 6}],
    ids=["mapping", "pairs", "matrix", "array", "either way"],
)  # fmt: skip
def test_judgements_may_be_written_in_several_ways(judgements):
    found = AHP(judgements).weights(VALUES, CHILDREN)
    np.testing.assert_allclose(found, [0.6, 0.3, 0.1])


def test_the_rows_of_a_matrix_may_have_an_order_of_their_own():
    scheme = AHP(np.array(MATRIX)[::-1, ::-1], items=["c", "b", "a"])
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), [0.6, 0.3, 0.1])


def test_contradictory_judgements_are_told():
    contrary = AHP({("a", "b"): 5, ("b", "c"): 5, ("a", "c"): 1 / 5})
    with pytest.warns(
        DLIWarning, match=r"on a, b, c have a consistency ratio of \d\.\d+, above 0.1"
    ):
        contrary.weights(VALUES, CHILDREN)
    assert contrary.priorities(CODES).consistency_ratio > 1


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2]], r"got shape \(1, 2\)"),
        ([[1, 2], [2, 1]], r"\(0, 1\): 2, but \(1, 0\): 2"),
        ([[1, -2], [-0.5, 1]], r"(?s)\(0, 1\): -2 is not a number above zero.*\(1, 0\): -0.5"),
        ([[2, 2], [0.5, 1]], r"\(0, 0\): 2, expected 1"),
    ],
)
def test_a_matrix_that_is_none_of_judgements_is_refused(matrix, message):
    with pytest.raises(MethodError, match=message):
        ahp_priorities(matrix)


def test_an_unknown_method_is_refused():
    with pytest.raises(MethodError, match="method must be one of eigenvector, geometric"):
        ahp_priorities([[1]], method="eigen")
    with pytest.raises(MethodError, match="got 'eigen'"):
        AHP(MATRIX, method="eigen")


@pytest.mark.parametrize(
    ("judgements", "error", "message"),
    [
        ({("a", "d"): 2}, MethodError, r"(?s)must refer to a, b, c; unknown codes.*'d'"),
        (
            {("a", "b"): 2},
            InconsistentJudgementsError,
            r"(?s)no judgement connects these groups.*a, b.*c",
        ),
        (PAIRS | {("b", "a"): 2}, InconsistentJudgementsError, r"\(b, a\): judged 0.5 and 2"),
        (
            PAIRS | {("a", "b"): 0},
            MethodError,
            r"\(a, b\): a judgement must be a number above 0, got 0",
        ),
        ([[1, 2], [0.5, 1]], MethodError, "must be 3 rows of 3, got 2 rows of"),
    ],
)
def test_judgements_that_cannot_be_used_are_refused(judgements, error, message):
    with pytest.raises(error, match=message):
        AHP(judgements).weights(VALUES, CHILDREN)


def test_judgements_on_other_items_are_refused():
    with pytest.raises(
        MethodError, match="judgements are on a, b, d, but the children are a, b, c"
    ):
        AHP(MATRIX, items=["a", "b", "d"]).weights(VALUES, CHILDREN)
    with pytest.raises(
        MethodError, match=r"must be a matrix, a mapping or a list of pairs .*got 3"
    ):
        AHP(3)


def test_large_matrices_have_a_random_index_too():
    rng = np.random.default_rng(0)
    a = np.triu(rng.choice([1 / 9, 1 / 3, 1, 3, 9], (20, 20)), 1)
    a = a + np.eye(20) + np.where(a > 0, 1 / np.where(a > 0, a, 1), 0).T
    assert 0.5 < ahp_priorities(a).consistency_ratio < 2


def test_judgements_may_be_numbers_of_numpy():
    scheme = AHP({("a", "b"): np.float32(2), ("b", "c"): np.int64(3), ("a", "c"): np.float64(6)})
    np.testing.assert_allclose(scheme.weights(VALUES, CHILDREN), [0.6, 0.3, 0.1])


def test_wildly_contradictory_stacks_end_too():
    # Circles of preference, each item thousands of times the next: power iteration crawls.
    stack = np.ones((3, 4, 4))
    for matrix, ratios in zip(
        stack, ([1e4, 1e3, 1e5, 1e2], [1e2, 1e5, 1e3, 1e4], [1e5] * 4), strict=True
    ):
        for i, ratio in enumerate(ratios):
            matrix[i, (i + 1) % 4], matrix[(i + 1) % 4, i] = ratio, 1 / ratio
    found = ahp_priorities(stack)
    for matrix, weights, value in zip(stack, found.weights, found.lambda_max, strict=True):
        np.testing.assert_allclose(matrix @ weights, value * weights, rtol=1e-9)


def test_declared_weights_may_be_numbers_of_numpy():
    children = [Indicator("a", weight=np.float64(3.0)), Indicator("b")]
    assert Declared().weights(np.zeros((2, 2)), children).tolist() == [0.75, 0.25]
