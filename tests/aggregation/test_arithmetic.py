import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from tests.aggregation.cases import Case, few, weighted

from dli import Assessment, Index, Indicator, Method, change, frames
from dli.aggregation import (
    ArithmeticMean,
    CensoredMean,
    Complement,
    Difference,
    GeometricMean,
    Product,
    Ratio,
    Sum,
)
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import MethodError
from dli.normalisation import Goalposts
from dli.sensitivity import Alternatives, Exclusion, MeasurementError, WeightNoise, uncertainty

HALVES = np.array([0.5, 0.5])
MISSING = np.nan


# Sum and product.


@pytest.mark.parametrize("n", [1, 2, 3, 7, 49, 107])
def test_equal_weights_make_the_plain_sum_and_product(n):
    values, weights = np.arange(2.0, n + 2)[np.newaxis], np.full(n, 1 / n)
    assert Sum().aggregate(values, weights).tolist() == [values.sum()]
    assert_array_equal(Sum().gradient(values, weights), np.ones((1, n)))
    assert_allclose(Product().aggregate(values, weights), values.prod(), rtol=1e-13)


def test_a_total_says_what_the_weights_sum_to_by_hand():
    values, weights = np.array([[10.0, 20.0]]), np.array([2 / 3, 1 / 3])
    assert Sum(total=3).aggregate(values, weights).tolist() == [2 * 10 + 20]
    assert_allclose(Sum().aggregate(values, weights), (4 * 10 + 2 * 20) / 3, rtol=1e-15)
    assert Product(total=3).aggregate(values, weights).tolist() == [10**2 * 20]
    assert Product(total=3).gradient(values, weights).tolist() == [[2 * 10 * 20, 100]]


def test_the_weight_of_missing_children_is_shared_by_hand():
    values = np.array([[10.0, MISSING, 30.0], [MISSING, MISSING, MISSING]])
    weights = np.full(3, 1 / 3)
    assert_allclose(Sum().aggregate(values, weights), [60.0, MISSING], rtol=1e-15)
    assert_allclose(Sum().gradient(values, weights), [[1.5, 0, 1.5], [0, 0, 0]], rtol=1e-15)
    assert_allclose(Product().aggregate(values, weights), [300**1.5, MISSING], rtol=1e-14)
    slopes = [[1.5 * 300**1.5 / 10, 0, 1.5 * 300**1.5 / 30], [0, 0, 0]]
    assert_allclose(Product().gradient(values, weights), slopes, rtol=1e-14)


@few
@given(case=weighted(missing=True))
def test_a_total_of_one_is_a_mean(case: Case):
    values, weights = case
    for scheme, mean in ((Sum(1), ArithmeticMean()), (Product(1), GeometricMean())):
        assert_allclose(
            scheme.aggregate(values, weights), mean.aggregate(values, weights), rtol=1e-12
        )
        assert_allclose(
            scheme.gradient(values, weights), mean.gradient(values, weights), rtol=1e-11, atol=1e-14
        )


@few
@given(case=weighted(missing=True))
def test_a_sum_goes_with_its_total_and_a_product_is_a_power(case: Case):
    values, weights = case
    assert_allclose(
        Sum(6).aggregate(values, weights), 3 * Sum(2).aggregate(values, weights), rtol=1e-12
    )
    assert_allclose(
        Product(6).aggregate(values, weights),
        Product(2).aggregate(values, weights) ** 3,
        rtol=1e-11,
    )


def test_a_total_must_be_above_zero():
    for scheme in (Sum, Product):
        for total in (0, -1, np.inf, "3", True):
            with pytest.raises(MethodError, match=r"^total must be a number above 0, got"):
                scheme(total)
    assert Sum(3) == Sum(total=3.0)


def test_a_product_refuses_values_below_zero_that_count():
    values = np.array([[1.0, -2.0], [-3.0, 4.0]])
    with pytest.raises(MethodError, match=r"requires values of at least 0; got") as caught:
        Product().aggregate(values, HALVES)
    assert caught.value.faults == ("row 0, column 1: -2", "row 1, column 0: -3")
    assert_array_equal(Product().aggregate(values[:1], np.array([1.0, 0.0])), [1.0])


def test_products_at_zero_by_hand():
    third = np.full(3, 1 / 3)
    values = np.array([[0.0, 4.0, 5.0], [0.0, 0.0, 5.0], [2.0, 4.0, 5.0]])
    assert Product().aggregate(values, third).tolist() == [0, 0, 40]
    assert Product().gradient(values, third).tolist() == [[20, 0, 0], [0, 0, 0], [20, 10, 8]]
    # Exponents below 1 at zero: the derivative is infinite, and given as 0.
    assert Product(1).gradient(values[:1], third).tolist() == [[0, 0, 0]]


