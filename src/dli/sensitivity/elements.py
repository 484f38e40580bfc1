"""What happens to scores and ranks when an indicator or sub-index goes."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from attrs import evolve, field, fields, frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.printing import Printed, Sheet
from dli.sensitivity.comparison import Comparison, compare
from dli.weighting import Fixed

__all__ = ["Removals", "remove_elements"]

Floats: TypeAlias = NDArray[np.float64]


@frozen(kw_only=True, eq=False, repr=False)
class Removals(Printed):
    """An assessment without each of several elements in turn.

    Attributes
    ----------
    codes : tuple of str
        The elements.
    comparison : Comparison
        The assessment as it is, labelled "nominal", and without each element, labelled by its
        code.
    """

    codes: tuple[str, ...]
    comparison: Comparison
    _library: Any = field()

    @property
    def scores(self) -> Any:
        """A row for each unit: the score with all elements, and without each."""
        return self.comparison.scores

    @property
    def ranks(self) -> Any:
        """A row for each unit: the rank with all elements, and without each."""
        return self.comparison.ranks

    @cached_property
    def mean_rank_shift(self) -> Floats:
        """The mean over units of the ranks moved, up or down, without each element.

        An ndarray of shape (n_elements,).
        """
        ranks = self.comparison.rank_array
        return np.asarray(np.nanmean(np.abs(ranks[:, 1:] - ranks[:, :1]), axis=0))

    @property
    def summary(self) -> Any:
        """A row for each element: how far the ranks move without it, the furthest first.

        Columns: ``code``, ``units`` with a score both with and without it, ``mean_rank_shift``,
        ``largest_rank_shift``, ``spearman`` and ``kendall`` with the nominal ranks.
        """
        table = frames.read(self.comparison.summary)
        order = 1 + np.argsort(-self.mean_rank_shift, kind="stable")
        columns = {
            "code" if name == "assessment" else name: [table.column(name)[i] for i in order]
            for name in table.names
        }
        return frames.build(columns, self._library, integers=["largest_rank_shift"])

    def _sheet(self) -> Sheet:
        order = np.argsort(-self.mean_rank_shift, kind="stable").tolist()
        rows = [(self.codes[i], f"{self.mean_rank_shift[i]:.3f}") for i in order]
        return Sheet("How far ranks move without each", ("element", "mean rank shift"), rows)


def remove_elements(
    assessment: Assessment,
    elements: int | Sequence[str] | None = None,
    *,
    node: str | None = None,
) -> Removals:
    """Assess again without each element in turn, and tell how far the ranks move.

    The element leaves the framework and all steps are done again. The other children of its parent
    share its weight in proportion to theirs, which stay what they are, so that the effect is that
    of the element alone; only weights that differ by unit are found anew. A sub-index whose only
    child goes, goes with it.

    Parameters
    ----------
    assessment : Assessment
    elements : int or sequence of str, optional
        All nodes of a level (0 is the index, 1 its sub-indices), or codes; all indicators by
        default.
    node : str, optional
        Whose scores and ranks are compared; the index by default.

    Returns
    -------
    Removals

    Raises
    ------
    MethodError
        No such level, or an element that is the node itself, or all that is below it.
    UnknownCodeError
        Codes that are not in the tree.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.0], "c": [4, 5, 9]}
    >>> remove_elements(Assessment(index, data))
    How far ranks move without each
    <BLANKLINE>
    element  mean rank shift
    a                  0.667
    c                  0.333
    b                  0.000
    """
    index = assessment.index
    code = index.code if node is None else node
    kept = index.find(code)
    codes = _elements(assessment, elements)
    below = {n.code for n in kept.walk()} if isinstance(kept, Index) else {code}
    faults = [
        f"{element!r}"
        for element in codes
        if element == code or element in {n.code for n in index.path(code)} or below <= _gone(
            index, element)
    ]  # fmt: skip
    if faults:
        msg = f"elements cannot go without {code!r} itself going"
        raise MethodError(msg, faults)
    variants = {"nominal": assessment}
    for element in codes:
        variants[element] = _without(assessment, _topmost(index, element))
    return Removals(
        codes=tuple(codes),
        comparison=compare(variants, node=code),
        library=assessment.observations.table.library,
    )


def _elements(assessment: Assessment, elements: int | Sequence[str] | None) -> list[str]:
    index = assessment.index
    if elements is None:
        return [indicator.code for indicator in index.indicators]
    if isinstance(elements, str):
        elements = [elements]
    if not isinstance(elements, int):
        unknown = [e for e in elements if e not in {n.code for n in index.walk()}]
        if unknown:
            raise UnknownCodeError("node", unknown, [n.code for n in index.walk()])
        return list(dict.fromkeys(elements))
    codes = [n.code for n in index.walk() if index.level(n.code) == elements]
    if not codes or elements == 0:
        msg = f"no elements at level {elements!r}: the index is at 0, its sub-indices at 1"
        raise MethodError(msg)
    return codes


def _topmost(index: Index, code: str) -> str:
    """Go up while the element is an only child: a node without children cannot stay."""
    parent = index.parent(code)
    while parent is not None and len(parent.children) == 1:
        code, parent = parent.code, index.parent(parent.code)
    return code


def _without(assessment: Assessment, code: str) -> Assessment:
    index = assessment.index
    parent = index.parent(code)
    assert parent is not None  # noqa: S101 the index itself was refused; told to the type checker
    gone = _gone(index, code)
    kept = tuple(child for child in parent.children if child.code != code)
    weights = assessment.weight_array(parent.code)
    weighting = parent.weighting
    if weights.ndim == 1:
        own = dict(zip((child.code for child in parent.children), weights.tolist(), strict=True))
        weighting = Fixed({child.code: own[child.code] for child in kept})
    rest = index.replace(parent.code, evolve(parent, children=kept, weighting=weighting))
    method = assessment.method
    changes: dict[str, Any] = {
        step.name: {key: choice for key, choice in given.items() if key not in gone}
        for step in fields(type(method))
        if isinstance(given := getattr(method, step.name), Mapping)
    }
    return assessment.evolve(index=rest, method=evolve(method, **changes))


def _gone(index: Index, code: str) -> set[str]:
    node = index.find(_topmost(index, code))
    return {n.code for n in node.walk()} if isinstance(node, Index) else {node.code}
