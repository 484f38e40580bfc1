"""Values that may mean that there is none, read in both ways."""

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.assessment.doubtful import doubtful_cells
from dli.checks import flag_faults, refuse
from dli.errors import MethodError
from dli.sensitivity.draws import Draws

__all__ = ["DoubtfulAsMissing"]


@frozen
class DoubtfulAsMissing:
    """Take values that may mean "missing" as missing, in half of the draws.

    These are the values that indicators declare with ``doubtful``. The other draws, and the nominal
    scores, take them as they are. The method does with them what it does with any missing value.

    Parameters
    ----------
    by_indicator : bool
        Whether the values of each indicator are taken as missing, or as they are, independently of
        those of the others; by default all are read in the same way.

    Notes
    -----
    Each way to read the data is assessed once, whatever the number of draws; of k indicators by
    themselves there are 2 to the power k, which is slow beyond ten or so.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> from dli.sensitivity import evaluate
    >>> index = Index("T", [Indicator("a", goalposts=(0, 4), doubtful=[0]), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [0, 4, 1], "b": [8.0, 0.0, 10.0]}
    >>> evaluate(Assessment(index, data), [DoubtfulAsMissing()], [[0.0], [1.0]]).tolist()
    [[40.0, 50.0, 62.5], [80.0, 50.0, 62.5]]
    """

    by_indicator: bool = False

    def __attrs_post_init__(self) -> None:
        refuse("DoubtfulAsMissing", flag_faults(by_indicator=self.by_indicator))

    def factors(self, assessment: Assessment) -> list[str]:
        """Name the choice between the two readings, or that of each indicator."""
        groups = self._groups(assessment)
        if groups:
            return list(groups)
        declared = [own.code for own in assessment.index.indicators if own.doubtful]
        why = "no indicator declares doubtful values, as Indicator(..., doubtful=(0,)) does"
        if declared:
            why = f"the data have none of the values that are doubtful of {', '.join(declared)}"
        msg = f"DoubtfulAsMissing changes nothing: {why}"
        raise MethodError(msg)

    def _groups(self, assessment: Assessment) -> dict[str, Bools]:
        """Give the cells that are read in the same way, by the name of their factor."""
        indicators = assessment.index.indicators
        cells = doubtful_cells(assessment.observations.values, indicators)
        if not self.by_indicator:
            return {"doubtful values": cells} if cells.any() else {}
        places = np.arange(len(indicators))
        return {
            f"doubtful values of {indicators[j].code}": cells & (places == j)
            for j in np.flatnonzero(cells.any(axis=0)).tolist()
        }

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Leave the cells out of the draws whose number is in the upper half."""
        groups = draws.once(self, lambda: self._groups(draws.assessment))
        for own, cells in zip(uniforms, groups.values(), strict=True):
            draws.omit(cells, own >= 0.5)

    def drawn(self, uniforms: Floats, _: Draws) -> list[list[str]]:
        """Return how each draw reads the values: as they are, or as missing."""
        readings = np.where(uniforms >= 0.5, "missing", "as they are")
        return [[str(reading) for reading in own] for own in readings]
