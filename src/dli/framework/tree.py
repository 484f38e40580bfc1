"""The attributes of an index, for modules that cannot import its class."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from dli.framework.indicator import Indicator

__all__ = ["Tree", "TreeNode"]


class Tree(Protocol):
    """A node with children, such as `dli.Index`."""

    @property
    def code(self) -> str:
        """The code, which is unique in the tree."""
        ...

    @property
    def name(self) -> str:
        """The name in tables and reports, possibly empty."""
        ...

    @property
    def description(self) -> str:
        """The description, possibly empty."""
        ...

    @property
    def weight(self) -> float:
        """The weight relative to its siblings."""
        ...

    @property
    def weighting(self) -> Any:
        """The weighting of its children; None for the weighting of the method."""
        ...

    @property
    def children(self) -> "Sequence[TreeNode]":
        """The nodes directly below it."""
        ...

    @property
    def indicators(self) -> Sequence[Indicator]:
        """All indicators below it."""
        ...


TreeNode: TypeAlias = Indicator | Tree
