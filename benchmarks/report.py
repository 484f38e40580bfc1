"""What reports cost, beside the drawing of their pictures alone."""

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import dli
from benchmarks.measuring import Bench, turns


def drawings(assessment: dli.Assessment, study: Any) -> list[Callable[[], Any]]:
    """Return what draws each picture of the report of an index."""
    from dli import plots

    return [
        lambda: plots.league(assessment, top=30),
        lambda: plots.framework(assessment.index),
        lambda: plots.correlations(assessment, 1),
        lambda: plots.correlations(assessment),
        lambda: plots.rank_intervals(study, top=60),
        lambda: plots.rank_acceptability(study, top=30),
        lambda: plots.distributions(assessment),
    ]


def draw(assessment: dli.Assessment, study: Any) -> None:
    """Draw the pictures as SVG."""
    from matplotlib import pyplot as plt

    for drawing in drawings(assessment, study):
        figure = drawing().figure
        figure.savefig(BytesIO(), format="svg")
        plt.close(figure)


def measure(bench: Bench) -> None:
    if find_spec("matplotlib") is None or find_spec("latex2mathml") is None:
        bench.skip("reports", "the extra named report is not installed")
        return
    from dli import plots, report

    data = dli.datasets.load("digital-government")
    assessment = dli.Assessment(dli.models.load("dli-public"), data, unit="iso3")
    graph = dli.models.load_capabilities("dli-public")
    noise = [dli.sensitivity.WeightNoise(0.25)]
    study = dli.sensitivity.uncertainty(assessment, noise, n_samples=2_000, rng=0)
    plots.framework(assessment.index).figure.savefig(BytesIO())  # fonts are looked up once
    pages: dict[str, str] = {}

    def write(name: str, make: Callable[[], Any]) -> None:
        pages[name] = make().html()

    times = turns(
        bench.size(3, 1),
        {
            "pictures": lambda: draw(assessment, study),
            "index": lambda: write("index", lambda: report.of_index(assessment)),
            "unit": lambda: write(
                "unit", lambda: report.of_unit(assessment, "KEN", graph=graph, budget=8)
            ),
        },
    )
    sizes = {name: len(page.encode()) / 1e6 for name, page in pages.items()}
    bench.figure("report of 193 governments", times["index"].process, "s", at_most=10)
    bench.figure("its size", sizes["index"], "MB", at_most=5)
    bench.ratio(
        "report of 193 governments, over its pictures",
        times,
        ("index", "pictures"),
        at_most=2,
        floor="its pictures alone",
    )
    bench.figure("report of one government", times["unit"].process, "s", at_most=10)
    bench.figure("the size of one government's", sizes["unit"], "MB", at_most=2)
