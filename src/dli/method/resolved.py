"""What the choices of a method come to for each node and indicator of a tree."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from dli.framework import Index, Indicator

__all__ = ["Choices", "refined", "resolved"]


@frozen(kw_only=True, eq=False)
class Choices:
    """A method resolved for a tree, once for everything that follows.

    Attributes
    ----------
    imputation, treatment, normalisation : tuple of (choice, columns)
        Each choice with the columns of the indicators that it works on: a slice of all, or places
        in the order of the index.
    weighting, aggregation, coverage : mapping of str to object
        By the code of every node with children.
    missing : {"renormalise", "propagate", "raise"}
    """

    imputation: tuple[tuple[Any, Any], ...]
    treatment: tuple[tuple[Any, Any], ...]
    normalisation: tuple[tuple[Any, Any], ...]
    weighting: Mapping[str, Any]
    aggregation: Mapping[str, Any]
    coverage: Mapping[str, float]
    missing: str


def resolved(values: Mapping[str, Any], defaults: Mapping[str, Any], index: Index) -> Choices:
    """Resolve the fields of a method, each with its default, for an index."""
    inner = [node for node in index.walk() if isinstance(node, Index)]

    def of_nodes(step: str) -> dict[str, Any]:
        value, default = values[step], defaults[step]
        return {node.code: _of_node(step, value, default, node, index) for node in inner}

    def of_indicators(step: str) -> tuple[tuple[Any, Any], ...]:
        return _by_indicator(values[step], defaults[step], index)

    return Choices(
        imputation=of_indicators("imputation"),
        treatment=of_indicators("treatment"),
        normalisation=of_indicators("normalisation"),
        weighting=of_nodes("weighting"),
        aggregation=of_nodes("aggregation"),
        coverage=of_nodes("coverage"),
        missing=values["missing"],
    )


def _of_node(step: str, value: Any, default: Any, node: Index, index: Index) -> Any:
    """Return the choice of a node: its own, then that of its code, then that of its level."""
    own = {"weighting": node.weighting, "aggregation": node.aggregation}.get(step)
    if own is not None or not isinstance(value, Mapping):
        return value if own is None else own
    return value.get(node.code, value.get(index.level(node.code), default))


def _by_indicator(value: Any, default: Any, index: Index) -> tuple[tuple[Any, Any], ...]:
    if not isinstance(value, Mapping):
        return ((value, slice(None)),)
    groups: list[tuple[Any, list[int]]] = []
    for place, indicator in enumerate(index.indicators):
        choice = _nearest(value, index, indicator, default)
        columns = next((columns for other, columns in groups if other is choice), None)
        if columns is None:
            groups.append((choice, [place]))
        else:
            columns.append(place)
    return tuple((choice, np.array(columns)) for choice, columns in groups)


def _nearest(value: Mapping[Any, Any], index: Index, indicator: Indicator, default: Any) -> Any:
    """Return the choice for an indicator: its own code, then those above it, then its level."""
    for code in (indicator.code, *(node.code for node in index.path(indicator.code))):
        if code in value:
            return value[code]
    return value.get(index.level(indicator.code), default)


def refined(
    value: Any, default: Any, changes: Mapping[Any, Any], index: Index
) -> Mapping[Any, Any]:
    """Return choices by level or code: those of before, but for the ones that change."""
    if isinstance(value, Mapping):
        return {**value, **changes}
    if value == default:
        return dict(changes)
    levels = {index.level(node.code) for node in index.walk()}
    return {**dict.fromkeys(sorted(levels), value), **changes}
