"""What is wrong with a table that is to be assessed: its columns, rows and cells."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dli.arrays import Floats
from dli.checks import is_hashable
from dli.errors import DataError
from dli.frames.table import Table
from dli.framework import Index, Indicator
from dli.observations.columns import data_columns, node_codes, required_columns

__all__ = ["RESERVED", "Rows", "cell_faults", "missing_columns", "refuse_codes", "value_faults"]

# Columns that stand beside the keys of units and periods in result tables.
RESERVED = frozenset(
    {
        "rank", "score", "band", "code", "flag", "note", "parent", "local", "effective",
        "missing", "zeros", "available", "nonzero", "included", "reason", "imputed", "treated",
        "nominal", "mean", "sd", "shift", "probability", "best", "worst", "exact", "share",
        "distance", "compared", "lead", "variation", "arithmetic", "geometric", "cost", "lowest",
        "highest", "node", "values", "first", "first_period", "latest", "latest_period", "slope",
        "p_value", "relative_slope", "growth", "score_before", "score_after", "score_change",
        "rank_before", "rank_after", "rank_change", "leverage", "low", "high", "output",
        "factor", "effect", "error", "units", "cv", "second", "correlation",
        "first_low", "first_high",
        "total", "total_low", "total_high", "imputed_share",
        "tie_group", "others", "not_told_apart", "between", "within", "df", "share_missing",
        "missing_information", "average_rank", "reference",
    }
)  # fmt: skip
# Quantiles are called q5, q97.5 and the like.
_QUANTILE = re.compile(r"q\d+(\.\d+)?")
# Columns that stand beside those of nodes.
_BESIDE_NODES = frozenset({"rank", "band", "share", "nominal", "code", "reference"})


class Rows:
    """Rows as messages name them; None for units or periods whose column is missing."""

    def __init__(
        self,
        table: Table,
        units: tuple[Any, ...] | None,
        periods: tuple[Any, ...] | None,
    ) -> None:
        self.table, self.units, self.periods = table, units, periods

    def __getitem__(self, row: int) -> str:
        if self.units is None:
            return self.table.where(row)
        when = "" if self.periods is None else f", period {self.periods[row]!r}"
        return f"{self.table.where(row)} (unit {self.units[row]!r}{when})"

    def faults(self) -> list[str]:
        """Return rows without a unit or period, and units that appear twice in a period."""
        where, units = self.table.where, self.units
        if units is None or self._differ(units):
            return []
        faults = [f"{where(i)}: no unit" for i, unit in enumerate(units) if unit is None]
        faults += [
            f"{where(i)} (unit {units[i]!r}): no period"
            for i, period in enumerate(self.periods or ())
            if period is None
        ]
        keys = self._keys(units)
        wrong = [i for i, key in enumerate(keys) if not is_hashable(key)]
        if wrong:
            return faults + [f"{self[i]}: a unit or period cannot be a list" for i in wrong]
        first: dict[Any, int] = {}
        for i, key in enumerate(keys):
            if units[i] is not None and first.setdefault(key, i) != i:
                faults.append(f"{self[i]} appears before, in {where(first[key])}")
        return faults

    def _keys(self, units: tuple[Any, ...]) -> tuple[Any, ...]:
        return units if self.periods is None else tuple(zip(units, self.periods, strict=True))

    def _differ(self, units: tuple[Any, ...]) -> bool:
        """Return whether no row is without a key and all keys differ, as they mostly do."""
        try:
            keys = set(self._keys(units))
            parts = keys if self.periods is None else {*units, *self.periods}
            return len(keys) == len(units) and None not in parts
        except TypeError:  # a list, which has no hash
            return False


def _of_indicators(column: str, codes: Sequence[str]) -> str:
    """Return whose column it is, an empty text if its name says so."""
    if tuple(codes) == (column,):
        return ""
    return f"indicator{'s' * (len(codes) > 1)} {', '.join(map(repr, codes))}"


def cell_faults(
    table: Table,
    rows: Rows,
    wrong: Sequence[tuple[int, str, object]],
    columns: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """Return the cells that are not numbers, with a hint once for all cells that are the same.

    ``columns`` are those of indicators, as `data_columns` returns them.
    """
    if not wrong:
        return []
    owners = {name: _of_indicators(name, codes) for name, codes in (columns or {}).items()}
    reasons: dict[Any, str] = {}
    faults = []
    for row, name, cell in wrong:
        key = (type(cell).__name__, repr(cell))
        reason = f"{cell!r} is not a number" if key in reasons else table.not_a_number(cell)
        reasons[key] = reason
        owner = f" ({owners[name]})" if owners.get(name) else ""
        faults.append(f"{rows[row]}, {name!r}{owner}: {reason}")
    return faults


def missing_columns(table: Table, index: Index, keys: Sequence[str]) -> list[str]:
    """Return the columns that are missing; raise where there is nothing to read at all."""
    columns = data_columns(index)
    present = set(table.names)
    _check_keys(index, keys, columns)
    if present.issuperset(keys) and present >= required_columns(index):
        return []
    if not present.intersection(columns):
        n, some = len(index.indicators), list(columns)[:5]
        what = f"{n} indicators" if all(i.data_column == i.code for i in index.indicators) else (
            f"columns of the {n} indicators")  # fmt: skip
        msg = (
            f"the data have none of the {what} of {index.code!r} "
            f"({', '.join(some)}{', ...' if len(columns) > 5 else ''}); "
            f"their columns are {', '.join(table.names)}. Tables with a row for each value or a "
            "column for each period are read by Observations.from_long and Observations.from_wide"
        )
        raise DataError(msg)
    owners = {name: _of_indicators(name, codes) for name, codes in columns.items()}
    plain = [name for name, owner in owners.items() if not owner]
    named = [name for name, owner in owners.items() if owner and name not in present]
    faults = [*table.require(keys, "column"), *table.require(plain, "indicator")]
    faults += [
        f"{fault} ({owners[name]})"
        for name, fault in zip(named, table.require(named, "column"), strict=True)
    ]
    if keys[0] not in present and table.has_row_names:
        faults[0] += "; unit=None takes the frame's index"
    return faults + [
        f"{fault} (denominator of {indicator.code!r})"
        for indicator in index.indicators
        if indicator.denominator is not None
        for fault in table.require([indicator.denominator], "column")
    ]


def _check_keys(index: Index, keys: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse names of columns and codes that could not stand beside others in result tables."""
    faults = []
    if len(set(keys)) < len(keys):
        faults.append(f"{keys[0]!r} cannot name both the units and the periods")
    codes = node_codes(index)
    for what, key in zip(("units", "periods"), keys, strict=False):
        if key in codes:
            faults.append(f"{key!r} is the column of the {what} and the code of a node")
        elif key in columns:
            owner = _of_indicators(key, columns[key])
            faults.append(f"{key!r} is the column of the {what} and of {owner}")
        elif key in RESERVED or _QUANTILE.fullmatch(key):
            faults.append(f"{key!r}, the column of the {what}, is a column of result tables")
    faults += [
        f"{code!r} is the code of a node and a column of result tables"
        for code in sorted(codes & _BESIDE_NODES)
    ]
    if faults:
        msg = "columns of units and periods, and codes, need names of their own; rename them"
        raise DataError(msg, faults)


