"""Confidence sets for ranks, and groups of units whose scores do not differ significantly."""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Bools, Floats, as_floats
from dli.checks import choice_faults, flag_faults, number, refuse, seed_of, whole_number
from dli.errors import MethodError
from dli.printing import SHOWN, Printed, Sheet
from dli.ranking import level_ties, rank_scores
from dli.robustness.arrays.differences import Steps, among_all, unit_by_unit
from dli.robustness.arrays.noise import noise_of

__all__ = ["RankSets", "Side", "TieGroups", "best_sets", "rank_sets", "tie_groups", "worst_sets"]

Side: TypeAlias = Literal["two-sided", "lower", "upper"]
SIDES = ("two-sided", "lower", "upper")
# The draws and all arrays computed from them are kept in memory.
_MOST_DRAWS = 1_000_000


@frozen(kw_only=True, eq=False, repr=False)
class RankSets(Printed):
    """Confidence sets for the ranks of units whose scores have errors.

    Attributes
    ----------
    ranks : ndarray of shape (n_units,)
        The ranks of the scores as they are: 1 is the highest score, and tied units share the
        smaller rank. Units without a score have NaN here and in the other arrays of numbers.
    lower, upper : ndarray of shape (n_units,)
        The smallest and the largest rank in the set of each unit.
    told_apart : ndarray of bool of shape (n_units, n_units)
        Whether the tests for the unit (row) declare it above or below the other (column), which is
        what its set is computed from. Symmetric for simultaneous sets.
    critical_values : ndarray of shape (n_units,)
        The critical value of the last step: a difference counts if it exceeds this number of
        standard errors. It is the same for all units if the sets are simultaneous.
    confidence : float
        The probability that the sets contain the true ranks.
    side : {"two-sided", "lower", "upper"}
        Whether the sets are bounded on both sides, or only from below or from above.
    simultaneous, stepdown : bool
        Whether the confidence applies to the sets of all units together, and whether the sets were
        narrowed in several steps.
    n_draws, seed : int
        The number of draws of the errors, and their seed. The same scores, errors and settings
        return identical sets.
    labels : sequence of str
        The names of the units in the printed table; their row numbers if empty.
    """

    ranks: Floats
    lower: Floats
    upper: Floats
    told_apart: Bools
    critical_values: Floats
    confidence: float
    side: Side
    simultaneous: bool
    stepdown: bool
    n_draws: int
    seed: int
    labels: Sequence[str] = ()

    @property
    def not_told_apart(self) -> Floats:
        """The number of units from which each unit is not told apart, of shape (n_units,)."""
        is_scored = ~np.isnan(self.ranks)
        n_not_told_apart = is_scored.sum() - 1 - self.told_apart.sum(axis=1)
        return np.where(is_scored, n_not_told_apart, np.nan)

    def _sheet(self) -> Sheet:
        labels = self.labels or [f"row {i}" for i in range(len(self.ranks))]
        n_scored = int((~np.isnan(self.ranks)).sum())
        rows = [
            (labels[i], f"{self.ranks[i]:.0f}", f"{self.lower[i]:.0f}", f"{self.upper[i]:.0f}")
            for i in np.argsort(self.ranks, kind="stable")[: min(SHOWN, n_scored)].tolist()
        ]
        kind = "Simultaneous" if self.simultaneous else "Marginal"
        title = f"{kind} sets of ranks, confidence {100 * self.confidence:g} %, {self.side}"
        return Sheet(title, ("unit", "rank", "from", "to"), rows, left=n_scored - len(rows))


