"""Step 6: the children of a node joined to its score."""

from typing import ClassVar, Protocol, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli.errors import MethodError

__all__ = [
    "Aggregation",
    "ArithmeticMean",
    "GeometricMean",
    "HarmonicMean",
    "Minimum",
    "PowerMean",
    "power_mean",
]

Floats: TypeAlias = NDArray[np.float64]


class Aggregation(Protocol):
    """Join the children of a node to its score."""

    def aggregate(self, values: Floats, weights: Floats, /) -> Floats:
        """Give scores of shape (..., n_units).

        ``values`` are (..., n_units, n_children) and complete; ``weights`` are (n_children,) or
        (n_units, n_children), not negative, and their rows sum to one.
        """
        ...


def power_mean(values: ArrayLike, weights: ArrayLike, p: float) -> Floats:
    r"""Give the weighted power mean of order p.

    :math:`S = (\sum_k w_k x_k^p)^{1/p}`; for p = 0 its limit, the geometric mean
    :math:`\prod_k x_k^{w_k}`; for p = -inf and inf the least and the greatest value of positive
    weight.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN is missing: its weight is shared among the rest. Above zero for p <= 0, at least zero
        for other p but 1.
    weights : array_like of shape (n_children,) or (..., n_units, n_children)
        Not negative; scaled to sum to one over the children that are there.
    p : float

    Returns
    -------
    ndarray of shape (..., n_units)
        NaN where no child of positive weight is there.

    Raises
    ------
    MethodError
        Values that the order does not allow, with row and column.

    References
    ----------
    Hardy, Littlewood and Pólya (1934), Inequalities, chapter 2.

    Examples
    --------
    >>> power_mean([[4.0, 9.0]], [0.5, 0.5], 0).round(6).tolist()
    [6.0]
    >>> power_mean([[1.0, np.nan, 3.0]], [0.2, 0.6, 0.2], 1).tolist()
    [2.0]
    """
    x = np.asarray(values, dtype=np.float64)
    w = np.asarray(weights, dtype=np.float64)
    _check_values(x, p)
    if np.isinf(p):
        counted = np.where((w > 0) & ~np.isnan(x), x, np.sign(p) * -np.inf)
        extreme = counted.max(axis=-1) if p > 0 else counted.min(axis=-1)
        return np.where(np.isinf(extreme), np.nan, extreme)
    if p == 1:
        return _weighted_mean(x, w)
    with np.errstate(divide="ignore"):  # a zero under p > 0 stays a zero
        transformed = np.log(x) if p == 0 else x**p
        mean = _weighted_mean(transformed, w)
        return np.exp(mean) if p == 0 else np.asarray(mean ** (1 / p))


def _check_values(x: Floats, p: float) -> None:
    domain = _domain(p)
    if domain == "real":
        return
    bad = x <= 0 if domain == "positive" else x < 0
    if bad.any():
        limit = "above zero" if domain == "positive" else "of at least zero"
        faults = [
            f"row {i[-2]}, column {i[-1]}: {x[tuple(i)]:g}" for i in np.argwhere(bad).tolist()
        ]
        msg = f"a power mean of order {p:g} needs values {limit}; found"
        raise MethodError(msg, faults)


def _domain(p: float) -> str:
    if p == 1 or np.isinf(p):
        return "real"
    return "positive" if p <= 0 else "non-negative"


def _weighted_mean(x: Floats, w: Floats) -> Floats:
    mean = x @ w if w.ndim == 1 else np.einsum("...k,...k->...", x, w)
    if not np.isnan(mean).any():  # a product with NaN is NaN: no other look is needed
        return np.asarray(mean)
    there = ~np.isnan(x)
    filled = np.where(there, x, 0.0)
    total = np.einsum("...k,...k->...", there, np.broadcast_to(w, x.shape))
    weighted = np.einsum("...k,...k->...", filled, np.broadcast_to(w, x.shape))
    with np.errstate(invalid="ignore"):  # no weight left: no score
        return np.asarray(weighted / np.where(total > 0, total, np.nan))


