"""Multiple imputation: scores and ranks from several tables completed at random."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any
from warnings import warn

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.arrays import Floats, Integers, as_floats
from dli.assessment import Assessment
from dli.checks import flag_faults, instance, number_fault, refuse, seed_of, whole_number
from dli.errors import DLIWarning, MethodError
from dli.frames import Frame
from dli.framework import Index
from dli.framework.select import inner_node
from dli.imputation.multiple import Pooled, pool, quantile_levels
from dli.printing import SHOWN, Printed, Sheet, counted
from dli.ranking import rank_scores
from dli.sensitivity.engine import in_order
from dli.sensitivity.labelled import places_of, split_keys
from dli.sensitivity.seeds import EXAMPLES, named, require_imputation, seeded

__all__ = ["Imputations", "multiple_imputation"]

_MOST_TABLES = 10_000


@frozen(kw_only=True, eq=False, repr=False)
class Imputations(Printed):
    """Scores and ranks from several tables whose missing values were drawn at random.

    Attributes
    ----------
    assessment : Assessment
        The assessment with its own treatment of missing values, which has the nominal scores and
        ranks.
    node : Index
        The node whose scores and ranks were studied.
    imputation : object
        The imputation that drew the values, with its own seed.
    seed : int
        The seed of the study. The same seed returns the same result if the seed of the imputation
        can be set.
    rows : ndarray of int of shape (n_rows,)
        The rows of the assessment that were studied: the rows of one period, or all rows.
    scores : ndarray of shape (m, n_rows)
        The scores from each completed table.
    ranks : ndarray of shape (m, n_rows)
        The ranks from each completed table, within each period.
    n_imputed : ndarray of int of shape (n_rows,)
        The number of indicators below the node that were imputed for each unit.
    pooled : dli.imputation.Pooled
        The scores pooled by Rubin's rules.
    varies : bool
        Whether the tables differ from each other.
    """

    assessment: Assessment
    node: Index
    imputation: Any
    seed: int
    rows: NDArray[np.intp]
    scores: Floats
    ranks: Floats
    n_imputed: Integers
    pooled: Pooled
    varies: bool

    @property
    def n_tables(self) -> int:
        """The number of completed tables, m."""
        return len(self.scores)

    @property
    def units(self) -> tuple[Any, ...]:
        """The unit of each row."""
        return tuple(self.assessment.units[row] for row in self.rows)

    @property
    def nominal_scores(self) -> Floats:
        """The assessment's own scores, of shape (n_rows,)."""
        return self.assessment.array(self.node.code)[self.rows]

    @property
    def nominal_ranks(self) -> Floats:
        """The assessment's own ranks, of shape (n_rows,)."""
        return self.assessment.rank_array(self.node.code)[self.rows]

    @cached_property
    def pooled_ranks(self) -> Floats:
        """The ranks of the pooled scores, within each period, of shape (n_rows,)."""
        ranks = np.full(len(self.rows), np.nan)
        place = np.full(len(self.assessment.units), -1)
        place[self.rows] = np.arange(len(self.rows))
        for rows in self.assessment.rows_by_period.values():
            studied = place[rows][place[rows] >= 0]
            ranks[studied] = rank_scores(self.pooled.estimate[studied])
        return ranks

    @property
    def expected_ranks(self) -> Floats:
        """The mean rank of each unit over the tables, of shape (n_rows,)."""
        return np.asarray(self.ranks.mean(axis=0))

    @cached_property
    def rank_counts(self) -> Integers:
        """The number of tables in which each unit had each rank, of shape (n_rows, n_rows)."""
        counts = np.zeros((len(self.rows),) * 2, dtype=np.int64)
        units = np.broadcast_to(np.arange(len(self.rows)), self.ranks.shape)
        known = ~np.isnan(self.ranks)
        np.add.at(counts, (units[known], self.ranks[known].astype(np.intp) - 1), 1)
        return counts

    @property
    def table(self) -> Frame:
        """A row for each unit: the results of Rubin's rules.

        Columns: ``imputed`` (number of cells), ``nominal`` (the assessment's own score),
        ``score`` (pooled), ``within``, ``between`` and ``total`` variance, ``df`` (degrees of
        freedom),
        ``share_missing`` and ``missing_information``, as in `dli.imputation.Pooled`.
        """
        names = ("within", "between", "total", "df", "share_missing", "missing_information")
        columns = {
            "imputed": self.n_imputed,
            "nominal": self.nominal_scores,
            "score": self.pooled.estimate,
        }
        variances = {name: getattr(self.pooled, name) for name in names}
        return self.assessment.frame(columns | variances, rows=self.rows)

    def score_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Frame:
        """Return quantiles of each pooled score by Student's t with Rubin's degrees of freedom.

        Parameters
        ----------
        q : float or sequence of float
            Quantiles, above 0 and below 1.

        Returns
        -------
        frame
            A row for each unit: ``nominal``, ``score`` (pooled), ``sd`` (the root of the total
            variance) and a column such as ``q5`` for each quantile.
        """
        levels = np.atleast_1d(quantile_levels(q)).tolist()
        columns = {
            "nominal": self.nominal_scores,
            "score": self.pooled.estimate,
            "sd": np.sqrt(self.pooled.total),
        }
        quantiles = dict(zip(map(_label, levels), self.pooled.interval(levels), strict=True))
        return self.assessment.frame(columns | quantiles, rows=self.rows)

    def rank_intervals(self, q: float | Sequence[float] = (0.05, 0.95)) -> Frame:
        """Return the quantiles of each unit's rank over the tables.

        Standard errors of the scores do not widen these intervals.

        Parameters
        ----------
        q : float or sequence of float
            Quantiles, from 0 to 1, interpolated linearly between ranks as by default in NumPy.

        Returns
        -------
        frame
            A row for each unit: ``nominal``, ``rank`` (of the pooled scores), ``mean`` and a
            column such as ``q5`` for each quantile.
        """
        levels = np.atleast_1d(quantile_levels(q, is_closed=True)).tolist()
        columns = {
            "nominal": self.nominal_ranks,
            "rank": self.pooled_ranks,
            "mean": self.expected_ranks,
        }
        ranks = np.quantile(self.ranks, levels, axis=0)
        quantiles = dict(zip(map(_label, levels), ranks, strict=True))
        return self.assessment.frame(
            columns | quantiles, rows=self.rows, integers=["nominal", "rank"]
        )

    def _sheet(self) -> Sheet:
        noun = "unit" if self.assessment.periods is None else "row"
        title = (
            f"Multiple imputation of {self.node.code}: {counted(self.n_tables, 'table')}, "
            f"{counted(int(self.n_imputed.sum()), 'cell')} imputed in "
            f"{counted(int((self.n_imputed > 0).sum()), noun)}"
        )
        low, high = self.pooled.interval()
        rank_low, rank_high = np.quantile(self.ranks, [0.05, 0.95], axis=0)
        order = np.argsort(self.pooled_ranks, kind="stable")[:SHOWN].tolist()
        keys = {"unit": self.units}
        if self.assessment.periods is not None:
            keys["period"] = tuple(self.assessment.periods[row] for row in self.rows)
        rows = [
            (
                *(str(labels[i]) for labels in keys.values()),
                str(self.n_imputed[i]),
                f"{self.pooled.estimate[i]:.1f}",
                f"{low[i]:.1f} to {high[i]:.1f}",
                f"{self.pooled_ranks[i]:.0f}",
                f"{self.expected_ranks[i]:.1f}",
                f"{rank_low[i]:.0f} to {rank_high[i]:.0f}",
            )
            for i in order
        ]
        head = (*keys, "imputed", "score", "90 % interval", "rank", "mean rank", "90 % of ranks")
        words, left = tuple(range(len(keys))), len(self.rows) - len(rows)
        return Sheet(title, head, rows, words=words, left=left)


