"""The changes that draws make to an assessment: inputs record them, the engine applies them."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dli.arrays import Bools, Floats, as_floats
from dli.assessment import Assessment
from dli.errors import MethodError, did_you_mean
from dli.framework import Index
from dli.framework.select import inner_node
from dli.steps import ask, numbers, shown

__all__ = ["Draws", "Kept", "Room"]

# Weights with a sum between these bounds can be multiplied and divided without overflow.
_LEAST, _MOST = 2.0**-400, 2.0**400

T = TypeVar("T")


class Room:
    """Memory that the chunks of a task reuse, since allocating new memory takes time."""

    def __init__(self) -> None:
        self._arrays: dict[str, Floats] = {}

    def array(self, use: str, shape: tuple[int, ...]) -> Floats:
        """Return an uninitialised array of a shape, in the same memory for the same use."""
        size = math.prod(shape)
        known = self._arrays.get(use)
        if known is None or known.size < size:
            known = self._arrays[use] = np.empty(size)
        return known[:size].reshape(shape)

    def holds(self, array: Floats) -> bool:
        """Return whether an array is a view of this memory."""
        return any(array.base is known for known in self._arrays.values())


class Kept(dict[Any, Any]):
    """Things made once for many draws; pickled empty, since each process makes its own."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Kept, ()


