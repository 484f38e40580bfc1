"""Faults in the columns, rows and cells of the data."""

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

__all__ = [
    "NOT_A_NAME",
    "RESERVED",
    "Rows",
    "cell_faults",
    "missing_columns",
    "refuse_codes",
    "value_faults",
]

# Columns that result tables have beside those of units and periods.
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
NOT_A_NAME = "a unit or period must be a text, a number or a date"
# Columns of quantiles have names such as q5 and q97.5.
_QUANTILE = re.compile(r"q\d+(\.\d+)?")
# Columns that result tables have beside those of nodes.
_BESIDE_NODES = frozenset({"rank", "band", "share", "nominal", "code", "reference"})


class Rows:
    """The rows of a table as messages name them; units or periods are None without their column."""

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
        """Return the rows without a unit or period, and units that appear twice in a period."""
        where, units = self.table.where, self.units
        if units is None or self._differ(units):
            return []
        faults = [
            f"{where(i)}: the unit is missing" for i, unit in enumerate(units) if unit is None
        ]
        faults += [
            f"{where(i)} (unit {units[i]!r}): the period is missing"
            for i, period in enumerate(self.periods or ())
            if period is None
        ]
        keys = self._keys(units)
        wrong = [i for i, key in enumerate(keys) if not is_hashable(key)]
        if wrong:
            return faults + [f"{self[i]}: {NOT_A_NAME}" for i in wrong]
        first: dict[Any, int] = {}
        # Without periods, the most common cause is a panel whose column of periods was not named.
        hint = "; if the data have several periods, name their column with period="
        hint = hint if self.periods is None else ""
        for i, key in enumerate(keys):
            if units[i] is not None and first.setdefault(key, i) != i:
                faults.append(f"{self[i]} is a duplicate of {where(first[key])}{hint}")
                hint = ""
        return faults

    def _keys(self, units: tuple[Any, ...]) -> tuple[Any, ...]:
        return units if self.periods is None else tuple(zip(units, self.periods, strict=True))

    def _differ(self, units: tuple[Any, ...]) -> bool:
        """Return whether every row has a key and all keys differ, which is the usual case."""
        try:
            keys = set(self._keys(units))
            parts = keys if self.periods is None else {*units, *self.periods}
            return len(keys) == len(units) and None not in parts
        except TypeError:  # a list, which is not hashable
            return False


def _of_indicators(column: str, codes: Sequence[str]) -> str:
    """Return the indicators of a column, or an empty text if the name of the column is the code."""
    if tuple(codes) == (column,):
        return ""
    return f"indicator{'s' * (len(codes) > 1)} {', '.join(map(repr, codes))}"


def cell_faults(
    table: Table,
    rows: Rows,
    wrong: Sequence[tuple[int, str, object]],
    columns: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """Return a fault for each cell that is not a number; equal cells get a hint only once.

    ``columns`` maps the columns of indicators to codes, as `data_columns` returns them.
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
    """Return a fault for each missing column; raise an error if no indicator has a column."""
    columns = data_columns(index)
    present = set(table.names)
    _check_keys(index, keys, columns)
    if present.issuperset(keys) and present >= required_columns(index):
        return []
    if not present.intersection(columns):
        n, first_columns = len(index.indicators), list(columns)[:5]
        wanted = f"{n} indicators" if all(i.data_column == i.code for i in index.indicators) else (
            f"columns of the {n} indicators")  # fmt: skip
        msg = (
            f"the data do not contain any of the {wanted} of {index.code!r} "
            f"({', '.join(first_columns)}{', ...' if len(columns) > 5 else ''}); "
            f"the columns of the data are {', '.join(table.names)}. To read a table with a row for "
            "each value or a column for each period, use Observations.from_long or "
            "Observations.from_wide"
        )
        raise DataError(msg)
    owners = {name: _of_indicators(name, codes) for name, codes in columns.items()}
    plain = [name for name, owner in owners.items() if not owner]
    named = [name for name, owner in owners.items() if owner and name not in present]
    keyed = dict(zip(keys, ("units, set with unit=", "periods, set with period="), strict=False))
    absent = [key for key in keys if key not in present]
    faults = [
        f"{fault} (the column of the {keyed[key]})"
        for key, fault in zip(absent, table.require(absent, "column"), strict=True)
    ]
    faults += table.require(plain, "indicator")
    faults += [
        f"{fault} ({owners[name]})"
        for name, fault in zip(named, table.require(named, "column"), strict=True)
    ]
    if keys[0] not in present and table.has_row_names:
        faults[0] += "; unit=None reads the units from the index of the frame"
    return faults + [
        f"{fault} (denominator of {indicator.code!r})"
        for indicator in index.indicators
        if indicator.denominator is not None
        for fault in table.require([indicator.denominator], "column")
    ]


def _check_keys(index: Index, keys: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
    """Raise an error if columns of result tables would have the same name."""
    faults = []
    if len(set(keys)) < len(keys):
        faults.append(f"{keys[0]!r} cannot name both the units and the periods")
    codes = node_codes(index)
    for role, key in zip(("units", "periods"), keys, strict=False):
        if key in codes:
            faults.append(f"{key!r} is both the column of the {role} and the code of a node")
        elif key in columns:
            owner = _of_indicators(key, columns[key])
            faults.append(f"{key!r} is both the column of the {role} and that of {owner}")
        elif key in RESERVED or _QUANTILE.fullmatch(key):
            faults.append(f"{key!r} is both the column of the {role} and a column of result tables")
    faults += [
        f"{code!r} is both the code of a node and a column of result tables"
        for code in sorted(codes & _BESIDE_NODES)
    ]
    if faults:
        msg = (
            "the columns of units and periods, and the codes of nodes, must differ from other "
            "names; rename these"
        )
        raise DataError(msg, faults)


def refuse_codes(table: Table, index: Index, keys: Iterable[str | None]) -> None:
    """Raise an error for columns with the code of an indicator that is not read from them.

    Results would have two columns of that name, which readers could confuse.
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
            faults.append(
                f"{code!r} is both a column of the data and the code of an indicator {where}"
            )
    if faults:
        msg = (
            "an indicator with a constant, or with a column of another name, must have a code that "
            "is not a column of the data; rename or drop these columns"
        )
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
        indicator, value = indicators[j], values[row, j]
        name = str(indicator.data_column)  # `Indicator` has checked constants
        owner = _of_indicators(name, [indicator.code])
        why = "is infinite" if np.isinf(value) else f"is outside its scale {indicator.scale}"
        where = f"{name!r} ({owner})" if owner else repr(name)
        faults.append(f"{rows[row]}, {where}: {value:g} {why}")
    return faults
