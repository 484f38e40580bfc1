"""Reading filled-in questionnaires."""

import re
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any
from warnings import warn

import numpy as np
from attrs import define, field, frozen

from dli import frames
from dli.elicitation.filled import MISSING, Filled, filled_forms, refuse_faults, same_text
from dli.elicitation.questionnaire import HEADS, LABELS
from dli.elicitation.survey import check_rateable, level_fault, scale_text, version_of
from dli.errors import DLIWarning, did_you_mean
from dli.exchange.sheet import reference, shown
from dli.frames import Frame
from dli.framework import Index, Indicator
from dli.printing import Printed, Sheet, counted

__all__ = ["Answers", "read_questionnaires"]

# In cells with text, spreadsheets write 4 as 4.0 or 4,0, depending on the language.
_WHOLE = re.compile(r"([+-]?[0-9]{1,6})(?:[.,]0*)?", re.ASCII)
_SHOWN = 5


@frozen(kw_only=True, eq=False, repr=False)
class Answers(Printed):
    """The answers in questionnaires.

    Attributes
    ----------
    data : frame
        One row for each form: ``unit, assessor`` and a column of ratings for each indicator. This
        is the input of `gather`.
    evidence : frame
        One row for each text: ``unit, assessor, code, rating`` and ``evidence``.
    missing : frame
        One row for each statement that was not rated: ``unit, assessor, code, file, sheet`` and
        ``cell``.
    forms : frame
        One row for each form: ``file, sheet, unit, assessor, date``, the numbers of statements
        ``rated`` and ``missing``, and ``version``, which is "same", "other texts" or "unknown".
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
    """The contents of one form.

    Attributes
    ----------
    filled : Filled
        The sheet of the form.
    unit, assessor, date, version : str
        The texts above the table.
    ratings : dict of str to float
        The rating of each indicator, NaN if it was not rated.
    evidence : dict of str to str
        The evidence for each indicator that has some.
    cells : dict of str to str
        The reference of the cell of each rating.
    changed : list of str
        The indicators whose statements differ from those of the index.
    """

    filled: Filled
    unit: str
    assessor: str
    date: str
    version: str
    ratings: dict[str, float] = field(factory=dict)
    evidence: dict[str, str] = field(factory=dict)
    cells: dict[str, str] = field(factory=dict)
    changed: list[str] = field(factory=list)

    def standing(self, index: Index) -> str:
        """Return the version of the form relative to an index: same, other texts or unknown."""
        if self.version == version_of(index) and not self.changed:
            return "same"
        return "other texts" if self.version else "unknown"


def read_questionnaires(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]], index: Index
) -> Answers:
    """Return the answers in filled-in questionnaires that were written by `write_questionnaire`.

    Forms are found by their contents: sheets may be renamed, rows sorted and columns moved, and a
    workbook may contain several forms. A rating may be a number or a text such as "4", "4.0" or
    "4,0". Blank cells, ``n/a``, ``NA`` and dashes are missing values.

    Parameters
    ----------
    paths : path, or sequence of paths
        Workbooks with one or more forms each.
    index : Index
        The index for which the questionnaires were written.

    Returns
    -------
    Answers
        The answers of all forms. Continue with ``gather(index, answers.data)``.

    Raises
    ------
    DataError
        Files cannot be read or do not contain a form; forms have no unit, assessor or rating, or
        have other codes or scales than the index; ratings are not whole numbers on the scale; cells
        are merged; or an assessor has two forms for the same unit. All faults are listed with file,
        sheet and cell.
    ModelError, MethodError
        As for `write_questionnaire`.

    Warns
    -----
    DLIWarning
        Forms have the codes and scales of the index, but other texts.

    Examples
    --------
    >>> index = Index("T", [Indicator("a", scale=(0, 5))])
    >>> read_questionnaires("ann.xlsx", index)
    Traceback (most recent call last):
    dli.errors.DataError: cannot read the questionnaires:
      - file 'ann.xlsx': cannot read 'ann.xlsx': no such file
    """
    check_rateable(index)
    sheets, faults = filled_forms(paths, HEADS)
    forms = [_read(filled, index) for filled in sheets]
    faults += [fault for filled in sheets for fault in filled.faults]
    first: dict[tuple[str, str], Filled] = {}
    for form in forms:
        key = (form.unit, form.assessor)
        before = first.setdefault(key, form.filled)
        if before is not form.filled and all(key):
            faults.append(
                f"{form.filled.where}: {form.assessor!r} rates {form.unit!r} here and in "
                f"{before.where}; keep only one of the two"
            )
    refuse_faults("questionnaires", faults)
    _warn_of_versions(forms, index)
    return _answers(forms, index)


def _read(filled: Filled, index: Index) -> _Form:
    """Return the contents of a form, and record its faults."""
    unit = filled.required(LABELS["unit"], "the unit that is assessed")
    assessor = filled.required(LABELS["assessor"], "the name of the assessor")
    date, version = filled.beside(LABELS["date"]), filled.beside(LABELS["version"])
    form = _Form(filled, unit, assessor, date, version)
    rows = _rows(form, index)
    filled.sheet.refuse_merged(rows, sorted(filled.columns.values()))
    codes = [indicator.code for indicator in index.indicators]
    absent = [repr(code) for code in codes if code not in form.ratings]
    if absent:
        filled.fault(f"no row for {_few(absent)}; {_other_version(form, index)}")
    elif not filled.faults and all(map(np.isnan, form.ratings.values())):
        filled.fault("no rating; leave the file out if it was not filled in")
    return form


def _rows(form: _Form, index: Index) -> list[int]:
    """Read the rows of all indicators in a form, and return their numbers."""
    filled, by_code = form.filled, {indicator.code: indicator for indicator in index.indicators}
    rows: dict[str, int] = {}
    unknown = []
    for row in filled.sheet.rows(filled.head + 1):
        code = filled.text(row, filled.columns["code"])
        if code in rows:
            filled.cell_fault(row, "code", f"{shown(code)} already appears in row {rows[code]}")
        elif code in by_code:
            rows[code] = row
            _read_row(form, row, by_code[code])
        elif code:
            unknown.append(f"{shown(code)}{did_you_mean(code, by_code)}")
        elif not filled.sheet.is_blank(row, filled.columns["rating"], MISSING):
            filled.cell_fault(row, "rating", "a rating in a row without a code")
    if unknown:
        filled.fault(f"the index has no indicator {_few(unknown)}; {_other_version(form, index)}")
    return sorted(rows.values())


def _read_row(form: _Form, row: int, indicator: Indicator) -> None:
    """Read the rating and evidence of an indicator, and compare its statement with the index."""
    filled, code = form.filled, indicator.code
    columns = filled.columns
    scale = filled.text(row, columns["scale"])
    if not same_text(scale, scale_text(indicator)):
        what = f"{shown(scale)}, but the scale of {code!r} in the index is {scale_text(indicator)}"
        filled.cell_fault(row, "scale", what)
    if not (
        same_text(filled.text(row, columns["name"]), indicator.name or code)
        and same_text(filled.text(row, columns["description"]), indicator.description)
    ):
        form.changed.append(code)
    form.cells[code] = reference(row, columns["rating"])
    form.ratings[code] = _rating(filled, row, indicator)
    evidence = filled.text(row, columns["evidence"])
    if evidence:
        form.evidence[code] = evidence


def _rating(filled: Filled, row: int, indicator: Indicator) -> float:
    """Return the rating in a row, or NaN if it is missing or at fault."""
    value = filled.sheet.cell(row, filled.columns["rating"])
    if value is None or (isinstance(value, str) and value.lower() in MISSING):
        return np.nan
    if isinstance(value, str) and (match := _WHOLE.fullmatch(value)):
        value = int(match[1])
    if isinstance(value, (bool, str)):
        what = f"{shown(value)} is not a whole number from {scale_text(indicator)}"
    else:
        what = level_fault(indicator, value)
    if what:
        filled.cell_fault(row, "rating", f"{what}, which is the scale of {indicator.code!r}")
        return np.nan
    return float(value)


def _other_version(form: _Form, index: Index) -> str:
    """Return why a form does not have the indicators of the index."""
    expected = version_of(index)
    if form.version == expected:
        return "rows of the form were deleted or changed"
    version = shown(form.version) if form.version else "no version"
    return f"the form is for another version of the index: it has {version}, expected {expected!r}"


def _few(names: Sequence[str]) -> str:
    """Return the first names in a list, and the number of those that are left out."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _warn_of_versions(forms: list[_Form], index: Index) -> None:
    """Warn about forms with other texts than the index."""
    notes = []
    for form in forms:
        if form.changed:
            codes = _few([*map(repr, form.changed)])
            notes.append(f"{form.filled.where}: other statements for {codes}")
        elif form.standing(index) != "same":
            notes.append(f"{form.filled.where}: another version")
    if notes:
        msg = "questionnaires have the codes and scales of the index, but other texts: "
        warn(msg + "; ".join(notes), DLIWarning, stacklevel=3)


