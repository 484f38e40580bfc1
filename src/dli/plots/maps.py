"""Maps of scores, with the bundled borders or with the user's own geometry."""

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

# With this central meridian, the edge of the map is at 169° W, in the Bering Strait.
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

    By default, the function draws a map of the world with the borders of `dli.datasets.borders`, in
    the Equal Earth projection, which shows areas in proportion. States too small to be seen are
    drawn as dots. Units that are not on the map are listed below it. Disputed areas appear as the
    source of the geometry draws them.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores are drawn.
    geometry : mapping, or path of a GeoJSON file, optional
        A FeatureCollection of polygons and multipolygons. Coordinates are drawn without projection
        unless its member ``projection`` is ``"equal earth"``; its member ``note`` is written below
        the map. A feature with the properties ``longitude`` and ``latitude`` is drawn as a dot if
        it is too small to be seen.
    key : str
        The property of the features that identifies the unit: by default the ISO 3166-1 alpha-3
        code.
    column : str, optional
        The context column that contains the same identifiers. By default the context column whose
        name is ``key``, if there is one, otherwise the units themselves.
    node : str, optional
        The node whose scores are drawn; the index by default.
    period : object, optional
        The period to draw; required if there are several periods.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure is made by default.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the map. Territories without a score are hatched, and territories that are
        not assessed are grey.

    Raises
    ------
    DataError
        The file cannot be read, the geometry is not a FeatureCollection, coordinates are not
        numbers, several units share an identifier, or no feature matches a unit with a score.
    MethodError
        ``key`` is not text.
    UnknownCodeError
        The node, the period or the column does not exist.
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
        msg = f"no feature matches a unit with a score by its property {key!r}"
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
    """Return a mapping from the identifier of each unit on the map to its row."""
    if column is None and key in assessment.observations.context:
        column = key
    cells = assessment.units if column is None else assessment.context(column)
    rows_of: dict[str, list[int]] = {}
    for row in rows:
        text = _text(cells[row])
        # A unit without an identifier keeps its name, so that it is listed below the map.
        rows_of.setdefault(str(assessment.units[row]) if text is None else text, []).append(row)
    faults = [
        f"{text!r}: " + ", ".join(repr(assessment.units[row]) for row in same)
        for text, same in rows_of.items()
        if len(same) > 1
    ]
    if faults:
        where = "the column of units" if column is None else f"the column {column!r}"
        msg = f"each unit must have a unique identifier on the map; {where} repeats some"
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
    """Return examples of both sides' identifiers, and which property or column would match."""
    properties = [_part(feature, "properties") for feature in features]
    here = [text for p in properties if (text := _text(p.get(key))) is not None]
    sides = [
        f"units are identified by {', '.join(map(repr, list(row_of)[:3])) or 'nothing'}",
        f"the property {key!r} is {', '.join(map(repr, here[:3])) or 'missing in all features'}",
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
    """Return a collection of features, read from a file if ``geometry`` is a path."""
    collection: Any = geometry
    if not isinstance(geometry, Mapping):
        try:
            collection = json.loads(Path(geometry).read_text(encoding="utf-8"))
        except (OSError, TypeError, ValueError, RecursionError) as error:
            msg = f"cannot read GeoJSON from {geometry!r}: {error}"
            raise DataError(msg) from error
    features = collection.get("features") if isinstance(collection, Mapping) else None
    if not (isinstance(features, list) and all(isinstance(f, Mapping) for f in features)):
        msg = "geometry must be a GeoJSON FeatureCollection"
        raise DataError(msg)
    return {**collection}


def _drawn_rings(
    features: Sequence[Mapping[str, Any]], names: Sequence[str | None], *, is_flat: bool
) -> list[list[Floats]]:
    """Return the rings of each feature in map coordinates, with holes in the other direction."""
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
    """Return the place of each feature's dot in map coordinates, NaN if it does not have one."""
    pairs = [
        [_part(feature, "properties").get(name) for name in ("longitude", "latitude")]
        for feature in features
    ]
    degrees = np.array([p if all(map(is_number, p)) else [np.nan, np.nan] for p in pairs])
    degrees = degrees.astype(np.float64)
    return degrees if is_flat else equal_earth(degrees, _CENTRE)
