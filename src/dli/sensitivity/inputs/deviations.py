"""Standard deviations of measurement errors, read from numbers, tables or columns of the data."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from dli.arrays import Bools, Floats, as_floats, frozen_copy, kind_of, read_numbers
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.observations import Observations
from dli.observations.faults import Rows, cell_faults
from dli.sensitivity.labelled import columns_in_order, places_of, split_keys
from dli.weighting.ahp.tables import as_frame
from dli.weighting.tables import in_range

__all__ = ["deviations_of", "own_deviations"]

# The name of the parameter in messages.
_NAME = "standard deviations of errors"


def own_deviations(sd: Any) -> Any:
    """Return a copy of standard deviations: a number, a mapping, a frame or a read-only array.

    Raises
    ------
    MethodError
        The type is not supported, or a number is negative or infinite. The numbers of a data frame
        are checked by `deviations_of`, which knows the unit and indicator of each.
    """
    if isinstance(sd, Mapping):
        return _own_mapping(sd)
    frame = as_frame(sd, _NAME)
    if frame is not None:
        return frame.clone().to_native()
    try:
        sds = as_floats(sd, _NAME)
    except MethodError as error:
        msg = f"{_NAME} must be finite and at least 0, got {reprlib.repr(sd)}"
        if isinstance(sd, str):
            msg += f"; to read a column of the data, name its indicator: {{'code': {sd!r}}}"
        raise MethodError(msg, error.faults) from error
    if sds.ndim == 0:
        if not (np.isfinite(sds) and sds >= 0):
            msg = f"{_NAME} must be finite and at least 0, got {sd!r}"
            raise MethodError(msg)
        return float(sds)
    if sds.ndim != 2:
        msg = (
            f"{_NAME} must be a number, a mapping of code to number or column, or a table with the "
            f"data's rows and indicators, got an array of shape {sds.shape}"
        )
        raise MethodError(msg)
    places = np.argwhere(_wrong(sds)).tolist()
    _refuse([f"row {i}, column {j}: {sds[i, j]}" for i, j in places])
    return frozen_copy(sds)


def _own_mapping(sd: Mapping[Any, Any]) -> dict[Any, float | str]:
    # A list as a value counts as one cell, not as a row.
    cells = np.fromiter(sd.values(), dtype=object, count=len(sd))
    sds, wrong = read_numbers(cells)
    unread = {place: f"{cell!r} is {kind_of(cell)}" for (place,), cell in wrong}
    own: dict[Any, float | str] = {}
    faults = []
    for place, (code, cell) in enumerate(sd.items()):
        if isinstance(cell, str):
            own[code] = cell
        elif np.isfinite(sds[place]) and sds[place] >= 0:
            own[code] = float(sds[place])
        else:
            faults.append(f"{code!r}: {unread.get(place, repr(cell))}")
    _refuse(faults, ", or name a column of the data")
    return own


def deviations_of(sd: Any, assessment: Assessment) -> Floats:
    """Return the standard deviation of each cell's error: shape (n_rows, n_indicators).

    Parameters
    ----------
    sd : float, mapping, frame or array
        The result of `own_deviations`.
    assessment : Assessment
        The assessment whose raw data have errors.

    Raises
    ------
    MethodError
        A table does not have the shape, rows or columns of the data; a number is negative or
        infinite; or a column of the data lacks the standard error of a known value.
    UnknownCodeError
        A mapping names an unknown indicator or column.
    """
    observations = assessment.observations
    codes = [indicator.code for indicator in assessment.index.indicators]
    if isinstance(sd, Mapping):
        return _by_code(sd, observations, codes)
    if isinstance(sd, float):
        return np.broadcast_to(_spreads(observations.values) * sd, observations.values.shape)
    return _by_cell(sd, observations, codes)


def _by_code(sd: Mapping[Any, Any], observations: Observations, codes: list[str]) -> Floats:
    values, table = observations.values, observations.table
    unknown = [code for code in sd if code not in codes]
    if unknown:
        raise UnknownCodeError("indicator for MeasurementError", unknown, codes)
    columns = {code: own for code, own in sd.items() if isinstance(own, str)}
    absent = [name for name in columns.values() if name not in table.names]
    if absent:
        raise UnknownCodeError("column for MeasurementError", absent, table.names)
    numbers = np.array([0.0 if code in columns else sd.get(code, 0.0) for code in codes])
    if not columns:
        return np.broadcast_to(numbers, values.shape)
    owners: dict[str, list[str]] = {}
    for code, name in columns.items():
        owners.setdefault(name, []).append(code)
    read, unread = table.numbers(list(owners))
    rows = Rows(table, observations.units, observations.periods)
    faults = cell_faults(table, rows, unread, owners)
    known = {(row, name) for row, name, _ in unread}
    sds = np.tile(numbers, (len(values), 1))
    for place, name in enumerate(owners):
        for code in owners[name]:
            j = codes.index(code)
            sds[:, j] = read[:, place]
            bad = _wrong(sds[:, j]) | (np.isnan(sds[:, j]) & ~np.isnan(values[:, j]))
            faults += [
                f"{rows[i]}, {name!r} (indicator {code!r}): "
                f"{'missing' if np.isnan(sds[i, j]) else sds[i, j]}"
                for i in np.flatnonzero(bad).tolist()
                if (i, name) not in known
            ]
    _refuse(faults, ", and known for each value")
    return np.asarray(np.nan_to_num(sds))


def _by_cell(sd: Any, observations: Observations, codes: list[str]) -> Floats:
    """Return the standard deviations of a table in the order of the rows and indicators."""
    table, names = split_keys(sd, _NAME, [observations.unit_column, observations.period_column])
    sds = columns_in_order(table, _NAME, codes, "indicator")
    units, periods = observations.units, observations.periods
    if names is not None:
        keys = units if periods is None else zip(units, periods, strict=True)
        sds = sds[places_of(names, list(keys), _NAME)]
    shape = observations.values.shape
    if sds.shape != shape:
        msg = f"errors by cell must have the shape {shape}, got {sds.shape}"
        raise MethodError(msg)
    rows = Rows(observations.table, units, periods)
    places = np.argwhere(_wrong(sds)).tolist()
    _refuse([f"{rows[i]}, {codes[j]!r}: {sds[i, j]}" for i, j in places])
    return np.asarray(np.nan_to_num(sds))


def _wrong(sds: Floats) -> Bools:
    """Return a mask of negative or infinite numbers; NaN, a cell without an error, is allowed."""
    return np.asarray((sds < 0) | np.isinf(sds))


def _refuse(faults: list[str], further: str = "") -> None:
    if faults:
        msg = f"{_NAME} must be finite and at least 0{further}"
        raise MethodError(msg, faults)


def _spreads(values: Floats) -> Floats:
    """Return the standard deviation of each column, 0 for fewer than two values."""
    values, powers = in_range(values)
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    return np.asarray(np.ldexp(np.sqrt(squares / np.maximum(n - 1, 1)), powers))
