"""Scores of nodes that are normalised before they enter their parent, and what follows above."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import dli
from dli import Assessment, DataError, Index, Indicator, Method, MethodError, frames
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.capability import Capability, CapabilityGraph, Link
from dli.normalisation import (
    FractionOfMax,
    Goalposts,
    Logistic,
    MinMax,
    PercentileRank,
    Rank,
    RankExponential,
    ZScore,
)
from dli.sensitivity import Alternatives, WeightNoise, sobol, uncertainty

DATA = {
    "unit": list("VWXYZ"),
    "a": [10.0, 20.0, 30.0, 40.0, 55.0],
    "b": [5.0, 30.0, 20.0, 40.0, 10.0],
    "c": [80.0, 60.0, 70.0, 20.0, 50.0],
}
FIXED = Method(normalisation={"a": MinMax(0, 100, worst=0, best=100),
                              "b": MinMax(0, 100, worst=0, best=100),
                              "c": MinMax(0, 100, worst=0, best=100)})  # fmt: skip


def tree(normalisation, *, top=None, aggregation=None):
    """T of A (a with weight 3, b) and c."""
    children = [Indicator("a", weight=3), Indicator("b")]
    inner = Index("A", children, weight=2, normalisation=normalisation)
    return Index("T", [inner, Indicator("c")], normalisation=top, aggregation=aggregation)


def assess(normalisation, data=DATA, **choices):
    return Assessment(tree(normalisation, **choices), data, method=FIXED)


A = np.array([8.75, 22.5, 27.5, 40.0, 43.75])
C = np.array(DATA["c"])


def test_the_score_is_normalised_before_it_enters_the_parent():
    found = assess(MinMax())
    assert_allclose(found.array("A"), A)
    in_a = 100 * (A - 8.75) / 35
    assert_allclose(found.array("A", normalised=True), in_a)
    assert_allclose(found.array("T"), (2 * in_a + C) / 3)
    table = frames.read(found.stage("normalised"))
    assert table.names == ("unit", "a", "b", "c", "A")
    assert_allclose(table.column("A"), in_a)
    assert frames.read(found.stage("treated")).names == ("unit", "a", "b", "c")


def test_the_english_indices_rank_and_transform_a_domain_before_they_weigh_it():
    found = assess(RankExponential())
    share = np.arange(1, 6) / 5
    transformed = -23 * np.log(1 - share * (1 - np.exp(-100 / 23)))
    assert_allclose(found.array("T"), (2 * transformed + C) / 3, rtol=1e-14)


def test_at_the_root_the_best_gets_100():
    found = assess(None, top=FractionOfMax(100))
    scores = (2 * A + C) / 3
    assert_allclose(found.array("T"), scores)
    assert_allclose(found.array("T", normalised=True), 100 * scores / scores.max())
    assert frames.read(found.stage("normalised")).names[-1] == "T"


def test_a_method_names_nodes_by_level_or_code_and_the_node_wins():
    method = {**FIXED.normalisation, "A": MinMax(), 0: FractionOfMax(100)}
    of_method = Assessment(tree(None), DATA, method=Method(normalisation=method))
    of_node = assess(MinMax(), top=FractionOfMax(100))
    for code in ("A", "T"):
        for normalised in (False, True):
            one, other = (x.array(code, normalised=normalised) for x in (of_method, of_node))
            assert_allclose(one, other)
    both = Assessment(tree(ZScore()), DATA, method=Method(normalisation=method))
    assert_allclose(both.array("A", normalised=True).mean(), 0, atol=1e-15)


def test_a_score_that_ties_within_rounding_ties_when_it_is_ranked():
    data = {"unit": list("XYZ"), "a": [0.3, 0.1 + 0.2, 0.5], "b": [0.3, 0.3, 0.1], "c": [1, 2, 3]}
    own = Index("A", [Indicator("a"), Indicator("b")], normalisation=PercentileRank())
    index = Index("T", [own, Indicator("c")])
    fixed = Method(normalisation=MinMax(0, 1, worst=0, best=1))
    found = Assessment(index, data, method=fixed)
    assert found.array("A")[0] != found.array("A")[1]
    assert found.array("A", normalised=True)[0] == found.array("A", normalised=True)[1]


def test_a_missing_score_does_not_enter():
    data = DATA | {"a": [None, *DATA["a"][1:]], "b": [None, *DATA["b"][1:]]}
    found = assess(MinMax(), data)
    assert np.isnan(found.array("A", normalised=True)[0])
    assert found.array("T")[0] == C[0]


@pytest.mark.parametrize("normalisation", [MinMax(), ZScore(50, 10), FractionOfMax(100)])
def test_straight_normalisations_change_no_rank_of_the_node(normalisation):
    found, plain = assess(normalisation), assess(None)
    assert_allclose(found.rank_array("A"), plain.rank_array("A"))


# What follows


SMOOTH = [MinMax(1, 100), ZScore(50, 10), FractionOfMax(100), Logistic(), MinMax(1, 100, log=True)]
MEANS = [ArithmeticMean(), GeometricMean()]


@pytest.mark.parametrize("aggregation", MEANS)
@pytest.mark.parametrize("normalisation", SMOOTH)
def test_slopes_are_those_of_differences(normalisation, aggregation):
    held = assess(normalisation, aggregation=aggregation).held
    slopes = held.slopes("T")
    for code in ("a", "b", "A"):
        step = 1e-5
        up, down = (
            held.moved({code: held.scores[code] + sign * step})["T"] for sign in (1.0, -1.0)
        )
        assert_allclose((up - down) / (2 * step), slopes[code], rtol=1e-6)


@pytest.mark.parametrize("normalisation", [FractionOfMax(100), MinMax()], ids=repr)
def test_contributions_through_a_normalised_node_are_counted_from_the_medians(normalisation):
    found = assess(normalisation)
    total = found.reference_array() + found.contribution_array().sum(axis=1)
    assert_allclose(total, found.array("T"), rtol=1e-12)


def test_an_order_has_no_derivative():
    with pytest.raises(MethodError, match="normalisation Rank of 'A' has no derivative"):
        assess(Rank()).held.slopes("T")


def test_what_if_follows_the_order_of_all_units():
    found = assess(PercentileRank(0, 100))
    moved = found.held.moved({"a": np.array([90.0, 20.0, 30.0, 40.0, 55.0])})
    again = assess(PercentileRank(0, 100), DATA | {"a": [90.0, *DATA["a"][1:]]})
    assert_allclose(moved["T"], again.array("T"))
    of_unit = found.held.unit(0).moved({"a": 90.0})
    assert_allclose(of_unit["T"], again.array("T")[:1])


@pytest.mark.parametrize("normalisation", [MinMax(), ZScore(50, 10), Logistic()])
@pytest.mark.parametrize("aggregation", MEANS[:1])
def test_differences_add_up(normalisation, aggregation):
    found = assess(normalisation, aggregation=aggregation)
    table = frames.read(dli.change.difference(found, "Z", "V"))
    assert table.column("code") == ["a", "b", "c"]
    assert_allclose(sum(table.column("points")), found.array("T")[4] - found.array("T")[0])
    back = frames.read(dli.change.difference(found, "V", "Z"))
    assert_allclose(back.column("points"), -np.array(table.column("points")))


def test_a_difference_by_order_is_refused():
    with pytest.raises(MethodError, match="normalisation Rank of 'A' scores units by comparing"):
        dli.change.difference(assess(Rank()), "Z", "V")


def test_a_difference_where_one_unit_lacks_the_node_names_it():
    data = DATA | {"a": [None, *DATA["a"][1:]], "b": [None, *DATA["b"][1:]]}
    table = frames.read(dli.change.difference(assess(MinMax(), data), "Z", "V"))
    assert set(table.column("code")) >= {"A", "c"}
    assert not any("\x1f" in code for code in table.column("code"))


GRAPH = CapabilityGraph([Capability("p"), Capability("q")],
                        [Link("p", "a", 0.3), Link("q", "A", 0.2), Link("p", "c", 0.1)])  # fmt: skip


def test_leverage_is_the_derivative_of_what_propagates():
    found = assess(MinMax(worst=0, best=80))
    step = 1e-6
    leverage = frames.read(GRAPH.leverage(found))
    for code in ("p", "q"):
        after = frames.read(GRAPH.propagate(found, "X", {code: step}))
        row = after.column("code").index("T")
        gain = after.column("after")[row] - after.column("before")[row]
        assert_allclose(gain / step, leverage.column(code)[2], rtol=1e-5)


def test_plans_reach_what_propagation_gives():
    found = assess(MinMax(worst=0, best=80))
    plan = GRAPH.plan(found, "X", budget=2)
    after = frames.read(GRAPH.propagate(found, "X", plan.changes))
    assert_allclose(plan.score, after.column("after")[after.column("code").index("T")])
    assert plan.score > found.array("T")[2]


# Studies


@pytest.mark.parametrize(
    "normalisation", [MinMax(), ZScore(50, 10), PercentileRank(0, 100), RankExponential()]
)
@pytest.mark.parametrize("aggregation", MEANS[:1])
def test_each_draw_is_normalised_anew(normalisation, aggregation):
    found = assess(normalisation, aggregation=aggregation)
    study = uncertainty(found, [WeightNoise(0.5)], n_samples=50, rng=1)
    weights = frames.read(study.inputs(0, 50))
    for draw in (0, 17, 49):
        own = {code: weights.column(f"weight of {code}")[draw] for code in ("A", "a", "b", "c")}
        again = Assessment(found.index.with_weights(own), DATA, method=FIXED)
        assert_allclose(study.scores(0, study.n_samples)[draw], again.array("T"), rtol=1e-12)


def test_alternatives_of_normalisation_leave_the_scores_of_nodes_normalised():
    options = [MinMax(), ZScore(50, 10)]
    for found in (assess(RankExponential()), Assessment(tree(None), DATA, method=Method(
            normalisation={**FIXED.normalisation, "A": RankExponential()}))):  # fmt: skip
        study = uncertainty(found, [Alternatives("normalisation", options)], n_samples=64, rng=1)
        reached = {tuple(np.round(draw, 9)) for draw in study.scores(0, study.n_samples)}
        wanted = [
            Assessment(tree(RankExponential()), DATA, method=Method(normalisation=option))
            for option in options
        ]
        assert reached == {tuple(np.round(own.array("T"), 9)) for own in wanted}


def test_sobol_indices_are_those_of_the_scores_that_are_normalised():
    found = sobol(assess(PercentileRank(0, 100)), [WeightNoise(0.5)], n_samples=64, rng=1)
    assert np.isfinite(found.total_order).all()


def test_exact_results_need_scores_that_enter_as_they_are():
    found = assess(PercentileRank(0, 100))
    by_children = dli.robustness.rank_ranges(found)
    assert by_children is not None
    with pytest.raises(MethodError, match="'A': its scores are normalised by PercentileRank"):
        dli.robustness.rank_ranges(found, nodes=["a", "b", "c"])


def test_pairwise_winning_compares_what_enters():
    found = assess(PercentileRank(0, 100))
    values = np.column_stack([found.array("A", normalised=True), C])
    assert_allclose(
        np.asarray(dli.robustness.pairwise_winning(found)),
        dli.robustness.arrays.pairwise_winning(values),
    )


# Files and texts


def test_files_keep_the_normalisation_of_nodes(tmp_path):
    found = assess(MinMax(), top=FractionOfMax(100))
    found.save_methodology(tmp_path / "m.toml")
    again = Assessment.from_file(tmp_path / "m.toml", DATA)
    assert_allclose(again.array("T"), found.array("T"))
    assert again.index == found.index
    again.save_methodology(tmp_path / "n.toml")
    assert (tmp_path / "m.toml").read_text() == (tmp_path / "n.toml").read_text()
    found.save(tmp_path / "a.dli")
    loaded = Assessment.load(tmp_path / "a.dli")
    assert_allclose(loaded.array("T", normalised=True), found.array("T", normalised=True))


def test_the_methods_statement_says_it():
    text = assess(RankExponential(), top=FractionOfMax(100)).methodology()
    assert "The scores of A are normalised before they are aggregated further: Exponent" in text
    assert "The scores of T are normalised: Fraction of the best value" in text


# What cannot work


def test_scores_that_are_all_the_same_are_named():
    data = DATA | {"a": [1.0] * 5, "b": [2.0] * 5}
    with pytest.raises(MethodError, match=r"(?s)MinMax cannot normalise the scores of 'A'"):
        assess(MinMax(), data)


def test_too_few_units_are_named():
    data = {name: cells[:1] for name, cells in DATA.items()}
    with pytest.raises(
        MethodError, match=r"(?s)ZScore cannot normalise the scores of 'A'.*one unit"
    ):
        assess(ZScore(), data)


def test_goalposts_belong_to_indicators():
    with pytest.raises(MethodError, match=r"(?s)Goalposts cannot normalise the scores of 'A'"):
        assess(Goalposts())


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda x: x[:-1], "must keep the shape"),
        (lambda x: np.where(x > 30, np.nan, x), "must return finite values"),
    ],
)
def test_a_plug_in_that_breaks_its_promise_is_named(result, message):
    class Broken:
        def normalise(self, values, indicators):
            del indicators
            return result(values)

    with pytest.raises(MethodError, match=f"Broken of the scores of 'A' {message}"):
        assess(Broken())


def test_a_choice_that_is_no_normalisation_is_refused():
    with pytest.raises(dli.ModelError, match="normalisation must be an object with a method norm"):
        Index("A", [Indicator("a")], normalisation="MinMax")
    with pytest.raises(dli.UnknownCodeError, match="no code or level for normalisation 'B'"):
        Assessment(tree(None), DATA, method=Method(normalisation={"B": MinMax()}))


@given(st.lists(st.integers(0, 100), min_size=3, max_size=8, unique=True), st.integers(0, 99))
def test_a_rank_transformation_ignores_how_scores_are_spread(values, shift):
    data = {
        "unit": list(range(len(values))),
        "a": values,
        "c": [50 + i for i in range(len(values))],
    }
    index = Index("T", [Index("A", [Indicator("a")], normalisation=RankExponential()),
                        Indicator("c")])  # fmt: skip
    method = Method(normalisation=MinMax(worst=-1, best=1e7))
    one = Assessment(index, data, method=method).array("T")
    spread = data | {"a": [v**3 + shift for v in values]}
    assert_allclose(one, Assessment(index, spread, method=method).array("T"), rtol=1e-12)


# Scores that are filled, and how much is needed for one


def test_missing_scores_are_filled_by_the_mean_of_the_group():
    gone = [None, None, *DATA["a"][2:]]
    data = DATA | {"a": gone, "b": [None, None, *DATA["b"][2:]], "region": list("NSNSS")}
    method = Method(
        normalisation=FIXED.normalisation,
        node_imputation={"A": dli.imputation.GroupMean("region")},
    )
    found = Assessment(tree(MinMax()), data, method=method)
    assert_allclose(found.array("A"), [27.5, 41.875, 27.5, 40.0, 43.75])
    flags = frames.read(found.flags)
    assert ("A", "imputed", "41.875") in list(
        zip(flags.column("code"), flags.column("flag"), flags.column("note"), strict=True)
    )
    assert "Missing scores of A are imputed: " in found.methodology()
    assert_allclose(found.held.moved({"c": C + 1})["A"], found.array("A"))
    assert_allclose(found.held.slopes("T")["a"][:2], 0)
    study = uncertainty(found, [WeightNoise(0.3)], n_samples=20, rng=1)
    assert not np.isnan(study.scores(0, study.n_samples)).any()
    with pytest.raises(MethodError, match="'A': its missing scores are imputed"):
        dli.robustness.rank_ranges(found, nodes=["a", "b", "c"])
    everywhere = Method(node_imputation=dli.imputation.ColumnMean())
    assert set(everywhere.resolve(tree(None)).node_imputation) == {"A"}


@pytest.mark.parametrize(
    ("coverage", "has_score"),
    [
        (dli.Coverage(share=0.5, of="indicators"), [True, True, False]),
        (dli.Coverage(number=4, of="indicators"), [True, False, False]),
        (dli.Coverage(number=2), [True, True, False]),
        (dli.Coverage(number=1), [True, True, True]),
        (0.6, [True, True, False]),
    ],
)
def test_coverage_counts_children_or_indicators(coverage, has_score):
    inner = Index("A", [Indicator(code) for code in "abc"])
    index = Index("T", [inner, Indicator("d")])
    data = {"unit": list("XYZ"), "a": [1, 2, None], "b": [1, 2, None], "c": [3, None, None],
            "d": [4, 2, 3]}  # fmt: skip
    fixed = MinMax(worst=0, best=10)
    found = Assessment(index, data, method=Method(normalisation=fixed, coverage={"T": coverage}))
    assert (~np.isnan(found.array("T"))).tolist() == has_score
    assert (~np.isnan(found.held.moved({"d": np.ones(3)})["T"])).tolist() == has_score
    study = uncertainty(found, [WeightNoise(0.3)], n_samples=8, rng=1)
    assert (~np.isnan(study.scores(0, study.n_samples))).all(axis=0).tolist() == has_score


def test_coverage_says_what_is_wrong():
    with pytest.raises(
        MethodError, match=r"(?s)of must be 'children'.*pass either share or number"
    ):
        dli.Coverage(of="leaves")
    with pytest.raises(MethodError, match="share must be a number from 0 to 1, got 2"):
        dli.Coverage(share=2)
    with pytest.raises(MethodError, match=r"whole number of at least 0, got 1\.5"):
        dli.Coverage(number=1.5)


def test_files_keep_coverage_decimals_and_imputation(tmp_path):
    method = Method(
        coverage={"A": dli.Coverage(number=2, of="indicators"), 0: 0.5},
        decimals={1: 2},
        node_imputation={"A": dli.imputation.GroupMean("region")},
    )
    method.save(tmp_path / "m.toml")
    assert Method.load(tmp_path / "m.toml") == method
    simple = Method(coverage=dli.Coverage(share=0.5, of="indicators"), decimals=4)
    simple.save(tmp_path / "s.toml")
    assert Method.load(tmp_path / "s.toml") == simple


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "coverage = { share = 0.5, off = 'indicators' }",
            r"\[method.coverage\]: unknown key 'off'",
        ),
        ("coverage = { share = 2 }", "share must be a number from 0 to 1"),
        ("decimals = 1.5", "decimals must be a whole number from 0 to 15, got 1.5"),
        (
            "decimals = [{ for = 1, decimal = 2 }]",
            r"\[\[method.decimals\]\] 1: unknown key 'decimal'",
        ),
        ("node_imputation = { method = 'GroupMen' }", "did you mean 'GroupMean'"),
    ],
)
def test_files_name_the_fault(tmp_path, text, message):
    path = tmp_path / "m.toml"
    path.write_text(f"[method]\n{text}\n")
    with pytest.raises(dli.ModelError, match=message):
        Method.load(path)


# Rounding


def test_scores_are_rounded_before_they_enter_and_before_they_are_ranked():
    method = Method(normalisation=PercentileRank(0, 1), decimals=1)
    index = Index("T", [Index("A", [Indicator("a"), Indicator("b")], normalisation=Rank())])
    found = Assessment(index, DATA, method=method)
    assert_allclose(found.array("a"), [0, 0.3, 0.5, 0.8, 1.0])  # halves go up
    assert_allclose(found.array("b"), [0, 0.8, 0.5, 1.0, 0.3])
    assert_allclose(found.array("A"), [0, 0.6, 0.5, 0.9, 0.7])
    assert "rounded to 1 decimal." in found.methodology()


def test_only_some_nodes_are_rounded():
    method = Method(normalisation=MinMax(), decimals={"A": 0, "c": 1})
    found = Assessment(tree(None), DATA, method=method)
    assert (found.array("A") == np.round(found.array("A"))).all()
    assert (found.array("b") != np.round(found.array("b"))).any()
    assert_allclose(found.array("T"), (2 * found.array("A") + found.array("c")) / 3)


def test_a_study_rounds_each_draw():
    method = Method(normalisation=MinMax(), decimals=0)
    found = Assessment(tree(MinMax()), DATA, method=method)
    study = uncertainty(found, [WeightNoise(0.5)], n_samples=20, rng=1)
    scores = study.scores(0, study.n_samples)
    assert_allclose(scores, np.round(scores))


def test_the_domain_is_checked_of_what_enters():
    found = tree(MinMax(), aggregation=GeometricMean())
    with pytest.raises((MethodError, DataError), match="'A': 0"):
        Assessment(found, DATA, method=FIXED)


# Constants


MEN = Index("men", [Indicator("one", constant=1.0), Indicator("a"), Indicator("b")])


def test_a_constant_is_no_measurement(tmp_path):
    """A node has no score from constants alone, and a unit is not assessed by them."""
    index = Index("T", [MEN, Indicator("c")])
    fixed = Method(normalisation=MinMax(0, 1, worst=0, best=1))
    data = {
        "unit": list("XYZ"),
        "a": [0.5, None, None],
        "b": [0.3, 0.6, None],
        "c": [0.1, 0.2, 0.9],
    }
    found = Assessment(index, data, method=fixed)
    assert_allclose(found.array("men"), [0.6, 0.8, np.nan])
    assert_allclose(found.array("T"), [0.35, 0.5, 0.9])
    assert_allclose(found.held.moved({"c": np.zeros(3)})["men"], found.array("men"))
    study = uncertainty(found, [WeightNoise(0.3)], n_samples=8, rng=1, node="men")
    assert np.isnan(study.scores(0, 8)[:, 2]).all()
    with pytest.raises(DataError, match="unit 'Z'"):
        Assessment(MEN, data, method=fixed)
    half = Method(normalisation=MinMax(0, 1, worst=0, best=1), availability=0.5)
    some = Assessment(MEN, data, method=half)
    assert some.units == ("X", "Y")
    assert "has 0 of the indicators" in frames.read(some.flags).column("note")[-1]
    found.save(tmp_path / "a")
    assert_allclose(Assessment.load(tmp_path / "a").array("T"), found.array("T"))


def test_screening_counts_what_is_measured():
    data = {"unit": list("XY"), "a": [0.5, None], "b": [0.3, 0.6]}
    table = frames.read(dli.screening.availability(MEN, data))
    assert table.column("men") == [1.0, 0.5]
    with pytest.raises(dli.ModelError, match="constants cannot be rated"):
        dli.elicitation.gather(MEN, {"unit": ["X"], "assessor": ["p"], "a": [1], "b": [2]})


def test_weights_below_a_ratio_are_missing():
    ratio = Index("R", [Indicator("a"), Indicator("b")], aggregation=dli.aggregation.Ratio())
    index = Index("T", [ratio, Indicator("c", weight=3)])
    found = Assessment(index, DATA, method=FIXED)
    table = frames.read(found.weights)
    assert table.column("code") == ["T", "R", "c", "a", "b"]
    assert_allclose(table.column("effective")[:3], [1, 0.25, 0.75])
    assert table.column("effective")[3:] == [None, None]
    assert "| a |  | R | + |  |  |  |" in found.methodology()


def test_draws_that_leave_the_domain_of_a_mean_are_refused():
    d = Index("d", [Index("p", [Indicator("a"), Indicator("b")]), Indicator("c")],
              aggregation=dli.aggregation.Difference())  # fmt: skip
    data = {"unit": ["A", "B"], "a": [90, 99], "b": [61, 20], "c": [30, 50], "f": [10, 50]}
    unscaled = Method(normalisation=dli.normalisation.Unscaled())
    for mean, limit in (
        (GeometricMean(), "above zero"),
        (dli.aggregation.HarmonicMean(), "above zero"),
        (dli.aggregation.PowerMean(2), "at least zero"),
    ):
        index = Index("T", [d, Indicator("f")], aggregation=mean)
        found = Assessment(index, data, method=unscaled)
        with pytest.raises(MethodError, match=rf"'T' needs values .*{limit}.*'d' falls to -22\.8"):
            dli.sensitivity.evaluate(found, [WeightNoise({"a": 0.9})], [[0.0]])
    arithmetic = Assessment(Index("T", [d, Indicator("f")]), data, method=unscaled)
    assert dli.sensitivity.evaluate(arithmetic, [WeightNoise({"a": 0.9})], [[0.0]]).shape == (1, 2)


def test_a_step_of_ones_own_sees_one_draw_at_a_time():
    class Own:
        def normalise(self, values, indicators):
            del indicators
            return 100 * values / np.nanmax(values)

    found = assess(Own())
    wrapped = assess(Own()).evolve(decimals={"A": 6})
    inputs, numbers = [WeightNoise(0.5)], np.random.default_rng(1).random((5, 4))
    for own in (found, wrapped):
        all_draws = dli.sensitivity.evaluate(own, inputs, numbers)
        for draw in range(5):
            alone = dli.sensitivity.evaluate(own, inputs, numbers[[draw]])
            assert_allclose(all_draws[[draw]], alone, rtol=1e-13)


def test_a_column_that_an_imputation_needs_is_asked_for_without_a_gap():
    for step in ("imputation", "node_imputation"):
        method = Method(**{step: dli.imputation.GroupMean("regio")})
        with pytest.raises(dli.UnknownCodeError, match="no column for GroupMean 'regio'"):
            Assessment(tree(None), DATA | {"region": list("NNSSS")}, method=method)


def test_an_imputation_that_fills_no_score_is_refused():
    data = DATA | {"a": [None, *DATA["a"][1:]], "b": [None, *DATA["b"][1:]]}
    method = Method(node_imputation=dli.imputation.RowMean())
    with pytest.raises(MethodError, match="RowMean fills none of the 1 missing scores of 'A'"):
        Assessment(tree(None), data, method=method)


def test_removals_that_a_formula_does_not_bear_are_named():
    ratio = Index("R", [Indicator("a"), Indicator("b")], aggregation=dli.aggregation.Ratio())
    found = Assessment(Index("T", [ratio, Indicator("c")]), DATA, method=FIXED)
    with pytest.raises(MethodError, match=r"(?s)without these nodes.*'a': .*two children.*'b': "):
        dli.sensitivity.remove_elements(found)
    assert dli.sensitivity.remove_elements(found, nodes=["c"]).codes == ("c",)
    starred = Assessment(
        tree(MinMax()), DATA, method=Method(normalisation={"*": ZScore(), "c": MinMax()})
    )
    without = dli.sensitivity.remove_elements(starred, nodes=["b"]).comparison
    by_hand = Assessment(tree(MinMax()).without("b"), DATA,
                         method=Method(normalisation={"*": ZScore(), "c": MinMax()}))  # fmt: skip
    assert_allclose(without.score_array[:, 1], by_hand.array("T"))


# Every kind of normalisation, and of object from outside


def test_one_that_can_be_held_but_not_differentiated_is_named():
    class Held:
        def normalise(self, values, indicators):
            del indicators
            return values / 10

    class Own(Held):
        def fit(self, values, indicators):
            del values, indicators
            return Held()

    found = assess(Own())
    assert_allclose(found.held.moved({"c": C})["T"], found.array("T"))
    with pytest.raises(MethodError, match=r"Own of 'A' has no derivative: it needs a method grad"):
        found.held.slopes("T")


def test_a_gradient_of_another_shape_is_named():
    class Held:
        def normalise(self, values, indicators):
            del indicators
            return values / 10

        def gradient(self, values, indicators):
            del indicators
            return values[0]

    class Own(Held):
        def fit(self, values, indicators):
            del values, indicators
            return Held()

    with pytest.raises(MethodError, match=r"gradient must return the shape \(5, 1\), got \(1,\)"):
        assess(Own()).held.slopes("T")


def test_scores_that_enter_as_they_are_have_slope_one():
    found = assess(dli.normalisation.Unscaled())
    assert_allclose(found.held.slopes("T")["A"], 2 / 3)


def test_very_narrow_scores_have_a_slope():
    data = {**DATA, "b": [50 + 1e-9 * v for v in DATA["b"]]}
    index = Index("T", [Index("A", [Indicator("b")], normalisation=MinMax()), Indicator("c")])
    found = Assessment(index, data, method=Method(normalisation=MinMax(worst=0, best=100)))
    assert_allclose(found.held.slopes("A")["b"], 1)
    spread = np.ptp(found.array("b"))
    assert_allclose(found.held.slopes("T")["b"], 0.5 * 100 / spread, rtol=1e-6)


def test_a_number_of_children_is_told_where_a_score_is_missing():
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [1, None], "c": [3, 4]}
    method = Method(
        normalisation=MinMax(worst=0, best=5), coverage={"A": dli.Coverage(number=2), 0: 0.0}
    )
    found = Assessment(tree(None), data, method=method)
    flags = frames.read(found.flags)
    assert "coverage requires at least 2 of its children" in " ".join(flags.column("note"))
    assert "A node (A) has a score only if at least 2 of its children" in found.methodology()
    assert (
        "at least 50% of its indicators"
        in found.evolve(coverage=dli.Coverage(share=0.5, of="indicators")).methodology()
    )


def test_a_node_of_constants_rests_on_all_of_its_indicators():
    fixed = Index("F", [Indicator("one", constant=1.0)])
    found = Assessment(
        Index("T", [fixed, Indicator("c")]),
        DATA,
        method=Method(normalisation=MinMax(worst=0, best=100)),
    )
    assert found.known_share_array("F").tolist() == [1.0] * 5


def test_the_index_itself_is_filled_only_if_it_is_named():
    named = Method(node_imputation={0: dli.imputation.ColumnMean()}).resolve(tree(None))
    assert list(named.node_imputation) == ["T"]


def test_rounded_steps_are_copied_and_pickled():
    import copy
    import pickle

    step = Method(decimals=2).resolve(tree(None)).aggregation["T"]
    assert copy.copy(step) == pickle.loads(pickle.dumps(step)) == step  # noqa: S301 our own bytes
    with pytest.raises(AttributeError):
        step.__array__  # noqa: B018


def test_draws_inside_the_domain_pass_and_other_branches_do_not_matter():
    data = {"unit": ["X", "Y", "Z"], "a": [1, 2, 4], "b": [5, 3, 4], "c": [3, 4, 5]}
    method = Method(normalisation={"*": MinMax(1, 100), "A": MinMax(1, 100)})
    found = Assessment(tree(None, aggregation=GeometricMean()), data, method=method)
    study = uncertainty(found, [WeightNoise(0.2)], n_samples=16, rng=1)
    assert (study.scores(0, 16) > 0).all()
    options = [{"c": MinMax()}, {"c": ZScore()}]
    arithmetic = Assessment(tree(None), data, method=method)
    own = [Alternatives("normalisation", options)]
    apart = uncertainty(arithmetic, own, n_samples=8, rng=1, node="A")
    assert apart.score_intervals() is not None  # c lies elsewhere


def test_errors_that_no_step_raised_are_as_they_were(tmp_path):
    path = tmp_path / "m.toml"
    assess(None).save_methodology(path)
    with pytest.raises(DataError, match="columns are missing"):
        Assessment.from_file(path, {"unit": ["X"], "a": [1]})


def test_a_dataclass_without_a_docstring_is_described_by_its_parameters():
    import dataclasses

    @dataclasses.dataclass(frozen=True)
    class Steep:
        share: float = 0.5

        def normalise(self, values, indicators):
            del indicators
            return values * self.share

    text = Assessment(tree(None), DATA, method=Method(normalisation=Steep(0.4))).methodology()
    assert "Steep(share=0.4)`" in text
    assert "0.5)" not in text


def test_rounded_lines_are_not_straight():
    method = Method(normalisation=MinMax(worst=0, best=100), decimals=0)
    found = Assessment(tree(MinMax(0.4, 9.6)), DATA, method=method)
    own = found.node_normalisations["A"]
    assert own.traits.ends == (0.0, 10.0)
    entry = next(n for n in found.held.inner("T") if n.children == ("A",))
    assert not entry.traits.concave
    own = Assessment(tree(ZScore()), DATA, method=method).node_normalisations["A"]
    assert own.traits.ends is None