@frozen(kw_only=True, eq=False, repr=False)
class TieGroups(Printed):
    """Units that are not told apart, and a division of the ranking into groups of such units.

    Attributes
    ----------
    groups : ndarray of shape (n_units,)
        The number of each unit's group, 1 for the highest scores; NaN for units without a score.
    together : ndarray of bool of shape (n_units, n_units)
        Whether two different units are not told apart. Symmetric.
    sets : RankSets
        The simultaneous confidence sets from which the groups follow.
    """

    groups: Floats
    together: Bools
    sets: RankSets

    def _sheet(self) -> Sheet:
        n_groups = int(np.fmax.reduce(self.groups, initial=0))
        rows = []
        for group in range(1, min(n_groups, SHOWN) + 1):
            ranks = self.sets.ranks[self.groups == group]
            rows.append((f"{group}", f"{ranks.size}", f"{ranks.min():.0f}", f"{ranks.max():.0f}"))
        title = f"Groups of units not told apart, confidence {100 * self.sets.confidence:g} %"
        head = ("group", "units", "first rank", "last rank")
        return Sheet(title, head, rows, words=(), left=n_groups - len(rows))


def rank_sets(  # noqa: PLR0913 each is a decision of its own
    scores: ArrayLike,
    errors: ArrayLike | None = None,
    *,
    covariance: ArrayLike | None = None,
    draws: ArrayLike | None = None,
    confidence: float = 0.95,
    side: Side = "two-sided",
    simultaneous: bool = True,
    stepdown: bool = True,
    n_draws: int = 10_000,
    rng: object = None,
) -> RankSets:
    r"""Return a confidence set for the rank of each unit, from the errors of the scores.

    Unit j is declared above unit i if $x_j - x_i > c \, s_{ij}$, where $s_{ij}$ is the standard
    error of the difference. The lower end of the set of i is one more than the number of units
    declared above it; the upper end is ``n_units`` minus the number of units declared below it. The
    critical value c is a quantile of the largest standardised difference of two errors, drawn from
    a normal distribution: over all pairs of units for simultaneous sets, and over the pairs with
    one unit for the set of that unit alone. Each further step omits the pairs that have been told
    apart, until no more pairs are.

    Parameters
    ----------
    scores : array_like of shape (n_units,)
        The scores. NaN marks a missing score: the unit is left out and is not counted.
    errors : float or array_like of shape (n_units,), optional
        The standard errors of the scores, if these are independent. Exactly one of ``errors``,
        ``covariance`` and ``draws`` is required. With ``errors=0`` the sets contain only the ranks
        of the scores.
    covariance : array_like of shape (n_units, n_units), optional
        The covariance of the errors of the scores.
    draws : array_like of shape (n_draws, n_units), optional
        Draws of the scores, such as those of a study, at least two for each unit, of which the
        covariance is computed.
    confidence : float
        The probability that the sets contain the true ranks, between 0 and 1.
    side : {"two-sided", "lower", "upper"}
        Whether the sets are bounded on both sides, or only by a smallest (``"lower"``) or a largest
        (``"upper"``) rank. If ``simultaneous`` is False, a bound on one side can be sharper.
    simultaneous : bool
        Whether the confidence applies to all sets together, as a table of all units requires, or to
        each set separately.
    stepdown : bool
        Whether to continue after the first step. The sets are then the same or narrower, with the
        same confidence.
    n_draws : int
        The number of errors to draw for each unit.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed, or a generator from which one is drawn; by default a new seed, which the result
        records.

    Returns
    -------
    RankSets
        The confidence sets, with the pairs of units that are told apart.

    Raises
    ------
    MethodError
        An error is missing, negative or infinite, not exactly one of ``errors``, ``covariance`` and
        ``draws`` is passed, the covariance is invalid, or ``n_draws`` is too small for the
        confidence.

    Notes
    -----
    The errors must be approximately normal. If all true scores are equal, the sets contain the true
    ranks with about the stated confidence; otherwise with a higher one, because only a claim in the
    wrong direction is then a mistake. Two units whose difference is exact, such as units without
    errors, are in this order in all sets. The computing time grows with the square of the number of
    units.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for ranks with applications to mobility
    across neighbourhoods and academic achievement across countries, Review of Economic Studies 91,
    476-518. https://doi.org/10.1093/restud/rdad006

    Examples
    --------
    >>> sets = rank_sets([60, 70, 58, 40], errors=2.0, rng=1)
    >>> sets.lower.tolist(), sets.upper.tolist()
    ([2.0, 1.0, 2.0, 4.0], [3.0, 1.0, 3.0, 4.0])
    """
    confidence, seed = number("confidence", confidence, above=0, below=1), seed_of(rng)
    faults = list(choice_faults("side", side, SIDES))
    faults += flag_faults(simultaneous=simultaneous, stepdown=stepdown)
    refuse("rank_sets", faults)
    n_draws = whole_number("n_draws", n_draws, 1, _MOST_DRAWS)
    # The critical value is a quantile of n_draws + 1 values, of which one is the observed value, so
    # that the level of the tests is exact for any n_draws.
    n_above = n_draws + 1 - math.ceil(confidence * (n_draws + 1) - 1e-9)
    if n_above < 1:
        msg = (
            f"n_draws must be at least {math.ceil(confidence / (1 - confidence) - 1e-9):,} for a "
            f"confidence of {confidence:g}, got {n_draws}"
        )
        raise MethodError(msg)
    x = _checked_scores(scores)
    is_scored = ~np.isnan(x)
    noise = noise_of(x, errors, covariance, draws, n_draws, seed)
    steps = Steps(noise=noise, n_above=n_above, is_stepwise=stepdown)
    levels = np.ldexp(level_ties(x)[is_scored], -noise.power)
    above, below, critical = (
        among_all(steps, levels) if simultaneous else unit_by_unit(steps, levels, side)
    )
    result = np.full((3, len(x)), np.nan)
    # Units that tie exactly, without error, do not compete for a rank.
    is_tied = noise.is_exact & (levels[:, np.newaxis] == levels)
    n_rivals = len(levels) - is_tied.sum(axis=1) + 1
    result[0, is_scored] = 1 if side == "upper" else above.sum(axis=1) + 1
    result[1, is_scored] = len(levels) if side == "lower" else n_rivals - below.sum(axis=1)
    result[2, is_scored] = critical
    told_apart = np.zeros((len(x), len(x)), dtype=np.bool_)
    told_apart[np.ix_(is_scored, is_scored)] = above | below
    return RankSets(
        ranks=rank_scores(x),
        lower=result[0],
        upper=result[1],
        told_apart=told_apart,
        critical_values=result[2],
        confidence=confidence,
        side=side,
        simultaneous=simultaneous,
        stepdown=stepdown,
        n_draws=n_draws,
        seed=seed,
    )


