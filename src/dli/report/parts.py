"""Functions shared by reports: pictures, tables, figures, and reasons for missing parts."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dli import frames
from dli.arrays import Bools
from dli.assessment.doubtful import certain_share_array
from dli.assessment.tables import DOUBTFUL
from dli.errors import DLIError, DLIWarning
from dli.framework import Index
from dli.framework.index import Node
from dli.report.document import Block, Paragraph, Picture, Table
from dli.report.language import Language, key

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = [
    "LEVELS",
    "MARKS",
    "NO_RANKS",
    "UNITS",
    "column_name",
    "depth_of",
    "digits_of",
    "explained",
    "few_basis",
    "filled",
    "flag_name",
    "flag_table",
    "heard",
    "label",
    "listed",
    "marks_of",
    "names_of",
    "picture",
    "scores_of",
    "table_of",
    "tried",
    "word",
]


# Deeper levels are not shown: the time to compute gaps grows with the square of the levels.
LEVELS = 20
# For more units than this, a report shows only the highest and the lowest.
UNITS = 500
# The maximum number of names in a sentence.
_NAMED = 5

# The meaning of the marks of scores.
MARKS = {
    "*": key("Based on fewer than half of its indicators."),
    "?": key(
        "Based on fewer than half of its indicators if doubtful values are counted as missing."
    ),
}
NO_RANKS = key("No other unit has a score, so there are no ranks.")
# Names in sentences of columns of the bundled data sets.
_COLUMNS = {
    "wb_region": key("region"),
    "income_group": key("income group"),
    "population_millions": key("population"),
}
# The flags of `Assessment.flags`, as messages.
_FLAGS = {
    flag: flag
    for flag in (
        key("missing"), key("doubtful"), key("imputed"), key("treated"), key("truncated"),
        key("left out"), key("no score"), key("low coverage"),
    )
}  # fmt: skip


def depth_of(index: Index) -> int:
    """Return the number of levels below the index."""
    return max(index.level(node.code) for node in index.walk())


def tried(
    language: Language, make: Callable[[], Block | Iterable[Block]], what: str
) -> list[Block]:
    """Return blocks, or a paragraph with the reason if they cannot be computed."""
    try:
        made = make()
        return list(made) if isinstance(made, Iterable) else [made]
    except DLIError as error:
        text = language.say("{what} cannot be shown: {error}", what=what, error=str(error))
        return [Paragraph(text)]


def heard(make: Callable[[], Any]) -> tuple[Any, bool]:
    """Return the result of a function, and whether it warned of doubtful input."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DLIWarning)
        made = make()
    others = [one for one in caught if not issubclass(one.category, DLIWarning)]
    for one in others:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return made, len(others) < len(caught)


def picture(draw: Callable[[], Any], alt: str, caption: str = "") -> Picture:
    """Return a picture drawn with the default settings of matplotlib, byte for byte the same."""
    try:
        import matplotlib as mpl
        from matplotlib import pyplot as plt
    except ImportError as error:
        msg = 'reports need more packages: pip install "digital-leadership-index[report]"'
        raise ImportError(msg) from error

    if not plt.get_fignums():
        # This loads the backend if nothing has been drawn yet. Backends of notebooks then switch
        # to interactive mode, which the context below would undo at its end.
        load: Any = plt.draw_if_interactive
        load()
    with mpl.style.context("default", after_reset=True), plt.ioff():
        mpl.rcParams["svg.hashsalt"] = "dli"
        before = set(plt.get_fignums())
        try:
            return Picture(_svg(draw().figure), alt, caption)
        finally:
            for opened in set(plt.get_fignums()) - before:
                plt.close(opened)


def _svg(figure: Any) -> bytes:
    """Return a figure as SVG, with text as paths, or as text if the font lacks some letters."""
    try:
        return _written(figure, "path", "error")
    except UserWarning:  # the reader's browser has fonts for the scripts of the world
        return _written(figure, "none", "ignore")


def _written(figure: Any, letters: str, on_lack: Literal["error", "ignore"]) -> bytes:
    import matplotlib as mpl

    file = BytesIO()
    with warnings.catch_warnings(), mpl.rc_context({"svg.fonttype": letters}):
        warnings.filterwarnings(on_lack, "Glyph .* missing")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def digits_of(values: Any) -> int:
    """Return the number of decimals of scores: one if any is above 20, otherwise three."""
    return 1 if np.nanmax(np.abs(values), initial=0.0, where=~np.isnan(values)) > 20 else 3


def label(node: Node) -> str:
    """Return the name of a node, or its code if it has no name."""
    return node.name or node.code


def listed(language: Language, words: Sequence[str]) -> str:
    """Return words as a list in a sentence; a long list has the first five and a number."""
    more = len(words) - _NAMED
    others = [language.say("{n} other", "{n} others", n=more)] if more > 0 else []
    return language.joined([*words[:_NAMED], *others])


def column_name(language: Language, column: str) -> str:
    """Return the name of a context column in sentences, without underscores."""
    name = _COLUMNS.get(column)
    return column.replace("_", " ") if name is None else language.say(name)


def names_of(assessment: "Assessment") -> list[str]:
    """Return the name of the unit of each row with its code, or the code alone."""
    units = [str(unit) for unit in assessment.units]
    if "name" not in assessment.observations.context:
        return units
    return [
        unit if name is None or str(name) == unit else f"{name} ({unit})"
        for unit, name in zip(units, assessment.context("name"), strict=True)
    ]


