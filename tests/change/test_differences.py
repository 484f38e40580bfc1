"""Differences between two units add up, and are what they should be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.change.cases import AGGREGATIONS, Outside, assessed, cells

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import (
    Copeland,
    GeometricMean,
    Minimum,
    PowerMean,
)
from dli.change import difference
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import Goalposts
from dli.weighting import BenefitOfTheDoubt

tables = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 100).map(float)), min_size=5, max_size=5),
    min_size=3,
    max_size=4,
)
whole = st.lists(
    st.lists(st.integers(0, 100).map(float), min_size=5, max_size=5), min_size=4, max_size=4
)


def test_a_geometric_difference_as_worked_out_beforehand():
    index = Index(
        "T",
        [Indicator(c, weight=w, goalposts=(0, 100)) for c, w in zip("abc", (5, 3, 2), strict=True)],
    )
    data = {"unit": ["p", "q"], "a": [60.0, 50.0], "b": [40.0, 70.0], "c": [80.0, 65.0]}
    method = Method(normalisation=Goalposts(), aggregation=GeometricMean())
    found = difference(Assessment(index, data, method=method), "p", "q")
    assert cells(found, "points") == pytest.approx([5.2213739, -9.61585668, 2.37857284], abs=1e-8)
    assert sum(cells(found, "points")) == pytest.approx(-2.01590994, abs=1e-8)


@pytest.mark.parametrize("aggregation", AGGREGATIONS, ids=repr)
@given(rows=tables)
def test_points_add_up_to_the_difference(aggregation, rows):
    """Whatever is missing; the columns need two values that differ for some of the scales."""
    rows = [
        [100.0, 0.0, 100.0, 0.0, 50.0],
        [0.0, 100.0, 0.0, 100.0, 20.0],
        [7.0, None, 3.0, None, 1.0],
        *rows,
    ]
    assessment = assessed(
        [row if any(c is not None for c in row) else [5.0] * 5 for row in rows],
        aggregation=aggregation,
    )
    scores = assessment.array("T")
    for second in range(len(rows)):
        found = difference(assessment, "u0", f"u{second}")
        points = cells(found, "points")
        assert None not in points
        assert sum(points) == pytest.approx(
            scores[0] - scores[second], abs=1e-12 * 101 * len(points)
        )


@given(rows=whole)
def test_units_with_weights_of_their_own_have_a_part_for_weights(rows):
    rows = [[100.0, 10.0, 90.0, 20.0, 50.0], [5.0, 100.0, 10.0, 100.0, 20.0], *rows]
    assessment = assessed(rows, weighting={"A": BenefitOfTheDoubt()})
    found = difference(assessment, "u0", "u1")
    total = assessment.array("T")[0] - assessment.array("T")[1]
    assert sum(cells(found, "points")) == pytest.approx(total, abs=1e-10)
    named = dict(zip(cells(found, "name"), cells(found, "code"), strict=True))
    assert named.get("weights", "A") == "A"


def test_a_sub_index_that_one_unit_lacks_has_a_row_of_its_own():
    assessment = assessed([[10.0, 20.0, 30.0, 40.0, 50.0], [None, None, 30.0, 40.0, 50.0]])
    found = difference(assessment, "u0", "u1")
    table = dict(zip(cells(found, "code"), cells(found, "points"), strict=True))
    assert table["A"] == pytest.approx(assessment.array("T")[0] - assessment.array("T")[1])
    assert table["a1"] == 0.0


def test_units_that_share_no_child_are_still_compared():
    assessment = assessed([[10.0, None, 30.0, 40.0, None], [None, 80.0, 30.0, 40.0, None]])
    found = difference(assessment, "u0", "u1", node="A")
    assert sum(cells(found, "points")) == pytest.approx(11 - 81)
    assert cells(difference(assessment, "u0", "u1", node="b1"), "points") == [0.0]


def test_many_children_are_split_over_an_order_and_its_reverse():
    codes = [f"i{j}" for j in range(15)]
    index = Index("T", [Indicator(c, goalposts=(0, 1)) for c in codes])
    rng = np.random.default_rng(1)
    data = {"unit": ["p", "q"], **{c: rng.uniform(size=2) for c in codes}}
    method = Method(normalisation=Goalposts(), aggregation=Minimum())
    assessment = Assessment(index, data, method=method)
    found = difference(assessment, "p", "q")
    expected = assessment.array("T")[0] - assessment.array("T")[1]
    assert sum(cells(found, "points")) == pytest.approx(expected, abs=1e-12)


def test_a_minimum_is_split_by_hand():
    """(2, 5) against (4, 3): min 2 against 3. Orders: -1 - 0 and +1 - 2: a -1.5, b +.5."""
    index = Index("T", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(0, 10))])
    data = {"unit": ["p", "q"], "a": [2.0, 4.0], "b": [5.0, 3.0]}
    method = Method(normalisation=Goalposts(0, 10), aggregation=Minimum())
    found = difference(Assessment(index, data, method=method), "p", "q")
    assert cells(found, "points") == pytest.approx([-1.5, 0.5])


def two(first, second, *, weights=None, **choices):
    """Return the assessment of two units p and q by indicators a, b, c ..., not normalised."""
    codes = "abcdefghijklmnopq"[: len(first)]
    weights = [1] * len(codes) if weights is None else weights
    index = Index(
        "T",
        [
            Indicator(code, weight=weight, goalposts=(0, 100))
            for code, weight in zip(codes, weights, strict=True)
        ],
    )
    data = {"unit": ["p", "q"]}
    data |= {
        code: list(pair) for code, pair in zip(codes, zip(first, second, strict=True), strict=True)
    }
    return Assessment(index, data, method=Method(normalisation=Goalposts(), **choices))


def points(assessment, *units, **options):
    return cells(difference(assessment, *(units or ("p", "q")), **options), "points")


def test_units_that_share_no_child_exchange_signs():
    """T at 10 and 40; the hybrid of nothing counts 25, that of both values (10 + 2 * 40) / 3 = 30.

    So a has the mean of 30 - 40 and 10 - 25, and b that of 25 - 40 and 10 - 30.
    """
    assessment = two([10.0, None], [None, 40.0], weights=[1, 2])
    assert points(assessment) == pytest.approx([-12.5, -17.5])
    assert points(assessment, "q", "p") == pytest.approx([12.5, 17.5])


@pytest.mark.parametrize("aggregation", [*AGGREGATIONS[1::2], Outside()], ids=repr)
@given(rows=tables)
def test_exchanging_the_units_changes_the_sign_of_each_part(aggregation, rows):
    rows = [[100.0, 0.0, 100.0, 0.0, 50.0], [0.0, 100.0, 0.0, 100.0, 20.0], *rows]
    assessment = assessed(
        [row if any(c is not None for c in row) else [5.0] * 5 for row in rows],
        aggregation=aggregation,
    )
    for first, second in [("u0", "u2"), ("u2", "u3")]:
        one, other = (
            dict(
                zip(
                    zip(cells(table, "code"), cells(table, "name"), strict=True),
                    cells(table, "points"),
                    strict=True,
                )
            )
            for table in (
                difference(assessment, first, second),
                difference(assessment, second, first),
            )
        )
        assert one == {part: -own for part, own in other.items()}


def test_a_power_mean_at_equal_scores():
    """3^2 + 4^2 = 4^2 + 3^2: each part is half of 3^2 - 4^2 over the derivative 2 s."""
    equal = two([3.0, 4.0], [4.0, 3.0], aggregation=PowerMean(2))
    assert points(equal) == pytest.approx([-3.5 / 50**0.5, 3.5 / 50**0.5])
    geometric = two([2.0, 8.0], [8.0, 2.0], aggregation=GeometricMean())
    # The logarithmic mean of 4 and 4 is 4.
    assert points(geometric) == pytest.approx([4 * np.log(1 / 4) / 2, 4 * np.log(4) / 2])


@pytest.mark.parametrize("order", [-60, -2, 0, 0.003, 0.5, 3, 400])
def test_scores_that_differ_by_rounding_have_the_parts_of_equal_ones(order):
    """Order, or 1e-13 more in a value, changes no part by more than rounding does."""
    values = [30.0, 40.0, 50.0, 1.0]
    exact = points(two(values, [50.0, 40.0, 30.0, 1.0], aggregation=PowerMean(order)))
    nearly = points(
        two(values, [50.0, 40.0, 30.0 * (1 + 4e-16), 1.0], aggregation=PowerMean(order))
    )
    assert nearly == pytest.approx(exact, rel=1e-9, abs=1e-12)
    assert exact[0] == pytest.approx(-exact[2])
    assert exact[0] < 0


def test_power_means_of_zeros_and_of_values_without_weight():
    assert points(two([0.0, 4.0], [9.0, 4.0], aggregation=PowerMean(0.5))) == pytest.approx(
        [1 - 6.25, 0]
    )
    for order in (0.5, 2):
        assert points(two([0.0, 0.0], [0.0, 0.0], aggregation=PowerMean(order))) == [0, 0]
    free = two([0.0, 4.0], [9.0, 1.0], weights=[0, 1], aggregation=GeometricMean())
    assert points(free) == pytest.approx([0, 3])


def test_many_children_exchange_signs_too():
    rng = np.random.default_rng(3)
    first, second = rng.integers(1, 90, (2, 14)).astype(float)
    first[3], second[5] = np.nan, np.nan
    assessment = two(first, second, aggregation=Minimum())
    one, other = points(assessment), points(assessment, "q", "p")
    assert one == [-own for own in other]
    total = np.diff(assessment.array("T"))[0]
    assert sum(other) == pytest.approx(total)


def test_an_order_and_its_reverse_by_hand():
    """Of 13 children, a falls from 5 to 2 and m from 4 to 1: the minimum falls from 4 to 1.

    In order a costs 2 (4 to 2) and m 1; in reverse m costs 3 and a nothing.
    """
    first, second = [9.0] * 13, [9.0] * 13
    first[0], second[0], first[12], second[12] = 2.0, 5.0, 1.0, 4.0
    found = points(two(first, second, aggregation=Minimum()))
    assert found == pytest.approx([-1, *[0] * 11, -2])


def test_equal_sub_indices_have_no_part():
    """Scores that differ by rounding alone must not scale what lies below them."""
    index = Index(
        "T",
        [
            Index("A", [Indicator(c, goalposts=(0, 1)) for c in ("a", "b", "c")]),
            Indicator("d", goalposts=(0, 1)),
        ],
    )
    data = {"unit": ["p", "q"], "a": [0.1, 0.3], "b": [0.2, 0.2], "c": [0.3, 0.1], "d": [0.3, 0.2]}
    method = Method(normalisation=Goalposts(0, 1), aggregation={"T": Minimum()})
    assessment = Assessment(index, data, method=method)
    assert points(assessment) == pytest.approx([0, 0, 0, 0], abs=1e-12)


def test_coverage_does_not_matter_for_hybrids():
    """A hybrid of fewer children than the coverage requires for still has its score."""
    first, second = [10.0, 20.0, None, None], [None, None, 30.0, 40.0]
    shares = points(two(first, second, coverage=0.5))
    assert shares == points(two(first, second))
    assert sum(shares) == pytest.approx(-20)
    assert shares[0] < shares[1] < 0


def test_copeland_is_refused_unless_the_units_tie():
    rows = [[1.0, 2.0, 30.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0], [3.0, 3.0, 3.0, 3.0, 3.0]]
    assessment = assessed(rows, aggregation=Copeland())
    message = "Copeland of 'T' scores units by comparing them with each other"
    with pytest.raises(MethodError, match=message):
        difference(assessment, "u0", "u1")
    assert points(assessment, "u1", "u1") == [0] * 5


class AboveTheMean:
    """How far a unit is above the mean of all."""

    def aggregate(self, values, weights):
        scores = values @ weights
        return 100 + scores - (scores.sum() - scores) / (len(scores) - 1)


class OfTheBest:
    """The share of the best unit's mean."""

    def aggregate(self, values, weights):
        scores = values @ weights
        return scores / scores.max()


