"""Checks of the properties that every weighting scheme must have."""

from collections.abc import Callable, Sequence
from typing import TypeAlias
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import ArrayLike

from dli.errors import DLIError, DLIWarning, MethodError
from dli.steps import ask, numbers
from dli.weighting.protocol import Floats, Node, Traits, Weighting, traits_of
from dli.weighting.tables import table_of

__all__ = ["check_weighting"]

_TOLERANCE = 1e-7
_Weights: TypeAlias = Callable[[Floats, Sequence[Node]], Floats]


def check_weighting(
    scheme: Weighting,
    values: ArrayLike,
    children: Sequence[Node],
    *,
    ignores_scale: bool = False,
) -> None:
    """Check that a weighting scheme has the properties that every scheme must have.

    The weights must be finite, not negative and sum to one. If the units or the children are
    reordered, the weights must be reordered in the same way. A single child must have weight 1,
    unless the scheme raises a `MethodError` because the other children are missing. The scheme
    must not change the values. If a child has the same value for all units, or if values are
    missing, the scheme must also return weights or raise a `MethodError`. The weights must agree
    with the `Traits` that the scheme declares.

    Parameters
    ----------
    scheme : object with ``weights(values, children)``
        The scheme to check, built in or your own.
    values : array_like of shape (n_units, n_children)
        The values for which weights are computed.
    children : sequence of nodes
        Nodes with ``code`` and ``weight``, one for each column.
    ignores_scale : bool
        Whether to also check that the weights do not depend on the units of measure.

    Raises
    ------
    MethodError
        The scheme lacks some of these properties; all violations are listed.

    Examples
    --------
    >>> from dli import Indicator
    >>> from dli.weighting import Entropy
    >>> children = [Indicator("a"), Indicator("b")]
    >>> check_weighting(Entropy(), [[1.0, 5.0], [2.0, 4.0]], children, ignores_scale=True)
    """
    x, _ = table_of(values)
    children = list(children)
    faults: list[str] = []
    step = f"weighting {type(scheme).__name__}"

    def weights(table: Floats, nodes: Sequence[Node]) -> Floats:
        copy = table.copy()
        with catch_warnings():
            simplefilter("ignore", DLIWarning)
            codes = [node.code for node in nodes]
            result: Floats = ask(
                scheme, "weights", copy, nodes, step=step, codes=codes, read=numbers
            )
        if not np.array_equal(copy, table, equal_nan=True):
            faults.append("it changes the values that it receives")
        return result

    first = weights(x, children)
    faults += _shape_faults(first, x.shape)
    if not faults:
        faults += _order_faults(first, x, children, weights)
        for difficulty, table in _hard_tables(x).items():
            nodes = children[: table.shape[1]]
            faults += [f"with {difficulty}, {fault}" for fault in _probe(table, nodes, weights)]
        faults += _trait_faults(traits_of(scheme), first, x, children, weights)
    if not faults and ignores_scale:
        factors = np.linspace(0.5, 3.0, x.shape[1])
        if not np.allclose(weights(x * factors, children), first, atol=_TOLERANCE):
            faults.append("its weights depend on the units of measure")
    if faults:
        msg = f"{type(scheme).__name__} does not meet the requirements of a weighting scheme"
        raise MethodError(msg, dict.fromkeys(faults))


def _hard_tables(x: Floats) -> dict[str, Floats]:
    """Return difficult tables, each with a description of what makes it difficult as its key."""
    constant, cell, unit, child = (x.copy() for _ in range(4))
    constant[:, -1] = 1.0  # 1 is exact; the spread of other constants can be a rounding error
    cell[0, 0] = unit[0] = child[:, -1] = np.nan
    return {
        "a single child": x[:, :1],
        "a child that is the same for all units": constant,
        "a missing value": cell,
        "a unit without values": unit,
        "a child without values": child,
    }


def _probe(table: Floats, children: Sequence[Node], weights: _Weights) -> list[str]:
    try:
        return _shape_faults(weights(table, children), table.shape)
    except MethodError as error:
        cause = error.__cause__
        if isinstance(cause, DLIError):  # the scheme rejects the table
            return []
        return [f"it raises {type(cause).__name__} ({cause}) instead of a MethodError"]


def _shape_faults(weights: Floats, shape: tuple[int, ...]) -> list[str]:
    n_units, n_children = shape
    if weights.shape not in {(n_children,), (n_units, n_children)}:
        expected = f"{(n_children,)} or {(n_units, n_children)}"
        return [f"its weights have shape {weights.shape}, expected {expected}"]
    if not (np.isfinite(weights) & (weights >= 0)).all():
        return ["its weights are not all finite and at least 0"]
    if not np.allclose(weights.sum(axis=-1), 1.0, rtol=0, atol=1e-9):
        return ["its weights do not sum to one"]
    return []


def _order_faults(
    first: Floats, x: Floats, children: Sequence[Node], weights: _Weights
) -> list[str]:
    faults = []
    reverse = weights(x[::-1], children)
    if not np.allclose(reverse if reverse.ndim == 1 else reverse[::-1], first, atol=_TOLERANCE):
        faults.append("its weights depend on the order of the units")
    reverse = weights(x[:, ::-1], list(children)[::-1])
    if not np.allclose(reverse[..., ::-1], first, atol=_TOLERANCE):
        faults.append("its weights depend on the order of the children")
    return faults


def _trait_faults(
    traits: Traits, first: Floats, x: Floats, children: Sequence[Node], weights: _Weights
) -> list[str]:
    faults = []
    if first.ndim == 2 and not traits.per_unit:
        faults.append("it returns weights for each unit, but its traits declare per_unit=False")
    if first.ndim == 1 and traits.per_unit:
        faults.append("it returns one row of weights, but its traits declare per_unit=True")
    other = x + np.arange(x.size).reshape(x.shape)
    if not traits.uses_values and not np.array_equal(weights(other, children), first):
        faults.append("its weights depend on the values, but its traits declare uses_values=False")
    return faults
