"""Which of two units scores higher whatever the weights, with missing values; arrays only.

Where the weights of missing children are shared among the rest, the score of unit A under weights
w is the mean of what A has. With A and B the sets of children that each unit has, A scores at
least as high as B under all positive weights if and only if A is at least as high in what both
have, what A alone has is at least as high as everything of B, and what B alone has is at most as
high as everything of A. In a tree the scores of children vary with the weights below them: the
first condition applies to each child in turn, the others to the least and the greatest score.
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

# A column of the values, or a node above some.
Tree: TypeAlias = "int | Branch"


@frozen(kw_only=True)
class Branch:
    """A node above the columns.

    Attributes
    ----------
    children : tuple of int or Branch
    rule : MissingRule
    is_power_mean : bool
        Whether the node is a power mean; the conditions for units that lack different children
        hold for those. Of other monotone aggregations a score is only known to lie between the
        least and the greatest value.
    """

    children: tuple[Tree, ...]
    rule: MissingRule
    is_power_mean: bool = True

    @property
    def columns(self) -> list[int]:
        """The columns below the node."""
        return [column for child in self.children for column in _columns(child)]


def weighted_scores(values: Floats, tree: Tree, weights: Floats) -> tuple[Floats, Floats]:
    """Return scores under random weights of the columns, and the weight of the node.

    Parameters
    ----------
    values : ndarray of shape (n_units, n_columns)
    tree : Branch or int
        Of arithmetic means.
    weights : ndarray of shape (n_draws, n_columns)

    Returns
    -------
    scores : ndarray of shape (n_draws, n_units)
    weight : ndarray of shape (n_draws, 1)
    """
    if not isinstance(tree, Branch):
        own = weights[:, [tree]]
        return np.broadcast_to(values[:, tree], (len(weights), len(values))), own
    children = [weighted_scores(values, child, weights) for child in tree.children]
    scores = np.stack([score for score, _ in children], axis=-1)
    own = np.stack([weight for _, weight in children], axis=-1)
    known = ~np.isnan(scores)
    total = (known * own).sum(axis=-1)
    mean = np.where(known, scores * own, 0.0).sum(axis=-1) / np.where(total > 0, total, np.nan)
    return np.where(tree.rule.has_score(~known), mean, np.nan), own.sum(axis=-1)


def _columns(tree: Tree) -> list[int]:
    return tree.columns if isinstance(tree, Branch) else [tree]


def flat(n_columns: int) -> Branch:
    """Return one node above all columns that shares the weights of missing ones out."""
    return Branch(children=tuple(range(n_columns)), rule=MissingRule("renormalise", 0.0))


@frozen(kw_only=True, eq=False)
class Comparisons:
    """How the scores of units compare at a node.

    Attributes
    ----------
    values : ndarray of shape (n_units, n_columns)
        Values that tie are equal; NaN where a value is missing or part of a missing sub-index.
    is_scored : ndarray of bool of shape (n_units,)
    low, high : ndarray of shape (n_units,)
        The least and the greatest score that weights can give; any number for other units.
    at_least : ndarray of bool of shape (n_units, n_units)
        Row scores at least as high as column under all weights.
    dominates : ndarray of bool of shape (n_units, n_units)
        It does, and scores higher under some.
    is_mean : ndarray of bool of shape (n_units,)
        The score is the mean of what the unit has, with the same weights as without gaps.
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
        """Pairs of units with the same gaps, whose difference has the sign of a weighted sum."""
        present = (~np.isnan(self.values)).astype(np.float32)
        lacks = present @ (1 - present).T > 0
        usable = self.is_scored & self.is_mean
        return np.asarray(~lacks & ~lacks.T & usable & usable[:, np.newaxis])


