"""The report of a whole index."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from dli import plots
from dli.assessment import Assessment
from dli.assessment.tables import local_and_effective
from dli.checks import instance
from dli.framework import Index, Indicator
from dli.report import many
from dli.report.document import Block, Paragraph, Section
from dli.report.language import Language, key, language_of
from dli.report.league import (
    draws_paragraph,
    league_table,
    least_firm,
    loose_table,
    moved,
    ranked,
)
from dli.report.parts import (
    LEVELS,
    NO_RANKS,
    UNITS,
    depth_of,
    digits_of,
    few_basis,
    filled,
    label,
    listed,
    names_of,
    picture,
    scores_of,
    tried,
)
from dli.report.quality import quality
from dli.report.ranges import RankRange, explanation, ranges_of
from dli.report.report import Report
from dli.report.studies import fewer, intervals, methods, studied

if TYPE_CHECKING:
    from dli.framework.index import Node
    from dli.sensitivity import Sobol, Uncertainty

__all__ = ["of_index"]

# The number of rows of a picture that fills a printed page, and of one that leaves some space.
_PAGE, _FEW = 60, 30
_NO_WEIGHT = key("A dash means that the aggregation above does not use weights.")
# The maximum number of indicators in a heat map of correlations: with more, it is illegible.
_MAPPED = 100


def of_index(
    assessment: "Assessment",
    *,
    period: object = None,
    study: "Uncertainty | None" = None,
    sobol: "Sobol | None" = None,
    lang: object = "en",
) -> Report:
    """Report on a whole index: ranking, sub-indices, robustness of the ranks, data and methods.

    For more than 500 units, tables and pictures show the 50 highest and the 50 lowest units, and
    the distribution of all scores; the HTML page lists all units by name in folded blocks.

    Parameters
    ----------
    assessment : Assessment
        The assessment to report on.
    period : object, optional
        The period of the report; required if the data have several periods.
    study : Uncertainty, optional
        A study of the same units at the index. By default, 2,000 simulations (100 to 500 for more
        than 5,000 units) with the seed 0, in which each weight is up to a quarter higher or lower.
        Not used if fewer than two units have a score, since there are no ranks then.
    sobol : Sobol, optional
        Sobol indices to show in the section on the robustness of the ranks.
    lang : str or path
        The language: ``"en"``, ``"fr"``, or the path of your own file of messages in TOML, which
        must end in ``.toml``.

    Returns
    -------
    Report
        The report. If a part of it cannot be computed, such as the correlations of a single unit,
        the report gives the reason instead.

    Raises
    ------
    UnknownCodeError
        If the period is unknown.
    MethodError
        If the study is of other units or of a sub-index, or if the language is unknown.
    ModelError
        If the file of messages cannot be read, or does not contain exactly the messages that are
        required; all faults are listed.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")], "Test")
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> [section.title for section in of_index(Assessment(index, data)).sections][:3]
    ['In short', 'League table', 'Framework']
    """
    instance("assessment", assessment, Assessment)
    language = language_of(lang)
    say = language.say
    rows = assessment.rows(period).tolist()
    is_alone = len(ranked(assessment, rows)) == 1
    own, robust = studied(language, assessment, study, alone=is_alone)
    is_large = len(rows) > UNITS
    if is_large:
        heads = many.heads_of(language, assessment, rows, own)
        league, everyone = many.league(heads), [Section(say("All units"), many.everyone(heads))]
        notes = fewer(language, assessment, study)
        robust += many.robustness(heads, notes) if own is not None else []
    else:
        held, reason = ({}, []) if own is None else ranges_of(language, assessment, own, period)
        league, everyone = _league(language, assessment, period, rows, own, held), []
        robust += _robustness(language, own, period, rows, held) if own is not None else []
        robust += reason
    sections = [
        Section(say("In short"), list(_in_short(language, assessment, rows, own))),
        Section(say("League table"), league),
        *everyone,
        Section(say("Framework"), list(_framework(language, assessment))),
        Section(say("Sub-indices"), list(_parts(language, assessment, period, rows))),
        Section(say("Robustness of the ranks"), [*robust, *_shares(language, sobol)]),
        Section(say("Data quality"), list(quality(language, assessment, is_large=is_large))),
        *methods(language, assessment, own),
    ]
    index = assessment.index
    n_indicators = len(index.indicators)
    units = say("{n} unit", "{n} units", n=len(rows))
    indicators = say("{n} indicator", "{n} indicators", n=n_indicators)
    when = "" if period is None else f", {period}"
    return Report(label(index), f"{units}, {indicators}{when}", sections, language)


def _in_short(
    language: Language, assessment: "Assessment", rows: list[int], study: "Uncertainty | None"
) -> Iterator[Block]:
    yield from _summary(language, assessment, rows, study)
    # The description comes last, since it can be long and readers look for the results first.
    if assessment.index.description:
        yield Paragraph(assessment.index.description.strip())


def _summary(
    language: Language, assessment: "Assessment", rows: list[int], study: "Uncertainty | None"
) -> Iterator[Block]:
    index, say = assessment.index, language.say
    order = ranked(assessment, rows)
    if not order:
        yield Paragraph(say("No unit has a score."))
        return
    yield _ends(language, assessment, order)
    few = few_basis(language, assessment, [index.code], order)
    if few:
        yield Paragraph(few)
    if index.bands is not None:
        counts = Counter(index.bands.of(assessment.array(index.code)[order]))
        in_bands = [
            say("{n} in {band}", n=counts[name], band=name) for name in reversed(index.bands.names)
        ]
        yield Paragraph(say("By band: {bands}.", bands=", ".join(in_bands)))
    if study is not None:
        yield Paragraph(moved(language, study))


def _ends(language: Language, assessment: "Assessment", order: list[int]) -> Paragraph:
    """Name the highest and the lowest units, and the median."""
    index, say = assessment.index, language.say
    scores, ranks = assessment.array(index.code), assessment.rank_array(index.code)
    digits, names = digits_of(scores), names_of(assessment)
    written = scores_of(language, assessment, index.code, order, digits)
    if len(order) == 1:
        text = say("{unit} scores {score}.", unit=names[order[0]], score=written[0])
        return Paragraph(f"{text} {say(NO_RANKS)}")
    first = [
        say("{unit} with {score}", unit=names[row], score=score)
        for row, score in zip(order[:3], written[:3], strict=True)
    ]
    last = [names[row] for row in order if ranks[row] == ranks[order[-1]]]
    return Paragraph(
        say(
            "The highest scores are those of {first}. The median of {n} units is {median}; the "
            "lowest score, {lowest}, is that of {last}.",
            first=language.joined(first),
            n=len(order),
            median=language.number(np.median(scores[order]), digits),
            lowest=written[-1],
            last=listed(language, last),
        )
    )


def _league(
    language: Language,
    assessment: "Assessment",
    period: object,
    rows: list[int],
    study: "Uncertainty | None",
    held: Mapping[int, RankRange],
) -> Iterator[Block]:
    say = language.say
    order = ranked(assessment, rows)
    order += sorted(set(rows) - set(order))
    between = None if study is None else dict(enumerate(intervals(study)))
    n_drawn = min(_FEW, len(order))
    codes = [assessment.index.code, *(child.code for child in assessment.index.children)]
    caption = say(
        "The score of each unit, split into the contributions of the level below the index."
    )
    yield from tried(
        language,
        lambda: picture(
            lambda: plots.league(assessment, top=n_drawn, period=period),
            say("Bars of the scores of the first {n} units, the highest first", n=n_drawn)
            if n_drawn > 1
            else say("A bar of the score of the unit"),
            f"{caption} {few_basis(language, assessment, codes, order[:n_drawn])}",
        ),
        say("A picture of the league"),
    )
    title = say(
        "The unit, with its scores in the index and at the level below it."
        if len(order) == 1
        else "Units by rank, with their scores in the index and at the level below it."
    )
    yield league_table(language, assessment, order, between, title, ranges=held, study=study)


def _framework(language: Language, assessment: "Assessment") -> Iterator[Block]:
    index, say = assessment.index, language.say
    depth = depth_of(index)
    caption = say("The composition of the index; the width of each segment is its weight.")
    if depth > LEVELS:
        caption += " " + say("The first {shown} of its {n} levels.", shown=LEVELS, n=depth)
    yield picture(
        lambda: plots.framework(_first_levels(index)),
        say(
            "Rings of {index}: the {n} nodes below it inside, the indicators outside",
            index=label(index),
            n=len(index.children),
        ),
        caption,
    )
    weights = local_and_effective(assessment)
    title = say("The name of each code, and its effective weight in the index.")
    if any(np.isnan(own).any() for _, own in weights.values()):
        title += " " + say(_NO_WEIGHT)
    yield filled(
        language,
        title,
        [say("code"), say("name"), say("weight")],
        [
            [node.code, node.name, language.number(float(np.mean(weights[node.code][1])), 3)]
            for node in index.walk()
            if node is not index
        ],
        [1],
    )


def _first_levels(index: Index) -> Index:
    """Return the index cut at the last level that reports show, whose nodes become indicators."""
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


def _parts(
    language: Language, assessment: "Assessment", period: object, rows: list[int]
) -> Iterator[Block]:
    index, say = assessment.index, language.say
    yield filled(
        language,
        say("The scores of all units at the level below the index."),
        [say("code"), say("name"), say("lowest"), say("median"), say("highest"), say("first"),
         say("units")],
        [_spread(language, assessment, child, rows) for child in index.children],
        [1, 5],
    )  # fmt: skip
    if len(index.children) > 1:
        yield from tried(
            language,
            lambda: picture(
                lambda: plots.correlations(assessment, 1, period=period),
                say("A table of the correlations between the nodes below the index"),
                say(
                    "Where two nodes are highly correlated, one adds little information to the "
                    "other."
                ),
            ),
            say("Correlations at the level below the index"),
        )
    n = len(index.indicators)
    if n > _MAPPED:
        yield Paragraph(
            say(
                "The correlations between the {n} indicators are not drawn, since more than "
                "{most} cannot be read in one picture; dli.multivariate.correlations computes "
                "them.",
                n=n,
                most=_MAPPED,
            )
        )
    elif any(isinstance(child, Index) for child in index.children):
        yield from tried(
            language,
            lambda: picture(
                lambda: plots.correlations(assessment, period=period),
                say("A heat map of the correlations between all indicators"),
                say("Correlations between the indicators, each oriented so that higher is better."),
            ),
            say("Correlations between the indicators"),
        )


def _spread(
    language: Language, assessment: "Assessment", node: "Node", rows: list[int]
) -> list[str]:
    """Return the row of a node: lowest, median and highest score, best unit, number of scores."""
    scores = assessment.array(node.code)[rows]
    known = scores[~np.isnan(scores)]
    if not known.size:
        return [node.code, node.name, "–", "–", "–", "–", "0"]
    digits = digits_of(scores)
    ends = [rows[int(np.nanargmin(scores))], rows[int(np.nanargmax(scores))]]
    low, high = scores_of(language, assessment, node.code, ends, digits)
    ranks, names = assessment.rank_array(node.code)[rows], names_of(assessment)
    best = [names[row] for row, rank in zip(rows, ranks, strict=True) if rank == 1]
    median = language.number(np.median(known), digits)
    n_known = language.figure(known.size, "d")
    return [node.code, node.name, low, median, high, listed(language, best), n_known]


def _robustness(
    language: Language,
    own: "Uncertainty",
    period: object,
    rows: list[int],
    held: Mapping[int, RankRange],
) -> Iterator[Block]:
    say = language.say
    yield draws_paragraph(language, own)
    if held:
        yield Paragraph(explanation(language))
    order = ranked(own.assessment, rows)
    few = few_basis(language, own.assessment, [own.assessment.index.code], order[:_PAGE])
    overlap = say(
        "Where the intervals of two units overlap, other choices may reverse their order."
    )
    groups = ""
    if held:
        groups = say(
            "Alternate shading marks groups of units that cannot be told apart. Neighbours in "
            "different groups cannot always be told apart either."
        )
    yield picture(
        lambda: plots.rank_intervals(own, top=_PAGE, groups=bool(held), period=period),
        say("Intervals of the ranks of the first {n} units", n=min(_PAGE, len(order))),
        " ".join(filter(None, [overlap, groups, few])),
    )
    yield picture(
        lambda: plots.rank_acceptability(own, top=_FEW, period=period),
        say("A heat map of the share of simulations in which each unit had each rank"),
        say(
            "The share of simulations in which each of the first {n} units had each rank.",
            n=min(_FEW, len(order)),
        ),
    )
    yield loose_table(language, own, least_firm(own, order), dict(enumerate(intervals(own))))


def _shares(language: Language, sobol: "Sobol | None") -> Iterator[Block]:
    say = language.say
    if sobol is not None:
        yield from tried(
            language,
            lambda: picture(
                lambda: plots.sobol(sobol),
                say(
                    "Bars of the share of each choice in the variance of {output}",
                    output=sobol.outputs[0],
                ),
                say(
                    "How much of the variance each choice accounts for: alone (first order), and "
                    "together with all others (total)."
                ),
            ),
            say("Sobol indices"),
        )
