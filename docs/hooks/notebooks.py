"""Notebooks as pages: every one is run when the site is built, and can be downloaded."""

import ast
import io
import json
import os
import re
import sys
from contextlib import redirect_stdout
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add a page for each notebook, and the notebook itself."""
    from mkdocs.structure.files import File  # the tests run notebooks without mkdocs

    for path in sorted(FOLDER.glob("*.ipynb")):
        name = f"notebooks/{path.stem}"
        files.append(File.generated(config, f"{name}.md", content=page(path)))
        files.append(File.generated(config, f"{name}.ipynb", content=path.read_bytes()))
    return files


def page(path: Path) -> str:
    """Return a notebook as Markdown, with what its cells print and show."""
    first, *others = run(path)
    assert first[0] == "markdown", f"{path.name} must begin with a title"  # noqa: S101
    title, _, rest = _on_site(first[1]).partition("\n")
    download = f"[Download this notebook]({path.name}){{ download }}"
    parts = [title, download, rest.strip()]
    for kind, source, shown in others:
        parts.append(_on_site(source) if kind == "markdown" else f"```python\n{source}\n```")
        parts += shown
    return "\n\n".join(parts) + "\n"


def run(path: Path, namespace: dict[str, Any] | None = None) -> list[tuple[str, str, list[str]]]:
    """Run the cells of a notebook; return the kind, the source and the outputs of each.

    The names that the cells assign are in ``namespace`` afterwards.
    """
    os.environ.setdefault("MPLBACKEND", "agg")  # no windows
    namespace = {} if namespace is None else namespace
    namespace["__name__"] = "__main__"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"]).strip()
        shown = []
        if cell["cell_type"] == "code":
            try:
                shown = _outputs(source, namespace, cell["metadata"].get("alt", ""))
            except Exception as error:
                error.add_note(f"in cell {number} of {path.name}")
                raise
        found.append((cell["cell_type"], source, shown))
    return found


def _on_site(source: str) -> str:
    """Return Markdown with links as they are on the site.

    In the files, links lead from a notebook to the other files of the repository.
    """
    source = source.replace("](../../docs/", "](../")
    return re.sub(r"\]\(([\w-]+)\.ipynb\)", r"](\1.md)", source)


def _outputs(source: str, namespace: dict[str, Any], alt: str) -> list[str]:
    """Run a cell; return what it prints, what its last line is worth, and its pictures."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    hides = source.endswith(";")
    printed = io.StringIO()
    value = None
    with redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), namespace)  # noqa: S102 our own notebooks
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)  # noqa: S307
    shown = [_text(printed.getvalue())] if printed.getvalue() else []
    pictures = _pictures(alt)
    if value is not None and not hides and not pictures:
        as_html = getattr(value, "_repr_html_", None)
        html = as_html() if callable(as_html) else None
        shown.append(_table(html) if html else _text(repr(value)))
    return shown + pictures


def _text(text: str) -> str:
    return f'<pre class="output"><code>{escape(text.rstrip(), quote=False)}</code></pre>'.replace(
        "\n", "&#10;"
    )


def _table(html: str) -> str:
    """Return HTML of a value, with all tables in the class of pandas' and not in the theme's."""
    html = html.replace("<table>", '<table class="dataframe">')
    return f'<div class="output">{_flat(html)}</div>'


def _flat(html: str) -> str:
    """Return HTML without the empty lines at which Markdown would end it."""
    return re.sub(r"\n\s*", "\n", html.strip())


def _pictures(alt: str) -> list[str]:
    """Return the open figures as SVG, and close them; ``alt`` says what they show."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return []
    pictures = []
    said = f'<svg role="img" aria-label="{escape(alt)}"'
    with plt.rc_context({"svg.hashsalt": "dli"}):  # the same page in each build
        for number in plt.get_fignums():
            file = io.StringIO()
            figure = plt.figure(number)
            figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
            svg = file.getvalue()
            svg = _flat(svg[svg.index("<svg") :]).replace("<svg", said, 1)
            pictures.append(f'<div class="output">{svg}</div>')
    plt.close("all")
    return pictures
