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
    NO_RANKS,
    UNITS,
    depth_of,
    digits_of,
    few_basis,
    fewer,
    filled,
    intervals,
    joined,
    listed,
    methods,
    names_of,
    number,
    percent,
    picture,
    scores_of,
    simulations,
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
_NO_WEIGHT = " A dash: the aggregation above it does not use weights."
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
        Of the same units at the index. By default 2,000 simulations, or 100 to 500 for more than
        5,000 units, in which each weight is up to a quarter higher or lower, with the seed
        0. Not used where fewer than two units have a score, since there are no ranks then.
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
    own, robust = studied(assessment, study, alone=len(ranked(assessment, rows)) == 1)
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
    units = "1 unit" if len(rows) == 1 else f"{len(rows):,} units"
    subtitle = f"{units}, {len(index.indicators)} indicators{when}"
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
    texts = dict(zip(order, scores_of(assessment, index.code, order, digits), strict=True))
    if len(order) == 1:
        yield Paragraph(f"{names[order[0]]} scores {texts[order[0]]}. {NO_RANKS}")
    else:
        first = [f"{names[row]} with {texts[row]}" for row in order[:3]]
        ranks = assessment.rank_array(index.code)
        last = [row for row in order if ranks[row] == ranks[order[-1]]]
        whose = listed([names[row] for row in last])
        yield Paragraph(
            f"The highest scores are those of {joined(first)}. The median of {len(order):,} units "
            f"is {number(np.median(scores[order]), digits)}; the lowest score, "
            f"{texts[order[-1]]}, is that of {whose}."
        )
    few = few_basis(assessment, [index.code], order)
    if few:
        yield Paragraph(few)
    if index.bands is not None:
        counts = Counter(index.bands.of(scores[order]))
        in_bands = [f"{counts[name]:,} in {name}" for name in reversed(index.bands.names)]
        yield Paragraph(f"By band: {', '.join(in_bands)}.")
    if study is not None:
        yield Paragraph(
            f"In {simulations(study)}, ranks move by {study.mean_rank_shift:.1f} places on average."
        )


def _league(
    assessment: "Assessment", period: object, rows: list[int], study: "Uncertainty | None"
) -> Iterator[Block]:
    order = ranked(assessment, rows)
    order += sorted(set(rows) - set(order))
    between = None if study is None else dict(enumerate(intervals(study)))
    n_drawn = min(_FEW, len(order))
    codes = [assessment.index.code, *(child.code for child in assessment.index.children)]
    yield from tried(
        lambda: picture(
            lambda: plots.league(assessment, top=n_drawn, period=period),
            f"Bars of the scores of the first {n_drawn:,} units, the longest first"
            if n_drawn > 1
            else "A bar of the score of the unit",
            "The score of each unit, divided by what its sub-indices contribute. "
            + few_basis(assessment, codes, order[:n_drawn]),
        ),
        "A picture of the league",
    )
    is_alone = len(order) == 1
    yield league_table(assessment, order, between, "The unit" if is_alone else "Units by rank")


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
        "What each code stands for, and its effective weight in the index."
        + (_NO_WEIGHT if any(np.isnan(own).any() for _, own in weights.values()) else ""),
        ["code", "name", "weight"],
        [[node.code, node.name, number(np.mean(weights[node.code][1]), 3)] for node in nodes],
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
        figures = [
            number(there.min() if there.size else np.nan, digits),
            *(number(f(there), digits) if there.size else "–" for f in (np.median, np.max)),
        ]
        best = []
        if there.size:
            ends = [int(np.nanargmin(scores)), int(np.nanargmax(scores))]
            figures[::2] = scores_of(assessment, child.code, [rows[end] for end in ends], digits)
            ranks = assessment.rank_array(child.code)[rows]
            best = [names[row] for row, rank in zip(rows, ranks, strict=True) if rank == 1]
        first = "–" if not best else listed(best)
        rows_of_parts.append([child.code, child.name, *figures, first, str(there.size)])
    head = ["code", "name", "lowest", "median", "highest", "first", "units"]
    yield filled("How units score at the level below the index.", head, rows_of_parts, [1, 5])
    if len(index.children) > 1:
        yield from tried(
            lambda: picture(
                lambda: plots.correlations(assessment, 1, period=period),
                "A table of the correlations of the nodes below the index",
                "Where two are highly correlated, one adds little that the other does not say.",
            ),
            "Correlations at the level below the index",
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
        "Where the intervals of two units overlap, other choices may reverse their order. "
        + few_basis(own.assessment, [own.assessment.index.code], order[:_PAGE]),
    )
    yield picture(
        lambda: plots.rank_acceptability(own, top=_FEW, period=period),
        "A heat map of the shares of simulations in which units had ranks",
        f"The share of simulations in which each of the first {min(_FEW, len(order))} units had "
        "each rank.",
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
    # In the unit of measure, that is, divided by the denominator.
    cells = assessment.stage_array("denominated")
    n_missing = int(np.isnan(cells).sum())
    flags = frames.read(assessment.flags, empty=True)
    counts = Counter(zip(flags.column("code"), flags.column("flag"), strict=True))
    kinds = Counter(flags.column("flag"))
    flagged = [f"{n} {kind}" for kind, n in kinds.items()]
    share = percent(n_missing / cells.size, 1)
    yield Paragraph(
        f"{n_missing:,} of {cells.size:,} values ({share}) are missing."
        + (f" Flags over all rows: {joined(flagged)}." if flagged else " Nothing is flagged.")
    )
    rows = []
    for column, indicator in enumerate(indicators):
        values = cells[:, column][~np.isnan(cells[:, column])]
        ends = [values.min(), np.median(values), values.max()] if values.size else [np.nan] * 3
        rows.append(
            [
                indicator.code,
                indicator.name,
                indicator.unit_of_measure,
                percent(values.size / len(cells)),
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
    divided = any(indicator.denominator is not None for indicator in indicators)
    caption = "The values of each indicator" + (
        ", after division by its denominator." if divided else "."
    )
    yield filled(caption, head, rows, [1, 2, 10])
    marks = "Histograms of" if is_large else "Ticks at"
    yield from tried(
        lambda: picture(
            lambda: (value_histograms if is_large else plots.distributions)(assessment),
            f"{marks} the values of each indicator, before and after treatment",
            "Each row runs from an indicator's least to its greatest value.",
        ),
        "Distributions",
    )
    shares = np.isnan(cells).mean(axis=1)
    worst = np.argsort(-shares, kind="stable")[:15]
    worst = worst[shares[worst] > 0].tolist()
    if worst:
        when, names = assessment.periods, names_of(assessment)
        yield filled(
            "Units with the most missing values.",
            ["unit", *(["period"] if when else []), "missing"],
            [[names[r], *([str(when[r])] if when else []), percent(shares[r])] for r in worst],
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
