"""Basic arithmetic: sum, product, difference, ratio and complement of children."""

from typing import Any, ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.aggregation.checks import as_moves, as_values, as_weights
from dli.aggregation.power import power_mean_gradient
from dli.aggregation.protocol import Traits
from dli.arrays import TIE, Bools, Floats
from dli.checks import number
from dli.errors import MethodError

__all__ = ["Complement", "Difference", "Product", "Ratio", "Sum"]

# Weights are stored as shares, so that multiplying them by the total may change their last digits.
_ROUNDING = 1e-14


def _as_total(total: Any) -> float | None:
    return None if total is None else number("total", total, above=0)


def _as_whole(of: Any) -> float:
    return number("of", of)


def _total_text(total: float | None) -> str:
    return "the number of children" if total is None else f"{total:g}"


def _factors(x: Floats, weights: Floats, total: float | None) -> Floats:
    """Return the weights of the children of each row, scaled to sum to a total.

    The weight of a missing child is 0. Weights that are whole numbers except for rounding are
    rounded, so that three equal weights are 1 each and a plain sum or product is exact.
    """
    target = total if total is not None else float(x.shape[-1])
    factors = target * power_mean_gradient(x, as_weights(weights, x.shape), 1)
    whole = np.rint(factors)
    return np.where(np.abs(factors - whole) <= _ROUNDING * whole, whole, factors)


@frozen
class Sum:
    r"""Add children up: $\sum_k v_k x_k$ with weights $v_k$ that sum to a total.

    Equal weights give the plain sum $x_1 + \dots + x_n$. The sum is a multiple of the arithmetic
    mean, and is fully compensatory as well; its scale is ``total`` times as wide as that of the
    children.

    The weight of missing children is shared among the rest: the score of such a unit is not the
    sum of its known values, but an estimate of the sum of all. To compute a sum as it is usually
    published, set ``missing="propagate"`` in the method.

    Parameters
    ----------
    total : float, optional
        The sum of the weights, above 0; by default the number of children. Weights of 2 : 1 give
        $2a + b$ with a total of 3, and $(4a + 2b) / 3$ by default.

    Examples
    --------
    >>> third = np.full(3, 1 / 3)
    >>> Sum().aggregate(np.array([[10.0, 20.0, 30.0]]), third).tolist()
    [60.0]
    >>> Sum(total=3).aggregate(np.array([[10.0, 20.0]]), np.array([2 / 3, 1 / 3])).tolist()
    [40.0]
    """

    traits: ClassVar[Traits] = Traits(
        skips_missing=True,
        local=True,
        homogeneous=True,
        additive=True,
        concave=True,
        draws=True,
        kinked=False,
    )

    total: float | None = field(default=None, converter=_as_total)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the sum of each row; the weight of missing children is shared among the rest."""
        x = as_values(values)
        factors = _factors(x, weights, self.total)
        with np.errstate(over="ignore"):
            score = np.einsum("...k,...k->...", np.where(np.isnan(x), 0.0, x), factors)
        return np.where(factors.any(axis=-1), score, np.nan)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the sum by each child: its weight, or 0 for a missing child."""
        return _factors(as_values(values), weights, self.total)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return rf"Sum: $S = T \sum_k w_k x_k$, where $T$ is {_total_text(self.total)}."