def multiple_imputation(  # noqa: PLR0913 each is a separate decision
    assessment: Assessment,
    imputation: Any,
    *,
    m: int = 20,
    rng: Any = None,
    node: str | None = None,
    period: object = None,
    errors: Any = None,
    df: Any = None,
    progress: bool = False,
) -> Imputations:
    r"""Assess several tables whose missing values are drawn at random, and pool the scores.

    All steps of the method are repeated for each completed table. The pooled score is the mean
    over the tables. Its variance is $T = W + (1 + 1/m) B$ (Rubin's rules), where B is the variance
    between the tables and W the variance within them: the variance that the scores would have if
    no value were missing.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    imputation : object
        An imputation that draws at random and replaces that of the method: `RegressionDraws`,
        scikit-learn's ``IterativeImputer(sample_posterior=True)`` or your own; or a mapping of
        tree level or code to imputations. If the imputation, or an estimator of scikit-learn
        within it, has an attribute ``seed`` or ``random_state``, each table uses a copy with a
        different seed. Otherwise the same object is called again for each table, and the result
        can be repeated only if the object itself repeats its draws.
    m : int
        The number of tables, at least 2. More than 20 improve the ends of intervals and the ranks.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed. The first tables do not depend on m.
    node : str, optional
        The code of the node whose scores and ranks are studied; the index by default.
    period : object, optional
        The period whose rows are reported; all periods by default. Values are always drawn for all
        periods.
    errors : float or array_like of shape (n_units,), optional
        Standard errors that the scores would have without missing values: one number, or one for
        each row of the assessment; the rows of a data frame are matched by unit (and period). The
        default is 0: the units in the data are not a sample of a larger population.
    df : float, optional
        The degrees of freedom of the standard errors, for the small-sample degrees of freedom of
        Barnard and Rubin.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Imputations
        The scores and ranks of each completed table, and the pooled scores.

    Raises
    ------
    MethodError
        The imputation fails, or another parameter is outside its limits.
    UnknownCodeError
        The node or period is unknown.

    Warns
    -----
    DLIWarning
        All completed tables are the same because the imputation does not draw at random.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Wiley.

    Barnard and Rubin (1999), Small-sample degrees of freedom with multiple imputation. Biometrika
    86, 948-955. https://doi.org/10.1093/biomet/86.4.948

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> from dli.imputation import RegressionDraws
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {
    ...     "unit": list("UVWXYZ"), "a": [1, 2, 3, 4, 6, 9], "b": [2, 3, 5, 6, None, 12]
    ... }
    >>> multiple_imputation(Assessment(index, data), RegressionDraws(), m=10, rng=1)
    Multiple imputation of T: 10 tables, 1 cell imputed in 1 unit
    <BLANKLINE>
    unit  imputed  score   90 % interval  rank  mean rank  90 % of ranks
    Z           0  100.0  100.0 to 100.0     1        1.0         1 to 1
    Y           1   62.2    52.8 to 71.6     2        2.0         2 to 2
    X           0   38.8    38.8 to 38.8     3        3.0         3 to 3
    W           0   27.5    27.5 to 27.5     4        4.0         4 to 4
    V           0   11.2    11.2 to 11.2     5        5.0         5 to 5
    U           0    0.0      0.0 to 0.0     6        6.0         6 to 6
    """
    instance("assessment", assessment, Assessment)
    m = whole_number("m", m, 2, _MOST_TABLES)
    refuse("multiple_imputation", _faults(errors, df, progress))
    seed = seed_of(rng)
    studied = inner_node(assessment.index, node)
    rows = np.arange(len(assessment.units)) if period is None else assessment.rows(period)
    squares = _squares(errors, assessment)
    require_imputation(imputation)
    work = partial(_table, assessment, imputation)
    seeds = np.random.SeedSequence(seed).generate_state(m).tolist()
    scores, ranks = np.empty((2, m, len(rows)))
    before = filled = assessment.stage_array("denominated")
    varies = False
    # A single worker, because an imputation without a seed continues from table to table.
    with ThreadPoolExecutor(1) as pool_of_one:
        tables = in_order(work, seeds, executor=pool_of_one, progress=progress, n_draws=lambda _: 1)
        for place, table in enumerate(tables):
            scores[place] = table.array(studied.code)[rows]
            ranks[place] = table.rank_array(studied.code)[rows]
            last, filled = filled, table.stage_array("imputed")
            varies |= place > 0 and not np.array_equal(last, filled, equal_nan=True)
    is_filled = np.isnan(before) & ~np.isnan(filled)
    if is_filled.any() and not varies:
        msg = (
            f"all {m} completed tables are the same: {named(imputation)} does not draw at random, "
            f"and the variance between tables says nothing about missing values; use {EXAMPLES}"
        )
        warn(msg, DLIWarning, stacklevel=2)
    columns = [indicator.code for indicator in assessment.index.indicators]
    below = np.array([columns.index(indicator.code) for indicator in studied.indicators])
    variances = None if squares is None else np.broadcast_to(squares[rows], scores.shape)
    return Imputations(
        assessment=assessment,
        node=studied,
        imputation=imputation,
        seed=seed,
        rows=rows,
        scores=scores,
        ranks=ranks,
        n_imputed=is_filled[np.ix_(rows, below)].sum(axis=1),
        pooled=pool(scores, variances, df=df),
        varies=varies,
    )


