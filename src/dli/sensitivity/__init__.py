"""Step 7: how far scores and ranks depend on the choices behind them."""

from dli.sensitivity.comparison import Comparison, compare
from dli.sensitivity.elements import Removals, remove_elements

__all__ = ["Comparison", "Removals", "compare", "remove_elements"]
