"""Normalisations as formulas of a spreadsheet."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from dli.arrays import Floats
from dli.exchange.workbook.book import numeral
from dli.framework import Indicator
from dli.method.rounding import RoundedNormalisation
from dli.normalisation import (
    Borda,
    DistanceToReference,
    DistanceToTarget,
    FractionOfMax,
    Goalposts,
    MinMax,
    PercentileRank,
    Rank,
    Reciprocal,
    Scaled,
    Unscaled,
    ZScore,
)

__all__ = ["Head", "Recipe", "Refs", "recipe", "rounded_formula"]

# A formula (which begins with "=") or a constant, and its current value.
Head: TypeAlias = tuple[str | float, str | float]

_NOTHING: Head = ("", "")
# Spreadsheets cannot distinguish values that are closer together than this share of their size.
_DISTINCT = 1e-14


@frozen(kw_only=True)
class Refs:
    """References to the cells that the formulas of a normalisation use.

    Attributes
    ----------
    values : str
        The range of the values of all units.
    direction : str
        The cell of the direction; ``"1"`` for the score of a node.
    goalposts, scale : (str, str), optional
        The cells of the goalposts, worst and best, and of the scale, lowest and highest.
    target : str, optional
        The cell of the target.
    places : tuple of int
        The row of the assessment at each place of ``values``.
    """

    values: str
    direction: str = "1"
    goalposts: tuple[str, str] | None = None
    scale: tuple[str, str] | None = None
    target: str | None = None
    places: tuple[int, ...] = ()

    def by_direction(self, more: str, less: str) -> str:
        """Return a formula that uses ``more`` if more is better, and ``less`` if less is better."""
        return more if self.direction == "1" else f"IF({self.direction}>0,{more},{less})"

    @property
    def worst(self) -> str:
        """The formula of the worst value."""
        return self.by_direction(f"MIN({self.values})", f"MAX({self.values})")

    @property
    def best(self) -> str:
        """The formula of the best value."""
        return self.by_direction(f"MAX({self.values})", f"MIN({self.values})")


@frozen(kw_only=True)
class Recipe:
    """A normalisation as formulas.

    Attributes
    ----------
    head : tuple of Head
        The four parameters above a column: the start of the scale, its span, the lowest and the
        highest score. For ranks, these are the number of values and the order; for fractions, the
        best value.
    expression : str
        The formula of the normalised value of ``{x}``; ``{c}`` is the letter of the column.
    uses_data : bool
        Whether the normalised value of a unit depends on other units.
    """

    head: tuple[Head, Head, Head, Head]
    expression: str
    uses_data: bool

    @property
    def texts(self) -> list[str]:
        """All formulas and constants."""
        return [*(str(content) for content, _ in self.head), self.expression]

    def formula(self, value: str, column: str) -> str:
        """Return the formula of a cell."""
        inner = self.expression.format(x=value, c=column)
        return f'=IF(ISNUMBER({value}),{inner},"")'


def recipe(choice: Any, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    """Return a normalisation as formulas, or the reason why formulas cannot express it.

    Parameters
    ----------
    choice : Normalisation
        The normalisation of the node.
    node : Indicator
        The indicator, or an indicator that represents a node whose score is normalised.
    values : ndarray of shape (n_rows,)
        The values of the node, in the order of the assessment.
    refs : Refs
        The cells that formulas refer to.
    """
    if isinstance(choice, RoundedNormalisation):
        inner = recipe(choice.step, node, values, refs)
        if isinstance(inner, str):
            return inner
        return evolve(inner, expression=rounded_formula(inner.expression, choice.decimals))
    make = _RECIPES.get(type(choice))
    if make is None:
        return "spreadsheets have no formula for it"
    made = make(choice, node, values, refs)
    if isinstance(made, str):
        return made
    return evolve(made, uses_data=any(refs.values in text for text in made.texts))


def rounded_formula(expression: str, decimals: int) -> str:
    """Return a formula that rounds in the same way as `dli.method.rounding.rounded`."""
    return f"ROUND(({expression})*(1+1E-12),{decimals})"


def _recipe(expression: str, *head: Head) -> Recipe:
    start, span, lowest, highest = (*head, *[_NOTHING] * (4 - len(head)))
    return Recipe(head=(start, span, lowest, highest), expression=expression, uses_data=False)


def _line(  # noqa: PLR0913 a line has all of these
    choice: Any,
    node: Indicator,
    values: Floats,
    start: str,
    end: str,
    *,
    cut: tuple[str, str] = ("", ""),
    span: str = "",
    log: bool = False,
) -> Recipe | str:
    """Return the formulas of a straight line from ``start`` to ``end``, or over a ``span``.

    ``cut`` states for each end when values beyond it are cut off: never (an empty text), always
    ("TRUE") or under a condition (a formula).
    """
    fitted = choice.fit(values[:, np.newaxis], [node])
    line = fitted.line if log else fitted
    if line.rescaling is not None:
        return "its values are too close together, too large or too small for spreadsheets"
    low, high = float(line.low), float(line.high)
    if log:
        start, end = f"LN({start})", f"LN({end})"
    share = "({x}-{{c}}$6)/{{c}}$7".format(x="LN({x})" if log else "{x}")
    expression = share if high - low == 1 else f"{share}*{numeral(high - low)}"
    if low != 0:
        expression = f"{numeral(low)}+{expression}"
    ends: list[Head] = []
    for when, bound, is_cut in zip(cut, (low, high), line.cut[:, 0].tolist(), strict=True):
        if when in ("", "TRUE"):
            ends.append((bound, bound) if when else ("none", "none"))
        else:
            formula = f'=IF({when},{numeral(bound)},"none")'
            ends.append((formula, bound if is_cut else "none"))
    if any(cut):
        # MIN and MAX ignore references to cells with text ("none").
        expression = "MAX({c}$8,MIN({c}$9," + expression + "))"
    return _recipe(
        expression,
        (f"={start}", float(line.start[0])),
        (f"={span or f'{end}-{{c}}$6'}", float(line.span[0])),
        *ends,
    )


def _min_max(choice: MinMax, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    ends = [refs.worst, refs.best]
    cut = ["", ""]
    if choice.percentiles is not None:
        shares = [percentile / 100 for percentile in choice.percentiles]
        ends = [
            refs.by_direction(
                f"PERCENTILE({refs.values},{numeral(share)})",
                f"PERCENTILE({refs.values},1-{numeral(share)})",
            )
            for share in shares
        ]
        cut = ["TRUE" if shares[0] > 0 else "", "TRUE" if shares[1] < 1 else ""]
    if choice.ends == "declared" and refs.goalposts is not None:
        both = f"COUNT({refs.goalposts[0]},{refs.goalposts[1]})=2"
        ends = [f"IF({both},{post},{end})" for post, end in zip(refs.goalposts, ends, strict=True)]
        cut = [when or both for when in cut]
    for place, fixed in enumerate((choice.worst, choice.best)):
        if fixed is not None:
            ends[place], cut[place] = numeral(fixed), "TRUE"
    return _line(choice, node, values, *ends, cut=(cut[0], cut[1]), log=choice.log)


def _goalposts(choice: Goalposts, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    assert refs.goalposts is not None  # noqa: S101 the assessment refuses nodes without goalposts
    ends = [f"IF(ISNUMBER({post}),{post},NA())" for post in refs.goalposts]
    cut = ("TRUE", "TRUE") if choice.truncate else ("", "")
    return _line(choice, node, values, *ends, cut=cut, log=choice.log)


def _scaled(choice: Scaled, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    assert refs.scale is not None  # noqa: S101 the assessment refuses nodes without a scale
    low, high = (f"IF(ISNUMBER({end}),{end},NA())" for end in refs.scale)
    return _line(choice, node, values, refs.by_direction(low, high), refs.by_direction(high, low))


def _z_score(choice: ZScore, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    spread = f"STDEV({refs.values})"
    if refs.direction != "1":
        spread = f"{refs.direction}*{spread}"
    return _line(choice, node, values, f"AVERAGE({refs.values})", "", span=spread)


def _to_target(
    choice: DistanceToTarget, node: Indicator, values: Floats, refs: Refs
) -> Recipe | str:
    target = f"IF(ISNUMBER({refs.target}),{refs.target},NA())"
    cut = ("TRUE", "TRUE") if choice.cap else ("", "")
    return _line(choice, node, values, refs.worst, target, cut=cut)


def _to_reference(
    choice: DistanceToReference, node: Indicator, values: Floats, refs: Refs
) -> Recipe | str:
    reference = f"INDEX({refs.values},{refs.places.index(choice.unit) + 1})"
    cut = ("TRUE", "TRUE") if choice.cap else ("", "")
    return _line(choice, node, values, refs.worst, reference, cut=cut)


def _fraction(choice: FractionOfMax, node: Indicator, values: Floats, refs: Refs) -> Recipe:
    best = float(choice.fit(values[:, np.newaxis], [node]).best[0])
    expression = refs.by_direction("{x}/{c}$6", "{c}$6/{x}")
    if choice.high != 1:
        expression = f"{expression}*{numeral(choice.high)}"
    return _recipe(expression, (f"={refs.best}", best))


def _unscaled(choice: Unscaled, node: Indicator, values: Floats, refs: Refs) -> Recipe:
    del choice, node, values
    return _recipe("{x}" if refs.direction == "1" else f"{refs.direction}*{{x}}")


def _reciprocal(choice: Reciprocal, node: Indicator, values: Floats, refs: Refs) -> Recipe:
    del node, values, refs
    return _recipe(f"IF({{x}}>0,{numeral(choice.factor)}/{{x}},NA())")


def _by_place(choice: Any, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    """Return the formulas of ranks from the worst (1) upwards, Borda counts or percentile ranks."""
    if choice.equality != "exact":
        return "in spreadsheets, values that differ only by rounding do not tie"
    known = np.unique(values[~np.isnan(values)])
    if (np.diff(known) <= _DISTINCT * np.abs(known[1:])).any():
        return "some of its values differ only in digits that spreadsheets do not store"
    v = refs.values
    from_worst, from_best = f"RANK({{x}},{v},{{c}}$7)", f"RANK({{x}},{v},1-{{c}}$7)"
    middle = f"({from_worst}+{{c}}$6+1-{from_best})/2"
    shares = {
        "inclusive": f"({from_worst}-1)/({{c}}$6-1)",
        "exclusive": f"{from_worst}/({{c}}$6+1)",
        "weak": f"({{c}}$6+1-{from_best})/{{c}}$6",
        "mean": f"({middle}-0.5)/{{c}}$6",
    }
    if isinstance(choice, Rank):
        expression = from_worst if choice.ties == "min" else middle
    elif isinstance(choice, Borda):
        expression = f"{from_worst}-1"
    else:
        expression = shares[choice.method]
        low, high = float(choice.low), float(choice.high)
        if high - low != 1:
            expression = f"{expression}*{numeral(high - low)}"
        if low != 0:
            expression = f"{numeral(low)}+{expression}"
    order = refs.by_direction("1", "0")
    return _recipe(
        expression,
        (f"=COUNT({v})", float((~np.isnan(values)).sum())),
        (f"={order}", 1.0 if node.direction > 0 else 0.0),
    )


_RECIPES: Mapping[type, Callable[[Any, Indicator, Floats, Refs], Recipe | str]] = MappingProxyType(
    {
        Borda: _by_place,
        DistanceToReference: _to_reference,
        DistanceToTarget: _to_target,
        FractionOfMax: _fraction,
        Goalposts: _goalposts,
        MinMax: _min_max,
        PercentileRank: _by_place,
        Rank: _by_place,
        Reciprocal: _reciprocal,
        Scaled: _scaled,
        Unscaled: _unscaled,
        ZScore: _z_score,
    }
)
