"""The mean inconsistency of random judgements, by which a consistency index is divided."""

from collections.abc import Mapping

from dli.errors import MethodError

__all__ = ["RANDOM_INDICES", "geometric_threshold", "random_index"]

# Order 1 to 15. Published tables differ, for each drew its own random matrices.
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
    """Give the mean consistency index of random reciprocal matrices.

    Parameters
    ----------
    n : int
        The order. Beyond 15 every table goes on with ``(2.7699 n - 4.3513 - n) / (n - 1)``, the
        line that Alonso and Lamata (2006) fitted to the mean largest eigenvalue.
    table : {"saaty-1980", "saaty-2005", "donegan-dodd", "alonso-lamata"}

    Returns
    -------
    float
        0 for n up to 2, where nothing can contradict.

    Raises
    ------
    MethodError
        No such table.

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
    """Give the geometric consistency index that goes with a consistency ratio of 0.10.

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
