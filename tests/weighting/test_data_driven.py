import numpy as np
import pytest

from dli.errors import DLIWarning, MethodError
from dli.framework import Indicator
from dli.weighting import (
    Balanced,
    CoefficientOfVariation,
    Critic,
    Gini,
    Merec,
    PrincipalComponents,
    StandardDeviation,
    balanced_weights,
    coefficient_of_variation_weights,
    component_weights,
    correlation_weights,
    critic_weights,
    gini_weights,
    loading_weights,
    merec_weights,
    principal_component_weights,
    standard_deviation_weights,
)
from dli.weighting.components import varimax

CHILDREN = [Indicator(code) for code in "abc"]
VALUES = np.array([[1.0, 50.0, 2.0], [2.0, 20.0, 1.0], [3.0, 90.0, 4.0], [4.0, 60.0, 5.0]])
CONSTANT = VALUES * [1, 0, 1] + [0, 7, 0]


def test_spreads_worked_by_hand():
    values = [[1.0, 2.0], [3.0, 8.0]]  # deviations 1.414, 4.243; means 2, 5
    np.testing.assert_allclose(standard_deviation_weights(values), [0.25, 0.75])
    np.testing.assert_allclose(coefficient_of_variation_weights(values), [0.5 / 1.1, 0.6 / 1.1])
    # Gini of 1, 3: (2 * 2) / (2 * 4 * 2) = 0.25; of 2, 8: (2 * 6) / (2 * 4 * 5) = 0.3
    np.testing.assert_allclose(gini_weights(values), [0.25 / 0.55, 0.3 / 0.55])
    np.testing.assert_allclose(standard_deviation_weights(values, normalise="minmax"), [0.5, 0.5])


def test_standard_deviation_weights_of_a_published_table():
    # Jahan and Edwards (2013), Materials and Design 49; weights printed to two decimals.
    values = [[0, 0, 0], [0.39, 0.3, 0.77], [0.17, 0.36, 0.8], [0.35, 0.29, 0.93], [0.3, 0.4, 0.94],
              [0.84, 0.71, 1], [1, 1, 0.99]]  # fmt: skip
    np.testing.assert_allclose(standard_deviation_weights(values), [0.35, 0.31, 0.34], atol=0.005)


def test_spreads_follow_their_definitions_with_gaps():
    values = VALUES.copy()
    values[1, 0] = values[3, 2] = np.nan
    gini, deviation, variation = [], [], []
    for column in values.T:
        x = column[~np.isnan(column)]
        gini.append(np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean()))
        deviation.append(x.std(ddof=1))
        variation.append(x.std(ddof=1) / x.mean())
    for weights, raw in (
        (gini_weights, gini),
        (standard_deviation_weights, deviation),
        (coefficient_of_variation_weights, variation),
    ):
        np.testing.assert_allclose(weights(values), np.array(raw) / sum(raw))


def test_critic_weights_of_tables_worked_by_hand():
    # Stretched: 0 1/2 1 and 1 0 1/2; deviations 1/2 both; correlation -1/2: the same information.
    np.testing.assert_allclose(critic_weights([[1.0, 9.0], [2.0, 5.0], [3.0, 7.0]]), [0.5, 0.5])
    # The third goes with the first: 1.5, 3 and 1.5 of conflict.
    three = [[1.0, 9.0, 10.0], [2.0, 5.0, 20.0], [3.0, 7.0, 30.0]]
    np.testing.assert_allclose(critic_weights(three), [0.25, 0.5, 0.25])
    # Turned round: 2 + 1.5, 1.5 + 0.5 and 2 + 0.5.
    np.testing.assert_allclose(critic_weights(three, [1, 1, -1]), np.array([3.5, 2.0, 2.5]) / 8)


def test_critic_weights_of_a_published_table():
    # Tuş and Aytaç Adalı (2019), Opsearch 56; printed to three decimals.
    values = [[5000, 3, 3, 4, 3, 2], [680, 5, 3, 2, 2, 1], [2000, 3, 2, 3, 4, 3],
              [600, 4, 3, 1, 2, 2], [800, 2, 4, 3, 3, 4]]  # fmt: skip
    printed = [0.157, 0.249, 0.168, 0.121, 0.154, 0.151]
    np.testing.assert_allclose(critic_weights(values), printed, atol=0.0005)


