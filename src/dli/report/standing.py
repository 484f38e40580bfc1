"""A unit beside others: its profile, its peers, its gaps and leads."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from dli import change, diagnosis, frames, plots
from dli.framework.select import nodes_to_level
from dli.report.case import ALONE, Case, few_around
from dli.report.document import Block, Paragraph
from dli.report.parts import (
    LEVELS,
    few_basis,
    filled,
    heard,
    joined,
    number,
    percent,
    picture,
    scores_of,
    tried,
)

__all__ = ["balance", "peers", "profile", "strengths", "weaknesses"]

_NO_MEAN = "their mean is not above 0"


def profile(case: Case) -> Iterator[Block]:
    """Show the scores at the nodes of the index beside those of peers."""
    assessment = case.assessment
    deepest = min(case.depth, LEVELS)
    if case.is_cut:
        yield Paragraph(
            f"The index has {case.depth:,} levels. This report shows the first {LEVELS}: gaps and "
            "leads are those of the nodes there, which stand for all that lies below them."
        )
    draw = partial(
        plots.profile, assessment, case.unit, period=case.period, peers=case.reference or None
    )
    caption = _how_to_read(case)
    yield picture(
        partial(draw, level=1), f"Scores of {case.name} in the parts of the index", caption
    )
    yield _profile_table(case)
    if deepest > 1:
        yield picture(
            partial(draw, level=deepest),
            f"Scores of {case.name} in all parts and indicators of the index"
            + (f" down to level {LEVELS}" if case.is_cut else ""),
            caption,
        )


def _how_to_read(case: Case) -> str:
    """Return the caption of a profile, with what is based on few indicators."""
    whose = "its peers" if case.reference else "all units"
    bars = (
        "There is no other unit to compare with."
        if case.is_alone
        else f"Bars reach from the lowest to the highest score of {whose}."
    )
    index = case.assessment.index
    names = [
        node.name or node.code
        for node in nodes_to_level(index, min(case.depth, LEVELS))
        if few_basis(case.assessment, [node.code], [case.row])
    ]
    few = f" Based on fewer than half of the indicators: {joined(names)}." if names else ""
    return f"Dots are its own scores. {bars}{few}"


def _profile_table(case: Case) -> Block:
    """Return the scores in the index and its children, beside those of all."""
    assessment = case.assessment
    table = frames.read(assessment.profile(case.unit, period=case.period))
    n = len(nodes_to_level(assessment.index, 1))
    codes = table.column("code")[:n]
    scores = [scores_of(assessment, code, [case.row], case.digits)[0] for code in codes]
    head = ["code", "name", "score"]
    columns = [codes, table.column("name")[:n], scores]
    if not case.is_alone:
        for name, digits in (("rank", 0), ("median", case.digits), ("best", case.digits)):
            head.append(name)
            columns.append([number(cell, digits) for cell in table.column(name)[:n]])
    beside = "" if case.is_alone else " beside the median and the best score of all units"
    caption = f"Scores{beside}."
    return filled(caption, head, zip(*columns, strict=True), [1])


def peers(case: Case) -> Iterator[Block]:
    """Show the unit among its peers, and why the best of them is ahead."""
    assessment = case.assessment
    if not case.peers:
        yield Paragraph("No other unit can be compared with it.")
        return
    yield Paragraph(f"Compared with {joined(case.names(case.peers))}: {case.chosen}.")
    if case.is_weak:
        yield Paragraph(
            "No other unit has two thirds of these variables in common with it, so the comparison "
            "is weak: do not rely on these peers. The table shows what is not compared."
        )
    index = assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    rows = [case.row, *case.rows_of(case.peers)]
    ranks = assessment.rank_array(index.code)
    rows.sort(key=lambda row: np.inf if np.isnan(ranks[row]) else ranks[row])
    scores = [scores_of(assessment, code, rows) for code in codes]
    yield filled(
        "The unit among its peers.",
        ["unit", "rank", *codes, "note"],
        [
            [
                case.labels[row],
                number(ranks[row], 0),
                *(column[place] for column in scores),
                case.notes.get(assessment.units[row], ""),
            ]
            for place, row in enumerate(rows)
        ],
        [len(codes) + 2],
    )
    best = rows[0]
    if best != case.row and not case.is_weak:
        yield from tried(lambda: _behind(case, best), "Why the best of its peers is ahead")


def _behind(case: Case, best: int) -> Iterator[Block]:
    assessment = case.assessment
    ahead = assessment.units[best]
    parts = change.difference(assessment, case.unit, ahead, period=case.period)
    start = float(assessment.array(assessment.index.code)[best])
    yield picture(
        lambda: plots.waterfall(parts, start=start),
        f"Steps from the score of {case.labels[best]} to that of {case.name}",
        f"What makes the difference to {case.labels[best]}, the best of its peers.",
    )


def weaknesses(case: Case) -> Iterator[Block]:
    """Tell where the unit is behind, and who does better and is like it."""
    assessment = case.assessment
    gaps = diagnosis.weaknesses(assessment, case.unit, nodes=case.nodes, period=case.period)
    reference = "best end of the scale" if case.is_alone else "best score of all units"
    yield from _distances(
        case,
        gaps,
        f"Compared with the {reference}. Points are what the index would gain if this gap alone "
        "were closed.",
        f"It is behind the {reference} nowhere.",
    )
    if case.reference:
        yield from tried(
            lambda: _distances(
                case,
                diagnosis.weaknesses(
                    assessment,
                    case.unit,
                    against=case.reference,
                    nodes=case.nodes,
                    period=case.period,
                ),
                "Compared with the median of its peers.",
                "It is behind the median of its peers nowhere.",
                top=5,
            ),
            "Weaknesses against peers",
        )
    behind = frames.read(gaps, empty=True).column("code")
    if case.is_alone:
        return
    if case.is_weak:
        yield Paragraph(
            "No units are named that score higher and are otherwise like it: too few variables "
            "are known to say which units are."
        )
    else:
        yield from tried(lambda: _exemplars(case, behind[:5]), "Who does better")


def _distances(
    case: Case, found: object, caption: str, nowhere: str, *, distance: str = "gap", top: int = 10
) -> Iterator[Block]:
    """Show the first gaps or leads, or say that there are none."""
    table = frames.read(found, empty=True)
    if not table.n_rows:
        yield Paragraph(nowhere)
        return
    n, digits = min(top, table.n_rows), case.digits
    figures = {"score": digits, "reference": digits, distance: digits, "points": digits + 1}
    if not case.is_alone:
        figures["rank"] = 0
    # The caption says already with what the only unit is compared.
    notes = ["" if case.is_alone and ALONE in note else note for note in table.column("note")[:n]]
    columns = [
        table.column("code")[:n],
        table.column("name")[:n],
        *([number(x, most) for x in table.column(key)[:n]] for key, most in figures.items()),
        notes,
    ]
    few = few_around(case, table.column("code")[:n])
    more = f"The first {n} of {table.n_rows}." if n < table.n_rows else ""
    whole = " ".join(filter(None, [caption, few, more]))
    head = ["code", "name", *figures, "note"]
    yield filled(whole, head, zip(*columns, strict=True), [1, len(head) - 1])


def _exemplars(case: Case, codes: Sequence[str]) -> Iterator[Block]:
    assessment = case.assessment
    rows = []
    for code in codes:
        found, is_weak = heard(partial(_likest, case, code))
        if is_weak:
            continue
        table = frames.read(found, empty=True)
        units = table.column(assessment.observations.unit_column)
        places = case.rows_of(units)
        told = [
            f"{name} {score}" + (f" ({note})" if note else "")
            for name, score, note in zip(
                case.names(units),
                scores_of(assessment, code, places),
                table.column("note"),
                strict=True,
            )
        ]
        (own,) = scores_of(assessment, code, [case.row])
        rows.append([code, assessment.index.find(code).name, own, "; ".join(told) or "–"])
    if rows:
        yield filled(
            "Units that score higher and are otherwise like it, the most alike first.",
            ["code", "name", "own score", "units and their scores"],
            rows,
            [1, 3],
        )


def _likest(case: Case, code: str) -> object:
    return diagnosis.exemplars(
        case.assessment, case.unit, code, by=case.by, k=3, period=case.period
    )


def strengths(case: Case) -> Iterator[Block]:
    """Tell where the unit is ahead."""
    yield from tried(lambda: _leads(case), "Strengths")


def _leads(case: Case) -> Iterator[Block]:
    found = diagnosis.strengths(
        case.assessment,
        case.unit,
        against=case.reference or "own",
        nodes=case.nodes,
        period=case.period,
    )
    measure = "the median of its peers" if case.reference else "the mean of its own scores"
    yield from _distances(
        case,
        found,
        f"Ahead of {measure}. Points are what the index would lose without this lead.",
        f"It is ahead of {measure} nowhere.",
        distance="lead",
        top=5,
    )


def balance(case: Case) -> Iterator[Block]:
    """Tell how even the parts are, and what unevenness costs."""
    index = case.assessment.index
    table = frames.read(diagnosis.balance(case.assessment))
    row = {
        name: table.column(name)[case.row]
        for name in ("variation", "cost", "lowest", "highest", "note")
    }
    if row["variation"] is None or np.isnan(row["variation"]):
        yield Paragraph(f"It cannot be said how even its scores are: {row['note'] or _NO_MEAN}.")
        return
    if row["lowest"] == row["highest"]:
        yield Paragraph("Its scores below the index are all the same.")
        return
    names = {node.code: node.name or node.code for node in index.children}
    low, high = (
        joined([name for code, name in names.items() if f", {code}, " in f", {row[end]}, "])
        for end in ("lowest", "highest")
    )
    yield Paragraph(
        f"Its lowest score is in {low}, its highest in {high}. The coefficient of variation of its "
        f"scores is {percent(row['variation'])}."
    )
    if row["cost"] is not None and not np.isnan(row["cost"]):
        yield Paragraph(
            "A geometric mean, which compensates for low scores only in part, would be "
            f"{number(row['cost'], case.digits + 1)} points below the arithmetic mean of these "
            "scores: that is the cost of unevenness."
        )
    if row["note"]:
        yield Paragraph(f"Note: {row['note']}.")
