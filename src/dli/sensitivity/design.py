"""What is varied of an assessment, checked before the first draw, and what the draws give."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.errors import DataError, DLIError, MethodError
from dli.framework import Index
from dli.framework.select import inner_node
from dli.sensitivity.draws import Draws, Room
from dli.sensitivity.inputs.protocol import drawn, options_of, require_inputs
from dli.sensitivity.scorers import Scorer, scorer

__all__ = ["Design", "design"]


@frozen(kw_only=True, eq=False)
class Design:
    """An assessment with its uncertain inputs.

    Attributes
    ----------
    assessment : Assessment
        With the nominal choices.
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

    def draws(self, uniforms: Floats, room: Room | None = None) -> Draws:
        """Turn numbers from 0 to 1, of shape (n_factors, n_draws), into draws."""
        draws = Draws(self.assessment, uniforms.shape[1], room, self._memo)
        for own, part in zip(self.inputs, self.slices, strict=True):
            own.apply(uniforms[part], draws)
            draws.require_weights(own)
        return draws

    def scores(self, uniforms: Floats, room: Room | None = None) -> Floats:
        """Give the node's scores, of shape (n_draws, n_units); they may stand in the room."""
        return self.scores_of(self.draws(uniforms, room))

    def scores_of(self, draws: Draws) -> Floats:
        """Give the node's scores of draws, of shape (n_draws, n_units)."""
        number = self.combination(draws)
        if draws.noises:
            return self._with_noise(draws, number)
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
        """Give the number of each draw's combination of options."""
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
                values = drawn(own, uniforms[part][:, rows], some)
                for name, column in zip(self.names[part], values, strict=True):
                    for row, value in zip(rows.tolist(), list(column), strict=True):
                        cells[name][row] = value.item() if isinstance(value, np.generic) else value
        return cells

    def _with_noise(self, draws: Draws, number: NDArray[Any]) -> Floats:
        scores = np.empty((draws.n_draws, len(self.assessment.units)))
        for draw in range(draws.n_draws):
            given = self.noisy(draws, draw, self.assessments[number[draw]])
            one = scorer(given, self.node)
            scores[draw] = one.scores(draws.take(np.array([draw])))[0]
        return scores

    def noisy(self, draws: Draws, draw: int, nominal: Assessment) -> Assessment:
        """Assess the data of one draw."""
        values = nominal.observations.values
        for noise in draws.noises:
            values = noise(values, draw)
        observations = evolve(nominal.observations, values=values)
        try:
            return Assessment(nominal.index, observations, method=nominal.method)
        except (MethodError, DataError) as error:
            msg = f"the data of a draw cannot be assessed: {error.summary}"
            raise type(error)(msg, error.faults) from error

    @property
    def bounds(self) -> tuple[Floats, Floats] | None:
        """What bounds each unit's score whatever is drawn, None where nothing does."""
        low = np.fmin.reduce([one.low for one in self.scorers], axis=0)
        high = np.fmax.reduce([one.high for one in self.scorers], axis=0)
        known = all(np.isfinite(one.low).any() for one in self.scorers)
        return (low, high) if known else None


def design(assessment: Assessment, inputs: Sequence[Any], node: str | None) -> Design:
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
    for own in own_inputs:
        factors = own.factors(assessment)
        if isinstance(factors, str):
            msg = f"factors of input {own!r} must be several names, got the one text {factors!r}"
            raise MethodError(msg)
        slices.append(slice(len(names), len(names) + len(factors)))
        names += factors
        options |= options_of(own)
    twice = [repr(name) for name in dict.fromkeys(names) if names.count(name) > 1]
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
    found.combination(found.draws(np.full((len(names), 1), 0.5)))
    return found


def _combinations(
    assessment: Assessment, options: Mapping[str, tuple[Any, ...]]
) -> tuple[Assessment, ...]:
    if not options:
        return (assessment,)
    assessments, faults = [], []
    for choice in product(*options.values()):
        changes = dict(zip(options, choice, strict=True))
        try:
            assessments.append(assessment.evolve(**changes))
        except DLIError as error:
            label = ", ".join(f"{step}={option!r}" for step, option in changes.items())
            faults.append(f"{label}: {error}")
    if faults:
        msg = "alternatives that cannot work together"
        raise MethodError(msg, faults)
    return tuple(assessments)
