"""Doubtful values read as they are and as missing, in studies."""

import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import ArithmeticMean, GeometricMean
from dli.errors import DataError, DLIWarning, MethodError
from dli.imputation import ColumnMean
from dli.normalisation import Goalposts, MinMax
from dli.sensitivity import (
    Alternatives,
    DoubtfulAsMissing,
    Draws,
    MeasurementError,
    WeightNoise,
    evaluate,
    shapley,
    sobol,
    uncertainty,
)
from dli.sensitivity.design import Design, design

ENDS = {"goalposts": (0, 10)}
INDEX = Index(
    "T",
    [
        Indicator("a", doubtful=(0,), **ENDS),
        Indicator("b", doubtful=(0, 1), **ENDS),
        Indicator("c", **ENDS),
    ],
)
DATA = {"unit": ["X", "Y", "Z"], "a": [0, 9, 4], "b": [6, 0, 7], "c": [3, 6, 0]}
# By hand, means of the normalised values (10 times the raw ones): as they are X 30, Y 50 and Z
# 110 / 3; without the zero of a, X is (60 + 30) / 2; without that of b, Y is (90 + 60) / 2.
AS_THEY_ARE = [30, 50, 110 / 3]
WITHOUT_A = [45, 50, 110 / 3]
WITHOUT_B = [30, 75, 110 / 3]
MISSING = [45, 75, 110 / 3]


def example(index=INDEX, data=DATA, **choices):
    choices.setdefault("normalisation", Goalposts())
    return Assessment(index, data, method=Method(**choices))


def gaps(data=DATA, codes="ab"):
    """Give the data with the zeros of some columns missing."""
    own = {code: [None if cell == 0 else cell for cell in data[code]] for code in codes}
    return {**data, **own}


# -- by hand ---------------------------------------------------------------------------------------


def test_one_factor_reads_all_doubtful_values_in_the_same_way():
    assessment = example()
    assert DoubtfulAsMissing().factors(assessment) == ["doubtful values"]
    scores = evaluate(assessment, [DoubtfulAsMissing()], [[0.0], [0.49], [0.5], [1.0]])
    assert_allclose(scores, [AS_THEY_ARE, AS_THEY_ARE, MISSING, MISSING])


def test_each_indicator_can_be_read_by_itself():
    own = DoubtfulAsMissing(by_indicator=True)
    assert own.factors(example()) == ["doubtful values of a", "doubtful values of b"]
    scores = evaluate(example(), [own], [[0, 0], [1, 0], [0, 1], [1, 1]])
    assert_allclose(scores, [AS_THEY_ARE, WITHOUT_A, WITHOUT_B, MISSING])


def test_an_indicator_without_doubtful_values_in_the_data_is_no_factor():
    data = {**DATA, "b": [6, 5, 7]}
    own = DoubtfulAsMissing(by_indicator=True)
    assert own.factors(example(data=data)) == ["doubtful values of a"]


def test_a_study_has_both_readings_and_nominal_scores_as_they_are():
    study = uncertainty(example(), [DoubtfulAsMissing()], n_samples=4000, rng=1)
    assert_allclose(study.nominal_scores, AS_THEY_ARE)
    assert study.nominal_ranks.tolist() == [3, 1, 2]
    share = study.rank_counts[0, 1] / 4000  # X is second where its zero is missing
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 4000)
    assert_allclose(study.mean_scores, np.add(AS_THEY_ARE, np.multiply([15, 25, 0], share)))
    assert_allclose(study.score_deviations[2], 0, atol=1e-9)


def test_what_was_drawn_is_shown():
    study = design(example(), [DoubtfulAsMissing(by_indicator=True)], None)
    assert study.drawn(np.array([[0.1, 0.7], [0.6, 0.2]])) == {
        "doubtful values of a": ["as they are", "missing"],
        "doubtful values of b": ["missing", "as they are"],
    }


def test_the_only_factor_explains_all_of_the_variance():
    with pytest.warns(DLIWarning, match="1 of 3 outputs have no indices: 1 do not vary"):
        study = sobol(example(), [DoubtfulAsMissing()], n_samples=64, rng=1, output="score")
    assert_allclose(study.first_order, [[1, 1, np.nan]])
    assert_allclose(study.total_order, [[1, 1, np.nan]])


