"""The Mazziotta-Pareto index: the mean minus a penalty for imbalance."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.aggregation.checks import as_values, equal_or, weighted_mean
from dli.aggregation.mazziotta_draws import mazziotta_pareto_of_draws
from dli.aggregation.protocol import Traits
from dli.arrays import Floats, as_floats
from dli.checks import choice_faults, refuse
from dli.errors import MethodError
from dli.rescaling import Rescaling, extremes, is_constant, rescaling

__all__ = [
    "AdjustedMazziottaPareto",
    "HeldMazziottaPareto",
    "MazziottaPareto",
    "adjusted_mazziotta_pareto",
    "mazziotta_pareto",
]


def mazziotta_pareto(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    directions: ArrayLike | None = None,
    penalty: str = "negative",
) -> Floats:
    r"""Return the Mazziotta-Pareto index of each unit.

    $z = 100 + 10 \, d (x - \bar x) / \sigma$ in each column; then
    $S = M \mp \sigma_z^2 / M$ with the mean $M$ and the standard deviation
    $\sigma_z$ of the $z$ of one unit. Both standard deviations divide by n.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN marks a missing value, whose weight is shared among the rest.
    weights : array_like of shape (n_children,) or (..., n_units, n_children), optional
        Equal weights by default, as in the original.
    directions : array_like of shape (n_children,), optional
        1 where more is better, -1 where less is better; all 1 by default.
    penalty : {"negative", "positive"}
        Whether to subtract the penalty (if a higher index is better) or add it (if a lower index
        is better).

    Returns
    -------
    ndarray of shape (..., n_units)
        NaN for a unit without any value.

    Raises
    ------
    MethodError
        If the values of a column do not differ, or the mean of a unit is not above zero.

    References
    ----------
    De Muro, Mazziotta and Pareto (2011), Composite indices of development and poverty: an
    application to MDGs. https://doi.org/10.1007/s11205-010-9727-z

    Examples
    --------
    >>> mazziotta_pareto([[1.0, 4.0], [2.0, 6.0], [3.0, 2.0]]).round(3).tolist()
    [93.477, 105.77, 98.5]
    """
    refuse("mazziotta_pareto", _penalty_faults(penalty))
    x = as_values(values)
    d = _directions(directions, x.shape[-1])
    scale = rescaling(*extremes(x))
    x = x if scale is None else scale.apply(x)
    mean, spread = _mean_and_spread(x)
    return _penalised_mean(100 + 10 * d * (x - mean) / spread, weights, penalty)


def adjusted_mazziotta_pareto(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    directions: ArrayLike | None = None,
    reference: str | ArrayLike = "mean",
    bounds: tuple[ArrayLike, ArrayLike] | None = None,
    penalty: str = "negative",
) -> Floats:
    r"""Return the adjusted Mazziotta-Pareto index of each unit, which is comparable over time.

    $r = 100 + 60 \, d (x - x_{ref}) / (x_{max} - x_{min})$ in each column, so that the
    reference is 100; then $S = M \mp \sigma_r^2 / M$ with the mean $M$ and the
    standard deviation $\sigma_r$ (division by n) of the $r$ of one unit.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN marks a missing value, whose weight is shared among the rest. Pass the rows of all
        periods together to keep periods comparable.
    weights : array_like of shape (n_children,) or (..., n_units, n_children), optional
        Equal weights by default, as in the original.
    directions : array_like of shape (n_children,), optional
        1 where more is better, -1 where less is better; all 1 by default.
    reference : {"mean", "midrange"} or array_like of shape (n_children,)
        The value that becomes 100: the mean, the midpoint of the smallest and the largest value
        (all values then lie between 70 and 130), or values for each column.
    bounds : (array_like of shape (n_children,), array_like of shape (n_children,)), optional
        The smallest and the largest value of each column, for instance over all periods; by
        default those of the rows in ``values``.
    penalty : {"negative", "positive"}
        Whether to subtract the penalty (if a higher index is better) or add it (if a lower index
        is better).

    Returns
    -------
    ndarray of shape (..., n_units)
        NaN for a unit without any value.

    Raises
    ------
    MethodError
        If the values of a column do not differ, or the mean of a unit is not above zero.

    References
    ----------
    Mazziotta and Pareto (2016), On a generalized non-compensatory composite index for measuring
    socio-economic phenomena. https://doi.org/10.1007/s11205-015-0998-2

    Examples
    --------
    >>> values = [[1.0, 4.0], [2.0, 6.0], [3.0, 2.0]]
    >>> adjusted_mazziotta_pareto(values, reference="midrange").round(3).tolist()
    [82.353, 113.043, 91.0]
    """
    faults = [*_penalty_faults(penalty)]
    if isinstance(reference, str):
        faults += _reference_faults(reference)
    pair: object = bounds
    if pair is not None and not (isinstance(pair, (tuple, list)) and len(pair) == 2):
        faults.append(f"bounds must be the least and the greatest values, got {pair!r}")
    refuse("adjusted_mazziotta_pareto", faults)
    x = as_values(values)
    d = _directions(directions, x.shape[-1])
    low, high = extremes(x) if bounds is None else (_given(b, x, "bounds") for b in bounds)
    _refuse_constant(low, high)
    given = None if isinstance(reference, str) else _given(reference, x, "reference")
    scale = rescaling(low, high)
    if scale is not None:
        x, low, high = (scale.apply(x), *(_rescaled(scale, ends) for ends in (low, high)))
        given = None if given is None else _rescaled(scale, given)
    centre = _centre(x, str(reference)) if given is None else given
    slope = 60 * d / (high - low)
    scaled = 100 + (x - centre[..., np.newaxis, :]) * slope[..., np.newaxis, :]
    return _penalised_mean(scaled, weights, penalty)


@frozen
class MazziottaPareto:
    """Combine children by the Mazziotta-Pareto index: their mean minus a penalty for imbalance.

    It standardises the children itself, to mean 100 and standard deviation 10 over the units in the
    data, so a linear normalisation beforehand (min-max, z-scores) makes no difference. See
    `mazziotta_pareto`.

    Parameters
    ----------
    penalty : {"negative", "positive"}
        Whether to subtract the penalty (if a higher index is better) or add it (if a lower index
        is better).

    Examples
    --------
    >>> values = np.array([[1.0, 4.0], [2.0, 6.0], [3.0, 2.0]])
    >>> MazziottaPareto().aggregate(values, np.array([0.5, 0.5])).round(3).tolist()
    [93.477, 105.77, 98.5]
    """

    traits: ClassVar[Traits] = Traits(skips_missing=True, draws=True, kinked=False)

    penalty: str = "negative"

    def __attrs_post_init__(self) -> None:
        refuse("MazziottaPareto", _penalty_faults(self.penalty))

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the index of each row; the weight of missing children is shared among the rest."""
        scores = mazziotta_pareto_of_draws(values, weights, self.penalty)
        if scores is not None:
            return scores
        return mazziotta_pareto(values, weights, penalty=self.penalty)

    def fit(self, values: ArrayLike) -> "HeldMazziottaPareto":
        """Return the index with the scale of these values, for use while some of them change."""
        x = as_values(values)
        _refuse_extreme(x)
        mean, spread = _mean_and_spread(x)
        return HeldMazziottaPareto(centre=mean, slope=10 / spread, penalty=self.penalty)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        sign = "-" if self.penalty == "negative" else "+"
        return (
            rf"Mazziotta-Pareto index: $S = M {sign} \sigma_z^2 / M$ of "
            r"$z = 100 + 10 (x - \bar x) / \sigma$ over the units."
        )


