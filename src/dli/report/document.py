"""What a report is made of: sections of paragraphs, tables, pictures and statements."""

from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from attrs import field, frozen

from dli.errors import MethodError

__all__ = ["Block", "Paragraph", "Picture", "Report", "Section", "Statement", "Table"]


@frozen
class Paragraph:
    """Plain text, shown as it is."""

    text: str


@frozen
class Statement:
    """Markdown of this library's own, with formulas between dollar signs."""

    markdown: str


@frozen
class Table:
    """Rows of text under a caption; the first column names the row.

    Parameters
    ----------
    caption : str
    head : sequence of str
    rows : sequence of sequences of str
    words : collection of int
        The columns besides the first that hold words; all others hold figures.
    """

    caption: str
    head: Sequence[str] = field(converter=tuple)
    rows: Sequence[Sequence[str]] = field(converter=tuple)
    words: Sequence[int] = ()


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


@frozen
class Section:
    """A title and what stands under it."""

    title: str
    blocks: Sequence[Block] = field(converter=tuple)


@frozen(repr=False)
class Report:
    """A report: to be saved, read in a notebook, or taken apart.

    Attributes
    ----------
    title, subtitle : str
    sections : tuple of Section

    Examples
    --------
    >>> page = Report("A & B", "", [Section("In short", [Paragraph("x < y")])])
    >>> print(page.markdown())
    # A & B
    <BLANKLINE>
    ## In short
    <BLANKLINE>
    x \\< y
    <BLANKLINE>
    """

    title: str
    subtitle: str
    sections: Sequence[Section] = field(converter=tuple)

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
        lines = [self.title, self.subtitle, ""]
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
