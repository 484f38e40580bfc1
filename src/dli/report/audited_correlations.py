"""The questions of an audit about the correlations between indicators."""

from collections.abc import Iterator

import numpy as np

from dli import multivariate, plots
from dli.arrays import TIE
from dli.errors import DLIError, MethodError
from dli.framework import Index
from dli.multivariate import arrays
from dli.report.document import Block, Paragraph
from dli.report.language import key
from dli.report.parts import picture, tried
from dli.report.questions import (
    FEW,
    HANDBOOK,
    INNOVATION,
    Answer,
    Audited,
    Question,
    capped,
    in_one_line,
    listed_names,
    listed_pairs,
    naming,
    percent,
)

__all__ = ["CORRELATIONS"]

_ALPHA, _COMPONENT, _P_VALUE = 0.7, 0.6, 0.05
# The maximum number of indicators in a heat map of correlations: with more, it is illegible.
_MAPPED = 100


def _negative(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    within = 1 if audited.sub_indices else 0
    found = audited.records(multivariate.correlations(audited.assessment, within=within))
    judged = [own for own in found if own["units"] >= FEW and not np.isnan(own["correlation"])]
    if not judged:
        msg = say(
            "no two indicators have values for {n} of the same units and vary over them", n=FEW
        )
        raise MethodError(msg)
    low = sorted(
        (own for own in judged if own["flag"] == "negative"), key=lambda own: own["correlation"]
    )
    firm = [own for own in low if own["p_value"] <= _P_VALUE]
    told = say(
        "{n} of {total} pairs below 0, {firm} of them significantly",
        n=len(low),
        total=len(judged),
        firm=len(firm),
    )
    named = listed_pairs(audited, [(own["first"], own["second"]) for own in firm])
    return Answer(
        figure=naming(language, told, named),
        is_met=not firm,
        blocks=[
            *capped(
                language,
                say("Indicators of the same sub-index with a correlation below 0."),
                [say("indicator"), say("and"), say("correlation"), say("p-value")],
                [
                    (
                        audited.called(own["first"]),
                        audited.called(own["second"]),
                        language.number(own["correlation"], 2),
                        language.number(own["p_value"], 3),
                    )
                    for own in low
                ],
                [1],
            ),
            *_map(audited),
        ],
    )


def _map(audited: Audited) -> Iterator[Block]:
    n, say = len(audited.index.indicators), audited.language.say
    if n > _MAPPED:
        yield Paragraph(
            say(
                "The correlations between {n} indicators are not drawn, since more than {most} "
                "cannot be read in one picture.",
                n=n,
                most=_MAPPED,
            )
        )
        return
    yield from tried(
        audited.language,
        lambda: picture(
            lambda: plots.correlations(audited.assessment, period=audited.period),
            say("A heat map of the correlations between all indicators"),
            say("Correlations between the indicators, each oriented so that higher is better."),
        ),
        say("Correlations between the indicators"),
    )


def _own(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    parts = [part.code for part in audited.sub_indices]
    if len(parts) < 2:
        msg = say("the index does not have two sub-indices to compare")
        raise MethodError(msg)
    parent = {own.code: part.code for part in audited.sub_indices for own in part.indicators}
    found = audited.records(multivariate.correlations(audited.assessment, list(parent), parts))
    r: dict[str, dict[str, float]] = {code: {} for code in parent}
    for record in found:
        if record["units"] >= FEW and not np.isnan(record["correlation"]):
            r[record["first"]][record["second"]] = record["correlation"]
    judged = {code: own for code, own in r.items() if parent[code] in own and len(own) > 1}
    if not judged:
        msg = say(
            "no indicator has values for {n} units that the sub-indices cover and varies over them",
            n=FEW,
        )
        raise MethodError(msg)
    rows = []
    for code, own in judged.items():
        home = parent[code]
        other = max((part for part in own if part != home), key=own.__getitem__)
        if own[other] > own[home] + TIE:
            figures = (language.number(own[part], 2) for part in (home, other))
            rows.append(
                (
                    code,
                    audited.index.find(code).name,
                    audited.called(home),
                    next(figures),
                    audited.called(other),
                    next(figures),
                )
            )
    told = say(
        "{n} of {total} correlate more with another sub-index", n=len(rows), total=len(judged)
    )
    return Answer(
        figure=naming(language, told, listed_names(audited, [row[0] for row in rows])),
        is_met=not rows,
        blocks=capped(
            language,
            say(
                "Indicators that correlate more with another sub-index than with their own, "
                "which includes them."
            ),
            [
                say("code"),
                say("name"),
                say("own sub-index"),
                say("correlation"),
                say("other sub-index"),
                say("correlation"),
            ],
            rows,
            [1, 2, 4],
        ),
    )


def _alpha(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    codes = [node.code for node in audited.joined]
    if not codes:
        msg = say("no node has more than one child")
        raise MethodError(msg)
    records = audited.records(multivariate.cronbach_alpha(audited.assessment, codes, least=_ALPHA))
    judged = [own for own in records if not np.isnan(own["alpha"])]
    if not judged:
        msg = say("alpha cannot be computed at any node: values are missing or do not vary")
        raise MethodError(msg)
    low = [own["code"] for own in judged if own["alpha"] < _ALPHA]
    alphas = [own["alpha"] for own in judged]
    told = [
        say(
            "{low} to {high} at {n} of {total} nodes",
            low=language.figure(min(alphas), ".2f"),
            high=language.figure(max(alphas), ".2f"),
            n=len(judged),
            total=len(codes),
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
            say("Cronbach's alpha of the children of each node."),
            [say("code"), say("name"), say("children"), say("alpha")],
            [
                (
                    own["code"],
                    own["name"],
                    language.figure(own["children"], "d"),
                    language.number(own["alpha"], 2),
                )
                for own in records
            ],
            [1],
        ),
    )


def _component(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    rows, shares, low, split = [], [], [], []
    for node in audited.joined:
        try:
            share, opposed, eigenvalues = _first(audited, node)
        except DLIError as error:
            rows.append((node.code, node.name, "–", "–", in_one_line(error)))
            continue
        shares.append(share)
        low += [node.code] if share < _COMPONENT - TIE else []
        split += [node.code] if opposed else []
        signs = (
            say("opposite sign: {codes}", codes=listed_names(audited, opposed))
            if opposed
            else say("all of the same sign")
        )
        above = language.figure(eigenvalues, "d")
        rows.append((node.code, node.name, percent(language, share), above, signs))
    if not shares:
        msg = say("principal components cannot be computed at any node")
        raise MethodError(msg)
    told = [
        say(
            "{low} to {high} at {n} of {total} nodes",
            low=percent(language, min(shares)),
            high=percent(language, max(shares)),
            n=len(shares),
            total=len(rows),
        )
    ]
    told += (
        [say("below the threshold for {codes}", codes=listed_names(audited, low))] if low else []
    )
    told += [
        say("loadings of opposite signs at {codes}", codes=listed_names(audited, split))
    ] * bool(split)
    return Answer(
        figure=", ".join(told),
        is_met=not (low or split),
        blocks=capped(
            language,
            say("The first principal component of the children of each node."),
            [
                say("code"),
                say("name"),
                say("share of variance"),
                say("eigenvalues above 1"),
                say("loadings"),
            ],
            rows,
            [1, 4],
        ),
    )


def _first(audited: Audited, node: Index) -> tuple[float, list[str], int]:
    """Return the first component's share, its opposed children, and the eigenvalues above 1."""
    codes = [child.code for child in node.children]
    found = arrays.principal_components(audited.values(codes), names=codes)
    if found.n_units < FEW:
        msg = audited.language.say(
            "{n} unit has values for all children, but {least} are needed",
            "{n} units have values for all children, but {least} are needed",
            n=found.n_units,
            least=FEW,
        )
        raise MethodError(msg)
    loadings = found.loadings[:, 0].tolist()
    opposed = [code for code, own in zip(codes, loadings, strict=True) if own < -TIE]
    return float(found.explained[0]), opposed, int((found.eigenvalues > 1 + TIE).sum())


CORRELATIONS = (
    Question(
        text=key("Do any indicators of the same sub-index correlate negatively?"),
        threshold=lambda language: language.say(
            "none below 0 with a p-value of at most {limit}", limit=language.figure(_P_VALUE, "g")
        ),
        source=key("this library; asked in JRC audits of the Global Innovation Index"),
        answer=_negative,
    ),
    Question(
        text=key("Does each indicator correlate most with its own sub-index?"),
        threshold=lambda language: language.say("all"),
        source=INNOVATION,
        answer=_own,
    ),
    Question(
        text=key("Are the children of each node consistent (Cronbach's alpha)?"),
        threshold=lambda language: language.say(
            "at least {limit}", limit=language.figure(_ALPHA, "g")
        ),
        source=HANDBOOK,
        answer=_alpha,
    ),
    Question(
        text=key("Does one principal component summarise the children of each node?"),
        threshold=lambda language: language.say(
            "at least {share} of the variance, and loadings of the same sign",
            share=percent(language, _COMPONENT),
        ),
        source=HANDBOOK,
        answer=_component,
    ),
)
