"""The pipeline from observations to scores: the steps of a method in order."""

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import not_
from typing import Any, TypeAlias

import numpy as np
from attrs import frozen

from dli.arrays import Bools, Floats, Integers
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.framework import Index, Indicator
from dli.method import Choices, Method
from dli.normalisation.protocol import at_rows
from dli.observations import Observations
from dli.scoring.adjusting import Adjusted
from dli.scoring.denominators import denominated
from dli.scoring.nodes import ScoredTree
from dli.scoring.units import Units
from dli.steps import Together, ask, at, attribute, numbers, on

__all__ = ["STAGES", "Run", "run"]

# An imputation and the columns that it applies to.
Imputing: TypeAlias = tuple[Any, Any]

STAGES = ("raw", "denominated", "imputed", "treated", "normalised")


@frozen(kw_only=True, eq=False)
class Run:
    """The results of all steps of a method.

    Attributes
    ----------
    rows : ndarray of shape (n_kept,), or slice
        The rows of the observations that were kept, which have values for enough indicators.
    choices : Choices
        The method, resolved for the index.
    stages : mapping of str to ndarray of shape (n_kept, n_indicators)
        The values of the indicators after each of the steps in `STAGES`.
    normalisations : sequence of (choice, columns)
        The normalisations, prepared for the rows, with the columns that each applies to.
    node_normalisations : mapping of str to object
        The normalisation of each node whose score is normalised, by code.
    scores : mapping of str to ndarray of shape (n_kept,)
        The scores of each node, by code; an indicator's score is its normalised value.
    entered : mapping of str to ndarray of shape (n_kept,)
        The values of each node that are aggregated into its parent: its scores, or its normalised
        scores.
    adjusted : mapping of str to Adjusted
        The adjustment of each node whose scores do not depend on its children only, by code.
    weights : mapping of str to ndarray of shape (n_children,) or (n_kept, n_children)
        The weights of the children of each node that has children, by code; rows sum to one.
    rows_by_period : mapping of period to ndarray of int
        The rows of each period, in the order of the data; the key is None without periods.
    """

    rows: Any
    choices: Choices
    stages: Mapping[str, Floats]
    normalisations: Sequence[tuple[Any, Any]]
    node_normalisations: Mapping[str, Any]
    scores: Mapping[str, Floats]
    entered: Mapping[str, Floats]
    adjusted: Mapping[str, Adjusted]
    weights: Mapping[str, Floats]
    rows_by_period: Mapping[Any, Integers]


def run(index: Index, observations: Observations, method: Method) -> Run:
    """Apply a method to observations and return the results of all steps.

    Raises
    ------
    DataError, MethodError, UnknownCodeError
        A step cannot be applied to the data; the error names the codes and units.
    """
    choices = method.resolve(index)
    _require_traits(choices)
    _require_columns(choices, observations)
    everyone = Units(observations, slice(None))
    over_time, others = _by_time(choices.imputation)
    stages = {"raw": observations.values}
    stages["denominated"] = denominated(
        stages["raw"], observations, index.indicators, everyone.name
    )
    with at("imputation"):
        stages["imputed"] = _imputed(stages["denominated"], index, over_time, everyone)
    measured = np.array([indicator.constant is None for indicator in index.indicators])
    rows = _screened(
        stages["raw"], stages["imputed"], measured, method, everyone, can_fill=bool(over_time)
    )
    units = everyone if isinstance(rows, slice) else Units(observations, rows)
    stages = _taken(stages, rows)
    with at("imputation"):
        stages["imputed"] = _imputed(stages["imputed"], index, others, units)
    stages["imputed"].flags.writeable = False
    with at("treatment"):
        stages["treated"] = _treated(stages["imputed"], index, choices, units)
    stages["treated"].flags.writeable = False
    with at("normalisation"):
        normalisations = [
            (at_rows(choice, lambda: units.kept), columns)
            for choice, columns in choices.normalisation
        ]
        stages["normalised"] = _normalised(stages["treated"], index, normalisations, units)
    for values in stages.values():
        values.flags.writeable = False
    tree = ScoredTree(index=index, choices=choices, units=units, normalised=stages["normalised"])
    tree.score_all()
    return Run(
        rows=rows,
        choices=choices,
        stages=stages,
        normalisations=normalisations,
        node_normalisations=tree.normalisations,
        scores=tree.scores,
        entered=tree.entered,
        adjusted=tree.adjusted,
        weights=tree.weights,
        rows_by_period=units.rows_by_period,
    )


def _require_traits(choices: Choices) -> None:
    """Raise an error if reading the traits of a step raises one."""
    together = Together()
    for family, chosen in (
        ("imputation", [choice for choice, _ in choices.imputation]),
        ("treatment", [choice for choice, _ in choices.treatment]),
        ("normalisation", [choice for choice, _ in choices.normalisation]),
        ("normalisation", choices.node_normalisation.values()),
        ("imputation", choices.node_imputation.values()),
        ("weighting", choices.weighting.values()),
        ("aggregation", choices.aggregation.values()),
    ):
        for choice in chosen:
            try:
                getattr(choice, "traits", None)
            except Exception:  # noqa: BLE001 a property may raise anything
                with together:
                    attribute(choice, "traits", None, step=f"{family} {type(choice).__name__}")
    together.require("cannot read the traits of some steps")


def _require_columns(choices: Choices, observations: Observations) -> None:
    """Raise an error for imputations that use a column missing from the data, even without gaps."""
    chosen: list[tuple[str, str | None, Any]] = [
        ("imputation", None, own) for own, _ in choices.imputation if own is not None
    ]
    chosen += [("node_imputation", code, own) for code, own in choices.node_imputation.items()]
    if not chosen:
        return
    from dli.imputation.protocol import traits_of

    known = observations.context_columns
    for step, code, choice in chosen:
        unknown = [name for name in traits_of(choice).columns if name not in known]
        if unknown:
            with at(step, code):
                raise UnknownCodeError(f"column for {type(choice).__name__}", unknown, known)


