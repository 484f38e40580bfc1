"""What a program that uses the library may write: a type checker accepts every line."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

import dli
from dli.imputation import Context
from dli.normalisation.protocol import IndicatorLike
from dli.sensitivity.engine import Submits
from dli.weighting.protocol import Node

Floats = NDArray[np.float64]


class FromBest:
    """A normalisation of one's own."""

    def normalise(self, values: Floats, indicators: Sequence[IndicatorLike]) -> Floats:
        """Return the distance from the best."""
        signs = np.array([indicator.direction for indicator in indicators])
        return np.asarray(signs * (values - np.nanmax(signs * values, axis=-2)))


class ByCode:
    """A weighting of one's own."""

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Weigh by the length of codes."""
        raw = np.array([float(len(child.code)) for child in children])
        return np.asarray(raw / raw.sum())


class Middle:
    """A treatment, imputation and aggregation of one's own."""

    def treat(self, values: Floats) -> Floats:
        """Return values."""
        return values

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return values."""
        return values

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return medians."""
        return np.asarray(np.median(values, axis=-1))


class Imputer:
    """One of scikit-learn's kind."""

    def fit_transform(self, x: object, y: object = None) -> Floats:
        """Return values."""
        return np.asarray(x, dtype=np.float64)


by_level = {1: dli.weighting.Equal()}
dli.Method(
    availability=0.5,
    imputation=dli.imputation.Linear(),
    treatment=dli.treatment.Winsorise(),
    normalisation=FromBest(),
    weighting=ByCode(),
    aggregation={0: Middle(), "S": dli.aggregation.GeometricMean()},
    missing="propagate",
    coverage={"S": 0.5},
)
dli.Method(imputation=Imputer(), treatment={"S": Middle(), 0: None}, weighting=by_level)
dli.Method(imputation={"a": Middle(), "b": Imputer(), "c": None}, coverage=0.5)


def again(assessment: dli.Assessment) -> dli.Assessment:
    """Assess again."""
    return assessment.evolve(
        missing="raise", weighting={"S": dli.weighting.AHP([[1, 3], [1 / 3, 1]])}
    )


def study(assessment: dli.Assessment) -> dli.sensitivity.Uncertainty:
    """Vary one input, then several."""
    noise = dli.sensitivity.WeightNoise(0.2)
    dli.sensitivity.uncertainty(assessment, noise, n_samples=8)
    inputs = [noise, dli.sensitivity.MeasurementError(0.1)]
    return dli.sensitivity.uncertainty(assessment, inputs, n_samples=8)


indicator: IndicatorLike = dli.Indicator("a", goalposts=(0, 1))
node: Node = dli.Index("T", [dli.Indicator("a")])
executors: list[Submits | None] = [ThreadPoolExecutor(), ProcessPoolExecutor(), None]
