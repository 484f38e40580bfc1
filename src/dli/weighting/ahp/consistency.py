"""Checks of the consistency of judgements, and of whether they exceed the scale."""

from collections.abc import Mapping, Sequence
from warnings import warn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.errors import DLIWarning, InconsistentJudgementsError
from dli.weighting.by_code import count_of, one_of
from dli.weighting.protocol import Floats

__all__ = [
    "RANDOM_INDICES",
    "RANGE",
    "ROUNDING",
    "SCALE",
    "beyond_range",
    "check_consistency",
    "geometric_threshold",
    "random_index",
    "ratio_in_words",
    "shown",
    "warn_beyond_scale",
    "warn_of_scale",
]

# The scale of Saaty (1980): 1 equal, 3 moderately, 5 strongly, 7 very strongly, 9 extremely more.
SCALE = 9.0
# Reciprocals such as 1/3 may be rounded to three digits, as in a text file, but not to fewer.
ROUNDING = 5e-3
# Products of two numbers in this range, and sums of many, do not overflow.
_LEAST, _MOST = 1e-100, 1e100
RANGE = f"from {_LEAST:g} to {_MOST:g}"

# For orders 1 to 15. Published tables differ, as each is based on its own random matrices.
RANDOM_INDICES: Mapping[str, tuple[float, ...]] = {
    # Saaty (1980); the entry for 12 is below that for 11 in the source.
    "saaty-1980": (
        0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59,
    ),
    # Saaty (2005), Theory and Applications of the Analytic Network Process, page 31.
    "saaty-2005": (
        0.0, 0.0, 0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49, 1.52, 1.54, 1.56, 1.58, 1.59,
    ),
    # Donegan and Dodd (1991), https://doi.org/10.1016/0895-7177(91)90098-R
    "donegan-dodd": (
        0.0, 0.0, 0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733, 1.4055, 1.4213, 1.4497,
        1.4643, 1.4822, 1.4969,
    ),
    # Alonso and Lamata (2006), https://doi.org/10.1142/S0218488506004114
    "alonso-lamata": (
        0.0, 0.0, 0.5245, 0.8815, 1.1086, 1.2479, 1.3417, 1.4056, 1.4499, 1.4854, 1.5141, 1.5365,
        1.5551, 1.5713, 1.5838,
    ),
}  # fmt: skip


def random_index(n: int, table: str = "saaty-1980") -> float:
    """Return the mean consistency index of random reciprocal matrices.

    Parameters
    ----------
    n : int
        The order of the matrices, at least 1. Above 15, every table is continued by
        ``(2.7699 n - 4.3513 - n) / (n - 1)``, which uses the line that Alonso and Lamata (2006)
        fitted to the mean largest eigenvalue.
    table : {"saaty-1980", "saaty-2005", "donegan-dodd", "alonso-lamata"}
        The published table to use.

    Returns
    -------
    float
        The random index; 0 for n up to 2, where judgements cannot contradict one another.

    Raises
    ------
    MethodError
        An order that is not a whole number of at least 1, or an unknown table.

    References
    ----------
    Alonso, J. A. and Lamata, M. T. (2006), Consistency in the analytic hierarchy process: a new
    approach. https://doi.org/10.1142/S0218488506004114

    Examples
    --------
    >>> random_index(5), round(random_index(20), 3)
    (1.12, 1.634)
    """
    n = count_of("the order n", n)
    one_of("random_index", table, RANDOM_INDICES)
    known = RANDOM_INDICES[table]
    return known[n - 1] if n <= len(known) else (2.7699 * n - 4.3513 - n) / (n - 1)


def geometric_threshold(n: int) -> float:
    """Return the geometric consistency index that corresponds to a consistency ratio of 0.10.

    It is 0.31 for an order n up to 3, 0.35 for 4 and 0.37 above (Aguarón and Moreno-Jiménez 2003,
    the source of the index in `ahp_priorities`).

    Raises
    ------
    MethodError
        An order that is not a whole number of at least 1.

    Examples
    --------
    >>> [geometric_threshold(n) for n in (3, 4, 9)]
    [0.31, 0.35, 0.37]
    """
    return {3: 0.31, 4: 0.35}.get(max(count_of("the order n", n), 3), 0.37)


def beyond_range(judgements: ArrayLike) -> NDArray[np.bool_]:
    """Return which judgements are outside the range from 1e-100 to 1e100; NaN (missing) is not.

    Judgements may exceed the range by the rounding of a reciprocal.
    """
    x = np.asarray(judgements, dtype=np.float64)
    return np.asarray((x < _LEAST * (1 - ROUNDING)) | (x > _MOST * (1 + ROUNDING)))


def warn_of_scale(
    low: Floats, high: Floats, names: Sequence[str], whose: str = "", *, depth: int = 3
) -> None:
    """Warn about judgements, or ends of intervals, beyond Saaty's scale; NaN is missing.

    ``depth`` is the number of calls above this one to which the warning refers, like
    ``stacklevel``.
    """
    with np.errstate(invalid="ignore"):
        logs = np.fmax(np.abs(np.log(low)), np.abs(np.log(high)))
    beyond = np.argwhere(logs > np.log(SCALE) + 1e-9).tolist()
    pairs = [
        f"({names[i]}, {names[j]}): {shown(low[i, j], high[i, j])}"
        for i, j in beyond
        if i < j or np.isnan(low[j, i])
    ]
    warn_beyond_scale(pairs, whose, depth=depth + 1)


def warn_beyond_scale(judgements: Sequence[str], whose: str = "", *, depth: int = 3) -> None:
    """Warn about judgements beyond Saaty's scale, if there are any."""
    if judgements:
        msg = f"judgements {whose} beyond the scale from 1/9 to 9: ".replace("  ", " ")
        warn(msg + ", ".join(judgements), DLIWarning, stacklevel=depth)


def shown(low: float, high: float) -> str:
    """Return an interval as text, or its value if both ends are the same."""
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def check_consistency(ratio: float, limit: float, whose: str, *, strict: bool) -> None:
    """Warn about a consistency ratio above a limit, or raise an error if ``strict`` is True."""
    if ratio > limit:
        msg = f"the judgements {whose} have a consistency ratio of {ratio:.3f}, above {limit:g}"
        if strict:
            raise InconsistentJudgementsError(msg)
        warn(msg, DLIWarning, stacklevel=3)


def ratio_in_words(ratio: float, limit: float, whose: str = "") -> str:
    """Return a sentence with a consistency ratio, which also says if it is above the limit."""
    verdict = (
        f", above the limit of {limit:g}: the judgements contradict each other"
        if ratio > limit
        else ""
    )
    return f"Consistency ratio{whose}: {ratio:.3f}{verdict}."
