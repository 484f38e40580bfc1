import numpy as np
import pytest
from numpy.testing import assert_allclose

from dli.aggregation import (
    ArithmeticMean,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
)

ORDERS = [-np.inf, -500, -3.5, -1, -1e-9, 0, 1e-9, 0.005, 0.5, 1, 2, 3.7, 500, np.inf]
every_order = pytest.mark.parametrize("p", ORDERS)
MEANS = [ArithmeticMean(), GeometricMean(), HarmonicMean(), Minimum(), PowerMean(2.0)]
every_mean = pytest.mark.parametrize("mean", MEANS, ids=repr)
HALF = np.array([0.5, 0.5])


# By hand: means of 20 and 80, the weights halves.
def test_means_by_hand():
    values = np.array([[20.0, 80.0]])
    found = [float(mean.aggregate(values, HALF)[0]) for mean in MEANS]
    assert_allclose(found, [50, 40, 32, 20, np.sqrt(3400)], rtol=1e-14)


# Human Development Report 2010, technical note 1, China: the geometric mean of the three dimension
