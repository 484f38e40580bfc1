"""Outputs of draws that indices and effects explain, scaled so that they can be squared."""

import numpy as np

from dli.arrays import Floats, Integers
from dli.assessment import Assessment
from dli.ranking import mean_rank_shift, places, rank_scores
from dli.sensitivity.design import Design
from dli.sensitivity.draws import Room
from dli.weighting.tables import in_range

__all__ = [
    "OUTPUTS",
    "in_units",
    "mean_over_outputs",
    "output_powers",
    "output_rows",
    "outputs_of",
]

OUTPUTS = ("mean_rank_shift", "score", "rank")


def output_rows(assessment: Assessment, output: str) -> list[int | None]:
    """Return the row of the assessment of each value of an output; None for mean rank shift."""
    return [None] if output == OUTPUTS[0] else list(range(len(assessment.units)))


def mean_over_outputs(indices: Floats) -> Floats:
    """Return the mean of each factor over the outputs that vary, NaN if none of them varies."""
    is_known = ~np.isnan(indices)
    n_known = is_known.sum(axis=1)
    total = np.where(is_known, indices, 0.0).sum(axis=1)
    return np.asarray(total / np.where(n_known > 0, n_known, np.nan))


def outputs_of(study: Design, outputs: tuple[str, ...], scores: Floats, room: Room) -> Floats:
    """Return the outputs of draws in a new array of shape (n_draws, n_outputs).

    They are divided by two to the power of `output_powers`, so that their squares do not overflow
    or underflow.
    """
    n_draws, n_units = scores.shape
    values = np.empty((n_draws, sum(1 if name == OUTPUTS[0] else n_units for name in outputs)))
    ranks = room.array("ranks", scores.shape)
    if outputs != ("score",):
        _rank(study.assessment, scores, ranks, room)
    first = 0
    for name in outputs:
        if name == OUTPUTS[0]:
            nominal = study.assessment.rank_array(study.node.code)
            values[:, first] = mean_rank_shift(ranks, nominal)
            first += 1
        else:
            values[:, first : first + n_units] = scores if name == "score" else ranks
            first += n_units
    powers = output_powers(study, outputs)
    return np.ldexp(values, -powers) if powers.any() else values


def output_powers(study: Design, outputs: tuple[str, ...]) -> Integers:
    """Return the exponent of the power of two that divides each output; usually 0."""
    nominal = study.assessment.array(study.node.code)
    scale = int(in_range(nominal[:, np.newaxis])[1][0])
    powers = [
        np.full(1 if name == OUTPUTS[0] else len(nominal), scale if name == "score" else 0)
        for name in outputs
    ]
    return np.concatenate(powers).astype(np.int64)


def in_units(variance: Floats, powers: Integers) -> Floats:
    """Return variances of scaled outputs in the original units of the outputs."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.ldexp(variance, 2 * powers))


def _rank(assessment: Assessment, scores: Floats, ranks: Floats, room: Room) -> None:
    if assessment.periods is None:
        _rank_among(scores, ranks, room)
        return
    for rows in assessment.rows_by_period.values():
        period_ranks = np.empty((len(scores), len(rows)))
        _rank_among(scores[:, rows], period_ranks, room)
        ranks[:, rows] = period_ranks


def _rank_among(scores: Floats, ranks: Floats, room: Room) -> None:
    if np.isnan(scores.max()):
        ranks[...] = rank_scores(scores)
        return
    n_draws, n_units = scores.shape
    order, tied = places(scores, room.array("places", (2, *scores.shape)))
    order += np.arange(n_draws)[:, np.newaxis] * n_units
    ranks.reshape(-1)[order] = np.arange(1.0, n_units + 1) if tied is None else tied + 1.0
