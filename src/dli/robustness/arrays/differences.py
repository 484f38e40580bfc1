"""Which differences between scores exceed their errors: tests of many pairs of units at once."""

from collections.abc import Callable

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats, Integers
from dli.robustness.arrays.noise import Noise

__all__ = ["Steps", "among_all", "unit_by_unit"]

# The number of draws processed at a time, small enough for the cache of a processor.
_BLOCK = 256


@frozen(kw_only=True, eq=False)
class Steps:
    """Tests of many differences at once, in one step or several.

    Attributes
    ----------
    noise : Noise
        The drawn errors of the scores.
    n_above : int
        The critical value is the ``n_above``-th largest, over the draws, of the largest
        standardised difference of errors in a draw.
    is_stepwise : bool
        Whether tests are repeated without the differences already declared, until no more are.
    """

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
        """Return which differences exceed the critical value, and the value of the last step.

        Parameters
        ----------
        observed : ndarray
            The observed differences, in standard errors.
        is_open : ndarray of bool of the same shape
            Which of the differences are tested.
        bounds : ndarray of shape (n_draws,)
            An upper bound of the largest difference of errors in each draw; changed in place.
        largest : callable
            A function of the numbers of draws and of the differences still tested that returns the
            largest standardised difference of errors in each of these draws.
        """
        is_open, is_declared = is_open.copy(), np.zeros(is_open.shape, dtype=np.bool_)
        critical = 0.0
        while is_open.any():
            # With a negative value, a unit could be declared above one with a higher score.
            critical = max(self._quantile(bounds, is_open, largest), 0.0)
            new = is_open & (observed > critical)
            is_declared |= new
            is_open &= ~new
            if not (self.is_stepwise and new.any()):
                break
        return is_declared, critical

    def _quantile(
        self, bounds: Floats, is_open: Bools, largest: Callable[[Integers, Bools], Floats]
    ) -> float:
        """Return the critical value, without computing draws whose bounds lie below it."""
        is_exact = np.zeros(bounds.size, dtype=np.bool_)
        while True:
            critical = np.partition(bounds, -self.n_above)[-self.n_above]
            unknown = np.flatnonzero((bounds >= critical) & ~is_exact)
            if not unknown.size:
                return float(critical)
            for start in range(0, unknown.size, _BLOCK):
                draws = unknown[start : start + _BLOCK]
                bounds[draws] = largest(draws, is_open)
            is_exact[unknown] = True


def among_all(steps: Steps, levels: Floats) -> tuple[Bools, Bools, Floats]:
    """Return which units are declared above and below each, from tests of all pairs together.

    Returns
    -------
    above, below : ndarray of bool of shape (n_units, n_units)
        Whether the column is declared above, or below, the row.
    critical : ndarray of shape (n_units,)
        The critical value of the last step, the same for all units.
    """
    noise, n = steps.noise, len(levels)
    order = np.argsort(-levels, kind="stable")
    errors_of, inverse = noise.errors[order], noise.inverse[np.ix_(order, order)]
    gaps = levels[order, np.newaxis] - levels[order]

    def largest(draws: Integers, is_open: Bools) -> Floats:
        errors = errors_of[:, draws]
        result = np.zeros(draws.size)
        for unit in range(n - 1):
            differences = errors[unit] - errors[unit + 1 :]
            differences *= inverse[unit, unit + 1 :, np.newaxis]
            # A unit is never declared above one with a higher score, so these pairs stay tested.
            np.maximum(result, -differences.min(axis=0), out=result)
            tested = differences[is_open[unit, unit + 1 :]]
            np.maximum(result, tested.max(axis=0, initial=0.0), out=result)
        return result

    # The row is above the column in what follows.
    is_open = ~noise.is_exact[np.ix_(order, order)]
    is_declared, critical = steps.told(gaps * inverse, is_open, noise.bounds(), largest)
    is_declared |= noise.is_exact[np.ix_(order, order)] & (gaps > 0)
    below = np.empty_like(is_declared)
    below[np.ix_(order, order)] = is_declared
    return below.T, below, np.full(n, critical)


def unit_by_unit(steps: Steps, levels: Floats, side: str) -> tuple[Bools, Bools, Floats]:
    """Return which units are declared above and below each, from separate tests for each unit.

    Returns
    -------
    above, below : ndarray of bool of shape (n_units, n_units)
        Whether the column is declared above, or below, the row.
    critical : ndarray of shape (n_units,)
        The critical value of each unit in its last step.
    """
    noise, n = steps.noise, len(levels)
    declared, critical = np.zeros((n, 2, n), dtype=np.bool_), np.zeros(n)
    is_tested = np.array([[side != "upper"], [side != "lower"]])
    by_draw = np.ascontiguousarray(noise.errors.T)
    for unit in range(n):
        inverse, exact = noise.inverse[unit], noise.is_exact[unit]
        leads = levels - levels[unit]
        gaps = np.stack([leads, -leads])

        def largest(
            draws: Integers, is_open: Bools, unit: int = unit, inverse: Floats = inverse
        ) -> Floats:
            errors = by_draw[draws]
            errors -= errors[:, unit, np.newaxis].copy()
            above, below = inverse * is_open
            highest, lowest = (errors * above).max(axis=1), (errors * below).min(axis=1)
            return np.asarray(np.maximum(highest, -lowest))

        bounds = noise.bounds_by_unit[unit].copy()
        is_open = ~exact & is_tested
        declared[unit], critical[unit] = steps.told(gaps * inverse, is_open, bounds, largest)
        declared[unit] |= exact & is_tested & (gaps > 0)
    return declared[:, 0], declared[:, 1], critical
