"""Draws of all kinds of inputs, counted."""

import math

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.sensitivity.cases import CODES, INDEX, example

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    Copeland,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
)
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import FractionOfMax, MinMax, PercentileRank, ZScore
from dli.ranking import places, rank_scores
from dli.sensitivity import (
    Alternatives,
    DirichletWeights,
    Exclusion,
    Judgements,
    MeasurementError,
    WeightNoise,
    evaluate,
    shapley,
    sobol,
    uncertainty,
)
from dli.sensitivity.inputs.data import _Streams
from dli.weighting import AHP, BenefitOfTheDoubt, Entropy, Equal, Fixed, GroupAHP


def weighed_by_hand(assessment, weights, **changes):
    """Assess with weights by code, the slow way."""
    return assessment.evolve(weighting=Fixed(weights), **changes)


def nominal_weights(assessment):
    """Give the weight of every node within its parent."""
    weights = {INDEX.code: 1.0}
    for node in assessment.index.walk():
        if isinstance(node, Index):
            own = assessment.weight_array(node.code)
            weights |= dict(zip((c.code for c in node.children), own.tolist(), strict=True))
    return weights


AGGREGATIONS = [
    ArithmeticMean(), GeometricMean(), HarmonicMean(), PowerMean(2), PowerMean(-3), PowerMean(0.001),
    Minimum(), {0: GeometricMean(), 1: ArithmeticMean()}, {"A": Minimum(), 0: HarmonicMean()},
]  # fmt: skip


@pytest.mark.parametrize("gaps", [0.0, 0.2])
@pytest.mark.parametrize("aggregation", AGGREGATIONS, ids=repr)
def test_noisy_weights_give_what_an_assessment_with_these_weights_gives(aggregation, gaps):
    assessment = example(gaps=gaps, aggregation=aggregation, coverage=0.4 if gaps else 0.0)
    numbers = np.random.default_rng(1).random((5, 8))
    scores = evaluate(assessment, [WeightNoise(0.5)], numbers)
    nominal = nominal_weights(assessment)
    names = WeightNoise(0.5).factors(assessment)
    for row, own in zip(scores, numbers, strict=True):
        noise = {
            name.removeprefix("weight of "): 0.5 + u for name, u in zip(names, own, strict=True)
        }
        weights = {code: w * noise.get(code, 1.0) for code, w in nominal.items()}
        by_hand = weighed_by_hand(assessment, weights)
        assert_allclose(row, by_hand.array("T"), rtol=1e-12)


def test_a_zero_without_weight_does_not_harm_a_geometric_mean():
    index = Index("T", [Indicator("a", weight=0), Indicator("b"), Indicator("c", weight=2)])
    data = {"unit": list("XYZ"), "a": [0.0, 5, 9], "b": [1.0, 2, 3], "c": [3.0, 1, 2]}
    method = Method(normalisation=FractionOfMax(), aggregation=GeometricMean())
    assessment = Assessment(index, data, method=method)
    numbers = np.random.default_rng(1).random((5, len(WeightNoise(0.5).factors(assessment))))
    without = Assessment(index.without("a"), data, method=method)
    assert_allclose(
        evaluate(assessment, [WeightNoise(0.5)], numbers),
        evaluate(without, [WeightNoise(0.5)], numbers[:, -2:]),
    )


def test_indicators_may_stand_beside_sub_indices():
    index = Index(
        "T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c"), Indicator("d")]
    )
    values = np.random.default_rng(1).random((6, 4))
    data = {"unit": list("UVWXYZ"), **dict(zip("abcd", values.T, strict=True))}
    assessment = Assessment(index, data)
    u = np.array([0.1, 0.9, 0.4, 0.6, 0.2])
    found = evaluate(assessment, [WeightNoise(0.5)], [u])[0]
    w = dict(zip(["A", "c", "d", "a", "b"], 0.5 + u, strict=True))
    a, b, c, d = (assessment.array(code) for code in "abcd")
    inner = (w["a"] * a + w["b"] * b) / (w["a"] + w["b"])
    expected = (w["A"] * inner + w["c"] * c + w["d"] * d) / (w["A"] + w["c"] + w["d"])
    assert_allclose(found, expected)


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_weights_that_differ_by_unit_keep_their_proportions(gaps):
    assessment = example(gaps=gaps, weighting={1: BenefitOfTheDoubt(), 0: Equal()}, seed=3)
    numbers = np.full((1, 8), 0.5)
    assert_allclose(evaluate(assessment, [WeightNoise()], numbers)[0], assessment.array("T"))
    numbers[0, 3] = 1.0  # the first child of A
    children = INDEX.find("A").children
    weights = assessment.weight_array("A") * np.array([1.25, 1, 1])
    values = np.stack([assessment.array(c.code) for c in children], axis=1)
    there = ~np.isnan(values)
    a = np.where(there, values * weights, 0).sum(axis=1) / (weights * there).sum(axis=1)
    nodes = np.stack([a, assessment.array("B"), assessment.array("C")], axis=1)
    expected = np.nanmean(nodes, axis=1)
    found = evaluate(assessment, [WeightNoise()], numbers)[0]
    assert_allclose(found, expected)


