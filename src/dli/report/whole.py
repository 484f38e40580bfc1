"""The report of a whole index."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from dli import frames, plots
from dli.assessment.tables import local_and_effective
from dli.framework import Index, Indicator
from dli.plots.many import value_histograms
from dli.report import many
from dli.report.document import Block, Paragraph, Section
from dli.report.league import draws_paragraph, league_table, least_firm, loose_table, ranked
from dli.report.parts import (
    LEVELS,
    UNITS,
    depth_of,
    digits_of,
    fewer,
    filled,
    intervals,
    joined,
    methods,
    names_of,
    number,
    picture,
    studied,
    table_of,
    tried,
)
from dli.report.report import Report

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.framework.index import Node
    from dli.sensitivity import Sobol, Uncertainty

__all__ = ["of_index"]

# Rows of a picture that still print on one page, and of one that leaves room for more.
_PAGE, _FEW = 60, 30
# Indicators in a heat map of correlations; with more, nobody can read the cells.
_MAPPED = 100


def of_index(
    assessment: "Assessment",
    *,
    period: object = None,
    study: "Uncertainty | None" = None,
    sobol: "Sobol | None" = None,
) -> Report:
    """Report a whole index: the league, its parts, how far ranks hold, the data, the methods.

    Of more than 500 units, tables and pictures show the 50 highest and the 50 lowest, and how the
    scores of all are distributed; the HTML page lists all units by name in blocks that fold.

    Parameters
    ----------
    assessment : Assessment
    period : object, optional
        Where there are several: whose league is shown.
    study : Uncertainty, optional
        Of the same units at the index. By default 2,000 draws, or 500 of more than 5,000 units, in
        which each weight is up to a quarter more or less, with the seed 0.
    sobol : Sobol, optional
        Shown as well if it is there.

    Returns
    -------
    Report
        A part that cannot be made, such as the correlations of a single unit, is replaced by the
        reason.

    Raises
    ------
    UnknownCodeError
        No such period.
    MethodError
        A study of other units, or of a sub-index.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")], "Test")
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> [section.title for section in of_index(Assessment(index, data)).sections][:3]
    ['In short', 'League table', 'Framework']
    """
    rows = assessment.rows(period).tolist()
    own, robust = studied(assessment, study)
    if len(rows) > UNITS:
        heads = many.heads_of(assessment, rows, own)
        league, everyone = many.league(heads), [Section("All units", many.everyone(heads))]
        robust += many.robustness(heads, fewer(assessment, study)) if own is not None else []
    else:
        league, everyone = _league(assessment, period, rows, own), []
        robust += _robustness(own, period, rows) if own is not None else []
    sections = [
        Section("In short", list(_in_short(assessment, rows, own))),
        Section("League table", league),
        *everyone,
        Section("Framework", list(_framework(assessment))),
        Section("Sub-indices", list(_parts(assessment, period, rows))),
        Section("How far the ranks hold", [*robust, *_shares(sobol)]),
        Section("Data quality", list(_quality(assessment, is_large=len(rows) > UNITS))),
        *methods(assessment, own),
    ]
    index = assessment.index
    when = "" if period is None else f", {period}"
    subtitle = f"{len(rows):,} units, {len(index.indicators)} indicators{when}"
    return Report(index.name or index.code, subtitle, sections)


def _in_short(
    assessment: "Assessment", rows: list[int], study: "Uncertainty | None"
) -> Iterator[Block]:
    index = assessment.index
    if index.description:
        yield Paragraph(index.description.strip())
    order = ranked(assessment, rows)
    scores = assessment.array(index.code)
    digits, names = digits_of(scores), names_of(assessment)
    if not order:
        yield Paragraph("No unit has a score.")
        return
    first = [f"{names[r]} with {number(scores[r], digits)}" for r in order[:3]]
    last = order[-1]
    yield Paragraph(
        f"Ahead {'are' if len(first) > 1 else 'is'} {joined(first)}. The median is "
        f"{number(np.median(scores[order]), digits)}; last of {len(order):,} is "
        f"{names[last]} with {number(scores[last], digits)}."
    )
    if index.bands is not None:
        counts = Counter(index.bands.of(scores[order]))
        listed = [f"{counts[name]:,} in {name}" for name in reversed(index.bands.names)]
        yield Paragraph(f"By band: {', '.join(listed)}.")
    if study is not None:
        yield Paragraph(
            f"When the choices behind it vary as told below, ranks move by "
            f"{study.mean_rank_shift:.1f} places on average."
        )


def _league(
    assessment: "Assessment", period: object, rows: list[int], study: "Uncertainty | None"
) -> Iterator[Block]:
    order = ranked(assessment, rows)
    order += sorted(set(rows) - set(order))
    between = None if study is None else dict(enumerate(intervals(study)))
    n_drawn = min(_FEW, len(order))
    yield from tried(
        lambda: picture(
            lambda: plots.league(assessment, top=n_drawn, period=period),
            f"Bars of the scores of the first {n_drawn} units, the longest first",
            "The score of each unit, divided by what the parts of the index bring.",
        ),
        "A picture of the league",
    )
    yield league_table(assessment, order, between, "Units by rank")


def _framework(assessment: "Assessment") -> Iterator[Block]:
    index = assessment.index
    depth = depth_of(index)
    cut = f" The first {LEVELS} of its {depth:,} levels." if depth > LEVELS else ""
    yield picture(
        lambda: plots.framework(_first_levels(index)),
        f"Rings of {index.code}: its {len(index.children)} parts inside, indicators outside",
        f"What the index is made of, as wide as it weighs.{cut}",
    )
    weights = local_and_effective(assessment)
    nodes = [node for node in index.walk() if node is not index]
    yield filled(
        "What each code stands for, and its weight in the whole.",
        ["code", "name", "weight"],
        [[node.code, node.name, f"{np.mean(weights[node.code][1]):.3f}"] for node in nodes],
        [1],
    )


def _first_levels(index: Index) -> Index:
    """Return the index with the nodes of the last level that reports show as its indicators."""
    level = {node.code: index.level(node.code) for node in index.walk()}
    shown: dict[str, Node] = {}
    for node in reversed([node for node in index.walk() if level[node.code] <= LEVELS]):
        if not isinstance(node, Index):
            shown[node.code] = node
        elif level[node.code] == LEVELS:
            shown[node.code] = Indicator(node.code, node.name, weight=node.weight)
        else:
            children = [shown[child.code] for child in node.children]
            shown[node.code] = evolve(node, children=children)
    top = shown[index.code]
    assert isinstance(top, Index)  # noqa: S101 for the type checker
    return top


def _parts(assessment: "Assessment", period: object, rows: list[int]) -> Iterator[Block]:
    index, names = assessment.index, names_of(assessment)
    rows_of_parts = []
    for child in index.children:
        scores = assessment.array(child.code)[rows]
        there = scores[~np.isnan(scores)]
        digits = digits_of(scores)
        best = names[rows[int(np.nanargmax(scores))]] if there.size else "–"
        figures = [f(there) for f in (np.min, np.median, np.max)] if there.size else [np.nan] * 3
        rows_of_parts.append(
            [child.code, child.name, *(number(x, digits) for x in figures), best, str(there.size)]
        )
    head = ["code", "name", "lowest", "median", "highest", "first", "units"]
    yield filled("How units score in the parts of the index.", head, rows_of_parts, [1, 5])
    if len(index.children) > 1:
        yield from tried(
            lambda: picture(
                lambda: plots.correlations(assessment, 1, period=period),
                "A table of the correlations of the parts of the index",
                "Where parts go together, one of them adds little that the other does not say.",
            ),
            "Correlations of the parts",
        )
    n = len(index.indicators)
    if n > _MAPPED:
        yield Paragraph(
            f"Correlations of the {n:,} indicators are not drawn: more than {_MAPPED} cannot be "
            "read in one picture. dli.multivariate.correlations computes them."
        )
    elif any(isinstance(child, Index) for child in index.children):
        yield from tried(
            lambda: picture(
                lambda: plots.correlations(assessment, period=period),
                "A heat map of the correlations of all indicators",
                "Correlations of indicators, all turned so that more is better.",
            ),
            "Correlations of the indicators",
        )


def _robustness(own: "Uncertainty", period: object, rows: list[int]) -> Iterator[Block]:
    yield draws_paragraph(own)
    order = ranked(own.assessment, rows)
    yield picture(
        lambda: plots.rank_intervals(own, top=_PAGE, period=period),
        f"Intervals of the ranks of the first {min(_PAGE, len(order))} units",
        "Where intervals overlap, the order of two units is not firm.",
    )
    yield picture(
        lambda: plots.rank_acceptability(own, top=_FEW, period=period),
        "A heat map of the shares of draws in which units took ranks",
        f"The share of draws in which each of the first {min(_FEW, len(order))} took each rank.",
    )
    yield loose_table(own, least_firm(own, order), dict(enumerate(intervals(own))))


def _shares(sobol: "Sobol | None") -> Iterator[Block]:
    if sobol is not None:
        yield from tried(
            lambda: picture(
                lambda: plots.sobol(sobol),
                f"Bars of the share of each choice in the variance of {sobol.outputs[0]}",
                "What moves ranks: by itself (first order), and with all others (total).",
            ),
            "Sobol indices",
        )


def _quality(assessment: "Assessment", *, is_large: bool) -> Iterator[Block]:
    indicators = assessment.index.indicators
    raw = assessment.stage_array("raw")
    n_missing = int(np.isnan(raw).sum())
    flags = frames.read(assessment.flags, empty=True)
    counts = Counter(zip(flags.column("code"), flags.column("flag"), strict=True))
    kinds = Counter(flags.column("flag"))
    listed = [f"{n} {kind}" for kind, n in kinds.items()]
    yield Paragraph(
        f"{n_missing:,} of {raw.size:,} values ({n_missing / raw.size:.1%}) are missing."
        + (f" Flags over all rows: {joined(listed)}." if listed else " Nothing is flagged.")
    )
    rows = []
    for column, indicator in enumerate(indicators):
        values = raw[:, column][~np.isnan(raw[:, column])]
        ends = [values.min(), np.median(values), values.max()] if values.size else [np.nan] * 3
        rows.append(
            [
                indicator.code,
                indicator.name,
                indicator.unit_of_measure,
                f"{values.size / len(raw):.0%}",
                *(_short(x) for x in ends),
                *(
                    str(counts[indicator.code, kind])
                    for kind in ("imputed", "treated", "truncated")
                ),
                indicator.source,
            ]
        )
    head = ["code", "name", "measured in", "there", "least", "median", "greatest", "imputed",
            "treated", "cut off", "source"]  # fmt: skip
    yield filled("Raw values of each indicator.", head, rows, [1, 2, 10])
    marks = "Histograms of" if is_large else "Ticks at"
    yield from tried(
        lambda: picture(
            lambda: (value_histograms if is_large else plots.distributions)(assessment),
            f"{marks} the values of each indicator, before and after treatment",
            "Each row runs from an indicator's least to its greatest value.",
        ),
        "Distributions",
    )
    shares = np.isnan(raw).mean(axis=1)
    worst = np.argsort(-shares, kind="stable")[:15]
    worst = worst[shares[worst] > 0].tolist()
    if worst:
        when, names = assessment.periods, names_of(assessment)
        yield filled(
            "Units with the most missing values.",
            ["unit", *(["period"] if when else []), "missing"],
            [[names[r], *([str(when[r])] if when else []), f"{shares[r]:.0%}"] for r in worst],
        )
    if kinds["left out"] or kinds["no score"]:
        gone = [
            i for i, kind in enumerate(flags.column("flag")) if kind in {"left out", "no score"}
        ]
        yield table_of(
            flags.take(gone),
            "Units that were left out, and scores that could not be given.",
            {
                assessment.observations.unit_column: ("unit", None),
                str(assessment.observations.period_column): ("period", None),
                "code": ("code", None),
                "flag": ("flag", None),
                "note": ("note", None),
            },
            top=50,
        )


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4g}"
