"""Pictures, each drawn on axes of matplotlib that come in or are made.

They need matplotlib: ``pip install "digital-leadership-index[plot]"``.
"""

from dli.plots.capability import capabilities, influence_map, plan
from dli.plots.change import bump, hasse, waterfall
from dli.plots.maps import choropleth
from dli.plots.robustness import rank_acceptability, rank_intervals, sobol, weight_stability
from dli.plots.scores import correlations, distributions, framework, league, profile, radar

__all__ = [
    "bump",
    "capabilities",
    "choropleth",
    "correlations",
    "distributions",
    "framework",
    "hasse",
    "influence_map",
    "league",
    "plan",
    "profile",
    "radar",
    "rank_acceptability",
    "rank_intervals",
    "sobol",
    "waterfall",
    "weight_stability",
]


def __dir__() -> list[str]:
    return __all__
