"""Reading questionnaires that were filled in."""

import re
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any
from warnings import warn

import numpy as np
from attrs import define, field, frozen

from dli import frames
from dli.elicitation.filled import Filled, filled_forms, refuse_faults, same_text
from dli.elicitation.questionnaire import HEADS, LABELS
from dli.elicitation.survey import check_rateable, level_fault, scale_text, version_of
from dli.errors import DLIWarning, did_you_mean
from dli.exchange.sheet import reference, shown
from dli.frames import Frame
from dli.framework import Index, Indicator
from dli.printing import Printed, Sheet, counted

__all__ = ["Answers", "read_questionnaires"]

# What says that a statement cannot be rated.
_MISSING = ("n/a", "na", "-", "--", "")
# Spreadsheets of several languages write 4 as 4.0 or 4,0 where a cell holds text.
_WHOLE = re.compile(r"([+-]?[0-9]{1,6})(?:[.,]0*)?", re.ASCII)
_SHOWN = 5


@frozen(kw_only=True, eq=False, repr=False)
class Answers(Printed):
    """What people wrote into questionnaires.

    Attributes
    ----------
    data : frame
        ``unit, assessor`` and a column for each indicator; a row for each form. `gather` takes it.
    evidence : frame
        ``unit, assessor, code, rating`` and ``evidence``; a row for each text.
    missing : frame
        ``unit, assessor, code, file, sheet`` and ``cell``; a row for each statement not rated.
    forms : frame
        ``file, sheet, unit, assessor, date, rated, missing`` and ``version``, which is "same",
        "other texts" or "unknown"; a row for each form.
    """

    data: Frame
    evidence: Frame
    missing: Frame
    forms: Frame

    def _sheet(self) -> Sheet:
        table = frames.read(self.forms)
        names = ("file", "unit", "assessor", "date", "rated", "missing", "version")
        columns = [[_shown(cell) for cell in table.column(name)] for name in names]
        title = f"{counted(table.n_rows, 'questionnaire')}"
        rows = list(zip(*columns, strict=True))
        return Sheet(title, names, rows, words=(0, 1, 2, 3, 6))


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell)


@define(eq=False)
class _Form:
    """What one form says.

    Attributes
    ----------
    found : Filled
    ratings : dict of str to float
        NaN for a statement that was not rated.
    evidence : dict of str to str
    cells : dict of str to str
        The cell of each rating.
    changed : list of str
        Indicators of which the statement is not that of the index.
    """

    found: Filled
    unit: str
    assessor: str
    date: str
    version: str
    ratings: dict[str, float] = field(factory=dict)
    evidence: dict[str, str] = field(factory=dict)
    cells: dict[str, str] = field(factory=dict)
    changed: list[str] = field(factory=list)

    def standing(self, index: Index) -> str:
        """Return how the version of the form compares with that of an index."""
        if self.version == version_of(index) and not self.changed:
            return "same"
        return "other texts" if self.version else "unknown"


def read_questionnaires(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]], index: Index
) -> Answers:
    """Return the answers of questionnaires that `write_questionnaire` wrote and people filled in.

    Forms are found by their contents: sheets may be renamed, rows sorted, and columns moved, and a
    workbook may have several forms. A rating may be a number or a text such as "4", "4.0" or "4,0".
    A blank cell, ``n/a``, ``NA`` and dashes are missing values.

    Parameters
    ----------
    paths : path, or sequence of paths
        Workbooks, one or more forms in each.
    index : Index
        The index that was asked about.

    Returns
    -------
    Answers
        Continue with ``gather(index, answers.data)``.

    Raises
    ------
    DataError
        Files that cannot be read or have no form; forms without a unit or assessor, without any
        rating, or for another version of the index, with other codes or scales; ratings that are
        not whole numbers on the scale; merged cells; and two forms of the same assessor for the
        same unit. All of them are listed, each with file, sheet and cell.
    ModelError, MethodError
        As for `write_questionnaire`.

    Warns
    -----
    DLIWarning
        Forms with other texts than the index, but the same codes and scales.

    Examples
    --------
    >>> index = Index("T", [Indicator("a", scale=(0, 5))])
    >>> read_questionnaires("ann.xlsx", index)
    Traceback (most recent call last):
    dli.errors.DataError: cannot read the questionnaires:
      - file 'ann.xlsx': cannot read 'ann.xlsx': no such file
    """
    check_rateable(index)
    found, faults = filled_forms(paths, HEADS)
    forms = [_read(own, index) for own in found]
    faults += [fault for own in found for fault in own.faults]
    first: dict[tuple[str, str], Filled] = {}
    for form in forms:
        key = (form.unit, form.assessor)
        before = first.setdefault(key, form.found)
        if before is not form.found and all(key):
            faults.append(
                f"{form.found.where}: {form.assessor!r} rates {form.unit!r} here and in "
                f"{before.where}; keep one of the two"
            )
    refuse_faults("questionnaires", faults)
    _warn_of_versions(forms, index)
    return _answers(forms, index)