def test_products_set_out_from_zero_by_hand():
    values = np.array([[0.0, 4.0], [0.0, 0.0], [2.0, 4.0]])
    moves = np.array([[3.0, 1.0], [3.0, 12.0], [1.0, 1.0]])

    def along(total, moves):
        return Product(total).directional(values, HALVES, moves).tolist()

    assert along(2, moves) == [3 * 4, 0, 4 + 2]
    assert along(1, moves) == [
        np.inf,
        pytest.approx(6),
        pytest.approx(0.5 * 8**0.5 * (1 / 2 + 1 / 4)),
    ]
    assert along(2, moves * [0, 1]) == [0, 0, 2]
    assert along(1, moves * [0, 1]) == [0, 0, pytest.approx(0.5 * 8**0.5 / 4)]
    assert along(4, moves) == [0, 0, pytest.approx(2 * 64 * (1 / 2 + 1 / 4))]
    assert along(2, -moves) == [0, 0, -6]  # nothing falls below zero
    complete = Product().directional(values[2:], HALVES, moves[2:])
    assert complete.tolist() == [6]


def test_products_whose_parts_leave_the_range_of_numbers():
    values = np.array([[1e200, 1e200, 1e-300], [1e-200, 1e-200, 1e300]])
    assert_allclose(Product().aggregate(values, np.full(3, 1 / 3)), [1e100, 1e-100], rtol=1e-11)


# Difference, ratio and complement.


def test_the_order_of_children_counts_and_weights_do_not():
    values = np.array([[30.0, 40.0], [40.0, 30.0]])
    for weights in (HALVES, np.array([0.9, 0.1]), np.array([1.0, 0.0])):
        assert Difference().aggregate(values, weights).tolist() == [-10, 10]
        assert Difference().gradient(values, weights).tolist() == [[1, -1], [1, -1]]
        assert_allclose(Ratio().aggregate(values, weights), [3 / 4, 4 / 3], rtol=1e-15)
        slopes = [[1 / 40, -30 / 1600], [1 / 30, -40 / 900]]
        assert_allclose(Ratio().gradient(values, weights), slopes, rtol=1e-15)
    assert Complement(of=100).aggregate(values[:, :1], np.ones(1)).tolist() == [70, 60]
    assert Complement().gradient(values[:, :1], np.ones(1)).tolist() == [[-1], [-1]]


@pytest.mark.parametrize("scheme", [Difference(), Ratio()], ids=repr)
def test_a_missing_child_leaves_no_score(scheme):
    values = np.array([[MISSING, 40.0], [30.0, MISSING], [MISSING, MISSING], [30.0, 20.0]])
    assert np.isnan(scheme.aggregate(values, HALVES)).tolist() == [True, True, True, False]
    slopes = scheme.gradient(values, HALVES)
    assert (slopes[:3] == 0).all()
    assert (slopes[3] != 0).all()
    only = np.array([[MISSING], [0.25]])
    assert_allclose(Complement().aggregate(only, np.ones(1)), [MISSING, 0.75])
    assert Complement().gradient(only, np.ones(1)).tolist() == [[0], [-1]]


@pytest.mark.parametrize("act", ["aggregate", "gradient"])
def test_the_number_of_children_must_fit(act):
    three = np.array([[10.0, 20.0, 30.0]])
    for scheme, name in ((Difference(), "Difference"), (Ratio(), "Ratio")):
        with pytest.raises(MethodError, match=rf"^{name} joins exactly two children, got 3$"):
            getattr(scheme, act)(three, np.full(3, 1 / 3))
        with pytest.raises(MethodError, match=r"two children, got 1$"):
            getattr(scheme, act)(three[:, :1], np.ones(1))
    with pytest.raises(MethodError, match=r"^Complement requires exactly one child, got 2$"):
        getattr(Complement(), act)(three[:, :2], HALVES)


def test_a_ratio_lists_what_it_cannot_divide():
    values = np.array([[-1.0, 2.0], [1.0, 0.0], [3.0, -4.0], [0.0, 5.0], [MISSING, 0.0]])
    for act in (Ratio().aggregate, Ratio().gradient):
        with pytest.raises(MethodError, match=r"at least 0 and a second child above 0") as caught:
            act(values, np.array([1.0, 0.0]))
        assert caught.value.faults == (
            "row 0, column 0: -1", "row 1, column 1: 0", "row 2, column 1: -4",
        )  # fmt: skip
    assert Ratio().aggregate(values[3:], HALVES)[0] == 0


def test_the_parameters_of_complement_and_censored_mean_are_numbers():
    for of in ("1", None, np.nan, True):
        with pytest.raises(MethodError, match=r"^of must be a number, got"):
            Complement(of)
    for at in (-0.1, None, np.inf):
        with pytest.raises(MethodError, match=r"^at must be a number of at least 0, got"):
            CensoredMean(at)


