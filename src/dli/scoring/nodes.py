"""The scores of nodes with children, from the normalised indicators up to the index."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.aggregation import ArithmeticMean
from dli.aggregation.protocol import traits_of
from dli.arrays import Bools, Floats
from dli.errors import DataError, MethodError
from dli.framework import Index, Indicator
from dli.framework.once import once_per_index
from dli.method import Choices
from dli.normalisation.protocol import at_rows
from dli.scoring.adjusting import Adjusted, covers_indicators
from dli.scoring.entering import entered
from dli.scoring.joining import MissingRule, join
from dli.scoring.units import Units
from dli.steps import Together, ask, at, numbers
from dli.weighting import Declared
from dli.weighting.protocol import traits_of as traits_of_weighting

__all__ = ["ScoredTree"]


@frozen(kw_only=True, eq=False)
class ScoredTree:
    """The nodes of an index and their scores, computed from the indicators upwards.

    Attributes
    ----------
    index : Index
    choices : Choices
    units : Units
    normalised : ndarray of shape (n_units, n_indicators)
    scores, entered, weights, adjusted, normalisations : dict
        As in `dli.scoring.pipeline.Run`; `score_all` fills them.
    """

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
        """Compute the scores of every node, children first, and raise all errors together."""
        codes = [indicator.code for indicator in self.index.indicators]
        columns = {code: j for j, code in enumerate(codes)}
        self.scores.update(zip(codes, self.normalised.T, strict=True))
        self.entered.update(self.scores)
        together = Together()
        for node in reversed(list(self.index.walk())):
            if isinstance(node, Indicator):
                continue
            if together.errors and not all(child.code in self.entered for child in node.children):
                continue  # the error of the child is raised below
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
        """Return whether enough indicators of each unit have a value, or None without such a rule.

        Constants do not count: where all other indicators below a node are missing, the node does
        not have a score.
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
        """Return the scores without those of too few indicators, and with missing ones imputed."""
        if enough is not None:
            scores = np.where(enough, scores, np.nan)
        imputation, context = self.choices.node_imputation.get(node.code), None
        if imputation is not None:
            context = self.units.known(self.index, [node])
        adjusted = Adjusted(enough=enough, imputation=imputation, context=context)
        self.adjusted[node.code] = adjusted
        filled = adjusted.fill(scores)
        gaps = np.isnan(scores)
        if imputation is not None and gaps.any() and np.isnan(filled[gaps]).all():
            msg = (
                f"imputation {type(imputation).__name__} fills none of the {gaps.sum()} missing "
                f"scores of {node.code!r}: a node is a single column; use an imputation from other "
                "units or periods, such as GroupMean"
            )
            raise MethodError(msg)
        return filled


def _children_values(
    node: Index, scores: Mapping[str, Floats], normalised: Floats, columns: Mapping[str, int]
) -> Floats:
    if all(isinstance(child, Indicator) for child in node.children):
        # The columns of indicators with the same parent are adjacent.
        first = columns[node.children[0].code]
        return normalised[:, first : first + len(node.children)]
    values = np.stack([scores[child.code] for child in node.children], axis=1)
    values.flags.writeable = False
    return values


def _scored(node: Index, values: Floats, choices: Choices, units: Units) -> tuple[Floats, Floats]:
    """Return the scores of one node and the weights of its children."""
    codes = [child.code for child in node.children]
    with at("weighting", node.code):
        weights = _weights(choices.weighting[node.code], values, node, codes, units)
    aggregation = choices.aggregation[node.code]
    if choices.missing == "raise" and (missing := np.isnan(values)).any():
        faults = [
            f"{units.name(i)}: {node.children[j].code!r}" for i, j in np.argwhere(missing).tolist()
        ]
        msg = (
            f"children of {node.code!r} are missing, and the method has missing='raise'; impute "
            "them or choose another rule"
        )
        raise DataError(msg, faults)
    if type(aggregation) is ArithmeticMean and weights.ndim == 1:
        scores = _plain_mean(values, weights)
        if scores is not None:
            return scores, weights
    where, groups = f" of {node.code!r}", list(units.rows_by_period.values())
    rule = MissingRule(choices.missing, choices.coverage[node.code])
    with at("aggregation", node.code):
        _check_domain(aggregation, values, weights, rule, node, units)
        scores = join(
            aggregation, values, weights, rule, codes, where=where, groups=groups, unit=units.name
        )
    return scores, weights


def _plain_mean(values: Floats, weights: Floats) -> Floats | None:
    """Return the weighted means of complete values, exactly as `join` would return them.

    This fast path avoids the checks that user-defined steps need. It returns None if a value is
    missing, the weights must be scaled or a score is infinite; `join` handles these cases.
    """
    if abs(weights.sum() - 1) > 1e-12:
        return None
    scores: Floats = values @ weights
    # A product with NaN is NaN, so that this check includes missing values.
    return scores if np.isfinite(scores).all() else None


def _weights(
    weighting: Any, values: Floats, node: Index, codes: Sequence[str], units: Units
) -> Floats:
    """Return the weights of a node's children; weights per unit are computed for each period."""
    if type(weighting) is Declared:
        return _declared_weights(node)
    if len(units.rows_by_period) < 2 or not traits_of_weighting(weighting).per_unit:
        return _weights_among(weighting, values, node, codes)
    weights = np.empty(values.shape)
    for rows in units.rows_by_period.values():
        weights[rows] = _weights_among(weighting, values[rows], node, codes)
    weights.flags.writeable = False
    return weights


@once_per_index
def _declared_weights(node: Index) -> Floats:
    """Return the weights that an index declares, which do not depend on the data."""
    codes = [child.code for child in node.children]
    return _weights_among(Declared(), np.empty((0, len(codes))), node, codes)


def _weights_among(weighting: Any, values: Floats, node: Index, codes: Sequence[str]) -> Floats:
    name = type(weighting).__name__
    step = f"weighting of {node.code!r} by {name}"
    weights: Floats = ask(
        weighting, "weights", values, node.children, step=step, codes=codes, read=numbers
    )
    weights.flags.writeable = False
    shape_fits = weights.shape in ((len(node.children),), values.shape)
    # Every comparison with NaN is false, so that these conditions also exclude NaN.
    if shape_fits and weights.min() >= 0 and abs((total := _furthest_sum(weights)) - 1) <= 1e-9:
        return weights
    if not shape_fits:
        problem = f"shape {weights.shape}"
    elif not (np.isfinite(weights).all() and (weights >= 0).all()):
        problem = f"{weights.tolist() if weights.ndim == 1 else 'weights below 0 or not finite'}"
    else:
        problem = f"a sum of {total:.12g}"
    msg = (
        f"weighting {name} of {node.code!r} must return finite weights of at least 0 that sum to "
        f"one, {len(node.children)} of them or a row of them for each unit; got {problem}"
    )
    raise MethodError(msg)


def _furthest_sum(weights: Floats) -> float:
    """Return the sum of the weights; if units have their own weights, the sum furthest from one."""
    if weights.ndim == 1:
        return float(
            sum(weights.tolist())
        )  # faster for a few weights, and without a warning on overflow
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
    """Raise an error for values outside the domain of an aggregation that affect a score."""
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
        other = ", or Product(total=1), which is 0 there" if domain == "positive" else ""
        msg = (
            f"{type(aggregation).__name__} of {node.code!r} needs values {limit}; use a "
            f"normalisation such as MinMax(low=1){other}; got"
        )
        raise MethodError(msg, faults)
