"""Model files in TOML: an ``[index]`` table for the top and a ``[[node]]`` for every other node.

Nodes name their ``parent``, the index when they name none; a node that is nobody's parent is an
indicator.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Any

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
from dli.framework.index import Index, Node
from dli.framework.indicator import Indicator

__all__ = ["FORMAT", "from_dict", "from_rows", "load", "save", "to_dict"]

FORMAT = "dli-index/1"


def load(path: str | PathLike[str]) -> Index:
    """Read an index from a model file."""
    path = Path(fspath(path))
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"cannot read the model file {str(path)!r}: {error.strerror}"
        raise ModelError(msg) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{str(path)!r} is no model file in TOML: {error}"
        raise ModelError(msg) from error
    try:
        return from_dict(tables)
    except ModelError as error:
        msg = f"the model file {str(path)!r} is broken: {error.summary}"
        raise ModelError(msg, error.faults) from error


def save(index: Index, path: str | PathLike[str]) -> None:
    """Write an index as a model file."""
    import tomli_w

    Path(fspath(path)).write_text(
        tomli_w.dumps(to_dict(index), multiline_strings=True), encoding="utf-8"
    )


def from_dict(tables: Any) -> Index:
    """Build an index from the tables of a model file."""
    if not isinstance(tables, Mapping) or tables.get("format") != FORMAT:
        found = tables.get("format") if isinstance(tables, Mapping) else type(tables).__name__
        msg = f"a model must say format = {FORMAT!r}, got {found!r}"
        raise ModelError(msg)
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
        msg = "tables do not fit"
        raise ModelError(msg, faults)
    rows = [("[index]", {"code": "", **dict(top or {})})]
    rows += [
        (f"[[node]] {i}", {"parent": rows[0][1]["code"], **node}) for i, node in enumerate(nodes, 1)
    ]
    return from_rows(rows)


_TABLES = ("format", "index", "node", "judgements")


def to_dict(index: Index) -> dict[str, Any]:
    """Give an index as the tables of a model file."""
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


def _depth_first(index: Index) -> list[Index]:
    nodes = [index]
    for child in index.children:
        if isinstance(child, Index):
            nodes += _depth_first(child)
    return nodes


def from_rows(rows: list[tuple[str, dict[str, Any]]]) -> Index:
    """Build an index from a row for each node, each with the place where it stands.

    The one row without a parent is the index itself.
    """
    faults = _tree_faults(rows)
    parents = {str(row["parent"]) for _, row in rows if row.get("parent") is not None}
    built: list[tuple[str | None, Any]] = []
    for where, row in rows:
        fields = {key: value for key, value in row.items() if key != "parent"}
        # A node above others is built without its children first: all faults are to be listed.
        is_index = row.get("parent") is None or row.get("code") in parents
        kind = _Branch if is_index else Indicator
        try:
            node = _converter().structure(fields, kind)
        except (BaseValidationError, DLIError) as error:
            faults += [f"{where} (code {row.get('code')!r}): {fault}" for fault in _faults(error)]
        else:
            built.append((row.get("parent"), node))
    if faults:
        msg = "nodes do not fit"
        raise ModelError(msg, faults)
    children: dict[str, list[Any]] = {}
    top = next(node for parent, node in built if parent is None)
    for parent, node in built:
        if parent is not None:
            children.setdefault(parent, []).append(node)
    return _grown(top, children)


@attrs.frozen
class _Branch:
    """An index whose children are still to come."""

    code: str
    name: str = ""
    weight: float = 1.0
    weighting: Any = None
    aggregation: Any = None
    bands: Bands | None = None
    description: str = ""


def _grown(branch: Any, children: Mapping[str, list[Any]]) -> Index:
    fields = {field.name: getattr(branch, field.name) for field in attrs.fields(_Branch)}
    grown = [_grown(c, children) if isinstance(c, _Branch) else c for c in children[branch.code]]
    return Index(children=grown, **fields)


def _tree_faults(rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """List what keeps rows from being one tree: repeated codes, unknown parents, loops."""
    codes = [row.get("code") for _, row in rows]
    faults = [
        f"code {code!r} appears {codes.count(code)} times"
        for code in dict.fromkeys(codes)
        if codes.count(code) > 1
    ]
    tops = [code for code, (_, row) in zip(codes, rows, strict=True) if row.get("parent") is None]
    if len(tops) != 1:
        faults.append(f"exactly one node has no parent, the index itself; got {tops or 'none'}")
    above = {row.get("code"): row.get("parent") for _, row in rows}
    for where, row in rows:
        parent = row.get("parent")
        if parent is not None and parent not in above:
            faults.append(
                f"{where} (code {row.get('code')!r}): no node has the code of its parent "
                f"{parent!r}{did_you_mean(parent, [c for c in codes if c])}"
            )
            continue
        seen = {row.get("code")}
        while parent is not None and parent not in seen:
            seen.add(parent)
            parent = above.get(parent)
        if parent is not None and parent == row.get("code"):
            faults.append(f"{where} (code {parent!r}) stands above itself")
    parents = {row.get("parent") for _, row in rows}
    faults += [f"the index {top!r} has no children" for top in tops if top not in parents]
    return faults


def _row(converter: Converter, node: Node) -> dict[str, Any]:
    """Give a node's own fields, those at their default left out."""
    fields = {
        field.name: getattr(node, field.name)
        for field in attrs.fields(type(node))
        if field.name != "children" and getattr(node, field.name) != field.default
    }
    for family in ("weighting", "aggregation"):
        if family in fields:
            fields[family] = write_choice(family, fields[family])
    return {key: converter.unstructure(value) for key, value in fields.items()}


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    # Python's own conversions guess: int(1.5) is 1 and str(5) is "5".
    converter.register_structure_hook(str, lambda value, _: _exactly(value, str, "text"))
    converter.register_structure_hook(int, lambda value, _: _exactly(value, int, "a whole number"))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    for kind in (Indicator, _Branch, Bands):
        converter.register_structure_hook(kind, make_dict_structure_fn(kind, converter))
    branch = make_dict_structure_fn(_Branch, converter)

    def structure_branch(fields: Mapping[str, Any], kind: type[_Branch]) -> _Branch:
        read = {
            family: read_choice(family, fields[family])
            for family in ("weighting", "aggregation")
            if family in fields
        }
        return branch({**fields, **read}, kind)

    converter.register_structure_hook(_Branch, structure_branch)
    return converter


def _exactly(value: Any, kind: type, what: str) -> Any:
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    msg = f"expected {what}, got {value!r}"
    raise ModelError(msg)


def _number(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    msg = f"expected a number, got {value!r}"
    raise ModelError(msg)


def _faults(error: Exception, key: str = "") -> list[str]:
    """Flatten the tree of errors that cattrs gives into a line for each key at fault."""
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
