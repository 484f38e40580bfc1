"""Reading an index from a table with one row for each node, in this library's format or COINr's."""

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
    "denominator_factor", "column", "constant", "doubtful", "description", "source",
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
# R writes this for a missing value.
NA = "NA"
# Rows of these types describe other columns of the data, not nodes.
NO_NODES = ("Group", "Denominator", "Other")
NUMBERS = ("weight", "direction", "target", "goalpost_worst", "goalpost_best", "scale_low",
           "scale_high", "denominator_factor", "constant", "level")  # fmt: skip
ENDS = {"goalposts": ("goalpost_worst", "goalpost_best"), "scale": ("scale_low", "scale_high")}
# A sub-index does not have these fields, but COINr fills some of them in every row.
INDICATORS_ONLY = (
    "direction",
    "target",
    "unit_of_measure",
    "denominator",
    "denominator_factor",
    "column",
    "constant",
    "doubtful",
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
            "a table of nodes requires the columns code and parent (COINr: iCode and Parent), of "
            "which these are missing",
            faults,
        )
    unused = [name for name in table.names if name not in columns]
    if unused:
        warn(
            f"columns that do not describe the index are ignored: {', '.join(unused)}",
            DLIWarning,
            stacklevel=3,
        )
    cells, faults = _cells(table, {name: columns[name] for name in table.names if name in columns})
    if is_coinr:
        _read_na(cells)
        _divide_units(cells)
    rows = [
        (table.where(i), {field: column[i] for field, column in cells.items()})
        for i in range(table.n_rows)
    ]
    repeated = _repeated(rows)
    nodes = [(where, row) for where, row in rows if row.get("type") not in NO_NODES]
    faults += [*repeated.values(), *_contradictions(nodes)]
    parents = {row["parent"] for _, row in nodes}
    try:
        index = from_rows(
            [(where, _fields(row, is_parent=row["code"] in parents)) for where, row in nodes], kind
        )
    except ModelError as error:
        faults += [fault for fault in error.faults or [error.summary] if fault not in repeated]
    if faults:
        raise ModelError("the table does not describe an index", faults)
    return index


def _cells(table: frames.Table, columns: dict[str, str]) -> tuple[dict[str, list[Any]], list[str]]:
    """Return the cells of each field, and the faults of cells that must be numbers."""
    codes = table.column("iCode" if "iCode" in table.names else "code")
    cells: dict[str, list[Any]] = {}
    faults = []
    for name, field in columns.items():
        if field not in NUMBERS:
            column = table.column(name)
            # Codes in a text file may look like numbers.
            cells[field] = [c if c is None or isinstance(c, str) else str(c) for c in column]
            continue
        numbers, wrong = table.numbers([name])
        faults += [
            f"{table.where(i)} (code {codes[i]!r}), column {name!r}: {cell!r} is not a number"
            for i, _, cell in wrong
            if not (name in COINR and cell == NA)
        ]
        cells[field] = [None if x != x else x for x in numbers[:, 0].tolist()]  # noqa: PLR0124 only NaN differs from itself
    return cells, faults


def _read_na(cells: dict[str, list[Any]]) -> None:
    """Replace NA of R by None; in fields that hold codes only if no row has the code NA."""
    for field, column in cells.items():
        names_rows = field in ("code", "parent", "denominator")
        if field not in NUMBERS and not (names_rows and NA in cells["code"]):
            cells[field] = [None if cell == NA else cell for cell in column]


def _divide_units(cells: dict[str, list[Any]]) -> None:
    """Add the denominator to units of measure, which COINr states before the division."""
    if {"unit_of_measure", "denominator"} <= set(cells):
        pairs = zip(cells["unit_of_measure"], cells["denominator"], strict=True)
        cells["unit_of_measure"] = [
            unit if unit is None or by is None else f"{unit} per {by}" for unit, by in pairs
        ]


def _repeated(rows: list[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """Map the fault of each repeated code, as in `from_rows`, to one that names its rows."""
    places: dict[str | None, list[str]] = {}
    for where, row in rows:
        places.setdefault(row["code"], []).append(where)
    return {
        f"code {code!r} appears {len(at)} times": (
            f"code {code!r} appears {len(at)} times: {', '.join(at)}"
        )
        for code, at in places.items()
        if code is not None and len(at) > 1
    }


def _contradictions(rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return the rows whose type or level in COINr's format contradicts their parents."""
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
    return faults


def _fields(row: dict[str, Any], *, is_parent: bool) -> dict[str, Any]:
    fields = {k: v for k, v in row.items() if v is not None and k not in ("type", "level")}
    for name, (low, high) in ENDS.items():
        ends = fields.pop(low, None), fields.pop(high, None)
        if ends != (None, None):
            fields[name] = list(ends)
    if "doubtful" in fields:
        fields["doubtful"] = [_number_or_text(part) for part in fields["doubtful"].split(";")]
    if float(fields.get("direction", 0.5)).is_integer():
        fields["direction"] = int(fields["direction"])
    if is_parent or row["parent"] is None:
        fields = {k: v for k, v in fields.items() if k not in INDICATORS_ONLY}
    return fields


def _number_or_text(text: str) -> float | str:
    """Return text as a number if possible; if not, `from_rows` reports it with row and code."""
    try:
        return float(text)
    except ValueError:
        return text.strip()
