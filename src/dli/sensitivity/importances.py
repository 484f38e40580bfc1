"""How much each part of an index shows in its scores, against the weight it is given."""

from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli import frames
from dli.assessment import Assessment
from dli.errors import MethodError
from dli.framework import Index
from dli.multivariate import correlations
from dli.printing import Printed, Sheet

__all__ = ["Importance", "correlation_ratios", "importance"]

Floats: TypeAlias = NDArray[np.float64]


def correlation_ratios(values: ArrayLike, scores: ArrayLike) -> Floats:
    r"""Give the share of the variance of scores that each column explains on its own.

    :math:`S_k = Var(E[s | x_k]) / Var(s)`, the expectation fitted by a cubic regression spline
    with up to four knots at quantiles of the column. For a linear dependence it is the squared
    correlation.

    Parameters
    ----------
    values : array_like of shape (n_units, n_columns)
        NaN is missing: each column is taken over the units that have it and a score.
    scores : array_like of shape (n_units,)

    Returns
    -------
    ndarray of shape (n_columns,)
        From 0 to 1. Columns with fewer than five different values have the ratio of groups, since
        no spline can be fitted. NaN where the column or the scores do not vary, or fewer than
        three units have both.

    References
    ----------
    Paruolo, Saisana and Saltelli (2013), Ratings and rankings: voodoo or science?
    https://doi.org/10.1111/j.1467-985X.2012.01059.x

    Examples
    --------
    >>> x = np.linspace(-1, 1, 50)
    >>> correlation_ratios(np.column_stack([x, np.cos(9 * x)]), x**2).round(2).tolist()
    [1.0, 0.04]
    """
    x = np.asarray(values, dtype=np.float64)
    s = np.asarray(scores, dtype=np.float64)
    if x.ndim != 2 or s.shape != x.shape[:1]:
        msg = f"values must have a row for each of the scores, got {x.shape} and {s.shape}"
        raise MethodError(msg)
    return np.array([_ratio(column, s) for column in x.T])


def _ratio(x: Floats, s: Floats) -> float:
    both = ~(np.isnan(x) | np.isnan(s))
    x, s = x[both], s[both]
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(s) == 0:
        return np.nan
    points, member, counts = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(member, weights=s) / counts
    if points.size >= 5:
        from scipy.interpolate import make_lsq_spline

        places = (points - points[0]) / (points[-1] - points[0])
        # Several points between knots, so that there is something to be averaged.
        n_knots = min(4, (points.size - 4) // 6)
        inner = np.quantile(places, np.arange(1, n_knots + 1) / (n_knots + 1))
        knots = np.concatenate([np.zeros(4), inner, np.ones(4)])
        # Least squares of single values: groups count by the root of their weight.
        means = make_lsq_spline(places, means, knots, w=np.sqrt(counts))(places)
    fitted = means[member]
    return float(np.clip(fitted.var() / s.var(), 0.0, 1.0))


@frozen(kw_only=True, eq=False, repr=False)
class Importance(Printed):
    """Weights and importances of the parts of an index.

    Attributes
    ----------
    codes : tuple of str
    weights : ndarray of shape (n_parts,)
        Effective, within the node; means over units where they differ by unit.
    correlations : ndarray of shape (n_parts,)
        Pearson's, of each part's scores with the node's.
    ratios : ndarray of shape (n_parts,)
        Correlation ratios: the share of the scores' variance that goes when the part is known.
    """

    codes: tuple[str, ...]
    weights: Floats
    correlations: Floats
    ratios: Floats
    _library: Any

    @property
    def shares(self) -> Floats:
        """The correlation ratios scaled to sum to one, to be held against the weights."""
        return np.asarray(self.ratios / np.nansum(self.ratios))

    @property
    def table(self) -> Any:
        """A row for each part: ``code, weight, correlation, ratio, share``."""
        return frames.build(
            {
                "code": list(self.codes),
                "weight": self.weights,
                "correlation": self.correlations,
                "ratio": self.ratios,
                "share": self.shares,
            },
            self._library,
        )

    def _sheet(self) -> Sheet:
        numbers = (self.weights, self.correlations, self.ratios, self.shares)
        rows = [
            (code, *(f"{part[k]:.3f}" for part in numbers)) for k, code in enumerate(self.codes)
        ]
        head = ("code", "weight", "correlation", "ratio", "share")
        return Sheet("What shows in the scores, beside what was meant to", head, rows)


def importance(assessment: Assessment, *, node: str | None = None, level: int = 1) -> Importance:
    """Compare how much each part shows in a node's scores with the weight it is given.

    Parameters
    ----------
    assessment : Assessment
    node : str, optional
        The index by default.
    level : int
        How far below the node the parts are: 1 for its children, 2 for theirs, and so on.

    Returns
    -------
    Importance

    Raises
    ------
    MethodError
        A node without children, or no parts at that level.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": list("VWXYZ"), "a": [1, 3, 2, 5, 4], "b": [2, 2.1, 2.2, 2.3, 2.0]}
    >>> importance(Assessment(index, data)).codes
    ('a', 'b')
    """
    index = assessment.index
    top = index.find(index.code if node is None else node)
    if not isinstance(top, Index):
        msg = f"{top.code!r} is an indicator and has no parts"
        raise MethodError(msg)
    depth = index.level(top.code) + level
    codes = tuple(n.code for n in top.walk() if index.level(n.code) == depth and n is not top)
    if not codes:
        msg = f"there are no parts {level!r} levels below {top.code!r}"
        raise MethodError(msg)
    values = np.stack([assessment.array(code) for code in codes], axis=1)
    scores = assessment.array(top.code)
    whole = assessment.effective_weight_array(top.code)
    weights = [np.mean(assessment.effective_weight_array(code) / whole) for code in codes]
    return Importance(
        codes=codes,
        weights=np.array(weights),
        correlations=correlations(values, scores[:, np.newaxis]).coefficients[:, 0],
        ratios=correlation_ratios(values, scores),
        library=assessment.observations.table.library,
    )
