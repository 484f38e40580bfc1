"""The printing of results as one table: text of 80 columns, or HTML for a notebook."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape
from textwrap import fill

from attrs import evolve, frozen

__all__ = ["SHOWN", "Printed", "Sheet", "counted"]

# The number of rows that are shown of a long table.
SHOWN = 12
_WIDTH = 80
# Columns of words are not cut to fewer letters than this.
_LEAST = 12


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1.

    Examples
    --------
    >>> counted(1, "cell"), counted(1200, "cell")
    ('1 cell', '1,200 cells')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


@frozen
class Sheet:
    """A table with a title, ready to be printed.

    Parameters
    ----------
    title : str
        The line above the table.
    head : sequence of str
        The names of the columns.
    rows : sequence of sequences of str
        The cells of each row.
    words : collection of int
        The columns that contain words; all other columns contain figures and are right-aligned.
    left : int
        The number of further rows that are not shown.
    note : str
        A line below the title.
    gap : int, optional
        The row before which rows are omitted.

    Examples
    --------
    >>> print(Sheet("Two units", ("unit", "score"), [("A", "1.5"), ("B", "10.0")]).text())
    Two units
    <BLANKLINE>
    unit  score
    A       1.5
    B      10.0
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: Sequence[int] = (0,)
    left: int = 0
    note: str = ""
    gap: int | None = None

    @property
    def fits(self) -> bool:
        """Whether the table fits into 80 columns after words are cut."""
        return max(map(len, self.text().splitlines())) <= _WIDTH

    def without(self, column: str) -> "Sheet":
        """Return the table without a column, or unchanged if it does not have the column."""
        kept = [j for j, name in enumerate(self.head) if name != column]
        return evolve(
            self,
            head=[self.head[j] for j in kept],
            rows=[[row[j] for j in kept] for row in self.rows],
            words=[place for place, j in enumerate(kept) if j in self.words],
        )

    def text(self) -> str:
        """Return the table as text of at most 80 columns; words that do not fit are cut."""
        if not self.rows:
            return fill(f"{self.title}: none", _WIDTH)
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        excess = sum(widths) + 2 * (len(widths) - 1) - _WIDTH
        for j in sorted(self.words, key=lambda j: -widths[j]):
            cut = max(0, min(excess, widths[j] - _LEAST))
            widths[j] -= cut
            excess -= cut
        drawn = [
            "  ".join(
                _short(cell, width).ljust(width) if j in self.words else cell.rjust(width)
                for j, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        if self.gap is not None:
            drawn.insert(self.gap + 1, "…".rjust(widths[0]))
        more = [f"… and {self.left} more"] if self.left else []
        head = [self.title if len(self.title) <= _WIDTH else fill(self.title, _WIDTH)]
        head += [self.note] if self.note else []
        return "\n".join([*head, "", *drawn, *more])

    def html(self) -> str:
        """Return the table as HTML for a notebook, with all text escaped."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.head)
        lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self.rows]
        if self.gap is not None:
            lines.insert(self.gap, f'<td colspan="{len(self.head)}">…</td>')
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        note = "".join(f"<br>{escape(line)}" for line in self.note.splitlines())
        more = f"<p>… and {self.left} more</p>" if self.left else ""
        return (
            f"<div><p><b>{escape(self.title)}</b>{note}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{more}</div>"
        )


def _short(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


class Printed(ABC):
    """A result that prints as a sheet, in a terminal and in a notebook."""

    __slots__ = ()

    @abstractmethod
    def _sheet(self) -> Sheet:
        """Return the table to print."""

    def __repr__(self) -> str:
        return self._sheet().text()

    def _repr_html_(self) -> str:
        return self._sheet().html()
