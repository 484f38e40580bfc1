"""The index: a tree of sub-indices and indicators."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from operator import is_
from os import PathLike
from typing import Any, TypeAlias, cast

import attrs
from attrs import field, frozen

from dli.checks import (
    code_faults,
    is_hashable,
    step_faults,
    text_faults,
    weight_faults,
    whole_number,
)
from dli.errors import ModelError, UnknownCodeError
from dli.framework.bands import Bands
from dli.framework.display import html_tree, summary, tree
from dli.framework.indicator import Indicator

__all__ = ["MAX_DEPTH", "Index", "Node"]

MAX_DEPTH = 1000
"""The largest number of levels that an index may have below its top."""


def _tuple(children: Any) -> tuple[Any, ...]:
    """Return children as a tuple; anything but an ordered collection is the only child.

    The checks can then show it in a message.
    """
    is_one = isinstance(children, (Indicator, Index, bytes, type, Mapping, AbstractSet))
    if is_one or not isinstance(children, Iterable):
        return (children,)
    return (children,) if getattr(children, "ndim", 1) == 0 else tuple(children)


# Comparing and pickling use `_flat`, because the default methods would fail on deep trees.
@frozen(repr=False, eq=False)
class Index:
    """A node of the hierarchy that has children: a sub-index, or the index as a whole.

    Parameters
    ----------
    code : str
        A short code that no other node of the tree has.
    children : sequence of Indicator or Index
        The nodes directly below this one, at least one. Branches may differ in depth; the tree may
        have up to 1,000 levels below its top.
    name : str
        The name in tables and reports; if it is empty, they show the code.
    weight : float
        The weight relative to the siblings; only the proportions matter.
    weighting, aggregation : object, optional
        The steps that weight and aggregate the children of this node; they take precedence over
        those of the method.
    normalisation : object, optional
        The step that normalises the score of this node before it enters its parent, like the values
        of an indicator; it takes precedence over that of the method. Higher scores are always
        better. The normalisation of the index as a whole sets the final scale, such as 100 for the
        best unit. Scores and ranks are those before this step; ``Assessment.stage("normalised")``
        returns the normalised scores.
    bands : Bands, optional
        Named classes for the score of this node.
    description : str
        What the index or sub-index is meant to measure.

    Raises
    ------
    ModelError
        The node does not have children, or has children of another type, an invalid field, or more
        than 1,000 levels below it; or a code appears more than once in the tree.

    Examples
    --------
    >>> index = Index("DT", [Indicator("DT01", "Internet users"), Indicator("DT02", "Broadband")])
    >>> [indicator.code for indicator in index.indicators]
    ['DT01', 'DT02']
    >>> index
    DT  2 indicators
    ├── DT01  Internet users  0.5
    └── DT02  Broadband       0.5
    """

    code: str
    children: tuple["Node", ...] = field(converter=_tuple)
    name: str = ""
    weight: float = field(default=1.0, kw_only=True)
    weighting: Any = field(default=None, kw_only=True)
    aggregation: Any = field(default=None, kw_only=True)
    normalisation: Any = field(default=None, kw_only=True)
    bands: Bands | None = field(default=None, kw_only=True)
    description: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            *code_faults(self.code),
            *text_faults(name=self.name, description=self.description),
            *weight_faults(self.weight),
        ]
        if not self.children:
            faults.append("it has no children: an index needs at least one indicator")
        children: tuple[object, ...] = self.children
        invalid = [c for c in children if not isinstance(c, (Indicator, Index))]
        faults += [f"children: child {c!r} is neither an Indicator nor an Index" for c in invalid]
        for family, act, example in (
            ("weighting", "weights", "Equal"),
            ("aggregation", "aggregate", "ArithmeticMean"),
            ("normalisation", "normalise", "MinMax"),
        ):
            choice = getattr(self, family)
            if choice is not None:
                faults += step_faults(family, choice, act, f"dli.{family}.{example}()")
        bands: object = self.bands
        if bands is not None and not isinstance(bands, Bands):
            faults.append(f"bands must be a dli.Bands object, got {bands!r}")
        if not invalid:
            if self._depth > MAX_DEPTH:
                faults.append(f"it has more than {MAX_DEPTH} levels below it, which is the maximum")
            codes = [node.code for node in self.walk()]
            counts = Counter(code for code in codes if is_hashable(code))
            faults += [f"code {code!r} appears {n} times" for code, n in counts.items() if n > 1]
        if faults:
            raise ModelError(f"invalid index {self.code!r}", faults)

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """The indicators below this node, depth first."""
        leaves: list[Indicator] = []
        pending: list[Node] = [self]
        while pending:
            node = pending.pop()
            if isinstance(node, Indicator):
                leaves.append(node)
            else:
                pending += reversed(node.children)
        return tuple(leaves)

    def walk(self) -> Iterator["Node"]:
        """Yield every node, level by level from the top, so that parents come first."""
        yield from self._nodes_by_level

    @cached_property
    def _nodes_by_level(self) -> tuple["Node", ...]:
        nodes: list[Node] = [self]
        for node in nodes:  # The loop extends the list.
            if isinstance(node, Index):
                nodes.extend(node.children)
        return tuple(nodes)

    @cached_property
    def _depth(self) -> int:
        """The number of levels below; each child has already computed its own."""
        depths = [child._depth for child in self.children if isinstance(child, Index)]  # noqa: SLF001 same class
        return 1 + max(depths, default=0)

    def find(self, code: str) -> "Node":
        """Return the node with a code, at any depth.

        Raises
        ------
        UnknownCodeError
            No node has the code; the error names the most similar one.
        """
        try:
            return self._nodes[code]
        except (KeyError, TypeError):  # a list cannot be a code
            raise UnknownCodeError("node", [code], self._nodes) from None

    def parent(self, code: str) -> "Index | None":
        """Return the parent of the node with a code; None for the index itself."""
        self.find(code)
        return self._parents.get(code)

    def level(self, code: str) -> int:
        """Return the tree level of the node with a code: 0 for the index, 1 for its children."""
        return len(self.path(code))

    def path(self, code: str) -> tuple["Index", ...]:
        """Return the ancestors of the node with a code, from its parent up to the index."""
        self.find(code)
        return self._paths[code]

    @cached_property
    def _nodes(self) -> dict[str, "Node"]:
        return {node.code: node for node in self.walk()}

    @cached_property
    def _paths(self) -> dict[str, tuple["Index", ...]]:
        paths: dict[str, tuple[Index, ...]] = {self.code: ()}
        for node in self.walk():
            if isinstance(node, Index):
                paths |= {child.code: (node, *paths[node.code]) for child in node.children}
        return paths

    @cached_property
    def _parents(self) -> dict[str, "Index"]:
        return {
            c.code: node for node in self.walk() if isinstance(node, Index) for c in node.children
        }

    def without(self, *codes: str) -> "Index":
        """Return the index without some indicators or whole sub-indices.

        Raises
        ------
        UnknownCodeError
            One or more codes are not in the tree.
        ModelError
            A sub-index, or the index itself, would be left without children.
        """
        self._require(codes)
        if self.code in codes:
            raise ModelError(f"{self.code!r} is the index itself and cannot be left out")
        kept: list[Node] = [self]
        empty = []
        for node in kept:  # The loop extends the list.
            if isinstance(node, Index):
                children = [child for child in node.children if child.code not in codes]
                if not children:
                    empty.append(node.code)
                kept += children
        if empty:
            faults = [
                f"{code!r} would be left without children; leave out the whole node"
                for code in empty
            ]
            raise ModelError(f"cannot leave out nodes of {self.code!r}", faults)
        return self._rebuilt(kept)

    def with_weights(self, weights: Mapping[str, float]) -> "Index":
        """Return the index with different declared weights.

        Parameters
        ----------
        weights : mapping of str to float
            The new weights by code; other nodes keep their weights.

        Raises
        ------
        UnknownCodeError
            One or more codes are not in the tree.
        ModelError
            One or more weights are negative or are not finite numbers; all of them are listed.
        """
        if not isinstance(weights, Mapping):
            raise ModelError(f"weights must be a mapping of codes to weights, got {weights!r}")
        self._require(weights)
        faults = [f"{code!r}: {fault}" for code, w in weights.items() for fault in weight_faults(w)]
        if faults:
            raise ModelError("invalid weights", faults)
        return self._rebuilt(
            attrs.evolve(node, weight=weights[node.code]) if node.code in weights else node
            for node in self.walk()
        )

    def replace(self, code: str, node: "Node") -> "Index":
        """Return the index with one node, and everything below it, replaced by another node.

        Raises
        ------
        UnknownCodeError
            The code is not in the tree.
        ModelError
            A code of the new node appears elsewhere in the tree, or an indicator would replace
            the index itself.
        """
        self._require([code])
        if code == self.code:
            if isinstance(node, Index):
                return node
            raise ModelError(f"the index itself can only be replaced by an Index, got {node!r}")
        for ancestor in self.path(code):
            children = [node if child.code == code else child for child in ancestor.children]
            code, node = ancestor.code, attrs.evolve(ancestor, children=children)
        return cast("Index", node)

    def _rebuilt(self, nodes: Iterable["Node"]) -> "Index":
        """Return the tree of some of the nodes, possibly changed; parents must come first."""
        built: dict[str, Node] = {}
        for node in reversed(list(nodes)):
            if isinstance(node, Index):
                children = [built[child.code] for child in node.children if child.code in built]
                if len(children) < len(node.children) or not all(map(is_, children, node.children)):
                    node = attrs.evolve(node, children=children)  # noqa: PLW2901 its new version
            built[node.code] = node
        return cast("Index", built[self.code])

    def _require(self, codes: Iterable[str]) -> None:
        unknown = [code for code in codes if not (is_hashable(code) and code in self._nodes)]
        if unknown:
            raise UnknownCodeError("node", unknown, self._nodes)

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, steps: Mapping[str, Callable[..., Any]] | None = None
    ) -> "Index":
        """Return the index that a model file in TOML describes; a table ``[method]`` is ignored.

        Parameters
        ----------
        path : str or path-like
            The path of the file.
        steps : mapping of str to callable, optional
            Steps of your own that the file names, such as ``{"Mine": Mine}``. Each is a class or
            function that is called with the parameters in the file.

        Raises
        ------
        ModelError
            The file cannot be read or is invalid; the error names the file, table and key.
        MethodError
            ``steps`` is invalid.
        """
        from dli.framework.files import load

        return load(path, cls, steps)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the index to a model file in TOML, from which `load` returns an equal index."""
        from dli.framework.files import save

        save(self, path)

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> "Index":
        """Return the index that plain tables describe, in the format of a model file.

        Raises
        ------
        ModelError
            The tables are invalid; the error names the table and key of each fault.
        """
        from dli.framework.files import from_dict

        return from_dict(tables, cls)

    def to_dict(self) -> dict[str, Any]:
        """Return the index as plain tables, in the format of a model file."""
        from dli.framework.files import to_dict

        return to_dict(self)

    @classmethod
    def from_table(cls, frame: object) -> "Index":
        """Return the index that a table with one row for each node describes.

        Parameters
        ----------
        frame : frame, mapping of columns, or path of a CSV file
            Columns ``code`` and ``parent`` (missing for the index itself) and any of ``name,
            weight, direction, unit_of_measure, goalpost_worst, goalpost_best, target, scale_low,
            scale_high, denominator, denominator_factor, column, constant, doubtful, description,
            source``, where ``doubtful`` is a number, or several separated by semicolons; or COINr's
            iMeta columns ``iCode, Parent`` and any of ``iName, Level, Weight, Direction,
            Type, Unit, Denominator, Target``, where rows of type Group, Denominator and Other are
            ignored.

        Raises
        ------
        ModelError
            The table is invalid; the error names the row and code of each fault.

        Examples
        --------
        >>> Index.from_table({"code": ["T", "a", "b"], "parent": [None, "T", "T"]})
        T  2 indicators
        ├── a  0.5
        └── b  0.5
        """
        from dli.framework.tables import from_table

        return from_table(frame, cls)

    def tree(self, depth: int | None = None, width: int = 80) -> str:
        """Return the tree as text: codes, names and each node's share of its parent.

        Parameters
        ----------
        depth : int, optional
            The number of levels to draw below the top; all by default.
        width : int
            The number of characters in a line; longer names are shortened.

        Raises
        ------
        MethodError
            ``depth`` or ``width`` is not a whole number.
        """
        if depth is not None:
            depth = whole_number("depth (if not None)", depth, 0)
        width = whole_number("width", width, 1)
        return tree(self, depth=depth, width=width)

    def __repr__(self) -> str:
        return summary(self)

    def _repr_html_(self) -> str:
        return html_tree(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Index) or type(other) is not type(self):
            return NotImplemented
        return self is other or self._flat() == other._flat()

    def __hash__(self) -> int:
        return hash(self._flat())

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_flat, (self._flat(),)

    def _flat(self) -> tuple[tuple[Any, ...], ...]:
        """Return all nodes, level by level, each with the number of its children."""
        return tuple(
            (type(node), tuple(getattr(node, name) for name in _OWN), len(node.children))
            if isinstance(node, Index)
            else (node,)
            for node in self.walk()
        )


def _from_flat(nodes: Sequence[tuple[Any, ...]]) -> Index:
    """Return the index whose nodes `Index._flat` lists."""
    # From the last node to the first, the children of each node are at the front of the queue.
    built: deque[Any] = deque()
    for node in reversed(nodes):
        if len(node) == 1:
            built.append(node[0])
        else:
            kind, values, n_children = node
            children = [built.popleft() for _ in range(n_children)][::-1]
            built.append(kind(children=children, **dict(zip(_OWN, values, strict=True))))
    return cast("Index", built.pop())


_OWN = tuple(a.name for a in attrs.fields(Index) if a.name != "children")
Node: TypeAlias = Indicator | Index
