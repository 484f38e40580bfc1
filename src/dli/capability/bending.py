"""Transformations of scores by logarithms and powers, which turn power means into weighted sums."""

import numpy as np
from attrs import frozen

__all__ = ["Bend"]


@frozen
class Bend:
    """A power of scores (the logarithm for order 0), scaled to have slope 1 at one of them.

    With weights that add up to one, the transformed power mean of an order is the weighted sum of
    the transformed scores. The slope of 1 at the unit's own score gives the solver's tolerances the
    same meaning for all orders.

    Parameters
    ----------
    order : float
        The order of the power mean, at most 1. Scores are not changed for order 1.
    own : float
        The score at which the slope is 1.

    Examples
    --------
    >>> bend = Bend(0.0, 50.0)
    >>> round(bend.back((bend.of(25.0) + bend.of(100.0)) / 2), 6)
    50.0
    """

    order: float = 1.0
    own: float = 1.0

    def of(self, score: float) -> float:
        """Return the transformed value of a score."""
        if self.order == 1:
            return score
        ratio = score / self.own
        bent = np.log(ratio) if self.order == 0 else ratio**self.order / self.order
        return float(self.own * bent)

    def back(self, value: float) -> float:
        """Return the score of a transformed value; infinity for values that no score has."""
        if self.order == 1:
            return value
        if self.order == 0:
            return float(self.own * np.exp(value / self.own))
        inside = value * self.order / self.own
        return float(self.own * inside ** (1 / self.order)) if inside > 0 else float("inf")

    def slope(self, score: float) -> float:
        """Return the derivative of the transformation at a score."""
        return float((score / self.own) ** (self.order - 1))
