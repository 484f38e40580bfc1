"""How all benchmarks measure: contestants take turns, and each figure has a goal.

A script has a function ``measure`` that takes a `Bench` and adds figures to it; ``run.py`` calls
it. On a machine that does other work too, all contestants of a round are slowed alike, so that the
ratio of their times says more than the times.
"""

import platform
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from attrs import Factory, define, frozen

__all__ = ["TIMES", "Bench", "Clock", "Figure", "Times", "peak_memory", "timed", "turns"]

Clock = Literal["process", "wall"]

# The unit of ratios. Only these are compared between machines.
TIMES = "times"


@frozen
class Times:
    """Median times of a contestant in seconds.

    Attributes
    ----------
    wall : float
        As a clock on the wall shows them.
    process : float
        That a processor worked on them, all threads of this process together. Other people's work
        on the machine changes them little.
    """

    wall: float
    process: float


def turns(rounds: int, contestants: Mapping[str, Callable[[], object]]) -> dict[str, Times]:
    """Return the median times of contestants that take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            wall, process = time.perf_counter(), time.process_time()
            run()
            times[name].append((time.perf_counter() - wall, time.process_time() - process))
    return {
        name: Times(*np.median(each, axis=0).tolist())  # wall first
        for name, each in times.items()
    }


def timed(run: Callable[[], object], rounds: int = 1) -> Times:
    """Return the median times of something without a rival."""
    return turns(rounds, {"": run})[""]


def peak_memory() -> float:
    """Return the peak memory of this process so far in MB."""
    import resource  # which Windows does not have

    unit = 2**20 if platform.system() == "Darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@frozen
class Figure:
    """A number that was measured, with its goal.

    Attributes
    ----------
    name : str
    value : float
    unit : str
        "times" for a ratio.
    goal : float
    sense : {"at most", "at least"}
        On which side of the goal the value should be.
    floor : str
        What the value is compared with, in words.
    times : dict of str to Times
        Of the contestants, where the value is their ratio.
    """

    name: str
    value: float
    unit: str
    goal: float
    sense: str
    floor: str = ""
    times: dict[str, Times] = Factory(dict)

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal if self.sense == "at most" else self.value >= self.goal

    def worsening(self, earlier: "Figure") -> float:
        """Return how many times worse this ratio is than an earlier one; below 1 is better."""
        return self.value / earlier.value if self.sense == "at most" else earlier.value / self.value


@define
class Bench:
    """What a script measures.

    Attributes
    ----------
    quick : bool
        Whether to take fewer draws and rounds.
    figures : list of Figure
    skipped : dict of str to str
        What was not measured, and why.
    """

    quick: bool = False
    figures: list[Figure] = Factory(list)
    skipped: dict[str, str] = Factory(dict)

    def size(self, full: int, quick: int) -> int:
        """Return the number of draws, rounds or the like."""
        return quick if self.quick else full

    def ratio(  # noqa: PLR0913 each is a part of the figure
        self,
        name: str,
        times: Mapping[str, Times],
        over: tuple[str, str],
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        floor: str,
        clock: Clock = "process",
    ) -> None:
        """Add the ratio of the times of two contestants.

        Parameters
        ----------
        name : str
        times : mapping of str to Times
        over : (str, str)
            The contestants, first the one whose time is divided by the other's.
        at_most, at_least : float
            The goal, one of them.
        floor : str
            What the library is compared with.
        clock : {"process", "wall"}
            "wall" where several processes or threads work.
        """
        first, second = (getattr(times[contestant], clock) for contestant in over)
        own = {contestant: times[contestant] for contestant in over}
        self._add(name, first / second, TIMES, (at_most, at_least), floor, own)

    def figure(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        floor: str = "",
    ) -> None:
        """Add any other number."""
        self._add(name, float(value), unit, (at_most, at_least), floor, {})

    def skip(self, name: str, reason: str) -> None:
        """Say what is not measured."""
        print(f"  skipped: {name}: {reason}", flush=True)
        self.skipped[name] = reason

    def _add(self, name: str, value: float, unit: str, *rest: Any) -> None:
        (at_most, at_least), floor, times = rest
        if (at_most is None) == (at_least is None):
            msg = f"{name!r} needs one goal, at_most or at_least"
            raise TypeError(msg)
        goal, sense = (at_most, "at most") if at_least is None else (at_least, "at least")
        own = Figure(name, value, unit, float(goal), sense, floor, times)
        if any(own.name == known.name for known in self.figures):
            msg = f"there are two figures named {name!r}"
            raise ValueError(msg)
        self.figures.append(own)
        print(f"  {name}: {value:.4g} {unit} ({sense} {goal:g})", flush=True)
