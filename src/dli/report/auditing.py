"""The statistical audit of an index: questions, figures, thresholds and verdicts."""

from collections import Counter
from collections.abc import Iterator
from textwrap import TextWrapper

from dli.assessment import Assessment
from dli.checks import instance
from dli.report import audited_correlations, audited_data, audited_ranks, audited_weights
from dli.report.document import Block, Paragraph, Section, Statement, Table
from dli.report.language import Language, key, language_of
from dli.report.parts import label
from dli.report.questions import Answer, Audited, Question, answered
from dli.report.report import Report
from dli.report.studies import methods, studied
from dli.sensitivity import Uncertainty

__all__ = ["audit"]

_PARTS = (
    (key("Concept"), audited_data.CONCEPT),
    (key("Data"), audited_data.DATA),
    (key("Correlations"), audited_correlations.CORRELATIONS),
    (key("Weights and importance"), audited_weights.WEIGHTS),
    (key("Robustness"), audited_ranks.RANKS),
    (key("Other methods"), audited_ranks.ALTERNATIVES),
    (key("Added value"), audited_weights.ADDED),
)
_SOURCES = (
    key(
        "OECD/JRC Handbook (2008): OECD and European Commission, Joint Research Centre, *Handbook "
        "on Constructing Composite Indicators*, doi 10.1787/9789264043466-en. It names 0.7 for "
        "Cronbach's alpha, and 60% of the variance for the components that are kept; here one "
        "component is kept."
    ),
    key(
        "JRC Pocket Guide (2019): Saisana, Becker, Neves, Alberti and Dominguez-Torreiro, *Your "
        "10-Step Pocket Guide to Composite Indicators & Scoreboards*, European Commission, Joint "
        "Research Centre."
    ),
    key(
        "COINr (2022): Becker, Caperna, Del Sorbo, Norlén, Papadimitriou and Saisana, *COINr: An R "
        "package for developing composite indicators*, doi 10.21105/joss.04567; defaults of its "
        "functions `get_stats` and `plot_corr`."
    ),
    key(
        "JRC audits of the Global Innovation Index: *statistical audits* by the Joint Research "
        "Centre, published with the index each year."
    ),
    key(
        "Paruolo, Saisana and Saltelli (2013), *Ratings and rankings: voodoo or science?*, doi "
        "10.1111/j.1467-985X.2012.01059.x."
    ),
    key("This library: no threshold is customary, and this one is a proposal open to discussion."),
)


def audit(
    assessment: Assessment,
    *,
    study: Uncertainty | None = None,
    period: object = None,
    lang: object = "en",
) -> Report:
    """Audit an index: compare its figures with the usual thresholds of a statistical audit.

    The questions are those that the European Commission's Joint Research Centre (JRC) asks of
    composite indicators: on the concept, the data, correlations, weights, robustness, other
    methods and added value. Each question has a figure, a usual threshold with its source, and a
    verdict: "meets", "does not meet", or "cannot be judged" with the reason.

    Parameters
    ----------
    assessment : Assessment
        The assessment to audit.
    study : Uncertainty, optional
        A study of the same units at the index. By default, 1,000 simulations with the seed 0, in
        which each weight is up to a quarter higher or lower. If the index uses arithmetic or
        geometric means throughout, and all normalised values are above 0, the simulations also
        alternate between these two means.
    period : object, optional
        The period to audit; required if the data have several periods.
    lang : str or path
        The language: ``"en"``, ``"fr"``, or the path of your own file of messages in TOML, which
        must end in ``.toml``.

    Returns
    -------
    Report
        A table of all questions, followed by a section for each group of questions.

    Raises
    ------
    UnknownCodeError
        If the period is unknown.
    MethodError
        If ``assessment`` is not an assessment, if the study is of other units or of a sub-index,
        if a period is given for data without periods or missing for data with several, or if the
        language is unknown.
    ModelError
        If the file of messages cannot be read, or does not contain exactly the messages that are
        required; all faults are listed.
    ImportError
        If matplotlib is not installed.

    Notes
    -----
    Correlations are judged for ten or more units, since correlations between fewer are mostly due
    to chance. Differences of ten places are judged for 30 to 500 units, since this convention
    comes from rankings of that size.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators.
    https://doi.org/10.1787/9789264043466-en

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")], "Test")
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, None, 9.0]}
    >>> page = audit(Assessment(index, data))
    >>> [section.title for section in page.sections][:3]
    ['Summary', 'Concept', 'Data']
    >>> page.sections[0].blocks[1].rows[4][1:]  # doctest: +NORMALIZE_WHITESPACE
    ('Does each indicator have values for enough units?',
     '0 of 2 below the threshold; the lowest is b with 67%', '65% of the units', 'COINr (2022)',
     'meets')
    """
    instance("assessment", assessment, Assessment)
    language = language_of(lang)
    say, audited = language.say, _audited(language, assessment, study, period)
    asked = [
        (say(title), [(question, answered(question, audited)) for question in questions])
        for title, questions in _PARTS
    ]
    return Report(
        say("Statistical audit: {index}", index=label(audited.index)),
        _subtitle(audited),
        [
            Section(say("Summary"), list(_summary(language, asked))),
            *(
                Section(title, list(_told(language, k, own)))
                for k, (title, own) in enumerate(asked, 1)
            ),
            Section(say("Sources of the thresholds"), [Statement(_sources(language))]),
            *methods(language, assessment, audited.study),
        ],
        language,
    )