# The censored mean.


def test_the_adjusted_headcount_by_hand():
    """Four dimensions, a cutoff of two: persons lack 0, 1, 2 and 4; M0 is (2 + 4) / (4 * 4)."""
    lacks = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], dtype=float)
    found = CensoredMean(at=0.5).aggregate(lacks, np.full(4, 0.25))
    assert found.tolist() == [0, 0, 0.5, 1]
    assert found.mean() == 6 / 16  # headcount 1/2 times average share of deprivations 3/4
    slopes = CensoredMean(at=0.5).gradient(lacks, np.full(4, 0.25))
    assert slopes.tolist() == [[0] * 4, [0] * 4, [0.25] * 4, [0.25] * 4]


def test_rounding_does_not_decide_whether_a_cutoff_is_reached():
    lacks, weights = np.array([[1.0, 0.0, 1.0]]), np.array([0.1, 0.2, 0.7])
    assert 0.1 + 0.7 < 0.8  # in floats
    assert_allclose(CensoredMean(0.8).aggregate(lacks, weights), [0.8])
    assert_allclose(CensoredMean(0.8 * (1 + 1e-13)).aggregate(lacks, weights), [0.8])
    assert CensoredMean(0.8 * (1 + 1e-11)).aggregate(lacks, weights).tolist() == [0]


@few
@given(case=weighted(missing=True))
def test_the_censored_mean_is_the_mean_or_nothing(case: Case):
    values, weights = case
    mean = ArithmeticMean().aggregate(values, weights)
    assert_array_equal(CensoredMean(0).aggregate(values, weights), mean)
    found = CensoredMean(7.5).aggregate(values, weights)
    assert_array_equal(found, np.where(mean < 7.5 * (1 - 1e-12), 0.0, mean))
    slopes = CensoredMean(7.5).gradient(values, weights)
    assert_allclose(np.nansum(slopes * values, axis=1), np.nan_to_num(found), rtol=1e-12)


# In trees.

SCHEMES = {
    "D": Difference(), "R": Ratio(), "C": Complement(of=100), "S": Sum(), "P": Product(),
    "M": CensoredMean(at=40),
}  # fmt: skip
CHILDREN = {"D": "ab", "R": "cd", "C": "e", "S": "fgh", "P": "ij", "M": "kl"}
VALUES = np.random.default_rng(5).integers(10, 100, (6, 12)).astype(float)
DATA = {"unit": list("UVWXYZ"), **dict(zip("abcdefghijkl", VALUES.T.tolist(), strict=True))}


def tree(*codes):
    nodes = [
        Index(
            code,
            [Indicator(child, goalposts=(0, 100)) for child in CHILDREN[code]],
            aggregation=SCHEMES[code],
        )
        for code in codes
    ]
    return Index("T", nodes)


def assessed(*codes, data=DATA, **method):
    index = tree(*codes)
    known = {"unit": data["unit"], **{i.code: data[i.code] for i in index.indicators}}
    return Assessment(index, known, method=Method(normalisation=Goalposts(), **method))


def test_a_tree_of_all_by_hand_and_from_a_file(tmp_path):
    found = assessed(*SCHEMES)
    a, b, c, d, e, f, g, h, i, j, k, m = VALUES.T
    mean = (k + m) / 2
    nodes = {
        "D": a - b, "R": c / d, "C": 100 - e, "S": f + g + h, "P": i * j,
        "M": np.where(mean < 40, 0, mean),
    }  # fmt: skip
    for code, expected in nodes.items():
        assert_allclose(found.array(code), expected, rtol=1e-12)
    assert_allclose(found.array("T"), sum(nodes.values()) / 6, rtol=1e-12)
    found.index.save(tmp_path / "index.toml")
    assert Index.load(tmp_path / "index.toml") == found.index
    for scheme in (Sum(total=4), Product(total=0.5), Complement(of=2)):
        Method(aggregation=scheme).save(tmp_path / "method.toml")
        assert Method.load(tmp_path / "method.toml") == Method(aggregation=scheme)


def test_contributions_to_sums_are_counted_from_zero_others_from_the_medians():
    found = assessed("D", "S", "M")
    points = found.contribution_array()
    assert_allclose(points.sum(axis=1), found.array("T"), rtol=1e-12)
    assert_allclose(points[:, :2], VALUES[:, :2] * [1 / 3, -1 / 3], rtol=1e-12)
    assert not found.reference_array().any()
    whole = assessed(*SCHEMES)
    total = whole.reference_array() + whole.contribution_array().sum(axis=1)
    assert_allclose(total, whole.array("T"), rtol=1e-12)
    assert (whole.reference_array() == whole.reference_array()[0]).all()


