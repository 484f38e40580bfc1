"""Maturity ratings by several assessors: joined to one, and how far they agree."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli import frames
from dli.arrays import Floats, as_floats
from dli.checks import is_hashable, number, number_fault, text_faults
from dli.errors import DataError, MethodError, ModelError, UnknownCodeError
from dli.frames import Frame
from dli.framework import Index
from dli.observations import Observations
from dli.weighting.by_code import one_of

__all__ = ["Ratings", "gather", "join_ratings", "krippendorff_alpha"]


def __dir__() -> list[str]:
    return __all__


LEVELS = ("nominal", "ordinal", "interval")
WAYS = ("median", "mean", "trimmed")


def krippendorff_alpha(ratings: ArrayLike, *, level: str = "ordinal") -> float:
    r"""Return Krippendorff's alpha, the agreement of assessors beyond chance.

    :math:`\alpha = 1 - D_o / D_e`, where :math:`D_o` is the disagreement observed within items and
    :math:`D_e` the disagreement expected if ratings were assigned at random. Each pair of the m
    ratings of an item has the weight :math:`1 / (m - 1)`. The difference of two ratings is 0 or 1
    (nominal), the square of the number of ratings between them (ordinal), or the square of their
    distance (interval).

    Parameters
    ----------
    ratings : array_like of shape (n_assessors, n_items)
        NaN marks a missing rating; items with a single rating are left out.
    level : {"nominal", "ordinal", "interval"}
        The level of measurement.

    Returns
    -------
    float
        1 for full agreement, 0 for agreement by chance, negative for less than that; above 0.8
        is customary, above 0.667 allows tentative conclusions.

    Raises
    ------
    MethodError
        An unknown level, ratings that are infinite or not numbers, no item with two ratings, or
        ratings that are all the same, which do not show whether assessors agree.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability.
    https://repository.upenn.edu/asc_papers/43

    Examples
    --------
    >>> round(krippendorff_alpha([[1, 2, 3, 3], [1, 2, 3, 4]], level="interval"), 3)
    0.889
    """
    one_of("level", level, LEVELS)
    x = _rating_table(ratings)
    x = x[:, (~np.isnan(x)).sum(axis=0) > 1]
    if x.shape[1] == 0:
        msg = "alpha needs an item that two assessors have rated"
        raise MethodError(msg)
    values = np.unique(x[~np.isnan(x)])
    counts = (x[:, :, np.newaxis] == values).sum(axis=0).astype(np.float64)  # (n_items, n_values)
    n_ratings = counts.sum(axis=1)
    pairs = counts / (n_ratings - 1)[:, np.newaxis]
    coincidences = counts.T @ pairs - np.diag(pairs.sum(axis=0))
    totals = coincidences.sum(axis=0)
    distances = _distances(values, totals, level)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    chance = float((expected * distances).sum())
    if not chance > 0:
        msg = f"alpha needs ratings that differ, all are {values[0]:g}"
        raise MethodError(msg)
    return 1 - float((coincidences * distances).sum()) / chance


def _rating_table(ratings: ArrayLike) -> Floats:
    table = as_floats(ratings, "ratings")
    if table.ndim != 2 or 0 in table.shape:
        msg = f"ratings must have the shape (n_assessors, n_items), got {table.shape}"
        raise MethodError(msg)
    wrong = np.argwhere(np.isinf(table)).tolist()
    if wrong:
        msg = "ratings must be finite"
        raise MethodError(msg, [f"row {i}, column {j}: {table[i, j]}" for i, j in wrong])
    return table


def _distances(values: Floats, totals: Floats, level: str) -> Floats:
    """Return the squared differences of all pairs of values."""
    if level == "nominal":
        return 1.0 - np.eye(values.size)
    if level == "interval":
        return np.asarray((values[:, np.newaxis] - values) ** 2)
    # The number of ratings up to a value, counting half of those equal to it.
    places = np.cumsum(totals) - totals / 2
    return np.asarray((places[:, np.newaxis] - places) ** 2)


def join_ratings(
    ratings: ArrayLike, *, by: str = "median", weights: ArrayLike | None = None
) -> Floats:
    """Return one rating for each item from those of several assessors.

    Parameters
    ----------
    ratings : array_like of shape (n_assessors, n_items)
        NaN marks a missing rating.
    by : {"median", "mean", "trimmed"}
        The median; the mean; or the mean without the highest and the lowest rating of items that
        have four or more.
    weights : array_like of shape (n_assessors,), optional
        How much each assessor counts, for the mean and the median (the least rating at which half
        of the weight is reached, or the middle of two where it is reached exactly).

    Returns
    -------
    ndarray of shape (n_items,)
        NaN for items that nobody rated.

    Raises
    ------
    MethodError
        An unknown ``by``, ratings that are infinite or not numbers, or weights that are negative,
        all zero, or passed for a trimmed mean.

    Examples
    --------
    >>> join_ratings([[1, 5], [2, 4], [5, np.nan]]).tolist()
    [2.0, 4.5]
    >>> join_ratings([[1.0], [2.0], [5.0]], by="mean", weights=[1, 1, 2]).tolist()
    [3.25]
    """
    x = _rating_table(ratings)
    one_of("by", by, WAYS)
    w = np.ones(len(x)) if weights is None else as_floats(weights, "weights")
    if w.shape != (len(x),) or not (w >= 0).all() or not 0 < w.sum() < np.inf:
        msg = f"weights must be {len(x)} numbers of at least 0, not all 0, got {weights!r}"
        raise MethodError(msg)
    if by == "trimmed" and weights is not None:
        msg = "a trimmed mean has no weights: it leaves out the highest and the lowest rating"
        raise MethodError(msg)
    join = {"median": _median, "mean": _mean, "trimmed": _trimmed}[by]
    joined = np.full(x.shape[1], np.nan)
    for item, column in enumerate(x.T):
        counted = ~np.isnan(column) & (w > 0)
        if counted.any():
            joined[item] = join(column[counted], w[counted])
    return joined


def _mean(ratings: Floats, weights: Floats) -> float:
    return float(ratings @ weights / weights.sum())


def _median(ratings: Floats, weights: Floats) -> float:
    order = np.argsort(ratings, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    first = int(np.searchsorted(share, 0.5 - 1e-12))
    if abs(share[first] - 0.5) < 1e-12 and first + 1 < ratings.size:
        return float(ratings[order[first : first + 2]].mean())
    return float(ratings[order[first]])


def _trimmed(ratings: Floats, _: Floats) -> float:
    return float((np.sort(ratings)[1:-1] if ratings.size >= 4 else ratings).mean())


@frozen(kw_only=True, eq=False, repr=False)
class Ratings:
    """Ratings of units by several assessors.

    Attributes
    ----------
    observations : Observations
        One rating for each unit and indicator; ``Assessment(index, ratings.observations)``
        continues with them.
    assessors : tuple
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
