"""What is kept of a run of the benchmarks, and how a later run is compared with it."""

import os
import platform
from collections.abc import Iterable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from attrs import Factory, frozen

import dli
from benchmarks.measuring import TIMES, Figure

__all__ = ["LIMIT", "Record", "Script", "machine", "table", "versions", "worse"]

# A ratio that is so many times worse than the committed one is more than noise.
LIMIT = 1.3


@frozen
class Script:
    """The figures of a script.

    Attributes
    ----------
    date : str
        Year, month, day.
    seconds : float
        That it took.
    load : tuple of float
        Average number of processes that wanted to work in the minute before the start and the end.
    figures : list of Figure
    skipped : dict of str to str
        What was not measured, and why.
    """

    date: str
    seconds: float
    load: tuple[float, float]
    figures: list[Figure]
    skipped: dict[str, str] = Factory(dict)


@frozen
class Record:
    """The figures of all scripts on one machine.

    Attributes
    ----------
    quick : bool
        Whether there were fewer draws and rounds.
    machine : dict of str to object
    versions : dict of str to str
        Those of `dli.show_versions`.
    scripts : dict of str to Script
    """

    quick: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    scripts: dict[str, Script] = Factory(dict)


def machine() -> dict[str, Any]:
    """Return the processor, its cores, and the memory in GB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processor": _processor(), "cores": os.cpu_count(), "memory": round(memory, 1)}


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    if about.exists():
        for line in about.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return what `dli.show_versions` prints, except for the kernel of this machine."""
    with redirect_stdout(StringIO()) as printed:
        dli.show_versions()
    pairs = (line.split(maxsplit=1) for line in printed.getvalue().splitlines())
    return {name: version.strip() for name, version in pairs if name != "platform"}


def worse(measured: Record, committed: Record) -> list[str]:
    """Return a sentence for each ratio that is more than `LIMIT` times worse than the committed."""
    sentences = []
    for script, own in measured.scripts.items():
        if script not in committed.scripts:
            continue
        earlier = {figure.name: figure for figure in committed.scripts[script].figures}
        for figure in own.figures:
            known = earlier.get(figure.name)
            if known is None or figure.unit != TIMES or known.unit != TIMES:
                continue
            factor = figure.worsening(known)
            if factor > LIMIT:
                sentences.append(
                    f"{script}, {figure.name}: {figure.value:.3g} times, committed "
                    f"{known.value:.3g}, which is {factor:.2f} times worse"
                )
    return sentences


def table(figures: Iterable[Figure], committed: Iterable[Figure] = ()) -> str:
    """Return figures as lines of text, with goals and what was committed."""
    earlier = {figure.name: figure for figure in committed}
    rows = [("figure", "measured", "goal", "", "committed", "compared with")]
    for figure in figures:
        known = earlier.get(figure.name)
        rows.append(
            (
                figure.name,
                f"{figure.value:.3g} {figure.unit}",
                f"{figure.sense} {figure.goal:g}",
                "" if figure.is_met else "missed",
                "" if known is None else f"{known.value:.3g}",
                figure.floor,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
