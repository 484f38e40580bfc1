"""The share of random weights under which each unit has each rank."""

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats, as_table
from dli.checks import seed_of, whole_number
from dli.errors import MethodError
from dli.printing import SHOWN, Printed, Sheet, counted
from dli.ranking import places
from dli.weighting.tables import in_range

__all__ = ["Acceptability", "accepted", "dirichlet_shapes", "rank_acceptability"]

# If the shapes of a Dirichlet distribution sum to less than this, most draws put almost all weight
# on one indicator.
_CORNERS = 0.1
# Beyond these sums of the shapes the distribution no longer changes noticeably.
_LEAST, _MOST = 1e-100, 1e100
# More draws would take days.
MOST_DRAWS = 1_000_000_000


@frozen(kw_only=True, eq=False, repr=False)
class Acceptability(Printed):
    """The shares of random weights under which units have each rank, and their central weights.

    Attributes
    ----------
    acceptability : ndarray of shape (n_units, n_units)
        The share of draws in which the unit (row) has the rank (column); rows sum to one. Tied
        units share the smaller rank, which is one more than the number of better units.
    central_weights : ndarray of shape (n_units, n_indicators)
        The mean of the drawn weights under which the unit ranks first, alone or tied with others;
        NaN if it never ranks first.
    errors : ndarray of shape (n_units, n_units)
        The standard errors of ``acceptability``.
    n_samples, seed : int
        The number of draws, and the seed that reproduces them.
    labels : sequence of str
        The names of the units in the printed table; their row numbers if empty.
    """

    acceptability: Floats
    central_weights: Floats
    errors: Floats
    n_samples: int
    seed: int
    labels: Sequence[str] = ()

    def _sheet(self) -> Sheet:
        share = np.nan_to_num(self.acceptability)
        labels = self.labels or [f"row {i}" for i in range(len(share))]
        likeliest, highest = share.argmax(axis=1), share.max(axis=1, initial=0.0)
        order = np.lexsort((likeliest, -share[:, 0]))[:SHOWN].tolist()
        rows = [
            (labels[i], f"{share[i, 0]:.1%}", f"{likeliest[i] + 1}", f"{highest[i]:.1%}")
            for i in order
            if highest[i] > 0
        ]
        title = f"Shares of ranks under {counted(self.n_samples, 'random weighting')}"
        head = ("unit", "first", "likeliest rank", "its share")
        return Sheet(title, head, rows, left=int((highest > 0).sum()) - len(rows))


def rank_acceptability(
    values: ArrayLike,
    *,
    n_samples: int,
    rng: object = None,
    concentration: ArrayLike | None = None,
) -> Acceptability:
    """Return the share of random weights under which each unit has each rank.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        The normalised values, without missing ones.
    n_samples : int
        The number of draws.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        The seed, or a generator from which one is drawn; by default a new seed, which the result
        records.
    concentration : array_like of shape (n_indicators,), optional
        The parameters of the Dirichlet distribution of the weights, all above 0; by default all are
        1, which makes the weights uniform. If all are near 0, almost all weight is on one
        indicator in each draw.

    Returns
    -------
    Acceptability
        The share of draws in which each unit has each rank, and the central weights.

    Raises
    ------
    MethodError
        A value is missing or infinite, a parameter is not a finite number above zero, or
        ``n_samples`` is below 1.

    References
    ----------
    Lahdelma and Salminen (2001), SMAA-2: stochastic multicriteria acceptability analysis for
    group decision making. https://doi.org/10.1287/opre.49.3.444.11220

    Examples
    --------
    >>> study = rank_acceptability([[1.0, 0.0], [0.0, 3.0]], n_samples=20_000, rng=1)
    >>> study.acceptability.round(2).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    >>> study.central_weights.round(2).tolist()
    [[0.88, 0.12], [0.37, 0.63]]
    """
    x, _ = in_range(as_table(values), together=True)
    shapes = dirichlet_shapes(concentration, x.shape[1])
    return accepted(lambda weights: weights @ x.T, len(x), shapes, n_samples, rng)


def dirichlet_shapes(concentration: ArrayLike | None, n: int) -> Floats:
    """Return the parameters of the Dirichlet distribution of weights, by default all 1."""
    shapes = np.ones(n) if concentration is None else as_floats(concentration, "concentration")
    if shapes.shape != (n,) or not ((shapes > 0) & np.isfinite(shapes)).all():
        msg = f"concentration must be {n} finite numbers above 0, got {concentration!r}"
        raise MethodError(msg)
    return shapes


def _drawn_weights(stream: np.random.Generator, shapes: Floats, n_draws: int) -> Floats:
    """Return weights drawn from a Dirichlet distribution, of shape (n_draws, n_indicators)."""
    size = (n_draws, shapes.size)
    if np.minimum(shapes, 1.0).sum() < _CORNERS:
        # All gamma variates of a draw may underflow, but their logarithms do not. A variate of
        # shape a equals one of shape a + 1 times a uniform number to the power 1 / a.
        shapes = shapes * max(1.0, _LEAST / shapes.sum())
        logs = np.log(stream.standard_gamma(shapes + 1, size=size))
        logs -= stream.standard_exponential(size=size) / shapes
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    else:
        # Draws with such large shapes do not vary, so only the proportions of the shapes matter.
        weights = stream.standard_gamma(shapes * min(1.0, _MOST / shapes.max()), size=size)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def accepted(
    scores_of: Callable[[Floats], Floats],
    n_units: int,
    shapes: Floats,
    n_samples: object,
    rng: object,
) -> Acceptability:
    """Return the shares of ranks under random weights, for scores computed by a function.

    ``scores_of`` takes weights of shape (n_draws, n_indicators) and returns scores of shape
    (n_draws, n_units), without missing ones.
    """
    n_samples, seed = whole_number("n_samples", n_samples, 1, MOST_DRAWS), seed_of(rng)
    counts, weight_sums = np.zeros((n_units, n_units)), np.zeros((n_units, shapes.size))
    # Each chunk of draws has its own random stream. Its size depends only on the number of units,
    # so that the same seed returns the same draws.
    size = max(1, min(1024, 2**18 // n_units))
    for chunk, start in enumerate(range(0, n_samples, size)):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk,)))
        n_draws = min(size, n_samples - start)
        weights = _drawn_weights(stream, shapes, n_draws)
        order, tied = places(scores_of(weights))
        ranks = np.broadcast_to(np.arange(n_units), order.shape) if tied is None else tied
        cells = np.bincount((order * n_units + ranks).ravel(), minlength=n_units**2)
        counts += cells.reshape(n_units, n_units)
        draws, firsts = np.nonzero(ranks == 0)
        np.add.at(weight_sums, order[draws, firsts], weights[draws])
    share, n_first = counts / n_samples, counts[:, :1]
    return Acceptability(
        acceptability=share,
        central_weights=weight_sums / np.where(n_first > 0, n_first, np.nan),
        errors=np.sqrt(share * (1 - share) / n_samples),
        n_samples=n_samples,
        seed=seed,
    )
