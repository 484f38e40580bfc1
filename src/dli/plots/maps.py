"""Scores on a map, drawn from geometry that the user brings."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dli.errors import DataError
from dli.plots.axes import GREY, INK, axes_for, plain

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["choropleth"]


def choropleth(
    assessment: "Assessment",
    geometry: Mapping[str, Any] | str | PathLike[str],
    *,
    key: str,
    node: str | None = None,
    period: object = None,
    ax: Any = None,
) -> Any:
    """Draw scores on a map.

    Nothing is bundled or fetched: borders are a matter of dispute, and of licences. GeoJSON of
    Natural Earth, for instance, is in the public domain.

    Parameters
    ----------
    assessment : Assessment
    geometry : mapping, or path of a GeoJSON file
        A FeatureCollection of polygons and multipolygons.
    key : str
        The property of features that names the units as the assessment does.
    node : str, optional
        The index by default.
    period : object, optional
        Where there are several.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Features without a score are hatched; units without a feature are told below.

    Raises
    ------
    DataError
        No such file, no FeatureCollection, or no feature that names a unit.
    UnknownCodeError
        No such node or period.
    """
    code = assessment.index.code if node is None else node
    scores = assessment.array(code)
    of_unit = {str(assessment.units[i]): scores[i] for i in assessment.rows(period)}
    shapes, values, absent = [], [], {u for u, score in of_unit.items() if not np.isnan(score)}
    for feature in _features(geometry):
        name = str((feature.get("properties") or {}).get(key))
        rings = [np.asarray(ring, dtype=np.float64)[:, :2] for ring in _rings(feature)]
        if rings:
            shapes.append(rings)
            values.append(of_unit.get(name, np.nan))
            absent.discard(name)
    if np.isnan(values).all():
        msg = f"no feature has a unit of the assessment, with a score, as its {key!r}"
        raise DataError(msg)
    ax = axes_for(ax, 10.0, 5.0)
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path as Outline

    outlines = [
        Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        for rings in shapes
    ]
    shown = np.array(values)
    there = ~np.isnan(shown)
    filled = PathCollection(
        [o for o, has in zip(outlines, there, strict=True) if has],
        array=shown[there], cmap="viridis", edgecolor="white", linewidth=0.3,
    )  # fmt: skip
    ax.add_collection(filled)
    ax.add_collection(
        PathCollection(
            [o for o, has in zip(outlines, there, strict=True) if not has],
            facecolor="none", edgecolor=GREY, hatch="////", linewidth=0.3,
        )
    )  # fmt: skip
    ax.autoscale_view()
    ax.set_aspect("equal")
    ax.axis("off")
    ax.figure.colorbar(filled, ax=ax, label=f"{plain(code)}; hatched: no score", shrink=0.7)
    if absent:
        told = textwrap.fill(f"not on the map: {plain(_named(sorted(absent)), 400)}", 90)
        ax.set_title(told, fontsize=7, color=INK, y=-0.12)
    return ax


def _named(units: list[str], most: int = 30) -> str:
    rest = len(units) - most
    return ", ".join(units[:most]) + (f" and {rest} more" if rest > 0 else "")


def _features(geometry: Mapping[str, Any] | str | PathLike[str]) -> list[Mapping[str, Any]]:
    if not isinstance(geometry, Mapping):
        try:
            geometry = json.loads(Path(geometry).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = f"cannot read GeoJSON from {str(geometry)!r}: {error}"
            raise DataError(msg) from error
    features = geometry.get("features") if isinstance(geometry, Mapping) else None
    if not isinstance(features, list):
        msg = "geometry must be a FeatureCollection of GeoJSON"
        raise DataError(msg)
    return features


def _rings(feature: Mapping[str, Any]) -> Iterator[Any]:
    shape = feature.get("geometry") or {}
    if shape.get("type") == "Polygon":
        yield from shape["coordinates"]
    elif shape.get("type") == "MultiPolygon":
        for polygon in shape["coordinates"]:
            yield from polygon
