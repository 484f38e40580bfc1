"""The values of nodes after a step, and tables with rows for each period."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.frames import Frame
from dli.framework.index import Node
from dli.ranking import level_ties

__all__ = ["node_values", "stage_values", "table_by_period"]


def stage_values(assessment: Assessment, stage: str) -> dict[str, Floats]:
    """Return the values of the indicators after a step, by code."""
    codes = [indicator.code for indicator in assessment.index.indicators]
    return dict(zip(codes, assessment.stage_array(stage).T, strict=True))


def node_values(assessment: Assessment, nodes: Sequence[Node], stage: str) -> dict[str, Floats]:
    """Return the values of indicators after a step and the scores of other nodes, by code.

    Missing values are NaN. Scores that tie are equal to the last bit, so that rank correlations
    treat them as ties.
    """
    values = stage_values(assessment, stage)
    return {
        node.code: values[node.code]
        if node.code in values
        else level_ties(assessment.array(node.code))
        for node in nodes
    }


def table_by_period(
    assessment: Assessment, columns: Callable[[NDArray[np.intp]], Mapping[str, Any]]
) -> Frame:
    """Return one table for all periods; its first column is the period if the data have periods.

    ``columns`` is called with the row numbers of each period and returns its columns.
    """
    tables = {period: columns(rows) for period, rows in assessment.rows_by_period.items()}
    joined: dict[str, Any] = {}
    for name in next(iter(tables.values())):
        cells = [table[name] for table in tables.values()]
        is_array = isinstance(cells[0], np.ndarray)
        joined[name] = np.concatenate(cells) if is_array else list(chain.from_iterable(cells))
    periods = [period for period, table in tables.items() for _ in next(iter(table.values()))]
    return assessment.table(joined, periods=periods)
