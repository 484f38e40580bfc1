"""What an audit asks of the correlations of an index's indicators."""

from collections.abc import Iterator

import numpy as np

from dli import multivariate, plots
from dli.arrays import TIE
from dli.errors import DLIError, MethodError
from dli.framework import Index
from dli.multivariate import arrays
from dli.report.document import Block, Paragraph
from dli.report.parts import picture, tried
from dli.report.questions import (
    FEW,
    HANDBOOK,
    INNOVATION,
    OURS,
    Answer,
    Audited,
    Question,
    capped,
    listed_codes,
    listed_pairs,
)

__all__ = ["CORRELATIONS"]

_ALPHA, _COMPONENT, _P_VALUE = 0.7, 0.6, 0.05
# Indicators in a heat map of correlations; with more, nobody can read the cells.
_MAPPED = 100


def _negative(audited: Audited) -> Answer:
    audited.require(FEW)
    within = 1 if audited.sub_indices else 0
    found = audited.records(multivariate.correlations(audited.assessment, within=within))
    judged = [own for own in found if own["units"] >= FEW and not np.isnan(own["correlation"])]
    if not judged:
        msg = f"no pair of indicators has {FEW} units in common and varies over them"
        raise MethodError(msg)
    low = sorted(
        (own for own in judged if own["flag"] == "negative"), key=lambda own: own["correlation"]
    )
    firm = [own for own in low if own["p_value"] <= _P_VALUE]
    named = listed_pairs([(own["first"], own["second"]) for own in firm])
    return Answer(
        figure=f"{len(low):,} of {len(judged):,} pairs below 0, {len(firm):,} of them firmly"
        f"{named and f': {named}'}",
        is_met=not firm,
        blocks=[
            *capped(audited.language,
                "Indicators of the same sub-index that move against each other.",
                ["indicator", "and", "correlation", "p-value"],
                [
                    (own["first"], own["second"], audited.language.number(own["correlation"], 2),
                     audited.language.number(own["p_value"], 3))
                    for own in low
                ],
                [1],
            ),
            *_map(audited),
        ],
    )  # fmt: skip


def _map(audited: Audited) -> Iterator[Block]:
    n = len(audited.index.indicators)
    if n > _MAPPED:
        yield Paragraph(
            f"Correlations of {n:,} indicators are not drawn: more than {_MAPPED} cannot be read "
            "in one picture."
        )
        return
    yield from tried(
        audited.language,
        lambda: picture(
            lambda: plots.correlations(audited.assessment, period=audited.period),
            "A heat map of the correlations of all indicators",
            "Correlations of indicators, all turned so that more is better.",
        ),
        "Correlations of the indicators",
    )


def _own(audited: Audited) -> Answer:
    audited.require(FEW)
    parts = [part.code for part in audited.sub_indices]
    if len(parts) < 2:
        msg = "there are no two sub-indices to choose from"
        raise MethodError(msg)
    parent = {own.code: part.code for part in audited.sub_indices for own in part.indicators}
    found = audited.records(multivariate.correlations(audited.assessment, list(parent), parts))
    r: dict[str, dict[str, float]] = {code: {} for code in parent}
    for record in found:
        if record["units"] >= FEW and not np.isnan(record["correlation"]):
            r[record["first"]][record["second"]] = record["correlation"]
    judged = {code: own for code, own in r.items() if parent[code] in own and len(own) > 1}
    if not judged:
        msg = f"no indicator has {FEW} units in common with the sub-indices and varies over them"
        raise MethodError(msg)
    rows = []
    for code, own in judged.items():
        home = parent[code]
        other = max((part for part in own if part != home), key=own.__getitem__)
        if own[other] > own[home] + TIE:
            rows.append(
                (
                    code,
                    home,
                    audited.language.number(own[home], 2),
                    other,
                    audited.language.number(own[other], 2),
                )
            )
    named = f": {listed_codes([row[0] for row in rows])}" if rows else ""
    return Answer(
        figure=f"{len(rows)} of {len(judged)} correlate more with another{named}",
        is_met=not rows,
        blocks=capped(
            audited.language,
            "Indicators that correlate more with another sub-index than with their own, of which "
            "they are a part.",
            ["code", "own sub-index", "correlation", "other sub-index", "correlation"],
            rows,
            [1, 3],
        ),
    )


