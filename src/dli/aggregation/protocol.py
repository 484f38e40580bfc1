"""The protocol of aggregations and the traits that they may declare."""

from typing import Any, Protocol

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats
from dli.errors import MethodError
from dli.steps import ask, numbers

__all__ = [
    "Aggregation",
    "Bools",
    "Floats",
    "Traits",
    "directional",
    "gradient",
    "has_gradient",
    "held",
    "traits_of",
]


@frozen(kw_only=True)
class Traits:
    """The properties that an aggregation declares in its attribute ``traits``.

    An object without traits has the defaults, which assume nothing: it is called with complete
    values of all units together.

    Attributes
    ----------
    domain : {"real", "non-negative", "positive"}
        The values that it accepts.
    skips_missing : bool
        Whether it accepts NaN for missing values, and shares their weight among the rest.
    needs_all : bool
        Whether a node has a score only if no child is missing, whatever the method specifies for
        missing values, as in a formula that needs all of its terms.
    local : bool
        Whether the score of a unit depends on the values of that unit alone. Any other aggregation
        without ``fit`` is called separately for the units of each period.
    order : float, optional
        The order, if it is a weighted power mean.
    monotone : bool
        Whether, for all weights, a score lies between the smallest and the largest value and never
        falls when a value rises. A unit that is not worse in any child then never scores less.
    homogeneous : bool
        Whether the products of values and their derivatives sum to the score.
    additive : bool
        Whether the score is a sum of terms, each proportional to the value of one child.
    concave : bool
        Whether the score lies on or below its tangents everywhere.
    weighted : bool
        Whether the weights of the children are used; if not, neither the children nor their
        descendants have weights.
    draws : bool
        Whether it accepts many draws at once, as a sensitivity study makes them: values of shape
        (n_draws, n_units, n_children) and weights of shape (n_draws, n_units or 1, n_children),
        with scores of shape (n_draws, n_units). The scores of a draw must depend on its own values
        and weights alone. Any other aggregation is called once for each draw, which takes longer.
    kinked : bool
        Whether one-sided derivatives can differ inside the domain, for instance where values tie.
    """

    domain: str = "real"
    skips_missing: bool = False
    needs_all: bool = False
    local: bool = False
    order: float | None = None
    monotone: bool = False
    homogeneous: bool = False
    additive: bool = False
    concave: bool = False
    weighted: bool = True
    draws: bool = False
    kinked: bool = True


class Aggregation(Protocol):
    """Combine the children of a node into its score; only `aggregate` is required.

    An object may also have the following attributes and methods, which are used if present:

    - ``traits``: its properties, as a `Traits`;
    - ``gradient(values, weights)``: returns the derivative of each score by each value, of the
      shape of ``values``; where the one-sided derivatives differ, a value between them;
    - ``directional(values, weights, moves)``: returns the one-sided derivative of each score along
      ``moves`` of the values, of shape (..., n_units);
    - ``fit(values)``: returns the same aggregation with the scale of these values kept fixed;
    - ``describe()``: returns a sentence with the formula, for the methods statement.
    """

    def aggregate(self, values: Floats, weights: Floats, /) -> Floats:
        """Return the scores of the node, of shape (..., n_units).

        ``values`` have the shape (..., n_units, n_children). ``weights`` have the shape
        (n_children,) or (n_units, n_children); they are not negative, and each row sums to one. If
        ``traits`` declares ``draws``, weights of draws have the shape (n_draws, n_units or 1,
        n_children).
        """
        ...


_DEFAULTS = Traits()


def traits_of(aggregation: Any) -> Traits:
    """Return the traits of an aggregation, the defaults if it declares none."""
    declared = getattr(aggregation, "traits", _DEFAULTS)
    return declared if isinstance(declared, Traits) else _DEFAULTS


def held(aggregation: Any, values: Floats) -> Any:
    """Return the aggregation with the scale of these values kept fixed, if it has a ``fit``."""
    if not callable(getattr(aggregation, "fit", None)):
        return aggregation
    return ask(aggregation, "fit", values, step=_name(aggregation))


def compares_units(aggregation: Any) -> bool:
    """Return whether scores depend on other units, other than by a scale that can be fixed.

    These are the units of the same period.
    """
    return not traits_of(aggregation).local and not callable(getattr(aggregation, "fit", None))


def has_gradient(aggregation: Any) -> bool:
    """Return whether an aggregation has a method ``gradient``."""
    return callable(getattr(aggregation, "gradient", None))


def gradient(aggregation: Any, values: Floats, weights: Floats) -> Floats:
    """Return the derivative of each score by each value, 0 for missing values."""
    with np.errstate(invalid="ignore"):
        slopes = _asked(aggregation, "gradient", values, weights, shape=values.shape)
    return np.where(np.isnan(slopes), 0.0, slopes)


def directional(aggregation: Any, values: Floats, weights: Floats, moves: Floats) -> Floats:
    """Return the one-sided derivative of each score along moves of the values.

    Parameters
    ----------
    aggregation : Aggregation
    values : ndarray of shape (..., n_units, n_children)
    weights : ndarray of shape (n_children,) or (n_units, n_children)
    moves : ndarray of shape (..., n_units, n_children)
        Moves of missing values count as 0.

    Returns
    -------
    ndarray of shape (..., n_units)
    """
    moves = np.where(np.isnan(values), 0.0, moves)
    if callable(getattr(aggregation, "directional", None)):
        shape = np.broadcast_shapes(values.shape, moves.shape)[:-1]
        return _asked(aggregation, "directional", values, weights, moves, shape=shape)
    return _along(gradient(aggregation, values, weights), moves)


def _asked(aggregation: Any, act: str, *arguments: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the result of a method, checked to be numbers of the expected shape."""
    step = _name(aggregation)
    result: Floats = ask(aggregation, act, *arguments, step=step, read=numbers)
    if result.shape != shape:
        msg = f"{step}: {act} must return the shape {shape}, got {result.shape}"
        raise MethodError(msg)
    return result


def _name(aggregation: Any) -> str:
    return f"aggregation {type(aggregation).__name__}"


def _along(slopes: Floats, moves: Floats) -> Floats:
    """Return the sum of slopes times moves; a move of 0 adds 0, even at an infinite slope."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(moves == 0, 0.0, slopes * moves).sum(axis=-1))
