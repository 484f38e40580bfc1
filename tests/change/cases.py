"""An index and assessments for tests of differences and changes."""

import numpy as np

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
)
from dli.normalisation import Goalposts

CODES = ["a1", "a2", "b1", "b2", "c"]
INDEX = Index(
    "T",
    [
        Index(
            "A",
            [Indicator("a1", goalposts=(0, 100)), Indicator("a2", weight=2, goalposts=(0, 100))],
        ),
        Index(
            "B",
            [
                Indicator("b1", goalposts=(100, 0), direction=-1),
                Indicator("b2", goalposts=(0, 100)),
            ],
        ),
        Indicator("c", goalposts=(0, 100), weight=0.5),
    ],
)
AGGREGATIONS = [
    ArithmeticMean(), GeometricMean(), HarmonicMean(), PowerMean(3), PowerMean(0.5), Minimum(),
    OrderedWeighted([0.2, 0.3, 0.5]), MazziottaPareto(), AdjustedMazziottaPareto(),
    {"T": GeometricMean(), "A": Minimum(), "B": PowerMean(-2)},
]  # fmt: skip


class Outside:
    """The arithmetic mean as an outside object computes it: for all units together."""

    def __repr__(self):
        return "Outside()"

    def aggregate(self, values, weights):
        return np.einsum("ik,ik->i", values, np.broadcast_to(weights, values.shape))


def assessed(rows, *, index=INDEX, period=None, **choices):
    choices.setdefault("normalisation", Goalposts(1, 101))
    data = {"unit": [f"u{i}" for i in range(len(rows))]}
    data |= {code: [row[j] for row in rows] for j, code in enumerate(CODES)}
    if period is not None:
        data |= {"unit": ["X", "Y"] * 2, "year": [1, 1, 2, 2]}
    return Assessment(index, data, period=period, method=Method(**choices))


def cells(frame, name):
    return frames.read(frame).column(name)
