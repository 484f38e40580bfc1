"""The draws that a study has made: stretches of chunks, each with one seed."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import attrgetter

from attrs import evolve, frozen

from dli.arrays import Floats
from dli.sensitivity.engine import Chunks

__all__ = ["Blocks", "Key", "Stretch", "add_block", "block_keys", "chunks_of", "joined", "overlaps"]

# The key of sums over chunks: the seed, the number of the first chunk and the number of chunks,
# which is 0 for a last chunk with fewer draws than the others.
Key = tuple[int, int, int]
# Sums of scores and of squares, of shape (2, n_units), by block of chunks.
Blocks = dict[Key, Floats]


@frozen
class Stretch:
    """A sequence of consecutive draws with one seed.

    Parameters
    ----------
    seed : int
        The seed.
    first : int
        The number of the first chunk, counted from 0.
    n_draws : int
        The number of draws.
    """

    seed: int
    first: int
    n_draws: int


def chunks_of(stretch: Stretch, chunks: Chunks) -> Chunks:
    """Return the chunks of a stretch."""
    return chunks.stretch(stretch.first, stretch.n_draws)


def _end(stretch: Stretch, chunks: Chunks) -> int:
    return stretch.first + len(chunks_of(stretch, chunks))


def _in_order(stretches: Iterable[Stretch]) -> list[Stretch]:
    return sorted(stretches, key=attrgetter("seed", "first"))


def overlaps(stretches: Iterable[Stretch], chunks: Chunks) -> list[str]:
    """Return a message for each pair of stretches that have draws in common."""
    faults = []
    for one, other in pairwise(_in_order(stretches)):
        common = _end(one, chunks) - other.first
        if one.seed == other.seed and common > 0:
            start = other.first * chunks.size
            last = min(
                one.first * chunks.size + one.n_draws, start + other.n_draws
            )  # fmt: skip
            faults.append(f"seed {one.seed}: draws {start + 1:,} to {last:,} are in both")
    return faults


def joined(stretches: Iterable[Stretch], chunks: Chunks) -> tuple[Stretch, ...]:
    """Return stretches in order, with consecutive ones joined."""
    found: list[Stretch] = []
    for own in _in_order(stretches):
        last = found[-1] if found else None
        if (
            last is not None
            and last.seed == own.seed
            and last.n_draws % chunks.size == 0
            and _end(last, chunks) == own.first
        ):
            found[-1] = evolve(last, n_draws=last.n_draws + own.n_draws)
        else:
            found.append(own)
    return tuple(found)


def block_keys(stretches: Sequence[Stretch], chunks: Chunks) -> list[Key]:
    """Return the keys of the largest blocks of 1, 2, 4, … chunks that make up stretches.

    A block of 2^k chunks starts at a multiple of 2^k.
    """
    found = []
    for own in joined(stretches, chunks):
        first, end = own.first, own.first + own.n_draws // chunks.size
        while first < end:
            size = 1
            while first % (2 * size) == 0 and first + 2 * size <= end:
                size *= 2
            found.append((own.seed, first, size))
            first += size
        if own.n_draws % chunks.size:
            found.append((own.seed, end, 0))
    return found


def add_block(blocks: Blocks, key: Key, sums: Floats) -> None:
    """Add the sums of a block of chunks to blocks, joining halves of a larger block."""
    seed, first, n_chunks = key
    # The other half is the block of the same size next to this one in the tree.
    while n_chunks and (half := (seed, first ^ n_chunks, n_chunks)) in blocks:
        sums = sums + blocks.pop(half)
        first &= ~n_chunks
        n_chunks *= 2
    blocks[seed, first, n_chunks] = sums
