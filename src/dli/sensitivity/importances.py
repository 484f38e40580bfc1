"""The importance of each node of an index for its scores, compared with the node's weight."""

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.assessment import Assessment
from dli.checks import instance
from dli.errors import MethodError
from dli.frames import Frame
from dli.framework.select import Nodes, inner_node, select
from dli.multivariate.arrays import correlations
from dli.printing import Printed, Sheet
from dli.weighting.tables import in_range

__all__ = ["Importance", "correlation_ratios", "importance"]


def correlation_ratios(values: ArrayLike, scores: ArrayLike) -> Floats:
    r"""Return the share of the variance of scores that each column explains on its own.

    The share is $S_k = Var(E[s | x_k]) / Var(s)$. The expectation is fitted by a cubic
    regression spline with up to four knots at quantiles of the column. Because a flexible curve
    also follows noise, above all with few units, the share is adjusted for the $p$ parameters of
    the curve like an adjusted $R^2$: $1 - (1 - R^2) (n - 1) / (n - p)$, or 0 if that is
    negative. For many units and a linear dependence it equals the squared correlation.

    Parameters
    ----------
    values : array_like of shape (n_units, n_columns)
        Values of the columns; NaN means missing. Each column uses the units that have both a
        value and a score.
    scores : array_like of shape (n_units,)
        The scores whose variance is explained.

    Returns
    -------
    ndarray of shape (n_columns,)
        Shares from 0 to 1. A column with fewer than five different values is treated as groups,
        since a spline cannot be fitted. NaN if the column or the scores do not vary, or if the
        number of units with both does not exceed the number of parameters of the curve.

    References
    ----------
    Paruolo, Saisana and Saltelli (2013), Ratings and rankings: voodoo or science?
    https://doi.org/10.1111/j.1467-985X.2012.01059.x

    Examples
    --------
    >>> x = np.linspace(-1, 1, 50)
    >>> correlation_ratios(np.column_stack([x, np.cos(9 * x)]), x**2).round(2).tolist()
    [1.0, 0.0]
    """
    x, s = as_floats(values), as_floats(scores, "scores")
    if x.ndim != 2 or s.shape != x.shape[:1]:
        msg = f"values must have one row for each score, got shapes {x.shape} and {s.shape}"
        raise MethodError(msg)
    return np.array([_ratio(column, s) for column in x.T])


def _ratio(x: Floats, s: Floats) -> float:
    both = ~(np.isnan(x) | np.isnan(s))
    x, s = in_range(np.stack([x[both], s[both]], axis=1))[0].T
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(s) == 0:
        return np.nan
    points, member, counts = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(member, weights=s) / counts
    n_parameters = points.size
    if points.size >= 5:
        from scipy.interpolate import make_lsq_spline

        places = (points - points[0]) / (points[-1] - points[0])
        # Several points lie between two knots, so that the curve averages over them.
        n_knots = min(4, (points.size - 4) // 6)
        inner = np.quantile(places, np.arange(1, n_knots + 1) / (n_knots + 1))
        knots = np.concatenate([np.zeros(4), inner, np.ones(4)])
        # The spline squares its weights, so a group mean is weighted by the root of its count.
        means = make_lsq_spline(places, means, knots, w=np.sqrt(counts))(places)
        n_parameters = n_knots + 4
    if x.size <= n_parameters:
        return np.nan
    unexplained = np.square(s - means[member]).mean() / s.var()
    adjusted = 1.0 - unexplained * (x.size - 1) / (x.size - n_parameters)
    return float(np.clip(adjusted, 0.0, 1.0))


@frozen(kw_only=True, eq=False, repr=False)
class Importance(Printed):
    """Weights and importances of the nodes below a node.

    Attributes
    ----------
    codes : tuple of str
        The codes of the nodes.
    weights : ndarray of shape (n_nodes,)
        Effective weights within the node above; their means over units if they differ by unit.
    correlations : ndarray of shape (n_nodes,)
        Pearson correlations of each node's scores with those of the node above.
    ratios : ndarray of shape (n_nodes,)
        Correlation ratios: the share of the variance of the scores that each node explains on its
        own.
    """

    codes: tuple[str, ...]
    weights: Floats
    correlations: Floats
    ratios: Floats
    _assessment: Assessment = field()

    @property
    def shares(self) -> Floats:
        """The correlation ratios scaled to sum to one, for comparison with the weights."""
        total = np.nansum(self.ratios)
        return np.asarray(self.ratios / (total if total > 0 else np.nan))

    @property
    def table(self) -> Frame:
        """A row for each node: ``code``, ``weight``, ``correlation``, ``ratio`` and ``share``."""
        return self._assessment.table(
            {
                "code": list(self.codes),
                "weight": self.weights,
                "correlation": self.correlations,
                "ratio": self.ratios,
                "share": self.shares,
            }
        )

    def _sheet(self) -> Sheet:
        columns = (self.weights, self.correlations, self.ratios, self.shares)
        rows = [
            (code, *(f"{column[k]:.3f}" for column in columns)) for k, code in enumerate(self.codes)
        ]
        head = ("code", "weight", "correlation", "ratio", "share")
        return Sheet("Importance of each node, compared with its weight", head, rows)


def importance(
    assessment: Assessment,
    node: str | None = None,
    *,
    nodes: Nodes = None,
    period: object = None,
) -> Importance:
    """Compare the weights of nodes with the share of score variance that each of them explains.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    node : str, optional
        The code of the node whose scores are explained; the index by default.
    nodes : int, str or sequence of str, optional
        The explaining nodes: a tree level, or codes of nodes below ``node``; the children of
        ``node`` by default.
    period : object, optional
        The period of the units; required if there are several.

    Returns
    -------
    Importance
        The weight, correlation and correlation ratio of each node, computed over the units that
        have a score both at that node and at ``node``.

    Raises
    ------
    MethodError
        ``node`` does not have children, or ``nodes`` are not below it; a period is named for data
        without periods, or not named for data with several.
    UnknownCodeError
        A node or period is unknown.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": list("VWXYZ"), "a": [1, 3, 2, 5, 4], "b": [2, 2.1, 2.2, 2.3, 2.0]}
    >>> importance(Assessment(index, data)).codes
    ('a', 'b')
    """
    instance("assessment", assessment, Assessment)
    top = inner_node(assessment.index, node)
    below = top.children if nodes is None else select(assessment.index, nodes, below=top.code)
    codes = tuple(child.code for child in below)
    if top.code in codes:
        msg = f"nodes must lie below {top.code!r}, got the node itself"
        raise MethodError(msg)
    rows = assessment.rows(period)
    values = assessment.arrays(codes, normalised=True)[rows]
    scores = assessment.array(top.code)[rows]
    weights = [
        np.broadcast_to(
            assessment.effective_weight_array(code, within=top.code), len(assessment.units)
        )[rows].mean()
        for code in codes
    ]
    return Importance(
        codes=codes,
        weights=np.array(weights),
        correlations=correlations(values, scores[:, np.newaxis]).coefficients[:, 0],
        ratios=correlation_ratios(values, scores),
        assessment=assessment,
    )
