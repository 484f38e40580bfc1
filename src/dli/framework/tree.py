"""What the files of this folder need to know of an index, besides its class."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from dli.framework.indicator import Indicator

__all__ = ["Tree", "TreeNode"]


class Tree(Protocol):
    """A node with children, such as `dli.Index`."""

    @property
    def code(self) -> str:
        """The code, which no other node of the tree has."""
        ...

    @property
    def name(self) -> str:
        """The name for readers, possibly empty."""
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
        """The weighting of its children, None for that of the method."""
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
