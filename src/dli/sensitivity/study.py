"""The result of a study of uncertainty."""

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
    """The distribution of scores and ranks over many draws.

    Attributes
    ----------
    design : Design
        The assessment and its uncertain inputs.
    seed : int
        The seed. The same seed, inputs and number of draws give the same study.
    seeds : tuple of int
        The seeds of all merged studies; `seed` is the smallest.
    n_samples : int
        The number of draws.
    keep : tuple of str
        What was counted: ``"ranks"``, ``"scores"`` or both.
    places : int or None
        The number of ranks, from the first, that were counted; None for all.
    """

    def top(self, k: int) -> Frame:
        """Return the probability that each unit is among the first k.

        With more ranks than bins in which they are counted (above 2,000 units), the draws are
        repeated.

        Returns
        -------
        frame
            A row for each unit: ``nominal`` rank and ``probability``; NaN for a unit that never
            had a score.

        Raises
        ------
        StudyError
            Ranks were not kept, or only for fewer places.
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
        """Return the share of draws in which each unit scores above each other unit.

        The draws are repeated, since counting all pairs takes much longer than the rest of a study.

        Parameters
        ----------
        period : object, optional
            The period; required if there are several.
        executor, progress
            As for `uncertainty`.

        Returns
        -------
        ndarray of shape (n_units, n_units)
            The share of draws in which the unit of the row scores above the unit of the column.
            Ties count for neither. A unit without a score in a draw counts as below all units that
            have one. NaN for units that never have a score.
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
        """Return what was drawn: a row for each draw and a column for each factor.

        Parameters
        ----------
        first, n : int
            The number of the first draw, from 0, and the number of draws.

        Returns
        -------
        frame
            ``draw``, and for each factor the meaning of its random number: a weight within its
            parent, an option, the code of the excluded node (None if no node is excluded), or a
            judgement. For an input that does not define ``drawn``, the random number itself.
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
        """Return a study with additional draws of the same seed.

        The result is the same to the last bit as that of a single run: 10,000 draws and 10,000 more
        equal 20,000.

        Parameters
        ----------
        n_samples : int
            The number of additional draws.
        executor, progress
            As for `uncertainty`.

        Returns
        -------
        Uncertainty
            A study of all draws; this one does not change.

        Raises
        ------
        StudyError
            A merged study that cannot be continued.

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
        stretch = continued.longer(self._runs, n_samples)
        plan, sums = continued.resumed(self._plan, self._runs[0], self._counted, stretch)
        sums = continued.go_on(plan, stretch, sums, executor=executor, progress=progress)
        return Uncertainty(plan=plan.without_scores(), runs=(stretch,), counted=sums)

    def merge(self, other: "Uncertainty") -> "Uncertainty":
        """Return a study of the draws of both studies.

        Both must have the same assessment and inputs, and different seeds or different parts of
        one seed (``part=`` of `uncertainty`). Merging all parts of a study, in any order, gives the
        same result as a single run, to the last bit.

        Parameters
        ----------
        other : Uncertainty
            A study of the same assessment and inputs.

        Returns
        -------
        Uncertainty
            A study of all draws.

        Raises
        ------
        MethodError
            ``other`` is not a study.
        StudyError
            Studies of different assessments or inputs, with what differs; draws that both contain;
            scores that were counted in different bins.
        """
        candidate: object = other
        if not isinstance(candidate, Uncertainty):
            msg = f"other must be an Uncertainty, got {type(candidate).__name__}"
            raise MethodError(msg)
        runs, counts = continued.merged(self._made, other._made)  # noqa: SLF001 one class
        return Uncertainty(plan=self._plan, runs=runs, counted=counts)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the counts to a file, from which the study can be loaded and continued.

        The file does not contain the data: `load` needs the assessment and the inputs again. A
        study of 193 units takes about 300 kB.

        Parameters
        ----------
        path : path
            The path of the file.

        Raises
        ------
        FileError
            The file cannot be written; an existing file is not changed.
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
            The path of the file.
        assessment, inputs
            The assessment and inputs of the study. They are not in the file, so that reading one
            never runs code from it.

        Returns
        -------
        Uncertainty
            The study, with the same counts to the last bit.

        Raises
        ------
        ModelError
            The file cannot be read.
        DataError
            A file that is not a saved study, is damaged, or was written by a newer version.
        StudyError
            The file is a study of another assessment or of other inputs; what differs is named.
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
