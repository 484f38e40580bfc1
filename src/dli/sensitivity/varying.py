"""Scores of draws with varying data, for which each step of the method processes many draws."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.aggregation.protocol import traits_of as traits_of_aggregation
from dli.arrays import Bools, Floats, as_floats, is_complete
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

# If a product or quotient is between these bounds, it did not overflow or underflow.
_LEAST, _MOST = 2.0**-1000, 2.0**1000


@frozen(kw_only=True, eq=False)
class Varying:
    """The steps of an assessment, prepared for many tables of data with different values.

    The same cells are missing in every table, so everything that depends on missing cells alone is
    computed once.

    Attributes
    ----------
    assessment : Assessment
        The assessment of the data without errors.
    node : Index
        The node whose scores are computed.
    scorer : Scorer
        The scorer of that assessment.
    columns : slice
        The columns of the node's indicators among all indicators.
    units : Units
        The units that are assessed.
    denominators, factors : ndarray of shape (n_rows, n_denominated) and (n_denominated,)
        The denominators, and the factors by which the quotients are multiplied.
    divided : ndarray of int of shape (n_denominated,)
        The columns of the indicators that have a denominator.
    is_known : ndarray of bool of shape (n_kept, n_indicators), or None
        Whether each cell has a normalised value; None if all cells do.
    weights_vary : bool
        Whether nominal weights depend on the values.
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
    weights_vary: bool
    _contexts: dict[tuple[int, bool], Any] = field(factory=dict)

    def scores(self, values: Floats, draws: Draws) -> Floats | None:
        """Return the scores of each draw.

        Parameters
        ----------
        values : ndarray of shape (n_draws, n_rows, n_indicators)
            The raw values.
        draws : Draws
            The weights of the same draws.

        Returns
        -------
        ndarray of shape (n_draws, n_units), or None
            None if the draws must be assessed one by one, because a step raises an error or returns
            an invalid result for one of them. Any error is then that of an assessment.
        """
        with suppress(DLIError):
            return self._scores(values, draws)
        return None

    def _scores(self, values: Floats, draws: Draws) -> Floats | None:
        normalised = self._normalised(values)
        if normalised is None:
            return None
        normalised = normalised[:, :, self.columns]
        if not all(_is_in_domain(part, normalised) for part in self.scorer.parts):
            return None
        scores = np.empty(normalised.shape[:2])
        whole = None if self.weights_vary else self.scorer.whole(draws)
        if whole is not None and not whole.has_gaps:
            values = forth(normalised[:, :, whole.indicators], whole.order)
            weights = self.scorer.weights(whole, draws)
            sums = np.matmul(values, weights.T[:, :, np.newaxis])
            scores[...] = back(sums[:, :, 0], whole.order)
        else:
            scorer = self._scorer(normalised, draws)
            if scorer is None:
                return None
            scorer.score_block(draws, scores)
        n_known = np.count_nonzero(~np.isnan(self.assessment.array(self.node.code)))
        # A draw that leaves a unit without weight on its known values also has fewer scores. Such
        # draws are rare, so they are assessed one by one too.
        return scores if np.count_nonzero(np.isfinite(scores)) == len(scores) * n_known else None

    # -- from raw to normalised values ------------------------------------------------------------

    def _normalised(self, values: Floats) -> Floats | None:
        tables = self._denominated(values)
        if tables is None:
            return None
        choices, rows = self.assessment.choices, self.units.rows
        indicators = self.assessment.index.indicators
        tables = self._imputed(tables, over_time=True)[:, rows]
        tables = self._imputed(tables, over_time=False)
        for choice, columns in choices.treatment:
            if choice is not None:
                treat = partial(_treated, choice)
                many = traits_of_treatment(choice).draws
                tables = _placed(tables, columns, _stepped(treat, tables, columns, many=many))
        treated = tables
        for choice, columns in self.assessment.normalisations:
            normalise = partial(_normalised, choice, _at(indicators, columns))
            many = traits_of_normalisation(choice).draws
            tables = _placed(tables, columns, _stepped(normalise, treated, columns, many=many))
        if self.is_known is None and is_complete(tables):
            return tables
        is_finite = np.isfinite(tables)
        if self.is_known is None:
            return tables if is_finite.all() else None
        n_missing = len(tables) * np.count_nonzero(~self.is_known)
        is_valid = (is_finite == self.is_known).all() and (
            np.count_nonzero(np.isnan(tables)) == n_missing
        )
        return tables if is_valid else None

    def _denominated(self, values: Floats) -> Floats | None:
        if not self.divided.size:
            return values
        numerators = values[:, :, self.divided]
        with np.errstate(over="ignore", under="ignore"):
            quotients = numerators / self.denominators
            scaled = quotients * self.factors
        for ratios in (quotients, scaled):
            size = np.abs(ratios[~np.isnan(ratios) & (numerators != 0)])
            if size.size and not (size.min() > _LEAST and size.max() < _MOST):
                return None
        result = values.copy()
        result[:, :, self.divided] = scaled
        return result

    def _imputed(self, values: Floats, *, over_time: bool) -> Floats:
        """Return the values with missing ones imputed, table by table."""
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
        context = self._contexts.get((number, everyone))
        if context is None:
            observations = self.assessment.observations
            units = Units(observations, slice(None)) if everyone else self.units
            indicators = _at(self.assessment.index.indicators, columns)
            context = units.known(self.assessment.index, indicators)
            self._contexts[number, everyone] = context
        return context

    # -- from normalised values to scores ---------------------------------------------------------

    def _scorer(self, values: Floats, draws: Draws) -> Scorer | None:
        """Return a scorer of the draws, or None if they must be assessed one by one.

        Parameters
        ----------
        values : ndarray of shape (n_draws, n_units, n_indicators)
            The normalised values of the node's indicators.
        draws : Draws
            The weights of the draws.
        """
        known = None if self.is_known is None else self.is_known[:, self.columns]
        transformed = self._transformed(values, known)
        scorer = evolve(self.scorer, parts=(), values=values.transpose(2, 0, 1), has_sums=False)
        # Children come first, since weights may depend on their scores.
        for nominal in reversed(self.scorer.parts):
            part = _with_cells(nominal, transformed.get(nominal.order), known)
            weighting = self.assessment.choices.weighting[part.node.code]
            if traits_of_weighting(weighting).uses_values:
                tables = scorer.entering(part, Draws(self.assessment, len(values), draws.room))
                weights = _weights(weighting, part, tables)
                if weights is None:
                    return None
                part = evolve(part, weights=weights, is_equal=bool(np.ptp(weights) == 0))
            scorer = evolve(scorer, parts=(part, *scorer.parts))
        return scorer

    def _transformed(self, values: Floats, known: Bools | None) -> dict[float | None, Floats]:
        """Return the values transformed for each order of a power mean of indicators."""
        orders = {part.order for part in self.scorer.parts if part.is_mean_of_indicators}
        by_order = {}
        for order in orders:
            # Indicators of nodes with another order may be outside the domain of this one.
            with np.errstate(all="ignore"):
                transformed = forth(values, order)
            by_order[order] = transformed if known is None else np.where(known, transformed, 0.0)
        return by_order


