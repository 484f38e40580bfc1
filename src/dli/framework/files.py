"""Model files in TOML: an ``[index]`` table for the top and a ``[[node]]`` for every other node.

A node names its ``parent``; without that key, its parent is the index. A node without children is
an indicator. A table ``[method]`` is read by `dli.method.files`. The functions that build an index
receive its class as ``kind``.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from os import PathLike
from typing import Any, TypeVar, cast

import attrs
import numpy as np
from cattrs import Converter
from cattrs.errors import (
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.gen import make_dict_structure_fn

from dli.errors import DLIError, ModelError, did_you_mean
from dli.files import format_fault, read_toml, write_toml
from dli.framework.bands import Bands
from dli.framework.choices import Steps, own_steps, read_choice, write_choice
from dli.framework.indicator import Indicator
from dli.framework.tree import Tree, TreeNode

__all__ = ["FORMAT", "from_dict", "from_rows", "load", "save", "to_dict", "unknown_tables"]

FORMAT = "dli-index/1"
_TABLES = ("format", "index", "method", "node", "judgements")
# The fields of a node with children that are steps of the method.
_STEPS = ("weighting", "aggregation", "normalisation")

_Index = TypeVar("_Index")
# The place of each row in its file or table, for error messages, and its fields.
_Rows = Sequence[tuple[str, Mapping[str, Any]]]


def load(
    path: str | PathLike[str],
    kind: Callable[..., _Index],
    steps: Mapping[str, Callable[..., Any]] | None = None,
) -> _Index:
    """Return the index that a model file describes.

    Raises
    ------
    MethodError
        ``steps`` is not a mapping of names to classes or functions.
    ModelError
        The file cannot be read, exceeds a limit of `dli.files`, or is invalid; the error names
        the file, table and key.
    """
    user_steps = own_steps(steps)
    tables = read_toml(path, "model file")
    try:
        return from_dict(tables, kind, user_steps)
    except ModelError as error:
        raise ModelError(
            f"invalid model file {str(path)!r}: {error.summary}", error.faults
        ) from error


def save(index: Tree, path: str | PathLike[str]) -> None:
    """Write an index to a model file.

    Raises
    ------
    FileError
        The file cannot be written; an existing file is unchanged.
    MethodError
        A step cannot be stored in a file.
    """
    write_toml(path, to_dict(index, own=True), "model file")


def from_dict(tables: Any, kind: Callable[..., _Index], steps: Steps | None = None) -> _Index:
    """Return the index that the tables of a model file describe."""
    if not isinstance(tables, Mapping):
        got = type(tables).__name__
        raise ModelError(f"a model must be a mapping with format = {FORMAT!r}, got {got}")
    fault = format_fault(tables.get("format"), FORMAT)
    if fault:
        raise ModelError(f"cannot read the model: {fault}")
    faults = unknown_tables(tables)
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
    return from_rows(rows, kind, steps)


def unknown_tables(tables: Mapping[str, Any]) -> list[str]:
    """Return a fault for each table that a model file cannot contain."""
    return [
        f"table [{key}] is unknown{did_you_mean(key, _TABLES)}"
        for key in tables
        if key not in _TABLES
    ]


def to_dict(index: Tree, *, own: bool = False) -> dict[str, Any]:
    """Return an index as the tables of a model file; ``own`` allows the user's own steps."""
    converter = _converter()
    return {
        "format": FORMAT,
        "index": _row(converter, index, own=own),
        "node": [
            {"code": child.code, "parent": node.code, **_row(converter, child, own=own)}
            for node in _depth_first(index)
            for child in node.children
        ],
    }


def _depth_first(index: Tree) -> list[Tree]:
    """Return the nodes that have children, depth first."""
    nodes = []
    pending = [index]
    while pending:
        node = pending.pop()
        nodes.append(node)
        pending += [c for c in reversed(node.children) if not isinstance(c, Indicator)]
    return nodes


def from_rows(rows: _Rows, kind: Callable[..., _Index], steps: Steps | None = None) -> _Index:
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
        if is_branch:
            own_faults = [*_only_of_indicators(fields), *_read_steps(fields, steps)]
        else:
            own_faults = _misplaced(fields)
        try:
            node = _converter().structure(fields, _Branch if is_branch else Indicator)
        except (BaseValidationError, DLIError) as error:
            own_faults += _faults(error)
        else:
            nodes.append((row.get("parent"), node))
        faults += [f"{where} (code {row.get('code')!r}): {fault}" for fault in own_faults]
    if faults:
        raise ModelError("invalid nodes", faults)
    return cast("_Index", _joined(nodes, kind))


