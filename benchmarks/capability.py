"""What graphs of capabilities cost: influence, leverage, plans, and a very large graph."""

from time import perf_counter
from typing import Any

import numpy as np

import dli
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
    start = perf_counter()
    graph = CapabilityGraph.from_table(links, {"code": codes[:n_capabilities]})
    print(f"{len(ends):,} links checked and joined: {perf_counter() - start:.2f} s")
    index = dli.Index("T", parts)
    return graph, index, dli.Assessment(index, data)


def least(run: Any, times: int = 5) -> float:
    """Give the least time of some runs, each on a graph of its own without what is kept."""
    best = np.inf
    for _ in range(times):
        start = perf_counter()
        run()
        best = min(best, perf_counter() - start)
    return best


def influence() -> None:
    """Time total influence and leverage of 200 nodes, beside the bare NumPy of the same."""
    graph, _, assessment = made_up(200, 1000, 60)

    def ours() -> None:
        fresh = CapabilityGraph(graph.capabilities, graph.links)
        start = perf_counter()
        fresh.total_influence_array()
        fresh.leverage_array(assessment)
        spent.append(perf_counter() - start)

    spent: list[float] = []
    least(ours)
    matrix = graph.direct.toarray()
    n = len(graph.codes)
    slopes = np.random.default_rng(0).uniform(size=(193, 60))

    def bare() -> Any:
        return slopes @ np.linalg.solve(np.eye(n) - matrix[:, :n], matrix[:, n:]).T

    ours_s, bare_s = min(spent), least(bare)
    print(
        f"200 nodes, 193 units: influence and leverage {ours_s * 1e3:.1f} ms, "
        f"{ours_s / bare_s:.1f} times bare NumPy"
    )


def large() -> None:
    """Time a graph of 10,000 nodes and 100,000 links."""
    start = perf_counter()
    graph, index, assessment = made_up(10_000, 100_000, 100)
    graph.check(index)
    graph.leverage_array(assessment)
    print(f"10,000 nodes, made, checked, leverage for 193 units: {perf_counter() - start:.2f} s")


def plans() -> None:
    """Time plans over the 25 capabilities and barriers of the public model, five steps each."""
    index = dli.models.load("dli-public")
    data = dli.datasets.load("digital-government")
    graph = dli.models.load_capabilities("dli-public")
    for name, method in (
        ("arithmetic", dli.Method()),
        (
            "geometric",
            dli.Method(
                normalisation=dli.normalisation.MinMax(1, 100),
                aggregation=dli.aggregation.GeometricMean(),
            ),
        ),
    ):
        assessment = dli.Assessment(index, data, unit="iso3", method=method)
        units = [u for u in assessment.units if not np.isnan(assessment.array("DLI")).all()][::20]
        worst, gap = 0.0, 0.0
        for unit in units:
            start = perf_counter()
            plan = graph.plan(assessment, unit, budget=10)
            worst, gap = max(worst, perf_counter() - start), max(gap, plan.gap)
        print(
            f"{name}: {len(units)} plans of 25 x 5 steps, slowest {worst:.2f} s, largest gap {gap}"
        )


if __name__ == "__main__":
    influence()
    plans()
    large()
