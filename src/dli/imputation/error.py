"""The error of an imputation, measured by hiding known values."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import as_table
from dli.checks import generator, is_whole, number_fault, refuse, step_faults
from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats, impute
from dli.rescaling import extremes, rescaling

__all__ = ["ImputationAccuracy", "imputation_error"]

_MOST_ROUNDS = 1_000_000


@frozen(kw_only=True, eq=False)
class ImputationAccuracy:
    """The errors of an imputation for known values that were hidden from it.

    Attributes
    ----------
    n_hidden : ndarray of int of shape (n_indicators,)
        The number of values that were hidden and then filled.
    n_unfilled : ndarray of int of shape (n_indicators,)
        The number of values that were hidden and left missing.
    root_mean_square : ndarray of shape (n_indicators,)
        The root mean square error, in the indicator's unit of measure; NaN where no value was
        hidden and filled.
    mean_absolute : ndarray of shape (n_indicators,)
        The mean absolute error, in the same unit of measure.
    relative : ndarray of shape (n_indicators,)
        The root mean square error over the standard deviation of the indicator; about 1 if
        gaps are filled with the mean. NaN for a constant indicator.
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
    """Return the errors of an imputation for known values that are hidden at random.

    Parameters
    ----------
    imputation : Imputation or object with ``fit_transform``
        The imputation to test.
    values : ndarray of shape (n_units, n_indicators)
        The values of indicators; NaN marks a missing value.
    context : Context
        The units, periods and groups of the rows.
    share : float
        The share of known values to hide in each round, above 0 and below 1. An indicator keeps at
        least two of its values.
    n_rounds : int
        The number of rounds, at most a million; the errors of all rounds are pooled.
    rng : int, numpy.random.SeedSequence, numpy.random.Generator or None
        The source of randomness; an integer gives the same result each time.

    Returns
    -------
    ImputationAccuracy
        The differences between imputed and hidden values, summarised by indicator.

    Raises
    ------
    MethodError
        If a parameter is outside its limits, or no value can be hidden.

    Notes
    -----
    Values are hidden at random. Where missing values differ from known ones, for instance
    because countries report only good results, the true error is larger.

    Examples
    --------
    >>> from dli.imputation import ColumnMean
    >>> context = Context(units=tuple("ABCDE"), codes=("x",))
    >>> values = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> accuracy = imputation_error(ColumnMean(), values, context, share=0.4, rng=1)
    >>> bool(0.5 < accuracy.relative[0] < 1.5)
    True
    """
    values = as_table(values, missing=True)
    refuse("imputation_error", _faults(imputation, values, context, share, n_rounds))
    rng = generator(rng)
    known = ~np.isnan(values)
    if not (known.sum(axis=0) > 2).any():
        raise MethodError("no indicator has the three values that are needed to hide one of them")
    scale = rescaling(*extremes(values))
    scaled = values if scale is None else scale.apply(values)
    n_indicators = values.shape[1]
    n_hidden, n_unfilled = np.zeros((2, n_indicators), dtype=np.int64)
    squares, sizes = np.zeros((2, n_indicators))
    for _ in range(n_rounds):
        hidden = _hidden(known, share, rng)
        filled = impute(imputation, np.where(hidden, np.nan, values), context)
        left = hidden & np.isnan(filled)
        filled = filled if scale is None else scale.apply(filled)
        off = np.where(hidden & ~left, filled - scaled, 0.0)
        n_hidden += (hidden & ~left).sum(axis=0)
        n_unfilled += left.sum(axis=0)
        with np.errstate(over="ignore"):
            squares += (off**2).sum(axis=0)
            sizes += np.abs(off).sum(axis=0)
    if np.isinf(squares).any():
        faults = [f"{context.codes[j]!r}" for j in np.flatnonzero(np.isinf(squares)).tolist()]
        raise MethodError("filled values are too far from the known ones to square", faults)
    n = np.where(n_hidden > 0, n_hidden, np.nan)
    root_mean_square, mean_absolute = np.sqrt(squares / n), sizes / n
    relative = root_mean_square / _spread(scaled, known)
    if scale is not None:
        root_mean_square = scale.undo_distances(root_mean_square)
        mean_absolute = scale.undo_distances(mean_absolute)
    return ImputationAccuracy(
        n_hidden=n_hidden,
        n_unfilled=n_unfilled,
        root_mean_square=root_mean_square,
        mean_absolute=mean_absolute,
        relative=relative,
    )


def _faults(
    imputation: Any, values: Floats, context: Any, share: Any, n_rounds: Any
) -> Iterator[str]:
    if not callable(getattr(imputation, "fit_transform", None)) or isinstance(imputation, type):
        yield from step_faults("imputation", imputation, "impute", "dli.imputation.ColumnMean()")
    if not isinstance(context, Context):
        yield f"context must be a dli.imputation.Context, got {context!r}"
    elif (len(context.units), len(context.codes)) != values.shape:
        yield (
            f"context has {len(context.units)} units and {len(context.codes)} codes, but values "
            f"have the shape {values.shape}"
        )
    yield from filter(None, [number_fault("share", share, above=0, below=1)])
    if not is_whole(n_rounds, 1, _MOST_ROUNDS):
        yield f"n_rounds must be a whole number from 1 to {_MOST_ROUNDS}, got {n_rounds!r}"


def _hidden(known: NDArray[np.bool_], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a random choice of the known values of each column that leaves at least two."""
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
