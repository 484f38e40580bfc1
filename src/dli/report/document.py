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
    """A paragraph of plain text.

    Parameters
    ----------
    text : str
        The text, which is shown as it is: markup in it has no effect.
    """

    text: str


@frozen
class Statement:
    """Text in Markdown, with formulas between dollar signs and headings from ``##`` downwards.

    Links, pictures and HTML are shown as text. Text from data must be escaped.

    Parameters
    ----------
    markdown : str
        The text in Markdown.
    lang : str
        The code of its language, if it differs from that of the report.
    """

    markdown: str
    lang: str = ""


@frozen
class Table:
    """A table with a caption, whose first column contains the names of the rows.

    Parameters
    ----------
    caption : str
        The text above the table.
    head : sequence of str
        The headings of the columns.
    rows : sequence of sequences of str
        The cells as text.
    words : sequence of int
        The positions of the columns, other than the first, that contain words; all other columns
        contain figures, which are aligned to the right.
    folded : bool
        Whether the HTML page shows only the caption until the reader opens the table. Markdown
        contains a note in place of folded tables.

    Raises
    ------
    DataError
        If the number of cells in a row differs from that of the head; all such rows are listed.
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
    """A picture, with a description for readers who cannot see it.

    Parameters
    ----------
    svg : bytes
        The picture as SVG.
    alt : str
        A description of what the picture shows.
    caption : str
        An explanation of how to read the picture.
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
        The blocks in their order.
    """

    title: str
    blocks: tuple[Block, ...] = field(converter=_blocks)
