"""Estimators of Sobol indices from the outputs of two base samples and mixed samples."""

from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.checks import flag_faults, refuse, whole_number
from dli.errors import MethodError
from dli.weighting.tables import in_range

__all__ = ["Indices", "Sums", "sobol_estimates"]

# A variance below this share of the squared outputs is only rounding error.
_CONSTANT = 1e-26


@frozen(kw_only=True, eq=False)
class Indices:
    """Sobol indices of outputs by factor.

    Attributes
    ----------
    first_order, total_order : ndarray of shape (n_factors, n_outputs)
        Sobol indices; NaN for an output that does not vary.
    first_error, total_error : ndarray of shape (n_factors, n_outputs)
        Standard errors for independent draws, by the delta method.
    second_order : ndarray of shape (n_factors, n_factors, n_outputs) or None
        Indices of pairs of factors, without the first-order index of each; NaN on the diagonal.
    variance : ndarray of shape (n_outputs,)
        The variance of each output over the draws.
    """

    first_order: Floats
    total_order: Floats
    first_error: Floats
    total_error: Floats
    second_order: Floats | None
    variance: Floats


def sobol_estimates(
    f_a: ArrayLike,
    f_b: ArrayLike,
    f_ab: ArrayLike,
    *,
    f_ba: ArrayLike | None = None,
    centred: bool = True,
    ddof: int = 0,
) -> Indices:
    r"""Estimate first-order and total-order Sobol indices from outputs.

    The estimators are those of `scipy.stats.sobol_indices`:
    $S_j = \overline{f_B (f_{AB_j} - f_A)} / V$ and
    $T_j = \overline{(f_A - f_{AB_j})^2} / (2 V)$, where V is the variance of both base samples.

    Parameters
    ----------
    f_a, f_b : array_like of shape (n_draws,) or (n_draws, n_outputs)
        Outputs at the two base samples.
    f_ab : array_like of shape (n_factors, n_draws) or (n_factors, n_draws, n_outputs)
        Outputs at the first sample with one factor taken from the second.
    f_ba : array_like of the same shape, optional
        Outputs at the second sample with one factor taken from the first. If given, second-order
        indices are estimated too.
    centred : bool
        Whether to subtract the mean from the outputs first, which makes the estimates less
        variable.
    ddof : int
        The number subtracted from the number of outputs in the variance: 0 or 1.

    Returns
    -------
    Indices
        First-order and total-order indices, their standard errors and the variance.

    Raises
    ------
    MethodError
        The shapes do not match, or there are fewer than two draws.

    References
    ----------
    Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Variance based sensitivity
    analysis of model output. https://doi.org/10.1016/j.cpc.2009.09.018

    Saltelli (2002), Making best use of model evaluations to compute sensitivity indices.
    https://doi.org/10.1016/S0010-4655(02)00280-1

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.random((2, 4096, 2))
    >>> f = lambda x: 3 * x[:, 0] + x[:, 1]
    >>> ab = [np.column_stack([b[:, 0], a[:, 1]]), np.column_stack([a[:, 0], b[:, 1]])]
    >>> sobol_estimates(f(a), f(b), [f(x) for x in ab]).total_order.round(1).tolist()
    [[0.9], [0.1]]
    """
    refuse("sobol_estimates", flag_faults(centred=centred))
    ddof = whole_number("ddof", ddof, 0, 1)
    a, b, ab = as_floats(f_a, "f_a"), as_floats(f_b, "f_b"), as_floats(f_ab, "f_ab")
    a, b, ab = (f[..., np.newaxis] if a.ndim == 1 else f for f in (a, b, ab))
    if a.ndim != 2 or b.shape != a.shape or ab.ndim != 3 or ab.shape[1:] != a.shape or len(a) < 2:
        msg = (
            "f_a and f_b must have the shape (n_draws, n_outputs) and f_ab (n_factors, n_draws, "
            f"n_outputs), with at least two draws; got {a.shape}, {b.shape} and {ab.shape}"
        )
        raise MethodError(msg)
    # Indices do not depend on the scale of an output: a power of two keeps its squares in range.
    _, powers = in_range(np.concatenate([a, b, *ab]))
    a, b, ab = (np.ldexp(f, -powers) for f in (a, b, ab))
    middle = (a.mean(axis=0) + b.mean(axis=0)) / 2
    shift = middle if centred else np.zeros_like(middle)
    sums = Sums.of(a, b, ab, shift)
    indices = sums.indices(centred=centred, ddof=ddof)
    with np.errstate(over="ignore"):
        variance = np.ldexp(indices.variance, 2 * powers)
    if f_ba is None:
        return evolve(indices, variance=variance)
    ba = as_floats(f_ba, "f_ba")
    ba = ba[..., np.newaxis] if ba.ndim == 2 else ba
    if ba.shape != ab.shape:
        msg = f"f_ba must have the shape {ab.shape} of f_ab, got {ba.shape}"
        raise MethodError(msg)
    ba = np.ldexp(ba, -powers)
    whole = _with_second_order(indices, a - middle, b - middle, ab - middle, ba - middle)
    return evolve(whole, variance=variance)


