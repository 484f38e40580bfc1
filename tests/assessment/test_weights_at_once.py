"""Weights of all nodes in one pass: the same as of each node, in a time that grows with nodes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dli import Assessment, Index, Indicator, frames
from dli.assessment.scored import Scored
from dli.assessment.tables import local_and_effective
from dli.weighting import BenefitOfTheDoubt

INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a1"), Indicator("a2", weight=2)], weight=3),
        Index("B", [Index("C", [Indicator("c1"), Indicator("c2", weight=5)]), Indicator("b1")]),
    ],
)
VALUES = np.random.default_rng(0).random((5, 5))
DATA = {"unit": list("VWXYZ"), **dict(zip(["a1", "a2", "c1", "c2", "b1"], VALUES, strict=True))}


@pytest.mark.parametrize("weighting", [None, BenefitOfTheDoubt()])
def test_weights_of_all_nodes_are_those_of_each(weighting):
    choices = {} if weighting is None else {"weighting": weighting}
    assessment = Assessment(INDEX, DATA).evolve(**choices)
    found = local_and_effective(assessment)
    assert list(found) == [node.code for node in INDEX.walk()]
    for node in INDEX.walk():
        local, effective = found[node.code]
        want = assessment.effective_weight_array(node.code)
        assert effective.shape == want.shape
        assert_allclose(effective, want, rtol=1e-14)
        parent = INDEX.parent(node.code)
        if parent is not None:
            within = assessment.effective_weight_array(node.code, within=parent.code)
            assert_allclose(local, within, rtol=1e-14)


def test_tables_and_statements_do_not_climb_the_tree_for_each_node(monkeypatch):
    def climb(*_args, **_kwargs):
        raise AssertionError

    n = 2000
    index = Index("T", [Indicator(f"x{i}") for i in range(n)])
    rows = np.random.default_rng(0).random((3, n))
    codes = [indicator.code for indicator in index.indicators]
    assessment = Assessment(index, {"unit": list("XYZ"), **dict(zip(codes, rows.T, strict=True))})
    monkeypatch.setattr(Scored, "effective_weight_array", climb)
    table = frames.read(assessment.weights)
    assert_allclose(table.column("local")[1:], 1 / n)
    assert_allclose(table.column("effective")[1:], 1 / n)
    assert table.column("parent")[:2] == [None, "T"]
    assert assessment.methodology().count("| T | + |  | 0.0005 | 0.0005 |") == n
