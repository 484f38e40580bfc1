"""What might not hold: low parts, narrow strengths, doubtful data, ranks that depend on choices."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.assessment.contributions import held_aggregation
from dli.assessment.pipeline import skipping
from dli.diagnosis.selection import Floats, beside, same_units, stacked
from dli.errors import MethodError
from dli.framework import Index
from dli.framework.checks import is_number

if TYPE_CHECKING:
    from dli.sensitivity.study import Uncertainty

__all__ = ["risks"]

Flag: TypeAlias = tuple[str, str, float, str]


def risks(
    assessment: Assessment,
    unit: object,
    *,
    floor: float | None = None,
    study: "Uncertainty | None" = None,
    spread: float = 0.1,
    period: object = None,
) -> Any:
    """List what might not hold in a unit's result.

    Parameters
    ----------
    assessment : Assessment
    unit : object
    floor : float, optional
        The score below which a sub-index is a risk; by default the lower quartile of all units,
        of each sub-index its own.
    study : Uncertainty, optional
        What `dli.sensitivity.uncertainty` found on the same units, for how firm the rank is.
    spread : float
        The share of units over which the middle 90 % of the rank may run before it is flagged.
    period : object, optional
        Where there are several; units are compared within it.

    Returns
    -------
    frame
        A row for each risk: ``kind, code, value`` and ``note``, what the value is. Without rows
        if there is none. The kinds:

        ``low``
            The score of a sub-index below the floor.
        ``narrow``
            A strength that rests on one indicator: a sub-index in the upper quartile of units,
            more than half of whose lead over the median is gone when the indicator is left out
            for all units. The value is the share that is gone, missing if the unit has nothing
            else there; above 1 the unit falls behind the median.
        ``missing``, ``imputed``
            The share of a sub-index's weight that has no value, or a guessed one.
        ``treated``
            An indicator's value before it was changed as an outlier.
        ``rank``
            How many places the middle 90 % of the unit's rank in the study run over.

    Raises
    ------
    UnknownCodeError
        No such unit or period.
    MethodError
        A floor that is no number, a spread that is no share, or a study of other units.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
    >>> data = {"unit": list("XYZ"), "a": [9, 5, 1], "b": [1, 3, 2], "c": [1, 2, None]}
    >>> table = frames.read(risks(Assessment(index, data), "X", floor=60))
    >>> [table.column(name)[0] for name in ("kind", "code", "value", "note")]
    ['low', 'A', 50.0, 'score below the floor, 60']
    """
    _check(assessment, floor, study, spread)
    row = assessment.row(unit, period)
    rows = beside(assessment, row)
    parts = [node for node in assessment.index.walk() if isinstance(node, Index)][1:]
    found = [
        *(flag for part in parts for flag in _low(assessment, row, rows, part, floor)),
        *(flag for part in parts for flag in _narrow(assessment, row, rows, part)),
        *(flag for part in parts for flag in _without_data(assessment, row, part)),
        *_treated(assessment, row),
        *([] if study is None else _loose_rank(study, row, rows, spread)),
    ]
    columns = {
        "kind": [flag[0] for flag in found],
        "code": [flag[1] for flag in found],
        "value": np.array([flag[2] for flag in found], dtype=np.float64),
        "note": [flag[3] for flag in found],
    }
    return frames.build(columns, assessment.observations.table.library)


def _check(
    assessment: Assessment, floor: float | None, study: "Uncertainty | None", spread: float
) -> None:
    faults = []
    if floor is not None and not is_number(floor):
        faults.append(f"floor must be a number, or None for the lower quartile, got {floor!r}")
    if not (is_number(spread) and 0 <= spread <= 1):
        faults.append(f"spread must be a share of units from 0 to 1, got {spread!r}")
    if study is not None and not same_units(study.assessment, assessment):
        faults.append("study must be of the same units, in the same order")
    if faults:
        msg = "risks cannot be told"
        raise MethodError(msg, faults)


def _low(
    assessment: Assessment, row: int, rows: Sequence[int], part: Index, floor: float | None
) -> Iterator[Flag]:
    scores = assessment.array(part.code)
    if np.isnan(scores[row]):
        return
    limit = float(np.nanquantile(scores[rows], 0.25)) if floor is None else floor
    if scores[row] < limit:
        what = "the lower quartile" if floor is None else "the floor"
        yield "low", part.code, float(scores[row]), f"score below {what}, {limit:.4g}"


def _narrow(assessment: Assessment, row: int, rows: Sequence[int], part: Index) -> Iterator[Flag]:
    scores = assessment.array(part.code)
    own = float(scores[row])
    if np.isnan(own) or len(part.indicators) < 2:
        return
    median, upper = np.nanquantile(scores[rows], [0.5, 0.75]).tolist()
    if own < upper or own <= median:
        return
    for indicator in part.indicators:
        if np.isnan(assessment.array(indicator.code)[row]):
            continue
        without = _without(assessment, part, indicator.code)
        name = repr(indicator.code)
        if np.isnan(without[row]):
            yield "narrow", part.code, np.nan, f"score in the upper quartile on {name} alone"
            continue
        left = float(without[row] - np.nanmedian(without[rows]))
        gone = 1 - left / (own - median)
        if gone > 0.5:
            note = f"share of the lead over the median that is gone without {name}"
            yield "narrow", part.code, gone, note


def _without(assessment: Assessment, part: Index, code: str) -> Floats:
    """Give the scores of a sub-index with an indicator missing everywhere, weights held."""
    scores = np.full(len(assessment.units), np.nan)
    path = assessment.index.path(code)
    for parent in path[: path.index(part) + 1]:
        values = stacked(assessment, parent.children)
        values[:, [child.code for child in parent.children].index(code)] = scores
        aggregation = held_aggregation(assessment, parent)
        weights = assessment.weight_array(parent.code)
        scores = np.full(len(values), np.nan)
        there = ~np.isnan(values).all(axis=1)
        if there.any():
            own = weights if weights.ndim == 1 else weights[there]
            scores[there] = skipping(aggregation, values[there], own, parent)
        code = parent.code
    return scores


def _without_data(assessment: Assessment, row: int, part: Index) -> Iterator[Flag]:
    shares = _shares(assessment, row, part)
    place = {i.code: j for j, i in enumerate(assessment.index.indicators)}
    stages = [assessment.stage_array(name)[row] for name in ("denominated", "normalised")]
    before, after = (np.array([stage[place[code]] for code in shares]) for stage in stages)
    share = np.array(list(shares.values()))
    for kind, chosen, what in (
        ("missing", np.isnan(after), "has no value"),
        ("imputed", np.isnan(before) & ~np.isnan(after), "is a guess"),
    ):
        if chosen.any():
            codes = [code for code, is_chosen in zip(shares, chosen, strict=True) if is_chosen]
            note = f"share of its weight that {what}: {', '.join(codes)}"
            yield kind, part.code, float(share[chosen].sum()), note


def _shares(assessment: Assessment, row: int, part: Index) -> dict[str, float]:
    """Give each indicator's share of a sub-index's weight for a unit."""
    shares = {part.code: 1.0}
    for node in part.walk():
        if isinstance(node, Index):
            own = assessment.weight_array(node.code, row).tolist()
            for child, weight in zip(node.children, own, strict=True):
                shares[child.code] = shares[node.code] * weight
    return {indicator.code: shares[indicator.code] for indicator in part.indicators}


def _treated(assessment: Assessment, row: int) -> Iterator[Flag]:
    before, after = (assessment.stage_array(name)[row] for name in ("imputed", "treated"))
    for j in np.flatnonzero((before != after) & ~np.isnan(before)).tolist():
        code = assessment.index.indicators[j].code
        note = f"value before it was treated as an outlier; {after[j]:.6g} counts"
        yield "treated", code, float(before[j]), note


def _loose_rank(
    study: "Uncertainty", row: int, rows: Sequence[int], spread: float
) -> Iterator[Flag]:
    low, high = (float(study.rank_quantiles(q)[row]) for q in (0.05, 0.95))
    ranked = int((~np.isnan(study.nominal_scores[rows])).sum())
    if high - low > spread * ranked:
        note = f"places that 90 % of draws run over: rank {low:g} to {high:g} of {ranked}"
        yield "rank", study.design.node.code, high - low, note
