"""Statistics of the indicators of an assessment."""

import attrs

from dli.assessment import Assessment
from dli.frames import Frame
from dli.multivariate.description import Statistics
from dli.multivariate.description import statistics as statistics_of_columns
from dli.multivariate.selection import build_by_period

__all__ = ["statistics"]

_FLAGS = {
    "lacks_values": "few values",
    "lacks_nonzero": "few values other than 0",
    "lacks_variety": "few different values",
    "has_outliers": "outliers",
}


def statistics(assessment: Assessment, *, stage: str = "raw", **limits: float) -> Frame:
    """Return statistics of each indicator after a step, and flag what stands out.

    Missing values are left out, and counted.

    Parameters
    ----------
    assessment : Assessment
    stage : {"raw", "denominated", "imputed", "treated", "normalised"}
        The step after which indicators are taken.
    **limits : float
        ``available``, ``nonzero``, ``unique``, ``skewness_limit`` and ``kurtosis_limit``, as
        `dli.multivariate.arrays.statistics`.

    Returns
    -------
    frame
        A row for each indicator (in each period), with the columns ``code, name``, the statistics
        of `dli.multivariate.arrays.Statistics`, and ``flag``: any of ``no value``, ``constant``,
        ``few values``, ``few values other than 0``, ``few different values`` and ``outliers``.

    Raises
    ------
    UnknownCodeError
        No such stage.
    MethodError
        A share that is not a number from 0 to 1, or a limit that is not a number.
    DataError
        A column of periods with the name of a column of this table.

    Examples
    --------
    >>> from dli import Index, Indicator, frames
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, None, 0.0]}
    >>> table = frames.read(statistics(Assessment(index, data)))
    >>> table.column("mean"), table.column("flag")
    ([2.0, 2.5], ['', 'few values other than 0'])
    """
    values = assessment.stage_array(stage)
    indicators = assessment.index.indicators
    tables = {}
    for period, rows in assessment.rows_by_period.items():
        described = statistics_of_columns(values[rows], **limits)
        columns = attrs.asdict(described, recurse=False)
        tables[period] = {
            "code": [indicator.code for indicator in indicators],
            "name": [indicator.name for indicator in indicators],
            **{name: column for name, column in columns.items() if name not in _FLAGS},
            "flag": [_flag(described, j) for j in range(len(indicators))],
        }
    return build_by_period(assessment, tables)


def _flag(described: Statistics, column: int) -> str:
    if described.n_unique[column] == 0:
        return "no value"
    flags = {"constant": described.n_unique == 1} | {
        flag: getattr(described, name) for name, flag in _FLAGS.items()
    }
    return ", ".join(flag for flag, where in flags.items() if where[column])
