"""The time of ``import dli`` against that of ``import numpy``, each in interpreters of its own.

Compiled files are kept in a folder of the measurement, as an installed package has them.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

from benchmarks.measuring import Bench, Times

CODE = """import time
wall, process = time.perf_counter(), time.process_time()
{statement}
print(time.perf_counter() - wall, time.process_time() - process)"""

STATEMENTS = ("import numpy", "import dli", "import dli; dli.Assessment")


def measure(bench: Bench) -> None:
    rounds = bench.size(15, 7)
    with tempfile.TemporaryDirectory() as folder:
        for statement in STATEMENTS:
            seconds(statement, folder)  # compiles
        each = [[seconds(statement, folder) for statement in STATEMENTS] for _ in range(rounds)]
    medians = np.median(each, axis=0).tolist()
    times = {name: Times(*taken) for name, taken in zip(STATEMENTS, medians, strict=True)}
    floor = "import numpy"
    bench.ratio("import dli", times, ("import dli", floor), at_most=2, floor=floor)
    bench.ratio(
        "import dli, then dli.Assessment",
        times,
        ("import dli; dli.Assessment", floor),
        at_most=3,
        floor="import numpy, included",
    )


def seconds(statement: str, compiled: str) -> tuple[float, float]:
    """Run a statement in a fresh interpreter and return wall and process time."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", CODE.format(statement=statement)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    wall, process = map(float, done.stdout.split())
    return wall, process