def _read(found: Filled, index: Index) -> _Form:
    unit = found.required(LABELS["unit"], "the unit that is assessed")
    assessor = found.required(LABELS["assessor"], "the name of the assessor")
    date, version = found.beside(LABELS["date"]), found.beside(LABELS["version"])
    form = _Form(found, unit, assessor, date, version)
    rows = _rows(form, index)
    found.sheet.refuse_merged(rows, sorted(found.columns.values()))
    absent = [repr(own.code) for own in index.indicators if own.code not in form.ratings]
    if absent:
        found.fault(f"no row for {_few(absent)}; {_other_version(form, index)}")
    elif not found.faults and all(map(np.isnan, form.ratings.values())):
        found.fault("no rating; leave the file out if it was not filled in")
    return form


def _rows(form: _Form, index: Index) -> list[int]:
    """Read all rows of a form, and return which they are."""
    found, by_code = form.found, {own.code: own for own in index.indicators}
    rows: dict[str, int] = {}
    unknown = []
    for row in found.sheet.rows(found.head + 1):
        code = found.text(row, found.columns["code"])
        if code in rows:
            found.cell_fault(row, "code", f"{shown(code)} already appears in row {rows[code]}")
        elif code in by_code:
            rows[code] = row
            _read_row(form, row, by_code[code])
        elif code:
            unknown.append(f"{shown(code)}{did_you_mean(code, by_code)}")
        elif not found.sheet.is_blank(row, found.columns["rating"], _MISSING):
            found.cell_fault(row, "rating", "a rating in a row without a code")
    if unknown:
        found.fault(f"the index has no indicator {_few(unknown)}; {_other_version(form, index)}")
    return sorted(rows.values())


def _read_row(form: _Form, row: int, indicator: Indicator) -> None:
    found, code = form.found, indicator.code
    columns = found.columns
    scale = found.text(row, columns["scale"])
    if not same_text(scale, scale_text(indicator)):
        what = f"{shown(scale)}, but the scale of {code!r} in the index is {scale_text(indicator)}"
        found.cell_fault(row, "scale", what)
    if not (
        same_text(found.text(row, columns["name"]), indicator.name or code)
        and same_text(found.text(row, columns["description"]), indicator.description)
    ):
        form.changed.append(code)
    form.cells[code] = reference(row, columns["rating"])
    form.ratings[code] = _rating(found, row, indicator)
    evidence = found.text(row, columns["evidence"])
    if evidence:
        form.evidence[code] = evidence


def _rating(found: Filled, row: int, indicator: Indicator) -> float:
    value = found.sheet.cell(row, found.columns["rating"])
    if value is None or (isinstance(value, str) and value.lower() in _MISSING):
        return np.nan
    if isinstance(value, str) and (match := _WHOLE.fullmatch(value)):
        value = int(match[1])
    if isinstance(value, (bool, str)):
        what = f"{shown(value)} is not a whole number from {scale_text(indicator)}"
    else:
        what = level_fault(indicator, value)
    if what:
        found.cell_fault(row, "rating", f"{what}, which is the scale of {indicator.code!r}")
        return np.nan
    return float(value)


def _other_version(form: _Form, index: Index) -> str:
    expected = version_of(index)
    if form.version == expected:
        return "rows of the form were deleted or changed"
    said = f"is {shown(form.version)}" if form.version else "is not in it"
    return f"the form is for another version of the index: it {said}, expected {expected!r}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _warn_of_versions(forms: list[_Form], index: Index) -> None:
    """Warn of forms with other texts than the index."""
    told = []
    for form in forms:
        if form.changed:
            codes = _few([*map(repr, form.changed)])
            told.append(f"{form.found.where}: other statements of {codes}")
        elif form.standing(index) != "same":
            told.append(f"{form.found.where}: another version")
    if told:
        msg = "questionnaires with the codes and scales of the index, but other texts: "
        warn(msg + "; ".join(told), DLIWarning, stacklevel=3)


def _answers(forms: list[_Form], index: Index) -> Answers:
    def columns(rows: list[tuple[Any, ...]], *names: str) -> Frame:
        cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return frames.build({name: list(own) for name, own in zip(names, cells, strict=True)})

    data: dict[str, Any] = {
        "unit": [form.unit for form in forms],
        "assessor": [form.assessor for form in forms],
    }
    for own in index.indicators:
        data[own.data_column or own.code] = np.array([form.ratings[own.code] for form in forms])
    evidence = [
        (form.unit, form.assessor, code, form.ratings[code], text)
        for form in forms
        for code, text in form.evidence.items()
    ]
    missing = [
        (form.unit, form.assessor, code, form.found.file, form.found.sheet.name, form.cells[code])
        for form in forms
        for code, rating in form.ratings.items()
        if np.isnan(rating)
    ]
    listed = []
    for form in forms:
        left = sum(map(np.isnan, form.ratings.values()))
        place = (form.found.file, form.found.sheet.name, form.unit, form.assessor, form.date)
        listed.append((*place, len(form.ratings) - int(left), int(left), form.standing(index)))
    return Answers(
        data=frames.build(data),
        evidence=columns(evidence, "unit", "assessor", "code", "rating", "evidence"),
        missing=columns(missing, "unit", "assessor", "code", "file", "sheet", "cell"),
        forms=columns(
            listed, "file", "sheet", "unit", "assessor", "date", "rated", "missing", "version"
        ),
    )
