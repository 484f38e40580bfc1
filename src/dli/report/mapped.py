"""The map of the explorer: simplified outlines of the units that are countries."""

import heapq
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from dli.arrays import Floats, is_missing
from dli.datasets import borders
from dli.errors import DataError
from dli.plots.map_drawing import signed_area
from dli.plots.projection import apart, equal_earth

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["mapped"]

# With this centre, the edge is at 169° W, in the Bering Strait, as in plots.choropleth.
_CENTRE = 11.0
# The lengths below are in steps of the grid to which all points are rounded.
_WIDTH = 1080
_MARGIN = 6
_DOT = 10.0
# The least area of the triangle of a point and its neighbours, and the least area of an island.
_LEAST_CORNER = 2.5
_LEAST_ISLAND = 4.0
# Numbers from 0 to 90 are written as one character from # to }.
_FIRST, _BASE = 35, 91
_FARTHEST = _BASE // 2

_Point = tuple[int, int]
_Ring = list[_Point]


def mapped(
    assessment: "Assessment", rows: Sequence[int], *, wanted: bool | None
) -> dict[str, Any] | None:
    """Return the map of some units as plain data for the page, or None if there is no map.

    Parameters
    ----------
    assessment : Assessment
    rows : sequence of int
        The units.
    wanted : bool, optional
        Whether there is a map; by default, there is one if at least half of the units are known
        territories.

    Raises
    ------
    DataError
        If a map is wanted, but no unit is a known territory, or several units are the same one.
    """
    if wanted is False:
        return None
    place_of = _places()
    keys = _keys(assessment, rows)
    unit_of = {place_of[key]: unit for unit, key in enumerate(keys) if key in place_of}
    n_known = sum(key in place_of for key in keys)
    if wanted is None and (2 * n_known < len(rows) or len(unit_of) < n_known):
        return None
    if not unit_of or len(unit_of) < n_known:
        _refuse(keys, place_of)
    return _drawn(unit_of, len(rows))


@cache
def _places() -> dict[str, int]:
    """Return the position of each territory with a code among the borders, by that code."""
    codes = [feature["properties"]["iso3"] for feature in borders()["features"]]
    return {code: place for place, code in enumerate(codes) if code is not None}


def _keys(assessment: "Assessment", rows: Sequence[int]) -> list[str | None]:
    """Return the possible ISO 3166-1 code of each unit, found in the same way as by choropleth."""
    has_column = "iso3" in assessment.observations.context
    cells = assessment.context("iso3") if has_column else assessment.units
    return [None if is_missing(cells[row]) else str(cells[row]) for row in rows]


def _refuse(keys: Sequence[str | None], known: dict[str, int]) -> None:
    same = sorted({key for key in keys if key in known and keys.count(key) > 1})
    if same:
        msg = "a map needs one unit for each territory; these have several"
        raise DataError(msg, [repr(key) for key in same])
    shown = ", ".join(repr(key) for key in keys[:3])
    msg = (
        "a map needs units, or a column 'iso3', with the ISO 3166-1 alpha-3 codes of countries, "
        f"got {shown}: leave out map=True"
    )
    raise DataError(msg)


def _drawn(unit_of: dict[int, int], n_units: int) -> dict[str, Any]:
    """Return the outline of each unit, and dots for units that are too small to see."""
    world = _world()
    shapes = [""] * n_units
    for place, unit in unit_of.items():
        shapes[unit] = world.outlines[place]
    # The criterion is that of plots.choropleth.
    is_small = world.areas < np.pi * _DOT**2 / 16
    small = [place for place in unit_of if is_small[place] or not world.outlines[place]]
    land = (text for place, text in enumerate(world.outlines) if text and place not in unit_of)
    return {
        "size": world.size,
        "land": " ".join(land),
        "shapes": shapes,
        "dots": _dots([unit_of[place] for place in small], world.centres[small]),
    }


@frozen(kw_only=True, eq=False)
class _World:
    """All territories on the grid, in the order of `dli.datasets.borders`."""

    outlines: tuple[str, ...]
    areas: Floats
    centres: Floats
    size: tuple[int, int]