def test_a_repeated_indicator_shares_the_weight_of_one():
    first, second = np.random.default_rng(0).normal(size=(2, 50))
    second -= first * (first @ second) / (first @ first)
    first, second = first - first.mean(), second - second.mean()
    second -= first * (first @ second) / (first @ first)
    found = correlation_weights(np.column_stack([first, second, -2 * first]))
    np.testing.assert_allclose(found, [0.25, 0.5, 0.25])


def test_merec_weights_of_the_paper_that_proposed_them():
    # Keshavarz-Ghorabaee et al. (2021), Symmetry 13: weights 0.5752, 0.0141, 0.4016, 0.0091.
    values = [[450, 8000, 54, 145], [10, 9100, 2, 160], [100, 8200, 31, 153], [220, 9300, 1, 162],
              [5, 8400, 23, 158]]  # fmt: skip
    found = merec_weights(values, [1, 1, -1, -1])
    np.testing.assert_allclose(found, [0.5752, 0.0141, 0.4016, 0.0091], atol=5e-5)


# Principal components


def test_first_component_weights_are_squared_entries():
    found = component_weights(VALUES)
    eigenvalues, vectors = np.linalg.eigh(np.corrcoef(VALUES.T))
    np.testing.assert_allclose(found.weights, vectors[:, eigenvalues.argmax()] ** 2)
    np.testing.assert_allclose(found.eigenvalues, eigenvalues[::-1])
    assert found.explained_share == pytest.approx(eigenvalues.max() / 3)
    assert not found.mixed_signs
    plain = principal_component_weights(VALUES, loadings="plain")
    vector = np.abs(vectors[:, eigenvalues.argmax()])
    np.testing.assert_allclose(plain, vector / vector.sum())


def test_rotation_finds_the_two_blocks_that_were_put_in():
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(2, 400))
    noise = rng.normal(size=(400, 5)) * 0.3
    values = np.column_stack([first, first, first, second, second]) + noise
    found = component_weights(values, loadings="rotated")
    np.testing.assert_allclose(found.weights, 0.2, atol=0.01)
    assert found.loadings.shape == (5, 2)
    assert (np.sort(np.abs(found.loadings), axis=1)[:, 0] < 0.1).all()
    # The first component alone sees the larger block and hardly the other.
    assert component_weights(values).weights[:3].sum() > 0.95


def test_rotation_gives_the_most_simple_structure():
    # For two components every rotation is an angle: none has a larger varimax criterion.
    rng = np.random.default_rng(6)
    values = rng.normal(size=(60, 6)) @ rng.normal(size=(6, 6))
    loadings = component_weights(values, loadings="rotated").loadings
    assert loadings.shape[1] == 2

    def criterion(angle):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return ((loadings @ turn) ** 2).var(axis=0).sum()

    assert criterion(0) >= max(criterion(a) for a in np.linspace(0, np.pi, 500)) - 1e-9


def _criterion(loadings):
    return (loadings**2).var(axis=0).sum()


@pytest.mark.parametrize("shape", [(4, 3), (30, 5), (9, 2), (3, 3)])
@pytest.mark.parametrize("kaiser", [False, True])
def test_no_small_turn_improves_a_varimax_rotation(shape, kaiser):
    rng = np.random.default_rng(1)
    loadings = rng.normal(size=shape)
    turned = varimax(loadings, kaiser=kaiser)
    np.testing.assert_allclose((turned**2).sum(axis=1), (loadings**2).sum(axis=1))
    explained = (turned**2).sum(axis=0)
    assert (np.diff(explained) <= 0).all()
    if kaiser:
        turned = turned / np.sqrt((turned**2).sum(axis=1, keepdims=True))
    best = _criterion(turned)
    for _ in range(50):
        raw = rng.normal(size=(shape[1], shape[1])) * 1e-3
        turn = np.linalg.qr(np.eye(shape[1]) + raw - raw.T)[0]
        assert _criterion(turned @ turn) <= best + 1e-12


