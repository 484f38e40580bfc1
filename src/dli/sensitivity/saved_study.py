"""A study in one file: a zip archive of JSON text and plain numbers.

The file contains the counts and a short description of the study, but not the data: reading it
requires the assessment and the inputs. A file therefore never imports code, and the size of every
entry is known before it is read.
"""

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from dli.checks import is_whole
from dli.errors import DataError, DLIError, ModelError, StudyError
from dli.files import format_fault, replacing
from dli.robustness.arrays.acceptability import MOST_DRAWS
from dli.sensitivity.counted import Counted
from dli.sensitivity.engine import Chunks
from dli.sensitivity.identity import Identity
from dli.sensitivity.running import Plan
from dli.sensitivity.stretches import Stretch, block_keys, joined, overlaps
from dli.sensitivity.tally import Bins

__all__ = ["Found", "kept", "read", "write"]

FORMAT = "dli-study/1"
_HEAD = "study.json"
# The largest size of the head and of any other entry.
_MOST_HEAD, _MOST = 10_000_000, 1_000_000_000
_MOST_RUNS = 10_000
# The errors raised by a damaged archive, text or array; TypeError is raised by an invalid path.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, TypeError, ValueError, OverflowError,
    RuntimeError, KeyError, AttributeError,
)  # fmt: skip
_SUMS = ("n_draws", "rank_sums", "shift_sums", "ranks", "scores")


@frozen(kw_only=True, eq=False)
class Found:
    """The content of a file.

    Attributes
    ----------
    runs : tuple of Stretch
        The stretches of draws that were made.
    counted : Counted
        The counts over these draws.
    middle, width : ndarray of shape (n_units,)
        The middle and the width of the bins.
    """

    runs: tuple[Stretch, ...]
    counted: Counted
    middle: NDArray[np.float64]
    width: NDArray[np.float64]


