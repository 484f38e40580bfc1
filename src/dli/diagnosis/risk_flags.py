"""Caveats of a unit's result: low sub-indices, narrow strengths, doubtful data, unstable ranks."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Floats, is_above
from dli.assessment import Assessment
from dli.checks import flag_faults, instance, number_fault
from dli.diagnosis.basis import names_in_notes
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework import Index

if TYPE_CHECKING:
    from dli.sensitivity.study import Uncertainty

__all__ = ["risks"]

# The kind of risk, the code of the node, a value and what the value is.
Flag: TypeAlias = tuple[str, str, float, str]
Rows: TypeAlias = NDArray[np.intp]

# Quartiles of fewer units would only identify the lowest and the highest one.
_LEAST_UNITS = 4


def risks(  # noqa: PLR0913 each is a choice of its own
    assessment: Assessment,
    unit: object,
    *,
    floor: float | None = None,
    study: "Uncertainty | None" = None,
    spread: float = 0.1,
    period: object = None,
    named: bool = False,
) -> Frame:
    """Return the caveats of a unit's result.

    A unit without a score is accepted: its missing score is one of the risks.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the unit and of the units that it is compared with.
    unit : object
        The unit, as the data name it.
    floor : float, optional
        The score below which a sub-index is flagged. By default, this is the lower quartile of all
        units at each sub-index, where at least four units have a score.
    study : Uncertainty, optional
        The result of `dli.sensitivity.uncertainty` for the same units. Without it, the rank is not
        examined.
    spread : float
        The share of the units, from 0 to 1: the rank is flagged if the middle 90 % of its
        simulated values spans more places than this.
    period : object, optional
        The period within which units are compared. Required if there are several periods.
    named : bool
        Whether notes use the names of nodes, as reports do, instead of their codes.

    Returns
    -------
    frame
        One row for each risk: ``kind``, ``code``, ``value`` and ``note``, which describes the
        value. The frame has no rows if nothing is flagged. The kinds are:

        ``no score``
            The index or a sub-index has no score. The value is the share of its children that have
            one.
        ``low``
            The score of a sub-index is below the floor. The value is the score.
        ``narrow``
            A strength depends on one indicator: a sub-index in the upper quartile of units loses
            score, and more than half of its lead over the median, when the indicator is missing for
            all units. The value is the share of the lead that is lost. It is above 1 if the unit
            falls behind the median, and missing if the unit has no other value below the sub-index.
            The scores without the indicator follow the assessment's rule for missing children. A
            sub-index is not flagged if that rule requires more children than are left, if fewer
            than four units have a score, or if the score rises without the indicator.
        ``missing``, ``imputed``
            Indicators of a sub-index have no value, or an imputed one. The value is their share of
            the sub-index's weight.
        ``treated``
            An indicator was treated as an outlier. The value is the one before treatment.
        ``rank``
            The rank is unstable. The value is the number of places that the middle 90 % of the
            unit's ranks in the study spans.

        Scores within the tolerance of ties of the floor, the quartile or the median count as equal
        to it.

    Raises
    ------
    UnknownCodeError
        The unit or period does not exist.
    DataError
        The unit was left out because too few of its indicators have a value.
    MethodError
        ``floor`` is not a number, ``spread`` is not a number from 0 to 1, ``study`` has other
        units, ``named`` is not True or False, a period is named although the data have none, or no
        period is named although the data have several.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
    >>> data = {"unit": list("XYZ"), "a": [9, 5, 1], "b": [1, 3, 2], "c": [1, 2, None]}
    >>> table = frames.read(risks(Assessment(index, data), "X", floor=60))
    >>> [table.column(name)[0] for name in ("kind", "code", "value", "note")]
    ['low', 'A', 50.0, 'score below the floor, 60']
    """
    instance("assessment", assessment, Assessment)
    _check(assessment, floor, study, spread, named)
    row = assessment.row(unit, period=period)
    rows = assessment.rows_beside(row)
    inner = [node for node in assessment.index.walk() if isinstance(node, Index)]
    names = names_in_notes(assessment, named=named)
    flags = [
        *(flag for node in inner for flag in _without_score(assessment, row, node)),
        *(flag for node in inner[1:] for flag in _low(assessment, row, rows, node, floor)),
        *(flag for node in inner[1:] for flag in _narrow(assessment, row, rows, node, names)),
        *(flag for node in inner[1:] for flag in _without_data(assessment, row, node, names)),
        *_treated(assessment, row),
        *([] if study is None else _unstable_rank(study, row, rows, spread)),
    ]
    columns = {
        "kind": [flag[0] for flag in flags],
        "code": [flag[1] for flag in flags],
        "value": np.array([flag[2] for flag in flags], dtype=np.float64),
        "note": [flag[3] for flag in flags],
    }
    return assessment.table(columns)


def _check(
    assessment: Assessment,
    floor: float | None,
    study: "Uncertainty | None",
    spread: float,
    named: object,
) -> None:
    faults = [
        "" if floor is None else number_fault("floor", floor),
        number_fault("spread", spread, least=0, most=1),
        *flag_faults(named=named),
    ]
    studied: Any = getattr(study, "assessment", None)
    if study is not None and not isinstance(studied, Assessment):
        faults.append(f"study must be the result of dli.sensitivity.uncertainty, got {study!r}")
    elif study is not None and not assessment.has_rows_of(studied):
        faults.append("study must have the same units, in the same order")
    if any(faults):
        msg = "invalid arguments of risks"
        raise MethodError(msg, filter(None, faults))


def _without_score(assessment: Assessment, row: int, node: Index) -> Iterator[Flag]:
    if np.isnan(assessment.array(node.code)[row]):
        children = assessment.arrays(child.code for child in node.children)[row]
        note = "share of its children that have a score; it has none itself"
        yield "no score", node.code, float((~np.isnan(children)).mean()), note


def _low(
    assessment: Assessment, row: int, rows: Rows, node: Index, floor: float | None
) -> Iterator[Flag]:
    scores = assessment.array(node.code)
    if np.isnan(scores[row]) or (floor is None and _is_few(scores[rows])):
        return
    limit = float(np.nanquantile(scores[rows], 0.25)) if floor is None else float(floor)
    if is_above(np.array(limit), scores[row], np.nanmax(np.abs(scores[rows]))):
        name = "the lower quartile" if floor is None else "the floor"
        yield "low", node.code, float(scores[row]), f"score below {name}, {limit:.4g}"


def _narrow(
    assessment: Assessment, row: int, rows: Rows, node: Index, names: Mapping[str, str]
) -> Iterator[Flag]:
    scores = assessment.array(node.code)
    own = scores[row]
    if np.isnan(own) or len(node.indicators) < 2 or _is_few(scores[rows]):
        return
    scale = np.nanmax(np.abs(scores[rows]))
    median, upper = np.nanquantile(scores[rows], [0.5, 0.75])
    if is_above(upper, own, scale) or not is_above(own, median, scale):
        return
    shares = _shares(assessment, row, node)
    known = [code for code in shares if not np.isnan(assessment.array(code)[row])]
    for code in known:
        one = names.get(code, repr(code))
        if not any(shares[other] > 0 for other in known if other != code):
            yield "narrow", node.code, np.nan, f"score in the upper quartile on {one} alone"
            continue
        missing = np.full(len(scores), np.nan)
        without = assessment.held.moved({code: missing})[node.code]
        # An indicator that lowers the unit's score does not support it, whatever others score.
        if not is_above(own, without[row], scale):
            continue
        lead = without[row] - np.nanmedian(without[rows])
        if is_above((own - median) / 2, lead, scale):
            note = f"share of the lead over the median that is lost without {one}"
            yield "narrow", node.code, float(1 - lead / (own - median)), note


def _is_few(scores: Floats) -> bool:
    return int((~np.isnan(scores)).sum()) < _LEAST_UNITS


def _without_data(
    assessment: Assessment, row: int, node: Index, names: Mapping[str, str]
) -> Iterator[Flag]:
    shares = _shares(assessment, row, node)
    place = {indicator.code: j for j, indicator in enumerate(assessment.index.indicators)}
    columns = [place[code] for code in shares]
    was_missing, is_missing = (
        np.isnan(assessment.stage_array(name)[row, columns])
        for name in ("denominated", "normalised")
    )
    for kind, chosen, what in (
        ("missing", is_missing, "has no value"),
        ("imputed", was_missing & ~is_missing, "is imputed"),
    ):
        codes = [code for code, is_chosen in zip(shares, chosen, strict=True) if is_chosen]
        if codes:
            listed = ", ".join(names.get(code, code) for code in codes)
            note = f"share of its weight that {what}: {listed}"
            yield kind, node.code, sum(shares[code] for code in codes), note


def _shares(assessment: Assessment, row: int, node: Index) -> dict[str, float]:
    """Return each indicator's share of a sub-index's weight for a unit."""
    shares = {
        indicator.code: assessment.effective_weight_array(indicator.code, within=node.code)
        for indicator in node.indicators
    }
    return {code: float(share if share.ndim == 0 else share[row]) for code, share in shares.items()}


def _treated(assessment: Assessment, row: int) -> Iterator[Flag]:
    before, after = (assessment.stage_array(name)[row] for name in ("imputed", "treated"))
    for j in np.flatnonzero((before != after) & ~np.isnan(before)).tolist():
        code = assessment.index.indicators[j].code
        note = f"value before it was treated as an outlier; {after[j]:.6g} is used"
        yield "treated", code, float(before[j]), note


def _unstable_rank(study: "Uncertainty", row: int, rows: Rows, spread: float) -> Iterator[Flag]:
    low, high = (study.rank_quantiles(q)[row] for q in (0.05, 0.95))
    n_ranked = int((~np.isnan(study.nominal_scores[rows])).sum())
    if is_above(high - low, np.array(spread * n_ranked)):
        note = f"places that 90 % of draws span: rank {low:g} to {high:g} of {n_ranked}"
        yield "rank", study.design.node.code, float(high - low), note
