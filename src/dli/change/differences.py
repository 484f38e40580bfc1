"""Why one unit scores above another: a difference of two scores in parts that add up."""

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

# What tables call the kinds that are not values.
_NAMES = {"weights": "weights", "scale": "scale of the aggregation"}


@frozen
class Side:
    """One of the two scores that are compared: a row of an assessment."""

    assessment: Assessment
    row: int

    @property
    def unit(self) -> HeldUnit:
        """The tree of the row."""
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
    r"""Return why one unit scores above another.

    The points of all rows add up to the difference of the two scores, and exchanging the units
    changes the sign of each. A power mean of order p, with $f(x) = x^p$ (or $\ln x$),
    is decomposed exactly by

    $$
    s_a - s_b = \sum_k w_k \frac{f(x_{ak}) - f(x_{bk})}{(f(s_a) - f(s_b)) / (s_a - s_b)},
    $$

    for the geometric mean the logarithmic mean of the scores times $w_k \ln (x_{ak} /
    x_{bk})$, level by level. Where weights differ, a child is missing in one unit, or the
    aggregation is another, Shapley's value distributes the difference over children and weights:
    the mean of what a switch from the second unit to the first does, over all orders of switching
    (over one order and its reverse for more than twelve children).

    Parameters
    ----------
    assessment : Assessment
        Of both units.
    first, second : object
        The units.
    node : str, optional
        The index by default.
    period : object, optional
        Required if there are several periods.

    Returns
    -------
    frame
        A row for each indicator below the node: ``code``, ``name``; ``first`` and ``second``, the
        normalised values; ``points``. Where the units have weights of their own, a row for each
        node whose weights make a difference has the name ``weights``; a sub-index that one of
        the units lacks, or whose score was filled from other units, has a row of its own.

    Raises
    ------
    UnknownCodeError, DataError
        No such unit, period or node; a unit without a score.
    MethodError
        An aggregation that compares units with each other, such as Copeland's, so that a unit
        with all values of another does not get the other's score; a period of data without
        periods, or no period of data with several.

    Notes
    -----
    While units are switched, the weights of missing children are shared among the rest, whatever
    coverage the method asks for. A hybrid of two units that has no score, because it has no value
    or values that the aggregation does not accept, counts as the mean of both scores.

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
    """Return the columns of a table of parts, without idle weights and scales.

    Columns: ``code``, ``name``, the scores of both sides under their names, and ``points``.
    """
    idle = TIE * max(abs(first.score(code)), abs(second.score(code)))
    shown = [part for part, own in points.items() if part[1] == "value" or abs(own) > idle]
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
    """Return the points of a difference at a node by what makes it, indicators first."""
    top = first.assessment.index.find(code)
    leaves = [leaf.code for leaf in top.indicators] if isinstance(top, Index) else [code]
    return split(first.unit, second.unit, code, leaves)
