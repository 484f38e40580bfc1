"""Studies that count only what is wanted: the rest is the same, and what is missing is named."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tests.sensitivity.cases import example
from tests.sensitivity.test_engine import Inline

from dli import Assessment, Index, Indicator
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import MethodError, StudyError
from dli.sensitivity import Alternatives, Exclusion, WeightNoise, uncertainty

INPUTS = [WeightNoise(0.4), Alternatives("aggregation", [ArithmeticMean(), GeometricMean()])]
CASES = {
    "complete": example(n_units=12),
    "gaps": example(n_units=12, gaps=0.3, coverage=0.5),
    "ties": Assessment(
        Index("T", [Indicator("a"), Indicator("b"), Indicator("c")]),
        {
            "unit": [*"UVWXYZ"],
            "a": [1, 1, 2, 2, 3, 3],
            "b": [2, 2, 1, 1, 3, 3],
            "c": [1, 1, 1, 1, 2, 2],
        },
    ),
    "periods": example(n_units=24, periods=3),
}


def made(assessment, n_samples=3000, **given):
    inputs = [WeightNoise(0.4), Exclusion("a")] if assessment is CASES["ties"] else INPUTS
    return uncertainty(assessment, inputs, n_samples=n_samples, rng=3, executor=Inline(), **given)


@pytest.fixture(scope="module")
def many():
    """Give an assessment of more units than have a bin for every rank."""
    rng = np.random.default_rng(1)
    data = {"unit": np.arange(2200), "a": rng.random(2200), "b": rng.random(2200)}
    data["a"][::7] = np.nan
    data["b"][:4] = data["a"][:4] = 2.0  # the first ones tie
    return Assessment(Index("T", [Indicator("a"), Indicator("b")]), data)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("places", [1, 3, 6])
def test_the_first_places_have_the_counts_of_a_study_of_all(case, places):
    whole = made(CASES[case])
    few = made(CASES[case], places=places)
    assert_array_equal(few.rank_counts, whole.rank_counts[:, :places])
    assert_array_equal(few.rank_acceptability, whole.rank_acceptability[:, :places])
    for k in range(1, places + 1):
        assert_array_equal(few.top(k)["probability"], whole.top(k)["probability"])
    assert_array_equal(few.score_quantiles(0.3), whole.score_quantiles(0.3))
    assert_array_equal(few.score_deviations, whole.score_deviations)


@pytest.mark.parametrize("case", CASES)
def test_what_is_kept_is_that_of_a_study_of_everything(case):
    whole, ranks, scores = (
        made(CASES[case], **own) for own in ({}, {"keep": "ranks"}, {"keep": ["scores"]})
    )
    assert_array_equal(ranks.rank_counts, whole.rank_counts)
    assert_array_equal(ranks.rank_intervals()["mean"], whole.rank_intervals()["mean"])
    assert ranks.mean_rank_shift == whole.mean_rank_shift
    assert_array_equal(scores._tally.scores, whole._tally.scores)
    assert_array_equal(scores._tally.n_draws, whole._tally.n_draws)
    for name in ("mean", "sd", "q5", "q95"):
        assert_array_equal(scores.score_intervals()[name], whole.score_intervals()[name])
    assert (ranks.keep, scores.keep, whole.keep) == (("ranks",), ("scores",), ("ranks", "scores"))
    assert ranks._tally.scores.size == scores._tally.ranks.size == 0


def test_of_very_many_units_too(many):
    noise = [WeightNoise(0.5)]
    whole, ranks, scores, first = (
        uncertainty(many, noise, n_samples=60, rng=1, executor=Inline(), **own)
        for own in ({}, {"keep": "ranks"}, {"keep": "scores"}, {"places": 20, "keep": "ranks"})
    )
    assert_array_equal(ranks._tally.ranks, whole._tally.ranks)
    assert_array_equal(ranks.rank_shifts, whole.rank_shifts)
    assert_array_equal(scores._tally.scores, whole._tally.scores)
    assert_array_equal(scores.score_deviations, whole.score_deviations)
    # The draws of `top` are made again where ranks are counted in bins.
    for k in (1, 4, 20):
        assert_array_equal(first.top(k)["probability"], whole.top(k)["probability"])
    assert first.rank_counts.shape == (2200, 20)
    assert first.rank_counts[:4, 0].tolist() == [60] * 4
    with pytest.raises(MethodError, match=r"a table of every rank is not available; use places="):
        _ = whole.rank_counts


RANKS = {
    "counts": lambda s: s.rank_counts,
    "acceptability": lambda s: s.rank_acceptability,
    "means": lambda s: s.expected_ranks,
    "shifts": lambda s: s.rank_shifts,
    "shift": lambda s: s.mean_rank_shift,
    "quantiles": lambda s: s.rank_quantiles(0.5),
    "intervals": lambda s: s.rank_intervals(),
    "top": lambda s: s.top(1),
}
SCORES = {
    "means": lambda s: s.mean_scores,
    "deviations": lambda s: s.score_deviations,
    "quantiles": lambda s: s.score_quantiles(0.5),
    "intervals": lambda s: s.score_intervals(),
}


@pytest.mark.parametrize("ask", RANKS.values(), ids=RANKS)
def test_ranks_that_were_not_kept_are_refused(ask):
    study = made(CASES["complete"], 100, keep="scores")
    words = 'ranks were not counted in this study, which was made with keep=(\'scores\',); make it with keep=("ranks", "scores")'
    with pytest.raises(StudyError, match=re.escape(words)):
        ask(study)


@pytest.mark.parametrize("ask", SCORES.values(), ids=SCORES)
def test_scores_that_were_not_kept_are_refused(ask):
    study = made(CASES["complete"], 100, keep="ranks")
    with pytest.raises(StudyError, match=r"scores were not counted .* keep=\('ranks',\)"):
        ask(study)


def test_ranks_behind_the_first_places_are_refused():
    study = made(CASES["complete"], 100, places=3)
    assert (study.places, made(CASES["complete"], 100).places) == (3, None)
    for ask in (lambda: study.expected_ranks, lambda: study.rank_quantiles(0.5)):
        with pytest.raises(StudyError, match=r"only the first 3 ranks .* all of them are needed"):
            ask()
    with pytest.raises(StudyError, match=r"the first 4 are needed; make it with a larger places="):
        study.top(4)


def test_draws_are_made_again_whatever_is_kept():
    whole, few = made(CASES["gaps"], 500), made(CASES["gaps"], 500, keep="scores")
    assert_array_equal(few.pairwise_winning(), whole.pairwise_winning())
    assert_array_equal(few.scores(10, 5), whole.scores(10, 5))


def test_it_prints_what_there_is():
    head = {
        key: str(made(CASES["complete"], 100, **own)).splitlines()[2].split("  ")
        for key, own in {
            "all": {}, "ranks": {"keep": "ranks"}, "scores": {"keep": "scores"},
            "places": {"places": 2},
        }.items()
    }  # fmt: skip
    head = {key: [own.strip() for own in names if own] for key, names in head.items()}
    assert head["all"] == ["unit", "rank", "mean rank", "90 % of ranks", "score", "sd"]
    assert head["ranks"] == ["unit", "rank", "mean rank", "90 % of ranks", "score"]
    assert head["scores"] == ["unit", "rank", "score", "sd"]
    assert head["places"] == ["unit", "rank", "in the first 2", "score", "sd"]
    study = made(CASES["complete"], 100, places=2)
    assert f"{study.top(2)['probability'].max():.0%}" in str(study)
    assert "mean rank shift" not in str(study)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"keep": "rank"}, "keep must be 'ranks' or 'scores', got 'rank'; did you mean 'ranks'?"),
        ({"keep": []}, "keep must be 'ranks', 'scores' or both, got nothing"),
        ({"keep": [1]}, "keep must be 'ranks' or 'scores', got 1"),
        ({"places": 0}, "places must be a whole number from 1 to 12 with 12 units, got 0"),
        ({"places": 13}, "from 1 to 12 with 12 units, got 13"),
        ({"places": True}, "got True"),
        ({"places": 2, "keep": "scores"}, "places=2 needs ranks, which keep=('scores',) leaves out"),
        ({"part": (0, 2)}, "part must be (number, of how many), as in (1, 4) for the first of four"),
        ({"part": (1, 2)}, "with at most 1 parts of"),
        ({"part": (1, 1, 1)}, "got (1, 1, 1)"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_named(given, words):
    with pytest.raises(MethodError, match=re.escape(words)):
        made(CASES["complete"], 100, **given)


def test_a_table_of_places_that_needs_too_much_memory_is_refused(many):
    with pytest.raises(MethodError, match=r"from 1 to 2,200 with 2,200 units"):
        uncertainty(many, [WeightNoise(0.5)], n_samples=10, places=2201)
    with pytest.raises(MethodError, match=r"keep \(if not one text\)|keep must be"):
        uncertainty(many, [WeightNoise(0.5)], n_samples=10, keep=3)
