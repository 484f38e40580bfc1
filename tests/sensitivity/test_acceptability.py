"""Shares of ranks, and the weights behind them, of an assessment."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import example

from dli import Assessment, Index, Indicator, Method, frames
from dli.normalisation import Goalposts
from dli.robustness import arrays
from dli.sensitivity import WeightNoise, central_weights, rank_acceptability, uncertainty


def test_the_children_of_a_node_have_random_weights():
    own = example()
    found = rank_acceptability(own, n_samples=500, rng=3)
    bare = arrays.rank_acceptability(own.arrays("ABC"), n_samples=500, rng=3)
    assert_array_equal(found.acceptability, bare.acceptability)
    table = frames.read(central_weights(own, n_samples=500, rng=3))
    assert_array_equal(table.column("share"), bare.acceptability[:, 0])
    assert_allclose(
        np.array([table.column(code) for code in "ABC"], dtype=float).T, bare.central_weights
    )


def test_periods_are_ranked_apart_and_one_without_scores_has_none():
    index = Index("T", [Indicator(code, goalposts=(0, 10)) for code in "ab"])
    data = {
        "unit": list("XYXYZ"),
        "year": [1, 1, 2, 2, 2],
        "a": [None, 5.0, 1.0, 2.0, 3.0],
        "b": [4.0, None, 1.0, 2.0, 3.0],
    }
    method = Method(normalisation=Goalposts(), missing="propagate")
    found = rank_acceptability(
        Assessment(index, data, period="year", method=method), n_samples=10, rng=1
    )
    assert np.isnan(found.acceptability[:2]).all()
    assert found.acceptability[2:].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_shares_print_with_names_and_on_arrays_with_rows():
    bare = arrays.rank_acceptability([[1.0, 1], [2, 2], [2, 2]], n_samples=1, rng=1)
    assert repr(bare).splitlines() == [
        "Shares of ranks under 1 random weighting",
        "",
        "unit    first  likeliest rank  its share",
        "row 1  100.0%               1     100.0%",
        "row 2  100.0%               1     100.0%",
        "row 0    0.0%               3     100.0%",
    ]
    named = rank_acceptability(example(), n_samples=10, rng=1)
    assert "u0" in repr(named)
    by_period = rank_acceptability(example(periods=3), n_samples=10, rng=1)
    assert "u0, 2" in repr(by_period)


def test_a_study_of_several_periods_prints_them():
    shown = repr(uncertainty(example(periods=3), [WeightNoise(0.2)], n_samples=10, rng=1))
    assert shown.splitlines()[2].split()[:3] == ["unit", "period", "rank"]
    assert shown.startswith("Uncertainty of T: 10 draws, 8 factors, mean rank shift ")
