"""From observations to scores: the steps of a method, one after the other."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from dli.errors import DataError, MethodError
from dli.framework import Index, Indicator
from dli.method import Method
from dli.observations import Observations

__all__ = ["STAGES", "Run", "has_enough", "joined", "run", "skipping"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

STAGES = ("raw", "denominated", "imputed", "treated", "normalised")


@frozen(kw_only=True, eq=False)
class Run:
    """Everything that the steps of a method gave.

    Attributes
    ----------
    rows : ndarray of shape (n_kept,), or slice
        The rows of the observations that were not left out for lack of indicators.
    stages : mapping of str to ndarray of shape (n_kept, n_indicators)
    normalisations : sequence of (choice, columns)
        The normalisations in force, with the indicators that each serves.
    scores : mapping of str to ndarray of shape (n_kept,)
        By the code of every node; an indicator's score is its normalised value.
    weights : mapping of str to ndarray of shape (n_children,) or (n_kept, n_children)
        By the code of every node that has children; rows sum to one.
    """

    rows: Any
    stages: Mapping[str, Floats]
    normalisations: Sequence[tuple[Any, Any]]
    scores: Mapping[str, Floats]
    weights: Mapping[str, Floats]


def run(index: Index, observations: Observations, method: Method) -> Run:
    """Apply a method.

    Raises
    ------
    DataError, MethodError, UnknownCodeError
        A step cannot work on the data; codes and units are named.
    """
    method.check(index)
    rows, raw = _screened(observations, method)
    units = Units(observations, rows)
    stages = {"raw": raw}
    stages["denominated"] = _denominated(raw, observations, index.indicators, rows)
    stages["imputed"] = _imputed(stages["denominated"], observations, index, method, units)
    stages["treated"] = _treated(stages["imputed"], index, method, units)
    normalisations = [
        (_at_rows(choice, units), columns)
        for choice, columns in method.for_indicators("normalisation", index)
    ]
    stages["normalised"] = _normalised(stages["treated"], index, normalisations)
    for values in stages.values():
        values.flags.writeable = False
    scores: dict[str, Floats] = {}
    weights: dict[str, Floats] = {}
    columns = {indicator.code: j for j, indicator in enumerate(index.indicators)}
    normalised = stages["normalised"]
    # A sum is NaN when any cell is; it is the cheapest look at all of them.
    complete = not np.isnan(normalised.sum())
    for node in reversed(list(index.walk())):
        if isinstance(node, Indicator):
            scores[node.code] = normalised[:, columns[node.code]]
            continue
        values = _children_values(node, scores, normalised, columns)
        scores[node.code], weights[node.code] = _scored(
            node, values, index, method, units, complete=complete
        )
    return Run(
        rows=rows, stages=stages, normalisations=normalisations, scores=scores, weights=weights
    )


@frozen
class Units:
    """The units of the rows that were kept, as messages name them."""

    observations: Observations
    rows: Any

    def name(self, row: int) -> str:
        """Name the unit, and the period when there are several."""
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
            f"for; the fullest has {share.max():.3g}"
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
    values: Floats, observations: Observations, index: Index, method: Method, units: Units
) -> Floats:
    if method.imputation is None or not np.isnan(values.sum()):
        return values
    from dli.imputation import Context, impute

    kept = np.arange(len(observations.units))[units.rows].tolist()
    context = {
        name: [cells[i] for i in kept] for name, cells in observations.context_columns.items()
    }
    periods = observations.periods
    filled = values.copy(order="F")
    for choice, columns in method.for_indicators("imputation", index):
        if choice is None:
            continue
        own = np.array(index.indicators, dtype=object)[columns].tolist()
        known = Context(
            columns=context,
            units=tuple(observations.units[i] for i in kept),
            periods=None if periods is None else tuple(periods[i] for i in kept),
            codes=tuple(indicator.code for indicator in own),
            parents={i.code: tuple(node.code for node in index.path(i.code)) for i in own},
            directions=tuple(indicator.direction for indicator in own),
        )
        filled[:, columns] = impute(choice, values[:, columns], known)
    return filled


def _treated(values: Floats, index: Index, method: Method, units: Units) -> Floats:
    if method.treatment is None:
        return values
    treated = values.copy(order="F")
    for choice, columns in method.for_indicators("treatment", index):
        if choice is not None:
            given = values[:, columns]
            own = np.array([i.code for i in index.indicators])[columns].tolist()
            try:
                result = choice.treat(given)
            except MethodError as error:
                raise _named(error, f"treatment {type(choice).__name__}", own, units) from error
            treated[:, columns] = _checked("treatment", choice, result, given, index, columns)
    return treated


def _named(
    error: MethodError, step: str, codes: Sequence[str], units: Units | None = None
) -> MethodError:
    """Say which step, codes and units an error of a function on plain arrays is about."""

    def named(text: str) -> str:
        text = re.sub(r"\bcolumn (\d+)\b", lambda m: repr(codes[int(m[1])]), text)
        if units is None:
            return text
        return re.sub(r"\brow (\d+)\b", lambda m: units.name(int(m[1])), text)

    return type(error)(f"{step}: {named(error.summary)}", map(named, error.faults))


def _normalised(values: Floats, index: Index, normalisations: Sequence[tuple[Any, Any]]) -> Floats:
    normalised = values
    for choice, columns in normalisations:
        if isinstance(columns, slice):
            result = choice.normalise(values, index.indicators)
            return _checked("normalisation", choice, result, values, index, columns)
        own = tuple(index.indicators[j] for j in columns.tolist())
        given = values[:, columns]
        result = choice.normalise(given, own)
        normalised = normalised.copy(order="F") if normalised is values else normalised
        normalised[:, columns] = _checked("normalisation", choice, result, given, index, columns)
    return normalised


def _at_rows(choice: Any, units: Units) -> Any:
    """Let a normalisation that refers to units or periods by name find their rows."""
    if not hasattr(choice, "for_rows"):
        return choice
    kept = np.arange(len(units.observations.units))[units.rows].tolist()
    periods = units.observations.periods
    return choice.for_rows(
        [units.observations.units[i] for i in kept],
        None if periods is None else [periods[i] for i in kept],
    )


def _checked(
    family: str, choice: Any, result: Floats, given: Floats, index: Index, columns: Any
) -> Floats:
    """Refuse a step's result that has another shape, or values missing or infinite by itself."""
    result = np.asarray(result, dtype=np.float64)
    name = type(choice).__name__
    if result.shape != given.shape:
        msg = f"{family} {name} must keep the shape {given.shape}, got {result.shape}"
        raise MethodError(msg)
    if np.isfinite(result.sum()):
        return result
    spoilt = ~np.isfinite(result) & ~np.isnan(given)
    if spoilt.any():
        codes = np.array([indicator.code for indicator in index.indicators])[columns].tolist()
        msg = f"{family} {name} gave values that are missing or infinite where there were values"
        counts = zip(codes, spoilt.sum(axis=0).tolist(), strict=True)
        raise MethodError(msg, [f"{code!r}: {n} of them" for code, n in counts if n])
    return result


