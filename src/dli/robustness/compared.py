"""The nodes by which units of an assessment are compared; they cover the tree below a node."""

from collections.abc import Mapping, Sequence
from typing import Any
from warnings import warn

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli.aggregation.protocol import traits_of
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import instance
from dli.errors import DLIWarning, MethodError
from dli.framework import Indicator
from dli.framework.index import Node
from dli.framework.select import Nodes, inner_node, select
from dli.robustness.arrays.comparisons import (
    Branch,
    Comparisons,
    Tree,
    compared,
    weighted_scores,
)
from dli.scoring.joining import MissingRule
from dli.weighting.tables import in_range

__all__ = ["Compared", "by_children", "by_nodes"]


@frozen(kw_only=True, eq=False)
class Compared:
    """The nodes by which the units of an assessment are compared.

    Attributes
    ----------
    assessment : Assessment
        The assessment whose units are compared.
    top : str
        The code of the node whose scores are compared.
    codes : tuple of str
        The codes of the nodes by which units are compared. Together they cover every indicator
        below ``top`` exactly once.
    inner : tuple of str
        The codes of ``top`` and of the nodes between ``top`` and ``codes``.
    """

    assessment: Assessment
    top: str
    codes: tuple[str, ...]
    inner: tuple[str, ...]
    _tree: Tree = field()

    @property
    def has_own_weights(self) -> bool:
        """Whether the weights of an inner node differ by unit."""
        return any(self.assessment.weight_array(code).ndim > 1 for code in self.inner)

    @property
    def weights(self) -> Floats:
        """The effective weights of ``codes`` within ``top``, which sum to one."""
        effective = {self.top: 1.0}
        for code in self.inner:
            weights = self.assessment.weight_array(code)
            for child, weight in zip(self.children(code), weights.tolist(), strict=True):
                effective[child] = effective[code] * weight
        weights = np.array([effective[code] for code in self.codes])
        return np.asarray(weights / weights.sum())

    def children(self, code: str) -> list[str]:
        """Return the codes of a node's children."""
        return [child.code for child in inner_node(self.assessment.index, code).children]

    def of(self, rows: NDArray[np.intp]) -> Comparisons:
        """Return the comparisons of some rows; a row without a score at ``top`` has no values."""
        values = self.assessment.arrays(self.codes, normalised=True)[rows]
        values[np.isnan(self.assessment.array(self.top)[rows])] = np.nan
        return compared(values, self._tree)

    def scores(self, rows: NDArray[np.intp], weights: Floats) -> Floats:
        """Return the scores of some rows under drawn weights, of shape (n_draws, n_rows).

        Very large or very small values are all divided by the same power of two, which does not
        change the ranks.
        """
        values = self.assessment.arrays(self.codes, normalised=True)[rows]
        values, _ = in_range(values, together=True)
        if not np.isnan(values).any():
            return np.asarray(weights @ values.T)
        return weighted_scores(values, self._tree, weights)[0]

    def names(self, rows: NDArray[np.intp]) -> str:
        """Return the units (and periods) of some rows for a message, at most eight by name."""
        periods = self.assessment.periods
        units = [
            repr(self.assessment.units[row]) + ("" if periods is None else f" in {periods[row]!r}")
            for row in rows.tolist()
        ]
        shown = units if len(units) <= 8 else [*units[:8], f"{len(units) - 8} more"]
        return ", ".join(shown)

    def warn_of_own_weights(self, answer: str) -> None:
        """Warn if weights differ by unit; ``answer`` says what the result then means."""
        if self.has_own_weights:
            msg = f"the weights at {self.top!r} or below it differ by unit: {answer}"
            warn(msg, DLIWarning, stacklevel=4)

    def warn_of_gaps(self, rows: NDArray[np.intp], answer: str) -> None:
        """Warn of rows whose gaps rule out an exact result; ``answer`` says what is returned."""
        if rows.size:
            msg = (
                f"some units lack values of {', '.join(self.codes)}: {answer}; to include all "
                "units, sample the weights with `dli.sensitivity.uncertainty`. The units are "
                f"{self.names(rows)}"
            )
            warn(msg, DLIWarning, stacklevel=4)


