"""A report as Markdown."""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import groupby

from dli.assessment.methodology import escaped
from dli.report.document import Block, Paragraph, Picture, Section, Statement, Table
from dli.report.language import Language

__all__ = ["text"]


def text(
    title: str, subtitle: str, sections: Iterable[Section], folder: str | None, language: Language
) -> str:
    """Return a report as Markdown, with pictures as files in a folder or embedded in the text."""
    parts = [f"# {escaped(title)}"]
    if subtitle:
        parts.append(escaped(subtitle))
    n_pictures = 0
    for section in sections:
        parts.append(f"## {escaped(section.title)}")
        for is_folded, blocks in groupby(section.blocks, key=_is_folded):
            if is_folded:
                parts.append(_left_out(language, list(blocks)))
                continue
            for block in blocks:
                n_pictures += isinstance(block, Picture)
                path = f"{folder}/picture-{n_pictures}.svg" if folder else None
                parts.append(_block(block, path))
    return "\n\n".join(parts) + "\n"


def _is_folded(block: Block) -> bool:
    return isinstance(block, Table) and block.folded


def _left_out(language: Language, tables: Sequence[Block]) -> str:
    """Return a note on the folded tables, which Markdown leaves out."""
    n_rows = sum(len(table.rows) for table in tables if isinstance(table, Table))
    rows = language.say("{n} row in all", "{n} rows in all", n=n_rows)
    left_out = language.say(
        "A folded table ({rows}) is left out of Markdown; save the report as HTML to see it.",
        "{n} folded tables ({rows}) are left out of Markdown; save the report as HTML to see them.",
        n=len(tables),
        rows=rows,
    )
    return f"*{left_out}*"


def _block(block: Block, path: str | None) -> str:
    if isinstance(block, Paragraph):
        return escaped(block.text)
    if isinstance(block, Statement):
        return below(block.markdown)
    if isinstance(block, Table):
        return _table(block)
    where = path or f"data:image/svg+xml;base64,{b64encode(block.svg).decode()}"
    caption = f"\n\n*{escaped(block.caption)}*" if block.caption else ""
    return f"![{escaped(block.alt)}](<{where}>){caption}"


def below(markdown: str) -> str:
    """Return a statement without its title and with all headings one level lower."""
    lines = markdown.split("\n")
    kept = lines[1:] if lines[0].startswith("# ") else lines
    return re.sub(r"^#", "##", "\n".join(kept), flags=re.MULTILINE).strip()


def _table(table: Table) -> str:
    rule = ["---" if j == 0 or j in table.words else "---:" for j in range(len(table.head))]
    rows = [table.head, *table.rows]
    lines = ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "|".join(rule) + "|")
    return "\n".join([f"**{escaped(table.caption)}**", "", *lines])
