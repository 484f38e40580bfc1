"""Notebooks as pages: every one is run when the site is built, and can be downloaded."""

import ast
import io
import json
import re
import sys
from contextlib import redirect_stdout
from html import escape
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook, and the notebook itself."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        name = f"notebooks/{path.stem}"
        files.append(File.generated(config, f"{name}.md", content=page(path)))
        files.append(File.generated(config, f"{name}.ipynb", content=path.read_bytes()))
    return files


def page(path: Path) -> str:
    """Return a notebook as Markdown, with what its cells print and show."""
    first, *others = run(path)
    assert first[0] == "markdown", f"{path.name} must begin with a title"  # noqa: S101
    download = f"[Download this notebook]({path.name}){{ download }}"
    parts = [first[1], download]
    for kind, source, shown in others:
        parts.append(source if kind == "markdown" else f"```python\n{source}\n```")
        parts += shown
    return "\n\n".join(parts) + "\n"


def run(path: Path) -> list[tuple[str, str, list[str]]]:
    """Run the cells of a notebook; return the kind, the source and the outputs of each."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for cell in cells:
        source = "".join(cell["source"]).strip()
        is_code = cell["cell_type"] == "code"
        found.append((cell["cell_type"], source, _outputs(source, namespace) if is_code else []))
    return found


def _outputs(source: str, namespace: dict[str, Any]) -> list[str]:
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
    pictures = _pictures()
    if value is not None and not hides and not pictures:
        as_html = getattr(value, "_repr_html_", None)
        html = as_html() if callable(as_html) else None
        shown.append(f'<div class="output">{_flat(html)}</div>' if html else _text(repr(value)))
    return shown + pictures


def _text(text: str) -> str:
    return f'<pre class="output"><code>{escape(text.rstrip(), quote=False)}</code></pre>'.replace(
        "\n", "&#10;"
    )


def _flat(html: str) -> str:
    """Return HTML without the empty lines at which Markdown would end it."""
    return re.sub(r"\n\s*", "\n", html.strip())


def _pictures() -> list[str]:
    """Return the open figures as SVG, and close them."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return []
    pictures = []
    for number in plt.get_fignums():
        file = io.StringIO()
        plt.figure(number).savefig(file, format="svg", bbox_inches="tight")
        svg = file.getvalue()
        pictures.append(f'<div class="output">{_flat(svg[svg.index("<svg") :])}</div>')
    plt.close("all")
    return pictures
