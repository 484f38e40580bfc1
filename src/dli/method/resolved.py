"""What the choices of a method come to for each node and indicator of a tree."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from dli.framework import Index, Indicator
from dli.framework.index import Node

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
    by_node: dict[str, dict[str, Any]] = {"weighting": {}, "aggregation": {}, "coverage": {}}
    inner = [node for node in index.walk() if isinstance(node, Index)]
    for step, chosen in by_node.items():
        for node in inner:
            chosen[node.code] = _of_node(step, values[step], defaults[step], node, index)
    by_indicator = {
        step: _by_indicator(values[step], defaults[step], index)
        for step in ("imputation", "treatment", "normalisation")
    }
    return Choices(**by_node, **by_indicator, missing=values["missing"])


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
    above: list[Node] = [indicator, *index.path(indicator.code)]
    for node in above:
        if node.code in value:
            return value[node.code]
    return value.get(index.level(indicator.code), default)


def refined(value: Any, default: Any, changes: Mapping[Any, Any], index: Index) -> Mapping[Any, Any]:
    """Return choices by level or code: those of before, but for the ones that change."""
    if isinstance(value, Mapping):
        return {**value, **changes}
    if value == default:
        return dict(changes)
    levels = {index.level(node.code) for node in index.walk()}
    return {**dict.fromkeys(sorted(levels), value), **changes}
