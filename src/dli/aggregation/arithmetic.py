"""Plain arithmetic of children: sum, product, difference, ratio and complement."""

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

# Weights are shares: what they were multiplied by comes back but for their last digits.
_ROUNDING = 1e-14


def _as_total(total: Any) -> float | None:
    return None if total is None else number("total", total, above=0)


def _as_whole(of: Any) -> float:
    return number("of", of)


def _told(total: float | None) -> str:
    return "the number of children" if total is None else f"{total:g}"


def _factors(x: Floats, weights: Floats, total: float | None) -> Floats:
    """Return the weights that the children of each row have if they are to sum to a total.

    0 for a missing child. Weights that are whole numbers but for rounding are made so, so that
    three equal ones are 1 each and a sum or product of children is exactly that.
    """
    own = total if total is not None else float(x.shape[-1])
    factors = own * power_mean_gradient(x, as_weights(weights, x.shape), 1)
    whole = np.rint(factors)
    return np.where(np.abs(factors - whole) <= _ROUNDING * whole, whole, factors)


@frozen
class Sum:
    r"""Add children up: $\sum_k v_k x_k$ with weights $v_k$ that sum to a total.

    Equal weights make the plain sum $x_1 + \dots + x_n$. Strength makes up for weakness in
    full, as in the arithmetic mean, of which the sum is a multiple; but a score lies on a scale
    that is ``total`` times as wide as that of the children.

    The weight of missing children is shared among the rest: the score of such a unit is not the
    sum of what is there, but that of all, estimated from what is there. A sum as it is published
    usually goes with ``missing="propagate"`` in the method.

    Parameters
    ----------
    total : float, optional
        What the weights sum to, above 0; the number of children by default. Weights of 2 : 1 give
        $2a + b$ under a total of 3, and $(4a + 2b) / 3$ by default.

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
        """Return the sum of each row, the weight of missing children shared among the rest."""
        x = as_values(values)
        factors = _factors(x, weights, self.total)
        with np.errstate(over="ignore"):
            score = np.einsum("...k,...k->...", np.where(np.isnan(x), 0.0, x), factors)
        return np.where(factors.any(axis=-1), score, np.nan)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the sum by each child: its weight, 0 where it is missing."""
        return _factors(as_values(values), weights, self.total)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return rf"Sum: $S = T \sum_k w_k x_k$, where $T$ is {_told(self.total)}."


@frozen
class Product:
    r"""Multiply children: $\prod_k x_k^{v_k}$ with exponents $v_k$ that sum to a total.

    Equal weights make the plain product $x_1 \cdots x_n$, a total of 1 the geometric mean.
    A child of 0 makes the score 0, whatever the others are.

    The weight of missing children is shared among the rest: the score of such a unit is not the
    product of what is there, but that of all, estimated from what is there. A product as it is
    published usually goes with ``missing="propagate"`` in the method.

    Parameters
    ----------
    total : float, optional
        What the exponents sum to, above 0; the number of children by default.

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
        """What holds for the product; exponents that sum to at most 1 make it concave."""
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
        """Return the product of each row, the weight of missing children shared among the rest.

        Raises
        ------
        MethodError
            Values below zero, with row and column.
        """
        x, exponents = self._counted(values, weights)
        return np.where(exponents.any(axis=-1), _product(x, exponents), np.nan)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        r"""Return the derivative of the product by each child: $v_k S / x_k$.

        Returns
        -------
        ndarray of shape (..., n_units, n_children)
            0 for a missing child, and where the derivative is infinite (an exponent below 1 at
            x = 0).
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
        """Return the one-sided derivative of the product when values set out along moves.

        Where children are 0 it depends on how fast they rise together: as a power whose exponent
        is the sum of theirs. No value falls below 0.

        Returns
        -------
        ndarray of shape (..., n_units)
            Infinite where children of 0 whose exponents sum to less than 1 all rise.
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
        """Return values and exponents; a child without exponent is 1, which counts nothing."""
        x = as_values(values)
        exponents = _factors(x, weights, self.total)
        x = np.where(exponents > 0, x, 1.0)
        _refuse("a product needs values of at least zero; found", x, x < 0)
        return x, exponents

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return rf"Product: $S = \prod_k x_k^{{T w_k}}$, where $T$ is {_told(self.total)}."


def _product(x: Floats, exponents: Floats) -> Floats:
    """Return the product of powers, also where those of some leave the range of numbers."""
    with np.errstate(all="ignore"):
        plain = (x**exponents).prod(axis=-1)
        usual = np.isfinite(plain) & (plain > 0)
        through_logs = np.exp((exponents * np.log(x)).sum(axis=-1))
    return np.asarray(np.where(usual, plain, through_logs))


def _refuse(message: str, x: Floats, bad: Bools) -> None:
    """Refuse values, with row and column."""
    if bad.any():
        places = np.argwhere(bad).tolist()
        faults = [f"row {at[-2]}, column {at[-1]}: {x[tuple(at)]:g}" for at in places]
        raise MethodError(message, faults)


def _two(aggregation: object, values: ArrayLike) -> Floats:
    """Return the values of two children, both NaN in rows where one is missing."""
    x = as_values(values)
    if x.shape[-1] != 2:
        msg = f"{type(aggregation).__name__} joins exactly two children, got {x.shape[-1]}"
        raise MethodError(msg)
    return np.where(np.isnan(x).any(axis=-1, keepdims=True), np.nan, x)


@frozen
class Difference:
    r"""Take the first child less the second: $x_1 - x_2$, in the order of the tree.

    Weights do not enter: the derivatives are 1 and -1, so that a rise of the second child lowers
    the score, and scores may lie below 0. A study that takes the weight of one child away changes
    nothing. There must be exactly two children; where one of them is missing there is no score.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> Difference().aggregate(np.array([[70.0, 40.0], [20.0, 50.0]]), half).tolist()
    [30.0, -30.0]
    """

    # It is concave, too; but plans take tangents for exact where no child lowers the score.
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
        """Return the difference of each row, NaN where a child is missing.

        Raises
        ------
        MethodError
            There are not exactly two children.
        """
        x = _two(self, values)
        with np.errstate(over="ignore"):
            return np.asarray(x[..., 0] - x[..., 1])

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the difference by each child: 1 and -1, 0 without a score."""
        x = _two(self, values)
        return np.where(np.isnan(x), 0.0, np.array([1.0, -1.0]))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return "Difference: $S = x_1 - x_2$, the first child less the second."