def _children_values(
    node: Index, scores: Mapping[str, Floats], normalised: Floats, columns: Mapping[str, int]
) -> Floats:
    if all(isinstance(child, Indicator) for child in node.children):
        first = columns[node.children[0].code]  # indicators stand depth first: neighbours
        return normalised[:, first : first + len(node.children)]
    return np.stack([scores[child.code] for child in node.children], axis=1)


def _scored(
    node: Index, values: Floats, index: Index, method: Method, units: Units, *, complete: bool
) -> tuple[Floats, Floats]:
    """Weigh and join the children of one node."""
    weights = _weights(method.for_node("weighting", node, index), values, node)
    _check_domain(method.for_node("aggregation", node, index), values, node, units)
    missing = None if complete else np.isnan(values)
    if missing is not None and method.missing == "raise" and missing.any():
        faults = [
            f"{units.name(i)}: {node.children[j].code!r}" for i, j in np.argwhere(missing).tolist()
        ]
        msg = f"the method refuses missing values; children of {node.code!r} without one"
        raise DataError(msg, faults)
    enough = None
    if missing is not None and missing.any():
        enough = has_enough(missing, method, method.for_node("coverage", node, index))
    aggregation = method.for_node("aggregation", node, index)
    return joined(aggregation, values, weights, node, enough), weights


def joined(
    aggregation: Any, values: Floats, weights: Floats, node: Index, enough: Bools | None
) -> Floats:
    """Join the weighted children of one node, for units that have enough of them.

    ``enough`` is None where nothing is missing.
    """
    if enough is None:
        return _aggregated(aggregation, values, weights, node)
    scores = np.full(len(values), np.nan)
    if enough.any():
        per_unit = weights if weights.ndim == 1 else weights[enough]
        scores[enough] = skipping(aggregation, values[enough], per_unit, node)
    return scores


def has_enough(missing: Bools, method: Method, coverage: float) -> Bools:
    """Tell which units have enough of a node's children for a score."""
    present = (~missing).sum(axis=1)
    n_children = missing.shape[1]
    if method.missing == "propagate":
        return np.asarray(present == n_children)
    return np.asarray((present > 0) & (present >= coverage * n_children - 1e-9))


def skipping(aggregation: Any, values: Floats, weights: Floats, node: Index) -> Floats:
    """Join what is there, the weight of the missing children shared among the rest."""
    if getattr(aggregation, "skips_missing", False):
        return _aggregated(aggregation, values, weights, node)
    # An outside object sees complete values only: the units are taken by their pattern of gaps.
    scores = np.full(len(values), np.nan)
    patterns, member = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, present in enumerate(patterns):
        rows = np.flatnonzero(member.reshape(-1) == number)
        own = (weights if weights.ndim == 1 else weights[rows])[..., present]
        total = own.sum(axis=-1, keepdims=True)
        usable = np.broadcast_to(total[..., 0] > 0, rows.shape)
        if not usable.any():
            continue
        own = own / total if own.ndim == 1 else own[usable] / total[usable]
        there = values[np.ix_(rows[usable], present)]
        scores[rows[usable]] = _aggregated(aggregation, there, own, node, present)
    return scores


def _aggregated(
    aggregation: Any, values: Floats, weights: Floats, node: Index, present: Bools | None = None
) -> Floats:
    name = type(aggregation).__name__
    try:
        scores = np.asarray(aggregation.aggregate(values, weights), dtype=np.float64)
    except MethodError as error:
        codes = [c.code for i, c in enumerate(node.children) if present is None or present[i]]
        raise _named(error, f"aggregation {name} of {node.code!r}", codes) from error
    if scores.shape != values.shape[:1]:
        msg = (
            f"aggregation {name} of {node.code!r} must give one score for each of {len(values)} "
            f"units, got shape {scores.shape}"
        )
        raise MethodError(msg)
    return scores


def _weights(weighting: Any, values: Floats, node: Index) -> Floats:
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


def _check_domain(aggregation: Any, values: Floats, node: Index, units: Units) -> None:
    domain = getattr(aggregation, "domain", "real")
    if domain == "real":
        return
    bad = values <= 0 if domain == "positive" else values < 0
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
