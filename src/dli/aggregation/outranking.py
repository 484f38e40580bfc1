"""Pairwise comparison of units: outranking and Copeland's rule."""

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.aggregation.checks import as_values, as_weights
from dli.aggregation.outranking_draws import copeland_scores_of_draws
from dli.aggregation.planes import are_draws
from dli.aggregation.protocol import Traits
from dli.arrays import Floats, as_floats
from dli.errors import MethodError

__all__ = ["Copeland", "copeland_scores", "outranking_matrix"]


def outranking_matrix(values: ArrayLike, weights: ArrayLike) -> Floats:
    r"""Return, for each pair of units, the weight of the children in which the first is better.

    $o_{ij} = \sum_{k: x_{ik} > x_{jk}} w_k + \frac12 \sum_{k: x_{ik} = x_{jk}} w_k$, so that
    $o_{ij} + o_{ji} = 1$. A pair is compared on the children that both units have, with weights
    scaled to sum to one. The result does not depend on the order of the rows.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN marks a missing value.
    weights : array_like of shape (n_children,)
        The weights, the same for all units; not negative and not all zero; scaled to sum to one.

    Returns
    -------
    ndarray of shape (..., n_units, n_units)
        The diagonal is 0; NaN if two units share no child of positive weight.

    Raises
    ------
    MethodError
        If weights differ between units.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 6, non-compensatory
    multi-criteria approach. https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> outranking_matrix([[3.0, 1.0], [2.0, 1.0]], [0.5, 0.5]).tolist()
    [[0.0, 0.75], [0.25, 0.0]]
    """
    x = as_values(values)
    weights = as_floats(weights, "weights")
    if weights.ndim != 1:
        msg = f"outranking needs weights that all units share, got the shape {weights.shape}"
        raise MethodError(msg)
    w = as_weights(weights, x.shape)
    shape = (*x.shape[:-1], x.shape[-2])
    balance = np.zeros(shape)  # the weight of wins minus the weight of losses
    common = np.zeros(shape) if np.isnan(x).any() else np.full(shape, w.sum())
    for k in np.flatnonzero(w).tolist():
        first, second = x[..., :, np.newaxis, k], x[..., np.newaxis, :, k]
        balance += w[k] * ((first > second).astype(np.int8) - (first < second).astype(np.int8))
        if np.isnan(x).any():
            known = ~np.isnan(x[..., k])
            common += w[k] * (known[..., :, np.newaxis] & known[..., np.newaxis, :])
    matrix = (1 + balance / np.where(common > 0, common, np.nan)) / 2
    matrix[..., np.arange(x.shape[-2]), np.arange(x.shape[-2])] = 0.0
    return np.asarray(matrix)


def copeland_scores(values: ArrayLike, weights: ArrayLike) -> Floats:
    r"""Return the number of units that a unit outranks minus the number that outrank it.

    Unit i outranks unit j when $o_{ij} > 1/2$; if $o_{ij}$ is within $10^{-12}$ of
    1/2, or the units have no child in common, neither outranks the other.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN marks a missing value.
    weights : array_like of shape (n_children,)
        The weights, the same for all units; not negative and not all zero; scaled to sum to one.

    Returns
    -------
    ndarray of shape (..., n_units)
        From 1 - n_units to n_units - 1; NaN for a unit with no child of positive weight.

    Raises
    ------
    MethodError
        If weights differ between units.

    References
    ----------
    Saari and Merlin (1996), The Copeland method. https://doi.org/10.1007/BF01212012

    Examples
    --------
    >>> copeland_scores([[3.0, 1.0], [2.0, 2.0], [1.0, 0.0]], [0.6, 0.4]).tolist()
    [2.0, 0.0, -2.0]
    """
    x = as_values(values)
    weights = as_floats(weights, "weights")
    matrix = outranking_matrix(x, weights)
    rows = np.arange(x.shape[-2])
    matrix[..., rows, rows] = 0.5
    wins = (matrix > 0.5 + 1e-12).sum(axis=-1) - (matrix < 0.5 - 1e-12).sum(axis=-1)
    judged = (~np.isnan(x) & (weights > 0)).any(axis=-1)
    return np.where(judged, wins, np.nan)


@frozen
class Copeland:
    """Combine children by Copeland's rule: the units it outranks minus those that outrank it.

    The size of a unit's lead in a child does not matter, so the rule is non-compensatory. See
    `copeland_scores`. It compares every pair of units and needs memory for all pairs.

    Examples
    --------
    >>> values = np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 0.0]])
    >>> Copeland().aggregate(values, np.array([0.6, 0.4])).tolist()
    [2.0, 0.0, -2.0]
    """

    traits: ClassVar[Traits] = Traits(skips_missing=True, draws=True)

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the score of each row, compared with all other rows."""
        if not are_draws(values, weights) or np.shape(weights)[1] > 1:
            return copeland_scores(values, weights)
        scores = copeland_scores_of_draws(values, weights)
        if scores is not None:
            return scores
        per_draw = np.broadcast_to(weights[:, 0], (len(values), values.shape[-1]))
        return np.stack([copeland_scores(x, w) for x, w in zip(values, per_draw, strict=True)])

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            r"Copeland's rule: $S_i = \#\{j : o_{ij} > 1/2\} - \#\{j : o_{ij} < 1/2\}$, $o_{ij}$ "
            "being the weight of the children in which unit $i$ is better than $j$, ties by half."
        )
