"""Trees of means of one order, made into weighted sums of their indicators."""

from collections.abc import Iterator, Mapping

import numpy as np
from attrs import field, frozen

from dli.arrays import Bools, Floats, Integers
from dli.sensitivity.parts import Part, forth
from dli.sensitivity.sums import Branch, Sum

__all__ = ["weighted_sum"]

# Dividing by the weight of known children, unit by unit, takes as long as so many rows of a table.
_ROWS_OF_A_DIVISION = 24
# The children of a node whose gaps fit into the bits of a whole number.
_BITS = 62


def weighted_sum(part: Part, parts: Mapping[str, Part], values: Floats) -> Sum | None:
    """Return the score of a node as a weighted sum of indicators, or None if it is not one.

    The node and the nodes below it must be means of one order, and the nodes below it must not be
    adjusted or normalised.

    Parameters
    ----------
    part : Part
        The node.
    parts : mapping of str to Part
        The nodes by code.
    values : ndarray of shape (n_indicators, n_units)
        The normalised values.
    """
    order = _order(part, parts)
    if order is None or not _are_means(part, parts, order):
        return None
    is_known = ~np.isnan(values)
    # Other indicators may be outside the domain of the mean.
    rows = [place for own in _below(part, parts) for place in own.places if place is not None]
    if len(rows) < len(values):
        transformed = np.zeros(values.shape)
        transformed[rows] = forth(values[rows], order)
    else:
        transformed = forth(values, order)
    if not is_known.all():
        transformed = np.where(is_known, transformed, 0.0)
    return _Builder(parts, order, transformed, is_known).sum(part)


def _order(part: Part, parts: Mapping[str, Part]) -> float | None:
    """Return the order of a mean; every power mean returns the value of an only child."""
    own = part
    while len(own.places) == 1:
        if own.places[0] is not None:
            return 1.0
        own = parts[own.node.children[0].code]
    return own.order if own.order is not None and np.isfinite(own.order) else None


def _below(part: Part, parts: Mapping[str, Part]) -> Iterator[Part]:
    """Yield a node and the nodes below it."""
    yield part
    for child in part.node.children:
        if child.code in parts:
            yield from _below(parts[child.code], parts)


def _are_means(part: Part, parts: Mapping[str, Part], order: float) -> bool:
    return all(
        (own.order is not None and (own.order == order or len(own.places) == 1))
        and (own is part or (own.adjusted is None and own.normalisation is None))
        for own in _below(part, parts)
    )


@frozen(eq=False)
class _Gaps:
    """The children that units have.

    Attributes
    ----------
    counted : ndarray of bool of shape (n_children, n_units)
        Whether each child is known and has a weight.
    present : ndarray of bool of shape (n_units,)
        Whether each unit has a score of the node.
    """

    counted: Bools
    present: Bools

    @property
    def are_some(self) -> bool:
        """Whether a unit with a score lacks a child."""
        return not self.counted[:, self.present].all()

    def patterns(self) -> Integers:
        """Return a number for each unit, equal for units that lack the same children."""
        return (1 << np.arange(len(self.counted))) @ self.counted


