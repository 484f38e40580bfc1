"""The steps of one's own that the guide shows: a type checker accepts every line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dli
from dli.imputation import Context
from dli.normalisation import IndicatorLike
from dli.sensitivity import Draws
from dli.weighting import Node

Floats = NDArray[np.float64]


class Decreasing:
    """Give each child a share of the weight of the previous one."""

    def __init__(self, share: float) -> None:
        self.share = share

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        shares = self.share ** np.arange(len(children), dtype=np.float64)
        return np.asarray(shares / shares.sum())


class FirstCounts:
    """Give the child with the first code all the weight, whatever the data."""

    traits = dli.weighting.Traits(per_unit=True, uses_values=False)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        codes = [child.code for child in children]
        return np.array([float(code == min(codes)) for code in codes])


class LowerMedian:
    """Take the middle child, of an even number the lower one, whatever the weights."""

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        place = (np.isfinite(values).sum(axis=-1, keepdims=True) - 1) // 2
        return np.take_along_axis(np.sort(values, axis=-1), place, axis=-1)[..., 0]

    def __repr__(self) -> str:
        return "LowerMedian()"


class DeclaredMedian(LowerMedian):
    """The same, with its traits and its derivative."""

    traits = dli.aggregation.Traits(
        skips_missing=True, local=True, monotone=True, homogeneous=True, draws=True
    )

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        is_middle = values == self.aggregate(values, weights)[..., np.newaxis]
        with np.errstate(invalid="ignore"):  # rows without any value
            return np.asarray(is_middle / is_middle.sum(axis=-1, keepdims=True))


class Logistic:
    """Map distances from the mean, in standard deviations, to 0 to 100."""

    traits = dli.normalisation.Traits(ends=(0.0, 100.0), draws=True)

    def normalise(self, values: Floats, indicators: Sequence[IndicatorLike]) -> Floats:
        signs = np.array([float(indicator.direction) for indicator in indicators])
        mean = np.nanmean(values, axis=-2, keepdims=True)
        z = signs * (values - mean) / np.nanstd(values, axis=-2, keepdims=True)
        return np.asarray(100 / (1 + np.exp(-z)))


class SquareRoot:
    """Take square roots, to draw in large values."""

    traits = dli.treatment.Traits(keeps_order=True, draws=True)

    def treat(self, values: Floats) -> Floats:
        return np.sqrt(values)


class Lowest:
    """Fill each gap with the worst value of the indicator."""

    traits = dli.imputation.Traits(over_time=False)

    def impute(self, values: Floats, context: Context) -> Floats:
        directions = np.array(context.directions, dtype=np.float64)
        worst = np.nanmin(values * directions, axis=0) * directions
        return np.where(np.isnan(values), worst, values)


class TwoViews:
    """Strategy and governance first, or services and technology."""

    def factors(self, assessment: dli.Assessment) -> list[str]:
        return ["strategy first"]

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        for code in ("DS", "DG"):
            draws.scale(code, 2 * uniforms[0])
        for code in ("DV", "DT"):
            draws.scale(code, 2 - 2 * uniforms[0])

    def drawn(self, uniforms: Floats, draws: Draws) -> list[list[str]]:
        return [[f"{share:.0%}" for share in uniforms[0]]]


@dataclass(frozen=True)
class Later:
    """A future that does its work when it is asked for the result."""

    result: Callable[[], Any]

    def cancel(self) -> bool:
        return True


class OneAfterAnother:
    """Do every task in the thread that waits for it, where a debugger can stop."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Later:
        return Later(partial(work, *args, **kwargs))


@dataclass(frozen=True)
class Falling:
    """Give each child, in the order of their codes, a share of the previous weight."""

    share: float = 0.5

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        codes = [child.code for child in children]
        places = np.argsort(np.argsort(codes)).astype(np.float64)
        shares = self.share**places
        return np.asarray(shares / shares.sum())


dli.Method(
    imputation=Lowest(),
    treatment={"DT": SquareRoot()},
    normalisation=Logistic(),
    weighting={"DLI": Decreasing(0.8), "DS": FirstCounts(), "DV": Falling()},
    aggregation={0: DeclaredMedian(), 1: LowerMedian()},
)


def studied(assessment: dli.Assessment) -> dli.sensitivity.Uncertainty:
    """Study an input of one's own with an executor of one's own."""
    views = [TwoViews()]
    return dli.sensitivity.uncertainty(assessment, views, n_samples=9, executor=OneAfterAnother())
