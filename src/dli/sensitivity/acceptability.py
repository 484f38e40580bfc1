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
    """Return the share of random weights under which each unit takes each rank of its period.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    node, nodes
        As in `dli.robustness.pairwise_winning`: the children of ``node`` have random weights by
        default.
    n_samples : int
        The number of draws.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed, or a generator that draws one. A fresh seed by default, which the result keeps.
    concentration : array_like of shape (n_nodes,), optional
        The parameters of a Dirichlet distribution of the weights; by default all 1: uniform.

    Returns
    -------
    dli.robustness.arrays.Acceptability
        A row for each unit (and period), as many columns of ranks as the largest period has
        units. The method's own rule holds for missing values: the weights of missing nodes are
        shared out, and units without a score have NaN.

    Raises
    ------
    UnknownCodeError
        No such node.
    MethodError
        Another aggregation than the arithmetic mean, nodes that do not cover the node once,
        parameters not above zero, or no draws.

    Warns
    -----
    DLIWarning
        Units with different weights: the shares assume weights that are the same for all units.

    References
    ----------
    Lahdelma and Salminen (2001), SMAA-2: stochastic multicriteria acceptability analysis for
    group decision making. https://doi.org/10.1287/opre.49.3.444.11220

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 0], "b": [0, 3]})
    >>> found = rank_acceptability(assessment, n_samples=2000, rng=1)
    >>> found.acceptability.round(1).tolist()
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
        found = accepted(scores_of, scored.size, shapes, n_samples, seed)
        share[scored], errors[scored], weights[scored] = 0.0, 0.0, found.central_weights
        share[scored, : scored.size] = found.acceptability
        errors[scored, : scored.size] = found.errors
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
    """Return the mean of the weights under which each unit is the first of its period.

    Parameters
    ----------
    assessment, node, nodes, n_samples, rng
        As in `rank_acceptability`, which also says what is raised and warned of.

    Returns
    -------
    frame
        A row for each unit: ``share`` of weights under which it is first, and a column with the
        central weight of each node, missing for units that never are.
    """
    found = rank_acceptability(assessment, node, n_samples=n_samples, rng=rng, nodes=nodes)
    codes = by_children(assessment, node, nodes).codes
    columns = dict(zip(codes, found.central_weights.T, strict=True))
    return assessment.frame({"share": found.acceptability[:, 0], **columns})
