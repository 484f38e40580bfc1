"""By what units of an assessment are compared: nodes that cover the tree below a node."""

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
    """What the units of an assessment are compared by.

    Attributes
    ----------
    assessment : Assessment
    top : str
        The node whose scores are compared.
    codes : tuple of str
        The nodes that they are compared by, which cover all indicators below the top once.
    inner : tuple of str
        The nodes from the top down to those.
    """

    assessment: Assessment
    top: str
    codes: tuple[str, ...]
    inner: tuple[str, ...]
    _tree: Tree = field()

    @property
    def has_own_weights(self) -> bool:
        """Whether units have weights of their own at one of the inner nodes."""
        return any(self.assessment.weight_array(code).ndim > 1 for code in self.inner)

    @property
    def weights(self) -> Floats:
        """The effective weights of the nodes within the top, which sum to one."""
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
        """Compare some rows that have a score at the top."""
        values = self.assessment.arrays(self.codes, normalised=True)[rows]
        values[np.isnan(self.assessment.array(self.top)[rows])] = np.nan
        return compared(values, self._tree)

    def scores(self, rows: NDArray[np.intp], weights: Floats) -> Floats:
        """Return scores of some rows, of shape (n_draws, n_rows), under weights of the nodes.

        Very large or small ones are divided by a power of two that all share: ranks are the same.
        """
        values = self.assessment.arrays(self.codes, normalised=True)[rows]
        values, _ = in_range(values, together=True)
        if not np.isnan(values).any():
            return np.asarray(weights @ values.T)
        return weighted_scores(values, self._tree, weights)[0]

    def names(self, rows: NDArray[np.intp]) -> str:
        """Return a list of units for messages."""
        units = list(dict.fromkeys(repr(self.assessment.units[row]) for row in rows.tolist()))
        shown = units if len(units) <= 8 else [*units[:8], f"{len(units) - 8} more"]
        return ", ".join(shown)

    def warn_of_own_weights(self, answer: str) -> None:
        """Warn if units have weights of their own, with what the answer means then."""
        if self.has_own_weights:
            msg = f"units have weights of their own at {self.top!r} or below it: {answer}"
            warn(msg, DLIWarning, stacklevel=4)

    def warn_of_gaps(self, rows: NDArray[np.intp], answer: str) -> None:
        """Warn of rows whose gaps leave no exact answer, with what the answer is then."""
        if rows.size:
            msg = (
                f"units that lack some of {', '.join(self.codes)}: {answer}; "
                "`dli.sensitivity.uncertainty` samples the weights of all units: "
                f"{self.names(rows)}"
            )
            warn(msg, DLIWarning, stacklevel=4)


def by_children(assessment: Assessment, node: str | None, nodes: Nodes) -> Compared:
    """Compare by the children of a node if no nodes are given; its score is a weighted sum.

    Raises
    ------
    UnknownCodeError
        No such node.
    MethodError
        Nodes that do not cover the node once, or another aggregation than the arithmetic mean.
    """
    instance("assessment", assessment, Assessment)
    chosen = inner_node(assessment.index, node).children if nodes is None else None
    result = _compared(assessment, node, nodes, chosen)
    others = _unlike(result, lambda traits: traits.order == 1)
    others += [
        f"{code!r}: its scores are normalised by {choice!r} before they enter its parent"
        for code, choice in assessment.choices.node_normalisation.items()
        if code in result.inner[1:]
    ]
    others += [
        f"{code!r}: missing scores are filled from other units"
        for code in assessment.choices.node_imputation
        if code in result.inner
    ]
    if others:
        msg = (
            "exact results need arithmetic means; sample the others with "
            "`dli.sensitivity.uncertainty`"
        )
        raise MethodError(msg, others)
    return result


def by_nodes(assessment: Assessment, node: str | None, nodes: Nodes) -> Compared:
    """Compare by some nodes, the indicators by default; a score never falls when they rise.

    Raises
    ------
    UnknownCodeError
        No such node.
    MethodError
        Nodes that do not cover the node once, or an aggregation that is not monotone.
    """
    instance("assessment", assessment, Assessment)
    result = _compared(assessment, node, nodes, None)
    others = _unlike(result, lambda traits: traits.monotone)
    if others:
        msg = (
            "dominance needs aggregations that never fall when a value rises; others must declare "
            "it in their `traits`"
        )
        raise MethodError(msg, others)
    return result


def _unlike(compared: Compared, fits: Any) -> list[str]:
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
    codes = [own.code for own in chosen]
    reached: set[str] = set()
    inner: list[str] = []
    faults: list[str] = []

    def tree(own: Node) -> Tree:
        if own.code in codes:
            reached.add(own.code)
            return codes.index(own.code)
        if isinstance(own, Indicator):
            faults.append(f"{own.code!r} is missing")
            return -1
        inner.append(own.code)
        return Branch(
            children=tuple(tree(child) for child in own.children),
            rule=MissingRule(choices.missing, choices.coverage[own.code]),
            is_power_mean=traits_of(choices.aggregation[own.code]).order is not None,
        )

    whole = tree(top)
    faults += [f"{code!r} lies below another of the nodes" for code in codes if code not in reached]
    if faults:
        msg = f"nodes must cover every indicator of {top.code!r} exactly once"
        raise MethodError(msg, faults)
    return Compared(
        assessment=assessment, top=top.code, codes=tuple(codes), inner=tuple(inner), tree=whole
    )
