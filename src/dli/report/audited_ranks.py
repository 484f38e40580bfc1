"""What an audit asks of the ranks of an index: how firm they are, and under other methods."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dli import plots, sensitivity
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.aggregation.protocol import traits_of
from dli.arrays import TIE
from dli.change import compare
from dli.errors import DLIError, DLIWarning
from dli.framework import Index
from dli.normalisation import MinMax, PercentileRank, ZScore
from dli.ranking import mean_rank_shift
from dli.report.document import Block, Paragraph
from dli.report.parts import picture, tried
from dli.report.questions import (
    FEW,
    INNOVATION,
    OURS,
    Answer,
    Audited,
    Question,
    capped,
    doubt_of_places,
)
from dli.report.studies import interval, intervals
from dli.weighting import Equal

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = ["ALTERNATIVES", "RANKS", "usual_study"]

_PLACES, _FIRM, _SHIFT = 10, 0.5, 0.05
_DRAWS, _BASE, _FACTORS, _UNITS = 1_000, 256, 12, 500
# Rows of a picture that still print on one page.
_PAGE = 60


# -- robustness ------------------------------------------------------------------------------------


def usual_study(assessment: "Assessment") -> tuple["Uncertainty | None", str, str]:
    """Study the ranks: the study or none, why there is none, and what to know of it."""
    reason = _other_rules(assessment) or _no_geometric_mean(assessment)
    weights, means = sensitivity.WeightNoise(0.25), [ArithmeticMean(), GeometricMean()]
    if not reason:
        try:
            both = [weights, sensitivity.Alternatives("aggregation", means)]
            return sensitivity.uncertainty(assessment, both, n_samples=_DRAWS, rng=0), "", ""
        except DLIError as error:
            reason = " ".join(str(error).split())
    try:
        study = sensitivity.uncertainty(assessment, [weights], n_samples=_DRAWS, rng=0)
    except DLIError as error:
        return None, " ".join(str(error).split()), ""
    return study, "", f"Only weights vary; the alternatives of aggregation are left out: {reason}."


def _other_rules(assessment: "Assessment") -> str:
    """Say where arithmetic and geometric means are no alternatives of one choice."""
    kinds = {type(choice) for choice in assessment.choices.aggregation.values()}
    if kinds not in ({ArithmeticMean}, {GeometricMean}):
        return "the index is not joined by arithmetic means, or geometric ones, throughout"
    return ""


def _no_geometric_mean(assessment: "Assessment") -> str:
    """Say why geometric means would be no fair alternative."""
    codes = [node.code for node in assessment.index.walk() if node is not assessment.index]
    values = assessment.arrays(codes, normalised=True)
    if np.fmin.reduce(values, axis=None, initial=np.inf) <= 0:
        return "some normalised values are 0 or less, which a geometric mean cannot make up for"
    return ""


def _firm(audited: Audited) -> Answer:
    study = audited.require_study()
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    rows = audited.rows[~np.isnan(low[audited.rows])]
    width = (high - low)[rows]
    share = float((width < _PLACES).mean())
    widest = np.argsort(-width, kind="stable").tolist()
    between, names = intervals(study), audited.names(rows.tolist())
    nominal = study.nominal_ranks[rows]
    doubt = doubt_of_places(len(rows))
    noted = [Paragraph(audited.on_study)] if audited.on_study else []
    return Answer(
        figure=f"{share:.0%} of {len(rows):,} units; the median is {np.median(width):.0f} places, "
        f"the largest {width.max():.0f} ({names[widest[0]]})",
        is_met=None if doubt else share > _FIRM,
        reason=doubt,
        blocks=[
            Paragraph(
                f"Ranks in {study.n_samples:,} simulations, in which these vary: "
                f"{', '.join(map(repr, study.design.inputs))}."
            ),
            *noted,
            *tried(
                audited.language,
                lambda: picture(
                    lambda: plots.rank_intervals(study, top=_PAGE, period=audited.period),
                    f"Intervals of the ranks of the first {min(_PAGE, len(rows))} units",
                    "Where intervals overlap, the order of two units is not firm.",
                ),
                "Intervals of ranks",
            ),
            *capped(
                audited.language,
                "The widest intervals.",
                ["unit", "rank", "nine of ten simulations", "places"],
                [
                    (
                        names[i],
                        audited.language.number(nominal[i], 0),
                        interval(audited.language, between[rows[i]]),
                        audited.language.number(width[i], 0),
                    )
                    for i in widest[:10]
                ],
            ),
            *tried(
                audited.language,
                lambda: _shares(audited, study),
                "Shares of the choices in the variance of ranks",
            ),
        ],
    )


def _shares(audited: Audited, study: "Uncertainty") -> Iterator[Block]:
    """Tell which choices move ranks, where that takes seconds only."""
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
            f"Sobol indices, which say what moves ranks, are left out, since they take long for "
            f"{n_factors:,} uncertain factors, {n_units:,} units and this method. "
            "dli.sensitivity.sobol computes them."
        )
        return
    with warnings.catch_warnings():
        # Indices of what does not vary are missing, which the table shows.
        warnings.simplefilter("ignore", DLIWarning)
        found = sensitivity.sobol(study.assessment, study.design.inputs, n_samples=_BASE, rng=0)
    first, total = found.first_order[:, 0], found.total_order[:, 0]
    order = np.argsort(-total, kind="stable").tolist()
    yield from capped(
        audited.language,
        "What moves ranks: the share of each choice in the variance of the mean rank shift, by "
        "itself and with all others (Sobol indices).",
        ["choice", "by itself", "with all others"],
        [
            (
                found.factors[k],
                audited.language.number(first[k], 2),
                audited.language.number(total[k], 2),
            )
            for k in order
        ],
    )


RANKS = (
    Question(
        text="Are ranks firm: how many 90% intervals are narrower than 10 places?",
        threshold=f"more than {_FIRM:.0%} of the units",
        source=f"{OURS}; reported in {INNOVATION}",
        answer=_firm,
    ),
)


# -- alternatives ----------------------------------------------------------------------------------


def _variants(audited: Audited) -> tuple[dict[str, "Assessment"], list[str]]:
    """Assess the data by other methods; if a method cannot be applied, say why."""
    nominal = audited.assessment
    found: dict[str, Assessment] = {}
    left: list[str] = []
    inner = [node for node in nominal.index.walk() if isinstance(node, Index)]
    if any(node.weighting is not None for node in inner):
        left.append("Equal weights are left out: nodes of the index carry a weighting.")
    elif all(np.ptp(nominal.weight_array(node.code)) <= TIE for node in inner):
        left.append("Equal weights are left out: the index has them already.")
    else:
        _try(found, left, "equal weights", lambda: nominal.evolve(weighting=Equal()))
    kinds = {type(choice) for choice in nominal.choices.aggregation.values()}
    if any(node.aggregation is not None for node in inner):
        left.append("The geometric mean is left out: nodes of the index carry an aggregation.")
    elif kinds == {GeometricMean}:
        means = ArithmeticMean()
        _try(found, left, "arithmetic mean", lambda: nominal.evolve(aggregation=means))
    elif _no_geometric_mean(nominal):
        scale: dict[str, Any] = {"normalisation": MinMax(1, 100), "aggregation": GeometricMean()}
        label = "geometric mean, from 1 to 100"
        _try(found, left, label, lambda: nominal.evolve(**scale))
        left.append(
            "The geometric mean is taken of values stretched from 1 to 100, since "
            f"{_no_geometric_mean(nominal)}."
        )
    else:
        _try(found, left, "geometric mean", lambda: nominal.evolve(aggregation=GeometricMean()))
    own = {type(choice) for choice, _ in nominal.normalisations}
    for label, other in (("z-scores", ZScore()), ("percentile ranks", PercentileRank(1, 100))):
        if type(other) not in own:
            _try(found, left, label, lambda other=other: nominal.evolve(normalisation=other))
    return found, left


def _try(found: dict[str, "Assessment"], left: list[str], label: str, make: Any) -> None:
    try:
        found[label] = make()
    except DLIError as error:
        left.append(f"{label.capitalize()}: left out. {' '.join(str(error).split())}.")


def _methods(audited: Audited) -> Answer:
    audited.require(FEW)
    variants, left = _variants(audited)
    notes = [Paragraph(text) for text in left]
    if not variants:
        return Answer(figure="–", is_met=None, reason="no other method works", blocks=notes)
    # Its rows are those of the first assessment, in their order.
    ranks = compare({"as it is": audited.assessment, **variants}).rank_array[audited.rows]
    means = mean_rank_shift(ranks.T, ranks[:, 0])[1:].tolist()
    largest = np.fmax.reduce(np.abs(ranks[:, 1:] - ranks[:, :1]), axis=0).tolist()
    limit = _SHIFT * len(audited.scored)
    rows = [
        (label, audited.language.number(mean, 2), audited.language.number(most, 0))
        for label, mean, most in zip(variants, means, largest, strict=True)
    ]
    told = ", ".join(f"{label} {mean:.1f}" for label, mean in zip(variants, means, strict=True))
    return Answer(
        figure=f"{told} places, of {len(audited.scored):,} units",
        is_met=max(means) <= limit + TIE,
        blocks=[
            *capped(
                audited.language,
                "How far ranks move under another method.",
                ["method", "mean shift of ranks", "largest shift"],
                rows,
            ),
            *notes,
        ],
    )


ALTERNATIVES = (
    Question(
        text="How far do ranks move on average under other methods?",
        threshold=f"at most {_SHIFT:.0%} of the number of units",
        source=OURS,
        answer=_methods,
    ),
)
