"""Ratings by several assessors: their combination and agreement."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from dli import frames
from dli.arrays import Floats
from dli.checks import is_hashable, number, number_fault, text_faults
from dli.elicitation.agreement import LEVELS, WAYS, join_ratings, krippendorff_alpha
from dli.errors import DataError, MethodError, ModelError, UnknownCodeError
from dli.frames import Frame
from dli.framework import Index
from dli.observations import Observations
from dli.printing import counted
from dli.weighting.by_code import one_of

__all__ = ["Ratings", "gather"]


@frozen(kw_only=True, eq=False, repr=False)
class Ratings:
    """Ratings of units by several assessors, as `gather` returns them.

    Attributes
    ----------
    observations : Observations
        The combined rating of each unit and indicator. Continue with
        ``Assessment(index, ratings.observations)``.
    assessors : tuple
        The names of the assessors, in the order of ``ratings``.
    ratings : ndarray of shape (n_assessors, n_units, n_indicators)
        The rating by each assessor, NaN if the assessor did not rate.
    """

    observations: Observations
    assessors: tuple[Any, ...]
    ratings: Floats
    _index: Index

    @property
    def units(self) -> tuple[Any, ...]:
        """The names of the units that were rated."""
        return self.observations.units

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the indicators that were rated."""
        return tuple(indicator.code for indicator in self._index.indicators)

    @property
    def joined(self) -> Floats:
        """The combined ratings, of shape (n_units, n_indicators)."""
        return self.observations.values

    @property
    def data(self) -> Frame:
        """The combined ratings, with one row for each unit and one column for each indicator."""
        return self.observations.frame(dict(zip(self.codes, self.joined.T, strict=True)))

    def agreement(self, *, level: str = "ordinal") -> Frame:
        """Return Krippendorff's alpha of the indicators below each node, over all units.

        Parameters
        ----------
        level : {"nominal", "ordinal", "interval"}
            The level of measurement, as in `krippendorff_alpha`.

        Returns
        -------
        frame
            One row for each node with children: ``code``; ``items``, the number of pairs of a unit
            and an indicator that at least two assessors rated; and ``alpha``, which is missing if
            these ratings do not differ or there are none.

        Raises
        ------
        MethodError
            The level is unknown.
        """
        one_of("level", level, LEVELS)
        place = {code: j for j, code in enumerate(self.codes)}
        rows: list[tuple[str, int, float]] = []
        for node in self._index.walk():
            if isinstance(node, Index):
                columns = [place[indicator.code] for indicator in node.indicators]
                x = self.ratings[:, :, columns].reshape(len(self.assessors), -1)
                twice = x[:, (~np.isnan(x)).sum(axis=0) > 1]
                differ = np.unique(twice[~np.isnan(twice)]).size > 1
                alpha = krippendorff_alpha(x, level=level) if differ else np.nan
                rows.append((node.code, twice.shape[1], alpha))
        codes, items, alphas = zip(*rows, strict=True)
        return frames.build(
            {"code": list(codes), "items": np.array(items), "alpha": np.array(alphas)},
            self.observations.table.library,
        )

    def disagreements(self, *, apart: float = 2.0) -> Frame:
        """Return the units and indicators for which the ratings of assessors are far apart.

        Parameters
        ----------
        apart : float
            The minimum difference between the highest and the lowest rating.

        Returns
        -------
        frame
            One row for each such unit and indicator, in descending order of the difference:
            ``code, lowest, highest, spread`` (the interquartile range of the ratings) and
            ``raters`` (the number of assessors).

        Raises
        ------
        MethodError
            ``apart`` is not a number.
        """
        apart = number("apart", apart)
        is_rated = ~np.isnan(self.ratings)
        low = np.where(is_rated, self.ratings, np.inf).min(axis=0)
        high = np.where(is_rated, self.ratings, -np.inf).max(axis=0)
        distances = np.where(is_rated.any(axis=0), high - low, 0.0)
        pairs = np.argwhere(is_rated.any(axis=0) & (distances >= apart))
        pairs = pairs[np.argsort(-distances[tuple(pairs.T)], kind="stable")]
        cells = [self.ratings[is_rated[:, i, j], i, j] for i, j in pairs.tolist()]
        return self.observations.frame(
            {
                "code": [self.codes[j] for j in pairs[:, 1].tolist()],
                "lowest": np.array([x.min() for x in cells]),
                "highest": np.array([x.max() for x in cells]),
                "spread": np.array([np.subtract(*np.percentile(x, [75, 25])) for x in cells]),
                "raters": np.array([x.size for x in cells], dtype=np.int64),
            },
            rows=pairs[:, 0].tolist(),
        )

    def __repr__(self) -> str:
        is_rated = np.isfinite(self.ratings)
        # An assessor need not rate all units: what is complete is counted in the forms that came.
        n_forms = int(is_rated.any(axis=2).sum())
        share = is_rated.sum() / max(n_forms * len(self.codes), 1)
        return (
            f"{counted(len(self.units), 'unit')} rated by "
            f"{counted(len(self.assessors), 'assessor')} on "
            f"{counted(len(self.codes), 'indicator')}; {counted(n_forms, 'form')}, "
            f"{share:.0%} complete"
        )


