"""Statistics of the indicators of an assessment, and analyses of the structure of its nodes."""

from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import instance, number
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.index import Node
from dli.framework.select import Nodes, select
from dli.multivariate import arrays
from dli.multivariate.selection import node_values, table_by_period

__all__ = ["cluster_indicators", "cronbach_alpha", "principal_components", "statistics"]

_FLAGS = {
    "lacks_values": "few values",
    "lacks_nonzero": "few values other than 0",
    "lacks_variety": "few different values",
    "has_outliers": "outliers",
}


def statistics(assessment: Assessment, *, stage: str = "raw", **limits: float) -> Frame:
    """Return statistics of each indicator after a step, with flags for unusual indicators.

    Missing values are ignored; the number of available values is a column of the table.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose indicators are described.
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which the values of indicators are used.
    **limits : float
        ``available``, ``nonzero``, ``unique``, ``skewness_limit`` and ``kurtosis_limit``, as for
        `dli.multivariate.arrays.statistics`.

    Returns
    -------
    frame
        A row for each indicator (in each period), with the columns ``code`` and ``name``, the
        statistics of `dli.multivariate.arrays.Statistics`, and ``flag``, which contains any of
        ``no value``, ``constant``, ``few values``, ``few values other than 0``, ``few different
        values`` and ``outliers``.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `dli.multivariate.arrays.statistics` and `correlations`.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, None, 0.0]}
    >>> table = frames.read(statistics(Assessment(index, data)))
    >>> table.column("mean"), table.column("flag")
    ([2.0, 2.5], ['', 'few values other than 0'])
    """
    indicators = instance("assessment", assessment, Assessment).index.indicators
    values = assessment.stage_array(stage)

    def columns(rows: NDArray[np.intp]) -> dict[str, Any]:
        described = attrs.asdict(arrays.statistics(values[rows], **limits), recurse=False)
        flags = {"constant": described["n_unique"] == 1}
        flags |= {flag: described.pop(name) for name, flag in _FLAGS.items()}
        return {
            "code": [indicator.code for indicator in indicators],
            "name": [indicator.name for indicator in indicators],
            **described,
            "flag": [
                ", ".join(flag for flag, is_flagged in flags.items() if is_flagged[j])
                if n_available
                else "no value"
                for j, n_available in enumerate(described["n_available"])
            ],
        }

    return table_by_period(assessment, columns)


