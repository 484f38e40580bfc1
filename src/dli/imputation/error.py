"""How far an imputation is off, found by hiding what is known."""

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats, impute, is_whole

__all__ = ["ImputationAccuracy", "imputation_error"]


@frozen(kw_only=True, eq=False)
class ImputationAccuracy:
    """What an imputation made of cells that were known and hidden from it.

    Attributes
    ----------
    n_hidden : ndarray of int of shape (n_indicators,)
        How many cells were hidden and then filled.
    n_unfilled : ndarray of int of shape (n_indicators,)
        How many were hidden and left missing.
    root_mean_square : ndarray of shape (n_indicators,)
        Of the errors, in the indicator's unit of measure; NaN where none was hidden and filled.
    mean_absolute : ndarray of shape (n_indicators,)
    relative : ndarray of shape (n_indicators,)
        The root mean square error over the standard deviation of the indicator; about 1 is what
        filling in the mean gives. NaN for a constant indicator.
    """

    n_hidden: NDArray[np.int64]
    n_unfilled: NDArray[np.int64]
    root_mean_square: Floats
    mean_absolute: Floats
    relative: Floats


def imputation_error(
    imputation: Any,
    values: Floats,
    context: Context,
    *,
    share: float = 0.1,
    n_rounds: int = 10,
    rng: Any = None,
) -> ImputationAccuracy:
    """Hide known cells at random, let them be filled, and measure how far the fillings are off.

    Parameters
    ----------
    imputation : Imputation or object with ``fit_transform``
    values : ndarray of shape (n_units, n_indicators)
    context : Context
    share : float
        The share of known cells to hide in each round, above 0 and below 1. An indicator keeps two
        of its values at least.
    n_rounds : int
        How often cells are hidden anew; errors of all rounds are taken together.
    rng : numpy Generator or seed, optional
        The source of randomness.

    Returns
    -------
    ImputationAccuracy

    Raises
    ------
    MethodError
        A share outside its limits, or no cell that can be hidden.

    Notes
    -----
    Cells are hidden at random. Where what is missing differs from what is known, as in countries
    that report only good news, the real error is greater.

    Examples
    --------
    >>> from dli.imputation import ColumnMean
    >>> units = tuple("ABCDE")
    >>> context = Context(columns={}, units=units, periods=None, codes=("x",), parents={})
    >>> values = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> found = imputation_error(ColumnMean(), values, context, share=0.4, rng=1)
    >>> bool(0.5 < found.relative[0] < 1.5)
    True
    """
    if not 0 < share < 1:
        msg = f"share must be above 0 and below 1, got {share!r}"
        raise MethodError(msg)
    if not is_whole(n_rounds, 1):
        msg = f"n_rounds must be a whole number of at least 1, got {n_rounds!r}"
        raise MethodError(msg)
    generator = np.random.default_rng(rng)
    known = ~np.isnan(values)
    if not (known.sum(axis=0) > 2).any():
        msg = "cells can be hidden of indicators that have three values at least; there is none"
        raise MethodError(msg)
    n_indicators = values.shape[1]
    n_hidden, n_unfilled = np.zeros((2, n_indicators), dtype=np.int64)
    squares, sizes = np.zeros((2, n_indicators))
    for _ in range(n_rounds):
        hidden = _hidden(known, share, generator)
        filled = impute(imputation, np.where(hidden, np.nan, values), context)
        left = hidden & np.isnan(filled)
        off = np.where(hidden & ~left, filled - values, 0.0)
        n_hidden += (hidden & ~left).sum(axis=0)
        n_unfilled += left.sum(axis=0)
        squares += (off**2).sum(axis=0)
        sizes += np.abs(off).sum(axis=0)
    n = np.where(n_hidden > 0, n_hidden, np.nan)
    root_mean_square = np.sqrt(squares / n)
    return ImputationAccuracy(
        n_hidden=n_hidden,
        n_unfilled=n_unfilled,
        root_mean_square=root_mean_square,
        mean_absolute=sizes / n,
        relative=root_mean_square / _spread(values, known),
    )


def _hidden(known: NDArray[np.bool_], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose a share of the known cells of each column, but leave two."""
    hidden = np.zeros_like(known)
    for j in range(known.shape[1]):
        rows = np.flatnonzero(known[:, j])
        n = min(max(1, round(share * rows.size)), rows.size - 2)
        if n > 0:
            hidden[rng.choice(rows, n, replace=False), j] = True
    return hidden


def _spread(values: Floats, known: NDArray[np.bool_]) -> Floats:
    spread = np.full(values.shape[1], np.nan)
    several = known.sum(axis=0) > 1
    spread[several] = np.nanstd(values[:, several], axis=0, ddof=1)
    return np.where(spread > 0, spread, np.nan)