def _faults(errors: Any, df: Any, progress: Any) -> Iterator[str]:
    yield from flag_faults(progress=progress)
    if df is not None:
        yield from filter(None, [number_fault("df", df, above=0)])
        if errors is None:
            yield "df, the degrees of freedom of standard errors, needs errors"


def _table(assessment: Assessment, imputation: Any, seed: int) -> Assessment:
    """Return the assessment of one completed table."""
    table = assessment.evolve(imputation=seeded(imputation, seed))
    if not table.has_rows_of(assessment):
        msg = (
            f"imputation {named(imputation)} keeps other rows than the assessment, as "
            "imputations over time can; give the assessment an imputation of the same kind"
        )
        raise MethodError(msg)
    return table


def _squares(errors: Any, assessment: Assessment) -> Floats | None:
    """Return the squared standard error of each row of an assessment."""
    if errors is None:
        return None
    n_rows = len(assessment.units)
    data = assessment.observations
    rest, names = split_keys(errors, "errors", [data.unit_column, data.period_column])
    sds = as_floats(rest, "errors")
    if sds.ndim == 2 and sds.shape[1] == 1:  # a data frame with one column beside the units
        sds = sds[:, 0]
    if sds.shape not in ((), (n_rows if names is None else len(names),)):
        msg = (
            f"errors must be a number or of the shape (n_units,) = ({n_rows},), one for each row "
            f"of the assessment, got {sds.shape}"
        )
        raise MethodError(msg)
    if names is not None:
        periods = assessment.periods
        keys = (
            assessment.units
            if periods is None
            else list(zip(assessment.units, periods, strict=True))
        )
        sds = sds[places_of(names, keys, "errors")]
    sds = np.broadcast_to(sds, n_rows)
    with np.errstate(over="ignore"):
        squares = sds**2
    wrong = np.flatnonzero(~((sds >= 0) & np.isfinite(squares))).tolist()
    if wrong:
        msg = "errors must be numbers of at least 0 whose squares are finite"
        raise MethodError(msg, [f"unit {assessment.units[row]!r}: {sds[row]}" for row in wrong])
    return np.asarray(squares)


def _label(q: float) -> str:
    return f"q{100 * q:g}"
