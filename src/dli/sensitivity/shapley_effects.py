"""Shapley effects: shares of variance for inputs that can depend on each other."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.checks import flag_faults, is_hashable, refuse, seed_of, whole_number
from dli.errors import UnknownCodeError
from dli.frames import Frame
from dli.printing import SHOWN, Printed, Sheet
from dli.robustness.arrays.acceptability import MOST_DRAWS
from dli.sensitivity.design import Design, design
from dli.sensitivity.draws import Draws, Room
from dli.sensitivity.engine import Submits, in_order
from dli.sensitivity.inputs.protocol import Input, apply_given
from dli.sensitivity.outputs import (
    OUTPUTS,
    in_units,
    mean_over_outputs,
    output_powers,
    output_rows,
    outputs_of,
)

__all__ = ["Shapley", "shapley"]

# Song, Nelson and Staum: one condition for each set of factors, three draws under it.
_INNER = 3


def shapley(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    inputs: Input | Sequence[Any],
    *,
    n_permutations: int,
    rng: Any = None,
    output: str = "mean_rank_shift",
    node: str | None = None,
    executor: Submits | None = None,
    progress: bool = False,
) -> "Shapley":
    r"""Return the Shapley effects of factors: their shares of the variance of an output.

    The value of a set of factors is the variance that remains when all other factors are known. The
    effect of a factor is the mean increase in value when it is added to the factors before it, over
    random orders of the factors. Effects sum to one even if factors depend on each other, as
    weights that sum to one do: the weights of `DirichletWeights` are drawn conditionally on those
    that are known. True effects are not negative, but estimates can be, within the errors in
    `Shapley.errors`.

    Parameters
    ----------
    assessment, inputs, node, executor, progress
        As for `uncertainty`.
    n_permutations : int
        The number of random orders. Each takes three draws for each factor.
    rng : int or numpy Generator, optional
        The seed, or a generator that draws one. A fresh seed by default, which the result keeps.
    output : {"mean_rank_shift", "score", "rank"}
        The output whose variance is decomposed.

    Returns
    -------
    Shapley
        The effects of all factors on each output.

    Raises
    ------
    MethodError
        Invalid inputs, or fewer than two orders.
    UnknownCodeError
        An unknown output.

    References
    ----------
    Song, Nelson and Staum (2016), Shapley effects for global sensitivity analysis: theory and
    computation. https://doi.org/10.1137/15M1048070

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> from dli.sensitivity import DirichletWeights
    >>> index = Index("T", [Indicator("a"), Indicator("b"), Indicator("c")])
    >>> data = {"unit": ["X", "Y"], "a": [1, 3], "b": [9.0, 5.0], "c": [2.0, 1.0]}
    >>> study = shapley(
    ...     Assessment(index, data), [DirichletWeights()], n_permutations=200, rng=1, output="score"
    ... )
    >>> study.effects.sum(axis=0).round(12).tolist()
    [1.0, 1.0]
    """
    if not is_hashable(output) or output not in OUTPUTS:
        raise UnknownCodeError("output", [output], OUTPUTS)
    n_permutations = whole_number("n_permutations", n_permutations, 2, MOST_DRAWS)
    refuse("shapley", flag_faults(progress=progress))
    study = design(assessment, inputs, node)
    if output == "score":
        study.require_one_scale()
    seed = seed_of(rng)
    n_factors, n_units = len(study.names), len(assessment.units)
    size = max(2, 2**18 // (n_units * n_factors * _INNER))
    tasks = [(first, min(size, n_permutations - first)) for first in range(0, n_permutations, size)]
    work = partial(_orders, study, output, seed)
    found = list(
        in_order(
            work,
            tasks,
            executor=executor,
            progress=progress,
            n_draws=lambda task: task[1] * n_factors * _INNER,
        )
    )
    gains, plain = (np.concatenate([part[i] for part in found]) for i in (0, 1))
    variance = plain.var(axis=0, ddof=1)
    usable = np.where(variance > 1e-26 * np.abs(plain).max(axis=0) ** 2, variance, np.nan)
    # The value of the whole set is the variance itself, so the last factor in each order adds the
    # remainder.
    last = variance - gains.sum(axis=1)
    rows = np.arange(len(gains))
    orders = np.concatenate([part[2] for part in found])
    gains[rows, orders[:, -1]] += last
    return Shapley(
        assessment=assessment,
        factors=study.names,
        output=output,
        seed=seed,
        n_permutations=n_permutations,
        effects=gains.mean(axis=0) / usable,
        errors=gains.std(axis=0, ddof=1) / np.sqrt(len(gains)) / usable,
        variance=in_units(variance, output_powers(study, (output,))),
    )


def _orders(study: Design, output: str, seed: int, task: tuple[int, int]) -> Any:
    """Return the gains of factors in some random orders, outputs of plain draws, and the orders.

    Returns
    -------
    gains : ndarray of shape (n_orders, n_factors, n_outputs)
        Zero for the last factor of each order.
    plain : ndarray of shape (n_orders * n_factors, n_outputs)
    orders : ndarray of int of shape (n_orders, n_factors)
    """
    first, n_orders = task
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(first,)))
    n_factors = len(study.names)
    orders = rng.permuted(np.tile(np.arange(n_factors), (n_orders, 1)), axis=1)
    place = np.argsort(orders, axis=1)
    # Set j of an order contains its first j factors, which are drawn again; the others are known.
    free = place.T[:, :, np.newaxis] < np.arange(1, n_factors)
    known = rng.random((n_factors, n_orders, n_factors - 1))
    numbers = (n_factors, n_orders, n_factors - 1, _INNER)
    drawn = rng.random(numbers)
    room = Room()
    worth: Any = None
    if n_factors > 1:  # a single factor is first and last: its effect is the whole variance
        draws = _mixed(study, known, drawn, free)
        found = outputs_of(study, (output,), study.scores_of(draws), room)
        worth = found.reshape(n_orders, n_factors - 1, _INNER, -1).var(axis=2, ddof=1)
    numbers_of_plain = rng.random((n_factors, n_orders * n_factors))
    plain = outputs_of(study, (output,), study.scores(numbers_of_plain, room), room)
    gains = np.zeros((n_orders, n_factors, plain.shape[1]))
    if worth is not None:
        rows = np.arange(n_orders)[:, np.newaxis]
        gains[rows, orders[:, :-1]] = np.diff(worth, axis=1, prepend=0.0)
    return gains, plain, orders


def _mixed(study: Design, known: Floats, drawn: Floats, free: Bools) -> Draws:
    """Return draws of the free factors, given the known ones."""
    draws = Draws(study.assessment, drawn[0].size)
    for own, part in zip(study.inputs, study.slices, strict=True):
        n_factors = part.stop - part.start
        apply_given(
            own,
            known[part].reshape(n_factors, -1),
            drawn[part].reshape(n_factors, -1, drawn.shape[-1]),
            free[part].reshape(n_factors, -1),
            draws,
        )
        draws.require_weights(own)
    return draws


@frozen(kw_only=True, eq=False, repr=False)
class Shapley(Printed):
    """Shapley effects of uncertain factors.

    Attributes
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    factors : tuple of str
        The names of the factors, in the order of the effects.
    output : str
        The output that was studied.
    seed, n_permutations : int
        The seed and the number of orders, with which the study can be repeated.
    effects, errors : ndarray of shape (n_factors, n_outputs)
        Shares of the variance, and their standard errors over orders, with one column for the mean
        rank shift or for each unit. NaN for outputs that do not vary.
    variance : ndarray of shape (n_outputs,)
        The variance of each output, which the effects decompose.
    """

    assessment: Assessment
    factors: tuple[str, ...]
    output: str
    seed: int
    n_permutations: int
    effects: Floats
    errors: Floats
    variance: Floats

    @property
    def table(self) -> Frame:
        """A row for each output and factor: the unit, ``factor``, ``effect`` and ``error``."""
        rows = output_rows(self.assessment, self.output)
        columns = {
            "factor": list(self.factors) * len(rows),
            "effect": self.effects.T.ravel(),
            "error": self.errors.T.ravel(),
        }
        return self.assessment.frame(columns, rows=[row for row in rows for _ in self.factors])

    def _sheet(self) -> Sheet:
        effects, errors = map(mean_over_outputs, (self.effects, self.errors))
        order = np.argsort(-effects, kind="stable")[:SHOWN].tolist()
        rows = [(self.factors[i], f"{effects[i]:.3f}", f"{errors[i]:.3f}") for i in order]
        title = f"Shapley effects on {self.output}: {self.n_permutations:,} orders"
        return Sheet(title, ("factor", "effect", "error"), rows, left=len(self.factors) - len(rows))
