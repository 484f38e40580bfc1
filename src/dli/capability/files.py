"""Graphs in TOML files, with ``[[capability]]`` and ``[[link]]`` entries, and in tables."""

from collections.abc import Mapping
from functools import cache
from os import PathLike
from typing import Any

import attrs
import numpy as np

from dli import frames
from dli.capability.elements import Capability, Link
from dli.capability.network import Network, NetworkT
from dli.errors import DLIError, ModelError, did_you_mean
from dli.files import format_fault, read_toml, write_toml

__all__ = ["FORMAT", "from_table", "load", "save"]

FORMAT = "dli-capabilities/1"
_TABLES = ("format", "description", "capability", "link")
_PLURALS = {Capability: "capabilities", Link: "links"}


def load(kind: type[NetworkT], path: str | PathLike[str]) -> NetworkT:
    """Read a graph of the class ``kind`` from a file."""
    tables = read_toml(path, "file of capabilities")
    try:
        return _from_dict(kind, tables)
    except ModelError as error:
        msg = f"invalid file of capabilities {str(path)!r}: {error.summary}"
        raise ModelError(msg, error.faults) from error


def save(graph: Network, path: str | PathLike[str]) -> None:
    """Write the graph to a TOML file, from which `CapabilityGraph.load` reads an equal graph.

    Parameters
    ----------
    path : path
        The file to write. An existing file is replaced.

    Raises
    ------
    FileError
        The file cannot be written; an existing file is left unchanged.
    """
    tables: dict[str, Any] = {"format": FORMAT}
    if graph.description:
        tables["description"] = graph.description
    tables["capability"] = [_row(capability) for capability in graph.capabilities]
    tables["link"] = [_row(link) for link in graph.links]
    write_toml(path, tables, "file of capabilities")


def _row(item: Capability | Link) -> dict[str, Any]:
    return attrs.asdict(
        item,
        filter=lambda field, value: value != field.default,
        value_serializer=lambda _, __, cell: cell.item() if isinstance(cell, np.generic) else cell,
    )


def _from_dict(kind: type[NetworkT], tables: Mapping[str, Any]) -> NetworkT:
    fault = format_fault(tables.get("format"), FORMAT)
    if fault:
        raise ModelError(fault)
    faults = [
        f"table [{key}] is unknown{did_you_mean(key, _TABLES)}"
        for key in tables
        if key not in _TABLES
    ]
    rows: dict[str, list[Any]] = {"capability": [], "link": []}
    for name in rows:
        entries = tables.get(name, [])
        if isinstance(entries, list) and all(isinstance(row, Mapping) for row in entries):
            rows[name] = [(f"[[{name}]] {i}", row) for i, row in enumerate(entries, 1)]
        else:
            faults.append(f"[[{name}]] must be an array of tables")
    return _built(kind, rows["capability"], rows["link"], faults, tables.get("description", ""))


def _built(
    kind: type[NetworkT],
    capabilities: list[tuple[str, Any]],
    links: list[tuple[str, Any]],
    faults: list[str],
    description: str = "",
) -> NetworkT:
    built: dict[type, list[Any]] = {Capability: [], Link: []}
    for item, rows in ((Capability, capabilities), (Link, links)):
        for where, row in rows:
            wrong = _key_faults(item, row)
            if not wrong:
                try:
                    built[item].append(item(**row))
                except DLIError as error:
                    wrong = [*error.faults]
            faults += [f"{where} ({_named(row)}): {fault}" for fault in wrong]
    if faults:
        msg = "invalid entries"
        raise ModelError(msg, faults)
    return kind(built[Capability], built[Link], description=description)


def _named(row: Mapping[str, Any]) -> str:
    if "code" in row:
        return f"code {row['code']!r}"
    return f"{row.get('source')!r} to {row.get('target')!r}"


def _key_faults(item: type, row: Mapping[str, Any]) -> list[str]:
    known, needed = _keys(item)
    faults = [
        f"key {key!r} is unknown{did_you_mean(key, known)}" for key in row if key not in known
    ]
    return faults + [f"key {key!r} is missing" for key in needed if key not in row]


@cache
def _keys(item: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    fields = attrs.fields(item)
    needed = tuple(field.name for field in fields if field.default is attrs.NOTHING)
    return tuple(field.name for field in fields), needed


def from_table(kind: type[NetworkT], links: object, capabilities: object = None) -> NetworkT:
    """Build a graph of the class ``kind`` from a table of links and a table of capabilities."""
    rows = _rows(links, Link)
    if capabilities is None:
        sources = dict.fromkeys(row.get("source") for _, row in rows)
        return _built(kind, [("links", {"code": source}) for source in sources], rows, [])
    return _built(kind, _rows(capabilities, Capability), rows, [])


def _rows(data: object, item: type) -> list[tuple[str, dict[str, Any]]]:
    """Return the place and the cells by name of each row of a table, without missing cells."""
    table = frames.read(data)
    known, needed = _keys(item)
    missing = table.require(needed, "column")
    if missing:
        msg = f"columns are missing in the table of {_PLURALS[item]}"
        raise ModelError(msg, missing)
    names = [name for name in known if name in table.names]
    columns = [_cells(table.column(name), name) for name in names]
    return [
        (table.where(i), {n: c for n, c in zip(names, cells, strict=True) if c is not None})
        for i, cells in enumerate(zip(*columns, strict=True))
    ]


def _cells(cells: list[Any], name: str) -> list[Any]:
    if name == "sign":  # a column of whole numbers with missing cells is read as floats
        return [int(c) if isinstance(c, float) and c.is_integer() else c for c in cells]
    if name == "required":
        words = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
        return [c if c is None else words.get(str(c).lower(), c) for c in cells]
    return cells
