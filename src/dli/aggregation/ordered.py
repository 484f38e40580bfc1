"""Ordered weighted averaging: weights by place in the order of values, the best first."""

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.aggregation.checks import as_moves, as_values, as_weights, share_of_total
from dli.aggregation.ordered_draws import ordered_means_of_draws
from dli.aggregation.planes import are_draws
from dli.aggregation.protocol import Traits
from dli.arrays import Floats, as_floats
from dli.errors import MethodError
from dli.ranking import rank_scores

__all__ = ["OrderedWeighted", "ordered_weighted_mean"]


def ordered_weighted_mean(
    values: ArrayLike, weights: ArrayLike, order_weights: ArrayLike
) -> Floats:
    r"""Return the mean of values sorted from best to worst, weighted by place.

    With equal weights of the children this is $\sum_i v_i x_{(i)}$. Otherwise each child
    covers a share of the order equal to its weight, and receives the order weights of that share:
    $\sum_i (Q(u_i) - Q(u_{i-1})) x_{(i)}$ with the cumulative weights $u_i$ of the
    sorted children and $Q$ linear between the cumulative order weights.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN marks a missing value, whose weight is shared among the rest.
    weights : array_like of shape (n_children,) or (..., n_units, n_children)
        Not negative and not all zero; scaled to sum to one.
    order_weights : array_like of shape (n_places,)
        The weights of places, the best value first; scaled to sum to one. Their number need not be
        that of the children: three weights apply to the best, the middle and the worst third.

    Returns
    -------
    ndarray of shape (..., n_units)
        NaN for a unit without a value in any child of positive weight.

    Raises
    ------
    MethodError
        If weights are negative, infinite, all zero or not numbers.

    References
    ----------
    Yager (1988), On ordered weighted averaging aggregation operators in multicriteria
    decisionmaking. https://doi.org/10.1109/21.87068
    Torra (1997), The weighted OWA operator. International Journal of Intelligent Systems 12.

    Examples
    --------
    >>> ordered_weighted_mean([[10.0, 40.0, 20.0]], [1, 1, 1], [0.2, 0.3, 0.5]).round(3).tolist()
    [19.0]
    """
    x = as_values(values)
    places = _place_weights(x, as_weights(weights, x.shape), as_order_weights(order_weights))
    score = np.einsum("...k,...k->...", np.where(np.isnan(x), 0.0, x), places)
    if np.isinf(score).any():  # by rounding, if all values are near the largest float
        score = np.clip(score, np.fmin.reduce(x, axis=-1), np.fmax.reduce(x, axis=-1))
    return np.where(places.sum(axis=-1) > 0, score, np.nan)


def as_order_weights(order_weights: ArrayLike) -> Floats:
    """Return weights of places, the best first, scaled to sum to one."""
    v = as_floats(order_weights, "order_weights")
    if v.ndim != 1 or not v.size:
        msg = f"order_weights must be finite, not negative and not all zero, got {v.tolist()}"
        raise MethodError(msg)
    return share_of_total(v, "order_weights")


def _place_weights(x: Floats, w: Floats, v: Floats, first: Floats | None = None) -> Floats:
    """Return the order weights of the share that each child covers, 0 for a missing child.

    Children are ordered by their values, the largest first, or by ``first``, the smallest first.
    """
    known = np.where(np.isnan(x), 0.0, w)
    total = known.sum(axis=-1, keepdims=True)
    # Missing values are sorted last.
    order = np.argsort(-x if first is None else first, axis=-1, kind="stable")
    share = np.take_along_axis(known / np.where(total > 0, total, 1.0), order, axis=-1)
    cumulative = np.concatenate([[0.0], np.cumsum(v)])
    edges = np.linspace(0.0, 1.0, v.size + 1)
    reached = np.interp(np.cumsum(share, axis=-1), edges, cumulative)
    gained = np.diff(reached, axis=-1, prepend=0.0)
    result = np.zeros(np.broadcast_shapes(x.shape, order.shape))
    np.put_along_axis(result, order, gained, axis=-1)
    return result


def _shared_among_ties(x: Floats, w: Floats, gained: Floats) -> Floats:
    """Return order weights in which children that tie share their total by weight."""
    ranks = rank_scores(x)
    tied = ranks[..., :, np.newaxis] == ranks[..., np.newaxis, :]
    known = np.where(np.isnan(x), 0.0, w)
    joint = np.einsum("...ij,...j->...i", tied, gained)
    weight = np.einsum("...ij,...j->...i", tied, np.broadcast_to(known, x.shape))
    return np.asarray(known * joint / np.where(weight > 0, weight, 1.0))


def _as_tuple(order_weights: Any) -> tuple[float, ...]:
    v = as_floats(order_weights, "order_weights")
    as_order_weights(v)
    return tuple(v.tolist())


@frozen
class OrderedWeighted:
    """Combine children by the mean of their values sorted from best to worst, weighted by place.

    Weight on the first places rewards high values; weight on the last places penalises low ones.
    See `ordered_weighted_mean`.

    Parameters
    ----------
    order_weights : sequence of float
        The weights of places, the best value first; their number need not be that of the children.

    Examples
    --------
    >>> third = np.full(3, 1 / 3)
    >>> OrderedWeighted([0.2, 0.3, 0.5]).aggregate(np.array([[10.0, 40.0, 20.0]]), third).tolist()
    [19.0]
    """

    order_weights: tuple[float, ...] = field(converter=_as_tuple)

    @property
    def traits(self) -> Traits:
        """The properties of the mean, which is concave if the order weights rise."""
        rising = bool((np.diff(self.order_weights) >= 0).all())
        return Traits(
            skips_missing=True,
            local=True,
            monotone=True,
            homogeneous=True,
            concave=rising,
            draws=True,
        )

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the mean of each row; the weight of missing children is shared among the rest."""
        if are_draws(values, weights):
            means = ordered_means_of_draws(values, weights, as_order_weights(self.order_weights))
            if not np.isinf(means).any():
                return means
        return ordered_weighted_mean(values, weights, self.order_weights)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the mean by each child: the order weight of its place.

        Children that tie share the order weights of their places in proportion to their weights.

        Returns
        -------
        ndarray of shape (..., n_units, n_children)
            The order weight of each child's place.
        """
        x = as_values(values)
        w = as_weights(weights, x.shape)
        return _shared_among_ties(x, w, _place_weights(x, w, as_order_weights(self.order_weights)))

    def directional(self, values: Floats, weights: Floats, moves: Floats) -> Floats:
        """Return the one-sided derivative of the mean along moves of the values.

        Among children that tie, the one that rises most is ranked first.

        Returns
        -------
        ndarray of shape (..., n_units)
            The rise of each score per unit step along the moves.
        """
        x = as_values(values)
        w = as_weights(weights, x.shape)
        m = as_moves(moves, x)
        by_move = np.argsort(np.argsort(-m, axis=-1, kind="stable"), axis=-1)
        first = rank_scores(x) * x.shape[-1] + by_move
        places = _place_weights(x, w, as_order_weights(self.order_weights), first)
        return np.asarray((places * m).sum(axis=-1))

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        listed = ", ".join(f"{v:g}" for v in self.order_weights)
        return (
            r"Ordered weighted average: $S = \sum_i v_i x_{(i)}$, best value first, with the order "
            f"weights {listed}."
        )
