"""Whether units come closer to each other over time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dli.arrays import TIE, Floats
from dli.assessment import Assessment
from dli.change.panel import at_rows, period_rows, periods_of
from dli.errors import DataError, MethodError
from dli.frames import Frame
from dli.periods import period_number, period_order

__all__ = ["convergence", "dispersion"]


def dispersion(assessment: Assessment, *, node: str | None = None) -> Frame:
    """Return how far units lie apart in each period: sigma convergence.

    Parameters
    ----------
    assessment : Assessment
        Of several periods.
    node : str, optional
        The index by default.

    Returns
    -------
    frame
        A row for each period, in the order of time: the period; ``units``, the number of units
        with a score in all periods, since only these are compared; their ``mean`` and ``sd``
        (division by n - 1); and ``cv``, the second divided by the first. Units converge where
        ``sd`` and ``cv`` fall.

    Raises
    ------
    MethodError
        An assessment without periods.
    DataError
        Fewer than three units with a score in all periods, or periods whose order is ambiguous.
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
    periods = period_order(periods_of(assessment))
    scores = _scores_in_all(assessment, node, periods)
    mean, sd = scores.mean(axis=0), scores.std(axis=0, ddof=1)
    return assessment.table(
        {
            str(assessment.observations.period_column): periods,
            "units": np.full(len(periods), len(scores)),
            "mean": mean,
            "sd": sd,
            "cv": sd / np.where(mean != 0, mean, np.nan),
        }
    )


def convergence(
    assessment: Assessment,
    *,
    node: str | None = None,
    first: object = None,
    last: object = None,
) -> Frame:
    r"""Return whether units that are behind gain faster than those ahead: beta convergence.

    The mean change a year, :math:`(s_T - s_0) / T`, is regressed on the score at the start,
    :math:`\beta s_0 + c`; with a slope below 0, units that are behind catch up. The half-life is
    the time in which half of a lag is made up at that speed, :math:`T \ln 2 / -\ln (1 + \beta T)`.

    Parameters
    ----------
    assessment : Assessment
        Of several periods. Time is counted in their unit where they are numbers, such as years,
        and in steps from one period to the next otherwise.
    node : str, optional
        The index by default.
    first, last : object, optional
        The periods to compare; the first and the last by default.

    Returns
    -------
    frame
        One row: ``first``, ``last``, ``units`` (the number with a score in both), ``beta``,
        ``standard_error``, ``p_value``, ``r_squared`` and ``half_life``, which is missing where
        no lag is made up.

    Raises
    ------
    MethodError
        An assessment without periods, or the same period twice.
    DataError
        Fewer than three units with a score in both periods, all of them with the same score at
        the start, or periods whose order is ambiguous.
    UnknownCodeError
        No such node or periods.

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

    periods = period_order(periods_of(assessment))
    start = periods[0] if first is None else first
    end = periods[-1] if last is None else last
    if start == end:
        raise MethodError(f"convergence needs two different periods, got {start!r} twice")
    scores = _scores_in_all(assessment, node, (start, end))
    if np.ptp(scores[:, 0]) <= TIE * np.abs(scores[:, 0]).max():
        raise DataError(f"all units have the same score in {start!r}: there is no lag to make up")
    time = _time_between(periods, start, end)
    fit = linregress(scores[:, 0], (scores[:, 1] - scores[:, 0]) / time)
    beta = float(fit.slope)
    remaining = 1 + beta * time
    half_life = time * np.log(2) / -np.log(remaining) if 0 < remaining < 1 else np.nan
    return assessment.table(
        {
            "first": [start],
            "last": [end],
            "units": [len(scores)],
            "beta": np.array([beta]),
            "standard_error": np.array([float(fit.stderr)]),
            "p_value": np.array([float(fit.pvalue)]),
            "r_squared": np.array([float(fit.rvalue) ** 2]),
            "half_life": np.array([half_life]),
        }
    )


def _time_between(periods: Sequence[Any], start: object, end: object) -> float:
    numbers = [period_number(period) for period in (start, end)]
    if None in numbers:
        numbers = [float(periods.index(period)) for period in (start, end)]
    return float(np.diff(np.array(numbers, dtype=np.float64))[0])


def _scores_in_all(assessment: Assessment, node: str | None, periods: Sequence[Any]) -> Floats:
    """Return the scores of the units that have one in all of the periods."""
    scores = assessment.array(assessment.index.code if node is None else node)
    _, rows = period_rows(assessment, periods)
    table = at_rows(scores, rows)
    complete = table[~np.isnan(table).any(axis=1)]
    if len(complete) < 3:
        raise DataError(
            f"at least three units need a score in all of the periods, got {len(complete)}"
        )
    return complete
