"""Maturity ratings by several assessors: joined to one, and how far they agree."""

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
from dli.weighting.by_code import one_of

__all__ = ["Ratings", "gather"]


@frozen(kw_only=True, eq=False, repr=False)
class Ratings:
    """Ratings of units by several assessors.

    Attributes
    ----------
    observations : Observations
        One rating for each unit and indicator; ``Assessment(index, ratings.observations)``
        continues with them.
    assessors : tuple
        Who rated, in the order of the ratings.
    ratings : ndarray of shape (n_assessors, n_units, n_indicators)
        NaN where an assessor did not rate.
    """

    observations: Observations
    assessors: tuple[Any, ...]
    ratings: Floats
    _index: Index

    @property
    def units(self) -> tuple[Any, ...]:
        """The units that were rated."""
        return self.observations.units

    @property
    def codes(self) -> tuple[str, ...]:
        """The indicators that were rated."""
        return tuple(indicator.code for indicator in self._index.indicators)

    @property
    def joined(self) -> Floats:
        """One rating for each unit and indicator, of shape (n_units, n_indicators)."""
        return self.observations.values

    @property
    def data(self) -> Frame:
        """A row for each unit, a column for each indicator: one rating for each."""
        return self.observations.frame(dict(zip(self.codes, self.joined.T, strict=True)))

    def agreement(self, *, level: str = "ordinal") -> Frame:
        """Return Krippendorff's alpha of the indicators below each node, over all units.

        Parameters
        ----------
        level : {"nominal", "ordinal", "interval"}
            The level of measurement.

        Returns
        -------
        frame
            A row for each node with children: ``code``, ``items`` (the number of ratings that two
            assessors or more have made), and ``alpha``, missing where the ratings do not differ
            or no item was rated twice.

        Raises
        ------
        MethodError
            An unknown level.
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
        """Return the ratings on which assessors are far apart.

        Parameters
        ----------
        apart : float
            The least distance of the highest rating from the lowest.

        Returns
        -------
        frame
            A row for each such unit and indicator, the widest distance first: ``code, lowest,
            highest, spread`` (the interquartile range) and ``raters`` (their number).

        Raises
        ------
        MethodError
            A distance that is not a number.
        """
        apart = number("apart", apart)
        is_rated = ~np.isnan(self.ratings)
        low = np.where(is_rated, self.ratings, np.inf).min(axis=0)
        high = np.where(is_rated, self.ratings, -np.inf).max(axis=0)
        distances = np.where(is_rated.any(axis=0), high - low, 0.0)
        found = np.argwhere(is_rated.any(axis=0) & (distances >= apart))
        found = found[np.argsort(-distances[tuple(found.T)], kind="stable")]
        cells = [self.ratings[is_rated[:, i, j], i, j] for i, j in found.tolist()]
        return self.observations.frame(
            {
                "code": [self.codes[j] for j in found[:, 1].tolist()],
                "lowest": np.array([x.min() for x in cells]),
                "highest": np.array([x.max() for x in cells]),
                "spread": np.array([np.subtract(*np.percentile(x, [75, 25])) for x in cells]),
                "raters": np.array([x.size for x in cells], dtype=np.int64),
            },
            rows=found[:, 0].tolist(),
        )

    def __repr__(self) -> str:
        share = np.isfinite(self.ratings).mean()
        return (
            f"{len(self.units)} units rated by {len(self.assessors)} assessors on "
            f"{len(self.codes)} indicators, {share:.0%} of all ratings made"
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
    """Return the ratings of several assessors for an index of maturity, joined and apart.

    Parameters
    ----------
    index : Index
        Such as the model ``dli-maturity``; its indicators' ``scale`` bounds the ratings.
    data : frame, mapping of columns, or path of a CSV file
        A row for each unit and assessor, a column for each indicator.
    unit, assessor : str
        The columns that name them.
    by : {"median", "mean", "trimmed"}
        As in `join_ratings`.
    weights : mapping of assessor to float, optional
        As in `join_ratings`; 1 for assessors that are not named.

    Returns
    -------
    Ratings
        Continue with ``Assessment(index, ratings.observations)``.

    Raises
    ------
    DataError
        Missing columns, ratings that are not numbers or outside the scale, units rated twice by
        one assessor, or a column of units that no result could have; each fault is named.
    MethodError
        Something else than an index, ``unit`` and ``assessor`` that are not two different texts, an
        unknown ``by``, or weights that cannot be used.
    UnknownCodeError
        Weights of assessors that are not in the data.

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
    fixed = [
        repr(indicator.code) for indicator in index.indicators if indicator.constant is not None
    ]
    if fixed:
        msg = "indicators that are constants cannot be rated; leave them out of the index"
        raise ModelError(msg, fixed)
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
        f"{table.where(i)}: {name!r} cannot be a name"
        for i, key in enumerate(keys)
        for name in key
        if not is_hashable(name)
    ]
    first: dict[tuple[Any, Any], int] = {}
    for i, key in enumerate(keys):
        if is_hashable(key) and first.setdefault(key, i) != i:
            faults.append(f"{table.where(i)} {key} appears before, in {table.where(first[key])}")
    for j, indicator in enumerate(index.indicators):
        low, high = indicator.scale or (-np.inf, np.inf)
        bad = (values[:, j] < low) | (values[:, j] > high) | np.isinf(values[:, j])
        faults += [
            f"{table.where(i)} {keys[i]}, {codes[j]!r}: "
            f"{values[i, j]:g} is outside {low:g} to {high:g}"
            for i in np.flatnonzero(bad).tolist()
        ]
    if faults:
        msg = "cannot use the ratings as they are"
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
        faults.append(f"unit and assessor must be two columns, both are {unit!r}")
    if faults:
        msg = "cannot tell the units from the assessors"
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
        msg = "cannot use these weights of assessors"
        raise MethodError(msg, filter(None, faults))
    return np.array([float(weights.get(name, 1.0)) for name in assessors])