@frozen
class Product:
    r"""Multiply children: $\prod_k x_k^{v_k}$ with exponents $v_k$ that sum to a total.

    Equal weights give the plain product $x_1 \cdots x_n$, and a total of 1 the geometric mean.
    If one child is 0, the score is 0, whatever the other children are.

    The weight of missing children is shared among the rest: the score of such a unit is not the
    product of its known values, but an estimate of the product of all. To compute a product as it
    is usually published, set ``missing="propagate"`` in the method.

    Parameters
    ----------
    total : float, optional
        The number that the exponents sum to, above 0; the number of children by default.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> Product().aggregate(np.array([[0.5, 0.4]]), half).tolist()
    [0.2]
    >>> Product(total=1).aggregate(np.array([[4.0, 9.0]]), half).round(6).tolist()
    [6.0]
    """

    total: float | None = field(default=None, converter=_as_total)

    @property
    def traits(self) -> Traits:
        """The properties of the product, which is concave if the exponents sum to at most 1."""
        return Traits(
            domain="non-negative",
            skips_missing=True,
            local=True,
            homogeneous=self.total == 1,
            concave=self.total is not None and self.total <= 1,
            draws=True,
            kinked=False,
        )

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the product of each row; the weight of missing children is shared among the rest.

        Raises
        ------
        MethodError
            If values are below 0; the message lists their rows and columns.
        """
        x, exponents = self._counted(values, weights)
        return np.where(exponents.any(axis=-1), _product(x, exponents), np.nan)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        r"""Return the derivative of the product by each child: $v_k S / x_k$.

        Returns
        -------
        ndarray of shape (..., n_units, n_children)
            The value is 0 for a missing child, and where the derivative is infinite (an exponent
            below 1 at x = 0).
        """
        x, exponents = self._counted(values, weights)
        zero = x == 0
        rest = _product(np.where(zero, 1.0, x), exponents)[..., np.newaxis]
        n_zeros = zero.sum(axis=-1, keepdims=True)
        with np.errstate(over="ignore"):
            slopes = exponents * (rest / np.where(zero, 1.0, x))
        at_zero = np.where(zero & (n_zeros == 1) & (exponents == 1), rest, 0.0)
        return np.where(n_zeros > 0, at_zero, slopes)

    def directional(self, values: Floats, weights: Floats, moves: Floats) -> Floats:
        """Return the one-sided derivative of the product along moves of the values.

        If several children are 0, the product rises as a power whose exponent is the sum of their
        exponents. No value falls below 0.

        Returns
        -------
        ndarray of shape (..., n_units)
            Infinite where all children that are 0 rise and their exponents sum to less than 1.
        """
        x, exponents = self._counted(values, weights)
        m = as_moves(moves, as_values(values))
        zero = x == 0
        along = (self.gradient(values, weights) * m).sum(axis=-1)
        if not zero.any():
            return np.asarray(along)
        rest = _product(np.where(zero, 1.0, x), exponents)
        rise = _product(np.where(zero, np.maximum(m, 0.0), 1.0), exponents)
        power = np.where(zero, exponents, 0.0).sum(axis=-1)
        slow, even = power > 1 + TIE, np.abs(power - 1) <= TIE
        steep = np.where(rise > 0, np.inf, 0.0)
        from_zero = np.where(slow, 0.0, np.where(even, rest * rise, steep))
        return np.where(zero.any(axis=-1), from_zero, along)

    def _counted(self, values: ArrayLike, weights: Floats) -> tuple[Floats, Floats]:
        """Return values and exponents; a child with exponent 0 is set to 1, so it has no effect."""
        x = as_values(values)
        exponents = _factors(x, weights, self.total)
        x = np.where(exponents > 0, x, 1.0)
        _refuse("a product requires values of at least 0; got", x, x < 0)
        return x, exponents

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return rf"Product: $S = \prod_k x_k^{{T w_k}}$, where $T$ is {_total_text(self.total)}."


def _product(x: Floats, exponents: Floats) -> Floats:
    """Return the product of powers, even if some of them exceed the range of floats."""
    with np.errstate(all="ignore"):
        plain = (x**exponents).prod(axis=-1)
        usual = np.isfinite(plain) & (plain > 0)
        through_logs = np.exp((exponents * np.log(x)).sum(axis=-1))
    return np.asarray(np.where(usual, plain, through_logs))


def _refuse(message: str, x: Floats, bad: Bools) -> None:
    """Raise an error that lists the bad values with their rows and columns."""
    if bad.any():
        places = np.argwhere(bad).tolist()
        faults = [f"row {at[-2]}, column {at[-1]}: {x[tuple(at)]:g}" for at in places]
        raise MethodError(message, faults)


def _two(aggregation: object, values: ArrayLike) -> Floats:
    """Return the values of two children; if one is missing in a row, both are NaN."""
    x = as_values(values)
    if x.shape[-1] != 2:
        msg = f"{type(aggregation).__name__} joins exactly two children, got {x.shape[-1]}"
        raise MethodError(msg)
    return np.where(np.isnan(x).any(axis=-1, keepdims=True), np.nan, x)


@frozen
class Difference:
    r"""Subtract the second child from the first: $x_1 - x_2$, in the order of the tree.

    Weights have no effect: the derivatives are 1 and -1, so a rise of the second child lowers the
    score, and scores may be negative. Removing the weight of one child in a study changes nothing.
    There must be exactly two children; if one of them is missing, so is the score.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> Difference().aggregate(np.array([[70.0, 40.0], [20.0, 50.0]]), half).tolist()
    [30.0, -30.0]
    """

    # The difference is concave too, but plans treat tangents of concave scores as exact, which
    # requires that no child lowers the score.
    traits: ClassVar[Traits] = Traits(
        needs_all=True,
        local=True,
        homogeneous=True,
        additive=True,
        weighted=False,
        draws=True,
        kinked=False,
    )

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the difference of each row, or NaN where a child is missing.

        Raises
        ------
        MethodError
            If there are not exactly two children.
        """
        x = _two(self, values)
        with np.errstate(over="ignore"):
            return np.asarray(x[..., 0] - x[..., 1])

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the difference by each child: 1 and -1, or 0 without a score."""
        x = _two(self, values)
        return np.where(np.isnan(x), 0.0, np.array([1.0, -1.0]))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return "Difference: $S = x_1 - x_2$, the first child less the second."


@frozen
class Ratio:
    r"""Divide the first child by the second: $x_1 / x_2$, in the order of the tree.

    Weights have no effect. The derivatives are $1 / x_2$ and $-x_1 / x_2^2$, so a rise of the
    second child lowers the score. Removing the weight of one child in a study changes nothing. The
    first child must be at least 0 and the second above 0: ratios are not meaningful on scales
    without a true zero, such as z-scores. There must be exactly two children; if one of them is
    missing, so is the score.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> Ratio().aggregate(np.array([[30.0, 40.0], [0.0, 50.0]]), half).tolist()
    [0.75, 0.0]
    """

    traits: ClassVar[Traits] = Traits(
        domain="non-negative", needs_all=True, local=True, weighted=False, draws=True, kinked=False
    )

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the ratio of each row, or NaN where a child is missing.

        Raises
        ------
        MethodError
            If there are not exactly two children, or values are outside the domain; the message
            lists their rows and columns.
        """
        x = self._checked(values)
        with np.errstate(over="ignore"):
            return np.asarray(x[..., 0] / x[..., 1])

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the ratio by each child, or 0 without a score."""
        x = self._checked(values)
        first, second = x[..., 0], x[..., 1]
        with np.errstate(over="ignore"):
            slopes = np.stack([1 / second, -first / second / second], axis=-1)
        return np.where(np.isnan(x), 0.0, slopes)

    def _checked(self, values: ArrayLike) -> Floats:
        x = _two(self, values)
        bad = np.stack([x[..., 0] < 0, x[..., 1] <= 0], axis=-1)
        _refuse(
            "Ratio requires a first child of at least 0 and a second child above 0; got", x, bad
        )
        return x

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return "Ratio: $S = x_1 / x_2$, the first child divided by the second."


@frozen
class Complement:
    r"""Subtract an only child from a constant: $c - x$.

    It converts a score where less is better, such as that of a sub-index of gaps or deprivations,
    into one where more is better. There must be exactly one child, whose weight has no effect: the
    derivative is -1, so a rise of the child lowers the score.

    Parameters
    ----------
    of : float
        The constant $c$, usually the upper end of the scale.

    Examples
    --------
    >>> Complement(of=100).aggregate(np.array([[30.0]]), np.array([1.0])).tolist()
    [70.0]
    """

    of: float = field(default=1.0, converter=_as_whole)

    @property
    def traits(self) -> Traits:
        """The properties of the complement; it is not declared concave, as with `Difference`."""
        return Traits(
            skips_missing=True,
            local=True,
            homogeneous=self.of == 0,
            additive=self.of == 0,
            weighted=False,
            draws=True,
            kinked=False,
        )

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the complement in each row, or NaN where the child is missing.

        Raises
        ------
        MethodError
            If there is not exactly one child.
        """
        with np.errstate(over="ignore"):
            return np.asarray(self.of - self._child(values)[..., 0])

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the complement by the child: -1, or 0 where it is missing."""
        return np.where(np.isnan(self._child(values)), 0.0, -1.0)

    def _child(self, values: ArrayLike) -> Floats:
        x = as_values(values)
        if x.shape[-1] != 1:
            msg = f"Complement requires exactly one child, got {x.shape[-1]}"
            raise MethodError(msg)
        return x

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return f"Complement: $S = {self.of:g} - x$ of the only child."
