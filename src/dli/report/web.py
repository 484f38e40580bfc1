"""A report as a single HTML page without network requests and scripts."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from dli.report.document import Block, Paragraph, Picture, Section, Statement, Table
from dli.report.language import Language
from dli.report.text import below

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["page"]

# With this policy, the browser loads nothing from elsewhere and runs no script.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, subtitle: str, sections: Sequence[Section], language: Language) -> str:
    """Return a report as HTML."""
    style = resources.files("dli.report").joinpath("style.css").read_text(encoding="utf-8")
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{escape(language.code)}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        f"<header><h1>{escape(title)}</h1>",
        f"<p>{escape(subtitle)}</p></header>",
        *_body(sections, language),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _body(sections: Sequence[Section], language: Language) -> Iterator[str]:
    """Yield the sections and the table of contents, which follows a summary in words."""
    contents = list(_contents(sections, language))
    written = list(_sections(sections, language))
    is_summary = sections and all(isinstance(block, Paragraph) for block in sections[0].blocks)
    if not is_summary:
        yield from [*contents, "<main>", *written, "</main>"]
        return
    yield from ["<main>", written[0], *contents, *written[1:], "</main>"]


def _contents(sections: Sequence[Section], language: Language) -> Iterator[str]:
    yield f'<nav aria-label="{escape(language.say("Contents"))}"><ol>'
    for place, section in enumerate(sections, 1):
        yield f'<li><a href="#section-{place}">{escape(section.title)}</a></li>'
    yield "</ol></nav>"


def _sections(sections: Sequence[Section], language: Language) -> Iterator[str]:
    """Yield each section as HTML."""
    for place, section in enumerate(sections, 1):
        lines = [
            f'<section aria-labelledby="section-{place}">',
            f'<h2 id="section-{place}">{escape(section.title)}</h2>',
            *(_block(block, language) for block in section.blocks),
            "</section>",
        ]
        yield "\n".join(lines)


def _block(block: Block, language: Language) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Statement):
        text = _statement(block.markdown, language)
        is_foreign = block.lang not in {"", language.code}
        return f'<div lang="{escape(block.lang)}">\n{text}</div>' if is_foreign else text
    if isinstance(block, Table):
        return _table(block)
    return _picture(block)


def _picture(picture: Picture) -> str:
    source = f"data:image/svg+xml;base64,{b64encode(picture.svg).decode()}"
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    # On a phone most drawings are wider than the page and scroll by themselves; the focus lets the
    # keyboard scroll them too.
    return (
        f'<figure tabindex="0"><img src="{source}" alt="{escape(picture.alt)}">{caption}</figure>'
    )


def _table(table: Table) -> str:
    head = "".join(
        f'<th scope="col"{_kind(j, table)}>{escape(cell)}</th>' for j, cell in enumerate(table.head)
    )
    rows = [
        "<tr>"
        + "".join(
            f"<td{_kind(j, table)}>{escape(cell)}</td>"
            if j
            else f'<th scope="row">{escape(cell)}</th>'
            for j, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    ]
    name = escape(table.caption)
    lines = [
        f'<div class="table" role="group" tabindex="0" aria-label="{name}"><table>',
        f"<caption>{name}</caption>",
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
        *rows,
        "</tbody></table></div>",
    ]
    if table.folded:
        del lines[1]  # the summary shows the caption already
        lines = [f"<details><summary>{name}</summary>", *lines, "</details>"]
    return "\n".join(lines)


def _kind(column: int, table: Table) -> str:
    return "" if column == 0 or column in table.words else ' class="figure"'


def _statement(markdown: str, language: Language) -> str:
    """Return Markdown as HTML, with formulas as MathML and links and pictures as text."""
    try:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin
    except ImportError as error:
        msg = 'reports in HTML need more packages: pip install "digital-leadership-index[report]"'
        raise ImportError(msg) from error

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.disable(["image", "link", "autolink", "html_inline", "html_block"])
    reader.use(dollarmath_plugin, renderer=_formula, allow_labels=False)
    name = escape(language.say("Table"))
    opening = f'<div class="table" role="group" tabindex="0" aria-label="{name}"><table>\n'
    reader.add_render_rule("table_open", lambda *_: opening)
    reader.add_render_rule("table_close", _table_close)
    reader.add_render_rule("th_open", _head_cell)
    return str(reader.render(below(markdown)))


def _formula(content: str, options: "Mapping[str, Any]") -> str:
    from latex2mathml.converter import convert

    return str(convert(content, display="block" if options.get("display_mode") else "inline"))


def _head_cell(self: Any, tokens: Any, place: int, options: Any, _: object) -> str:
    tokens[place].attrSet("scope", "col")
    return str(self.renderToken(tokens, place, options, {}))


def _table_close(*_: object) -> str:
    return "</table></div>\n"
