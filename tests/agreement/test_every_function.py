"""Facts that hold for every function of an assessment, on one set of assessments."""

import warnings

import numpy as np
import pytest
from tests.agreement.cases import (
    ASSESSMENTS,
    CODES,
    FUNCTIONS,
    OF_SEVERAL,
    TREE,
    assess,
    functions_of_an_assessment,
    panel,
    table,
)

from dli import Index
from dli.aggregation import Copeland
from dli.errors import DataError, DLIWarning, MethodError
from dli.weighting import BenefitOfTheDoubt


def run(name, assessment, period=None):
    """Return the result, or the kind of error with its first words: they must agree as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DLIWarning)
        try:
            return FUNCTIONS[name](assessment, period)
        except (MethodError, DataError, StopIteration) as error:
            return {"error": [type(error).__name__]}


def comparable(columns):
    """Return the rows in an order of their own: words first, then numbers to nine digits."""
    rows = []
    for cells in zip(*columns.values(), strict=True):
        words = tuple(
            ", ".join(sorted(str(c).split(", ")))  # codes that tie come in any order
            for c in cells
            if not isinstance(c, (int, float)) or isinstance(c, bool)
        )
        numbers = tuple(
            None if c is None or c != c else float(f"{c:.9e}")  # noqa: PLR0124 NaN alone differs from itself
            for c in cells
            if isinstance(c, (int, float)) and not isinstance(c, bool)
        )
        rows.append((words, numbers))
    return sorted(rows, key=lambda row: (row[0], str(row[1])))


def assert_same(one, other):
    assert list(one) == list(other)
    first, second = comparable(one), comparable(other)
    assert [words for words, _ in first] == [words for words, _ in second]
    for (_, a), (_, b) in zip(first, second, strict=True):
        np.testing.assert_allclose(
            [np.nan if x is None else x for x in a],
            [np.nan if x is None else x for x in b],
            rtol=1e-7, atol=1e-9,
        )  # fmt: skip


def test_every_function_of_an_assessment_is_here():
    assert functions_of_an_assessment() == set(FUNCTIONS) | OF_SEVERAL


@pytest.mark.parametrize("case", ASSESSMENTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_answers_or_refuses_and_never_with_a_bare_error(name, case):
    assessment = ASSESSMENTS[case]()
    period = 2020 if assessment.periods is not None else None
    assert run(name, assessment, period)


OTHER_METHODS = {
    "weights of units": {"weighting": BenefitOfTheDoubt(share_bounds=(0.05, 1.0))},
    "units compared": {"aggregation": {"B": Copeland(), "T": Copeland()}},
}


# Missing values are drawn from all periods together.
OF_PERIODS = sorted(set(FUNCTIONS) - {"sensitivity.multiple_imputation"})


@pytest.mark.parametrize("method", OTHER_METHODS)
@pytest.mark.parametrize("name", OF_PERIODS)
def test_units_are_weighed_and_compared_within_a_period(name, method):
    check_period(name, 2020, **OTHER_METHODS[method])


@pytest.mark.parametrize("period", [2019, 2020, 2021])
@pytest.mark.parametrize("name", OF_PERIODS)
def test_within_a_period_it_equals_the_assessment_of_that_period_alone(name, period):
    check_period(name, period)


def check_period(name, period, **method):
    data = panel()
    rows = [i for i, year in enumerate(data["year"]) if year == period]
    alone = {n: [cells[i] for i in rows] for n, cells in data.items() if n != "year"}
    assert_same(run(name, assess(data, **method), period), run(name, assess(alone, **method)))


# Where what is drawn, or who comes first among equals, follows the order of the tree or of rows.
@pytest.mark.parametrize("case", ["plain", "gaps", "ties", "mixed", "own weights"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_order_of_rows_changes_nothing(name, case):
    assessment = ASSESSMENTS[case]()
    observed = assessment.observations
    order = np.random.default_rng(3).permutation(len(observed.units))
    data = {n: [observed.table.column(n)[i] for i in order] for n in observed.table.names}
    other = type(assessment)(TREE, data, method=assessment.method)
    assert_same(run(name, assessment), run(name, other))


DRAWN = {
    "sensitivity.uncertainty",
    "sensitivity.sobol",
    "sensitivity.shapley",
    "sensitivity.rank_acceptability",
    "sensitivity.central_weights",
    "sensitivity.multiple_imputation",
}


def turned(node):
    """Return the tree with all children in reverse order."""
    if not isinstance(node, Index):
        return node
    from attrs import evolve

    return evolve(node, children=[turned(child) for child in reversed(node.children)])


@pytest.mark.parametrize("case", ["plain", "gaps", "ties", "mixed", "mixed ties", "minimum"])
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - DRAWN))
def test_the_order_of_columns_changes_nothing(name, case):
    assessment = ASSESSMENTS[case]()
    other = assessment.evolve(index=turned(TREE))
    one, two = run(name, assessment), run(name, other)
    if "first" in one and "second" in one and "correlation" in one:  # a pair either way round
        for columns in (one, two):
            pairs = [sorted(p) for p in zip(columns["first"], columns["second"], strict=True)]
            columns["first"], columns["second"] = (list(c) for c in zip(*pairs, strict=True))
    two = {column: two[column] for column in one} if set(one) == set(two) else two
    assert_same(one, two)


def test_the_cases_are_what_they_say():
    assert np.isnan(ASSESSMENTS["gaps"]().stage_array("raw")).any()
    assert np.isnan(ASSESSMENTS["propagate"]().array("T")).any()
    assert np.isnan(ASSESSMENTS["coverage"]().array("B")).any()
    assert ASSESSMENTS["own weights"]().weight_array("T").ndim == 2
    assert len(set(ASSESSMENTS["ties"]().array("a").tolist())) < 9
    assert set(table(3, 0)) == {"unit", "income", *CODES}
