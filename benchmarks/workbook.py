"""What a live workbook costs, in time and in bytes."""

import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import dli
from benchmarks.measuring import Bench, timed
from dli.exchange import write_workbook


def measure(bench: Bench) -> None:
    """Write 193 governments by 29 indicators, with means of two kinds."""
    if find_spec("xlsxwriter") is None:
        bench.skip("workbooks", "xlsxwriter is not installed")
        return
    data = dli.datasets.load("digital-government")
    index = dli.models.load("dli-public")
    methods = {
        "arithmetic means": dli.Method(),
        "geometric means": dli.Method(
            normalisation=dli.normalisation.MinMax(1, 100),
            aggregation=dli.aggregation.GeometricMean(),
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.xlsx"
        for name, method in methods.items():
            assessment = dli.Assessment(index, data, unit="iso3", method=method)
            times = timed(partial(write_workbook, assessment, path), bench.size(3, 1))
            own = f"workbook of 193 x 29, {name}"
            bench.figure(own, times.process, "s", at_most=4)
            bench.figure(f"{own}: size", path.stat().st_size / 1e3, "kB", at_most=600)