def compared(values: Floats, tree: Tree) -> Comparisons:
    """Compare the scores of units at the node on top of a tree under all positive weights.

    Parameters
    ----------
    values : ndarray of shape (n_units, n_columns)
        NaN is missing; values of different columns are on one scale.
    tree : Branch or int
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
    """Return values of which those that tie are the same number."""
    if np.isnan(values).any():  # then values of different columns are compared
        return _same_where_tied(values.reshape(1, -1)).reshape(values.shape)
    return _same_where_tied(values.T).T.copy()


def _same_where_tied(rows: Floats) -> Floats:
    ranks = rank_scores(rows)
    result = np.full(rows.shape, np.nan)
    for row, own, out in zip(rows, ranks, result, strict=True):
        known = ~np.isnan(own)
        places = own[known].astype(np.int64)
        highest = np.full(row.size + 1, -np.inf)
        np.maximum.at(highest, places, row[known])
        out[known] = highest[places]
    return result


def _clear(values: Floats, tree: Tree) -> Bools:
    """Return which units have a score at a node; remove what lies below nodes without one."""
    if not isinstance(tree, Branch):
        return np.asarray(~np.isnan(values[:, tree]))
    present = np.stack([_clear(values, child) for child in tree.children], axis=1)
    is_scored = tree.rule.has_score(~present)
    values[np.ix_(~is_scored, np.array(tree.columns))] = np.nan
    return is_scored


@frozen(kw_only=True, eq=False)
class _AtNode:
    """As `Comparisons`; ``is_whole`` where the unit has everything below the node."""

    is_scored: Bools
    low: Floats
    high: Floats
    at_least: Bools
    better: Bools
    is_mean: Bools
    is_whole: Bools


def _at(values: Floats, tree: Tree) -> _AtNode:
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
    present = np.stack([child.is_scored for child in children], axis=1)
    whole = np.stack([child.is_whole for child in children], axis=1)
    mean = np.stack([child.is_mean for child in children], axis=1)
    low = np.fmin.reduce([child.low for child in children])
    high = np.fmax.reduce([child.high for child in children])
    at_least = np.ones((len(low), len(low)), dtype=np.bool_)
    better = ~at_least
    same_gaps = np.ones_like(at_least)
    for child in children:
        first, second = child.is_scored[:, np.newaxis], child.is_scored
        if second.all():
            at_least &= child.at_least
            better |= child.better
            continue
        both, alone, other = first & second, first & ~second, ~first & second
        same_gaps &= ~(alone | other)
        own, theirs = child.low[:, np.newaxis], child.high
        at_least &= ~both | child.at_least
        at_least &= ~alone | (own >= high)
        at_least &= ~other | (low[:, np.newaxis] >= theirs)
        better |= both & child.better
        better |= alone & (child.high[:, np.newaxis] > low)
        better |= other & (high[:, np.newaxis] > child.low)
    if not branch.is_power_mean:
        at_least = np.where(same_gaps, at_least, low[:, np.newaxis] >= high)
    return _AtNode(
        is_scored=np.asarray(present.any(axis=1)),
        low=low,
        high=high,
        at_least=at_least,
        better=better,
        # The only child that a unit has is its score, whatever the weight.
        is_mean=(~present | whole).all(axis=1)
        | ((present.sum(axis=1) == 1) & (~present | mean).all(axis=1)),
        is_whole=np.asarray(whole.all(axis=1)),
    )


def dominance(values: ArrayLike) -> Bools:
    """Return which units score at least as high as others whatever the weights, and not the same.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        Normalised to one scale. NaN is missing: its weight is shared among the rest.

    Returns
    -------
    ndarray of bool of shape (n_units, n_units)
        Row over column. A unit without values is left out. Values tie as scores do in ranks.

    Raises
    ------
    MethodError
        Values of another shape, or infinite ones.

    Notes
    -----
    Without gaps a unit dominates another that it is nowhere below and somewhere above. With gaps,
    what one unit alone has must not speak against it either: it must be at least as high as
    everything of the other unit if the upper one has it, and at most as high as everything of the
    upper unit if the lower one has it. Under positive weights a dominating unit always has the
    higher arithmetic mean.

    Examples
    --------
    >>> dominance([[2.0, 3.0], [2.0, 1.0], [1.0, 9.0]]).tolist()
    [[False, True, False], [False, False, False], [False, False, False]]

    In what both have the first unit is ahead; what the second alone has can outweigh that.

    >>> nan = float("nan")
    >>> dominance([[10, 5, nan], [4, 5, 90]]).any()
    np.False_
    """
    table = as_table(values, missing=True)
    return compared(table, flat(table.shape[1])).dominates
