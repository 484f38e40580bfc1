"""Weights that somebody set: declared in the index, equal, or fixed by code."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.errors import MethodError
from dli.weighting.protocol import Floats, Node

__all__ = ["Declared", "Equal", "Fixed", "equal_weights"]


def equal_weights(n: int) -> Floats:
    """Give n equal weights.

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
        No child to weigh.

    Examples
    --------
    >>> equal_weights(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    if n < 1:
        msg = f"there must be at least one child to weigh, got {n}"
        raise MethodError(msg)
    return np.full(n, 1.0 / n)


@frozen
class Declared:
    """Take the weights that the index declares, scaled to sum to one among siblings.

    Examples
    --------
    >>> from dli import Indicator
    >>> children = [Indicator("a", weight=3), Indicator("b")]
    >>> Declared().weights(np.zeros((2, 2)), children).tolist()
    [0.75, 0.25]
    """

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Scale the children's own weights.

        Raises
        ------
        MethodError
            Weights that are not finite numbers of at least 0, or that are all 0.
        """
        given = [child.weight for child in children]
        # One look at all of them is enough in the usual case.
        plain = set(map(type, given)) <= {float, int}
        if not (plain and min(given) >= 0 and sum(given) < np.inf):
            faults = [
                f"{child.code!r}: {child.weight!r}"
                for child in children
                if not is_number(child.weight) or child.weight < 0
            ]
            if faults:
                msg = "declared weights must be finite numbers of at least 0"
                raise MethodError(msg, faults)
        weights = np.array(given, dtype=np.float64)
        total = weights.sum()
        if not total > 0:
            codes = ", ".join(child.code for child in children)
            msg = f"declared weights must not all be 0: {codes}"
            raise MethodError(msg)
        return np.asarray(weights / total)

    def describe(self) -> str:
        """Say it in a sentence."""
        return "Weights as declared, scaled to sum to one within each parent."


@frozen
class Equal:
    """Give all children of a node the same weight.

    Examples
    --------
    >>> from dli import Indicator
    >>> Equal().weights(np.zeros((2, 2)), [Indicator("a", weight=3), Indicator("b")]).tolist()
    [0.5, 0.5]
    """

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give each child the same."""
        return equal_weights(len(children))

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return "Equal weights within each parent: $w_k = 1 / n$."


def _mapping(by_code: Any) -> dict[str, Any]:
    if not isinstance(by_code, Mapping):
        msg = f"weights must be a mapping of codes to numbers, got {by_code!r}"
        raise MethodError(msg)
    return dict(by_code)


def is_number(value: object) -> bool:
    """Tell finite numbers, to which True and False do not belong."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return bool(np.isfinite(value))


@frozen
class Fixed:
    """Set weights by code; they are scaled to sum to one among siblings.

    One value may hold the weights of a whole tree.

    Parameters
    ----------
    by_code : mapping of str to float
        Finite and not negative. Every child of a node that it weighs must be in it.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = Fixed({"a": 1, "b": 3})
    >>> scheme.weights(np.zeros((2, 2)), [Indicator("a"), Indicator("b")]).tolist()
    [0.25, 0.75]
    """

    by_code: dict[str, float] = field(converter=_mapping)

    def __attrs_post_init__(self) -> None:
        faults = [
            f"{code!r}: {weight!r}"
            for code, weight in self.by_code.items()
            if not is_number(weight) or weight < 0
        ]
        if faults:
            msg = "weights must be finite numbers of at least 0"
            raise MethodError(msg, faults)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Scale the weights set for the children."""
        without = [f"{child.code!r}" for child in children if child.code not in self.by_code]
        if without:
            msg = "every child needs a weight; there is none for"
            raise MethodError(msg, without)
        weights = np.array([self.by_code[child.code] for child in children], dtype=np.float64)
        total = weights.sum()
        if not total > 0:
            msg = f"weights must not all be 0: {', '.join(child.code for child in children)}"
            raise MethodError(msg)
        return np.asarray(weights / total)

    def describe(self) -> str:
        """Say it in a sentence, with the weights."""
        listed = ", ".join(f"{code} {weight:g}" for code, weight in self.by_code.items())
        return f"Fixed weights, scaled to sum to one within each parent: {listed}."