def _subtitle(audited: Audited) -> str:
    say, n_indicators = audited.language.say, len(audited.index.indicators)
    units = say("{n} unit", "{n} units", n=len(audited.rows))
    indicators = say("{n} indicator", "{n} indicators", n=n_indicators)
    when = "" if audited.period is None else f", {audited.period}"
    return f"{units}, {indicators}{when}"


def _sources(language: Language) -> str:
    """Return the list of sources in Markdown."""
    item = TextWrapper(100, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(item.fill(language.say(source)) for source in _SOURCES)


def _audited(
    language: Language, assessment: Assessment, study: Uncertainty | None, period: object
) -> Audited:
    rows = assessment.rows(period)
    if study is not None:
        instance("study", study, Uncertainty)
        own, _ = studied(language, assessment, study)
        return Audited(assessment=assessment, rows=rows, study=own, language=language)
    own, why, note = audited_ranks.usual_study(language, assessment)
    return Audited(
        assessment=assessment,
        rows=rows,
        study=own,
        no_study=why,
        on_study=note,
        language=language,
    )


_Asked = list[tuple[Question, Answer]]


def _summary(language: Language, asked: list[tuple[str, _Asked]]) -> Iterator[Block]:
    say = language.say
    answers = [answer for _, own in asked for _, answer in own]
    counts = Counter(answer.is_met for answer in answers)
    counted = say(
        "Of {n} questions, the index meets the threshold for {met} and does not meet it for "
        "{missed}; {unjudged} cannot be judged.",
        n=len(answers),
        met=counts[True],
        missed=counts[False],
        unjudged=counts[None],
    )
    warned = say(
        "A threshold is a convention, not a proof: if an index misses one, its authors should "
        "explain why, and an index that meets all of them may still measure the wrong thing."
    )
    yield Paragraph(f"{counted} {warned}")
    yield Table(
        say("The questions, with their figures and verdicts."),
        [say("no."), say("question"), say("figure"), say("usual threshold"), say("source"),
         say("verdict")],
        [
            (f"{k}.{j}", say(question.text), answer.figure, question.threshold(language),
             say(question.source), answer.verdict(language))
            for k, (_, own) in enumerate(asked, 1)
            for j, (question, answer) in enumerate(own, 1)
        ],
        range(1, 6),
    )  # fmt: skip


def _told(language: Language, k: int, asked: _Asked) -> Iterator[Block]:
    say = language.say
    for j, (question, answer) in enumerate(asked, 1):
        found = [] if answer.figure == "–" else [say("Figure: {figure}.", figure=answer.figure)]
        usual = say(
            "Usual threshold: {threshold} ({source}).",
            threshold=question.threshold(language),
            source=say(question.source),
        )
        verdict = answer.verdict(language)
        judged = f"{verdict[0].upper()}{verdict[1:]}."
        yield Paragraph(" ".join([f"{k}.{j}", say(question.text), *found, usual, judged]))
        yield from answer.blocks