def _checked_scores(scores: ArrayLike) -> Floats:
    """Return the scores as an array, or raise an error if they are not finite or missing."""
    x = as_floats(scores, "scores")
    if x.ndim != 1 or not x.size:
        msg = f"scores must have the shape (n_units,) with at least one unit, got {x.shape}"
        raise MethodError(msg)
    faults = [f"row {i}: {x[i]}" for i in np.flatnonzero(np.isinf(x)).tolist()]
    if faults:
        msg = "scores must be finite numbers, or NaN where missing"
        raise MethodError(msg, faults)
    return x


def best_sets(  # noqa: PLR0913 each is a decision of its own
    scores: ArrayLike,
    errors: ArrayLike | None = None,
    k: int = 1,
    *,
    covariance: ArrayLike | None = None,
    draws: ArrayLike | None = None,
    confidence: float = 0.95,
    stepdown: bool = True,
    n_draws: int = 10_000,
    rng: object = None,
) -> Bools:
    """Return the units that cannot be excluded from the k best.

    They contain, with the stated confidence, all units whose true rank is at most k.

    Parameters
    ----------
    scores, errors, covariance, draws, confidence, stepdown, n_draws, rng
        As in `rank_sets`, which also lists the errors.
    k : int
        The number of best units, from 1 to the number of units.

    Returns
    -------
    ndarray of bool of shape (n_units,)
        Whether the simultaneous set of the unit contains a rank of at most k; False for units
        without a score.

    Examples
    --------
    >>> best_sets([60, 70, 58, 40], 2.0, 2, rng=1).tolist()
    [True, True, True, False]
    """
    k = whole_number("k", k, 1, len(_checked_scores(scores)))
    sets = rank_sets(
        scores, errors, covariance=covariance, draws=draws, confidence=confidence, side="lower",
        stepdown=stepdown, n_draws=n_draws, rng=rng,
    )  # fmt: skip
    return np.asarray(sets.lower <= k)


