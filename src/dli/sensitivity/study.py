"""What a study of uncertainty found."""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli import frames
from dli.assessment import Assessment
from dli.assessment.ranking import rank_scores
from dli.errors import MethodError
from dli.printing import SHOWN, Printed, Sheet
from dli.sensitivity.design import Design
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import chunks, in_order, uniforms, whole_number
from dli.sensitivity.tally import Bins

__all__ = ["Uncertainty", "draws_of", "scores_of"]

Floats: TypeAlias = NDArray[np.float64]
Task: TypeAlias = list[tuple[int, int]]


def draws_of(task: Task) -> int:
    """Count the draws of a task."""
    return sum(n for _, n in task)


def scores_of(
    study: Design, ever: NDArray[np.bool_], seed: int, chunk: tuple[int, int], room: Room
) -> Floats:
    """Draw a chunk, and give the scores of the units that ever have one."""
    numbers = room.array("numbers", (len(study.names), chunk[1]))
    scores = study.scores(uniforms(seed, chunk[0], numbers), room)
    return scores if ever.all() else scores[:, ever]


@frozen(kw_only=True, eq=False, repr=False)
class Uncertainty(Printed):
    """What many draws gave: a study of uncertainty.

    Attributes
    ----------
    design : Design
        The assessment and its uncertain inputs.
    seed : int
        The same seed, inputs and number of draws give the same study.
    n_samples : int
    """

    design: Design
    seed: int
    n_samples: int
    _ever: NDArray[np.bool_] = field()
    _bins: Bins = field()
    _tally: Any = field()

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
    def nominal(self) -> Any:
        """A row for each unit: ``score`` and ``rank`` without any change."""
        return self._frame({"score": self.nominal_scores, "rank": self.nominal_ranks}, ["rank"])

    @cached_property
    def rank_counts(self) -> NDArray[np.int64]:
        """In how many draws each unit took each rank, of shape (n_units, n_units).

        Units that tie share the smaller rank. With several periods a row for each unit and period,
        and as many columns as the largest period has units.

        Raises
        ------
        MethodError
            More units than can be counted rank by rank.
        """
        if self._bins.n_ranks < max(map(len, self._bins.groups)):
            msg = (
                f"ranks of {len(self.units)} units are counted in {self._bins.n_ranks} bins: there "
                "is no table of every rank"
            )
            raise MethodError(msg)
        counts = np.zeros((len(self.units), self._tally.ranks.shape[1]), dtype=np.int64)
        counts[self._ever] = self._tally.ranks
        if self.assessment.periods is None:
            counts = np.pad(counts, ((0, 0), (0, len(self.units) - counts.shape[1])))
        return counts

    @cached_property
    def rank_acceptability(self) -> Floats:
        """The share of draws in which each unit took each rank, of shape (n_units, n_units).

        NaN for a unit that never had a score.
        """
        counts = self.rank_counts
        n_draws = counts.sum(axis=1, keepdims=True)
        return np.asarray(counts / np.where(n_draws > 0, n_draws, np.nan))

    @cached_property
    def expected_ranks(self) -> Floats:
        """The mean rank of each unit, of shape (n_units,)."""
        return self._over_ranks(self._rank_values)

    @cached_property
    def rank_shifts(self) -> Floats:
        """The mean over draws of how far each unit's rank is from its nominal one: (n_units,)."""
        nominal = self.nominal_ranks[self._ever][:, np.newaxis]
        return self._over_ranks(np.abs(self._rank_values - nominal))

    @property
    def mean_rank_shift(self) -> float:
        """The mean over units and draws of the ranks moved, up or down."""
        return float(np.nanmean(self.rank_shifts))

    @property
    def _rank_values(self) -> Floats:
        """The rank that each bin stands for."""
        largest, n = max(map(len, self._bins.groups)), self._bins.n_ranks
        if n == largest:
            return np.arange(1.0, n + 1)
        return (np.arange(n) + 0.5) * largest / n + 0.5

    def _over_ranks(self, values: Floats) -> Floats:
        counts = self._tally.ranks
        result = np.full(len(self.units), np.nan)
        n_draws = counts.sum(axis=1)
        result[self._ever] = (counts * values).sum(axis=1) / np.where(n_draws > 0, n_draws, np.nan)
        return result

    @cached_property
    def mean_scores(self) -> Floats:
        """The mean score of each unit, of shape (n_units,)."""
        nominal = np.nan_to_num(self.nominal_scores[self._ever])
        return self._spread(nominal + self._tally.total / self._n_draws)

    @cached_property
    def score_deviations(self) -> Floats:
        """The standard deviation of each unit's score over draws, of shape (n_units,)."""
        mean = self._tally.total / self._n_draws
        variance = self._tally.squares / self._n_draws - mean**2
        return self._spread(np.sqrt(np.maximum(variance, 0.0)))

    @property
    def _n_draws(self) -> Floats:
        return np.where(self._tally.n_draws > 0, self._tally.n_draws, np.nan)

    def _spread(self, own: Floats) -> Floats:
        result = np.full(len(self.units), np.nan)
        result[self._ever] = own
        return result

    def score_quantiles(self, q: float) -> Floats:
        """Give a quantile of each unit's score over draws, of shape (n_units,).

        It is found from counts in 2,048 bins between the least and the greatest score that the
        unit can have (fewer bins for very many units), and exact to the width of a bin.
        """
        _quantiles(q)
        counts = self._tally.scores
        below = np.cumsum(counts, axis=1)
        target = q * below[:, -1]
        place = (below < target[:, np.newaxis]).sum(axis=1)
        place = np.minimum(np.maximum(place, (below <= 0).sum(axis=1)), counts.shape[1] - 1)
        rows = np.arange(len(counts))
        within = counts[rows, place]
        share = (target - (below[rows, place] - within)) / np.where(within > 0, within, np.nan)
        return self._spread(self._bins.low + self._bins.width * (place + share))

    def rank_quantiles(self, q: float) -> Floats:
        """Give a quantile of each unit's rank over draws, of shape (n_units,).

        Linear between ranks, as NumPy's default.
        """
        _quantiles(q)
        counts = self._tally.ranks
        below = np.cumsum(counts, axis=1)
        n_draws = below[:, -1]
        position = (n_draws - 1) * q
        first = np.floor(position + 1e-9)
        ends = []
        for place in (first, np.minimum(first + 1, n_draws - 1)):
            bin_ = np.minimum((below <= place[:, np.newaxis]).sum(axis=1), counts.shape[1] - 1)
            ends.append(self._rank_values[bin_])
        share = np.clip(position - first, 0.0, 1.0)
        found = ends[0] + share * (ends[1] - ends[0])
        return self._spread(np.where(n_draws > 0, found, np.nan))

    def score_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Any:
        """Give the spread of each unit's score.

        Parameters
        ----------
        q : float or sequence of float
            Quantiles, from 0 to 1.

        Returns
        -------
        frame
            A row for each unit: ``nominal``, ``mean``, ``sd`` and a column such as ``q5`` for each
            quantile.
        """
        columns = {
            "nominal": self.nominal_scores,
            "mean": self.mean_scores,
            "sd": self.score_deviations,
        }
        return self._frame(columns | {_label(x): self.score_quantiles(x) for x in _quantiles(q)})

    def rank_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Any:
        """Give the spread of each unit's rank.

        Parameters
        ----------
        q : float or sequence of float
            Quantiles, from 0 to 1.

        Returns
        -------
        frame
            A row for each unit: ``nominal``, ``mean``, ``shift`` (the mean distance from the
            nominal rank) and a column such as ``q5`` for each quantile.
        """
        columns = {
            "nominal": self.nominal_ranks,
            "mean": self.expected_ranks,
            "shift": self.rank_shifts,
        }
        quantiles = {_label(x): self.rank_quantiles(x) for x in _quantiles(q)}
        return self._frame(columns | quantiles, ["nominal"])

    def top(self, k: int) -> Any:
        """Give the probability of each unit to be among the first k.

        Returns
        -------
        frame
            A row for each unit: ``nominal`` rank and ``probability``.
        """
        k = whole_number("k", k, 1, len(self.units))
        share = self.rank_acceptability[:, :k].sum(axis=1)
        return self._frame({"nominal": self.nominal_ranks, "probability": share}, ["nominal"])

    def pairwise_winning(self, *, executor: Any = None, progress: bool = False) -> Floats:
        """Give the share of draws in which each unit scores above each other.

        The draws are made again, since counting all pairs takes far longer than all else.

        Returns
        -------
        ndarray of shape (n_units, n_units)
            Row above column; units that tie win neither way. NaN for units without a score.
        """
        tasks = self._tasks()
        work = partial(_wins, self.design, self._ever, self.seed)
        total: Any = 0
        for part in in_order(work, tasks, executor=executor, progress=progress, n_draws=draws_of):
            total = total + part
        result = np.full((len(self.units),) * 2, np.nan)
        result[np.ix_(self._ever, self._ever)] = total / self.n_samples
        return result

    def inputs(self, first: int = 0, n: int = 10) -> Any:
        """Give what was drawn: a row for each draw, a column for each factor.

        Parameters
        ----------
        first, n : int
            The first draw, from 0, and how many.

        Returns
        -------
        frame
            ``draw``, and for each factor the uniform number, or the option that it stands for.
        """
        numbers = self._uniforms(first, n)
        columns: dict[str, Any] = {"draw": np.arange(first, first + numbers.shape[1])}
        columns |= dict(zip(self.design.names, numbers, strict=True))
        draws = self.design.draws(numbers)
        for step, options in self.design.options.items():
            columns[step] = [repr(options[i]) for i in draws.choices[step].tolist()]
        return frames.build(columns, self.assessment.observations.table.library)

    def scores(self, first: int = 0, n: int = 10) -> Floats:
        """Give the scores of single draws, of shape (n, n_units)."""
        return self.design.scores(self._uniforms(first, n))

    def _tasks(self) -> list[Task]:
        return chunks(self.n_samples, int(self._ever.sum()), len(self.design.scorers))

    def _uniforms(self, first: int, n: int) -> Floats:
        if not (0 <= first < self.n_samples and n >= 1):
            msg = f"draws are numbered from 0 to {self.n_samples - 1}, got {n!r} from {first!r}"
            raise MethodError(msg)
        last = min(first + n, self.n_samples)
        whole = [chunk for task in self._tasks() for chunk in task]
        size = whole[0][1]
        own = whole[first // size : -(-last // size)]
        n_factors = len(self.design.names)
        drawn = [uniforms(self.seed, chunk, np.empty((n_factors, n))) for chunk, n in own]
        start = first - own[0][0] * size
        return np.concatenate(drawn, axis=1)[:, start : start + last - first]

    def _frame(self, columns: dict[str, Any], integers: Sequence[str] = ()) -> Any:
        observations = self.assessment.observations
        keys: dict[str, Any] = {observations.unit_column: list(self.units)}
        if self.assessment.periods is not None:
            keys[str(observations.period_column)] = list(self.assessment.periods)
        return frames.build({**keys, **columns}, observations.table.library, integers=integers)

    def _sheet(self) -> Sheet:
        title = (
            f"Uncertainty of {self.design.node.code}: {self.n_samples:,} draws, "
            f"{len(self.design.names)} factors, mean rank shift {self.mean_rank_shift:.2f}"
        )
        low, high = self.rank_quantiles(0.05), self.rank_quantiles(0.95)
        order = np.argsort(self.nominal_ranks, kind="stable")[:SHOWN].tolist()
        rows = [
            (str(self.units[i]), f"{self.nominal_ranks[i]:.0f}", f"{self.expected_ranks[i]:.1f}",
             f"{low[i]:.0f} to {high[i]:.0f}", f"{self.nominal_scores[i]:.1f}",
             f"{self.score_deviations[i]:.2f}")
            for i in order
        ]  # fmt: skip
        head = ("unit", "rank", "mean rank", "90 % of ranks", "score", "sd")
        return Sheet(title, head, rows, left=len(self.units) - len(rows))


def _wins(study: Design, ever: NDArray[np.bool_], seed: int, task: Task) -> NDArray[np.int64]:
    """Count in how many draws each unit ranks before each other."""
    n_units = int(ever.sum())
    wins = np.zeros((n_units, n_units), dtype=np.int64)
    room = Room()
    for chunk in task:
        ranks = rank_scores(scores_of(study, ever, seed, chunk, room)).T
        by_unit = np.where(np.isnan(ranks), np.inf, ranks).astype(np.float32)
        for unit, own in enumerate(by_unit):
            wins[unit] += (own < by_unit).sum(axis=1)
    return wins


def _quantiles(q: float | Sequence[float]) -> list[float]:
    quantiles = [float(x) for x in np.atleast_1d(q)]
    wrong = [x for x in quantiles if not 0 <= x <= 1]
    if wrong:
        msg = f"quantiles must be from 0 to 1, got {wrong}"
        raise MethodError(msg)
    return quantiles


def _label(q: float) -> str:
    return f"q{100 * q:g}"
