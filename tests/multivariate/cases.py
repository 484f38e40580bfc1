"""Small assessments whose correlations can be worked out by hand."""

import numpy as np
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator

INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a", "first"), Indicator("b", "second", direction=-1)]),
        Index("B", [Indicator("c"), Indicator("d")]),
        Indicator("e"),
    ],
)
DATA = {
    "unit": list("UVWXYZ"),
    "a": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "b": [6.0, 5.0, 5.5, 2.0, 3.0, 1.0],
    "c": [2.0, 1.0, 4.0, 3.0, 6.0, None],
    "d": [1.0, 0.0, 0.0, 0.0, 9.0, 0.0],
    "e": [5.0, 1.0, 4.0, 4.0, 2.0, 1.0],
    "people": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
    "region": list("NNNSSS"),
}
# The second period has the units in another order, and one of them fewer.
PANEL = {
    name: [*cells, *reversed(cells[:5])] for name, cells in DATA.items() if name != "people"
} | {"year": [2020] * 6 + [2022] * 5, "people": [*range(6), *range(20, 25)]}


def assessment(data=None, **kwargs):
    return Assessment(INDEX, DATA if data is None else data, **kwargs)


def panel():
    data = PANEL | {"a": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0, 2.0, 7.0, 1.0, 4.0]}
    return assessment(data, period="year")


@st.composite
def tables(draw):
    """Give data for the index in which no indicator is constant."""
    n = draw(st.integers(4, 12))
    data = {"unit": [f"u{i}" for i in range(n)]}
    for code in "abcde":
        cells = draw(st.lists(st.integers(-50, 50), min_size=n, max_size=n, unique=True))
        data[code] = np.array(cells, dtype=float)
    data["people"] = np.arange(1.0, n + 1)
    return data
