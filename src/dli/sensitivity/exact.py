"""Exact results for the arithmetic mean, on an assessment: no sampling."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias
from warnings import warn

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli import frames
from dli.aggregation import ArithmeticMean
from dli.assessment import Assessment
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.framework import Index
from dli.printing import Printed, Sheet
from dli.sensitivity import dominance, stability, winning

__all__ = [
    "WeightStability",
    "central_weights",
    "dominating",
    "pairwise_winning",
    "rank_range",
    "weight_stability",
]

Floats: TypeAlias = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class _Parts:
    """The parts of a node by which units are compared.

    Attributes
    ----------
    codes : tuple of str
    values : ndarray of shape (n_units, n_parts)
        Normalised values or scores.
    weights : ndarray of shape (n_parts,)
        Effective, within the node.
    """

    codes: tuple[str, ...]
    values: Floats
    weights: Floats


def _parts(assessment: Assessment, node: str | None, over: str) -> _Parts:
    """Give the children of a node, or its indicators, where its score is their weighted sum."""
    index = assessment.index
    top = index.find(index.code if node is None else node)
    if not isinstance(top, Index):
        msg = f"{top.code!r} is an indicator and has no parts"
        raise MethodError(msg)
    if over not in ("children", "indicators"):
        raise UnknownCodeError("kind of part", [over], ["children", "indicators"])
    inner = [top] if over == "children" else [n for n in top.walk() if isinstance(n, Index)]
    others = [
        f"{n.code!r}: {choice!r}"
        for n in inner
        if not isinstance(choice := assessment.method.for_node("aggregation", n, index),
                          ArithmeticMean)
    ]  # fmt: skip
    if others:
        msg = "exact results are for arithmetic means; `uncertainty` samples the others"
        raise MethodError(msg, others)
    codes = tuple(c.code for c in (top.children if over == "children" else top.indicators))
    whole = assessment.effective_weight_array(top.code)
    weights = [np.mean(assessment.effective_weight_array(code) / whole) for code in codes]
    values = np.stack([assessment.array(code) for code in codes], axis=1)
    return _Parts(codes=codes, values=values, weights=np.array(weights))


def _complete(assessment: Assessment, parts: _Parts) -> NDArray[np.bool_]:
    """Find the units that have all parts, and warn of the others."""
    there = np.asarray(~np.isnan(parts.values).any(axis=1))
    if not there.all():
        names = ", ".join(repr(u) for u, t in zip(assessment.units, there, strict=True) if not t)
        msg = f"{int((~there).sum())} units lack a part and have no result: {names}"
        warn(msg, DLIWarning, stacklevel=4)
    if not there.any():
        msg = f"no unit has a value of all of {', '.join(parts.codes)}"
        raise MethodError(msg)
    return there


def pairwise_winning(
    assessment: Assessment,
    node: str | None = None,
    *,
    over: str = "children",
    concentration: Sequence[int] | None = None,
    lower: ArrayLike | None = None,
) -> Floats:
    """Give the probability that each unit scores above each other, whatever the weights.

    Parameters
    ----------
    assessment : Assessment
    node : str, optional
        Whose scores are compared; the index by default. It must be an arithmetic mean.
    over : {"children", "indicators"}
        Weights of what are uniform on the simplex: of the node's children, or of all indicators
        below it regardless of the tree between.
    concentration, lower
        As of `pairwise_winning_probabilities`.

    Returns
    -------
    ndarray of shape (n_units, n_units)
        Row above column, exact. Two units are compared by the parts that both have.

    Raises
    ------
    MethodError
        Another aggregation, or units without a common part.

    Warns
    -----
    DLIWarning
        Units that lack a part.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [2, 1, 0]})
    >>> pairwise_winning(assessment)[1].round(6).tolist()
    [0.6, 0.0, 0.666667]
    """
    parts = _parts(assessment, node, over)
    gaps = np.asarray(np.isnan(parts.values).any(axis=1))
    if gaps.any():
        names = ", ".join(repr(u) for u, gap in zip(assessment.units, gaps, strict=True) if gap)
        msg = f"{int(gaps.sum())} units lack a part and are compared by the others: {names}"
        warn(msg, DLIWarning, stacklevel=2)
    return winning.pairwise_winning_probabilities(
        parts.values, concentration=concentration, lower=lower
    )


def central_weights(
    assessment: Assessment,
    node: str | None = None,
    *,
    n_samples: int,
    rng: Any = None,
    over: str = "children",
) -> Any:
    """Give the mean of the weights under which each unit is the first.

    Parameters
    ----------
    assessment, node, over
        As of `pairwise_winning`.
    n_samples, rng
        As of `rank_acceptability`.

    Returns
    -------
    frame
        A row for each unit: ``share`` of weights under which it is first, and a column with the
        central weight of each part, missing for units that never are.
    """
    parts = _parts(assessment, node, over)
    there = _complete(assessment, parts)
    found = winning.rank_acceptability(parts.values[there], n_samples=n_samples, rng=rng)
    share = np.full(len(there), np.nan)
    weights = np.full(parts.values.shape, np.nan)
    share[there], weights[there] = found.acceptability[:, 0], found.central_weights
    return _frame(assessment, {"share": share, **dict(zip(parts.codes, weights.T, strict=True))})


def rank_range(
    assessment: Assessment,
    node: str | None = None,
    *,
    over: str = "children",
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> Any:
    """Give the best and the worst rank of each unit over all weights.

    Parameters
    ----------
    assessment, node, over
        As of `pairwise_winning`.
    lower, upper : array_like of shape (n_parts,), optional
        Bounds of each weight.

    Returns
    -------
    frame
        A row for each unit: ``nominal`` rank, ``best``, ``worst`` and ``exact``, whether the
        solver settled both.
    """
    parts = _parts(assessment, node, over)
    there = _complete(assessment, parts)
    found = dominance.rank_ranges(parts.values[there], lower=lower, upper=upper)
    best, worst = np.full((2, len(there)), np.nan)
    best[there], worst[there] = found.best, found.worst
    exact = np.zeros(len(there), dtype=np.bool_)
    exact[there] = (found.best == found.best_bound) & (found.worst == found.worst_bound)
    code = assessment.index.code if node is None else node
    columns = {"nominal": assessment.rank_array(code), "best": best, "worst": worst}
    return _frame(assessment, columns | {"exact": exact.tolist()}, ["nominal", "best", "worst"])


def dominating(
    assessment: Assessment, node: str | None = None, *, over: str = "indicators"
) -> NDArray[np.bool_]:
    """Tell which units no weights can put behind others: nowhere worse, somewhere better.

    Parameters
    ----------
    assessment, node, over
        As of `pairwise_winning`.

    Returns
    -------
    ndarray of bool of shape (n_units, n_units)
        Row over column, by the parts that both have.
    """
    return dominance.dominance_matrix(_parts(assessment, node, over).values)


@frozen(kw_only=True, eq=False, repr=False)
class WeightStability(Printed):
    """Within which limits each weight leaves the order of units as it is.

    Attributes
    ----------
    codes : tuple of str
        The parts.
    units : tuple
        Those that have all parts, in the order of the arrays.
    limits : Stability
    """

    codes: tuple[str, ...]
    units: tuple[Any, ...]
    limits: stability.Stability
    _library: Any

    @cached_property
    def table(self) -> Any:
        """A row for each part.

        Columns: ``code, weight``; ``low`` and ``high``, between which no two units swap;
        ``swap_low`` and ``swap_high``, who does there; ``leader_low`` and ``leader_high``, between
        which the first stays the first.
        """
        found = self.limits
        return frames.build(
            {
                "code": list(self.codes),
                "weight": found.weights,
                "low": found.low,
                "high": found.high,
                "swap_low": [self._swap(pair) for pair in found.swaps[:, 0].tolist()],
                "swap_high": [self._swap(pair) for pair in found.swaps[:, 1].tolist()],
                "leader_low": found.leader_low,
                "leader_high": found.leader_high,
            },
            self._library,
        )

    def _swap(self, pair: list[int]) -> str | None:
        return None if pair[0] < 0 else f"{self.units[pair[0]]} / {self.units[pair[1]]}"

    def _sheet(self) -> Sheet:
        found = self.limits
        parts = (found.weights, found.low, found.high, found.leader_low, found.leader_high)
        rows = [(code, *(f"{part[k]:.3f}" for part in parts)) for k, code in enumerate(self.codes)]
        head = ("code", "weight", "no swap from", "to", "leader from", "to")
        return Sheet("How far each weight may move before ranks do", head, rows)


def weight_stability(
    assessment: Assessment, node: str | None = None, *, over: str = "children"
) -> WeightStability:
    """Tell how far each weight may move, the others in proportion, before two units swap.

    Parameters
    ----------
    assessment, node, over
        As of `pairwise_winning`.

    Returns
    -------
    WeightStability

    Raises
    ------
    MethodError
        Another aggregation than the arithmetic mean, or no unit with all parts.

    Warns
    -----
    DLIWarning
        Units that lack a part: they are left out.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y", "Z"], "a": [0, 3, 4], "b": [2, 1, 0]})
    >>> weight_stability(assessment)
    How far each weight may move before ranks do
    <BLANKLINE>
    code  weight  no swap from     to  leader from     to
    a      0.500         0.400  0.667        0.400  0.667
    b      0.500         0.333  0.600        0.333  0.600
    """
    parts = _parts(assessment, node, over)
    there = _complete(assessment, parts)
    return WeightStability(
        codes=parts.codes,
        units=tuple(u for u, t in zip(assessment.units, there, strict=True) if t),
        limits=stability.weight_stability_intervals(
            parts.values[there], parts.weights / parts.weights.sum()
        ),
        library=assessment.observations.table.library,
    )


def _frame(assessment: Assessment, columns: dict[str, Any], integers: Sequence[str] = ()) -> Any:
    observations = assessment.observations
    keys: dict[str, Any] = {observations.unit_column: list(assessment.units)}
    if assessment.periods is not None:
        keys[str(observations.period_column)] = list(assessment.periods)
    return frames.build({**keys, **columns}, observations.table.library, integers=integers)
