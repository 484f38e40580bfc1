"""Questions of an audit, their answers and verdicts."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli import frames
from dli.errors import DataError, DLIError, MethodError
from dli.framework import Index
from dli.multivariate import Limits
from dli.report.document import Block, Table
from dli.report.language import ENGLISH, Language, key
from dli.report.parts import filled, label

if TYPE_CHECKING:
    from dli.arrays import Floats
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = [
    "COINR",
    "FEW",
    "FEW_RANKS",
    "GUIDE",
    "HANDBOOK",
    "INNOVATION",
    "OURS",
    "SAME",
    "Answer",
    "Audited",
    "Question",
    "answered",
    "capped",
    "doubt_of_places",
    "in_one_line",
    "listed_names",
    "listed_pairs",
    "naming",
    "percent",
]

# Correlations between fewer units are mostly due to chance.
FEW = 10
# Ten places are a third or more of a shorter ranking, and almost nothing in a longer one.
FEW_RANKS, MANY_RANKS = 30, 500
# Indicators with a higher correlation are redundant.
SAME = Limits().collinear
# The maximum number of rows of a table.
_ROWS = 20

HANDBOOK = key("OECD/JRC Handbook (2008)")
GUIDE = key("JRC Pocket Guide (2019)")
COINR = key("COINr (2022)")
INNOVATION = key("JRC audits of the Global Innovation Index")
OURS = key("this library")


def _blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(blocks)


@frozen(kw_only=True)
class Answer:
    """The answer of an index to a question.

    Attributes
    ----------
    figure : str
    is_met : bool or None
        Whether the threshold is met; None if the question cannot be judged.
    reason : str
    blocks : tuple of Paragraph, Table or Picture
        The tables and pictures that the figure is based on.
    """

    figure: str
    is_met: bool | None
    reason: str = ""
    blocks: tuple[Block, ...] = field(default=(), converter=_blocks)

    def verdict(self, language: Language) -> str:
        """Return the verdict in a language."""
        if self.is_met is None:
            return language.say("cannot be judged: {reason}", reason=self.reason)
        return language.say("meets" if self.is_met else "does not meet")


@frozen(kw_only=True)
class Question:
    """A question of an audit.

    Attributes
    ----------
    text : str
        The text of the question, a message.
    threshold : callable
        A function that returns the usual threshold in a language.
    source : str
        The source of the threshold, a message.
    answer : callable
        A function that answers the question for an `Audited`, or raises an error with the reason.
    """

    text: str
    threshold: Callable[[Language], str]
    source: str
    answer: Callable[["Audited"], Answer]


def answered(question: Question, audited: "Audited") -> Answer:
    """Return the answer to a question, or the reason if it cannot be answered."""
    try:
        return question.answer(audited)
    except DLIError as error:
        return Answer(figure="–", is_met=None, reason=in_one_line(error))


def in_one_line(error: DLIError) -> str:
    """Return the message of an error on one line, with its no-break spaces."""
    return re.sub(r"[ \t\n]+", " ", str(error)).strip()


@frozen(kw_only=True, eq=False)
class Audited:
    """An assessment in one of its periods, with a study of its ranks.

    Attributes
    ----------
    assessment : Assessment
    rows : ndarray of int
        The units of the period.
    study : Uncertainty or None
    no_study : str
        The reason if there is no study.
    on_study : str
        A note on the study for readers.
    language : Language
        The language of the audit.
    """

    assessment: "Assessment"
    rows: NDArray[np.intp]
    study: "Uncertainty | None"
    no_study: str = ""
    on_study: str = ""
    language: Language = ENGLISH

    @property
    def index(self) -> Index:
        """The index."""
        return self.assessment.index

    @property
    def period(self) -> Any:
        """The period, None if the data have none."""
        periods = self.assessment.periods
        return None if periods is None else periods[self.rows[0]]

    @cached_property
    def measured(self) -> list[int]:
        """The positions of the indicators that are not constants of a formula."""
        return [j for j, own in enumerate(self.index.indicators) if own.constant is None]

    @property
    def sub_indices(self) -> list[Index]:
        """The nodes at level 1 that have children."""
        return [child for child in self.index.children if isinstance(child, Index)]

    @property
    def joined(self) -> list[Index]:
        """The nodes with several children, the index last."""
        nodes = [node for node in self.index.walk() if isinstance(node, Index)]
        return [node for node in [*nodes[1:], nodes[0]] if len(node.children) > 1]

    @cached_property
    def scored(self) -> NDArray[np.intp]:
        """The rows that have a score at the index."""
        scores = self.assessment.array(self.index.code)[self.rows]
        return self.rows[~np.isnan(scores)]

    def require(self, least: int) -> None:
        """Raise an error if there are too few units to judge.

        Raises
        ------
        DataError
            If fewer units have a score.
        """
        n = len(self.scored)
        if n < least:
            msg = self.language.say(
                "{n} unit has a score, but {least} are needed",
                "{n} units have a score, but {least} are needed",
                n=n,
                least=least,
            )
            raise DataError(msg)

    def require_study(self) -> "Uncertainty":
        """Return the study of the ranks.

        Raises
        ------
        MethodError
            If there is no study; the message is the reason.
        """
        if self.study is None:
            raise MethodError(self.no_study)
        return self.study

    def names(self, rows: Iterable[int]) -> list[str]:
        """Return the names of the units of rows."""
        return [str(self.assessment.units[row]) for row in rows]

    def called(self, code: str) -> str:
        """Return the name of a node, or its code if it has no name."""
        return label(self.index.find(code))

    def values(self, codes: Iterable[str]) -> "Floats":
        """Return scores of nodes in the period, of shape (n_units, n_nodes)."""
        return self.assessment.arrays(codes)[self.rows]

    def records(self, frame: object) -> list[dict[str, Any]]:
        """Return the rows of a table that belong to this period."""
        table = frames.read(frame, empty=True)
        columns = {name: table.column(name) for name in table.names}
        key = self.assessment.observations.period_column
        return [
            # Data-frame libraries without NaN use None.
            {name: np.nan if column[i] is None else column[i] for name, column in columns.items()}
            for i in range(table.n_rows)
            if key is None or columns[key][i] == self.period
        ]


def capped(
    language: Language,
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    words: Sequence[int] = (),
) -> list[Table]:
    """Return a table of the first rows in a list, which is empty if there are no rows."""
    cells = list(rows)
    if len(cells) > _ROWS:
        caption += " " + language.say("The first {n} of {total}.", n=_ROWS, total=len(cells))
    return [filled(language, caption, head, cells[:_ROWS], words)] if cells else []


def percent(language: Language, share: float, digits: int = 0) -> str:
    """Return a share as a percentage; English audits have no space before the sign."""
    return language.say("{number}%", number=language.figure(100 * share, f".{digits}f"))


def listed_names(audited: Audited, codes: Sequence[str]) -> str:
    """Return the names of some nodes: all, or the first and the number of the others."""
    return _listed(audited.language, [audited.called(code) for code in codes], 5, ", ")


def listed_pairs(audited: Audited, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the names of some pairs: all, or the first and the number of the others."""
    language = audited.language
    named = [language.joined([audited.called(code) for code in pair]) for pair in pairs]
    return _listed(language, named, 3, language.say("; "))


def _listed(language: Language, words: Sequence[str], most: int, comma: str) -> str:
    shown = comma.join(words[:most])
    if len(words) <= most:
        return shown
    return language.say("{codes} and {n} more", codes=shown, n=len(words) - most)


def naming(language: Language, told: str, named: str) -> str:
    """Return a count followed by the names of what was counted, if there are any."""
    return language.say("{told}: {named}", told=told, named=named) if named else told


def doubt_of_places(language: Language, n: int) -> str:
    """Return why ten places mean little for this number of units, or "" for a suitable number."""
    if FEW_RANKS <= n <= MANY_RANKS:
        return ""
    return language.say(
        "ten places are a lot among {n} units; this question is for {least} to {most} units"
        if n < FEW_RANKS
        else "ten places are few among {n} units; this question is for {least} to {most} units",
        n=n,
        least=FEW_RANKS,
        most=MANY_RANKS,
    )
