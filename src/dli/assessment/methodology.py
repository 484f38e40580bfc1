"""The methods statement: each step with its formulas and parameters, as an appendix needs it."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from dli.assessment.scored import Scored
from dli.assessment.tables import local_and_effective
from dli.framework import Index, Indicator
from dli.framework.select import inner_node
from dli.method.describing import describe
from dli.printing import counted
from dli.steps import ask

__all__ = ["escaped", "statement"]

# Characters that begin markup or formulas; underscores within words do not.
_SPECIAL = re.compile(r"[\\`*\[\]<>|$~&]|(?<![^\W_])_|_(?![^\W_])|^[#+=-]")

# The largest number of changed values that are listed for an indicator.
_SHOWN = 10

_MISSING = {
    "renormalise": "The weight of a missing child is distributed over the other children in "
    "proportion to their weights.",
    "propagate": "A node with any missing child has no score.",
    "raise": "No node may have a missing child.",
}


def statement(assessment: Scored) -> str:
    """Return the methods statement of an assessment in Markdown."""
    sections = [
        *_opening(assessment),
        *_framework(assessment),
        *_data(assessment),
        *_steps(assessment),
        *_aggregation(assessment),
        *_results(assessment),
    ]
    return "\n".join(sections) + "\n"


def _opening(assessment: Scored) -> Iterator[str]:
    index = assessment.index
    yield f"# Methods: {escaped(index.name or index.code)}"
    yield ""
    if index.description:
        yield escaped(index.description.strip())
        yield ""


def _framework(assessment: Scored) -> Iterator[str]:
    index = assessment.index
    yield "## Framework"
    yield ""
    groups = sum(isinstance(node, Index) for node in index.walk()) - 1
    yield f"{escaped(index.code)} aggregates {len(index.indicators)} indicators" + (
        f" in {groups} sub-indices." if groups else "."
    )
    yield ""
    yield "| code | name | parent | direction | unit of measure | local weight | effective weight |"
    yield "|---|---|---|---|---|---:|---:|"
    weights = local_and_effective(assessment)
    for node in index.walk():
        parent = index.parent(node.code)
        if parent is None:
            continue
        local, effective = (
            "" if np.isnan(weight).any() else f"{np.mean(weight):.4g}"
            for weight in weights[node.code]
        )
        direction = measure = ""
        if isinstance(node, Indicator):
            direction = "+" if node.direction == 1 else "−"
            measure = escaped(node.unit_of_measure)
        texts = (escaped(text) for text in (node.code, node.name, parent.code))
        yield (f"| {' | '.join(texts)} | {direction} | {measure} | {local} | {effective} |")
    yield ""
    if any(assessment.weight_array(code).ndim > 1 for code in _codes_with_children(index)):
        yield "Each unit has its own weights; the table shows their means over all units."
        yield ""


def _codes_with_children(index: Index) -> list[str]:
    return [node.code for node in index.walk() if isinstance(node, Index)]


def _data(assessment: Scored) -> Iterator[str]:
    raw, quotients = (assessment.stage_array(stage) for stage in ("raw", "denominated"))
    units, periods = assessment.units, assessment.periods
    observations = assessment.observations
    yield "## Data"
    yield ""
    when = (
        ""
        if periods is None
        else f" in {len(set(periods))} periods ({periods[0]} to {periods[-1]})"
    )
    n_missing = int(np.isnan(quotients).sum())
    n_undivided = n_missing - int(np.isnan(raw).sum())
    why = f", {n_undivided} of them because their denominator is missing" if n_undivided else ""
    yield (
        f"The data contain {counted(len(set(units)), 'unit')}{when} and "
        f"{counted(raw.shape[1], 'indicator')}; {n_missing} of {raw.size} values "
        f"({n_missing / raw.size:.1%}) are missing{why}."
    )
    left_out = len(observations.units) - len(units)
    if assessment.method.availability > 0:
        yield (
            f"Rows with values for less than {assessment.method.availability:.0%} of the "
            f"indicators are left out: {left_out} of {len(observations.units)}."
            + (
                " Values imputed from other periods count as values."
                if _fills_over_time(assessment)
                else ""
            )
        )
    divided = [i for i in assessment.index.indicators if i.denominator is not None]
    if divided:
        pairs = ", ".join(
            f"{escaped(i.code)} by {escaped(i.denominator)}"
            + (f" (times {i.denominator_factor:g})" if i.denominator_factor != 1 else "")
            for i in divided
        )
        yield f"Indicators that are divided by another column: {pairs}."
    sources = {i.source for i in assessment.index.indicators if i.source}
    if sources:
        yield ""
        yield "Sources: " + "; ".join(sorted(escaped(source) for source in sources)) + "."
    yield ""


def _fills_over_time(assessment: Scored) -> bool:
    choices = [choice for choice, _ in assessment.choices.imputation if choice is not None]
    if not choices:
        return False
    from dli.imputation.protocol import traits_of

    return any(traits_of(choice).over_time for choice in choices)


def _steps(assessment: Scored) -> Iterator[str]:
    titles = {
        "imputation": "Missing values",
        "treatment": "Outliers",
        "normalisation": "Normalisation",
    }
    for family, title in titles.items():
        groups = getattr(assessment.choices, family)
        yield f"## {title}"
        yield ""
        for choice, columns in groups:
            codes = [
                escaped(i.code)
                for i in np.array(assessment.index.indicators, dtype=object)[columns]
            ]
            where = "" if len(groups) == 1 else f"{', '.join(codes)}: "
            if choice is None:
                nothing = "imputed" if family == "imputation" else "treated as outliers"
                yield where + f"No values are {nothing}."
            else:
                yield where + describe(choice)
            yield ""
        if family == "treatment":
            yield from _changed(assessment)
        if family == "imputation":
            yield from _missing(assessment)
        if family == "normalisation":
            yield from _of_scores(assessment)
            yield from _goalposts(assessment)


def _changed(assessment: Scored) -> Iterator[str]:
    """Yield the values that a treatment changed, before and after the treatment.

    An indicator with more than half of its values changed has been transformed as a whole; it
    is summed up in one sentence.
    """
    before, after = (assessment.stage_array(name) for name in ("imputed", "treated"))
    for j, indicator in enumerate(assessment.index.indicators):
        rows = np.flatnonzero((before[:, j] != after[:, j]) & ~np.isnan(before[:, j])).tolist()
        if not rows:
            continue
        n_known = int((~np.isnan(before[:, j])).sum())
        if len(rows) > n_known / 2:
            yield f"{escaped(indicator.code)}: {len(rows)} of {n_known} values are transformed."
            continue
        shown = [
            f"{escaped(_row_name(assessment, row))} ({before[row, j]:.4g} to {after[row, j]:.4g})"
            for row in rows[:_SHOWN]
        ]
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        noun = "value is" if len(rows) == 1 else "values are"
        yield f"{escaped(indicator.code)}: {len(rows)} {noun} changed, {', '.join(shown)}{more}."
    yield ""


def _row_name(assessment: Scored, row: int) -> str:
    periods = assessment.periods
    return f"{assessment.units[row]}" + ("" if periods is None else f", {periods[row]}")


def _missing(assessment: Scored) -> Iterator[str]:
    yield _MISSING[assessment.method.missing]
    by_rule: dict[Any, list[str]] = {}
    for code, rule in assessment.choices.coverage.items():
        by_rule.setdefault(rule, []).append(escaped(code))
    for rule, codes in by_rule.items():
        if not rule.is_none:
            which = "A node" if len(by_rule) == 1 else f"A node ({', '.join(codes)})"
            yield f"{which} has a score only if {rule.describe()} have a value."
    for choice, codes in _by_choice(assessment.choices.node_imputation):
        yield f"Missing scores of {', '.join(codes)} are imputed: {describe(choice)}"
    yield ""


def _of_scores(assessment: Scored) -> Iterator[str]:
    top = assessment.index.code
    for choice, codes in _by_choice(assessment.choices.node_normalisation):
        before = "" if codes == [escaped(top)] else " before they are aggregated further"
        yield f"The scores of {', '.join(codes)} are normalised{before}: {describe(choice)}"
        yield ""


def _by_choice(choices: Mapping[str, Any]) -> list[tuple[Any, list[str]]]:
    """Return each distinct choice with the codes of the nodes that use it."""
    by_choice: list[tuple[Any, list[str]]] = []
    for code, choice in choices.items():
        codes = next((codes for other, codes in by_choice if other is choice), None)
        if codes is None:
            by_choice.append((choice, [escaped(code)]))
        else:
            codes.append(escaped(code))
    return by_choice


def _goalposts(assessment: Scored) -> Iterator[str]:
    fixed = [i for i in assessment.index.indicators if i.goalposts is not None]
    if not fixed:
        return
    yield (
        "Declared goalposts, in the unit of measure of the indicator (after division by its "
        "denominator, if any):"
    )
    yield ""
    yield "| code | worst | best |"
    yield "|---|---:|---:|"
    for indicator in fixed:
        worst, best = indicator.goalposts or (np.nan, np.nan)
        yield f"| {escaped(indicator.code)} | {worst:g} | {best:g} |"
    yield ""


def _aggregation(assessment: Scored) -> Iterator[str]:
    yield "## Weighting and aggregation"
    yield ""
    for family in ("weighting", "aggregation"):
        by_choice = _by_choice(getattr(assessment.choices, family))
        for choice, codes in by_choice:
            where = "" if len(by_choice) == 1 else f"{', '.join(codes)}: "
            yield where + describe(choice)
            yield ""
        if family == "weighting":
            yield from _judgements(assessment)


def _judgements(assessment: Scored) -> Iterator[str]:
    """Yield the weightings' own descriptions of nodes, such as judgements and consistency."""
    for code, choice in assessment.choices.weighting.items():
        if callable(getattr(choice, "describe_at", None)):
            children = [child.code for child in inner_node(assessment.index, code).children]
            step = f"weighting {type(choice).__name__} of {code!r}"
            text = ask(choice, "describe_at", children, step=step, codes=children)
            yield f"{escaped(code)}: {escaped(text)}"
            yield ""


def _results(assessment: Scored) -> Iterator[str]:
    index = assessment.index
    yield "## Ranks and bands"
    yield ""
    within = " within each period" if assessment.periods is not None else ""
    yield (
        f"Units are ranked by score{within}, the highest first. Scores that differ by at most "
        "$10^{-12}$ times the largest absolute score are ties, and tied units share the smaller "
        "rank. A unit without a score has no rank."
    )
    yield ""
    for node in index.walk():
        if isinstance(node, Index) and node.bands is not None:
            bounds = node.bands.thresholds
            names = node.bands.names
            classes = (
                [f"{escaped(names[0])} below {bounds[0]:g}"] if bounds else [escaped(names[0])]
            )
            classes += [
                f"{escaped(n)} from {low:g}" for n, low in zip(names[1:], bounds, strict=True)
            ]
            yield f"Bands of {escaped(node.code)}: {'; '.join(classes)}."
            yield ""
    yield f"Computed with digital-leadership-index {version('digital-leadership-index')}."


def escaped(text: object) -> str:
    """Return a text of the data, escaped so that Markdown shows it literally on one line."""
    flat = " ".join(str(text).split())
    return _SPECIAL.sub(r"\\\g<0>", flat)
