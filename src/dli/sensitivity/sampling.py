"""Uncertainty of scores and ranks when all uncertain inputs vary together."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from attrs import evolve
from numpy.typing import ArrayLike

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import flag_faults, refuse, seed_of, whole_number
from dli.errors import MethodError
from dli.robustness.arrays.acceptability import MOST_DRAWS
from dli.sensitivity import continued
from dli.sensitivity.design import design
from dli.sensitivity.engine import Submits, chunks
from dli.sensitivity.inputs.protocol import Input
from dli.sensitivity.keeping import kept_of, part_of
from dli.sensitivity.labelled import columns_in_order
from dli.sensitivity.running import plan, units_with_scores
from dli.sensitivity.study import Uncertainty

__all__ = ["evaluate", "uncertainty"]


def uncertainty(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    inputs: Input | Sequence[Any],
    *,
    n_samples: int,
    rng: Any = None,
    node: str | None = None,
    keep: str | Sequence[str] = ("ranks", "scores"),
    places: int | None = None,
    part: tuple[int, int] | None = None,
    checkpoint: str | PathLike[str] | None = None,
    executor: Submits | None = None,
    progress: bool = False,
) -> Uncertainty:
    """Return the distribution of scores and ranks when all uncertain inputs vary together.

    Draws are made in chunks, each with its own random stream, and sums do not depend on the order
    in which chunks are finished. The result is therefore the same to the last bit for any number
    and kind of workers, and for one run or several. Memory use does not grow with the number of
    draws.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    inputs : Input or sequence of Input
        The uncertain inputs. They are drawn independently of each other.
    n_samples : int
        The number of draws.
    rng : int or numpy Generator, optional
        The seed. A fresh one by default, which the result keeps.
    node : str, optional
        The node whose scores and ranks are studied; the index by default.
    keep : str or sequence of str
        What to count: ``"ranks"``, ``"scores"``, or both. Results that need counts that were not
        kept raise an error.
    places : int, optional
        Count only the first ``places`` ranks, which saves memory with very many units. All units
        are counted, not only those whose nominal rank is among the first, since others can reach
        these ranks in some draws.
    part : (int, int), optional
        Make only one part of the draws, such as ``(1, 4)`` for the first of four. Parts made on
        different computers are combined by `Uncertainty.merge`.
    checkpoint : path, optional
        A file to which the counts are written every half minute and at the end. If the file
        exists, the study continues from it: repeat the same call after an interruption, or with
        more draws. Without ``rng``, the seed in the file is used.
    executor : object with ``submit``, optional
        An executor of ``concurrent.futures``, Dask (``Client.get_executor()``) or similar; threads
        by default.
    progress : bool
        Whether to show a progress bar with the remaining time.

    Returns
    -------
    Uncertainty
        The counts of ranks and scores over all draws.

    Raises
    ------
    MethodError
        Invalid inputs, found before the first draw; a number of draws below 1; an invalid seed or
        part.
    StudyError
        Workers that failed twice, or a checkpoint of another study or of other draws; the message
        names what differs.
    DataError, ModelError, FileError
        A checkpoint that is damaged, cannot be read, or cannot be written.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), Uncertainty and sensitivity analysis techniques as
    tools for the quality assessment of composite indicators.
    https://doi.org/10.1111/j.1467-985X.2005.00350.x

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> from dli.sensitivity import WeightNoise
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.9]}
    >>> study = uncertainty(
    ...     Assessment(index, data), [WeightNoise(0.5)], n_samples=1000, rng=1
    ... )
    >>> study.rank_counts.sum(axis=1).tolist()
    [1000, 1000, 1000]
    """
    n_samples = whole_number("n_samples", n_samples, 1, MOST_DRAWS)
    refuse("uncertainty", flag_faults(progress=progress))
    seed = seed_of(rng)
    study = design(assessment, inputs, node)
    kept = kept_of(keep, places, len(assessment.units))
    n_units = int(units_with_scores(study).sum())
    stretch = part_of(part, seed, chunks(n_samples, n_units, len(study.scorers)))
    made = None
    if checkpoint is not None:
        made = continued.checkpointed(study, kept, checkpoint, stretch, seed_is_free=rng is None)
    if made is None:
        own = plan(study, kept, seed, n_samples)
        counted = own.empty()
    else:
        own, runs, counted = made
        stretch = evolve(stretch, seed=runs[0].seed)
        if runs[0] == stretch:
            return Uncertainty(plan=own, runs=runs, counted=counted)
        own, counted = continued.resumed(own, runs[0], counted, stretch)
    counted = continued.go_on(
        own, stretch, counted, executor=executor, progress=progress, path=checkpoint
    )
    return Uncertainty(plan=own.without_scores(), runs=(stretch,), counted=counted)


def evaluate(
    assessment: Assessment,
    inputs: Input | Sequence[Any],
    uniforms: ArrayLike,
    *,
    node: str | None = None,
) -> Floats:
    """Return the scores of draws from a design that was planned elsewhere, as by another tool.

    Parameters
    ----------
    assessment, inputs, node
        As for `uncertainty`.
    uniforms : array_like of shape (n_draws, n_factors)
        Numbers from 0 to 1, a column for each factor of the inputs in their order; a data frame is
        read by the names of the factors.

    Returns
    -------
    ndarray of shape (n_draws, n_units)
        NaN where a score is missing.

    Raises
    ------
    MethodError
        Numbers of another shape or range, a frame with other columns than the factors, or inputs
        that cannot work.

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> from dli.sensitivity import WeightNoise
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.0]}
    >>> assessment = Assessment(index, data)
    >>> evaluate(assessment, [WeightNoise(0.5)], [[0.5, 0.5], [1.0, 0.0]]).tolist()
    [[50.0, 50.0, 62.5], [25.0, 75.0, 56.25]]
    """
    study = design(assessment, inputs, node)
    numbers = columns_in_order(uniforms, "uniforms", study.names, "factor")
    if numbers.ndim != 2 or numbers.shape[1] != len(study.names):
        msg = (
            f"uniforms must have the shape (n_draws, {len(study.names)}), a column each for "
            f"{', '.join(study.names)}; got {numbers.shape}"
        )
        raise MethodError(msg)
    outside = np.flatnonzero(~((numbers >= 0) & (numbers <= 1)).all(axis=1))
    if outside.size:
        msg = "uniforms must be numbers from 0 to 1; others are in"
        raise MethodError(msg, [f"row {row}" for row in outside.tolist()])
    return study.scores(np.ascontiguousarray(numbers.T))
