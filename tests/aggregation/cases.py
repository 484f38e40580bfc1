"""Values and weights that every aggregation can work on."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

Case = tuple[np.ndarray, np.ndarray]

# Every law runs for every scheme: a few cases each make many.
few = settings(max_examples=10, deadline=None)


@st.composite
def weighted(draw: st.DrawFn, *, missing: bool = False, zeros: bool = True) -> Case:
    """Draw values above zero, on a grid so that ties occur, and weights that sum to one."""
    n_units, n_children = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    shape = (n_units, n_children)
    values = draw(arrays(np.float64, shape, elements=st.integers(1, 60).map(lambda i: i / 4)))
    values[0], values[1] = 0.125, 30.0  # columns differ, whatever was drawn
    least = 0 if zeros else 1
    weights = draw(arrays(np.float64, n_children, elements=st.integers(least, 9).map(float)))
    weights[0] += 1
    if missing:
        gaps = draw(arrays(np.bool_, shape))
        gaps[:2] = False
        values[gaps] = np.nan
    return values, weights / weights.sum()
