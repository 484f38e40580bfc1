"""What a question of an audit is, what it is asked of, and how an answer is judged."""

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

# Correlations of fewer units are mostly chance.
FEW = 10
# Ten places are more than a third of a shorter table, and next to nothing in a longer one.
FEW_RANKS, MANY_RANKS = 30, 500
# Indicators that correlate more than this say the same.
SAME = Limits().collinear
# Nobody reads on in a table of what stands out.
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
    """What an index says to a question.

    Attributes
    ----------
    figure : str
    is_met : bool or None
        None where it cannot be judged, for the reason.
    reason : str
    blocks : tuple of Paragraph, Table or Picture
        What the figure rests on.
    """

    figure: str
    is_met: bool | None
    reason: str = ""
    blocks: tuple[Block, ...] = field(default=(), converter=_blocks)

    def verdict(self, language: Language) -> str:
        """Say the verdict."""
        if self.is_met is None:
            return language.say("cannot be judged: {reason}", reason=self.reason)
        return language.say("meets" if self.is_met else "does not meet")


@frozen(kw_only=True)
class Question:
    """A question of an audit.

    Attributes
    ----------
    text : str
        A message, as is the source.
    threshold : callable
        Says what is usual in a language.
    source : str
        Who says so.
    answer : callable
        Answers it for an `Audited`; an error says why there is no answer.
    """

    text: str
    threshold: Callable[[Language], str]
    source: str
    answer: Callable[["Audited"], Answer]


def answered(question: Question, audited: "Audited") -> Answer:
    """Ask a question; where it cannot be answered, the reason is the answer."""
    try:
        return question.answer(audited)
    except DLIError as error:
        return Answer(figure="–", is_met=None, reason=in_one_line(error))


def in_one_line(error: DLIError) -> str:
    """Return what an error says as part of a sentence; no-break spaces of a language stay."""
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
        Why there is no study.
    on_study : str
        What a reader must know of the study.
    language : Language
        Of what is said.
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
        """The places of the indicators that are not constants of a formula."""
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
        """Refuse to judge too few units.

        Raises
        ------
        DataError
            Fewer units have a score.
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
            There is none.
        """
        if self.study is None:
            raise MethodError(self.no_study)
        return self.study

    def names(self, rows: Iterable[int]) -> list[str]:
        """Name the units of rows."""
        return [str(self.assessment.units[row]) for row in rows]

    def called(self, code: str) -> str:
        """Return the name of a node, or its code if it has no name."""
        return label(self.index.find(code))

    def values(self, codes: Iterable[str]) -> "Floats":
        """Return scores of nodes in the period, of shape (n_units, n_nodes)."""
        return self.assessment.arrays(codes)[self.rows]

    def records(self, frame: object) -> list[dict[str, Any]]:
        """Return the rows of a table that are of this period."""
        table = frames.read(frame, empty=True)
        columns = {name: table.column(name) for name in table.names}
        key = self.assessment.observations.period_column
        return [
            # Libraries without NaN of their own have None.
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
    """Build a table of the first rows, none if there are no rows."""
    cells = list(rows)
    if len(cells) > _ROWS:
        caption += " " + language.say("The first {n} of {total}.", n=_ROWS, total=len(cells))
    return [filled(language, caption, head, cells[:_ROWS], words)] if cells else []


def percent(language: Language, share: float, digits: int = 0) -> str:
    """Write a share as a percentage; audits in English have no space before the sign."""
    return language.say("{number}%", number=language.figure(100 * share, f".{digits}f"))


def listed_names(audited: Audited, codes: Sequence[str]) -> str:
    """Name what stands out: all, or the first and how many more."""
    return _listed(audited.language, [audited.called(code) for code in codes], 5, ", ")


def listed_pairs(audited: Audited, pairs: Sequence[tuple[str, str]]) -> str:
    """Name pairs that stand out: all, or the first and how many more."""
    language = audited.language
    named = [language.joined([audited.called(code) for code in pair]) for pair in pairs]
    return _listed(language, named, 3, language.say("; "))


def _listed(language: Language, words: Sequence[str], most: int, comma: str) -> str:
    shown = comma.join(words[:most])
    if len(words) <= most:
        return shown
    return language.say("{codes} and {n} more", codes=shown, n=len(words) - most)


def naming(language: Language, told: str, named: str) -> str:
    """Add the names of what was counted, if there are any."""
    return language.say("{told}: {named}", told=told, named=named) if named else told


def doubt_of_places(language: Language, n: int) -> str:
    """Say why ten places mean little among so many units, nothing where they do."""
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