@pytest.mark.parametrize("code", SCHEMES)
def test_the_points_of_a_difference_add_up(code):
    found = assessed(code, "S") if code != "S" else assessed("S")
    table = frames.read(change.difference(found, "U", "X"))
    gap = found.array("T")[0] - found.array("T")[3]
    assert sum(table.column("points")) == pytest.approx(gap, rel=1e-9)


@pytest.mark.parametrize("code", SCHEMES)
def test_leverage_is_the_derivative(code):
    first = CHILDREN[code][-1]  # the child whose rise lowers a difference or a ratio
    graph = CapabilityGraph([Capability("cap")], [Link("cap", first, 0.4)])
    found = assessed(code)
    moved = VALUES.copy()
    moved[:, "abcdefghijkl".index(first)] += 1e-6 * 100 * 0.4
    data = {**DATA, **dict(zip("abcdefghijkl", moved.T.tolist(), strict=True))}
    rise = (assessed(code, data=data).array("T") - found.array("T")) / 1e-6
    leverage = frames.read(graph.leverage(found)).column("cap")
    assert_allclose(leverage, rise, rtol=1e-4, atol=1e-6)
    assert ((np.array(leverage) < 0) == (code in "DRC")).all()


def test_studies_draw_weights_and_values_of_such_trees():
    found = assessed(*SCHEMES)
    inputs = [WeightNoise(0.2), MeasurementError(0.01)]
    study = uncertainty(found, inputs, n_samples=40, rng=1)
    assert study.n_samples == 40
    # Weights enter neither a difference nor a ratio nor a complement.
    for code in ("D", "R", "C"):
        noise = [WeightNoise(0.3), Exclusion(list(CHILDREN[code]))]
        own = uncertainty(found, noise, n_samples=20, rng=1, node=code)
        assert_allclose(own.scores(0, 20), [found.array(code)] * 20, rtol=1e-12)
    # Weights that are drawn sum to the total, too.
    own = uncertainty(found, [WeightNoise(0.3)], n_samples=20, rng=1, node="S").scores(0, 20)
    children = VALUES[:, 5:8]
    assert ((own >= 3 * children.min(axis=1)) & (own <= 3 * children.max(axis=1))).all()
    assert (np.ptp(own, axis=0) > 0).all()
    options = Alternatives("aggregation", [ArithmeticMean(), Sum(), CensoredMean(30)])
    plain = Assessment(
        Index("T", [Indicator(c, goalposts=(0, 100)) for c in "abc"]),
        {name: DATA[name] for name in ("unit", "a", "b", "c")},
        method=Method(normalisation=Goalposts()),
    )
    assert uncertainty(plain, [options], n_samples=12, rng=1).n_samples == 12


@pytest.mark.parametrize("code", ["D", "R"])
def test_a_node_with_a_missing_child_has_no_score(code):
    second = CHILDREN[code][1]
    data = {**DATA, second: [None, *DATA[second][1:]]}
    for rule in ({}, {"missing": "propagate"}, {"coverage": 0.2}):
        found = assessed(code, "S", data=data, **rule)
        assert np.isnan(found.array(code)).tolist() == [True] + [False] * 5
        assert found.held.slopes(code)[second][0] == 0
        noise = uncertainty(found, [WeightNoise(0.2)], n_samples=10, rng=1, node=code)
        assert np.isnan(noise.scores(0, 10)[:, 0]).all()


def test_a_ratio_names_the_child_that_it_cannot_divide_by():
    with pytest.raises(MethodError, match=r"Ratio of 'R'.*\n  - unit 'U', 'd': 0$"):
        assessed("R", data={**DATA, "d": [0.0, *DATA["d"][1:]]})


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (Sum(), r"S = T \sum_k w_k x_k$, where $T$ is the number of children."),
        (Product(total=2), r"S = \prod_k x_k^{T w_k}$, where $T$ is 2."),
        (Difference(), "S = x_1 - x_2$"),
        (Ratio(), "S = x_1 / x_2$"),
        (Complement(of=100), "S = 100 - x$"),
        (CensoredMean(at=0.5), "is at least $0.5$, and 0 where it is below."),
    ],
)
def test_each_describes_itself_with_its_formula(scheme, words):
    assert words in scheme.describe()


def test_traits_follow_the_parameters():
    assert (Product().traits.concave, Product().traits.homogeneous) == (False, False)
    assert (Product(1).traits.concave, Product(1).traits.homogeneous) == (True, True)
    assert (Product(0.5).traits.concave, Product(0.5).traits.homogeneous) == (True, False)
    assert Complement(of=0).traits.homogeneous
    assert not Complement().traits.homogeneous
    schemes = [Sum(), Product(), Difference(), Ratio(), Complement(), CensoredMean(0)]
    assert not any(scheme.traits.monotone for scheme in schemes)
    assert all(scheme.traits.local and scheme.traits.order is None for scheme in schemes)
