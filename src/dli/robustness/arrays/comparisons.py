"""Which of two units scores higher under all weights, with missing values, on plain arrays.

If the weights of missing children are shared among the others, the score of a unit is the weighted
mean of the values that it has. Unit A scores at least as high as unit B under all positive weights
if and only if three conditions are met: A is at least as high as B in each child that both have;
each value of A in a child that B lacks is at least as high as all values of B; and each value of B
in a child that A lacks is at most as high as all values of A. In a tree, the scores of the children
vary with the weights below them: the first condition then applies to each child in turn, and the
others to the least and the greatest score of each child.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Bools, Floats, as_table
from dli.ranking import rank_scores
from dli.scoring.joining import MissingRule
from dli.weighting.tables import in_range

__all__ = [
    "Branch",
    "Comparisons",
    "Tree",
    "compared",
    "dominance",
    "flat",
    "weighted_scores",
]

# The number of a column of the values, or a node above columns.
Tree: TypeAlias = "int | Branch"


@frozen(kw_only=True)
class Branch:
    """A node of the tree above the columns.

    Attributes
    ----------
    children : tuple of int or Branch
        The columns and the nodes directly below.
    rule : MissingRule
        The rule that decides whether the node has a score if children are missing.
    is_power_mean : bool
        Whether the node is a power mean. The conditions for units that lack different children
        apply to power means only; with any other monotone aggregation, a score is only known to
        lie between the least and the greatest value.
    """

    children: tuple[Tree, ...]
    rule: MissingRule
    is_power_mean: bool = True

    @property
    def columns(self) -> list[int]:
        """The numbers of the columns below the node."""
        return [column for child in self.children for column in _columns(child)]


def weighted_scores(values: Floats, tree: Tree, weights: Floats) -> tuple[Floats, Floats]:
    """Return the scores at the top node under each draw of weights, and the weight of the node.

    Parameters
    ----------
    values : ndarray of shape (n_units, n_columns)
        The values; NaN marks a missing one.
    tree : Branch or int
        A tree of arithmetic means.
    weights : ndarray of shape (n_draws, n_columns)
        The weights of the columns in each draw.

    Returns
    -------
    scores : ndarray of shape (n_draws, n_units)
        The scores; NaN for units without one.
    weight : ndarray of shape (n_draws, 1)
        The sum of the weights of the columns below the node.
    """
    if not isinstance(tree, Branch):
        weight = weights[:, [tree]]
        return np.broadcast_to(values[:, tree], (len(weights), len(values))), weight
    children = [weighted_scores(values, child, weights) for child in tree.children]
    scores = np.stack([score for score, _ in children], axis=-1)
    child_weights = np.stack([weight for _, weight in children], axis=-1)
    known = ~np.isnan(scores)
    total = (known * child_weights).sum(axis=-1)
    sums = np.where(known, scores * child_weights, 0.0).sum(axis=-1)
    mean = sums / np.where(total > 0, total, np.nan)
    return np.where(tree.rule.has_score(~known), mean, np.nan), child_weights.sum(axis=-1)


def _columns(tree: Tree) -> list[int]:
    return tree.columns if isinstance(tree, Branch) else [tree]


def flat(n_columns: int) -> Branch:
    """Return a node above all columns; the weights of missing ones are shared among the others."""
    return Branch(children=tuple(range(n_columns)), rule=MissingRule("renormalise", 0.0))


@frozen(kw_only=True, eq=False)
class Comparisons:
    """Comparisons of the scores of all pairs of units at a node, under all weights.

    Attributes
    ----------
    values : ndarray of shape (n_units, n_columns)
        The values, where values that tie have been made equal; NaN where a value is missing or
        below a sub-index without a score.
    is_scored : ndarray of bool of shape (n_units,)
        Whether the unit has a score at the node.
    low, high : ndarray of shape (n_units,)
        The least and the greatest score of the unit over all weights; undefined for units without a
        score.
    at_least : ndarray of bool of shape (n_units, n_units)
        Whether the row scores at least as high as the column under all weights.
    dominates : ndarray of bool of shape (n_units, n_units)
        Whether the row does so and also scores higher than the column under some weights.
    is_mean : ndarray of bool of shape (n_units,)
        Whether the score is the mean of the values that the unit has, weighted in the same
        proportions as if none were missing.
    """

    values: Floats
    is_scored: Bools
    low: Floats
    high: Floats
    at_least: Bools
    dominates: Bools
    is_mean: Bools

    @property
    def is_linear(self) -> Bools:
        """Whether the difference of each two units has the sign of a weighted sum.

        This is so if both units lack the same columns and both scores are means (``is_mean``).
        """
        present = (~np.isnan(self.values)).astype(np.float32)
        lacks = present @ (1 - present).T > 0
        usable = self.is_scored & self.is_mean
        return np.asarray(~lacks & ~lacks.T & usable & usable[:, np.newaxis])


def compared(values: Floats, tree: Tree) -> Comparisons:
    """Return comparisons of units at the top node of a tree under all positive weights.

    Parameters
    ----------
    values : ndarray of shape (n_units, n_columns)
        The values, all columns on the same scale; NaN marks a missing value.
    tree : Branch or int
        The tree above the columns, or the number of a single column.
    """
    values = _tied(in_range(values, together=True)[0])
    _clear(values, tree)
    result = _at(values, tree)
    both = result.is_scored & result.is_scored[:, np.newaxis]
    return Comparisons(
        values=values,
        is_scored=result.is_scored,
        low=result.low,
        high=result.high,
        at_least=result.at_least & both,
        dominates=result.at_least & result.better & both,
        is_mean=result.is_mean,
    )


def _tied(values: Floats) -> Floats:
    """Return the values, with values that tie replaced by the same number."""
    if np.isnan(values).any():  # values of different columns are then compared with each other
        return _same_where_tied(values.reshape(1, -1)).reshape(values.shape)
    return _same_where_tied(values.T).T.copy()


def _same_where_tied(rows: Floats) -> Floats:
    """Return rows in which values that tie are replaced by the largest of them."""
    ranks = rank_scores(rows)
    result = np.full(rows.shape, np.nan)
    for row, row_ranks, out in zip(rows, ranks, result, strict=True):
        known = ~np.isnan(row_ranks)
        places = row_ranks[known].astype(np.int64)
        highest = np.full(row.size + 1, -np.inf)
        np.maximum.at(highest, places, row[known])
        out[known] = highest[places]
    return result


def _clear(values: Floats, tree: Tree) -> Bools:
    """Return which units have a score at a node, and set values below nodes without one to NaN."""
    if not isinstance(tree, Branch):
        return np.asarray(~np.isnan(values[:, tree]))
    present = np.stack([_clear(values, child) for child in tree.children], axis=1)
    is_scored = tree.rule.has_score(~present)
    values[np.ix_(~is_scored, np.array(tree.columns))] = np.nan
    return is_scored


@frozen(kw_only=True, eq=False)
class _AtNode:
    """Comparisons at one node; ``is_whole`` says whether a unit has all columns below the node."""

    is_scored: Bools
    low: Floats
    high: Floats
    at_least: Bools
    better: Bools
    is_mean: Bools
    is_whole: Bools


def _at(values: Floats, tree: Tree) -> _AtNode:
    """Return the comparisons at the top node of a tree, computed recursively."""
    if isinstance(tree, Branch):
        return _joined(tree, [_at(values, child) for child in tree.children])
    column = values[:, tree]
    is_scored = np.asarray(~np.isnan(column))
    return _AtNode(
        is_scored=is_scored,
        low=column,
        high=column,
        at_least=column[:, np.newaxis] >= column,
        better=column[:, np.newaxis] > column,
        is_mean=np.ones(len(column), dtype=np.bool_),
        is_whole=is_scored,
    )


def _joined(branch: Branch, children: Sequence[_AtNode]) -> _AtNode:
    """Return the comparisons at a node from those at its children."""
    present = np.stack([child.is_scored for child in children], axis=1)
    whole = np.stack([child.is_whole for child in children], axis=1)
    mean = np.stack([child.is_mean for child in children], axis=1)
    low = np.fmin.reduce([child.low for child in children])
    high = np.fmax.reduce([child.high for child in children])
    at_least = np.ones((len(low), len(low)), dtype=np.bool_)
    better = ~at_least
    lacks_same = np.ones_like(at_least)
    for child in children:
        first, second = child.is_scored[:, np.newaxis], child.is_scored
        if second.all():
            at_least &= child.at_least
            better |= child.better
            continue
        both, only_first, only_second = first & second, first & ~second, ~first & second
        lacks_same &= ~(only_first | only_second)
        at_least &= ~both | child.at_least
        at_least &= ~only_first | (child.low[:, np.newaxis] >= high)
        at_least &= ~only_second | (low[:, np.newaxis] >= child.high)
        better |= both & child.better
        better |= only_first & (child.high[:, np.newaxis] > low)
        better |= only_second & (high[:, np.newaxis] > child.low)
    if not branch.is_power_mean:
        at_least = np.where(lacks_same, at_least, low[:, np.newaxis] >= high)
    return _AtNode(
        is_scored=np.asarray(present.any(axis=1)),
        low=low,
        high=high,
        at_least=at_least,
        better=better,
        # If a unit has a single child, its score is that of the child, whatever its weight.
        is_mean=(~present | whole).all(axis=1)
        | ((present.sum(axis=1) == 1) & (~present | mean).all(axis=1)),
        is_whole=np.asarray(whole.all(axis=1)),
    )


def dominance(values: ArrayLike) -> Bools:
    """Return which units score at least as high as others under all weights, and higher under some.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The values, normalised to one scale. NaN marks a missing value, whose weight is shared among
        the other indicators.

    Returns
    -------
    ndarray of bool of shape (n_units, n_units)
        Whether the row dominates the column. Units without any value are left out: their rows and
        columns are False. Values tie within the same tolerance as scores do in ranks.

    Raises
    ------
    MethodError
        ``values`` is not a table, or contains infinite values.

    Notes
    -----
    If no values are missing, a unit dominates another if it is nowhere below it and somewhere above
    it. If values are missing, indicators that only one of the two units has must also agree with
    the order: a value that only the dominating unit has must be at least as high as all values of
    the other unit, and a value that only the other unit has must be at most as high as all values
    of the dominating unit. Under positive weights the dominating unit always has the higher
    arithmetic mean.

    Examples
    --------
    >>> dominance([[2.0, 3.0], [2.0, 1.0], [1.0, 9.0]]).tolist()
    [[False, True, False], [False, False, False], [False, False, False]]

    The first unit is ahead in the indicators that both have, but the value that only the second
    unit has can outweigh this.

    >>> nan = float("nan")
    >>> dominance([[10, 5, nan], [4, 5, 90]]).any()
    np.False_
    """
    table = as_table(values, missing=True)
    return compared(table, flat(table.shape[1])).dominates
