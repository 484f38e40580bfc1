"""What every weighting scheme promises, checked on a table."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import ArrayLike

from dli.errors import DLIWarning, MethodError
from dli.weighting.protocol import Floats, Node, Weighting
from dli.weighting.tables import as_table

__all__ = ["check_weighting"]

_TOLERANCE = 1e-7


def check_weighting(
    scheme: Weighting,
    values: ArrayLike,
    children: Sequence[Node],
    *,
    ignores_scale: bool = False,
) -> None:
    """Hold a scheme, built in or of your own, against what every scheme promises.

    Its weights must be finite, not negative and sum to one; go with units and children when these
    are put in another order; leave the values alone; and be 1 for a single child, unless the
    scheme refuses to weigh one of its children without the others.

    Parameters
    ----------
    scheme : object with ``weights(values, children)``
    values : array_like of shape (n_units, n_children)
    children : sequence of nodes
        With ``code`` and ``weight``.
    ignores_scale : bool
        Also promise that the weights do not depend on the units of measure.

    Raises
    ------
    MethodError
        The promises that are not kept, all of them.

    Examples
    --------
    >>> from dli import Indicator
    >>> from dli.weighting import Entropy
    >>> children = [Indicator("a"), Indicator("b")]
    >>> check_weighting(Entropy(), [[1.0, 5.0], [2.0, 4.0]], children, ignores_scale=True)
    """
    x = as_table(values)
    children = list(children)
    faults: list[str] = []

    def weights(table: Floats, nodes: Sequence[Node]) -> Floats:
        given = table.copy()
        with catch_warnings():
            simplefilter("ignore", DLIWarning)
            found = np.asarray(scheme.weights(given, nodes), dtype=np.float64)
        if not np.array_equal(given, table, equal_nan=True):
            faults.append("it changes the values that it is given")
        return found

    first = weights(x, children)
    faults += _shape_faults(first, x.shape)
    if not faults:
        faults += _order_faults(first, x, children, weights)
        with suppress(MethodError):
            if not np.allclose(weights(x[:, :1], children[:1]), 1.0):
                faults.append("its weight of a single child is not 1")
    if not faults and ignores_scale:
        factors = np.linspace(0.5, 3.0, x.shape[1])
        if not np.allclose(weights(x * factors, children), first, atol=_TOLERANCE):
            faults.append("its weights depend on the units of measure")
    if faults:
        msg = f"{type(scheme).__name__} does not keep what a weighting scheme promises"
        raise MethodError(msg, dict.fromkeys(faults))


def _shape_faults(weights: Floats, shape: tuple[int, ...]) -> list[str]:
    n_units, n_children = shape
    if weights.shape not in {(n_children,), (n_units, n_children)}:
        expected = f"{(n_children,)} or {(n_units, n_children)}"
        return [f"its weights have shape {weights.shape}, expected {expected}"]
    faults = []
    if not (np.isfinite(weights) & (weights >= 0)).all():
        faults.append("its weights are not all finite and at least 0")
    elif not np.allclose(weights.sum(axis=-1), 1.0, rtol=0, atol=1e-9):
        faults.append("its weights do not sum to one")
    return faults


def _order_faults(
    first: Floats,
    x: Floats,
    children: Sequence[Node],
    weights: Callable[[Floats, Sequence[Node]], Floats],
) -> list[str]:
    faults = []
    turned = weights(x[::-1], children)
    if not np.allclose(turned if turned.ndim == 1 else turned[::-1], first, atol=_TOLERANCE):
        faults.append("its weights depend on the order of the units")
    turned = weights(x[:, ::-1], list(children)[::-1])
    if not np.allclose(turned[..., ::-1], first, atol=_TOLERANCE):
        faults.append("its weights depend on the order of the children")
    return faults
