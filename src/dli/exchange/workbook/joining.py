"""Aggregations as formulas of a spreadsheet."""

import math
from typing import Any

from attrs import frozen

from dli.aggregation import (
    ArithmeticMean,
    Complement,
    Difference,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
    Ratio,
    Sum,
)
from dli.exchange.workbook.book import numeral
from dli.exchange.workbook.normalising import rounded_formula
from dli.framework import Index
from dli.method import Choices
from dli.method.rounding import RoundedAggregation
from dli.scoring.adjusting import covers_indicators

__all__ = ["Join", "join"]

# The total weight of the children that are not missing, and which children count.
_LEFT = "SUMPRODUCT({w}*ISNUMBER({x}))"
_COUNTS = "ISNUMBER({x})*({w}>0)"
# Powers of higher orders exceed the range of numbers, and orders near 0 lose digits.
_LARGEST_ORDER, _LEAST_ORDER = 50, 0.01
# The aggregations that do not use weights.
_UNWEIGHTED = (Complement, Difference, Ratio)


@frozen(kw_only=True)
class Join:
    """An aggregation as a formula.

    Attributes
    ----------
    template : str
        The formula, in which ``{x}`` are the children, ``{w}`` their weights and ``{below}`` all
        indicators below.
    is_array : bool
        Whether it must be entered as an array formula.
    """

    template: str
    is_array: bool

    def formula(self, children: str, weights: str, below: str) -> str:
        """Return the formula of a cell."""
        return self.template.format(x=children, w=weights, below=below)


def join(node: Index, choices: Choices) -> Join | str:
    """Return the aggregation of a node as a formula, or why there is no such formula."""
    choice = choices.aggregation[node.code]
    decimals = None
    if isinstance(choice, RoundedAggregation):
        choice, decimals = choice.step, choice.decimals
    formula = _expression(choice, len(node.children))
    if formula is None:
        return "spreadsheets have no formula for it"
    expression, is_array = formula
    if decimals is not None:
        expression = rounded_formula(expression, decimals)
    gates, needs_all = _gates(node, choices)
    if not isinstance(choice, _UNWEIGHTED) and not needs_all:
        gates.append(f"{_LEFT}=0")
    missing = "NA()" if choices.missing == "raise" else '""'
    gate = gates[0] if len(gates) == 1 else f"OR({','.join(gates)})"
    template = f"=IF({gate},{missing},{expression})"
    return Join(template=template, is_array=is_array)


def _gates(node: Index, choices: Choices) -> tuple[list[str], bool]:
    """Return the conditions under which the score is missing, and if all children are required."""
    n_children, coverage = len(node.children), choices.coverage[node.code]
    needed = 1
    if choices.missing in ("propagate", "raise"):
        needed = n_children
    elif coverage.of == "children":
        needed = max(1, math.ceil(coverage.needed(n_children) - 1e-9))
    gates = [f"COUNT({{x}})<{needed}"]
    # Constants are never missing and do not count towards coverage.
    measured = sum(indicator.constant is None for indicator in node.indicators)
    n_constants = len(node.indicators) - measured
    covered = covers_indicators(coverage)
    if covered or (measured and n_constants):
        least = math.ceil(coverage.needed(measured) - 1e-9) if covered else 1
        gates.append(f"COUNT({{below}})<{least + n_constants}")
    return gates, needed == n_children


def _expression(choice: Any, n_children: int) -> tuple[str, bool] | None:
    """Return the formula of an aggregation and whether it is an array formula, None without one."""
    kind = type(choice)
    if kind in _ORDERS or kind is PowerMean:
        return _mean(choice.order)
    first, second = "INDEX({x},1)", "INDEX({x},2)"
    formula = None
    if kind is Sum:
        total = n_children if choice.total is None else choice.total
        formula = f"{numeral(total)}*SUMPRODUCT({{w}},{{x}})/{_LEFT}"
    elif kind is Difference:
        formula = f"{first}-{second}"
    elif kind is Ratio:
        formula = f"IF(AND({first}>=0,{second}>0),{first}/{second},NA())"
    elif kind is Complement:
        formula = f"{numeral(choice.of)}-{first}"
    return None if formula is None else (formula, False)


_ORDERS = (ArithmeticMean, GeometricMean, HarmonicMean, Minimum)


def _mean(order: float) -> tuple[str, bool] | None:
    """Return the formula of the power mean of an order and whether it is an array formula."""
    if order == 1:
        return f"SUMPRODUCT({{w}},{{x}})/{_LEFT}", False
    if math.isinf(order):
        extreme, other = ("MAX", "-1E+307") if order > 0 else ("MIN", "1E+307")
        return f"{extreme}(IF({_COUNTS},{{x}},{other}))", True
    # The formulas select the children that count first, because LN("") is an error.
    if order == 0:
        return f"EXP(SUM(IF({_COUNTS},{{w}}*LN({{x}}),0))/{_LEFT})", True
    if abs(order) > _LARGEST_ORDER or abs(order) < _LEAST_ORDER:
        return None
    power = numeral(order)
    if order == -1:
        mean = f"{_LEFT}/SUM(IF({_COUNTS},{{w}}/{{x}},0))"
    else:
        mean = f"(SUM(IF({_COUNTS},{{w}}*{{x}}^{power},0))/{_LEFT})^(1/{power})"
    # A negative value raised to an even power would look like a positive one.
    outside = f"MIN(IF({_COUNTS},{{x}},1))" + ("<=0" if order < 0 else "<0")
    return f"IF({outside},NA(),{mean})", True
