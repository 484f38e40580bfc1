"""The values of nodes after a step, and tables that have rows for each period."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.frames import Frame
from dli.framework.index import Node
from dli.ranking import level_ties

__all__ = ["build_by_period", "node_values"]


def node_values(assessment: Assessment, nodes: Sequence[Node], stage: str) -> Floats:
    """Return indicators as they are after a step, and the scores of nodes that have children.

    Scores that tie are equal to the last bit, so that no correlation of ranks tells them apart.

    Parameters
    ----------
    assessment : Assessment
    nodes : sequence of Index or Indicator
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}

    Returns
    -------
    ndarray of shape (n_units, n_nodes)
        NaN where a value or a score is missing.

    Raises
    ------
    UnknownCodeError
        No such stage.
    """
    indicators = [indicator.code for indicator in assessment.index.indicators]
    after_step = dict(zip(indicators, assessment.stage_array(stage).T, strict=True))
    columns = [after_step.get(node.code) for node in nodes]
    return np.stack(
        [
            level_ties(assessment.array(node.code)) if column is None else column
            for node, column in zip(nodes, columns, strict=True)
        ],
        axis=1,
    )


def build_by_period(assessment: Assessment, tables: Mapping[Any, Mapping[str, Any]]) -> Frame:
    """Return the tables of all periods as one, the period in front if the data have periods.

    Parameters
    ----------
    assessment : Assessment
    tables : mapping of period to columns
        The same columns for each period, in the order of `Assessment.rows_by_period`.

    Raises
    ------
    DataError
        The data's column of periods has the name of one of the columns.
    """
    columns: dict[str, Any] = {}
    names = list(next(iter(tables.values())))
    n_rows = [len(table[names[0]]) for table in tables.values()]
    for name in names:
        cells = [table[name] for table in tables.values()]
        columns[name] = (
            np.concatenate(cells)
            if isinstance(cells[0], np.ndarray)
            else [cell for own in cells for cell in own]
        )
    periods = [period for period, n in zip(tables, n_rows, strict=True) for _ in range(n)]
    return assessment.table(columns, periods=periods)
