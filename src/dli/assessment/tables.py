"""The tables of an assessment, and how it prints itself."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.framework import Index

if TYPE_CHECKING:
    from dli.assessment.assessment import Assessment
    from dli.framework.index import Node

__all__ = ["html", "league_table", "profile", "row", "text", "weights"]

_SHOWN = 12


def row(assessment: "Assessment", unit: object, period: object) -> int:
    """Find the row of a unit, in a period when there are several."""
    units, periods = assessment.units, assessment.periods
    if unit not in units:
        if unit in assessment.observations.units:
            msg = (
                f"unit {unit!r} was left out of the assessment: too few of its indicators are there"
            )
            raise DataError(msg)
        raise UnknownCodeError("unit", [unit], dict.fromkeys(units))
    if periods is None:
        return units.index(unit)
    rows = {periods[i]: i for i, u in enumerate(units) if u == unit}
    if period not in rows:
        raise UnknownCodeError(f"period of unit {unit!r}", [period], rows)
    return rows[period]


def nodes_to_level(index: Index, level: object) -> "list[Node]":
    """Give the nodes down to a level, parents first."""
    levels = {node.code: index.level(node.code) for node in index.walk()}
    deepest = max(levels.values())
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= deepest:
        msg = f"level must be a whole number from 0 (the index) to {deepest}, got {level!r}"
        raise MethodError(msg)
    return [node for node in index.walk() if levels[node.code] <= level]


def league_table(assessment: "Assessment", level: int) -> Any:
    """Give the order of units, best first, with the scores down to a level."""
    nodes = nodes_to_level(assessment.index, level)
    columns, order = _league_columns(assessment, [node.code for node in nodes])
    ordered = {
        name: cells[order] if isinstance(cells, np.ndarray) else [cells[i] for i in order]
        for name, cells in columns.items()
    }
    return frames.build(ordered, assessment.observations.table.library, integers=["rank"])


def _league_columns(
    assessment: "Assessment", codes: Sequence[str]
) -> tuple[dict[str, Any], list[int]]:
    observations = assessment.observations
    index = assessment.index
    ranks = assessment.rank_array(index.code)
    columns: dict[str, Any] = {"rank": ranks, observations.unit_column: list(assessment.units)}
    places = np.zeros(len(ranks))
    if assessment.periods is not None:
        columns[str(observations.period_column)] = list(assessment.periods)
        seen = {period: i for i, period in enumerate(dict.fromkeys(assessment.periods))}
        places = np.array([seen[period] for period in assessment.periods])
    if "name" in observations.context:
        columns["name"] = assessment.context("name")
    if index.bands is not None:
        columns["band"] = index.bands.of(assessment.array(index.code))
    columns |= {code: assessment.array(code) for code in codes}
    return columns, np.lexsort((ranks, places)).tolist()


def profile(assessment: "Assessment", place: int, level: int) -> Any:
    """Give one row's scores beside those of all in its period."""
    nodes = nodes_to_level(assessment.index, level)
    periods = assessment.periods
    same = [
        i for i in range(len(assessment.units)) if periods is None or periods[i] == periods[place]
    ]
    scores = np.stack([assessment.array(node.code)[same] for node in nodes])
    there = ~np.isnan(scores).all(axis=1)
    median, best = np.full((2, len(nodes)), np.nan)
    median[there] = np.nanmedian(scores[there], axis=1)
    best[there] = np.nanmax(scores[there], axis=1)
    return frames.build(
        {
            "code": [node.code for node in nodes],
            "name": [node.name for node in nodes],
            "score": np.array([assessment.array(node.code)[place] for node in nodes]),
            "rank": np.array([assessment.rank_array(node.code)[place] for node in nodes]),
            "median": median,
            "best": best,
        },
        assessment.observations.table.library,
        integers=["rank"],
    )


