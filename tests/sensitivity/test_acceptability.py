"""Shares of ranks, and the weights behind them, of an assessment."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import example

from dli import Assessment, Index, Indicator, Method, frames
from dli.normalisation import Goalposts
from dli.robustness import arrays
from dli.sensitivity import central_weights, rank_acceptability


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