@frozen
class AdjustedMazziottaPareto:
    """Combine children by the adjusted Mazziotta-Pareto index; see `adjusted_mazziotta_pareto`.

    It rescales the children itself, over the rows in the data, so a linear normalisation beforehand
    makes no difference.

    Parameters
    ----------
    reference : {"mean", "midrange"}
        The value that becomes 100: the mean, or the midpoint of the smallest and the largest.
    penalty : {"negative", "positive"}
        Whether to subtract the penalty (if a higher index is better) or add it (if a lower index
        is better).

    Examples
    --------
    >>> values = np.array([[1.0, 4.0], [2.0, 6.0], [3.0, 2.0]])
    >>> scheme = AdjustedMazziottaPareto(reference="midrange")
    >>> scheme.aggregate(values, np.array([0.5, 0.5])).round(3).tolist()
    [82.353, 113.043, 91.0]
    """

    traits: ClassVar[Traits] = Traits(skips_missing=True, draws=True, kinked=False)

    reference: str = "mean"
    penalty: str = "negative"

    def __attrs_post_init__(self) -> None:
        faults = [*_reference_faults(self.reference), *_penalty_faults(self.penalty)]
        refuse("AdjustedMazziottaPareto", faults)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the index of each row; the weight of missing children is shared among the rest."""
        scores = mazziotta_pareto_of_draws(values, weights, self.penalty, self.reference)
        if scores is not None:
            return scores
        return adjusted_mazziotta_pareto(
            values, weights, reference=self.reference, penalty=self.penalty
        )

    def fit(self, values: ArrayLike) -> "HeldMazziottaPareto":
        """Return the index with the scale of these values, for use while some of them change."""
        x = as_values(values)
        _refuse_extreme(x)
        low, high = extremes(x)
        _refuse_constant(low, high)
        centre = _centre(x, self.reference)[..., np.newaxis, :]
        slope = (60 / (high - low))[..., np.newaxis, :]
        return HeldMazziottaPareto(centre=centre, slope=slope, penalty=self.penalty)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        sign = "-" if self.penalty == "negative" else "+"
        return (
            rf"Adjusted Mazziotta-Pareto index: $S = M {sign} \sigma_r^2 / M$ of "
            r"$r = 100 + 60 (x - x_{ref}) / (x_{max} - x_{min})$ over the units, the reference "
            f"being the {self.reference}."
        )


@frozen(kw_only=True, eq=False)
class HeldMazziottaPareto:
    r"""A Mazziotta-Pareto index with a fixed scale, which does not depend on the values passed.

    $S = M \mp \sigma_z^2 / M$ of $z = 100 + a (x - c)$. The method ``fit`` of the
    two indices returns one. Unlike them, it has a derivative for each unit separately.

    Attributes
    ----------
    centre, slope : ndarray of shape (..., 1, n_children)
        The value $c$ that becomes 100, and the factor $a$.
    penalty : {"negative", "positive"}

    Examples
    --------
    >>> held = MazziottaPareto().fit([[1.0, 4.0], [2.0, 6.0], [3.0, 2.0]])
    >>> half = np.array([0.5, 0.5])
    >>> held.aggregate(np.array([[1.0, 4.0]]), half).round(3).tolist()
    [93.477]
    >>> held.gradient(np.array([[1.0, 4.0]]), half).round(3).tolist()
    [[6.949, 2.675]]
    """

    centre: Floats
    slope: Floats
    penalty: str

    @property
    def traits(self) -> Traits:
        """The properties of the index, which is concave if the penalty is subtracted."""
        concave = self.penalty == "negative"
        return Traits(skips_missing=True, local=True, concave=concave, draws=True, kinked=False)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the index of each row; the weight of missing children is shared among the rest."""
        return _penalised_mean(self._scaled(values), weights, self.penalty)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the index by each child: (..., n_units, n_children)."""
        z = self._scaled(values)
        w = np.where(np.isnan(z), 0.0, equal_or(weights, z.shape))
        w = w / w.sum(axis=-1, keepdims=True)
        mean = weighted_mean(z, w)[..., np.newaxis]
        spread = weighted_mean((z - mean) ** 2, w)[..., np.newaxis]
        sign = -1 if self.penalty == "negative" else 1
        slope = w * (1 + sign * (2 * (z - mean) / mean - spread / mean**2))
        return np.asarray(np.nan_to_num(slope * self.slope))

    def _scaled(self, values: ArrayLike) -> Floats:
        return np.asarray(100 + self.slope * (as_values(values) - self.centre))


def _mean_and_spread(x: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of each column: (..., 1, n_children)."""
    _refuse_constant(*extremes(x))
    n = (~np.isnan(x)).sum(axis=-2, keepdims=True)
    mean = np.nansum(x, axis=-2, keepdims=True) / n
    return mean, np.sqrt(np.nansum((x - mean) ** 2, axis=-2, keepdims=True) / n)


