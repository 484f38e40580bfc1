"""How an index prints itself, in a terminal and in a notebook."""

from html import escape

from dli.framework.index import Index, Node
from dli.framework.indicator import Indicator

__all__ = ["html_tree", "summary", "tree"]

_LINES = 60


def summary(index: Index) -> str:
    """Draw the tree down to the level that still fits a screen."""
    widths = _level_sizes(index)
    depth = len(widths) - 1
    while depth > 1 and sum(widths[: depth + 1]) > _LINES:
        depth -= 1
    return tree(index, depth=depth)


def tree(index: Index, *, depth: int | None = None, width: int = 80) -> str:
    """Draw the tree down to a depth."""
    lines = [(_label(index.code, ""), _described(index, cut=depth == 0), "")]
    _draw(index, "", depth, lines)
    left = max(len(label) for label, _, _ in lines[1:]) if len(lines) > 1 else 0
    right = max(len(share) for _, _, share in lines)
    room = max(width - left - right - 4, 10)
    middle = min(max((len(text) for _, text, _ in lines[1:]), default=0), room)
    drawn = [f"{lines[0][0]}  {lines[0][1]}"[:width]]
    for label, text, share in lines[1:]:
        short = text if len(text) <= middle else text[: middle - 1] + "…"
        cells = [label.ljust(left), *([short.ljust(middle)] if middle else []), share]
        drawn.append("  ".join(cells).rstrip())
    return "\n".join(drawn)


def _level_sizes(index: Index) -> list[int]:
    levels = [index.level(node.code) for node in index.walk()]
    return [levels.count(level) for level in range(max(levels) + 1)]


def _draw(node: Index, stem: str, depth: int | None, lines: list[tuple[str, str, str]]) -> None:
    if depth == 0:
        return
    total = sum(child.weight for child in node.children)
    below = None if depth is None else depth - 1
    for child in node.children:
        last = child is node.children[-1]
        label = f"{stem}{'└── ' if last else '├── '}{_label(child.code, _sign(child))}"
        share = (
            _share(child.weight, total)
            if node.weighting is None
            else "by " + type(node.weighting).__name__
        )
        lines.append((label, _described(child, cut=below == 0), share))
        if isinstance(child, Index):
            _draw(child, stem + ("    " if last else "│   "), below, lines)


def _label(code: str, sign: str) -> str:
    return f"{code} {sign}" if sign else code


def _sign(node: Node) -> str:
    """Mark where less is better; more is what readers expect."""
    return "(-)" if isinstance(node, Indicator) and node.direction == -1 else ""


def _described(node: Node, *, cut: bool) -> str:
    if isinstance(node, Indicator):
        return node.name
    count = f"{len(node.indicators)} indicator{'s' if len(node.indicators) != 1 else ''}"
    if not cut and node.name and all(isinstance(c, Indicator) for c in node.children):
        return node.name
    return f"{node.name} ({count})" if node.name else count


def _share(weight: float, total: float) -> str:
    return f"{weight / total:.3g}" if total > 0 else f"{weight:.3g}"


def html_tree(index: Index) -> str:
    """Draw the tree as nested lists that open and close."""
    return f'<div style="font-family: monospace">{_html(index, share="", is_open=True)}</div>'


def _html(node: Node, *, share: str, is_open: bool) -> str:
    text = f"<b>{escape(node.code)}</b> {escape(node.name)}"
    text += f" <i>{escape(_sign(node))}</i>" if _sign(node) else ""
    text += f' <span style="opacity: 0.6">{share}</span>' if share else ""
    title = f' title="{escape(node.description)}"' if node.description else ""
    if isinstance(node, Indicator):
        return f'<div{title} style="margin-left: 1.2em">{text}</div>'
    total = sum(child.weight for child in node.children)
    children = "".join(
        _html(child, share=_share(child.weight, total), is_open=False) for child in node.children
    )
    return (
        f'<details{" open" if is_open else ""} style="margin-left: 1.2em">'
        f"<summary{title}>{text}</summary>{children}</details>"
    )
