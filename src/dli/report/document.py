"""The contents of a report: sections of paragraphs, tables, pictures and statements."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from attrs import field, frozen

from dli.errors import DataError

__all__ = ["Block", "Paragraph", "Picture", "Section", "Statement", "Table"]


def _texts(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(cells)


def _rows(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row) for row in rows)


@frozen
class Paragraph:
    """Plain text, shown as it is.

    Parameters
    ----------
    text : str
        Without markup.
    """

    text: str


@frozen
class Statement:
    """Markdown, with formulas between dollar signs; its headings begin with ``##``.

    Links, pictures and HTML in it are shown as text. Text from data must be escaped.

    Parameters
    ----------
    markdown : str
        Text with formulas.
    lang : str
        The code of its language, if it is not that of the report.
    """

    markdown: str
    lang: str = ""


@frozen
class Table:
    """Rows of text under a caption; the first column names the row.

    Parameters
    ----------
    caption : str
        Above the table.
    head : sequence of str
        The names of the columns.
    rows : sequence of sequences of str
        The cells as they are printed.
    words : sequence of int
        The columns, besides the first, that contain words; all others contain figures.
    folded : bool
        Whether the HTML page shows the caption only, until the reader opens the table. Markdown
        leaves out folded tables, and says so.

    Raises
    ------
    DataError
        One or more rows have a different length from the head; all of them are listed.
    """

    caption: str
    head: tuple[str, ...] = field(converter=_texts)
    rows: tuple[tuple[str, ...], ...] = field(converter=_rows)
    words: Sequence[int] = ()
    folded: bool = False

    def __attrs_post_init__(self) -> None:
        n = len(self.head)
        faults = [
            f"row {i} has {len(row)} cells" for i, row in enumerate(self.rows) if len(row) != n
        ]
        if faults:
            msg = f"each row of the table {self.caption!r} must have {n} cells, like its head"
            raise DataError(msg, faults)


@frozen
class Picture:
    """A drawing, with a description for readers who cannot see it.

    Parameters
    ----------
    svg : bytes
        The picture as SVG.
    alt : str
        What the drawing shows.
    caption : str
        How to read the drawing.
    """

    svg: bytes = field(repr=False)
    alt: str = ""
    caption: str = ""


Block: TypeAlias = Paragraph | Statement | Table | Picture


def _blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(blocks)


@frozen
class Section:
    """A title and the blocks below it.

    Parameters
    ----------
    title : str
        The heading.
    blocks : sequence of Paragraph, Statement, Table or Picture
        In their order.
    """

    title: str
    blocks: tuple[Block, ...] = field(converter=_blocks)
