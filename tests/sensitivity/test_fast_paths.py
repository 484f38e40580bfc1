"""What makes studies fast, against plain loops over draws, units and children."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, reject
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import gammaincinv
from tests.sensitivity.cases import example
from tests.sensitivity.test_engine import Inline, check_equal, parts

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import (
    AdjustedMazziottaPareto,
    ArithmeticMean,
    Copeland,
    GeometricMean,
    HarmonicMean,
    MazziottaPareto,
    Minimum,
    OrderedWeighted,
    PowerMean,
)
from dli.errors import DLIError
from dli.normalisation import MinMax, PercentileRank, Unscaled
from dli.ranking import rank_scores
from dli.sensitivity import (
    Alternatives,
    DirichletWeights,
    Exclusion,
    MeasurementError,
    WeightNoise,
    evaluate,
    running,
    tally,
    uncertainty,
    wide,
)
from dli.sensitivity.design import design
from dli.sensitivity.engine import uniforms
from dli.sensitivity.inputs.gamma import gamma_variates
from dli.sensitivity.running import scores_of
from dli.sensitivity.tally import EVERYTHING, Bins, Counter
from dli.sensitivity.wide import WideCounter
from dli.weighting import BenefitOfTheDoubt

pytestmark = pytest.mark.once

ORDERS = {ArithmeticMean(): 1, GeometricMean(): 0, HarmonicMean(): -1, PowerMean(2): 2}


def forth(value, order):
    return math.log(value) if order == 0 else value**order


def back(value, order):
    return math.exp(value) if order == 0 else value ** (1 / order)


def plain_score(assessment, draws, node, draw, unit, order):
    """Take the mean of a node's children that have a score, NaN where none with weight has."""
    if isinstance(node, Indicator):
        return float(assessment.array(node.code)[unit])
    nominal = np.atleast_2d(assessment.weight_array(node.code))
    own = nominal[unit % len(nominal)]
    if node.code in draws.weights:
        own = draws.weights[node.code][:, draw]
    if node.code in draws.factors:
        own = own * draws.factors[node.code][:, draw]
    children = [plain_score(assessment, draws, c, draw, unit, order) for c in node.children]
    known = [i for i, score in enumerate(children) if not math.isnan(score)]
    choices = assessment.choices
    least = 1.0 if choices.missing == "propagate" else choices.coverage[node.code].share or 0.0
    weight = sum(own[i] for i in known)
    if len(known) < least * len(children) - 1e-9 or not weight > 0:
        return math.nan
    return back(sum(own[i] * forth(children[i], order) for i in known) / weight, order)


def plain_scores(assessment, inputs, numbers, order):
    """Give the scores of draws, of shape (n_draws, n_units), one after the other."""
    draws = design(assessment, inputs, None).draws(np.ascontiguousarray(numbers.T))
    units = range(len(assessment.units))
    return np.array(
        [
            [plain_score(assessment, draws, assessment.index, d, u, order) for u in units]
            for d in range(len(numbers))
        ]
    )


def is_sum(study):
    """Tell whether the scores are computed as weighted sums of indicators."""
    draws = study.draws(np.full((len(study.names), 1), 0.5))
    return study.scorers[0].sum_of(study.scorers[0].parts[0], draws) is not None


def deep(*, gaps, n_units=8, seed=0, **choices):
    """Give an assessment of three levels, with an indicator beside sub-indices."""
    index = Index(
        "T",
        [
            Index("P", [Index("P1", list(map(Indicator, "abc"))), Index("P2", list(map(Indicator, "de")))]),
            Index("Q", list(map(Indicator, "fgh")), weight=2),
            Indicator("i", weight=0.5),
        ],
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 9, (n_units, 9))
    for column in gaps:
        values[::2, column] = np.nan
    data = {"unit": np.arange(n_units), **dict(zip("abcdefghi", values.T, strict=True))}
    return Assessment(index, data, method=Method(normalisation=MinMax(1, 10), **choices))