def _misplaced(fields: dict[str, Any]) -> list[str]:
    """Remove keys of nodes with children from an indicator's fields; return their faults."""
    faults = []
    for key in (*_STEPS, "bands"):
        if fields.pop(key, None) is not None:
            fault = (
                f"key {key!r} is for nodes with children, but no node names this one as its parent"
            )
            if key == "normalisation":
                fault += (
                    "; for an indicator, write [[method.normalisation]] with for = "
                    f"{fields.get('code')!r}"
                )
            faults.append(fault)
    return faults


def _only_of_indicators(fields: dict[str, Any]) -> list[str]:
    """Remove keys of indicators from the fields of a node with children; return their faults."""
    known = {field.name for field in attrs.fields(_Branch)}
    of_indicators = [field.name for field in attrs.fields(Indicator) if field.name not in known]
    return [
        f"key {key!r} is for indicators, but this node has children"
        for key in of_indicators
        if fields.pop(key, None) is not None
    ]


def _read_steps(fields: dict[str, Any], steps: Steps | None) -> list[str]:
    """Replace the tables of steps by the steps; return the faults of those that cannot be read."""
    faults = []
    for family in _STEPS:
        try:
            if family in fields:
                fields[family] = read_choice(family, fields[family], steps)
        except ModelError as error:
            faults.append(f"key {family!r}: {error}")
    return faults


@attrs.frozen
class _Branch:
    """The fields of a node with children, before the children exist.

    Reading the fields of all nodes first makes it possible to list all faults.
    """

    code: str
    name: str = ""
    weight: float = 1.0
    weighting: Any = None
    aggregation: Any = None
    normalisation: Any = None
    bands: Bands | None = None
    description: str = ""


def _joined(nodes: list[tuple[str | None, Any]], kind: Callable[..., Any]) -> Any:
    """Return the tree of nodes, each of which is listed with the code of its parent."""
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
            # A hint requires a search among all codes, so only the faults that are shown get one.
            hint = did_you_mean(parent, counts) if len(faults) < 20 else ""
            faults.append(f"{at}: no node has the code of its parent {parent!r}{hint}")
        elif code in in_loops:
            faults.append(f"{at} is its own ancestor")
    with_children = set(parents.values())
    faults += [f"the index {top!r} has no children" for top in tops if top not in with_children]
    return faults


def _in_loops(parents: Mapping[str | None, str | None]) -> set[str | None]:
    """Return the codes from which following the parents leads back to the same code."""
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


def _row(converter: Converter, node: TreeNode, *, own: bool) -> dict[str, Any]:
    """Return the fields of a node, except its children and fields with their default value."""
    fields = {
        field.name: getattr(node, field.name)
        for field in attrs.fields(cast("type[Any]", type(node)))
        if field.name != "children" and getattr(node, field.name) != field.default
    }
    for family in _STEPS:
        if family in fields:
            fields[family] = write_choice(family, fields[family], own=own)
    if "direction" in fields:  # 1.0 and True are equal to 1, but a file must hold a whole number
        fields["direction"] = int(fields["direction"])
    for name in ("weight", "target", "denominator_factor", "goalposts", "scale", "doubtful"):
        if name in fields:  # so that 2 and 2.0 are written in the same way
            value = fields[name]
            fields[name] = [*map(float, value)] if isinstance(value, tuple) else float(value)
    return {key: _plain(converter.unstructure(value)) for key, value in fields.items()}


def _plain(value: Any) -> Any:
    """Return a value with Python numbers in place of NumPy numbers."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    # Python's conversions are too lenient: int(1.5) is 1 and str(5) is "5".
    converter.register_structure_hook(str, lambda value, _: _exactly(value, str, "text"))
    converter.register_structure_hook(int, lambda value, _: _exactly(value, int, "a whole number"))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    for kind in (Indicator, _Branch, Bands):
        converter.register_structure_hook(kind, make_dict_structure_fn(kind, converter))
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
        known = ["parent", *(field.name for field in attrs.fields(error.cl))]
        return [f"key {k!r} is unknown{did_you_mean(k, known)}" for k in sorted(error.extra_fields)]
    if isinstance(error, KeyError) and not isinstance(error, DLIError):
        return [f"key {error.args[0]!r} is missing"]
    if isinstance(error, DLIError):
        return [f"{at}{fault}" for fault in error.faults] or [f"{at}{error.summary}"]
    return [f"{at}{error}"]
