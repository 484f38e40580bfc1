"""Fuzz the doors for some minutes each: ``python -m tests.fuzzing --minutes 5 csv saved``."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.fuzzing.doors import doors, try_door

LIMIT = 20  # seconds for one input


def main() -> int:
    """Return the number of doors at which something else than a DLIError came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("doors", nargs="*", help="all by default")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each door")
    parser.add_argument("--inputs", type=int, default=sys.maxsize, help="at most, for each door")
    parser.add_argument("--seed", type=int, default=0, help="of the first input")
    options = parser.parse_args()
    shared = Path("/dev/shm")  # noqa: S108 many small files
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        folder = Path(name)
        all_doors = doors(folder)
        failed = 0
        for door in options.doors or all_doors:
            failed += _fuzz(door, all_doors[door], folder, options)
    return failed


def _fuzz(name, door, folder, options) -> bool:
    outcomes: Counter[str] = Counter()
    found: dict[str, tuple[int, str]] = {}
    start = time.monotonic()
    for seed in range(options.seed, min(sys.maxsize, options.seed + options.inputs)):
        if time.monotonic() - start > options.minutes * 60:
            break
        _alarm(LIMIT)
        try:
            outcomes[try_door(door, folder, seed)] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
            outcomes["FAULT"] += 1
            found.setdefault(kind, (seed, "".join(traceback.format_exception(error)[-6:])))
        finally:
            _alarm(0)
    took = time.monotonic() - start
    counts = ", ".join(f"{count:,} {kind}" for kind, count in outcomes.most_common())
    print(f"{name}: {outcomes.total():,} inputs in {took:.0f} s: {counts}", flush=True)
    for kind, (seed, trace) in found.items():
        print(f"  {kind}, first at seed {seed}:\n{trace}", flush=True)
    return bool(found)


def _alarm(seconds: int) -> None:
    def too_long(*_):
        msg = f"an input took more than {LIMIT} s"
        raise TimeoutError(msg)

    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(seconds)


if __name__ == "__main__":
    sys.exit(main())
