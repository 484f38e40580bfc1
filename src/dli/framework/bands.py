"""Named classes of a score."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import as_floats
from dli.checks import is_number
from dli.errors import MethodError, ModelError

__all__ = ["Bands"]

# Scores that differ by less count as equal, as in ranks: 0.1 + 0.2 reaches the threshold 0.3.
TOLERANCE = 1e-12


def _tuple(items: object) -> tuple[object, ...]:
    """Return items as a tuple; anything but an ordered collection is the only item.

    The checks can then show it in a message.
    """
    is_one = isinstance(items, (str, bytes, type, Mapping, AbstractSet))
    if is_one or getattr(items, "ndim", 1) == 0 or not isinstance(items, Iterable):
        return (items,)
    return tuple(items)


@frozen
class Bands:
    """Named classes of a score, from the lowest to the highest; lower bounds are inclusive.

    Parameters
    ----------
    thresholds : sequence of float
        The lower bounds of all bands except the lowest, in increasing order.
    names : sequence of str
        The name of each band; there is one more name than there are thresholds.

    Raises
    ------
    ModelError
        A threshold is not a finite number, the thresholds do not increase, a name is not a
        non-empty text, or the number of names does not match.

    Examples
    --------
    >>> Bands([0.25, 0.5, 0.75], ["D", "C", "B", "A"]).of([0.2, 0.25, 0.9, float("nan")])
    ['D', 'C', 'A', None]
    """

    thresholds: tuple[float, ...] = field(converter=_tuple)
    names: tuple[str, ...] = field(converter=_tuple)

    def __attrs_post_init__(self) -> None:
        faults = [
            f"threshold {t!r} is not a finite number" for t in self.thresholds if not is_number(t)
        ]
        names: tuple[object, ...] = self.names
        faults += [
            f"name {n!r} is not a non-empty text" for n in names if not (isinstance(n, str) and n)
        ]
        if not faults:
            faults = [
                f"threshold {b!r} follows {a!r}: thresholds must increase"
                for a, b in pairwise(self.thresholds)
                if b <= a
            ]
        if len(self.names) != len(self.thresholds) + 1:
            faults.append(
                f"{len(self.thresholds)} thresholds need {len(self.thresholds) + 1} names, "
                f"got {len(self.names)}"
            )
        if faults:
            raise ModelError(
                "bands must have increasing thresholds and a name for each band", faults
            )

    def of(self, scores: ArrayLike) -> list[str | None]:
        """Return the name of the band of each score, None where the score is missing.

        Parameters
        ----------
        scores : array_like of shape (n_units,)
            The scores, on the scale of the thresholds; NaN where missing.

        Returns
        -------
        list of str or None
            The name of the band of each score, None for a missing one.

        Raises
        ------
        MethodError
            ``scores`` is not a one-dimensional array of numbers.
        """
        values = as_floats(scores, "scores")
        if values.ndim != 1:
            msg = f"scores must have the shape (n_units,), got {values.shape}"
            raise MethodError(msg)
        bounds = np.asarray(self.thresholds, dtype=np.float64)
        scale = min(1.0, np.abs(bounds).max(initial=0.0)) or 1.0
        place = np.searchsorted(
            bounds - TOLERANCE * np.maximum(scale, np.abs(bounds)), values, "right"
        )
        return [
            None if missing else self.names[i]
            for i, missing in zip(place.tolist(), np.isnan(values).tolist(), strict=True)
        ]
