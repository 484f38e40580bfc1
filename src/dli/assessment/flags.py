"""What happened to the cells that were not simply there, and to the scores above them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dli import frames
from dli.framework import Index

if TYPE_CHECKING:
    from dli.assessment.assessment import Assessment

__all__ = ["flags"]

Flag: TypeAlias = tuple[int, str | None, str, str]


def flags(assessment: "Assessment") -> Any:
    """Build the table of flags, in the order of rows and steps."""
    observations = assessment.observations
    kept = np.arange(len(observations.units))[assessment._run.rows]  # noqa: SLF001 one package
    found = [*_left_out(assessment, kept)]
    for step in (_missing, _imputed, _treated, _truncated, _without_score):
        found += [(int(kept[row]), *rest) for row, *rest in step(assessment)]  # type: ignore[misc] # a Flag less its row
    found.sort(key=lambda flag: flag[0])  # stable: within a row the steps keep their order
    columns: dict[str, Any] = {observations.unit_column: [observations.units[f[0]] for f in found]}
    if observations.periods is not None:
        columns[str(observations.period_column)] = [observations.periods[f[0]] for f in found]
    columns["code"] = [f[1] for f in found]
    columns["flag"] = [f[2] for f in found]
    columns["note"] = [f[3] for f in found]
    return frames.build(columns, observations.table.library)


def _left_out(assessment: "Assessment", kept: Any) -> Iterator[Flag]:
    values = assessment.observations.values
    needed = assessment.method.availability
    for row in np.setdiff1d(np.arange(len(values)), kept).tolist():
        share = 1 - np.isnan(values[row]).mean()
        yield (
            row,
            None,
            "left out",
            f"has {share:.3g} of the indicators, availability asks {needed:g}",
        )


def _missing(assessment: "Assessment") -> Iterator[Flag]:
    """Flag cells with no value at the end, by what came of their weight."""
    before = np.isnan(assessment.stage_array("denominated"))
    normalised = np.isnan(assessment.stage_array("normalised"))
    raw = np.isnan(assessment.stage_array("raw"))
    for column, indicator in enumerate(assessment.index.indicators):
        parent = assessment.index.parent(indicator.code)
        assert parent is not None  # noqa: S101 indicators have one; told to the type checker
        gone = np.isnan(assessment.array(parent.code))
        for row in np.flatnonzero(normalised[:, column] & before[:, column]).tolist():
            what = "no value" if raw[row, column] else f"no value of {indicator.denominator!r}"
            rest = "no score either" if gone[row] else "its weight shared among the others"
            yield row, indicator.code, "missing", f"{what}; {parent.code}: {rest}"


def _imputed(assessment: "Assessment") -> Iterator[Flag]:
    before = assessment.stage_array("denominated")
    after = assessment.stage_array("imputed")
    for row, column in np.argwhere(np.isnan(before) & ~np.isnan(after)).tolist():
        yield row, assessment.index.indicators[column].code, "imputed", f"{after[row, column]:.6g}"


def _treated(assessment: "Assessment") -> Iterator[Flag]:
    before = assessment.stage_array("imputed")
    after = assessment.stage_array("treated")
    if after is before:
        return
    changed = (before != after) & ~np.isnan(before)
    for row, column in np.argwhere(changed).tolist():
        note = f"{before[row, column]:.6g} became {after[row, column]:.6g}"
        yield row, assessment.index.indicators[column].code, "treated", note


def _truncated(assessment: "Assessment") -> Iterator[Flag]:
    """Flag values beyond the ends of their scale, where the normalisation can tell."""
    index = assessment.index
    values = assessment.stage_array("treated")
    for choice, columns in assessment._run.normalisations:  # noqa: SLF001 one package
        if not hasattr(choice, "truncated"):
            continue
        places = np.arange(len(index.indicators))[columns]
        own = [index.indicators[place] for place in places]
        for row, j in np.argwhere(choice.truncated(values[:, places], own)).tolist():
            worst, best = own[j].goalposts or (np.nan, np.nan)
            ends = "its scale" if np.isnan(worst) else f"the goalposts {worst:g} to {best:g}"
            note = f"{values[row, places[j]]:.6g} lies beyond {ends}"
            yield row, own[j].code, "truncated", note


def _without_score(assessment: "Assessment") -> Iterator[Flag]:
    method = assessment.method
    for node in assessment.index.walk():
        if not isinstance(node, Index):
            continue
        coverage = method.for_node("coverage", node, assessment.index)
        gone = np.flatnonzero(np.isnan(assessment.array(node.code))).tolist()
        for row in gone:
            present = sum(not np.isnan(assessment.array(c.code)[row]) for c in node.children)
            note = f"{present} of {len(node.children)} children have a value"
            if method.missing == "propagate":
                note += "; the method asks for all"
            elif coverage > 0:
                note += f"; coverage asks {coverage:g}"
            yield row, node.code, "no score", note
