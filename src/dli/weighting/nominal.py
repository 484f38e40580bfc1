"""Weights that somebody set: declared in the index, equal, fixed by code, or down a tree."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from attrs import field, frozen

from dli.checks import weight_faults, whole_number
from dli.errors import MethodError
from dli.weighting.by_code import numbers_by_code, read_by_code
from dli.weighting.protocol import ELICITED, Floats, Node, Traits

__all__ = ["Declared", "Equal", "Fixed", "equal_weights", "nested_weights"]


def equal_weights(n: int) -> Floats:
    """Return n equal weights.

    Parameters
    ----------
    n : int
        At least one.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        Not a whole number of at least one.

    Examples
    --------
    >>> equal_weights(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    n = whole_number("the number of children to weigh", n, 1)
    return np.full(n, 1.0 / n)


def nested_weights(root: str, local: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the effective weights of a hierarchy from the weights within each node.

    Parameters
    ----------
    root : str
    local : mapping of str to mapping of str to float
        By node, the weights of its children by their codes. A code without an entry of its own is
        a leaf. A leaf or a node may be below several nodes.

    Returns
    -------
    dict of str to float
        By code, 1 at the root: products of local weights on the way down, summed over parents.

    Raises
    ------
    MethodError
        A node that is above itself.

    Examples
    --------
    >>> local = {"index": {"A": 0.75, "B": 0.25}, "A": {"a": 0.5, "b": 0.5}}
    >>> nested_weights("index", local)
    {'index': 1.0, 'A': 0.75, 'a': 0.375, 'b': 0.375, 'B': 0.25}
    """
    effective: dict[str, float] = {}

    def descend(code: str, weight: float, above: tuple[str, ...]) -> None:
        if code in above:
            msg = f"a node must not be above itself: {' > '.join((*above, code))}"
            raise MethodError(msg)
        effective[code] = effective.get(code, 0.0) + weight
        for child, share in local.get(code, {}).items():
            descend(child, weight * share, (*above, code))

    descend(root, 1.0, ())
    return effective


def scaled(raw: Floats, name: str, codes: Sequence[str]) -> Floats:
    """Return weights scaled to sum to one."""
    total = raw.sum()
    if not total > 0:
        msg = f"{name} must not all be 0: {', '.join(codes)}"
        raise MethodError(msg)
    return np.asarray(raw / total)


@frozen
class Declared:
    """Weights that the index declares, scaled to sum to one among siblings.

    Examples
    --------
    >>> from dli import Indicator
    >>> children = [Indicator("a", weight=3), Indicator("b")]
    >>> Declared().weights(np.zeros((2, 2)), children).tolist()
    [0.75, 0.25]
    """

    traits: ClassVar[Traits] = ELICITED

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the children's own weights, scaled.

        Raises
        ------
        MethodError
            Weights that are not finite numbers of at least 0, or that are all 0.
        """
        faults = [f"{c.code!r}: {fault}" for c in children for fault in weight_faults(c.weight)]
        if faults:
            msg = "declared weights must be finite numbers of at least 0"
            raise MethodError(msg, faults)
        codes = [child.code for child in children]
        return scaled(np.array([c.weight for c in children]), "declared weights", codes)

    def describe(self) -> str:
        """Return one sentence."""
        return "Weights as declared, scaled to sum to one within each parent."


@frozen
class Equal:
    """The same weight for all children of a node, by `equal_weights`."""

    traits: ClassVar[Traits] = ELICITED

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return equal weights."""
        return equal_weights(len(children))

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return "Equal weights within each parent: $w_k = 1 / n$."


def _weights(by_code: object) -> dict[str, float]:
    return numbers_by_code("weights", by_code, least=0)


@frozen
class Fixed:
    """Weights by code, scaled to sum to one among siblings.

    One value may hold the weights of a whole tree.

    Parameters
    ----------
    by_code : mapping of str to float
        Finite and not negative. Every child of a node that it weighs must be in it.

    Raises
    ------
    MethodError
        Something else than a mapping to such numbers. When it weighs: a child without a weight,
        or weights that are all 0.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = Fixed({"a": 1, "b": 3})
    >>> scheme.weights(np.zeros((2, 2)), [Indicator("a"), Indicator("b")]).tolist()
    [0.25, 0.75]
    """

    traits: ClassVar[Traits] = ELICITED

    by_code: dict[str, float] = field(converter=_weights)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights set for the children, scaled."""
        codes = [child.code for child in children]
        return scaled(read_by_code("weight", self.by_code, codes), "weights", codes)

    def describe(self) -> str:
        """Return a sentence with the weights."""
        listed = ", ".join(f"{code} {weight:g}" for code, weight in self.by_code.items())
        return f"Fixed weights, scaled to sum to one within each parent: {listed}."