@frozen
class Ratio:
    r"""Divide the first child by the second: $x_1 / x_2$, in the order of the tree.

    Weights do not enter. The derivatives are $1 / x_2$ and $-x_1 / x_2^2$, so that a
    rise of the second child lowers the score. A study that takes the weight of one child away
    changes nothing. The first child must be at least zero and the second above it: ratios make no
    sense on scales without a zero, such as z-scores. There must be exactly two children; where one
    of them is missing there is no score.

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
        """Return the ratio of each row, NaN where a child is missing.

        Raises
        ------
        MethodError
            There are not exactly two children; values outside the domain, with row and column.
        """
        x = self._checked(values)
        with np.errstate(over="ignore"):
            return np.asarray(x[..., 0] / x[..., 1])

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the ratio by each child, 0 without a score."""
        x = self._checked(values)
        first, second = x[..., 0], x[..., 1]
        with np.errstate(over="ignore"):
            slopes = np.stack([1 / second, -first / second / second], axis=-1)
        return np.where(np.isnan(x), 0.0, slopes)

    def _checked(self, values: ArrayLike) -> Floats:
        x = _two(self, values)
        bad = np.stack([x[..., 0] < 0, x[..., 1] <= 0], axis=-1)
        _refuse("Ratio needs a first child of at least zero, and a second above it; found", x, bad)
        return x

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return "Ratio: $S = x_1 / x_2$, the first child divided by the second."


@frozen
class Complement:
    r"""Take what an only child leaves of a whole: $c - x$.

    It turns a score of which less is better, such as that of a sub-index of gaps or deprivations,
    into one of which more is. There must be exactly one child, whose weight does not enter: the
    derivative is -1, so that a rise of the child lowers the score.

    Parameters
    ----------
    of : float
        The whole.

    Examples
    --------
    >>> Complement(of=100).aggregate(np.array([[30.0]]), np.array([1.0])).tolist()
    [70.0]
    """

    of: float = field(default=1.0, converter=_as_whole)

    @property
    def traits(self) -> Traits:
        """What holds for the complement; of its concavity see `Difference`."""
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
        """Return the complement in each row, NaN where the child is missing.

        Raises
        ------
        MethodError
            There is not exactly one child.
        """
        with np.errstate(over="ignore"):
            return np.asarray(self.of - self._child(values)[..., 0])

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the complement by the child: -1, 0 where it is missing."""
        return np.where(np.isnan(self._child(values)), 0.0, -1.0)

    def _child(self, values: ArrayLike) -> Floats:
        x = as_values(values)
        if x.shape[-1] != 1:
            msg = f"Complement is of exactly one child, got {x.shape[-1]}"
            raise MethodError(msg)
        return x

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return f"Complement: $S = {self.of:g} - x$ of the only child."
