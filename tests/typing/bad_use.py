"""What a type checker refuses: every ignored line is an error, and an ignore too many is one too."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import dli
from dli.normalisation.protocol import IndicatorLike
from dli.sensitivity.engine import Submits
from dli.weighting.protocol import Node


class Normalize:
    """An object with the method under another name."""

    def normalize(
        self, values: NDArray[np.float64], indicators: Sequence[IndicatorLike]
    ) -> NDArray[np.float64]:
        """Return values."""
        return values


class OneArgument:
    """Objects that take less than they are given."""

    def weights(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values."""
        return values

    def aggregate(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values."""
        return values


dli.Method(normalisation=42)  # type: ignore[arg-type]
dli.Method(normalisation=dli.normalisation.MinMax)  # type: ignore[arg-type]
dli.Method(normalisation=Normalize())  # type: ignore[arg-type]
dli.Method(weighting="equal")  # type: ignore[arg-type]
dli.Method(weighting=OneArgument())  # type: ignore[arg-type]
dli.Method(aggregation=OneArgument())  # type: ignore[arg-type]
dli.Method(treatment=dli.imputation.ColumnMean())  # type: ignore[arg-type]
dli.Method(imputation=dli.treatment.Winsorise())  # type: ignore[arg-type]
dli.Method(missing="renormalize")  # type: ignore[arg-type]
dli.Method(availability="half")  # type: ignore[arg-type]
dli.Method(normalize=dli.normalisation.MinMax())  # type: ignore[call-arg]


def again(assessment: dli.Assessment) -> None:
    """Assess again."""
    assessment.evolve(missing=3)  # type: ignore[arg-type]
    assessment.evolve(missing="renormalize")  # type: ignore[arg-type]
    assessment.evolve(normalisation="minmax")  # type: ignore[arg-type]
    assessment.evolve(method=dli.normalisation.MinMax())  # type: ignore[arg-type]
    assessment.evolve(normalize=None)  # type: ignore[call-arg]


indicator: IndicatorLike = "a"  # type: ignore[assignment]
node: Node = dli.Method()  # type: ignore[assignment]
executor: Submits = "threads"  # type: ignore[assignment]
