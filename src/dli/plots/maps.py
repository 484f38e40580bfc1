"""Scores on a map, of the bundled borders or of geometry that the user brings."""

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.arrays import Floats, is_missing
from dli.checks import is_number, refuse, text_faults
from dli.datasets import borders
from dli.errors import DataError
from dli.plots.axes import axes_for, plain
from dli.plots.map_drawing import Below, Territories, draw_territories, signed_area
from dli.plots.projection import equal_earth
from dli.plots.style import current, drawn

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["choropleth"]

# The edge of the map is then at 169° W, in the Bering Strait.
_CENTRE = 11.0
_SHAPES = ("Polygon", "MultiPolygon")
_LARGEST = 1e100


@drawn
def choropleth(  # noqa: PLR0913 each is a decision of its own
    assessment: "Assessment",
    geometry: Mapping[str, Any] | str | PathLike[str] | None = None,
    *,
    key: str = "iso3",
    column: str | None = None,
    node: str | None = None,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw scores on a map.

    Without ``geometry`` it is a map of the world from `dli.datasets.borders`, in the Equal Earth
    projection, which shows areas in proportion. States too small to see are dots. Units that are
    not on the map are named below it. Disputed areas appear as the source of the geometry draws
    them.

    Parameters
    ----------
    assessment : Assessment
        Whose scores are drawn.
    geometry : mapping, or path of a GeoJSON file, optional
        A FeatureCollection of polygons and multipolygons. Coordinates are drawn as they are,
        unless its member ``projection`` is ``"equal earth"``; its member ``note`` is written below
        the map. A feature with the properties ``longitude`` and ``latitude`` may become a dot.
    key : str
        The property of features that identifies the unit: by default the ISO 3166-1 alpha-3 code.
    column : str, optional
        The context column that identifies units as the features do. By default the column named
        as ``key``, if the data have one besides the units, else the units themselves.
    node : str, optional
        The index by default.
    period : object, optional
        Where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a figure of its own by default.

    Returns
    -------
    matplotlib.axes.Axes
        Territories without a score are hatched, those that are not assessed are grey.

    Raises
    ------
    DataError
        No such file, no FeatureCollection, coordinates that are not numbers, units that share an
        identifier, or no feature that names a unit with a score.
    MethodError
        A ``key`` that is not text.
    UnknownCodeError
        No such node, period or column.
    """
    refuse("choropleth", text_faults(key=key))
    code = assessment.index.code if node is None else node
    scores = assessment.array(code)
    rows = assessment.rows(period)
    row_of = _identifiers(assessment, rows.tolist(), key, column)
    collection = borders() if geometry is None else _collection(geometry)
    features = [f for f in collection["features"] if _part(f, "geometry").get("type") in _SHAPES]
    names = [_text(_part(feature, "properties").get(key)) for feature in features]
    with_score = {name for name, row in row_of.items() if not np.isnan(scores[row])}
    if with_score.isdisjoint(names):
        msg = f"no feature has a unit of the assessment, with a score, as its {key!r}"
        raise DataError(msg, _hints(assessment, row_of, features, key))
    is_flat = collection.get("projection") != "equal earth"
    territories = Territories(
        rings=_drawn_rings(features, names, is_flat=is_flat),
        scores=np.array([scores[row_of[name]] if name in row_of else np.nan for name in names]),
        assessed=np.array([name in row_of for name in names]),
        centres=_centres(features, is_flat=is_flat),
    )
    title = assessment.index.find(code).name
    label = f"{plain(title)} ({plain(code)})" if title else plain(code)
    absent = [str(assessment.units[row_of[name]]) for name in with_score.difference(names)]
    note = collection.get("note")
    below = Below(
        has_missing=bool((territories.assessed & np.isnan(territories.scores)).any()),
        has_others=not territories.assessed.all(),
        absent=sorted(absent),
        note=note if isinstance(note, str) else "",
    )
    drawn_on = axes_for(ax, current().width, current().width)
    draw_territories(drawn_on, territories, label, below, is_own=ax is None)
    return drawn_on


def _identifiers(
    assessment: "Assessment", rows: Sequence[int], key: str, column: str | None
) -> dict[str, int]:
    """Return the row of each unit by what identifies it on the map."""
    if column is None and key in assessment.observations.context:
        column = key
    cells = assessment.units if column is None else assessment.context(column)
    rows_of: dict[str, list[int]] = {}
    for row in rows:
        text = _text(cells[row])
        # A unit without an identifier keeps its name, so that it is told below the map.
        rows_of.setdefault(str(assessment.units[row]) if text is None else text, []).append(row)
    faults = [
        f"{text!r}: " + ", ".join(repr(assessment.units[row]) for row in same)
        for text, same in rows_of.items()
        if len(same) > 1
    ]
    if faults:
        where = "the units" if column is None else f"the column {column!r}"
        msg = f"each unit needs an identifier of its own on the map; {where} has several with one"
        raise DataError(msg, faults)
    return {text: row for text, (row,) in rows_of.items()}


def _text(cell: object) -> str | None:
    return None if is_missing(cell) else str(cell)


def _part(feature: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = feature.get(name)
    return part if isinstance(part, Mapping) else {}


def _hints(
    assessment: "Assessment", row_of: Mapping[str, int], features: Sequence[Any], key: str
) -> list[str]:
    """Return what the two sides are called, and which property or column would have matched."""
    properties = [_part(feature, "properties") for feature in features]
    here = [text for p in properties if (text := _text(p.get(key))) is not None]
    sides = [
        f"units are identified by {', '.join(map(repr, list(row_of)[:3])) or 'nothing'}",
        f"features have the {key!r} {', '.join(map(repr, here[:3])) or 'missing everywhere'}",
    ]
    matches = []
    for name in dict.fromkeys(name for p in properties for name in p):
        n = len(set(row_of).intersection(str(p.get(name)) for p in properties))
        if n and name != key:
            matches.append((n, f"key={name!r} would match {n} units"))
    for column in assessment.observations.context:
        n = len(set(here).intersection(map(_text, assessment.context(column))))
        if n and column != key:
            matches.append((n, f"column={column!r} would match {n} units"))
    return sides + [match for _, match in sorted(matches, reverse=True)]


def _collection(geometry: Mapping[str, Any] | str | PathLike[str]) -> Mapping[str, Any]:
    """Return a collection of features, from a file if need be."""
    collection: Any = geometry
    if not isinstance(geometry, Mapping):
        try:
            collection = json.loads(Path(geometry).read_text(encoding="utf-8"))
        except (OSError, TypeError, ValueError, RecursionError) as error:
            msg = f"cannot read GeoJSON from {geometry!r}: {error}"
            raise DataError(msg) from error
    features = collection.get("features") if isinstance(collection, Mapping) else None
    if not (isinstance(features, list) and all(isinstance(f, Mapping) for f in features)):
        msg = "geometry must be a FeatureCollection of GeoJSON"
        raise DataError(msg)
    return {**collection}


def _drawn_rings(
    features: Sequence[Mapping[str, Any]], names: Sequence[str | None], *, is_flat: bool
) -> list[list[Floats]]:
    """Return the rings of each feature in places of the map, holes the other way round."""
    drawn_rings, faults = [], []
    for place, (feature, name) in enumerate(zip(features, names, strict=True)):
        try:
            rings = [_drawn_ring(*ring, is_flat=is_flat) for ring in _rings(feature["geometry"])]
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            faults.append(f"feature {place} ({name}): {type(error).__name__}: {error}")
        else:
            drawn_rings.append(rings)
    if faults:
        msg = "polygons must have rings of at least 3 points, each two numbers below 1e100 in size"
        raise DataError(msg, faults)
    return drawn_rings


def _drawn_ring(ring: Any, is_hole: bool, *, is_flat: bool) -> Floats:  # noqa: FBT001 comes in pairs
    degrees = np.asarray(ring, dtype=np.float64)[:, :2]
    # Areas are products, which must not overflow.
    is_usable = degrees.shape[1] == 2 and bool((np.abs(degrees) < _LARGEST).all())
    if len(degrees) < 3 or not is_usable:
        msg = f"a ring of {len(degrees)} points"
        raise ValueError(msg)
    if (degrees[0] != degrees[-1]).any():
        degrees = np.concatenate([degrees, degrees[:1]])
    places = degrees if is_flat else equal_earth(degrees, _CENTRE)
    return places[::-1] if (signed_area(places) > 0) == is_hole else places


def _rings(shape: Mapping[str, Any]) -> list[tuple[Any, bool]]:
    """Return the rings of a geometry, and whether each is a hole."""
    coordinates = shape["coordinates"]
    polygons = [coordinates] if shape["type"] == "Polygon" else coordinates
    rings = [(ring, place > 0) for polygon in polygons for place, ring in enumerate(polygon)]
    if not rings:
        msg = "no ring"
        raise ValueError(msg)
    return rings


def _centres(features: Sequence[Mapping[str, Any]], *, is_flat: bool) -> Floats:
    """Return where the dots of features may stand, NaN where they have no such place."""
    pairs = [
        [_part(feature, "properties").get(name) for name in ("longitude", "latitude")]
        for feature in features
    ]
    degrees = np.array([p if all(map(is_number, p)) else [np.nan, np.nan] for p in pairs])
    degrees = degrees.astype(np.float64)
    return degrees if is_flat else equal_earth(degrees, _CENTRE)
