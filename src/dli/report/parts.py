"""Parts that reports share: pictures, tables, figures, and reasons where something is missing."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from io import BytesIO
from platform import python_version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dli import frames
from dli.arrays import Bools
from dli.assessment.doubtful import certain_share_array
from dli.assessment.tables import DOUBTFUL
from dli.errors import DLIError, DLIWarning, MethodError
from dli.framework import Index
from dli.report.document import Block, Paragraph, Picture, Section, Statement, Table

if TYPE_CHECKING:
    from dli.assessment import Assessment
    from dli.sensitivity import Uncertainty

__all__ = [
    "LEVELS",
    "MARKS",
    "NO_RANKS",
    "UNITS",
    "depth_of",
    "digits_of",
    "explained",
    "few_basis",
    "fewer",
    "filled",
    "heard",
    "interval",
    "intervals",
    "joined",
    "listed",
    "methods",
    "names_of",
    "number",
    "ordinal",
    "percent",
    "picture",
    "scores_of",
    "simulations",
    "studied",
    "table_of",
    "tried",
    "usual_draws",
    "within",
    "word",
]


# Nobody reads on below; the time that gaps take grows with the square of the levels.
LEVELS = 20
# Nobody reads a table of more units; of more, a report shows the highest and the lowest.
UNITS = 500
# The draws of a study that a report makes itself, and those where they would take minutes.
_DRAWS, _FEWER_DRAWS, _FEWEST_DRAWS, _MANY_UNITS = 2_000, 500, 100, 5_000


# How many names a sentence lists.
_NAMED = 5

# What the marks of scores mean.
MARKS = {
    "*": "Based on fewer than half of the indicators below it.",
    "?": "Based on fewer than half of the indicators below it if doubtful values, which may mean "
    "that there is no value, are taken as missing.",
}
NO_RANKS = "No other unit has a score, so there are no ranks."


def depth_of(index: Index) -> int:
    """Return the number of levels below the index."""
    return max(index.level(node.code) for node in index.walk())


def tried(make: Callable[[], Block | Iterable[Block]], what: str) -> list[Block]:
    """Make blocks, or say in words why there are none: one gap does not break a report."""
    try:
        made = make()
        return list(made) if isinstance(made, Iterable) else [made]
    except DLIError as error:
        return [Paragraph(f"{what} cannot be shown: {error}")]


def heard(make: Callable[[], Any]) -> tuple[Any, bool]:
    """Return what a function returns, and whether it warns of doubtful input, which text tells."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DLIWarning)
        made = make()
    others = [one for one in caught if not issubclass(one.category, DLIWarning)]
    for one in others:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return made, len(others) < len(caught)


def picture(draw: Callable[[], Any], alt: str, caption: str = "") -> Picture:
    """Draw with matplotlib's own settings, not the user's, to the same bytes each time."""
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
    """Write a figure with its letters drawn, or as text where the font lacks some of them."""
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


def number(value: Any, digits: int = 1) -> str:
    """Write a figure; an en dash stands for what is missing."""
    return "–" if value is None or np.isnan(value) else f"{value:,.{digits}f}"


def digits_of(values: Any) -> int:
    """Give how many decimals tell scores apart: one above 20, three below."""
    return 1 if np.nanmax(np.abs(values), initial=0.0, where=~np.isnan(values)) > 20 else 3


def percent(share: float, digits: int = 0) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.{digits}f} %"


