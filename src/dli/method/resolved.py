"""A method resolved for an index: the choices that apply to each node and indicator."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from dli.aggregation.protocol import traits_of
from dli.framework import Index, Indicator
from dli.framework.once import once_per_index
from dli.method.coverage import Coverage, as_coverage
from dli.method.rounding import RoundedAggregation, RoundedNormalisation

__all__ = ["OTHERS", "Choices", "refined", "refined_normalisation", "resolved"]

# The key of a mapping that selects everything that no other key selects.
OTHERS = "*"


@frozen(kw_only=True, eq=False)
class Choices:
    """A method resolved for an index: the choice that applies to each node and indicator.

    Attributes
    ----------
    imputation, treatment, normalisation : tuple of (choice, columns)
        Each choice with the columns of the indicators that it applies to: a slice of all columns,
        or column numbers in the order of the index.
    weighting, aggregation, coverage : mapping of str to object
        The choice for each node with children, by code.
    node_normalisation, node_imputation : mapping of str to object
        The choice for each node with children whose score is normalised or imputed, by code.
    missing : {"renormalise", "propagate", "raise"}
        How a node is scored if children are missing.
    """

    imputation: tuple[tuple[Any, Any], ...]
    treatment: tuple[tuple[Any, Any], ...]
    normalisation: tuple[tuple[Any, Any], ...]
    weighting: Mapping[str, Any]
    aggregation: Mapping[str, Any]
    coverage: Mapping[str, Coverage]
    node_normalisation: Mapping[str, Any]
    node_imputation: Mapping[str, Any]
    missing: str


@frozen
class _Nodes:
    """The codes of all nodes and of those with children, and the choices that nodes declare."""

    codes: tuple[str, ...]
    inner: tuple[str, ...]
    own: Mapping[str, Mapping[str, Any]]


@once_per_index
def _nodes(index: Index) -> _Nodes:
    inner = [node for node in index.walk() if isinstance(node, Index)]
    own = {
        step: {node.code: own for node in inner if (own := getattr(node, step)) is not None}
        for step in ("weighting", "aggregation", "normalisation")
    }
    codes = tuple(node.code for node in index.walk())
    return _Nodes(codes, tuple(node.code for node in inner), own)


def resolved(values: Mapping[str, Any], defaults: Mapping[str, Any], index: Index) -> Choices:
    """Return the fields of a method, each with its default, resolved for an index."""
    nodes = _nodes(index)
    values = {**values, "coverage": as_coverage(values["coverage"])}  # once for all nodes

    def of_nodes(step: str) -> dict[str, Any]:
        """Return each node's choice: its own, else that of its code, else that of its level."""
        chosen = _by_code(values[step], nodes.inner, index, defaults[step])
        return {**chosen, **nodes.own.get(step, {})}

    decimals = _by_code(values["decimals"], nodes.codes, index)
    aggregation = {
        code: choice if (n := decimals[code]) is None else RoundedAggregation(choice, n)
        for code, choice in of_nodes("aggregation").items()
    }
    coverage = {code: as_coverage(choice) for code, choice in of_nodes("coverage").items()}
    for code, choice in aggregation.items():
        if _needs_all(choice):
            coverage[code] = Coverage(share=1.0)
    return Choices(
        imputation=_by_indicator(values["imputation"], None, index),
        treatment=_by_indicator(values["treatment"], None, index),
        normalisation=_normalisations(values["normalisation"], defaults, index, decimals),
        weighting=of_nodes("weighting"),
        aggregation=aggregation,
        coverage=coverage,
        node_normalisation=_node_normalisations(values["normalisation"], nodes, index, decimals),
        node_imputation=_node_imputations(values["node_imputation"], nodes.inner, index),
        missing=values["missing"],
    )


def _needs_all(aggregation: Any) -> bool:
    try:
        return traits_of(aggregation).needs_all
    except Exception:  # noqa: BLE001 the pipeline names every step whose traits raise an error
        return False


