"""The frequency of each rank under random weights, and the weights that favour each unit."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dli.assessment import Assessment
from dli.checks import seed_of, whole_number
from dli.frames import Frame
from dli.framework.select import Nodes
from dli.robustness.arrays.acceptability import (
    MOST_DRAWS,
    Acceptability,
    accepted,
    dirichlet_shapes,
)
from dli.robustness.compared import by_children

__all__ = ["central_weights", "rank_acceptability"]


def rank_acceptability(
    assessment: Assessment,
    node: str | None = None,
    *,
    n_samples: int,
    rng: Any = None,
    nodes: Nodes = None,
    concentration: ArrayLike | None = None,
) -> Acceptability:
    """Return the share of random weights under which each unit has each rank in its period.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    node, nodes
        As in `dli.robustness.pairwise_winning`. By default, the children of ``node`` have random
        weights.
    n_samples : int
        The number of draws.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed, or a generator from which one is drawn; by default a new seed, which the result
        records.
    concentration : array_like of shape (n_nodes,), optional
        The parameters of the Dirichlet distribution of the weights; by default all are 1, which
        makes the weights uniform.

    Returns
    -------
    dli.robustness.arrays.Acceptability
        A row for each unit (and period), and as many columns of ranks as the largest period has
        units. Missing values are handled as in the method: the weights of missing nodes are
        shared among the others, and units without a score have NaN.

    Raises
    ------
    UnknownCodeError
        A node is unknown.
    MethodError
        The aggregation is not the arithmetic mean, ``nodes`` do not cover the node exactly once, a
        parameter is not above zero, or ``n_samples`` is below 1.

    Warns
    -----
    DLIWarning
        The weights of the assessment differ by unit, whereas the shares assume that all units have
        the same weights.

    References
    ----------
    Lahdelma and Salminen (2001), SMAA-2: stochastic multicriteria acceptability analysis for
    group decision making. https://doi.org/10.1287/opre.49.3.444.11220

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 0], "b": [0, 3]})
    >>> shares = rank_acceptability(assessment, n_samples=2000, rng=1)
    >>> shares.acceptability.round(1).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    by = by_children(assessment, node, nodes)
    by.warn_of_own_weights("the shares are those of weights that all units share")
    n_samples, seed = whole_number("n_samples", n_samples, 1, MOST_DRAWS), seed_of(rng)
    shapes = dirichlet_shapes(concentration, len(by.codes))
    groups = assessment.rows_by_period.values()
    keys = [assessment.units, *([] if assessment.periods is None else [assessment.periods])]
    n_rows, largest = len(assessment.units), max(map(len, groups))
    share, errors = np.full((2, n_rows, largest), np.nan)
    weights = np.full((n_rows, len(by.codes)), np.nan)
    for rows in groups:
        scored = rows[~np.isnan(assessment.array(by.top)[rows])]
        if not scored.size:
            continue
        scores_of = partial(by.scores, scored)
        shares = accepted(scores_of, scored.size, shapes, n_samples, seed)
        share[scored], errors[scored], weights[scored] = 0.0, 0.0, shares.central_weights
        share[scored, : scored.size] = shares.acceptability
        errors[scored, : scored.size] = shares.errors
    return Acceptability(
        acceptability=share,
        central_weights=weights,
        errors=errors,
        n_samples=n_samples,
        seed=seed,
        labels=[", ".join(map(str, key)) for key in zip(*keys, strict=True)],
    )


def central_weights(
    assessment: Assessment,
    node: str | None = None,
    *,
    n_samples: int,
    rng: Any = None,
    nodes: Nodes = None,
) -> Frame:
    """Return the mean of the random weights under which each unit ranks first in its period.

    Parameters
    ----------
    assessment, node, nodes, n_samples, rng
        As in `rank_acceptability`, which also lists the errors and warnings.

    Returns
    -------
    frame
        A row for each unit: ``share``, the share of weights under which the unit ranks first, and
        a column with the central weight of each node, missing for units that never rank first.
    """
    shares = rank_acceptability(assessment, node, n_samples=n_samples, rng=rng, nodes=nodes)
    codes = by_children(assessment, node, nodes).codes
    columns = dict(zip(codes, shares.central_weights.T, strict=True))
    return assessment.frame({"share": shares.acceptability[:, 0], **columns})
