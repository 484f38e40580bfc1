"""From observations to scores: the steps of a method, one after the other."""

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import not_
from typing import Any, TypeAlias

import numpy as np
from attrs import field, frozen

from dli.aggregation.protocol import traits_of
from dli.arrays import Bools, Floats, Integers
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.framework import Index, Indicator
from dli.framework.index import Node
from dli.method import Choices, Method
from dli.normalisation.protocol import at_rows
from dli.observations import Observations
from dli.scoring.adjusting import Adjusted, covers_indicators
from dli.scoring.denominators import denominated
from dli.scoring.entering import entered
from dli.scoring.joining import MissingRule, join
from dli.scoring.units import Units
from dli.steps import Together, ask, at, attribute, numbers, on
from dli.weighting.protocol import traits_of as traits_of_weighting

__all__ = ["STAGES", "Run", "run"]

# An imputation, and the columns that it fills.
Imputing: TypeAlias = tuple[Any, Any]

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
    node_normalisations : mapping of str to object
        By the code of every node whose score is normalised.
    scores : mapping of str to ndarray of shape (n_kept,)
        By the code of every node; an indicator's score is its normalised value.
    entered : mapping of str to ndarray of shape (n_kept,)
        What enters the parent: the score, or what its normalisation makes of it.
    adjusted : mapping of str to Adjusted
        By the code of every node whose scores do not follow from its children alone.
    weights : mapping of str to ndarray of shape (n_children,) or (n_kept, n_children)
        By the code of every node that has children; rows sum to one.
    rows_by_period : mapping of period to ndarray of int
        In the order of the data; of None for data without periods.
    """

    rows: Any
    choices: Choices
    stages: Mapping[str, Floats]
    normalisations: Sequence[tuple[Any, Any]]
    node_normalisations: Mapping[str, Any]
    scores: Mapping[str, Floats]
    entered: Mapping[str, Floats]
    adjusted: Mapping[str, Adjusted]
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
    _require_traits(choices)
    _require_columns(choices, observations)
    everyone = Units(observations, slice(None))
    over_time, others = _by_time(choices.imputation)
    stages = {"raw": observations.values}
    stages["denominated"] = denominated(
        stages["raw"], observations, index.indicators, everyone.name
    )
    with at("imputation"):
        stages["imputed"] = _imputed(stages["denominated"], index, over_time, everyone)
    measured = np.array([indicator.constant is None for indicator in index.indicators])
    rows = _screened(
        stages["raw"], stages["imputed"], measured, method, everyone, can_fill=bool(over_time)
    )
    units = everyone if isinstance(rows, slice) else Units(observations, rows)
    stages = _taken(stages, rows)
    with at("imputation"):
        stages["imputed"] = _imputed(stages["imputed"], index, others, units)
    stages["imputed"].flags.writeable = False
    with at("treatment"):
        stages["treated"] = _treated(stages["imputed"], index, choices, units)
    stages["treated"].flags.writeable = False
    with at("normalisation"):
        normalisations = [
            (at_rows(choice, lambda: units.kept), columns)
            for choice, columns in choices.normalisation
        ]
        stages["normalised"] = _normalised(stages["treated"], index, normalisations, units)
    for values in stages.values():
        values.flags.writeable = False
    tree = _Tree(index=index, choices=choices, units=units, normalised=stages["normalised"])
    tree.score_all()
    return Run(
        rows=rows,
        choices=choices,
        stages=stages,
        normalisations=normalisations,
        node_normalisations=tree.normalisations,
        scores=tree.scores,
        entered=tree.entered,
        adjusted=tree.adjusted,
        weights=tree.weights,
        rows_by_period=units.rows_by_period,
    )


@frozen(kw_only=True, eq=False)
class _Tree:
    """The nodes of an index while they are scored, from the indicators up."""

    index: Index
    choices: Choices
    units: Units
    normalised: Floats
    scores: dict[str, Floats] = field(factory=dict)
    entered: dict[str, Floats] = field(factory=dict)
    weights: dict[str, Floats] = field(factory=dict)
    adjusted: dict[str, Adjusted] = field(factory=dict)
    normalisations: dict[str, Any] = field(factory=dict)

    def score_all(self) -> None:
        columns = {indicator.code: j for j, indicator in enumerate(self.index.indicators)}
        together = Together()
        for node in reversed(list(self.index.walk())):
            if isinstance(node, Indicator):
                self.scores[node.code] = self.normalised[:, columns[node.code]]
                self.entered[node.code] = self.scores[node.code]
                continue
            if together.errors and not all(child.code in self.entered for child in node.children):
                continue  # what is wrong with the child is told below
            with together:
                self._score(node, columns)
        together.require("nodes that cannot be scored")

    def _score(self, node: Index, columns: Mapping[str, int]) -> None:
        code, choices = node.code, self.choices
        values = _children_values(node, self.entered, self.normalised, columns)
        scores, self.weights[code] = _scored(node, values, choices, self.units)
        enough = self._enough(node, columns)
        if enough is not None or code in choices.node_imputation:
            with at("node_imputation", code):
                scores = self._adjusted(node, scores, enough)
        scores.flags.writeable = False
        self.scores[code] = self.entered[code] = scores
        if code in choices.node_normalisation:
            with at("normalisation", code):
                normalisation = at_rows(choices.node_normalisation[code], lambda: self.units.kept)
                self.normalisations[code] = normalisation
                self.entered[code] = entered(normalisation, scores, code, self.units.name)
            self.entered[code].flags.writeable = False

    def _enough(self, node: Index, columns: Mapping[str, int]) -> Bools | None:
        """Return where enough indicators have a value, None if that does not matter.

        Constants do not count: where nothing else is left below a node, it has no score.
        """
        coverage = self.choices.coverage[node.code]
        measured = [columns[own.code] for own in node.indicators if own.constant is None]
        covered = covers_indicators(coverage)
        if not covered and len(measured) in (0, len(node.indicators)):
            return None
        present = (~np.isnan(self.normalised[:, measured])).sum(axis=1)
        if not covered and present.all():
            return None
        needed = coverage.needed(len(measured)) if covered else 1.0
        return np.asarray(present >= needed - 1e-9)

    def _adjusted(self, node: Index, scores: Floats, enough: Bools | None) -> Floats:
        """Return scores without those of too few indicators, and with those that are imputed."""
        if enough is not None:
            scores = np.where(enough, scores, np.nan)
        imputation, context = self.choices.node_imputation.get(node.code), None
        if imputation is not None:
            context = _context(self.index, [node], self.units)
        adjusted = Adjusted(enough=enough, imputation=imputation, context=context)
        self.adjusted[node.code] = adjusted
        filled = adjusted.fill(scores)
        gaps = np.isnan(scores)
        if imputation is not None and gaps.any() and np.isnan(filled[gaps]).all():
            msg = (
                f"imputation {type(imputation).__name__} fills none of the {gaps.sum()} missing "
                f"scores of {node.code!r}: a node is a single column; take one that goes by other "
                "units or periods, such as GroupMean"
            )
            raise MethodError(msg)
        return filled


def _require_traits(choices: Choices) -> None:
    """Ask once for what the objects of a method declare about themselves."""
    together = Together()
    for family, chosen in (
        ("imputation", [choice for choice, _ in choices.imputation]),
        ("treatment", [choice for choice, _ in choices.treatment]),
        ("normalisation", [choice for choice, _ in choices.normalisation]),
        ("normalisation", choices.node_normalisation.values()),
        ("imputation", choices.node_imputation.values()),
        ("weighting", choices.weighting.values()),
        ("aggregation", choices.aggregation.values()),
    ):
        for choice in chosen:
            try:
                getattr(choice, "traits", None)
            except Exception:  # noqa: BLE001 a property may raise anything
                with together:
                    attribute(choice, "traits", None, step=f"{family} {type(choice).__name__}")
    together.require("steps that do not tell their traits")


def _require_columns(choices: Choices, observations: Observations) -> None:
    """Refuse imputations by a column that the data do not have, whether there are gaps or not."""
    chosen: list[tuple[str, str | None, Any]] = [
        ("imputation", None, own) for own, _ in choices.imputation if own is not None
    ]
    chosen += [("node_imputation", code, own) for code, own in choices.node_imputation.items()]
    if not chosen:
        return
    from dli.imputation.protocol import traits_of

    known = observations.context_columns
    for step, code, choice in chosen:
        unknown = [name for name in traits_of(choice).columns if name not in known]
        if unknown:
            with at(step, code):
                raise UnknownCodeError(f"column for {type(choice).__name__}", unknown, known)


def _by_time(imputation: Sequence[Imputing]) -> tuple[list[Imputing], list[Imputing]]:
    """Return the imputations that fill gaps from other periods, and all others."""
    chosen = [(choice, columns) for choice, columns in imputation if choice is not None]
    if not chosen:
        return [], []
    # Loaded here, since most assessments impute nothing.
    from dli.imputation.protocol import traits_of

    over_time = [traits_of(choice).over_time for choice, _ in chosen]
    return list(compress(chosen, over_time)), list(compress(chosen, map(not_, over_time)))


def _screened(
    raw: Floats, filled: Floats, measured: Bools, method: Method, units: Units, *, can_fill: bool
) -> Any:
    """Return the rows that are kept: those with values of enough indicators, measured or filled.

    Constants are not measured.
    """
    missing = np.isnan(raw)
    if not missing.any():
        return slice(None)
    if filled is not raw:
        missing &= np.isnan(filled)
    if not measured.all():
        missing = missing[:, measured]
    n_indicators = missing.shape[1]
    share = (n_indicators - np.count_nonzero(missing, axis=1)) / n_indicators
    # A share of 7 out of 10 must pass a threshold of 0.7, whatever the rounding.
    kept = share >= method.availability - 1e-12
    empty = [units.name(row) for row in np.flatnonzero(kept & (share == 0)).tolist()]
    if empty:
        fill = "" if can_fill or units.observations.periods is None else (
            "fill them from other periods by an imputation such as Linear(), "
        )  # fmt: skip
        msg = (
            f"units need a value of at least one indicator ({fill}drop the rows, or give the "
            "method an availability above 0, which leaves such units out); there is none for"
        )
        raise DataError(msg, empty)
    if kept.all():
        return slice(None)
    if not kept.any():
        msg = (
            f"no unit has the share of indicators that availability={method.availability:g} asks "
            f"for; the most complete unit has {share.max():.3g}"
        )
        raise DataError(msg)
    return np.flatnonzero(kept)


def _taken(stages: Mapping[str, Floats], rows: Any) -> dict[str, Floats]:
    """Return some rows of stages; those that are the same array stay so."""
    if isinstance(rows, slice):
        return dict(stages)
    different = {id(values): values for values in stages.values()}
    taken = {key: np.asfortranarray(values[rows]) for key, values in different.items()}
    return {name: taken[id(values)] for name, values in stages.items()}


def _imputed(values: Floats, index: Index, imputation: Sequence[Imputing], units: Units) -> Floats:
    if not imputation or not np.isnan(values).any():
        return values
    from dli.imputation import impute

    filled = values.copy(order="F")
    together = Together()
    for choice, columns in imputation:
        known = _context(index, _indicators_at(index, columns), units)
        with together:
            filled[:, columns] = impute(choice, values[:, columns], known)
    together.require("imputations that cannot work")
    return filled


def _context(index: Index, nodes: Sequence[Node], units: Units) -> Any:
    """Return what imputations may know beside the values of some nodes."""
    from dli.imputation import Context

    names, periods = units.kept
    return Context(
        columns=units.context,
        units=tuple(names),
        periods=None if periods is None else tuple(periods),
        codes=tuple(node.code for node in nodes),
        parents={node.code: tuple(above.code for above in index.path(node.code)) for node in nodes},
        directions=tuple(node.direction if isinstance(node, Indicator) else 1 for node in nodes),
    )


def _indicators_at(index: Index, columns: Any) -> Sequence[Indicator]:
    if isinstance(columns, slice):
        return index.indicators[columns]
    return tuple(index.indicators[j] for j in columns.tolist())


def _treated(values: Floats, index: Index, choices: Choices, units: Units) -> Floats:
    if all(choice is None for choice, _ in choices.treatment):
        return values
    treated = values.copy(order="F")
    together = Together()
    for choice, columns in choices.treatment:
        if choice is None:
            continue
        before = values[:, columns]
        codes = [indicator.code for indicator in _indicators_at(index, columns)]
        with together:
            result = ask(
                choice,
                "treat",
                before,
                step=f"treatment {type(choice).__name__}",
                codes=codes,
                unit=units.name,
                read=numbers,
            )
            treated[:, columns] = _checked("treatment", choice, result, before, codes)
    together.require("treatments that cannot work")
    return treated


def _normalised(
    values: Floats, index: Index, normalisations: Sequence[tuple[Any, Any]], units: Units
) -> Floats:
    normalised = np.empty(values.shape, order="F")
    together = Together()
    for choice, columns in normalisations:
        own = _indicators_at(index, columns)
        codes = [indicator.code for indicator in own]
        before = values if isinstance(columns, slice) else values[:, columns]
        step = f"normalisation {type(choice).__name__}"
        with together:
            result = ask(
                choice,
                "normalise",
                before,
                own,
                step=step,
                codes=codes,
                unit=units.name,
                read=numbers,
            )
            result = _checked("normalisation", choice, result, before, codes)
            if isinstance(columns, slice):
                return result
            normalised[:, columns] = result
    together.require("normalisations that cannot work")
    return normalised


def _checked(
    family: str, choice: Any, result: Floats, before: Floats, codes: Sequence[str]
) -> Floats:
    """Refuse a step's result of another shape, or with values missing or infinite by itself."""
    name = type(choice).__name__
    if result.shape != before.shape:
        msg = f"{family} {name} must keep the shape {before.shape}, got {result.shape}"
        raise MethodError(msg + on(codes))
    missing, finite = np.isnan(before), np.isfinite(result)
    if (missing ^ finite).all() and np.isnan(result[missing]).all():
        return result
    lost = ~finite & ~missing
    if lost.any():
        spoilt, what = lost, "missing or infinite where there were values"
    else:
        spoilt, what = missing & ~np.isnan(result), "not missing where there were none"
    msg = f"{family} {name} gave values that are {what}"
    counts = zip(codes, spoilt.sum(axis=0).tolist(), strict=True)
    raise MethodError(msg, [f"{code!r}: {n} of them" for code, n in counts if n])


