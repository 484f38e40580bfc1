"""Small assessments whose diagnosis can be worked out by hand."""

import numpy as np
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator, Method, frames
from dli.normalisation import Goalposts

ENDS = (0.0, 100.0)
INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a", "first", goalposts=ENDS), Indicator("b", goalposts=ENDS)]),
        Index(
            "B",
            [
                Indicator("c", goalposts=ENDS, weight=3, target=80.0),
                Indicator("d", goalposts=ENDS, weight=1),
            ],
            "second part",
            weight=3,
        ),
    ],
)
# The goalposts make every normalised value the raw one.
DATA = {
    "unit": list("UVWXYZ"),
    "name": [f"land {letter}" for letter in "UVWXYZ"],
    "a": [50.0, 60.0, 70.0, 80.0, 90.0, 10.0],
    "b": [50.0, 40.0, None, 20.0, 90.0, 10.0],
    "c": [20.0, 40.0, 60.0, 80.0, 90.0, 10.0],
    "d": [60.0, 40.0, 60.0, 40.0, 90.0, 10.0],
    "people": [10.0, 20.0, 30.0, None, 50.0, 60.0],
    "region": ["N", "N", "N", "S", "S", None],
}
PLAIN = Method(normalisation=Goalposts())


def assessment(data=None, index=INDEX, **kwargs):
    return Assessment(index, DATA if data is None else data, **{"method": PLAIN} | kwargs)


def panel():
    """Return two years, the second with all values of `a` halved and the units reversed."""
    data = {name: [*cells, *reversed(cells)] for name, cells in DATA.items()}
    data["a"] = [*DATA["a"], *(value / 2 for value in reversed(DATA["a"]))]
    data["year"] = [2020] * 6 + [2022] * 6
    return assessment(data, period="year")


def column(table, name):
    return frames.read(table, empty=True).column(name)


def rows(table):
    """Return a table as a dict by code."""
    read = frames.read(table, empty=True)
    cells = {name: read.column(name) for name in read.names}
    return {code: {name: cells[name][i] for name in cells} for i, code in enumerate(cells["code"])}


def names(table):
    return list(frames.read(table, empty=True).names)


@st.composite
def tables(draw, *, missing=True):
    """Return data for the index with values from 1 to 100, some of them missing."""
    n = draw(st.integers(3, 9))
    cell = st.integers(1, 100).map(float)
    data = {"unit": [f"u{i}" for i in range(n)]}
    for code in "abcd":
        cells = draw(st.lists(cell, min_size=n, max_size=n))
        gaps = draw(st.lists(st.booleans(), min_size=n, max_size=n)) if missing else [False] * n
        # The first unit has all, and each unit has c.
        data[code] = [
            np.nan if gap and i and code != "c" else value
            for i, (value, gap) in enumerate(zip(cells, gaps, strict=True))
        ]
    size = st.one_of(st.none(), st.floats(0, 50, allow_nan=False))
    data["people"] = draw(st.lists(size, min_size=n, max_size=n))
    data["region"] = draw(st.lists(st.sampled_from(["N", "S", None]), min_size=n, max_size=n))
    return data
