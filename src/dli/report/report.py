"""A report that can be saved as HTML or Markdown, or shown in a notebook."""

from collections.abc import Iterable
from html import escape
from os import PathLike
from pathlib import Path
from textwrap import fill

from attrs import field, frozen

from dli.errors import FileError, MethodError
from dli.files import replacing
from dli.report.document import Picture, Section
from dli.report.language import ENGLISH, Language, language_of
from dli.report.text import text
from dli.report.web import page

__all__ = ["Report"]


def _sections(sections: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(sections)


@frozen(repr=False)
class Report:
    r"""A report that can be saved, shown in a notebook, or used section by section.

    Attributes
    ----------
    title, subtitle : str
        The lines at the top of the page.
    sections : tuple of Section
        The sections in their order.
    lang : str or path
        The language of the text that the report adds to its sections, such as the name of the
        table of contents: ``"en"``, ``"fr"``, or the path of a file of messages that ends in
        ``.toml``.

    Examples
    --------
    >>> from dli.report import Paragraph, Section
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
    lang: Language = field(default=ENGLISH, converter=language_of)

    def html(self) -> str:
        """Return the report as a single HTML page without network requests, scripts or other files.

        Raises
        ------
        ImportError
            If the packages of the extra ``report`` are not installed.
        """
        return page(self.title, self.subtitle, self.sections, self.lang)

    def markdown(self, folder: str | None = None) -> str:
        """Return the report as Markdown.

        Parameters
        ----------
        folder : str, optional
            The folder that the text refers to for the pictures ``picture-1.svg`` and so on. By
            default, the pictures are embedded in the text.
        """
        return text(self.title, self.subtitle, self.sections, folder, self.lang)

    def save(self, path: str | PathLike[str]) -> None:
        """Save the report to a file: one ``.html`` page, or ``.md`` with a folder of pictures.

        A file replaces an existing one only when it is complete; the text is written after its
        pictures.

        Parameters
        ----------
        path : path
            The file to write.

        Raises
        ------
        MethodError
            If the path has a different suffix.
        FileError
            If a file or the folder cannot be written; the message contains its path.
        ImportError
            As for `html`.
        """
        given: object = path
        place = Path(given) if isinstance(given, (str, PathLike)) else Path()
        if place.suffix not in (".html", ".md"):
            msg = f"a report can be saved as .html or .md, got {place.name or path!r}"
            raise MethodError(msg)
        if place.suffix == ".html":
            page_text = self.html()
        else:
            folder = place.with_name(f"{place.stem}_files")
            page_text = self.markdown(folder.name)
            self._save_pictures(folder)
        with replacing(place) as file:
            file.write_bytes(page_text.encode())

    def _save_pictures(self, folder: Path) -> None:
        if not self.pictures:
            return
        try:
            folder.mkdir(exist_ok=True)
        except (OSError, ValueError) as error:
            raise FileError(folder, error) from error
        for number, picture in enumerate(self.pictures, 1):
            with replacing(folder / f"picture-{number}.svg") as file:
                file.write_bytes(picture.svg)

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
