"""The values, weights and aggregations that the explorer computes with."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.aggregation import Product
from dli.aggregation.protocol import traits_of
from dli.arrays import Floats, Integers
from dli.errors import MethodError
from dli.framework import Index, Indicator
from dli.method.rounding import RoundedAggregation, RoundedNormalisation, name_of
from dli.normalisation import Goalposts, MinMax, Scaled, Unscaled
from dli.normalisation.ends import LogLine
from dli.scoring.adjusting import covers_indicators

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.framework.index import Node

__all__ = ["explored"]

# Powers of an order closer to 0 than this lose digits, which the page does not recover.
_LEAST_ORDER = 0.01


def explored(assessment: "Assessment", top: Index, rows: Integers) -> dict[str, Any]:
    """Return the nodes below a node as plain data for the page.

    Parameters
    ----------
    assessment : Assessment
    top : Index
        The node whose scores the page ranks.
    rows : ndarray of int
        The rows of the units that the page ranks.

    Raises
    ------
    MethodError
        If the page cannot compute some steps of the method; all are listed with their nodes.
    """
    nodes = list(top.walk())
    inner = [node for node in nodes if isinstance(node, Index)]
    faults = [fault for node in inner for fault in _faults(assessment, node, is_top=node is top)]
    if faults:
        msg = "the explorer computes scores in the reader's browser, which is not possible for"
        raise MethodError(msg, faults)
    places = {node.code: place for place, node in enumerate(nodes)}
    columns = {leaf.code: j for j, leaf in enumerate(assessment.index.indicators)}
    return {
        "nodes": [
            _inner(assessment, node, places, is_top=node is top)
            if isinstance(node, Index)
            else _leaf(assessment, node, columns[node.code], rows)
            for node in nodes
        ]
    }


def _faults(assessment: "Assessment", node: Index, *, is_top: bool) -> Iterator[str]:
    """Yield the steps at a node that the page cannot compute, and what to do about each."""
    code, choices = node.code, assessment.choices
    if assessment.weight_array(code).ndim > 1:
        name = type(choices.weighting[code]).__name__
        yield (
            f"the weighting {name} of {code!r}, which gives each unit its own weights: use one "
            "that gives the same weights to all units, such as Declared()"
        )
    if _order(choices.aggregation[code]) is None:
        yield (
            f"the aggregation {name_of(choices.aggregation[code])} of {code!r}: use a power mean, "
            "such as ArithmeticMean(), GeometricMean() or Minimum(), or explore a node below it "
            "with node=..."
        )
    if code in choices.node_imputation:
        name = type(choices.node_imputation[code]).__name__
        yield (
            f"the node_imputation {name} of {code!r}, which takes scores from other units: leave "
            "it out, or explore a node below it with node=..."
        )
    normalisation = assessment.node_normalisations.get(code)
    if normalisation is not None and not is_top:
        if _line(normalisation, Indicator(code), assessment.array(code)):
            return
        yield (
            f"the normalisation {name_of(normalisation)} of the scores of {code!r}, which depends "
            "on other units: use one with fixed ends, such as MinMax(worst=0, best=100)"
        )


def _order(aggregation: Any) -> float | None:
    """Return the order of a power mean, None for any other aggregation."""
    if isinstance(aggregation, RoundedAggregation):
        aggregation = aggregation.step
    if isinstance(aggregation, Product) and aggregation.total == 1:
        return 0.0  # the geometric mean, which is 0 where a child is 0
    order = traits_of(aggregation).order
    return None if order is None or 0 < abs(order) < _LEAST_ORDER else order


def _inner(
    assessment: "Assessment", node: Index, places: dict[str, int], *, is_top: bool
) -> dict[str, Any]:
    code, choices = node.code, assessment.choices
    aggregation, coverage = choices.aggregation[code], choices.coverage[code]
    order = float(_order(aggregation))  # type: ignore[arg-type] # others were refused
    n_children = len(node.children)
    needed = 1.0
    if choices.missing != "renormalise":
        needed = float(n_children)
    elif coverage.of == "children":
        needed = coverage.needed(n_children)
    data: dict[str, Any] = {
        **_names(node),
        "children": [places[child.code] for child in node.children],
        "weights": assessment.weight_array(code).tolist(),
        "order": order if np.isfinite(order) else str(order).replace("inf", "Infinity"),
        "needed": needed,
    }
    if isinstance(aggregation, RoundedAggregation):
        data["decimals"] = aggregation.decimals
    if isinstance(aggregation, Product):
        data["product"] = True
    # Constants do not count: a node with no other value below it does not have a score.
    measured = [leaf.code for leaf in node.indicators if leaf.constant is None]
    if covers_indicators(coverage):
        data["least"] = coverage.needed(len(measured))
    elif len(measured) not in (0, len(node.indicators)):
        data["least"] = 1.0
    if "least" in data:
        data["measured"] = [places[leaf] for leaf in measured]
    normalisation = assessment.node_normalisations.get(code)
    if normalisation is not None and not is_top:
        data["line"] = _line(normalisation, Indicator(code), assessment.array(code))
    return data


def _leaf(
    assessment: "Assessment", indicator: Indicator, column: int, rows: Integers
) -> dict[str, Any]:
    """Return an indicator with its values before normalisation if the page can normalise them."""
    normalised = assessment.stage_array("normalised")[:, column]
    treated = assessment.stage_array("treated")[:, column]
    worst, best = assessment.held.leaf_ends[indicator.code]
    data = {**_names(indicator), "ends": [_number(worst), _number(best)]}
    normalisation = _choice_of(assessment.normalisations, column)
    line = None
    if _choice_of(assessment.choices.treatment, column) is None:
        line = _line(normalisation, indicator, treated)
    if line is not None:
        data["line"] = line
        data["measure"] = indicator.unit_of_measure
    values = normalised if line is None else treated
    return data | _column(values[rows].tolist())


def _column(values: Sequence[float]) -> dict[str, Any]:
    """Return values in the shorter of two forms: as they are, or each value once with positions."""
    numbers = [_number(value) for value in values]
    once = sorted({number for number in numbers if number is not None})
    places: dict[float | None, int] = {number: place for place, number in enumerate(once)}
    forms: list[dict[str, Any]] = [
        {"values": numbers},
        {"values": once, "places": [places.get(number) for number in numbers]},
    ]
    return min(forms, key=lambda form: len(json.dumps(form)))


def _names(node: "Node") -> dict[str, Any]:
    return {"code": node.code, "name": node.name}


def _number(value: float) -> float | int | None:
    """Return a number to 15 significant digits, None where it is missing.

    Further digits mostly reflect rounding errors, and would make up a third of the page.
    """
    if np.isnan(value):
        return None
    short = float(f"{value:.15g}")
    value = short if np.isfinite(short) else float(value)
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _choice_of(choices: Sequence[tuple[Any, Any]], column: int) -> Any:
    """Return the choice that applies to a column."""
    return next(
        choice
        for choice, columns in choices
        if isinstance(columns, slice) or column in columns.tolist()
    )


def _line(normalisation: Any, indicator: Indicator, values: Floats) -> dict[str, Any] | None:
    """Return the line from values to normalised ones, None if it depends on other units."""
    decimals = None
    if isinstance(normalisation, RoundedNormalisation):
        normalisation, decimals = normalisation.step, normalisation.decimals
    if not _is_fixed(normalisation, indicator):
        return None
    line: dict[str, Any] = {} if decimals is None else {"decimals": decimals}
    if isinstance(normalisation, Unscaled):
        return line | {"start": 0, "span": indicator.direction, "low": 0, "high": 1}
    fitted = normalisation.fit(values[:, np.newaxis], [indicator])
    stretch = fitted.line if isinstance(fitted, LogLine) else fitted
    if stretch.rescaling is not None:
        return None
    low, high = float(stretch.low), float(stretch.high)
    line |= {"start": float(stretch.start[0]), "span": float(stretch.span[0])}
    line |= {"low": low, "high": high}
    if stretch.cut.any():
        line["cut"] = stretch.cut[:, 0].tolist()
    if fitted is not stretch:
        line["log"] = True
    return line


def _is_fixed(normalisation: Any, indicator: Indicator) -> bool:
    """Return whether the normalised value depends on the value alone."""
    if isinstance(normalisation, MinMax):
        declared = normalisation.ends == "declared" and indicator.goalposts is not None
        return declared or None not in (normalisation.worst, normalisation.best)
    return isinstance(normalisation, (Goalposts, Scaled, Unscaled))