def _answers(forms: list[_Form], index: Index) -> Answers:
    def columns(rows: list[tuple[Any, ...]], *names: str) -> Frame:
        cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return frames.build({name: list(own) for name, own in zip(names, cells, strict=True)})

    data: dict[str, Any] = {
        "unit": [form.unit for form in forms],
        "assessor": [form.assessor for form in forms],
    }
    for indicator in index.indicators:
        ratings = [form.ratings[indicator.code] for form in forms]
        data[indicator.data_column or indicator.code] = np.array(ratings)
    evidence = [
        (form.unit, form.assessor, code, form.ratings[code], text)
        for form in forms
        for code, text in form.evidence.items()
    ]
    missing = [
        (form.unit, form.assessor, code, form.filled.file, form.filled.sheet.name, form.cells[code])
        for form in forms
        for code, rating in form.ratings.items()
        if np.isnan(rating)
    ]
    listed = []
    for form in forms:
        left = sum(map(np.isnan, form.ratings.values()))
        place = (form.filled.file, form.filled.sheet.name, form.unit, form.assessor, form.date)
        listed.append((*place, len(form.ratings) - int(left), int(left), form.standing(index)))
    return Answers(
        data=frames.build(data),
        evidence=columns(evidence, "unit", "assessor", "code", "rating", "evidence"),
        missing=columns(missing, "unit", "assessor", "code", "file", "sheet", "cell"),
        forms=columns(
            listed, "file", "sheet", "unit", "assessor", "date", "rated", "missing", "version"
        ),
    )
