"""The tables of an assessment, and its printed summary."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dli.aggregation.protocol import traits_of
from dli.arrays import Floats
from dli.assessment.doubtful import certain_share_array
from dli.assessment.scored import Scored
from dli.frames import Frame
from dli.framework import Index
from dli.framework.select import nodes_to_level
from dli.printing import SHOWN, Sheet, counted
from dli.ranking import rank_within

__all__ = [
    "DOUBTFUL",
    "league_table",
    "local_and_effective",
    "profile",
    "ranks_within",
    "sheet",
    "weights",
]

# A score that depends on a smaller share of the indicators is marked.
DOUBTFUL = 0.5
_MARKS = {
    "*": "fewer than half of the indicators have a value",
    "?": "fewer than half of the indicators have a value that is not doubtful",
}


def league_table(assessment: Scored, level: int) -> Frame:
    """Return the units ordered from best to worst, with the scores down to a tree level."""
    nodes = nodes_to_level(assessment.index, level)
    columns, order = _league(assessment, [node.code for node in nodes])
    ordered = {
        name: cells[order] if isinstance(cells, np.ndarray) else [cells[i] for i in order]
        for name, cells in columns.items()
    }
    return assessment.frame(ordered, rows=order, integers=["rank"])


def _league(assessment: Scored, codes: Sequence[str]) -> tuple[dict[str, Any], list[int]]:
    """Return the columns of a league table without the keys, and the order of its rows."""
    index = assessment.index
    ranks = assessment.rank_array(index.code)
    columns: dict[str, Any] = {"rank": ranks}
    if "name" in assessment.observations.context:
        columns["name"] = assessment.context("name")
    if index.bands is not None:
        columns["band"] = index.bands.of(assessment.array(index.code))
    columns |= {code: assessment.array(code) for code in codes}
    of_period = np.zeros(len(ranks))
    for place, rows in enumerate(assessment.rows_by_period.values()):
        of_period[rows] = place
    return columns, np.lexsort((ranks, of_period)).tolist()


def ranks_within(assessment: Scored, column: str) -> Frame:
    """Return the ranks of units within the groups of a context column and each period."""
    groups = assessment.context(column)
    periods = assessment.periods or [None] * len(groups)
    codes = [node.code for node in assessment.index.walk()]
    scores = assessment.arrays(codes).T
    ranks = rank_within(scores, list(zip(periods, groups, strict=True)))
    ranks[:, [group is None for group in groups]] = np.nan
    columns = {column: groups, **dict(zip(codes, ranks, strict=True))}
    return assessment.frame(columns, integers=codes)


def profile(assessment: Scored, row: int, level: int) -> Frame:
    """Return the scores of one row, with the median and the best score in its period."""
    codes = [node.code for node in nodes_to_level(assessment.index, level)]
    scores = assessment.arrays(codes)[assessment.rows_beside(row)]
    known = ~np.isnan(scores).all(axis=0)
    median, best = np.full((2, len(codes)), np.nan)
    median[known] = np.nanmedian(scores[:, known], axis=0)
    best[known] = np.nanmax(scores[:, known], axis=0)
    return assessment.table(
        {
            "code": codes,
            "name": [assessment.index.find(code).name for code in codes],
            "score": assessment.arrays(codes)[row],
            "rank": np.array([assessment.rank_array(code)[row] for code in codes]),
            "median": median,
            "best": best,
        },
        integers=["rank"],
    )


def local_and_effective(assessment: Scored) -> dict[str, tuple[Floats, Floats]]:
    """Return the local and the effective weight of every node, computed in one pass.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        The weight within the parent and the weight within the index, by code, in the order of
        `Index.walk`. The arrays have shape (), or (n_units,) if units have their own weights; they
        are NaN below an aggregation that does not use weights.
    """
    one = np.ones(())
    weights_of: dict[str, tuple[Floats, Floats]] = {assessment.index.code: (one, one)}
    for node in assessment.index.walk():
        if not isinstance(node, Index):
            continue
        children_weights = assessment.weight_array(node.code)
        if not traits_of(assessment.choices.aggregation[node.code]).weighted:
            children_weights = np.full(len(node.children), np.nan)
        _, above = weights_of[node.code]
        for place, child in enumerate(node.children):
            local = children_weights[..., place]
            weights_of[child.code] = local, np.asarray(above * local)
    return weights_of


def weights(assessment: Scored) -> Frame:
    """Return the local and effective weights, with a row for each node, or each unit and node."""
    index = assessment.index
    nodes = list(index.walk())
    parents = {c.code: n.code for n in nodes if isinstance(n, Index) for c in n.children}
    columns: dict[str, Any] = {
        "code": [node.code for node in nodes],
        "parent": [parents.get(node.code) for node in nodes],
    }
    by_code = local_and_effective(assessment)
    local, effective = ([both[i] for both in by_code.values()] for i in (0, 1))
    if all(weight.ndim == 0 for weight in local):
        columns |= {"local": np.array(local), "effective": np.array(effective)}
        return assessment.table(columns)
    n_units = len(assessment.units)

    def spread(arrays: list[Any]) -> Any:
        return np.stack([np.broadcast_to(a, n_units) for a in arrays], axis=1).ravel()

    columns = {name: cells * n_units for name, cells in columns.items()}
    columns |= {"local": spread(local), "effective": spread(effective)}
    return assessment.frame(columns, rows=np.repeat(np.arange(n_units), len(nodes)))


def sheet(assessment: Scored) -> Sheet:
    """Return the first and last rows of the league table as a printable sheet."""
    codes = [node.code for node in nodes_to_level(assessment.index, 1)][:7]
    columns, order = _league(assessment, codes)
    is_cut = len(order) > SHOWN + 4
    rows = [*order[:SHOWN], *order[-3:]] if is_cut else order
    ranks = columns.pop("rank")
    shown = {"rank": ["" if np.isnan(ranks[i]) else f"{ranks[i]:.0f}" for i in rows]}
    shown[assessment.observations.unit_column] = [str(assessment.units[i]) for i in rows]
    if assessment.periods is not None:
        period_column = str(assessment.observations.period_column)
        shown[period_column] = [str(assessment.periods[i]) for i in rows]
    shown |= {name: _texts(column, rows) for name, column in columns.items()}
    marks = _mark_doubtful(assessment, codes, rows, shown)
    words = ("name", "band", assessment.observations.unit_column)
    index = assessment.index
    drawn = Sheet(
        f"{index.code}  {index.name}".rstrip(),
        tuple(shown),
        list(zip(*shown.values(), strict=True)),
        words=[place for place, name in enumerate(shown) if name in words],
        note="\n".join([_counts(assessment), *(f"{mark} {_MARKS[mark]}" for mark in marks)]),
        gap=SHOWN if is_cut else None,
    )
    return drawn if drawn.fits else drawn.without("band")


def _texts(column: Any, rows: Sequence[int]) -> list[str]:
    if not isinstance(column, np.ndarray):
        return ["" if column[i] is None else str(column[i]) for i in rows]
    largest = np.nanmax(np.abs(column), initial=0.0, where=~np.isnan(column))
    digits = 1 if largest > 20 else 3
    return ["" if np.isnan(column[i]) else f"{column[i]:.{digits}f}" for i in rows]


def _mark_doubtful(
    assessment: Scored, codes: Sequence[str], rows: Sequence[int], shown: dict[str, list[str]]
) -> list[str]:
    """Mark scores that depend on fewer than half of the indicators; return the marks in use.

    Scores that would do so only if doubtful values were missing have a different mark.
    """
    used = set()
    for code in codes:
        if not isinstance(assessment.index.find(code), Index):
            continue
        known = assessment.known_share_array(code)[rows] < DOUBTFUL
        certain = certain_share_array(assessment, code)[rows] < DOUBTFUL
        marks = np.where(known, "*", np.where(certain, "?", "")).tolist()
        texts = zip(shown[code], marks, strict=True)
        shown[code] = [text and text + mark for text, mark in texts]
        used |= {text[-1:] for text in shown[code]}
    return [mark for mark in _MARKS if mark in used]


def _counts(assessment: Scored) -> str:
    counts = [
        counted(len(set(assessment.units)), "unit"),
        counted(len(assessment.index.indicators), "indicator"),
    ]
    if assessment.periods is not None:
        counts.insert(1, f"{len(assessment.rows_by_period)} periods")
    n_missing = int(np.isnan(assessment.stage_array("raw")).sum())
    if n_missing:
        counts.append(f"{counted(n_missing, 'cell')} missing")
    return ", ".join(counts)