class Draws:
    """Changes of weights, choices and data in each of several draws.

    Parameters
    ----------
    assessment : Assessment
        The assessment with the nominal choices.
    n_draws : int
        The number of draws.
    room : Room, optional
        Memory that is reused from chunk to chunk.
    memo : dict, optional
        Values that inputs computed from the assessment in earlier draws; see `once`.

    Attributes
    ----------
    index : Index
        The index that is studied.
    factors : dict of str to ndarray of shape (n_children, n_draws)
        By node, the factors by which the weights of its children are multiplied.
    weights : dict of str to ndarray of shape (n_children, n_draws)
        By node, the weights of its children that replace those of the method.
    choices : dict of str to ndarray of int of shape (n_draws,)
        By step, the number of the chosen option.
    noises : list of callables
        ``noise(values, draw)`` returns the raw data of one draw.
    omissions : list of (ndarray of bool, ndarray of bool)
        Pairs of cells of the raw data and the draws in which they are missing.
    """

    def __init__(
        self,
        assessment: Assessment,
        n_draws: int,
        room: Room | None = None,
        memo: dict[int, Any] | None = None,
    ) -> None:
        self.assessment = assessment
        self.index = assessment.index
        self.room = Room() if room is None else room
        self._memo = {} if memo is None else memo
        self.n_draws = n_draws
        self.factors: dict[str, Floats] = {}
        self.weights: dict[str, Floats] = {}
        self.choices: dict[str, NDArray[np.intp]] = {}
        self.noises: list[Callable[[Floats, int], Floats]] = []
        self.omissions: list[tuple[Bools, Bools]] = []

    def once(self, own: object, find: Callable[[], T]) -> T:
        """Return the result of ``find``, which is called once per input for all draws."""
        # In another process the same id may belong to another input.
        known: tuple[object, T] | None = self._memo.get(id(own))
        if known is None or known[0] is not own:
            known = self._memo[id(own)] = (own, find())
        return known[1]

    def scale(self, code: str, factors: Floats) -> None:
        """Multiply the weight of a node within its parent; all siblings are then rescaled.

        Parameters
        ----------
        code : str
            The code of the node whose weight is multiplied.
        factors : ndarray of shape (n_draws,)
            Finite numbers of at least 0.

        Raises
        ------
        MethodError
            The factors have a wrong shape, or the node is the index itself, which does not have a
            weight.
        """
        parent = self._parent(code)
        row = as_floats(factors, f"factors of {code!r}")
        if row.shape != (self.n_draws,):
            msg = f"factors of {code!r} must have the shape ({self.n_draws},), got {row.shape}"
            raise MethodError(msg)
        all_factors = np.ones((len(parent.children), self.n_draws))
        all_factors[[child.code for child in parent.children].index(code)] = row
        self.scale_children(parent.code, all_factors)

    def scale_children(self, parent: str, factors: Floats) -> None:
        """Multiply the weights of all children of a node.

        Parameters
        ----------
        parent : str
            The code of the node.
        factors : ndarray of shape (n_children, n_draws)
            The factors by which the weights of the children are multiplied.

        Raises
        ------
        MethodError
            The factors are not numbers, or their shape differs from that of earlier factors.
        """
        factors = self._own(factors, f"factors of the children of {parent!r}")
        known = self.factors.get(parent)
        if known is not None and known.shape != factors.shape:
            msg = (
                f"factors of the children of {parent!r} must have the shape {known.shape}, got "
                f"{factors.shape}"
            )
            raise MethodError(msg)
        self.factors[parent] = factors if known is None else _moderate(known) * _moderate(factors)

    def set_weights(self, parent: str, weights: Floats) -> None:
        """Set the weights of all children of a node; they are scaled to sum to one.

        Parameters
        ----------
        parent : str
            The code of the node.
        weights : ndarray of shape (n_children, n_draws)
            The weights of the children that replace the nominal weights.

        Raises
        ------
        MethodError
            Another input has already set these weights, or they are not numbers.
        """
        if parent in self.weights:
            msg = f"two inputs set the weights of the children of {parent!r}"
            raise MethodError(msg)
        self.weights[parent] = self._own(weights, f"weights of the children of {parent!r}")

    def _own(self, numbers: Any, name: str) -> Floats:
        """Return numbers in memory that the input does not overwrite within these draws."""
        values = as_floats(numbers, name)
        return values if self.room.holds(values) else values.copy()

    def require_weights(self, own: object) -> None:
        """Check that weights can be scaled to sum to one after an input has changed them.

        Weights so large or so small that their sum would overflow or underflow are scaled here.

        Raises
        ------
        MethodError
            Weights or factors are not of shape (n_children, n_draws), are negative, infinite or
            missing, or are all 0 in a draw.
        """
        for code in {**self.factors, **self.weights}:
            n = len(inner_node(self.index, code).children)
            changed = [kind[code] for kind in (self.weights, self.factors) if code in kind]
            shapes = [np.shape(part) for part in changed]
            problem = ""
            if any(shape != (n, self.n_draws) for shape in shapes):
                problem = f"shape {shapes[-1]} where ({n}, {self.n_draws}) was expected"
            elif any(not part.min(initial=0.0) >= 0 for part in changed):
                problem = "a number below 0, or a missing one"
            else:
                total = _totals(changed)
                if total.min(initial=1.0) > _LEAST and total.max(initial=1.0) < _MOST:
                    continue
                for kind in (self.weights, self.factors):
                    if code in kind:
                        kind[code] = _moderate(kind[code])
                total = _totals([k[code] for k in (self.weights, self.factors) if code in k])
                if not np.isfinite(total).all():
                    problem = "an infinite number"
                elif not (total > 0).all():
                    problem = "nothing but 0 in a draw"
            if problem:
                msg = f"input {shown(own)}: weights of the children of {code!r} have {problem}"
                raise MethodError(msg)

    def local_weights(self, code: str) -> Floats:
        """Return the weight of a node within its parent in each draw: (n_draws,).

        If weights differ by unit, this is the mean over units.

        Raises
        ------
        MethodError
            The node is the index itself, which does not have a weight.
        """
        parent = self._parent(code)
        nominal = self.assessment.weight_array(parent.code)
        weights = self.weights.get(parent.code, np.atleast_2d(nominal).mean(axis=0)[:, np.newaxis])
        weights = weights * self.factors.get(parent.code, 1.0)
        place = [child.code for child in parent.children].index(code)
        return np.broadcast_to(weights[place] / weights.sum(axis=0), self.n_draws)

    def _parent(self, code: str) -> Index:
        parent = self.index.parent(code)
        if parent is None:
            msg = f"{code!r} is the index itself and does not have a weight; name a node below it"
            raise MethodError(msg)
        return parent

    def choose(self, step: str, options: NDArray[np.intp]) -> None:
        """Choose an option of a step by its number among the input's ``options``.

        Parameters
        ----------
        step : str
            The name of a step, such as "normalisation".
        options : ndarray of int of shape (n_draws,)
            The number of the option in each draw.

        Raises
        ------
        MethodError
            The options have a wrong shape, are not whole numbers, or are negative.
        """
        chosen = np.asarray(options)
        if (
            chosen.shape != (self.n_draws,)
            or not np.issubdtype(chosen.dtype, np.integer)
            or chosen.min(initial=0) < 0
        ):
            msg = (
                f"options of {step} must be {self.n_draws} whole numbers of at least 0, one for "
                f"each draw, got {chosen.dtype} of shape {chosen.shape}"
            )
            raise MethodError(msg)
        self.choices[step] = chosen.astype(np.intp)

    def perturb(self, noise: Callable[[Floats, int], Floats]) -> None:
        """Change the raw data of each draw.

        Parameters
        ----------
        noise : callable
            ``noise(values, draw)`` returns the raw values of a draw from the raw values of shape
            (n_rows, n_indicators), which it must not modify. The result must have the same shape,
            must not have further missing values, and must be finite; otherwise the draw raises a
            `MethodError`.
        """

        def checked(values: Floats, draw: int) -> Floats:
            result: Floats = ask(noise, "__call__", values, draw, step="noise", read=numbers)
            if result.shape != values.shape:
                msg = f"noise must keep the shape {values.shape}, got {result.shape}"
                raise MethodError(msg)
            spoilt = np.isinf(result) | (np.isnan(result) & ~np.isnan(values))
            if spoilt.any():
                codes = [indicator.code for indicator in self.index.indicators]
                counts = zip(codes, spoilt.sum(axis=0).tolist(), strict=True)
                msg = "noise must return finite values where the data have values"
                faults = [f"{code!r}: {n} missing or infinite" for code, n in counts if n]
                raise MethodError(msg, faults)
            return result

        self.noises.append(checked)

    def omit(self, cells: Bools, draws: Bools) -> None:
        """Treat cells of the raw data as missing in some draws, before any noise.

        Each set of cells that are missing together is assessed once for all draws.

        Parameters
        ----------
        cells : ndarray of bool of shape (n_rows, n_indicators)
            The cells that are treated as missing.
        draws : ndarray of bool of shape (n_draws,)
            The draws in which they are missing.

        Raises
        ------
        MethodError
            ``cells`` or ``draws`` have a wrong shape or are not boolean.
        """
        faults = []
        shapes = (self.assessment.observations.values.shape, (self.n_draws,))
        omission = (np.asarray(cells), np.asarray(draws))
        for name, mask, shape in zip(("cells", "draws"), omission, shapes, strict=True):
            if mask.dtype != np.bool_ or mask.shape != shape:
                faults.append(
                    f"{name} must be True or False, of shape {shape}; got {mask.dtype} of shape "
                    f"{mask.shape}"
                )
        if faults:
            msg = "omit requires boolean arrays of cells and draws"
            raise MethodError(msg, faults)
        self.omissions.append(omission)

    def omitted(self, draw: int) -> Bools | None:
        """Return the cells that are omitted in a draw, or None if no cell is omitted."""
        cells = [mask for mask, draws in self.omissions if draws[draw]]
        return np.logical_or.reduce(cells) if cells else None

    @property
    def changes_data(self) -> bool:
        """Whether the data differ from draw to draw."""
        return bool(self.noises or self.omissions)

    def take(
        self, draws: NDArray[np.intp] | slice, assessment: Assessment | None = None
    ) -> "Draws":
        """Return the weights of some of the draws, optionally for another assessment."""
        n_draws = np.empty(self.n_draws)[draws].size
        part = Draws(assessment or self.assessment, n_draws, self.room, self._memo)
        part.factors = {code: factors[:, draws] for code, factors in self.factors.items()}
        part.weights = {code: weights[:, draws] for code, weights in self.weights.items()}
        return part

    def combinations(self, steps: Sequence[str], n_options: Sequence[int]) -> NDArray[Any]:
        """Return the number of each draw's combination of choices, the last step counting fastest.

        Raises
        ------
        MethodError
            An option of a step was not chosen or does not exist, or an option was chosen for a step
            without options.
        """
        number = np.zeros(self.n_draws, dtype=np.intp)
        for step, n in zip(steps, n_options, strict=True):
            if step not in self.choices or self.choices[step].max(initial=0) >= n:
                msg = f"an input with {n} options of {step} must choose one of 0 to {n - 1}"
                raise MethodError(msg)
            number = number * n + self.choices[step]
        strangers = [
            f"{step!r}{did_you_mean(step, steps)}" for step in self.choices if step not in steps
        ]
        if strangers:
            msg = "inputs may only choose options of the steps in their attribute options"
            raise MethodError(msg, strangers)
        return number


def _totals(changed: Sequence[Floats]) -> Floats:
    """Return the sum over children of the products of weights and factors."""
    with np.errstate(over="ignore"):
        products = changed[0] if len(changed) == 1 else np.multiply(*changed)
        return np.asarray(products.sum(axis=0))


def _moderate(weights: Floats) -> Floats:
    """Return weights scaled by powers of two so that their products do not overflow.

    The ratios within a draw do not change, and weights of ordinary size keep the same bits.
    """
    largest = weights.max(axis=0, initial=0.0)
    extreme = np.isfinite(largest) & (largest > 0) & ((largest > _MOST) | (largest < _LEAST))
    if not extreme.any():
        return weights
    return np.ldexp(weights, -np.where(extreme, np.frexp(largest)[1], 0))
