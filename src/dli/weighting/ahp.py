"""The analytic hierarchy process: weights from pairwise judgements."""

from collections.abc import Mapping, Sequence
from typing import Any
from warnings import warn

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.errors import DLIWarning, InconsistentJudgementsError, MethodError, did_you_mean
from dli.weighting.protocol import Floats

__all__ = ["AHP", "Priorities", "ahp_priorities"]

METHODS = ("eigenvector", "geometric")
# Saaty (1980): mean consistency index of random reciprocal matrices of order 1 to 15. The entry
# for 12 is below that for 11 in the source.
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)  # fmt: skip # noqa: E501 one table
# Reciprocals such as 1/3 may carry the rounding of a text file, but no more.
_RECIPROCAL = 1e-6


@frozen(kw_only=True, eq=False)
class Priorities:
    """Weights from pairwise judgements, and how far the judgements contradict one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
        Above zero, summing to one.
    lambda_max : float
        The largest eigenvalue of the matrix; n when it is consistent.
    consistency_index : float
        ``(lambda_max - n) / (n - 1)``, 0 for n = 1.
    consistency_ratio : float
        The index over that of random matrices of the order; up to 0.10 is customary. 0 for
        n <= 2, where nothing can contradict.
    geometric_consistency_index : float
        ``2 / ((n - 1)(n - 2)) * sum of squares of ln(a_ij w_j / w_i), i < j``, with the weights of
        the row geometric means; 0 for n <= 2.
    """

    weights: Floats
    lambda_max: float
    consistency_index: float
    consistency_ratio: float
    geometric_consistency_index: float