def test_an_outside_aggregation_is_asked_for_each_draw():
    class Middle:
        def aggregate(self, values, weights):
            return np.median(values, axis=1) + 0 * weights.sum()

    for scheme in (Middle(), AdjustedMazziottaPareto()):
        for gaps in (0.0, 0.2):
            assessment = example(aggregation=scheme, gaps=gaps)
            nominal = evaluate(assessment, [WeightNoise(0.5)], np.full((2, 8), 0.5))
            assert_allclose(nominal[1], assessment.array("T"))


def test_noise_can_be_of_some_levels_and_codes_only():
    assessment = example()
    assert WeightNoise({1: 0.2}).factors(assessment) == [f"weight of {c}" for c in "ABC"]
    both = WeightNoise({1: 0.2, "B": 0.0, "a2": 0.4})
    assert both.factors(assessment) == ["weight of A", "weight of C", "weight of a2"]
    found = evaluate(assessment, [both], [[0.5, 0.5, 1.0]])
    weights = nominal_weights(assessment)
    weights["a2"] *= 1.4
    assert_allclose(found[0], weighed_by_hand(assessment, weights).array("T"))


def test_noise_that_changes_nothing_is_refused():
    with pytest.raises(MethodError, match="does not change any weight"):
        uncertainty(example(), [WeightNoise({"c1": 0.5})], n_samples=1)
    with pytest.raises(UnknownCodeError, match="no code or level for WeightNoise 'x9'"):
        uncertainty(example(), [WeightNoise({"x9": 0.5, 1: 0.5})], n_samples=1)


@pytest.mark.parametrize("spread", [1, 1.5, -0.1, math.nan, "much", True])
def test_a_spread_must_keep_weights_above_zero(spread):
    with pytest.raises(MethodError, match="at least 0 and below 1"):
        WeightNoise(spread)
    with pytest.raises(MethodError, match="'a1': "):
        WeightNoise({"a1": spread, 1: 0.5})


def test_dirichlet_weights_are_around_the_nominal_ones():
    assessment = example()
    numbers = np.random.default_rng(2).random((4000, 5))
    study = DirichletWeights(2.0, nodes=["A", "B", "C"])
    assert study.factors(assessment) == [f"weight of {c}" for c in CODES[:5]]
    from dli.sensitivity.draws import Draws

    draws = Draws(assessment, 4000)
    study.apply(numbers.T, draws)
    weights = draws.weights["A"] / draws.weights["A"].sum(axis=0)
    assert_allclose(weights.mean(axis=1), [0.25, 0.5, 0.25], atol=0.01)
    # The variance of a Dirichlet variate: p (1 - p) / (sum of parameters + 1).
    assert_allclose(weights.var(axis=1), np.array([3, 4, 3]) / 16 / 7, rtol=0.1)


def test_dirichlet_weights_of_one_are_uniform_and_keep_zeros():
    assessment = example(weighting={0: Fixed({"A": 1, "B": 1, "C": 0}), 1: Equal()})
    numbers = np.full((1, 3), 1 - np.exp(-1))
    scores = evaluate(assessment, [DirichletWeights(nodes=["T"])], numbers)
    assert_allclose(scores[0], (assessment.array("A") + assessment.array("B")) / 2)
    equal = example(weighting=Equal())
    drawn = 1 - np.exp(-np.array([[1.0, 2.0, 3.0]]))
    scores = evaluate(equal, [DirichletWeights(nodes=["T"])], drawn)
    parts = np.stack([equal.array(c) for c in "ABC"], axis=1)
    assert_allclose(scores[0], parts @ [1 / 6, 2 / 6, 3 / 6])


