"""The summary of a unit: score and rank, highest and lowest sub-indices, largest gain."""

from collections.abc import Iterator, Sequence

import numpy as np

from dli import diagnosis, frames
from dli.arrays import is_above
from dli.framework import Index
from dli.framework.index import Node
from dli.report.case import ALONE, Case, few_around
from dli.report.document import Block, Paragraph
from dli.report.language import key
from dli.report.parts import NO_RANKS, explained, flag_name, label, listed, scores_of

__all__ = ["in_short"]


def in_short(
    case: Case, between: tuple[float, float] | None, possible: str = ""
) -> Iterator[Block]:
    """Yield score and rank, the highest and the lowest sub-index, and the largest gain.

    Parameters
    ----------
    case : Case
    between : (float, float) or None
        The 90 % rank interval, if there is a study.
    possible : str
        The sentence on the range of ranks, used instead of the interval.
    """
    yield _score_and_rank(case, between, possible)
    yield from _highest_and_lowest(case)
    yield from _largest_gain(case)
    index = case.assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    marks = explained(case.language, [_score(case, code) for code in codes])
    if marks:
        yield Paragraph(marks)


def _score(case: Case, code: str) -> str:
    (score,) = scores_of(case.language, case.assessment, code, [case.row], case.digits)
    return score


def _score_and_rank(case: Case, between: tuple[float, float] | None, possible: str) -> Paragraph:
    assessment, index, say = case.assessment, case.assessment.index, case.say
    score, band = _score(case, index.code), ""
    if index.bands is not None:
        (own,) = index.bands.of(assessment.array(index.code)[[case.row]])
        band = say(', in the band "{band}"', band=own)
    if case.is_alone:
        text = say("{unit} scores {score}{band}.", unit=case.name, score=score, band=band)
        return Paragraph(f"{text} {say(NO_RANKS)}")
    ranks = assessment.rank_array(index.code)
    n_tied = int((ranks[list(case.rows)] == ranks[case.row]).sum()) - 1
    tied = ""
    if n_tied:
        tied = " " + say("(tied with {n} other)", "(tied with {n} others)", n=n_tied)
    text = say(
        "{unit} scores {score} and ranks {rank} of {n}{tied}{band}.",
        unit=case.name,
        score=score,
        rank=case.language.ordinal(ranks[case.row]),
        n=case.n,
        tied=tied,
        band=band,
    )
    if not possible and between is not None:
        possible = _firm(case, between)
    return Paragraph(f"{text} {possible}".rstrip())


def _firm(case: Case, between: tuple[float, float]) -> str:
    low, high = (case.language.number(rank, 0) for rank in between)
    if low == high:
        return case.say("Its rank is {rank} in at least 90 % of the simulations.", rank=low)
    return case.say(
        "Its rank lies between {low} and {high} in 90 % of the simulations.", low=low, high=high
    )


def _highest_and_lowest(case: Case) -> Iterator[Paragraph]:
    """Yield the highest and the lowest children of the index, by rank and by score."""
    assessment, index = case.assessment, case.assessment.index
    nodes = [n for n in index.children if not np.isnan(assessment.array(n.code)[case.row])]
    if len(nodes) < 2:
        return
    kinds = _kinds(case, nodes)
    by_rank = [] if case.is_alone else _extremes(_ranks(case, nodes))
    by_score = _extremes(_as_entered(case, nodes))
    sentences = []
    if by_rank:
        sentences.append(_by_rank(case, nodes, by_rank, kinds))
    sentences.append(_by_score(case, nodes, by_score, kinds))
    if by_rank and by_rank != by_score:
        sentences.append(
            case.say(
                "Rank and score can differ: where most units score high, even a high score can "
                "mean a low rank."
            )
        )
    yield Paragraph(" ".join(sentences))


def _kinds(case: Case, nodes: Sequence[Node]) -> tuple[str, str]:
    """Return the singular and the plural of the word for the nodes."""
    one, several = key("indicator"), key("indicators")
    if all(isinstance(node, Index) for node in nodes):
        one, several = key("sub-index"), key("sub-indices")
    elif any(isinstance(node, Index) for node in nodes):
        one, several = key("node"), key("nodes")
    return case.say(one), case.say(several)


def _ranks(case: Case, nodes: Sequence[Node]) -> list[float]:
    """Return negative ranks, so that higher is better."""
    return [-float(case.assessment.rank_array(node.code)[case.row]) for node in nodes]


def _as_entered(case: Case, nodes: Sequence[Node]) -> list[float]:
    """Return scores as they enter the index, on a common scale."""
    codes = [node.code for node in nodes]
    scores = case.assessment.arrays(codes, normalised=True)[case.row]
    return [float(score) for score in scores]


