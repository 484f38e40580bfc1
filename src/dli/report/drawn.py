"""Exact ranks of a few among very many units in the draws of a study."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from dli.arrays import Floats
from dli.ranking import rank_scores
from dli.report.studies import usual_draws
from dli.sensitivity.engine import in_order

if TYPE_CHECKING:
    from dli.sensitivity import Uncertainty

__all__ = ["DrawnRanks", "drawn_ranks"]

# The number of scores that are ranked at a time, which fit into the cache of a core.
_SCORES = 2**18


@frozen(eq=False)
class DrawnRanks:
    """The ranks of some units in the draws of a study.

    A study of very many units counts ranks in bins of hundreds of places, which is too coarse for
    the first units. Here, the draws are repeated, and the exact ranks of a few units are kept.

    Attributes
    ----------
    study : Uncertainty
    ranks : ndarray of shape (n_draws, n_rows)
        NaN where a unit has no rank.
    """

    study: "Uncertainty"
    ranks: Floats = field(repr=False)
    _column: dict[int, int] = field(repr=False)

    @property
    def n_draws(self) -> int:
        """The number of draws, which may be fewer than those of the study."""
        return len(self.ranks)

    def quantiles(self, rows: Sequence[int], q: float) -> Floats:
        """Return a quantile of the ranks of each row, interpolated linearly between ranks."""
        ranks = self.ranks[:, [self._column[row] for row in rows]]
        result = np.full(len(rows), np.nan)
        has_rank = ~np.isnan(ranks).all(axis=0)
        result[has_rank] = np.nanquantile(ranks[:, has_rank], q, axis=0)
        return result

    def interval(self, row: int) -> tuple[float, float]:
        """Return the ranks between which 90 % of the simulations lie."""
        low, high = (float(self.quantiles([row], q)[0]) for q in (0.05, 0.95))
        return low, high

    def shares(self, rows: Sequence[int], n_ranks: int) -> Floats:
        """Return the share of draws in which each row has each of the first ranks."""
        ranks = self.ranks[:, [self._column[row] for row in rows]]
        counts = np.stack([(ranks == rank + 1).sum(axis=0) for rank in range(n_ranks)], axis=1)
        n_draws = (~np.isnan(ranks)).sum(axis=0)[:, np.newaxis]
        return np.asarray(counts / np.where(n_draws > 0, n_draws, np.nan))


def drawn_ranks(study: "Uncertainty", rows: Iterable[int], beside: Sequence[int]) -> DrawnRanks:
    """Repeat the draws of a study, and return the ranks of some rows.

    Parameters
    ----------
    study : Uncertainty
    rows : iterable of int
        The rows whose ranks are kept.
    beside : sequence of int
        All rows of the same period, among which the rows are ranked.
    """
    kept = sorted(set(rows))
    place = {row: j for j, row in enumerate(beside)}
    columns = [place[row] for row in kept]
    n_draws = min(study.n_samples, usual_draws(study.assessment))
    size = max(1, _SCORES // len(study.units))
    tasks = [(first, min(size, n_draws - first)) for first in range(0, n_draws, size)]
    work = partial(_ranks, study, list(beside), columns)
    ranks = list(in_order(work, tasks, n_draws=itemgetter(1)))
    return DrawnRanks(study, np.concatenate(ranks), {row: j for j, row in enumerate(kept)})


def _ranks(
    study: "Uncertainty", beside: list[int], columns: list[int], task: tuple[int, int]
) -> Floats:
    """Return the ranks of some units in a few draws, (n_draws, n_rows)."""
    return rank_scores(study.scores(*task)[:, beside])[:, columns]
