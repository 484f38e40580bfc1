"""The time of ``import dli`` against that of ``import numpy``, each in interpreters of its own."""

import subprocess
import sys

import numpy as np

ROUNDS = 15


def seconds(module: str) -> float:
    """Import a module in a fresh interpreter and give the time that the import took."""
    code = (
        "import time; start = time.perf_counter(); "
        f"import {module}; print(time.perf_counter() - start)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    times = np.array([[seconds("numpy"), seconds("dli")] for _ in range(ROUNDS)])
    numpy_time, dli_time = np.median(times, axis=0)
    print(f"import numpy  {numpy_time * 1e3:6.1f} ms (median of {ROUNDS})")
    print(f"import dli    {dli_time * 1e3:6.1f} ms, numpy's own included")
    print(f"ratio         {np.median(times[:, 1] / times[:, 0]):6.2f}")