def worst_sets(  # noqa: PLR0913 each is a decision of its own
    scores: ArrayLike,
    errors: ArrayLike | None = None,
    k: int = 1,
    *,
    covariance: ArrayLike | None = None,
    draws: ArrayLike | None = None,
    confidence: float = 0.95,
    stepdown: bool = True,
    n_draws: int = 10_000,
    rng: object = None,
) -> Bools:
    """Return the units that cannot be excluded from the k worst.

    Parameters
    ----------
    scores, errors, k, covariance, draws, confidence, stepdown, n_draws, rng
        As in `best_sets`, with ``k`` the number of worst units.

    Returns
    -------
    ndarray of bool of shape (n_units,)
        Whether the simultaneous set of the unit contains one of the k last ranks; False for units
        without a score.

    Examples
    --------
    >>> worst_sets([60, 70, 58, 40], 2.0, 2, rng=1).tolist()
    [True, False, True, True]
    """
    k = whole_number("k", k, 1, len(_checked_scores(scores)))
    sets = rank_sets(
        scores, errors, covariance=covariance, draws=draws, confidence=confidence, side="upper",
        stepdown=stepdown, n_draws=n_draws, rng=rng,
    )  # fmt: skip
    return np.asarray(sets.upper > (~np.isnan(sets.ranks)).sum() - k)


def tie_groups(  # noqa: PLR0913 each is a decision of its own
    scores: ArrayLike,
    errors: ArrayLike | None = None,
    *,
    covariance: ArrayLike | None = None,
    draws: ArrayLike | None = None,
    confidence: float = 0.95,
    stepdown: bool = True,
    n_draws: int = 10_000,
    rng: object = None,
) -> TieGroups:
    """Return the units that are not told apart, and a division of the ranking into groups of them.

    Two units are told apart if their difference is significant in the simultaneous two-sided sets.
    Groups are formed from the highest score downwards: each unit joins the current group unless it
    is told apart from a unit in it, in which case it starts the next group. Thus no two units of a
    group are told apart, each group consists of consecutive ranks, and no division of this kind has
    fewer groups. Units of different groups may also not be told apart: `TieGroups.together` shows
    which pairs are not.

    Parameters
    ----------
    scores, errors, covariance, draws, confidence, stepdown, n_draws, rng
        As in `rank_sets`, which also lists the errors. Units with equal scores are taken in their
        order in ``scores``.

    Returns
    -------
    TieGroups
        The groups, and the pairs of units that are not told apart.

    Examples
    --------
    >>> ties = tie_groups([60, 70, 58, 40], errors=2.0, rng=1)
    >>> ties.groups.tolist(), ties.sets.not_told_apart.tolist()
    ([2.0, 1.0, 2.0, 3.0], [1.0, 0.0, 1.0, 0.0])
    """
    sets = rank_sets(
        scores, errors, covariance=covariance, draws=draws, confidence=confidence,
        stepdown=stepdown, n_draws=n_draws, rng=rng,
    )  # fmt: skip
    groups = np.full(len(sets.ranks), np.nan)
    is_scored = ~np.isnan(sets.ranks)
    order = np.argsort(sets.ranks, kind="stable")[: int(is_scored.sum())].tolist()
    members: list[int] = []
    group = 0
    for unit in order:
        if not members or sets.told_apart[unit, members].any():
            members = []
            group += 1
        members.append(unit)
        groups[unit] = group
    together = ~sets.told_apart & np.outer(is_scored, is_scored)
    np.fill_diagonal(together, val=False)
    return TieGroups(groups=groups, together=together, sets=sets)
