"""Memory for large temporary arrays, which is used again once nothing refers to an array.

Getting memory from the system takes longer than filling it: the system clears each page when it is
first touched, and takes freed pages back. Workers of a cluster are often set to free them at once.
"""

import math
import weakref
from collections import defaultdict, deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Floats

__all__ = ["empty"]

# Arrays of fewer numbers get memory that the interpreter keeps anyway, and those of more get large
# pages from the system.
_LEAST, _MOST = 2**13, 2**21
# The numbers that are kept for arrays of one size.
_KEPT = 2**22

# By size, as a power of two.
_free: defaultdict[int, deque[Floats]] = defaultdict(deque)


def empty(shape: tuple[int, ...], dtype: Any = np.float64) -> NDArray[Any]:
    """Return an uninitialised array, like `numpy.empty`.

    Examples
    --------
    >>> empty((300, 200)).shape
    (300, 200)
    """
    n_items = math.prod(shape)
    size = n_items * np.dtype(dtype).itemsize // 8 + 1
    if not _LEAST <= size <= _MOST:
        return np.empty(shape, dtype)
    power = (size - 1).bit_length()
    try:
        memory = _free[power].pop()
    except IndexError:
        memory = np.empty(2**power)
    # Views of the array refer to it, not to the memory, which is hidden behind a buffer. So the
    # memory is free only when all views are gone.
    array = np.frombuffer(memory.data, dtype, n_items)
    weakref.finalize(array, _give_back, power, memory).atexit = False
    return array.reshape(shape)


def _give_back(power: int, memory: Floats) -> None:
    if len(_free[power]) < _KEPT >> power:
        _free[power].append(memory)