def ahp_priorities(matrix: ArrayLike, *, method: str = "eigenvector") -> Priorities:
    r"""Give the priorities of a matrix of pairwise judgements.

    The eigenvector method takes the weights from :math:`A w = \lambda_{max} w`, the geometric one
    the row geometric means :math:`w_i \propto \prod_j a_{ij}^{1/n}`.

    Parameters
    ----------
    matrix : array_like of shape (n, n)
        ``a_ij`` says how many times i counts as much as j: positive and reciprocal,
        ``a_ji = 1 / a_ij``.
    method : {"eigenvector", "geometric"}

    Returns
    -------
    Priorities

    Raises
    ------
    MethodError
        A matrix that is not square, positive and reciprocal; the pairs are named.

    References
    ----------
    Saaty, T. L. (1980), The Analytic Hierarchy Process.
    Crawford, G. and Williams, C. (1985), A note on the analysis of subjective judgment matrices.
    https://doi.org/10.1016/0022-2496(85)90002-1
    Aguarón, J. and Moreno-Jiménez, J. M. (2003), The geometric consistency index: approximated
    thresholds. https://doi.org/10.1016/S0377-2217(02)00255-2

    Examples
    --------
    >>> priorities = ahp_priorities([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]])
    >>> priorities.weights.round(6).tolist()
    [0.6, 0.3, 0.1]
    >>> abs(priorities.consistency_ratio) < 1e-12
    True
    """
    a = np.asarray(matrix, dtype=np.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or len(a) == 0:
        msg = f"judgements must be a square matrix, got shape {a.shape}"
        raise MethodError(msg)
    return _priorities(a, [str(i) for i in range(len(a))], method)


def _priorities(a: Floats, names: Sequence[str], method: str) -> Priorities:
    if method not in METHODS:
        msg = f"method must be one of {', '.join(METHODS)}, got {method!r}"
        raise MethodError(msg)
    _check_matrix(a, names)
    n = len(a)
    means = np.exp(np.log(a).mean(axis=1))
    means /= means.sum()
    weights, lambda_max = _perron(a) if method == "eigenvector" else (means, float(_perron(a)[1]))
    index = (lambda_max - n) / (n - 1) if n > 2 else 0.0
    errors = np.log(a * means / means[:, np.newaxis])[np.triu_indices(n, 1)]
    return Priorities(
        weights=weights,
        lambda_max=lambda_max,
        consistency_index=index,
        consistency_ratio=index / _random_index(n) if n > 2 else 0.0,
        geometric_consistency_index=float(2 / ((n - 1) * (n - 2)) * (errors**2).sum())
        if n > 2
        else 0.0,
    )


def _perron(a: Floats) -> tuple[Floats, float]:
    """Give the positive eigenvector of a positive matrix, and its eigenvalue."""
    values, vectors = np.linalg.eig(a)
    place = int(np.argmax(values.real))
    vector = np.abs(vectors[:, place].real)
    return vector / vector.sum(), float(values[place].real)


def _random_index(n: int) -> float:
    if n <= len(RANDOM_INDEX):
        return RANDOM_INDEX[n - 1]
    # Alonso and Lamata (2006), https://doi.org/10.1142/S0218488506004114: the mean largest
    # eigenvalue of random matrices grows as 2.7699 n - 4.3513.
    return (2.7699 * n - 4.3513 - n) / (n - 1)


def _check_matrix(a: Floats, names: Sequence[str]) -> None:
    faults = []
    for i in range(len(a)):
        if abs(a[i, i] - 1) > _RECIPROCAL:
            faults.append(f"({names[i]}, {names[i]}): {a[i, i]:g}, expected 1")
        for j in range(len(a)):
            value = a[i, j]
            if i != j and not (value > 0 and np.isfinite(value)):
                faults.append(f"({names[i]}, {names[j]}): {value:g} is no number above zero")
            elif i < j and a[j, i] > 0 and abs(value * a[j, i] - 1) > _RECIPROCAL:
                one, other = names[i], names[j]
                faults.append(f"({one}, {other}): {value:g}, yet ({other}, {one}): {a[j, i]:g}")
    if faults:
        msg = (
            "judgements must be positive and reciprocal, a[j, i] = 1 / a[i, j] (write 1/3 rather "
            "than 0.33, or give pairs and leave the other half out)"
        )
        raise MethodError(msg, faults)


def _judgements(judgements: Any) -> Any:
    """Keep judgements as plain tuples: a matrix, or pairs with their value."""
    if isinstance(judgements, Mapping):
        return tuple((*pair, value) for pair, value in judgements.items())
    try:
        rows = judgements.tolist() if isinstance(judgements, np.ndarray) else judgements
        return tuple(tuple(row) for row in rows)
    except TypeError:
        msg = f"judgements must be a matrix, a mapping or a list of pairs, got {judgements!r}"
        raise MethodError(msg) from None


def _codes(items: Any) -> Any:
    return None if items is None else tuple(items)


@frozen
class AHP:
    """Weigh children by pairwise judgements.

    Parameters
    ----------
    judgements : matrix, mapping or list of pairs
        A square matrix; or ``{("DS", "DV"): 3}``, also as ``[["DS", "DV", 3]]``: DS counts three
        times as much as DV. Of pairs one direction is enough.
    items : sequence of str, optional
        The codes of a matrix's rows; by default the children in their order.
    method : {"eigenvector", "geometric"}
    limit : float
        A consistency ratio above it is a warning.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = AHP({("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6})
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme.weights(np.zeros((1, 3)), children).round(6).tolist()
    [0.6, 0.3, 0.1]
    """

    judgements: Any = field(converter=_judgements)
    items: tuple[str, ...] | None = field(default=None, converter=_codes)
    method: str = "eigenvector"
    limit: float = 0.10

    def __attrs_post_init__(self) -> None:
        if self.method not in METHODS:
            msg = f"method must be one of {', '.join(METHODS)}, got {self.method!r}"
            raise MethodError(msg)

    def priorities(self, codes: Sequence[str]) -> Priorities:
        """Give weights and consistency for items in an order.

        Parameters
        ----------
        codes : sequence of str

        Raises
        ------
        MethodError
            Judgements that are no positive reciprocal matrix, or are not about these items.
        InconsistentJudgementsError
            Pairs that nobody judged, or judged in two ways.
        """
        return _priorities(self._matrix(tuple(codes)), codes, self.method)

    def weights(self, values: Floats, children: Sequence[Any]) -> Floats:
        """Give the priorities of the children, and warn of contradictory judgements."""
        priorities = self.priorities([child.code for child in children])
        if priorities.consistency_ratio > self.limit:
            codes = ", ".join(child.code for child in children)
            msg = (
                f"the judgements on {codes} have a consistency ratio of "
                f"{priorities.consistency_ratio:.3f}, above {self.limit:g}"
            )
            warn(msg, DLIWarning, stacklevel=2)
        return priorities.weights

    def _matrix(self, codes: tuple[str, ...]) -> Floats:
        if _are_pairs(self.judgements):
            return _from_pairs(self.judgements, codes)
        items = codes if self.items is None else self.items
        n = len(items)
        if len(self.judgements) != n or any(len(row) != n for row in self.judgements):
            shape = f"{len(self.judgements)} rows of {sorted({len(r) for r in self.judgements})}"
            msg = f"judgements on {', '.join(items)} must be {n} rows of {n}, got {shape}"
            raise MethodError(msg)
        if sorted(items) != sorted(codes):
            msg = f"judgements are on {', '.join(items)}, the children are {', '.join(codes)}"
            raise MethodError(msg)
        order = [items.index(code) for code in codes]
        return np.array(self.judgements, dtype=np.float64)[np.ix_(order, order)]

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        formula = (
            r"the eigenvector $A w = \lambda_{max} w$"
            if self.method == "eigenvector"
            else r"the row geometric means $w_i \propto \prod_j a_{ij}^{1/n}$"
        )
        return (
            f"Analytic hierarchy process: weights are {formula} of pairwise judgements; a "
            f"consistency ratio up to {self.limit:g} is accepted."
        )


def _are_pairs(judgements: Sequence[Sequence[Any]]) -> bool:
    return bool(judgements) and all(
        len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], str) for row in judgements
    )


def _from_pairs(pairs: Sequence[Sequence[Any]], codes: tuple[str, ...]) -> Floats:
    place = {code: i for i, code in enumerate(codes)}
    unknown = [code for a, b, _ in pairs for code in (a, b) if code not in place]
    if unknown:
        faults = [f"{code!r}{did_you_mean(code, codes)}" for code in dict.fromkeys(unknown)]
        msg = f"judgements must be on {', '.join(codes)}; unknown"
        raise MethodError(msg, faults)
    matrix = np.full((len(codes), len(codes)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    faults = []
    for a, b, value in pairs:
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not (np.isfinite(value) and value > 0):
            faults.append(f"({a}, {b}): {value!r} is no number above zero")
            continue
        known = matrix[place[a], place[b]]
        if not np.isnan(known) and abs(known / value - 1) > _RECIPROCAL:
            faults.append(f"({a}, {b}): judged {known:g} and {value:g}")
            continue
        matrix[place[a], place[b]], matrix[place[b], place[a]] = value, 1 / value
    if not faults:
        faults = [
            f"({codes[i]}, {codes[j]}): not judged"
            for i in range(len(codes))
            for j in range(i + 1, len(codes))
            if np.isnan(matrix[i, j])
        ]
    if faults:
        msg = "every pair of items must be judged once, by a number above zero"
        raise InconsistentJudgementsError(msg, faults)
    return matrix
