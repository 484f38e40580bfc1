"""What a workbook that calculates costs, in time and in bytes."""

import tempfile
from pathlib import Path
from time import perf_counter, process_time

import dli
from dli.exchange import write_workbook


def main() -> None:
    """Write 193 governments by 29 indicators, with means of two kinds."""
    data = dli.datasets.load("digital-government")
    index = dli.models.load("dli-public")
    methods = {
        "arithmetic means": dli.Method(),
        "geometric means (array formulas)": dli.Method(
            normalisation=dli.normalisation.MinMax(1, 100),
            aggregation=dli.aggregation.GeometricMean(),
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.xlsx"
        for name, method in methods.items():
            assessment = dli.Assessment(index, data, unit="iso3", method=method)
            start, busy = perf_counter(), process_time()
            write_workbook(assessment, path)
            seconds, busy = perf_counter() - start, process_time() - busy
            size = path.stat().st_size / 1e3
            print(
                f"193 x 29, {name}: {seconds:.1f} s ({busy:.1f} s of the processor), {size:.0f} kB "
                "(goals 4 s and 600 kB)"
            )


if __name__ == "__main__":
    main()
