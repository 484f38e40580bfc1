"""Graphs and assessments that the tests of capabilities share."""

import itertools

import numpy as np
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator, Method, frames
from dli.capability import Capability, CapabilityGraph, Link
from dli.normalisation import Goalposts

INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a1", goalposts=(0, 10)), Indicator("a2", goalposts=(0, 10))]),
        Index(
            "B",
            [Indicator("b1", goalposts=(0, 10)), Indicator("b2", goalposts=(10, 0), direction=-1)],
        ),
    ],
)
DATA = {
    "unit": ["X", "Y", "Z", "V"],
    "a1": [2.0, 8.0, 5.0, 10.0],
    "a2": [4.0, 6.0, 9.0, 7.0],
    "b1": [6.0, 5.0, 4.0, 3.0],
    "b2": [7.0, 2.5, 5.5, 1.0],
}


def column(frame, name):
    """Give a column of a table, which may be empty."""
    return frames.read(frame).column(name) if len(frame) else []


def example(*, data=DATA, period=None, **choices):
    """Give four units on two sub-indices of two indicators, scored from 0 to 100."""
    choices.setdefault("normalisation", Goalposts())
    return Assessment(INDEX, data, period=period, method=Method(**choices))


def graph(*links, barriers=()):
    """Build a graph from (source, target, strength) or (source, target, strength, options)."""
    inside = {"a1", "a2", "b1", "b2", "A", "B", "T"}
    ends = dict.fromkeys(itertools.chain.from_iterable(link[:2] for link in links))
    return CapabilityGraph(
        [
            Capability(code, kind="barrier" if code in barriers else "capability")
            for code in ends
            if code not in inside
        ],
        [Link(*link[:3], **(link[3] if len(link) > 3 else {})) for link in links],
    )


@st.composite
def matrices(draw, *, acyclic=False, signed=True):
    """Draw direct influence that converges: every row adds up to less than one."""
    n = draw(st.integers(2, 6))
    low = -1.0 if signed else 0.0
    cells = draw(
        st.lists(
            st.sampled_from([0.0, 0.0, low * 0.3, 0.15, 0.45, 0.9]), min_size=n * n, max_size=n * n
        )
    )
    a = np.reshape(cells, (n, n))
    np.fill_diagonal(a, 0.0)
    if acyclic:
        return np.triu(a, 1)
    return a / max(1.0, np.abs(a).sum(axis=1).max() * 1.05)


@st.composite
def graphs(draw, *, signed=True, outcomes=("a1", "a2", "b1", "b2", "A")):
    """Draw a graph of three to five capabilities with feedback and outcomes of the example."""
    codes = [f"c{i}" for i in range(draw(st.integers(2, 5)))]
    barriers = draw(st.sets(st.sampled_from(codes), max_size=len(codes) - 1)) if signed else set()
    pairs = [(s, t) for s in codes for t in (*codes, *outcomes) if s != t]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=2, max_size=12, unique=True))
    if not any(target in outcomes for _, target in chosen):
        chosen.append((codes[0], outcomes[0]))
    strengths = draw(
        st.lists(st.sampled_from([0.1, 0.15, 0.2]), min_size=len(chosen), max_size=len(chosen))
    )
    return CapabilityGraph(
        [Capability(c, kind="barrier" if c in barriers else "capability") for c in codes],
        [Link(s, t, strength) for (s, t), strength in zip(chosen, strengths, strict=True)],
    )