def test_indicators_by_themselves_explain_each_their_unit():
    # X depends on the reading of a alone, Y on that of b alone.
    own = DoubtfulAsMissing(by_indicator=True)
    with pytest.warns(DLIWarning, match="1 do not vary"):
        study = sobol(example(), [own], n_samples=1024, rng=1, output="score")
    assert_allclose(study.first_order[:, :2], np.eye(2), atol=0.1)
    assert_allclose(study.total_order[:, :2], np.eye(2), atol=0.1)


def test_shapley_effects_are_those_of_the_readings():
    own = DoubtfulAsMissing(by_indicator=True)
    study = shapley(example(), [own], n_permutations=400, rng=1, output="score")
    assert_allclose(study.effects[:, :2], np.eye(2), atol=0.1)


# -- the same as the slow way ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "choices",
    [
        {"normalisation": MinMax()},
        {"imputation": ColumnMean()},
        {"missing": "propagate"},
        {"aggregation": GeometricMean(), "normalisation": Goalposts(1, 100)},
    ],
    ids=repr,
)
def test_scores_are_those_of_the_data_with_gaps(choices):
    (scores,) = evaluate(example(**choices), [DoubtfulAsMissing()], [[1.0]])
    assert_allclose(scores, example(data=gaps(), **choices).array("T"), rtol=1e-14)


def test_readings_go_together_with_weights_and_alternatives():
    inputs = [
        DoubtfulAsMissing(),
        WeightNoise({"a": 0.5}),
        Alternatives("aggregation", [ArithmeticMean(), GeometricMean()]),
    ]
    assessment = example(normalisation=Goalposts(1, 100))
    scores = evaluate(assessment, inputs, [[u, 1.0, v] for u in (0, 1) for v in (0, 1)])
    expected = [
        example(
            INDEX.with_weights({"a": 1.5}), data, normalisation=Goalposts(1, 100), aggregation=own
        ).array("T")
        for data in (DATA, gaps())
        for own in (ArithmeticMean(), GeometricMean())
    ]
    assert_allclose(scores, expected)


def test_errors_are_added_to_what_is_there():
    inputs = [DoubtfulAsMissing(), MeasurementError({"c": 1.0})]
    scores = evaluate(example(), inputs, [[0.0, 0.4], [1.0, 0.4], [1.0, 0.8]])
    # X has the values 0, 6 and 3 + e: 30 + 10 e / 3, and 45 + 5 e without the first.
    error = (scores[0, 0] - 30) * 3 / 10
    assert abs(error) > 0.01
    assert_allclose(scores[1, 0], 45 + 5 * error)
    assert scores[2, 0] != scores[1, 0]


def test_periods_are_read_too():
    data = {**DATA, "unit": ["X", "X", "Y"], "year": [1, 2, 1]}
    assessment = Assessment(INDEX, data, period="year", method=Method(normalisation=Goalposts()))
    (scores,) = evaluate(assessment, [DoubtfulAsMissing()], [[1.0]])
    assert_allclose(scores, MISSING)


def test_a_unit_whose_values_are_all_doubtful_has_no_score_in_those_draws():
    index = Index("T", [Index("A", INDEX.children[:2]), INDEX.children[2]])
    data = {**DATA, "a": [0, 9, 4], "b": [0, 0, 7]}
    scores = evaluate(example(index, data), [DoubtfulAsMissing()], [[1.0]], node="A")
    assert_allclose(scores, [[np.nan, 90, 55]])
    study = uncertainty(example(index, data), [DoubtfulAsMissing()], n_samples=500, rng=2, node="A")
    n_ranked = study.rank_counts.sum(axis=1)
    assert n_ranked[1] == n_ranked[2] == 500
    assert 0 < n_ranked[0] < 500


# -- speed and workers -----------------------------------------------------------------------------


@pytest.fixture
def assessed(monkeypatch):
    """Give the list of assessments that studies make of changed data."""
    made = []
    noisy = Design.noisy

    def counted(self, *given):
        made.append(noisy(self, *given))
        return made[-1]

    monkeypatch.setattr(Design, "noisy", counted)
    return made


def test_each_reading_is_assessed_once(assessed):
    study = design(example(), [DoubtfulAsMissing(by_indicator=True)], None)
    assert len(assessed) == 1  # both missing, checked before the first draw
    numbers = np.random.default_rng(0).random((2, 400))
    first = study.scores(numbers).copy()
    assert len(assessed) == 3
    assert_array_equal(study.scores(numbers), first)
    assert len(assessed) == 3


