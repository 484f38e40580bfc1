"""Scores of draws whose data vary: many draws go through the steps of the method at once."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.aggregation.protocol import traits_of as traits_of_aggregation
from dli.arrays import Bools, Floats, as_floats
from dli.assessment import Assessment
from dli.errors import DLIError, MethodError
from dli.framework import Index, Indicator
from dli.imputation.protocol import impute
from dli.imputation.protocol import traits_of as traits_of_imputation
from dli.normalisation.protocol import traits_of as traits_of_normalisation
from dli.scoring.units import Units
from dli.sensitivity.draws import Draws
from dli.sensitivity.inputs.data import Noise
from dli.sensitivity.parts import Part, back, forth
from dli.sensitivity.scorers import Scorer
from dli.steps import ask, numbers
from dli.treatment.protocol import traits_of as traits_of_treatment
from dli.weighting.protocol import traits_of as traits_of_weighting

__all__ = ["Varying", "varied", "varying"]

# Where a product or quotient stands between, no part of it has left the range of floats.
_LEAST, _MOST = 2.0**-1000, 2.0**1000


@frozen(kw_only=True, eq=False)
class Varying:
    """The steps of an assessment, ready for many tables of data that differ in values alone.

    What is missing is the same in every table, and so is everything that follows from it.

    Attributes
    ----------
    assessment : Assessment
        Of the data without errors.
    node : Index
        Whose scores are asked for.
    scorer : Scorer
        Of that assessment.
    columns : slice
        The node's indicators among all.
    units : Units
        Those that are kept.
    denominators, factors : ndarray of shape (n_rows, n_denominated) and (n_denominated,)
    divided : ndarray of int of shape (n_denominated,)
        The indicators that have a denominator.
    is_known : ndarray of bool of shape (n_kept, n_indicators), or None
        Which cells have a normalised value; None if all have.
    is_one_mean : bool
        Products of weights along the path serve as weights of the indicators, whatever the data.
    """

    assessment: Assessment
    node: Index
    scorer: Scorer
    columns: slice
    units: Units
    denominators: Floats
    factors: Floats
    divided: Any
    is_known: Bools | None
    is_one_mean: bool
    _contexts: dict[tuple[int, bool], Any] = field(factory=dict)

    def scores(self, values: Floats, draws: Draws) -> Floats | None:
        """Return the scores of draws.

        Parameters
        ----------
        values : ndarray of shape (n_draws, n_rows, n_indicators)
            Raw values.
        draws : Draws
            The weights of the same draws.

        Returns
        -------
        ndarray of shape (n_draws, n_units), or None
            None where the draws have to be assessed one by one, since a step refuses one of them
            or gives something else than it should: then the error is that of an assessment.
        """
        with suppress(DLIError):
            return self._scores(values, draws)
        return None

    def _scores(self, values: Floats, draws: Draws) -> Floats | None:
        normalised = self._normalised(values)
        if normalised is None:
            return None
        own = normalised[:, :, self.columns]
        if not all(_is_in_domain(part, own) for part in self.scorer.parts):
            return None
        scores = np.empty((len(own), own.shape[1]))
        if self.is_one_mean:
            order, leaves = self.scorer.order, self.scorer.leaf_weights(draws)
            sums = np.matmul(forth(own, order), leaves.T[:, :, np.newaxis])
            scores[...] = back(sums[:, :, 0], order)
        else:
            scorer = self._scorer(own, draws)
            if scorer is None:
                return None
            scorer.score_block(draws, scores)
        n_known = np.count_nonzero(~np.isnan(self.assessment.array(self.node.code)))
        # A draw may also have no weight on what a unit has, which is seldom worth a thought.
        return scores if np.count_nonzero(np.isfinite(scores)) == len(scores) * n_known else None

    # -- from raw to normalised values ------------------------------------------------------------

    def _normalised(self, values: Floats) -> Floats | None:
        found = self._denominated(values)
        if found is None:
            return None
        choices, rows = self.assessment.choices, self.units.rows
        indicators = self.assessment.index.indicators
        found = self._imputed(found, over_time=True)[:, rows]
        found = self._imputed(found, over_time=False)
        for choice, columns in choices.treatment:
            if choice is not None:
                own = partial(_treated, choice)
                many = traits_of_treatment(choice).draws
                found = _placed(found, columns, _stepped(own, found, columns, many=many))
        before = found
        for choice, columns in self.assessment.normalisations:
            own = partial(_normalised, choice, _at(indicators, columns))
            many = traits_of_normalisation(choice).draws
            found = _placed(found, columns, _stepped(own, before, columns, many=many))
        is_finite = np.isfinite(found)
        if self.is_known is None:
            return found if is_finite.all() else None
        n_missing = len(found) * np.count_nonzero(~self.is_known)
        same = (is_finite == self.is_known).all() and np.count_nonzero(np.isnan(found)) == n_missing
        return found if same else None

    def _denominated(self, values: Floats) -> Floats | None:
        if not self.divided.size:
            return values
        own = values[:, :, self.divided]
        with np.errstate(over="ignore", under="ignore"):
            quotients = own / self.denominators
            scaled = quotients * self.factors
        for part in (quotients, scaled):
            size = np.abs(part[~np.isnan(part) & (own != 0)])
            if size.size and not (size.min() > _LEAST and size.max() < _MOST):
                return None
        result = values.copy()
        result[:, :, self.divided] = scaled
        return result

    def _imputed(self, values: Floats, *, over_time: bool) -> Floats:
        """Fill gaps table by table."""
        chosen = [
            (number, choice, columns)
            for number, (choice, columns) in enumerate(self.assessment.choices.imputation)
            if choice is not None and traits_of_imputation(choice).over_time == over_time
        ]
        if not chosen or not np.isnan(values[0]).any():
            return values
        filled = values.copy()
        for number, choice, columns in chosen:
            known = self._context(number, columns, everyone=over_time)
            for table, before in zip(filled, values, strict=True):
                table[:, columns] = impute(choice, before[:, columns], known)
        return filled

    def _context(self, number: int, columns: Any, *, everyone: bool) -> Any:
        found = self._contexts.get((number, everyone))
        if found is None:
            observations = self.assessment.observations
            units = Units(observations, slice(None)) if everyone else self.units
            indicators = _at(self.assessment.index.indicators, columns)
            found = units.known(self.assessment.index, indicators)
            self._contexts[number, everyone] = found
        return found

    # -- from normalised values to scores ---------------------------------------------------------

    def _scorer(self, values: Floats, draws: Draws) -> Scorer | None:
        """Return what scores the draws, None where the nominal scorer cannot be followed.

        Parameters
        ----------
        values : ndarray of shape (n_draws, n_units, n_indicators)
            Normalised, of the node's indicators.
        draws : Draws
        """
        known = None if self.is_known is None else self.is_known[:, self.columns]
        turned = self._turned(values, known)
        own = evolve(self.scorer, parts=(), values=values.transpose(2, 0, 1), adds_up=False)
        # Children come first, since weights may depend on their scores.
        for given in reversed(self.scorer.parts):
            part = _with_cells(given, turned.get(given.order), known)
            weighting = self.assessment.choices.weighting[part.node.code]
            if traits_of_weighting(weighting).uses_values:
                tables = own.entering(part, Draws(self.assessment, len(values), draws.room))
                weights = _weights(weighting, part, tables)
                if weights is None:
                    return None
                part = evolve(part, weights=weights, is_equal=bool(np.ptp(weights) == 0))
            own = evolve(own, parts=(part, *own.parts))
        return own

    def _turned(self, values: Floats, known: Bools | None) -> dict[float | None, Floats]:
        """Return values as the power means of indicators sum them up, by the order of the mean."""
        orders = {part.order for part in self.scorer.parts if part.table is not None}
        turned = {}
        for order in orders:
            with np.errstate(all="ignore"):  # of indicators of other means
                own = forth(values, order)
            turned[order] = own if known is None else np.where(known, own, 0.0)
        return turned


def varying(assessment: Assessment, node: Index, scorer: Scorer) -> Varying:
    """Make the steps of an assessment ready for other values of its data.

    Parameters
    ----------
    assessment : Assessment
    node : Index
    scorer : Scorer
        Of the assessment at the node.
    """
    observations, indicators = assessment.observations, assessment.index.indicators
    rows: Any = slice(None)
    if len(assessment.units) < len(observations.units):
        places = {key: row for row, key in enumerate(_keys(observations))}
        rows = np.array([places[key] for key in _keys(assessment)], dtype=np.intp)
    divided = np.array([i for i, own in enumerate(indicators) if own.denominator is not None])
    denominators, factors = np.empty((len(observations.units), 0)), np.empty(0)
    if divided.size:
        denominators = observations.denominators(indicators)[0]
        factors = np.array([indicators[place].denominator_factor for place in divided.tolist()])
    is_known = ~np.isnan(assessment.stage_array("normalised"))
    chosen = [assessment.choices.weighting[part.node.code] for part in scorer.parts]
    uses_values = any(traits_of_weighting(own).uses_values for own in chosen)
    first = indicators.index(node.indicators[0])
    return Varying(
        assessment=assessment,
        node=node,
        scorer=scorer,
        columns=slice(first, first + len(node.indicators)),
        units=Units(observations, rows),
        denominators=denominators,
        factors=factors,
        divided=divided,
        is_known=None if is_known.all() else is_known,
        is_one_mean=scorer.transformed is not None and not uses_values,
    )


def varied(raw: Floats, draws: Draws, rows: NDArray[np.intp]) -> Floats:
    """Return the raw values of some draws, of shape (n_draws, n_rows, n_indicators)."""
    values, which = raw, rows.tolist()
    for place, noise in enumerate(draws.noises):
        into = draws.room.array(f"values {place % 2}", (len(which), *raw.shape))
        if isinstance(noise, Noise):
            values = noise.fill(values, which, into)
            continue
        tables = np.broadcast_to(values, into.shape)
        for draw, table, cells in zip(which, tables, into, strict=True):
            cells[...] = noise(table, draw)
        values = into
    return values


def _keys(rows: Any) -> list[Any]:
    """Return what names the rows of an assessment or of its data."""
    return list(rows.units if rows.periods is None else zip(rows.units, rows.periods, strict=True))


def _at(indicators: Sequence[Indicator], columns: Any) -> Sequence[Indicator]:
    """Return the indicators of some columns, which are all of them or numbered."""
    if isinstance(columns, slice):
        return indicators
    return tuple(indicators[j] for j in columns.tolist())


def _stepped(
    apply: Callable[[Floats], Floats], values: Floats, columns: Any, *, many: bool
) -> Floats:
    """Return what a step makes of tables, of shape (n_draws, n_units, n_columns).

    Raises
    ------
    MethodError
        The step does not keep the shape.
    """
    own = values if isinstance(columns, slice) else values[:, :, columns]
    done = apply(own) if many else np.stack([apply(table) for table in own])
    if done.shape != own.shape:
        msg = f"a step must keep the shape {own.shape}, got {done.shape}"
        raise MethodError(msg)
    return done


def _treated(choice: Any, values: Floats) -> Floats:
    read = numbers if values.ndim == 2 else as_floats
    treated: Floats = ask(choice, "treat", values, step="treatment", read=read)
    return treated


def _normalised(choice: Any, indicators: Sequence[Indicator], values: Floats) -> Floats:
    read = numbers if values.ndim == 2 else as_floats
    found: Floats = ask(choice, "normalise", values, indicators, step="normalisation", read=read)
    return found


def _placed(values: Floats, columns: Any, own: Floats) -> Floats:
    """Return values with others in some columns."""
    if isinstance(columns, slice):
        return own
    result = values.copy()
    result[:, :, columns] = own
    return result


def _is_in_domain(part: Part, values: Floats) -> bool:
    """Return whether the indicators of a node are where its mean can be taken by its order."""
    if traits_of_aggregation(part.aggregation).domain == "real":
        return True
    places = [place for place in part.places if place is not None]
    own = values[:, :, places if part.leaves is None else part.leaves]
    return not (own <= 0).any()


def _weights(weighting: Any, part: Part, tables: Floats) -> Floats | None:
    """Return the weights of a node's children in each table, as a `Part` has them.

    Parameters
    ----------
    weighting : object
    part : Part
    tables : ndarray of shape (n_draws, n_units, n_children)
        What the children give to the node.

    Returns
    -------
    ndarray of shape (n_children, n_draws, n_units or 1), or None
        None where they are not weights, or leave a unit without a score.
    """
    n_draws, n_units, n_children = tables.shape
    per_unit = part.weights.shape[2] > 1
    is_apart = len(part.groups) > 1 and traits_of_weighting(weighting).per_unit
    groups: Sequence[Any] = part.groups if is_apart else [slice(None)]
    codes = [child.code for child in part.node.children]
    weights = np.empty((n_draws, n_units if per_unit else 1, n_children))
    for own, table in zip(weights, tables, strict=True):
        for rows in groups:
            given = ask(
                weighting, "weights", table[rows], part.node.children, step="weighting",
                codes=codes, read=numbers,
            )  # fmt: skip
            if given.shape != (own[rows].shape if per_unit else (n_children,)):
                return None
            own[rows] = given
    if not (weights.min() >= 0 and (np.abs(weights.sum(axis=-1) - 1) <= 1e-9).all()):
        return None
    present = ~np.isnan(tables[0])
    has_weight = (weights * present).sum(axis=-1) > 0
    return weights.transpose(2, 0, 1) if (has_weight | ~present.any(axis=-1)).all() else None


def _with_cells(part: Part, turned: Floats | None, is_known: Bools | None) -> Part:
    """Return a power mean of indicators with its values in many draws.

    Parameters
    ----------
    part : Part
    turned : ndarray of shape (n_draws, n_units, n_indicators), optional
        Turned values, 0 for missing ones.
    is_known : ndarray of bool of shape (n_units, n_indicators), optional
        Which are there; all by default.
    """
    if part.table is None or turned is None:
        return part
    if part.weights.shape[2] > 1:  # each child is weighed by itself
        return evolve(part, table=None, bare=None)
    present = None
    if is_known is not None and not is_known[:, part.leaves].all():
        present = is_known[:, part.leaves].astype(np.float64)
    cells = turned[:, :, part.leaves]
    return evolve(part, table=None, bare=None, cells=cells, present=present)
