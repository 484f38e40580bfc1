"""Scores that do not follow from the children alone: too few indicators, or filled from others."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.method.coverage import Coverage

__all__ = ["Adjusted", "covers_indicators"]


def covers_indicators(coverage: Coverage) -> bool:
    """Return whether a node needs a number of indicators, which its children do not show."""
    return coverage.of == "indicators" and not coverage.is_none


@frozen(kw_only=True, eq=False)
class Adjusted:
    """What is done to the scores that the children of a node give.

    Attributes
    ----------
    enough : ndarray of bool of shape (n_units,), or None
        Where enough indicators have a value; None where they are not counted.
    imputation : object, optional
        What fills missing scores.
    context : Context, optional
        What it may know.
    """

    enough: Bools | None
    imputation: Any
    context: Any

    def fill(self, scores: Floats) -> Floats:
        """Return scores of shape (n_units,), the missing ones filled if there is an imputation."""
        if self.imputation is None or not np.isnan(scores).any():
            return scores
        from dli.imputation import impute

        return impute(self.imputation, scores[:, np.newaxis], self.context)[:, 0]

    def of_draws(self, scores: Floats) -> Floats:
        """Return scores of shape (n_draws, n_units), adjusted draw by draw."""
        if self.enough is not None:
            scores = np.where(self.enough, scores, np.nan)
        if self.imputation is None or not np.isnan(scores).any():
            return scores
        return np.stack([self.fill(own) for own in scores])