def test_readings_beyond_the_room_for_them_are_assessed_again(assessed, monkeypatch):
    monkeypatch.setattr("dli.sensitivity.design._MOST_KEPT", 1)
    study = design(example(), [DoubtfulAsMissing(by_indicator=True)], None)
    scores = [study.scores(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])).copy() for _ in range(2)]
    assert len(assessed) == 1 + 2 + 2
    assert_allclose(scores, [[WITHOUT_A, WITHOUT_B, MISSING]] * 2)


def test_studies_are_the_same_on_all_workers():
    inputs = [DoubtfulAsMissing(by_indicator=True), WeightNoise(0.2)]
    with ThreadPoolExecutor(2) as pool:
        alone, shared = (
            uncertainty(example(), inputs, n_samples=3000, rng=3, executor=executor)
            for executor in (None, pool)
        )
    assert_array_equal(alone.rank_counts, shared.rank_counts)
    assert_array_equal(alone.mean_scores, shared.mean_scores)


def test_a_design_is_sent_to_other_processes_without_its_readings(assessed):
    study = design(example(), [DoubtfulAsMissing()], None)
    again = pickle.loads(pickle.dumps(study))  # noqa: S301 our own
    assert_array_equal(again.scores(np.array([[1.0]])), study.scores(np.array([[1.0]])))
    assert len(assessed) == 2


# -- errors ----------------------------------------------------------------------------------------


def test_an_index_without_doubtful_values_is_refused():
    index = Index("T", [Indicator(code, **ENDS) for code in "abc"])
    with pytest.raises(MethodError, match=r"has no effect: no indicator declares doubtful values"):
        uncertainty(example(index), [DoubtfulAsMissing()], n_samples=10, rng=1)


@pytest.mark.parametrize("by_indicator", [False, True])
def test_data_without_doubtful_values_are_refused(by_indicator):
    data = {**DATA, "a": [2, 9, 4], "b": [6, 2, 7]}
    with pytest.raises(
        MethodError, match=r"the data do not contain any of the doubtful values of a, b$"
    ):
        DoubtfulAsMissing(by_indicator=by_indicator).factors(example(data=data))


def test_the_way_to_read_must_be_true_or_false():
    with pytest.raises(MethodError, match="by_indicator must be True or False, got 'yes'"):
        DoubtfulAsMissing(by_indicator="yes")


def test_units_that_availability_would_leave_out_are_named_before_the_first_draw():
    assessment = example(availability=1.0)
    with pytest.raises(MethodError, match=r"too few .* for availability=1; lower it") as caught:
        uncertainty(assessment, [DoubtfulAsMissing()], n_samples=10, rng=1)
    assert caught.value.faults == ("'X'", "'Y'")
    data = {**DATA, "unit": ["X", "X", "Y"], "year": [1, 2, 1]}
    method = Method(normalisation=Goalposts(), availability=1.0)
    panel = Assessment(INDEX, data, period="year", method=method)
    with pytest.raises(MethodError, match="for availability=1") as caught:
        uncertainty(panel, [DoubtfulAsMissing()], n_samples=10, rng=1)
    assert caught.value.faults == ("'X' in 1", "'X' in 2")


def test_data_that_cannot_be_assessed_without_the_values_are_refused_before_the_first_draw():
    index = Index(
        "T", [Indicator("a", doubtful=(0,), **ENDS), Indicator("b", doubtful=(0,), **ENDS)]
    )
    data = {"unit": ["X", "Y"], "a": [0, 1], "b": [0, 2]}
    with pytest.raises(
        DataError, match="the data of a draw cannot be assessed: units need a value"
    ):
        design(example(index, data), [DoubtfulAsMissing()], None)


@pytest.mark.parametrize(
    ("cells", "which", "faults"),
    [
        (np.zeros((3, 3), dtype=bool), [True], [r"draws must be .* shape \(2,\); got bool of shape \(1,\)"]),
        (np.zeros((3, 2), dtype=bool), [True, False], [r"cells must be .* \(3, 3\); got bool of shape \(3, 2\)"]),
        (np.zeros((3, 3)), [1, 0], ["cells must be True or False.*got float64", "draws must be True or False.*got int"]),
    ],
)  # fmt: skip
def test_what_is_left_out_must_be_cells_and_draws(cells, which, faults):
    draws = Draws(example(), 2)
    with pytest.raises(
        MethodError, match="omit requires boolean arrays of cells and draws"
    ) as caught:
        draws.omit(cells, which)
    assert len(caught.value.faults) == len(faults)
    for fault, pattern in zip(caught.value.faults, faults, strict=True):
        assert re.search(pattern, fault)
    assert not draws.changes_data
