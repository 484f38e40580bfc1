"""What an aggregation is, and what it may declare about itself."""

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
    """What an aggregation declares about itself, in its attribute ``traits``.

    An object that declares nothing has the defaults, which promise nothing: it is called with
    complete values of all units together.

    Attributes
    ----------
    domain : {"real", "non-negative", "positive"}
        The values that it accepts.
    skips_missing : bool
        It is also called with NaN for missing values, whose weight it shares among the rest.
    needs_all : bool
        A node has a score only where no child is missing, whatever the method says of missing
        values: it is a formula, of which no part stands for the whole.
    local : bool
        The score of a unit depends on the values of that unit alone. Any other aggregation without
        ``fit`` is called with the units of one period after the other.
    order : float, optional
        It is the weighted power mean of this order.
    monotone : bool
        Whatever the weights, a score lies between the least and the greatest value, and no score
        falls when a value rises: a unit that is nowhere worse never scores less.
    homogeneous : bool
        Values times the derivatives by them add up to the score.
    additive : bool
        The score is a sum with a term for each child, in proportion to its value.
    concave : bool
        Tangents lie above the score everywhere.
    weighted : bool
        Weights of the children enter; otherwise neither they nor anything below has a weight.
    draws : bool
        It is also called with many draws at once, as a study of sensitivity makes them: with
        values of shape (n_draws, n_units, n_children) and weights of shape (n_draws, n_units or 1,
        n_children), for scores of shape (n_draws, n_units). The scores of a draw are those of its
        values and weights alone. Any other aggregation is called for each draw, which takes
        longer.
    kinked : bool
        The derivative can differ from side to side inside the domain, as where values tie.
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
    """Join the children of a node to its score; one method is enough.

    What else an object may have, and is used where it does:

    - ``traits``: a `Traits` that says what holds for it;
    - ``gradient(values, weights)``: the derivative of each score by each value, of the shape of
      ``values``, between both sides where they differ;
    - ``directional(values, weights, moves)``: the one-sided derivative of each score when values
      set out in the direction of ``moves``, of shape (..., n_units);
    - ``fit(values)``: the same aggregation with its scale taken from these values and held;
    - ``describe()``: a sentence with the formula, for the methods statement.
    """

    def aggregate(self, values: Floats, weights: Floats, /) -> Floats:
        """Return scores of shape (..., n_units).

        ``values`` are (..., n_units, n_children); ``weights`` are (n_children,) or
        (n_units, n_children), not negative, and their rows sum to one. Where ``traits`` declares
        ``draws``, weights of draws are (n_draws, n_units or 1, n_children).
        """
        ...


_SILENT = Traits()


def traits_of(aggregation: Any) -> Traits:
    """Return what an aggregation declares about itself."""
    declared = getattr(aggregation, "traits", _SILENT)
    return declared if isinstance(declared, Traits) else _SILENT


def held(aggregation: Any, values: Floats) -> Any:
    """Return an aggregation whose scale no longer depends on the values, if it has one."""
    if not callable(getattr(aggregation, "fit", None)):
        return aggregation
    return ask(aggregation, "fit", values, step=_name(aggregation))


def compares_units(aggregation: Any) -> bool:
    """Return whether scores depend on the other units, otherwise than by a scale that can be held.

    Such units are those of a period.
    """
    return not traits_of(aggregation).local and not callable(getattr(aggregation, "fit", None))


def has_gradient(aggregation: Any) -> bool:
    """Return whether an aggregation can be differentiated."""
    return callable(getattr(aggregation, "gradient", None))


def gradient(aggregation: Any, values: Floats, weights: Floats) -> Floats:
    """Return the derivative of each score by each value, 0 where the value is missing."""
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
    """Return the numbers that a method gives, of the shape that they must have."""
    step = _name(aggregation)
    result: Floats = ask(aggregation, act, *arguments, step=step, read=numbers)
    if result.shape != shape:
        msg = f"{step}: {act} must return the shape {shape}, got {result.shape}"
        raise MethodError(msg)
    return result


def _name(aggregation: Any) -> str:
    return f"aggregation {type(aggregation).__name__}"


def _along(slopes: Floats, moves: Floats) -> Floats:
    """Sum slopes times moves; what does not move counts nothing, even at an infinite slope."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(moves == 0, 0.0, slopes * moves).sum(axis=-1))
