"""Sobol indices: which uncertain input moves scores and ranks most."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from warnings import catch_warnings, simplefilter, warn

import numpy as np
from attrs import evolve, frozen

from dli.arrays import Floats, Integers
from dli.assessment import Assessment
from dli.checks import (
    flag_faults,
    is_hashable,
    listed,
    number,
    refuse,
    seed_of,
    several,
    whole_number,
)
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.frames import Frame
from dli.printing import SHOWN, Printed, Sheet, counted
from dli.sensitivity.design import Design, design
from dli.sensitivity.draws import Room
from dli.sensitivity.engine import Submits, in_order
from dli.sensitivity.inputs.protocol import Input
from dli.sensitivity.outputs import (
    OUTPUTS,
    in_units,
    mean_over_outputs,
    output_powers,
    output_rows,
    outputs_of,
)
from dli.sensitivity.variance import Indices, Sums, sobol_estimates

__all__ = ["Sobol", "sobol"]

# Outputs that may be kept all at once, for indices of second order.
_KEPT = 2**26
# How long SciPy's Sobol sequences are.
_LONGEST = 2**30


def sobol(  # noqa: PLR0913 each is a decision of its own
    assessment: Assessment,
    inputs: Input | Sequence[Any],
    *,
    n_samples: int,
    rng: Any = None,
    output: str | Sequence[str] = "mean_rank_shift",
    groups: str | Mapping[str, Sequence[str]] = "factors",
    second_order: bool = False,
    node: str | None = None,
    executor: Submits | None = None,
    progress: bool = False,
) -> "Sobol":
    r"""Return Sobol indices: the shares of the variance of outputs due to each uncertain input.

    The first-order index of a factor is the share of an output's variance that would disappear if
    the factor were known. The total-order index is the share that would remain if all other factors
    were known. The sample is a scrambled Sobol sequence (`scipy.stats.qmc`), and the estimators are
    those of `scipy.stats.sobol_indices`, computed in blocks, so that memory use does not grow with
    the number of draws.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    inputs : Input or sequence of Input
        The uncertain inputs. They are drawn independently of each other.
    n_samples : int
        The size of the base sample, preferably a power of two; ``n_samples * (n_factors + 2)``
        draws are made.
    rng : int or numpy Generator, optional
        The seed, or a generator that draws one. A fresh seed by default, which the result keeps.
    output : {"mean_rank_shift", "score", "rank"}, or several of them
        The mean absolute change of rank over units, or the score or rank of each unit.
    groups : {"factors", "inputs"}, or mapping of label to names of factors
        Whether each random number is a factor of its own, such as the noise of one weight, or all
        numbers of an input together are one factor. A mapping defines other groups; factors that it
        does not contain are groups of their own.
    second_order : bool
        Whether to return indices of pairs too, which takes twice as many draws.
    node : str, optional
        The node whose scores and ranks are studied; the index by default.
    executor, progress
        As for `uncertainty`.

    Returns
    -------
    Sobol
        The first-order and total-order indices of each factor for each output.

    Raises
    ------
    MethodError
        Invalid inputs; fewer than two draws; more outputs than can be kept in memory, as
        second-order indices require.
    UnknownCodeError
        An unknown output, group, factor or node.

    Warns
    -----
    DLIWarning
        A base sample that is not a power of two. Also outputs that do not vary, and units without a
        score in some draw: their indices are missing.

    Notes
    -----
    Weights that must sum to one are drawn without that constraint and then scaled. The indices are
    therefore those of the noise before scaling; `shapley` returns effects of the weights
    themselves.

    References
    ----------
    Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Variance based sensitivity
    analysis of model output. https://doi.org/10.1016/j.cpc.2009.09.018

    Examples
    --------
    >>> from dli import Index, Indicator
    >>> from dli.sensitivity import WeightNoise
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [9.0, 5.0, 8.9]}
    >>> study = sobol(
    ...     Assessment(index, data), [WeightNoise({"a": 0.1, "b": 0.4})], n_samples=256, rng=1,
    ...     output="score",
    ... )
    >>> study.total_order.shape
    (2, 3)
    """
    refuse("sobol", flag_faults(second_order=second_order, progress=progress))
    outputs = tuple(several("output", output))
    unknown = [name for name in outputs if not is_hashable(name) or name not in OUTPUTS]
    if unknown or not outputs:
        raise UnknownCodeError("output", unknown, OUTPUTS)
    n_samples = whole_number("n_samples", n_samples, 2, _LONGEST)
    if n_samples & (n_samples - 1):
        better = 2 ** (n_samples - 1).bit_length()
        msg = f"Sobol sequences are balanced for powers of two; {better} is better than {n_samples}"
        warn(msg, DLIWarning, stacklevel=2)
    study = design(assessment, inputs, node)
    if "score" in outputs:
        study.require_one_scale()
    labels, members = _groups(study, groups)
    seed = seed_of(rng)
    n_units = len(assessment.units)
    n_outputs = sum(1 if name == OUTPUTS[0] else n_units for name in outputs)
    n_kept = n_outputs * n_samples * (2 * len(labels) + 2)
    if second_order and n_kept > _KEPT:
        msg = (
            f"second-order indices need all outputs in memory at once, here {n_kept:,}, at most "
            f"{_KEPT:,}; use fewer draws, groups or outputs"
        )
        raise MethodError(msg)
    shift = _outputs(study, outputs, np.full((len(study.names), 1), 0.5), Room())[0]
    size = max(1, min(1024, 2**18 // n_units))
    tasks = [(first, min(size, n_samples - first)) for first in range(0, n_samples, size)]
    plan = _Plan(study, outputs, members, seed, np.nan_to_num(shift), second_order)
    work = partial(_block, plan)
    indices = _indices(
        in_order(
            work,
            tasks,
            executor=executor,
            progress=progress,
            n_draws=lambda task: task[1] * (len(labels) * (1 + second_order) + 2),
        ),
        second_order=second_order,
    )
    return _checked(
        Sobol(
            assessment=assessment,
            factors=labels,
            outputs=outputs,
            seed=seed,
            n_samples=n_samples,
            indices=indices,
        ),
        output_powers(study, outputs),
    )


def _groups(
    study: Design, groups: str | Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], list[list[int]]]:
    """Return the label of each group and the positions of its factors."""
    names = study.names
    if isinstance(groups, str) and groups == "factors":
        return names, [[i] for i in range(len(names))]
    if isinstance(groups, str) and groups == "inputs":
        labels: list[str] = []
        for own, part in zip(study.inputs, study.slices, strict=True):
            factors = names[part]
            label = factors[0] if len(factors) == 1 else type(own).__name__
            labels.append(label if label not in labels else f"{label} {len(labels) + 1}")
        return tuple(labels), [list(range(s.start, s.stop)) for s in study.slices]
    if not isinstance(groups, Mapping):
        msg = f"groups must be 'factors', 'inputs' or a mapping of labels to names, got {groups!r}"
        raise MethodError(msg)
    by_label: dict[Any, list[Any]] = {
        label: listed(f"group {label!r}", members, "names of factors")
        for label, members in groups.items()
    }
    faults = [
        f"{label!r}: {'another factor has this name' if isinstance(label, str) else 'not text'}"
        for label, members in by_label.items()
        if not isinstance(label, str) or (label in names and label not in members)
    ]
    if faults:
        msg = "the labels of groups must be text, and not the name of a factor outside the group"
        raise MethodError(msg, faults)
    given = [name for members in by_label.values() for name in members]
    unknown = [name for name in given if not is_hashable(name) or name not in names]
    if unknown:
        raise UnknownCodeError("factor", unknown, names)
    twice = [repr(name) for name in dict.fromkeys(given) if given.count(name) > 1]
    if twice:
        msg = "a factor can belong to one group only"
        raise MethodError(msg, twice)
    own = {label: [names.index(name) for name in members] for label, members in by_label.items()}
    own |= {name: [i] for i, name in enumerate(names) if name not in given}
    return tuple(own), list(own.values())


def _sample(n_factors: int, seed: int, first: int, n: int) -> tuple[Floats, Floats]:
    """Return a block of both base samples, each of shape (n_factors, n_draws)."""
    from scipy.stats import qmc

    with catch_warnings():
        simplefilter("ignore", UserWarning)  # the size of a block need not be a power of two
        sequence = qmc.Sobol(2 * n_factors, rng=np.random.default_rng(seed))
        if first:
            sequence.fast_forward(first)
        both = np.ascontiguousarray(sequence.random(n).T)
    return both[:n_factors], both[n_factors:]


@frozen(eq=False)
class _Plan:
    """What a worker needs; ``keep`` says whether to return all outputs or their sums."""

    study: Design
    outputs: tuple[str, ...]
    members: list[list[int]]
    seed: int
    shift: Floats
    keep: bool


def _block(plan: _Plan, task: tuple[int, int]) -> Any:
    """Return the sums over a block of the design, or all its outputs."""
    a, b = _sample(len(plan.study.names), plan.seed, *task)
    room = Room()
    f_a, f_b = (_outputs(plan.study, plan.outputs, x, room) for x in (a, b))
    if not plan.keep:
        return Sums.of(f_a, f_b, _mixed(plan, a, b, room), plan.shift)
    f_ab, f_ba = (np.array(list(_mixed(plan, *x, room))) for x in ((a, b), (b, a)))
    return f_a, f_b, f_ab, f_ba


def _mixed(plan: _Plan, own: Floats, other: Floats, room: Room) -> Iterator[Floats]:
    """Yield, for each group, the outputs of the first sample with that group from the second."""
    for members in plan.members:
        mixed = room.array("mixed", own.shape)
        mixed[...] = own
        mixed[members] = other[members]
        yield _outputs(plan.study, plan.outputs, mixed, room)


def _outputs(study: Design, outputs: tuple[str, ...], numbers: Floats, room: Room) -> Floats:
    return outputs_of(study, outputs, study.scores(numbers, room), room)


def _indices(blocks: Iterator[Any], *, second_order: bool) -> Indices:
    if second_order:
        kept = list(blocks)
        f_a, f_b = (np.concatenate([block[i] for block in kept]) for i in (0, 1))
        f_ab, f_ba = (np.concatenate([block[i] for block in kept], axis=1) for i in (2, 3))
        return sobol_estimates(f_a, f_b, f_ab, f_ba=f_ba)
    total = next(blocks)
    for sums in blocks:
        total = total + sums
    found: Indices = total.indices()
    return found


def _checked(study: "Sobol", powers: Integers) -> "Sobol":
    missing = np.isnan(study.total_order[0])
    if missing.any():
        constant = int((study.indices.variance == 0).sum())
        parts = [f"{constant} do not vary"] if constant else []
        lacking = int(missing.sum()) - constant
        parts += [f"{lacking} are of units that lack a score in some draw"] if lacking else []
        msg = f"{int(missing.sum())} of {missing.size} outputs have no indices: {', '.join(parts)}"
        warn(msg, DLIWarning, stacklevel=3)
    variance = in_units(study.indices.variance, powers)
    return evolve(study, indices=evolve(study.indices, variance=variance))


@frozen(kw_only=True, eq=False, repr=False)
class Sobol(Printed):
    """Sobol indices of an assessment's outputs.

    Attributes
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    factors : tuple of str
        The names of the factors, which are the rows of all arrays.
    outputs : tuple of str
        The outputs. Arrays have one column for "mean_rank_shift", and one for each unit for "score"
        and "rank".
    seed, n_samples : int
        The seed and the size of the base sample, with which the study can be repeated.
    indices : Indices
        The estimates, with their standard errors.
    """

    assessment: Assessment
    factors: tuple[str, ...]
    outputs: tuple[str, ...]
    seed: int
    n_samples: int
    indices: Indices

    @property
    def first_order(self) -> Floats:
        """First-order indices, of shape (n_factors, n_outputs)."""
        return self.indices.first_order

    @property
    def total_order(self) -> Floats:
        """Total-order indices, of shape (n_factors, n_outputs)."""
        return self.indices.total_order

    @property
    def second_order(self) -> Floats | None:
        """Second-order indices, of shape (n_factors, n_factors, n_outputs), or None."""
        return self.indices.second_order

    def columns(self, output: str) -> slice:
        """Return the columns of an output.

        Raises
        ------
        UnknownCodeError
            An output that was not studied.
        """
        if not is_hashable(output) or output not in self.outputs:
            raise UnknownCodeError("output of this study", [output], self.outputs)
        widths = [1 if name == OUTPUTS[0] else len(self.assessment.units) for name in self.outputs]
        place = self.outputs.index(output)
        return slice(sum(widths[:place]), sum(widths[: place + 1]))

    def intervals(self, confidence: float = 0.95) -> Frame:
        """Return all indices with their confidence intervals.

        Parameters
        ----------
        confidence : float
            The confidence level, above 0 and below 1. The intervals assume independent draws. The
            points of a Sobol sequence are more evenly spread, so that the intervals are
            conservative.

        Returns
        -------
        frame
            A row for each output and factor: the unit (missing for the mean rank shift),
            ``output``, ``factor``, ``first``, ``first_low``, ``first_high``, ``total``,
            ``total_low`` and ``total_high``.

        Raises
        ------
        MethodError
            An invalid confidence level.
        """
        from scipy.special import ndtri

        confidence = number("confidence", confidence, above=0, below=1)
        z = float(ndtri((1 + confidence) / 2))
        rows = [(row, o) for o in self.outputs for row in output_rows(self.assessment, o)]
        columns: dict[str, Any] = {
            "output": [output for _, output in rows for _ in self.factors],
            "factor": list(self.factors) * len(rows),
        }
        for label, index, error in (
            ("first", self.first_order, self.indices.first_error),
            ("total", self.total_order, self.indices.total_error),
        ):
            columns[label] = index.T.ravel()
            columns[f"{label}_low"] = (index - z * error).T.ravel()
            columns[f"{label}_high"] = (index + z * error).T.ravel()
        return self.assessment.frame(columns, rows=[row for row, _ in rows for _ in self.factors])

    def _sheet(self) -> Sheet:
        first, total = map(mean_over_outputs, (self.first_order, self.total_order))
        order = np.argsort(-total, kind="stable")[:SHOWN].tolist()
        rows = [(self.factors[i], f"{first[i]:.3f}", f"{total[i]:.3f}") for i in order]
        what = ", ".join(self.outputs)
        n_factors = counted(len(self.factors), "factor")
        title = f"Sobol indices of {what}: {n_factors}, base {self.n_samples:,}"
        return Sheet(title, ("factor", "first", "total"), rows, left=len(self.factors) - len(rows))
