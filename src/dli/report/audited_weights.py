"""What an audit asks of the parts of an index: what weighs, and what the whole adds to them."""

from typing import Any

import numpy as np

from dli import multivariate, sensitivity
from dli.arrays import TIE
from dli.errors import MethodError
from dli.multivariate import Limits
from dli.report.questions import (
    COINR,
    FEW,
    FEW_RANKS,
    IMPORTANCE,
    INNOVATION,
    OURS,
    SAME,
    Answer,
    Audited,
    Question,
    capped,
    doubt_of_places,
    listed_codes,
)

__all__ = ["ADDED", "WEIGHTS"]

_WEAK = Limits().weak
_PLACES, _DIFFERENT = 10, 0.3


# -- weights ---------------------------------------------------------------------------------------


def _importance(audited: Audited) -> Answer:
    audited.require(FEW)
    if len(audited.index.children) < 2:
        msg = "the index has a single part"
        raise MethodError(msg)
    found = sensitivity.importance(audited.assessment, period=audited.period)
    shares, weights = found.shares, found.weights
    rows = [
        (code, *(audited.language.number(x, 2) for x in figures))
        for code, *figures in zip(
            found.codes, weights, shares, found.correlations, found.ratios, strict=True
        )
    ]
    table = capped(
        audited.language,
        "Weights, and how much of the index's variance goes when a part is known.",
        ["code", "weight", "share of importance", "correlation", "correlation ratio"],
        rows,
    )
    unknown = np.isnan(shares) | np.isnan(weights)
    if unknown.any():
        codes = [code for code, is_unknown in zip(found.codes, unknown, strict=True) if is_unknown]
        return Answer(
            figure="–",
            is_met=None,
            reason=f"weight or importance is not known for {listed_codes(codes)}",
            blocks=table,
        )
    is_near = (shares >= weights / 2 - TIE) & (shares <= weights * 2 + TIE)
    far = [code for code, near in zip(found.codes, is_near, strict=True) if not near]
    named = f", far from it for {listed_codes(far)}" if far else ""
    return Answer(
        figure=f"{shares.min():.2f} to {shares.max():.2f}, for weights of {weights.min():.2f} to "
        f"{weights.max():.2f}{named}",
        is_met=not far,
        blocks=table,
    )


def _with_index(audited: Audited) -> Answer:
    audited.require(FEW)
    found = sensitivity.importance(audited.assessment, period=audited.period)
    known = [
        (code, r)
        for code, r in zip(found.codes, found.correlations, strict=True)
        if not np.isnan(r)
    ]
    if not known:
        msg = "no part of the index varies"
        raise MethodError(msg)
    low = [code for code, r in known if r < _WEAK]
    least, most = (pick(known, key=lambda own: own[1]) for pick in (min, max))
    named = f"; weak: {listed_codes(low)}" if low else ""
    return Answer(
        figure=f"{least[1]:.2f} ({least[0]}) to {most[1]:.2f} ({most[0]}){named}", is_met=not low
    )


WEIGHTS = (
    Question(
        text="Are the parts of the index as important as their weights say?",
        threshold="each share of importance between half and twice the weight",
        source=f"{OURS}; measured as by {IMPORTANCE}",
        answer=_importance,
    ),
    Question(
        text="Does each part of the index correlate with it?",
        threshold=f"at least {_WEAK:g}",
        source=COINR,
        answer=_with_index,
    ),
)


# -- added value -----------------------------------------------------------------------------------


def _differing(audited: Audited) -> Answer:
    if len(audited.index.children) < 2:
        msg = "the index has a single part"
        raise MethodError(msg)
    if doubt := doubt_of_places(len(audited.scored)):
        raise MethodError(doubt)
    ranks = audited.assessment.rank_array
    own = ranks(audited.index.code)[audited.rows]
    rows, shares = [], {}
    for child in audited.index.children:
        moved = np.abs(ranks(child.code)[audited.rows] - own)
        moved = moved[~np.isnan(moved)]
        if moved.size >= FEW_RANKS:
            shares[child.code] = float((moved >= _PLACES).mean())
            rows.append((child.code, child.name, f"{shares[child.code]:.0%}", f"{moved.size:,}"))
    if not shares:
        msg = f"no part has ranks of {FEW_RANKS} units"
        raise MethodError(msg)
    low = [code for code, share in shares.items() if share < _DIFFERENT - TIE]
    named = f", below at {listed_codes(low)}" if low else ""
    return Answer(
        figure=f"{min(shares.values()):.0%} to {max(shares.values()):.0%} of the units{named}",
        is_met=not low,
        blocks=capped(
            audited.language,
            f"Units that rank {_PLACES} or more places from where they rank in the index.",
            ["code", "name", "share", "units"],
            rows,
            [1],
        ),
    )


def _single(audited: Audited) -> Answer:
    audited.require(FEW)
    found = _by_correlation(audited)
    if not found:
        msg = f"no indicator that varies has {FEW} units in common with the index"
        raise MethodError(msg)
    high = [own["first"] for own in found if own["correlation"] > SAME]
    named = f"; above: {listed_codes(high)}" if high else ""
    return Answer(
        figure=f"the highest is {found[0]['correlation']:.2f} ({found[0]['first']}){named}",
        is_met=not high,
        blocks=capped(
            audited.language,
            "Indicators by their correlation with the index.",
            ["code", "correlation", "units"],
            [
                (own["first"], audited.language.number(own["correlation"], 2), str(own["units"]))
                for own in found
            ],
        ),
    )


def _by_correlation(audited: Audited) -> list[dict[str, Any]]:
    """Return the correlations of indicators with the index, the highest first."""
    found = audited.records(multivariate.correlations(audited.assessment, None, 0))
    judged = [own for own in found if own["units"] >= FEW and not np.isnan(own["correlation"])]
    return sorted(judged, key=lambda own: -own["correlation"])


ADDED = (
    Question(
        text="Does the index say more than each of its parts: do ranks differ by 10 places?",
        threshold=f"for at least {_DIFFERENT:.0%} of the units",
        source=f"customary; reported in {INNOVATION}",
        answer=_differing,
    ),
    Question(
        text="Does the index say more than any single indicator?",
        threshold=f"no correlation > {SAME:g}",
        source=f"{OURS}, as for pairs of indicators",
        answer=_single,
    ),
)
