"""Correlations of an assessment with outside variables and with other assessments."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from dli import frames
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import instance, several
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame
from dli.framework.select import Nodes, select
from dli.multivariate.pairs import DEFAULT, Limits, pair_table
from dli.multivariate.selection import node_values
from dli.observations.names import warn_of_near_names

__all__ = ["with_assessments", "with_variables"]


def with_variables(  # noqa: PLR0913 each is a choice of its own
    assessment: Assessment,
    columns: str | Sequence[str],
    nodes: Nodes = 0,
    *,
    data: object = None,
    unit: str | None = None,
    period: str | None = None,
    stage: str = "normalised",
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Frame:
    """Return the correlations of nodes with variables outside the index.

    Parameters
    ----------
    assessment, nodes, method, limits
        As for `dli.multivariate.correlations`, except that ``nodes`` is the index by default.
    columns : str or sequence of str
        The variables: context columns of the assessment's own data, or columns of ``data``.
    data : frame, mapping of columns or path of a CSV file, optional
        Another table, which is joined by unit and period. Rows of units that are not in the
        assessment are ignored; the variables of units that are not in the table are missing.
    unit, period : str, optional
        The columns of ``data`` that contain units and periods; by default, the columns with the
        same names as in the data of the assessment. If the table does not have periods, each unit
        has the same values in every period.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which the values of indicators are used. Raw values, before division by
        denominators, show which indicators depend on the size of units.

    Returns
    -------
    frame
        A table like that of `dli.multivariate.correlations`, in which ``first`` is the node and
        ``second`` the variable.

    Raises
    ------
    UnknownCodeError
        A node, column or stage is unknown.
    DataError
        The table does not have any unit of the assessment, a unit appears twice (in a period), or
        cells are not finite numbers. All faults are listed.
    MethodError
        A tree level or method is unknown, or ``period`` is passed for an assessment without
        periods.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 9.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0], "gdp": [7, 9, 8]}
    >>> table = frames.read(with_variables(Assessment(index, data), "gdp"))
    >>> table.column("second"), round(table.column("correlation")[0], 3)
    (['gdp'], 0.99)
    """
    chosen = select(instance("assessment", assessment, Assessment).index, nodes)
    names = several("columns", columns)
    second = dict(zip(names, _joined(assessment, names, data, unit, period).T, strict=True))
    first = node_values(assessment, chosen, stage)
    return pair_table(assessment, first, second, method=method, limits=limits)


def with_assessments(
    assessment: Assessment,
    others: Mapping[str, Assessment],
    nodes: Nodes = 0,
    *,
    node: str | None = None,
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Frame:
    """Return the correlations of the scores of nodes with the scores of other assessments.

    An index that is collinear with another index provides little additional information.

    Parameters
    ----------
    assessment, nodes, method, limits
        As for `dli.multivariate.correlations`, except that ``nodes`` is the index by default.
    others : mapping of label to Assessment
        Other assessments, of any index. Rows are matched by unit (and period).
    node : str, optional
        The node of the other assessments whose scores are used; by default, the index of each.

    Returns
    -------
    frame
        A table like that of `dli.multivariate.correlations`, in which ``first`` is the node and
        ``second`` the label of the other assessment.

    Raises
    ------
    MethodError
        ``others`` is not a mapping of labels to assessments, only some of the assessments have
        periods, or a tree level or method is unknown.
    UnknownCodeError
        A code is not in the tree of the assessment or of one of the others.
    DataError
        One of the others does not have any unit (in a period) in common with the assessment.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> whole = Assessment(index, data)
    >>> part = whole.evolve(index=index.without("b"))
    >>> table = frames.read(with_assessments(whole, {"without b": part}))
    >>> table.column("second"), round(table.column("correlation")[0], 3)
    (['without b'], 0.99)
    """
    _check_others(assessment, others, node)
    keys = _keys(assessment)
    scores = {}
    disjoint = []
    for label, other in others.items():
        their_scores = other.array(other.index.code if node is None else node)
        score_of = dict(zip(_keys(other), their_scores, strict=True))
        if score_of.keys().isdisjoint(keys):
            disjoint.append(repr(label))
        scores[label] = np.array([score_of.get(key, np.nan) for key in keys])
    if disjoint:
        msg = "the assessments must have units in common; these share none with the first"
        raise DataError(msg, disjoint)
    first = node_values(assessment, select(assessment.index, nodes), "normalised")
    return pair_table(assessment, first, scores, method=method, limits=limits)


def _keys(assessment: Assessment) -> list[Any]:
    if assessment.periods is None:
        return list(assessment.units)
    return list(zip(assessment.units, assessment.periods, strict=True))


def _check_others(assessment: Assessment, others: Any, node: str | None) -> None:
    if not isinstance(others, Mapping) or not others:
        raise MethodError(
            f"others must be a mapping of label to Assessment that is not empty, got {others!r}"
        )
    wrong = {label: other for label, other in others.items() if not isinstance(other, Assessment)}
    if wrong:
        faults = [f"{label!r} is {other!r}" for label, other in wrong.items()]
        raise MethodError("all values of others must be assessments; these are not", faults)
    has_periods = instance("assessment", assessment, Assessment).periods is not None
    faults = [
        repr(label) for label, other in others.items() if (other.periods is not None) != has_periods
    ]
    if faults:
        msg = (
            "the assessment has periods, so the others must have periods too; these do not"
            if has_periods
            else "the assessment does not have periods, so the others must not have any; these do"
        )
        raise MethodError(msg, faults)
    codes = {label: [child.code for child in other.index.walk()] for label, other in others.items()}
    is_text = isinstance(node, str)
    lacking = [str(label) for label, known in codes.items() if not (is_text and node in known)]
    if node is not None and lacking:
        kind = f"node in assessment {', '.join(lacking)} with code"
        raise UnknownCodeError(kind, [node], dict.fromkeys(chain.from_iterable(codes.values())))


def _joined(
    assessment: Assessment, names: list[str], data: object, unit: str | None, period: str | None
) -> Floats:
    """Return the variables for the rows of the assessment; NaN for rows without a match."""
    observations = assessment.observations
    table = observations.table if data is None else frames.read(data)
    if assessment.periods is None and period is not None:
        raise MethodError(
            f"period is {period!r}, but the assessment does not have periods; omit the argument"
        )
    if period is None and observations.period_column in table.names:
        period = observations.period_column
    key_columns = [observations.unit_column if unit is None else unit]
    key_columns += [] if period is None else [period]
    wanted_columns: list[Any] = [*key_columns, *names]
    unknown = [
        name for name in wanted_columns if not (isinstance(name, str) and name in table.names)
    ]
    if unknown:
        raise UnknownCodeError("column", unknown, table.names)
    if not names:
        raise MethodError("columns must contain the name of at least one variable, got none")
    keys = table.column(key_columns[0])
    wanted: list[Any] = list(assessment.units)
    if period is not None:
        keys, wanted = list(zip(keys, table.column(period), strict=True)), _keys(assessment)
    values, wrong = table.numbers(names)
    faults = [f"{table.where(i)}, {name!r}: {table.not_a_number(cell)}" for i, name, cell in wrong]
    faults += [
        f"{table.where(i)}, {names[j]!r}: {values[i, j]:g} is infinite"
        for i, j in np.argwhere(np.isinf(values)).tolist()
    ]
    assessed = set(wanted)
    places: dict[Any, int] = {}
    for i, key in enumerate(keys):
        if key in assessed and places.setdefault(key, i) != i:
            faults.append(
                f"{table.where(i)}: {key!r} appears before, in {table.where(places[key])}"
            )
    if not places:
        faults.append(
            f"no unit of the assessment is in column {key_columns[0]!r}, which contains "
            f"{_some(keys)}; the units of the assessment are {_some(wanted)}"
        )
    if faults:
        raise DataError("cannot join the variables to the assessment", faults)
    warn_of_near_names(assessment.units, table.column(key_columns[0]), "the table of variables")
    values = np.vstack([values, np.full((1, len(names)), np.nan)])
    return np.asarray(values[[places.get(key, -1) for key in wanted]])


def _some(keys: list[Any]) -> str:
    """Return the first keys for a message."""
    return ", ".join(map(repr, dict.fromkeys(keys[:3]))) + (", ..." if len(keys) > 3 else "")