def _centre(x: Floats, reference: str) -> Floats:
    """Return the value that becomes 100 in each column: (..., n_children)."""
    if reference == "mean":
        return np.asarray(np.nansum(x, axis=-2) / (~np.isnan(x)).sum(axis=-2))
    low, high = extremes(x)
    return (low + high) / 2


def _penalty_faults(penalty: object) -> Iterator[str]:
    return choice_faults("penalty", penalty, ("negative", "positive"))


def _reference_faults(reference: object) -> Iterator[str]:
    return choice_faults("reference", reference, ("mean", "midrange"))


def _rescaled(scale: Rescaling, row: Floats) -> Floats:
    """Return a row of one value per column, rescaled as `Rescaling.apply` rescales tables."""
    return np.asarray(scale.apply(row[..., np.newaxis, :])[..., 0, :])


def _refuse_extreme(x: Floats) -> None:
    """Raise if the scale of values cannot be stored as a centre and a slope."""
    if rescaling(*extremes(x)) is not None:
        _refuse_constant(*extremes(x))
        msg = (
            "the scale of a Mazziotta-Pareto index can be fixed only for values of ordinary size "
            "that are not too close together; normalise them first"
        )
        raise MethodError(msg)


def _directions(directions: ArrayLike | None, n_children: int) -> Floats:
    if directions is None:
        return np.ones(n_children)
    d = as_floats(directions, "directions")
    if d.shape != (n_children,) or not (np.abs(d) == 1).all():
        msg = f"directions must be {n_children} times 1 or -1, got {d.tolist()}"
        raise MethodError(msg)
    return d