def test_an_outside_aggregation_that_depends_on_other_units():
    rows = [
        [10.0, 20.0, 30.0, 40.0, 50.0],
        [50.0, 40.0, 30.0, 20.0, 10.0],
        [90.0, 90.0, 10.0, 90.0, 90.0],
    ]
    with pytest.raises(MethodError, match="AboveTheMean of 'A' scores units by comparing them"):
        difference(assessed(rows, aggregation={"A": AboveTheMean()}), "u0", "u1")
    shares = assessed(rows, aggregation={"T": OfTheBest()})
    plain = assessed(rows)
    best = plain.array("T").max()
    expected = np.array(points(plain, "u0", "u1")) / best
    assert points(shares, "u0", "u1") == pytest.approx(expected.tolist())


@given(rows=tables)
def test_an_outside_mean_has_the_parts_of_the_mean(rows):
    """But for missing children; complete rows are split alike, whatever an object promises."""
    rows = [[5.0 if c is None else c for c in row] for row in rows]
    plain, outside = assessed(rows), assessed(rows, aggregation=Outside())
    expected = points(plain, "u0", "u1")
    equal = [
        np.isclose(*plain.array(code)[:2], rtol=1e-9, atol=1e-9) for code in ("A", "A", "B", "B")
    ]
    found = points(outside, "u0", "u1")
    for code_is_equal, own, other in zip([*equal, False], found, expected, strict=True):
        assert own == (0 if code_is_equal else pytest.approx(other, abs=1e-9))