@pytest.mark.parametrize("aggregation", ORDERS, ids=repr)
@pytest.mark.parametrize("inputs", [[WeightNoise(0.9)], [DirichletWeights(2.0)], [WeightNoise({"b": 0.5, "d": 0.2, "Q": 0.4}), DirichletWeights(3.0, ["Q"])]], ids=repr)  # fmt: skip
def test_scores_with_gaps_are_those_of_loops_over_draws(aggregation, inputs):
    assessment = deep(gaps=[1, 5], aggregation=aggregation)
    study = design(assessment, inputs, None)
    assert is_sum(study)
    numbers = np.random.default_rng(1).random((40, len(study.names)))
    by_hand = plain_scores(assessment, inputs, numbers, ORDERS[aggregation])
    assert_allclose(evaluate(assessment, inputs, numbers), by_hand, rtol=1e-12)


def test_a_sub_index_that_a_unit_lacks_gives_its_weight_to_the_others():
    assessment = deep(gaps=[3, 4])
    inputs = [WeightNoise(0.9)]
    study = design(assessment, inputs, None)
    assert is_sum(study)
    numbers = np.random.default_rng(1).random((40, len(study.names)))
    by_hand = plain_scores(assessment, inputs, numbers, 1)
    assert_allclose(evaluate(assessment, inputs, numbers), by_hand, rtol=1e-12)


@st.composite
def trees(draw, n_levels=3, name="T"):
    """Draw a tree of up to four levels, in which a node may have any number of children."""
    children = []
    for i in range(draw(st.integers(1, 4))):
        code = f"{name}{i}"
        weight = draw(st.sampled_from([1.0, 1.0, 0.5, 2.0, 0.0]))
        is_leaf = n_levels == 0 or draw(st.booleans())
        children.append(
            Indicator(code, weight=weight)
            if is_leaf
            else evolve(draw(trees(n_levels - 1, code)), weight=weight)
        )
    if not any(child.weight for child in children):
        children[0] = evolve(children[0], weight=1.0)
    return Index(name, children)


@given(
    trees(),
    st.sampled_from(sorted(ORDERS.items(), key=repr)),
    st.sampled_from([0.0, 0.1, 0.4]),
    st.sampled_from([{}, {"missing": "propagate"}, {"coverage": 0.5}, {"weighting": BenefitOfTheDoubt()}]),
    st.sampled_from(["noise", "dirichlet", "tiny", "excluded"]),
    st.integers(0, 2**16),
)  # fmt: skip
def test_trees_with_gaps_are_summed_as_by_loops(index, mean, missing, choices, varied, seed):
    aggregation, order = mean
    rng = np.random.default_rng(seed)
    codes = [indicator.code for indicator in index.indicators]
    values = rng.uniform(1, 9, (20, len(codes)))
    values[rng.random(values.shape) < missing] = np.nan
    values[np.isnan(values).all(axis=1), 0] = 5.0
    data = {"unit": np.arange(20), **dict(zip(codes, values.T, strict=True))}
    method = Method(normalisation=Unscaled(), aggregation=aggregation, **choices)
    inputs = {
        "noise": [WeightNoise(0.9)],
        "dirichlet": [DirichletWeights(0.5)],
        "tiny": [DirichletWeights(1e-3)],  # products of such weights are too small for floats
        "excluded": [Exclusion(codes[:1]), WeightNoise({1: 0.5})],
    }[varied]
    try:
        assessment = Assessment(index, data, method=method)
        numbers = rng.random((8, len(design(assessment, inputs, None).names)))
        found = evaluate(assessment, inputs, numbers)
    except DLIError:
        reject()
    by_hand = plain_scores(assessment, inputs, numbers, order)
    assert_allclose(found, by_hand, rtol=1e-11)


