"""Doubtful values, which may stand for a missing value, and the scores that depend on them."""

from collections.abc import Sequence

import numpy as np

from dli.arrays import Bools, Floats
from dli.assessment.scored import Scored
from dli.framework import Indicator

__all__ = ["certain_share_array", "doubtful_cells"]


def doubtful_cells(values: Floats, indicators: Sequence[Indicator]) -> Bools:
    """Return a mask of the raw values that their indicator declares as doubtful.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_indicators)
        The raw values, before division by denominators.
    indicators : sequence of Indicator

    Returns
    -------
    ndarray of bool of shape (n_rows, n_indicators)

    Examples
    --------
    >>> points = np.array([[0.0, 0.0], [2.0, np.nan]])
    >>> doubtful_cells(points, [Indicator("a", doubtful=[0]), Indicator("b")]).tolist()
    [[True, False], [False, False]]
    """
    cells = np.zeros(values.shape, dtype=np.bool_)
    for column, indicator in enumerate(indicators):
        if indicator.doubtful:
            cells[:, column] = np.isin(values[:, column], indicator.doubtful)
    return cells


def certain_share_array(assessment: Scored, code: str) -> Floats:
    """Return the share of the indicators below a node that have a value that is not doubtful.

    The result has shape (n_units,). It is that of `Scored.known_share_array` with doubtful values
    treated as missing.
    """
    node = assessment.index.find(code)
    below = {own.code for own in ([node] if isinstance(node, Indicator) else node.indicators)}
    indicators = assessment.index.indicators
    columns = [j for j, own in enumerate(indicators) if own.code in below and own.constant is None]
    if not columns:
        return np.ones(len(assessment.units))
    doubtful = doubtful_cells(assessment.stage_array("raw"), indicators)
    known = ~np.isnan(assessment.stage_array("denominated")) & ~doubtful
    return np.asarray(known[:, columns].mean(axis=1))
