"""Uncertain choices: options of a step of the method, and excluded nodes."""

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.assessment import Assessment
from dli.checks import is_hashable, listed, several
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.select import select
from dli.method import Method
from dli.sensitivity.draws import Draws
from dli.steps import shown

__all__ = ["Alternatives", "Exclusion", "topmost"]


# Which units are assessed does not vary: the availability of an assessment stays the same.
STEPS = tuple(f.name for f in attrs.fields(Method) if f.name != "availability")


def _as_tuple(options: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(listed("options", options, "objects or functions"))


@frozen
class Alternatives:
    """Choose one of several options for a step of the method, all with the same probability.

    Parameters
    ----------
    step : str
        A field of `Method`, such as "normalisation" (of indicators; scores of inner nodes are
        normalised as in the assessment), "aggregation" or "imputation".
    options : sequence of object
        Values of the field, at least two. A mapping by code or level refines the assessment's own
        choice, as in `Assessment.evolve`. Every combination of all alternatives must work for
        every unit.

    Examples
    --------
    >>> from dli.normalisation import MinMax, ZScore
    >>> Alternatives("normalisation", [MinMax(), ZScore()]).step
    'normalisation'
    """

    step: str
    choices: tuple[Any, ...] = field(converter=_as_tuple, alias="options")

    def __attrs_post_init__(self) -> None:
        if not is_hashable(self.step) or self.step not in STEPS:
            raise UnknownCodeError("step for Alternatives", [self.step], STEPS)
        if len(self.choices) < 2:
            msg = f"alternatives for {self.step} must be at least two, got {len(self.choices)}"
            raise MethodError(msg)
        for option in self.choices:
            Method(**{self.step: option})

    @property
    def options(self) -> dict[str, tuple[Any, ...]]:
        """The options by step, for the engine."""
        return {self.step: self.choices}

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the name of the step."""
        fixed = [
            repr(node.code)
            for node in assessment.index.walk()
            if getattr(node, self.step, None) is not None
        ]
        # The normalisation of a node applies to its scores, but the alternatives to indicators.
        if fixed and self.step != "normalisation":
            msg = f"nodes have their own {self.step}, which takes precedence over alternatives"
            raise MethodError(msg, fixed)
        return [self.step]

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Choose options with equal probabilities."""
        draws.choose(self.step, _parts(uniforms[0], len(self.choices)))

    def drawn(self, uniforms: Floats, _: Draws) -> list[list[str]]:
        """Return the option of each draw as text."""
        return [[shown(self.choices[i]) for i in _parts(uniforms[0], len(self.choices)).tolist()]]


def _parts(uniforms: Floats, n: int) -> NDArray[np.intp]:
    """Return which of n equal intervals of 0 to 1 each number is in."""
    return np.minimum((uniforms * n).astype(np.intp), n - 1)


def _as_codes(codes: Any) -> tuple[str, ...]:
    return tuple(several("codes", codes))


@frozen
class Exclusion:
    """Exclude one of several nodes in each draw, or none, all with the same probability.

    The siblings of an excluded node share its weight in proportion to their weights. If it is an
    only child, its parent is excluded too.

    Parameters
    ----------
    codes : sequence of str
        Codes of indicators or sub-indices.
    """

    codes: tuple[str, ...] = field(converter=_as_codes)

    def __attrs_post_init__(self) -> None:
        if not self.codes:
            msg = "Exclusion needs at least one node to exclude"
            raise MethodError(msg)

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the name of the choice."""
        index = assessment.index
        select(index, self.codes)  # refuses unknown codes
        alone = [repr(code) for code in self.codes if topmost(index, code) == index.code]
        if alone:
            msg = "excluding these nodes would leave nothing of the index"
            raise MethodError(msg, alone)
        return ["exclusion"]

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Set the weight of the excluded node to zero."""
        which = _parts(uniforms[0], len(self.codes) + 1)
        for number, code in enumerate(self.codes, 1):
            is_excluded = which == number
            if is_excluded.any():
                draws.scale(topmost(draws.index, code), np.where(is_excluded, 0.0, 1.0))

    def drawn(self, uniforms: Floats, _: Draws) -> list[list[str | None]]:
        """Return the code that is excluded in each draw, or None if no node is excluded."""
        codes = (None, *self.codes)
        return [[codes[i] for i in _parts(uniforms[0], len(codes)).tolist()]]


def topmost(index: Index, code: str) -> str:
    """Return the code of the node to exclude for a code.

    An inner node cannot remain without children, so an only child is replaced by its parent.
    """
    parent = index.parent(code)
    while parent is not None and len(parent.children) == 1:
        code, parent = parent.code, index.parent(parent.code)
    return code
