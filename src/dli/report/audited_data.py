"""What an audit asks of the framework and the data of an index."""

from typing import Any

import numpy as np

from dli import multivariate, screening
from dli.arrays import TIE
from dli.errors import MethodError
from dli.framework import Indicator
from dli.multivariate import arrays
from dli.report.parts import depth_of
from dli.report.questions import (
    COINR,
    FEW,
    GUIDE,
    HANDBOOK,
    OURS,
    SAME,
    Answer,
    Audited,
    Question,
    capped,
    listed_codes,
    listed_pairs,
)

__all__ = ["CONCEPT", "DATA"]

_AVAILABLE, _IMPUTED = 0.65, 0.10
_SKEWNESS, _KURTOSIS = 2.0, 3.5


# -- concept ---------------------------------------------------------------------------------------


def _measured(audited: Audited) -> list[Indicator]:
    return [audited.index.indicators[j] for j in audited.measured]


def _tree(audited: Audited) -> Answer:
    depth, n = depth_of(audited.index), len(audited.index.indicators)
    levels = f"{depth:,} level{'s' * (depth > 1)} below the index, {n:,} indicators"
    parts = audited.sub_indices
    if not parts:
        return Answer(figure=levels, is_met=None, reason="there are no sub-indices")
    counts = [len(part.indicators) for part in parts]
    rows = [(p.code, p.name, str(k)) for p, k in zip(parts, counts, strict=True)]
    spread = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else f"{counts[0]}"
    each = f"each of {len(parts)} sub-indices" if len(parts) > 1 else "its one sub-index"
    return Answer(
        figure=f"{levels}; {spread} in {each}",
        is_met=min(counts) > 1,
        blocks=capped(
            audited.language,
            "Indicators of each sub-index.",
            ["code", "name", "indicators"],
            rows,
            [1],
        ),
    )


def _directions(audited: Audited) -> Answer:
    own = _measured(audited)
    down = [indicator.code for indicator in own if indicator.direction == -1]
    named = f" ({listed_codes(down)})" if down else ""
    return Answer(
        figure=f"more is better for {len(own) - len(down)}, less is better for {len(down)}{named}",
        is_met=None,
        reason="whether a direction is right is for those who know the subject",
    )


def _scales(audited: Audited) -> Answer:
    own = _measured(audited)
    without = [i for i in own if i.goalposts is None and i.scale is None]
    return Answer(
        figure=f"{len(own) - len(without)} of {len(own)} have a valid range or goalposts",
        is_met=not without,
        blocks=capped(
            audited.language,
            "Indicators without a valid range or goalposts.",
            ["code", "name", "measured in"],
            [(i.code, i.name, i.unit_of_measure) for i in without],
            [1, 2],
        ),
    )


def _sources(audited: Audited) -> Answer:
    own = _measured(audited)
    lacks = {
        i.code: [what for what in ("name", "source") if not getattr(i, what).strip()] for i in own
    }
    counts = [sum(what in lack for lack in lacks.values()) for what in ("name", "source")]
    named, sourced = (len(own) - count for count in counts)
    return Answer(
        figure=f"of {len(own)}, {named} have a name and {sourced} a source",
        is_met=not any(counts),
        blocks=capped(
            audited.language,
            "What indicators lack.",
            ["code", "lacks"],
            [(code, " and ".join(lack)) for code, lack in lacks.items() if lack],
            [1],
        ),
    )


CONCEPT = (
    Question(
        text="Is the framework a tree with several indicators in each sub-index?",
        threshold="at least 2 indicators in each sub-index",
        source=OURS,
        answer=_tree,
    ),
    Question(
        text="Is the direction of each indicator right?",
        threshold="all, by the judgement of experts",
        source=HANDBOOK,
        answer=_directions,
    ),
    Question(
        text="Is the range of each indicator declared?",
        threshold="all",
        source=OURS,
        answer=_scales,
    ),
    Question(
        text="Does each indicator have a name and a source?",
        threshold="all",
        source=HANDBOOK,
        answer=_sources,
    ),
)


# -- data ------------------------------------------------------------------------------------------


def _statistics(audited: Audited, stage: str = "raw") -> list[dict[str, Any]]:
    found = multivariate.statistics(
        audited.assessment,
        stage=stage,
        available=_AVAILABLE,
        skewness_limit=_SKEWNESS,
        kurtosis_limit=_KURTOSIS,
    )
    records = audited.records(found)
    return [records[j] for j in audited.measured]


def _by_indicator(audited: Audited) -> Answer:
    found = sorted(_statistics(audited), key=lambda own: float(own["share_available"]))
    low = [own for own in found if "few values" in _flags(own)]
    return Answer(
        figure=f"{len(low)} of {len(found)} below; the lowest is {found[0]['code']} with "
        f"{found[0]['share_available']:.0%}",
        is_met=not low,
        blocks=capped(
            audited.language,
            "Indicators with too few values.",
            ["code", "name", "available"],
            [(own["code"], own["name"], f"{own['share_available']:.0%}") for own in low],
            [1],
        ),
    )


