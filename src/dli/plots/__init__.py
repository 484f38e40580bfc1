"""Pictures, each drawn on axes of matplotlib that come in or are made.

They need matplotlib: ``pip install "digital-leadership-index[plot]"``.
"""

from dli.plots.capability import capabilities, influence_map, plan

__all__ = ["capabilities", "influence_map", "plan"]
