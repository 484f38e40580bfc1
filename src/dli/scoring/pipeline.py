"""From observations to scores: the steps of a method, one after the other."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from dli.aggregation.protocol import traits_of
from dli.arrays import Floats, Integers
from dli.errors import DataError, MethodError
from dli.framework import Index, Indicator
from dli.method import Choices, Method
from dli.normalisation.protocol import at_rows
from dli.observations import Observations
from dli.scoring.joining import MissingRule, join, name_error
from dli.weighting.protocol import traits_of as traits_of_weighting

__all__ = ["STAGES", "Run", "Units", "run"]

STAGES = ("raw", "denominated", "imputed", "treated", "normalised")


@frozen(kw_only=True, eq=False)
class Run:
    """Everything that the steps of a method gave.

    Attributes
    ----------
    rows : ndarray of shape (n_kept,), or slice
        The rows of the observations that were not left out for lack of indicators.
    choices : Choices
        The method, resolved for the tree.
    stages : mapping of str to ndarray of shape (n_kept, n_indicators)
    normalisations : sequence of (choice, columns)
        The normalisations in force, with the indicators that each serves.
    scores : mapping of str to ndarray of shape (n_kept,)
        By the code of every node; an indicator's score is its normalised value.
    weights : mapping of str to ndarray of shape (n_children,) or (n_kept, n_children)
        By the code of every node that has children; rows sum to one.
    rows_by_period : mapping of period to ndarray of int
        In the order of the data; of None for data without periods.
    """

    rows: Any
    choices: Choices
    stages: Mapping[str, Floats]
    normalisations: Sequence[tuple[Any, Any]]
    scores: Mapping[str, Floats]
    weights: Mapping[str, Floats]
    rows_by_period: Mapping[Any, Integers]


def run(index: Index, observations: Observations, method: Method) -> Run:
    """Apply a method.

    Raises
    ------
    DataError, MethodError, UnknownCodeError
        A step that cannot work on the data; codes and units are named.
    """
    choices = method.resolve(index)
    rows, raw = _screened(observations, method)
    units = Units(observations, rows)
    stages = {"raw": raw}
    stages["denominated"] = _denominated(raw, observations, index.indicators, rows)
    stages["imputed"] = _imputed(stages["denominated"], observations, index, choices, units)
    stages["treated"] = _treated(stages["imputed"], index, choices, units)
    normalisations = [
        (at_rows(choice, lambda: units.kept), columns) for choice, columns in choices.normalisation
    ]
    stages["normalised"] = _normalised(stages["treated"], index, normalisations)
    for values in stages.values():
        values.flags.writeable = False
    scores: dict[str, Floats] = {}
    weights: dict[str, Floats] = {}
    columns = {indicator.code: j for j, indicator in enumerate(index.indicators)}
    normalised = stages["normalised"]
    for node in reversed(list(index.walk())):
        if isinstance(node, Indicator):
            scores[node.code] = normalised[:, columns[node.code]]
            continue
        values = _children_values(node, scores, normalised, columns)
        scores[node.code], weights[node.code] = _scored(node, values, choices, units)
    return Run(
        rows=rows,
        choices=choices,
        stages=stages,
        normalisations=normalisations,
        scores=scores,
        weights=weights,
        rows_by_period=units.rows_by_period,
    )


@frozen
class Units:
    """The units of the rows that were kept, as messages name them."""

    observations: Observations
    rows: Any

    @property
    def kept(self) -> tuple[list[Any], list[Any] | None]:
        """The units, and the periods if there are any, of the rows that were kept."""
        observations = self.observations
        kept = np.arange(len(observations.units))[self.rows].tolist()
        periods = observations.periods
        return (
            [observations.units[i] for i in kept],
            None if periods is None else [periods[i] for i in kept],
        )

    @cached_property
    def rows_by_period(self) -> dict[Any, Integers]:
        """The rows of each period in the order of the data; of None for data without periods."""
        units, periods = self.kept
        if periods is None:
            return {None: np.arange(len(units))}
        rows: dict[Any, list[int]] = {}
        for row, period in enumerate(periods):
            rows.setdefault(period, []).append(row)
        return {period: np.array(own, dtype=np.intp) for period, own in rows.items()}

    def name(self, row: int) -> str:
        """Return the unit of a row as messages name it, and the period if there are several."""
        place = row if isinstance(self.rows, slice) else int(self.rows[row])
        unit = f"unit {self.observations.units[place]!r}"
        if self.observations.periods is None:
            return unit
        return f"{unit}, period {self.observations.periods[place]!r}"


def _screened(observations: Observations, method: Method) -> tuple[Any, Floats]:
    values = observations.values
    if not np.isnan(values.sum()):
        return slice(None), values
    share = 1 - np.isnan(values).mean(axis=1)
    # A share of 7 out of 10 must pass a threshold of 0.7, whatever the rounding.
    kept = share >= method.availability - 1e-12
    units = Units(observations, slice(None))
    empty = [units.name(row) for row in np.flatnonzero(kept & (share == 0)).tolist()]
    if empty:
        msg = (
            "units need a value of at least one indicator (drop the rows, or give the method an "
            "availability above 0, which leaves such units out); there is none for"
        )
        raise DataError(msg, empty)
    if kept.all():
        return slice(None), values
    if not kept.any():
        msg = (
            f"no unit has the share of indicators that availability={method.availability:g} asks "
            f"for; the most complete unit has {share.max():.3g}"
        )
        raise DataError(msg)
    rows = np.flatnonzero(kept)
    return rows, np.asfortranarray(values[rows])


def _denominated(
    values: Floats, observations: Observations, indicators: Sequence[Indicator], rows: Any
) -> Floats:
    if all(indicator.denominator is None for indicator in indicators):
        return values
    denominators, places = observations.denominators(indicators)
    divided = values.copy(order="F")
    divided[:, places] /= denominators[rows]
    divided[:, places] *= [indicators[place].denominator_factor for place in places.tolist()]
    return divided


def _imputed(
    values: Floats, observations: Observations, index: Index, choices: Choices, units: Units
) -> Floats:
    if all(choice is None for choice, _ in choices.imputation) or not np.isnan(values.sum()):
        return values
    from dli.imputation import Context, impute

    kept = np.arange(len(observations.units))[units.rows].tolist()
    context = {
        name: [cells[i] for i in kept] for name, cells in observations.context_columns.items()
    }
    names, periods = units.kept
    filled = values.copy(order="F")
    for choice, columns in choices.imputation:
        if choice is None:
            continue
        own = _indicators_at(index, columns)
        known = Context(
            columns=context,
            units=tuple(names),
            periods=None if periods is None else tuple(periods),
            codes=tuple(indicator.code for indicator in own),
            parents={i.code: tuple(node.code for node in index.path(i.code)) for i in own},
            directions=tuple(indicator.direction for indicator in own),
        )
        filled[:, columns] = impute(choice, values[:, columns], known)
    return filled


def _indicators_at(index: Index, columns: Any) -> Sequence[Indicator]:
    if isinstance(columns, slice):
        return index.indicators[columns]
    return tuple(index.indicators[j] for j in columns.tolist())


def _treated(values: Floats, index: Index, choices: Choices, units: Units) -> Floats:
    if all(choice is None for choice, _ in choices.treatment):
        return values
    treated = values.copy(order="F")
    for choice, columns in choices.treatment:
        if choice is not None:
            before = values[:, columns]
            codes = [indicator.code for indicator in _indicators_at(index, columns)]
            try:
                result = choice.treat(before)
            except MethodError as error:
                step = f"treatment {type(choice).__name__}"
                raise name_error(error, step, codes, units.name) from error
            treated[:, columns] = _checked("treatment", choice, result, before, codes)
    return treated


def _normalised(values: Floats, index: Index, normalisations: Sequence[tuple[Any, Any]]) -> Floats:
    normalised = values
    for choice, columns in normalisations:
        own = _indicators_at(index, columns)
        codes = [indicator.code for indicator in own]
        if isinstance(columns, slice):
            result = choice.normalise(values, own)
            return _checked("normalisation", choice, result, values, codes)
        before = values[:, columns]
        result = choice.normalise(before, own)
        normalised = normalised.copy(order="F") if normalised is values else normalised
        normalised[:, columns] = _checked("normalisation", choice, result, before, codes)
    return normalised


def _checked(
    family: str, choice: Any, result: Floats, before: Floats, codes: Sequence[str]
) -> Floats:
    """Refuse a step's result of another shape, or with values missing or infinite by itself."""
    result = np.asarray(result, dtype=np.float64)
    name = type(choice).__name__
    if result.shape != before.shape:
        msg = f"{family} {name} must keep the shape {before.shape}, got {result.shape}"
        raise MethodError(msg)
    if np.isfinite(result.sum()) and not np.isnan(before.sum()):
        return result
    missing = np.isnan(before)
    for spoilt, what in (
        (~np.isfinite(result) & ~missing, "missing or infinite where there were values"),
        (~np.isnan(result) & missing, "not missing where there were none"),
    ):
        if spoilt.any():
            msg = f"{family} {name} gave values that are {what}"
            counts = zip(codes, spoilt.sum(axis=0).tolist(), strict=True)
            raise MethodError(msg, [f"{code!r}: {n} of them" for code, n in counts if n])
    return result


