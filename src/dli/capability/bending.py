"""Logarithms and powers of scores, in which a mean of theirs is a plain sum."""

import numpy as np
from attrs import frozen

__all__ = ["Bend"]


@frozen
class Bend:
    """A power of scores, or the logarithm for an order of 0, scaled to grow as they do at one.

    With weights that add up to one, the bent power mean of an order is the weighted sum of bent
    scores. At the unit's own score a point is a point, so that the solver's tolerances mean the
    same for all orders.

    Parameters
    ----------
    order : float
        Up to 1, for which nothing is bent.
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
        """Return a score bent."""
        if self.order == 1:
            return score
        ratio = score / self.own
        bent = np.log(ratio) if self.order == 0 else ratio**self.order / self.order
        return float(self.own * bent)

    def back(self, value: float) -> float:
        """Return the score of a bent value; infinity beyond what any score gives."""
        if self.order == 1:
            return value
        if self.order == 0:
            return float(self.own * np.exp(value / self.own))
        inside = value * self.order / self.own
        return float(self.own * inside ** (1 / self.order)) if inside > 0 else float("inf")

    def slope(self, score: float) -> float:
        """Return how fast the bent score grows with the score."""
        return float((score / self.own) ** (self.order - 1))
