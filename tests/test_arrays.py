"""Arrays in, and the tolerance of ties."""

import numpy as np
import pytest

from dli.arrays import as_floats, as_table, frozen_copy, is_above
from dli.errors import MethodError


def test_tables_have_rows_and_columns_of_finite_numbers():
    assert as_table([[1, 2]]).tolist() == [[1.0, 2.0]]
    assert np.isnan(as_table([[np.nan]], missing=True)).all()
    for shape in ((2,), (0, 2), (2, 0)):
        with pytest.raises(MethodError, match="values must have the shape"):
            as_table(np.zeros(shape))
    with pytest.raises(MethodError, match=r"(?s)x must be finite numbers.*row 0, column 1: nan"):
        as_table([[1.0, np.nan]], name="x")
    with pytest.raises(MethodError, match="row 0, column 0: inf"):
        as_table([[np.inf]], missing=True)


@pytest.mark.parametrize("values", [["a"], [[1], [1, 2]], [10**400]])
def test_what_is_not_numbers_is_refused(values):
    with pytest.raises(MethodError, match="values must be numbers"):
        as_floats(values)


def test_a_frozen_copy_cannot_be_written():
    given = np.ones(2)
    copy = frozen_copy(given)
    given[0] = 5
    assert copy.tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        copy[0] = 2


def test_above_is_by_more_than_a_tie():
    one, other = np.array([0.1 + 0.2, 1.0, np.nan, 2.0]), np.array([0.3, 2.0, 1.0, 1.0])
    assert is_above(one, other).tolist() == [False, False, False, True]
    assert is_above(np.array([1e-13]), np.array([0.0])).tolist() == [True]
    assert is_above(np.array([1e-13]), np.array([0.0]), scale=1.0).tolist() == [False]