def varying(assessment: Assessment, node: Index, scorer: Scorer) -> Varying:
    """Return the steps of an assessment, prepared for other values of its data.

    Parameters
    ----------
    assessment : Assessment
        The assessment of the data without errors.
    node : Index
        The node whose scores are computed.
    scorer : Scorer
        The scorer of that assessment and node.
    """
    observations, indicators = assessment.observations, assessment.index.indicators
    rows: Any = slice(None)
    if len(assessment.units) < len(observations.units):
        places = {key: row for row, key in enumerate(_keys(observations))}
        rows = np.array([places[key] for key in _keys(assessment)], dtype=np.intp)
    divided = np.array([i for i, one in enumerate(indicators) if one.denominator is not None])
    denominators, factors = np.empty((len(observations.units), 0)), np.empty(0)
    if divided.size:
        denominators = observations.denominators(indicators)[0]
        factors = np.array([indicators[place].denominator_factor for place in divided.tolist()])
    is_known = ~np.isnan(assessment.stage_array("normalised"))
    weightings = [assessment.choices.weighting[part.node.code] for part in scorer.parts]
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
        weights_vary=any(traits_of_weighting(weighting).uses_values for weighting in weightings),
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
    """Return the units, or pairs of unit and period, of an assessment or of its data."""
    return list(rows.units if rows.periods is None else zip(rows.units, rows.periods, strict=True))


