"""The design of a study: uncertain inputs checked against an assessment, and scores of draws."""

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
from dli.sensitivity.draws import Draws, Kept, Room
from dli.sensitivity.inputs.protocol import Input, require_inputs
from dli.sensitivity.scorers import Scorer, scorer
from dli.sensitivity.varying import Varying, varied, varying
from dli.steps import ask, attribute, shown

__all__ = ["Design", "design"]

# The number of scorers kept for data with omitted cells: all combinations of nine sets of cells.
_MOST_KEPT = 512
# The number of cells of data processed at once: more do not fit into the cache, and with fewer the
# calls dominate.
_CELLS_AT_ONCE = 2**18


@frozen(kw_only=True, eq=False)
class Design:
    """An assessment with its uncertain inputs.

    Attributes
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    node : Index
        The node whose scores are studied.
    inputs : tuple of Input
        The uncertain inputs.
    names : tuple of str
        The names of the uniform numbers of a draw.
    slices : tuple of slice
        The slice of ``names`` that belongs to each input.
    options : dict of str to tuple
        The options by step.
    assessments : tuple of Assessment
        One for each combination of options; the option of the last step varies fastest.
    scorers : tuple of Scorer
        The scorer of each of these assessments.
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
    _kept: Kept = field(factory=Kept)
    _steps: Kept = field(factory=Kept)

    def draws(self, uniforms: Floats, room: Room | None = None) -> Draws:
        """Return the draws for numbers from 0 to 1 of shape (n_factors, n_draws)."""
        draws = Draws(self.assessment, uniforms.shape[1], room, self._memo)
        for own, part in zip(self.inputs, self.slices, strict=True):
            ask(own, "apply", uniforms[part], draws, step=step_of(own))
            draws.require_weights(own)
        return draws

    def scores(self, uniforms: Floats, room: Room | None = None) -> Floats:
        """Return the node's scores, of shape (n_draws, n_units), possibly in reused memory."""
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
        weights: dict[bytes, Floats] = {}
        for combination in np.unique(number).tolist():
            rows = np.flatnonzero(number == combination)
            own = self.scorers[combination]
            some, whole = draws.take(rows), own.whole(draws)
            if whole is None:
                scores[rows] = own.scores(some)
                continue
            if whole.key not in weights:
                weights[whole.key] = own.weights(whole, draws)
            scores[rows] = own.weighted(whole, weights[whole.key][:, rows], some)
        return scores

    def combination(self, draws: Draws) -> NDArray[Any]:
        """Return the number of each draw's combination of options."""
        return draws.combinations(list(self.options), [len(o) for o in self.options.values()])

    def drawn(self, uniforms: Floats) -> dict[str, list[Any]]:
        """Return the value that each factor's numbers stand for in each draw."""
        draws = self.draws(uniforms)
        number = self.combination(draws)
        cells: dict[str, list[Any]] = {name: [None] * draws.n_draws for name in self.names}
        for combination in np.unique(number).tolist():
            rows = np.flatnonzero(number == combination)
            # The weights depend on the chosen options.
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
        """Return scores of draws whose data cannot be processed together."""
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
        """Return the scorer of a draw without noise, built once for draws with the same data."""
        cells = draws.omitted(draw)
        if cells is None:
            return self.scorers[combination]
        key = combination, np.packbits(cells).tobytes()
        known: Scorer | None = self._kept.get(key)
        if known is None:
            known = scorer(self.noisy(draws, draw, self.assessments[combination]), self.node)
            if len(self._kept) < _MOST_KEPT:
                self._kept[key] = known
        return known

    def noisy(self, draws: Draws, draw: int, nominal: Assessment) -> Assessment:
        """Return the assessment of the data of one draw.

        Raises
        ------
        MethodError, DataError
            The data cannot be assessed, or units of the nominal assessment are dropped.
        """
        values = nominal.observations.values
        cells = draws.omitted(draw)
        if cells is not None:
            values = np.where(cells, np.nan, values)
        for noise in draws.noises:
            values = noise(values, draw)
        return self._assessed(values, nominal)

    def _assessed(self, values: Floats, nominal: Assessment) -> Assessment:
        """Return an assessment of other values with the nominal method."""
        observations = evolve(nominal.observations, values=values)
        try:
            assessed = Assessment(nominal.index, observations, method=nominal.method)
        except (MethodError, DataError) as error:
            msg = f"the data of a draw cannot be assessed: {error.summary}"
            raise type(error)(msg, error.faults) from error
        if not assessed.has_rows_of(nominal):
            kept = set(_keys(assessed))
            msg = (
                "with some values treated as missing, units have too few indicators for "
                f"availability={nominal.method.availability:g}; lower it, or drop the units"
            )
            raise MethodError(msg, [key for key in _keys(nominal) if key not in kept])
        return assessed

    def require_one_scale(self) -> None:
        """Raise an error if the scores of different draws are on different scales.

        Raises
        ------
        MethodError
            The scores of alternatives cannot be compared, such as those of ``MinMax(0, 100)`` and
            ``ZScore()``.
        """
        scales = {_scale(one, self.node): None for one in self.assessments}
        if len(scales) > 1:
            msg = (
                f"the scores of {self.node.code!r} are on {len(scales)} scales, so their means, "
                "intervals and variances are meaningless; use alternatives with the same scale, "
                "such as MinMax(1, 100) and PercentileRank(1, 100), or study ranks"
            )
            raise MethodError(msg, [", ".join(scale) for scale in scales])

    @property
    def bounds(self) -> tuple[Floats, Floats] | None:
        """The bounds of each unit's score over all possible draws; None if it is not bounded."""
        low = np.fmin.reduce([one.low for one in self.scorers], axis=0)
        high = np.fmax.reduce([one.high for one in self.scorers], axis=0)
        known = all(np.isfinite(one.low).any() for one in self.scorers)
        return (low, high) if known else None


