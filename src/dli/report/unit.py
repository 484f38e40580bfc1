"""The report of one unit, such as a government."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dli.assessment import Assessment
from dli.checks import instance
from dli.errors import MethodError
from dli.report import actions, grounds, ranges, standing, summary
from dli.report.case import Case, case_of
from dli.report.document import Paragraph, Section
from dli.report.drawn import drawn_ranks
from dli.report.language import language_of
from dli.report.parts import label, tried
from dli.report.report import Report
from dli.report.studies import fewer, intervals, methods, studied

if TYPE_CHECKING:
    from dli.capability import CapabilityGraph
    from dli.sensitivity import Uncertainty

__all__ = ["of_unit"]


def of_unit(  # noqa: PLR0913 each is a question of its own
    assessment: "Assessment",
    unit: object,
    *,
    period: object = None,
    by: str | Sequence[str] | None = None,
    peers: Iterable[object] | None = None,
    study: "Uncertainty | None" = None,
    graph: "CapabilityGraph | None" = None,
    budget: float | None = None,
    lang: object = "en",
) -> Report:
    """Report on one unit: its weaknesses, similar units that do better, and the caveats.

    Parameters
    ----------
    assessment : Assessment
        The assessment that contains the unit and the units it is compared with.
    unit : object
        The unit, as it is named in the data.
    period : object, optional
        The period of the report; required if the data have several periods. The report then also
        shows what has changed since the unit's first period.
    by : str or sequence of str, optional
        The context columns that define which units are similar, as in `dli.diagnosis.peers`. By
        default, units are similar if their scores in the indicators are.
    peers : iterable, optional
        The units to compare with, instead of the eight most similar units.
    study : Uncertainty, optional
        A study of the same units at the index. By default, 2,000 simulations (100 to 500 for more
        than 5,000 units) with the seed 0, in which each weight is up to a quarter higher or lower.
        Not used if no other unit has a score, since there are no ranks then.
    graph : CapabilityGraph, optional
        The capabilities that the indicators depend on. Without a graph, the report does not
        contain causes or a plan.
    budget : float, optional
        The amount that the plan may spend, where a fifth of a capability level costs 1. Without a
        budget, the report does not contain a plan. For other costs use `CapabilityGraph.plan`.
    lang : str or path
        The language: ``"en"``, ``"fr"``, or the path of your own file of messages in TOML, which
        must end in ``.toml``.

    Returns
    -------
    Report
        The report. If a part of it cannot be computed, the report gives the reason instead.

    Raises
    ------
    UnknownCodeError
        If a unit, the period, a peer or a context column is unknown.
    DataError
        If the unit was left out, or does not have a score.
    MethodError
        If the study is of other units or of a sub-index, if there is a budget but no graph, or if
        the language is unknown.
    ModelError
        If the file of messages cannot be read, or does not contain exactly the messages that are
        required; all faults are listed.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 9.0]}
    >>> assessment = Assessment(Index("T", [Indicator("a"), Indicator("b")], "Test"), data)
    >>> [section.title for section in of_unit(assessment, "Z").sections][:3]
    ['In short', 'Profile', 'Peers']
    """
    instance("assessment", assessment, Assessment)
    language = language_of(lang)
    case = case_of(language, assessment, unit, period, by, peers)
    own, robust = studied(language, assessment, study, alone=case.is_alone)
    if budget is not None and graph is None:
        msg = "a budget needs a graph of capabilities to be spent on: graph=..."
        raise MethodError(msg)
    firm = None if own is None else _firm(case, own)
    possible = ""
    if own is not None and firm is not None:
        held, notes = ranges.ranges_of(language, assessment, own, period)
        if held:
            possible = ranges.sentence(language, own, held[case.row])
            other = language.say(
                "The range of ranks in the first section answers a different question from this "
                "interval."
            )
            notes = [Paragraph(f"{other} {ranges.explanation(language)}")]
        if case.is_large:
            notes += fewer(language, assessment, study)
        robust = [*grounds.robustness(case, own, firm), *notes]
    say = language.say
    doubts = tried(language, partial(grounds.risks, case, own), say("Risks"))
    even = tried(language, partial(standing.balance, case), say("Balance"))
    sections = [
        Section(say("In short"), list(summary.in_short(case, firm, possible))),
        Section(say("Profile"), list(standing.profile(case))),
        Section(say("Peers"), list(standing.peers(case))),
        Section(say("Where it is behind"), list(standing.weaknesses(case))),
        Section(say("Where it is ahead"), list(standing.strengths(case))),
        Section(say("Balance"), even),
        *grounds.history(case),
        *actions.causes(case, graph, budget),
        Section(say("Caveats"), [*robust, *doubts]),
        Section(say("Its data"), list(grounds.data(case))),
        *methods(language, assessment, own),
    ]
    among = say("The only unit") if case.is_alone else say("One of {n} units", n=case.n)
    when = "" if period is None else f", {period}"
    title = say("{unit}: {index}", unit=case.name, index=label(assessment.index))
    return Report(title, f"{among}{when}", sections, language)


def _firm(case: Case, study: "Uncertainty") -> tuple[float, float]:
    """Return the ranks between which the unit lies in 90 % of the simulations."""
    if case.is_large:
        return drawn_ranks(study, [case.row], case.rows).interval(case.row)
    return intervals(study)[case.row]
