from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capability.cases import matrices

from dli.capability import dematel, influence, total_influence
from dli.errors import DivergentInfluenceError, MethodError


def test_feedback_adds_up_as_worked_out_beforehand():
    """Four nodes in a loop of three: the total by hand, with a radius of .27256809."""
    a = np.zeros((4, 4))
    a[0, 1], a[1, 2], a[2, 0], a[1, 3], a[2, 3] = 0.3, 0.45, 0.15, 0.3, 0.15
    expected = [
        [0.02066854, 0.30620056, 0.13779025, 0.11252871],
        [0.06889513, 0.02066854, 0.45930084, 0.37509569],
        [0.15310028, 0.04593008, 0.02066854, 0.16687931],
        [0, 0, 0, 0],
    ]
    assert total_influence(a) == pytest.approx(np.array(expected), abs=1e-8)
    assert np.abs(np.linalg.eigvals(a)).max() == pytest.approx(0.27256809, abs=1e-8)


@given(matrices(acyclic=True))
def test_total_influence_is_the_sum_over_all_paths(a):
    def over_paths(start, end):
        return sum(
            a[start, mid] * ((mid == end) + over_paths(mid, end))
            for mid in range(len(a))
            if a[start, mid]
        )

    expected = [[over_paths(i, j) for j in range(len(a))] for i in range(len(a))]
    assert total_influence(a) == pytest.approx(np.array(expected), abs=1e-12)


@given(matrices(signed=False), st.data())
def test_a_stronger_link_never_lowers_what_it_reaches(a, data):
    before = total_influence(a)
    i, j = data.draw(
        st.sampled_from([(i, j) for i in range(len(a)) for j in range(len(a)) if i != j])
    )
    more = a.copy()
    more[i, j] += 0.04 * (1 - a[i].sum())
    assert (total_influence(more) >= before - 1e-12).all()


@given(matrices())
def test_total_influence_is_direct_influence_and_what_follows_it(a):
    total = total_influence(a)
    assert total == pytest.approx(a + a @ total, abs=1e-10)


def test_large_graphs_give_what_small_ones_give(monkeypatch):
    rng = np.random.default_rng(3)
    a = np.where(rng.random((40, 40)) < 0.1, rng.uniform(-0.2, 0.3, (40, 40)), 0.0)
    np.fill_diagonal(a, 0.0)
    from scipy.sparse import csr_array

    effects = rng.normal(size=(40, 3))
    expected = influence.summed_effects(csr_array(a), effects)
    monkeypatch.setattr(influence, "DENSE", 10)
    assert influence.summed_effects(csr_array(a), effects) == pytest.approx(expected, rel=1e-12)
    slow = csr_array(np.roll(np.eye(40) * 0.99, 1, axis=1))  # chains that fade slowly
    solved = influence.summed_effects(slow, effects)
    assert solved == pytest.approx(effects + slow @ solved, rel=1e-12)


def test_divergence_is_found_in_large_graphs_too(monkeypatch):
    monkeypatch.setattr(influence, "DENSE", 3)
    ring = np.roll(np.eye(8) * 1.1, 1, axis=1)
    with pytest.raises(DivergentInfluenceError, match=r"grows 1\.1 times"):
        total_influence(ring)


def test_a_loop_that_does_not_converge_is_named():
    a = np.zeros((4, 4))
    a[0, 1] = a[1, 0] = 1.0
    a[2, 3] = a[3, 2] = 0.9
    with pytest.raises(
        DivergentInfluenceError, match=r"grows 1 times in each round among '0', '1'"
    ):
        total_influence(a)


def test_strong_links_without_a_loop_converge():
    assert total_influence([[0, 3, 2], [0, 0, 5], [0, 0, 0]])[0, 2] == 17.0


@pytest.mark.parametrize(
    ("direct", "message"),
    [
        ([[0, 1]], "square matrix, got shape \\(1, 2\\)"),
        ([[0, np.nan], [0, 0]], "row 0, column 1: nan"),
        (np.empty((0, 0)), "square matrix"),
    ],
)
def test_what_is_no_influence_is_refused(direct, message):
    with pytest.raises(MethodError, match=message):
        total_influence(direct)


def test_dematel_gives_what_was_worked_out_beforehand():
    result = dematel([[0, 3, 2, 1], [1, 0, 3, 2], [2, 1, 0, 3], [1, 2, 1, 0]])
    assert result.total[0] == pytest.approx([2, 3, 3, 3])
    assert result.prominence == pytest.approx(
        [18.735294, 20.852941, 20.852941, 18.735294], abs=1e-6
    )
    assert result.relation == pytest.approx([3.264706, 0.264706, -0.264706, -3.264706], abs=1e-6)
    assert result.map().tolist() == (result.total > result.total.mean()).tolist()
    assert result.map(2.9).sum() == (result.total > 2.9).sum()


def test_dematel_agrees_with_exact_fractions():
    """The five factors of a supply chain that an online DEMATEL tool shows: the largest sum is 12."""
    direct = [[0, 4, 3, 1, 0], [0, 0, 4, 1, 1], [0, 1, 0, 4, 4], [0, 0, 1, 0, 0], [1, 0, 4, 4, 0]]
    result = dematel(direct)
    assert result.normalised.round(3)[0].tolist() == [0, 0.333, 0.25, 0.083, 0]
    n = [[Fraction(cell, 12) for cell in row] for row in direct]
    total = _exact_total(n)
    assert result.total == pytest.approx(np.array(total, dtype=float), abs=1e-12)
    given_ = [float(sum(row)) for row in total]
    received = [float(sum(column)) for column in zip(*total, strict=True)]
    assert result.relation == pytest.approx(np.subtract(given_, received))


def _exact_total(n):
    """Solve (I - N) T = N by elimination in fractions."""
    size = len(n)
    rows = [[Fraction(i == j) - n[i][j] for j in range(size)] + list(n[i]) for i in range(size)]
    for k in range(size):
        pivot = rows[k][k]
        rows[k] = [cell / pivot for cell in rows[k]]
        for i in range(size):
            if i != k:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]


@pytest.mark.parametrize(
    ("direct", "error", "message"),
    [
        ([[0, -1], [1, 0]], MethodError, "row 0, column 1: -1"),
        ([[0, 0], [0, 0]], MethodError, "all ratings are 0"),
        ([[0, 2], [2, 0]], DivergentInfluenceError, "does not converge"),
    ],
)
def test_dematel_refuses_what_has_no_analysis(direct, error, message):
    with pytest.raises(error, match=message):
        dematel(direct)
