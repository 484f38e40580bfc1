"""Imputation of an indicator from the indicators that it is correlated with."""

from typing import ClassVar

import numpy as np
from attrs import frozen

from dli.arrays import Integers
from dli.checks import whole_number
from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats, Traits, refuse_empty
from dli.rescaling import extremes, is_constant, rescaling

__all__ = ["Fit", "Regression"]


@frozen(kw_only=True, eq=False)
class Fit:
    """The data for the fit of an indicator and for its gaps, with centred predictors.

    Attributes
    ----------
    place : int
        The column of the indicator.
    level : float
        The mean of the indicator over the units of the fit.
    outcome : ndarray of shape (n_fitted,)
        The deviations of the indicator from its mean.
    design : ndarray of shape (n_fitted, n_predictors)
        The predictors of the units of the fit.
    moves : ndarray of shape (n_gaps, n_predictors)
        The predictors of the units with a gap.
    """

    place: int
    level: float
    outcome: Floats
    design: Floats
    moves: Floats


@frozen
class Regression:
    r"""Fill the gaps of an indicator by least squares on its most correlated indicators.

    $\hat x_j = a + \sum_k b_k x_k$ over the ``n_predictors`` indicators of greatest absolute
    correlation with $x_j$, among those that the unit has a value of; the fit uses all units that
    have all of them. A gap without such indicators is filled with the mean. The filled values lie
    on the line, without noise, which raises correlations.

    Parameters
    ----------
    n_predictors : int
        The largest number of predictors. The fit needs two more units than it has predictors.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 3, regression
    imputation. https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> context = Context(units=("A", "B", "C", "D"), codes=("x", "y"))
    >>> values = np.array([[1.0, 3.0], [2.0, 5.0], [3.0, 7.0], [4.0, np.nan]])
    >>> Regression().impute(values, context)[3].round(6).tolist()
    [4.0, 9.0]
    """

    traits: ClassVar[Traits] = Traits()
    # The number of units that the fit needs beyond the number of predictors.
    _n_spare: ClassVar[int] = 2
    n_predictors: int = 1

    def __attrs_post_init__(self) -> None:
        whole_number("n_predictors", self.n_predictors, 1)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return filled values; raise a MethodError if an indicator has no value."""
        refuse_empty(values, context)
        low, high = extremes(values)
        scale = rescaling(low, high)
        if scale is None:
            return self._filled(values, context)
        # Correlations and least squares do not depend on the origin and the unit of measure.
        z = scale.apply(values)
        z[~np.isnan(z) & is_constant(low, high)] = 0.0
        filled = np.where(np.isnan(values), scale.undo(self._filled(z, context)), values)
        beyond = np.isinf(filled)
        if beyond.any():
            faults = [
                f"unit {context.units[i]!r}, {context.codes[j]!r}"
                for i, j in np.argwhere(beyond).tolist()
            ]
            raise MethodError("predicted values are beyond the range of numbers", faults)
        return filled

    def _filled(self, values: Floats, context: Context) -> Floats:
        filled = values.copy()
        gaps = np.isnan(values)
        for j in np.flatnonzero(gaps.any(axis=0)).tolist():
            closeness = _closeness(values, j)
            patterns, member = np.unique(~gaps[gaps[:, j]], axis=0, return_inverse=True)
            rows = np.flatnonzero(gaps[:, j])
            for number, available in enumerate(patterns):
                alike = rows[member.reshape(-1) == number]
                fit = self._fit(values, j, alike, np.where(available, closeness, 0))
                filled[alike, j] = self._predicted(fit, alike, context)
        return filled

    def _fit(self, values: Floats, j: int, rows: Integers, closeness: Floats) -> Fit:
        """Return the data of the fit for rows with the same known indicators."""
        order = np.argsort(-closeness, kind="stable")[: self.n_predictors]
        predictors = order[closeness[order] > 0]
        while True:
            known = ~np.isnan(values[:, [j, *predictors]]).any(axis=1)
            if not predictors.size or known.sum() >= predictors.size + self._n_spare:
                break
            predictors = predictors[:-1]
        centre = values[np.ix_(known, predictors)].mean(axis=0)
        level = values[known, j].mean()
        design = values[np.ix_(known, predictors)] - centre
        moves = values[np.ix_(rows, predictors)] - centre
        sizes = np.abs(design).max(axis=0, initial=0.0)
        if sizes.size and sizes.max() > 2.0**20 * sizes.min():
            # Least squares would treat a predictor on a much smaller scale as rounding error.
            powers = np.frexp(sizes)[1]
            design, moves = np.ldexp(design, -powers), np.ldexp(moves, -powers)
        outcome = values[known, j] - level
        return Fit(place=j, level=level, outcome=outcome, design=design, moves=moves)

    def _predicted(self, fit: Fit, _rows: Integers, _context: Context) -> Floats:
        """Return the filled values of some rows."""
        slopes = np.linalg.lstsq(fit.design, fit.outcome, rcond=None)[0]
        return np.asarray(fit.level + fit.moves @ slopes)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            r"Missing values are filled by least squares, $\hat x_j = a + \sum_k b_k x_k$, on up "
            f"to {self.n_predictors} of the indicators that correlate most with the indicator."
        )


def _closeness(values: Floats, j: int) -> Floats:
    """Return the absolute correlation of a column with each column, 0 where it is undefined."""
    both = ~np.isnan(values) & ~np.isnan(values[:, [j]])
    n = np.maximum(both.sum(axis=0), 1)
    x = np.where(both, values, 0.0)
    y = np.where(both, values[:, [j]], 0.0)
    x = np.where(both, x - x.sum(axis=0) / n, 0.0)
    y = np.where(both, y - y.sum(axis=0) / n, 0.0)
    size = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    scale = np.abs(np.nan_to_num(values)).max(axis=0)
    flat = np.abs(x).max(axis=0) <= 1e-12 * scale
    usable = (size > 0) & ~flat & (both.sum(axis=0) > 2)
    correlation = np.abs((x * y).sum(axis=0)) / np.where(usable, size, 1.0)
    correlation = np.where(usable, correlation, 0.0)
    correlation[j] = 0.0
    return np.asarray(correlation)
