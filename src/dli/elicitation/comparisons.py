"""Reading forms with pairwise judgements of experts."""

import re
from collections.abc import Iterable, Mapping
from itertools import combinations
from os import PathLike
from types import MappingProxyType
from typing import Any

import numpy as np
from attrs import define, field, frozen

from dli import frames
from dli.elicitation.filled import MISSING, Filled, filled_forms, refuse_faults
from dli.elicitation.pairwise_form import HEADS, LABELS
from dli.errors import InconsistentJudgementsError, UnknownCodeError
from dli.exchange.sheet import Unreadable, shown
from dli.frames import Frame
from dli.printing import Printed, Sheet, counted
from dli.weighting import AHP, GroupAHP

__all__ = ["Comparisons", "read_pairwise"]

_FRACTION = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,15})?)(?:/([0-9]{1,3}))?", re.ASCII)
# The relative tolerance for values of the scale that were rounded to decimals, such as 0.333.
_ROUNDING = 5e-3
# Judgements with a higher consistency ratio contradict each other.
_LIMIT = 0.1
_VALUES = np.array([*range(9, 0, -1), *(1 / n for n in range(2, 10))], dtype=np.float64)

# Judgements in the format of `AHP`.
Pairs = tuple[tuple[str, str, float], ...]


@frozen(kw_only=True, eq=False, repr=False)
class Comparisons(Printed):
    """Pairwise judgements of one or more experts on the items of one or more nodes.

    Attributes
    ----------
    judgements : mapping of str to mapping of str to tuple of pairs
        The judgements by node and expert, such as ``{"DLI": {"Ann": (("DS", "DV", 3.0), ...)}}``.
        The node is an empty text if the items are not the children of a node.
    items : mapping of str to tuple of str
        The codes of the items by node.
    forms : frame
        One row for each form with judgements: ``file, sheet, node, expert, date``, the numbers of
        pairs ``judged`` and ``missing``, and ``consistency_ratio``, which is missing if the
        judgements do not connect all items.
    """

    judgements: Mapping[str, Mapping[str, Pairs]]
    items: Mapping[str, tuple[str, ...]]
    forms: Frame

    def scheme(self, node: str | None = None, **options: Any) -> AHP | GroupAHP:
        """Return the weighting scheme of a node: `AHP` for one expert, `GroupAHP` for several.

        Parameters
        ----------
        node : str, optional
            The code of the node. It is not required if there is only one node.
        **options
            Parameters of the scheme, such as ``strict=True``, or ``join`` for a group.

        Raises
        ------
        UnknownCodeError
            There are no judgements for the node.
        MethodError
            As for `AHP` and `GroupAHP`.
        """
        if node is None and len(self.judgements) == 1:
            node = next(iter(self.judgements))
        if node is None or node not in self.judgements:
            raise UnknownCodeError("node with judgements", [node], self.judgements)
        experts = self.judgements[node]
        if len(experts) == 1:
            return AHP(next(iter(experts.values())), self.items[node], **options)
        return GroupAHP(dict(experts), self.items[node], **options)

    def _sheet(self) -> Sheet:
        table = frames.read(self.forms)
        names = ("node", "expert", "file", "judged", "missing", "consistency_ratio")
        columns = [table.column(name) for name in names]
        columns[-1] = ["" if ratio is None else _ratio_text(ratio) for ratio in columns[-1]]
        rows = [[str(cell) for cell in row] for row in zip(*columns, strict=True)]
        heads = (*names[:-1], "CR")
        return Sheet(f"{counted(table.n_rows, 'form')} of judgements", heads, rows, words=(0, 1, 2))


@define(eq=False)
class _Form:
    """The contents of one form; the judgement of a pair that was not judged is NaN."""

    filled: Filled
    expert: str
    date: str
    node: str
    pairs: dict[tuple[str, str], float] = field(factory=dict)

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for pair in self.pairs for code in pair))

    @property
    def judged(self) -> Pairs:
        return tuple((a, b, x) for (a, b), x in self.pairs.items() if not np.isnan(x))