def gather(
    index: Index,
    data: object,
    *,
    unit: str = "unit",
    assessor: str = "assessor",
    by: str = "median",
    weights: Mapping[Any, float] | None = None,
) -> Ratings:
    """Return the ratings of several assessors, each of them and combined to one.

    Parameters
    ----------
    index : Index
        An index of rated indicators, such as the model ``dli-maturity``. Ratings must be on the
        ``scale`` of their indicator, if it has one.
    data : frame, mapping of columns, or path of a CSV file
        The ratings: one row for each unit and assessor, and one column for each indicator.
    unit, assessor : str
        The columns with the names of units and assessors.
    by : {"median", "mean", "trimmed"}
        How ratings are combined, as in `join_ratings`.
    weights : mapping of assessor to float, optional
        The weights of assessors, as in `join_ratings`; 1 for assessors that are not named.

    Returns
    -------
    Ratings
        The ratings of all assessors and the combined ratings. Continue with
        ``Assessment(index, ratings.observations)``.

    Raises
    ------
    DataError
        Columns are missing, ratings are not numbers or are outside the scale, an assessor rates a
        unit twice, or the column of units has a name that a result cannot have. All faults are
        listed.
    ModelError
        Indicators are constants, which cannot be rated.
    MethodError
        ``index`` is not an index, ``unit`` and ``assessor`` are not two different texts, ``by`` is
        unknown, or weights are invalid or passed for a trimmed mean.
    UnknownCodeError
        Weights are passed for assessors that are not in the data.

    Examples
    --------
    >>> from dli import Indicator
    >>> index = Index("T", [Indicator("a", scale=(0, 5)), Indicator("b", scale=(0, 5))])
    >>> data = {
    ...     "unit": ["X", "X", "Y"], "assessor": ["Ann", "Bob", "Ann"],
    ...     "a": [2, 3, 5], "b": [1, 4, None],
    ... }
    >>> ratings = gather(index, data)
    >>> ratings.joined.tolist()
    [[2.5, 2.5], [5.0, nan]]
    """
    _check_arguments(index, unit, assessor, by)
    table = frames.read(data)
    constants = [
        repr(indicator.code) for indicator in index.indicators if indicator.constant is not None
    ]
    if constants:
        msg = "indicators that are constants cannot be rated; leave them out of the index"
        raise ModelError(msg, constants)
    codes = tuple(indicator.data_column or "" for indicator in index.indicators)
    faults = [*table.require([unit, assessor], "column"), *table.require(codes, "indicator")]
    if faults:
        msg = "columns are missing from the ratings"
        raise DataError(msg, faults)
    values, wrong = table.numbers(codes)
    keys = list(zip(table.column(unit), table.column(assessor), strict=True))
    faults = [
        f"{table.where(i)} {keys[i]}, {code!r}: {cell!r} is not a number" for i, code, cell in wrong
    ]
    faults += [
        f"{table.where(i)}: no unit or assessor" for i, key in enumerate(keys) if None in key
    ]
    faults += [
        f"{table.where(i)}: {name!r} is not a valid name of a unit or assessor"
        for i, key in enumerate(keys)
        for name in key
        if not is_hashable(name)
    ]
    first: dict[tuple[Any, Any], int] = {}
    for i, key in enumerate(keys):
        if is_hashable(key) and first.setdefault(key, i) != i:
            faults.append(f"{table.where(i)} {key} already appears in {table.where(first[key])}")
    for j, indicator in enumerate(index.indicators):
        low, high = indicator.scale or (-np.inf, np.inf)
        bad = (values[:, j] < low) | (values[:, j] > high) | np.isinf(values[:, j])
        faults += [
            f"{table.where(i)} {keys[i]}, {codes[j]!r}: "
            f"{values[i, j]:g} is outside the scale from {low:g} to {high:g}"
            for i in np.flatnonzero(bad).tolist()
        ]
    if faults:
        msg = "invalid ratings"
        raise DataError(msg, faults)
    units = tuple(dict.fromkeys(key[0] for key in keys))
    assessors = tuple(dict.fromkeys(key[1] for key in keys))
    shares = _shares(weights, assessors)
    ratings = np.full((len(assessors), len(units), len(codes)), np.nan)
    for (name, rater), row in zip(keys, values, strict=True):
        ratings[assessors.index(rater), units.index(name)] = row
    joined = join_ratings(ratings.reshape(len(assessors), -1), by=by, weights=shares)
    columns = dict(zip(codes, joined.reshape(len(units), len(codes)).T, strict=True))
    data = frames.build({unit: list(units), **columns}, table.library)
    return Ratings(
        observations=Observations.read(data, index, unit=unit),
        assessors=assessors,
        ratings=ratings,
        index=index,
    )


def _check_arguments(index: Any, unit: Any, assessor: Any, by: Any) -> None:
    if not isinstance(index, Index):
        msg = f"index must be an Index, got {index!r}"
        raise MethodError(msg)
    faults = list(text_faults(unit=unit, assessor=assessor))
    if not faults and unit == assessor:
        faults.append(f"unit and assessor must be two different columns, got {unit!r} for both")
    if faults:
        msg = "invalid columns of units and assessors"
        raise MethodError(msg, faults)
    one_of("by", by, WAYS)


def _shares(weights: Any, assessors: tuple[Any, ...]) -> Floats | None:
    if weights is None:
        return None
    if not isinstance(weights, Mapping):
        msg = f"weights must be a mapping of assessors to numbers, got {weights!r}"
        raise MethodError(msg)
    unknown = [name for name in weights if name not in assessors]
    if unknown:
        raise UnknownCodeError("assessor", unknown, assessors)
    faults = [number_fault(f"the weight of {name!r}", w, least=0) for name, w in weights.items()]
    if any(faults):
        msg = "invalid weights of assessors"
        raise MethodError(msg, filter(None, faults))
    return np.array([float(weights.get(name, 1.0)) for name in assessors])
