"""Reading an index from a table with one row for each node: own columns, or COINr's iMeta."""

from collections.abc import Callable
from typing import Any, TypeVar
from warnings import warn

from dli import frames
from dli.errors import DLIWarning, ModelError, did_you_mean
from dli.framework.files import from_rows

__all__ = ["from_table"]

_Index = TypeVar("_Index")

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
# Rows of these types describe other columns of the data, not nodes.
NO_NODES = ("Group", "Denominator", "Other")
NUMBERS = ("weight", "direction", "target", "goalpost_worst", "goalpost_best", "scale_low",
           "scale_high", "denominator_factor", "level")  # fmt: skip
ENDS = {"goalposts": ("goalpost_worst", "goalpost_best"), "scale": ("scale_low", "scale_high")}
# A sub-index does not have these fields, but COINr fills some of them in every row.
INDICATORS_ONLY = (
    "direction",
    "target",
    "unit_of_measure",
    "denominator",
    "denominator_factor",
    "goalposts",
    "scale",
    "source",
)


def from_table(frame: object, kind: Callable[..., _Index]) -> _Index:
    """Return the index, of the class ``kind``, that a table with a row for each node describes."""
    table = frames.read(frame)
    is_coinr = "iCode" in table.names
    columns = COINR if is_coinr else {name: name for name in OWN}
    needed = ("iCode", "Parent") if is_coinr else ("code", "parent")
    faults = [f"column {n!r}{did_you_mean(n, table.names)}" for n in needed if n not in table.names]
    if faults:
        raise ModelError(
            "a table of nodes needs the columns code and parent (COINr: iCode and Parent); missing",
            faults,
        )
    unused = [name for name in table.names if name not in columns]
    if unused:
        warn(
            f"columns of the table that say nothing about the index: {', '.join(unused)}",
            DLIWarning,
            stacklevel=3,
        )
    cells = _cells(table, {name: columns[name] for name in table.names if name in columns})
    rows = [
        (table.where(i), {field: column[i] for field, column in cells.items()})
        for i in range(table.n_rows)
    ]
    rows = [(where, row) for where, row in rows if row.get("type") not in NO_NODES]
    _check_types_and_levels(rows)
    parents = {row["parent"] for _, row in rows}
    return from_rows(
        [(where, _fields(row, is_parent=row["code"] in parents)) for where, row in rows], kind
    )


def _cells(table: frames.Table, columns: dict[str, str]) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {}
    faults = []
    for name, field in columns.items():
        if field not in NUMBERS:
            column = table.column(name)
            # Codes in a text file may look like numbers.
            cells[field] = [c if c is None or isinstance(c, str) else str(c) for c in column]
            continue
        numbers, wrong = table.numbers([name])
        faults += [f"{table.where(i)}, column {name!r}: {cell!r}" for i, _, cell in wrong]
        cells[field] = [None if x != x else x for x in numbers[:, 0].tolist()]  # noqa: PLR0124 only NaN differs from itself
    if faults:
        raise ModelError("cells must be numbers", faults)
    return cells


def _check_types_and_levels(rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Raise an error if COINr's types and levels of the rows contradict their parents."""
    parents = {row["parent"] for _, row in rows}
    levels = {row["code"]: row.get("level") for _, row in rows}
    faults = []
    for where, row in rows:
        at = f"{where} (code {row['code']!r})"
        is_parent = row["code"] in parents
        row_type = row.get("type")
        if row_type is not None and row_type not in ("Indicator", "Aggregate"):
            types = ", ".join(("Indicator", "Aggregate", *NO_NODES))
            faults.append(f"{at}: Type must be one of {types}, got {row_type!r}")
        elif row_type is not None and is_parent != (row_type == "Aggregate"):
            some = "another" if is_parent else "no"
            faults.append(f"{at}: Type is {row_type!r}, but {some} row names it as Parent")
        level, parent_level = row.get("level"), levels.get(row["parent"])
        if level is not None and parent_level is not None and level >= parent_level:
            faults.append(
                f"{at}: Level {level:g} is not below the level of its parent, {parent_level:g}"
            )
    if faults:
        raise ModelError("the types and levels of rows contradict their parents", faults)


def _fields(row: dict[str, Any], *, is_parent: bool) -> dict[str, Any]:
    fields = {k: v for k, v in row.items() if v is not None and k not in ("type", "level")}
    for name, (low, high) in ENDS.items():
        ends = fields.pop(low, None), fields.pop(high, None)
        if ends != (None, None):
            fields[name] = list(ends)
    if "direction" in fields and fields["direction"] == int(fields["direction"]):
        fields["direction"] = int(fields["direction"])
    if is_parent or row["parent"] is None:
        fields = {k: v for k, v in fields.items() if k not in INDICATORS_ONLY}
    return fields