class Refusing(Outside):
    """A mean of values that differ by less than a limit; it needs the units one by one."""

    def aggregate(self, values, weights):
        if (np.ptp(values, axis=1) > 50).any():
            raise ValueError("too uneven")
        return super().aggregate(values, weights)


def test_hybrids_that_are_refused_count_as_the_mean_of_both():
    """(10, 10) and (90, 90): both hybrids count 50, so that each child has half of 80."""
    assert points(two([10.0, 10.0], [90.0, 90.0], aggregation=Refusing())) == [-40, -40]


def test_an_outside_aggregation_of_units_with_weights_of_their_own():
    rows = [[100.0, 10.0, 90.0, 20.0, 50.0], [5.0, 100.0, 10.0, 100.0, 20.0], [40.0] * 5]
    choices = {"weighting": {"A": BenefitOfTheDoubt()}}
    plain = assessed(rows, **choices)
    outside = assessed(rows, aggregation={"A": Outside()}, **choices)
    assert points(outside, "u0", "u1") == pytest.approx(points(plain, "u0", "u1"))
    table = difference(outside, "u0", "u1")
    assert dict(zip(cells(table, "name"), cells(table, "code"), strict=True))["weights"] == "A"


@pytest.mark.parametrize(
    ("units", "options", "error", "message"),
    [
        (("u0", "x"), {}, UnknownCodeError, "no unit 'x'"),
        (("u0", "u1"), {"node": "Q"}, UnknownCodeError, "no node 'Q'"),
        (("u0", "u2"), {}, DataError, "unit 'u2' has no score at 'T'"),
        (("u0", "u1"), {"period": 1999}, MethodError, "the data have no periods, got period=1999"),
    ],
)
def test_what_cannot_be_compared_is_refused(units, options, error, message):
    rows = [[1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, None, None, None, None]]
    with pytest.raises(error, match=message):
        difference(assessed(rows, coverage={"T": 0.5}), *units, **options)
