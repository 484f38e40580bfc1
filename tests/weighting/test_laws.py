"""What holds for every scheme, built in or from outside."""

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dli import Index, Indicator, Method
from dli.errors import MethodError
from dli.framework.choices import built_in
from dli.weighting import (
    AHP,
    Balanced,
    BenefitOfTheDoubt,
    BestWorst,
    BudgetAllocation,
    CoefficientOfVariation,
    CorrelationBased,
    Critic,
    Declared,
    DirectPoints,
    Entropy,
    Equal,
    Fixed,
    Gini,
    GroupAHP,
    Merec,
    PairwiseSwing,
    PrincipalComponents,
    RankOrder,
    StandardDeviation,
    Swara,
    Traits,
    check_weighting,
    traits_of,
)

CODES = ["a", "b", "c"]
CHILDREN = [Indicator("a", weight=3), Indicator("b"), Indicator("c", weight=0.5)]
PAIRS = {("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 2}
MATRIX = [[1, 3, None], [1 / 3, 1, [1, 3]], [None, [1 / 3, 1], 1]]
ELICITED = [
    Declared(),
    Equal(),
    Fixed({"a": 2, "b": 1, "c": 1, "other": 9}),
    DirectPoints({"a": 100, "b": 40, "c": 40}),
    AHP(PAIRS, method="geometric", limit=0.2),
    AHP(MATRIX, items=CODES, random_index="alonso-lamata", strict=True),
    GroupAHP({"Ann": PAIRS, "Bob": [["a", "b", 1], ["c", "b", 2]]}, expert_weights={"Ann": 1, "Bob": 3}),
    BestWorst({"a": 1, "b": 2, "c": 5}, {"a": 5, "b": 3, "c": 1}),
    RankOrder(["b", "x", ["a", "c"]], "sum"),
    BudgetAllocation([{"a": 10, "b": 60, "c": 30}, {"a": 50, "b": 50}]),
    PairwiseSwing({("a", "b"): 2, ("c", "b"): 4}),
    Swara(["b", "x", "a", "c"], [0.5, 0.2, 0.0]),
]  # fmt: skip
BY_SPREAD = [Entropy(), CoefficientOfVariation(), Gini(), Merec(), StandardDeviation()]
BY_CORRELATION = [
    StandardDeviation("minmax"),
    Critic(),
    CorrelationBased(),
    PrincipalComponents(),
    PrincipalComponents("rotated"),
    PrincipalComponents("rotated", kaiser=True),
    Balanced(),
    Balanced({"a": 2, "b": 1, "c": 1}),
]
PER_UNIT = [
    BenefitOfTheDoubt(),
    BenefitOfTheDoubt(share_bounds={"a": (0.1, 0.6)}, ratio_bounds={("b", "c"): (0.5, 2)}),
    BenefitOfTheDoubt(super_efficiency=True),
    BenefitOfTheDoubt(share_bounds=(0.1, 0.9), common=True),
]
ALL = [*ELICITED, *BY_SPREAD, *BY_CORRELATION, *PER_UNIT]
# These promise not to mind the unit of measure of a column; balanced weights follow it.
SCALE_FREE = [*ELICITED, *BY_SPREAD[:-1], *BY_CORRELATION[:-2]]

pytestmark = pytest.mark.filterwarnings("ignore::dli.DLIWarning")


def _name(scheme):
    return repr(scheme)


@st.composite
def tables(draw):
    """Give columns that vary, above zero, none of them a copy of another."""
    rows = draw(st.integers(5, 12))
    noise = draw(hnp.arrays(np.float64, (rows, 3), elements=st.floats(0, 1)))
    return np.random.default_rng(draw(st.integers(0, 999))).uniform(5, 95, (rows, 3)) + noise


def test_every_scheme_is_held_against_the_laws():
    assert {type(scheme).__name__ for scheme in ALL} == set(built_in("weighting"))


@pytest.mark.parametrize("scheme", [*ELICITED, *BY_SPREAD, *BY_CORRELATION], ids=_name)
@given(values=tables())
def test_a_scheme_keeps_what_it_promises(scheme, values):
    check_weighting(scheme, values, CHILDREN, ignores_scale=scheme in SCALE_FREE)


@pytest.mark.parametrize("scheme", PER_UNIT, ids=_name)
@given(values=tables())
def test_weights_of_units_of_their_own_lie_on_the_simplex(scheme, values):
    weights = scheme.weights(values, CHILDREN)
    assert weights.shape == ((3,) if scheme.common else values.shape)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-9)


@pytest.mark.parametrize("scheme", [*BY_SPREAD, *BY_CORRELATION], ids=_name)
@given(values=tables())
def test_units_without_any_value_change_nothing(scheme, values):
    gaps = np.vstack([values, np.full((2, 3), np.nan)])
    found, expected = (scheme.weights(x, CHILDREN) for x in (gaps, values))
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("scheme", BY_CORRELATION[1:], ids=_name)
def test_units_that_lack_a_value_are_left_out(scheme):
    values = np.random.default_rng(3).uniform(1, 9, (8, 3))
    gaps = values.copy()
    gaps[[2, 5], [0, 1]] = np.nan
    kept = np.delete(values, [2, 5], axis=0)
    found, expected = (scheme.weights(x, CHILDREN) for x in (gaps, kept))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    "scheme",
    [
        *[s for s in ELICITED if type(s) in {Declared, Equal, Fixed, DirectPoints, RankOrder}],
        AHP([[1]]),
        AHP({}),
        GroupAHP({"Ann": [[1]]}),
        BestWorst({"a": 1}, {"a": 1}),
        BudgetAllocation([{"a": 100}]),
        PairwiseSwing([[1]]),
        *BY_SPREAD,
        *BY_CORRELATION[:-1],
        *PER_UNIT[::2],
    ],
    ids=_name,
)
def test_an_only_child_has_all_the_weight(scheme):
    for values in ([[1.0], [4.0], [9.0]], [[4.0], [4.0], [4.0]]):
        weights = scheme.weights(np.array(values), CHILDREN[:1])
        np.testing.assert_allclose(weights, np.ones_like(weights))


