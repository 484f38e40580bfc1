"""The questions of an audit about the robustness of the ranks, also under other methods."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dli import plots, sensitivity
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.aggregation.protocol import traits_of
from dli.arrays import TIE, Floats
from dli.change import compare
from dli.errors import DLIError, DLIWarning
from dli.framework import Index
from dli.normalisation import MinMax, Normalisation, PercentileRank, ZScore
from dli.ranking import mean_rank_shift
from dli.report.document import Block, Paragraph, Table
from dli.report.language import Language, key
from dli.report.parts import label, picture, tried
from dli.report.questions import (
    FEW,
    OURS,
    Answer,
    Audited,
    Question,
    capped,
    doubt_of_places,
    in_one_line,
    percent,
)
from dli.report.studies import interval, intervals
from dli.weighting import Equal

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = ["ALTERNATIVES", "RANKS", "usual_study"]

_PLACES, _FIRM, _SHIFT = 10, 0.5, 0.05
_DRAWS, _BASE, _FACTORS, _UNITS = 1_000, 256, 12, 500
# The number of rows of a picture that fits a printed page.
_PAGE = 60


# -- robustness ------------------------------------------------------------------------------------


def usual_study(
    language: Language, assessment: "Assessment"
) -> tuple["Uncertainty | None", str, str]:
    """Return the default study or None, the reason if it is None, and a note on the study."""
    reason = _other_rules(language, assessment) or _no_geometric_mean(language, assessment)
    weights, means = sensitivity.WeightNoise(0.25), [ArithmeticMean(), GeometricMean()]
    if not reason:
        try:
            both = [weights, sensitivity.Alternatives("aggregation", means)]
            return sensitivity.uncertainty(assessment, both, n_samples=_DRAWS, rng=0), "", ""
        except DLIError as error:
            reason = in_one_line(error)
    try:
        study = sensitivity.uncertainty(assessment, [weights], n_samples=_DRAWS, rng=0)
    except DLIError as error:
        return None, in_one_line(error), ""
    note = language.say(
        "Only the weights vary; alternative aggregations are left out, since {reason}.",
        reason=reason,
    )
    return study, "", note


def _other_rules(language: Language, assessment: "Assessment") -> str:
    """Return the reason why the two means are not alternatives of one choice, or ""."""
    kinds = {type(choice) for choice in assessment.choices.aggregation.values()}
    if kinds not in ({ArithmeticMean}, {GeometricMean}):
        return language.say(
            "the index does not use arithmetic means, or geometric means, throughout"
        )
    return ""


def _no_geometric_mean(language: Language, assessment: "Assessment") -> str:
    """Return the reason why geometric means are not a fair alternative, or ""."""
    codes = [node.code for node in assessment.index.walk() if node is not assessment.index]
    values = assessment.arrays(codes, normalised=True)
    if np.fmin.reduce(values, axis=None, initial=np.inf) <= 0:
        return language.say("some normalised values are 0 or less, which rules out geometric means")
    return ""


def _firm(audited: Audited) -> Answer:
    study = audited.require_study()
    language, say = audited.language, audited.language.say
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    rows = audited.rows[~np.isnan(low[audited.rows])]
    width = (high - low)[rows]
    share = float((width < _PLACES).mean())
    widest = np.argsort(-width, kind="stable").tolist()
    names, doubt = audited.names(rows.tolist()), doubt_of_places(language, len(rows))
    noted = [Paragraph(audited.on_study)] if audited.on_study else []
    return Answer(
        figure=say(
            "{share} of {n} units; the median is {median} places, the largest {largest} ({unit})",
            share=percent(language, share),
            n=len(rows),
            median=language.figure(np.median(width), ".0f"),
            largest=language.figure(width.max(), ".0f"),
            unit=names[widest[0]],
        ),
        is_met=None if doubt else share > _FIRM,
        reason=doubt,
        blocks=[
            Paragraph(
                say(
                    "The ranks vary over {n} simulations with these uncertain inputs: {inputs}.",
                    n=study.n_samples,
                    inputs=", ".join(map(repr, study.design.inputs)),
                )
            ),
            *noted,
            *tried(
                language,
                lambda: picture(
                    lambda: plots.rank_intervals(study, top=_PAGE, period=audited.period),
                    say("Intervals of the ranks of the first {n} units", n=min(_PAGE, len(rows))),
                    say(
                        "Where the intervals of two units overlap, other choices may reverse "
                        "their order."
                    ),
                ),
                say("Intervals of ranks"),
            ),
            *_widest(audited, study, rows[widest[:10]], width[widest[:10]]),
            *tried(
                language,
                lambda: _shares(audited, study),
                say("Shares of the choices in the variance of ranks"),
            ),
        ],
    )


def _widest(
    audited: Audited, study: "Uncertainty", rows: NDArray[np.intp], width: Floats
) -> list[Table]:
    """Return a table of the rank intervals of some units."""
    language, say, between = audited.language, audited.language.say, intervals(study)
    figures = zip(audited.names(rows.tolist()), rows, width, strict=True)
    return capped(
        language,
        say("The widest intervals."),
        [say("unit"), say("rank"), say("90% interval"), say("places")],
        [
            (
                name,
                language.number(study.nominal_ranks[row], 0),
                interval(language, between[row]),
                language.number(places, 0),
            )
            for name, row, places in figures
        ],
    )


def _shares(audited: Audited, study: "Uncertainty") -> Iterator[Block]:
    """Yield the Sobol indices of the choices if they take only seconds, or the reason."""
    language, say = audited.language, audited.language.say
    n_factors, n_units = len(study.design.names), len(study.units)
    plain = (sensitivity.WeightNoise, sensitivity.DirichletWeights, sensitivity.Alternatives,
             sensitivity.Exclusion)  # fmt: skip
    rules = study.assessment.choices.aggregation.values()
    is_cheap = (
        n_factors <= _FACTORS
        and n_units <= _UNITS
        and all(traits_of(rule).order is not None for rule in rules)
    )
    if not (is_cheap and all(isinstance(own, plain) for own in study.design.inputs)):
        yield Paragraph(
            say(
                "Sobol indices, which show how much each choice affects the ranks, are left out, "
                "since computing them takes long with {factors} uncertain factors, {units} units "
                "and this method; dli.sensitivity.sobol computes them.",
                factors=n_factors,
                units=n_units,
            )
        )
        return
    with warnings.catch_warnings():
        # The warnings are of indices that are missing, which the table shows.
        warnings.simplefilter("ignore", DLIWarning)
        found = sensitivity.sobol(study.assessment, study.design.inputs, n_samples=_BASE, rng=0)
    first, total = found.first_order[:, 0], found.total_order[:, 0]
    weights = {
        f"weight of {node.code}": say("weight of {node}", node=label(node))
        for node in audited.index.walk()
    }
    order = np.argsort(-total, kind="stable").tolist()
    yield from capped(
        language,
        say(
            "How much each choice affects the ranks: its share in the variance of the mean rank "
            "shift, alone and together with all others (Sobol indices)."
        ),
        [say("choice"), say("alone"), say("with all others")],
        [
            (
                weights.get(found.factors[k], found.factors[k]),
                language.number(first[k], 2),
                language.number(total[k], 2),
            )
            for k in order
        ],
    )


RANKS = (
    Question(
        text=key("Are the ranks robust: how many 90% intervals are narrower than 10 places?"),
        threshold=lambda language: language.say(
            "more than {share} of the units", share=percent(language, _FIRM)
        ),
        source=key("this library; reported in JRC audits of the Global Innovation Index"),
        answer=_firm,
    ),
)


# -- alternatives ----------------------------------------------------------------------------------


def _variants(audited: Audited) -> tuple[dict[str, "Assessment"], list[str]]:
    """Return assessments by other methods, and notes on the methods that are left out."""
    nominal, language, say = audited.assessment, audited.language, audited.language.say
    found: dict[str, Assessment] = {}
    left: list[str] = []
    add = partial(_try, language, found, left)
    inner = [node for node in nominal.index.walk() if isinstance(node, Index)]
    if any(node.weighting is not None for node in inner):
        left.append(
            say("Equal weights are left out: some nodes of the index have their own weighting.")
        )
    elif all(np.ptp(nominal.weight_array(node.code)) <= TIE for node in inner):
        left.append(say("Equal weights are left out: the index already uses them."))
    else:
        add(say("equal weights"), lambda: nominal.evolve(weighting=Equal()))
    kinds = {type(choice) for choice in nominal.choices.aggregation.values()}
    if any(node.aggregation is not None for node in inner):
        left.append(
            say(
                "The geometric mean is left out: some nodes of the index have their own "
                "aggregation."
            )
        )
    elif kinds == {GeometricMean}:
        means = ArithmeticMean()
        add(say("arithmetic mean"), lambda: nominal.evolve(aggregation=means))
    elif reason := _no_geometric_mean(language, nominal):
        scale: dict[str, Any] = {"normalisation": MinMax(1, 100), "aggregation": GeometricMean()}
        add(say("geometric mean of values from 1 to 100"), lambda: nominal.evolve(**scale))
        left.append(
            say(
                "The geometric mean is computed from values rescaled to the range from 1 to 100, "
                "since {reason}.",
                reason=reason,
            )
        )
    else:
        add(say("geometric mean"), lambda: nominal.evolve(aggregation=GeometricMean()))
    own = {type(choice) for choice, _ in nominal.normalisations}
    others: dict[str, Normalisation] = {
        say("z-scores"): ZScore(),
        say("percentile ranks"): PercentileRank(1, 100),
    }
    for name, other in others.items():
        if type(other) not in own:
            add(name, partial(nominal.evolve, normalisation=other))
    return found, left


def _try(
    language: Language,
    found: dict[str, "Assessment"],
    left: list[str],
    name: str,
    make: Callable[[], "Assessment"],
) -> None:
    try:
        found[name] = make()
    except DLIError as error:
        text = language.say(
            "{method}: left out. {error}.",
            method=name.capitalize(),
            error=in_one_line(error),
        )
        left.append(text)


def _methods(audited: Audited) -> Answer:
    audited.require(FEW)
    language, say = audited.language, audited.language.say
    variants, left = _variants(audited)
    notes = [Paragraph(text) for text in left]
    if not variants:
        return Answer(
            figure="–", is_met=None, reason=say("no other method can be applied"), blocks=notes
        )
    # The rows of the comparison are those of the first assessment, in the same order.
    ranks = compare({"as it is": audited.assessment, **variants}).rank_array[audited.rows]
    means = mean_rank_shift(ranks.T, ranks[:, 0])[1:].tolist()
    largest = np.fmax.reduce(np.abs(ranks[:, 1:] - ranks[:, :1]), axis=0).tolist()
    limit = _SHIFT * len(audited.scored)
    rows = [
        (name, language.number(mean, 2), language.number(most, 0))
        for name, mean, most in zip(variants, means, largest, strict=True)
    ]
    told = [
        say("{method}: {mean}", method=name, mean=language.figure(mean, ".1f"))
        for name, mean in zip(variants, means, strict=True)
    ]
    return Answer(
        figure=say(
            "{shifts} (in places, among {n} units)",
            shifts=say("; ").join(told),
            n=len(audited.scored),
        ),
        is_met=max(means) <= limit + TIE,
        blocks=[
            *capped(
                language,
                say("How far ranks change under other methods."),
                [say("method"), say("mean shift of ranks"), say("largest shift")],
                rows,
            ),
            *notes,
        ],
    )


ALTERNATIVES = (
    Question(
        text=key("How far do ranks change on average under other methods?"),
        threshold=lambda language: language.say(
            "at most {share} of the number of units", share=percent(language, _SHIFT)
        ),
        source=OURS,
        answer=_methods,
    ),
)