@pytest.mark.parametrize("aggregation", [ArithmeticMean(), {0: GeometricMean(), 1: HarmonicMean()}])
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_drawn_weights_and_noise_are_multiplied(aggregation, gaps):
    assessment = example(gaps=gaps, aggregation=aggregation, weighting=Equal())

    class Noise(WeightNoise):
        def factors(self, assessment):
            return ["noise of A", "noise of a2"]

        def apply(self, uniforms, draws):
            draws.scale("A", 1 + uniforms[0])
            draws.scale("a2", 1 + uniforms[1])

    numbers = np.random.default_rng(0).random((3, 10))
    scores = evaluate(assessment, [DirichletWeights(), Noise()], numbers)
    codes = [n.removeprefix("weight of ") for n in DirichletWeights().factors(assessment)]
    for row, own in zip(scores, numbers, strict=True):
        weights = dict(zip(codes, -np.log1p(-own[:8]), strict=True)) | {"c1": 1.0, "T": 1.0}
        weights["A"] *= 1 + own[8]
        weights["a2"] *= 1 + own[9]
        assert_allclose(row, weighed_by_hand(assessment, weights).array("T"), rtol=1e-12)


def test_dirichlet_weights_say_what_they_cannot_do():
    with pytest.raises(MethodError, match="concentration must be a number above 0, got 0"):
        DirichletWeights(0)
    with pytest.raises(UnknownCodeError, match="'a1'"):
        uncertainty(example(), [DirichletWeights(nodes=["a1"])], n_samples=1)
    with pytest.raises(MethodError, match="does not change any weight"):
        uncertainty(example(), [DirichletWeights(nodes=["C"])], n_samples=1)
    per_unit = example(weighting={1: BenefitOfTheDoubt(), 0: Equal()})
    with pytest.raises(MethodError, match=r"(?s)differ by unit at.*'A'.*'B'"):
        uncertainty(per_unit, [DirichletWeights()], n_samples=1)


CHOICES = [
    Alternatives("normalisation", [MinMax(1, 10), ZScore(10, 1), MinMax(2, 4)]),
    Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
    Alternatives("weighting", [Equal(), Entropy()]),
]


def test_alternatives_give_what_the_assessment_with_these_choices_gives():
    assessment = example(gaps=0.1)
    study = uncertainty(assessment, [*CHOICES, WeightNoise({1: 0.3})], n_samples=40, rng=5)
    scores = study.scores(0, 40)
    inputs = frames.read(study.inputs(0, 40))
    assert inputs.names[:4] == ("draw", "normalisation", "aggregation", "weighting")
    options = {repr(option): option for own in CHOICES for option in own.choices}
    for i in range(40):
        chosen = {own.step: options[inputs.column(own.step)[i]] for own in CHOICES}
        given_choices = assessment.evolve(**chosen)
        weights = nominal_weights(given_choices)
        for code in "ABC":
            weights[code] = inputs.column(f"weight of {code}")[i]
        by_hand = weighed_by_hand(assessment, weights, **{
            k: v for k, v in chosen.items() if k != "weighting"})  # fmt: skip
        assert_allclose(scores[i], by_hand.array("T"), rtol=1e-12)
    assert len(set(inputs.column("normalisation"))) == 3


def test_alternatives_that_cannot_work_together_name_units_and_choices():
    inputs = [
        Alternatives("normalisation", [MinMax(1, 10), ZScore()]),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
    ]
    with pytest.raises(MethodError) as caught:
        uncertainty(example(), inputs, n_samples=10)
    assert len(caught.value.faults) == 1
    assert "normalisation=ZScore(mean=0.0, sd=1.0), aggregation=GeometricMean()" in str(
        caught.value
    )
    assert "unit 'u" in str(caught.value)


def test_alternatives_are_checked():
    with pytest.raises(UnknownCodeError, match="no step for Alternatives 'normalization'"):
        Alternatives("normalization", [MinMax(), ZScore()])
    with pytest.raises(MethodError, match="must be at least two, got 1"):
        Alternatives("normalisation", [MinMax()])
    with pytest.raises(MethodError, match="must be an object with a method aggregate"):
        Alternatives("aggregation", [MinMax(), GeometricMean()])
    own = evolve(INDEX, aggregation=GeometricMean())
    with pytest.raises(MethodError, match=r"(?s)takes precedence over.*'T'"):
        uncertainty(example().evolve(index=own), [CHOICES[1]], n_samples=1)


def test_exclusion_leaves_out_one_element_or_none():
    assessment = example()
    codes = ["a2", "B", "c1"]
    scores = evaluate(assessment, [Exclusion(codes)], [[0.1], [0.3], [0.6], [0.9]])
    assert_allclose(scores[0], assessment.array("T"))
    for row, code in zip(scores[1:], codes, strict=True):
        without = assessment.evolve(index=INDEX.without("C" if code == "c1" else code))
        assert_allclose(row, without.array("T"))


def test_exclusions_are_checked():
    with pytest.raises(MethodError, match="at least one node to exclude"):
        Exclusion([])
    with pytest.raises(MethodError, match="codes must be one text or a sequence, got 1"):
        Exclusion(1)
    with pytest.raises(UnknownCodeError, match="no node 'zz'"):
        uncertainty(example(), [Exclusion(["zz"])], n_samples=1)
    with pytest.raises(MethodError, match=r"(?s)would leave nothing of the index.*'T'"):
        uncertainty(example(), [Exclusion("T")], n_samples=1)


