"""Whether the nodes of an assessment measure one thing: consistency, components, clusters."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import numpy as np

from dli.arrays import Floats, Integers
from dli.assessment import Assessment
from dli.checks import number
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.select import Nodes, select
from dli.multivariate import dimensions
from dli.multivariate.selection import build_by_period, node_values

__all__ = ["cluster_indicators", "cronbach_alpha", "principal_components"]

Result = TypeVar("Result")


def cronbach_alpha(
    assessment: Assessment,
    nodes: Nodes = None,
    *,
    stage: str = "normalised",
    least: float = 0.7,
) -> Frame:
    """Return Cronbach's alpha of each node: whether its children measure one thing.

    Covariances are taken over the units of a period that have both children; the principal
    component leaves out units with a missing child. Weights do not enter.

    Parameters
    ----------
    assessment : Assessment
    nodes : int, str or sequence of str, optional
        A level of the tree, a code or several codes; by default all nodes that have children.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which indicators are taken; before normalisation they have neither one
        scale nor one direction.
    least : float
        An alpha below it is flagged.

    Returns
    -------
    frame
        A row for each node (in each period), with the columns ``code, name``; ``children``, their
        number, ``alpha``, Cronbach's alpha of them, and ``first_component``, the share of their
        variance that the first principal component explains; ``indicators``, the number of
        indicators below the node, and ``indicator_alpha``, Cronbach's alpha of those; and
        ``flag``: any of ``single child``, ``low alpha``, and ``no alpha``, ``no component``, ``no
        indicator alpha`` where too few units have values, values do not differ, or covariances do
        not sum to more than zero.

    Raises
    ------
    MethodError
        No such level, nodes without children, or a ``least`` that is not a number.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.
    DataError
        A column of periods with the name of a column of this table.

    References
    ----------
    Cronbach (1951), Coefficient alpha and the internal structure of tests.
    https://doi.org/10.1007/BF02310555

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> table = frames.read(cronbach_alpha(Assessment(index, data)))
    >>> [round(table.column(name)[0], 3) for name in ("alpha", "first_component")]
    [0.98, 0.98]
    """
    least = number("least", least)
    index = assessment.index
    chosen = list(index.walk()) if nodes is None else select(index, nodes)
    parents = [node for node in chosen if isinstance(node, Index)]
    if nodes is not None and len(parents) < len(chosen):
        msg = "Cronbach's alpha is of nodes with children; these are indicators"
        raise MethodError(msg, [repr(n.code) for n in chosen if not isinstance(n, Index)])
    tables = {}
    for period, rows in assessment.rows_by_period.items():
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
    flags = []
    alpha = component = indicator_alpha = np.nan
    if len(node.children) == 1:
        flags.append("single child")
    else:
        alpha = _or_flag(dimensions.cronbach_alpha, children, flags, "no alpha")
        component = _or_flag(_first_component, children, flags, "no component")
    if alpha < least:
        flags.append("low alpha")
    if len(node.indicators) > 1:
        indicator_alpha = _or_flag(
            dimensions.cronbach_alpha, indicators, flags, "no indicator alpha"
        )
    return {
        "code": node.code,
        "name": node.name,
        "children": len(node.children),
        "alpha": alpha,
        "first_component": component,
        "indicators": len(node.indicators),
        "indicator_alpha": indicator_alpha,
        "flag": ", ".join(flags),
    }


def _first_component(values: Floats) -> float:
    return float(dimensions.principal_components(values).explained[0])


def _or_flag(
    measure: Callable[[Floats], float], values: Floats, flags: list[str], flag: str
) -> float:
    """Measure, or flag that these units do not allow it: one node must not hide the others."""
    try:
        return measure(values)
    except MethodError:
        flags.append(flag)
        return float("nan")


def principal_components(
    assessment: Assessment, nodes: Nodes = None, *, stage: str = "normalised"
) -> Frame:
    """Return the principal components of nodes scaled to a standard deviation of 1.

    Units with a missing value are left out. Weights do not enter, except through the scores.

    Parameters
    ----------
    assessment : Assessment
    nodes : int, str or sequence of str, optional
        A level of the tree, a code, several codes, or None for the indicators.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which indicators are taken.

    Returns
    -------
    frame
        A row for each component and node (in each period), the largest component first, with the
        columns ``component`` (from 1), ``eigenvalue``, ``explained`` (its share of the variance),
        ``code``, ``loading`` and ``units`` (the number of complete units).
        `dli.multivariate.arrays.principal_components` returns the components of units as well.

    Raises
    ------
    MethodError
        No such level, fewer than two complete units, or nodes that are constant over them.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.
    DataError
        A column of periods with the name of a column of this table.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 4.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 6.0]}
    >>> table = frames.read(principal_components(Assessment(index, data)))
    >>> table.column("component"), table.column("code")
    ([1, 1, 2, 2], ['a', 'b', 'a', 'b'])
    >>> [round(loading, 3) for loading in table.column("loading")[:2]]
    [0.707, 0.707]
    """
    chosen = select(assessment.index, nodes)
    codes = [node.code for node in chosen]
    names = [repr(code) for code in codes]
    n = len(codes)
    found = _by_period(
        assessment,
        node_values(assessment, chosen, stage),
        lambda values: dimensions.principal_components(values, names=names),
    )
    tables: dict[Any, dict[str, Any]] = {
        period: {
            "component": np.repeat(np.arange(1, n + 1), n),
            "eigenvalue": np.repeat(components.eigenvalues, n),
            "explained": np.repeat(components.explained, n),
            "code": codes * n,
            "loading": components.loadings.T.ravel(),
            "units": np.full(n * n, components.n_units),
        }
        for period, components in found.items()
    }
    return build_by_period(assessment, tables)


def cluster_indicators(
    assessment: Assessment,
    nodes: Nodes = None,
    *,
    n_clusters: int,
    stage: str = "normalised",
    method: str = "pearson",
    linkage: Literal["average", "complete", "single"] = "average",
) -> Frame:
    """Return clusters of indicators, or of other nodes, that correlate with each other.

    Correlations are taken over the units of a period that have both nodes.

    Parameters
    ----------
    assessment : Assessment
    nodes : int, str or sequence of str, optional
        A level of the tree, a code, several codes, or None for the indicators.
    n_clusters : int
        From 1 to the number of nodes.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which indicators are taken.
    method : {"pearson", "spearman", "kendall"}
        As `dli.multivariate.arrays.correlations`.
    linkage : {"average", "complete", "single"}
        As `dli.multivariate.arrays.cluster_indicators`.

    Returns
    -------
    frame
        A row for each node (in each period), similar ones side by side, with the columns ``code,
        name`` and ``cluster``, numbered from 0: the largest first, among equally large ones that
        with the first code in the order of the alphabet.

    Raises
    ------
    MethodError
        No such level, method or linkage, a number of clusters that is not possible, or pairs
        without a correlation.
    UnknownCodeError
        Codes that are not in the tree, or no such stage.
    DataError
        A column of periods with the name of a column of this table.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator(code) for code in "abc"])
    >>> data = {"unit": list("WXYZ"), "a": [1, 2, 3, 4], "b": [5, 1, 4, 2], "c": [2, 4, 6.5, 8]}
    >>> table = frames.read(cluster_indicators(Assessment(index, data), n_clusters=2))
    >>> dict(zip(table.column("code"), table.column("cluster"))) == {"a": 0, "c": 0, "b": 1}
    True
    """
    chosen = select(assessment.index, nodes)
    names = [repr(node.code) for node in chosen]
    found = _by_period(
        assessment,
        node_values(assessment, chosen, stage),
        lambda values: dimensions.cluster_indicators(
            values, n_clusters=n_clusters, method=method, linkage=linkage, names=names
        ),
    )
    tables: dict[Any, dict[str, Any]] = {
        period: {
            "code": [chosen[i].code for i in clusters.order.tolist()],
            "name": [chosen[i].name for i in clusters.order.tolist()],
            "cluster": _numbered(clusters.labels, [node.code for node in chosen])[clusters.order],
        }
        for period, clusters in found.items()
    }
    return build_by_period(assessment, tables)


def _numbered(labels: Integers, codes: Sequence[str]) -> Integers:
    """Return numbers of clusters that do not depend on the order of the nodes."""
    members = [
        [codes[i] for i in np.flatnonzero(labels == k).tolist()] for k in range(labels.max() + 1)
    ]
    order = sorted(range(len(members)), key=lambda k: (-len(members[k]), min(members[k])))
    return np.argsort(order)[labels]


def _by_period(
    assessment: Assessment, values: Floats, measure: Callable[[Floats], Result]
) -> dict[Any, Result]:
    """Return what is measured in each period; an error names the period."""
    results = {}
    for period, rows in assessment.rows_by_period.items():
        try:
            results[period] = measure(values[rows])
        except MethodError as error:
            if period is None:
                raise
            msg = f"period {period!r}: {error.summary}"
            raise MethodError(msg, error.faults) from error
    return results
