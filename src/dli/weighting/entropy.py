"""Entropy weights: more to what differs more between units."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.weighting.protocol import Floats, Node

__all__ = ["Entropy", "entropy_weights"]

# A constant column has a divergence of 0 up to rounding; scaled, that noise would pass for weights.
_NOISE = 1e-12


def entropy_weights(values: ArrayLike) -> Floats:
    r"""Give entropy weights.

    With the shares :math:`p_{ik} = x_{ik} / \sum_i x_{ik}` of an indicator's sum, its entropy is
    :math:`e_k = -\frac{1}{\ln n} \sum_i p_{ik} \ln p_{ik}` (and :math:`0 \ln 0 = 0`), and weights
    are in proportion to the divergence :math:`1 - e_k`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Not negative. NaN is missing: an indicator's entropy is that of its available values.

    Returns
    -------
    ndarray of shape (n_indicators,)
        They sum to one; a constant indicator has weight 0. A single indicator has weight 1.

    Raises
    ------
    MethodError
        Negative or infinite values, an indicator with fewer than two values or none above zero,
        or no indicator that differs between units.

    References
    ----------
    Shannon, C. E. (1948), A mathematical theory of communication. Bell System Technical Journal
    27. https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
    Zeleny, M. (1982), Multiple Criteria Decision Making, chapter 7.

    Examples
    --------
    >>> entropy_weights([[1.0, 5.0, 1.0], [1.0, 5.0, 2.0], [2.0, 5.0, 9.0]]).round(4).tolist()
    [0.1351, 0.0, 0.8649]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2:
        msg = f"values must have shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    return _entropy_weights(x, [f"column {j}" for j in range(x.shape[1])])


def _entropy_weights(x: Floats, names: Sequence[str]) -> Floats:
    total = x.sum(axis=0)
    complete = not np.isnan(total).any()
    count = np.full(x.shape[1], len(x)) if complete else (~np.isnan(x)).sum(axis=0)
    filled = x if complete else np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf)
    total = total if complete else filled.sum(axis=0)
    _check(filled, total, count, names)
    if x.shape[1] == 1:
        return np.ones(1)
    p = filled / total
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p * np.log(p)
    if not (filled > 0).all():
        terms[filled == 0] = 0.0
    divergence = 1 + terms.sum(axis=0) / np.log(count)
    divergence[divergence < _NOISE] = 0.0
    whole = divergence.sum()
    if not whole > 0:
        msg = f"entropy weights need an indicator that differs between units: {', '.join(names)}"
        raise MethodError(msg)
    return np.asarray(divergence / whole)


def _check(x: Floats, total: Floats, count: Any, names: Sequence[str]) -> None:
    faults = []
    bad = (x < 0) | np.isinf(x)
    if bad.any():
        for j in np.flatnonzero(bad.any(axis=0)).tolist():
            found = x[bad[:, j], j]
            faults.append(
                f"{names[j]}: {len(found)} values below 0 or infinite, such as {found[0]:g}"
            )
    few = np.flatnonzero(count < 2).tolist()
    faults += [f"{names[j]}: {count[j]} values; entropy takes at least two" for j in few]
    zero = np.flatnonzero((total == 0) & (count >= 2)).tolist()
    faults += [f"{names[j]}: no value above zero" for j in zero]
    if faults:
        msg = "entropy weights need finite values of at least 0, and some above it"
        raise MethodError(msg, faults)


@frozen
class Entropy:
    """Weigh children by how much their scores differ between units.

    The scores are those after normalisation, so the weights depend on it; z-scores, which are
    negative for some units, have no entropy.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 9.0]])
    >>> Entropy().weights(values, [Indicator("a"), Indicator("b")]).round(4).tolist()
    [0.1351, 0.8649]
    """

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the entropy weights of the columns."""
        return _entropy_weights(values, [repr(child.code) for child in children])

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            r"Entropy weights: $w_k \propto 1 + \frac{1}{\ln n} \sum_i p_{ik} \ln p_{ik}$ with "
            r"$p_{ik} = x_{ik} / \sum_i x_{ik}$ over the units that have a value."
        )
