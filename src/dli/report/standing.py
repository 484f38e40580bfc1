"""A unit in comparison: its profile, peers, gaps and leads."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from dli import change, diagnosis, frames, plots
from dli.framework.select import nodes_to_level
from dli.report.case import ALONE, Case, few_around
from dli.report.document import Block, Paragraph
from dli.report.language import key
from dli.report.parts import (
    LEVELS,
    few_basis,
    filled,
    flag_name,
    heard,
    label,
    picture,
    scores_of,
    tried,
)

__all__ = ["balance", "peers", "profile", "strengths", "weaknesses"]

_NO_MEAN = key("their mean is not above 0")


def profile(case: Case) -> Iterator[Block]:
    """Yield the scores at the nodes of the index, compared with those of peers."""
    assessment, say = case.assessment, case.say
    deepest = min(case.depth, LEVELS)
    if case.is_cut:
        yield Paragraph(
            say(
                "The index has {n} levels, of which this report shows the first {shown}: gaps "
                "and leads at the last of them include those at all levels below it.",
                n=case.depth,
                shown=LEVELS,
            )
        )
    draw = partial(
        plots.profile, assessment, case.unit, period=case.period, peers=case.reference or None
    )
    caption = _how_to_read(case)
    yield picture(
        partial(draw, level=1),
        say("Scores of {unit} in the index and at the level below it", unit=case.name),
        caption,
    )
    yield _profile_table(case)
    if deepest > 1:
        yield picture(
            partial(draw, level=deepest),
            say(
                "Scores of {unit} at all nodes of the index down to level {level}"
                if case.is_cut
                else "Scores of {unit} at all nodes of the index",
                unit=case.name,
                level=LEVELS,
            ),
            caption,
        )


def _how_to_read(case: Case) -> str:
    """Return the caption of a profile, with the scores that are based on few indicators."""
    if case.is_alone:
        bars = key("There is no other unit to compare it with.")
    elif case.reference:
        bars = key("Bars extend from the lowest to the highest score of its peers.")
    else:
        bars = key("Bars extend from the lowest to the highest score of all units.")
    index = case.assessment.index
    names = [
        label(node)
        for node in nodes_to_level(index, min(case.depth, LEVELS))
        if few_basis(case.language, case.assessment, [node.code], [case.row])
    ]
    text = f"{case.say('Dots show its own scores.')} {case.say(bars)}"
    if not names:
        return text
    few = case.say(
        "Scores based on fewer than half of the indicators: {nodes}.",
        nodes=case.language.joined(names),
    )
    return f"{text} {few}"


def _profile_table(case: Case) -> Block:
    """Return a table of the scores in the index and its children, compared with all units."""
    assessment = case.assessment
    table = frames.read(assessment.profile(case.unit, period=case.period))
    n = len(nodes_to_level(assessment.index, 1))
    codes = table.column("code")[:n]
    scores = [
        scores_of(case.language, assessment, code, [case.row], case.digits)[0] for code in codes
    ]
    head = [case.say("code"), case.say("name"), case.say("score")]
    columns = [codes, table.column("name")[:n], scores]
    if not case.is_alone:
        for name, digits in (
            (key("rank"), 0),
            (key("median"), case.digits),
            (key("best"), case.digits),
        ):
            head.append(case.say(name))
            columns.append([case.language.number(cell, digits) for cell in table.column(name)[:n]])
    caption = (
        key("Scores.")
        if case.is_alone
        else key("Its scores, with the median and the best score of all units.")
    )
    return filled(case.language, case.say(caption), head, zip(*columns, strict=True), [1])


def peers(case: Case) -> Iterator[Block]:
    """Yield the comparison with peers, and the difference from the highest-ranked peer."""
    say = case.say
    if not case.peers:
        yield Paragraph(say("No other unit can be compared with it."))
        return
    yield Paragraph(
        say(
            "It is compared with {peers}, {chosen}.",
            peers=case.language.joined(case.names(case.peers)),
            chosen=case.chosen,
        )
    )
    if case.is_weak:
        yield Paragraph(
            say(
                "Fewer than two thirds of these variables can be compared with any other unit, "
                "so the comparison is weak: do not rely on these peers. The table lists the "
                "variables that are not compared."
            )
        )
    yield _among_peers(case)
    best = _by_rank(case)[0]
    if best != case.row and not case.is_weak:
        what = say("The difference from the highest-ranked of its peers")
        yield from tried(case.language, lambda: _behind(case, best), what)


def _by_rank(case: Case) -> list[int]:
    """Return the rows of the unit and its peers, the best first."""
    ranks = case.assessment.rank_array(case.assessment.index.code)
    rows = [case.row, *case.rows_of(case.peers)]
    return sorted(rows, key=lambda row: np.inf if np.isnan(ranks[row]) else ranks[row])


def _among_peers(case: Case) -> Block:
    assessment = case.assessment
    nodes = [assessment.index, *assessment.index.children]
    rows = _by_rank(case)
    ranks = assessment.rank_array(assessment.index.code)
    scores = [scores_of(case.language, assessment, node.code, rows) for node in nodes]
    return filled(
        case.language,
        case.say("The unit and its peers."),
        [
            case.say("unit"),
            case.say("rank"),
            case.say("score"),
            *map(label, nodes[1:]),
            case.say("note"),
        ],
        [
            [
                case.labels[row],
                case.language.number(ranks[row], 0),
                *(column[place] for column in scores),
                case.notes.get(assessment.units[row], ""),
            ]
            for place, row in enumerate(rows)
        ],
        [len(nodes) + 2],
    )


def _behind(case: Case, best: int) -> Iterator[Block]:
    assessment = case.assessment
    ahead = assessment.units[best]
    parts = change.difference(assessment, case.unit, ahead, period=case.period)
    start = float(assessment.array(assessment.index.code)[best])
    yield picture(
        lambda: plots.waterfall(parts, start=start),
        case.say(
            "Steps from the score of {start} to that of {end}",
            start=case.labels[best],
            end=case.name,
        ),
        case.say(
            "What makes up the difference from {unit}, the highest-ranked of its peers.",
            unit=case.labels[best],
        ),
    )


def weaknesses(case: Case) -> Iterator[Block]:
    """Yield the gaps of the unit, and similar units with higher scores."""
    assessment, say = case.assessment, case.say
    gaps = diagnosis.weaknesses(assessment, case.unit, nodes=case.nodes, period=case.period)
    yield from _distances(
        case,
        gaps,
        say(
            "Gaps to the best end of the scale. Points show how much the score would rise if "
            "this gap alone were closed."
            if case.is_alone
            else "Gaps to the best score of all units. Points show how much the score would rise "
            "if this gap alone were closed."
        ),
        say(
            "It has no gap to the best end of the scale."
            if case.is_alone
            else "It has no gap to the best score of all units."
        ),
    )
    if case.reference:
        what = say("Gaps to its peers")
        yield from tried(case.language, lambda: _behind_peers(case), what)
    behind = frames.read(gaps, empty=True).column("code")
    if case.is_alone:
        return
    if case.is_weak:
        yield Paragraph(
            say(
                "No similar units with higher scores are named, since too few variables are "
                "known to identify them."
            )
        )
    else:
        what = say("Similar units with higher scores")
        yield from tried(case.language, lambda: _exemplars(case, behind[:5]), what)


def _behind_peers(case: Case) -> Iterator[Block]:
    gaps = diagnosis.weaknesses(
        case.assessment, case.unit, against=case.reference, nodes=case.nodes, period=case.period
    )
    return _distances(
        case,
        gaps,
        case.say("Gaps to the median of its peers."),
        case.say("It has no gap to the median of its peers."),
        top=5,
    )


_HEADS = {
    name: name
    for name in (key("score"), key("reference"), key("gap"), key("lead"), key("points"),
                 key("rank"))
}  # fmt: skip


def _distances(
    case: Case, found: object, caption: str, nowhere: str, *, distance: str = "gap", top: int = 10
) -> Iterator[Block]:
    """Yield a table of the first gaps or leads, or a paragraph if there are none."""
    table = frames.read(found, empty=True)
    if not table.n_rows:
        yield Paragraph(nowhere)
        return
    n, digits = min(top, table.n_rows), case.digits
    figures = {"score": digits, "reference": digits, distance: digits, "points": digits + 1}
    if not case.is_alone:
        figures["rank"] = 0
    # For the only unit, the caption already names what it is compared with.
    notes = ["" if case.is_alone and ALONE in note else note for note in table.column("note")[:n]]
    doubtful, word = case.doubtful, flag_name(case.language, "doubtful")
    notes = [
        "; ".join(filter(None, [note, word if code in doubtful else ""]))
        for code, note in zip(table.column("code")[:n], notes, strict=True)
    ]
    columns = [
        table.column("code")[:n],
        table.column("name")[:n],
        *(
            [case.language.number(x, most) for x in table.column(key)[:n]]
            for key, most in figures.items()
        ),
        notes,
    ]
    few = few_around(case, table.column("code")[:n])
    more = ""
    if n < table.n_rows:
        more = case.say("The first {n} of {total}.", n=n, total=table.n_rows)
    whole = " ".join(filter(None, [caption, few, more]))
    head = [
        case.say("code"),
        case.say("name"),
        *(case.say(_HEADS[name]) for name in figures),
        case.say("note"),
    ]
    yield filled(case.language, whole, head, zip(*columns, strict=True), [1, len(head) - 1])


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
                scores_of(case.language, assessment, code, places),
                table.column("note"),
                strict=True,
            )
        ]
        (own,) = scores_of(case.language, assessment, code, [case.row])
        rows.append([code, assessment.index.find(code).name, own, case.say("; ").join(told) or "–"])
    if rows:
        yield filled(
            case.language,
            case.say("Units that score higher but are otherwise similar, the most similar first."),
            [
                case.say("code"),
                case.say("name"),
                case.say("own score"),
                case.say("units and their scores"),
            ],
            rows,
            [1, 3],
        )


def _likest(case: Case, code: str) -> object:
    return diagnosis.exemplars(
        case.assessment, case.unit, code, by=case.by, k=3, period=case.period, named=True
    )


def strengths(case: Case) -> Iterator[Block]:
    """Yield the leads of the unit."""
    yield from tried(case.language, lambda: _leads(case), case.say("Strengths"))


def _leads(case: Case) -> Iterator[Block]:
    found = diagnosis.strengths(
        case.assessment,
        case.unit,
        against=case.reference or "own",
        nodes=case.nodes,
        period=case.period,
    )
    yield from _distances(
        case,
        found,
        case.say(
            "Leads over the median of its peers. Points show how much the score would fall "
            "without this lead."
            if case.reference
            else "Leads over the mean of its own scores. Points show how much the score would "
            "fall without this lead."
        ),
        case.say(
            "It has no lead over the median of its peers."
            if case.reference
            else "It has no lead over the mean of its own scores."
        ),
        distance="lead",
        top=5,
    )


def balance(case: Case) -> Iterator[Block]:
    """Yield how even the scores below the index are, and the cost of their unevenness."""
    index = case.assessment.index
    table = frames.read(diagnosis.balance(case.assessment, named=True))
    row = {
        name: table.column(name)[case.row]
        for name in ("variation", "cost", "lowest", "highest", "note")
    }
    if row["variation"] is None or np.isnan(row["variation"]):
        reason = row["note"] or case.say(_NO_MEAN)
        yield Paragraph(
            case.say("The evenness of its scores cannot be measured: {reason}.", reason=reason)
        )
        return
    if row["lowest"] == row["highest"]:
        yield Paragraph(case.say("Its scores below the index are all the same."))
        return
    names = {node.code: label(node) for node in index.children}
    low, high = (
        case.language.joined(
            [name for code, name in names.items() if f", {code}, " in f", {row[end]}, "]
        )
        for end in ("lowest", "highest")
    )
    yield Paragraph(
        case.say(
            "Its lowest score is in {low}, its highest in {high}. The coefficient of variation of "
            "its scores is {share}.",
            low=low,
            high=high,
            share=case.language.percent(row["variation"]),
        )
    )
    if row["cost"] is not None and not np.isnan(row["cost"]):
        yield Paragraph(
            case.say(
                "A geometric mean, which compensates for low scores only in part, would be "
                "{points} points below the arithmetic mean of these scores. This difference is "
                "the cost of their unevenness.",
                points=case.language.number(row["cost"], case.digits + 1),
            )
        )
    if row["note"]:
        yield Paragraph(case.say("Note: {note}.", note=row["note"]))
