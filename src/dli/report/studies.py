"""The study of the ranks in a report, and the information to reproduce the report."""

from importlib.metadata import version
from platform import python_version
from typing import TYPE_CHECKING

import numpy as np

from dli.errors import DLIError, MethodError
from dli.report.document import Block, Paragraph, Section, Statement
from dli.report.language import Language, key
from dli.report.parts import NO_RANKS

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = [
    "condition",
    "fewer",
    "interval",
    "intervals",
    "methods",
    "simulations",
    "studied",
    "usual_draws",
]

# What an input, or the step of `Alternatives`, varies.
_VARIED = {
    "WeightNoise": key("the weights"),
    "DirichletWeights": key("the weights"),
    "Judgements": key("the judgements"),
    "Exclusion": key("the nodes that are included"),
    "MeasurementError": key("the data (errors of measurement)"),
    "DoubtfulAsMissing": key("the data (doubtful values)"),
    "imputation": key("the imputation"),
    "treatment": key("the treatment of outliers"),
    "normalisation": key("the normalisation"),
    "weighting": key("the weighting"),
    "aggregation": key("the aggregation"),
    "missing": key("the rule for missing values"),
    "coverage": key("the required coverage"),
}
# The number of draws of a report's own study, and the lower numbers for very many units.
_DRAWS, _FEWER_DRAWS, _FEWEST_DRAWS, _MANY_UNITS = 2_000, 500, 100, 5_000


def intervals(study: "Uncertainty") -> list[tuple[float, float]]:
    """Return the 90 % rank interval of each row."""
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def interval(language: Language, between: tuple[float, float]) -> str:
    """Return a rank interval as text, or an en dash if it is missing."""
    low, high = (language.number(rank, 0) for rank in between)
    if low == high:
        return low
    return language.say("{low} to {high}", low=low, high=high)


def usual_draws(assessment: "Assessment") -> int:
    """Return the number of draws that a report makes of an assessment."""
    n_units = max(map(len, assessment.rows_by_period.values()))
    if n_units <= _MANY_UNITS:
        return _DRAWS
    return max(_FEWEST_DRAWS, min(_FEWER_DRAWS, 16_000_000 // n_units))


def studied(
    language: Language,
    assessment: "Assessment",
    study: "Uncertainty | None",
    *,
    alone: bool = False,
) -> tuple["Uncertainty | None", list[Block]]:
    """Return a study, by default one of the weights, or None and the reason.

    Parameters
    ----------
    language : Language
    assessment : Assessment
    study : Uncertainty, optional
    alone : bool
        Whether only one unit has a score, so that there are no ranks.

    Raises
    ------
    MethodError
        If the study is of other units or of a sub-index.
    """
    from dli.sensitivity import WeightNoise, uncertainty

    _check_study(assessment, study)
    if alone:
        return None, [Paragraph(language.say(NO_RANKS))]
    if study is not None:
        return study, []
    try:
        n_samples = usual_draws(assessment)
        return uncertainty(assessment, [WeightNoise(0.25)], n_samples=n_samples, rng=0), []
    except DLIError as error:
        text = language.say(
            "The robustness of the ranks cannot be shown: {error}", error=str(error)
        )
        return None, [Paragraph(text)]


def fewer(language: Language, assessment: "Assessment", study: "Uncertainty | None") -> list[Block]:
    """Return a note if a report of very many units uses fewer draws than usual or available."""
    n_draws = usual_draws(assessment)
    if study is not None:
        text = language.say("The rank intervals are those of the first {n} simulations.", n=n_draws)
        return [Paragraph(text)] if study.n_samples > n_draws else []
    text = language.say(
        "This report is based on {n} simulations instead of the usual {usual}, since there are "
        "more than {most} units. To use more, pass a study (study=...).",
        n=n_draws,
        usual=_DRAWS,
        most=_MANY_UNITS,
    )
    return [Paragraph(text)] if n_draws < _DRAWS else []


def simulations(language: Language, study: "Uncertainty") -> str:
    """Return the number of simulations and what varies, as the beginning of a sentence."""
    share = _noise_of_weights(study)
    if share is not None:
        return language.say(
            "In {n} simulations in which each weight is up to {share} higher or lower",
            n=study.n_samples,
            share=language.percent(share),
        )
    return language.say(
        "In {n} simulations that vary {inputs}",
        n=study.n_samples,
        inputs=_named_inputs(language, study),
    )


def condition(language: Language, study: "Uncertainty") -> str:
    """Return what varies, as a condition within a sentence."""
    share = _noise_of_weights(study)
    if share is not None:
        return language.say(
            "if each weight can be up to {share} higher or lower", share=language.percent(share)
        )
    return language.say(
        "with {inputs} varied as in the simulations", inputs=_named_inputs(language, study)
    )


def _noise_of_weights(study: "Uncertainty") -> float | None:
    """Return the relative spread of the weights, or None if anything else varies."""
    from dli.sensitivity import WeightNoise

    (first, *more) = study.design.inputs
    if isinstance(first, WeightNoise) and isinstance(first.relative, float) and not more:
        return first.relative
    return None


def _named_inputs(language: Language, study: "Uncertainty") -> str:
    """Return what the inputs vary; an input of another library is named by its class."""
    from dli.sensitivity import Alternatives

    names = [
        one.step if isinstance(one, Alternatives) else type(one).__name__
        for one in study.design.inputs
    ]
    named = [language.say(_VARIED[name]) if name in _VARIED else name for name in names]
    return language.joined(list(dict.fromkeys(named)))


def _check_study(assessment: "Assessment", study: "Uncertainty | None") -> None:
    """Raise an error if a study is not of these units at the index.

    Raises
    ------
    MethodError
        If the study is of other units or of a sub-index.
    """
    if study is None:
        return
    if not study.assessment.has_rows_of(assessment):
        msg = "study must be of the same units, in the same order"
        raise MethodError(msg)
    if study.design.node.code != assessment.index.code:
        msg = (
            f"study must be of the index, {assessment.index.code!r}, "
            f"got one of {study.design.node.code!r}"
        )
        raise MethodError(msg)


def methods(
    language: Language, assessment: "Assessment", study: "Uncertainty | None"
) -> list[Section]:
    """Return the sections on the methods and on how to reproduce the report."""
    say = language.say
    lines = [
        say(
            "Computed with {versions}. The same data, index and method produce the same scores; "
            "Assessment.save saves all three.",
            versions=language.joined(
                [
                    f"digital-leadership-index {version('digital-leadership-index')}",
                    f"NumPy {np.__version__}",
                    f"Python {python_version()}",
                ]
            ),
        )
    ]
    if study is not None:
        lines.append(
            say(
                "The uncertainty of the ranks was studied with {n} draws of {inputs} and the "
                "seed {seed}; the same seed produces the same draws.",
                n=study.n_samples,
                inputs=", ".join(repr(one) for one in study.design.inputs),
                seed=str(study.seed),
            )
        )
    if not language.is_english:
        lines.append(
            say(
                "Some texts are in English: the statement of methods, the words within pictures, "
                "the notes and reasons that come from the computation, and error messages. Names "
                "and descriptions are those of the model and the data."
            )
        )
    return [
        Section(say("Methods"), [Statement(assessment.methodology(), lang="en")]),
        Section(say("How to reproduce this"), [Paragraph(line) for line in lines]),
    ]