def ordinal(rank: float) -> str:
    """Write a rank as 1st, 2nd, 3rd, 4th."""
    n = int(rank)
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def joined(words: Sequence[str]) -> str:
    """Write a list as in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def listed(words: Sequence[str]) -> str:
    """Write a list as in a sentence; of a long one the first five, and how many more there are."""
    more = len(words) - _NAMED
    others = [f"{more} other{'s' * (more > 1)}"] if more > 0 else []
    return joined([*words[:_NAMED], *others])


def names_of(assessment: "Assessment") -> list[str]:
    """Name the unit of each row, by its name as well where the data have one."""
    units = [str(unit) for unit in assessment.units]
    if "name" not in assessment.observations.context:
        return units
    return [
        unit if name is None or str(name) == unit else f"{name} ({unit})"
        for unit, name in zip(units, assessment.context("name"), strict=True)
    ]


def scores_of(
    assessment: "Assessment", code: str, rows: Sequence[int], digits: int | None = None
) -> list[str]:
    """Write the scores of some rows, with a mark where they are based on few indicators."""
    scores, is_few = assessment.array(code), _is_few(assessment, code)
    marks = np.where(is_few, "*", np.where(_is_few(assessment, code, certain=True), "?", ""))
    shown = digits_of(scores) if digits is None else digits
    return [f"{number(scores[row], shown)}{marks[row]}" for row in rows]


def explained(figures: Iterable[str]) -> str:
    """Explain the marks of some figures, or return ""."""
    found = {figure[-1:] for figure in figures}
    return " ".join(f"{mark} {what}" for mark, what in MARKS.items() if mark in found)


def few_basis(assessment: "Assessment", codes: Iterable[str], rows: Sequence[int]) -> str:
    """Name the units of which a score is based on few indicators, in a sentence; or return ""."""
    is_few = np.zeros(len(assessment.units), dtype=np.bool_)
    for code in codes:
        is_few |= _is_few(assessment, code)
    chosen = [row for row in rows if is_few[row]]
    if not chosen:
        return ""
    names = names_of(assessment)
    whose = listed([names[row] for row in chosen])
    return f"Scores of {whose} are based in part on fewer than half of the indicators."


def _is_few(assessment: "Assessment", code: str, *, certain: bool = False) -> Bools:
    """Return which rows have a score at a sub-index from less than half of its indicators.

    With ``certain``, values that their indicator declares doubtful do not count.
    """
    scores = assessment.array(code)
    if not isinstance(assessment.index.find(code), Index):
        return np.zeros(len(scores), dtype=np.bool_)
    known = assessment.known_share_array(code)
    share = certain_share_array(assessment, code) if certain else known
    return (share < DOUBTFUL) & ~np.isnan(scores)


def filled(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], words: Sequence[int] = ()
) -> Table:
    """Build a table without the columns that are blank in all rows, such as names not given.

    The caption explains the marks of figures that are based on few indicators.
    """
    cells = [tuple(row) for row in rows]
    figures = [cell for row in cells for j, cell in enumerate(row) if j and j not in words]
    caption = f"{caption} {explained(figures)}".rstrip()
    kept = [j for j in range(len(head)) if j == 0 or not cells or any(row[j] for row in cells)]
    return Table(
        caption,
        [head[j] for j in kept],
        [[row[j] for j in kept] for row in cells],
        [place for place, j in enumerate(kept) if j in words],
    )


def table_of(
    frame: object, caption: str, columns: Mapping[str, tuple[str, int | None]], *, top: int = 10
) -> Block:
    """Show the first rows of a frame.

    Parameters
    ----------
    frame : frame
    caption : str
    columns : mapping of str to (str, int or None)
        Of columns that are to be shown, if they are there: the heading, and the number of
        decimals; None for words.
    """
    read = frames.read(frame, empty=True)
    shown = {name: how for name, how in columns.items() if name in read.names}
    n = min(top, read.n_rows)
    cells = [
        [word(cell) if digits is None else number(cell, digits) for cell in read.column(name)[:n]]
        for name, (_, digits) in shown.items()
    ]
    words = [j for j, (_, digits) in enumerate(shown.values()) if digits is None]
    more = f" The first {n} of {read.n_rows}." if n < read.n_rows else ""
    head = [heading for heading, _ in shown.values()]
    return filled(caption + more, head, zip(*cells, strict=True), words)


def word(cell: Any) -> str:
    """Write a cell of words; an en dash stands for what is missing."""
    return "–" if frames.is_missing(cell) else str(cell)


def intervals(study: "Uncertainty") -> list[str]:
    """Write the ranks between which 90 % of the simulations lie, for each row."""
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return [interval(a, b) for a, b in pairs]


def interval(low: float, high: float) -> str:
    """Write the ranks from one to another; an en dash stands for what is missing."""
    return "–" if np.isnan(low) else f"{low:,.0f} to {high:,.0f}"


def within(between: str) -> str:
    """Write in a sentence where a rank is that lies in an interval, as of `interval`."""
    low, _, high = between.partition(" to ")
    return f"is {low} in at least 90 %" if low == high else f"lies between {low} and {high} in 90 %"


def usual_draws(assessment: "Assessment") -> int:
    """Return how many draws a report makes of an assessment."""
    n_units = max(map(len, assessment.rows_by_period.values()))
    if n_units <= _MANY_UNITS:
        return _DRAWS
    return max(_FEWEST_DRAWS, min(_FEWER_DRAWS, 16_000_000 // n_units))


def studied(
    assessment: "Assessment", study: "Uncertainty | None", *, alone: bool = False
) -> tuple["Uncertainty | None", list[Block]]:
    """Return a study, by default one of the weights, or the reason why there is none.

    Parameters
    ----------
    assessment : Assessment
    study : Uncertainty, optional
    alone : bool
        Whether there is only one unit with a score, and so no rank to study.

    Raises
    ------
    MethodError
        A study of other units, or of a sub-index.
    """
    from dli.sensitivity import WeightNoise, uncertainty

    _check_study(assessment, study)
    if alone:
        return None, [Paragraph(NO_RANKS)]
    if study is not None:
        return study, []
    try:
        n_samples = usual_draws(assessment)
        return uncertainty(assessment, [WeightNoise(0.25)], n_samples=n_samples, rng=0), []
    except DLIError as error:
        return None, [Paragraph(f"How firm ranks are cannot be shown: {error}")]


def fewer(assessment: "Assessment", study: "Uncertainty | None") -> list[Block]:
    """Say where a report of very many units uses fewer draws than are usual, or were made."""
    n_draws = usual_draws(assessment)
    if study is not None:
        text = f"The rank intervals are those of the first {n_draws:,} simulations."
        return [Paragraph(text)] if study.n_samples > n_draws else []
    text = (
        f"The report makes {n_draws:,} simulations instead of the usual {_DRAWS:,}, since there "
        f"are more than {_MANY_UNITS:,} units. To use more, pass a study (study=...)."
    )
    return [Paragraph(text)] if n_draws < _DRAWS else []


def simulations(study: "Uncertainty") -> str:
    """Say in how many simulations what varies, as in a sentence."""
    from dli.sensitivity import WeightNoise

    inputs = study.design.inputs
    (first, *more) = inputs
    if isinstance(first, WeightNoise) and isinstance(first.relative, float) and not more:
        what = f"each weight is up to {percent(first.relative)} higher or lower"
    else:
        what = f"{joined([type(one).__name__ for one in inputs])} vary"
    return f"{study.n_samples:,} simulations in which {what}"


def _check_study(assessment: "Assessment", study: "Uncertainty | None") -> None:
    """Refuse a study that is not of these units at the index.

    Raises
    ------
    MethodError
        A study of other units, or of a sub-index.
    """
    if study is None:
        return
    if not study.assessment.has_rows_of(assessment):
        msg = "study must be of the same units, in the same order"
        raise MethodError(msg)
    if study.design.node.code != assessment.index.code:
        msg = (
            f"study must be of the index, {assessment.index.code!r}, "
            f"got one of {study.design.node.code!r}"
        )
        raise MethodError(msg)


def methods(assessment: "Assessment", study: "Uncertainty | None") -> list[Section]:
    """Say what was done, and what is needed to do it again."""
    versions = (
        f"digital-leadership-index {version('digital-leadership-index')}, NumPy {np.__version__} "
        f"and Python {python_version()}"
    )
    sameness = (
        "The same data, index and method give the same scores; Assessment.save keeps all three."
    )
    lines = [f"Computed with {versions}. {sameness}"]
    if study is not None:
        inputs = ", ".join(repr(one) for one in study.design.inputs)
        lines.append(
            f"The ranks were studied with {study.n_samples:,} draws of {inputs}, with the seed "
            f"{study.seed}: the same seed gives the same draws."
        )
    return [
        Section("Methods", [Statement(assessment.methodology())]),
        Section("To repeat this", [Paragraph(line) for line in lines]),
    ]
