"""Indicators and nodes described: their statistics, and whether they measure one thing."""

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from dli import multivariate
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index
from dli.links.selection import (
    Elements,
    Floats,
    build_by_period,
    chosen,
    node_values,
    rows_by_period,
)

__all__ = ["alpha", "statistics"]

_WORDS = {
    "lacks_values": "few values",
    "lacks_nonzero": "few values other than 0",
    "lacks_variety": "few different values",
    "has_outliers": "outliers",
}


def statistics(assessment: Assessment, stage: str = "raw", **limits: float) -> Any:
    """Describe each indicator after a step, and say what stands out.

    Parameters
    ----------
    assessment : Assessment
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
    **limits : float
        Those of `dli.multivariate.statistics`.

    Returns
    -------
    frame
        A row for each indicator (in each period), with the columns ``code, name``, the statistics
        of `dli.multivariate.Statistics`, and ``flag``: any of ``no value``, ``constant``, ``few
        values``, ``few values other than 0``, ``few different values`` and ``outliers``.

    Raises
    ------
    UnknownCodeError
        No such stage.
    MethodError
        A share outside 0 to 1.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, None, 0.0]}
    >>> table = frames.read(statistics(Assessment(index, data)))
    >>> table.column("mean"), table.column("flag")
    ([2.0, 2.5], ['', 'few values other than 0'])
    """
    values = assessment.stage_array(stage)
    indicators = assessment.index.indicators
    tables = {}
    for period, rows in rows_by_period(assessment).items():
        found = multivariate.statistics(values[rows], **limits)
        numbers = {
            name: column
            for name, column in attrs.asdict(found, recurse=False).items()
            if name not in _WORDS
        }
        tables[period] = {
            "code": [indicator.code for indicator in indicators],
            "name": [indicator.name for indicator in indicators],
            **numbers,
            "flag": [_oddities(found, j) for j in range(len(indicators))],
        }
    return build_by_period(assessment, tables)


def _oddities(found: multivariate.Statistics, column: int) -> str:
    if found.n_unique[column] == 0:
        return "no value"
    words = ["constant"] if found.n_unique[column] == 1 else []
    words += [word for name, word in _WORDS.items() if getattr(found, name)[column]]
    return ", ".join(words)


def alpha(
    assessment: Assessment,
    elements: Elements = None,
    *,
    stage: str = "normalised",
    least: float = 0.7,
) -> Any:
    """Tell of each node whether what it is made of measures one thing.

    Parameters
    ----------
    assessment : Assessment
    elements : int, str or sequence of str, optional
        The nodes of a level, or codes; by default all nodes that have children.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        Of indicators; before normalisation they have neither one scale nor one direction.
    least : float
        An alpha below it is flagged.

    Returns
    -------
    frame
        A row for each node (in each period), with the columns ``code, name``; ``children``, how
        many there are, ``alpha``, Cronbach's over them, and ``first_component``, the share of
        their variance that the first principal component carries; ``indicators`` below the node
        and ``indicator_alpha``, Cronbach's over those; and ``flag``: any of ``single child``,
        ``low alpha``, and ``no alpha``, ``no component``, ``no indicator alpha`` where too few
        units have values, values do not differ, or covariances do not sum to more than zero.

    Raises
    ------
    MethodError
        No such level, or elements without children.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.

    References
    ----------
    Cronbach (1951), Coefficient alpha and the internal structure of tests.
    https://doi.org/10.1007/BF02310555

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> table = frames.read(alpha(Assessment(index, data)))
    >>> [round(table.column(name)[0], 3) for name in ("alpha", "first_component")]
    [0.98, 0.98]
    """
    index = assessment.index
    nodes = list(index.walk()) if elements is None else chosen(index, elements)
    parents = [node for node in nodes if isinstance(node, Index)]
    if elements is not None and len(parents) < len(nodes):
        msg = "alpha is of nodes with children; these are indicators"
        raise MethodError(msg, [repr(n.code) for n in nodes if not isinstance(n, Index)])
    tables = {}
    for period, rows in rows_by_period(assessment).items():
        described = [
            _consistency(
                node,
                node_values(assessment, node.children, stage)[rows],
                node_values(assessment, node.indicators, stage)[rows],
                least,
            )
            for node in parents
        ]
        tables[period] = {name: [row[name] for row in described] for name in described[0]}
    return build_by_period(assessment, tables)


def _consistency(node: Index, children: Floats, indicators: Floats, least: float) -> dict[str, Any]:
    notes = []
    own = component = below = np.nan
    if len(node.children) == 1:
        notes.append("single child")
    else:
        own = _or_note(multivariate.cronbach_alpha, children, notes, "no alpha")
        component = _or_note(_first_component, children, notes, "no component")
    if own < least:
        notes.append("low alpha")
    if len(node.indicators) > 1:
        below = _or_note(multivariate.cronbach_alpha, indicators, notes, "no indicator alpha")
    return {
        "code": node.code,
        "name": node.name,
        "children": len(node.children),
        "alpha": own,
        "first_component": component,
        "indicators": len(node.indicators),
        "indicator_alpha": below,
        "flag": ", ".join(notes),
    }


def _first_component(values: Floats) -> float:
    return float(multivariate.principal_components(values).explained[0])


def _or_note(
    measure: Callable[[Floats], float], values: Floats, notes: list[str], note: str
) -> float:
    """Measure, or note that these units do not allow it: one bad node must not hide the others."""
    try:
        return measure(values)
    except MethodError:
        notes.append(note)
        return float("nan")
