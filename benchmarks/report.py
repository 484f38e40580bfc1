"""What a report costs, beside the drawing of its pictures alone."""

from collections.abc import Callable
from io import BytesIO
from time import perf_counter
from typing import Any

from matplotlib import pyplot as plt

import dli
from dli import plots, report


def drawings(assessment: dli.Assessment, study: Any) -> list[Callable[[], Any]]:
    """Give what draws each picture of the report of an index."""
    return [
        lambda: plots.league(assessment, top=30),
        lambda: plots.framework(assessment.index),
        lambda: plots.correlations(assessment, 1),
        lambda: plots.correlations(assessment),
        lambda: plots.rank_intervals(study, top=60),
        lambda: plots.rank_acceptability(study, top=30),
        lambda: plots.distributions(assessment),
    ]


def main() -> None:
    """Report 193 governments and one of them, and time each."""
    data = dli.datasets.load("digital-government")
    assessment = dli.Assessment(dli.models.load("dli-public"), data, unit="iso3")
    graph = dli.models.load_capabilities("dli-public")
    noise = [dli.sensitivity.WeightNoise(0.25)]
    study = dli.sensitivity.uncertainty(assessment, noise, n_samples=2_000, rng=0)

    plots.framework(assessment.index).figure.savefig(BytesIO())  # fonts are looked up once
    plt.close("all")
    start = perf_counter()
    for draw in drawings(assessment, study):
        figure = draw().figure
        figure.savefig(BytesIO(), format="svg")
        plt.close(figure)
    pictures = perf_counter() - start

    start = perf_counter()
    html = report.of_index(assessment).html()
    whole = perf_counter() - start
    size = len(html.encode()) / 1e6
    print(f"193 governments: {whole:.1f} s, {size:.1f} MB (goals 10 s and 5 MB)")
    print(f"  {whole / pictures:.2f} times its pictures alone, {pictures:.1f} s")

    start = perf_counter()
    html = report.of_unit(assessment, "KEN", graph=graph, budget=8).html()
    print(f"one government: {perf_counter() - start:.1f} s, {len(html.encode()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
