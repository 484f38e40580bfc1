"""Run benchmarks, print one table, and compare ratios with the committed ones.

Each script runs in a process of its own with one thread of linear algebra. The exit code is 1 when
a ratio is more than 1.3 times worse than in ``results.json``, or a script fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import cattrs

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # scripts import each other as benchmarks.name

from benchmarks.measuring import Bench  # noqa: E402 once it can be found
from benchmarks.recording import Record, Script, machine, table, versions, worse  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results.json"
SCRIPTS = (
    "importing",
    "assessment",
    "pipeline",
    "weighting",
    "sensitivity",
    "aggregations",
    "variance",
    "workers",
    "rank_sets",
    "capability",
    "workbook",
    "explorer",
    "report",
)
# Contestants of several threads would make ratios depend on the number of cores.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")


def measure(name: str, *, quick: bool) -> Script:
    """Run a script in this process."""
    bench = Bench(quick)
    load, start = os.getloadavg()[0], time.perf_counter()
    import_module(f"benchmarks.{name}").measure(bench)
    return Script(
        date=datetime.now(tz=UTC).date().isoformat(),
        seconds=round(time.perf_counter() - start, 1),
        load=(round(load, 2), round(os.getloadavg()[0], 2)),
        figures=bench.figures,
        skipped=bench.skipped,
    )


def measure_apart(name: str, *, quick: bool) -> Script | None:
    """Run a script in a process of its own; return None if it fails."""
    print(f"\n{name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        command = [sys.executable, __file__, name, "--into", str(path)]
        done = subprocess.run(
            command + ["--quick"] * quick, env=os.environ | ONE_THREAD, check=False
        )
        if done.returncode:
            return None
        return cattrs.structure(json.loads(path.read_text("utf-8")), Script)


def committed() -> Record | None:
    """Return the record that is kept with the sources."""
    if not RESULTS.exists():
        return None
    return cattrs.structure(json.loads(RESULTS.read_text("utf-8")), Record)


def write(path: Path, record: Record | Script) -> None:
    """Write a record with times and values of few digits."""
    plain = json.loads(json.dumps(cattrs.unstructure(record)), parse_float=_shortened)
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _shortened(digits: str) -> float:
    return float(f"{float(digits):.4g}")


def joined(record: Record, earlier: Record | None) -> Record:
    """Add what only the earlier record has, if it was measured in the same way.

    Raises
    ------
    SystemExit
        Some scripts only, and another machine, other versions or another mode than the others'.
    """
    missing = [name for name in SCRIPTS if name not in record.scripts]
    if earlier is None or not missing:
        return record
    differing = [
        name
        for name in ("quick", "machine", "versions")
        if getattr(record, name) != getattr(earlier, name)
    ]
    if differing:
        msg = (
            f"results.json has figures of {', '.join(missing)} from a run that differs in "
            f"{', '.join(differing)}: --update needs a run of all scripts that does not fail"
        )
        raise SystemExit(msg)
    known = record.scripts | {n: earlier.scripts[n] for n in missing if n in earlier.scripts}
    scripts = {name: known[name] for name in SCRIPTS if name in known}
    return Record(record.quick, record.machine, record.versions, scripts)


def show(record: Record, earlier: Record | None) -> None:
    """Print all figures."""
    for name, own in record.scripts.items():
        known = earlier.scripts.get(name) if earlier else None
        print(f"\n{name} ({own.seconds:.0f} s, load {own.load[0]:g} to {own.load[1]:g})")
        print(table(own.figures, known.figures if known else ()))
        for what, reason in own.skipped.items():
            print(f"skipped: {what}: {reason}")


def main() -> int:
    """Run the scripts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(SCRIPTS))
    parser.add_argument("--quick", action="store_true", help="fewer draws and rounds")
    parser.add_argument("--update", action="store_true", help="write results.json")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in SCRIPTS]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(SCRIPTS)}")
    if given.into:
        write(given.into, measure(given.names[0], quick=given.quick))
        return 0
    names = [name for name in SCRIPTS if name in given.names or not given.names]
    found = {name: measure_apart(name, quick=given.quick) for name in names}
    scripts = {name: script for name, script in found.items() if script is not None}
    record, earlier = Record(given.quick, machine(), versions(), scripts), committed()
    show(record, earlier)
    failed = [name for name in names if name not in scripts]
    for name in failed:
        print(f"\n{name} failed")
    faults: list[str] = []
    if given.update:
        write(RESULTS, joined(record, earlier))
    elif earlier is not None and earlier.quick != record.quick:
        print("\nNot compared: only one of results.json and this run is quick.")
    elif earlier is not None:
        faults = worse(record, earlier)
        for fault in faults:
            print(f"\nWorse: {fault}")
    return 1 if failed or faults else 0


if __name__ == "__main__":
    sys.exit(main())
