"""Borders of the territories of the world, for maps of scores."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

__all__ = ["borders"]

_NOTE = (
    "Borders: Natural Earth 4.1, 1:50 million, simplified. Disputed areas appear as the source "
    "draws them; no opinion on their status is implied."
)


def borders() -> dict[str, Any]:
    """Return the borders of 241 territories of the world as GeoJSON.

    They include all 193 members of the United Nations; Antarctica is left out. The geometry is
    that of Natural Earth, simplified for maps up to the size of a page; two neighbours share the
    same line along their border. ``dli.datasets.describe("borders")`` documents the source and the
    simplification. Disputed areas appear as the source draws them, which shows who controls an
    area rather than who claims it; this library takes no position.

    Returns
    -------
    dict
        A FeatureCollection of polygons and multipolygons; each call returns a new one, which may be
        modified. Each feature has the
        properties ``iso3`` (the ISO 3166-1 alpha-3 code, XKX for Kosovo, None for five territories
        without a code), ``name``, ``km2`` (the area as drawn) and ``longitude`` and ``latitude``
        of the centre of its largest polygon, where a dot can represent a small state.
        Longitudes range from 169° W to 191° E, so that territories that cross the 180° meridian,
        such as Russia and Fiji, are in one piece. The members ``projection`` and ``note`` of the
        collection contain the projection and a note to write below the map.

    Examples
    --------
    >>> world = borders()
    >>> len(world["features"])
    241
    >>> [f["properties"] for f in world["features"] if f["properties"]["iso3"] == "KEN"]
    [{'iso3': 'KEN', 'name': 'Kenya', 'km2': 594838, 'longitude': 37.8, 'latitude': 0.6}]

    A selection of the territories is also a collection:

    >>> baltic = [f for f in world["features"] if f["properties"]["iso3"] in {"EST", "LVA", "LTU"}]
    >>> part = {**world, "features": baltic}
    """
    table = _table()
    return {
        "type": "FeatureCollection",
        "projection": "equal earth",
        "note": _NOTE,
        "features": [_feature(row, table["step"]) for row in table["territories"]],
    }


@cache
def _table() -> Any:
    return json.loads((files(__package__) / "borders.json").read_text(encoding="utf-8"))


def _feature(row: dict[str, Any], step: float) -> dict[str, Any]:
    polygons = [[_ring(ring, step) for ring in polygon] for polygon in row["polygons"]]
    single = len(polygons) == 1
    longitude, latitude = row["centre"]
    return {
        "type": "Feature",
        "properties": {
            "iso3": row["iso3"],
            "name": row["name"],
            "km2": row["km2"],
            "longitude": longitude,
            "latitude": latitude,
        },
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": polygons[0] if single else polygons,
        },
    }


def _ring(moves: list[int], step: float) -> Any:
    """Return a closed ring in degrees, given its first point and the moves to the next ones."""
    points = np.cumsum(np.array(moves).reshape(-1, 2), axis=0) * step
    ring = points.round(2).tolist()
    return [*ring, ring[0]]
