"""Decomposition of the difference between two scores into contributions that add up."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import TIE
from dli.assessment import Assessment
from dli.checks import instance
from dli.frames import Frame
from dli.framework import Index
from dli.scoring.entering import own_code
from dli.scoring.held import HeldUnit
from dli.scoring.splitting import Part, split

__all__ = ["Side", "difference", "part_columns", "split_sides"]

# The names in tables of the contributions that do not come from values.
_NAMES = {"weights": "weights", "scale": "scale of the aggregation"}


@frozen
class Side:
    """One side of a comparison of two scores: a row of an assessment."""

    assessment: Assessment
    row: int

    @property
    def unit(self) -> HeldUnit:
        """The tree of nodes with the scores and weights of the row."""
        return self.assessment.held.unit(self.row)

    def score(self, code: str) -> float:
        """Return the score of a node."""
        return self.unit.score(code)


def difference(
    assessment: Assessment,
    first: object,
    second: object,
    *,
    node: str | None = None,
    period: object = None,
) -> Frame:
    r"""Decompose the difference between the scores of two units into contributions of indicators.

    The points of all rows add up to the difference of the two scores, and exchanging the units
    reverses the sign of each. A power mean of order p, with $f(x) = x^p$ (or $\ln x$ for the
    geometric mean), is decomposed exactly, level by level, by

    $$
    s_a - s_b = \sum_k w_k \frac{f(x_{ak}) - f(x_{bk})}{(f(s_a) - f(s_b)) / (s_a - s_b)}.
    $$

    For the geometric mean, each term is the logarithmic mean of the two scores times
    $w_k \ln (x_{ak} / x_{bk})$. If weights differ, a child is missing in one unit, or the
    aggregation is not a power mean, the Shapley value distributes the difference over children and
    weights: the mean effect of switching each from the second unit to the first, over all orders
    of switching (over one order and its reverse for more than twelve children).

    Parameters
    ----------
    assessment : Assessment
        The assessment of both units.
    first, second : object
        The two units, as the data name them.
    node : str, optional
        The code of the node whose scores are compared; the index by default.
    period : object, optional
        The period in which the units are compared. Required if there are several periods.

    Returns
    -------
    frame
        One row for each indicator below the node: ``code``, ``name``; ``first`` and ``second``, the
        normalised values; ``points``. If weights differ between units, each node whose weights make
        a difference has a row with the name ``weights``. A sub-index that is missing for one of the
        units, or whose score was filled from other units, has a row of its own.

    Raises
    ------
    UnknownCodeError, DataError
        A unit, the period or the node does not exist; a unit has no score.
    MethodError
        The aggregation compares units with each other, as Copeland's does, so that a unit with all
        values of another does not receive the other's score; a period is named although the data
        have none, or no period is named although the data have several.

    Notes
    -----
    While units are switched, the weights of missing children are shared among the other children,
    whatever coverage the method requires. A hybrid of two units may not have a score, because it
    has no values or values that the aggregation does not accept. It then counts as the mean of both
    scores.

    References
    ----------
    Ang, B. W. (2004), Decomposition analysis for policymaking in energy: which is the preferred
    method? https://doi.org/10.1016/S0301-4215(03)00076-4
    Shapley (1953), A value for n-person games. Contributions to the Theory of Games 2.

    Examples
    --------
    >>> from dli import Indicator, frames
    >>> index = Index("T", [Indicator("a", weight=3), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [0.0, 5.0, 10.0]}
    >>> table = frames.read(difference(Assessment(index, data), "Y", "Z"))
    >>> table.column("code"), table.column("points")
    (['a', 'b'], [37.5, -12.5])
    """
    index = instance("assessment", assessment, Assessment).index
    code = index.code if node is None else node
    one, other = (
        Side(assessment, assessment.scored_row(unit, code, period=period))
        for unit in (first, second)
    )
    points = split_sides(one, other, code)
    return assessment.table(part_columns(one, other, points, code, ("first", "second")))


def part_columns(
    first: Side, second: Side, points: Mapping[Part, float], code: str, names: tuple[str, str]
) -> dict[str, Any]:
    """Return the columns of a table of contributions, without weights and scales of 0 points.

    The columns are ``code``, ``name``, the scores of both sides under ``names``, and ``points``.
    """
    least = TIE * max(abs(first.score(code)), abs(second.score(code)))
    shown = [part for part, gain in points.items() if part[1] == "value" or abs(gain) > least]
    index = first.assessment.index
    scores = {
        name: np.array([side.score(code) if kind == "value" else np.nan for code, kind in shown])
        for name, side in zip(names, (first, second), strict=True)
    }
    return {
        "code": [own_code(code) for code, _ in shown],
        "name": [_NAMES.get(kind, index.find(own_code(code)).name) for code, kind in shown],
        **scores,
        "points": np.array([points[part] for part in shown]),
    }


def split_sides(first: Side, second: Side, code: str) -> dict[Part, float]:
    """Return the points of each contribution to the difference at a node, indicators first."""
    top = first.assessment.index.find(code)
    leaves = [leaf.code for leaf in top.indicators] if isinstance(top, Index) else [code]
    return split(first.unit, second.unit, code, leaves)
