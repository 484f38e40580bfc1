"""What the explorer's page costs, and whether it computes what the library computes.

Needs Playwright and Chromium (the environment variable CHROMIUM names another browser).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

import dli
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
    """Open the page of an assessment; give it and its size in bytes."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "explorer.html"
        explorer(assessment, path)
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        yield page, path.stat().st_size
        browser.close()


def compare(page: Any, assessment: dli.Assessment, n: int) -> None:
    """Compare scores and ranks under random weights with the library's."""
    rng = np.random.default_rng(0)
    codes = [node.code for node in assessment.index.walk()][1:]
    top = assessment.index.code
    worst, different = 0.0, 0
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
    print(f"  {n:,} weight vectors: scores within {worst:.1e} of the largest (goal 1e-12), ")
    print(f"  {different} with other ranks (goal 0)")


def time(page: Any, n: int, goals: str) -> None:
    """Time what follows when a slider is moved."""
    computing, drawing = page.evaluate(TIMED, n)
    print(
        f"  of {n:,} moves 95 % are computed in {np.quantile(computing, 0.95):.2f} ms and "
        f"computed, drawn and laid out in {np.quantile(drawing, 0.95):.1f} ms ({goals})"
    )


def main() -> None:
    """Explore 193 governments, and as many units as the United States have counties."""
    data = dli.datasets.load("digital-government")
    governments = dli.Assessment(dli.models.load("dli-public"), data, unit="iso3")
    with opened(governments) as (page, size):
        print(f"193 governments, 29 indicators: {size / 1000:.0f} kB (goal 150)")
        time(page, 1_000, "goals 2 and 50")
        compare(page, governments, 10_000)

    # Few values, many of them equal or missing: ranks are full of ties.
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
    tied = dli.Assessment(dli.Index("T", children), columns, method=method)
    with opened(tied) as (page, size):
        print(f"120 units with ties and gaps: {size / 1000:.0f} kB")
        compare(page, tied, 10_000)

    n = 3_142
    many = {"unit": [f"county {i}" for i in range(n)]}
    many |= {f"i{j}": rng.random(n).round(4) for j in range(29)}
    sub = [dli.Index(f"s{k}", [dli.Indicator(f"i{j}") for j in range(k, 29, 5)]) for k in range(5)]
    counties = dli.Assessment(dli.Index("C", sub), many)
    with opened(counties) as (page, size):
        print(f"{n:,} units, 29 indicators: {size / 1000:.0f} kB")
        time(page, 200, "goal 100 in all")


if __name__ == "__main__":
    main()
