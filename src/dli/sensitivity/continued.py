"""Functions that save, load, continue and merge studies."""

import os
from collections.abc import Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from attrs import evolve

from dli.assessment import Assessment
from dli.checks import whole_number
from dli.errors import DataError, FileError, MethodError, StudyError
from dli.framework import Index
from dli.robustness.arrays.acceptability import MOST_DRAWS
from dli.sensitivity import saved_study
from dli.sensitivity.counted import Counted
from dli.sensitivity.design import Design, design
from dli.sensitivity.engine import Submits
from dli.sensitivity.identity import Identity, identity
from dli.sensitivity.inputs.protocol import Input
from dli.sensitivity.keeping import kept_of
from dli.sensitivity.running import Plan, counts_of, plan, run, units_with_scores
from dli.sensitivity.stretches import Stretch, joined, overlaps
from dli.sensitivity.tally import Kept

__all__ = ["checkpointed", "go_on", "load", "longer", "merged", "resumed", "save"]

Made: TypeAlias = tuple[Plan, tuple[Stretch, ...], Counted]


def longer(runs: Sequence[Stretch], n_more: int) -> Stretch:
    """Return the stretch of draws of a study with further draws added.

    Raises
    ------
    MethodError
        The number of draws is not a whole number, or is too large.
    StudyError
        The draws are not consecutive.
    """
    n_more = whole_number("n_samples", n_more, 1, MOST_DRAWS)
    advice = "make a study with another seed and merge it"
    if len(runs) > 1:
        seeds = ", ".join(str(run.seed) for run in runs)
        msg = f"draws merged of several stretches (seeds {seeds}) cannot be continued; {advice}"
        raise StudyError(msg)
    (stretch,) = runs
    whole_number("draws of the longer study", stretch.n_draws + n_more, 1, MOST_DRAWS)
    return evolve(stretch, n_draws=stretch.n_draws + n_more)


def resumed(own: Plan, made: Stretch, counted: Counted, stretch: Stretch) -> tuple[Plan, Counted]:
    """Return the plan and the counts to which the draws of a longer stretch are added.

    The last chunk is made again if it had fewer draws than the others.
    """
    key = counted.last_chunk
    if key is None:
        return own, counted.copy()
    if not counted.n_chunks and not stretch.first:
        # This is the first chunk, which may determine the bins.
        own = plan(own.design, own.kept, stretch.seed, stretch.n_draws)
        return own, own.empty()
    last = [(key[1], made.n_draws % own.chunks.size)]
    return own, counted.without(counts_of(own, made.seed, last))


def go_on(
    own: Plan,
    stretch: Stretch,
    counted: Counted,
    *,
    executor: Submits | None = None,
    progress: bool = False,
    path: str | PathLike[str] | None = None,
) -> Counted:
    """Make the remaining draws of a stretch, add their counts, and save at intervals."""
    write = None
    if path is not None:
        write = partial(_write, path, identity(own.design, own.kept), own, counted)
    return run(own, stretch, counted, executor=executor, progress=progress, save=write)


def _write(
    path: str | PathLike[str], whose: Identity, own: Plan, counted: Counted, stretch: Stretch
) -> None:
    saved_study.write(path, whose, (stretch,), own.bins, counted)


def save(path: str | PathLike[str], own: Plan, runs: tuple[Stretch, ...], counted: Counted) -> None:
    """Write a study to a file."""
    saved_study.write(path, identity(own.design, own.kept), runs, own.bins, counted)


def load(path: str | PathLike[str], assessment: Assessment, inputs: Input | Sequence[Any]) -> Made:
    """Read a study from a file, whichever outputs it counted."""
    node, keep, places = saved_study.kept(path)
    study = design(assessment, inputs, None)
    if node != study.node.code:
        if all(node != inner.code for inner in assessment.index.walk() if isinstance(inner, Index)):
            msg = f"{str(path)!r} belongs to another study"
            raise StudyError(msg, [f"node: {node!r}, which is not a sub-index of this index"])
        study = design(assessment, inputs, node)
    try:
        kept = kept_of(keep, places, len(study.assessment.units))
    except MethodError as error:
        msg = f"{str(path)!r} is not a saved study of this assessment"
        raise DataError(msg, error.faults) from error
    return _load(path, study, kept)


def _load(path: str | PathLike[str], study: Design, kept: Kept) -> Made:
    n_units = int(units_with_scores(study).sum())
    own = plan(study, kept, 0, 1, (np.zeros(n_units), np.ones(n_units)))
    saved = saved_study.read(path, identity(study, kept), own)
    bins = evolve(own.bins, middle=saved.middle, width=saved.width)
    return evolve(own, bins=bins), saved.runs, saved.counted


def checkpointed(
    study: Design, kept: Kept, path: str | PathLike[str], wanted: Stretch, *, seed_is_free: bool
) -> Made | None:
    """Read those of the wanted draws that a file contains; return None if it does not exist.

    Parameters
    ----------
    seed_is_free : bool
        Whether the study may take its seed from the file.

    Raises
    ------
    FileError
        The path is not valid, or its folder does not exist.
    StudyError
        The file contains another study or other draws; the error names the differences.
    """
    try:
        final = Path(os.fsdecode(path))
        if not final.exists():
            final.parent.resolve(strict=True)
            return None
    except (TypeError, ValueError, OSError) as error:  # before making any draws
        raise FileError(path, error) from error
    made = _load(path, study, kept)
    if len(made[1]) > 1:
        msg = f"{str(path)!r} contains a merged study, which cannot be continued"
        raise StudyError(msg)
    (saved,) = made[1]
    each = made[0].chunks.size
    faults = []
    if saved.seed != wanted.seed and not seed_is_free:
        faults.append(f"rng: {saved.seed}, not {wanted.seed}")
    if saved.first != wanted.first:
        faults.append(
            f"part: its first draw is {saved.first * each + 1:,}, not {wanted.first * each + 1:,}"
        )
    elif saved.n_draws > wanted.n_draws:
        faults.append(f"n_samples: {saved.n_draws:,}, more than {wanted.n_draws:,}")
    if faults:
        msg = f"{str(path)!r} contains other draws"
        raise StudyError(msg, faults)
    return made


def merged(mine: Made, theirs: Made) -> tuple[tuple[Stretch, ...], Counted]:
    """Return the stretches of draws of two studies and their combined counts.

    Raises
    ------
    StudyError
        The studies differ in more than their draws, have draws in common, or count scores in
        different bins.
    """
    (own, runs, counted), (other, other_runs, other_counted) = mine, theirs
    faults = identity(own.design, own.kept).differences(identity(other.design, other.kept))
    if faults:
        msg = "studies with different definitions cannot be merged; the other study has"
        raise StudyError(msg, faults)
    both = (*runs, *other_runs)
    faults = overlaps(both, own.chunks)
    if faults:
        msg = "studies with draws in common cannot be merged; use other seeds, or part="
        raise StudyError(msg, faults)
    bins = zip(
        (own.bins.middle, own.bins.width), (other.bins.middle, other.bins.width), strict=True
    )
    if own.kept.scores and not all(np.array_equal(*ends) for ends in bins):
        msg = (
            "the studies count scores in different bins, which come from the first draws of each "
            "seed because the scores are not bounded; make them as parts of one seed (part=), or "
            'with keep="ranks"'
        )
        raise StudyError(msg)
    return joined(both, own.chunks), counted + other_counted
