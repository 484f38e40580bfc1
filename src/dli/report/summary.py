"""A unit in short: its score and rank, its highest and lowest sub-indices, its largest gain."""

from collections.abc import Iterator, Sequence

import numpy as np

from dli import diagnosis, frames
from dli.arrays import is_above
from dli.framework import Index
from dli.framework.index import Node
from dli.report.case import ALONE, Case, few_around
from dli.report.document import Block, Paragraph
from dli.report.parts import (
    NO_RANKS,
    explained,
    listed,
    number,
    ordinal,
    scores_of,
    within,
)

__all__ = ["in_short"]


def in_short(case: Case, between: str | None) -> Iterator[Block]:
    """Return score, rank, the highest and the lowest sub-index, and the largest gain.

    Parameters
    ----------
    case : Case
    between : str or None
        The ranks between which 90 % of the simulations lie, if they were studied.
    """
    yield _score_and_rank(case, between)
    yield from _highest_and_lowest(case)
    yield from _largest_gain(case)
    index = case.assessment.index
    codes = [index.code, *(child.code for child in index.children)]
    marks = explained(scores_of(case.assessment, code, [case.row])[0] for code in codes)
    if marks:
        yield Paragraph(marks)


def _score_and_rank(case: Case, between: str | None) -> Paragraph:
    assessment, index = case.assessment, case.assessment.index
    (score,) = scores_of(assessment, index.code, [case.row], case.digits)
    bands = index.bands
    own = assessment.array(index.code)[[case.row]]
    band = "" if bands is None else f", in the band {bands.of(own)[0]}"
    if case.is_alone:
        return Paragraph(f"{case.name} scores {score}{band}. {NO_RANKS}")
    ranks = assessment.rank_array(index.code)
    n_tied = int((ranks[list(case.rows)] == ranks[case.row]).sum()) - 1
    tied = f" (tied with {n_tied:,} other{'s' * (n_tied > 1)})" if n_tied else ""
    firm = "" if between is None else f". Its rank {within(between)} of the simulations"
    return Paragraph(
        f"{case.name} scores {score} and is {ordinal(ranks[case.row])} of {case.n:,}{tied}{band}"
        f"{firm}."
    )


def _highest_and_lowest(case: Case) -> Iterator[Paragraph]:
    """Name the children of the index that are highest and lowest, by rank and by score."""
    assessment, index = case.assessment, case.assessment.index
    nodes = [n for n in index.children if not np.isnan(assessment.array(n.code)[case.row])]
    if len(nodes) < 2:
        return
    kinds = _kinds(nodes)
    by_rank = [] if case.is_alone else _extremes(_ranks(case, nodes))
    by_score = _extremes(_as_entered(case, nodes))
    sentences = []
    if by_rank:
        sentences.append(_by_rank(case, nodes, by_rank, kinds))
    sentences.append(_by_score(case, nodes, by_score, kinds))
    if by_rank and by_rank != by_score:
        sentences.append(
            "Ranks compare it with other units, scores do not: the two can point to different "
            f"{kinds[1]}."
        )
    yield Paragraph(" ".join(sentences))


def _kinds(nodes: Sequence[Node]) -> tuple[str, str]:
    """Return what sentences call the nodes, one and several."""
    if all(isinstance(node, Index) for node in nodes):
        return "sub-index", "sub-indices"
    if any(isinstance(node, Index) for node in nodes):
        return "node", "nodes"
    return "indicator", "indicators"


def _ranks(case: Case, nodes: Sequence[Node]) -> list[float]:
    """Return ranks, the better the higher."""
    return [-float(case.assessment.rank_array(node.code)[case.row]) for node in nodes]


def _as_entered(case: Case, nodes: Sequence[Node]) -> list[float]:
    """Return scores on one scale: that on which they enter the index."""
    codes = [node.code for node in nodes]
    scores = case.assessment.arrays(codes, normalised=True)[case.row]
    return [float(score) for score in scores]


def _extremes(values: Sequence[float]) -> list[list[int]]:
    """Return the places of the highest and of the lowest values, with all that tie."""
    own = np.array(values)
    scale = np.abs(own).max()
    return [
        np.flatnonzero(~is_above(own.max(), own, scale)).tolist(),
        np.flatnonzero(~is_above(own, own.min(), scale)).tolist(),
    ]


def _named(nodes: Sequence[Node], places: Sequence[int], figures: Sequence[str]) -> str:
    """Name some nodes with the figure that they share, or with their own."""
    names = [nodes[place].name or nodes[place].code for place in places]
    shown = list(dict.fromkeys(figures[place] for place in places))
    if len(places) == 1 or len(shown) > 1:
        return listed([f"{n} ({figures[p]})" for n, p in zip(names, places, strict=True)])
    return f"{listed(names)} ({'both' if len(places) == 2 else 'all'} {shown[0]})"


def _by_rank(
    case: Case, nodes: Sequence[Node], extremes: Sequence[Sequence[int]], kinds: tuple[str, str]
) -> str:
    ranks = [ordinal(case.assessment.rank_array(node.code)[case.row]) for node in nodes]
    highest, lowest = extremes
    if highest == lowest:
        return f"All {len(nodes)} {kinds[1]} have the same rank ({ranks[0]})."
    told = []
    for place, which in (("highest", highest), ("lowest", lowest)):
        noun, verb = (kinds[0], "is") if len(which) == 1 else (kinds[1], "are")
        told.append(f"its {place}-ranked {noun} {verb} {_named(nodes, which, ranks)}")
    return f"{told[0][0].upper()}{told[0][1:]}; {told[1]}."


def _by_score(
    case: Case, nodes: Sequence[Node], extremes: Sequence[Sequence[int]], kinds: tuple[str, str]
) -> str:
    assessment = case.assessment
    figures = [scores_of(assessment, node.code, [case.row], case.digits)[0] for node in nodes]
    scales = ""
    if any(node.code in assessment.node_normalisations for node in nodes):
        figures = [number(score, case.digits) for score in _as_entered(case, nodes)]
        scales = ", as it enters the index,"
    highest, lowest = extremes
    if highest == lowest:
        return f"All {len(nodes)} {kinds[1]} have the same score ({figures[0]})."
    return (
        f"Its highest score{scales} is in {_named(nodes, highest, figures)}; its lowest is in "
        f"{_named(nodes, lowest, figures)}."
    )


def _largest_gain(case: Case) -> Iterator[Paragraph]:
    assessment = case.assessment
    gaps = diagnosis.weaknesses(assessment, case.unit, nodes=case.nodes, period=case.period)
    table = frames.read(gaps, empty=True)
    points = table.column("points")
    if not table.n_rows or not points[0] > 0:
        return
    is_tied = ~is_above(np.array(points[0]), np.array(points))
    places = np.flatnonzero(is_tied).tolist()
    names = [table.column("name")[place] or table.column("code")[place] for place in places]
    is_end = ALONE in table.column("note")[0]
    best = "the best end of the scale" if is_end else "the best score of all units"
    where, there = (names[0], "there") if len(names) == 1 else (listed(names), "in one of them")
    text = (
        f"The largest gain from a single gap is in {where}: with {best} {there}, and all else as "
        f"it is, the score would be {number(points[0], case.digits + 1)} points higher."
    )
    few = few_around(case, [table.column("code")[place] for place in places])
    yield Paragraph(f"{text} {few}".rstrip())
