"""How far scores and ranks move when all that is uncertain varies at once."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.checks import flag_faults, refuse, seed_of, whole_number
from dli.errors import MethodError
from dli.robustness.arrays.acceptability import MOST_DRAWS
from dli.sensitivity.design import Design, design
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import Submits, chunks, in_order
from dli.sensitivity.labelled import columns_in_order
from dli.sensitivity.study import Task, Uncertainty, draws_of, scores_of
from dli.sensitivity.tally import Bins, Counter, Tally
from dli.sensitivity.wide import WideCounter

__all__ = ["evaluate", "uncertainty"]

# A task, with the scores of its first chunk if they are known.
Share: TypeAlias = tuple[Task, Floats | None]


def uncertainty(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    inputs: Sequence[Any],
    *,
    n_samples: int,
    rng: Any = None,
    node: str | None = None,
    executor: Submits | None = None,
    progress: bool = False,
) -> Uncertainty:
    """Draw all uncertain inputs at once, many times, and count scores and ranks.

    Draws come in chunks with a random stream each, and all counts are whole numbers: the result is
    the same to the last bit for any number and kind of workers. Memory does not grow with the
    number of draws.

    Parameters
    ----------
    assessment : Assessment
        With the nominal choices.
    inputs : sequence of Input
        What is uncertain; all are drawn independently of each other.
    n_samples : int
        The number of draws.
    rng : int or numpy Generator, optional
        The seed.
    node : str, optional
        Whose scores and ranks are studied; the index by default.
    executor : object with ``submit``, optional
        Of ``concurrent.futures``, Dask (``Client.get_executor()``) or the like; threads by
        default.
    progress : bool
        Show a bar.

    Returns
    -------
    Uncertainty

    Raises
    ------
    MethodError
        Inputs that cannot work, before the first draw; a number of draws below 1; a seed of
        another kind.
    StudyError
        Workers that failed twice.

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
    ever = ~np.all([np.isnan(a.array(study.node.code)) for a in study.assessments], axis=0)
    if not ever.any():
        msg = f"no unit has a score of {study.node.code!r}"
        raise MethodError(msg)
    tasks = chunks(n_samples, int(ever.sum()), len(study.scorers))
    bins, first = _bins(study, ever, seed, tasks[0][0])
    work = partial(_count, study, bins, ever, seed)
    shares: list[Share] = [(tasks[0], first), *((task, None) for task in tasks[1:])]
    parts = in_order(work, shares, executor=executor, progress=progress, n_draws=_draws_of)
    tally = next(parts)
    for part in parts:
        tally = tally + part
    return Uncertainty(
        design=study, seed=seed, n_samples=n_samples, ever=ever, bins=bins, tally=tally
    )


def _draws_of(share: Share) -> int:
    return draws_of(share[0])


def _count(study: Design, bins: Bins, ever: Bools, seed: int, share: Share) -> Tally:
    """Do a task: draw and count its chunks."""
    code = study.node.code
    nominal = study.assessment.array(code)[ever]
    kind = WideCounter if bins.joins_ranks else Counter
    counter = kind(bins, np.nan_to_num(nominal), study.assessment.rank_array(code)[ever])
    room = Room()
    task, first = share
    if first is not None:
        counter.add(first)
    for chunk in task if first is None else task[1:]:
        counter.add(scores_of(study, ever, seed, chunk, room))
    return counter.result()


def _bins(
    study: Design, ever: Bools, seed: int, chunk: tuple[int, int]
) -> tuple[Bins, Floats | None]:
    """Return where to count, and the scores of the first chunk where they had to tell."""
    bounds = study.bounds
    groups = _groups(study.assessment, ever)
    if bounds is not None and not study.draws(np.full((len(study.names), 1), 0.5)).changes_data:
        return Bins.between(bounds[0][ever], bounds[1][ever], groups, is_sure=True), None
    # Nothing bounds the scores beforehand: the first draws tell, with room on both sides.
    first = scores_of(study, ever, seed, chunk, Room())
    low, high = np.fmin.reduce(first, axis=0), np.fmax.reduce(first, axis=0)
    room = (high - low) / 2
    return Bins.between(low - room, high + room, groups, is_sure=False), first


def _groups(assessment: Assessment, ever: Bools) -> list[NDArray[np.intp]]:
    """Return the places, among the units that ever have a score, of those of each period."""
    place = np.cumsum(ever) - 1
    groups = [place[rows[ever[rows]]] for rows in assessment.rows_by_period.values()]
    return [group for group in groups if group.size]


def evaluate(
    assessment: Assessment, inputs: Sequence[Any], uniforms: ArrayLike, *, node: str | None = None
) -> Floats:
    """Give the scores of draws that were planned elsewhere, such as by another tool's design.

    Parameters
    ----------
    assessment, inputs, node
        As of `uncertainty`.
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