def test_an_only_child_may_be_a_mean_of_another_order():
    rng = np.random.default_rng(3)
    data = {"unit": np.arange(9), **dict(zip("abc", rng.uniform(1, 9, (3, 9)), strict=True))}
    pair = Index("Q", [Indicator("a"), Indicator("b")], aggregation=GeometricMean())
    method = Method(normalisation=Unscaled(), aggregation={"T": Minimum(), "P": ArithmeticMean()})
    deeper = Index("T", [Index("P", [pair]), Indicator("c")])
    inputs = [WeightNoise({"a": 0.9, "b": 0.9})]
    numbers = rng.random((50, 2))
    with_parent, without = (
        evaluate(Assessment(index, data, method=own), inputs, numbers)
        for index, own in [
            (deeper, method),
            (Index("T", [pair, Indicator("c")]), evolve(method, aggregation={"T": Minimum()})),
        ]
    )
    assert_allclose(with_parent, without, rtol=1e-14)
    assert 0.1 < (with_parent == data["c"]).mean() < 0.9  # both children are the smaller one


@pytest.mark.parametrize("concentration", [1e-10, 1e-3, 0.1])
def test_weights_whose_products_are_too_small_for_floats_are_not_lost(concentration):
    rng = np.random.default_rng(1)
    codes = [f"a{i}" for i in range(8)]
    index = Index("T", [Index("A", list(map(Indicator, codes))), Indicator("b"), Indicator("c")])
    values = rng.uniform(1, 9, (40, 10))
    values[rng.random(values.shape) < 0.5] = np.nan  # many units lack b and c
    values[np.isnan(values).all(axis=1), 0] = 5.0
    data = {"unit": np.arange(40), **dict(zip([*codes, "b", "c"], values.T, strict=True))}
    assessment = Assessment(index, data, method=Method(normalisation=Unscaled()))
    inputs = [DirichletWeights(concentration)]
    numbers = rng.random((50, 11))
    found = evaluate(assessment, inputs, numbers)
    assert_allclose(found, plain_scores(assessment, inputs, numbers, 1), rtol=1e-11)


def test_the_value_of_an_only_indicator_is_not_raised_to_a_power():
    index = Index("T", [Index("P", [Indicator("a")])])
    data = {"unit": ["X", "Y"], "a": [1e-150, 2e-150]}
    method = Method(normalisation=Unscaled(), aggregation=PowerMean(-3))
    inputs = [Alternatives("missing", ["renormalise", "propagate"])]
    assert_array_equal(
        evaluate(Assessment(index, data, method=method), inputs, [[0.5]]), [data["a"]]
    )


def test_weights_that_differ_by_unit_are_summed_with_gaps():
    weighting = {"P1": BenefitOfTheDoubt(), "P2": BenefitOfTheDoubt()}
    assessment = deep(gaps=[1, 3], weighting=weighting)
    assert assessment.weight_array("P1").ndim == 2
    inputs = [WeightNoise(0.9)]
    study = design(assessment, inputs, None)
    assert is_sum(study)
    numbers = np.random.default_rng(1).random((40, len(study.names)))
    by_hand = plain_scores(assessment, inputs, numbers, 1)
    assert_allclose(evaluate(assessment, inputs, numbers), by_hand, rtol=1e-12)


def test_a_draw_without_weight_on_what_a_unit_has_is_missing():
    # Near a concentration of 0 all weight is on one child, in some draws on the one that is
    # missing: the sub-index is then missing too, and its weight shared among the others.
    assessment = deep(gaps=[3])
    inputs = [DirichletWeights(1e-20, ["P2"]), WeightNoise({1: 0.5})]
    study = design(assessment, inputs, None)
    assert is_sum(study)
    numbers = np.random.default_rng(1).random((200, len(study.names)))
    weights = study.draws(np.ascontiguousarray(numbers.T)).local_weights("d")
    assert 0.2 < (weights == 1).mean() < 0.8
    by_hand = plain_scores(assessment, inputs, numbers, 1)
    assert_allclose(evaluate(assessment, inputs, numbers), by_hand, rtol=1e-12)


