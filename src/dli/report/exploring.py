"""The explorer: a page on which readers change weights and see the ranks change."""

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
from dli.report.parts import column_name, digits_of, explained, marks_of, names_of

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
    """Return or write a page on which readers change weights and see the ranks change.

    The page is a single HTML file that opens from disk and makes no network requests. Unlike a
    report, it runs a script, which computes the scores and ranks in the same way as this library.
    A reader can change each weight and the aggregation at each node, compare a unit with the
    median or with another unit, see countries on a map, change the values of a unit, share these
    settings as a link, and download the table.

    Parameters
    ----------
    assessment : Assessment
        The assessment whose scores the page recomputes.
    path : path, optional
        The file to write. Without a path, the page is returned as text.
    title : str
        The title of the page; by default, the name of the index or of the node.
    period : object, optional
        The period of the page; required if the data have several periods.
    node : str, optional
        The code of a sub-index to explore instead of the index.
    group : str, optional
        A context column with the group of each unit, such as its region. Readers can then show a
        single group in the table, and compare a unit with the median of its group.
    map : bool, optional
        Whether to show the scores on a world map. This requires ISO 3166-1 alpha-3 codes of
        countries as units or in a column ``iso3``. By default, there is a map if at least half of
        the units are on it.
    lang : str or path
        The language: ``"en"``, ``"fr"``, or the path of your own file of messages in TOML, which
        must end in ``.toml``.
        The names of nodes and units are not translated.

    Returns
    -------
    str or None
        The page as text, or None if it was written to ``path``.

    Raises
    ------
    MethodError
        If the page cannot compute a step of the method: an aggregation other than a power mean,
        weights that differ between units, imputed scores, or scores whose normalisation depends on
        other units. All such steps are listed, each with its node. Also raised if the language is
        unknown.
    ModelError
        If the file of messages cannot be read, or does not contain exactly the messages that are
        required; all faults are listed.
    DataError
        If no unit has a score, or if ``map=True`` and the units are not countries or share a code.
    UnknownCodeError
        If the node, the period or the column is unknown.
    FileError
        If the file cannot be written.

    Notes
    -----
    A reader can change the values of an indicator in its unit of measure if the normalised value
    depends on that value alone, as with `dli.normalisation.Goalposts`. Otherwise, the reader can
    change the normalised value. The geometric mean of the page is 0 if a child is 0, like
    ``dli.aggregation.Product(total=1)``; it is not offered at nodes with scores below 0.

    The points of a unit are those of `Assessment.contribution_array` under the reader's weights
    and means: shares of the score if all means are arithmetic, otherwise differences from the
    score of the medians. The page stores values with 15 significant digits, the number that every
    float can represent; its scores differ from those of the library by at most 1e-12 times the
    largest score.

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
    marks = marks_of(assessment, top.code)
    shown = {place: marks[row] for place, row in enumerate(places) if marks[row]}
    if shown:
        data["marks"] = shown
        data["note"] = explained(language, shown.values())
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
    """Return the text that identifies each unit in a link, which is unique."""
    ids = [str(unit) for unit in units]
    return ids if len(set(ids)) == len(ids) else [repr(unit) for unit in units]


def _names(assessment: "Assessment", rows: Sequence[int]) -> list[str]:
    """Return the names of the units, without their codes if the names are unique."""
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
    """Return the names of the groups, and the position of each unit's group among them."""
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
    """Return a script or style without comments and indentation, which are a tenth of the page."""
    code = re.sub(r"/\*.*?\*/ ?|^\s*//[^\n]*", "", code, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^\s+", "", code, flags=re.MULTILINE)


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _json(data: dict[str, Any]) -> str:
    """Return JSON in which no text can close the script element or end a line."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)  # escapes all but ASCII
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