def test_measurement_errors_go_through_all_steps():
    assessment = example(gaps=0.1)
    errors = MeasurementError({"a1": 0.5, "b2": 0.1})
    number = 0.123
    found = evaluate(assessment, [errors, WeightNoise({1: 0.5})], [[number, 0.5, 0.5, 0.5]])
    noise = _Streams()(int(number * 2**53)).standard_normal((9, 6))
    values = assessment.observations.values + noise * np.array([0.5, 0, 0, 0, 0.1, 0])
    data = {"unit": list(assessment.units), **dict(zip(CODES, values.T, strict=True))}
    assert_allclose(found[0], Assessment(INDEX, data, method=assessment.method).array("T"))


def test_measurement_errors_are_relative_or_by_cell_and_stay_within_scales():
    assessment = example(gaps=0.1)
    relative = MeasurementError(0.1).deviations(assessment)
    values = assessment.observations.values
    assert_allclose(relative[0], 0.1 * np.nanstd(values, axis=0, ddof=1))
    cells = np.zeros(values.shape)
    cells[0, 0], cells[1, 1] = 100.0, np.nan
    bounded = INDEX.replace("a1", Indicator("a1", scale=(0, 9)))
    scores = evaluate(assessment.evolve(index=bounded), [MeasurementError(cells)], [[0.2], [0.7]])
    assert np.isfinite(scores).all()
    assert not np.allclose(scores[0], assessment.array("T"))


def test_measurement_errors_are_checked():
    for wrong in (-1, math.inf, math.nan, "much", {"a1": -2.0}):
        with pytest.raises(MethodError, match="must be finite and at least 0"):
            MeasurementError(wrong)
    with pytest.raises(UnknownCodeError, match="'a9'"):
        uncertainty(example(), [MeasurementError({"a9": 1.0})], n_samples=1)
    with pytest.raises(MethodError, match=r"shape \(9, 6\), got \(2, 2\)"):
        uncertainty(example(), [MeasurementError(np.ones((2, 2)))], n_samples=1)


def test_data_that_a_draw_spoils_are_named():
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": ["X", "Y"], "a": [1.0, 2.0], "b": [2.0, 1.0]}
    normal = Method(normalisation=ZScore(10, 1), aggregation=GeometricMean())

    class SpoiltError(MeasurementError):
        def apply(self, uniforms, draws):
            draws.perturb(lambda values, draw: values if draw == 0 else values * 0)

    with pytest.raises(MethodError, match="the data of a draw cannot be assessed"):
        evaluate(Assessment(index, data, method=normal), [SpoiltError(1)], [[0.5], [0.5]])


JUDGED = AHP({("A", "B"): (1, 3), ("B", "C"): 2, ("A", "C"): (2, 4)})


def test_judgements_vary_within_their_intervals():
    assessment = example()
    scheme = Judgements(JUDGED, "T")
    assert scheme.factors(assessment) == ["judgement A/B", "judgement A/C"]
    found = evaluate(assessment, [scheme], [[0.0, 1.0], [0.5, 0.5]])
    exact = AHP({("A", "B"): 1, ("B", "C"): 2, ("A", "C"): 4}, limit=1)
    by_hand = assessment.evolve(weighting={0: exact, 1: assessment.method.weighting})
    assert_allclose(found[0], by_hand.array("T"))
    spread = Judgements(AHP({("A", "B"): 2, ("B", "C"): 2, ("A", "C"): 4}), "T", spread=0.5)
    assert len(spread.factors(assessment)) == 3
    consistent = evaluate(assessment, [spread], [[0.5, 0.5, 0.5]])[0]
    parts = np.stack([assessment.array(c) for c in "ABC"], axis=1)
    assert_allclose(consistent, parts @ [4 / 7, 2 / 7, 1 / 7])


def test_an_expert_can_be_drawn():
    experts = {"Ann": [["A", "B", 1], ["B", "C", 1]], "Bob": [["A", "B", 2], ["B", "C", 2]]}
    scheme = GroupAHP(experts, expert_weights={"Ann": 3, "Bob": 1})
    assessment = example()
    found = evaluate(assessment, [Judgements(scheme, "T")], [[0.74], [0.76], [1.0]])
    parts = np.stack([assessment.array(c) for c in "ABC"], axis=1)
    assert_allclose(found[0], parts.mean(axis=1))
    assert_allclose(found[1:], [parts @ [4 / 7, 2 / 7, 1 / 7]] * 2)


