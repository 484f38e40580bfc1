"""Flags for missing, doubtful, imputed, treated and truncated values, and for affected scores."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from dli.assessment.doubtful import doubtful_cells
from dli.assessment.scored import Scored
from dli.assessment.tables import DOUBTFUL
from dli.errors import UnknownCodeError
from dli.frames import Frame
from dli.framework import Index
from dli.normalisation.protocol import truncated

__all__ = ["filled", "flags"]

# The row, the code of the node (None for the unit as a whole), the kind of flag and a note.
Flag: TypeAlias = tuple[int, str | None, str, str]


def flags(assessment: Scored) -> Frame:
    """Return the table of flags, ordered by row and then by step."""
    observations = assessment.observations
    kept = np.arange(len(observations.units))[assessment._run.rows]  # noqa: SLF001 one package
    found = [*_left_out(assessment, kept)]
    steps = (_missing, _doubtful, _imputed, _treated, _truncated, _without_score, _low_coverage)
    for step in steps:
        found += [(int(kept[row]), *rest) for row, *rest in step(assessment)]  # type: ignore[misc] # a Flag less its row
    found.sort(key=lambda flag: flag[0])  # stable: within a row the steps keep their order
    columns = {
        "code": [flag[1] for flag in found],
        "flag": [flag[2] for flag in found],
        "note": [flag[3] for flag in found],
    }
    return observations.frame(columns, rows=[flag[0] for flag in found])


def filled(assessment: Scored, by: str) -> Frame:
    """Return how many values were missing, imputed and treated, by unit or by indicator."""
    if by not in ("units", "indicators"):
        what = "way to count"
        raise UnknownCodeError(what, [by], ["units", "indicators"])
    raw, imputed, treated, normalised = (
        assessment.stage_array(name) for name in ("denominated", "imputed", "treated", "normalised")
    )
    axis = 1 if by == "units" else 0
    counts = {
        "missing": np.isnan(normalised).sum(axis=axis),
        "imputed": (np.isnan(raw) & ~np.isnan(imputed)).sum(axis=axis),
        "treated": ((imputed != treated) & ~np.isnan(imputed)).sum(axis=axis),
    }
    counts["imputed_share"] = counts["imputed"] / raw.shape[axis]
    if by == "units":
        return assessment.frame(counts)
    indicators = assessment.index.indicators
    names = {"code": [i.code for i in indicators], "name": [i.name for i in indicators]}
    return assessment.table({**names, **counts})


def _left_out(assessment: Scored, kept: Any) -> Iterator[Flag]:
    measured = [indicator.constant is None for indicator in assessment.index.indicators]
    values = assessment.observations.values[:, measured]
    needed = assessment.method.availability
    for row in np.setdiff1d(np.arange(len(values)), kept).tolist():
        share = 1 - np.isnan(values[row]).mean()
        yield (
            row,
            None,
            "left out",
            f"has {share:.3g} of the indicators, availability requires {needed:g}",
        )


def _missing(assessment: Scored) -> Iterator[Flag]:
    """Yield flags for values that are missing after imputation, and where their weight goes."""
    before = np.isnan(assessment.stage_array("denominated"))
    normalised = np.isnan(assessment.stage_array("normalised"))
    raw = np.isnan(assessment.stage_array("raw"))
    for column, indicator in enumerate(assessment.index.indicators):
        parent = assessment.index.parent(indicator.code)
        assert parent is not None  # noqa: S101 indicators have one; told to the type checker
        gone = np.isnan(assessment.array(parent.code))
        for row in np.flatnonzero(normalised[:, column] & before[:, column]).tolist():
            what = "no value" if raw[row, column] else f"no value of {indicator.denominator!r}"
            rest = "no score either" if gone[row] else "its weight goes to the other children"
            yield row, indicator.code, "missing", f"{what}; {parent.name or parent.code}: {rest}"


def _doubtful(assessment: Scored) -> Iterator[Flag]:
    """Yield flags for values that may stand for a missing value."""
    values = assessment.stage_array("raw")
    indicators = assessment.index.indicators
    for row, column in np.argwhere(doubtful_cells(values, indicators)).tolist():
        note = f"{values[row, column]:g} may mean that there is no value"
        yield row, indicators[column].code, "doubtful", note


def _imputed(assessment: Scored) -> Iterator[Flag]:
    before = assessment.stage_array("denominated")
    after = assessment.stage_array("imputed")
    for row, column in np.argwhere(np.isnan(before) & ~np.isnan(after)).tolist():
        yield row, assessment.index.indicators[column].code, "imputed", f"{after[row, column]:.6g}"
    for node in assessment.held.nodes.values():
        if node.filled is not None:
            for row in np.flatnonzero(~np.isnan(node.filled)).tolist():
                yield row, node.code, "imputed", f"{node.filled[row]:.6g}"


def _treated(assessment: Scored) -> Iterator[Flag]:
    before = assessment.stage_array("imputed")
    after = assessment.stage_array("treated")
    if after is before:
        return
    changed = (before != after) & ~np.isnan(before)
    for row, column in np.argwhere(changed).tolist():
        note = f"{before[row, column]:.6g} became {after[row, column]:.6g}"
        yield row, assessment.index.indicators[column].code, "treated", note


def _truncated(assessment: Scored) -> Iterator[Flag]:
    """Yield flags for values beyond the ends of their scale, if the normalisation reports them."""
    index = assessment.index
    values = assessment.stage_array("treated")
    for choice, columns in assessment.normalisations:
        places = np.arange(len(index.indicators))[columns]
        own = [index.indicators[place] for place in places]
        cut = truncated(choice, values[:, places], own)
        for row, j in [] if cut is None else np.argwhere(cut).tolist():
            worst, best = own[j].goalposts or (np.nan, np.nan)
            ends = "its scale" if np.isnan(worst) else f"the goalposts {worst:g} to {best:g}"
            note = f"{values[row, places[j]]:.6g} lies beyond {ends}"
            yield row, own[j].code, "truncated", note


def _low_coverage(assessment: Scored) -> Iterator[Flag]:
    """Yield flags for scores that depend on fewer than half of the indicators below the node."""
    for node in assessment.index.walk():
        if isinstance(node, Index):
            share = assessment.known_share_array(node.code)
            doubtful = (share < DOUBTFUL) & ~np.isnan(assessment.array(node.code))
            for row in np.flatnonzero(doubtful).tolist():
                note = f"{share[row]:.0%} of the indicators have a value"
                yield row, node.code, "low coverage", note


def _without_score(assessment: Scored) -> Iterator[Flag]:
    choices = assessment.choices
    for node in assessment.index.walk():
        if not isinstance(node, Index):
            continue
        coverage = choices.coverage[node.code]
        gone = np.flatnonzero(np.isnan(assessment.array(node.code))).tolist()
        for row in gone:
            present = sum(not np.isnan(assessment.array(c.code)[row]) for c in node.children)
            note = f"{present} of {len(node.children)} children have a value"
            if choices.missing == "propagate":
                note += "; the method requires all"
            elif coverage.of == "children" and coverage.share:
                note += f"; coverage requires {coverage.share:g}"
            elif not coverage.is_none:
                note += f"; coverage requires {coverage.describe()}"
            yield row, node.code, "no score", note