def cronbach_alpha(
    assessment: Assessment, nodes: Nodes = None, *, stage: str = "normalised", least: float = 0.7
) -> Frame:
    """Return Cronbach's alpha of each node, which shows whether its children measure one concept.

    Covariances are computed over the units of a period that have values for both children; the
    principal component excludes units with a missing child. The weights of the children are not
    used. For the formula, see `dli.multivariate.arrays.cronbach_alpha`.

    Parameters
    ----------
    assessment, stage
        As for `correlations`.
    nodes : int, str or sequence of str, optional
        A tree level, a code or several codes; by default, all nodes that have children.
    least : float
        An alpha below this limit is flagged.

    Returns
    -------
    frame
        A row for each node (in each period), with the columns ``code`` and ``name``; ``children``,
        the number of children, ``alpha``, their Cronbach's alpha, and ``first_component``, the
        share of their variance that the first principal component explains; ``indicators``, the
        number of indicators below the node, and ``indicator_alpha``, their Cronbach's alpha; and
        ``flag``, which contains any of ``single child``, ``low alpha``, ``no alpha``, ``no
        component`` and ``no indicator alpha``. A measure cannot be computed if too few units have
        values, values do not differ, or covariances do not sum to more than zero.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `correlations`. A `MethodError` is also raised if one of ``nodes`` does not have
        children or ``least`` is not a number.

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
    index = instance("assessment", assessment, Assessment).index
    chosen = list(index.walk()) if nodes is None else select(index, nodes)
    parents = [node for node in chosen if isinstance(node, Index)]
    if nodes is not None and len(parents) < len(chosen):
        raise MethodError(
            "Cronbach's alpha requires nodes that have children; these are indicators",
            [repr(node.code) for node in chosen if not isinstance(node, Index)],
        )
    values = node_values(assessment, list(index.walk()), stage)

    def columns(rows: NDArray[np.intp]) -> dict[str, Any]:
        described = [_consistency(node, values, rows, least) for node in parents]
        return {name: [row[name] for row in described] for name in described[0]}

    return table_by_period(assessment, columns)


def _consistency(
    node: Index, values: dict[str, Floats], rows: NDArray[np.intp], least: float
) -> dict[str, Any]:
    """Return the row of a node; a measure that cannot be computed is flagged and NaN."""
    measured: dict[str, float] = {}
    flags = ["single child"] if len(node.children) == 1 else []
    for name, below, measure in (
        ("alpha", node.children, arrays.cronbach_alpha),
        ("component", node.children, lambda x: arrays.principal_components(x).explained[0]),
        ("indicator alpha", node.indicators, arrays.cronbach_alpha),
    ):
        measured[name] = np.nan
        try:
            if len(below) > 1:
                columns = [values[child.code][rows] for child in below]
                measured[name] = float(measure(np.stack(columns, axis=1)))
        except MethodError:
            flags.append(f"no {name}")
        if name == "component" and measured["alpha"] < least:
            flags.append("low alpha")
    return {
        "code": node.code,
        "name": node.name,
        "children": len(node.children),
        "alpha": measured["alpha"],
        "first_component": measured["component"],
        "indicators": len(node.indicators),
        "indicator_alpha": measured["indicator alpha"],
        "flag": ", ".join(flags),
    }


def principal_components(
    assessment: Assessment, nodes: Nodes = None, *, stage: str = "normalised"
) -> Frame:
    """Return the principal components of nodes that are scaled to a standard deviation of 1.

    Units with a missing value are left out. Weights are not used, except in the scores of
    sub-indices.

    Parameters
    ----------
    assessment, nodes, stage
        As for `correlations`.

    Returns
    -------
    frame
        A row for each component and node (in each period), the largest component first, with the
        columns ``component`` (from 1), ``eigenvalue``, ``explained`` (its share of the variance),
        ``code``, ``loading`` and ``units`` (the number of complete units).
        `dli.multivariate.arrays.principal_components` also returns the component scores of units.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `correlations`. A `MethodError` is also raised if fewer than two units are complete,
        or if a node is constant over the complete units.

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

    def columns(result: arrays.Components, nodes: list[Node]) -> dict[str, Any]:
        n = len(nodes)
        return {
            "component": np.repeat(np.arange(1, n + 1), n),
            "eigenvalue": np.repeat(result.eigenvalues, n),
            "explained": np.repeat(result.explained, n),
            "code": [node.code for node in nodes] * n,
            "loading": result.loadings.T.ravel(),
            "units": np.full(n * n, result.n_units),
        }

    return _measured(assessment, nodes, stage, arrays.principal_components, columns)


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

    Each correlation is computed over the units of a period that have values for both nodes.

    Parameters
    ----------
    assessment, nodes, stage, method
        As for `correlations`.
    n_clusters : int
        The number of clusters, from 1 to the number of nodes.
    linkage : {"average", "complete", "single"}
        As for `dli.multivariate.arrays.cluster_indicators`.

    Returns
    -------
    frame
        A row for each node (in each period), with similar nodes next to each other, and the columns
        ``code``, ``name`` and ``cluster``. Clusters are numbered from 0, the largest first; equally
        large clusters are in the alphabetical order of their first codes.

    Raises
    ------
    MethodError, UnknownCodeError, DataError
        As for `correlations` and `dli.multivariate.arrays.cluster_indicators`.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator(code) for code in "abc"])
    >>> data = {"unit": list("WXYZ"), "a": [1, 2, 3, 4], "b": [5, 1, 4, 2], "c": [2, 4, 6.5, 8]}
    >>> table = frames.read(cluster_indicators(Assessment(index, data), n_clusters=2))
    >>> dict(zip(table.column("code"), table.column("cluster"))) == {"a": 0, "c": 0, "b": 1}
    True
    """

    def columns(result: arrays.Clusters, nodes: list[Node]) -> dict[str, Any]:
        codes = np.array([node.code for node in nodes])
        members = [codes[result.labels == k].tolist() for k in range(result.labels.max() + 1)]
        # Number the clusters so that the numbers do not depend on the order of the nodes.
        order = sorted(range(len(members)), key=lambda k: (-len(members[k]), min(members[k])))
        return {
            "code": codes[result.order].tolist(),
            "name": [nodes[i].name for i in result.order],
            "cluster": np.argsort(order)[result.labels[result.order]],
        }

    options = {"n_clusters": n_clusters, "method": method, "linkage": linkage}
    return _measured(assessment, nodes, stage, arrays.cluster_indicators, columns, **options)


def _measured(
    assessment: Assessment,
    nodes: Nodes,
    stage: str,
    measure: Callable[..., Any],
    columns: Callable[[Any, list[Node]], dict[str, Any]],
    **options: Any,
) -> Frame:
    """Return a table of a measure of nodes in each period; an error message names the period."""
    chosen = select(instance("assessment", assessment, Assessment).index, nodes)
    values = np.stack(list(node_values(assessment, chosen, stage).values()), axis=1)
    names = [repr(node.code) for node in chosen]

    def of_period(rows: NDArray[np.intp]) -> dict[str, Any]:
        try:
            return columns(measure(values[rows], names=names, **options), chosen)
        except MethodError as error:
            if assessment.periods is None:
                raise
            msg = f"period {assessment.periods[rows[0]]!r}: {error.summary}"
            raise MethodError(msg, error.faults) from error

    return table_by_period(assessment, of_period)
