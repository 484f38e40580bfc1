"""How a published index is computed again and compared with what was published."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

import dli

__all__ = ["Comparison", "Figure", "Replication", "assess", "compare", "markdown", "run"]

Floats = NDArray[np.float64]

FILES = Path(__file__).parent
# The column that is added where only some of the units are ranked.
_MEMBERS = "member"


@frozen
class Figure:
    """Published columns of one kind, and the nodes of the index that they are compared with.

    Attributes
    ----------
    name : str
    kind : {"score", "normalised", "alone", "rank", "order", "band", "fifth", "tenth"}
        What of the node was published. ``"normalised"`` is its score after normalisation;
        ``"alone"`` is that of the node assessed by itself with the normalisation of the index.
        ``"rank"`` is a published rank, ``"order"`` a published score of which the order is
        compared. Fifths are counted from the lowest score, tenths from the highest.
    columns : mapping of str to str
        The code of the node for each published column.
    decimals : int
        How many were printed.
    periods : tuple, optional
        The periods that are compared; all by default.
    """

    name: str
    kind: str
    columns: Mapping[str, str]
    decimals: int = field(default=0, kw_only=True)
    periods: tuple[int, ...] | None = field(default=None, kw_only=True)


@frozen(kw_only=True)
class Replication:
    """A published index: its methodology file, its table, and what is compared.

    Attributes
    ----------
    title, publisher : str
    file : str
        The methodology file, beside this module.
    table : str
        A dataset of `dli.datasets`, or the path of a CSV file below a folder of one's own where
        the publisher's terms do not allow a copy.
    unit : str
        The column of the table that names the units.
    period : str, optional
        The column of the table that names the periods.
    members : str, optional
        A column of a bundled table that only the units have which are ranked among one another;
        all by default.
    figures : tuple of Figure
    doubts : tuple of str
        What differs and why, and what is doubtful about the table.
    """

    title: str
    publisher: str
    file: str
    table: str
    unit: str = "iso3"
    period: str | None = None
    members: str | None = None
    figures: tuple[Figure, ...]
    doubts: tuple[str, ...] = field(default=())

    @property
    def is_bundled(self) -> bool:
        """Whether the table comes with the package."""
        return self.table in dli.datasets.available()


@frozen
class Comparison:
    """How far computed figures are from the published ones.

    Attributes
    ----------
    figure : str
    compared : int
        The cells that were both published and computed.
    not_computed : int
        The cells that were published, but that the table does not suffice to compute.
    largest_error : float or None
        None for ranks and classes.
    differ : int or None
        The figures that differ at the printed decimals, and classes that differ; None for ranks.
    ranks_off, places_off : int or None
        The ranks that differ, and by how many places the worst of them does; None for others.
    """

    figure: str
    compared: int
    not_computed: int
    largest_error: float | None = field(default=None, kw_only=True)
    differ: int | None = field(default=None, kw_only=True)
    ranks_off: int | None = field(default=None, kw_only=True)
    places_off: int | None = field(default=None, kw_only=True)


def assess(replication: Replication, folder: str | Path = ".") -> dli.Assessment:
    """Assess the table by the methodology file.

    Parameters
    ----------
    replication : Replication
    folder : str or path-like
        Where the tables are that do not come with the package.
    """
    data: Any = Path(folder) / replication.table
    if replication.is_bundled:
        data = dli.datasets.load(replication.table, "mapping")
    if replication.members is not None:
        ranked = np.isfinite(data[replication.members]).tolist()
        data[_MEMBERS] = ["yes" if is_ranked else None for is_ranked in ranked]
    return dli.Assessment.from_file(
        FILES / replication.file, data, unit=replication.unit, period=replication.period
    )


def run(replication: Replication, folder: str | Path = ".") -> list[Comparison]:
    """Compute an index and compare it with what was published, a row for each figure.

    Parameters
    ----------
    replication : Replication
    folder : str or path-like
        Where the tables are that do not come with the package.
    """
    return compare(replication, assess(replication, folder))


def compare(replication: Replication, assessment: dli.Assessment) -> list[Comparison]:
    """Compare an assessment with what was published, a row for each figure."""
    return [_compared(assessment, figure) for figure in replication.figures]


def markdown(replication: Replication, rows: list[Comparison]) -> list[str]:
    """Return the rows of a replication as those of a table in Markdown."""
    lines = []
    for row in rows:
        name = f"{replication.title}, `{replication.file}`" if row is rows[0] else ""
        compared = f"{row.compared}" + (
            f" of {row.compared + n}" if (n := row.not_computed) else ""
        )
        error = "" if row.largest_error is None else f"{row.largest_error:.1g}"
        counts = [row.differ, row.ranks_off, row.places_off]
        cells = ["" if count is None else str(count) for count in counts]
        lines.append("| " + " | ".join([name, row.figure, compared, error, *cells]) + " |")
    return lines


def _compared(assessment: dli.Assessment, figure: Figure) -> Comparison:
    read, compute = _KINDS[figure.kind]
    pairs = [
        (read(assessment, column, node), compute(assessment, column, node))
        for column, node in figure.columns.items()
    ]
    published, computed = np.hstack([np.array(pair) for pair in pairs])
    if figure.periods is not None:
        own = [period in figure.periods for period in assessment.periods or ()]
        published = np.where(own * len(pairs), published, np.nan)
    both = ~np.isnan(published) & ~np.isnan(computed)
    counts = int(both.sum()), int((~np.isnan(published) & np.isnan(computed)).sum())
    published, computed = published[both], computed[both]
    errors = np.abs(computed - published)
    n_off, most = int((errors > 0).sum()), float(errors.max())
    if figure.kind in ("rank", "order"):
        return Comparison(figure.name, *counts, ranks_off=n_off, places_off=int(most))
    if figure.kind in ("band", "fifth", "tenth"):
        return Comparison(figure.name, *counts, differ=n_off)
    differ = np.round(computed, figure.decimals) != np.round(published, figure.decimals)
    return Comparison(figure.name, *counts, largest_error=most, differ=int(differ.sum()))


# What was published, and what is computed, from an assessment, a column and a node.


def _cells(assessment: dli.Assessment, column: str, _: str) -> Floats:
    cells = assessment.context(column, numbers=True)
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=float)


def _order(assessment: dli.Assessment, column: str, node: str) -> Floats:
    """Return the places of published scores, 1 for the highest; ties share the smaller one."""
    scores = _cells(assessment, column, node)
    known = scores[~np.isnan(scores)]
    places = 1.0 + np.searchsorted(np.sort(-known), -scores)
    return np.where(np.isnan(scores), np.nan, places)


def _places_of_bands(assessment: dli.Assessment, node: str, names: list[Any]) -> Floats:
    order = assessment.index.find(node).bands.names  # type: ignore[union-attr] # a node with bands
    return np.array([np.nan if name is None else order.index(name) for name in names], dtype=float)


def _published_bands(assessment: dli.Assessment, column: str, node: str) -> Floats:
    return _places_of_bands(assessment, node, assessment.context(column))


def _bands(assessment: dli.Assessment, _: str, node: str) -> Floats:
    names = dli.frames.read(assessment.bands).column(node)
    return _places_of_bands(assessment, node, names)


def _score(assessment: dli.Assessment, _: str, node: str) -> Floats:
    return assessment.array(node)


def _normalised(assessment: dli.Assessment, _: str, node: str) -> Floats:
    return assessment.array(node, normalised=True)


def _alone(assessment: dli.Assessment, _: str, node: str) -> Floats:
    top: Any = assessment.index.find(node)
    top = attrs.evolve(top, normalisation=assessment.index.normalisation)
    return assessment.evolve(index=top).array(node, normalised=True)


def _rank(assessment: dli.Assessment, _: str, node: str) -> Floats:
    if _MEMBERS not in assessment.observations.context:
        return assessment.rank_array(node)
    ranks = dli.frames.read(assessment.ranks_within(_MEMBERS)).column(node)
    return np.array([np.nan if rank is None else rank for rank in ranks], dtype=float)


def _fifth(assessment: dli.Assessment, _: str, node: str) -> Floats:
    """Return the fifth of the units' share of others that are lower, which is in the file."""
    share = assessment.array(node, normalised=True)
    return np.maximum(np.ceil(5 * share), 1.0)


def _tenth(assessment: dli.Assessment, _: str, node: str) -> Floats:
    ranks = assessment.rank_array(node)
    return np.asarray(np.ceil(10 * ranks / np.isfinite(ranks).sum()))


_KINDS: Mapping[str, tuple[Callable[..., Floats], Callable[..., Floats]]] = {
    "score": (_cells, _score),
    "normalised": (_cells, _normalised),
    "alone": (_cells, _alone),
    "rank": (_cells, _rank),
    "order": (_order, _rank),
    "band": (_published_bands, _bands),
    "fifth": (_cells, _fifth),
    "tenth": (_cells, _tenth),
}
