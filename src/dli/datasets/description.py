"""The description of a dataset."""

from collections.abc import Iterator
from html import escape
from textwrap import fill

from attrs import field, frozen

__all__ = ["Column", "Description"]


@frozen(kw_only=True)
class Column:
    """A column of a dataset.

    Attributes
    ----------
    name : str
        The name of the column in the table.
    kind : {"text", "number", "whole"}
        The kind of its values; ``"whole"`` stands for whole numbers.
    meaning, unit_of_measure : str
        What is measured, and the unit of measure.
    """

    name: str
    kind: str
    meaning: str
    unit_of_measure: str = ""


@frozen(kw_only=True, repr=False)
class Description:
    """The source of a dataset, its terms of use, its columns and its known doubts.

    Attributes
    ----------
    name, title, publisher, editions : str
        The name and the title of the dataset, its publisher, and the editions used.
    terms : str
        The publishers' terms of use.
    citation : str
        How to cite the publisher.
    copies : tuple of str
        The public copies from which the figures were taken.
    checks, doubts : tuple of str
        What was checked, and what remains doubtful.
    columns : tuple of Column
        The columns, in the order of the table.
    """

    name: str
    title: str
    publisher: str
    editions: str
    terms: str
    citation: str
    copies: tuple[str, ...] = field(converter=tuple)
    checks: tuple[str, ...] = field(converter=tuple)
    doubts: tuple[str, ...] = field(converter=tuple)
    columns: tuple[Column, ...]

    def _parts(self) -> Iterator[tuple[str, str | tuple[str, ...]]]:
        for name in ("publisher", "editions", "terms", "citation", "copies", "checks", "doubts"):
            yield name, getattr(self, name)

    def __repr__(self) -> str:
        lines = [f"{self.name}: {self.title}", ""]
        for name, part in self._parts():
            if isinstance(part, str):
                lines.append(_fill(f"{name}: {part}", "", "  "))
            else:
                lines.append(f"{name}:")
                lines += [_fill(f"- {item}", "  ", "    ") for item in part]
        lines.append("columns:")
        width = max(len(column.name) for column in self.columns)
        for column in self.columns:
            measure = f" ({column.unit_of_measure})" if column.unit_of_measure else ""
            text = f"{column.name.ljust(width)}  {column.meaning}{measure}"
            lines.append(_fill(text, "  ", " " * (width + 4)))
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        lines = [f"**{self.title}** (`{self.name}`)", ""]
        for name, part in self._parts():
            if isinstance(part, str):
                lines.append(f"- *{name}*: {_safe(part)}")
            else:
                lines.append(f"- *{name}*:")
                lines += [f"    - {_safe(item)}" for item in part]
        lines += ["", "| column | meaning | unit of measure |", "|---|---|---|"]
        lines += [
            f"| `{c.name}` | {_safe(c.meaning)} | {_safe(c.unit_of_measure)} |"
            for c in self.columns
        ]
        return "\n".join(lines)


def _fill(text: str, first: str, rest: str) -> str:
    # Names of repositories contain hyphens; users must be able to copy them in one piece.
    return fill(text, 80, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _safe(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