def _extremes(values: Sequence[float]) -> list[list[int]]:
    """Return the positions of the highest and of the lowest values, including all ties."""
    own = np.array(values)
    scale = np.abs(own).max()
    return [
        np.flatnonzero(~is_above(own.max(), own, scale)).tolist(),
        np.flatnonzero(~is_above(own, own.min(), scale)).tolist(),
    ]


def _named(case: Case, nodes: Sequence[Node], places: Sequence[int], figures: Sequence[str]) -> str:
    """Return the names of some nodes with their figures, or with the figure that they share."""
    names = [label(nodes[place]) for place in places]
    shown = list(dict.fromkeys(figures[place] for place in places))
    if len(places) == 1 or len(shown) > 1:
        own = [f"{name} ({figures[place]})" for name, place in zip(names, places, strict=True)]
        return listed(case.language, own)
    same = key("both {figure}") if len(places) == 2 else key("all {figure}")
    return f"{listed(case.language, names)} ({case.say(same, figure=shown[0])})"


def _by_rank(
    case: Case, nodes: Sequence[Node], extremes: Sequence[Sequence[int]], kinds: tuple[str, str]
) -> str:
    say, ordinal = case.say, case.language.ordinal
    ranks = [ordinal(case.assessment.rank_array(node.code)[case.row]) for node in nodes]
    highest, lowest = extremes
    if highest == lowest:
        return say(
            "All {n} {nodes} have the same rank ({rank}).",
            n=len(nodes),
            nodes=kinds[1],
            rank=ranks[0],
        )
    first = say(
        "Its highest-ranked {node} is {names};",
        "Its highest-ranked {node} are {names};",
        n=len(highest),
        node=kinds[len(highest) > 1],
        names=_named(case, nodes, highest, ranks),
    )
    last = say(
        "its lowest-ranked is {names}.",
        "its lowest-ranked are {names}.",
        n=len(lowest),
        names=_named(case, nodes, lowest, ranks),
    )
    return f"{first} {last}"


def _by_score(
    case: Case, nodes: Sequence[Node], extremes: Sequence[Sequence[int]], kinds: tuple[str, str]
) -> str:
    figures = [_score(case, node.code) for node in nodes]
    template = key("Its highest score is in {highest}; its lowest is in {lowest}.")
    if any(node.code in case.assessment.node_normalisations for node in nodes):
        figures = [case.language.number(score, case.digits) for score in _as_entered(case, nodes)]
        template = key(
            "Its highest score, as it enters the index, is in {highest}; its lowest is in {lowest}."
        )
    highest, lowest = (_named(case, nodes, places, figures) for places in extremes)
    if extremes[0] == extremes[1]:
        return case.say(
            "All {n} {nodes} have the same score ({score}).",
            n=len(nodes),
            nodes=kinds[1],
            score=figures[0],
        )
    return case.say(template, highest=highest, lowest=lowest)


def _largest_gain(case: Case) -> Iterator[Paragraph]:
    assessment = case.assessment
    gaps = diagnosis.weaknesses(assessment, case.unit, nodes=case.nodes, period=case.period)
    table = frames.read(gaps, empty=True)
    points = table.column("points")
    if not table.n_rows or not points[0] > 0:
        return
    is_tied = ~is_above(np.array(points[0]), np.array(points))
    places = np.flatnonzero(is_tied).tolist()
    doubtful, mark = case.doubtful, f" ({flag_name(case.language, 'doubtful')})"
    names = [
        (table.column("name")[place] or code) + (mark if code in doubtful else "")
        for place, code in ((place, table.column("code")[place]) for place in places)
    ]
    if ALONE in table.column("note")[0]:
        one = key(
            "The single improvement that would raise its score most is in {nodes}: if it reached "
            "the best end of the scale there and nothing else changed, its score would be "
            "{points} points higher."
        )
        several = key(
            "The single improvements that would raise its score most are in {nodes}: if it "
            "reached the best end of the scale in one of them and nothing else changed, its "
            "score would be {points} points higher."
        )
    else:
        one = key(
            "The single improvement that would raise its score most is in {nodes}: if it had the "
            "best score of all units there and nothing else changed, its score would be {points} "
            "points higher."
        )
        several = key(
            "The single improvements that would raise its score most are in {nodes}: if it had "
            "the best score of all units in one of them and nothing else changed, its score "
            "would be {points} points higher."
        )
    text = case.say(
        one if len(names) == 1 else several,
        nodes=listed(case.language, names),
        points=case.language.number(points[0], case.digits + 1),
    )
    few = few_around(case, [table.column("code")[place] for place in places])
    yield Paragraph(f"{text} {few}".rstrip())
