"""What a study of uncertainty found."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import flag_faults, is_number, listed, refuse, whole_number
from dli.errors import MethodError
from dli.frames import Frame
from dli.printing import SHOWN, Printed, Sheet, counted
from dli.ranking import rank_scores
from dli.sensitivity.design import Design
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import Submits, chunks, in_order, uniforms
from dli.sensitivity.tally import Bins, Tally

__all__ = ["Uncertainty", "draws_of", "scores_of"]

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
    _tally: Tally = field()

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
        and as many columns as the largest period has units.

        Raises
        ------
        MethodError
            More units than can be counted rank by rank.
        """
        if self._bins.joins_ranks:
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
        return self._spread(self._tally.rank_sums / self._n_draws)

    @cached_property
    def rank_shifts(self) -> Floats:
        """The mean over draws of how far each unit's rank is from its nominal one: (n_units,)."""
        has_rank = ~np.isnan(self.nominal_ranks[self._ever])
        return self._spread(np.where(has_rank, self._tally.shift_sums / self._n_draws, np.nan))

    @property
    def mean_rank_shift(self) -> float:
        """The mean of the ranks moved, up or down, over all ranks of all draws.

        Units without a nominal rank are left out; a unit without a rank in some draws counts for
        the others.
        """
        has_rank = ~np.isnan(self.nominal_ranks[self._ever])
        n_ranks = int(self._tally.n_draws[has_rank].sum())
        return float(self._tally.shift_sums.sum() / n_ranks) if n_ranks else float("nan")

    @cached_property
    def mean_scores(self) -> Floats:
        """The mean score of each unit, of shape (n_units,)."""
        self.design.require_one_scale()
        nominal = np.nan_to_num(self.nominal_scores[self._ever])
        return self._spread(nominal + self._tally.total / self._n_draws)

    @cached_property
    def score_deviations(self) -> Floats:
        """The standard deviation of each unit's score over draws, of shape (n_units,)."""
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
        """
        self.design.require_one_scale()
        counts = self._tally.scores
        return self._spread(
            _quantile(counts, q, lambda place, share: self._bins.low + self._bins.width * (
                place + share))
        )  # fmt: skip

    def rank_quantiles(self, q: float) -> Floats:
        """Return a quantile of each unit's rank over draws, of shape (n_units,).

        Linear between ranks, as NumPy's default. Where there are more ranks than bins to count
        them (above 2,000 units), it is exact to the width of a bin.
        """
        largest, n = max(map(len, self._bins.groups)), self._bins.n_ranks

        def rank(place: Any, share: Any) -> Floats:
            if not self._bins.joins_ranks:
                return np.asarray(place + 1.0)
            return np.asarray((place + share) * largest / n + 0.5)

        return self._spread(_quantile(self._tally.ranks, q, rank))

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
        """
        columns = {
            "nominal": self.nominal_scores,
            "mean": self.mean_scores,
            "sd": self.score_deviations,
        }
        quantiles = {_label(x): self.score_quantiles(x) for x in _quantiles(q)}
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
        """
        columns = {
            "nominal": self.nominal_ranks,
            "mean": self.expected_ranks,
            "shift": self.rank_shifts,
        }
        quantiles = {_label(x): self.rank_quantiles(x) for x in _quantiles(q)}
        return self.assessment.frame(columns | quantiles, integers=["nominal"])

    def top(self, k: int) -> Frame:
        """Return the probability of each unit to be among the first k.

        Where there are more ranks than bins to count them (above 2,000 units), the draws are made
        again.

        Returns
        -------
        frame
            A row for each unit: ``nominal`` rank and ``probability``; NaN for a unit that never
            had a score.
        """
        k = whole_number("k", k, 1, len(self.units))
        if self._bins.joins_ranks:
            firsts = sum(in_order(partial(_firsts, self._bins, k, *self._again), self._tasks()))
            share = self._spread(firsts / self._n_draws)
        else:
            share = self._spread(self._tally.ranks[:, :k].sum(axis=1) / self._n_draws)
        columns = {"nominal": self.nominal_ranks, "probability": share}
        return self.assessment.frame(columns, integers=["nominal"])

    @property
    def _again(self) -> tuple[Design, NDArray[np.bool_], int]:
        """What making the draws again needs."""
        return self.design, self._ever, self.seed

    def pairwise_winning(
        self, *, period: object = None, executor: Submits | None = None, progress: bool = False
    ) -> Floats:
        """Return the share of draws in which each unit scores above each other.

        The draws are made again, since counting all pairs takes far longer than all else.

        Parameters
        ----------
        period : object, optional
            Needed when there are several periods.
        executor, progress
            As of `uncertainty`.

        Returns
        -------
        ndarray of shape (n_units, n_units)
            Row above column; units that tie win neither way, and one without a score in a draw
            wins against none. NaN for units that never have a score.
        """
        refuse("pairwise_winning", flag_faults(progress=progress))
        rows = self.assessment.rows(period)
        inside = self._ever[rows]
        own = np.searchsorted(np.flatnonzero(self._ever), rows[inside])
        work = partial(_wins, own, *self._again)
        tasks = self._tasks()
        total: Any = 0
        for part in in_order(work, tasks, executor=executor, progress=progress, n_draws=draws_of):
            total = total + part
        result = np.full((len(rows),) * 2, np.nan)
        result[np.ix_(inside, inside)] = total / self.n_samples
        return result

    def inputs(self, first: int = 0, n: int = 10) -> Frame:
        """Return what was drawn: a row for each draw, a column for each factor.

        Parameters
        ----------
        first, n : int
            The first draw, from 0, and how many.

        Returns
        -------
        frame
            ``draw``, and for each factor what its number stands for: a weight within its parent,
            an option, the code that was left out (None for none), a judgement; the number itself
            for an input that does not say.
        """
        numbers = self._uniforms(first, n)
        columns: dict[str, Any] = {"draw": np.arange(first, first + numbers.shape[1])}
        return self.assessment.table(columns | self.design.drawn(numbers))

    def scores(self, first: int = 0, n: int = 10) -> Floats:
        """Return the scores of single draws, of shape (n, n_units)."""
        return self.design.scores(self._uniforms(first, n))

    def _tasks(self) -> list[Task]:
        return chunks(self.n_samples, int(self._ever.sum()), len(self.design.scorers))

    def _uniforms(self, first: int, n: int) -> Floats:
        first = whole_number("first", first, 0, self.n_samples - 1)
        n = whole_number("n", n, 1)
        last = min(first + n, self.n_samples)
        whole = [chunk for task in self._tasks() for chunk in task]
        size = whole[0][1]
        own = whole[first // size : -(-last // size)]
        n_factors = len(self.design.names)
        drawn = [uniforms(self.seed, chunk, np.empty((n_factors, n))) for chunk, n in own]
        start = first - own[0][0] * size
        return np.concatenate(drawn, axis=1)[:, start : start + last - first]

    def _sheet(self) -> Sheet:
        title = (
            f"Uncertainty of {self.design.node.code}: {counted(self.n_samples, 'draw')}, "
            f"{counted(len(self.design.names), 'factor')}, "
            f"mean rank shift {self.mean_rank_shift:.2f}"
        )
        low, high = self.rank_quantiles(0.05), self.rank_quantiles(0.95)
        order = np.argsort(self.nominal_ranks, kind="stable")[:SHOWN].tolist()
        keys = {"unit": self.units}
        if self.assessment.periods is not None:
            keys["period"] = self.assessment.periods
        has_one_scale = True
        try:
            self.design.require_one_scale()
        except MethodError:
            has_one_scale = False
        rows = [
            (
                *(str(labels[i]) for labels in keys.values()),
                f"{self.nominal_ranks[i]:.0f}",
                f"{self.expected_ranks[i]:.1f}",
                f"{low[i]:.0f} to {high[i]:.0f}",
                f"{self.nominal_scores[i]:.1f}",
                *([f"{self.score_deviations[i]:.2f}"] if has_one_scale else []),
            )
            for i in order
        ]
        sd = ("sd",) if has_one_scale else ()
        head = (*keys, "rank", "mean rank", "90 % of ranks", "score", *sd)
        words = tuple(range(len(keys)))
        return Sheet(title, head, rows, words=words, left=len(self.units) - len(rows))


def _wins(
    own: NDArray[np.intp], study: Design, ever: NDArray[np.bool_], seed: int, task: Task
) -> NDArray[np.int64]:
    """Count in how many draws each of some units ranks before each other."""
    wins = np.zeros((own.size, own.size), dtype=np.int64)
    room = Room()
    for chunk in task:
        ranks = rank_scores(scores_of(study, ever, seed, chunk, room)[:, own]).T
        by_unit = np.where(np.isnan(ranks), np.inf, ranks).astype(np.float32)
        for unit, ahead in enumerate(by_unit):
            wins[unit] += (ahead < by_unit).sum(axis=1)
    return wins


def _firsts(
    bins: Bins, k: int, study: Design, ever: NDArray[np.bool_], seed: int, task: Task
) -> NDArray[np.int64]:
    """Count in how many draws each unit is among the first k of its period."""
    firsts = np.zeros(int(ever.sum()), dtype=np.int64)
    room = Room()
    for chunk in task:
        scores = scores_of(study, ever, seed, chunk, room)
        for group in bins.groups:
            firsts[group] += (rank_scores(scores[:, group]) <= k).sum(axis=0)
    return firsts


def _quantile(counts: Any, q: float, value: Callable[[Any, Any], Floats]) -> Floats:
    """Return a quantile of each row of counts, linear between the two draws beside it.

    ``value`` turns the number of a bin and the share of it that lies below into a value.
    """
    _quantiles(q)
    below = np.cumsum(counts, axis=1)
    n_draws = below[:, -1]
    position = np.maximum(n_draws - 1, 0) * float(q)
    first = np.floor(position + 1e-9)
    rows = np.arange(len(counts))
    ends = []
    for draw in (first, np.minimum(first + 1, n_draws - 1)):
        place = np.minimum((below <= draw[:, np.newaxis]).sum(axis=1), counts.shape[1] - 1)
        within = np.maximum(counts[rows, place], 1)
        share = (draw - (below[rows, place] - within) + 0.5) / within
        ends.append(value(place, share))
    weight = np.clip(position - first, 0.0, 1.0)
    return np.where(n_draws > 0, ends[0] + weight * (ends[1] - ends[0]), np.nan)


def _quantiles(q: float | Sequence[float]) -> list[float]:
    quantiles: list[Any]
    quantiles = [q] if is_number(q) else listed("q (if not a number)", q, "quantiles")
    wrong = [x for x in quantiles if not (is_number(x) and 0 <= x <= 1)]
    if wrong or not quantiles:
        msg = f"quantiles must be numbers from 0 to 1, got {q!r}"
        raise MethodError(msg)
    return [float(x) for x in quantiles]


def _label(q: float) -> str:
    return f"q{100 * q:g}"
