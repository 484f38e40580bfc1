"""Selecting nodes by a level of the tree, by one code or by several."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dli.checks import is_hashable, is_whole, several
from dli.errors import MethodError, UnknownCodeError
from dli.framework.indicator import Indicator

if TYPE_CHECKING:
    from dli.framework.index import Index, Node

__all__ = ["Nodes", "inner_node", "nodes_to_level", "select"]

Nodes: TypeAlias = int | str | Sequence[str] | None


def select(index: "Index", nodes: Nodes = None, *, below: str | None = None) -> "list[Node]":
    """Return the nodes that an argument selects.

    Parameters
    ----------
    index : Index
        The tree.
    nodes : int, str, sequence of str, optional
        A tree level (0 is the index, 1 its children), a code, several codes, or None for the
        indicators.
    below : str, optional
        The code of a node. All selected nodes must be this node or below it. Tree levels are still
        counted from the top of the whole tree.

    Raises
    ------
    UnknownCodeError
        No node has the code.
    MethodError
        The tree does not have the level, a node is not below ``below``, or the sequence of codes is
        empty.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Index("A", [Indicator("a")]), Index("B", [Indicator("b")])])
    >>> [node.code for node in select(index, 1)]
    ['A', 'B']
    >>> [node.code for node in select(index, below="B")]
    ['b']
    """
    top = index if below is None else index.find(below)
    inside: list[Node] = [top] if isinstance(top, Indicator) else list(top.walk())
    if nodes is None:
        return [top] if isinstance(top, Indicator) else list(top.indicators)
    if not isinstance(nodes, str) and not isinstance(nodes, Sequence):
        return _at_level(index, nodes, inside)
    codes = several("nodes", nodes)
    if not codes:
        msg = "nodes must be a level or at least one code, got an empty sequence"
        raise MethodError(msg)
    known = {node.code: node for node in index.walk()}
    unknown = [code for code in codes if not (is_hashable(code) and code in known)]
    if unknown:
        raise UnknownCodeError("node", unknown, known)
    codes_inside = {node.code for node in inside}
    outside = [repr(code) for code in codes if code not in codes_inside]
    if outside:
        msg = f"nodes must be {top.code!r} or below it; these are not"
        raise MethodError(msg, outside)
    return [known[code] for code in codes]


def _at_level(index: "Index", level: Any, inside: "list[Node]") -> "list[Node]":
    levels = [index.level(node.code) for node in inside]
    if not is_whole(level, min(levels), max(levels)):
        msg = (
            f"nodes must be a level from {min(levels)} ({inside[0].code!r}) to {max(levels)}, a "
            f"code, a sequence of codes, or None for the indicators, got {level!r}"
        )
        raise MethodError(msg)
    return [node for node, at in zip(inside, levels, strict=True) if at == level]


def nodes_to_level(index: "Index", level: object) -> "list[Node]":
    """Return the nodes from the index down to a tree level, parents first.

    Raises
    ------
    MethodError
        The tree does not have the level.
    """
    levels = {node.code: index.level(node.code) for node in index.walk()}
    if not is_whole(level, 0, max(levels.values())):
        msg = f"level must be a whole number from 0 (the index) to {max(levels.values())}, got "
        raise MethodError(msg + repr(level))
    return [node for node in index.walk() if levels[node.code] <= level]  # type: ignore[operator] # checked


def inner_node(index: "Index", code: str | None) -> "Index":
    """Return the node with a code, which must have children; for None, the index itself.

    Raises
    ------
    UnknownCodeError
        No node has the code.
    MethodError
        The node is an indicator.
    """
    node = index if code is None else index.find(code)
    if isinstance(node, Indicator):
        msg = f"node must have children, but {code!r} is an indicator"
        raise MethodError(msg)
    return node