def weights(assessment: "Assessment") -> Any:
    """Give local and effective weights: a row for each node, or for each unit and node."""
    index = assessment.index
    nodes = list(index.walk())
    parents = [index.parent(node.code) for node in nodes]
    columns: dict[str, Any] = {
        "code": [node.code for node in nodes],
        "parent": [None if parent is None else parent.code for parent in parents],
    }
    local = []
    for node, parent in zip(nodes, parents, strict=True):
        if parent is None:
            local.append(np.ones(()))
        else:
            place = [child.code for child in parent.children].index(node.code)
            local.append(assessment.weight_array(parent.code)[..., place])
    effective = [assessment.effective_weight_array(node.code) for node in nodes]
    library = assessment.observations.table.library
    if all(weight.ndim == 0 for weight in local):
        columns |= {"local": np.array(local), "effective": np.array(effective)}
        return frames.build(columns, library)
    n_units = len(assessment.units)

    def spread(arrays: list[Any]) -> Any:
        return np.stack([np.broadcast_to(a, n_units) for a in arrays], axis=1).ravel()

    keys = {assessment.observations.unit_column: np.repeat(np.arange(n_units), len(nodes))}
    repeated = {name: [assessment.units[i] for i in rows.tolist()] for name, rows in keys.items()}
    if assessment.periods is not None:
        rows = np.repeat(np.arange(n_units), len(nodes)).tolist()
        repeated[str(assessment.observations.period_column)] = [assessment.periods[i] for i in rows]
    return frames.build(
        {
            **repeated,
            **{name: cells * n_units for name, cells in columns.items()},
            "local": spread(local),
            "effective": spread(effective),
        },
        library,
    )


def _cells(assessment: "Assessment") -> tuple[dict[str, list[str]], int]:
    """Give the head and the end of the league table as text, and where the rest is cut out."""
    codes = [node.code for node in nodes_to_level(assessment.index, 1)][:7]
    columns, order = _league_columns(assessment, codes)
    is_cut = len(order) > _SHOWN + 4
    rows = [*order[:_SHOWN], *order[-3:]] if is_cut else order
    shown = {name: _column_text(column, rows) for name, column in columns.items()}
    shown["rank"] = [
        "" if np.isnan(columns["rank"][i]) else f"{columns['rank'][i]:.0f}" for i in rows
    ]
    return shown, _SHOWN if is_cut else -1


def _column_text(column: Any, rows: Sequence[int]) -> list[str]:
    if not isinstance(column, np.ndarray):
        return ["" if column[i] is None else str(column[i]) for i in rows]
    largest = np.nanmax(np.abs(column), initial=0.0, where=~np.isnan(column))
    digits = 1 if largest > 20 else 3
    return ["" if np.isnan(column[i]) else f"{column[i]:.{digits}f}" for i in rows]


def _headlines(assessment: "Assessment") -> tuple[str, str]:
    index, periods = assessment.index, assessment.periods
    counts = [f"{len(set(assessment.units))} units", f"{len(index.indicators)} indicators"]
    if periods is not None:
        counts.insert(1, f"{len(set(periods))} periods")
    n_missing = int(np.isnan(assessment.stage_array("raw")).sum())
    if n_missing:
        counts.append(f"{n_missing} cells missing")
    return f"{index.code}  {index.name}".rstrip(), ", ".join(counts)


def text(assessment: "Assessment") -> str:
    """Print the head and the end of the league table, at most 80 columns wide."""
    columns, cut = _cells(assessment)
    widths = {name: max(len(name), *map(len, cells)) for name, cells in columns.items()}
    if _excess(widths) > 0 and "band" in columns:
        del columns["band"], widths["band"]
    if _excess(widths) > 0 and "name" in columns:
        widths["name"] = max(widths["name"] - _excess(widths), 12)
    wordy = {"name", "band", assessment.observations.unit_column}

    def line(cells: Sequence[str]) -> str:
        parts = []
        for name, cell in zip(columns, cells, strict=True):
            width = widths[name]
            short = cell if len(cell) <= width else cell[: width - 1] + "…"
            parts.append(short.ljust(width) if name in wordy else short.rjust(width))
        return "  ".join(parts).rstrip()

    lines = [line(list(columns)), *(line(cells) for cells in zip(*columns.values(), strict=True))]
    if cut >= 0:
        lines.insert(cut + 1, f"{'…':>{widths['rank']}}")
    return "\n".join([*_headlines(assessment), "", *lines])


def _excess(widths: dict[str, int]) -> int:
    return sum(widths.values()) + 2 * (len(widths) - 1) - 80


def html(assessment: "Assessment") -> str:
    """Print the same for a notebook."""
    columns, cut = _cells(assessment)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = [
        "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        for cells in zip(*columns.values(), strict=True)
    ]
    if cut >= 0:
        body.insert(cut, f'<td colspan="{len(columns)}">…</td>')
    lines = "".join(f"<tr>{cells}</tr>" for cells in body)
    title, counts = map(escape, _headlines(assessment))
    return (
        f"<div><p><b>{title}</b><br>{counts}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
