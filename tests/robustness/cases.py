"""Small assessments whose exact results can be worked out by hand."""

import numpy as np
from attrs import frozen
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator, Method, frames
from dli.normalisation import Goalposts, MinMax

ENDS = (0.0, 100.0)
# The goalposts make every normalised value the raw one.
INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a", goalposts=ENDS), Indicator("b", goalposts=ENDS)]),
        Index(
            "B",
            [Indicator("c", goalposts=ENDS, weight=3), Indicator("d", goalposts=ENDS)],
            weight=3,
        ),
    ],
)
FLAT = Index("T", [Indicator(code, goalposts=ENDS) for code in "abcd"])
WIDE = Index(
    "T",
    [
        Index("A", [Indicator("a1"), Indicator("a2", weight=2), Indicator("a3")]),
        Index("B", [Indicator("b1"), Indicator("b2")], weight=1.5),
        Index("C", [Indicator("c1")]),
    ],
)
CODES = [indicator.code for indicator in WIDE.indicators]


def assess(data, index=FLAT, period=None, **choices):
    """Give an assessment of data given by unit: the values of the indicators in their order."""
    if period is None:
        columns = {"unit": list(data), **_columns(data.values(), index)}
    else:
        columns = {"unit": [u for u, _ in data], "year": [p for _, p in data]}
        columns |= _columns(data.values(), index)
    return Assessment(
        index, columns, period=period, method=Method(**{"normalisation": Goalposts()} | choices)
    )


def _columns(rows, index):
    codes = [indicator.code for indicator in index.indicators]
    return {code: list(cells) for code, cells in zip(codes, zip(*rows, strict=True), strict=True)}


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
        WIDE, data, period=None if periods is None else "year", method=Method(**choices)
    )


@frozen
class OwnWeights:
    """Weights that differ from unit to unit."""

    def weights(self, values, children):
        n_units, n_children = values.shape
        weights = np.random.default_rng(n_units).random((n_units, n_children))
        return weights / weights.sum(axis=1, keepdims=True)


@st.composite
def gapped(draw, *, index=INDEX, missing="renormalise", n_units=5):
    """Give an assessment with values from 0 to 100 in steps of 25, many of them missing."""
    cell = st.sampled_from([None, 0.0, 25.0, 50.0, 75.0, 100.0])
    n = len(index.indicators)
    rows = draw(st.lists(st.lists(cell, min_size=n, max_size=n), min_size=2, max_size=n_units))
    rows[0] = [value or 0.0 for value in rows[0]]
    rows = [row for row in rows if any(value is not None for value in row)]
    return assess({f"u{i}": row for i, row in enumerate(rows)}, index, missing=missing)


@st.composite
def weightings(draw):
    """Give positive weights by code, some of them far larger than others."""
    codes = [node.code for node in INDEX.walk() if node.code != "T"]
    return {code: 10.0 ** draw(st.integers(-4, 4)) for code in codes}


def reweighted(assessment, weights):
    """Give the same data with other weights."""
    index = assessment.index
    return Assessment(
        index.with_weights({code: w for code, w in weights.items() if _has(index, code)}),
        {"unit": list(assessment.units)}
        | dict(
            zip(
                [i.code for i in index.indicators],
                assessment.stage_array("raw").T.tolist(),
                strict=True,
            )
        ),
        method=assessment.method,
    )


def _has(index, code):
    return any(node.code == code for node in index.walk())


def column(table, name):
    return frames.read(table).column(name)
