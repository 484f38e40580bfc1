"""Assessments that the tests of sensitivity share."""

import numpy as np

from dli import Assessment, Index, Indicator, Method
from dli.normalisation import MinMax

INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a1"), Indicator("a2", weight=2), Indicator("a3")]),
        Index("B", [Indicator("b1"), Indicator("b2")], weight=1.5),
        Index("C", [Indicator("c1")]),
    ],
)
CODES = [indicator.code for indicator in INDEX.indicators]


def example(*, n_units=9, gaps=0.0, seed=0, periods=None, **choices):
    """Give an assessment of made-up units, all values above zero."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 9, (n_units, len(CODES)))
    values[rng.random(values.shape) < gaps] = np.nan
    values[:, 0] = rng.uniform(1, 9, n_units)  # nobody is left with nothing
    data = {"unit": [f"u{i}" for i in range(n_units)], **dict(zip(CODES, values.T, strict=True))}
    if periods is not None:
        data["unit"] = [f"u{i // periods}" for i in range(n_units)]
        data["year"] = [i % periods for i in range(n_units)]
    choices.setdefault("normalisation", MinMax(1, 10))
    return Assessment(
        INDEX, data, period=None if periods is None else "year", method=Method(**choices)
    )