def _alpha(audited: Audited) -> Answer:
    audited.require(FEW)
    codes = [node.code for node in audited.joined]
    if not codes:
        msg = "no node has several children"
        raise MethodError(msg)
    records = audited.records(multivariate.cronbach_alpha(audited.assessment, codes, least=_ALPHA))
    judged = [own for own in records if not np.isnan(own["alpha"])]
    if not judged:
        msg = "alpha cannot be computed at any node: values are missing or do not vary"
        raise MethodError(msg)
    low = [own["code"] for own in judged if own["alpha"] < _ALPHA]
    alphas = [own["alpha"] for own in judged]
    named = f", below at {listed_codes(low)}" if low else ""
    return Answer(
        figure=f"{min(alphas):.2f} to {max(alphas):.2f} at {len(judged)} of {len(codes)} "
        f"nodes{named}",
        is_met=not low,
        blocks=capped(
            audited.language,
            "Cronbach's alpha of the children of each node.",
            ["code", "name", "children", "alpha"],
            [
                (
                    own["code"],
                    own["name"],
                    str(own["children"]),
                    audited.language.number(own["alpha"], 2),
                )
                for own in records
            ],
            [1],
        ),
    )


def _component(audited: Audited) -> Answer:
    audited.require(FEW)
    rows, shares, low, split = [], [], [], []
    for node in audited.joined:
        try:
            share, opposed, eigenvalues = _first(audited, node)
        except DLIError as error:
            rows.append((node.code, node.name, "–", "–", " ".join(str(error).split())))
            continue
        shares.append(share)
        low += [node.code] if share < _COMPONENT - TIE else []
        split += [node.code] if opposed else []
        signs = f"opposed: {listed_codes(opposed)}" if opposed else "all of one sign"
        rows.append((node.code, node.name, f"{share:.0%}", str(eigenvalues), signs))
    if not shares:
        msg = "components cannot be computed at any node"
        raise MethodError(msg)
    told = [f"{min(shares):.0%} to {max(shares):.0%} at {len(shares)} of {len(rows)} nodes"]
    told += [f"below at {listed_codes(low)}"] if low else []
    told += [f"opposed loadings at {listed_codes(split)}"] if split else []
    return Answer(
        figure=", ".join(told),
        is_met=not (low or split),
        blocks=capped(
            audited.language,
            "The first principal component of the children of each node.",
            ["code", "name", "share of variance", "eigenvalues above 1", "loadings"],
            rows,
            [1, 4],
        ),
    )


def _first(audited: Audited, node: Index) -> tuple[float, list[str], int]:
    """Return the share of the first component, opposed children, and how many are above 1."""
    codes = [child.code for child in node.children]
    found = arrays.principal_components(audited.values(codes), names=codes)
    if found.n_units < FEW:
        msg = f"{found.n_units} units have all children, and it takes {FEW}"
        raise MethodError(msg)
    loadings = found.loadings[:, 0].tolist()
    opposed = [code for code, own in zip(codes, loadings, strict=True) if own < -TIE]
    return float(found.explained[0]), opposed, int((found.eigenvalues > 1 + TIE).sum())


CORRELATIONS = (
    Question(
        text="Do indicators of the same sub-index move against each other?",
        threshold=f"none below 0 with a p-value up to {_P_VALUE:g}",
        source=f"{OURS}; asked in {INNOVATION}",
        answer=_negative,
    ),
    Question(
        text="Does each indicator correlate most with its own sub-index?",
        threshold="all",
        source=INNOVATION,
        answer=_own,
    ),
    Question(
        text="Are the children of each node consistent (Cronbach's alpha)?",
        threshold=f"at least {_ALPHA:g}",
        source=HANDBOOK,
        answer=_alpha,
    ),
    Question(
        text="Does one component stand for the children of each node?",
        threshold=f"at least {_COMPONENT:.0%} of the variance, and loadings of one sign",
        source=HANDBOOK,
        answer=_component,
    ),
)
