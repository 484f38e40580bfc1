"""The questions of an audit about the framework and the data of an index."""

from typing import Any

import numpy as np

from dli import multivariate, screening
from dli.arrays import TIE
from dli.errors import MethodError
from dli.framework import Indicator
from dli.multivariate import arrays
from dli.report.language import key
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
    listed_names,
    listed_pairs,
    naming,
    percent,
)

__all__ = ["CONCEPT", "DATA"]

_AVAILABLE, _IMPUTED = 0.65, 0.10
_SKEWNESS, _KURTOSIS = 2.0, 3.5


# -- concept ---------------------------------------------------------------------------------------


def _measured(audited: Audited) -> list[Indicator]:
    return [audited.index.indicators[j] for j in audited.measured]


def _tree(audited: Audited) -> Answer:
    language, say = audited.language, audited.language.say
    size = say(
        "{levels} below the index, {indicators}",
        levels=say("{n} level", "{n} levels", n=depth_of(audited.index)),
        indicators=say("{n} indicator", "{n} indicators", n=len(audited.index.indicators)),
    )
    parts = audited.sub_indices
    if not parts:
        return Answer(figure=size, is_met=None, reason=say("there are no sub-indices"))
    counts = [len(part.indicators) for part in parts]
    rows = [(p.code, p.name, language.figure(k, "d")) for p, k in zip(parts, counts, strict=True)]
    least, most = (language.figure(k, "d") for k in (min(counts), max(counts)))
    spread = least if least == most else say("{low} to {high}", low=least, high=most)
    each = say(
        "{spread} in its one sub-index",
        "{spread} in each of {n} sub-indices",
        n=len(parts),
        spread=spread,
    )
    return Answer(
        figure=language.say("; ").join([size, each]),
        is_met=min(counts) > 1,
        blocks=capped(
            language,
            say("Indicators of each sub-index."),
            [say("code"), say("name"), say("indicators")],
            rows,
            [1],
        ),
    )


def _directions(audited: Audited) -> Answer:
    own = _measured(audited)
    down = [indicator.code for indicator in own if indicator.direction == -1]
    named = f" ({listed_names(audited, down)})" if down else ""
    say = audited.language.say
    told = say("higher is better for {up}, lower is better for {down}", up=len(own) - len(down),
               down=len(down))  # fmt: skip
    return Answer(
        figure=f"{told}{named}",
        is_met=None,
        reason=say("whether a direction is right must be judged by experts in the subject"),
    )


def _scales(audited: Audited) -> Answer:
    own, say = _measured(audited), audited.language.say
    without = [i for i in own if i.goalposts is None and i.scale is None]
    return Answer(
        figure=say(
            "{n} of {total} have a valid range or goalposts",
            n=len(own) - len(without),
            total=len(own),
        ),
        is_met=not without,
        blocks=capped(
            audited.language,
            say("Indicators without a valid range or goalposts."),
            [say("code"), say("name"), say("measured in")],
            [(i.code, i.name, i.unit_of_measure) for i in without],
            [1, 2],
        ),
    )


def _sources(audited: Audited) -> Answer:
    own, language, say = _measured(audited), audited.language, audited.language.say
    lacks = {
        i.code: [what for what in ("name", "source") if not getattr(i, what).strip()] for i in own
    }
    counts = [sum(what in lack for lack in lacks.values()) for what in ("name", "source")]
    named, sourced = (len(own) - count for count in counts)
    return Answer(
        figure=say(
            "{named} of {n} have a name and {sourced} of {n} have a source",
            n=len(own),
            named=named,
            sourced=sourced,
        ),
        is_met=not any(counts),
        blocks=capped(
            language,
            say("Indicators without a name or a source."),
            [say("code"), say("lacks")],
            [(code, language.joined([*map(say, lack)])) for code, lack in lacks.items() if lack],
            [1],
        ),
    )


