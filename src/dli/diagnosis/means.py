"""Means over known values."""

import numpy as np

from dli.arrays import Floats

__all__ = ["row_means"]


def row_means(values: Floats) -> Floats:
    """Return the mean of the known values in each row; NaN if a row has none.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN where missing.

    Returns
    -------
    ndarray of shape (n_rows,)

    Examples
    --------
    >>> row_means(np.array([[1.0, np.nan, 4.0], [np.nan] * 3])).tolist()
    [2.5, nan]
    """
    is_known = ~np.isnan(values)
    n_known = is_known.sum(axis=1)
    total = np.where(is_known, values, 0.0).sum(axis=1)
    return np.asarray(total / np.where(n_known > 0, n_known, np.nan))