def test_judgements_are_checked():
    with pytest.raises(MethodError, match="must be an AHP or a GroupAHP"):
        Judgements(Equal(), "T")
    with pytest.raises(MethodError, match="spread must be a number of at least 0"):
        Judgements(JUDGED, "T", spread=-1)
    with pytest.raises(MethodError, match="node must have children, but 'a1'"):
        uncertainty(example(), [Judgements(JUDGED, "a1")], n_samples=1)
    exact = AHP({("A", "B"): 2, ("B", "C"): 2, ("A", "C"): 4})
    with pytest.raises(MethodError, match="no judgement for 'T' varies"):
        uncertainty(example(), [Judgements(exact, "T")], n_samples=1)


class Swing:
    """An input of the user's own, without anything of the library."""

    def factors(self, assessment):
        return ["swing"]

    def apply(self, uniforms, draws):
        draws.scale("A", uniforms[0])
        draws.scale("A", np.full(draws.n_draws, 2.0))


def test_inputs_of_the_users_own_are_welcome():
    assessment = example()
    found = evaluate(assessment, Swing(), [[0.0], [0.5]])
    assert_allclose(found[1], assessment.array("T"))
    assert_allclose(found[0], assessment.evolve(index=INDEX.without("A")).array("T"))


def test_the_index_itself_has_no_weight():
    class Wrong(Swing):
        def apply(self, uniforms, draws):
            draws.scale("T", uniforms[0])

    with pytest.raises(MethodError, match="'T' is the index itself"):
        evaluate(example(), Wrong(), [[0.5]])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "at least one uncertain input"),
        ([WeightNoise], r"write it with \(\)"),
        (["noise"], "must have the methods factors and apply"),
        (
            [WeightNoise(0.1), WeightNoise({1: 0.2})],
            r"(?s)two inputs vary the same choice.*'weight of A'",
        ),
        ([Judgements(JUDGED, "T"), DirichletWeights(nodes=["T"])], "two inputs set the weights"),
    ],
)
def test_inputs_are_checked_before_the_run(inputs, message):
    with pytest.raises(MethodError, match=message):
        uncertainty(example(), inputs, n_samples=10)


def test_what_is_studied_is_checked():
    with pytest.raises(MethodError, match="a study needs an Assessment"):
        uncertainty({}, [WeightNoise()], n_samples=10)
    with pytest.raises(MethodError, match="'a1' is an indicator"):
        uncertainty(example(), [WeightNoise()], n_samples=10, node="a1")
    for n in (0, -5, 2.5, True):
        with pytest.raises(MethodError, match="n_samples must be a whole number"):
            uncertainty(example(), [WeightNoise()], n_samples=n)
    for rng in (-1, "seed", 1.5, True, np.random.RandomState(1)):
        with pytest.raises(MethodError, match=r"rng .* must be a whole number"):
            uncertainty(example(), [WeightNoise()], n_samples=1, rng=rng)
    with pytest.raises(MethodError, match=r"shape \(n_draws, 8\), a column each for weight of A"):
        evaluate(example(), [WeightNoise()], [[0.5]])
    with pytest.raises(MethodError, match=r"(?s)from 0 to 1.*row 1"):
        evaluate(example(), [WeightNoise()], [[0.5] * 8, [1.5] * 8])


def test_counts_are_those_of_the_ranks_of_all_draws():
    study = uncertainty(example(), [WeightNoise(0.5)], n_samples=300, rng=1)
    ranks = rank_scores(study.scores(0, 300))
    expected = np.array([(ranks == r + 1).sum(axis=0) for r in range(9)]).T
    assert_array_equal(study.rank_counts, expected)
    assert_allclose(study.rank_acceptability.sum(axis=1), 1)
    assert_allclose(study.expected_ranks, ranks.mean(axis=0))
    nominal = study.nominal_ranks
    assert_allclose(study.rank_shifts, np.abs(ranks - nominal).mean(axis=0))
    assert_allclose(study.mean_rank_shift, np.abs(ranks - nominal).mean())
    for q in (0, 0.05, 0.3, 0.5, 0.95, 1):
        assert_allclose(study.rank_quantiles(q), np.quantile(ranks, q, axis=0))
    top = frames.read(study.top(3)).column("probability")
    assert_allclose(top, (ranks <= 3).mean(axis=0))
    wins = (ranks[:, :, None] < ranks[:, None, :]).mean(axis=0)
    assert_allclose(study.pairwise_winning(), wins)


