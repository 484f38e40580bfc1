"""Correlations of an assessment with outside variables and with other assessments."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dli import frames
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.frames import Frame
from dli.framework.select import Nodes, select
from dli.multivariate.pairs import DEFAULT, Limits, pair_table, values_by_code

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
    """Return correlations of nodes with variables outside the index.

    Each correlation is taken over the units of a period that have both the node and the variable.

    Parameters
    ----------
    assessment : Assessment
    columns : str or sequence of str
        The variables: context columns of the assessment's own data, or columns of ``data``.
    nodes : int, str or sequence of str, optional
        A level of the tree, a code, several codes, or None for the indicators; the index by
        default.
    data : frame, mapping of columns or path of a CSV file, optional
        Another table, joined by unit and period. Rows of units that were not assessed are left
        out; the variables of units that are not in the table are missing.
    unit, period : str, optional
        The columns of ``data`` that name units and periods; by default named as in the
        assessment's data. If the table has no periods, a unit has the same values in every
        period.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which indicators are taken; raw indicators with denominators show what
        still depends on size.
    method : {"pearson", "spearman", "kendall"}
        As `dli.multivariate.arrays.correlations`.
    limits : Limits
        What is flagged.

    Returns
    -------
    frame
        As `dli.multivariate.correlations`: ``first`` is the node and ``second`` the variable.

    Raises
    ------
    UnknownCodeError
        Unknown nodes or columns, or no such stage.
    DataError
        A table without a common unit or with a unit (in a period) named twice, or cells that are
        not finite numbers; all of them are listed.
    MethodError
        No such level or method, or a column of periods for an assessment without periods.

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
    chosen = select(assessment.index, nodes)
    names = list(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    values = _joined(assessment, names, data, unit, period)
    return _crossed(
        assessment,
        values_by_code(assessment, chosen, stage),
        dict(zip(names, values.T, strict=True)),
        method,
        limits,
    )


def with_assessments(
    assessment: Assessment,
    others: Mapping[str, Assessment],
    nodes: Nodes = 0,
    *,
    node: str | None = None,
    method: str = "pearson",
    limits: Limits = DEFAULT,
) -> Frame:
    """Return correlations of the scores of nodes with those of other assessments.

    Each correlation is taken over the units of a period that have a score in both assessments.

    Parameters
    ----------
    assessment : Assessment
    others : mapping of label to Assessment
        Assessments of any index; rows are matched by unit (and period).
    nodes : int, str or sequence of str, optional
        A level of the tree, a code, several codes, or None for the indicators; the index by
        default.
    node : str, optional
        The node of the other assessments; by default the index of each.
    method : {"pearson", "spearman", "kendall"}
        As `dli.multivariate.arrays.correlations`; Spearman's is the correlation of ranks.
    limits : Limits
        What is flagged; an index that is collinear with another adds little to it.

    Returns
    -------
    frame
        As `dli.multivariate.correlations`: ``first`` is the node and ``second`` the label.

    Raises
    ------
    MethodError
        Not a mapping of assessments, some with and some without periods, or no such level or
        method.
    UnknownCodeError
        Codes that are not in the tree of the assessment or of another.
    DataError
        Assessments without a common unit (in a period).

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
    chosen = select(assessment.index, nodes)
    keys = _keys(assessment)
    scores = {}
    disjoint = []
    for label, other in others.items():
        their_scores = other.array(other.index.code if node is None else node).tolist()
        score_of = dict(zip(_keys(other), their_scores, strict=True))
        if score_of.keys().isdisjoint(keys):
            disjoint.append(repr(label))
        scores[label] = np.array([score_of.get(key, np.nan) for key in keys])
    if disjoint:
        msg = "assessments need units in common; there is none with"
        raise DataError(msg, disjoint)
    first = values_by_code(assessment, chosen, "normalised")
    return _crossed(assessment, first, scores, method, limits)


def _crossed(
    assessment: Assessment,
    one: dict[str, Floats],
    two: dict[str, Floats],
    method: str,
    limits: Limits,
) -> Frame:
    pairs = [(i, j) for i in range(len(one)) for j in range(len(two))]
    return pair_table(assessment, one, two, pairs, method=method, limits=limits)


def _keys(assessment: Assessment) -> list[Any]:
    if assessment.periods is None:
        return list(assessment.units)
    return list(zip(assessment.units, assessment.periods, strict=True))


def _check_others(
    assessment: Assessment, others: Mapping[str, Assessment], node: str | None
) -> None:
    unchecked: object = others
    if not isinstance(unchecked, Mapping) or not unchecked:
        msg = f"others must be a mapping of label to Assessment, got {unchecked!r}"
        raise MethodError(msg)
    faults = [
        f"{label!r} is {other!r}"
        for label, other in unchecked.items()
        if not isinstance(other, Assessment)
    ]
    if faults:
        msg = "others must be assessments"
        raise MethodError(msg, faults)
    has = assessment.periods is not None
    faults = [repr(label) for label, other in others.items() if (other.periods is not None) != has]
    if faults:
        msg = f"the assessment has {'periods' if has else 'no periods'}, and so must the others"
        raise MethodError(msg, faults)
    known: dict[str, None] = {}
    lacking = []
    for label, other in others.items():
        codes = dict.fromkeys(n.code for n in other.index.walk())
        known |= codes
        if node is not None and node not in list(codes):
            lacking.append(label)
    if lacking:
        what = f"node in assessment {', '.join(lacking)} with code"
        raise UnknownCodeError(what, [node], known)


def _joined(
    assessment: Assessment, names: list[str], data: object, unit: str | None, period: str | None
) -> Floats:
    """Return variables in the order of the assessment's rows, NaN for rows without a match."""
    observations = assessment.observations
    table = observations.table if data is None else frames.read(data)
    unit = observations.unit_column if unit is None else unit
    if assessment.periods is None and period is not None:
        msg = f"the assessment has no periods to join column {period!r} with"
        raise MethodError(msg)
    if period is None and observations.period_column in table.names:
        period = observations.period_column
    unknown = [name for name in (unit, period, *names) if name not in (*table.names, None)]
    if unknown:
        raise UnknownCodeError("column", unknown, table.names)
    if not names:
        msg = "columns must name at least one variable, got none"
        raise MethodError(msg)
    keys: list[Any] = table.column(unit)
    wanted: list[Any] = list(assessment.units)
    if period is not None:
        keys, wanted = list(zip(keys, table.column(period), strict=True)), _keys(assessment)
    values, wrong = table.numbers(names)
    assessed = set(wanted)
    faults = [f"{table.where(i)}, {name!r}: {cell!r} is not a number" for i, name, cell in wrong]
    faults += [
        f"{table.where(i)}, {names[j]!r}: {values[i, j]:g} is infinite"
        for i, j in np.argwhere(np.isinf(values)).tolist()
    ]
    place: dict[Any, int] = {}
    for i, key in enumerate(keys):
        if key in assessed and place.setdefault(key, i) != i:
            faults.append(f"{table.where(i)}: {key!r} appears before, in {table.where(place[key])}")
    if not place:
        faults.append(
            f"no unit of the assessment is in {unit!r}, which has {_some(keys)}; the assessment "
            f"has {_some(wanted)}"
        )
    if faults:
        msg = "cannot join the variables to the assessment"
        raise DataError(msg, faults)
    values = np.vstack([values, np.full((1, len(names)), np.nan)])
    return np.asarray(values[[place.get(key, -1) for key in wanted]])


def _some(keys: list[Any]) -> str:
    return ", ".join(map(repr, dict.fromkeys(keys[:3]))) + (", ..." if len(keys) > 3 else "")
