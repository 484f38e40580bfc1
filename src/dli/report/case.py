"""The unit that a report is about, and the units that it is compared with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from dli import diagnosis, frames
from dli.assessment.doubtful import doubtful_cells
from dli.errors import DataError
from dli.framework import Indicator
from dli.report.language import Language
from dli.report.parts import (
    LEVELS,
    UNITS,
    column_name,
    depth_of,
    digits_of,
    few_basis,
    heard,
    label,
    names_of,
)

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["ALONE", "Case", "case_of", "few_around"]


# The note of `diagnosis.weaknesses` for a node at which no other unit has a score.
ALONE = "no other unit has a score"
_N_PEERS = 8


@frozen
class Case:
    """A unit with the other units of its period, its peers, and the language of its report."""

    language: Language
    assessment: "Assessment"
    unit: object
    period: object
    row: int
    rows: Sequence[int] = field(repr=False)
    by: str | Sequence[str] | None
    peers: Sequence[object]
    chosen: str
    labels: Sequence[str] = field(repr=False)
    # The notes say what limits the comparison with a peer; it is weak if no unit has enough values
    # in common with this one.
    notes: Mapping[object, str] = field(factory=dict, repr=False)
    is_weak: bool = False

    @property
    def name(self) -> str:
        """The name of the unit in sentences."""
        return self.labels[self.row]

    @property
    def say(self) -> Callable[..., str]:
        """The function that returns a message in the language of the report."""
        return self.language.say

    @property
    def digits(self) -> int:
        """The number of decimals of scores; points have one more."""
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
        """The number of units with a score."""
        scores = self.assessment.array(self.assessment.index.code)[list(self.rows)]
        return int((~np.isnan(scores)).sum())

    @property
    def is_alone(self) -> bool:
        """Whether no other unit has a score, so that there are no ranks."""
        return self.n == 1

    @property
    def node_names(self) -> dict[str, str]:
        """The name of each node of the index by its code; "" where it has none."""
        return {node.code: node.name for node in self.assessment.index.walk()}

    @property
    def doubtful(self) -> set[str]:
        """The codes of the indicators with a doubtful value of the unit."""
        indicators = self.assessment.index.indicators
        (cells,) = doubtful_cells(self.assessment.stage_array("raw")[[self.row]], indicators)
        return {one.code for one, yes in zip(indicators, cells.tolist(), strict=True) if yes}

    @property
    def reference(self) -> Sequence[object]:
        """The peers used to measure gaps and leads: none if the comparison is weak."""
        return () if self.is_weak else self.peers

    def names(self, units: Iterable[object]) -> list[str]:
        """Return the names of other units of the period."""
        return [self.labels[row] for row in self.rows_of(units)]

    def rows_of(self, units: Iterable[object]) -> list[int]:
        """Return the rows of other units of the period."""
        chosen = list(units)
        return self.assessment.rows_of(chosen, self.rows) if chosen else []


def case_of(
    language: Language,
    assessment: "Assessment",
    unit: object,
    period: object,
    by: str | Sequence[str] | None,
    peers: Iterable[object] | None,
) -> Case:
    """Return the case of a unit, with its peers."""
    row = assessment.scored_row(unit, assessment.index.code, period=period)
    rows = assessment.rows_beside(row).tolist()
    notes: Mapping[object, str] = {}
    is_weak = False
    if peers is None:
        notes, is_weak = heard(lambda: _alike(assessment, unit, by, period))
        near: Iterable[object] = notes
    else:
        near = [assessment.units[place] for place in assessment.rows_of(peers, rows)]
    others = [one for one in near if one != unit]
    columns = [by] if isinstance(by, str) else list(by or ())
    if peers is not None:
        chosen = language.say(
            "the peer chosen for this report", "the peers chosen for this report", n=len(others)
        )
    elif columns:
        chosen = language.say(
            "the most similar unit in {columns}",
            "the most similar units in {columns}",
            n=len(others),
            columns=language.joined([column_name(language, column) for column in columns]),
        )
    else:
        chosen = language.say(
            "the unit with the most similar scores in the indicators",
            "the units with the most similar scores in the indicators",
            n=len(others),
        )
    labels = names_of(assessment)
    return Case(
        language, assessment, unit, period, row, rows, by, others, chosen, labels, notes,
        is_weak=is_weak,
    )  # fmt: skip


def few_around(case: Case, codes: Iterable[str]) -> str:
    """Return a sentence on the nodes whose points are large for lack of other values, or ""."""
    index = case.assessment.index
    parents = {parent.code: parent for code in codes if (parent := index.parent(code)) is not None}
    names = [
        label(node)
        for code, node in parents.items()
        if few_basis(case.language, case.assessment, [code], [case.row])
    ]
    if not names:
        return ""
    return case.say(
        "Fewer than half of the indicators of {nodes} have a value, so those that do count for "
        "more.",
        nodes=case.language.joined(names),
    )


def _alike(
    assessment: "Assessment", unit: object, by: str | Sequence[str] | None, period: object
) -> dict[Any, str]:
    """Return the most similar units, each with a note on the limits of the comparison."""
    try:
        found = diagnosis.peers(assessment, unit, by=by, k=_N_PEERS, period=period, named=True)
    except DataError:
        return {}  # the unit has nothing to compare
    table = frames.read(found, empty=True)
    units = table.column(assessment.observations.unit_column)
    return dict(zip(units, table.column("note"), strict=True))
