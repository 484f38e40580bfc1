"""The explorer: one page on which a reader changes weights and sees the ranks change."""

import json
import re
from base64 import b64encode
from collections.abc import Hashable, Sequence
from hashlib import sha256
from html import escape
from importlib import resources
from importlib.metadata import version
from os import PathLike
from string import Template
from typing import Any, overload

import numpy as np

from dli.arrays import is_missing
from dli.assessment import Assessment
from dli.checks import flag_faults, instance, refuse, text_faults
from dli.errors import DataError
from dli.files import replacing
from dli.framework.select import inner_node
from dli.report.explored import explored
from dli.report.explorer_words import spoken, worded
from dli.report.language import Language, language_of
from dli.report.mapped import mapped
from dli.report.parts import column_name, digits_of, names_of

__all__ = ["explorer"]

_SCRIPTS = (
    "explorer_scores.js",
    "explorer_points.js",
    "explorer_state.js",
    "explorer_table.js",
    "explorer_unit.js",
    "explorer_map.js",
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
    map: bool | None = None,
    lang: object = "en",
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
    map: bool | None = None,
    lang: object = "en",
) -> None: ...
def explorer(  # noqa: PLR0913 each is a question of its own
    assessment: "Assessment",
    path: str | PathLike[str] | None = None,
    *,
    title: str = "",
    period: object = None,
    node: str | None = None,
    group: str | None = None,
    map: bool | None = None,  # noqa: A002
    lang: object = "en",
) -> str | None:
    """Make a page on which a reader changes weights and sees the ranks change.

    The page is a single HTML file that opens from disk and makes no network requests. Unlike a
    report it runs a script, which computes the scores and ranks as this library does. A reader can
    change each weight and, at each node, how scores are combined; look at a unit beside the median
    or beside another unit; see countries on a map; change a unit's values; share all of this as a
    link; and download the table.

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
    map : bool, optional
        Whether to show scores on a map of the world, where the units, or a column ``iso3``, are the
        ISO 3166-1 alpha-3 codes of countries. By default there is a map if at least half of the
        units are on it.
    lang : str or path
        The language: ``"en"``, ``"fr"``, or a file of messages of your own that ends in ``.toml``.
        Names are those of the model and the data.

    Returns
    -------
    str or None
        The page, if no path is given.

    Raises
    ------
    MethodError
        Steps of the method that the page cannot compute: aggregations other than power means,
        weights that differ from unit to unit, imputed scores, and scores that are normalised by
        those of other units. All of them are listed, each with its node. Or an unknown language.
    ModelError
        A file of messages that cannot be read, or that lacks some; all of them are listed.
    DataError
        No unit has a score, or ``map=True`` where units are not countries or share a code.
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

    The points of a unit are those of `Assessment.contribution_array` under the reader's weights
    and means: shares of the score where all means are arithmetic, otherwise differences from the
    score of the medians. Values are held to 15 significant digits, as many as any number can hold;
    scores are within 1e-12 of the largest one.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator, report
    >>> index = Index("T", [Indicator("a"), Indicator("b")], "Trial")
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 2], "b": [5, 3]})
    >>> page = report.explorer(assessment)
    >>> "<title>Trial</title>" in page
    True
    """
    instance("assessment", assessment, Assessment)
    flags = () if map is None else flag_faults(map=map)
    refuse("explorer", [*text_faults(title=title), *flags])
    language = language_of(lang)
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
        data["group"] = _groups(assessment, group, places, language)
    world = mapped(assessment, places, wanted=map)
    if world is not None:
        data["map"] = world
    page = _page(title or top.name or top.code, data, language)
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


def _groups(
    assessment: "Assessment", column: str, rows: Sequence[int], language: Language
) -> dict[str, Any]:
    """Return the names of the groups, and the place of each unit's group among them."""
    cells = assessment.context(column)
    own = [None if is_missing(cells[row]) else str(cells[row]) for row in rows]
    names = sorted({name for name in own if name is not None})
    places = {name: place for place, name in enumerate(names)}
    return {
        "column": column_name(language, column),
        "names": names,
        "of": [-1 if name is None else places[name] for name in own],
    }


def _page(title: str, data: dict[str, Any], language: Language) -> str:
    style = "\n" + _bare(_file("explorer.css"))
    names = [name for name in _SCRIPTS if name != "explorer_map.js" or "map" in data]
    script = "\n" + "\n".join(_bare(_file(name)) for name in names)
    library = f"digital-leadership-index {version('digital-leadership-index')}"
    return Template(worded(_file("explorer.html"), language, library=library)).substitute(
        # The browser runs this script and no other, and loads nothing from elsewhere.
        policy=(
            f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        lang=language.code,
        title=escape(title),
        style=style,
        data=_json(data | {"language": spoken(language, script)}),
        script=script,
    )


def _file(name: str) -> str:
    return resources.files("dli.report").joinpath(name).read_text(encoding="utf-8")


def _bare(code: str) -> str:
    """Return a script or style without comments and indentation, a tenth of the page."""
    code = re.sub(r"/\*.*?\*/ ?|^\s*//[^\n]*", "", code, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^\s+", "", code, flags=re.MULTILINE)


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _json(data: dict[str, Any]) -> str:
    """Return JSON that nothing in it can end: neither a tag nor a line of a script."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)  # escapes all but ASCII
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