def test_scores_are_counted_to_the_width_of_a_bin():
    study = uncertainty(example(), [WeightNoise(0.5)], n_samples=500, rng=1)
    scores = study.scores(0, 500)
    assert_allclose(study.mean_scores, scores.mean(axis=0))
    assert_allclose(study.score_deviations, scores.std(axis=0))
    for q in (0, 0.05, 0.5, 0.95, 1):
        low = np.quantile(scores, q, axis=0, method="lower") - study._bins.width
        high = np.quantile(scores, q, axis=0, method="higher") + study._bins.width
        found = study.score_quantiles(q)
        assert ((low <= found) & (found <= high)).all()


def test_tables_come_in_the_library_of_the_data():
    study = uncertainty(example(), [WeightNoise(0.5)], n_samples=50, rng=1)
    table = frames.read(study.score_intervals((0.1, 0.5)))
    assert table.names == ("unit", "nominal", "mean", "sd", "q10", "q50")
    assert frames.read(study.rank_intervals()).names == (
        "unit", "nominal", "mean", "shift", "q5", "q95",
    )  # fmt: skip
    assert frames.read(study.score_intervals(0.5)).names[-1] == "q50"
    assert frames.read(study.nominal).column("rank") == study.nominal_ranks.tolist()
    assert "mean rank shift" in repr(study)
    assert "<td>u0</td>" in study._repr_html_()
    many = uncertainty(example(n_units=20), [WeightNoise(0.5)], n_samples=50, rng=1)
    assert repr(many).endswith("… and 8 more")
    with pytest.raises(MethodError, match="quantiles must be numbers from 0 to 1"):
        study.rank_intervals((0.5, 2))
    with pytest.raises(MethodError, match="k must be a whole number from 1 to 9"):
        study.top(0)
    with pytest.raises(MethodError, match="first must be a whole number from 0 to 49"):
        study.inputs(50)


def test_units_without_a_score_stay_without_ranks():
    assessment = example(gaps=0.0)
    data = frames.read(assessment.observations.table)
    columns = {name: data.column(name) for name in data.names}
    for code in CODES[1:]:
        columns[code][0] = None
    given_gaps = Assessment(
        INDEX, columns, method=Method(coverage=0.6, normalisation=MinMax(1, 10))
    )
    assert np.isnan(given_gaps.array("T")[0])
    study = uncertainty(given_gaps, [WeightNoise(0.3)], n_samples=64, rng=2)
    assert study.rank_counts.shape == (9, 9)
    assert study.rank_counts[0].sum() == 0
    assert np.isnan(study.expected_ranks[0])
    assert np.isnan(study.pairwise_winning()[0]).all()
    assert frames.read(study.score_intervals()).column("q5")[0] is None


def test_scores_missing_in_some_draws_are_counted_where_they_are():
    assessment = example(gaps=0.4, seed=4)
    strict = Alternatives("missing", ["renormalise", "propagate"])
    study = uncertainty(assessment, [strict], n_samples=200, rng=1)
    scores = study.scores(0, 200)
    assert np.isnan(scores).any()
    assert_array_equal(study.rank_counts.sum(axis=1), (~np.isnan(scores)).sum(axis=0))
    assert_allclose(study.mean_scores, np.nanmean(scores, axis=0))


def test_an_index_without_any_score_is_refused():
    gaps = example(gaps=0.5, missing="propagate", seed=3)
    with pytest.raises(MethodError, match="no unit has a score of 'T'"):
        uncertainty(gaps, [WeightNoise()], n_samples=3)


def test_scores_that_nothing_bounds_are_counted_too():
    assessment = example()
    study = uncertainty(assessment, [MeasurementError(0.2)], n_samples=40, rng=3)
    scores = study.scores(0, 40)
    assert (study._tally.scores.sum(axis=1) == 40).all()
    assert_allclose(study.score_quantiles(0.5), np.quantile(scores, 0.5, axis=0), rtol=0.05)


def test_panels_are_ranked_within_periods():
    panel = example(n_units=10, periods=2)
    study = uncertainty(panel, [WeightNoise(0.4)], n_samples=70, rng=1)
    assert study.rank_counts.shape == (10, 5)
    scores = study.scores(0, 70)
    even = rank_scores(scores[:, ::2])
    assert_allclose(study.expected_ranks[::2], even.mean(axis=0))
    assert frames.read(study.rank_intervals()).names[:2] == ("unit", "year")


def test_a_node_below_the_index_can_be_studied():
    assessment = example()
    study = uncertainty(assessment, [WeightNoise(0.4)], n_samples=30, rng=1, node="A")
    assert_allclose(study.nominal_scores, assessment.array("A"))


