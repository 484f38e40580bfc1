"""Weights that are set by hand: declared in the index, equal, fixed by code, or nested."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from attrs import field, frozen

from dli.checks import text_faults, weight_faults
from dli.errors import MethodError
from dli.weighting.by_code import Elicited, count_of, mapping_of, numbers_by_code, read_by_code
from dli.weighting.protocol import Floats, Node, Traits
from dli.weighting.tables import in_proportion

__all__ = ["Declared", "Equal", "Fixed", "equal_weights", "nested_weights"]


def equal_weights(n: int) -> Floats:
    """Return n equal weights.

    Raises
    ------
    MethodError
        ``n`` is not a whole number of at least one.

    Examples
    --------
    >>> equal_weights(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    n = count_of("the number of children to weigh", n)
    return np.full(n, 1.0 / n)


def nested_weights(root: str, local: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the effective weights in a hierarchy, computed from the weights within each node.

    Parameters
    ----------
    root : str
        The code of the node at the top.
    local : mapping of str to mapping of str to float
        For each node, the weights of its children by code. A code without an entry of its own is
        a leaf. Leaves and other nodes may have several parents.

    Returns
    -------
    dict of str to float
        The effective weights by code, 1 at the root: the products of the local weights along each
        path from the root, summed over all paths.

    Raises
    ------
    MethodError
        A root that is not text, a ``local`` that is not a mapping of mappings, weights that are
        not numbers of at least 0 or whose products are beyond the range of floats, or a node that
        is its own ancestor.

    Examples
    --------
    >>> local = {"index": {"A": 0.75, "B": 0.25}, "A": {"a": 0.5, "b": 0.5}}
    >>> nested_weights("index", local)
    {'index': 1.0, 'A': 0.75, 'a': 0.375, 'b': 0.375, 'B': 0.25}
    """
    for fault in text_faults(root=root):
        raise MethodError(fault)
    local = {
        node: numbers_by_code(f"weights in {node!r}", weights, least=0)
        for node, weights in mapping_of("local", local, "weights by code").items()
    }
    effective: dict[str, float] = {}

    def descend(code: str, weight: float, above: tuple[str, ...]) -> None:
        if code in above:
            msg = f"a node must not be its own ancestor: {' > '.join((*above, code))}"
            raise MethodError(msg)
        effective[code] = effective.get(code, 0.0) + weight
        for child, share in local.get(code, {}).items():
            descend(child, weight * share, (*above, code))

    descend(root, 1.0, ())
    infinite = [f"{code!r}" for code, weight in effective.items() if not np.isfinite(weight)]
    if infinite:
        msg = "effective weights are beyond the range of floats: scale the weights in each node"
        raise MethodError(msg, infinite)
    return effective


def scaled(raw: Floats, name: str, codes: Sequence[str]) -> Floats:
    """Return weights scaled to sum to one."""
    if not raw.any():
        msg = f"{name} must not all be 0: {', '.join(codes)}"
        raise MethodError(msg)
    return in_proportion(raw)


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

    traits: ClassVar[Traits] = Elicited.traits

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the declared weights of the children, scaled to sum to one.

        Raises a MethodError for weights that are not finite numbers of at least 0, or are all 0.
        """
        faults = [f"{c.code!r}: {fault}" for c in children for fault in weight_faults(c.weight)]
        if faults:
            msg = "declared weights must be finite numbers of at least 0"
            raise MethodError(msg, faults)
        codes = [child.code for child in children]
        raw = np.array([c.weight for c in children], dtype=np.float64)
        return scaled(raw, "declared weights", codes)

    def describe(self) -> str:
        """Return a sentence that describes the weights."""
        return "Weights as declared, scaled to sum to one within each parent."


@frozen
class Equal(Elicited):
    """The same weight for all children of a node, by `equal_weights`."""

    def _weigh(self, codes: Sequence[str]) -> Floats:
        return equal_weights(len(codes))

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return "Equal weights within each parent: $w_k = 1 / n$."


def _weights(by_code: object) -> dict[str, float]:
    return numbers_by_code("weights", by_code, least=0)


@frozen
class Fixed(Elicited):
    """Weights by code, scaled to sum to one among siblings.

    Parameters
    ----------
    by_code : mapping of str to float
        The weights of the children of a node, or of a whole tree; finite and not negative.

    Raises
    ------
    MethodError
        Weights that are not a mapping of codes to such numbers. When weights are computed: a child
        without a weight, or weights that are all 0.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = Fixed({"a": 1, "b": 3})
    >>> scheme.weights(np.zeros((2, 2)), [Indicator("a"), Indicator("b")]).tolist()
    [0.25, 0.75]
    """

    by_code: dict[str, float] = field(converter=_weights)

    def _weigh(self, codes: Sequence[str]) -> Floats:
        return scaled(read_by_code("weight", self.by_code, codes), "weights", codes)

    def describe(self) -> str:
        """Return a sentence with the weights."""
        listed = ", ".join(f"{code} {weight:g}" for code, weight in self.by_code.items())
        return f"Fixed weights, scaled to sum to one within each parent: {listed}."
