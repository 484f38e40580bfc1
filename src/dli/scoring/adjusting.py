"""Adjustments of scores: removal where too few indicators have values, and imputation."""

from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.method.coverage import Coverage

__all__ = ["Adjusted", "covers_indicators"]


def covers_indicators(coverage: Coverage) -> bool:
    """Return whether a node requires a number or share of indicators rather than of children."""
    return coverage.of == "indicators" and not coverage.is_none


@frozen(kw_only=True, eq=False)
class Adjusted:
    """The adjustment of a node's scores after they are computed from its children.

    Attributes
    ----------
    enough : ndarray of bool of shape (n_units,), or None
        Whether enough indicators of each unit have a value; None if they are not counted.
    imputation : object, optional
        The imputation of missing scores.
    context : Context, optional
        The context that is passed to the imputation.
    """

    enough: Bools | None
    imputation: Any
    context: Any

    def fill(self, scores: Floats) -> Floats:
        """Return the scores, of shape (n_units,), with missing ones imputed if there is a rule."""
        if self.imputation is None or not np.isnan(scores).any():
            return scores
        from dli.imputation import impute

        return impute(self.imputation, scores[:, np.newaxis], self.context)[:, 0]

    def of_draws(self, scores: Floats) -> Floats:
        """Return the scores, of shape (n_draws, n_units), each draw adjusted separately."""
        if self.enough is not None:
            scores = np.where(self.enough, scores, np.nan)
        if self.imputation is None or not np.isnan(scores).any():
            return scores
        return np.stack([self.fill(draw) for draw in scores])
