"""The outputs and draws of a study, read from the arguments of `uncertainty`."""

from collections.abc import Iterator
from typing import Any

from dli.checks import choice_faults, is_whole, listed, refuse
from dli.sensitivity.engine import Chunks
from dli.sensitivity.stretches import Stretch
from dli.sensitivity.tally import Kept

__all__ = ["kept_of", "part_of"]

_KINDS = ("ranks", "scores")
# Cells of a table of the first ranks of each unit: 128 MB.
_MOST_CELLS = 2**24


def kept_of(keep: Any, places: Any, n_units: int) -> Kept:
    """Return the outputs to count, from the arguments ``keep`` and ``places`` of `uncertainty`.

    Raises
    ------
    MethodError
        An output is unknown; or ``places`` is not a whole number, exceeds the number of units,
        would need too much memory, or is used without ranks.
    """
    names = [keep] if isinstance(keep, str) else listed("keep", keep, "texts")
    refuse("uncertainty", _faults(names, places, n_units))
    return Kept("ranks" in names, "scores" in names, None if places is None else int(places))


def _faults(names: list[Any], places: Any, n_units: int) -> Iterator[str]:
    if not names:
        yield "keep must be 'ranks', 'scores' or both, got nothing"
    for name in names:
        yield from choice_faults("keep", name, _KINDS)
    if places is None:
        return
    most = min(n_units, _MOST_CELLS // n_units)
    if not is_whole(places, 1, most):
        yield (
            f"places must be a whole number from 1 to {most:,} with {n_units:,} units, "
            f"got {places!r}"
        )
    elif "ranks" not in names:
        yield f"places={places} needs ranks, which keep={tuple(names)!r} leaves out"


def part_of(part: Any, seed: int, chunks: Chunks) -> Stretch:
    """Return the stretch of draws to make, from the argument ``part`` of `uncertainty`.

    Raises
    ------
    MethodError
        ``part`` is not a pair of whole numbers, or has more parts than there are chunks.
    """
    if part is None:
        return Stretch(seed, 0, chunks.n_draws)
    pair = listed("part", part, "whole numbers")
    n_chunks = len(chunks)
    if len(pair) != 2 or not is_whole(pair[1], 1, n_chunks) or not is_whole(pair[0], 1, pair[1]):
        fault = (
            f"part must be (number, of how many), as in (1, 4) for the first of four, with at most "
            f"{n_chunks:,} parts of {chunks.size:,} draws or more for n_samples="
            f"{chunks.n_draws:,}; got {part!r}"
        )
        refuse("uncertainty", [fault])
    first, end = (n_chunks * place // pair[1] for place in (pair[0] - 1, pair[0]))
    n_draws = min(end * chunks.size, chunks.n_draws) - first * chunks.size
    return Stretch(seed, first, n_draws)
