"""Maturity ratings from several assessors: joined to one, and how far they agree."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from dli import frames
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.checks import is_number

__all__ = ["Ratings", "gather", "join_ratings", "krippendorff_alpha"]

Floats: TypeAlias = NDArray[np.float64]

LEVELS = ("nominal", "ordinal", "interval")
WAYS = ("median", "mean", "trimmed")


def krippendorff_alpha(ratings: ArrayLike, *, level: str = "ordinal") -> float:
    r"""Give Krippendorff's alpha, the agreement of assessors beyond chance.

    :math:`\alpha = 1 - D_o / D_e`, the disagreement observed within items over that expected if
    ratings were dealt out at random. An item with m ratings adds each pair of them with the weight
    :math:`1 / (m - 1)`. The difference of two ratings is 0 or 1 (nominal), the square of the
    number of ratings between them (ordinal), or the square of their distance (interval).

    Parameters
    ----------
    ratings : array_like of shape (n_assessors, n_items)
        NaN is missing; items with a single rating say nothing and are left out.
    level : {"nominal", "ordinal", "interval"}
        Of measurement.

    Returns
    -------
    float
        1 for full agreement, 0 for chance, negative for less; above 0.8 is customary, above 0.667
        allows tentative conclusions.

    Raises
    ------
    MethodError
        An unknown level, infinite ratings, no item with two ratings, or ratings that are all the
        same: agreement cannot be told from a scale on which nothing differs.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability.
    https://repository.upenn.edu/asc_papers/43

    Examples
    --------
    >>> round(krippendorff_alpha([[1, 2, 3, 3], [1, 2, 3, 4]], level="interval"), 3)
    0.889
    """
    if level not in LEVELS:
        msg = f"level must be one of {', '.join(LEVELS)}, got {level!r}"
        raise MethodError(msg)
    x = _table(ratings)
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


def _table(ratings: ArrayLike) -> Floats:
    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape:
        msg = f"ratings must have the shape (n_assessors, n_items), got {x.shape}"
        raise MethodError(msg)
    bad = [f"row {i}, column {j}: {x[i, j]}" for i, j in np.argwhere(np.isinf(x)).tolist()]
    if bad:
        msg = "ratings must be finite"
        raise MethodError(msg, bad)
    return x


def _distances(values: Floats, totals: Floats, level: str) -> Floats:
    """Give the squared differences of all pairs of values."""
    if level == "nominal":
        return 1.0 - np.eye(values.size)
    if level == "interval":
        return np.asarray((values[:, np.newaxis] - values) ** 2)
    # All ratings up to a value, half of its own counted: differences are what lies between.
    places = np.cumsum(totals) - totals / 2
    return np.asarray((places[:, np.newaxis] - places) ** 2)


def join_ratings(
    ratings: ArrayLike, *, by: str = "median", weights: ArrayLike | None = None
) -> Floats:
    """Join the ratings of several assessors to one for each item.

    Parameters
    ----------
    ratings : array_like of shape (n_assessors, n_items)
        NaN is missing.
    by : {"median", "mean", "trimmed"}
        The middle rating; the mean; or the mean without the highest and the lowest rating of items
        that have four or more.
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
        An unknown way, or weights that are negative, all zero, or given for a trimmed mean.

    Examples
    --------
    >>> join_ratings([[1, 5], [2, 4], [5, np.nan]]).tolist()
    [2.0, 4.5]
    >>> join_ratings([[1.0], [2.0], [5.0]], by="mean", weights=[1, 1, 2]).tolist()
    [3.25]
    """
    x = _table(ratings)
    if by not in WAYS:
        msg = f"by must be one of {', '.join(WAYS)}, got {by!r}"
        raise MethodError(msg)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (len(x),) or not (w >= 0).all() or not w.sum() > 0:
        msg = f"weights must be {len(x)} numbers of at least 0, not all 0, got {weights!r}"
        raise MethodError(msg)
    if by == "trimmed" and weights is not None:
        msg = "a trimmed mean has no weights: it leaves out the highest and the lowest rating"
        raise MethodError(msg)
    join = {"median": _median, "mean": _mean, "trimmed": _trimmed}[by]
    joined = np.full(x.shape[1], np.nan)
    for item, column in enumerate(x.T):
        there = ~np.isnan(column) & (w > 0)
        if there.any():
            joined[item] = join(column[there], w[there])
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
    units : tuple
    codes : tuple of str
        The indicators that were rated.
    assessors : tuple
    ratings : ndarray of shape (n_assessors, n_units, n_indicators)
        NaN where an assessor did not rate.
    joined : ndarray of shape (n_units, n_indicators)
    """

    units: tuple[Any, ...]
    codes: tuple[str, ...]
    assessors: tuple[Any, ...]
    ratings: Floats
    joined: Floats
    _index: Index
    _unit: str
    _library: Any

    @property
    def data(self) -> Any:
        """One rating for each unit and indicator: what `Assessment` takes."""
        columns = dict(zip(self.codes, self.joined.T, strict=True))
        return frames.build({self._unit: list(self.units), **columns}, self._library)

    def agreement(self, *, level: str = "ordinal") -> Any:
        """Give Krippendorff's alpha for the index and each node, over all units.

        Returns
        -------
        frame
            A row for each node with children: ``code``, ``items`` rated by two assessors or more,
            and ``alpha``, missing where the ratings do not differ or nobody rated twice.
        """
        place = {code: j for j, code in enumerate(self.codes)}
        rows: list[tuple[str, int, float]] = []
        for node in self._index.walk():
            if isinstance(node, Index):
                own = [place[indicator.code] for indicator in node.indicators]
                x = self.ratings[:, :, own].reshape(len(self.assessors), -1)
                twice = (~np.isnan(x)).sum(axis=0) > 1
                differ = np.unique(x[:, twice][~np.isnan(x[:, twice])]).size > 1
                alpha = krippendorff_alpha(x, level=level) if differ else np.nan
                rows.append((node.code, int(twice.sum()), alpha))
        codes, items, alphas = zip(*rows, strict=True)
        columns = {"code": list(codes), "items": np.array(items), "alpha": np.array(alphas)}
        return frames.build(columns, self._library)

    def disagreements(self, *, apart: float = 2.0) -> Any:
        """List the ratings on which assessors are far apart.

        Parameters
        ----------
        apart : float
            How far the highest rating must be from the lowest.

        Returns
        -------
        frame
            A row for each such unit and indicator, the widest first: ``lowest``, ``highest``,
            ``spread`` (the interquartile range) and ``raters``.
        """
        there = ~np.isnan(self.ratings)
        low = np.where(there, self.ratings, np.inf).min(axis=0)
        high = np.where(there, self.ratings, -np.inf).max(axis=0)
        gaps = np.where(there.any(axis=0), high - low, 0.0)
        found = np.argwhere(gaps >= apart)
        found = found[np.argsort(-gaps[tuple(found.T)], kind="stable")]
        cells = [self.ratings[:, i, j] for i, j in found.tolist()]
        own = [cell[~np.isnan(cell)] for cell in cells]
        columns = {
            self._unit: [self.units[i] for i in found[:, 0].tolist()],
            "code": [self.codes[j] for j in found[:, 1].tolist()],
            "lowest": np.array([x.min() for x in own]),
            "highest": np.array([x.max() for x in own]),
            "spread": np.array([np.subtract(*np.percentile(x, [75, 25])) for x in own]),
            "raters": np.array([x.size for x in own], dtype=np.int64),
        }
        return frames.build(columns, self._library)

    def __repr__(self) -> str:
        share = np.isfinite(self.ratings).mean()
        return (
            f"{len(self.units)} units rated by {len(self.assessors)} assessors on "
            f"{len(self.codes)} indicators, {share:.0%} of all ratings there"
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
    """Gather the ratings of several assessors for an index of maturity.

    Parameters
    ----------
    index : Index
        Such as the model ``dli-maturity``; its indicators' ``scale`` bounds the ratings.
    data : frame, mapping of columns, or path of a CSV file
        A row for each unit and assessor, a column for each indicator.
    unit, assessor : str
        The columns that name them.
    by, weights
        As of `join_ratings`; weights by assessor, 1 for those that are not named.

    Returns
    -------
    Ratings
        ``Assessment(index, ratings.data)`` goes on.

    Raises
    ------
    DataError
        Missing columns, ratings that are no numbers or outside the scale, units rated twice by one
        assessor; each fault is named.
    UnknownCodeError
        Weights of assessors that are not there.

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
    table = frames.read(data)
    codes = tuple(indicator.code for indicator in index.indicators)
    faults = [*table.require([unit, assessor], "column"), *table.require(codes, "indicator")]
    if faults:
        msg = "columns are missing from the ratings"
        raise DataError(msg, faults)
    values, wrong = table.numbers(codes)
    keys = list(zip(table.column(unit), table.column(assessor), strict=True))
    faults = [
        f"{table.where(i)} {keys[i]}, {code!r}: {cell!r} is no number" for i, code, cell in wrong
    ]
    faults += [
        f"{table.where(i)}: no unit or assessor" for i, key in enumerate(keys) if None in key
    ]
    first: dict[tuple[Any, Any], int] = {}
    for i, key in enumerate(keys):
        if first.setdefault(key, i) != i:
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
        msg = "the ratings cannot be taken as they are"
        raise DataError(msg, faults)
    units = tuple(dict.fromkeys(key[0] for key in keys))
    assessors = tuple(dict.fromkeys(key[1] for key in keys))
    shares = _shares(weights, assessors)
    ratings = np.full((len(assessors), len(units), len(codes)), np.nan)
    for (name, who), row in zip(keys, values, strict=True):
        ratings[assessors.index(who), units.index(name)] = row
    joined = join_ratings(ratings.reshape(len(assessors), -1), by=by, weights=shares)
    return Ratings(
        units=units,
        codes=codes,
        assessors=assessors,
        ratings=ratings,
        joined=joined.reshape(len(units), len(codes)),
        index=index,
        unit=unit,
        library=table.library,
    )


def _shares(weights: Mapping[Any, float] | None, assessors: tuple[Any, ...]) -> Floats | None:
    if weights is None:
        return None
    unknown = [name for name in weights if name not in assessors]
    if unknown:
        raise UnknownCodeError("assessor", unknown, assessors)
    wrong = [f"{name!r}: {w!r}" for name, w in weights.items() if not is_number(w) or w < 0]
    if wrong:
        msg = "weights of assessors must be finite numbers of at least 0"
        raise MethodError(msg, wrong)
    return np.array([float(weights.get(name, 1.0)) for name in assessors])
