"""The values of a node that are aggregated into its parent: its scores, or normalised scores."""

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

# No code of a node ends with this character.
_MARK = "\x1f"


def entry_code(code: str) -> str:
    """Return the code of a node's normalised score in a held tree."""
    return code + _MARK


def own_code(code: str) -> str:
    """Return the code of the node to which a code of a held tree belongs."""
    return code.removesuffix(_MARK)


def entered(normalisation: Any, scores: Floats, code: str, unit: Unit | None = None) -> Floats:
    """Return the normalised scores of a node, which are aggregated into its parent.

    Parameters
    ----------
    normalisation : Normalisation
        The normalisation, as returned by `at_rows`.
    scores : ndarray of shape (n_units,) or (n_draws, n_units)
        NaN where the node does not have a score.
    code : str
        The code of the node.
    unit : callable, optional
        A function that returns the name of the unit of a row, for messages.

    Returns
    -------
    ndarray of the shape of the scores

    Raises
    ------
    MethodError
        The scores cannot be normalised, for example because all are equal, or the normalisation
        returns another shape, infinite values, or missing values where there are scores.
    """
    name = type(normalisation).__name__
    draws = np.atleast_2d(scores)
    if len(draws) > 1 and not _is_built_in(normalisation):
        # A user's own step may use all the values that it receives, so that draws stay separate.
        return np.stack([entered(normalisation, own, code, unit) for own in draws])
    if not callable(getattr(normalisation, "fit", None)):
        # A normalisation by the order of units must see the same ties as the ranking of scores.
        draws = _levelled(draws)
    # Draws become columns, because built-in normalisations process each column separately.
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
        msg = f"{name} cannot normalise the scores of {code!r}: "
        msg += error.summary.removeprefix(f"normalisation {name}: ")
        msg += (
            " (scores of nodes have direction 1 and no goalposts; use MinMax(worst=..., best=...) "
            "to set the ends of the scale)"
        )
        raise MethodError(msg, dict.fromkeys(error.faults)) from error
    if result.shape != columns.shape:
        msg = f"normalisation {name} of the scores of {code!r} must keep the shape {columns.shape}"
        raise MethodError(f"{msg}, got {result.shape}")
    missing = np.isnan(columns)
    if not ((missing ^ np.isfinite(result)).all() and np.isnan(result[missing]).all()):
        msg = (
            f"normalisation {name} of the scores of {code!r} must return finite values where there "
            "are scores, and NaN where scores are missing"
        )
        raise MethodError(msg)
    return np.ascontiguousarray(result.T).reshape(scores.shape)


def _is_built_in(normalisation: Any) -> bool:
    """Return whether a normalisation is built in, and so processes each column separately."""
    while type(normalisation).__module__.split(".")[0] == "dli":
        inner = getattr(normalisation, "normalisation", getattr(normalisation, "step", None))
        if inner is None:
            return True
        normalisation = inner
    return False


def _levelled(draws: Floats) -> Floats:
    """Return the scores with the tied scores of each draw made exactly equal."""
    rising = np.sort(draws, axis=-1)
    steps = np.diff(rising, axis=-1)
    tolerance = TIE * np.nanmax(np.abs(rising[:, [0, -1]]), axis=-1, initial=0.0)
    known = ~np.isnan(rising).any(axis=-1)
    apart = ~((steps > 0) & (steps <= tolerance[:, np.newaxis])).any(axis=-1)
    if (known & apart).all():
        return draws
    return np.stack([level_ties(draw) for draw in draws])


@frozen(eq=False)
class Entry:
    """A normalisation of a node's scores in a held tree, as the aggregation of a single child.

    Attributes
    ----------
    normalisation : object
    code : str
        The code of the node whose score is normalised.
    name : str
        The name of the class of the original normalisation, before its scale was fixed.
    is_held : bool
        Whether the scale of the normalisation is fixed, so that the result of a unit depends only
        on the score of that unit.
    """

    normalisation: Any
    code: str
    name: str
    is_held: bool = False

    @property
    def traits(self) -> Traits:
        """The traits of the normalisation as an aggregation."""
        is_straight = traits_of(self.normalisation).straight
        return Traits(local=self.is_held, concave=is_straight, kinked=not is_straight)

    def aggregate(self, values: Floats, _: Floats) -> Floats:
        """Return the normalised scores, of shape (n_units,), from scores of shape (n_units, 1)."""
        return entered(self.normalisation, values[:, 0], self.code)

    def fit(self, values: Floats) -> "Entry":
        """Return the entry with the scale of its normalisation fixed, if it has a scale."""
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
        """Return the derivative of the normalised score by the score, of shape (n_units, 1)."""
        return slopes(self.normalisation, values, [Indicator(self.code)])

    def directional(self, values: Floats, _: Floats, moves: Floats) -> Floats:
        """Return the one-sided derivative along moves; it is 0 beyond an end that truncates."""
        node = [Indicator(self.code)]
        beside = 1e-9 * np.nanmax(np.abs(values), initial=0.0) * np.sign(moves)
        leaves = slopes(self.normalisation, values + beside, node) == 0
        along = np.where(leaves, 0.0, slopes(self.normalisation, values, node) * moves)
        return np.asarray(along[..., 0])
