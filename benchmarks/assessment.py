"""A full assessment against bare NumPy doing the same arithmetic.

"Full" is: normalise, weigh, aggregate, rank, for the index and its five sub-indices.
"""

from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

import dli
from benchmarks.made_up import five_sub_indices
from benchmarks.measuring import Bench, Times, turns
from dli.observations import Observations

FLOOR = "the same arithmetic"
SOURCES = {"read": "data read before", "mapping": "from a mapping", "pandas": "from pandas"}


def bare(values: np.ndarray, bounds: list[tuple[int, int]]) -> np.ndarray:
    """Do the arithmetic with nothing around it."""
    low, high = values.min(axis=0), values.max(axis=0)
    scaled = (values - low) / (high - low) * 100
    subs = [scaled[:, a:b] @ np.full(b - a, 1 / (b - a)) for a, b in bounds]
    scores = np.stack([np.stack(subs, axis=1) @ np.full(5, 0.2), *subs])
    order = np.argsort(-scores, axis=1)
    ranks = np.empty(scores.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, scores.shape[1] + 1)[np.newaxis], axis=1)
    return ranks


def assess(index: dli.Index, data: object) -> list[np.ndarray]:
    """Do the same with the library."""
    assessment = dli.Assessment(index, data)
    return [assessment.rank_array(node.code) for node in (index, *index.children)]


def compare(n_units: int, n_indicators: int, rounds: int) -> dict[str, Times]:
    """Return the times for one size."""
    rng = np.random.default_rng(1)
    values = np.asfortranarray(rng.uniform(0, 50, (n_units, n_indicators)))
    index = five_sub_indices(n_indicators)
    columns = {indicator.code: values[:, j] for j, indicator in enumerate(index.indicators)}
    data: dict[str, Any] = {"unit": np.arange(n_units), **columns}
    observations = Observations.read(data, index)
    sizes = [len(share) for share in np.array_split(np.arange(n_indicators), 5)]
    bounds = list(pairwise(np.cumsum([0, *sizes]).tolist()))
    np.testing.assert_array_equal(assess(index, observations), bare(values, bounds))
    contestants: dict[str, Any] = {
        "floor": partial(bare, values, bounds),
        "read": partial(assess, index, observations),
        "mapping": partial(assess, index, data),
    }
    if find_spec("pandas"):
        import pandas as pd

        contestants["pandas"] = partial(assess, index, pd.DataFrame(data))
    return turns(rounds, contestants)


def add(bench: Bench, size: str, times: dict[str, Times], goals: dict[str, float]) -> None:
    """Add the ratios of one size to bare NumPy."""
    for source, goal in goals.items():
        name = f"{size}, {SOURCES[source]}"
        if source in times:
            bench.ratio(name, times, (source, "floor"), at_most=goal, floor=FLOOR)
        else:
            bench.skip(name, f"{source} is not installed")


def measure(bench: Bench) -> None:
    few = compare(193, 29, bench.size(500, 100))
    add(bench, "193 x 29", few, {"read": 4, "mapping": 5, "pandas": 5})
    many = compare(100_000, 60, bench.size(15, 3))
    add(bench, "100,000 x 60", many, {"read": 2, "mapping": 4, "pandas": 4})
    doubled = compare(200_000, 60, bench.size(9, 3))
    times = {"100,000": many["read"], "200,000": doubled["read"]}
    bench.ratio(
        "twice the units", times, ("200,000", "100,000"), at_most=2.3, floor="100,000 units"
    )
