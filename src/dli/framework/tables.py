"""An index from a table with a row for each node: our own columns, or COINr's iMeta."""

from typing import Any
from warnings import warn

from dli import frames
from dli.errors import DLIWarning, ModelError, did_you_mean
from dli.framework.files import from_rows
from dli.framework.index import Index

__all__ = ["from_table"]

OWN = (
    "code", "parent", "name", "weight", "direction", "unit_of_measure", "goalpost_worst",
    "goalpost_best", "target", "scale_low", "scale_high", "denominator",
    "denominator_factor", "description", "source",
)  # fmt: skip
COINR = {
    "iCode": "code",
    "Parent": "parent",
    "iName": "name",
    "Weight": "weight",
    "Direction": "direction",
    "Unit": "unit_of_measure",
    "Target": "target",
    "Denominator": "denominator",
    "Level": "level",
    "Type": "type",
}
# Rows of these types are no nodes: they tell of other columns of the data.
NO_NODES = ("Group", "Denominator", "Other")
NUMBERS = ("weight", "direction", "target", "goalpost_worst", "goalpost_best", "scale_low",
           "scale_high", "denominator_factor", "level")  # fmt: skip
ENDS = {"goalposts": ("goalpost_worst", "goalpost_best"), "scale": ("scale_low", "scale_high")}
# Of these fields a sub-index has no use; COINr fills some of them for every row.
LEAVES_ONLY = (
    "direction",
    "target",
    "unit_of_measure",
    "denominator",
    "denominator_factor",
    "goalposts",
    "scale",
    "source",
)


def from_table(frame: object) -> Index:
    """Build an index from a table with a row for each node."""
    table = frames.read(frame)
    is_coinr = "iCode" in table.names
    columns = COINR if is_coinr else {name: name for name in OWN}
    needed = ("iCode", "Parent") if is_coinr else ("code", "parent")
    faults = [f"column {n!r}{did_you_mean(n, table.names)}" for n in needed if n not in table.names]
    if faults:
        msg = (
            "a table of nodes needs the columns code and parent (COINr: iCode and Parent); missing"
        )
        raise ModelError(msg, faults)
    unused = [name for name in table.names if name not in columns]
    if unused:
        msg = f"columns of the table that say nothing about the index: {', '.join(unused)}"
        warn(msg, DLIWarning, stacklevel=3)
    cells = _cells(table, {name: columns[name] for name in table.names if name in columns})
    rows = [
        (table.where(i), {field: column[i] for field, column in cells.items()})
        for i in range(table.n_rows)
    ]
    rows = [(where, row) for where, row in rows if row.get("type") not in NO_NODES]
    _check_types_and_levels(rows)
    parents = {row["parent"] for _, row in rows}
    return from_rows(
        [(where, _fields(row, is_parent=row["code"] in parents)) for where, row in rows]
    )


def _cells(table: frames.Table, columns: dict[str, str]) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {}
    faults = []
    for name, field in columns.items():
        if field not in NUMBERS:
            column = table.column(name)
            # A text file may hold codes that look like numbers.
            cells[field] = [c if c is None or isinstance(c, str) else str(c) for c in column]
            continue
        numbers, wrong = table.numbers([name])
        faults += [f"{table.where(i)}, column {name!r}: {cell!r}" for i, _, cell in wrong]
        cells[field] = [None if x != x else x for x in numbers[:, 0].tolist()]  # noqa: PLR0124 NaN alone differs from itself
    if faults:
        msg = "cells must be numbers"
        raise ModelError(msg, faults)
    return cells


def _check_types_and_levels(rows: list[tuple[str, dict[str, Any]]]) -> None:
    """COINr tells a row's type and level besides its parent: they must tell the same."""
    parents = {row["parent"] for _, row in rows}
    levels = {row["code"]: row.get("level") for _, row in rows}
    faults = []
    for where, row in rows:
        at = f"{where} (code {row['code']!r})"
        is_parent = row["code"] in parents
        kind = row.get("type")
        if kind is not None and (kind not in ("Indicator", "Aggregate")):
            kinds = ", ".join(("Indicator", "Aggregate", *NO_NODES))
            faults.append(f"{at}: Type must be one of {kinds}, got {kind!r}")
        elif kind is not None and is_parent != (kind == "Aggregate"):
            some = "some" if is_parent else "no"
            faults.append(f"{at}: Type is {kind!r}, yet {some} row names it as Parent")
        own, above = row.get("level"), levels.get(row["parent"])
        if own is not None and above is not None and own >= above:
            faults.append(f"{at}: Level {own:g} is not below that of its parent, {above:g}")
    if faults:
        msg = "rows do not fit"
        raise ModelError(msg, faults)


def _fields(row: dict[str, Any], *, is_parent: bool) -> dict[str, Any]:
    fields = {k: v for k, v in row.items() if v is not None and k not in ("type", "level")}
    for name, (low, high) in ENDS.items():
        ends = fields.pop(low, None), fields.pop(high, None)
        if ends != (None, None):
            fields[name] = list(ends)
    if "direction" in fields and fields["direction"] == int(fields["direction"]):
        fields["direction"] = int(fields["direction"])
    if is_parent or row["parent"] is None:
        fields = {k: v for k, v in fields.items() if k not in LEAVES_ONLY}
    return fields
