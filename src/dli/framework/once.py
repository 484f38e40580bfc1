"""Results that depend on an index alone, computed once for each index."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import ref

from dli.framework.index import Index

__all__ = ["once_per_index"]

_T = TypeVar("_T")


def once_per_index(derive: Callable[[Index], _T]) -> Callable[[Index], _T]:
    """Return a function of an index, or of a node, that computes its result only once for each.

    An index is immutable. It is recognised by its identity, because comparing trees would take
    longer than most of these computations. The result must not be modified, and it must not refer
    to the index, whose memory would then never be freed.

    Examples
    --------
    >>> from dli import Indicator
    >>> calls = []
    >>> size = once_per_index(lambda index: calls.append(index.code) or len(index.children))
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> size(index), size(index), calls
    (2, 2, ['T'])
    """
    known: dict[int, tuple[ref[Index], _T]] = {}

    @wraps(derive)
    def once(index: Index) -> _T:
        key = id(index)
        remembered = known.get(key)
        if remembered is not None and remembered[0]() is index:
            return remembered[1]
        result = derive(index)
        known[key] = (ref(index, lambda _: known.pop(key, None)), result)
        return result

    return once
