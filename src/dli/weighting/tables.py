"""The table that a data-driven scheme reads, and the base class of such schemes."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np

from dli.arrays import Floats, Integers, as_floats
from dli.errors import MethodError
from dli.weighting.protocol import Node, Traits

__all__ = [
    "DataDriven",
    "check_not_constant",
    "check_range",
    "complete_rows",
    "in_proportion",
    "in_range",
    "minmax",
    "named",
    "shares",
    "spread",
    "table_of",
]

# The deviation of a constant column is 0 up to rounding; scaled, the noise would look like weights.
NOISE = 1e-12
# For values between these sizes, products of four and sums of many products do not overflow.
_SMALL, _LARGE = 2.0**-200, 2.0**200


@attrs.frozen
class DataDriven:
    """Base class of the schemes that call a function with the values and their own parameters."""

    traits: ClassVar[Traits] = Traits()
    function: ClassVar[Callable[..., Floats]]
    formula: ClassVar[str]

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights of the children."""
        parameters = attrs.asdict(self, recurse=False)
        return type(self).function(named(values, children), **parameters)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return self.formula


@attrs.frozen(eq=False)
class _Named:
    values: Floats
    names: Sequence[str]


def named(values: Floats, children: Sequence[Node]) -> Any:
    """Return values labelled with the codes of the children, for `table_of`."""
    return _Named(values, [repr(child.code) for child in children])


def table_of(values: Any) -> tuple[Floats, Sequence[str]]:
    """Return values as a table, and the names of its columns for error messages."""
    if isinstance(values, _Named):
        return values.values, values.names
    x = as_floats(values)
    if x.ndim != 2 or x.shape[1] == 0:
        msg = f"values must have shape (n_units, n_indicators), got {x.shape}"
        raise MethodError(msg)
    return x, [f"column {j}" for j in range(x.shape[1])]


def in_range(x: Floats, *, together: bool = False) -> tuple[Floats, Integers]:
    """Return columns divided by powers of two, so that their squares and sums do not overflow.

    The second array, of shape (n_indicators,), contains the exponents, which are all the same if
    ``together`` is True. Columns of ordinary size are not changed. Weights that do not depend on
    the units of measure are the same to the last bit.
    """
    size = np.fmax.reduce(np.abs(x), axis=0, initial=0.0)
    if together:
        size = np.full(size.shape, size.max())
    is_usual = (size == 0) | ((size >= _SMALL) & (size <= _LARGE)) | np.isinf(size)
    powers = np.where(is_usual, 0, np.frexp(size)[1]).astype(np.int64)
    return x if is_usual.all() else np.asarray(np.ldexp(x, -powers)), powers


def in_proportion(raw: Floats) -> Floats:
    """Return numbers of any size, at least 0 and not all 0, divided by their sum."""
    if not _SMALL <= raw.max() <= _LARGE:
        raw, _ = in_range(raw)
    return np.asarray(raw / raw.sum())


def check_range(
    x: Floats, names: Sequence[str], scheme: str, *, lowest: str = "", least: int = 2
) -> None:
    """Raise for infinite values, values below a limit and columns with too few values.

    ``lowest`` is the limit in words: "of at least 0", "above 0" or "" for no limit.
    """
    if len(x) >= least and x.min() > 0 and np.isfinite(x.max()):
        return  # the usual case, decided in one pass over the values
    bad, count = np.isinf(x), (~np.isnan(x)).sum(axis=0)
    if lowest:
        bad |= x <= 0 if lowest == "above 0" else x < 0
    faults = []
    for j in np.flatnonzero(bad.any(axis=0) | (count < least)).tolist():
        column = x[bad[:, j], j]
        if column.size:
            faults.append(f"{names[j]}: {column.size} invalid, such as {column[0]:g}")
        else:
            faults.append(f"{names[j]}: {count[j]} values, expected at least {least}")
    if faults:
        msg = f"{scheme} weights need finite values {lowest}".rstrip()
        raise MethodError(f"{msg}, at least {least} for each indicator", faults)


def complete_rows(x: Floats, names: Sequence[str], scheme: str, *, least: int = 3) -> Floats:
    """Return the rows without missing values; raise for infinite values or too few such rows."""
    rows = x[~np.isnan(x).any(axis=1)]
    if np.isinf(rows).any():
        infinite = np.flatnonzero(np.isinf(x).any(axis=0)).tolist()
        msg = f"{scheme} weights need finite values"
        raise MethodError(msg, [f"{names[j]}: an infinite value" for j in infinite])
    if len(rows) < least:
        gaps = np.isnan(x).sum(axis=0)
        faults = [f"{names[j]}: {gaps[j]} missing" for j in np.flatnonzero(gaps).tolist()]
        msg = f"{scheme} weights need at least {least} units with all values, got {len(rows)}"
        raise MethodError(msg, faults)
    return rows


def spread(x: Floats) -> Floats:
    """Return standard deviations of the available values, 0 for columns constant up to rounding."""
    deviation = np.nanstd(x, axis=0, ddof=1)
    size = np.nanmax(np.abs(x), axis=0)
    return np.asarray(np.where(deviation <= NOISE * size, 0.0, deviation))


def check_not_constant(x: Floats, names: Sequence[str], scheme: str) -> Floats:
    """Return the standard deviations; raise for columns that are the same for all units."""
    deviation = spread(x)
    constant = np.flatnonzero(deviation == 0).tolist()
    if constant:
        msg = f"{scheme} weights are undefined for an indicator that is the same for all units"
        raise MethodError(msg, [names[j] for j in constant])
    return deviation


def minmax(x: Floats, names: Sequence[str], scheme: str) -> Floats:
    """Return columns rescaled to the range from 0 to 1; raise for constant ones."""
    check_not_constant(x, names, scheme)
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    return np.asarray((x - low) / (high - low))


def shares(raw: Floats, names: Sequence[str], scheme: str) -> Floats:
    """Return raw weights scaled to sum to one."""
    if not raw.max() > 0:
        msg = f"{scheme} weights need an indicator that differs between units: {', '.join(names)}"
        raise MethodError(msg)
    return in_proportion(raw)
