"""The protocol of weighting schemes, and the traits that a scheme may declare."""

from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from dli.arrays import Floats

__all__ = ["Floats", "Node", "Traits", "Weighting", "traits_of"]


@frozen
class Traits:
    """The properties that a weighting scheme declares in its attribute ``traits``.

    A scheme without this attribute has the defaults.

    Attributes
    ----------
    per_unit : bool
        Whether each unit has its own weights, of shape (n_units, n_children).
    uses_values : bool
        Whether the weights depend on the values. If not, they are the same for all data.
    """

    per_unit: bool = False
    uses_values: bool = True


_DEFAULTS = Traits()


class Node(Protocol):
    """A child as a weighting scheme sees it; `dli.Indicator` and `dli.Index` are such nodes."""

    @property
    def code(self) -> str:
        """The code of the node in the tree."""
        ...

    @property
    def weight(self) -> float:
        """The weight as declared, not yet scaled."""
        ...


class Weighting(Protocol):
    """Compute the weights of a node's children from their normalised scores.

    Only the method ``weights`` is required. A scheme may also have an attribute ``traits``, which
    is a `Traits` object, a method ``describe()``, which returns a sentence with the formula for
    the methods statement, and a method ``describe_at(codes)``, which returns details for a node
    with these children.
    """

    def weights(self, values: Floats, children: Sequence[Node], /) -> Floats:
        """Return weights of shape (n_children,), or (n_units, n_children) for weights per unit.

        ``values`` has shape (n_units, n_children), with NaN for missing values; higher values are
        better. Each of the ``children`` has a ``code`` and a ``weight``. The weights must be
        finite and not negative, and each row must sum to one.
        """
        ...


def traits_of(choice: Any) -> Traits:
    """Return the traits that a weighting scheme declares, or the defaults."""
    declared = getattr(choice, "traits", _DEFAULTS)
    return declared if isinstance(declared, Traits) else _DEFAULTS
