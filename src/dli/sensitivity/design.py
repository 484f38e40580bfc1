"""What is varied of an assessment, checked before the first draw, and what the draws give."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.aggregation.protocol import traits_of
from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import listed
from dli.errors import DataError, DLIError, MethodError
from dli.framework import Index
from dli.framework.select import inner_node
from dli.normalisation.protocol import traits_of as scale_of
from dli.sensitivity.asking import options_of, step_of
from dli.sensitivity.draws import Draws, Room
from dli.sensitivity.inputs.protocol import Input, require_inputs
from dli.sensitivity.scorers import Scorer, scorer
from dli.sensitivity.varying import Varying, varied, varying
from dli.steps import ask, attribute, shown

__all__ = ["Design", "design"]

# How many scorers of data with cells left out are kept: of nine sets of cells, all combinations.
_MOST_KEPT = 512
# Cells of data that go through the steps at once: more of them leave the cache, fewer are not worth
# the calls.
_CELLS_AT_ONCE = 2**19


class _Kept(dict[tuple[int, bytes], Any]):
    """Scorers, or steps, of data with cells left out; other processes make their own."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _Kept, ()


@frozen(kw_only=True, eq=False)
class Design:
    """An assessment with its uncertain inputs.

    Attributes
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    node : Index
        Whose scores are studied.
    inputs : tuple of Input
    names : tuple of str
        The uniform numbers of a draw.
    slices : tuple of slice
        Which of them belong to each input.
    options : dict of str to tuple
        By step.
    assessments : tuple of Assessment
        One for each combination of options, the last step counting fastest.
    scorers : tuple of Scorer
    """

    assessment: Assessment
    node: Index
    inputs: tuple[Any, ...]
    names: tuple[str, ...]
    slices: tuple[slice, ...]
    options: Mapping[str, tuple[Any, ...]]
    assessments: tuple[Assessment, ...]
    scorers: tuple[Scorer, ...]
    _memo: dict[int, Any] = field(factory=dict)
    _kept: _Kept = field(factory=_Kept)
    _steps: _Kept = field(factory=_Kept)

    def draws(self, uniforms: Floats, room: Room | None = None) -> Draws:
        """Turn numbers from 0 to 1, of shape (n_factors, n_draws), into draws."""
        draws = Draws(self.assessment, uniforms.shape[1], room, self._memo)
        for own, part in zip(self.inputs, self.slices, strict=True):
            ask(own, "apply", uniforms[part], draws, step=step_of(own))
            draws.require_weights(own)
        return draws

    def scores(self, uniforms: Floats, room: Room | None = None) -> Floats:
        """Return the node's scores, of shape (n_draws, n_units); they may stand in the room."""
        return self.scores_of(self.draws(uniforms, room))

    def scores_of(self, draws: Draws) -> Floats:
        """Return the node's scores of draws, of shape (n_draws, n_units)."""
        number = self.combination(draws)
        if draws.noises:
            return self._with_noise(draws, number)
        if draws.omissions:
            return self._with_omissions(draws, number)
        if len(self.scorers) == 1:
            return self.scorers[0].scores(draws)
        scores = draws.room.array("all scores", (draws.n_draws, len(self.assessment.units)))
        leaves: dict[bytes, Floats] = {}
        for combination in np.unique(number).tolist():
            rows = np.flatnonzero(number == combination)
            own = self.scorers[combination]
            if own.transformed is None:
                scores[rows] = own.scores(draws.take(rows))
                continue
            if own.nominal not in leaves:
                leaves[own.nominal] = own.leaf_weights(draws)
            scores[rows] = own.weighted(leaves[own.nominal][:, rows], draws.room)
        return scores

    def combination(self, draws: Draws) -> NDArray[Any]:
        """Return the number of each draw's combination of options."""
        return draws.combinations(list(self.options), [len(o) for o in self.options.values()])

    def drawn(self, uniforms: Floats) -> dict[str, list[Any]]:
        """Return for each factor what its numbers stand for, a value for each draw."""
        draws = self.draws(uniforms)
        number = self.combination(draws)
        cells: dict[str, list[Any]] = {name: [None] * draws.n_draws for name in self.names}
        for combination in np.unique(number).tolist():
            rows = np.flatnonzero(number == combination)
            # Weights are those of the options that were chosen.
            some = draws.take(rows, self.assessments[combination])
            for own, part in zip(self.inputs, self.slices, strict=True):
                values = _drawn(own, uniforms[part][:, rows], some)
                for name, column in zip(self.names[part], values, strict=True):
                    for row, value in zip(rows.tolist(), column, strict=True):
                        cells[name][row] = value.item() if isinstance(value, np.generic) else value
        return cells

    def _with_noise(self, draws: Draws, number: NDArray[Any]) -> Floats:
        scores = np.empty((draws.n_draws, len(self.assessment.units)))
        for rows, combination in _alike(draws, number):
            steps = self._varying(draws, int(rows[0]), combination)
            raw = np.ascontiguousarray(steps.assessment.observations.values)
            size = max(1, _CELLS_AT_ONCE // raw.size)
            for first in range(0, len(rows), size):
                block = rows[first : first + size]
                values = varied(raw, draws, block)
                found = steps.scores(values, draws.take(block))
                scores[block] = self._one_by_one(draws, block, number) if found is None else found
        return scores

    def _one_by_one(self, draws: Draws, rows: NDArray[Any], number: NDArray[Any]) -> Floats:
        """Assess the data of draws that cannot go through the steps together."""
        scores = np.empty((len(rows), len(self.assessment.units)))
        for into, draw in zip(scores, rows.tolist(), strict=True):
            given = self.noisy(draws, draw, self.assessments[number[draw]])
            into[...] = scorer(given, self.node).scores(draws.take(np.array([draw])))[0]
        return scores

    def _varying(self, draws: Draws, draw: int, combination: int) -> Varying:
        """Return the steps for data with the gaps of a draw, made once for all like it."""
        cells = draws.omitted(draw)
        key = combination, b"" if cells is None else np.packbits(cells).tobytes()
        found: Varying | None = self._steps.get(key)
        if found is None:
            nominal = self.assessments[combination]
            if cells is not None:
                nominal = self._assessed(
                    np.where(cells, np.nan, nominal.observations.values), nominal
                )
            own = self.scorers[combination] if cells is None else scorer(nominal, self.node)
            found = varying(nominal, self.node, own)
            if len(self._steps) < _MOST_KEPT:
                self._steps[key] = found
        return found

    def _with_omissions(self, draws: Draws, number: NDArray[Any]) -> Floats:
        scores = draws.room.array("all scores", (draws.n_draws, len(self.assessment.units)))
        for rows, combination in _alike(draws, number):
            own = self._scorer(draws, int(rows[0]), combination)
            scores[rows] = own.scores(draws.take(rows))
        return scores

    def _scorer(self, draws: Draws, draw: int, combination: int) -> Scorer:
        """Return the scorer of the data of a draw without noise, made once for all like it."""
        cells = draws.omitted(draw)
        if cells is None:
            return self.scorers[combination]
        key = combination, np.packbits(cells).tobytes()
        found: Scorer | None = self._kept.get(key)
        if found is None:
            found = scorer(self.noisy(draws, draw, self.assessments[combination]), self.node)
            if len(self._kept) < _MOST_KEPT:
                self._kept[key] = found
        return found

    def noisy(self, draws: Draws, draw: int, nominal: Assessment) -> Assessment:
        """Assess the data of one draw.

        Raises
        ------
        MethodError, DataError
            The data cannot be assessed, or units are left out that the nominal assessment keeps.
        """
        values = nominal.observations.values
        cells = draws.omitted(draw)
        if cells is not None:
            values = np.where(cells, np.nan, values)
        for noise in draws.noises:
            values = noise(values, draw)
        return self._assessed(values, nominal)

    def _assessed(self, values: Floats, nominal: Assessment) -> Assessment:
        """Assess other values of the data of an assessment."""
        observations = evolve(nominal.observations, values=values)
        try:
            found = Assessment(nominal.index, observations, method=nominal.method)
        except (MethodError, DataError) as error:
            msg = f"the data of a draw cannot be assessed: {error.summary}"
            raise type(error)(msg, error.faults) from error
        if not found.has_rows_of(nominal):
            kept = set(_keys(found))
            msg = (
                "with values taken as missing, units have too few of the indicators for "
                f"availability={nominal.method.availability:g}; lower it, or drop the units"
            )
            raise MethodError(msg, [key for key in _keys(nominal) if key not in kept])
        return found

    def require_one_scale(self) -> None:
        """Refuse to describe scores that some draws have on another scale than others.

        Raises
        ------
        MethodError
            Alternatives whose scores cannot be compared, such as ``MinMax(0, 100)`` beside
            ``ZScore()``.
        """
        scales = {_scale(one, self.node): None for one in self.assessments}
        if len(scales) > 1:
            msg = (
                f"the draws have scores at {self.node.code!r} on {len(scales)} scales, so that "
                "means, intervals and variances of scores say nothing; give the alternatives one "
                "scale, such as MinMax(1, 100) and PercentileRank(1, 100), or look at ranks"
            )
            raise MethodError(msg, [", ".join(scale) for scale in scales])

    @property
    def bounds(self) -> tuple[Floats, Floats] | None:
        """What bounds each unit's score whatever is drawn, None where nothing does."""
        low = np.fmin.reduce([one.low for one in self.scorers], axis=0)
        high = np.fmax.reduce([one.high for one in self.scorers], axis=0)
        known = all(np.isfinite(one.low).any() for one in self.scorers)
        return (low, high) if known else None


def _alike(draws: Draws, number: NDArray[Any]) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Yield the draws with the same combination of options and the same gaps, and the former."""
    alike = np.stack([number, *(own for _, own in draws.omissions)])
    kinds, kind = np.unique(alike, axis=1, return_inverse=True)
    for place in range(kinds.shape[1]):
        yield np.flatnonzero(kind.ravel() == place), int(kinds[0, place])


def _keys(assessment: Assessment) -> list[str]:
    """Return the names of the rows: units, and periods where there are some."""
    units = [repr(unit) for unit in assessment.units]
    if assessment.periods is None:
        return units
    return [f"{unit} in {own!r}" for unit, own in zip(units, assessment.periods, strict=True)]


def _scale(assessment: Assessment, node: Index) -> tuple[str, ...]:
    """Return what makes the scale of a node's scores: the ends of indicators, and comparisons."""
    below = {indicator.code for indicator in node.indicators}
    indicators = assessment.index.indicators
    scale = []
    for choice, columns in assessment.normalisations:
        codes = [indicators[j].code for j in np.arange(len(indicators))[columns].tolist()]
        ends = scale_of(choice).ends
        if below.intersection(codes):
            scale.append(shown(choice) if ends is None else f"from {ends[0]:g} to {ends[1]:g}")
    for own in node.walk():
        if isinstance(own, Index):
            aggregation = assessment.choices.aggregation[own.code]
            traits = traits_of(aggregation)
            if not (traits.monotone or traits.homogeneous):
                scale.append(f"{shown(aggregation)} of {own.code!r}")
    return tuple(dict.fromkeys(scale))


def design(assessment: Assessment, inputs: Input | Sequence[Any], node: str | None) -> Design:
    """Check inputs against an assessment, and assess every combination of their options.

    Raises
    ------
    MethodError
        Inputs that are none, name nothing, or contend for one choice; combinations of options that
        cannot work, with the units and codes where they fail.
    UnknownCodeError
        Codes, levels or steps that are not there.
    """
    candidate: object = assessment
    if not isinstance(candidate, Assessment):
        msg = f"a study needs an Assessment, got {assessment!r}"
        raise MethodError(msg)
    studied = inner_node(assessment.index, node)
    own_inputs = require_inputs(inputs)
    names: list[str] = []
    slices = []
    options: dict[str, tuple[Any, ...]] = {}
    contended: list[str] = []
    for own in own_inputs:
        factors = ask(own, "factors", assessment, step=step_of(own))
        if isinstance(factors, str):
            msg = (
                f"factors of input {shown(own)} must be several names, got the one text {factors!r}"
            )
            raise MethodError(msg)
        factors = list(factors) if isinstance(factors, Iterable) else [factors]
        if not all(isinstance(name, str) for name in factors):
            msg = f"factors of input {shown(own)} must be names, got {shown(factors)}"
            raise MethodError(msg)
        if not factors:
            msg = f"factors of input {shown(own)} must be at least one name: nothing of it varies"
            raise MethodError(msg)
        slices.append(slice(len(names), len(names) + len(factors)))
        names += factors
        given = options_of(own)
        contended += [f"options of {step!r}" for step in given if step in options]
        options |= given
    twice = [repr(name) for name in dict.fromkeys(names) if names.count(name) > 1]
    twice = twice or contended
    if twice:
        msg = "two inputs contend for one choice"
        raise MethodError(msg, twice)
    assessments = _combinations(assessment, options)
    found = Design(
        assessment=assessment,
        node=studied,
        inputs=own_inputs,
        names=tuple(names),
        slices=tuple(slices),
        options=options,
        assessments=assessments,
        scorers=tuple(scorer(one, studied) for one in assessments),
    )
    draws = found.draws(np.full((len(names), 1), 0.5))
    found.combination(draws)
    if draws.omissions:
        # The data without these cells are assessed before the first draw, as the options are.
        for combination in range(len(assessments)):
            found._scorer(draws, 0, combination)  # noqa: SLF001 one module
    return found


def _drawn(own: Any, uniforms: Floats, draws: Draws) -> list[list[Any]]:
    """Return for each factor of an input what its numbers stand for, in each draw."""
    if not callable(attribute(own, "drawn", None, step=step_of(own))):
        return [list(column) for column in uniforms]
    read = partial(_columns, uniforms.shape)
    found: list[list[Any]] = ask(own, "drawn", uniforms, draws, step=step_of(own), read=read)
    return found


def _columns(shape: tuple[int, ...], given: Any) -> list[list[Any]]:
    """Read what an input says of its numbers: a sequence for each factor, a value for each draw."""
    columns = [listed("drawn", column, "values") for column in listed("drawn", given, "sequences")]
    if len(columns) != shape[0] or any(len(column) != shape[1] for column in columns):
        msg = (
            f"drawn must give {shape[0]} sequences, one for each factor, of {shape[1]} values, one "
            f"for each draw; got the lengths {[len(column) for column in columns]}"
        )
        raise MethodError(msg)
    return columns


def _combinations(
    assessment: Assessment, options: Mapping[str, tuple[Any, ...]]
) -> tuple[Assessment, ...]:
    if not options:
        return (assessment,)
    assessments, faults = [], []
    for choice in product(*options.values()):
        changes = dict(zip(options, choice, strict=True))
        label = ", ".join(f"{step}={shown(option)}" for step, option in changes.items())
        try:
            assessments.append(assessment.evolve(**changes))
        except DLIError as error:
            faults.append(f"{label}: {error}")
            continue
        # An imputation over time can keep rows that are left out without it.
        if not assessments[-1].has_rows_of(assessment):
            faults.append(f"{label}: it keeps other rows than the nominal assessment")
    if faults:
        msg = "alternatives that cannot work together"
        raise MethodError(msg, faults)
    return tuple(assessments)