@pytest.mark.parametrize("scheme", BY_SPREAD, ids=_name)
def test_a_constant_column_weighs_nothing(scheme):
    values = np.array([[1.0, 5.1, 2.0], [2.0, 5.1, 8.0], [3.0, 5.1, 4.0]])
    weights = scheme.weights(values, CHILDREN)
    assert weights[1] == 0
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("scheme", BY_CORRELATION, ids=_name)
def test_a_constant_column_has_no_correlation(scheme):
    values = np.array([[1.0, 5.1, 2.0], [2.0, 5.1, 8.0], [3.0, 5.1, 4.0]])
    with pytest.raises(MethodError, match=r"(?s)the same for all units.*'b'"):
        scheme.weights(values, CHILDREN)


@pytest.mark.parametrize("scheme", [*BY_SPREAD, *BY_CORRELATION], ids=_name)
def test_one_unit_is_too_few(scheme):
    with pytest.raises(MethodError, match=r"at least (2|3|two)"):
        scheme.weights(np.array([[1.0, 2.0, 3.0]]), CHILDREN)


@pytest.mark.parametrize("scheme", [*BY_SPREAD, *BY_CORRELATION, *PER_UNIT], ids=_name)
def test_infinities_are_refused(scheme):
    values = np.random.default_rng(3).uniform(1, 9, (8, 3))
    values[1, 2] = np.inf
    with pytest.raises(MethodError, match=r"(?s)finite.*'c'"):
        scheme.weights(values, CHILDREN)


@pytest.mark.parametrize("scheme", [s for s in ALL if getattr(s, "method", "") != "geometric"], ids=_name)  # fmt: skip
def test_a_scheme_survives_a_model_file(scheme, tmp_path):
    index = Index("T", CHILDREN, weighting=scheme)
    index.save(tmp_path / "model.toml")
    assert Index.load(tmp_path / "model.toml").weighting == scheme
    method = Method(weighting=scheme)
    assert Method.from_dict(method.to_dict()) == method


@pytest.mark.parametrize("scheme", ALL, ids=_name)
def test_a_scheme_tells_its_formula(scheme):
    text = scheme.describe()
    assert text.endswith(".")
    assert text.count("$") % 2 == 0
    assert attrs.has(type(scheme))


# What the check itself finds


class Outside:
    """A scheme that needs no import from this library, with faults on demand."""

    def __init__(self, weights):
        self.give = weights

    def weights(self, values, children):
        return self.give(values, children)


VALUES = np.random.default_rng(4).uniform(1, 9, (6, 3))
THIRDS = np.full(3, 1 / 3)


def test_a_scheme_from_outside_may_pass():
    equal = Outside(lambda values, _: np.full(values.shape[1], 1 / values.shape[1]))
    check_weighting(equal, VALUES, CHILDREN)
    own = Outside(_own)
    own.traits = Traits(per_unit=True)
    check_weighting(own, VALUES, CHILDREN)


def _own(values, _):
    """Give each unit its own shares, and refuse what has none."""
    if np.isnan(values).any():
        raise MethodError("no missing values")
    return values / values.sum(axis=1, keepdims=True)


def _by_size(values, _):
    raw = np.nansum(values, axis=0)
    return raw / raw.sum()


