"""The text and HTML that show an index in a terminal and in a notebook."""

from collections.abc import Iterator
from html import escape

from attrs import frozen

from dli.framework.indicator import Indicator
from dli.framework.tree import Tree, TreeNode

__all__ = ["html_tree", "summary", "tree"]

_LINES = 60


def summary(index: Tree) -> str:
    """Return the tree as text, down to the deepest level that still fits a screen."""
    sizes = _level_sizes(index)
    depth = len(sizes) - 1
    while depth > 1 and sum(sizes[: depth + 1]) > _LINES:
        depth -= 1
    return tree(index, depth=depth)


def tree(index: Tree, *, depth: int | None = None, width: int = 80) -> str:
    """Return the tree as text, down to a given depth."""
    title = f"{index.code}  {_described(index, cut=depth == 0)}"[:width]
    lines = list(_lines(index, depth))
    left = max((len(line.label) for line in lines), default=0)
    right = max((len(line.share) for line in lines), default=0)
    longest = max((len(line.text) for line in lines), default=0)
    middle = min(longest, max(width - left - right - 4, 10))
    drawn = [title]
    for line in lines:
        text = line.text if len(line.text) <= middle else line.text[: middle - 1] + "…"
        cells = [line.label.ljust(left), *([text.ljust(middle)] if middle else []), line.share]
        drawn.append("  ".join(cells).rstrip())
    return "\n".join(drawn)


def html_tree(index: Tree) -> str:
    """Return the tree as nested HTML lists that the reader can open and close."""
    pieces: list[str] = []
    # A stack of the nodes that are still to be written; a text in it closes the list of a node.
    pending: list[tuple[TreeNode, str] | str] = [(index, "")]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        node, share = piece
        pieces.append(_html(node, share, is_open=node is index))
        if not isinstance(node, Indicator):
            pending.append("</details>")
            children = list(zip(node.children, _shares(node), strict=True))
            pending += reversed(children)
    return f'<div style="font-family: monospace">{"".join(pieces)}</div>'


@frozen
class _Line:
    """One node of the drawing, split into its columns."""

    label: str
    text: str
    share: str


def _level_sizes(index: Tree) -> list[int]:
    """Return the number of nodes at each level, from the top down."""
    sizes = []
    level: list[TreeNode] = [index]
    while level:
        sizes.append(len(level))
        level = [c for node in level if not isinstance(node, Indicator) for c in node.children]
    return sizes


def _lines(index: Tree, depth: int | None) -> Iterator[_Line]:
    """Yield the lines below the top, depth first."""
    if depth == 0:
        return
    # A stack of (node, its share, whether it is the last child, indentation, level).
    pending: list[tuple[TreeNode, str, bool, str, int]] = []

    def add_children(parent: Tree, indent: str, level: int) -> None:
        shares = _shares(parent)
        if parent.weighting is not None:
            shares = [f"by {type(parent.weighting).__name__}"] * len(shares)
        # The first child is pushed last, so that it is the next to be drawn.
        for child, share in reversed(list(zip(parent.children, shares, strict=True))):
            pending.append((child, share, child is parent.children[-1], indent, level))

    add_children(index, "", 1)
    while pending:
        node, share, is_last, indent, level = pending.pop()
        label = f"{indent}{'└── ' if is_last else '├── '}{_label(node)}"
        yield _Line(label, _described(node, cut=level == depth), share)
        if not isinstance(node, Indicator) and level != depth:
            add_children(node, indent + ("    " if is_last else "│   "), level + 1)


def _label(node: TreeNode) -> str:
    return f"{node.code} {_sign(node)}".rstrip()


def _sign(node: TreeNode) -> str:
    """Return "(-)" for an indicator of which less is better, an empty text for other nodes."""
    return "(-)" if isinstance(node, Indicator) and node.direction == -1 else ""


def _described(node: TreeNode, *, cut: bool) -> str:
    if isinstance(node, Indicator):
        return node.name
    if not cut and node.name and all(isinstance(child, Indicator) for child in node.children):
        return node.name
    n_indicators = len(node.indicators)
    count = f"{n_indicators} indicator{'s' if n_indicators != 1 else ''}"
    return f"{node.name} ({count})" if node.name else count


def _shares(parent: Tree) -> list[str]:
    """Return each child's share of their weights, or its weight if all of them are zero."""
    total = sum(child.weight for child in parent.children)
    return [f"{child.weight / (total or 1):.3g}" for child in parent.children]


def _html(node: TreeNode, share: str, *, is_open: bool) -> str:
    """Return the HTML of one node, up to the point where its children follow."""
    text = f"<b>{escape(node.code)}</b> {escape(node.name)}"
    text += f" <i>{escape(_sign(node))}</i>" if _sign(node) else ""
    text += f' <span style="opacity: 0.6">{share}</span>' if share else ""
    title = f' title="{escape(node.description)}"' if node.description else ""
    if isinstance(node, Indicator):
        return f'<div{title} style="margin-left: 1.2em">{text}</div>'
    return (
        f'<details{" open" if is_open else ""} style="margin-left: 1.2em">'
        f"<summary{title}>{text}</summary>"
    )
