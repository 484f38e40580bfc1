"""The robustness of plans when strengths and costs vary."""

from collections.abc import Sequence

import numpy as np

from dli.arrays import Floats
from dli.capability.network import Network
from dli.capability.request import Request, in_order
from dli.frames import Frame

__all__ = ["drawn_strengths", "shares"]


def drawn_strengths(
    graph: Network, relative: float, n_samples: int, rng: np.random.Generator
) -> Floats:
    """Draw strengths uniformly within a relative range, at most 1: (n_samples, n_links)."""
    nominal = np.array([link.strength for link in graph.links])
    factors = 1 + rng.uniform(-relative, relative, (n_samples, nominal.size))
    return np.minimum(nominal * factors, 1.0)


def shares(
    request: Request, graph: Network, draws: Sequence[Network], factors: Floats | None = None
) -> Frame:
    """Return how often each capability is in the best plan, and how often it comes first.

    Parameters
    ----------
    request : Request
    graph : Network
        The graph with the nominal strengths.
    draws : sequence of Network
        The graphs with other strengths.
    factors : ndarray of shape (n_draws, n_capabilities), optional
        The factors of the costs in each draw.

    Returns
    -------
    frame
        The table that `UncertainGraph.plan` documents.
    """
    codes = graph.codes
    nominal_task = request.task(graph)
    nominal = nominal_task.changes(request.solve(nominal_task).taken)
    changes, first = np.zeros((len(draws), len(codes))), np.zeros((len(draws), len(codes)))
    for row, drawn in enumerate(draws):
        task = request.task(drawn, None if factors is None else factors[row])
        taken = request.attempt(task) or ()
        for code, change in task.changes(taken).items():
            changes[row, graph.places[code]] = change
        if taken:
            first[row, task.steps[in_order(task, taken)[0]].place] = 1.0
    share = (changes != 0).mean(axis=0)
    order = np.lexsort((-first.mean(axis=0), -share)).tolist()
    return request.assessment.table(
        {
            "code": [codes[i] for i in order],
            "nominal": np.array([nominal.get(codes[i], 0.0) for i in order]),
            "share": share[order],
            "mean_change": changes.mean(axis=0)[order],
            "first_step": first.mean(axis=0)[order],
        }
    )
