"""What depends on an index alone, found once for each."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import ref

from dli.framework.index import Index

__all__ = ["once_per_index"]

_T = TypeVar("_T")


def once_per_index(derive: Callable[[Index], _T]) -> Callable[[Index], _T]:
    """Return a function of an index, or of a node, that remembers its result while that lives.

    An index cannot change, and is known by its identity: to compare trees would take longer than
    most of what is derived from them. The result must not hold the index, which would then live
    for ever, and nobody may change it.

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
        found = known.get(key)
        if found is not None and found[0]() is index:
            return found[1]
        result = derive(index)
        known[key] = (ref(index, lambda _: known.pop(key, None)), result)
        return result

    return once