def _with_second_order(indices: Indices, a: Floats, b: Floats, ab: Floats, ba: Floats) -> Indices:
    base = (a * b).mean(axis=0)
    closed = np.einsum("ink,jnk->ijk", ba, ab) / len(a) - base
    variance = np.where(indices.variance > 0, indices.variance, np.nan)
    pairs = closed / variance - indices.first_order[:, np.newaxis] - indices.first_order
    pairs = (pairs + pairs.transpose(1, 0, 2)) / 2
    pairs[np.arange(len(ab)), np.arange(len(ab))] = np.nan
    return evolve(indices, second_order=pairs)


@frozen(eq=False)
class Sums:
    """Sums over draws from which indices are computed, so that draws can be added in blocks.

    Let x and y be the outputs at the two base samples minus a shift, and z the outputs at the mixed
    sample. The sums are those of x + y; v = (x² + y²) / 2; z - x; t = y (z - x); u = (z - x)² / 2;
    and the products of v, t and u that the standard errors require.
    """

    n: int
    shift: Floats
    both: Floats
    v: Floats
    vv: Floats
    step: Floats
    t: Floats
    u: Floats
    tt: Floats
    tv: Floats
    uu: Floats
    uv: Floats

    @classmethod
    def of(cls, a: Floats, b: Floats, ab: Any, shift: Floats) -> "Sums":
        """Return the sums over a block of draws.

        Parameters
        ----------
        a, b : ndarray of shape (n_draws, n_outputs)
            Outputs at the two base samples.
        ab : iterable of ndarray of shape (n_draws, n_outputs)
            Outputs at the mixed samples, one array for each factor.
        shift : ndarray of shape (n_outputs,)
            Numbers close to the mean of each output.
        """
        x, y = a - shift, b - shift
        v = (x * x + y * y) / 2

        def total(first: Floats, second: Floats) -> Floats:
            return np.asarray(np.einsum("ij,ij->j", first, second))

        by_factor = []
        step, t, u = np.empty((3, *a.shape))
        for f in ab:
            np.subtract(f, a, out=step)
            np.multiply(y, step, out=t)
            np.multiply(step, step, out=u)
            u *= 0.5
            by_factor.append(
                (step.sum(axis=0), t.sum(axis=0), u.sum(axis=0), total(t, t), total(t, v),
                 total(u, u), total(u, v))
            )  # fmt: skip
        sums = [np.array(column) for column in zip(*by_factor, strict=True)]
        return cls(len(a), shift, (x + y).sum(axis=0), v.sum(axis=0), total(v, v), *sums)

    def __add__(self, other: "Sums") -> "Sums":
        parts = (
            getattr(self, name) + getattr(other, name)
            for name in ("both", "v", "vv", "step", "t", "u", "tt", "tv", "uu", "uv")
        )
        return Sums(self.n + other.n, self.shift, *parts)

    def indices(self, *, centred: bool = True, ddof: int = 0) -> Indices:
        """Return the indices computed from the sums."""
        n = self.n
        off = self.both / (2 * n)  # the distance of the mean from the shift
        variance = (self.v / n - off**2) * (2 * n / (2 * n - ddof))
        size = (np.abs(self.shift) + np.abs(off)) ** 2
        varies = variance > _CONSTANT * size
        v = np.where(varies, variance, np.nan)
        first = self.t / n - (off * self.step / n if centred else 0.0)
        total = self.u / n
        s, total_order = first / v, total / v
        return Indices(
            first_order=s,
            total_order=total_order,
            first_error=self._error(self.t, self.tt, self.tv, s, v),
            total_error=self._error(self.u, self.uu, self.uv, total_order, v),
            second_order=None,
            variance=np.where(varies | np.isnan(variance), variance, 0.0),
        )

    def _error(self, e: Floats, ee: Floats, ev: Floats, ratio: Floats, v: Floats) -> Floats:
        """Return the standard error of the ratio of the means of e and v."""
        n = self.n
        mean = e / n - ratio * (self.v / n)
        square = (ee - 2 * ratio * ev + ratio**2 * self.vv) / n
        return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0) / n) / v)
