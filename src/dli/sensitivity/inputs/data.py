"""Data that vary: errors of measurement."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.errors import MethodError, UnknownCodeError
from dli.sensitivity.draws import Draws

__all__ = ["MeasurementError"]


@frozen(eq=False)
class MeasurementError:
    """Add normal errors to the raw data.

    Each draw goes through all steps of the method anew, which takes about as long as an
    assessment. Values stay within an indicator's ``scale``, where it has one.

    Parameters
    ----------
    sd : float, mapping of code to float, or array_like of shape (n_rows, n_indicators)
        Standard deviations of the errors: a share of each indicator's own standard deviation; by
        code in the indicator's unit of measure; or cell by cell in the order of the data's rows
        and the index's indicators, NaN where there is none.

    Notes
    -----
    A draw takes one uniform number, which is the seed of its errors: in a study of variance all
    errors are one input.
    """

    sd: Any

    def __attrs_post_init__(self) -> None:
        given = list(self.sd.values()) if isinstance(self.sd, Mapping) else self.sd
        try:
            sds = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            sds = np.array(np.nan)
        wrong = (sds < 0) | np.isinf(sds) | (np.isnan(sds) & (sds.ndim != 2))
        if wrong.any():
            msg = f"standard deviations of errors must be finite and at least 0, got {self.sd!r}"
            raise MethodError(msg)

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
            own = np.array([float(self.sd.get(code, 0.0)) for code in codes])
            return np.broadcast_to(own, values.shape)
        sds = np.asarray(self.sd, dtype=np.float64)
        if sds.ndim == 0:
            return np.broadcast_to(_spreads(values) * float(sds), values.shape)
        if sds.shape != values.shape:
            msg = f"errors by cell must have the shape {values.shape}, got {sds.shape}"
            raise MethodError(msg)
        return np.nan_to_num(sds)

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
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    return np.asarray(np.sqrt(squares / np.maximum(n - 1, 1)))