@pytest.mark.parametrize("rng", [7, np.random.default_rng(7), np.random.SeedSequence(7), None])
def test_a_seed_repeats_a_study(rng):
    study = uncertainty(example(), [WeightNoise(0.4)], n_samples=20, rng=rng)
    again = uncertainty(example(), [WeightNoise(0.4)], n_samples=20, rng=study.seed)
    assert_array_equal(again.rank_counts, study.rank_counts)


@given(st.integers(1, 40), st.integers(0, 2**32), st.booleans())
def test_places_are_the_ranks_of_the_scores(n_units, seed, coarse):
    scores = np.random.default_rng(seed).normal(size=(6, n_units)) * 10.0 ** (seed % 9 - 4)
    scores = np.round(scores, 1) if coarse else scores
    order, own = places(scores)
    ranks = np.empty(scores.shape)
    values = np.arange(1.0, n_units + 1) if own is None else own + 1.0
    np.put_along_axis(ranks, order, np.broadcast_to(values, scores.shape), axis=1)
    assert_array_equal(ranks, rank_scores(scores))


def test_very_many_units_are_counted_in_bins():
    n = 3000
    values = np.random.default_rng(0).random((2, n))
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": np.arange(n), "a": values[0], "b": values[1]}
    study = uncertainty(Assessment(index, data), [WeightNoise(0.5)], n_samples=100, rng=1)
    ranks = rank_scores(study.scores(0, 100))
    assert_allclose(study.expected_ranks, ranks.mean(axis=0), atol=2)
    assert_allclose(study.rank_quantiles(0.5), np.median(ranks, axis=0), atol=3)
    with pytest.raises(MethodError, match="table of every rank is not available"):
        _ = study.rank_counts


# Counts that hold whatever the scores are


def near_ties(scores, n=10):
    a, b = scores
    index = Index("T", [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100))])
    data = {"unit": [f"u{i}" for i in range(len(a))], "a": a, "b": b}
    assessment = Assessment(index, data, method=Method(aggregation=Minimum()))
    return uncertainty(assessment, [WeightNoise(0.3)], n_samples=n, rng=1)


def test_a_score_on_its_lower_bound_falls_into_its_first_bin():
    study = near_ties(([52.5, 50, 75], [62.5, 80, 90]))
    off = np.abs(study.score_quantiles(0.5) - [52.5, 50, 75])
    assert (off <= study._bins.width).all()
    assert study.rank_counts.tolist() == [[0, 10, 0], [0, 0, 10], [10, 0, 0]]