def _by_time(imputation: Sequence[Imputing]) -> tuple[list[Imputing], list[Imputing]]:
    """Return the imputations that use values of other periods, and all other imputations."""
    chosen = [(choice, columns) for choice, columns in imputation if choice is not None]
    if not chosen:
        return [], []
    # This import is local because most assessments do not impute.
    from dli.imputation.protocol import traits_of

    over_time = [traits_of(choice).over_time for choice, _ in chosen]
    return list(compress(chosen, over_time)), list(compress(chosen, map(not_, over_time)))


def _screened(
    raw: Floats, filled: Floats, measured: Bools, method: Method, units: Units, *, can_fill: bool
) -> Any:
    """Return the rows that have values, in the data or imputed, for enough indicators.

    Indicators that are constants do not count.
    """
    missing = np.isnan(raw)
    if not missing.any():
        return slice(None)
    if filled is not raw:
        missing &= np.isnan(filled)
    if not measured.all():
        missing = missing[:, measured]
    n_indicators = missing.shape[1]
    share = (n_indicators - np.count_nonzero(missing, axis=1)) / n_indicators
    # A share of 7 out of 10 must pass a threshold of 0.7, whatever the rounding.
    kept = share >= method.availability - 1e-12
    empty = [units.name(row) for row in np.flatnonzero(kept & (share == 0)).tolist()]
    if empty:
        fill = "" if can_fill or units.observations.periods is None else (
            "fill them from other periods by an imputation such as Linear(), "
        )  # fmt: skip
        msg = (
            f"units need a value of at least one indicator ({fill}drop the rows, or set an "
            "availability above 0 in the method, which leaves such units out); it is missing for"
        )
        raise DataError(msg, empty)
    if kept.all():
        return slice(None)
    if not kept.any():
        msg = (
            "no unit has the share of indicators that "
            f"availability={method.availability:g} requires; the most complete unit has "
            f"{share.max():.3g}"
        )
        raise DataError(msg)
    return np.flatnonzero(kept)


def _taken(stages: Mapping[str, Floats], rows: Any) -> dict[str, Floats]:
    """Return some rows of the stages; stages that share an array still share one."""
    if isinstance(rows, slice):
        return dict(stages)
    different = {id(values): values for values in stages.values()}
    taken = {key: np.asfortranarray(values[rows]) for key, values in different.items()}
    return {name: taken[id(values)] for name, values in stages.items()}


def _imputed(values: Floats, index: Index, imputation: Sequence[Imputing], units: Units) -> Floats:
    if not imputation or not np.isnan(values).any():
        return values
    from dli.imputation import impute

    filled = values.copy(order="F")
    together = Together()
    for choice, columns in imputation:
        known = units.known(index, _indicators_at(index, columns))
        with together:
            filled[:, columns] = impute(choice, values[:, columns], known)
    together.require("imputations that cannot be applied")
    return filled


def _indicators_at(index: Index, columns: Any) -> Sequence[Indicator]:
    if isinstance(columns, slice):
        return index.indicators[columns]
    return tuple(index.indicators[j] for j in columns.tolist())


def _treated(values: Floats, index: Index, choices: Choices, units: Units) -> Floats:
    if all(choice is None for choice, _ in choices.treatment):
        return values
    treated = values.copy(order="F")
    together = Together()
    for choice, columns in choices.treatment:
        if choice is None:
            continue
        before = values[:, columns]
        codes = [indicator.code for indicator in _indicators_at(index, columns)]
        with together:
            result = ask(
                choice,
                "treat",
                before,
                step=f"treatment {type(choice).__name__}",
                codes=codes,
                unit=units.name,
                read=numbers,
            )
            treated[:, columns] = _checked("treatment", choice, result, before, codes)
    together.require("treatments that cannot be applied")
    return treated


def _normalised(
    values: Floats, index: Index, normalisations: Sequence[tuple[Any, Any]], units: Units
) -> Floats:
    normalised = np.empty(values.shape, order="F")
    together = Together()
    for choice, columns in normalisations:
        own = _indicators_at(index, columns)
        codes = [indicator.code for indicator in own]
        before = values if isinstance(columns, slice) else values[:, columns]
        step = f"normalisation {type(choice).__name__}"
        with together:
            result = ask(
                choice,
                "normalise",
                before,
                own,
                step=step,
                codes=codes,
                unit=units.name,
                read=numbers,
            )
            result = _checked("normalisation", choice, result, before, codes)
            if isinstance(columns, slice):
                return result
            normalised[:, columns] = result
    together.require("normalisations that cannot be applied")
    return normalised


def _checked(
    family: str, choice: Any, result: Floats, before: Floats, codes: Sequence[str]
) -> Floats:
    """Return a step's result; raise an error if its shape or its missing values are wrong."""
    name = type(choice).__name__
    if result.shape != before.shape:
        msg = f"{family} {name} must keep the shape {before.shape}, got {result.shape}"
        raise MethodError(msg + on(codes))
    missing, finite = np.isnan(before), np.isfinite(result)
    if (missing ^ finite).all() and np.isnan(result[missing]).all():
        return result
    lost = ~finite & ~missing
    if lost.any():
        spoilt, what = lost, "missing or infinite where there were values"
    else:
        spoilt, what = missing & ~np.isnan(result), "not missing where there were none"
    msg = f"{family} {name} returned values that are {what}"
    counts = zip(codes, spoilt.sum(axis=0).tolist(), strict=True)
    raise MethodError(msg, [f"{code!r}: {n} of them" for code, n in counts if n])
