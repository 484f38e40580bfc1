"""Tables of values that every normalisation can work on, with their indicators."""

from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import dli

Table = tuple[np.ndarray, list[dli.Indicator]]

# Every law runs for every scheme: a few tables each make many.
few = settings(max_examples=10, deadline=None)


@st.composite
def tables(draw: st.DrawFn, *, missing: bool = True) -> Table:
    """Draw values above zero that differ in every column, on a grid so that ties occur."""
    n_units = draw(st.integers(3, 12))
    n_indicators = draw(st.integers(1, 4))
    shape = (n_units, n_indicators)
    values = draw(arrays(np.float64, shape, elements=st.integers(1, 40).map(lambda i: i / 4)))
    values[0], values[1] = 0.125, 11.0  # the ends differ, whatever was drawn
    if missing:
        gaps = draw(arrays(np.bool_, shape))
        gaps[:2] = False
        values[gaps] = np.nan
    return values, draw_indicators(draw, n_indicators)


def draw_indicators(draw: st.DrawFn, n_indicators: int) -> list[dli.Indicator]:
    """Draw indicators whose goalposts, scale and target fit such values."""
    found = []
    for j in range(n_indicators):
        more = draw(st.booleans())
        parameters: dict[str, Any] = {
            "direction": 1 if more else -1,
            "goalposts": (1.0, 9.0) if more else (9.0, 1.0),
            "scale": (0.0, 12.0),
            "target": 8.0 if more else 2.0,
        }
        found.append(dli.Indicator(f"x{j}", **parameters))
    return found
