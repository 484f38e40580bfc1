"""Model files in TOML: an ``[index]`` table for the top and a ``[[node]]`` for every other node.

A node names its ``parent``; without that key, its parent is the index. A node that is nobody's
parent is an indicator. The functions that build an index take its class as ``kind``.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
from cattrs import Converter
from cattrs.errors import (
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.gen import make_dict_structure_fn

from dli.errors import DLIError, ModelError, did_you_mean
from dli.framework.bands import Bands
from dli.framework.choices import read_choice, write_choice
from dli.framework.indicator import Indicator
from dli.framework.tree import Tree, TreeNode

__all__ = ["FORMAT", "from_dict", "from_rows", "load", "save", "to_dict"]

FORMAT = "dli-index/1"
_TABLES = ("format", "index", "node", "judgements")

_Index = TypeVar("_Index")
# Where a row stands, for error messages, and its fields.
_Rows = Sequence[tuple[str, Mapping[str, Any]]]


def load(path: str | PathLike[str], kind: Callable[..., _Index]) -> _Index:
    """Return the index that a model file describes."""
    path = Path(fspath(path))
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read the model file {str(path)!r}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{str(path)!r} is not a model file in TOML: {error}") from error
    try:
        return from_dict(tables, kind)
    except ModelError as error:
        raise ModelError(
            f"invalid model file {str(path)!r}: {error.summary}", error.faults
        ) from error


def save(index: Tree, path: str | PathLike[str]) -> None:
    """Write an index to a model file."""
    import tomli_w

    Path(fspath(path)).write_text(
        tomli_w.dumps(to_dict(index), multiline_strings=True), encoding="utf-8"
    )


def from_dict(tables: Any, kind: Callable[..., _Index]) -> _Index:
    """Return the index that the tables of a model file describe."""
    if not isinstance(tables, Mapping) or tables.get("format") != FORMAT:
        got = tables.get("format") if isinstance(tables, Mapping) else type(tables).__name__
        raise ModelError(f"a model must say format = {FORMAT!r}, got {got!r}")
    faults = [
        f"table [{key}] is unknown{did_you_mean(key, _TABLES)}"
        for key in tables
        if key not in _TABLES
    ]
    top, nodes = tables.get("index"), tables.get("node", [])
    if not isinstance(top, Mapping):
        faults.append("table [index], the top of the tree, is missing")
    if not isinstance(nodes, list) or not all(isinstance(node, Mapping) for node in nodes):
        faults.append("[[node]] must be an array of tables")
    if faults:
        raise ModelError("invalid tables in the model", faults)
    rows = [("[index]", {"code": "", **dict(top or {})})]
    rows += [
        (f"[[node]] {i}", {"parent": rows[0][1]["code"], **node}) for i, node in enumerate(nodes, 1)
    ]
    return from_rows(rows, kind)


def to_dict(index: Tree) -> dict[str, Any]:
    """Return an index as the tables of a model file."""
    converter = _converter()
    return {
        "format": FORMAT,
        "index": _row(converter, index),
        "node": [
            {"code": child.code, "parent": node.code, **_row(converter, child)}
            for node in _depth_first(index)
            for child in node.children
        ],
    }


def _depth_first(index: Tree) -> list[Tree]:
    """Return the nodes that have children."""
    nodes = []
    pending = [index]
    while pending:
        node = pending.pop()
        nodes.append(node)
        pending += [c for c in reversed(node.children) if not isinstance(c, Indicator)]
    return nodes


def from_rows(rows: _Rows, kind: Callable[..., _Index]) -> _Index:
    """Return an index built from one row for each node.

    The row without a parent describes the index itself.
    """
    faults = [
        f"{where}: {key} must be text, got {row[key]!r}"
        for where, row in rows
        for key in ("code", "parent")
        if not isinstance(row.get(key, ""), str | None)
    ]
    if faults:
        raise ModelError("invalid nodes", faults)
    faults = _tree_faults(rows)
    parents = {row["parent"] for _, row in rows if row.get("parent") is not None}
    nodes: list[tuple[str | None, Any]] = []
    for where, row in rows:
        fields = {key: value for key, value in row.items() if key != "parent"}
        is_branch = row.get("parent") is None or row.get("code") in parents
        try:
            node = _converter().structure(fields, _Branch if is_branch else Indicator)
        except (BaseValidationError, DLIError) as error:
            faults += [f"{where} (code {row.get('code')!r}): {fault}" for fault in _faults(error)]
        else:
            nodes.append((row.get("parent"), node))
    if faults:
        raise ModelError("invalid nodes", faults)
    return cast("_Index", _joined(nodes, kind))


@attrs.frozen
class _Branch:
    """The fields of a node with children, before these are built.

    Reading all fields first makes it possible to list the faults of all nodes.
    """

    code: str
    name: str = ""
    weight: float = 1.0
    weighting: Any = None
    aggregation: Any = None
    bands: Bands | None = None
    description: str = ""


def _joined(nodes: list[tuple[str | None, Any]], kind: Callable[..., Any]) -> Any:
    """Return the tree of nodes that each come with the code of their parent."""
    children: dict[str | None, list[Any]] = {}
    for parent, node in nodes:
        children.setdefault(parent, []).append(node)
    (top,) = children[None]
    parents_first = [top]
    for node in parents_first:  # The loop extends the list.
        if isinstance(node, _Branch):
            parents_first += children[node.code]
    built: dict[str, Any] = {}
    for node in reversed(parents_first):
        if isinstance(node, _Branch):
            fields = {field.name: getattr(node, field.name) for field in attrs.fields(_Branch)}
            below = [built[child.code] for child in children[node.code]]
            built[node.code] = kind(children=below, **fields)
        else:
            built[node.code] = node
    return built[top.code]


def _tree_faults(rows: _Rows) -> list[str]:
    """Return why rows do not form a tree: repeated codes, unknown parents, or loops."""
    counts = Counter(row["code"] for _, row in rows if row.get("code") is not None)
    faults = [f"code {code!r} appears {n} times" for code, n in counts.items() if n > 1]
    tops = [row.get("code") for _, row in rows if row.get("parent") is None]
    if len(tops) != 1:
        faults.append(
            f"exactly one node must have no parent (the index itself), got {tops or 'none'}"
        )
    parents = {row.get("code"): row.get("parent") for _, row in rows}
    in_loops = _in_loops(parents)
    for where, row in rows:
        code, parent = row.get("code"), row.get("parent")
        at = f"{where} (code {code!r})"
        if parent is not None and parent not in parents:
            hint = did_you_mean(parent, counts)
            faults.append(f"{at}: no node has the code of its parent {parent!r}{hint}")
        elif code in in_loops:
            faults.append(f"{at} is its own ancestor")
    with_children = set(parents.values())
    faults += [f"the index {top!r} has no children" for top in tops if top not in with_children]
    return faults


def _in_loops(parents: Mapping[str | None, str | None]) -> set[str | None]:
    """Return the codes that one reaches again by following the parents."""
    in_loops: set[str | None] = set()
    visited: set[str | None] = set()
    for start in parents:
        path: list[str | None] = []
        code: str | None = start
        while code is not None and code in parents and code not in visited:
            visited.add(code)
            path.append(code)
            code = parents[code]
        if code in path:
            in_loops.update(path[path.index(code) :])
    return in_loops


def _row(converter: Converter, node: TreeNode) -> dict[str, Any]:
    """Return a node's own fields, except those at their default."""
    fields = {
        field.name: getattr(node, field.name)
        for field in attrs.fields(cast("type[Any]", type(node)))
        if field.name != "children" and getattr(node, field.name) != field.default
    }
    for family in ("weighting", "aggregation"):
        if family in fields:
            fields[family] = write_choice(family, fields[family])
    return {key: converter.unstructure(value) for key, value in fields.items()}


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    # The conversions of Python are too lenient: int(1.5) is 1 and str(5) is "5".
    converter.register_structure_hook(str, lambda value, _: _exactly(value, str, "text"))
    converter.register_structure_hook(int, lambda value, _: _exactly(value, int, "a whole number"))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    for kind in (Indicator, _Branch, Bands):
        converter.register_structure_hook(kind, make_dict_structure_fn(kind, converter))
    branch = make_dict_structure_fn(_Branch, converter)

    def structure_branch(fields: Mapping[str, Any], kind: type[_Branch]) -> _Branch:
        choices = {
            family: read_choice(family, fields[family])
            for family in ("weighting", "aggregation")
            if family in fields
        }
        return branch({**fields, **choices}, kind)

    converter.register_structure_hook(_Branch, structure_branch)
    return converter


def _exactly(value: Any, kind: type, expected: str) -> Any:
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    raise ModelError(f"expected {expected}, got {value!r}")


def _number(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise ModelError(f"expected a number, got {value!r}")


def _faults(error: Exception, key: str = "") -> list[str]:
    """Return one line for each invalid key from the nested errors of cattrs."""
    at = f"key {key!r}: " if key else ""
    if isinstance(error, ClassValidationError | IterableValidationError):
        faults = []
        with_notes, without = error.group_exceptions()
        for inner, note in with_notes:
            name = getattr(note, "name", None) or key
            faults += _faults(inner, str(name))
        for inner in without:
            faults += _faults(inner, key)
        return faults
    if isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        return [f"key {k!r} is unknown{did_you_mean(k, known)}" for k in sorted(error.extra_fields)]
    if isinstance(error, KeyError) and not isinstance(error, DLIError):
        return [f"key {error.args[0]!r} is missing"]
    if isinstance(error, DLIError):
        return [f"{at}{fault}" for fault in error.faults] or [f"{at}{error.summary}"]
    return [f"{at}{error}"]
