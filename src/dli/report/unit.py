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
    """Report one unit: where it is weak, which similar units do better, and what is in doubt.

    Parameters
    ----------
    assessment : Assessment
        With the unit and those it is compared with.
    unit : object
        As the data name it.
    period : object, optional
        Where there are several; what changed since the first is told as well.
    by : str or sequence of str, optional
        Context columns by which units are alike, as of `dli.diagnosis.peers`; by default their
        profiles.
    peers : iterable, optional
        The units to compare with, instead of the eight that are most alike.
    study : Uncertainty, optional
        Of the same units at the index. By default 2,000 simulations, or 100 to 500 for more than
        5,000 units, in which each weight is up to a quarter higher or lower, with the seed
        0. Not used where no other unit has a score, since there are no ranks then.
    graph : CapabilityGraph, optional
        What stands behind the indicators; without it causes and plans are left out.
    budget : float, optional
        What the plan may spend, where a fifth of a capability level costs 1; without it there is
        no plan. For other costs use `CapabilityGraph.plan`.
    lang : str or path
        The language: ``"en"``, ``"fr"``, or a file of messages of your own that ends in ``.toml``.

    Returns
    -------
    Report
        A part that cannot be made is replaced by the reason.

    Raises
    ------
    UnknownCodeError
        No such unit, period, peers or context columns.
    DataError
        The unit was left out, or has no score.
    MethodError
        A study of other units, or of a sub-index; a budget without a graph; an unknown language.
    ModelError
        A file of messages that cannot be read, or that lacks some; all of them are listed.
    ImportError
        matplotlib is not installed.

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
