"""The explorer: one page on which a reader changes weights and sees the ranks change."""

import json
from base64 import b64encode
from collections.abc import Hashable, Sequence
from hashlib import sha256
from html import escape
from importlib import resources
from importlib.metadata import version
from os import PathLike
from string import Template
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from dli.arrays import is_missing
from dli.checks import refuse, text_faults
from dli.errors import DataError
from dli.files import replacing
from dli.framework.select import inner_node
from dli.report.explored import explored
from dli.report.parts import digits_of, names_of

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["explorer"]

_SCRIPTS = (
    "explorer_scores.js",
    "explorer_state.js",
    "explorer_table.js",
    "explorer_unit.js",
    "explorer.js",
)


@overload
def explorer(
    assessment: "Assessment",
    path: None = None,
    *,
    title: str = "",
    period: object = None,
    node: str | None = None,
    group: str | None = None,
) -> str: ...
@overload
def explorer(
    assessment: "Assessment",
    path: str | PathLike[str],
    *,
    title: str = "",
    period: object = None,
    node: str | None = None,
    group: str | None = None,
) -> None: ...
def explorer(
    assessment: "Assessment",
    path: str | PathLike[str] | None = None,
    *,
    title: str = "",
    period: object = None,
    node: str | None = None,
    group: str | None = None,
) -> str | None:
    """Make a page on which a reader changes weights and sees the ranks change.

    The page is a single HTML file that opens from disk and makes no network requests. Unlike a
    report it runs a script, which computes the scores and ranks as this library does. A reader can
    change each weight and, at each node, how scores are combined; look at a unit beside the median
    or beside another unit; change a unit's values; share all of this as a link; and download the
    table.

    Parameters
    ----------
    assessment : Assessment
        Whose scores the page computes again.
    path : path, optional
        The file to write; without it the page is returned as text.
    title : str
        By default the name of the index, or of the node.
    period : object, optional
        Where there are several.
    node : str, optional
        The code of a sub-index to explore instead of the index.
    group : str, optional
        A column of the data that names each unit's group, such as its region: the table can show
        one group, and units can be compared with the median of theirs.

    Returns
    -------
    str or None
        The page, if no path is given.

    Raises
    ------
    MethodError
        Steps of the method that the page cannot compute: aggregations other than power means,
        weights that differ from unit to unit, imputed scores, and scores that are normalised by
        those of other units. All of them are listed, each with its node.
    DataError
        No unit has a score.
    UnknownCodeError
        No such node, period or column.
    FileError
        The file cannot be written.

    Notes
    -----
    A reader can change the values of an indicator in its unit of measure where what they become
    depends on nothing else, as with `dli.normalisation.Goalposts`. Otherwise the normalised value
    can be changed. The geometric mean of the page is 0 where a child is 0, like
    ``dli.aggregation.Product(total=1)``; it cannot be chosen where scores are below 0.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator, report
    >>> index = Index("T", [Indicator("a"), Indicator("b")], "Trial")
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 2], "b": [5, 3]})
    >>> page = report.explorer(assessment)
    >>> "<title>Trial</title>" in page
    True
    """
    refuse("explorer", text_faults(title=title))
    top = inner_node(assessment.index, assessment.index.code if node is None else node)
    rows = assessment.rows(period)
    scores = assessment.array(top.code)[rows]
    if np.isnan(scores).all():
        msg = f"no unit has a score at {top.code!r}: there is nothing to explore"
        raise DataError(msg)
    places = rows.tolist()
    data: dict[str, Any] = {
        **explored(assessment, top, rows),
        "units": _ids([assessment.units[row] for row in places]),
        "names": _names(assessment, places),
        "digits": digits_of(scores),
        "missing": assessment.choices.missing,
    }
    if assessment.periods is not None:
        data["period"] = str(assessment.periods[places[0]])
    if group is not None:
        data["group"] = _groups(assessment, group, places)
    page = _page(title or top.name or top.code, data)
    if path is None:
        return page
    with replacing(path) as file:
        file.write_bytes(page.encode())
    return None


def _ids(units: Sequence[Hashable]) -> list[str]:
    """Return the text by which a link names each unit, which must differ from all others."""
    ids = [str(unit) for unit in units]
    return ids if len(set(ids)) == len(ids) else [repr(unit) for unit in units]


def _names(assessment: "Assessment", rows: Sequence[int]) -> list[str]:
    """Name units for the reader: by their names alone where these differ from unit to unit."""
    if "name" in assessment.observations.context:
        cells = assessment.context("name")
        names = [str(cells[row]) for row in rows if not is_missing(cells[row])]
        if len(set(names)) == len(rows):
            return names
    both = names_of(assessment)
    return [both[row] for row in rows]


def _groups(assessment: "Assessment", column: str, rows: Sequence[int]) -> dict[str, Any]:
    """Return the names of the groups, and the place of each unit's group among them."""
    cells = assessment.context(column)
    own = [None if is_missing(cells[row]) else str(cells[row]) for row in rows]
    names = sorted({name for name in own if name is not None})
    places = {name: place for place, name in enumerate(names)}
    return {
        "column": column,
        "names": names,
        "of": [-1 if name is None else places[name] for name in own],
    }


def _page(title: str, data: dict[str, Any]) -> str:
    style = "\n" + _file("explorer.css")
    script = "\n" + "\n".join(map(_file, _SCRIPTS))
    return Template(_file("explorer.html")).substitute(
        # The browser runs this script and no other, and loads nothing from elsewhere.
        policy=(
            f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        title=escape(title),
        style=style,
        data=_json(data),
        script=script,
        version=version("digital-leadership-index"),
    )


def _file(name: str) -> str:
    return resources.files("dli.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _json(data: dict[str, Any]) -> str:
    """Return JSON that nothing in it can end: neither a tag nor a line of a script."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)  # escapes all but ASCII
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
