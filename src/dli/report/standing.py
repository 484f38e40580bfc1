"""Where a unit stands: its profile, its peers, what it is behind and ahead in."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from dli import change, diagnosis, frames, plots
from dli.framework.select import nodes_to_level
from dli.report.case import Case
from dli.report.document import Block, Paragraph
from dli.report.parts import (
    LEVELS,
    digits_of,
    filled,
    joined,
    number,
    ordinal,
    picture,
    table_of,
    tried,
)

__all__ = ["balance", "in_short", "peers", "profile", "strengths", "weaknesses"]


def in_short(case: Case, between: str | None) -> Iterator[Block]:
    """Tell score, rank, best and worst part, and the largest gain.

    Parameters
    ----------
    case : Case
    between : str or None
        The ranks between which nine of ten draws lie, if they were studied.
    """
    assessment, index = case.assessment, case.assessment.index
    scores = assessment.array(index.code)
    rank = assessment.rank_array(index.code)[case.row]
    band = "" if index.bands is None else f", in the band {index.bands.of(scores[[case.row]])[0]}"
    firm = "" if between is None else f"; nine of ten draws put it at {between}"
    yield Paragraph(
        f"{case.name} scores {number(scores[case.row], digits_of(scores))} and is {ordinal(rank)} "
        f"of {case.n:,}{band}{firm}."
    )
    parts = [n for n in index.children if not np.isnan(assessment.rank_array(n.code)[case.row])]
    if len(parts) > 1:
        parts.sort(key=lambda node: assessment.rank_array(node.code)[case.row])
        best, worst = (
            f"{node.name or node.code} ({ordinal(assessment.rank_array(node.code)[case.row])})"
            for node in (parts[0], parts[-1])
        )
        yield Paragraph(f"It stands best in {best} and worst in {worst}.")
    gaps = diagnosis.weaknesses(assessment, case.unit, nodes=case.nodes, period=case.period)
    table = frames.read(gaps, empty=True)
    if table.n_rows and table.column("points")[0] > 0:
        name = table.column("name")[0] or table.column("code")[0]
        yield Paragraph(
            f"Most would be won in {name}: drawing level with the best there alone would add "
            f"{number(table.column('points')[0], case.digits + 1)} points."
        )


def profile(case: Case) -> Iterator[Block]:
    """Show the scores in the parts of the index beside those of peers."""
    assessment, index = case.assessment, case.assessment.index
    deepest = min(case.depth, LEVELS)
    if case.is_cut:
        yield Paragraph(
            f"The index has {case.depth:,} levels. This report shows the first {LEVELS}: gaps and "
            "leads are those of the nodes there, which stand for all that lies below them."
        )
    draw = partial(
        plots.profile, assessment, case.unit, period=case.period, peers=case.peers or None
    )
    caption = "Dots are its own scores; bars reach from the lowest to the highest of its peers."
    yield picture(
        partial(draw, level=1), f"Scores of {case.name} in the parts of the index", caption
    )
    digits = case.digits
    yield table_of(
        assessment.profile(case.unit, period=case.period),
        "Scores beside the median and the best of all.",
        {
            "code": ("code", None),
            "name": ("name", None),
            "score": ("score", digits),
            "rank": ("rank", 0),
            "median": ("median", digits),
            "best": ("best", digits),
        },
        top=len(nodes_to_level(index, 1)),
    )
    if deepest > 1:
        yield picture(
            partial(draw, level=deepest),
            f"Scores of {case.name} in all parts and indicators of the index"
            + (f" down to level {LEVELS}" if case.is_cut else ""),
            caption,
        )


def peers(case: Case) -> Iterator[Block]:
    """Show the unit among its peers, and why the best of them is ahead."""
    assessment = case.assessment
    if not case.peers:
        yield Paragraph("No other unit can be compared with it.")
        return
    yield Paragraph(f"Compared with {joined(case.names(case.peers))}: {case.chosen}.")
    index = assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    digits = {code: digits_of(assessment.array(code)) for code in codes}
    rows = [case.row, *assessment.rows_of(case.peers, case.rows)]
    ranks = assessment.rank_array(index.code)
    rows.sort(key=lambda row: np.inf if np.isnan(ranks[row]) else ranks[row])
    yield filled(
        "The unit among its peers.",
        ["unit", "rank", *codes],
        [
            [
                case.labels[row],
                number(ranks[row], 0),
                *(number(assessment.array(code)[row], digits[code]) for code in codes),
            ]
            for row in rows
        ],
    )
    best = rows[0]
    if best != case.row:
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


def _gaps(case: Case) -> dict[str, tuple[str, int | None]]:
    """Give the columns of a table of gaps."""
    return {
        "code": ("code", None),
        "name": ("name", None),
        "score": ("score", case.digits),
        "reference": ("reference", case.digits),
        "gap": ("gap", case.digits),
        "points": ("points", case.digits + 1),
        "rank": ("rank", 0),
    }


def weaknesses(case: Case) -> Iterator[Block]:
    """Tell where the unit is behind, and who does better and is like it."""
    assessment = case.assessment
    gaps = diagnosis.weaknesses(assessment, case.unit, nodes=case.nodes, period=case.period)
    yield table_of(
        gaps,
        "Against the best of all. Points are what the index would gain if this gap alone were "
        "closed.",
        _gaps(case),
    )
    if case.peers:
        yield from tried(
            lambda: table_of(
                diagnosis.weaknesses(
                    assessment,
                    case.unit,
                    against=case.peers,
                    nodes=case.nodes,
                    period=case.period,
                ),
                "Against the median of its peers.",
                _gaps(case),
                top=5,
            ),
            "Weaknesses against peers",
        )
    behind = frames.read(gaps, empty=True).column("code")
    yield from tried(lambda: _exemplars(case, behind[:5]), "Who does better")


def _exemplars(case: Case, codes: Sequence[str]) -> Iterator[Block]:
    assessment = case.assessment
    rows = []
    for code in codes:
        found = diagnosis.exemplars(
            assessment, case.unit, code, by=case.by, k=3, period=case.period
        )
        table = frames.read(found, empty=True)
        units = table.column(assessment.observations.unit_column)
        digits = digits_of(assessment.array(code))
        told = [
            f"{name} {number(score, digits)}"
            for name, score in zip(case.names(units), table.column("score"), strict=True)
        ]
        own = number(assessment.array(code)[case.row], digits)
        rows.append([code, assessment.index.find(code).name, own, "; ".join(told) or "–"])
    if rows:
        yield filled(
            "Who does better and is like it, the most alike first.",
            ["code", "name", "own score", "units and their scores"],
            rows,
            [1, 3],
        )


def strengths(case: Case) -> Iterator[Block]:
    """Tell where the unit is ahead."""
    yield from tried(lambda: _leads(case), "Strengths")


def _leads(case: Case) -> Iterator[Block]:
    found = diagnosis.strengths(
        case.assessment,
        case.unit,
        against=case.peers or "own",
        nodes=case.nodes,
        period=case.period,
    )
    table = frames.read(found, empty=True)
    told = {"score": 0, "reference": 0, "lead": 0, "points": 1}
    rows = [
        [
            table.column("code")[row],
            table.column("name")[row],
            *(number(table.column(key)[row], case.digits + more) for key, more in told.items()),
        ]
        for row in range(table.n_rows)
    ]
    if not rows:
        yield Paragraph("Nowhere.")
        return
    measure = "the median of its peers" if case.peers else "its own mean"
    yield filled(
        f"Ahead of {measure}; points are what the lead brings to the index.",
        ["code", "name", "score", "reference", "lead", "points"],
        rows[:5],
        [1],
    )


def balance(case: Case) -> Iterator[Block]:
    """Tell how even the parts are, and what unevenness costs."""
    index = case.assessment.index
    table = frames.read(diagnosis.balance(case.assessment))
    row = {
        name: table.column(name)[case.row] for name in ("variation", "cost", "lowest", "highest")
    }
    children = {node.code: node.name or node.code for node in index.children}
    low, high = (
        " and ".join(name for code, name in children.items() if code in row[end].split(", "))
        for end in ("lowest", "highest")
    )
    variation = row["variation"]
    uneven = "" if variation is None or np.isnan(variation) else f" They vary by {variation:.0%}."
    yield Paragraph(f"Its parts reach from {low} up to {high}.{uneven}")
    cost = row["cost"]
    if cost is not None and not np.isnan(cost):
        yield Paragraph(
            f"Under a geometric mean, by which one part makes up for another only in part, "
            f"unevenness would cost {number(cost, case.digits + 1)} points."
        )
