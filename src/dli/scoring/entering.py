"""How the score of a node enters its parent: as it is, or normalised like an indicator's values."""

from typing import Any

import numpy as np
from attrs import evolve, frozen

from dli.aggregation.protocol import Traits
from dli.arrays import TIE, Floats
from dli.errors import MethodError
from dli.framework import Indicator
from dli.normalisation.protocol import slopes, traits_of
from dli.ranking import level_ties
from dli.steps import Unit, ask, numbers

__all__ = ["Entry", "SmoothEntry", "entered", "entry_code", "own_code"]

# No code of a node ends with this.
_MARK = "\x1f"


def entry_code(code: str) -> str:
    """Return the code under which what enters the parent stands in a held tree."""
    return code + _MARK


def own_code(code: str) -> str:
    """Return the code of the node whose score, or entry, stands under a code."""
    return code.removesuffix(_MARK)


def entered(normalisation: Any, scores: Floats, code: str, unit: Unit | None = None) -> Floats:
    """Return what enters the parent of a node.

    Parameters
    ----------
    normalisation : Normalisation
        After `at_rows`.
    scores : ndarray of shape (n_units,) or (n_draws, n_units)
        NaN where the node has no score.
    code : str
        Of the node.
    unit : callable, optional
        Names the unit of a row, for messages.

    Returns
    -------
    ndarray of the shape of the scores

    Raises
    ------
    MethodError
        Scores that cannot be normalised, as when all are the same, or a result of another shape
        or with values missing or infinite by itself.
    """
    name = type(normalisation).__name__
    draws = np.atleast_2d(scores)
    if len(draws) > 1 and not _is_built_in(normalisation):
        # A step of one's own may look at all that it is given.
        return np.stack([entered(normalisation, own, code, unit) for own in draws])
    if not callable(getattr(normalisation, "fit", None)):
        # What goes by the order of units has the ties that ranks of scores have.
        draws = _levelled(draws)
    # Draws become columns, which every normalisation treats one by one.
    columns = draws.T
    nodes = [Indicator(code)] * columns.shape[1]
    try:
        result: Floats = ask(
            normalisation,
            "normalise",
            columns,
            nodes,
            step=f"normalisation {name}",
            codes=[code],
            unit=unit,
            read=numbers,
        )
    except MethodError as error:
        msg = f"the scores of {code!r} cannot be normalised by {name}: "
        msg += error.summary.removeprefix(f"normalisation {name}: ")
        msg += (
            " (a score has direction 1 and no goalposts; MinMax(worst=..., best=...) sets the ends "
            "of its scale)"
        )
        raise MethodError(msg, dict.fromkeys(error.faults)) from error
    if result.shape != columns.shape:
        msg = f"normalisation {name} of the scores of {code!r} must keep the shape {columns.shape}"
        raise MethodError(f"{msg}, got {result.shape}")
    missing = np.isnan(columns)
    if not ((missing ^ np.isfinite(result)).all() and np.isnan(result[missing]).all()):
        msg = (
            f"normalisation {name} of the scores of {code!r} must give finite values where there "
            "are scores, and none where there are none"
        )
        raise MethodError(msg)
    return np.ascontiguousarray(result.T).reshape(scores.shape)


def _is_built_in(normalisation: Any) -> bool:
    """Return whether a normalisation, and what it wraps, treats columns one by one for sure."""
    while type(normalisation).__module__.split(".")[0] == "dli":
        inner = getattr(normalisation, "normalisation", getattr(normalisation, "step", None))
        if inner is None:
            return True
        normalisation = inner
    return False


def _levelled(draws: Floats) -> Floats:
    """Return scores in which those of a draw that tie are equal to the last bit."""
    rising = np.sort(draws, axis=-1)
    steps = np.diff(rising, axis=-1)
    tolerance = TIE * np.nanmax(np.abs(rising[:, [0, -1]]), axis=-1, initial=0.0)
    known = ~np.isnan(rising).any(axis=-1)
    apart = ~((steps > 0) & (steps <= tolerance[:, np.newaxis])).any(axis=-1)
    if (known & apart).all():
        return draws
    return np.stack([level_ties(own) for own in draws])


@frozen(eq=False)
class Entry:
    """A normalisation as the aggregation of a single child, in a tree with all else held.

    Attributes
    ----------
    normalisation : object
    code : str
        Of the node whose score is normalised.
    name : str
        Of the class of the normalisation before its scale was held.
    is_held : bool
        The scale of the normalisation no longer depends on data, so that the result of a unit
        depends on the score of that unit alone.
    """

    normalisation: Any
    code: str
    name: str
    is_held: bool = False

    @property
    def traits(self) -> Traits:
        """What holds for the normalisation as an aggregation."""
        is_straight = traits_of(self.normalisation).straight
        return Traits(local=self.is_held, concave=is_straight, kinked=not is_straight)

    def aggregate(self, values: Floats, _: Floats) -> Floats:
        """Return what enters the parent, from scores of shape (n_units, 1)."""
        return entered(self.normalisation, values[:, 0], self.code)

    def fit(self, values: Floats) -> "Entry":
        """Return the normalisation with its scale held, if it has one."""
        if not callable(getattr(self.normalisation, "fit", None)):
            return self
        step = f"normalisation {self.name}"
        held = ask(self.normalisation, "fit", values, [Indicator(self.code)], step=step)
        if not callable(getattr(held, "gradient", None)):
            return evolve(self, normalisation=held, is_held=True)
        return SmoothEntry(held, self.code, self.name, is_held=True)


@frozen(eq=False)
class SmoothEntry(Entry):
    """A normalisation with a derivative."""

    def gradient(self, values: Floats, _: Floats) -> Floats:
        """Return the derivative of what enters by the score: (n_units, 1)."""
        return slopes(self.normalisation, values, [Indicator(self.code)])

    def directional(self, values: Floats, _: Floats, moves: Floats) -> Floats:
        """Return the derivative along moves; at an end that cuts off, there is none beyond it."""
        node = [Indicator(self.code)]
        beside = 1e-9 * np.nanmax(np.abs(values), initial=0.0) * np.sign(moves)
        leaves = slopes(self.normalisation, values + beside, node) == 0
        along = np.where(leaves, 0.0, slopes(self.normalisation, values, node) * moves)
        return np.asarray(along[..., 0])