def read_pairwise(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> Comparisons:
    """Return the judgements in forms written by `write_pairwise` and filled in by experts.

    Forms are found by their contents: sheets may be renamed and rows sorted. A judgement may be a
    number from 1/9 to 9 or a text such as "1/3"; decimals within 0.5 % of a value of the scale are
    read as that value, so that 0.333 is 1/3. A blank cell is a pair that was not judged. A form
    without any judgement is left out if another form in the same file has judgements.

    Parameters
    ----------
    paths : path, or sequence of paths
        Workbooks with one or more forms each.

    Returns
    -------
    Comparisons
        The judgements of all forms. ``comparisons.scheme("DLI")`` returns the weighting scheme of
        a node.

    Raises
    ------
    DataError
        Files cannot be read or do not contain a form, forms do not name an expert, judgements are
        not numbers from 1/9 to 9, pairs appear twice or are absent, an expert has two forms for the
        same node, or forms for the same node have different items. All faults are listed with file,
        sheet and cell.

    Examples
    --------
    >>> read_pairwise("ann.xlsx")
    Traceback (most recent call last):
    dli.errors.DataError: cannot read the pairwise comparisons:
      - file 'ann.xlsx': cannot read 'ann.xlsx': no such file
    """
    sheets, faults = filled_forms(paths, HEADS)
    forms = [_read(filled) for filled in sheets]
    with_some = [form for form in forms if form.judged or form.filled.faults]
    kept = {form.filled.file for form in with_some}
    for form in forms:
        if form.filled.file not in kept:
            form.filled.fault("no judgement; leave the file out if it was not filled in")
    for form in with_some:
        form.expert = _expert(form, forms)
    faults += [fault for form in forms for fault in form.filled.faults]
    faults += _contradictions(with_some)
    refuse_faults("pairwise comparisons", faults)
    return _comparisons(with_some)


def _read(filled: Filled) -> _Form:
    """Return the contents of a form, and record its faults."""
    place = filled.labelled(LABELS["node"])
    node = "" if place is None else filled.text(*place)
    if place is None:
        filled.fault(f"no cell {LABELS['node']!r} above the table")
    form = _Form(filled, "", filled.beside(LABELS["date"]), node)
    first: dict[frozenset[str], int] = {}
    columns = filled.columns
    rows = filled.sheet.rows(filled.head + 1)
    for row in rows:
        a, b = (filled.text(row, columns[key]) for key in ("first", "second"))
        if not a and not b:
            if not filled.sheet.is_blank(row, columns["judgement"], MISSING):
                filled.cell_fault(row, "judgement", "a judgement in a row without items")
            continue
        before = first.setdefault(frozenset((a, b)), row)
        if not a or not b or a == b:
            filled.cell_fault(row, "first", f"{a!r} and {b!r} are not a pair of two items")
        elif before != row:
            filled.cell_fault(row, "first", f"the pair ({a}, {b}) already appears in row {before}")
        else:
            form.pairs[a, b] = _judgement(filled, row)
    filled.sheet.refuse_merged(rows, sorted(columns.values()))
    absent = [
        f"({a}, {b})" for a, b in combinations(form.items, 2) if frozenset((a, b)) not in first
    ]
    if absent or not form.pairs:
        filled.fault(f"no row for the pairs {', '.join(absent)}" if absent else "no pair of items")
    return form


def _judgement(filled: Filled, row: int) -> float:
    """Return the judgement in a row, or NaN if it is missing or at fault."""
    column = filled.columns["judgement"]
    value = filled.sheet.values.get((row, column))
    if isinstance(value, Unreadable) and value.reason.startswith("a date"):
        what = "a date, perhaps from a fraction such as 1/3; choose the value from the list"
        filled.cell_fault(row, "judgement", what)
        return np.nan
    value = filled.sheet.cell(row, column)
    if value is None or (isinstance(value, str) and value.lower() in MISSING):
        return np.nan
    number = _number(value)
    if number is None or not 1 / 9 * (1 - _ROUNDING) <= number <= 9 * (1 + _ROUNDING):
        filled.cell_fault(row, "judgement", f"{shown(value)} is not a number from 1/9 to 9")
        return np.nan
    nearest = _VALUES[np.argmin(np.abs(np.log(_VALUES / number)))]
    return float(nearest if abs(number / nearest - 1) <= _ROUNDING else number)


def _number(value: Any) -> float | None:
    """Return a number, or the text of a number or fraction, as a float; None for anything else."""
    if isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return float(value)
    match = _FRACTION.fullmatch(value.replace(" ", ""))
    if match is None:
        return None
    above, below = float(match[1].replace(",", ".")), float(match[2] or 1)
    return above / below if below else None


def _expert(form: _Form, forms: list[_Form]) -> str:
    """Return the expert that the form names, or the only one that other forms of the file name."""
    expert = form.filled.beside(LABELS["expert"])
    names = {
        other.filled.beside(LABELS["expert"])
        for other in forms
        if other.filled.file == form.filled.file
    } - {""}
    if expert or len(names) == 1:
        return expert or names.pop()
    return form.filled.required(LABELS["expert"], "the name of the expert")


def _contradictions(forms: list[_Form]) -> list[str]:
    """Return the faults of forms that cannot be used together."""
    faults = []
    first: dict[tuple[str, str], _Form] = {}
    first_of_node: dict[str, _Form] = {}
    for form in forms:
        before = first.setdefault((form.node, form.expert), form)
        if before is not form and form.expert:
            node = f" the items of {form.node!r}" if form.node else ""
            faults.append(
                f"{form.filled.where}: {form.expert!r} judges{node} here and in "
                f"{before.filled.where}; keep only one of the two"
            )
        other = first_of_node.setdefault(form.node, form)
        if set(other.items) != set(form.items):
            faults.append(
                f"{form.filled.where}: compares {', '.join(form.items)}, but {other.filled.where} "
                f"compares {', '.join(other.items)}"
            )
    return faults


def _comparisons(forms: list[_Form]) -> Comparisons:
    judgements: dict[str, dict[str, Pairs]] = {}
    items: dict[str, tuple[str, ...]] = {}
    rows = []
    for form in forms:
        judgements.setdefault(form.node, {})[form.expert] = form.judged
        order = items.setdefault(form.node, form.items)
        place = (form.filled.file, form.filled.sheet.name, form.node, form.expert, form.date)
        n_judged = len(form.judged)
        rows.append((*place, n_judged, len(form.pairs) - n_judged, _ratio(form.judged, order)))
    names = ("file", "sheet", "node", "expert", "date", "judged", "missing", "consistency_ratio")
    columns = {name: list(own) for name, own in zip(names, zip(*rows, strict=True), strict=True)}
    columns["consistency_ratio"] = np.array(columns["consistency_ratio"], dtype=np.float64)  # type: ignore[assignment] # floats
    frozen_ones = {node: MappingProxyType(experts) for node, experts in judgements.items()}
    return Comparisons(
        judgements=MappingProxyType(frozen_ones),
        items=MappingProxyType(items),
        forms=frames.build(columns),
    )


def _ratio_text(ratio: float) -> str:
    return f"{ratio:.3f}" + (f" (above {_LIMIT:g})" if ratio > _LIMIT else "")


def _ratio(pairs: Pairs, items: tuple[str, ...]) -> float:
    try:
        return float(AHP(pairs, items).priorities(items).consistency_ratio)
    except InconsistentJudgementsError:  # judgements that do not connect all items
        return np.nan