def plain_counts(scores, bins):
    """Count the ranks within groups and the bins of scores, draw by draw."""
    n_units = scores.shape[1]
    ranks = np.zeros((n_units, bins.n_ranks), dtype=int)
    cells = np.zeros((n_units, bins.n_scores), dtype=int)
    for row in scores:
        for group in bins.groups:
            for unit, rank in zip(group.tolist(), rank_scores(row[group]).tolist(), strict=True):
                if not math.isnan(rank):
                    ranks[unit, bins.rank_bin(int(rank) - 1)] += 1
                    place = round(row[unit] / bins.width[unit]) - int(bins.middle[unit])
                    cells[unit, min(max(place, 0), bins.n_scores - 1)] += 1
    return ranks, cells


@pytest.mark.parametrize("gaps", [0.0, 0.2])
@pytest.mark.parametrize("inputs", [[WeightNoise(0.5)], [DirichletWeights(2.0)]], ids=repr)
def test_counts_of_a_study_are_those_of_loops_over_draws(inputs, gaps):
    assessment = example(gaps=gaps, n_units=12)
    study = uncertainty(assessment, inputs, n_samples=300, rng=5, executor=Inline())
    numbers = uniforms(5, 0, np.empty((len(study.design.names), 300))).T
    scores = plain_scores(assessment, inputs, numbers, 1)
    ranks, cells = plain_counts(scores, study._bins)
    assert_array_equal(study._tally.ranks, ranks)
    assert_array_equal(study._tally.scores, cells)
    assert_allclose(study.mean_scores, np.nanmean(scores, axis=0), rtol=1e-12)


def moments(scores, nominal, nominal_ranks, groups):
    """Give the draws, the sums of ranks and shifts, and the moments of each unit, one by one."""
    sums = np.zeros((5, scores.shape[1]))
    for row in scores:
        for group in groups:
            for unit, rank in zip(group.tolist(), rank_scores(row[group]).tolist(), strict=True):
                if not math.isnan(rank):
                    off = row[unit] - nominal[unit]
                    shift = 0.0 if np.isnan(nominal_ranks[unit]) else rank - nominal_ranks[unit]
                    sums[:, unit] += 1, rank, abs(shift), off, off**2
    return sums


@pytest.fixture(params=[False, True], ids=["at once", "waiting"])
def waits(request, monkeypatch):
    """Count all draws at once, or let some wait, as if their counts did not fit into the cache."""
    if request.param:
        monkeypatch.setattr(tally, "_CACHED", 8000)
        monkeypatch.setattr(tally, "_WAITING", 300)


@pytest.mark.parametrize("kind", [Counter, WideCounter])
@pytest.mark.parametrize("gaps", [0.0, 0.2])
@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("factor", [1.0, 1e200])
@pytest.mark.parametrize("size", [4, 7, 50])
@pytest.mark.usefixtures("waits")
def test_counters_count_what_loops_count(kind, gaps, n_groups, factor, size, monkeypatch):
    monkeypatch.setattr(wide, "_BLOCK", 8)  # several blocks, the last one smaller
    monkeypatch.setattr(Counter, "AT_ONCE", 240)  # some chunks at once, or a part of one
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 12, (60, 20)) + rng.choice([0.0, 0.25], (60, 20))  # many ties
    scores[rng.random(scores.shape) < gaps] = np.nan
    scores *= factor
    nominal = np.full(20, 6.0) * factor
    nominal_ranks = np.arange(20.0) % 10 + 1
    nominal_ranks[3] = np.nan
    groups = np.array_split(rng.permutation(20), n_groups)
    bins = Bins.between(np.full(20, 2.0 * factor), np.full(20, 9.0 * factor), groups, is_sure=False)
    if kind is WideCounter:
        bins = evolve(bins, n_ranks=4)
    counter = kind(bins, nominal, nominal_ranks)
    blocks = {}
    for first, last in [(0, 20), (20, 50), (50, 60)]:
        for place, sums in enumerate(counter.add(scores[first:last], size)):
            blocks[1, first + place, 1] = sums
            rows = scores[first:last][place * size : (place + 1) * size]
            assert_allclose(sums[0], np.nansum(rows - nominal, axis=0), atol=1e-9 * factor)
    tally = counter.result(blocks)
    ranks, cells = plain_counts(scores, bins)
    assert_array_equal(tally.scores, cells)
    assert_array_equal(tally.ranks, ranks)
    by_hand = moments(scores / factor, nominal / factor, nominal_ranks, groups)
    assert_array_equal([tally.n_draws, tally.rank_sums, tally.shift_sums], by_hand[:3])
    assert_allclose(tally.total, by_hand[3] * factor, rtol=1e-12, atol=1e-9 * factor)
    size = math.ldexp(factor, -tally.power)
    assert_allclose(tally.squares, by_hand[4] * size**2, rtol=1e-9)


