"""The unit that a report is about, and whom it is compared with."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from dli import diagnosis, frames
from dli.errors import DataError
from dli.framework import Indicator
from dli.report.parts import (
    LEVELS,
    UNITS,
    depth_of,
    digits_of,
    joined,
    names_of,
)

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["Case", "case_of"]


_N_PEERS = 8


@frozen
class Case:
    """A unit among those of its period, with its peers."""

    assessment: "Assessment"
    unit: object
    period: object
    row: int
    rows: Sequence[int] = field(repr=False)
    by: str | Sequence[str] | None
    peers: Sequence[object]
    chosen: str
    labels: Sequence[str] = field(repr=False)

    @property
    def name(self) -> str:
        """The unit, as sentences name it."""
        return self.labels[self.row]

    @property
    def digits(self) -> int:
        """The decimals of scores; points have one more."""
        return digits_of(self.assessment.array(self.assessment.index.code))

    @property
    def depth(self) -> int:
        """The number of levels below the index."""
        return depth_of(self.assessment.index)

    @property
    def is_large(self) -> bool:
        """Whether there are more units than a report shows in one table."""
        return len(self.rows) > UNITS

    @property
    def is_cut(self) -> bool:
        """Whether the index has more levels than a report shows."""
        return self.depth > LEVELS

    @property
    def nodes(self) -> list[str] | None:
        """The nodes at which the unit is compared with others, None for the indicators.

        Of an index with more levels than a report shows they are the nodes of the last level shown
        and the indicators above it: together they make up the index.
        """
        if not self.is_cut:
            return None
        index = self.assessment.index
        levels = {node.code: index.level(node.code) for node in index.walk()}
        return [
            node.code
            for node in index.walk()
            if levels[node.code] == LEVELS
            or (levels[node.code] < LEVELS and isinstance(node, Indicator))
        ]

    @property
    def n(self) -> int:
        """How many units have a score."""
        scores = self.assessment.array(self.assessment.index.code)[list(self.rows)]
        return int((~np.isnan(scores)).sum())

    def names(self, units: Iterable[object]) -> list[str]:
        """Name other units of the period."""
        return [self.labels[row] for row in self.assessment.rows_of(units, self.rows)]


def case_of(
    assessment: "Assessment",
    unit: object,
    period: object,
    by: str | Sequence[str] | None,
    peers: Iterable[object] | None,
) -> Case:
    """Find the unit, and whom it is compared with."""
    row = assessment.scored_row(unit, assessment.index.code, period=period)
    rows = assessment.rows_beside(row).tolist()
    if peers is None:
        near = _alike(assessment, unit, by, period)
        columns = [by] if isinstance(by, str) else list(by or ["the profile of indicators"])
        chosen = f"the most alike in {joined(columns)}"
    else:
        near = [assessment.units[place] for place in assessment.rows_of(peers, rows)]
        chosen = "as asked for"
    others = [one for one in near if one != unit]
    return Case(assessment, unit, period, row, rows, by, others, chosen, names_of(assessment))


def _alike(
    assessment: "Assessment", unit: object, by: str | Sequence[str] | None, period: object
) -> list[Any]:
    """Give the units that are most alike; none for one that has nothing to compare."""
    try:
        found = diagnosis.peers(assessment, unit, by=by, k=_N_PEERS, period=period)
    except DataError:
        return []
    return frames.read(found, empty=True).column(assessment.observations.unit_column)