def by_children(assessment: Assessment, node: str | None, nodes: Nodes) -> Compared:
    """Return the nodes to compare units by: ``nodes``, or the children of a node by default.

    The score of the node must be a weighted sum of the scores of these nodes.

    Raises
    ------
    UnknownCodeError
        A node is unknown.
    MethodError
        ``nodes`` do not cover the node exactly once, an aggregation is not the arithmetic mean, or
        the scores of a node are normalised or imputed before they enter its parent.
    """
    instance("assessment", assessment, Assessment)
    chosen = inner_node(assessment.index, node).children if nodes is None else None
    result = _compared(assessment, node, nodes, chosen)
    faults = _unsuitable(result, lambda traits: traits.order == 1)
    faults += [
        f"{code!r}: its scores are normalised by {choice!r} before they enter its parent"
        for code, choice in assessment.choices.node_normalisation.items()
        if code in result.inner[1:]
    ]
    faults += [
        f"{code!r}: its missing scores are imputed from other units"
        for code in assessment.choices.node_imputation
        if code in result.inner
    ]
    if faults:
        msg = (
            "exact results require that every aggregation is an arithmetic mean; otherwise, "
            "sample the weights with `dli.sensitivity.uncertainty`"
        )
        raise MethodError(msg, faults)
    return result


def by_nodes(assessment: Assessment, node: str | None, nodes: Nodes) -> Compared:
    """Return the nodes to compare units by: ``nodes``, or the indicators below a node by default.

    The score of the node must not fall when a value of these nodes rises.

    Raises
    ------
    UnknownCodeError
        A node is unknown.
    MethodError
        ``nodes`` do not cover the node exactly once, or an aggregation is not monotone.
    """
    instance("assessment", assessment, Assessment)
    result = _compared(assessment, node, nodes, None)
    faults = _unsuitable(result, lambda traits: traits.monotone)
    if faults:
        msg = (
            "dominance requires aggregations that never fall when a value rises; an aggregation "
            "declares this with `monotone` in its `traits`"
        )
        raise MethodError(msg, faults)
    return result


def _unsuitable(compared: Compared, fits: Any) -> list[str]:
    """Return a line for each inner node whose aggregation does not have the required traits."""
    choices: Mapping[str, Any] = compared.assessment.choices.aggregation
    return [
        f"{code!r}: {choices[code]!r}"
        for code in compared.inner
        if not fits(traits_of(choices[code]))
    ]


def _compared(
    assessment: Assessment, node: str | None, nodes: Nodes, chosen: Sequence[Node] | None
) -> Compared:
    index, choices = assessment.index, assessment.choices
    top = index if node is None else index.find(node)
    chosen = select(index, nodes, below=top.code) if chosen is None else chosen
    codes = [compared_node.code for compared_node in chosen]
    reached: set[str] = set()
    inner: list[str] = []
    faults: list[str] = []

    def tree(current: Node) -> Tree:
        if current.code in codes:
            reached.add(current.code)
            return codes.index(current.code)
        if isinstance(current, Indicator):
            faults.append(f"{current.code!r} is missing")
            return -1
        inner.append(current.code)
        return Branch(
            children=tuple(tree(child) for child in current.children),
            rule=MissingRule(choices.missing, choices.coverage[current.code]),
            is_power_mean=traits_of(choices.aggregation[current.code]).order is not None,
        )

    whole = tree(top)
    faults += [f"{code!r} lies below another of the nodes" for code in codes if code not in reached]
    if faults:
        msg = f"nodes must cover every indicator of {top.code!r} exactly once"
        raise MethodError(msg, faults)
    return Compared(
        assessment=assessment, top=top.code, codes=tuple(codes), inner=tuple(inner), tree=whole
    )