def test_a_rotation_that_does_not_converge_is_an_error():
    """A rotation used to stop after 500 steps and say nothing."""
    loadings = np.random.default_rng(1).normal(size=(12, 4))
    with pytest.raises(MethodError, match="varimax rotation has not converged after 1 sweeps"):
        varimax(loadings, sweeps=1)


def test_a_flat_criterion_and_an_indicator_without_loadings_are_no_obstacle():
    # Two equal axes at every angle: no rotation is better than another.
    flat = np.array([[1.0, 0.0], [0.0, 1.0], [0.5**0.5, 0.5**0.5], [0.5**0.5, -(0.5**0.5)]])
    np.testing.assert_allclose(varimax(flat), flat)
    turned = varimax(np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 0.0]]), kaiser=True)
    np.testing.assert_allclose(np.sort(np.abs(turned), axis=1)[:, 1], [2**0.5, 2**0.5, 0])


def test_an_indicator_belongs_to_the_component_with_its_largest_scaled_square():
    """The largest loading may be on another component, one that explains much."""
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(2, 300))
    weak = first * 0.75 + second * 0.6 + rng.normal(size=300) * 0.3
    noise = rng.normal(size=(300, 7)) * 0.3
    values = np.column_stack([np.column_stack([first] * 5 + [second] * 2) + noise, weak])
    result = component_weights(values, loadings="rotated")
    scaled = result.loadings**2 / (result.loadings**2).sum(axis=0)
    assert result.component.tolist() == scaled.argmax(axis=1).tolist()
    assert np.abs(result.loadings[7]).argmax() == 0
    assert result.component[7] == 1
    own = result.loadings[np.arange(8), result.component] ** 2
    np.testing.assert_allclose(result.weights, own / own.sum())
    assert "Kaiser" in PrincipalComponents("rotated", kaiser=True).describe()


def test_a_child_against_the_first_component_is_told():
    against = VALUES * [1, 1, -1]
    with pytest.warns(DLIWarning, match="'c': negative loadings on their principal component"):
        PrincipalComponents().weights(against, CHILDREN)
    assert component_weights(against).mixed_signs
    with pytest.raises(MethodError, match=r"(?s)plain loadings of both signs.*'c'"):
        PrincipalComponents("plain").weights(against, CHILDREN)


# Balanced


def test_balanced_weights_meet_targets_where_they_can():
    found = balanced_weights(VALUES[:, :2], [5, 4])
    np.testing.assert_allclose(found.importances, [5 / 9, 4 / 9])
    assert found.converged
    assert found.objective < 1e-20
    index = VALUES[:, :2] @ found.weights
    r = np.array([np.corrcoef(column, index)[0, 1] for column in VALUES[:, :2].T])
    np.testing.assert_allclose(r, found.correlations)
    assert balanced_weights([[1.0], [2.0]]).weights.tolist() == [1]


def test_indicators_without_correlation_have_the_importance_of_their_spread():
    values = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * [1.0, 2.0, 5.0]
    found = balanced_weights(values, [3, 2, 1])
    expected = np.array([3, 2 / 2, 1 / 5])
    np.testing.assert_allclose(found.weights, expected / expected.sum())


def test_targets_out_of_reach_are_met_as_nearly_as_weights_can():
    rng = np.random.default_rng(7)
    values = rng.normal(size=(40, 1)) + 0.4 * rng.normal(size=(40, 3))
    scheme = Balanced({"a": 8, "b": 1, "c": 1})
    with pytest.warns(
        DLIWarning, match=r"no weights of at least 0 meet.*: a 0\.\d+ \(target 0\.800\), b"
    ):
        scheme.weights(values, CHILDREN)
    found = scheme.balance(values, CHILDREN)
    assert not found.converged
    for weights in rng.dirichlet(np.ones(3), 3000):
        r = np.corrcoef(np.column_stack([values, values @ weights]).T)[:3, 3]
        assert ((r / r.sum() - found.targets) ** 2).mean() >= found.objective - 1e-12


