"""The time of ``import dli`` against that of ``import numpy``, each in interpreters of its own."""

import subprocess
import sys

import numpy as np

from benchmarks.measuring import Bench, Times

CODE = """import time
wall, process = time.perf_counter(), time.process_time()
import {module}
print(time.perf_counter() - wall, time.process_time() - process)"""


def measure(bench: Bench) -> None:
    rounds = bench.size(15, 7)
    each = [[seconds(module) for module in ("numpy", "dli")] for _ in range(rounds)]
    numpy_times, dli_times = np.median(each, axis=0).tolist()
    times = {"numpy": Times(*numpy_times), "dli": Times(*dli_times)}
    bench.ratio("import dli", times, ("dli", "numpy"), at_most=2, floor="import numpy, included")


def seconds(module: str) -> tuple[float, float]:
    """Import a module in a fresh interpreter and return wall and process time."""
    command = [sys.executable, "-c", CODE.format(module=module)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall, process = map(float, done.stdout.split())
    return wall, process
