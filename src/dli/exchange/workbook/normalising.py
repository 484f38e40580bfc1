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

# A formula (it begins with "=") or a constant, and the value it has now.
Head: TypeAlias = tuple[str | float, str | float]

_NOTHING: Head = ("", "")
# Values that are closer together than this share of their size are one value to a spreadsheet.
_TOLD_APART = 1e-14


@frozen(kw_only=True)
class Refs:
    """Where a workbook has what a normalisation needs to know.

    Attributes
    ----------
    values : str
        The values of all units.
    direction : str
        ``"1"`` for the score of a node.
    goalposts, scale : (str, str), optional
    target : str, optional
    places : tuple of int
        The assessment's row at each place of ``values``.
    """

    values: str
    direction: str = "1"
    goalposts: tuple[str, str] | None = None
    scale: tuple[str, str] | None = None
    target: str | None = None
    places: tuple[int, ...] = ()

    def by_direction(self, more: str, less: str) -> str:
        """Return a formula for the case that more is better, or another if less is."""
        return more if self.direction == "1" else f"IF({self.direction}>0,{more},{less})"

    @property
    def worst(self) -> str:
        """The worst of the values."""
        return self.by_direction(f"MIN({self.values})", f"MAX({self.values})")

    @property
    def best(self) -> str:
        """The best of the values."""
        return self.by_direction(f"MAX({self.values})", f"MIN({self.values})")


@frozen(kw_only=True)
class Recipe:
    """A normalisation as formulas.

    Attributes
    ----------
    head : tuple of Head
        What stands above a column: where the scale starts, its span, the lowest and the highest
        score; of ranks the number of values and the order, of fractions the best value.
    expression : str
        The normalised value of ``{x}``; ``{c}`` is the letter of the column.
    uses_data : bool
        Other units play a part.
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
    """Return a normalisation as formulas, or the reason why a spreadsheet cannot carry it.

    Parameters
    ----------
    choice : Normalisation
        Told its rows.
    node : Indicator
    values : ndarray of shape (n_rows,)
        Of the node, in the order of the assessment.
    refs : Refs
    """
    if isinstance(choice, RoundedNormalisation):
        inner = recipe(choice.step, node, values, refs)
        if isinstance(inner, str):
            return inner
        return evolve(inner, expression=rounded_formula(inner.expression, choice.decimals))
    make = _RECIPES.get(type(choice))
    if make is None:
        return "it has no counterpart in a spreadsheet"
    made = make(choice, node, values, refs)
    if isinstance(made, str):
        return made
    return evolve(made, uses_data=any(refs.values in text for text in made.texts))


def rounded_formula(expression: str, decimals: int) -> str:
    """Return a formula that rounds as `dli.method.rounding.rounded` does."""
    return f"ROUND(({expression})*(1+1E-12),{decimals})"


def _recipe(expression: str, *head: Head) -> Recipe:
    start, span, lowest, highest = (*head, *[_NOTHING] * (4 - len(head)))
    return Recipe(head=(start, span, lowest, highest), expression=expression, uses_data=False)


def _line(  # noqa: PLR0913 a line is all of these
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
    """Return a straight line from ``start`` to ``end``, or over a ``span``.

    ``cut`` says for each end when values beyond are cut off: never (an empty text), always
    ("TRUE") or under a condition.
    """
    fitted = choice.fit(values[:, np.newaxis], [node])
    line = fitted.line if log else fitted
    if line.rescaling is not None:
        return "its values are too close together, too large or too small for a spreadsheet"
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
        # A reference to a cell with text ("none") does not count in MIN and MAX.
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
        there = f"COUNT({refs.goalposts[0]},{refs.goalposts[1]})=2"
        ends = [f"IF({there},{own},{end})" for own, end in zip(refs.goalposts, ends, strict=True)]
        cut = [own or there for own in cut]
    for place, given in enumerate((choice.worst, choice.best)):
        if given is not None:
            ends[place], cut[place] = numeral(given), "TRUE"
    return _line(choice, node, values, *ends, cut=(cut[0], cut[1]), log=choice.log)


def _goalposts(choice: Goalposts, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    assert refs.goalposts is not None  # noqa: S101 no node without them gets here
    ends = [f"IF(ISNUMBER({own}),{own},NA())" for own in refs.goalposts]
    cut = ("TRUE", "TRUE") if choice.truncate else ("", "")
    return _line(choice, node, values, *ends, cut=cut, log=choice.log)


def _scaled(choice: Scaled, node: Indicator, values: Floats, refs: Refs) -> Recipe | str:
    assert refs.scale is not None  # noqa: S101 no node without it gets here
    low, high = (f"IF(ISNUMBER({own}),{own},NA())" for own in refs.scale)
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
    """Return ranks from the worst (1) upwards, Borda counts and percentile ranks."""
    if choice.equality != "exact":
        return "a spreadsheet has no ranks in which values that differ by rounding alone tie"
    known = np.unique(values[~np.isnan(values)])
    if (np.diff(known) <= _TOLD_APART * np.abs(known[1:])).any():
        return "some of its values differ in digits that a spreadsheet does not have"
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
