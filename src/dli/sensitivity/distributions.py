"""Counts, means, standard deviations and quantiles of ranks and scores over draws."""

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
    """Ranks and scores counted over many draws.

    `Uncertainty` adds the methods that make, continue and save a study.

    Attributes
    ----------
    _plan : Plan
        The design of the study and the outputs that it counts.
    _runs : tuple of Stretch
        The stretches of draws that were made, each with its seed.
    _counted : Counted
        The counts over these draws.
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
        """The seed of the draws; the smallest one if there are several."""
        return self.seeds[0]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of all draws: a single seed, unless studies were merged."""
        return tuple(dict.fromkeys(run.seed for run in self._runs))

    @property
    def n_samples(self) -> int:
        """The number of draws."""
        return sum(run.n_draws for run in self._runs)

    @property
    def keep(self) -> tuple[str, ...]:
        """The outputs that were counted: ``"ranks"``, ``"scores"`` or both."""
        return self._plan.kept.names

    @property
    def places(self) -> int | None:
        """The number of ranks that were counted, from the first; None for all."""
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

    def _require(self, output: str, places: int | None = None) -> None:
        """Raise an error if an output was not counted.

        Parameters
        ----------
        output : str
            ``"ranks"`` or ``"scores"``.
        places : int, optional
            The number of ranks, from the first, that are needed; all by default.

        Raises
        ------
        StudyError
            The output was not counted; the message names the argument of `uncertainty` to change.
        """
        if output not in self.keep:
            msg = (
                f"{output} were not counted in this study, which was made with keep={self.keep!r}; "
                f'make it with keep=("ranks", "scores")'
            )
            raise StudyError(msg)
        most = self.places
        if output == "ranks" and most is not None and (places is None or places > most):
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
        """The ranks under the nominal choices, of shape (n_units,)."""
        return self.assessment.rank_array(self.design.node.code)

    @property
    def nominal_scores(self) -> Floats:
        """The scores under the nominal choices, of shape (n_units,)."""
        return self.assessment.array(self.design.node.code)

    @property
    def nominal(self) -> Frame:
        """A row for each unit: ``score`` and ``rank`` under the nominal choices."""
        columns = {"score": self.nominal_scores, "rank": self.nominal_ranks}
        return self.assessment.frame(columns, integers=["rank"])

    @cached_property
    def rank_counts(self) -> NDArray[np.int64]:
        """The number of draws in which each unit had each rank, of shape (n_units, n_units).

        Tied units share the smaller rank. With several periods there is a row for each unit and
        period, and as many columns as the largest period has units. With `places`, there are
        that many columns.

        Raises
        ------
        MethodError
            There are too many units for a count of every single rank.
        StudyError
            Ranks were not counted.
        """
        self._require("ranks", self.places)
        if self._bins.joins_ranks and self.places is None:
            msg = (
                f"ranks of {len(self.units)} units are counted in {self._bins.n_ranks} bins, so a "
                "table of every rank is not available; use places= to count the first ranks"
            )
            raise MethodError(msg)
        counts = np.zeros((len(self.units), self._tally.ranks.shape[1]), dtype=np.int64)
        counts[self._ever] = self._tally.ranks
        if self.assessment.periods is None and self.places is None:
            counts = np.pad(counts, ((0, 0), (0, len(self.units) - counts.shape[1])))
        return counts

    @cached_property
    def rank_acceptability(self) -> Floats:
        """The share of draws in which each unit had each rank, of shape (n_units, n_units).

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
        """The mean over draws of each unit's distance from its nominal rank: (n_units,)."""
        self._require("ranks")
        has_rank = ~np.isnan(self.nominal_ranks[self._ever])
        return self._spread(np.where(has_rank, self._tally.shift_sums / self._n_draws, np.nan))

    @property
    def mean_rank_shift(self) -> float:
        """The mean absolute rank shift over all units and draws.

        Units without a nominal rank are left out. A unit that has no rank in some draws is
        counted in the remaining draws.
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

    def _spread(self, values: Floats) -> Floats:
        result = np.full(len(self.units), np.nan)
        result[self._ever] = values
        return result

    def score_quantiles(self, q: float) -> Floats:
        """Return a quantile of each unit's score over draws, of shape (n_units,).

        Quantiles are interpolated linearly between scores, as by default in NumPy. Scores are
        counted in 2,048 bins between the lowest and the highest score that the unit can have
        (fewer bins for very many units), so the result is exact to the width of a bin.

        Raises
        ------
        MethodError
            The scores of different draws are on different scales.
        StudyError
            Scores were not counted.
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

        Quantiles are interpolated linearly between ranks, as by default in NumPy. With more ranks
        than bins (above 2,000 units), the result is exact to the width of a bin.

        Raises
        ------
        StudyError
            Ranks were not counted, or only the first of them.
        """
        self._require("ranks")
        largest, n = max(map(len, self._bins.groups)), self._bins.n_ranks

        def rank(place: Any, share: Any) -> Floats:
            if not self._bins.joins_ranks:
                return np.asarray(place + 1.0)
            return np.asarray((place + share) * largest / n + 0.5)

        return self._spread(quantile_of(self._tally.ranks, q, rank))

    def score_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Frame:
        """Return the mean, standard deviation and quantiles of each unit's score over draws.

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
            The scores of different draws are on different scales, for example because the
            alternatives of the normalisation have different ends.
        StudyError
            Scores were not counted.
        """
        columns = {
            "nominal": self.nominal_scores,
            "mean": self.mean_scores,
            "sd": self.score_deviations,
        }
        quantiles = {label_of(x): self.score_quantiles(x) for x in quantiles_of(q)}
        return self.assessment.frame(columns | quantiles)

    def rank_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Frame:
        """Return the mean, mean shift and quantiles of each unit's rank over draws.

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
            Ranks were not counted, or only the first of them.
        """
        columns = {
            "nominal": self.nominal_ranks,
            "mean": self.expected_ranks,
            "shift": self.rank_shifts,
        }
        quantiles = {label_of(x): self.rank_quantiles(x) for x in quantiles_of(q)}
        return self.assessment.frame(columns | quantiles, integers=["nominal"])
