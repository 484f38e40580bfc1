"""Quantiles of draws that were counted in bins."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dli.arrays import Floats
from dli.checks import is_number, listed
from dli.errors import MethodError

__all__ = ["label_of", "quantile_of", "quantiles_of"]


def quantile_of(counts: Any, q: float, value: Callable[[Any, Any], Floats]) -> Floats:
    """Return a quantile of each row of counts, interpolated linearly between adjacent draws.

    ``value`` returns a value from the number of a bin and the share of the bin that lies below.
    """
    quantiles_of(q)
    below = np.cumsum(counts, axis=1)
    n_draws = below[:, -1]
    position = np.maximum(n_draws - 1, 0) * float(q)
    first = np.floor(position + 1e-9)
    rows = np.arange(len(counts))
    ends = []
    for draw in (first, np.minimum(first + 1, n_draws - 1)):
        place = np.minimum((below <= draw[:, np.newaxis]).sum(axis=1), counts.shape[1] - 1)
        within = np.maximum(counts[rows, place], 1)
        share = (draw - (below[rows, place] - within) + 0.5) / within
        ends.append(value(place, share))
    weight = np.clip(position - first, 0.0, 1.0)
    return np.where(n_draws > 0, ends[0] + weight * (ends[1] - ends[0]), np.nan)


def quantiles_of(q: float | Sequence[float]) -> list[float]:
    """Return one or several quantiles as a list of numbers.

    Raises
    ------
    MethodError
        A quantile is not a number from 0 to 1, or there is none.
    """
    quantiles: list[Any]
    quantiles = [q] if is_number(q) else listed("q (if not a number)", q, "quantiles")
    wrong = [x for x in quantiles if not (is_number(x) and 0 <= x <= 1)]
    if wrong or not quantiles:
        msg = f"quantiles must be numbers from 0 to 1, got {q!r}"
        raise MethodError(msg)
    return [float(x) for x in quantiles]


def label_of(q: float) -> str:
    """Return the name of a column of quantiles.

    Examples
    --------
    >>> label_of(0.05)
    'q5'
    """
    return f"q{100 * q:g}"
