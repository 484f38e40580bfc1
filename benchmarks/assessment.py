"""A full assessment against bare NumPy doing the same arithmetic, in one run.

"Full" is: normalise, weigh, aggregate, rank, for the index and its five sub-indices. Times are
medians over rounds in which the contestants take turns, so that a noisy machine slows both.
"""

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

import dli
from dli.observations import Observations


def tree(n_indicators: int) -> dli.Index:
    """Give five sub-indices that share the indicators."""
    parts = np.array_split(np.arange(n_indicators), 5)
    return dli.Index(
        "T",
        [
            dli.Index(f"S{i}", [dli.Indicator(f"x{j}") for j in part.tolist()])
            for i, part in enumerate(parts)
        ],
    )


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


def medians(rounds: int, **contestants: Callable[[], object]) -> dict[str, float]:
    """Time contestants in turn; give the median of each in seconds."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(found)) for name, found in times.items()}


def compare(n_units: int, n_indicators: int, rounds: int) -> dict[str, float]:
    """Print the ratios for one size, and give the medians."""
    rng = np.random.default_rng(1)
    values = np.asfortranarray(rng.uniform(0, 50, (n_units, n_indicators)))
    index = tree(n_indicators)
    codes = [indicator.code for indicator in index.indicators]
    columns = {code: values[:, j] for j, code in enumerate(codes)}
    data = {"unit": np.arange(n_units), **columns}
    observations = Observations.read(data, index)
    sizes = [len(part) for part in np.array_split(np.arange(n_indicators), 5)]
    edges = np.cumsum([0, *sizes]).tolist()
    bounds = list(pairwise(edges))
    np.testing.assert_array_equal(assess(index, observations), bare(values, bounds))
    contestants: dict[str, Callable[[], object]] = {
        "bare NumPy": lambda: bare(values, bounds),
        "dli, data read": lambda: assess(index, observations),
        "dli, from a mapping": lambda: assess(index, data),
    }
    try:
        import pandas as pd
    except ImportError:
        print("pandas is not installed: no reading from it is timed")
    else:
        frame = pd.DataFrame(data)
        contestants["dli, from pandas"] = lambda: assess(index, frame)
    found = medians(rounds, **contestants)
    print(f"\n{n_units} units x {n_indicators} indicators, median of {rounds}")
    for name, seconds in found.items():
        print(f"  {name:<22}{seconds * 1e3:10.3f} ms{seconds / found['bare NumPy']:8.2f} x bare")
    return found


if __name__ == "__main__":
    compare(193, 29, 500)
    small = compare(100_000, 60, 15)
    large = compare(200_000, 60, 9)
    ratio = large["dli, data read"] / small["dli, data read"]
    print(f"\ntwice the units take {ratio:.2f} times as long")
