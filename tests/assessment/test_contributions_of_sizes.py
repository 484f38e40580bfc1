"""Points add up where the scores of siblings are in units of very different size."""

import numpy as np
import pytest

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import ArithmeticMean, GeometricMean, Minimum, Product, Ratio
from dli.change import difference
from dli.normalisation import Unscaled


@pytest.mark.parametrize("join", [Minimum(), Ratio(), Product(total=1)], ids=repr)
@pytest.mark.parametrize("size", [1.0, 1e11, 1e13, 1e200])
def test_points_add_up_whatever_the_size_of_a_sibling(join, size):
    large = Index("L", [Indicator("a"), Indicator("b")])
    small = Index("S", [Indicator("c"), Indicator("d")])
    index = Index("T", [Index("P", [large, small]), Indicator("e")])
    rng = np.random.default_rng(4)
    data = {code: rng.uniform(1, 9, 8) for code in "abcde"}
    data |= {code: data[code] * size for code in "ab"}
    aggregation = {"P": join, "L": ArithmeticMean(), "S": ArithmeticMean(), "T": GeometricMean()}
    method = Method(normalisation=Unscaled(), aggregation=aggregation)
    assessment = Assessment(index, {"unit": range(8), **data}, method=method)
    for code in ("P", "T"):
        points, reference = assessment.contribution_array(code), assessment.reference_array(code)
        np.testing.assert_allclose(
            points.sum(axis=1) + reference, assessment.array(code), rtol=1e-9
        )


def test_a_difference_adds_up_beside_a_much_larger_sibling():
    index = Index(
        "T",
        [
            Index("P", [Indicator("a"), Indicator("b")]),
            Index("Q", [Indicator("c"), Indicator("d")]),
        ],
    )
    rng = np.random.default_rng(4)
    data = {code: rng.uniform(1, 9, 2) for code in "cd"} | {
        code: rng.uniform(1e15, 9e15, 2) for code in "ab"
    }
    method = Method(normalisation=Unscaled(), aggregation={"T": Ratio()})
    assessment = Assessment(index, {"unit": ["X", "Y"], **data}, method=method)
    points = frames.read(difference(assessment, "X", "Y")).column("points")
    scores = assessment.array("T")
    np.testing.assert_allclose(sum(points), scores[0] - scores[1], rtol=1e-9)


def test_an_indicator_without_values_in_a_period_has_no_median_there():
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {
        "unit": list("XYXY"),
        "year": [1, 1, 2, 2],
        "a": [1.0, 4.0, None, None],
        "b": [4.0, 4.0, 2.0, 8.0],
    }
    method = Method(normalisation=Unscaled(), aggregation=GeometricMean())
    assessment = Assessment(index, data, period="year", method=method)
    np.testing.assert_allclose(assessment.reference_array()[2:], [5, 5])
    assert np.isnan(assessment.contribution_array()[2:, 0]).all()
    np.testing.assert_allclose(assessment.contribution_array()[2:, 1], [-3, 3])