def _children_values(
    node: Index, scores: Mapping[str, Floats], normalised: Floats, columns: Mapping[str, int]
) -> Floats:
    if all(isinstance(child, Indicator) for child in node.children):
        first = columns[node.children[0].code]  # indicators come depth first: neighbours
        return normalised[:, first : first + len(node.children)]
    values = np.stack([scores[child.code] for child in node.children], axis=1)
    values.flags.writeable = False
    return values


def _scored(node: Index, values: Floats, choices: Choices, units: Units) -> tuple[Floats, Floats]:
    """Weigh and join the children of one node."""
    codes = [child.code for child in node.children]
    with at("weighting", node.code):
        weights = _weights(choices.weighting[node.code], values, node, codes, units)
    aggregation = choices.aggregation[node.code]
    rule = MissingRule(choices.missing, choices.coverage[node.code])
    if rule.missing == "raise" and (missing := np.isnan(values)).any():
        faults = [
            f"{units.name(i)}: {node.children[j].code!r}" for i, j in np.argwhere(missing).tolist()
        ]
        msg = f"the method refuses missing values; children of {node.code!r} without one"
        raise DataError(msg, faults)
    where, groups = f" of {node.code!r}", list(units.rows_by_period.values())
    with at("aggregation", node.code):
        _check_domain(aggregation, values, weights, rule, node, units)
        scores = join(
            aggregation, values, weights, rule, codes, where=where, groups=groups, unit=units.name
        )
    return scores, weights


