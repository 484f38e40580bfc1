"""Whether units come closer to each other over time."""

from typing import Any

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.diagnosis.selection import Floats
from dli.errors import DataError, MethodError, UnknownCodeError

__all__ = ["convergence", "dispersion"]


def _panel(
    assessment: Assessment, node: str | None, periods: list[Any] | None
) -> tuple[list[Any], list[Any], Floats]:
    """Give the periods, the units with a score in all of them, and the scores."""
    if assessment.periods is None:
        msg = "convergence needs an assessment of several periods: period=... names their column"
        raise MethodError(msg)
    there = sorted(set(assessment.periods))
    unknown = [period for period in periods or [] if period not in there]
    if unknown:
        what = "period"
        raise UnknownCodeError(what, unknown, there)
    wanted = there if periods is None else periods
    scores = assessment.array(assessment.index.code if node is None else node)
    units = list(dict.fromkeys(assessment.units))
    place = {unit: i for i, unit in enumerate(units)}
    table = np.full((len(units), len(wanted)), np.nan)
    for row, (unit, period) in enumerate(zip(assessment.units, assessment.periods, strict=True)):
        if period in wanted:
            table[place[unit], wanted.index(period)] = scores[row]
    whole = ~np.isnan(table).any(axis=1)
    kept = [unit for unit, is_whole in zip(units, whole.tolist(), strict=True) if is_whole]
    if len(kept) < 3:
        msg = f"convergence needs three units with a score in all periods, got {len(kept)}"
        raise DataError(msg)
    return wanted, kept, table[whole]


def dispersion(assessment: Assessment, *, node: str | None = None) -> Any:
    """Tell how far units lie apart in each period: sigma convergence.

    Parameters
    ----------
    assessment : Assessment
        Of several periods.
    node : str, optional
        The index by default.

    Returns
    -------
    frame
        A row for each period: the period, ``units`` (with a score in all periods, and only these),
        ``mean, sd`` (division by n - 1) and ``cv``, the one over the other. Units come closer where
        they fall.

    Raises
    ------
    MethodError
        An assessment without periods.
    DataError
        Fewer than three units with a score in all periods.
    UnknownCodeError
        No such node.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYZ") * 2, "year": [1] * 3 + [2] * 3, "a": [0, 5, 10, 4, 6, 8]}
    >>> panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> frames.read(dispersion(panel)).column("sd")
    [50.0, 20.0]
    """
    periods, units, scores = _panel(assessment, node, None)
    mean, sd = scores.mean(axis=0), scores.std(axis=0, ddof=1)
    return frames.build(
        {
            str(assessment.observations.period_column): periods,
            "units": np.full(len(periods), len(units)),
            "mean": mean,
            "sd": sd,
            "cv": sd / np.where(mean != 0, mean, np.nan),
        },
        assessment.observations.table.library,
    )


def convergence(
    assessment: Assessment,
    *,
    node: str | None = None,
    first: object = None,
    last: object = None,
) -> Any:
    r"""Tell whether those behind gain faster than those ahead: beta convergence.

    The mean change a year, :math:`(s_T - s_0) / T`, regressed on the level at the start,
    :math:`\beta s_0 + c`; below 0 those behind catch up. The half-life is the time in which half of
    a lag is made up at that speed, :math:`T \ln 2 / -\ln (1 + \beta T)`.

    Parameters
    ----------
    assessment : Assessment
        Of several periods; numbers such as years, or steps of one each.
    node : str, optional
        The index by default.
    first, last : object, optional
        The periods compared; the first and the last by default.

    Returns
    -------
    frame
        One row: ``first, last, units`` (with a score in both), ``beta, standard_error, p_value,
        r_squared`` and ``half_life``, missing where nothing is made up.

    Raises
    ------
    MethodError, DataError, UnknownCodeError
        As of `dispersion`; the same period twice, or units that all start alike.

    References
    ----------
    Barro and Sala-i-Martin (1992), Convergence. Journal of Political Economy 100 (2).
    https://doi.org/10.1086/261816

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> data = {"unit": list("XYZ") * 2, "year": [1] * 3 + [2] * 3, "a": [0, 5, 10, 4, 6, 8]}
    >>> panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    >>> round(frames.read(convergence(panel)).column("beta")[0], 6)
    -0.6
    """
    from scipy.stats import linregress

    all_periods = sorted(set(assessment.periods or ()))
    ends = None
    if all_periods:
        ends = [
            all_periods[0] if first is None else first,
            all_periods[-1] if last is None else last,
        ]
    if ends is not None and ends[0] == ends[1]:
        msg = f"convergence needs two different periods, got {ends[0]!r} twice"
        raise MethodError(msg)
    (start, end), units, scores = _panel(assessment, node, ends)
    if np.ptp(scores[:, 0]) == 0:
        msg = f"all units have the same score in {start!r}: there is no lag to make up"
        raise DataError(msg)
    numeric = all(isinstance(p, (int, float, np.number)) for p in (start, end))
    years = (
        float(end - start) if numeric else float(all_periods.index(end) - all_periods.index(start))
    )
    fit = linregress(scores[:, 0], (scores[:, 1] - scores[:, 0]) / years)
    beta = float(fit.slope)
    left = 1 + beta * years
    half_life = years * np.log(2) / -np.log(left) if 0 < left < 1 else np.nan
    return frames.build(
        {
            "first": [start],
            "last": [end],
            "units": [len(units)],
            "beta": np.array([beta]),
            "standard_error": np.array([float(fit.stderr)]),
            "p_value": np.array([float(fit.pvalue)]),
            "r_squared": np.array([float(fit.rvalue) ** 2]),
            "half_life": np.array([half_life]),
        },
        assessment.observations.table.library,
    )
