"""The whole hierarchy: indicators, the sub-indices above them and the index on top."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from os import PathLike
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from dli.errors import ModelError, UnknownCodeError
from dli.framework.bands import Bands
from dli.framework.checks import code_faults, text_faults, weight_faults
from dli.framework.indicator import Indicator

__all__ = ["Index", "Node"]


def _tuple(children: Any) -> tuple[Any, ...]:
    return (children,) if isinstance(children, (Indicator, Index)) else tuple(children)


@frozen(repr=False)
class Index:
    """A node of the hierarchy with a score of its own: a sub-index, or the index as a whole.

    Parameters
    ----------
    code : str
    children : sequence of Indicator or Index
        At least one; trees may be of any depth, and uneven.
    name : str
    weight : float
        Relative to its siblings; only the proportions count.
    weighting, aggregation : object, optional
        How the children are weighed and joined here; wins over what the method says.
    bands : Bands, optional
        Named classes of this node's score.
    description : str

    Raises
    ------
    ModelError
        No children, children of another kind, or codes that appear more than once in the tree.

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
    bands: Bands | None = field(default=None, kw_only=True)
    description: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            *code_faults(self.code),
            *text_faults(name=self.name, description=self.description),
            *weight_faults(self.weight),
        ]
        if not self.children:
            faults.append("it has no children: no indicator at all")
        given: tuple[object, ...] = self.children
        strangers = [c for c in given if not isinstance(c, (Indicator, Index))]
        faults += [f"child {c!r} is neither an Indicator nor an Index" for c in strangers]
        for family, act in (("weighting", "weights"), ("aggregation", "aggregate")):
            choice = getattr(self, family)
            if choice is not None and not hasattr(choice, act):
                faults.append(f"{family} must have a method {act}, got {choice!r}")
        bands: object = self.bands
        if bands is not None and not isinstance(bands, Bands):
            faults.append(f"bands must be Bands, got {bands!r}")
        if not strangers:
            counts = Counter(node.code for node in self.walk())
            faults += [f"code {code!r} appears {n} times" for code, n in counts.items() if n > 1]
        if faults:
            msg = f"index {self.code!r} cannot stand"
            raise ModelError(msg, faults)

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """The leaves, depth first."""
        leaves: list[Indicator] = []
        for child in self.children:
            leaves.extend((child,) if isinstance(child, Indicator) else child.indicators)
        return tuple(leaves)

    def walk(self) -> Iterator["Node"]:
        """Give every node, level by level from the top, so that parents come first."""
        yield from self._levels

    @cached_property
    def _levels(self) -> tuple["Node", ...]:
        found: list[Node] = [self]
        for node in found:  # grows while it is walked
            if isinstance(node, Index):
                found.extend(node.children)
        return tuple(found)

    def find(self, code: str) -> "Node":
        """Give the node of a code, at any depth.

        Raises
        ------
        UnknownCodeError
            With the code that comes nearest.
        """
        try:
            return self._nodes[code]
        except KeyError:
            raise UnknownCodeError("node", [code], self._nodes) from None

    def parent(self, code: str) -> "Index | None":
        """Give the node above a code, None above the top."""
        self.find(code)
        return self._parents.get(code)

    def level(self, code: str) -> int:
        """Count the steps from the top down to a code: 0 is the index, 1 its sub-indices."""
        return len(self.path(code))

    def path(self, code: str) -> tuple["Index", ...]:
        """Give the nodes above a code, the nearest first, the index last."""
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
        """Leave out indicators or whole sub-indices.

        Raises
        ------
        UnknownCodeError
            Codes that are not in the tree.
        ModelError
            A sub-index, or the index, would be left without children.
        """
        self._require(codes)
        if self.code in codes:
            msg = f"{self.code!r} is the index itself and cannot be left out"
            raise ModelError(msg)
        kept = [child for child in self.children if child.code not in codes]
        if not kept:
            msg = f"{self.code!r} would be left without children; leave it out as a whole"
            raise ModelError(msg)

        def prune(node: "Node") -> "Node":
            if isinstance(node, Indicator):
                return node
            return node.without(*(n.code for n in node.walk() if n.code in codes))

        return attrs.evolve(self, children=[prune(child) for child in kept])

    def with_weights(self, weights: Mapping[str, float]) -> "Index":
        """Declare other weights, by code.

        Raises
        ------
        UnknownCodeError
            Codes that are not in the tree.
        ModelError
            A weight that is negative or no finite number.
        """
        self._require(weights)

        def weigh(node: "Node") -> "Node":
            node = attrs.evolve(node, weight=weights.get(node.code, node.weight))
            if isinstance(node, Indicator):
                return node
            return attrs.evolve(node, children=[weigh(child) for child in node.children])

        return attrs.evolve(
            self,
            weight=weights.get(self.code, self.weight),
            children=[weigh(child) for child in self.children],
        )

    def replace(self, code: str, node: "Node") -> "Index":
        """Put another node, with all below it, in the place of a code.

        Raises
        ------
        UnknownCodeError
            The code is not in the tree.
        ModelError
            The new node's codes clash with the rest, or an indicator would become the index.
        """
        self._require([code])
        if code == self.code:
            if isinstance(node, Index):
                return node
            msg = f"the index itself can only be replaced by an Index, got {node!r}"
            raise ModelError(msg)

        def put(old: "Node") -> "Node":
            if old.code == code:
                return node
            if isinstance(old, Indicator) or old not in above:
                return old
            return old.replace(code, node)

        above = self.path(code)
        return attrs.evolve(self, children=[put(child) for child in self.children])

    def _require(self, codes: Iterable[str]) -> None:
        unknown = [code for code in codes if code not in self._nodes]
        if unknown:
            raise UnknownCodeError("node", unknown, self._nodes)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Index":
        """Read an index from a model file in TOML.

        Raises
        ------
        ModelError
            Not such a file, or one that is broken: the file, table and key are named.
        """
        from dli.framework.files import load

        return load(path)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the index as a model file in TOML, which `load` reads back equal."""
        from dli.framework.files import save

        save(self, path)

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> "Index":
        """Build an index from plain tables, as a model file holds them.

        Raises
        ------
        ModelError
            Naming table and key of each fault.
        """
        from dli.framework.files import from_dict

        return from_dict(tables)

    def to_dict(self) -> dict[str, Any]:
        """Give the index as plain tables, as a model file holds them."""
        from dli.framework.files import to_dict

        return to_dict(self)

    @classmethod
    def from_table(cls, frame: object) -> "Index":
        """Build an index from a table with a row for each node.

        Parameters
        ----------
        frame : frame, mapping of columns, or path of a CSV file
            Columns ``code`` and ``parent`` (missing for the index itself) and any of ``name,
            weight, direction, unit_of_measure, goalpost_worst, goalpost_best, target, scale_low,
            scale_high, denominator, denominator_factor, description, source``; or COINr's iMeta
            columns ``iCode, Parent`` and any of ``iName, Level, Weight, Direction, Type, Unit,
            Denominator, Target``, of which rows of type Group and Denominator are passed over.

        Raises
        ------
        ModelError
            Naming the row and code of each fault.

        Examples
        --------
        >>> Index.from_table({"code": ["T", "a", "b"], "parent": [None, "T", "T"]})
        T  2 indicators
        ├── a  0.5
        └── b  0.5
        """
        from dli.framework.tables import from_table

        return from_table(frame)

    def tree(self, depth: int | None = None, width: int = 80) -> str:
        """Draw the tree as text: codes, names and each node's share of its parent.

        Parameters
        ----------
        depth : int, optional
            How many levels below the top to draw; all by default.
        width : int
            Columns of the terminal; longer names are cut.
        """
        from dli.framework.display import tree

        return tree(self, depth=depth, width=width)

    def __repr__(self) -> str:
        from dli.framework.display import summary

        return summary(self)

    def _repr_html_(self) -> str:
        from dli.framework.display import html_tree

        return html_tree(self)


Node: TypeAlias = Indicator | Index
