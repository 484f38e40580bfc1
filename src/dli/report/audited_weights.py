"""The questions of an audit about the weights and the added value of an index."""

from typing import Any

import numpy as np

from dli import multivariate, sensitivity
from dli.arrays import TIE, Floats
from dli.errors import MethodError
from dli.multivariate import Limits
from dli.report.language import Language, key
from dli.report.questions import (
    COINR,
    FEW,
    FEW_RANKS,
    SAME,
    Answer,
    Audited,
    Question,
    capped,
    doubt_of_places,
    listed_names,
    percent,
)

__all__ = ["ADDED", "WEIGHTS"]

_WEAK = Limits().weak
_PLACES, _DIFFERENT = 10, 0.3


# -- weights ---------------------------------------------------------------------------------------


def _importance(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    if len(audited.index.children) < 2:
        msg = say("the index has only one child")
        raise MethodError(msg)
    found = sensitivity.importance(audited.assessment, period=audited.period)
    shares, weights = found.shares, found.weights
    rows = [
        (code, audited.index.find(code).name, *(language.number(x, 2) for x in figures))
        for code, *figures in zip(
            found.codes, weights, shares, found.correlations, found.ratios, strict=True
        )
    ]
    table = capped(
        language,
        say(
            "Weights and importance; the correlation ratio is the share of the variance of the "
            "index that the node explains."
        ),
        [
            say("code"),
            say("name"),
            say("weight"),
            say("share of importance"),
            say("correlation"),
            say("correlation ratio"),
        ],
        rows,
        [1],
    )
    unknown = np.isnan(shares) | np.isnan(weights)
    if unknown.any():
        codes = [code for code, is_unknown in zip(found.codes, unknown, strict=True) if is_unknown]
        return Answer(
            figure="–",
            is_met=None,
            reason=say(
                "the weight or the importance is not known for {codes}",
                codes=listed_names(audited, codes),
            ),
            blocks=table,
        )
    is_near = (shares >= weights / 2 - TIE) & (shares <= weights * 2 + TIE)
    far = [code for code, near in zip(found.codes, is_near, strict=True) if not near]
    told = [
        _from_to(language, shares),
        say("for weights of {range}", range=_from_to(language, weights)),
    ]
    told += (
        [say("far from the weight for {codes}", codes=listed_names(audited, far))] if far else []
    )
    return Answer(
        figure=", ".join(told),
        is_met=not far,
        blocks=table,
    )


def _from_to(language: Language, values: Floats) -> str:
    low, high = (language.figure(end, ".2f") for end in (values.min(), values.max()))
    if low == high:
        return low
    return language.say("{low} to {high}", low=low, high=high)


def _with_index(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    found = sensitivity.importance(audited.assessment, period=audited.period)
    known = [
        (code, r)
        for code, r in zip(found.codes, found.correlations, strict=True)
        if not np.isnan(r)
    ]
    if not known:
        msg = say("no node below the index varies")
        raise MethodError(msg)
    low = [code for code, r in known if r < _WEAK]
    least, most = (pick(known, key=lambda own: own[1]) for pick in (min, max))
    lowest, highest = (
        f"{language.figure(r, '.2f')} ({audited.called(code)})" for code, r in (least, most)
    )
    told = [say("{low} to {high}", low=lowest, high=highest)]
    told += [say("weak: {codes}", codes=listed_names(audited, low))] if low else []
    return Answer(figure=say("; ").join(told), is_met=not low)


WEIGHTS = (
    Question(
        text=key("Are the nodes below the index as important as their weights suggest?"),
        threshold=lambda language: language.say(
            "each share of importance between half and twice the weight"
        ),
        source=key("this library; measured as by Paruolo, Saisana and Saltelli (2013)"),
        answer=_importance,
    ),
    Question(
        text=key("Does each node below the index correlate with it?"),
        threshold=lambda language: language.say(
            "at least {limit}", limit=language.figure(_WEAK, "g")
        ),
        source=COINR,
        answer=_with_index,
    ),
)


# -- added value -----------------------------------------------------------------------------------


def _differing(audited: Audited) -> Answer:
    language, say = audited.language, audited.language.say
    if len(audited.index.children) < 2:
        msg = say("the index has only one child")
        raise MethodError(msg)
    if doubt := doubt_of_places(language, len(audited.scored)):
        raise MethodError(doubt)
    ranks = audited.assessment.rank_array
    own = ranks(audited.index.code)[audited.rows]
    rows, shares = [], {}
    for child in audited.index.children:
        moved = np.abs(ranks(child.code)[audited.rows] - own)
        moved = moved[~np.isnan(moved)]
        if moved.size >= FEW_RANKS:
            shares[child.code] = float((moved >= _PLACES).mean())
            share = percent(language, shares[child.code])
            rows.append((child.code, child.name, share, language.figure(moved.size, ",d")))
    if not shares:
        msg = say("no node below the index has ranks for {n} units", n=FEW_RANKS)
        raise MethodError(msg)
    low = [code for code, share in shares.items() if share < _DIFFERENT - TIE]
    told = [
        say(
            "{low} to {high} of the units",
            low=percent(language, min(shares.values())),
            high=percent(language, max(shares.values())),
        )
    ]
    told += (
        [say("below the threshold for {codes}", codes=listed_names(audited, low))] if low else []
    )
    return Answer(
        figure=", ".join(told),
        is_met=not low,
        blocks=capped(
            language,
            say(
                "Share of units whose rank differs by {n} or more places from their rank in the "
                "index.",
                n=_PLACES,
            ),
            [say("code"), say("name"), say("share"), say("units")],
            rows,
            [1],
        ),
    )


def _single(audited: Audited) -> Answer:
    audited.require(FEW)
    found = _by_correlation(audited)
    language, say = audited.language, audited.language.say
    if not found:
        msg = say(
            "no indicator that varies has values for {n} units with a score in the index", n=FEW
        )
        raise MethodError(msg)
    high = [own["first"] for own in found if own["correlation"] > SAME]
    told = [
        say(
            "the highest is {r} ({code})",
            r=language.figure(found[0]["correlation"], ".2f"),
            code=audited.called(found[0]["first"]),
        )
    ]
    told += [say("above the threshold: {codes}", codes=listed_names(audited, high))] if high else []
    return Answer(
        figure=say("; ").join(told),
        is_met=not high,
        blocks=capped(
            language,
            say("Indicators in the order of their correlation with the index."),
            [say("code"), say("name"), say("correlation"), say("units")],
            [
                (
                    own["first"],
                    audited.index.find(own["first"]).name,
                    language.number(own["correlation"], 2),
                    language.figure(own["units"], "d"),
                )
                for own in found
            ],
            [1],
        ),
    )


def _by_correlation(audited: Audited) -> list[dict[str, Any]]:
    """Return the correlations of indicators with the index, the highest first."""
    found = audited.records(multivariate.correlations(audited.assessment, None, 0))
    judged = [own for own in found if own["units"] >= FEW and not np.isnan(own["correlation"])]
    return sorted(judged, key=lambda own: -own["correlation"])


ADDED = (
    Question(
        text=key(
            "Does the index add information to each node below it: do ranks differ by 10 places?"
        ),
        threshold=lambda language: language.say(
            "for at least {share} of the units", share=percent(language, _DIFFERENT)
        ),
        source=key("customary; reported in JRC audits of the Global Innovation Index"),
        answer=_differing,
    ),
    Question(
        text=key("Does the index add information to every single indicator?"),
        threshold=lambda language: language.say(
            "no correlation > {limit}", limit=language.figure(SAME, "g")
        ),
        source=key("this library, as for pairs of indicators"),
        answer=_single,
    ),
)
