"""What a study of uncertainty found."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import flag_faults, refuse, whole_number
from dli.errors import MethodError
from dli.frames import Frame
from dli.printing import SHOWN, Printed, Sheet, counted
from dli.sensitivity import again, continued
from dli.sensitivity.distributions import Distributions
from dli.sensitivity.engine import Submits
from dli.sensitivity.inputs.protocol import Input

__all__ = ["Uncertainty"]


@frozen(kw_only=True, eq=False, repr=False)
class Uncertainty(Distributions, Printed):
    """What many draws gave: a study of uncertainty.

    Attributes
    ----------
    design : Design
        The assessment and its uncertain inputs.
    seed : int
        The same seed, inputs and number of draws give the same study.
    seeds : tuple of int
        All of them, where studies were merged; `seed` is the least.
    n_samples : int
        The number of draws.
    keep : tuple of str
        What was counted: ``"ranks"``, ``"scores"`` or both.
    places : int or None
        Of the ranks only so many, from the first.
    """

    def top(self, k: int) -> Frame:
        """Return the probability of each unit to be among the first k.

        Where there are more ranks than bins to count them (above 2,000 units), the draws are made
        again.

        Returns
        -------
        frame
            A row for each unit: ``nominal`` rank and ``probability``; NaN for a unit that never
            had a score.

        Raises
        ------
        StudyError
            Ranks were not kept, or only those of fewer places.
        """
        k = whole_number("k", k, 1, len(self.units))
        self._require("ranks", k)
        if self._bins.joins_ranks and self.places is None:
            firsts = again.firsts(self._plan, self._runs, k)
            share = self._spread(firsts / self._n_draws)
        else:
            share = self._spread(self._tally.ranks[:, :k].sum(axis=1) / self._n_draws)
        columns = {"nominal": self.nominal_ranks, "probability": share}
        return self.assessment.frame(columns, integers=["nominal"])

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
        total = again.wins(self._plan, self._runs, own, executor=executor, progress=progress)
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
        numbers = again.numbers(self._plan, self._runs, first, n)
        columns: dict[str, Any] = {"draw": np.arange(first, first + numbers.shape[1])}
        return self.assessment.table(columns | self.design.drawn(numbers))

    def scores(self, first: int = 0, n: int = 10) -> Floats:
        """Return the scores of single draws, of shape (n, n_units)."""
        return self.design.scores(again.numbers(self._plan, self._runs, first, n))

    def more(
        self, n_samples: int, *, executor: Submits | None = None, progress: bool = False
    ) -> "Uncertainty":
        """Return a study with further draws of the same seed.

        It is the same to the last bit as one with all draws in one go: 10,000 draws and 10,000
        more are 20,000.

        Parameters
        ----------
        n_samples : int
            How many more.
        executor, progress
            As of `uncertainty`.

        Returns
        -------
        Uncertainty
            With all draws; this one stays as it is.

        Raises
        ------
        StudyError
            A study that was merged of others and cannot be continued.

        Examples
        --------
        >>> from dli import Assessment, Index, Indicator
        >>> from dli.sensitivity import WeightNoise, uncertainty
        >>> index = Index("T", [Indicator("a"), Indicator("b")])
        >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.9]}
        >>> study = uncertainty(Assessment(index, data), [WeightNoise(0.5)], n_samples=900, rng=1)
        >>> study.more(100).n_samples
        1000
        """
        refuse("more", flag_faults(progress=progress))
        stretch = continued.longer(self._plan, self._runs, self._counted, n_samples)
        plan, sums = continued.resumed(self._plan, stretch, self._counted)
        sums = continued.go_on(plan, stretch, sums, executor=executor, progress=progress)
        return Uncertainty(plan=plan.without_scores(), runs=(stretch,), counted=sums)

    def merge(self, other: "Uncertainty") -> "Uncertainty":
        """Return a study of the draws of both.

        Both are of the same assessment and inputs, and of other seeds or other parts of one
        (`uncertainty`, ``part=``). The parts of a study give the same as one run, to the last bit,
        in whatever order they are merged.

        Parameters
        ----------
        other : Uncertainty
            A study of the same assessment and inputs.

        Returns
        -------
        Uncertainty
            With the draws of both.

        Raises
        ------
        MethodError
            Something else than a study.
        StudyError
            Studies of something else, naming what differs; draws that are in both; scores that
            were counted in other bins.
        """
        candidate: object = other
        if not isinstance(candidate, Uncertainty):
            msg = f"a study is merged with another Uncertainty, got {type(candidate).__name__}"
            raise MethodError(msg)
        runs, counts = continued.merged(self._made, other._made)  # noqa: SLF001 one class
        return Uncertainty(plan=self._plan, runs=runs, counted=counts)

    def save(self, path: str | PathLike[str]) -> None:
        """Write what was counted to a file, from which the study can be loaded and continued.

        The file does not hold the data, so it has to be handed over again. A study of 193 units
        has some 300 kB.

        Parameters
        ----------
        path : path
            Of the file.

        Raises
        ------
        FileError
            The file cannot be written; what was there before is untouched.
        """
        continued.save(path, self._plan, self._runs, self._counted)

    @classmethod
    def load(
        cls, path: str | PathLike[str], assessment: Assessment, inputs: Input | Sequence[Any]
    ) -> "Uncertainty":
        """Read a study that was saved.

        Parameters
        ----------
        path : path
            Of the file.
        assessment, inputs
            Those that the study was made of. A file never imports code.

        Returns
        -------
        Uncertainty
            With the same counts to the last bit.

        Raises
        ------
        ModelError
            The file cannot be read.
        DataError
            A file that is not a saved study, is damaged, or was written by a newer version.
        StudyError
            The study is one of something else; what differs is named.
        """
        found = continued.load(path, assessment, inputs)
        return cls(plan=found[0], runs=found[1], counted=found[2])

    @property
    def _made(self) -> continued.Made:
        return self._plan, self._runs, self._counted

    def _sheet(self) -> Sheet:
        has_ranks = "ranks" in self.keep and self.places is None
        has_scores = "scores" in self.keep
        try:
            self.design.require_one_scale()
        except MethodError:
            has_scores = False
        title = (
            f"Uncertainty of {self.design.node.code}: {counted(self.n_samples, 'draw')}, "
            f"{counted(len(self.design.names), 'factor')}"
        )
        columns = {"rank": [f"{rank:.0f}" for rank in self.nominal_ranks]}
        if has_ranks:
            title += f", mean rank shift {self.mean_rank_shift:.2f}"
            ends = zip(self.rank_quantiles(0.05), self.rank_quantiles(0.95), strict=True)
            columns["mean rank"] = [f"{rank:.1f}" for rank in self.expected_ranks]
            columns["90 % of ranks"] = [f"{low:.0f} to {high:.0f}" for low, high in ends]
        elif self.places is not None:
            shares = self._spread(self._tally.ranks.sum(axis=1) / self._n_draws)
            columns[f"in the first {self.places}"] = [f"{share:.0%}" for share in shares]
        columns["score"] = [f"{score:.1f}" for score in self.nominal_scores]
        if has_scores:
            columns["sd"] = [f"{sd:.2f}" for sd in self.score_deviations]
        keys = {"unit": self.units}
        if self.assessment.periods is not None:
            keys["period"] = self.assessment.periods
        order = np.argsort(self.nominal_ranks, kind="stable")[:SHOWN].tolist()
        rows = [
            (*(str(own[i]) for own in keys.values()), *(own[i] for own in columns.values()))
            for i in order
        ]
        words = tuple(range(len(keys)))
        head = (*keys, *columns)
        return Sheet(title, head, rows, words=words, left=len(self.units) - len(rows))