def _by_code(value: Any, codes: Sequence[str], index: Index, default: Any = None) -> dict[str, Any]:
    """Return the choice for each of some nodes, by code."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(codes, value)
    return {code: keyed(value, code, index, default) for code in codes}


def keyed(choices: Mapping[Any, Any], code: str, index: Index, default: Any = None) -> Any:
    """Return the choice for a node: that of its code, else of its level, else of the key "*"."""
    for key in (code, index.level(code), OTHERS):
        if key in choices:
            return choices[key]
    return default


def _normalisations(
    value: Any, defaults: Mapping[str, Any], index: Index, decimals: Mapping[str, int | None]
) -> tuple[tuple[Any, Any], ...]:
    """Return the normalisations of indicators; a code or level selects no nodes below it."""
    places = [decimals[indicator.code] for indicator in index.indicators]
    if not isinstance(value, Mapping) and places.count(None) == len(places):
        return ((value, slice(None)),)
    choices: list[Any] = []
    for indicator in index.indicators:
        choice = value
        if isinstance(value, Mapping):
            choice = keyed(value, indicator.code, index, defaults["normalisation"])
        choices.append(choice)
    return tuple(
        (choice if n is None else RoundedNormalisation(choice, n), columns)
        for (choice, n), columns in _grouped(list(zip(choices, places, strict=True)))
    )


def _grouped(choices: list[tuple[Any, Any]]) -> list[tuple[tuple[Any, Any], Any]]:
    """Return each distinct choice (an object and a number) with its positions in the list."""
    groups: list[tuple[tuple[Any, Any], list[int]]] = []
    for place, (choice, n) in enumerate(choices):
        columns = next((own for other, own in groups if other[0] is choice and other[1] == n), None)
        if columns is None:
            groups.append(((choice, n), [place]))
        else:
            columns.append(place)
    return [(choice, np.array(columns)) for choice, columns in groups]


def _node_normalisations(
    value: Any, nodes: _Nodes, index: Index, decimals: Mapping[str, int | None]
) -> dict[str, Any]:
    """Return each node's normalisation: its own, else that of its code, else of its level."""
    own = nodes.own["normalisation"]
    choices = {}
    for code in nodes.inner if isinstance(value, Mapping) else own:
        choice = own.get(code)
        if choice is None:
            # The key "*" selects indicators only.
            choice = value.get(code, value.get(index.level(code)))
        if choice is not None:
            n = decimals[code]
            choices[code] = choice if n is None else RoundedNormalisation(choice, n)
    return choices


def _node_imputations(value: Any, inner: Sequence[str], index: Index) -> dict[str, Any]:
    """Return the imputations of scores; a single one applies to all nodes except the index."""
    if not isinstance(value, Mapping):
        return {} if value is None else dict.fromkeys(inner[1:], value)
    choices = _by_code(value, inner, index)
    if index.code not in value and 0 not in value:
        del choices[index.code]  # the key "*" does not select the index itself
    return {code: choice for code, choice in choices.items() if choice is not None}


def _by_indicator(value: Any, default: Any, index: Index) -> tuple[tuple[Any, Any], ...]:
    """Return the choices for indicators; a code selects all below it, the nearest code first."""
    if not isinstance(value, Mapping):
        return ((value, slice(None)),)
    choices = [(_nearest(value, index, own, default), None) for own in index.indicators]
    return tuple((choice, columns) for (choice, _), columns in _grouped(choices))


def _nearest(value: Mapping[Any, Any], index: Index, indicator: Indicator, default: Any) -> Any:
    """Return the choice for an indicator: of its code, else of codes above, else of its level."""
    for code in (indicator.code, *(node.code for node in index.path(indicator.code))):
        if code in value:
            return value[code]
    return keyed(value, indicator.code, index, default)


def refined(value: Any, default: Any, changes: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the choices by level or code after changes to some of them."""
    if isinstance(value, Mapping):
        return {**value, **changes}
    return dict(changes) if value == default else {OTHERS: value, **changes}


def refined_normalisation(value: Any, default: Any, changes: Any, index: Index) -> Any:
    """Return the normalisations after changes to some of them.

    A single choice replaces that of all indicators; scores of nodes are normalised as before.
    """
    if isinstance(changes, Mapping):
        return refined(value, default, changes)
    if not isinstance(value, Mapping):
        return changes
    of_nodes = {
        node.code: value.get(node.code, value.get(index.level(node.code)))
        for node in index.walk()
        if isinstance(node, Index) and (node.code in value or index.level(node.code) in value)
    }
    return {OTHERS: changes, **of_nodes} if of_nodes else changes