def test_targets_are_keyed_by_code():
    values = np.random.default_rng(8).normal(size=(40, 3))
    turned = Balanced({"c": 1, "a": 3, "b": 2}).weights(values[:, ::-1], CHILDREN[::-1])
    np.testing.assert_allclose(turned, balanced_weights(values, [3, 2, 1]).weights[::-1])
    with pytest.raises(
        MethodError, match=r"(?s)targets must refer to a, b, c.*'c': no target.*'d': no child"
    ):
        Balanced({"a": 1, "b": 1, "d": 1}).balance(VALUES, CHILDREN)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: standard_deviation_weights([1.0]), r"shape \(n_units, n_indicators\), got \(1,\)"),
        (lambda: gini_weights([[np.inf, 1.0], [2.0, 3.0]]), "column 0: 1 invalid, such as inf"),
        (lambda: standard_deviation_weights(VALUES, normalise="z"), "'none' or 'minmax', got 'z'"),
        (lambda: StandardDeviation("z"), "'none' or 'minmax', got 'z'"),
        (lambda: StandardDeviation("minmax").weights(CONSTANT, CHILDREN), r"(?s)undefined.*'b'"),
        (lambda: standard_deviation_weights([[1.0, 2.0], [1.0, 2.0]]), "an indicator that differs"),
        (lambda: standard_deviation_weights([[1.0, np.nan], [2.0, 2.0]]), "column 1: 1 values, expected at least 2"),
        (lambda: CoefficientOfVariation().weights(VALUES - [2.5, 0, 0], CHILDREN), r"(?s)a mean of 0.*'a'"),
        (lambda: Gini().weights(VALUES - [2, 0, 0], CHILDREN), r"(?s)of at least 0.*'a': 1 invalid, such as -1"),
        (lambda: gini_weights([[0.0, 1.0], [0.0, 2.0]]), r"(?s)is 0 for all units.*column 0"),
        (lambda: Critic().weights(CONSTANT, CHILDREN), r"(?s)the same for all units.*'b'"),
        (lambda: critic_weights([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]]), "undefined if all correlations are 1: column 0"),
        (lambda: critic_weights(VALUES, [1, 0, 1]), r"directions must be 3 numbers, each 1 or -1, got \[1.0, 0.0, 1.0\]"),
        (lambda: correlation_weights([[1.0, np.nan], [2.0, 1.0], [3.0, 5.0]]), r"(?s)at least 3 units with all values, got 2.*column 1: 1 missing"),
        (lambda: Merec().weights(VALUES - [1, 0, 0], CHILDREN), r"(?s)above 0.*'a': 1 invalid, such as 0"),
        (lambda: merec_weights([[1.0, np.nan], [np.nan, 2.0]]), "at least 2 units with all values, got 0"),
        (lambda: merec_weights([[2.0, 3.0], [2.0, 3.0]]), "an indicator that differs"),
        (lambda: principal_component_weights(VALUES, loadings="last"), "'squared', 'plain' or 'rotated', got 'last'"),
        (lambda: PrincipalComponents("last"), "got 'last'"),
        (lambda: loading_weights([[1.0, 0.0], [0.5, 0.0]]), r"every component .* explain \[1.25, 0.0\]"),
        (lambda: loading_weights([0.5]), r"loadings must have the shape \(n_units, n_components\)"),
        (lambda: principal_component_weights(CONSTANT), r"(?s)the same for all units.*column 1"),
        (lambda: principal_component_weights(VALUES[:2]), "at least 3 units with all values, got 2"),
        (lambda: balanced_weights(CONSTANT), r"(?s)the same for all units.*column 1"),
        (lambda: balanced_weights(VALUES, [1, 2]), "targets must be 3 finite numbers above 0"),
        (lambda: balanced_weights(VALUES, [1, 2, 0]), "targets must be 3 finite numbers above 0"),
        (lambda: Balanced([1, 2]), "targets must be a mapping of codes"),
    ],
    ids=range(27),
)  # fmt: skip
def test_what_a_scheme_cannot_weigh_is_refused(call, message):
    with pytest.raises(MethodError, match=message):
        call()


def test_columns_constant_over_the_complete_units_are_refused():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [np.nan, 6.0]])
    for call in (
        principal_component_weights,
        balanced_weights,
        critic_weights,
        correlation_weights,
    ):
        with pytest.raises(MethodError, match=r"(?s)the same for all units.*column 1"):
            call(values)
