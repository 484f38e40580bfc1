"""Data that vary: errors of measurement."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.arrays import Floats, as_floats, frozen_copy, kind_of, read_numbers
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.sensitivity.draws import Draws
from dli.sensitivity.labelled import columns_in_order, places_of, split_keys
from dli.weighting.ahp.tables import as_frame
from dli.weighting.tables import in_range

__all__ = ["MeasurementError"]


# What messages call the parameter.
_NAME = "standard deviations of errors"


def _own(sd: Any) -> Any:
    """Return standard deviations that nobody else can change: a mapping, a frame or an array."""
    if isinstance(sd, Mapping):
        return _by_code(sd)
    frame = as_frame(sd, _NAME)
    if frame is not None:
        return frame.clone().to_native()
    try:
        sds = as_floats(sd, _NAME)
    except MethodError as error:
        msg = f"{_NAME} must be finite and at least 0, got {reprlib.repr(sd)}"
        raise MethodError(msg, error.faults) from error
    if sds.ndim == 0:
        if not (np.isfinite(sds) and sds >= 0):
            msg = f"{_NAME} must be finite and at least 0, got {sd!r}"
            raise MethodError(msg)
        return float(sds)
    if sds.ndim != 2:
        msg = (
            f"{_NAME} must be a number, a mapping of code to number, or a table with the data's "
            f"rows and indicators, got an array of shape {sds.shape}"
        )
        raise MethodError(msg)
    return frozen_copy(_checked(sds))


def _by_code(sd: Mapping[Any, Any]) -> dict[Any, float]:
    # A cell that is a list is one cell, not a row.
    cells = np.fromiter(sd.values(), dtype=object, count=len(sd))
    sds, wrong = read_numbers(cells)
    unread = {place: f"{cell!r} is {kind_of(cell)}" for (place,), cell in wrong}
    faults = [
        f"{code!r}: {unread.get(place, repr(sd[code]))}"
        for place, code in enumerate(sd)
        if not (np.isfinite(sds[place]) and sds[place] >= 0)
    ]
    if faults:
        msg = f"{_NAME} must be finite and at least 0"
        raise MethodError(msg, faults)
    return dict(zip(sd, sds.tolist(), strict=True))


def _checked(sds: Floats) -> Floats:
    """Refuse a table with negative or infinite cells; NaN is where there is no error."""
    places = np.argwhere((sds < 0) | np.isinf(sds)).tolist()
    if places:
        faults = [f"row {i}, column {j}: {sds[i, j]}" for i, j in places]
        msg = f"{_NAME} must be finite and at least 0"
        raise MethodError(msg, faults)
    return sds


@frozen(eq=False)
class MeasurementError:
    """Add normal errors to the raw data.

    Each draw goes through all steps of the method anew, which takes about as long as an
    assessment. Values stay within an indicator's ``scale``, where it has one.

    Parameters
    ----------
    sd : float, mapping of code to float, or array_like of shape (n_rows, n_indicators)
        Standard deviations of the errors: a share of each indicator's own standard deviation; by
        code in the indicator's unit of measure; or cell by cell, missing where there is none. An
        array is in the order of the data's rows and the index's indicators. A data frame is read
        by the names of its columns, and by the units (and periods) of its rows if it has the
        data's columns of them, or an index of pandas that names them.

    Notes
    -----
    A draw takes one uniform number, which is the seed of its errors: in a study of variance all
    errors are one input.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 2], "b": [2, 8]})
    >>> MeasurementError({"b": 0.5}).deviations(assessment).tolist()
    [[0.0, 0.5], [0.0, 0.5]]
    """

    sd: Any = field(converter=_own)

    def factors(self, assessment: Assessment) -> list[str]:
        """Name the seed."""
        self.deviations(assessment)
        return ["measurement error"]

    def deviations(self, assessment: Assessment) -> Floats:
        """Give the standard deviation of each cell's error: shape (n_rows, n_indicators)."""
        values = assessment.observations.values
        codes = [indicator.code for indicator in assessment.index.indicators]
        if isinstance(self.sd, Mapping):
            unknown = [code for code in self.sd if code not in codes]
            if unknown:
                raise UnknownCodeError("indicator for MeasurementError", unknown, codes)
            own = np.array([self.sd.get(code, 0.0) for code in codes])
            return np.broadcast_to(own, values.shape)
        if isinstance(self.sd, float):
            return np.broadcast_to(_spreads(values) * self.sd, values.shape)
        sds = self._by_cell(assessment, codes)
        if sds.shape != values.shape:
            msg = f"errors by cell must have the shape {values.shape}, got {sds.shape}"
            raise MethodError(msg)
        return np.nan_to_num(sds)

    def _by_cell(self, assessment: Assessment, codes: list[str]) -> Floats:
        """Return a table with its rows and columns in the order of the data."""
        data = assessment.observations
        table, names = split_keys(self.sd, _NAME, [data.unit_column, data.period_column])
        sds = _checked(columns_in_order(table, _NAME, codes, "indicator"))
        if names is None:
            return sds
        keys = data.units if data.periods is None else zip(data.units, data.periods, strict=True)
        return sds[places_of(names, list(keys), _NAME)]

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Let each draw have errors of its own."""
        seeds = _seeds(uniforms)
        sds = draws.once(self, lambda: self.deviations(draws.assessment))
        scales = [indicator.scale for indicator in draws.index.indicators]
        low = np.array([-np.inf if scale is None else scale[0] for scale in scales])
        high = np.array([np.inf if scale is None else scale[1] for scale in scales])

        def noise(values: Floats, draw: int) -> Floats:
            errors = np.random.default_rng(seeds[draw]).standard_normal(values.shape)
            return np.clip(values + sds * errors, low, high)

        draws.perturb(noise)

    def drawn(self, uniforms: Floats, _: Draws) -> list[list[int]]:
        """Return the seed of each draw's errors."""
        return [_seeds(uniforms)]


def _seeds(uniforms: Floats) -> list[int]:
    return [int(seed) for seed in (uniforms[0] * 2**53).astype(np.int64)]


def _spreads(values: Floats) -> Floats:
    """Give the standard deviation of each column, 0 for fewer than two values."""
    values, powers = in_range(values)
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    return np.asarray(np.ldexp(np.sqrt(squares / np.maximum(n - 1, 1)), powers))
