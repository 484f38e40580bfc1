"""Data, indices and floors that several benchmarks share."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

import dli
from dli.normalisation import MinMax

__all__ = ["N_INDICATORS", "Inline", "draws_floor", "five_sub_indices", "study_example"]

N_INDICATORS = 60


class Inline:
    """An executor of one worker, which does the work at once."""

    _max_workers = 1  # as executors of the standard library tell

    def submit(self, work: Callable[..., Any], *args: object) -> "Future[Any]":
        """Do the work now."""
        future: Future[Any] = Future()
        future.set_result(work(*args))
        return future


def five_sub_indices(n_indicators: int) -> dli.Index:
    """Return an index of five sub-indices that share the indicators."""
    shares = np.array_split(np.arange(n_indicators), 5)
    return dli.Index(
        "T",
        [
            dli.Index(f"S{i}", [dli.Indicator(f"x{j}") for j in share.tolist()])
            for i, share in enumerate(shares)
        ],
    )


def study_example(
    n_units: int, *, missing: float = 0.0, aggregation: Any = None, levels: int = 2
) -> dli.Assessment:
    """Assess made-up units by five sub-indices of twelve indicators.

    With three levels, each sub-index has four groups of three indicators.
    """
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 99, (n_units, N_INDICATORS))
    values[rng.random(values.shape) < missing] = np.nan
    data: dict[str, Any] = {"unit": np.arange(n_units)}
    data |= {f"x{j}": values[:, j] for j in range(N_INDICATORS)}
    method = dli.Method(normalisation=MinMax(1, 100))
    if aggregation is not None:
        method = dli.Method(normalisation=MinMax(1, 100), aggregation=aggregation)
    index = five_sub_indices(N_INDICATORS)
    if levels == 3:
        index = dli.Index("T", [in_groups(own) for own in index.children])
    return dli.Assessment(index, data, method=method)


def in_groups(own: Any) -> dli.Index:
    """Return a sub-index whose indicators are in groups of three."""
    groups = [own.children[first : first + 3] for first in range(0, len(own.children), 3)]
    return dli.Index(own.code, [dli.Index(f"{own.code}{i}", g) for i, g in enumerate(groups)])


def draws_floor(assessment: dli.Assessment, n_draws: int, *, counts: bool = True) -> None:
    """Do with bare NumPy what no study of weights can do without.

    Draw uniform numbers, multiply them with the values, sort the units and, unless ``counts`` is
    False, count who is where.
    """
    values = np.array([assessment.array(i.code) for i in assessment.index.indicators])
    values = np.nan_to_num(values)
    n_units = values.shape[1]
    rng = np.random.default_rng(1)
    size = max(1, min(1024, 2**18 // n_units))
    table = np.zeros(min(n_units**2, 2**24) if counts else 0, dtype=np.int64)
    places = np.arange(n_units)
    for first in range(0, n_draws, size):
        weights = rng.random((min(size, n_draws - first), N_INDICATORS))
        order = np.argsort(weights @ values, axis=1)
        if counts:
            order *= n_units if n_units <= 4096 else 1
            order += places
            table += np.bincount(order.ravel(), minlength=table.size)[: table.size]
