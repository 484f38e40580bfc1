"""The units of the rows that were kept: their names for messages, and their rows by period."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Integers
from dli.framework import Index, Indicator
from dli.framework.index import Node
from dli.observations import Observations

__all__ = ["Units"]


@frozen
class Units:
    """The units of the rows of the observations that were kept."""

    observations: Observations
    rows: Any

    @property
    def kept(self) -> tuple[list[Any], list[Any] | None]:
        """The units of the rows that were kept, and their periods or None."""
        units, periods = self.observations.units, self.observations.periods
        if isinstance(self.rows, slice):
            return list(units), None if periods is None else list(periods)
        kept = self.rows.tolist()
        return (
            [units[i] for i in kept],
            None if periods is None else [periods[i] for i in kept],
        )

    @cached_property
    def context(self) -> dict[str, list[Any]]:
        """The columns of the data that are not indicators, for the rows that were kept."""
        columns = self.observations.context_columns
        kept = np.arange(len(self.observations.units))[self.rows].tolist()
        return {name: [cells[i] for i in kept] for name, cells in columns.items()}

    def known(self, index: Index, nodes: Sequence[Node]) -> Any:
        """Return the context for an imputation of the values of some nodes."""
        from dli.imputation import Context

        names, periods = self.kept
        return Context(
            columns=self.context,
            units=tuple(names),
            periods=None if periods is None else tuple(periods),
            codes=tuple(node.code for node in nodes),
            parents={
                node.code: tuple(above.code for above in index.path(node.code)) for node in nodes
            },
            directions=tuple(
                node.direction if isinstance(node, Indicator) else 1 for node in nodes
            ),
        )

    @cached_property
    def rows_by_period(self) -> dict[Any, Integers]:
        """The rows of each period, in the order of the data; the key is None without periods."""
        if self.observations.periods is None:
            everyone = isinstance(self.rows, slice)
            return {None: np.arange(len(self.observations.units if everyone else self.rows))}
        _, periods = self.kept
        rows: dict[Any, list[int]] = {}
        for row, period in enumerate(periods or ()):
            rows.setdefault(period, []).append(row)
        return {period: np.array(own, dtype=np.intp) for period, own in rows.items()}

    def name(self, row: int) -> str:
        """Return the name of the unit of a row for messages, with the period if there are any."""
        place = row if isinstance(self.rows, slice) else int(self.rows[row])
        unit = f"unit {self.observations.units[place]!r}"
        if self.observations.periods is None:
            return unit
        return f"{unit}, period {self.observations.periods[place]!r}"
