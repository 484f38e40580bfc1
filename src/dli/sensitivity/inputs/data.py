"""Uncertain data: measurement errors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import flag_faults, number_fault, refuse
from dli.errors import MethodError
from dli.sensitivity.draws import Draws
from dli.sensitivity.inputs.deviations import deviations_of, own_deviations

__all__ = ["MeasurementError"]

# Shares of a variance that exceed 1 by less, such as 0.1 + 0.2 + 0.7, do so by rounding.
_ROUNDING = 1e-12
# A word of the state of SFC64 that is the same for all streams, and the numbers that are not used.
_WORD = 0x9E3779B97F4A7C15
_MIXED = 12


@frozen(kw_only=True, eq=False)
class Noise:
    """Errors that are added to the raw values of one draw or of many.

    Attributes
    ----------
    sds : ndarray of shape (n_rows, n_indicators)
    errors : callable
        ``errors(draw, cells)`` fills cells of shape (n_rows, n_indicators) with standard errors.
    ends : (ndarray, ndarray), optional
        The smallest and largest valid value of each indicator, if any are declared.
    checked : callable, optional
        The noise of one draw with the checks of `Draws.perturb`.
    """

    sds: Floats
    errors: Callable[[int, Floats], None]
    ends: tuple[Floats, Floats] | None
    checked: Callable[[Floats, int], Floats] | None = None

    def __call__(self, values: Floats, draw: int) -> Floats:
        """Return the values of a draw."""
        if self.checked is not None:
            return self.checked(values, draw)
        return np.asarray(self.fill(values, [draw], np.empty((1, *values.shape)))[0])

    def fill(self, values: Floats, draws: Sequence[int], out: Floats) -> Floats:
        """Return the values of several draws.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_indicators) or (n_draws, n_rows, n_indicators)
        draws : sequence of int
        out : ndarray of shape (n_draws, n_rows, n_indicators)
            The array that is filled and returned; it must not share memory with ``values``.
        """
        tables = np.broadcast_to(values, out.shape)
        # One draw at a time, so that its cells are still in the cache for the next operation.
        with np.errstate(over="ignore"):  # infinite values are refused later, with their codes
            for draw, table, cells in zip(draws, tables, out, strict=True):
                self.errors(draw, cells)
                np.multiply(cells, self.sds, out=cells)
                np.add(cells, table, out=cells)
        if self.ends is not None:
            np.clip(out, *self.ends, out=out)
        return out


@frozen(eq=False)
class MeasurementError:
    r"""Add normal errors to the raw data.

    All steps of the method are repeated for each draw. Steps that declare ``draws`` in their
    traits, as all treatments and normalisations of this library do, process many draws at once;
    imputations are called for each draw. Values are clipped to an indicator's ``scale`` if it has
    one.

    Parameters
    ----------
    sd : float, mapping of code to float or column, or array_like of shape (n_rows, n_indicators)
        The standard deviations of the errors. A number is a share of each indicator's standard
        deviation. A mapping has them by code in the indicator's unit of measure, as a number or as
        the name of the data column with the standard error of each value. An array has one for each
        cell, missing where there is no error, in the order of the rows of the data and of the
        indicators. A data frame is matched by the names of its columns, and by the units (and
        periods) of its rows if it has those columns or a pandas index that names them.
    margin : float, optional
        The confidence level, if ``sd`` contains margins of error (half the width of a confidence
        interval) instead of standard deviations. They are divided by the normal quantile: 1.645 for
        ``margin=0.9``, the level of the American Community Survey.
    within_indicator : float
        The correlation, from 0 to 1, of the errors of one indicator across rows.
    within_unit : float
        The correlation, from 0 to 1, of the errors of one row (a unit in a period) across
        indicators. The sum of the two correlations must not exceed 1.
    by_indicator : bool
        Whether the errors of each indicator are a separate factor. The component that the
        indicators of a row share is then another factor.

    Raises
    ------
    MethodError
        Standard deviations that are negative or infinite, or other parameters out of range. At the
        start of a study: a table whose rows or columns differ from those of the data, or a column
        of standard errors that are negative, or missing where there is a value.
    UnknownCodeError
        At the start of a study: an indicator or column that does not exist.

    Notes
    -----
    The error of row i and indicator j has three independent parts,
    $e_{ij} = s_{ij} (\sqrt a\, u_j + \sqrt b\, v_i + \sqrt{1 - a - b}\, w_{ij})$, where s is
    the standard deviation, a is ``within_indicator``, b is ``within_unit``, and u, v and w are
    standard normal.

    Each factor has one uniform number in each draw, from which its errors are generated. In a
    variance-based study, all errors together are therefore one factor, or those of each indicator
    with ``by_indicator=True``.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y"], "a": [1, 2], "b": [2, 8], "b_moe": [0.329, 0.658]}
    >>> assessment = Assessment(index, data)
    >>> MeasurementError({"b": 0.5}).deviations(assessment).tolist()
    [[0.0, 0.5], [0.0, 0.5]]
    >>> errors = MeasurementError({"a": 0.1645, "b": "b_moe"}, margin=0.9, by_indicator=True)
    >>> errors.deviations(assessment).round(3).tolist()
    [[0.1, 0.2], [0.1, 0.4]]
    >>> errors.factors(assessment)
    ['measurement error of a', 'measurement error of b']
    """

    sd: Any = field(converter=own_deviations)
    margin: float | None = field(default=None, kw_only=True)
    within_indicator: float = field(default=0.0, kw_only=True)
    within_unit: float = field(default=0.0, kw_only=True)
    by_indicator: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        shared = {"within_indicator": self.within_indicator, "within_unit": self.within_unit}
        faults = [number_fault(name, share, least=0, most=1) for name, share in shared.items()]
        if not any(faults) and sum(shared.values()) > 1 + _ROUNDING:
            both = f"{self.within_indicator} and {self.within_unit}"
            faults = [f"the sum of within_indicator and within_unit must not exceed 1, got {both}"]
        if self.margin is not None:
            faults.append(number_fault("margin", self.margin, above=0, below=1))
        faults += flag_faults(by_indicator=self.by_indicator)
        refuse("MeasurementError", filter(None, faults))

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the names of the factors, each of which is a seed of errors."""
        sds = self.deviations(assessment)
        if not self.by_indicator:
            return ["measurement error"]
        codes = [indicator.code for indicator in assessment.index.indicators]
        names = [f"measurement error of {codes[place]}" for place in _varying(sds).tolist()]
        if not names:
            msg = "MeasurementError does not change any value: all standard deviations are 0"
            raise MethodError(msg)
        if self.within_unit > 0:
            names.append("measurement error shared within units")
        return names

    def deviations(self, assessment: Assessment) -> Floats:
        """Return the standard deviation of each cell's error: shape (n_rows, n_indicators)."""
        sds = deviations_of(self.sd, assessment)
        if self.margin is None:
            return sds
        from scipy.special import erfinv

        return np.asarray(sds / (2**0.5 * erfinv(self.margin)))

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Add errors to the raw data of each draw."""
        sds = draws.once(self, lambda: self.deviations(draws.assessment))
        scales = [indicator.scale for indicator in draws.index.indicators]
        low = np.array([-np.inf if scale is None else scale[0] for scale in scales])
        high = np.array([np.inf if scale is None else scale[1] for scale in scales])
        errors = (self._apart if self.by_indicator else self._together)(_seeds(uniforms), sds)
        ends = None if all(scale is None for scale in scales) else (low, high)
        noise = Noise(sds=np.ascontiguousarray(sds), errors=errors, ends=ends)
        draws.perturb(noise)
        # The checks of perturb, kept for single draws; the engine fills many draws at once.
        draws.noises[-1] = evolve(noise, checked=draws.noises[-1])

    def drawn(self, uniforms: Floats, _: Draws) -> list[list[int]]:
        """Return the seeds of each draw's errors."""
        return _seeds(uniforms)

    def _roots(self) -> tuple[float, float, float]:
        """Return the standard deviations of the components of indicators, of rows and of cells."""
        rest = max(1.0 - self.within_indicator - self.within_unit, 0.0)
        return self.within_indicator**0.5, self.within_unit**0.5, rest**0.5

    def _together(self, seeds: list[list[int]], sds: Floats) -> Callable[[int, Floats], None]:
        """Return a function that draws the standard errors of all cells from one seed."""
        of_indicator, of_row, of_cell = self._roots()
        stream = _Streams()

        def errors(draw: int, cells: Floats) -> None:
            rng = stream(seeds[0][draw])
            rng.standard_normal(out=cells)
            if of_cell < 1:
                cells *= of_cell
                cells += of_indicator * rng.standard_normal(sds.shape[1])
                cells += of_row * rng.standard_normal((len(sds), 1))

        return errors

    def _apart(self, seeds: list[list[int]], sds: Floats) -> Callable[[int, Floats], None]:
        """Return a function that draws the standard errors of each indicator from its own seed."""
        of_indicator, of_row, of_cell = self._roots()
        # Two indicators with the same seed must not have the same errors.
        stream, places = _Streams(), _varying(sds).tolist()

        def errors(draw: int, cells: Floats) -> None:
            shared: Floats | float = 0.0
            if of_row > 0:
                shared = of_row * stream(seeds[-1][draw], sds.shape[1]).standard_normal(len(sds))
            cells[...] = 0.0
            for place, by_draw in zip(places, seeds, strict=False):
                rng = stream(by_draw[draw], place)
                common = of_indicator * rng.standard_normal()
                column = rng.standard_normal(len(sds))
                cells[:, place] = of_cell * column + (common + shared)

        return errors


class _Streams:
    """Streams of random numbers, each identified by two whole numbers.

    One generator is restarted for each stream, which is much faster than creating a generator. As
    the authors of SFC64 do, its first numbers are not used: the numbers in its state are mixed
    meanwhile.
    """

    def __init__(self) -> None:
        self._bits = np.random.SFC64(0)
        self._start: Any = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def __call__(self, seed: int, place: int = 0) -> np.random.Generator:
        """Return the generator at the start of a stream; the next call restarts it."""
        self._start["state"]["state"][:] = seed, place, _WORD, 1
        self._bits.state = self._start
        self._bits.random_raw(_MIXED, output=False)
        return self._generator


def _seeds(uniforms: Floats) -> list[list[int]]:
    seeds: list[list[int]] = (uniforms * 2**53).astype(np.int64).tolist()
    return seeds


def _varying(sds: Floats) -> NDArray[np.intp]:
    """Return the columns of the indicators that have errors."""
    return np.flatnonzero(sds.any(axis=0))
