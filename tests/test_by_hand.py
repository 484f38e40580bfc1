"""A made-up index of four towns, small enough to be followed with pencil and paper.

Every number below was worked out by hand; the comments say how.

        people  debt  trains  visitors  people served
    A      10     4      8       20            100
    B      20     2      4        .            100
    C      30     6      .       60            200
    D      90     8     16       40            400
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dli import Assessment, Index, Indicator, Method, frames, links, multivariate
from dli.aggregation import Copeland, GeometricMean, HarmonicMean, Minimum, PowerMean
from dli.change import compare
from dli.imputation import ColumnMean, GroupMean, RowMean
from dli.normalisation import (
    Borda,
    DistanceToReference,
    DistanceToTarget,
    FractionOfMax,
    Goalposts,
    MinMax,
    PercentileRank,
    Rank,
    Scaled,
    ZScore,
)
from dli.screening import screen
from dli.sensitivity import remove_elements
from dli.treatment import Log, Winsorise
from dli.weighting import Fixed

INDEX = Index(
    "T",
    [
        Index("P", [Indicator("people"), Indicator("debt", direction=-1)]),
        Index("Q", [Indicator("trains"), Indicator("visits", denominator="served", weight=3)]),
    ],
)
DATA = {
    "unit": ["A", "B", "C", "D"],
    "people": [10, 20, 30, 90],
    "debt": [4, 2, 6, 8],
    "trains": [8, 4, None, 16],
    "visits": [20, None, 60, 40],
    "served": [100, 100, 200, 400],
    "side": ["W", "W", "E", "E"],
}
# visits / served: 0.2, ., 0.3, 0.1
FILLED = Method(imputation=GroupMean("side"))


@pytest.fixture
def towns():
    return Assessment(INDEX, DATA, method=FILLED)


def stage(assessment, name, code):
    return frames.read(assessment.stage(name)).column(code)


def test_every_stage(towns):
    assert stage(towns, "denominated", "visits") == [0.2, None, 0.3, 0.1]
    # B has the mean of the west, that of A; C that of the east, of D.
    assert stage(towns, "imputed", "visits") == [0.2, 0.2, 0.3, 0.1]
    assert stage(towns, "imputed", "trains") == [8, 4, 16, 16]
    # people from 10 to 90, debt from 8 (worst) to 2 (best), trains from 4 to 16.
    assert_allclose(stage(towns, "normalised", "people"), [0, 12.5, 25, 100])
    assert_allclose(stage(towns, "normalised", "debt"), [200 / 3, 100, 100 / 3, 0])
    assert_allclose(stage(towns, "normalised", "trains"), [100 / 3, 0, 100, 100])
    assert_allclose(stage(towns, "normalised", "visits"), [50, 50, 100, 0])


def test_scores_and_ranks(towns):
    assert_allclose(towns.array("P"), [100 / 3, 56.25, 175 / 6, 50])
    # Weights 1 and 3: (33.33 + 150) / 4, 150 / 4, 100, 100 / 4.
    assert_allclose(towns.array("Q"), [550 / 12, 37.5, 100, 25])
    assert_allclose(towns.array("T"), [475 / 12, 46.875, 775 / 12, 37.5])
    assert towns.rank_array("T").tolist() == [3, 2, 1, 4]
    assert frames.read(towns.league_table()).column("unit") == ["C", "B", "A", "D"]
    assert frames.read(towns.ranks_within("side")).column("T") == [2, 1, 1, 2]


def test_gaps_left_open_share_their_weight():
    gaps = Assessment(INDEX, DATA)
    # B has trains alone, the fewest; C visits alone, the most.
    assert_allclose(gaps.array("Q"), [550 / 12, 0, 100, 25])
    strict = gaps.evolve(coverage={"Q": 1.0})
    assert np.isnan(strict.array("Q")).tolist() == [False, True, True, False]
    assert_allclose(strict.array("T")[1], 56.25)


def test_other_imputations():
    given = Assessment(INDEX, DATA, method=Method(imputation=ColumnMean()))
    assert_allclose(stage(given, "imputed", "trains")[2], 28 / 3)
    assert_allclose(stage(given, "imputed", "visits")[1], 0.2)
    # B is at 0 of trains, the only other child of Q: the worst of visits, 0.1.
    rows = Assessment(INDEX, DATA, method=Method(imputation=RowMean(-1)))
    assert_allclose(stage(rows, "imputed", "visits")[1], 0.1)
    assert_allclose(stage(rows, "imputed", "trains")[2], 16)


def test_treatments(towns):
    # people: mean 37.5, deviations -27.5, -17.5, -7.5, 52.5: one point moved gives 10, 20, 30, 30.
    treated = towns.evolve(treatment={"people": Winsorise(1, 1.0, 1.0, fallback=None)})
    assert stage(treated, "treated", "people") == [10, 20, 30, 30]
    flags = frames.read(treated.flags)
    assert "90 became 30" in flags.column("note")
    logs = towns.evolve(treatment={"people": Log()})
    assert_allclose(stage(logs, "treated", "people")[0], np.log(0.8))
    assert_allclose(stage(logs, "treated", "people")[3], np.log(80.8))


ONE = Index(
    "T", [Indicator("x", goalposts=(0, 8), target=6, scale=(0, 10)), Indicator("y", direction=-1)]
)
TWO = {"unit": ["A", "B", "C"], "x": [2, 4, 6], "y": [1, 3, 3]}


@pytest.mark.parametrize(
    ("scheme", "x", "y"),
    [
        (MinMax(ends="observed"), [0, 50, 100], [100, 0, 0]),
        (MinMax(), [25, 50, 75], [100, 0, 0]),
        # y: mean -7/3, deviations 4/3, -2/3, -2/3, standard deviation sqrt(4/3).
        (ZScore(), [-1, 0, 1], np.array([2, -1, -1]) / np.sqrt(3)),
        (Rank(), [1, 2, 3], [3, 1, 1]),
        (Borda(), [0, 1, 2], [2, 0, 0]),
        (PercentileRank(), [0, 0.5, 1], [1, 0, 0]),
        (DistanceToReference("B"), [0, 1, 2], None),
    ],
    ids=["observed", "declared", "z-score", "rank", "borda", "percentile", "reference"],
)
def test_normalisations(scheme, x, y):
    index = ONE if y is not None else ONE.without("y")
    given = Assessment(index, TWO, method=Method(normalisation=scheme))
    assert_allclose(given.array("x"), x)
    if y is not None:
        assert_allclose(given.array("y"), y, atol=1e-12)


def test_normalisations_of_one_direction():
    more = ONE.without("y")
    for scheme, x in (
        (FractionOfMax(), [1 / 3, 2 / 3, 1]),
        (DistanceToTarget(), [0, 0.5, 1]),
        (Goalposts(0, 1), [0.25, 0.5, 0.75]),
        (Scaled(0, 1), [0.2, 0.4, 0.6]),
    ):
        given = Assessment(more, TWO, method=Method(normalisation=scheme))
        assert_allclose(given.array("x"), x)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        # Weights 1/4 and 3/4 of (4, 9) and (9, 4).
        (GeometricMean(), [4**0.25 * 9**0.75, 9**0.25 * 4**0.75]),
        (HarmonicMean(), [1 / (1 / 16 + 3 / 36), 1 / (1 / 36 + 3 / 16)]),
        (PowerMean(2), [np.sqrt(4 + 243 / 4), np.sqrt(81 / 4 + 12)]),
        (Minimum(), [4, 4]),
        # The first wins by 3/4 against 1/4.
        (Copeland(), [1, -1]),
    ],
    ids=["geometric", "harmonic", "quadratic", "minimum", "copeland"],
)
def test_aggregations(scheme, expected):
    index = Index(
        "T",
        [Indicator("x", scale=(0, 10)), Indicator("y", scale=(0, 10))],
        weighting=Fixed({"x": 1, "y": 3}),
    )
    method = Method(normalisation=Scaled(0, 10), aggregation=scheme)
    given = Assessment(index, {"unit": ["A", "B"], "x": [4, 9], "y": [9, 4]}, method=method)
    assert_allclose(given.array("T"), expected)


def test_correlations_alpha_and_links(towns):
    found = frames.read(multivariate.correlations(towns, ["people", "debt"]))
    # The means are 34.375 of people and 50 of debt.
    first, second = np.array([-34.375, -21.875, -9.375, 65.625]), np.array([50, 150, -50, -150]) / 3
    expected = first @ second / np.sqrt((first @ first) * (second @ second))
    assert_allclose(found.column("correlation"), [expected])
    assert found.column("flag") == ["negative"]
    outside = frames.read(links.with_variables(towns, ["served"]))
    scores, served = towns.array("T"), np.array([100, 100, 200, 400])
    assert_allclose(outside.column("correlation"), [np.corrcoef(scores, served)[0, 1]])


def test_elements_that_go(towns):
    found = remove_elements(towns, ["visits", "P"])
    # Without visits Q is trains; without P the index is Q.
    assert_allclose(found.comparison.score_array[:, 1], [100 / 3, 28.125, 775 / 12, 75])
    assert_allclose(found.comparison.score_array[:, 2], [550 / 12, 37.5, 100, 25])
    # Ranks 3, 2, 1, 4 become 3, 4, 2, 1 and 2, 3, 1, 4.
    assert_allclose(found.mean_rank_shift, [(0 + 2 + 1 + 3) / 4, (1 + 1 + 0 + 0) / 4])


def test_assessments_side_by_side(towns):
    found = compare({"filled": towns, "open": towns.evolve(imputation=None)})
    # Open: (33.3 + 45.8) / 2, (56.25 + 0) / 2, (29.2 + 100) / 2, (50 + 25) / 2.
    assert_allclose(found.score_array[:, 1], [475 / 12, 28.125, 775 / 12, 37.5])
    assert found.rank_array[:, 1].tolist() == [2, 4, 1, 3]


def test_screening():
    found = screen(INDEX, DATA, availability=0.9)
    assert found.included.tolist() == [True, False, False, True]
    assert found.available.tolist() == [1, 0.75, 0.75, 1]