@cache
def _world() -> _World:
    """Return the outlines of the world, which are the same for all pages."""
    features = borders()["features"]
    own = [feature["properties"] for feature in features]
    rings_of = [_rings_of(feature["geometry"]) for feature in features]
    rings = [ring for rings in rings_of for ring in rings]
    points = equal_earth(np.array([point for ring in rings for point in ring]), _CENTRE)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_WIDTH - 2 * _MARGIN) / (high[0] - low[0])

    def on_page(places: Floats) -> Floats:
        # The vertical axis of a page points downwards.
        shifted: Floats = (places - [low[0], high[1]]) * [scale, -scale] + _MARGIN
        return shifted

    ends = np.cumsum([len(ring) for ring in rings])
    placed = np.split(on_page(points), ends[:-1])
    # Small islands are left out before the other outlines are simplified.
    snapped = [_snapped(ring) if abs(signed_area(ring)) >= _LEAST_ISLAND else [] for ring in placed]
    dropped = _dropped(snapped)
    kept = [[point for point in ring if point not in dropped] for ring in snapped]
    last = np.cumsum([len(rings) for rings in rings_of]).tolist()
    parts = [slice(a, b) for a, b in pairwise([0, *last])]
    centres = equal_earth(np.array([[p["longitude"], p["latitude"]] for p in own]), _CENTRE)
    return _World(
        outlines=tuple(_outline(kept[part]) for part in parts),
        areas=np.array([abs(sum(map(signed_area, placed[part]))) for part in parts]),
        centres=on_page(centres),
        size=(_WIDTH, round((high[1] - low[1]) * scale) + 2 * _MARGIN),
    )


def _dots(units: Sequence[int], centres: Floats) -> list[list[int]]:
    """Return units with the positions of their dots, moved apart if they would overlap."""
    places = apart(centres, 0.95 * _DOT).round().astype(int).tolist()
    return [[unit, *place] for unit, place in zip(units, places, strict=True)]


def _rings_of(shape: dict[str, Any]) -> list[Any]:
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [ring for polygon in polygons for ring in polygon]


def _snapped(ring: Floats) -> _Ring:
    """Return a ring on the grid, without its last point, repeated points and reversed steps.

    Neighbours still meet, since the result for a point depends on that point alone.
    """
    kept: _Ring = []
    for x, y in ring.round().astype(int).tolist():
        if kept and kept[-1] == (x, y):
            continue
        if len(kept) > 1 and kept[-2] == (x, y):
            kept.pop()
        else:
            kept.append((x, y))
    return [point for a, b in pairwise(kept) for point in _steps(a, b)]


def _steps(a: _Point, b: _Point) -> Iterator[_Point]:
    """Yield the points from one up to another, none too far from the last to be written.

    The points between them are the same on the way back, so that neighbours meet.
    """
    if max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= _FARTHEST:
        yield a
        return
    middle = (a[0] + b[0]) // 2, (a[1] + b[1]) // 2
    yield from _steps(a, middle)
    yield from _steps(middle, b)


def _dropped(rings: Sequence[_Ring]) -> set[_Point]:
    """Return the points that can be left out of the outlines, by the area of their triangles.

    A point is dropped only if it has the same two neighbours in all rings, so that borders remain
    closed along the line between two territories and where several lines meet.

    References
    ----------
    Visvalingam, Whyatt (1993), Line generalisation by repeated elimination of points.
    https://doi.org/10.1179/000870493786962263
    """
    beside: dict[_Point, set[_Point]] = {}
    for ring in rings:
        for a, b in pairwise([*ring, *ring[:1]]):
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    corners = {point: _corner(point, beside) for point in beside}
    heap = [(corner, point) for point, corner in corners.items() if corner < _LEAST_CORNER]
    heapq.heapify(heap)
    dropped: set[_Point] = set()
    while heap:
        corner, point = heapq.heappop(heap)
        if corners[point] != corner or point in dropped:
            continue  # a neighbour was dropped since
        dropped.add(point)
        a, b = beside.pop(point)
        beside[a] ^= {point, b}
        beside[b] ^= {point, a}
        for one in (a, b):
            corners[one] = _corner(one, beside)
            if corners[one] < _LEAST_CORNER:
                heapq.heappush(heap, (corners[one], one))
    return dropped


def _corner(point: _Point, beside: dict[_Point, set[_Point]]) -> float:
    """Return the area of a point's triangle, infinite if the point has to stay."""
    if len(beside[point]) != 2:
        return np.inf
    a, b = beside[point]
    if b in beside[a]:
        return np.inf  # a ring of three points, which would vanish
    (x, y), (dx, dy) = (a[0] - point[0], a[1] - point[1]), (b[0] - a[0], b[1] - a[1])
    if max(abs(dx), abs(dy)) > _FARTHEST:
        return np.inf
    return abs(x * dy - y * dx) / 2


def _outline(rings: Sequence[_Ring]) -> str:
    """Return rings as text: two characters for each number of the first place, then one for each.

    The other numbers are moves from point to point. The page reads this in `outline`; written out
    as a path of SVG it would be twice as long.
    """
    texts = []
    for ring in rings:
        if len(ring) < 3:
            continue
        start = [digit for number in ring[0] for digit in divmod(number, _BASE)]
        moves = [
            step + _FARTHEST for (x0, y0), (x1, y1) in pairwise(ring) for step in (x1 - x0, y1 - y0)
        ]
        texts.append("".join(chr(_FIRST + code) for code in [*start, *moves]))
    return " ".join(texts)
