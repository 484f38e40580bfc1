"""When judgements contradict one another too much, or go beyond the scale."""

from collections.abc import Mapping, Sequence
from warnings import warn

import numpy as np

from dli.errors import DLIWarning, InconsistentJudgementsError, MethodError
from dli.weighting.protocol import Floats

__all__ = [
    "RANDOM_INDICES",
    "check_consistency",
    "geometric_threshold",
    "random_index",
    "shown",
    "warn_of_scale",
]

# The scale of Saaty (1980): 1 equal, 3 moderately, 5 strongly, 7 very strongly, 9 extremely more.
_SCALE = 9.0

# Order 1 to 15. Published tables differ, as each drew its own random matrices.
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
# Aguarón and Moreno-Jiménez (2003), https://doi.org/10.1016/S0377-2217(02)00255-2
_GEOMETRIC_THRESHOLDS = {3: 0.31, 4: 0.35}


def random_index(n: int, table: str = "saaty-1980") -> float:
    """Return the mean consistency index of random reciprocal matrices.

    Parameters
    ----------
    n : int
        The order. Beyond 15 every table continues with ``(2.7699 n - 4.3513 - n) / (n - 1)``, the
        line that Alonso and Lamata (2006) fitted to the mean largest eigenvalue.
    table : {"saaty-1980", "saaty-2005", "donegan-dodd", "alonso-lamata"}

    Returns
    -------
    float
        0 for n up to 2, where no judgements can contradict one another.

    Raises
    ------
    MethodError
        An unknown table.

    References
    ----------
    Alonso, J. A. and Lamata, M. T. (2006), Consistency in the analytic hierarchy process: a new
    approach. https://doi.org/10.1142/S0218488506004114

    Examples
    --------
    >>> random_index(5), round(random_index(20), 3)
    (1.12, 1.634)
    """
    if table not in RANDOM_INDICES:
        msg = f"random_index must be one of {', '.join(RANDOM_INDICES)}, got {table!r}"
        raise MethodError(msg)
    known = RANDOM_INDICES[table]
    return known[n - 1] if n <= len(known) else (2.7699 * n - 4.3513 - n) / (n - 1)


def geometric_threshold(n: int) -> float:
    """Return the geometric consistency index that goes with a consistency ratio of 0.10.

    Parameters
    ----------
    n : int
        The order.

    Returns
    -------
    float
        0.31 for n up to 3, 0.35 for 4, 0.37 above.

    References
    ----------
    Aguarón, J. and Moreno-Jiménez, J. M. (2003), The geometric consistency index: approximated
    thresholds. https://doi.org/10.1016/S0377-2217(02)00255-2

    Examples
    --------
    >>> [geometric_threshold(n) for n in (3, 4, 9)]
    [0.31, 0.35, 0.37]
    """
    return _GEOMETRIC_THRESHOLDS.get(max(n, 3), 0.37)


def warn_of_scale(low: Floats, high: Floats, names: Sequence[str], whose: str = "") -> None:
    """Warn of judgements, or ends of intervals, beyond Saaty's scale; NaN are missing ones."""
    with np.errstate(invalid="ignore"):
        logs = np.fmax(np.abs(np.log(low)), np.abs(np.log(high)))
    beyond = np.argwhere(logs > np.log(_SCALE) + 1e-9).tolist()
    pairs = [
        f"({names[i]}, {names[j]}): {shown(low[i, j], high[i, j])}"
        for i, j in beyond
        if i < j or np.isnan(low[j, i])
    ]
    if pairs:
        msg = f"judgements {whose} beyond the scale from 1/9 to 9: ".replace("  ", " ")
        warn(msg + ", ".join(pairs), DLIWarning, stacklevel=3)


def shown(low: float, high: float) -> str:
    """Return an interval in words, or its one value."""
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def check_consistency(ratio: float, limit: float, whose: str, *, strict: bool) -> None:
    """Warn of a consistency ratio above a limit, or raise if strict."""
    if ratio > limit:
        msg = f"the judgements {whose} have a consistency ratio of {ratio:.3f}, above {limit:g}"
        if strict:
            raise InconsistentJudgementsError(msg)
        warn(msg, DLIWarning, stacklevel=3)