class _Mean:
    """What the power means share: all that differs is the order."""

    skips_missing: ClassVar[bool] = True
    _order: float

    @property
    def domain(self) -> str:
        """The values that the mean takes: ``"positive"``, ``"non-negative"`` or ``"real"``."""
        return _domain(self._order)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Give the mean of each row."""
        return power_mean(values, weights, self._order)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Give the derivative of the mean by each child, 0 for a missing one.

        :math:`\\partial S / \\partial x_k = w_k (x_k / S)^{p - 1}`; for the minimum 1, shared by
        all that tie. Where the derivative is infinite (0 < p < 1 at x = 0) it is given as 0.

        Returns
        -------
        ndarray of shape (..., n_units, n_children)
        """
        p = self._order
        there = ~np.isnan(values)
        w = np.where(there, weights, 0.0)
        total = w.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            w = w / total
            if p == 1:
                return np.asarray(w)
            score = power_mean(values, weights, p)[..., np.newaxis]
            if np.isinf(p):
                least = (values == score) & (w > 0)
                return np.asarray(least / least.sum(axis=-1, keepdims=True))
            slope = w * (values / score) ** (p - 1)
        return np.where(there & np.isfinite(slope), slope, 0.0)


@frozen
class ArithmeticMean(_Mean):
    r"""Join children by their weighted mean, :math:`\sum_k w_k x_k`: weakness is made up for wholly.

    Examples
    --------
    >>> ArithmeticMean().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).tolist()
    [50.0]
    """

    _order: ClassVar[float] = 1.0

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return r"Arithmetic mean: $S = \sum_k w_k x_k$."


@frozen
class GeometricMean(_Mean):
    r"""Join children by :math:`\prod_k x_k^{w_k}`: weakness is made up for in part.

    Examples
    --------
    >>> GeometricMean().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).round(6).tolist()
    [40.0]
    """

    _order: ClassVar[float] = 0.0

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return r"Geometric mean: $S = \prod_k x_k^{w_k}$."


@frozen
class HarmonicMean(_Mean):
    r"""Join children by :math:`1 / \sum_k (w_k / x_k)`: weakness weighs heavily.

    Examples
    --------
    >>> HarmonicMean().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).round(6).tolist()
    [32.0]
    """

    _order: ClassVar[float] = -1.0

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return r"Harmonic mean: $S = 1 / \sum_k (w_k / x_k)$."


@frozen
class PowerMean(_Mean):
    r"""Join children by :math:`(\sum_k w_k x_k^p)^{1/p}`: the lower p, the less is made up for.

    Parameters
    ----------
    p : float
        The order; 1 is the arithmetic, 0 the geometric and -1 the harmonic mean.

    Examples
    --------
    >>> PowerMean(2.0).aggregate(np.array([[30.0, 40.0]]), np.array([0.5, 0.5])).round(4).tolist()
    [35.3553]
    """

    p: float

    def __attrs_post_init__(self) -> None:
        if isinstance(self.p, bool) or not isinstance(self.p, (int, float)) or np.isnan(self.p):
            msg = f"p must be a number, got {self.p!r}"
            raise MethodError(msg)

    @property
    def _order(self) -> float:  # type: ignore[override] # a parameter here, a constant elsewhere
        return self.p

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return rf"Power mean of order $p = {self.p:g}$: $S = (\sum_k w_k x_k^p)^{{1/p}}$."


@frozen
class Minimum(_Mean):
    """Take the weakest child of positive weight: nothing makes up for it.

    Examples
    --------
    >>> Minimum().aggregate(np.array([[20.0, 80.0]]), np.array([0.5, 0.5])).tolist()
    [20.0]
    """

    _order: ClassVar[float] = -np.inf

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return r"Minimum: $S = \min_k x_k$ over the children of positive weight."