def _flags(record: dict[str, Any]) -> list[str]:
    """Return the flags of an indicator; one without any value has few values, too."""
    flags = record["flag"].split(", ")
    return ["few values", "constant"] if flags == ["no value"] else flags


def _by_unit(audited: Audited) -> Answer:
    values = audited.assessment.stage_array("raw")[audited.rows][:, audited.measured]
    shares = screening.data_shares(values)[0]
    order = np.argsort(shares, kind="stable").tolist()
    names = audited.names(audited.rows.tolist())
    low = [(names[i], f"{shares[i]:.0%}") for i in order if shares[i] < _AVAILABLE - TIE]
    n_left = _n_left_out(audited)
    left = f"; {n_left:,} more {'was' if n_left == 1 else 'were'} left out" if n_left else ""
    return Answer(
        figure=f"{len(low):,} of {len(names):,} below; the lowest is {names[order[0]]} with "
        f"{shares[order[0]]:.0%}{left}",
        is_met=not low,
        blocks=capped(audited.language, "Units with too few values.", ["unit", "available"], low),
    )


def _n_left_out(audited: Audited) -> int:
    """Count the units of the period that the method left out before all else."""
    observed = audited.assessment.observations
    periods = observed.periods
    n = len(observed.units) if periods is None else periods.count(audited.period)
    return n - len(audited.rows)


def _outliers(audited: Audited) -> Answer:
    audited.require(FEW)
    raw, treated = _statistics(audited), _statistics(audited, "treated")
    rows, left = [], []
    for before, after in zip(raw, treated, strict=True):
        if "outliers" in _flags(after):
            left.append(after["code"])
        if "outliers" in _flags(before) or "outliers" in _flags(after):
            figures = [own[what] for own in (before, after) for what in ("skewness", "kurtosis")]
            rows.append(
                (before["code"], before["name"], *(audited.language.number(x, 2) for x in figures))
            )
    named = f": {listed_codes(left)}" if left else ""
    return Answer(
        figure=f"{len(left)} of {len(raw)} with outliers{named}",
        is_met=not left,
        blocks=capped(
            audited.language,
            "Indicators with outliers in the data, or after treatment.",
            ["code", "name", "skewness", "kurtosis", "skewness, treated", "kurtosis, treated"],
            rows,
            [1],
        ),
    )


def _constants(audited: Audited) -> Answer:
    if len(audited.rows) < 2:
        msg = "a single unit differs from no other"
        raise MethodError(msg)
    same = [own["code"] for own in _statistics(audited) if "constant" in _flags(own)]
    return Answer(figure=listed_codes(same) or "none", is_met=not same)


def _doubled(audited: Audited) -> Answer:
    audited.require(FEW)
    codes = [indicator.code for indicator in _measured(audited)]
    found = arrays.correlations(audited.values(codes))
    r, n = found.coefficients, found.n_units
    pairs = [p for p in found.pairs(above=SAME, below=-SAME) if n[p] >= FEW]
    named = listed_pairs([(codes[i], codes[j]) for i, j in pairs])
    return Answer(
        figure=f"{len(pairs):,} pair{'s' * (len(pairs) != 1)}{named and f': {named}'}",
        is_met=not pairs,
        blocks=capped(
            audited.language,
            "Pairs of indicators that say the same.",
            ["indicator", "and", "correlation"],
            [(codes[i], codes[j], audited.language.number(r[i, j], 2)) for i, j in pairs],
            [1],
        ),
    )


def _imputed(audited: Audited) -> Answer:
    records = audited.records(audited.assessment.filled("units"))
    n_cells = len(records) * len(audited.measured)
    n_imputed = sum(int(own["imputed"]) for own in records)
    return Answer(
        figure=f"{n_imputed:,} of {n_cells:,} values ({n_imputed / n_cells:.1%})",
        is_met=n_imputed / n_cells <= _IMPUTED,
    )


DATA = (
    Question(
        text="Does each indicator have values for enough units?",
        threshold=f"{_AVAILABLE:.0%} of the units",
        source=COINR,
        answer=_by_indicator,
    ),
    Question(
        text="Does each unit have values for enough indicators?",
        threshold=f"{_AVAILABLE:.0%} of the indicators",
        source=OURS,
        answer=_by_unit,
    ),
    Question(
        text="Are indicators free of outliers when they are normalised?",
        threshold=f"none with both |skewness| > {_SKEWNESS:g} and kurtosis > {_KURTOSIS:g}",
        source=COINR,
        answer=_outliers,
    ),
    Question(
        text="Are indicators constant, or without any value?",
        threshold="none",
        source=OURS,
        answer=_constants,
    ),
    Question(
        text="Do pairs of indicators say the same?",
        threshold=f"no |correlation| > {SAME:g}",
        source=GUIDE,
        answer=_doubled,
    ),
    Question(
        text="How many values are imputed?",
        threshold=f"at most {_IMPUTED:.0%}",
        source=OURS,
        answer=_imputed,
    ),
)