def scores_of(
    language: Language,
    assessment: "Assessment",
    code: str,
    rows: Sequence[int],
    digits: int | None = None,
) -> list[str]:
    """Return the scores of some rows as text, with a mark if they are based on few indicators."""
    scores, marks = assessment.array(code), marks_of(assessment, code)
    shown = digits_of(scores) if digits is None else digits
    return [f"{language.number(scores[row], shown)}{marks[row]}" for row in rows]


def marks_of(assessment: "Assessment", code: str) -> list[str]:
    """Return the mark of each row's score at a node, "" if it is based on enough indicators."""
    certain = np.where(_is_few(assessment, code, certain=True), "?", "")
    marks: list[str] = np.where(_is_few(assessment, code), "*", certain).tolist()
    return marks


def explained(language: Language, figures: Iterable[str]) -> str:
    """Return an explanation of the marks of some figures, or "" if there are none."""
    found = {figure[-1:] for figure in figures}
    told = {mark: text for mark, text in MARKS.items() if mark in found}
    if len(told) == len(MARKS):
        told["?"] = key("The same if doubtful values are counted as missing.")
    return " ".join(f"{mark} {language.say(text)}" for mark, text in told.items())


def few_basis(
    language: Language, assessment: "Assessment", codes: Iterable[str], rows: Sequence[int]
) -> str:
    """Return a sentence with the units whose scores are based on few indicators, or ""."""
    is_few = np.zeros(len(assessment.units), dtype=np.bool_)
    for code in codes:
        is_few |= _is_few(assessment, code)
    chosen = [row for row in rows if is_few[row]]
    if not chosen:
        return ""
    names = names_of(assessment)
    return language.say(
        "Some scores of {units} are based on fewer than half of the indicators.",
        units=listed(language, [names[row] for row in chosen]),
    )


def _is_few(assessment: "Assessment", code: str, *, certain: bool = False) -> Bools:
    """Return which rows have a score at a sub-index from fewer than half of its indicators.

    With ``certain``, values that their indicator declares doubtful do not count.
    """
    scores = assessment.array(code)
    if not isinstance(assessment.index.find(code), Index):
        return np.zeros(len(scores), dtype=np.bool_)
    known = assessment.known_share_array(code)
    share = certain_share_array(assessment, code) if certain else known
    return (share < DOUBTFUL) & ~np.isnan(scores)


def filled(
    language: Language,
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    words: Sequence[int] = (),
) -> Table:
    """Return a table without the columns that are blank in all rows, such as missing names.

    The caption explains the marks of figures that are based on few indicators.
    """
    cells = [tuple(row) for row in rows]
    figures = [cell for row in cells for j, cell in enumerate(row) if j and j not in words]
    caption = f"{caption} {explained(language, figures)}".rstrip()
    kept = [j for j in range(len(head)) if j == 0 or not cells or any(row[j] for row in cells)]
    return Table(
        caption,
        [head[j] for j in kept],
        [[row[j] for j in kept] for row in cells],
        [place for place, j in enumerate(kept) if j in words],
    )


def table_of(
    language: Language,
    frame: object,
    caption: str,
    columns: Mapping[str, tuple[str, int | None]],
    *,
    top: int = 10,
) -> Block:
    """Return a table of the first rows of a frame.

    Parameters
    ----------
    language : Language
    frame : frame
    caption : str
    columns : mapping of str to (str, int or None)
        The heading and the number of decimals of each column to show; None for words. Columns that
        the frame lacks are left out.
    """
    read = frames.read(frame, empty=True)
    shown = {name: how for name, how in columns.items() if name in read.names}
    n = min(top, read.n_rows)
    cells = [
        [
            word(cell) if digits is None else language.number(cell, digits)
            for cell in read.column(name)[:n]
        ]
        for name, (_, digits) in shown.items()
    ]
    words = [j for j, (_, digits) in enumerate(shown.values()) if digits is None]
    if n < read.n_rows:
        caption += " " + language.say("The first {n} of {total}.", n=n, total=read.n_rows)
    head = [heading for heading, _ in shown.values()]
    return filled(language, caption, head, zip(*cells, strict=True), words)


def flag_table(
    language: Language,
    assessment: "Assessment",
    flags: object,
    caption: str,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> Block:
    """Return a table of the first rows of some flags, with the names of nodes.

    Parameters
    ----------
    language : Language
    assessment : Assessment
    flags : frame
    caption : str
    keys : mapping of str to str
        The headings of the columns of the unit and the period, if these are shown.
    """
    read = frames.read(flags, empty=True)
    codes = read.column("code")
    names = ["" if frames.is_missing(code) else assessment.index.find(code).name for code in codes]
    columns = {name: read.column(name) for name in keys} | {
        "code": codes,
        "name": names,
        "flag": [flag_name(language, flag) for flag in read.column("flag")],
        "note": read.column("note"),
    }
    heads = {**keys, "code": language.say("code"), "name": language.say("name"),
             "flag": language.say("flag"), "note": language.say("note")}  # fmt: skip
    shown = {name: (heads[name], None) for name in columns}
    return table_of(language, columns, caption, shown, top=50)


def word(cell: Any) -> str:
    """Return a cell as text, or an en dash if it is missing."""
    return "–" if frames.is_missing(cell) else str(cell)


def flag_name(language: Language, flag: str) -> str:
    """Return the name of a flag of `Assessment.flags` in the language of the report."""
    return language.say(_FLAGS[flag])
