"""Export of an assessment to a workbook with formulas."""

from collections import Counter
from os import PathLike
from typing import Any

from dli.assessment import Assessment
from dli.checks import flag_faults, instance, refuse
from dli.errors import DataError
from dli.exchange.workbook.book import Book
from dli.exchange.workbook.inputs import Inputs
from dli.exchange.workbook.plan import Plan
from dli.exchange.workbook.profile import Profile
from dli.exchange.workbook.ranking import Ranking
from dli.exchange.workbook.scores import Scores
from dli.exchange.workbook.texts import Texts
from dli.files import replacing

__all__ = ["write_workbook"]


def write_workbook(
    assessment: Assessment,
    path: str | PathLike[str],
    *,
    period: object = None,
    values_where_no_formula: bool = False,
) -> None:
    """Write an assessment to a workbook with formulas, so that each cell can be checked.

    Data, weights, directions and goalposts are cells that can be changed. Everything computed from
    them is a formula: normalised values, sub-indices, the index, ranks by the rule of
    `dli.Assessment`, a sorted league table, and the profile of a unit chosen from a list. The
    current values are stored with the formulas, so that viewers that do not calculate show them.

    The following are written as formulas: min-max, goalposts, z-scores, ranks, Borda counts,
    percentile ranks, distances to a target or a reference, fractions of the best, scaled, unscaled
    and reciprocal values; arithmetic, geometric, harmonic and power means, minimum, sum,
    difference, ratio and complement; normalised scores of nodes; all rules for missing values,
    coverage, rounding, bands and denominators. Imputed values and treated outliers are written as
    values with a note.

    Parameters
    ----------
    assessment : Assessment
        The assessment to write.
    path : path
        The file to write, which must end in .xlsx. An existing file is replaced when the new one
        is complete.
    period : object, optional
        The period that is ranked, which is required if there are several. Other periods are
        written only if normalisation uses their values.
    values_where_no_formula : bool
        Whether to write the results of steps that cannot be expressed as formulas as values,
        instead of raising an error. The first sheet lists these steps.

    Raises
    ------
    DataError
        XlsxWriter is not installed, the path has another ending, names of units are the same as
        texts (such as 1 and "1"), or a workbook cannot hold some texts or tables.
    MethodError
        Steps cannot be expressed as formulas; all of them are listed with their nodes. Or
        ``period`` is passed for data without periods, or missing for data with several.
    UnknownCodeError
        The period does not exist.
    FileError
        The file cannot be written; an existing file is unchanged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b", direction=-1)])
    >>> data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5.0, 9.0, 5.0]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "index.xlsx"
    ...     write_workbook(Assessment(index, data), path)
    ...     path.stat().st_size > 10_000
    True
    """
    instance("assessment", assessment, Assessment)
    refuse("write_workbook", flag_faults(values_where_no_formula=values_where_no_formula))
    if not str(path).lower().endswith(".xlsx"):
        msg = f"a workbook must end in .xlsx, got {str(path)!r}"
        raise DataError(msg)
    shown = assessment.rows(period).tolist()
    plan = Plan(assessment=assessment, shown=shown, as_values=values_where_no_formula)
    _refuse_twins(plan)
    _ = plan.lost  # raises an error before anything is written
    content = _written(plan)
    with replacing(path) as file:
        file.write_bytes(content)


def _refuse_twins(plan: Plan) -> None:
    """Raise an error for units that are the same as texts, such as 1 and "1"."""
    counts = Counter(plan.labels[: len(plan.shown)])
    twins = [f"{label!r}: {n} times" for label, n in counts.items() if n > 1]
    if twins:
        msg = "units must have names that differ as texts; rename the following"
        raise DataError(msg, twins)


def _written(plan: Plan) -> bytes:
    """Return the content of the workbook."""
    book = Book()
    inputs, scores, ranking = Inputs(book, plan), Scores(book, plan), Ranking(book, plan)
    texts = Texts(book, plan)
    steps: dict[str, Any] = {
        "League": ranking.league,
        "Profile": Profile(book, plan).write,
        "Framework": inputs.framework,
        "Data": inputs.data,
        "Values": inputs.values if plan.source == "Values" else None,
        "Normalised": scores.normalised,
        "Entering": scores.entering if plan.entering else None,
        "Scores": scores.scores,
        "Ranks": ranking.ranks,
        "Order": ranking.order,
        "Bands": ranking.bands if plan.assessment.index.bands is not None else None,
        "Flags": texts.flags,
        "Methods": texts.methods,
    }
    titles = [title for title, write in steps.items() if write is not None]
    texts.readme(titles)
    for title in titles:
        steps[title]()
    texts.names()
    return book.content()
