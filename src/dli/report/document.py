"""What a report is made of: sections of paragraphs, tables, pictures and statements."""

from collections.abc import Iterable, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from textwrap import fill
from typing import TypeAlias

from attrs import field, frozen

from dli.errors import DataError, MethodError

__all__ = ["Block", "Paragraph", "Picture", "Report", "Section", "Statement", "Table"]


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
    """

    text: str


@frozen
class Statement:
    """Markdown, with formulas between dollar signs; its headings begin with ``##``.

    Links, pictures and HTML in it are shown as text. What comes from data must be escaped.

    Parameters
    ----------
    markdown : str
    """

    markdown: str


@frozen
class Table:
    """Rows of text under a caption; the first column names the row.

    Parameters
    ----------
    caption : str
    head : sequence of str
    rows : sequence of sequences of str
    words : sequence of int
        The columns besides the first that hold words; all others hold figures.

    Raises
    ------
    DataError
        Rows of other lengths than the head; each is named.
    """

    caption: str
    head: tuple[str, ...] = field(converter=_texts)
    rows: tuple[tuple[str, ...], ...] = field(converter=_rows)
    words: Sequence[int] = ()

    def __attrs_post_init__(self) -> None:
        n = len(self.head)
        faults = [
            f"row {i} has {len(row)} cells" for i, row in enumerate(self.rows) if len(row) != n
        ]
        if faults:
            msg = f"a row of the table {self.caption!r} must have {n} cells, as its head"
            raise DataError(msg, faults)


@frozen
class Picture:
    """A drawing, and what it shows in words for those who cannot see it.

    Parameters
    ----------
    svg : bytes
    alt : str
        What there is to see.
    caption : str
        How to read it.
    """

    svg: bytes = field(repr=False)
    alt: str = ""
    caption: str = ""


Block: TypeAlias = Paragraph | Statement | Table | Picture


def _blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(blocks)


@frozen
class Section:
    """A title and what stands under it.

    Parameters
    ----------
    title : str
    blocks : sequence of Paragraph, Statement, Table or Picture
    """

    title: str
    blocks: tuple[Block, ...] = field(converter=_blocks)


def _sections(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(sections)


@frozen(repr=False)
class Report:
    r"""A report: to be saved, read in a notebook, or taken apart.

    Attributes
    ----------
    title, subtitle : str
    sections : tuple of Section

    Examples
    --------
    >>> page = Report("A or B", "", [Section("In short", [Paragraph("x < y")])])
    >>> print(page.markdown())
    # A or B
    <BLANKLINE>
    ## In short
    <BLANKLINE>
    x \< y
    <BLANKLINE>
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...] = field(converter=_sections)

    def html(self) -> str:
        """Write one page that needs nothing else: no network, no script, no other file.

        Raises
        ------
        ImportError
            The packages of the extra ``report`` are not installed.
        """
        from dli.report.web import page

        return page(self)

    def markdown(self, folder: str | None = None) -> str:
        """Write Markdown.

        Parameters
        ----------
        folder : str, optional
            Where the pictures stand, as ``picture-1.svg`` and so on; by default they are part of
            the text.
        """
        from dli.report.text import text

        return text(self, folder)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file; ``.html`` is one page, ``.md`` has its pictures in a folder beside it.

        Raises
        ------
        MethodError
            Another ending.
        ImportError
            As of `html`.
        """
        path = Path(path)
        if path.suffix == ".html":
            path.write_text(self.html(), encoding="utf-8")
            return
        if path.suffix != ".md":
            msg = f"a report is saved as .html or .md, got {path.name!r}"
            raise MethodError(msg)
        folder = path.with_name(f"{path.stem}_files")
        if self.pictures:
            folder.mkdir(exist_ok=True)
        for place, picture in enumerate(self.pictures, 1):
            (folder / f"picture-{place}.svg").write_bytes(picture.svg)
        path.write_text(self.markdown(folder.name), encoding="utf-8")

    @property
    def pictures(self) -> list[Picture]:
        """All pictures, in order."""
        blocks = [block for section in self.sections for block in section.blocks]
        return [block for block in blocks if isinstance(block, Picture)]

    def __repr__(self) -> str:
        lines = [fill(self.title, 80), self.subtitle, ""]
        for section in self.sections:
            kinds = [type(block).__name__.lower() for block in section.blocks]
            counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
            what = ", ".join(f"{n} {kind}{'s' * (n > 1)}" for kind, n in counts.items())
            lines.append(f"  {section.title:<34.34} {what}"[:80].rstrip())
        return "\n".join([*lines, "", "save('….html') or save('….md') writes it"])

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="{escape(self.title)}" srcdoc="{escape(self.html())}" '
            'style="width: 100%; height: 40em; border: 1px solid #999"></iframe>'
        )
