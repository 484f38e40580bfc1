"""Export of an assessment as COINr's two tables, iData and iMeta."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np

from dli import frames
from dli.assessment import Assessment
from dli.errors import DataError, DLIWarning, FileError
from dli.exchange.coinr import NAME, TIME, UNIT
from dli.files import replacing
from dli.framework import Index, Indicator
from dli.framework.tables import NA
from dli.weighting import Declared

__all__ = ["write_coinr"]

# R does not change such names, and COINr requires codes of this form.
_R_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]*", re.ASCII)
# Texts that R reads as numbers.
_R_NUMBER = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*", re.ASCII)


def write_coinr(assessment: Assessment, folder: str | PathLike[str]) -> list[Path]:
    r"""Write the index and the data of an assessment as COINr's iMeta and iData.

    The two files are CSV in UTF-8. Numbers have every digit, and missing values are ``NA``. To read
    the files in R:

    ```r
    iData <- read.csv("iData.csv"); iMeta <- read.csv("iMeta.csv")
    coin <- new_coin(iData, iMeta)  # for a panel with split_to = "all"
    ```

    Parameters
    ----------
    assessment : Assessment
        The assessment whose index and raw data are written. The column of an indicator is named by
        its code, whatever its ``column`` was, and a constant is written as a column of equal
        values. Context columns that indicators name as denominators become denominators, columns of
        text become groups, and ``name`` becomes ``uName``.
    folder : path
        The folder for the files, which is created if it does not exist. Existing files are replaced
        when both new ones are complete.

    Returns
    -------
    list of Path
        The paths of ``iData.csv`` and ``iMeta.csv``.

    Raises
    ------
    DataError
        Codes or columns have a name with another meaning in COINr's tables (``uCode``, ``uName``,
        ``Time``), columns have the code of a node, units would not read back unchanged, or periods
        are not numbers. All of them are listed.
    FileError
        A file cannot be written.

    Warns
    -----
    DLIWarning
        COINr's tables cannot express something, such as goalposts; COINr does not accept something,
        such as codes with spaces; or R reads something as missing, such as a unit called ``NA``.
        The files are written nevertheless, and `read_coinr` can read them.

    See Also
    --------
    read_coinr

    Notes
    -----
    The method is not written: in COINr, normalisation and aggregation are arguments of functions.
    The ``iName`` of a node without a name is its code, since COINr requires names of all nodes if
    any node has one. ``Target`` is left out if no indicator has a target.

    Examples
    --------
    >>> import tempfile
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b", direction=-1)])
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1.5, 2], "b": [3, 0.1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_coinr(assessment, folder)
    ...     print([file.name for file in files], files[0].read_text(encoding="utf-8"), sep="\n")
    ['iData.csv', 'iMeta.csv']
    uCode,a,b
    X,1.5,3.0
    Y,2.0,0.1
    <BLANKLINE>
    """
    untyped: object = assessment
    if not isinstance(untyped, Assessment):
        msg = f"assessment must be an Assessment, got {assessment!r}"
        raise DataError(msg)
    data, kinds = _data(assessment)
    meta = _metadata(assessment.index, kinds)
    doubts = [*_not_expressed(assessment), *_not_accepted(assessment.index, data, kinds)]
    if doubts:
        what = "COINr's tables cannot express all of the assessment, or COINr may reject it"
        warn("\n  - ".join([f"{what}:", *doubts]), DLIWarning, stacklevel=2)
    try:
        place = Path(fsdecode(folder))
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as error:
        raise FileError(folder, error) from error
    files = [place / "iData.csv", place / "iMeta.csv"]
    with replacing(files[0]) as data_file, replacing(files[1]) as meta_file:
        for file, columns in ((data_file, data), (meta_file, meta)):
            with file.open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows(map(_texts, zip(*columns.values(), strict=True)))
    return files


def _texts(row: Sequence[Any]) -> list[str]:
    """Return the cells of a row as texts, with NA for missing values."""
    return [
        NA
        if frames.is_missing(cell)
        else repr(float(cell))
        if isinstance(cell, float)
        else str(cell)
        for cell in row
    ]


def _data(assessment: Assessment) -> tuple[dict[str, Sequence[Any]], dict[str, str]]:
    """Return the columns of iData, and the type of each column that is not an indicator."""
    observations, index = assessment.observations, assessment.index
    table = observations.table
    context = {name: table.variable(name) for name in observations.context}
    columns: dict[str, Sequence[Any]] = {UNIT: observations.units}
    names = context.pop(NAME, None) or context.pop("name", None)
    if names is not None:
        columns[NAME] = [None if name is None else str(name) for name in names]
    times: Sequence[Any] | None = observations.periods
    if times is None:
        times = context.pop(TIME, None)
    if times is not None:
        columns[TIME] = times
    denominators = {i.denominator for i in index.indicators}
    kinds: dict[str, str] = {}
    for name, cells in context.items():
        if name in denominators:
            kinds[name] = "Denominator"
            # The assessment has already refused denominators that are not numbers.
            context[name] = table.numbers([name])[0][:, 0].tolist()
        elif all(cell is None or _is_plain_number(cell) for cell in cells):
            kinds[name] = "Other"
        else:
            kinds[name] = "Group"
            context[name] = [None if cell is None else str(cell) for cell in cells]
    _refuse_clashes(index, list(context), observations.units, [] if times is None else times)
    values = assessment.stage_array("raw").T
    indicators = zip(index.indicators, values.tolist(), strict=True)
    return columns | context | {i.code: column for i, column in indicators}, kinds


def _is_plain_number(cell: object) -> bool:
    return isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool)


def _refuse_clashes(
    index: Index, context: Sequence[str], units: Sequence[Any], times: Sequence[Any]
) -> None:
    """Raise an error for names with two meanings, unreadable units, and periods without numbers."""
    nodes = [node.code for node in index.walk()]
    faults = [
        f"{what} {name!r} has a name that COINr reserves for a column"
        for what, names in (("node", nodes), ("column", context))
        for name in names
        if name in (UNIT, NAME, TIME)
    ]
    faults += [f"column {name!r} has the code of a node" for name in context if name in nodes]
    faults += [
        f"unit {unit!r} would not read back unchanged"
        for unit in dict.fromkeys(units)
        if not str(unit).strip() or str(unit) != str(unit).strip() or not str(unit).isprintable()
    ]
    texts = Counter(map(str, dict.fromkeys(units)))
    faults += [f"{n} units have the same text {unit!r}" for unit, n in texts.items() if n > 1]
    faults += [
        f"period {time!r} is not a number"
        for time in dict.fromkeys(times)
        if time is not None and _R_NUMBER.fullmatch(str(time)) is None
    ]
    if faults:
        msg = "cannot write the assessment as COINr's tables; rename the following"
        raise DataError(msg, faults)


def _metadata(index: Index, kinds: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the columns of iMeta, in the order of COINr's own example."""
    nodes = list(index.walk())
    levels = _levels(index)
    others: list[None] = [None] * len(kinds)

    def field(name: str) -> list[Any]:
        return [getattr(node, name, None) for node in nodes] + others

    # A denominator that is the column of an indicator is named by the code of that indicator.
    measured = [i for i in index.indicators if i.data_column is not None]
    codes = {i.data_column: i.code for i in reversed(measured)}
    codes |= {i.code: i.code for i in measured if i.data_column == i.code}
    parents = [index.parent(node.code) for node in nodes]
    types = ["Indicator" if isinstance(node, Indicator) else "Aggregate" for node in nodes]
    columns: dict[str, list[Any]] = {
        "Level": [levels[node.code] for node in nodes] + others,
        "iCode": [node.code for node in nodes] + list(kinds),
        "iName": [node.name or node.code for node in nodes] + list(kinds),
        "Direction": [int(getattr(node, "direction", 1)) for node in nodes] + others,
        "Weight": [float(node.weight) for node in nodes] + others,
        "Unit": [
            (unit or "").removesuffix(f" per {codes.get(by, by)}") or None
            for unit, by in zip(field("unit_of_measure"), field("denominator"), strict=True)
        ],
        "Target": [None if t is None else float(t) for t in field("target")],
        "Denominator": [codes.get(name, name) for name in field("denominator")],
        "Parent": [None if parent is None else parent.code for parent in parents] + others,
        "Type": types + list(kinds.values()),
    }
    optional = {
        "iName": any(node.name for node in nodes),
        **{n: any(c is not None for c in columns[n]) for n in ("Unit", "Target", "Denominator")},
    }
    return {name: cells for name, cells in columns.items() if optional.get(name, True)}


def _levels(index: Index) -> dict[str, int]:
    """Return COINr's level of each node: 1 for indicators, else one above the highest child."""
    levels: dict[str, int] = {}
    for node in reversed(list(index.walk())):
        below = () if isinstance(node, Indicator) else node.children
        levels[node.code] = 1 + max((levels[child.code] for child in below), default=0)
    return levels


def _not_expressed(assessment: Assessment) -> Iterator[str]:
    """Yield what COINr's tables cannot express."""
    index = assessment.index
    for node in index.walk():
        lost = [
            name.replace("_", " ")
            for name, blank in (
                ("goalposts", None), ("scale", None), ("denominator_factor", 1.0),
                ("weighting", None), ("aggregation", None), ("normalisation", None),
                ("bands", None), ("doubtful", ()),
                ("description", ""), ("source", ""),
            )
            if getattr(node, name, blank) != blank
        ]  # fmt: skip
        if lost:
            yield f"{node.code!r}: its {', '.join(lost)} cannot be written"
    weighting = assessment.method.weighting
    if not isinstance(weighting, Declared):
        yield (
            "the weights in iMeta are those that the index declares, not those of the method "
            f"({weighting!r})"
        )


def _not_accepted(
    index: Index, data: Mapping[str, Sequence[Any]], kinds: Mapping[str, str]
) -> Iterator[str]:
    """Yield what COINr does not accept, or R reads as something else."""
    units = dict.fromkeys(map(str, data[UNIT]))
    if NA in units:
        yield f"unit {NA!r}: R reads it as missing"
    if all(map(_R_NUMBER.fullmatch, units)):
        some = ", ".join(list(units)[:3]) + (" ..." if len(units) > 3 else "")
        yield f"units {some}: R reads them as numbers, and COINr requires text"
    yield from (f"unit {unit!r} is also the name of a column" for unit in units if unit in data)
    names = [*(node.code for node in index.walk()), *kinds]
    for name in names:
        if name == NA or _R_NAME.fullmatch(name) is None:
            yield f"code {name!r}: COINr requires a letter followed by letters, digits, '.' or '_'"
    for name, cells in data.items():
        if (name == NAME or kinds.get(name) == "Group") and NA in cells:
            yield f"column {name!r}: R reads {NA!r} as missing"
    levels = _levels(index)
    for node in index.walk():
        parent = index.parent(node.code)
        if parent is not None and levels[parent.code] != levels[node.code] + 1:
            yield f"{node.code!r} is not on the level directly below its parent {parent.code!r}"
    targets = [indicator.code for indicator in index.indicators if indicator.target is None]
    if len(targets) < len(index.indicators):
        yield from (
            f"indicator {code!r} has no target: COINr requires targets for all or none"
            for code in targets
        )