@given(
    st.lists(st.sampled_from([0.0, 1e-15, 1e-14, 3e-13, 1e-11, 1.0]), min_size=2, max_size=6),
    st.sampled_from([0.0, 1e-9, 1.0, 50.0]),
)
def test_near_ties_are_counted(steps, start):
    scores = np.minimum(start + np.cumsum(steps), 100)
    study = near_ties((scores, scores))
    assert (study.rank_counts.sum(axis=1) == 10).all()
    ranks = study.rank_counts.argmax(axis=1) + 1
    assert_array_equal(ranks, study.nominal_ranks)
    assert_allclose(study.score_quantiles(0.5), scores, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("q", [0.0, 0.05, 0.5, 0.9, 1.0])
def test_quantiles_are_those_of_numpy_to_the_width_of_a_bin(q):
    study = uncertainty(example(gaps=0.1), [WeightNoise(0.5)], n_samples=97, rng=3)
    scores = study.scores(0, 97)
    width = study._bins.width
    off = np.abs(study.score_quantiles(q) - np.quantile(scores, q, axis=0))
    assert (off <= width * (1 + 1e-9)).all()
    ranks = np.array([rank_scores(row) for row in scores])
    assert_allclose(study.rank_quantiles(q), np.quantile(ranks, q, axis=0))


def test_the_mean_rank_shift_is_over_all_ranks_of_all_draws():
    options = Alternatives("coverage", [0.0, 0.99])
    study = uncertainty(example(gaps=0.1), [WeightNoise(0.5), options], n_samples=200, rng=3)
    ranks = np.array([rank_scores(row) for row in study.scores(0, 200)])
    assert np.isnan(ranks).any()
    shifts = np.abs(ranks - study.nominal_ranks)
    assert study.mean_rank_shift == pytest.approx(np.nanmean(shifts), rel=1e-13)
    assert_allclose(study.rank_shifts, np.nanmean(shifts, axis=0))
    assert_allclose(study.expected_ranks, np.nanmean(ranks, axis=0))


def test_means_and_tops_are_exact_where_bins_hold_several_ranks():
    rng = np.random.default_rng(0)
    n = 2100
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": np.arange(n), "a": rng.random(n), "b": rng.random(n)}
    study = uncertainty(Assessment(index, data), [WeightNoise(0.4)], n_samples=20, rng=1)
    assert study._bins.joins_ranks
    ranks = rank_scores(study.scores(0, 20))
    assert_allclose(study.expected_ranks, ranks.mean(axis=0))
    assert_allclose(study.rank_shifts, np.abs(ranks - study.nominal_ranks).mean(axis=0))
    top = frames.read(study.top(50)).column("probability")
    assert_allclose(top, (ranks <= 50).mean(axis=0))
    assert np.abs(study.rank_quantiles(0.5) - np.quantile(ranks, 0.5, axis=0)).max() < 3
    with pytest.raises(MethodError, match="table of every rank is not available"):
        _ = study.rank_counts


def test_children_of_a_seed_sequence_make_different_studies():
    seeds = np.random.SeedSequence(5).spawn(2)
    studies = [uncertainty(example(), [WeightNoise(0.5)], n_samples=5, rng=s) for s in seeds]
    assert not np.array_equal(studies[0].scores(), studies[1].scores())
    again = uncertainty(example(), [WeightNoise(0.5)], n_samples=5, rng=studies[0].seed)
    assert_array_equal(again.scores(), studies[0].scores())


def test_inputs_show_what_was_drawn():
    noise = [
        Exclusion(["a1", "B"]),
        DirichletWeights(2, nodes=["A"]),
        WeightNoise({"C": 0.3}),
        MeasurementError(0.1),
    ]
    study = uncertainty(example(), noise, n_samples=30, rng=1)
    table = frames.read(study.inputs(0, 30))
    assert set(table.column("exclusion")) == {None, "a1", "B"}
    weights = np.array([table.column(f"weight of {code}") for code in ("a1", "a2", "a3")])
    assert_allclose(weights.sum(axis=0), 1)
    gone = np.array([code == "a1" for code in table.column("exclusion")])
    assert ((weights[0] == 0) == gone).all()
    assert all(isinstance(seed, int) for seed in table.column("measurement error"))


class Silent:
    """An input that says nothing beside."""

    def factors(self, assessment):
        return ["chance"]

    def apply(self, uniforms, draws):
        draws.scale("A", 1 + uniforms[0])


def test_an_input_that_says_nothing_shows_its_numbers():
    study = uncertainty(example(), [Silent()], n_samples=5, rng=1)
    shown = frames.read(study.inputs(0, 5)).column("chance")
    assert all(0 <= number <= 1 for number in shown)
    assert len(set(shown)) == 5


def test_wins_are_within_a_period():
    data = {
        "unit": ["X", "Y"] * 2, "year": [1, 1, 2, 2], "a": [0.0, 60, 100, 40], "b": [50.0, 10, 80, 90],
    }  # fmt: skip
    index = Index("T", [Indicator("a", goalposts=(0, 100)), Indicator("b", goalposts=(0, 100))])
    study = uncertainty(
        Assessment(index, data, period="year"), [WeightNoise(0.3)], n_samples=50, rng=1
    )
    alone = uncertainty(
        Assessment(index, {k: v[2:] for k, v in data.items()}),
        [WeightNoise(0.3)],
        n_samples=50,
        rng=1,
    )
    assert_allclose(study.pairwise_winning(period=2), alone.pairwise_winning())
    with pytest.raises(MethodError, match="choose one of 1, 2"):
        study.pairwise_winning()


def test_scores_on_several_scales_are_not_described():
    found = example()
    mixed = uncertainty(
        found,
        [Alternatives("normalisation", [MinMax(1, 100), ZScore(100, 10)])],
        n_samples=32,
        rng=1,
    )
    for ask in (
        mixed.score_intervals,
        lambda: mixed.score_quantiles(0.5),
        lambda: mixed.mean_scores,
        lambda: mixed.score_deviations,
    ):
        with pytest.raises(MethodError, match=r"(?s)on 2 scales.*from 1 to 100.*ZScore\(mean=100"):
            ask()
    assert "sd" not in str(mixed)
    assert mixed.rank_intervals() is not None
    for study in (sobol, shapley):
        with pytest.raises(MethodError, match="on 2 scales"):
            study(
                found,
                [Alternatives("normalisation", [MinMax(1, 100), ZScore(100, 10)])],
                rng=1,
                output="score",
                **({"n_samples": 4} if study is sobol else {"n_permutations": 4}),
            )
    same = [Alternatives("normalisation", [MinMax(1, 100), PercentileRank(1, 100)])]
    assert uncertainty(found, same, n_samples=8, rng=1).score_intervals() is not None
    compared = [Alternatives("aggregation", [ArithmeticMean(), Copeland()])]
    with pytest.raises(MethodError, match=r"Copeland\(\) of 'T'"):
        uncertainty(found, compared, n_samples=8, rng=1).score_intervals()
