"""Pictures of indices and of their results, drawn with matplotlib.

Each function draws on the axes that are passed, or on those of a new figure, and returns the axes.
matplotlib is an optional dependency: ``pip install "digital-leadership-index[plot]"``.
"""

from dli.plots.capability import influence_map, plan
from dli.plots.change import bump, waterfall
from dli.plots.dominance import hasse
from dli.plots.layers import capabilities
from dli.plots.maps import choropleth
from dli.plots.pairs import scatter
from dli.plots.panels import small_multiples
from dli.plots.rings import framework
from dli.plots.robustness import rank_acceptability, rank_intervals, sobol, weight_stability
from dli.plots.scores import correlations, distributions, league, profile, radar
from dli.plots.style import Style, save

__all__ = [
    "Style",
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
    "save",
    "scatter",
    "small_multiples",
    "sobol",
    "waterfall",
    "weight_stability",
]


def __dir__() -> list[str]:
    return __all__