def refuse_codes(table: Table, index: Index, keys: Iterable[str | None]) -> None:
    """Refuse columns that have the code of an indicator whose values stand elsewhere.

    Results would have two columns of that name, and readers may take one for the other.
    """
    context = set(table.names).difference(data_columns(index), keys)
    if context.isdisjoint(node_codes(index)):
        return
    faults = []
    for indicator in index.indicators:
        code, column = indicator.code, indicator.data_column
        if code in context:
            where = "with a constant" if column is None else f"whose column is {column!r}"
            if column is not None and column not in table.names:
                where += ", which is missing"
            faults.append(f"{code!r} is a column of the data and the code of an indicator {where}")
    if faults:
        msg = "indicators with a column or constant need codes of their own; rename or drop columns"
        raise DataError(msg, faults)


def value_faults(values: Floats, indicators: Sequence[Indicator], rows: Rows) -> list[str]:
    """Return the values that are infinite or outside the scale of their indicator."""
    bad = np.isinf(values)
    if any(indicator.scale is not None for indicator in indicators):
        # Comparisons with NaN are false, so missing cells pass.
        low = np.array([-np.inf if i.scale is None else i.scale[0] for i in indicators])
        high = np.array([np.inf if i.scale is None else i.scale[1] for i in indicators])
        bad |= (values < low) | (values > high)
    if not bad.any():
        return []
    faults = []
    for row, j in np.argwhere(bad).tolist():
        own, value = indicators[j], values[row, j]
        name = str(own.data_column)  # constants were checked where they were given
        owner = _of_indicators(name, [own.code])
        why = "is infinite" if np.isinf(value) else f"is outside its scale {own.scale}"
        where = f"{name!r} ({owner})" if owner else repr(name)
        faults.append(f"{rows[row]}, {where}: {value:g} {why}")
    return faults
