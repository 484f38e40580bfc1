"""Ordered weighted averaging: weights for places, the best value first."""

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
    r"""Give the mean of values sorted from best to worst, weighted by place.

    With equal weights of the children this is $\sum_i v_i x_{(i)}$. Otherwise a child takes
    up as much room in the order as it has weight, and gets the order weights that lie there:
    $\sum_i (Q(u_i) - Q(u_{i-1})) x_{(i)}$ with the cumulated weights $u_i$ of the
    sorted children and $Q$ linear between the cumulated order weights.

    Parameters
    ----------
    values : array_like of shape (..., n_units, n_children)
        NaN is missing: its weight is shared among the rest.
    weights : array_like of shape (n_children,) or (..., n_units, n_children)
        Not negative and not all zero; scaled to sum to one.
    order_weights : array_like of shape (n_places,)
        For the best values first. Their number need not be that of the children: three of them
        weigh the best, the middle and the worst third. Scaled to sum to one.

    Returns
    -------
    ndarray of shape (..., n_units)
        NaN where no child of positive weight is there.

    Raises
    ------
    MethodError
        Weights that are none.

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
    if np.isinf(score).any():  # by rounding, where all values are among the greatest numbers
        score = np.clip(score, np.fmin.reduce(x, axis=-1), np.fmax.reduce(x, axis=-1))
    return np.where(places.sum(axis=-1) > 0, score, np.nan)


def as_order_weights(order_weights: ArrayLike) -> Floats:
    """Take weights of places, the best first, and scale them to sum to one."""
    v = as_floats(order_weights, "order_weights")
    if v.ndim != 1 or not v.size:
        msg = f"order_weights must be finite, not negative and not all zero, got {v.tolist()}"
        raise MethodError(msg)
    return share_of_total(v, "order_weights")


def _place_weights(x: Floats, w: Floats, v: Floats, first: Floats | None = None) -> Floats:
    """Return the order weights of the room that each child takes up; 0 for a missing one.

    Children come in the order of their values, or of ``first``, the smallest before the others.
    """
    known = np.where(np.isnan(x), 0.0, w)
    total = known.sum(axis=-1, keepdims=True)
    # Missing values come last.
    order = np.argsort(-x if first is None else first, axis=-1, kind="stable")
    room = np.take_along_axis(known / np.where(total > 0, total, 1.0), order, axis=-1)
    cumulated = np.concatenate([[0.0], np.cumsum(v)])
    edges = np.linspace(0.0, 1.0, v.size + 1)
    reached = np.interp(np.cumsum(room, axis=-1), edges, cumulated)
    gained = np.diff(reached, axis=-1, prepend=0.0)
    result = np.zeros(np.broadcast_shapes(x.shape, order.shape))
    np.put_along_axis(result, order, gained, axis=-1)
    return result


def _shared_among_ties(x: Floats, w: Floats, gained: Floats) -> Floats:
    """Share what children that tie gain together among them by weight."""
    ranks = rank_scores(x)
    tied = ranks[..., :, np.newaxis] == ranks[..., np.newaxis, :]
    room = np.where(np.isnan(x), 0.0, w)
    joint = np.einsum("...ij,...j->...i", tied, gained)
    weight = np.einsum("...ij,...j->...i", tied, np.broadcast_to(room, x.shape))
    return np.asarray(room * joint / np.where(weight > 0, weight, 1.0))


def _as_tuple(order_weights: Any) -> tuple[float, ...]:
    v = as_floats(order_weights, "order_weights")
    as_order_weights(v)
    return tuple(v.tolist())


@frozen
class OrderedWeighted:
    """Join children by the mean of their values sorted from best to worst, weighted by place.

    Weight on the first places rewards peaks, weight on the last ones punishes gaps:
    `ordered_weighted_mean`.

    Parameters
    ----------
    order_weights : sequence of float
        For the best values first; their number need not be that of the children.

    Examples
    --------
    >>> third = np.full(3, 1 / 3)
    >>> OrderedWeighted([0.2, 0.3, 0.5]).aggregate(np.array([[10.0, 40.0, 20.0]]), third).tolist()
    [19.0]
    """

    order_weights: tuple[float, ...] = field(converter=_as_tuple)

    @property
    def traits(self) -> Traits:
        """What holds for the mean."""
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
        """Return the mean of each row, the weight of missing children shared among the rest."""
        if are_draws(values, weights):
            means = ordered_means_of_draws(values, weights, as_order_weights(self.order_weights))
            if not np.isinf(means).any():
                return means
        return ordered_weighted_mean(values, weights, self.order_weights)

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the mean by each child: the order weights of its places.

        Children that tie share the order weights of their places by weight.

        Returns
        -------
        ndarray of shape (..., n_units, n_children)
            The weight of each child's place; tied children share theirs.
        """
        x = as_values(values)
        w = as_weights(weights, x.shape)
        return _shared_among_ties(x, w, _place_weights(x, w, as_order_weights(self.order_weights)))

    def directional(self, values: Floats, weights: Floats, moves: Floats) -> Floats:
        """Return the one-sided derivative of the mean when values set out along moves.

        Among children that tie the one that moves up most comes first.

        Returns
        -------
        ndarray of shape (..., n_units)
            The rise of each score for a step along the moves.
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
