"""Ranks and scores over the draws of a study: counts, means, deviations and quantiles."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.errors import MethodError, StudyError
from dli.frames import Frame
from dli.sensitivity.counted import Counted
from dli.sensitivity.design import Design
from dli.sensitivity.quantiles import label_of, quantile_of, quantiles_of
from dli.sensitivity.running import Plan
from dli.sensitivity.stretches import Stretch
from dli.sensitivity.tally import Bins, Tally

__all__ = ["Distributions"]


@frozen(kw_only=True, eq=False, repr=False)
class Distributions:
    """What was counted of many draws; `Uncertainty` adds how they are made and written.

    Attributes
    ----------
    _plan : Plan
    _runs : tuple of Stretch
        Which draws.
    _counted : Counted
    """

    _plan: Plan
    _runs: tuple[Stretch, ...]
    _counted: Counted

    @property
    def design(self) -> Design:
        """The assessment and its uncertain inputs."""
        return self._plan.design

    @property
    def seed(self) -> int:
        """The seed of the draws; the least, where there are several."""
        return self.seeds[0]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of all draws; one, unless studies were merged."""
        return tuple(dict.fromkeys(run.seed for run in self._runs))

    @property
    def n_samples(self) -> int:
        """The number of draws."""
        return sum(run.n_draws for run in self._runs)

    @property
    def keep(self) -> tuple[str, ...]:
        """What was counted."""
        return self._plan.kept.names

    @property
    def places(self) -> int | None:
        """Of the ranks only so many were counted, from the first; None for all."""
        return self._plan.kept.places

    @property
    def _ever(self) -> Bools:
        return self._plan.ever

    @property
    def _bins(self) -> Bins:
        return self._plan.bins

    @property
    def _tally(self) -> Tally:
        return self._counted.tally

    def _require(self, part: str, places: int | None = None) -> None:
        """Refuse what was not counted.

        Parameters
        ----------
        part : str
            ``"ranks"`` or ``"scores"``.
        places : int, optional
            The first so many ranks will do; all are needed by default.

        Raises
        ------
        StudyError
            Naming the argument of `uncertainty` that left it out.
        """
        if part not in self.keep:
            msg = (
                f"{part} were not counted in this study, which was made with keep={self.keep!r}; "
                f'make it with keep=("ranks", "scores")'
            )
            raise StudyError(msg)
        most = self.places
        if part == "ranks" and most is not None and (places is None or places > most):
            needed = "all of them are" if places is None else f"the first {places} are"
            msg = (
                f"only the first {most} ranks were counted in this study, and {needed} needed; "
                f"make it with a larger places= than {most}, or without it"
            )
            raise StudyError(msg)

    @property
    def assessment(self) -> Assessment:
        """The assessment with the nominal choices."""
        return self.design.assessment

    @property
    def units(self) -> tuple[Any, ...]:
        """The unit of each row."""
        return self.assessment.units

    @property
    def nominal_ranks(self) -> Floats:
        """The ranks without any change, of shape (n_units,)."""
        return self.assessment.rank_array(self.design.node.code)

    @property
    def nominal_scores(self) -> Floats:
        """The scores without any change, of shape (n_units,)."""
        return self.assessment.array(self.design.node.code)

    @property
    def nominal(self) -> Frame:
        """A row for each unit: ``score`` and ``rank`` without any change."""
        columns = {"score": self.nominal_scores, "rank": self.nominal_ranks}
        return self.assessment.frame(columns, integers=["rank"])

    @cached_property
    def rank_counts(self) -> NDArray[np.int64]:
        """In how many draws each unit took each rank, of shape (n_units, n_units).

        Units that tie share the smaller rank. With several periods a row for each unit and period,
        and as many columns as the largest period has units. With `places`, as many columns as that.

        Raises
        ------
        MethodError
            More units than can be counted rank by rank.
        StudyError
            Ranks were not kept.
        """
        self._require("ranks", self.places)
        if self._bins.joins_ranks and self.places is None:
            msg = (
                f"ranks of {len(self.units)} units are counted in {self._bins.n_ranks} bins: there "
                "is no table of every rank; places= counts the first ones"
            )
            raise MethodError(msg)
        counts = np.zeros((len(self.units), self._tally.ranks.shape[1]), dtype=np.int64)
        counts[self._ever] = self._tally.ranks
        if self.assessment.periods is None and self.places is None:
            counts = np.pad(counts, ((0, 0), (0, len(self.units) - counts.shape[1])))
        return counts

    @cached_property
    def rank_acceptability(self) -> Floats:
        """The share of draws in which each unit took each rank, of shape (n_units, n_units).

        NaN for a unit that never had a score.
        """
        counts = self.rank_counts
        return np.asarray(counts / self._spread(self._n_draws)[:, np.newaxis])

    @cached_property
    def expected_ranks(self) -> Floats:
        """The mean rank of each unit, of shape (n_units,)."""
        self._require("ranks")
        return self._spread(self._tally.rank_sums / self._n_draws)

    @cached_property
    def rank_shifts(self) -> Floats:
        """The mean over draws of how far each unit's rank is from its nominal one: (n_units,)."""
        self._require("ranks")
        has_rank = ~np.isnan(self.nominal_ranks[self._ever])
        return self._spread(np.where(has_rank, self._tally.shift_sums / self._n_draws, np.nan))

    @property
    def mean_rank_shift(self) -> float:
        """The mean of the ranks moved, up or down, over all ranks of all draws.

        Units without a nominal rank are left out; a unit without a rank in some draws counts for
        the others.
        """
        self._require("ranks")
        has_rank = ~np.isnan(self.nominal_ranks[self._ever])
        n_ranks = int(self._tally.n_draws[has_rank].sum())
        return float(self._tally.shift_sums.sum() / n_ranks) if n_ranks else float("nan")

    @cached_property
    def mean_scores(self) -> Floats:
        """The mean score of each unit, of shape (n_units,)."""
        self._require("scores")
        self.design.require_one_scale()
        nominal = np.nan_to_num(self.nominal_scores[self._ever])
        return self._spread(nominal + self._tally.total / self._n_draws)

    @cached_property
    def score_deviations(self) -> Floats:
        """The standard deviation of each unit's score over draws, of shape (n_units,)."""
        self._require("scores")
        self.design.require_one_scale()
        power = self._tally.power
        mean = np.ldexp(self._tally.total, -power) / self._n_draws
        variance = self._tally.squares / self._n_draws - mean**2
        return self._spread(np.ldexp(np.sqrt(np.maximum(variance, 0.0)), power))

    @property
    def _n_draws(self) -> Floats:
        return np.where(self._tally.n_draws > 0, self._tally.n_draws, np.nan)

    def _spread(self, own: Floats) -> Floats:
        result = np.full(len(self.units), np.nan)
        result[self._ever] = own
        return result

    def score_quantiles(self, q: float) -> Floats:
        """Return a quantile of each unit's score over draws, of shape (n_units,).

        Linear between scores, as NumPy's default. Scores are counted in 2,048 bins between the
        least and the greatest score that the unit can have (fewer bins for very many units), so
        the result is exact to the width of a bin.

        Raises
        ------
        MethodError
            Scores of some draws are on another scale than those of others.
        StudyError
            Scores were not kept.
        """
        self._require("scores")
        self.design.require_one_scale()
        counts = self._tally.scores
        return self._spread(
            quantile_of(counts, q, lambda place, share: self._bins.low + self._bins.width * (
                place + share))
        )  # fmt: skip

    def rank_quantiles(self, q: float) -> Floats:
        """Return a quantile of each unit's rank over draws, of shape (n_units,).

        Linear between ranks, as NumPy's default. Where there are more ranks than bins to count
        them (above 2,000 units), it is exact to the width of a bin.

        Raises
        ------
        StudyError
            Ranks were not kept, or only those of the first places.
        """
        self._require("ranks")
        largest, n = max(map(len, self._bins.groups)), self._bins.n_ranks

        def rank(place: Any, share: Any) -> Floats:
            if not self._bins.joins_ranks:
                return np.asarray(place + 1.0)
            return np.asarray((place + share) * largest / n + 0.5)

        return self._spread(quantile_of(self._tally.ranks, q, rank))

    def score_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Frame:
        """Return the spread of each unit's score.

        Parameters
        ----------
        q : float or sequence of float
            Quantiles, from 0 to 1.

        Returns
        -------
        frame
            A row for each unit: ``nominal``, ``mean``, ``sd`` and a column such as ``q5`` for each
            quantile.

        Raises
        ------
        MethodError
            Scores of some draws are on another scale than those of others, as where alternatives
            of the normalisation have different ends.
        StudyError
            Scores were not kept.
        """
        columns = {
            "nominal": self.nominal_scores,
            "mean": self.mean_scores,
            "sd": self.score_deviations,
        }
        quantiles = {label_of(x): self.score_quantiles(x) for x in quantiles_of(q)}
        return self.assessment.frame(columns | quantiles)

    def rank_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Frame:
        """Return the spread of each unit's rank.

        Parameters
        ----------
        q : float or sequence of float
            Quantiles, from 0 to 1.

        Returns
        -------
        frame
            A row for each unit: ``nominal``, ``mean``, ``shift`` (the mean distance from the
            nominal rank) and a column such as ``q5`` for each quantile.

        Raises
        ------
        StudyError
            Ranks were not kept, or only those of the first places.
        """
        columns = {
            "nominal": self.nominal_ranks,
            "mean": self.expected_ranks,
            "shift": self.rank_shifts,
        }
        quantiles = {label_of(x): self.rank_quantiles(x) for x in quantiles_of(q)}
        return self.assessment.frame(columns | quantiles, integers=["nominal"])