def write(
    path: str | PathLike[str],
    own: Identity,
    runs: tuple[Stretch, ...],
    bins: Bins,
    counted: Counted,
) -> None:
    """Write a study to a file atomically.

    Raises
    ------
    DataError
        The study has so many stretches of draws that the file would be too large.
    FileError
        The file cannot be written; an existing file is unchanged.
    """
    if len(runs) > _MOST_RUNS or len(counted.blocks) * 16 * len(counted.n_draws) > _MOST:
        msg = f"a file of {len(runs):,} stretches of draws would be too large; merge fewer"
        raise DataError(msg)
    head = {
        "format": FORMAT,
        "parts": dict(own.parts),
        "runs": [[run.seed, run.first, run.n_draws] for run in runs],
        "n_chunks": counted.n_chunks,
        "power": counted.power,
        "numpy": np.__version__,
    }
    with (
        replacing(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        archive.writestr(_entry(_HEAD), json.dumps(head, ensure_ascii=False, indent=1))
        for name, array in _arrays(own, bins, counted):
            with archive.open(_entry(name), "w") as entry:
                entry.write(array.astype(_kind(array), copy=False).tobytes())


def _entry(name: str) -> zipfile.ZipInfo:
    # With a fixed time, equal studies are saved as equal files.
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _kind(array: NDArray[Any]) -> str:
    return "<f8" if array.dtype.kind == "f" else "<i8"


def _arrays(own: Identity, bins: Bins, counted: Counted) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the name and the content of every entry."""
    yield "probe", own.probe
    yield "middle", bins.middle
    yield "width", bins.width
    blocks = [counted.blocks[key] for key in sorted(counted.blocks)]
    yield "blocks", np.stack(blocks) if blocks else np.empty((0, 2, len(counted.n_draws)))
    for name in _SUMS:
        yield name, getattr(counted, name)


def kept(path: str | PathLike[str]) -> tuple[str, list[str], int | None]:
    """Return the studied node of a saved study and its parameters `keep` and `places`.

    Raises
    ------
    ModelError
        The file cannot be read.
    DataError
        A file that is not a saved study, is damaged, or was written by a newer version.
    """
    with _opened(path) as (_, head):
        parts = head["parts"]
        places = None if parts["places"] == "None" else int(parts["places"])
        return str(parts["node"]), parts["keep"].split(", "), places


def read(path: str | PathLike[str], own: Identity, whose: Plan) -> Found:
    """Read the counts of a saved study.

    Parameters
    ----------
    path : path
        The file.
    own : Identity
        The identity of the study to which the file must belong.
    whose : Plan
        The plan of that study, which determines the sizes and shapes of the counts.

    Raises
    ------
    ModelError
        The file cannot be read.
    DataError
        A file that is not a saved study, is damaged, or was written by a newer version.
    StudyError
        The file belongs to another study; the error names the differences.
    """
    with _opened(path) as (archive, head):
        probe = own.probe
        differences = own.differences(Identity(head["parts"], probe))
        if not differences:
            probe = _array(archive, "probe", probe)
            differences = own.differences(Identity(head["parts"], probe))
        if differences:
            raise StudyError(f"{str(path)!r} belongs to another study", differences)
        runs = _runs(head["runs"], whose.chunks)
        middle, width = (_array(archive, n, getattr(whose.bins, n)) for n in ("middle", "width"))
        if not (np.isfinite(middle).all() and (np.isfinite(width) & (width > 0)).all()):
            raise ValueError("its bins are not finite numbers")
        bins = evolve(whose.bins, middle=middle, width=width)
        found = _counted(archive, head, runs, evolve(whose, bins=bins))
    faults = _faults(found, runs, own.parts["places"] != "None")
    if faults:
        raise DataError(f"{str(path)!r} is not a complete saved study", faults)
    return Found(runs=runs, counted=found, middle=middle, width=width)


@contextmanager
def _opened(path: str | PathLike[str]) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """Open a saved study, and convert errors of reading into errors of this library."""
    try:
        with zipfile.ZipFile(Path(os.fsdecode(path))) as archive:
            head = json.loads(_content(archive, _HEAD, None))
            fault = format_fault(head.get("format") if isinstance(head, dict) else head, FORMAT)
            if fault:
                raise DataError(f"{str(path)!r} is not a saved study that can be read: {fault}")
            yield archive, head
    except DLIError:
        raise
    except OSError as error:
        msg = f"cannot read the saved study {str(path)!r}: {error.strerror or error}"
        raise ModelError(msg) from error
    except _DAMAGE as error:
        msg = f"{str(path)!r} is not a saved study that can be read: {error}"
        raise DataError(msg) from error


def _runs(given: Any, chunks: Chunks) -> tuple[Stretch, ...]:
    """Return the stretches of draws of a study after checking them."""
    if len(given) > _MOST_RUNS:
        raise ValueError(f"its draws are in {len(given):,} stretches")
    for seed, first, n_draws in given:
        if not (is_whole(seed, 0) and is_whole(first, 0) and is_whole(n_draws, 0, MOST_DRAWS)):
            raise ValueError(f"its draws are {[seed, first, n_draws]!r}")
    runs = tuple(Stretch(*run) for run in given)
    if not runs or joined(runs, chunks) != runs or overlaps(runs, chunks):
        raise ValueError("its draws overlap or are not in order")
    return runs


def _counted(
    archive: zipfile.ZipFile,
    head: dict[str, Any],
    runs: tuple[Stretch, ...],
    whose: Plan,
) -> Counted:
    """Return the counts and sums of a study."""
    empty = whose.empty()
    if head["power"] != empty.power:
        raise ValueError(f"its power is {head['power']!r}, expected {empty.power}")
    for name in _SUMS:
        setattr(empty, name, _array(archive, name, getattr(empty, name)))
    keys = block_keys(runs, whose.chunks)
    shape = (len(keys), 2, len(empty.n_draws))
    if 8 * np.prod(shape, dtype=float) > _MOST:
        raise ValueError(f"its draws are in {len(runs):,} stretches")
    n_chunks = sum(n for *_, n in keys)
    if head["n_chunks"] != n_chunks:
        raise ValueError(f"it counts {head['n_chunks']!r} chunks of draws, and has made {n_chunks}")
    empty.blocks = dict(zip(keys, _array(archive, "blocks", np.empty(shape)), strict=True))
    return empty


def _faults(counted: Counted, runs: tuple[Stretch, ...], is_cut: bool) -> list[str]:  # noqa: FBT001 one use
    """Return the contradictions between counts."""
    tally = counted.tally
    most = sum(run.n_draws for run in runs)
    faults = []
    if any(getattr(tally, name).min(initial=0) < 0 for name in _SUMS):
        faults.append("it has counts below 0")
    sums = (tally.rank_sums, tally.shift_sums, tally.total, tally.squares)
    if not all(np.isfinite(values).all() for values in sums):
        faults.append("its sums are not finite numbers")
    if tally.n_draws.max(initial=0) > most:
        faults.append(f"it counts {tally.n_draws.max():,} draws, and has made {most:,}")
    for name in ("ranks", "scores"):
        counts = getattr(tally, name)
        found = counts.sum(axis=1)
        is_less = is_cut and name == "ranks"
        if (
            counts.size
            and not (found <= tally.n_draws if is_less else found == tally.n_draws).all()
        ):
            faults.append(f"its counts of {name} are not those of its draws")
    return faults


def _content(archive: zipfile.ZipFile, name: str, size: int | None) -> bytes:
    """Return an entry of the archive, after checking the size that the archive declares."""
    entries = [entry for entry in archive.infolist() if entry.filename == name]
    if len(entries) != 1:
        raise ValueError(f"it has {len(entries)} entries {name!r}, expected one")
    (entry,) = entries
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"entry {name!r} is not compressed with deflate")
    if size is None and entry.file_size > _MOST_HEAD:
        raise ValueError(f"entry {name!r} says that it has {entry.file_size:,} bytes")
    if size is not None and entry.file_size != size:
        raise ValueError(f"entry {name!r} has {entry.file_size:,} bytes, expected {size:,}")
    with archive.open(entry) as file:
        # Without a limit, an entry larger than its declared size would be read completely.
        content = file.read(entry.file_size)
    if len(content) != entry.file_size:
        raise ValueError(f"entry {name!r} ends early")
    return content


def _array(archive: zipfile.ZipFile, name: str, like: NDArray[Any]) -> NDArray[Any]:
    content = _content(archive, name, like.size * 8)
    return np.frombuffer(content, _kind(like)).astype(like.dtype).reshape(like.shape)