def _at(indicators: Sequence[Indicator], columns: Any) -> Sequence[Indicator]:
    """Return the indicators in some columns: all for a slice, otherwise those with the numbers."""
    if isinstance(columns, slice):
        return indicators
    return tuple(indicators[j] for j in columns.tolist())


def _stepped(
    apply: Callable[[Floats], Floats], values: Floats, columns: Any, *, many: bool
) -> Floats:
    """Return the result of a step for some columns: (n_draws, n_units, n_columns).

    Raises
    ------
    MethodError
        The shape of the result differs from that of the values.
    """
    chosen = values if isinstance(columns, slice) else values[:, :, columns]
    result = apply(chosen) if many else np.stack([apply(table) for table in chosen])
    if result.shape != chosen.shape:
        msg = f"a step must return values of the shape {chosen.shape}, got {result.shape}"
        raise MethodError(msg)
    return result


def _treated(choice: Any, values: Floats) -> Floats:
    read = numbers if values.ndim == 2 else as_floats
    treated: Floats = ask(choice, "treat", values, step="treatment", read=read)
    return treated


def _normalised(choice: Any, indicators: Sequence[Indicator], values: Floats) -> Floats:
    read = numbers if values.ndim == 2 else as_floats
    scores: Floats = ask(choice, "normalise", values, indicators, step="normalisation", read=read)
    return scores


def _placed(values: Floats, columns: Any, replacement: Floats) -> Floats:
    """Return the values with some columns replaced."""
    if isinstance(columns, slice):
        return replacement
    result = values.copy()
    result[:, :, columns] = replacement
    return result


def _is_in_domain(part: Part, values: Floats) -> bool:
    """Return whether the aggregation accepts all numbers or a node's indicators are positive."""
    if traits_of_aggregation(part.aggregation).domain == "real":
        return True
    places = [place for place in part.places if place is not None]
    children = values[:, :, places if part.leaves is None else part.leaves]
    return not (children <= 0).any()


def _weights(weighting: Any, part: Part, tables: Floats) -> Floats | None:
    """Return the weights of a node's children in each table, in the shape of `Part.weights`.

    Parameters
    ----------
    weighting : object
        The weighting of the node.
    part : Part
        The data of the node.
    tables : ndarray of shape (n_draws, n_units, n_children)
        The values that the node aggregates.

    Returns
    -------
    ndarray of shape (n_children, n_draws, n_units or 1), or None
        None if the weights are not valid or leave a unit without a score.
    """
    n_draws, n_units, n_children = tables.shape
    per_unit = part.weights.shape[2] > 1
    is_apart = len(part.groups) > 1 and traits_of_weighting(weighting).per_unit
    groups: Sequence[Any] = part.groups if is_apart else [slice(None)]
    codes = [child.code for child in part.node.children]
    weights = np.empty((n_draws, n_units if per_unit else 1, n_children))
    for table_weights, table in zip(weights, tables, strict=True):
        for rows in groups:
            row_weights = ask(
                weighting, "weights", table[rows], part.node.children, step="weighting",
                codes=codes, read=numbers,
            )  # fmt: skip
            expected = table_weights[rows].shape if per_unit else (n_children,)
            if row_weights.shape != expected:
                return None
            table_weights[rows] = row_weights
    if not (weights.min() >= 0 and (np.abs(weights.sum(axis=-1) - 1) <= 1e-9).all()):
        return None
    present = ~np.isnan(tables[0])
    has_weight = (weights * present).sum(axis=-1) > 0
    return weights.transpose(2, 0, 1) if (has_weight | ~present.any(axis=-1)).all() else None


def _with_cells(part: Part, transformed: Floats | None, is_known: Bools | None) -> Part:
    """Return the data of a power mean of indicators with the values of many draws.

    The data of any other node are returned as they are.

    Parameters
    ----------
    part : Part
        The data of the node.
    transformed : ndarray of shape (n_draws, n_units, n_indicators), optional
        The transformed values, 0 for missing values.
    is_known : ndarray of bool of shape (n_units, n_indicators), optional
        Whether each value is known; all values by default.
    """
    if not part.is_mean_of_indicators or transformed is None or part.weights.shape[2] > 1:
        return part  # weights by unit are multiplied child by child
    present = None
    if is_known is not None and not is_known[:, part.leaves].all():
        present = is_known[:, part.leaves].astype(np.float64)
    cells = transformed[:, :, part.leaves]
    return evolve(part, cells=cells, present=present)