SHAPES = [0.1, 0.15, 0.2, 0.5, 0.99, 1.01, 1.5, 2.0, 3.7, 12.0, 150.0, 1e3, 1e5]


def near_and_far(n):
    """Give numbers from 0 to 1 in which all distances from both ends are met."""
    rng = np.random.default_rng(4)
    close = 10 ** rng.uniform(-6, np.log10(0.5), n)
    return np.concatenate(
        [rng.random(n), close, 1 - close, [2.0**-53, 2.0**-13, 0.5, 1 - 2.0**-53]]
    )


def test_gamma_variates_are_the_exact_inverse():
    uniforms = near_and_far(6_000)
    found = gamma_variates(np.tile(uniforms, (len(SHAPES), 1)), np.array(SHAPES))
    exact = gammaincinv(np.array(SHAPES)[:, np.newaxis], uniforms)
    errors = np.abs(found / exact - 1).max(axis=1)
    # Measured: 4.6e-11 for a shape of 0.1, 2e-13 for 0.2, and below 1e-13 from 0.3.
    assert errors.max() < 1e-10
    assert errors[SHAPES.index(0.2) :].max() < 1e-12


def test_gamma_variates_rise_with_the_uniform_number_across_cells():
    uniforms = np.sort(near_and_far(6_000))[np.newaxis]
    for shape in SHAPES:
        assert (np.diff(gamma_variates(uniforms, np.array([shape]))) >= 0).all()


def test_gamma_variates_of_shapes_beyond_the_tables_are_exact():
    uniforms = np.random.default_rng(1).random((5, 200))
    shapes = np.array([0.01, 2.0, 0.0, 1e7, 0.5])
    found = gamma_variates(uniforms, shapes)
    exact = gammaincinv(np.where(shapes > 0, shapes, 1.0)[:, np.newaxis], uniforms)
    assert_array_equal(found[0], np.maximum(exact[0], 1e-300))
    assert_array_equal(found[2], 0.0)
    assert_array_equal(found[3], exact[3])
    assert_allclose(found[[1, 4]], exact[[1, 4]], rtol=1e-12)
    # The bits are the same for few draws and for many.
    assert_array_equal(gamma_variates(uniforms[:, :3], shapes), found[:, :3])
    assert_array_equal(gamma_variates(uniforms[[2, 3]], np.array([0.0, 1e7])), found[[2, 3]])


def test_gamma_variates_are_the_same_in_every_layout():
    uniforms = np.random.default_rng(1).random((3, 40, 50))
    shapes = np.array([0.5, 2.0, 0.5])
    flat = gamma_variates(uniforms.reshape(3, -1), shapes)
    chosen = np.random.default_rng(2).random((3, 40, 50)) < 0.5
    assert_array_equal(gamma_variates(uniforms, shapes, chosen), flat.reshape(3, 40, 50) * chosen)


