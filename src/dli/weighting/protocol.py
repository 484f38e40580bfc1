"""What a weighting scheme is, and what it may declare about itself."""

from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from dli.arrays import Floats

__all__ = ["Floats", "Node", "Traits", "Weighting", "traits_of"]


@frozen
class Traits:
    """What a weighting scheme declares about itself, in its attribute ``traits``.

    An object that declares nothing has the defaults.

    Attributes
    ----------
    per_unit : bool
        Each unit has weights of its own: they have shape (n_units, n_children).
    uses_values : bool
        The weights depend on the values. If not, they are the same for any data.
    """

    per_unit: bool = False
    uses_values: bool = True


_SILENT = Traits()


class Node(Protocol):
    """What a scheme may know of a child: `dli.Indicator` and `dli.Index` are such nodes."""

    @property
    def code(self) -> str:
        """Its name in the tree."""
        ...

    @property
    def weight(self) -> float:
        """Its weight as declared, not yet scaled."""
        ...


class Weighting(Protocol):
    """Turn the normalised scores of a node's children into their weights.

    One method is enough. An object may also have ``traits``, a `Traits` that says what holds for
    it, ``describe()``, which returns a sentence with the formula for the methods statement, and
    ``describe_at(codes)``, which returns what holds at a node with these children.
    """

    def weights(self, values: Floats, children: Sequence[Node], /) -> Floats:
        """Return weights of shape (n_children,), or (n_units, n_children) for weights per unit.

        ``values`` are (n_units, n_children) with NaN for missing, more is better; ``children`` have
        ``code`` and ``weight``. Weights are finite, not negative, and their rows sum to one.
        """
        ...


def traits_of(choice: Any) -> Traits:
    """Return what a weighting scheme declares about itself, or the defaults."""
    declared = getattr(choice, "traits", _SILENT)
    return declared if isinstance(declared, Traits) else _SILENT
