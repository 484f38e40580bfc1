"""Fuzz the doors, each for some minutes: ``python -m tests.fuzzing --minutes 5 csv saved``.

What has come out so far is printed every ten seconds or 20,000 inputs, a new kind of fault at once.
SIGINT and SIGTERM end the run after the present input, with the same account as at its end; the
seed printed there goes on from that place: ``--seed 250000``.
"""

import argparse
import multiprocessing
import queue
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.fuzzing.doors import doors, try_door

LIMIT = 20  # seconds for one input
SECONDS, INPUTS = 10.0, 20_000  # between two lines on how it goes
STOP: list[int] = []  # the signals that ask for the end


class TooLongError(BaseException):
    """An input took too long; no Exception, which readers of workbooks turn into their own."""


@dataclass
class Report:
    """What inputs did: how many of each outcome, and the seed and trace of each kind of fault."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, other: "Report") -> dict[str, tuple[int, str]]:
        """Count another's inputs too; return the faults of a kind that was not known."""
        new = {kind: fault for kind, fault in other.faults.items() if kind not in self.faults}
        self.outcomes += other.outcomes
        self.faults |= new
        return new


def main() -> int:
    """Return the number of doors at which something else than a DLIError came out."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("doors", nargs="*", help="all by default")
    parser.add_argument("--minutes", type=float, default=1.0, help="at most, for each door")
    parser.add_argument("--inputs", type=int, default=sys.maxsize, help="at most, for each door")
    parser.add_argument("--seed", type=int, default=0, help="of the first input")
    parser.add_argument("--workers", type=int, default=1, help="processes at a time")
    options = parser.parse_args()
    _listen()
    with tempfile.TemporaryDirectory() as name:
        known = doors(Path(name))
    unknown = set(options.doors) - set(known)
    if unknown:
        parser.error(f"no such door: {', '.join(unknown)}; the doors are {', '.join(known)}")
    return sum(_fuzz(door, options) for door in options.doors or known if not STOP)


def _listen() -> None:
    """End after the present input when asked to, and break off one that takes too long."""

    def too_long(*_):
        msg = f"an input took more than {LIMIT} s"
        raise TooLongError(msg)

    def stop(number: int, _: object) -> None:
        STOP.append(number)
        for worker in multiprocessing.active_children():
            worker.terminate()  # which reaches the same handler there

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, too_long)


def _fuzz(name: str, options: argparse.Namespace) -> bool:
    """Read mutated inputs at a door, say how it goes, and return whether there were faults."""
    whole = Report()
    start = shown = time.monotonic()
    n_shown = 0
    reports = _at_once(name, options) if options.workers > 1 else _read(name, options)
    for report in reports:
        for kind, (seed, trace) in whole.add(report).items():
            print(f"  {kind}, first at seed {seed}:\n{trace}", flush=True)
        now, n_inputs = time.monotonic(), whole.outcomes.total()
        if now - shown >= SECONDS or n_inputs - n_shown >= INPUTS:
            shown, n_shown = now, n_inputs
            print(_account(name, whole, now - start), flush=True)
    end = f"stopped, to go on: --seed {options.seed + whole.outcomes.total()}" if STOP else "done"
    print(f"{_account(name, whole, time.monotonic() - start)}; {end}", flush=True)
    return bool(whole.faults)


def _account(name: str, whole: Report, seconds: float) -> str:
    counts = ", ".join(f"{n:,} {kind}" for kind, n in whole.outcomes.most_common())
    n_inputs = whole.outcomes.total()
    speed = f"{1000 * seconds / max(n_inputs, 1):.2f} ms each"
    return f"{name}: {n_inputs:,} inputs in {seconds:.0f} s ({speed}): {counts}"


def _read(name: str, options: argparse.Namespace, worker: int = 0) -> Iterator[Report]:
    """Yield what inputs did, about once a second; a worker has every so manyth seed."""
    seeds = range(options.seed + worker, sys.maxsize, options.workers)
    n_inputs = (options.inputs - worker + options.workers - 1) // options.workers
    end = time.monotonic() + options.minutes * 60
    shared = Path("/dev/shm")  # noqa: S108 many small files
    with (
        tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as place,
        warnings.catch_warnings(),
    ):
        folder = Path(place)
        door = doors(folder)[name]
        report, sent = Report(), time.monotonic()
        for seed in islice(seeds, n_inputs):
            _try(door, folder, seed, report)
            now = time.monotonic()
            if now - sent >= 1 or report.faults or STOP or now >= end:
                yield report
                report, sent = Report(), now
                if STOP or now >= end:
                    return
        yield report


def _try(door, folder: Path, seed: int, report: Report) -> None:
    """Read one input, and add to the report what it did."""
    try:
        _alarm(LIMIT)
        report.outcomes[try_door(door, folder, seed)] += 1
    except BaseException as error:  # noqa: BLE001 whatever else comes out is a fault
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
        report.outcomes["FAULT"] += 1
        report.faults[kind] = seed, "".join(traceback.format_exception(error)[-6:])
    finally:
        _alarm(0)


def _alarm(seconds: int) -> None:
    if hasattr(signal, "SIGALRM"):
        signal.alarm(seconds)


def _at_once(name: str, options: argparse.Namespace) -> Iterator[Report]:
    """Yield what inputs did that several processes read, each in a folder of its own."""
    reports: multiprocessing.Queue[Report | None] = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_work, args=(name, options, worker, reports))
        for worker in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    running = len(workers)
    while running and (reports.qsize() or any(worker.is_alive() for worker in workers)):
        try:
            report = reports.get(timeout=1)
        except queue.Empty:
            report = Report()
        running -= report is None
        yield report or Report()
    for worker in workers:
        worker.join()
        if worker.exitcode:  # it was killed, or the interpreter itself broke down
            died = f"a worker ended with the exit code {worker.exitcode}"
            yield Report(faults={died: (options.seed, "")})


def _work(name: str, options: argparse.Namespace, worker: int, reports) -> None:
    _listen()
    for report in _read(name, options, worker):
        reports.put(report)
    reports.put(None)


if __name__ == "__main__":
    sys.exit(main())