@pytest.mark.parametrize("inputs", [[WeightNoise(0.9)], [DirichletWeights(2.0)]], ids=repr)
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_threads_give_the_bits_of_one_worker_on_every_path(gaps, inputs):
    assessment = example(gaps=gaps)
    one = uncertainty(assessment, inputs, n_samples=40_000, rng=3, executor=Inline())
    for n_threads in (2, 4):
        with ThreadPoolExecutor(n_threads) as pool:
            study = uncertainty(assessment, inputs, n_samples=40_000, rng=3, executor=pool)
        check_equal(study, one)


KINDS = [
    ArithmeticMean(), GeometricMean(), PowerMean(2), Minimum(), OrderedWeighted([0.5, 0.3, 0.2]),
    MazziottaPareto(), AdjustedMazziottaPareto(), Copeland(),
]  # fmt: skip
UNCERTAIN = [
    [WeightNoise(0.9)],
    [DirichletWeights(2.0)],
    [MeasurementError(0.1), WeightNoise(0.2)],
    [MeasurementError(0.1, by_indicator=True)],
    [Exclusion(["b1"]), Alternatives("normalisation", [MinMax(1, 10), PercentileRank(1, 10)])],
]


@pytest.mark.parametrize("gaps", [0.0, 0.2])
@pytest.mark.parametrize("inputs", UNCERTAIN, ids=repr)
@pytest.mark.parametrize("aggregation", KINDS, ids=repr)
def test_counts_do_not_depend_on_the_tasks(aggregation, inputs, gaps):
    # How many chunks a task has depends on how fast they are.
    assessment = example(gaps=gaps, aggregation={0: aggregation})
    own = running.plan(design(assessment, inputs, None), EVERYTHING, 3, 167)
    own = evolve(own, chunks=evolve(own.chunks, size=40))
    whole, by_chunk = own.empty(), own.empty()
    whole.add(running.counts_of(own, 3, own.chunks[:]))
    for chunk in own.chunks:
        by_chunk.add(running.counts_of(own, 3, [chunk]))
    for mine, theirs in zip(parts(whole.tally), parts(by_chunk.tally), strict=True):
        assert_array_equal(mine, theirs)


def test_a_study_of_many_units_counts_what_loops_count():
    assessment = example(n_units=2100, gaps=0.1)
    study = uncertainty(assessment, [WeightNoise(0.9)], n_samples=12, rng=3, executor=Inline())
    assert study._bins.joins_ranks
    scores = study.design.scores(uniforms(3, 0, np.empty((len(study.design.names), 12))))
    ranks, cells = plain_counts(scores, study._bins)
    assert_array_equal(study._tally.ranks, ranks)
    assert_array_equal(study._tally.scores, cells)


def test_draws_that_tell_the_bins_are_scored_once(monkeypatch):
    scored = []

    def noted(study, ever, seed, chunk, room):
        scored.append(chunk)
        return scores_of(study, ever, seed, chunk, room)

    monkeypatch.setattr(running, "scores_of", noted)
    assessment = example(aggregation=ArithmeticMean())
    inputs = [WeightNoise(0.3), MeasurementError(0.1)]
    study = uncertainty(assessment, inputs, n_samples=50, rng=3, executor=Inline())
    assert scored == [(0, 50)]
    assert study.rank_counts.sum() == 50 * 9


def test_chunks_counted_together_are_counted_as_one_by_one(monkeypatch):
    assessment = example(aggregation=GeometricMean())
    together = uncertainty(assessment, [WeightNoise(0.3)], n_samples=2500, rng=3, executor=Inline())
    for most in (2**15, 1):
        monkeypatch.setattr(Counter, "AT_ONCE", most)
        alone = uncertainty(
            assessment, [WeightNoise(0.3)], n_samples=2500, rng=3, executor=Inline()
        )
        check_equal(alone, together)