def _given(values: ArrayLike, x: Floats, name: str) -> Floats:
    row = as_floats(values, name)
    if row.shape != x.shape[-1:] or not np.isfinite(row).all():
        msg = f"{name} must be {x.shape[-1]} finite values, got {row.tolist()}"
        raise MethodError(msg)
    return row


def _refuse_constant(low: Floats, high: Floats) -> None:
    constant = is_constant(low, high)
    if constant.any():
        columns = constant.reshape(-1, constant.shape[-1]).any(axis=0)
        msg = "a Mazziotta-Pareto index needs values that differ in every column; they do not in"
        raise MethodError(msg, [f"column {j}" for j in np.flatnonzero(columns).tolist()])


def _penalised_mean(x: Floats, weights: ArrayLike | None, penalty: str) -> Floats:
    w = equal_or(weights, x.shape)
    mean = weighted_mean(x, w)
    if (mean <= 0).any():
        faults = [f"row {i[-1]}: {mean[tuple(i)]:g}" for i in np.argwhere(mean <= 0).tolist()]
        msg = "the penalty for imbalance divides by a unit's mean, which must be above zero"
        raise MethodError(msg, faults)
    with np.errstate(over="ignore"):
        imbalance = weighted_mean((x - mean[..., np.newaxis]) ** 2, w) / mean
    if np.isinf(imbalance).any():
        msg = "values are so far beyond the bounds that their imbalance is infinite"
        raise MethodError(msg)
    return mean - imbalance if penalty == "negative" else mean + imbalance