def _weights(
    weighting: Any, values: Floats, node: Index, codes: Sequence[str], units: Units
) -> Floats:
    """Return the weights of a node's children; units that have their own are those of a period."""
    if len(units.rows_by_period) < 2 or not traits_of_weighting(weighting).per_unit:
        return _weights_among(weighting, values, node, codes)
    weights = np.empty(values.shape)
    for rows in units.rows_by_period.values():
        weights[rows] = _weights_among(weighting, values[rows], node, codes)
    weights.flags.writeable = False
    return weights


def _weights_among(weighting: Any, values: Floats, node: Index, codes: Sequence[str]) -> Floats:
    name = type(weighting).__name__
    step = f"weighting of {node.code!r} by {name}"
    weights: Floats = ask(
        weighting, "weights", values, node.children, step=step, codes=codes, read=numbers
    )
    weights.flags.writeable = False
    shape_fits = weights.shape in ((len(node.children),), values.shape)
    # NaN fails every comparison, so these two see it.
    if shape_fits and weights.min() >= 0 and abs((total := _furthest_sum(weights)) - 1) <= 1e-9:
        return weights
    if not shape_fits:
        problem = f"shape {weights.shape}"
    elif not (np.isfinite(weights).all() and (weights >= 0).all()):
        problem = f"{weights.tolist() if weights.ndim == 1 else 'weights below 0 or not finite'}"
    else:
        problem = f"a sum of {total:.12g}"
    msg = (
        f"weighting {name} of {node.code!r} must give finite weights of at "
        f"least 0 that sum to one, {len(node.children)} of them or a row of them for each unit; "
        f"got {problem}"
    )
    raise MethodError(msg)


def _furthest_sum(weights: Floats) -> float:
    """Return the sum of weights, of those of all units the one that is furthest from one."""
    if weights.ndim == 1:
        return float(sum(weights.tolist()))  # faster for a few, and silent where it is infinite
    with np.errstate(over="ignore"):
        sums = weights.sum(axis=1)
    return float(sums[np.argmax(abs(sums - 1))])


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
        other = ", or take Product(total=1), which is 0 there" if domain == "positive" else ""
        msg = (
            f"{type(aggregation).__name__} of {node.code!r} needs values {limit}; a normalisation "
            f"such as MinMax(low=1) keeps them there{other}; found"
        )
        raise MethodError(msg, faults)
