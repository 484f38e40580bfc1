"""What graphs of capabilities cost: influence, leverage, plans, and a very large graph."""

from time import process_time
from typing import Any

import numpy as np

import dli
from benchmarks.measuring import Bench, timed, turns
from dli.capability import CapabilityGraph


def made_up(n_nodes: int, n_links: int, n_indicators: int) -> tuple[CapabilityGraph, Any, Any]:
    """Make links with feedback, capabilities and an index of five sub-indices for 193 units."""
    rng = np.random.default_rng(1)
    n_capabilities = n_nodes - n_indicators
    ends = rng.integers([n_capabilities, n_nodes], size=(2 * n_links, 2))
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    ends = rng.permutation(ends)[:n_links]
    codes = [f"c{i}" for i in range(n_capabilities)] + [f"i{i}" for i in range(n_indicators)]
    links = {
        "source": [codes[i] for i in ends[:, 0]],
        "target": [codes[i] for i in ends[:, 1]],
        "strength": rng.uniform(0.005, 0.08, len(ends)),
    }
    parts = [
        dli.Index(f"P{p}", [dli.Indicator(f"i{i}") for i in range(p, n_indicators, 5)])
        for p in range(5)
    ]
    values = {f"i{i}": rng.uniform(size=193) for i in range(n_indicators)}
    data = {"unit": [f"u{i}" for i in range(193)], **values}
    graph = CapabilityGraph.from_table(links, {"code": codes[:n_capabilities]})
    index = dli.Index("T", parts)
    return graph, index, dli.Assessment(index, data)


def measure(bench: Bench) -> None:
    influence(bench)
    plans(bench)
    large(bench)


def influence(bench: Bench) -> None:
    """Compare total influence and leverage of 200 nodes with bare NumPy."""
    graph, _, assessment = made_up(200, 1000, 60)
    n_rounds = bench.size(15, 5)
    # A graph keeps what it has computed: each round needs one of its own.
    fresh = [CapabilityGraph(graph.capabilities, graph.links) for _ in range(n_rounds)]
    matrix = graph.direct.toarray()
    n = len(graph.codes)
    slopes = np.random.default_rng(0).uniform(size=(193, 60))

    def ours() -> None:
        own = fresh.pop()
        own.total_influence_array()
        own.leverage_array(assessment)

    def bare() -> Any:
        return slopes @ np.linalg.solve(np.eye(n) - matrix[:, :n], matrix[:, n:]).T

    times = turns(n_rounds, {"floor": bare, "dli": ours})
    bench.ratio(
        "influence and leverage, 200 nodes, 193 units",
        times,
        ("dli", "floor"),
        at_most=10,
        floor="solving and one product",
    )


def large(bench: Bench) -> None:
    """Time a graph of 10,000 nodes and 100,000 links."""

    def whole() -> None:
        graph, index, assessment = made_up(10_000, 100_000, 100)
        graph.check(index)
        graph.leverage_array(assessment)

    bench.figure(
        "10,000 nodes, 100,000 links: made, checked, leverage of 193 units",
        timed(whole).process,
        "s",
        at_most=20,
    )


def plans(bench: Bench) -> None:
    """Time plans over the 25 capabilities and barriers of the public model, five steps each."""
    index = dli.models.load("dli-public")
    data = dli.datasets.load("digital-government")
    graph = dli.models.load_capabilities("dli-public")
    methods = {
        "arithmetic": dli.Method(),
        "geometric": dli.Method(
            normalisation=dli.normalisation.MinMax(1, 100),
            aggregation=dli.aggregation.GeometricMean(),
        ),
    }
    for name, method in methods.items():
        assessment = dli.Assessment(index, data, unit="iso3", method=method)
        has_score = ~np.isnan(assessment.array("DLI"))
        units = [u for u, own in zip(assessment.units, has_score, strict=True) if own]
        slowest, gap = 0.0, 0.0
        for unit in units[:: bench.size(20, 90)]:
            start = process_time()
            plan = graph.plan(assessment, unit, budget=10)
            slowest, gap = max(slowest, process_time() - start), max(gap, plan.gap)
        own = f"plans of 25 x 5 steps, {name} means"
        bench.figure(f"{own}: slowest", slowest, "s", at_most=10)
        bench.figure(f"{own}: largest gap", gap, "", at_most=1e-6, floor="the best plan there is")
