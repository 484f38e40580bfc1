import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dli.aggregation.planes import as_planes, matrix_product


@pytest.mark.parametrize(
    "shape", [(3, 2, 4), (80, 60, 193), (1024, 60, 193), (1001, 12, 193), (5, 4, 200_000)]
)
@pytest.mark.parametrize("given", [False, True])
def test_blocks_of_a_product_are_the_product(shape, given):
    """Rows in blocks, a rest, and a table for which no block would do give one product."""
    n_rows, n, n_columns = shape
    rng = np.random.default_rng(0)
    rows, table = rng.random((n, n_rows)).T, rng.random((n, n_columns))
    out = np.full((n_rows, n_columns), np.nan) if given else None
    found = matrix_product(rows, table, out)
    assert not given or np.shares_memory(found, out)
    assert_allclose(found, rows @ table, rtol=1e-14)


def test_weights_that_sum_to_one_stay_as_they_are():
    """Others are scaled, and those of other kinds are read."""
    values = np.ones((2, 3, 2))
    weights = np.array([[[0.25, 0.75]], [[0.5, 0.5]]])
    assert_array_equal(as_planes(values, weights)[1][..., 0], [[0.25, 0.5], [0.75, 0.5]])
    assert_array_equal(as_planes(values, 4 * weights)[1][..., 0], [[0.25, 0.5], [0.75, 0.5]])
    assert as_planes(values, weights.astype(np.float32))[1].shape == (2, 2, 1)
