"""The effect of removing an indicator or sub-index on scores and ranks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import evolve, fields, frozen

from dli import frames
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.change.comparison import Comparison, compare
from dli.checks import instance
from dli.errors import DLIError, MethodError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.select import Nodes, select
from dli.method import Method
from dli.method.resolved import OTHERS
from dli.printing import Printed, Sheet
from dli.ranking import mean_rank_shift
from dli.sensitivity.inputs.choices import topmost
from dli.weighting import Fixed

__all__ = ["Removals", "remove_elements"]


@frozen(kw_only=True, eq=False, repr=False)
class Removals(Printed):
    """An assessment repeated without each of several nodes in turn.

    Attributes
    ----------
    codes : tuple of str
        The nodes that are removed.
    comparison : Comparison
        The full assessment, labelled "nominal", and the assessment without each node, labelled by
        the code of that node.
    """

    codes: tuple[str, ...]
    comparison: Comparison

    @property
    def scores(self) -> Frame:
        """A row for each unit: the score with all nodes, and the score without each node."""
        return self.comparison.scores

    @property
    def ranks(self) -> Frame:
        """A row for each unit: the rank with all nodes, and the rank without each node."""
        return self.comparison.ranks

    @property
    def mean_rank_shift(self) -> Floats:
        """The mean absolute rank shift over units without each node, of shape (n_nodes,)."""
        ranks = self.comparison.rank_array.T
        return mean_rank_shift(ranks[1:], ranks[0])

    @property
    def _order(self) -> list[int]:
        return [int(i) for i in np.argsort(-self.mean_rank_shift, kind="stable")]

    @property
    def summary(self) -> Frame:
        """A row for each node: how far ranks move without it, largest shift first.

        Columns: ``code``, ``units`` (the number of units with a score both with and without the
        node), ``mean_rank_shift``, ``largest_rank_shift``, and the correlations ``spearman`` and
        ``kendall`` with the nominal ranks.
        """
        table = frames.read(self.comparison.summary)
        columns = {
            "code" if name == "assessment" else name: [
                table.column(name)[1 + i] for i in self._order
            ]
            for name in table.names
        }
        return frames.build(columns, table.library, integers=["largest_rank_shift"])

    def _sheet(self) -> Sheet:
        shifts = self.mean_rank_shift
        rows = [(self.codes[i], f"{shifts[i]:.3f}") for i in self._order]
        return Sheet("How far ranks move without each node", ("node", "mean rank shift"), rows)


def remove_elements(
    assessment: Assessment, nodes: Nodes = None, *, node: str | None = None
) -> Removals:
    """Assess again without each of several nodes in turn, and report how far the ranks move.

    The node is removed from the framework and all steps are repeated. Its weight is shared among
    the other children of its parent in proportion to their own weights, which are not computed
    again, so that the effect is due to the node alone; only weights that differ by unit are
    computed again. A sub-index is removed together with its only child.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    nodes : int, str or sequence of str, optional
        The nodes to remove, one at a time: a tree level, or codes; all indicators by default.
    node : str, optional
        The code of the node whose scores and ranks are compared; the index by default.

    Returns
    -------
    Removals
        The scores and ranks without each node.

    Raises
    ------
    MethodError
        The tree level does not exist; the removal of a node leaves nothing to compare; or a step
        requires the node, such as one side of a `dli.aggregation.Ratio`.
    UnknownCodeError
        A code is not in the tree.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.0], "c": [4, 5, 9]}
    >>> remove_elements(Assessment(index, data))
    How far ranks move without each node
    <BLANKLINE>
    node  mean rank shift
    a               0.667
    c               0.333
    b               0.000
    """
    instance("assessment", assessment, Assessment)
    index = assessment.index
    compared = index.find(index.code if node is None else node)
    codes = [removed.code for removed in select(index, nodes)]
    kept = {compared.code, *(above.code for above in index.path(compared.code))}
    if isinstance(compared, Index):
        leaves = {indicator.code for indicator in compared.indicators}
    else:
        leaves = {compared.code}
    faults = [repr(c) for c in codes if c in kept or leaves <= _removed_with(index, c)]
    if faults:
        msg = f"without these nodes nothing would be left of {compared.code!r}"
        raise MethodError(msg, faults)
    variants = {"nominal": assessment}
    for code in codes:
        try:
            variants[code] = _without(assessment, topmost(index, code))
        except DLIError as error:
            faults.append(f"{code!r}: {error.summary}")
    if faults:
        msg = "the index cannot be assessed without these nodes; leave them out with nodes=[...]"
        raise MethodError(msg, faults)
    return Removals(codes=tuple(codes), comparison=compare(variants, node=compared.code))


def _without(assessment: Assessment, code: str) -> Assessment:
    index = assessment.index
    parent = index.path(code)[0]
    kept = tuple(child for child in parent.children if child.code != code)
    weights = assessment.weight_array(parent.code)
    weighting = parent.weighting
    if weights.ndim == 1:
        by_code = dict(
            zip((child.code for child in parent.children), weights.tolist(), strict=True)
        )
        weighting = Fixed({child.code: by_code[child.code] for child in kept})
    rest = index.replace(parent.code, evolve(parent, children=kept, weighting=weighting))
    known = {node.code for node in rest.walk()} | {rest.level(node.code) for node in rest.walk()}
    known.add(OTHERS)
    method = assessment.method
    changes: dict[str, Any] = {
        step.name: {key: choice for key, choice in value.items() if key in known}
        for step in fields(Method)
        if isinstance(value := getattr(method, step.name), Mapping)
    }
    return Assessment(rest, assessment.observations, method=evolve(method, **changes))


def _removed_with(index: Index, code: str) -> set[str]:
    """Return the codes of all nodes that are removed together with a node."""
    node = index.find(topmost(index, code))
    return {n.code for n in node.walk()} if isinstance(node, Index) else {node.code}