@frozen(eq=False)
class _Builder:
    """What is known of a tree while its sums are built."""

    parts: Mapping[str, Part]
    order: float
    values: Floats
    is_known: Bools
    gaps: dict[str, _Gaps] = field(factory=dict)
    divided: dict[str, bool] = field(factory=dict)

    def sum(self, part: Part) -> Sum:
        """Return the sum of a node."""
        self._note_gaps(part)
        self._divide(part)
        present = self.gaps[part.node.code].present
        return self._sum(part, present, np.ones(present.size))

    def _below(self, part: Part) -> list[tuple[int, Part]]:
        children = enumerate(part.node.children)
        return [(i, self.parts[c.code]) for i, c in children if part.places[i] is None]

    def _note_gaps(self, part: Part) -> _Gaps:
        known = np.empty((len(part.places), self.values.shape[1]), dtype=bool)
        for i, place in enumerate(part.places):
            if place is not None:
                known[i] = self.is_known[place]
        for i, child in self._below(part):
            known[i] = self._note_gaps(child).present
        counted = known & (part.weights[:, 0] > 0)
        present = part.rule.has_score(~known.T) & counted.any(axis=0)
        own = self.gaps[part.node.code] = _Gaps(counted, present)
        return own

    def _divide(self, part: Part) -> list[tuple[Integers, Integers]] | None:
        """Note which nodes are divided by the weight of known children, unit by unit.

        Returns
        -------
        list of (ndarray of int of shape (n_units,), ndarray of int of shape (n_units,)), or None
            For each node with indicators, the patterns of units and the number of rows that the
            pattern of each needs; None if a node is divided, and so needs a table of its own.
        """
        gaps = self.gaps[part.node.code]
        found = [self._divide(child) for _, child in self._below(part)]
        is_divided = part.weights.shape[2] > 1
        groups = [group for own in found if own is not None for group in own]
        leaves = [i for i, place in enumerate(part.places) if place is not None]
        n_rows = sum(map(_n_rows, groups)) + len(leaves)
        groups.append((np.where(gaps.present, 0, -1), gaps.counted[leaves].sum(axis=0)))
        if gaps.are_some and not is_divided:
            is_divided = len(part.places) > _BITS or None in found
            if not is_divided:
                own = gaps.patterns()
                groups = [(_joint(above, own, gaps.present), n) for above, n in groups]
                is_divided = sum(map(_n_rows, groups)) > n_rows + _ROWS_OF_A_DIVISION
        self.divided[part.node.code] = is_divided
        return None if is_divided or None in found else groups

    def _sum(self, part: Part, units: Bools, by_unit: Floats) -> Sum:
        """Return the sum of a node for some units, with the factor of each unit."""
        gaps = self.gaps[part.node.code]
        present = gaps.present & units
        table: list[tuple[int, Floats]] = []
        divisor = None
        if self.divided[part.node.code]:
            divisor = np.where(present, gaps.counted * _weights_of_units(part), 1.0)
        top = self._branch(part, np.where(present, 0, -1), by_unit, table)
        places = [place for place, _ in table]
        in_order = places == list(range(len(self.values)))
        return Sum(
            top=top,
            table=np.array([row for _, row in table]).reshape(-1, units.size),
            divisor=divisor,
            absent=None if gaps.present.all() else ~gaps.present,
            has_gaps=any(not gaps.counted.all() for gaps in self.gaps.values()),
            order=self.order,
            indicators=slice(None) if in_order else np.array(places, dtype=np.intp),
        )

    def _branch(
        self, part: Part, above: Integers, by_unit: Floats, table: list[tuple[int, Floats]]
    ) -> Branch:
        """Return the branch of a node, whose rows are added to a table.

        Parameters
        ----------
        part : Part
            The node.
        above : ndarray of int of shape (n_units,)
            The pattern of the parent to which each unit belongs, -1 for units that do not count.
        by_unit : ndarray of shape (n_units,)
            The factors of units.
        table : list of (int, ndarray of shape (n_units,))
            The rows so far, each with the number of its indicator.
        """
        gaps, is_divided = self.gaps[part.node.code], self.divided[part.node.code]
        own = above
        if not is_divided and gaps.are_some:
            own = _joint(above, gaps.patterns(), gaps.present)
        first, own = _numbered(np.where(gaps.present, own, -1))
        known = gaps.counted[:, first].T.astype(np.float64)
        start, patterns, columns, branches, sums = len(table), [], [], [], []
        factors = np.broadcast_to(_weights_of_units(part) * by_unit, gaps.counted.shape)
        for pattern in range(len(first)):
            for i, place in enumerate(part.places):
                if place is not None and (is_divided or known[pattern, i]):
                    row = np.where(own == pattern, self.values[place] * factors[i], 0.0)
                    table.append((place, row))
                    patterns.append(pattern)
                    columns.append(i)
        stop = len(table)
        for i, child in self._below(part):
            if self.divided[child.node.code]:
                sums.append((i, self._sum(child, own >= 0, factors[i])))
            else:
                branches.append((i, self._branch(child, own, factors[i], table)))
        nominal = part.weights[:, :, 0]
        is_equal = part.is_equal or part.weights.shape[2] > 1
        return Branch(
            code=part.node.code,
            nominal=np.ones_like(nominal) if is_equal else nominal,
            is_equal=is_equal,
            above=above[first],
            known=None if is_divided or known.all() else known,
            rows=slice(start, stop),
            patterns=np.array(patterns, dtype=np.intp),
            columns=np.array(columns, dtype=np.intp),
            branches=tuple(branches),
            sums=tuple(sums),
        )


def _joint(above: Integers, own: Integers, units: Bools) -> Integers:
    """Return a number for each pair of patterns, -1 for units that do not count."""
    counts = units & (above >= 0)
    joint = np.full(above.size, -1)
    numbers = np.unique(own[counts], return_inverse=True)[1]
    joint[counts] = above[counts] * above.size + numbers
    return _numbered(joint)[1]


def _numbered(patterns: Integers) -> tuple[Integers, Integers]:
    """Return the first unit of each pattern, and the patterns numbered from 0.

    Units of pattern -1 do not count.
    """
    if patterns.min() == patterns.max():  # most often, and soon seen
        first = np.arange(int(patterns[0] >= 0))
        return first, np.full(patterns.size, first.size - 1)
    found, first, numbers = np.unique(patterns, return_index=True, return_inverse=True)
    n_without = int(np.count_nonzero(found < 0))
    return first[n_without:], numbers.reshape(-1) - n_without


def _n_rows(group: tuple[Integers, Integers]) -> int:
    """Return the number of rows for the indicators of a node."""
    patterns, n_known = group
    return int(n_known[_numbered(patterns)[0]].sum())


def _weights_of_units(part: Part) -> Floats:
    """Return the weights that a table contains: (n_children, n_units), or ones."""
    return part.weights[:, 0] if part.weights.shape[2] > 1 else np.ones((1, 1))
