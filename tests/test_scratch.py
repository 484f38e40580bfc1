"""Memory of temporary arrays that is used again."""

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dli import scratch
from dli.scratch import empty

LARGE = (100, 100)


@pytest.fixture(autouse=True)
def _nothing_kept():
    gc.collect()
    scratch._free.clear()


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("shape", [(), (3,), (0, 5), LARGE, (2**22,)])
@pytest.mark.parametrize("dtype", [np.float64, np.bool_, np.int8, np.int64])
def test_an_array_has_its_shape_and_type(shape, dtype):
    array = empty(shape, dtype)
    assert (array.shape, array.dtype) == (shape, dtype)
    assert array.flags.c_contiguous
    assert array.flags.writeable


def test_memory_is_used_again_when_nothing_refers_to_the_array():
    first = empty(LARGE)
    place = address(first)
    del first
    assert address(empty(LARGE)) == place


VIEWS = {
    "slice": lambda a: a[3:, ::2],
    "transposed": lambda a: a.T,
    "reshaped": lambda a: a.reshape(-1)[5:],
    "bits": lambda a: a.view(np.int64),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_memory_is_not_used_again_while_a_view_is_alive(view):
    array = empty(LARGE)
    array[...] = 7.0
    left = view(array)
    before = left.copy()
    del array
    others = [empty(LARGE) for _ in range(3)]
    for other in others:
        other[...] = 1.0
    assert (left == before).all()
    assert not any(np.shares_memory(left, other) for other in others)


def test_memory_is_used_for_arrays_of_about_the_same_size_and_any_type():
    first = empty(LARGE)
    place = address(first)
    del first
    assert address(empty((99, 102), np.int64)) == place


def test_little_memory_is_kept():
    many = [empty((2**20,)) for _ in range(8)]
    del many
    assert sum(memory.size for free in scratch._free.values() for memory in free) <= 2**22


def test_threads_do_not_share_memory():
    def work(number):
        for _ in range(200):
            array = empty(LARGE)
            array[...] = number
            doubled = np.add(array, array, out=empty(LARGE))
            assert (doubled == 2 * number).all()
            assert (array == number).all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