def _alike(draws: Draws, number: NDArray[Any]) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Yield draws with the same options and omitted cells, with their combination of options."""
    alike = np.stack([number, *(mask for _, mask in draws.omissions)])
    kinds, kind = np.unique(alike, axis=1, return_inverse=True)
    for place in range(kinds.shape[1]):
        yield np.flatnonzero(kind.ravel() == place), int(kinds[0, place])


def _keys(assessment: Assessment) -> list[str]:
    """Return the names of the rows: units, with periods if the data have them."""
    units = [repr(unit) for unit in assessment.units]
    if assessment.periods is None:
        return units
    return [f"{unit} in {period!r}" for unit, period in zip(units, assessment.periods, strict=True)]


def _scale(assessment: Assessment, node: Index) -> tuple[str, ...]:
    """Return what determines the scale of a node's scores: normalisations and aggregations."""
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
        An object is not an input, an input does not have factors, or two inputs vary the same
        choice; or a combination of options fails, with the units and codes concerned.
    UnknownCodeError
        A code, tree level or step is unknown.
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
                f"factors of input {shown(own)} must be a list of names, not the string {factors!r}"
            )
            raise MethodError(msg)
        factors = list(factors) if isinstance(factors, Iterable) else [factors]
        if not all(isinstance(name, str) for name in factors):
            msg = f"factors of input {shown(own)} must be names, got {shown(factors)}"
            raise MethodError(msg)
        if not factors:
            msg = f"input {shown(own)} must have at least one factor; without one nothing varies"
            raise MethodError(msg)
        slices.append(slice(len(names), len(names) + len(factors)))
        names += factors
        own_options = options_of(own)
        contended += [f"options of {step!r}" for step in own_options if step in options]
        options |= own_options
    twice = [repr(name) for name in dict.fromkeys(names) if names.count(name) > 1]
    twice = twice or contended
    if twice:
        msg = "two inputs vary the same choice; remove or combine them"
        raise MethodError(msg, twice)
    assessments = _combinations(assessment, options)
    study = Design(
        assessment=assessment,
        node=studied,
        inputs=own_inputs,
        names=tuple(names),
        slices=tuple(slices),
        options=options,
        assessments=assessments,
        scorers=tuple(scorer(one, studied) for one in assessments),
    )
    draws = study.draws(np.full((len(names), 1), 0.5))
    study.combination(draws)
    if draws.omissions:
        # The data without these cells are assessed before the first draw, to find faults early.
        for combination in range(len(assessments)):
            study._scorer(draws, 0, combination)  # noqa: SLF001 one module
    return study


def _drawn(own: Any, uniforms: Floats, draws: Draws) -> list[list[Any]]:
    """Return the value that the numbers of each factor of an input stand for in each draw."""
    if not callable(attribute(own, "drawn", None, step=step_of(own))):
        return [list(column) for column in uniforms]
    read = partial(_columns, uniforms.shape)
    values: list[list[Any]] = ask(own, "drawn", uniforms, draws, step=step_of(own), read=read)
    return values


def _columns(shape: tuple[int, ...], values: Any) -> list[list[Any]]:
    """Return the result of ``drawn`` as a list for each factor with a value for each draw."""
    columns = [listed("drawn", column, "values") for column in listed("drawn", values, "sequences")]
    if len(columns) != shape[0] or any(len(column) != shape[1] for column in columns):
        msg = (
            f"drawn must return {shape[0]} sequences, one for each factor, of {shape[1]} values, "
            f"one for each draw; got the lengths {[len(column) for column in columns]}"
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
        # An imputation over time can keep rows that are otherwise dropped.
        if not assessments[-1].has_rows_of(assessment):
            faults.append(f"{label}: it keeps other rows than the nominal assessment")
    if faults:
        msg = "some combinations of the alternatives cannot be assessed"
        raise MethodError(msg, faults)
    return tuple(assessments)
