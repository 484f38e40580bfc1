"""Studies of weights with aggregations that are no means, against the floor of their draws.

193 units have 60 indicators in five sub-indices. The floor is that of arithmetic means, so that a
ratio says how much more an aggregation costs than the cheapest.
"""

from functools import partial
from typing import Any

import dli
from benchmarks.made_up import Inline, draws_floor, study_example
from benchmarks.measuring import Bench, turns
from dli.aggregation import AdjustedMazziottaPareto, Copeland, MazziottaPareto, OrderedWeighted
from dli.sensitivity import WeightNoise, uncertainty

CASES: dict[str, tuple[Any, float]] = {
    "ordered weighted on top": ({"T": OrderedWeighted([0.1, 0.2, 0.3, 0.4])}, 8),
    "Mazziotta-Pareto on top": ({"T": MazziottaPareto()}, 5),
    "Mazziotta-Pareto everywhere": (MazziottaPareto(), 5),
    "adjusted Mazziotta-Pareto on top": ({"T": AdjustedMazziottaPareto()}, 5),
    "adjusted Mazziotta-Pareto everywhere": (AdjustedMazziottaPareto(), 5),
    "Copeland on top": ({"T": Copeland()}, 80),
}


def measure(bench: Bench) -> None:
    for name, (aggregation, goal) in CASES.items():
        assessment = study_example(193, aggregation=aggregation)
        n_draws = bench.size(50_000, 10_000) if goal < 80 else bench.size(10_000, 1_000)
        times = turns(
            bench.size(5, 3),
            {
                "floor": partial(draws_floor, assessment, n_draws),
                "dli": partial(study, assessment, n_draws),
            },
        )
        bench.ratio(
            name,
            times,
            ("dli", "floor"),
            at_most=goal,
            floor="drawing, product, argsort, bincount",
        )


def study(assessment: dli.Assessment, n_draws: int) -> object:
    """Study uncertainty of weights on one worker."""
    noise = [WeightNoise(0.25)]
    return uncertainty(assessment, noise, n_samples=n_draws, rng=1, executor=Inline())
