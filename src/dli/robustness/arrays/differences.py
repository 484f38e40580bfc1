"""Which differences of scores errors do not explain: tests of many pairs of units at once."""

from collections.abc import Callable

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats, Integers
from dli.robustness.arrays.noise import Noise

__all__ = ["Steps", "among_all", "unit_by_unit"]

# So many draws at a time stay in the cache of a processor.
_BLOCK = 256


@frozen(kw_only=True, eq=False)
class Steps:
    """Tests of many differences at once, in one step or several."""

    noise: Noise
    n_above: int
    is_stepwise: bool

    def told(
        self,
        observed: Floats,
        is_open: Bools,
        bounds: Floats,
        largest: Callable[[Integers, Bools], Floats],
    ) -> tuple[Bools, float]:
        """Return which differences count, and the last critical value.

        Parameters
        ----------
        observed : ndarray
            The differences in standard errors.
        is_open : ndarray of bool of the same shape
            Which of them are tested.
        bounds : ndarray of shape (n_draws,)
            No draw's largest difference lies above; changed in place.
        largest : callable
            Takes the numbers of draws and the differences still tested, and returns the largest
            standardised difference of errors in each of the draws.
        """
        is_open, told = is_open.copy(), np.zeros(is_open.shape, dtype=np.bool_)
        critical = 0.0
        while is_open.any():
            # Below 0 a unit could be declared above another with a higher score.
            critical = max(self._quantile(bounds, is_open, largest), 0.0)
            new = is_open & (observed > critical)
            told |= new
            is_open &= ~new
            if not (self.is_stepwise and new.any()):
                break
        return told, critical

    def _quantile(
        self, bounds: Floats, is_open: Bools, largest: Callable[[Integers, Bools], Floats]
    ) -> float:
        """Return the critical value; draws that cannot lie above it are not looked at."""
        is_exact = np.zeros(bounds.size, dtype=np.bool_)
        while True:
            critical = np.partition(bounds, -self.n_above)[-self.n_above]
            unknown = np.flatnonzero((bounds >= critical) & ~is_exact)
            if not unknown.size:
                return float(critical)
            for start in range(0, unknown.size, _BLOCK):
                some = unknown[start : start + _BLOCK]
                bounds[some] = largest(some, is_open)
            is_exact[unknown] = True


def among_all(steps: Steps, levels: Floats) -> tuple[Bools, Bools, Floats]:
    """Return which units (columns) are declared above and below each, over all pairs."""
    noise, n = steps.noise, len(levels)
    order = np.argsort(-levels, kind="stable")
    errors_of, inverse = noise.errors[order], noise.inverse[np.ix_(order, order)]
    gaps = levels[order, np.newaxis] - levels[order]

    def largest(some: Integers, is_open: Bools) -> Floats:
        errors = errors_of[:, some]
        result = np.zeros(some.size)
        for unit in range(n - 1):
            apart = errors[unit] - errors[unit + 1 :]
            apart *= inverse[unit, unit + 1 :, np.newaxis]
            # A lower score is never declared above: that half of the pairs remains a test.
            np.maximum(result, -apart.min(axis=0), out=result)
            tested = apart[is_open[unit, unit + 1 :]]
            np.maximum(result, tested.max(axis=0, initial=0.0), out=result)
        return result

    # Rows over columns.
    is_open = ~noise.is_exact[np.ix_(order, order)]
    told, critical = steps.told(gaps * inverse, is_open, noise.bounds(), largest)
    told |= noise.is_exact[np.ix_(order, order)] & (gaps > 0)
    below = np.empty_like(told)
    below[np.ix_(order, order)] = told
    return below.T, below, np.full(n, critical)


def unit_by_unit(steps: Steps, levels: Floats, side: str) -> tuple[Bools, Bools, Floats]:
    """Return which units (columns) are declared above and below each, unit by unit."""
    noise, n = steps.noise, len(levels)
    told, critical = np.zeros((n, 2, n), dtype=np.bool_), np.zeros(n)
    is_tested = np.array([[side != "upper"], [side != "lower"]])
    by_draw = np.ascontiguousarray(noise.errors.T)
    for unit in range(n):
        inverse, exact = noise.inverse[unit], noise.is_exact[unit]
        ahead = levels - levels[unit]
        gaps = np.stack([ahead, -ahead])

        def largest(
            some: Integers, is_open: Bools, unit: int = unit, inverse: Floats = inverse
        ) -> Floats:
            errors = by_draw[some]
            errors -= errors[:, unit, np.newaxis].copy()
            above, below = inverse * is_open
            highest, lowest = (errors * above).max(axis=1), (errors * below).min(axis=1)
            return np.asarray(np.maximum(highest, -lowest))

        bounds = noise.bounds_by_unit[unit].copy()
        told[unit], critical[unit] = steps.told(gaps * inverse, ~exact & is_tested, bounds, largest)
        told[unit] |= exact & is_tested & (gaps > 0)
    return told[:, 0], told[:, 1], critical