def _children_values(
    node: Index, scores: Mapping[str, Floats], normalised: Floats, columns: Mapping[str, int]
) -> Floats:
    if all(isinstance(child, Indicator) for child in node.children):
        first = columns[node.children[0].code]  # indicators come depth first: neighbours
        return normalised[:, first : first + len(node.children)]
    return np.stack([scores[child.code] for child in node.children], axis=1)


def _scored(node: Index, values: Floats, choices: Choices, units: Units) -> tuple[Floats, Floats]:
    """Weigh and join the children of one node."""
    weights = _weights(choices.weighting[node.code], values, node, units)
    aggregation = choices.aggregation[node.code]
    rule = MissingRule(choices.missing, choices.coverage[node.code])
    missing = np.isnan(values) if np.isnan(values.sum()) else None
    if missing is not None and rule.missing == "raise":
        faults = [
            f"{units.name(i)}: {node.children[j].code!r}" for i, j in np.argwhere(missing).tolist()
        ]
        msg = f"the method refuses missing values; children of {node.code!r} without one"
        raise DataError(msg, faults)
    _check_domain(aggregation, values, weights, rule, node, units)
    codes = [child.code for child in node.children]
    where, groups = f" of {node.code!r}", list(units.rows_by_period.values())
    scores = join(aggregation, values, weights, rule, codes, where=where, groups=groups)
    return scores, weights