CONCEPT = (
    Question(
        text=key("Is the framework a tree with several indicators in each sub-index?"),
        threshold=lambda language: language.say("at least 2 indicators in each sub-index"),
        source=OURS,
        answer=_tree,
    ),
    Question(
        text=key("Is the direction of each indicator right?"),
        threshold=lambda language: language.say("all, by the judgement of experts"),
        source=HANDBOOK,
        answer=_directions,
    ),
    Question(
        text=key("Is the range of each indicator declared?"),
        threshold=lambda language: language.say("all"),
        source=OURS,
        answer=_scales,
    ),
    Question(
        text=key("Does each indicator have a name and a source?"),
        threshold=lambda language: language.say("all"),
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
    language, say = audited.language, audited.language.say
    return Answer(
        figure=say(
            "{n} of {total} below the threshold; the lowest is {lowest} with {share}",
            n=len(low),
            total=len(found),
            lowest=audited.called(found[0]["code"]),
            share=percent(language, found[0]["share_available"]),
        ),
        is_met=not low,
        blocks=capped(
            language,
            say("Indicators with too few values."),
            [say("code"), say("name"), say("available")],
            [(own["code"], own["name"], percent(language, own["share_available"])) for own in low],
            [1],
        ),
    )


def _flags(record: dict[str, Any]) -> list[str]:
    """Return the flags of an indicator; an indicator without values also has few values."""
    flags = record["flag"].split(", ")
    return ["few values", "constant"] if flags == ["no value"] else flags


def _by_unit(audited: Audited) -> Answer:
    values = audited.assessment.stage_array("raw")[audited.rows][:, audited.measured]
    shares = screening.data_shares(values)[0]
    order = np.argsort(shares, kind="stable").tolist()
    names = audited.names(audited.rows.tolist())
    language, say = audited.language, audited.language.say
    low = [(names[i], percent(language, shares[i])) for i in order if shares[i] < _AVAILABLE - TIE]
    told = [
        say(
            "{n} of {total} below the threshold; the lowest is {lowest} with {share}",
            n=len(low),
            total=len(names),
            lowest=names[order[0]],
            share=percent(language, shares[order[0]]),
        )
    ]
    if n_left := _n_left_out(audited):
        told.append(say("{n} more was left out", "{n} more were left out", n=n_left))
    return Answer(
        figure=say("; ").join(told),
        is_met=not low,
        blocks=capped(
            language, say("Units with too few values."), [say("unit"), say("available")], low
        ),
    )


def _n_left_out(audited: Audited) -> int:
    """Return the number of units of the period that the availability of the method leaves out."""
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
    language, say = audited.language, audited.language.say
    told = say("{n} of {total} with outliers", n=len(left), total=len(raw))
    return Answer(
        figure=naming(language, told, listed_names(audited, left)),
        is_met=not left,
        blocks=capped(
            language,
            say("Indicators with outliers in the data, or after treatment."),
            [
                say("code"),
                say("name"),
                say("skewness"),
                say("kurtosis"),
                say("skewness, treated"),
                say("kurtosis, treated"),
            ],
            rows,
            [1],
        ),
    )


def _constants(audited: Audited) -> Answer:
    if len(audited.rows) < 2:
        msg = audited.language.say("there is only one unit")
        raise MethodError(msg)
    same = [own["code"] for own in _statistics(audited) if "constant" in _flags(own)]
    named = listed_names(audited, same)
    return Answer(figure=named or audited.language.say("none"), is_met=not same)


def _doubled(audited: Audited) -> Answer:
    audited.require(FEW)
    codes = [indicator.code for indicator in _measured(audited)]
    found = arrays.correlations(audited.values(codes))
    r, n = found.coefficients, found.n_units
    pairs = [p for p in found.pairs(above=SAME, below=-SAME) if n[p] >= FEW]
    language, say = audited.language, audited.language.say
    named = listed_pairs(audited, [(codes[i], codes[j]) for i, j in pairs])
    return Answer(
        figure=naming(language, say("{n} pair", "{n} pairs", n=len(pairs)), named),
        is_met=not pairs,
        blocks=capped(
            language,
            say("Pairs of indicators with a correlation beyond the threshold."),
            [say("indicator"), say("and"), say("correlation")],
            [
                (
                    audited.called(codes[i]),
                    audited.called(codes[j]),
                    language.number(r[i, j], 2),
                )
                for i, j in pairs
            ],
            [1],
        ),
    )


def _imputed(audited: Audited) -> Answer:
    records = audited.records(audited.assessment.filled("units"))
    n_cells = len(records) * len(audited.measured)
    n_imputed = sum(int(own["imputed"]) for own in records)
    return Answer(
        figure=audited.language.say(
            "{n} of {total} values ({share})",
            n=n_imputed,
            total=n_cells,
            share=percent(audited.language, n_imputed / n_cells, 1),
        ),
        is_met=n_imputed / n_cells <= _IMPUTED,
    )


DATA = (
    Question(
        text=key("Does each indicator have values for enough units?"),
        threshold=lambda language: language.say(
            "{share} of the units", share=percent(language, _AVAILABLE)
        ),
        source=COINR,
        answer=_by_indicator,
    ),
    Question(
        text=key("Does each unit have values for enough indicators?"),
        threshold=lambda language: language.say(
            "{share} of the indicators", share=percent(language, _AVAILABLE)
        ),
        source=OURS,
        answer=_by_unit,
    ),
    Question(
        text=key("Are indicators free of outliers when they are normalised?"),
        threshold=lambda language: language.say(
            "none with both |skewness| > {skewness} and kurtosis > {kurtosis}",
            skewness=language.figure(_SKEWNESS, "g"),
            kurtosis=language.figure(_KURTOSIS, "g"),
        ),
        source=COINR,
        answer=_outliers,
    ),
    Question(
        text=key("Are any indicators constant or without values?"),
        threshold=lambda language: language.say("none"),
        source=OURS,
        answer=_constants,
    ),
    Question(
        text=key("Are any pairs of indicators redundant?"),
        threshold=lambda language: language.say(
            "no |correlation| > {limit}", limit=language.figure(SAME, "g")
        ),
        source=GUIDE,
        answer=_doubled,
    ),
    Question(
        text=key("How many values are imputed?"),
        threshold=lambda language: language.say(
            "at most {share}", share=percent(language, _IMPUTED)
        ),
        source=OURS,
        answer=_imputed,
    ),
)
