"""Writing forms for pairwise judgements, which show the consistency while they are filled in."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from os import PathLike
from typing import Any

from attrs import frozen

from dli.checks import code_faults, flag_faults, refuse, text_faults
from dli.elicitation.form import Form, check_path
from dli.errors import MethodError
from dli.exchange.sheet import reference
from dli.exchange.workbook.book import letter, numeral
from dli.files import replacing
from dli.framework import Index
from dli.weighting import random_index
from dli.weighting.by_code import codes_of

__all__ = ["HEADS", "LABELS", "SCALE", "write_pairwise"]

# `read_pairwise` finds columns and fields by these texts, wherever they are in the sheet.
HEADS = {"first": "First", "judgement": "First : second", "second": "Second"}
LABELS = {"expert": "Expert:", "date": "Date:", "node": "Weights within:"}
# The scale of Saaty (1980); even numbers are between two of its values.
SCALE: dict[int, str] = {
    9: "extremely", 8: "between", 7: "very strongly", 6: "between", 5: "strongly", 4: "between",
    3: "moderately", 2: "between", 1: "equally",
}  # fmt: skip
_CHOICES = f"=Scale!$A$4:$A${2 + 2 * len(SCALE)}"
# 15 items have 105 pairs, and nobody would judge more.
MAX_ITEMS = 15
# The number of times that a matrix is squared. Each column of its 1024th power is proportional to
# the weights, to all digits even if judgements are as contradictory as the scale allows.
_SQUARINGS = 10
_WIDTHS = (18, 30, 14, 12, 30, 68, 18, 3, 12, 30, 10, 3)
_HEAD_ROW = 9
_FIRST_MATRIX_COLUMN = 13


def write_pairwise(
    items: Index | Mapping[str, str] | Sequence[str],
    path: str | PathLike[str],
    *,
    below: bool = False,
    title: str = "",
    expert: str = "",
    date: str = "",
) -> None:
    """Write a workbook in which an expert compares pairs of items, for weights by `AHP`.

    Each pair has a row with a drop-down list from 9 to 1/9. Formulas in the sheet compute the
    matrix with its reciprocals, the weights and the consistency ratio while the expert fills in the
    form. The consistency ratio is that of the eigenvector method with the random index of Saaty
    (1980), computed by repeated squaring of the matrix, and equals that of
    `dli.weighting.ahp_priorities`. Beside each judgement, the sheet shows the ratio of the two
    weights that follow from all judgements.

    Parameters
    ----------
    items : Index, mapping of str to str, or sequence of str
        From 2 to 15 items to compare: an index or sub-index, whose children are compared; a
        sequence of codes; or a mapping of codes to names.
    path : path
        The file to write, which must end in .xlsx. An existing file is replaced when the new one
        is complete.
    below : bool
        Whether to also write a sheet for each node below an index that has at least two children.
    title : str
        The title of the form; by default the name of the index, or its code.
    expert, date : str
        Texts that are filled in beforehand; the expert can change them.

    Raises
    ------
    MethodError
        There are fewer than 2 or more than 15 items, codes are invalid or not unique, a name or
        another text is not a string, or ``below`` is passed without an index.
    DataError
        XlsxWriter is not installed, the path has another ending, or a workbook cannot hold a text.
    FileError
        The file cannot be written; an existing file is unchanged.

    References
    ----------
    Saaty, T. L. (1980), The Analytic Hierarchy Process.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "form.xlsx"
    ...     write_pairwise({"DS": "Digital Strategy", "DV": "Digital Service"}, path)
    ...     path.stat().st_size > 5_000
    True
    """
    faults = [*flag_faults(below=below), *text_faults(title=title, expert=expert, date=date)]
    refuse("write_pairwise", faults)
    groups = _groups(items, below=below)
    check_path(path, ".xlsx")
    title = title or groups[0].name or "Pairwise comparisons"
    form = Form()
    for group, tab in zip(groups, _tabs(groups), strict=True):
        _Comparison(form, group, form.locked_sheet(tab)).write(title, expert, date)
    _scale(form)
    content = form.content()
    with replacing(path) as file:
        file.write_bytes(content)


@frozen
class _Group:
    """Items to compare with each other: the code and name of their node, and their own."""

    code: str
    name: str
    items: dict[str, str]


def _groups(items: Any, *, below: bool) -> list[_Group]:
    if isinstance(items, Index):
        nodes = [node for node in items.walk() if isinstance(node, Index)] if below else [items]
        groups = [
            _Group(node.code, node.name or node.code, {own.code: own.name for own in node.children})
            for node in nodes
            if len(node.children) > 1 or not below
        ]
    elif below:
        msg = f"below=True requires an Index, got {items!r}"
        raise MethodError(msg)
    elif isinstance(items, Mapping):
        groups = [_Group("", "", dict(items))]
    else:
        groups = [_Group("", "", dict.fromkeys(codes_of("items", items), ""))]
    faults = [fault for group in groups for fault in _item_faults(group)]
    if faults or not groups:
        msg = f"pairwise comparisons require from 2 to {MAX_ITEMS} items with different codes"
        raise MethodError(msg, faults or ["no node has two or more children"])
    return groups


def _item_faults(group: _Group) -> list[str]:
    """Return what is wrong with the number, codes and names of items."""
    where = f"{group.code!r}: " if group.code else ""
    n = len(group.items)
    faults = [] if 2 <= n <= MAX_ITEMS else [f"{where}{n} items"]
    for code, name in group.items.items():
        faults += [f"{where}{fault}" for fault in code_faults(code)]
        faults += [f"{where}{fault}" for fault in text_faults(**{f"the name of {code!r}": name})]
    return faults


def _tabs(groups: Sequence[_Group]) -> list[str]:
    """Return unique titles of the sheets, which are short and without some characters."""
    tabs: list[str] = []
    taken = {"scale", "history"}  # Excel reserves the second title
    for group in groups:
        plain = re.sub(r"[\[\]:*?/\\'\x00-\x1f]", "_", group.code)[:25].strip() or "Comparisons"
        tab, number = plain, 1
        while tab.casefold() in taken:
            number += 1
            tab = f"{plain} {number}"
        taken.add(tab.casefold())
        tabs.append(tab)
    return tabs


def _scale(form: Form) -> None:
    """Write the sheet with the values to choose from and their meanings."""
    sheet = form.locked_sheet("Scale", "#8A94A6")
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 70)
    form.text(sheet, 1, 1, "How much more important the first item is than the second", "title")
    form.text(sheet, 3, 1, "Value", "wrapped head")
    form.text(sheet, 3, 2, "Meaning", "wrapped head")
    rows = [(float(n), _meaning(n, text, "first")) for n, text in SCALE.items()]
    rows += [(1 / n, _meaning(n, text, "second")) for n, text in reversed(SCALE.items()) if n > 1]
    for row, (value, text) in enumerate(rows, 4):
        form.number(sheet, row, 1, value, "fraction of scale")
        form.text(sheet, row, 2, text, "wrapped")


def _meaning(n: float, text: str, which: str) -> str:
    if n == 1:
        return "both are equally important"
    if text == "between":
        return f"the {which} is more important: between {n - 1:g} and {n + 1:g}"
    return f"the {which} is {text} more important"


@frozen
class _Comparison:
    """The sheet for the items of one node, with pairs, weights and the matrix."""

    form: Form
    group: _Group
    sheet: Any

    @property
    def codes(self) -> list[str]:
        return list(self.group.items)

    @property
    def n(self) -> int:
        return len(self.group.items)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return list(combinations(range(self.n), 2))

    @property
    def judgements(self) -> str:
        """The reference of the cells to fill in."""
        return f"$C${_HEAD_ROW + 1}:$C${_HEAD_ROW + len(self.pairs)}"

    def power(self, k: int) -> str:
        """Return the reference of the matrix after k squarings."""
        left = _FIRST_MATRIX_COLUMN + 1 + k * (self.n + 1)
        first, last = _HEAD_ROW + 1, _HEAD_ROW + self.n
        return f"${letter(left)}${first}:${letter(left + self.n - 1)}${last}"

    @property
    def weights(self) -> str:
        """The reference of the weights."""
        return f"$K${_HEAD_ROW + 1}:$K${_HEAD_ROW + self.n}"

    def write(self, title: str, expert: str, date: str) -> None:
        """Write all cells."""
        form, sheet = self.form, self.sheet
        for place, width in enumerate(_WIDTHS):
            sheet.set_column(place, place, width)
        form.text(sheet, 1, 1, title, "title")
        about = self.group.name or self.group.code
        texts = {"expert": expert, "date": date, "node": self.group.code}
        for row, (key, label) in enumerate(LABELS.items(), 2):
            form.text(sheet, row, 1, label, "bold")
            form.text(sheet, row, 2, texts[key], "code" if key == "node" else "field")
        how = (
            f"Which is more important{' for ' + about if about else ''}, and how many times? "
            "Choose a whole number for the first, a fraction for the second, or 1 for equality."
        )
        form.text(sheet, 2, 3, how, "hint")
        form.text(sheet, 3, 3, "Fill in the yellow cells only.", "hint")
        heads = ["First", "", "First : second", "Second", "", "In words", "By all judgements"]
        for place, head in enumerate(heads, 1):
            form.text(sheet, _HEAD_ROW, place, head, "wrapped head")
        for row, pair in enumerate(self.pairs, _HEAD_ROW + 1):
            self._pair(row, *pair)
        self._matrix()
        self._result()
        sheet.freeze_panes(_HEAD_ROW, 0)
        last = _HEAD_ROW + max(len(self.pairs), self.n)
        sheet.print_area(0, 0, last - 1, len(_WIDTHS) - 2)

    def _pair(self, row: int, i: int, j: int) -> None:
        form, sheet, codes = self.form, self.sheet, self.codes
        for place, code in ((1, codes[i]), (4, codes[j])):
            form.text(sheet, row, place, code, "code")
            form.text(sheet, row, place + 1, self.group.items[code], "statement")
        form.number(sheet, row, 3, float("nan"), "fraction")
        names = [self.group.items[code] or code for code in (codes[i], codes[j])]
        in_words = " is 0.25 times as important as ".join(names)
        form.height(sheet, row, *((_WIDTHS[1], name) for name in names), (_WIDTHS[5], in_words))
        prompt = f"{codes[i]} : {codes[j]}, from 9 (the first matters more) to 1/9 (the second)"
        form.choices(sheet, row, 3, _CHOICES, "First : second", prompt)
        cell = f"C{row}"
        first, second = (f'IF({at[1]}{row}="",{at[0]}{row},{at[1]}{row})' for at in ("AB", "DE"))
        times = '&" is "&ROUND({},2)&" times as important as "&'
        words = (
            f'=IF(COUNT({cell})=0,"",IF({cell}=1,{first}&" is as important as "&{second},'
            f"IF({cell}>1,{first}{times.format(cell)}{second},"
            f"{second}{times.format(f'1/{cell}')}{first})))"
        )
        form.formula(sheet, row, 6, words, "", "wrapped")
        weights = [f"$K${_HEAD_ROW + 1 + k}" for k in (i, j)]
        fit = f'=IF(COUNT({self.weights})={self.n},{weights[0]}/{weights[1]},"")'
        form.formula(sheet, row, 7, fit, "", "implied")

    def _matrix(self) -> None:
        """Write the matrix with its reciprocals, and its powers, each scaled to a sum of 1."""
        form, sheet, n = self.form, self.sheet, self.n
        left = _FIRST_MATRIX_COLUMN + 1
        form.text(sheet, _HEAD_ROW - 1, left - 1, "Matrix (reciprocals are formulas)", "bold")
        row_of = {pair: _HEAD_ROW + 1 + place for place, pair in enumerate(self.pairs)}
        for i, code in enumerate(self.codes):
            form.text(sheet, _HEAD_ROW, left + i, code, "head")
            form.text(sheet, _HEAD_ROW + 1 + i, left - 1, code, "label")
            for j in range(n):
                cell = f"$C${row_of[min(i, j), max(i, j)]}" if i != j else "1"
                entry = f'IF(COUNT({cell})=0,"",{cell})' if i < j else f"1/{cell}"
                entry = f'IF(COUNT({cell})=0,"",1/{cell})' if i > j else entry
                shown = 1.0 if i == j else ""
                form.formula(sheet, _HEAD_ROW + 1 + i, left + j, f"={entry}", shown, "share")
        end = left + _SQUARINGS * (n + 1) + n
        sheet.set_column(left + n - 1, end - 1, 9, None, {"level": 1, "hidden": True})
        text = "Powers of the matrix, scaled to a sum of 1, for its eigenvector"
        form.text(sheet, _HEAD_ROW - 1, left + n + 1, text, "bold")
        for k in range(1, _SQUARINGS + 1):
            self._square(k)

    def _square(self, k: int) -> None:
        """Write the matrix after k squarings as an array formula."""
        before, n = self.power(k - 1), self.n
        left = _FIRST_MATRIX_COLUMN + 1 + k * (n + 1)
        product = f"MMULT({before},{before})"
        full = f"COUNT({self.power(0)})={n * n}"
        formula = f'=IF({full},{product}/SUM({product}),"")'
        top = _HEAD_ROW  # rows count from 0 here, and the first row is below the head
        style = self.form.style("share")
        cells = (top, left - 1, top + n - 1, left + n - 2)
        self.sheet.write_array_formula(*cells, f"{{{formula}}}", style, "")
        for row in range(top, top + n):
            for column in range(left - 1, left + n - 1):
                if (row, column) != cells[:2]:
                    # These cells belong to the array formula; viewers show their stored values.
                    self.sheet.write_string(row, column, "", style)

    def _result(self) -> None:
        """Write the weights and the consistency ratio."""
        form, sheet, n = self.form, self.sheet, self.n
        for place, head in ((9, "Item"), (10, ""), (11, "Weight")):
            form.text(sheet, _HEAD_ROW, place, head, "wrapped head")
        full = f"COUNT({self.judgements})={len(self.pairs)}"
        last = self.power(_SQUARINGS).replace("$", "")
        left, right = (re.sub(r"\d", "", cell) for cell in last.split(":"))
        for i, (code, name) in enumerate(self.group.items.items()):
            row = _HEAD_ROW + 1 + i
            form.text(sheet, row, 9, code, "code")
            form.text(sheet, row, 10, name, "wrapped")
            weight = f'=IF({full},SUM({left}{row}:{right}{row}),"")'
            form.formula(sheet, row, 11, weight, "", "weight")
        largest = f"SUM(MMULT({self.power(0)},{self.weights}))"
        left_over = f'{len(self.pairs)}-COUNT({self.judgements})&" of {len(self.pairs)} pairs left"'
        index = random_index(n)
        ratio = f"({largest}-{n})/{n - 1}/{numeral(index)}" if n > 2 else "0"
        form.text(sheet, 6, 1, "Consistency ratio:", "bold")
        at = reference(6, 2)
        start = f"{len(self.pairs)} of {len(self.pairs)} pairs left"
        ratio = f"=IF({full},{ratio},{left_over})"
        form.formula(sheet, 6, 2, ratio, start, "key figure", array=True)
        verdict = (
            f'=IF({full},IF({at}>0.1,"Above 0.10: the judgements contradict each other. Compare '
            'each with the column By all judgements, and reconsider those that differ most.",'
            '"Acceptable: at most 0.10."),"")'
        )
        form.formula(sheet, 6, 3, verdict, "", "bold")
        sheet.conditional_format(at, {
            "type": "cell", "criteria": "between", "minimum": 0.1000001, "maximum": 1e9,
            "format": form.style("warning"),
        })  # fmt: skip