def _weights(weighting: Any, values: Floats, node: Index, units: Units) -> Floats:
    """Return the weights of a node's children; units that have their own are those of a period."""
    if len(units.rows_by_period) < 2 or not traits_of_weighting(weighting).per_unit:
        return _weights_among(weighting, values, node)
    weights = np.empty(values.shape)
    for rows in units.rows_by_period.values():
        weights[rows] = _weights_among(weighting, values[rows], node)
    return weights


def _weights_among(weighting: Any, values: Floats, node: Index) -> Floats:
    try:
        weights = np.asarray(weighting.weights(values, node.children), dtype=np.float64)
    except MethodError as error:
        msg = f"weighting of {node.code!r} by {type(weighting).__name__}: {error.summary}"
        raise type(error)(msg, error.faults) from error
    shape_fits = weights.shape in ((len(node.children),), values.shape)
    # NaN fails every comparison, so these two see it.
    if shape_fits and weights.min() >= 0:
        off = abs(weights.sum() - 1) if weights.ndim == 1 else abs(weights.sum(axis=1) - 1).max()
        if off <= 1e-9:
            return weights
    if not shape_fits:
        problem = f"shape {weights.shape}"
    elif not (np.isfinite(weights).all() and (weights >= 0).all()):
        problem = f"{weights.tolist() if weights.ndim == 1 else 'weights below 0 or not finite'}"
    else:
        problem = f"a sum of {weights.sum(axis=-1).flat[0]:.12g}"
    msg = (
        f"weighting {type(weighting).__name__} of {node.code!r} must give finite weights of at "
        f"least 0 that sum to one, {len(node.children)} of them or a row of them for each unit; "
        f"got {problem}"
    )
    raise MethodError(msg)


def _check_domain(
    aggregation: Any,
    values: Floats,
    weights: Floats,
    rule: MissingRule,
    node: Index,
    units: Units,
) -> None:
    """Refuse values that an aggregation cannot take, where they count for a score."""
    domain = traits_of(aggregation).domain
    if domain == "real":
        return
    bad = values <= 0 if domain == "positive" else values < 0
    if not bad.any():
        return
    bad &= np.broadcast_to(weights, values.shape) > 0
    bad &= rule.has_score(np.isnan(values))[:, np.newaxis]
    if bad.any():
        limit = "above zero" if domain == "positive" else "of at least zero"
        faults = [
            f"{units.name(i)}, {node.children[j].code!r}: {values[i, j]:g}"
            for i, j in np.argwhere(bad).tolist()
        ]
        msg = (
            f"{type(aggregation).__name__} of {node.code!r} needs values {limit}; a normalisation "
            "such as MinMax(low=1) keeps them there; found"
        )
        raise MethodError(msg, faults)
