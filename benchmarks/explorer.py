"""What the explorer's page costs, and whether it computes what the library computes.

Needs Playwright and Chromium (the environment variable CHROMIUM names another browser).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import dli
from benchmarks.measuring import Bench
from dli.report import explorer

BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

# Follows links one after the other and returns the scores and ranks of each; draws the last.
FOLLOWED = """links => {
    const results = links.map(link => {
        follow(link);
        const { scores, ranks } = tree.all(state);
        return [Array.from(scores[0]), Array.from(ranks)];
    });
    refresh();
    return results;
}"""
# Moves a slider again and again, and returns how long computing and drawing take.
TIMED = """n => {
    const [computing, drawing] = [[], []];
    const sliders = [...document.querySelectorAll("#sliders input")];
    for (let i = 0; i < n; i++) {
        const slider = sliders[i % sliders.length];
        slider.value = (i * 37) % 50;
        slider.dispatchEvent(new Event("input"));
        const start = performance.now();
        tree.all(state);
        computing.push(performance.now() - start);
        const again = performance.now();
        refresh();
        document.body.getBoundingClientRect();  // lays the page out
        drawing.push(performance.now() - again);
    }
    return [computing, drawing];
}"""


@contextmanager
def opened(assessment: dli.Assessment) -> Iterator[tuple[Any, int]]:
    """Open the page of an assessment; yield it and its size in bytes."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "explorer.html"
        explorer(assessment, path)
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        yield page, path.stat().st_size
        browser.close()


def compare(bench: Bench, name: str, page: Any, assessment: dli.Assessment) -> None:
    """Compare scores and ranks under random weights with the library's."""
    rng = np.random.default_rng(0)
    codes = [node.code for node in assessment.index.walk()][1:]
    top = assessment.index.code
    worst, different, n = 0.0, 0, bench.size(10_000, 500)
    for _ in range(n // 100):
        draws = [dict(zip(codes, rng.random(len(codes)).tolist(), strict=True)) for _ in range(100)]
        links = ["&".join(f"w.{code}={w!r}" for code, w in own.items()) for own in draws]
        for own, (scores, ranks) in zip(draws, page.evaluate(FOLLOWED, links), strict=True):
            expected = assessment.evolve(index=assessment.index.with_weights(own))
            true = expected.array(top)
            gap = np.abs(np.array(scores) - true)
            assert np.array_equal(np.isnan(gap), np.isnan(true))
            worst = max(worst, float(np.nanmax(gap / np.nanmax(np.abs(true)))))
            different += int(not np.array_equal(ranks, expected.rank_array(top), equal_nan=True))
    floor = f"the library, {n:,} weight vectors"
    bench.figure(f"{name}: largest distance of scores", worst, "of the largest", at_most=1e-12,
                 floor=floor)  # fmt: skip
    bench.figure(f"{name}: vectors with other ranks", different, "", at_most=0, floor=floor)


def moves(page: Any, n: int) -> tuple[float, float]:
    """Return in how many ms 95 % of the moves of a slider are computed, and drawn as well."""
    computing, drawing = page.evaluate(TIMED, n)
    return float(np.quantile(computing, 0.95)), float(np.quantile(drawing, 0.95))


def measure(bench: Bench) -> None:
    if BROWSER is None or find_spec("playwright") is None:
        bench.skip("the explorer", "it needs Playwright and Chromium")
        return
    governments(bench)
    ties(bench)
    counties(bench)


def governments(bench: Bench) -> None:
    """Explore 193 governments."""
    data = dli.datasets.load("digital-government")
    assessment = dli.Assessment(dli.models.load("dli-public"), data, unit="iso3")
    with opened(assessment) as (page, size):
        bench.figure("193 governments: size", size / 1000, "kB", at_most=150)
        computed, drawn = moves(page, bench.size(1_000, 200))
        floor = "95 % of the moves of a slider"
        bench.figure("193 governments: computed", computed, "ms", at_most=2, floor=floor)
        bench.figure("193 governments: computed, drawn and laid out", drawn, "ms", at_most=50,
                     floor=floor)  # fmt: skip
        compare(bench, "193 governments", page, assessment)


def ties(bench: Bench) -> None:
    """Compare ranks where few values, many equal or missing, make them full of ties."""
    rng = np.random.default_rng(1)
    codes = [f"i{j}" for j in range(6)]
    values = rng.integers(0, 4, (120, 6)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 0] = 1.0 + np.arange(120) % 3
    children = [
        dli.Index(f"s{k}", [dli.Indicator(code, scale=(0, 4)) for code in codes[3 * k : 3 * k + 3]])
        for k in range(2)
    ]
    method = dli.Method(
        normalisation=dli.normalisation.Scaled(),
        coverage=dli.Coverage(share=0.5, of="indicators"),
    )
    columns = {"unit": [f"u{i:03d}" for i in range(120)], **dict(zip(codes, values.T, strict=True))}
    assessment = dli.Assessment(dli.Index("T", children), columns, method=method)
    with opened(assessment) as (page, _):
        compare(bench, "120 units with ties and gaps", page, assessment)


def counties(bench: Bench) -> None:
    """Explore as many units as the United States have counties."""
    rng = np.random.default_rng(1)
    n = 3_142
    data: dict[str, Any] = {"unit": [f"county {i}" for i in range(n)]}
    data |= {f"i{j}": rng.random(n).round(4) for j in range(29)}
    sub = [dli.Index(f"s{k}", [dli.Indicator(f"i{j}") for j in range(k, 29, 5)]) for k in range(5)]
    with opened(dli.Assessment(dli.Index("C", sub), data)) as (page, size):
        bench.figure("3,142 units: size", size / 1000, "kB", at_most=2000)
        _, drawn = moves(page, bench.size(200, 40))
        bench.figure("3,142 units: computed, drawn and laid out", drawn, "ms", at_most=100,
                     floor="95 % of the moves of a slider")  # fmt: skip