def _by_range(values, _):
    raw = np.ptp(values, axis=0)
    if np.isnan(raw).any():
        raise MethodError("no missing values")
    return raw / raw.min() / (raw / raw.min()).sum()


def _fails(values, _):
    if np.isnan(values).any():
        raise ZeroDivisionError("no mean")
    return THIRDS[: values.shape[1]] * 3 / values.shape[1]


def _spoils(values, _):
    """Change the values even if they are a read-only view."""
    (values if values.flags.writeable else values.base)[:] = 0
    return THIRDS


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (lambda *_: [0.5, 0.5], r"shape \(2,\), expected \(3,\) or \(6, 3\)"),
        (lambda *_: [1.5, -0.5, 0], "not all finite and at least 0"),
        (lambda *_: [np.nan, 0.5, 0.5], "not all finite and at least 0"),
        (lambda *_: [0.5, 0.5, 0.5], "do not sum to one"),
        (lambda values, _: values[0] / values[0].sum(), "the order of the units"),
        (lambda *_: [0.5, 0.25, 0.25], "the order of the children"),
        (_by_size, "depend on the units of measure"),
        (_own, "weights for each unit, but its traits declare per_unit=False"),
        (
            lambda values, _: np.std(values, axis=0) / np.std(values, axis=0).sum(),
            "with a missing value, its weights are not all finite",
        ),
        (
            _fails,
            r"with a unit without values, it raises ZeroDivisionError \(no mean\) instead of a MethodError",
        ),
        (_spoils, "changes the values"),
        (
            lambda values, _: np.full(values.shape[1], 1 / 3),
            "with a single child, its weights do not sum to one",
        ),
    ],
    ids=range(12),
)
def test_a_broken_promise_is_told(weights, message):
    with pytest.raises(MethodError, match=rf"(?s)Outside does not meet.*{message}"):
        check_weighting(Outside(weights), VALUES, CHILDREN, ignores_scale=True)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_constant_child_that_breaks_a_scheme_is_told():
    with pytest.raises(MethodError, match="with a child that is the same for all units"):
        check_weighting(Outside(_by_range), VALUES, CHILDREN)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "raw",
    [
        lambda values: 1 / np.std(values, axis=0),
        lambda values: np.abs(np.corrcoef(values.T)).sum(axis=-1),
    ],
    ids=["spread", "correlation"],
)
def test_rounding_does_not_hide_that_a_child_is_constant(raw):
    def weights(values, _):
        if np.isnan(values).any():
            raise MethodError("no missing values")
        found = np.atleast_1d(raw(values))
        return found / found.sum()

    values = np.full((12, 3), 7.3) + np.random.default_rng(0).uniform(0, 1, (12, 3))
    with pytest.raises(MethodError, match="with a child that is the same for all units"):
        check_weighting(Outside(weights), values, CHILDREN)


def test_traits_that_are_not_true_are_told():
    for weights, traits, message in (
        (lambda *_: THIRDS, Traits(per_unit=True), "one row of weights, but .* per_unit=True"),
        (_by_size, Traits(uses_values=False), "depend on the values, but .* uses_values=False"),
    ):
        scheme = Outside(weights)
        scheme.traits = traits
        with pytest.raises(MethodError, match=message):
            check_weighting(scheme, VALUES, CHILDREN)


def test_traits_are_declared_or_the_default():
    for scheme in ALL:
        expected = Traits(per_unit=scheme in PER_UNIT[:3], uses_values=scheme not in ELICITED)
        assert traits_of(scheme) == expected
    assert traits_of(Outside(None)) == Traits(per_unit=False, uses_values=True)
    odd = Outside(None)
    odd.traits = {"per_unit": True}
    assert traits_of(odd) == Traits()


@pytest.mark.parametrize("scheme", PER_UNIT, ids=_name)
def test_schemes_of_units_keep_what_they_promise(scheme):
    values = np.random.default_rng(5).uniform(5, 95, (9, 3))
    check_weighting(scheme, values, CHILDREN)


@pytest.mark.parametrize("scheme", [*ELICITED, *BY_SPREAD, *BY_CORRELATION, *PER_UNIT], ids=_name)
@pytest.mark.parametrize("fault", ["constant", "cell", "row", "column"])
def test_hard_tables_give_weights_or_an_error_of_this_library(scheme, fault):
    values = np.random.default_rng(6).uniform(5, 95, (9, 3))
    if fault == "constant":
        values[:, 1] = 7.3
    else:
        values[{"cell": (0, 0), "row": 0, "column": (slice(None), 1)}[fault]] = np.nan
    try:
        weights = scheme.weights(values, CHILDREN)
    except MethodError:
        return
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
