"""What a search for faults found: each case failed once."""

import numpy as np
import pytest

from dli import Assessment, Coverage, Index, Indicator, Method
from dli.aggregation import ArithmeticMean, Copeland, GeometricMean, Minimum, PowerMean
from dli.errors import MethodError
from dli.normalisation import MinMax
from dli.sensitivity import DirichletWeights, Exclusion, MeasurementError, WeightNoise, evaluate
from dli.weighting import Traits

pytestmark = pytest.mark.once

INDEX = Index(
    "T", [Index("N", [Indicator("a"), Indicator("b", weight=0)]), Indicator("c"), Indicator("d")]
)
DATA = {"unit": list("XYZ"), "a": [1, 2, 3], "b": [3, 1, 2], "c": [1, 5, 2], "d": [4, 3, 5]}
GAP = DATA | {"d": [4, 3, None]}
KINDS = [ArithmeticMean(), GeometricMean(), Minimum(), PowerMean(20), Copeland()]


class ByUnit:
    """All weight on the first child, but for the last unit."""

    traits = Traits(per_unit=True)

    def weights(self, values, children):
        found = np.zeros((len(values), len(children)))
        found[:, 0] = 1.0
        found[-1] = 1 / len(children)
        return found


@pytest.mark.parametrize("aggregation", KINDS, ids=repr)
@pytest.mark.parametrize("data", [DATA, GAP], ids=["whole", "gap"])
@pytest.mark.parametrize("more", [[], [MeasurementError(0.1)]], ids=["", "noise"])
def test_leaving_out_all_that_has_weight_is_refused(aggregation, data, more):
    method = Method(aggregation=aggregation, normalisation=MinMax(1, 10))
    assessment = Assessment(INDEX, data, method=method)
    inputs = [Exclusion(["a"]), *more]
    with pytest.raises(MethodError, match=r"the others have a weight of 0; .*at:\n  - 'N'"):
        evaluate(assessment, inputs, [[0.1] * (1 + len(more)), [0.9] * (1 + len(more))])
    kept = evaluate(assessment, inputs[:1], [[0.1]])
    assert np.isfinite(kept).all()


def test_leaving_out_all_that_has_weight_for_a_unit_is_refused():
    method = Method(weighting={"N": ByUnit()}, normalisation=MinMax(1, 10))
    assessment = Assessment(INDEX, DATA, method=method)
    with pytest.raises(MethodError, match=r"at:\n  - 'N'"):
        evaluate(assessment, [Exclusion(["a"])], [[0.9]])
    assert np.isfinite(
        evaluate(assessment, [Exclusion(["b"]), WeightNoise(0.5)], [[0.9] * 6])
    ).all()


@pytest.mark.parametrize("aggregation", KINDS, ids=repr)
@pytest.mark.parametrize("coverage", [1.0, Coverage(number=2)], ids=repr)
@pytest.mark.parametrize("more", [[], [MeasurementError({"c": 1e-9})]], ids=["", "noise"])
def test_a_child_that_is_missing_in_a_draw_does_not_cover_its_node(aggregation, coverage, more):
    index = Index("T", [Index("N", [Indicator("a"), Indicator("b")]), Indicator("c")])
    data = {"unit": list("XYZ"), "a": [1, 2, 3], "b": [3, 1, None], "c": [1, 5, 2]}
    method = Method(
        aggregation={"T": aggregation}, coverage={"T": coverage}, normalisation=MinMax(1, 10)
    )
    assessment = Assessment(index, data, method=method)
    inputs = [Exclusion(["a"]), *more]
    whole, without = evaluate(assessment, inputs, [[own] + [0.5] * len(more) for own in (0.1, 0.9)])
    assert np.isfinite(whole).all()
    assert np.isnan(without).tolist() == [False, False, True]


@pytest.mark.parametrize("number", [0.0, 1.0])
def test_the_ends_of_uniform_numbers_are_dirichlet_weights(number):
    assessment = Assessment(INDEX, DATA)
    inputs = [DirichletWeights(1.0, ["T"])]
    scores = evaluate(assessment, inputs, [[number] * 3])
    np.testing.assert_allclose(scores[0], Assessment(INDEX, DATA).array("T"))
