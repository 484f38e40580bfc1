import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import dli
from dli import Assessment, Index, Indicator, frames
from dli.elicitation import gather, join_ratings, krippendorff_alpha
from dli.errors import DataError, MethodError, UnknownCodeError

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four observers,
# twelve items.
X = np.nan
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, X, X, X],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, X, 3],
    [X, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, X],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, X],
]


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example(level, alpha):
    assert round(krippendorff_alpha(PUBLISHED, level=level), 3) == alpha


def test_two_observers_by_hand():
    # Coincidences: 1-1 twice, 1-2 once, 2-1 once; D_o = 2/4, D_e = (3 x 1 x 2) / (4 x 3).
    assert_allclose(krippendorff_alpha([[1, 1], [1, 2]], level="nominal"), 1 - 0.5 / 0.5)


@given(st.integers(0, 2**32), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_is_blind_to_order_and_scale(seed, level):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 5, (3, 8)).astype(float)
    ratings[0, 0], ratings[1, 0] = 0, 4
    ratings[rng.random(ratings.shape) < 0.1] = np.nan
    ratings[0, 1], ratings[1, 1] = 1, 3
    alpha = krippendorff_alpha(ratings, level=level)
    assert alpha <= 1
    mixed = ratings[rng.permutation(3)][:, rng.permutation(8)]
    assert_allclose(krippendorff_alpha(3 * mixed + 1, level=level), alpha)


def test_full_agreement_is_one():
    for level in ("nominal", "ordinal", "interval"):
        assert_allclose(krippendorff_alpha([[1, 2, 5]] * 3, level=level), 1)


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ([[1, np.nan], [np.nan, 2]], "two assessors have rated"),
        ([[3, 3], [3, 3]], "ratings that differ, but all are 3"),
        ([1, 2], "must have the shape"),
        ([[1, np.inf]], r"(?s)must be finite.*row 0, column 1"),
    ],
)
def test_what_alpha_cannot_be_told_of(ratings, message):
    with pytest.raises(MethodError, match=message):
        krippendorff_alpha(ratings)


def test_levels_are_checked():
    with pytest.raises(MethodError, match="level must be one of nominal, ordinal, interval"):
        krippendorff_alpha(PUBLISHED, level="ratio")


def test_joining_by_hand():
    ratings = [[0, 1], [5, 1], [4, X], [1, X], [1, X]]
    assert join_ratings(ratings).tolist() == [1, 1]
    assert join_ratings(ratings, by="mean").tolist() == [2.2, 1]
    assert join_ratings(ratings, by="trimmed").tolist() == [2, 1]
    # Half of the weight is reached at 1; two of four at 1 and two at 4 and 5.
    assert join_ratings(ratings, weights=[1, 1, 1, 1, 0]).tolist() == [2.5, 1]
    assert join_ratings(ratings, weights=[0, 3, 1, 1, 0]).tolist() == [5, 1]
    assert np.isnan(join_ratings([[X], [2.0]], weights=[1, 0]))[0]


def test_ways_and_weights_are_checked():
    with pytest.raises(MethodError, match="by must be one of median, mean, trimmed"):
        join_ratings([[1.0]], by="mode")
    for wrong in ([1, 2], [-1], [0]):
        with pytest.raises(MethodError, match="1 numbers of at least 0, not all 0"):
            join_ratings([[1.0]], weights=wrong)
    with pytest.raises(MethodError, match="weights cannot be used with by='trimmed'"):
        join_ratings([[1.0]], by="trimmed", weights=[1])


INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a", scale=(0, 5)), Indicator("b", scale=(0, 5))]),
        Index("B", [Indicator("c", scale=(0, 5))]),
    ],
)
DATA = {
    "unit": ["X", "X", "X", "Y", "Y"],
    "assessor": ["Ann", "Bob", "Cem", "Ann", "Bob"],
    "a": [1, 2, 4, 5, 5],
    "b": [3, 3, None, 0, 4],
    "c": [2, 2, 2, 2, None],
}


def test_ratings_go_straight_into_an_assessment():
    ratings = gather(INDEX, DATA)
    assert ratings.joined.tolist() == [[2, 3, 2], [5, 2, 2]]
    joined = frames.read(ratings.data)
    assert joined.column("unit") == ["X", "Y"]
    scaled = dli.Method(normalisation=dli.normalisation.Scaled())
    assert_allclose(Assessment(INDEX, ratings.data, method=scaled).array("A"), [50, 70])
    assert repr(ratings) == "2 units rated by 3 assessors on 3 indicators; 5 forms, 87% complete"


def test_agreement_is_told_node_by_node():
    table = frames.read(gather(INDEX, DATA).agreement(level="interval"))
    assert table.column("code") == ["T", "A", "B"]
    assert table.column("items") == [5, 4, 1]
    a = np.array([[1, 5, 3, 0], [2, 5, 3, 4], [4, X, X, X]])
    assert_allclose(table.column("alpha")[1], krippendorff_alpha(a, level="interval"))
    assert table.column("alpha")[2] is None


def test_disagreements_are_listed_the_widest_first():
    table = frames.read(gather(INDEX, DATA).disagreements())
    assert list(zip(table.column("unit"), table.column("code"), strict=True)) == [
        ("Y", "b"),
        ("X", "a"),
    ]
    assert table.column("lowest") == [0, 1]
    assert table.column("highest") == [4, 4]
    assert table.column("spread") == [2, 1.5]
    assert table.column("raters") == [2, 3]


def test_assessors_can_weigh_more():
    ratings = gather(INDEX, DATA, by="mean", weights={"Ann": 3, "Cem": 0})
    assert_allclose(ratings.joined[0], [1.25, 3, 2])
    with pytest.raises(UnknownCodeError, match="no assessor 'Dan'"):
        gather(INDEX, DATA, weights={"Dan": 1})
    with pytest.raises(
        MethodError, match="the weight of 'Ann' must be a number of at least 0, got -1"
    ):
        gather(INDEX, DATA, weights={"Ann": -1})


def test_faults_of_ratings_are_all_told():
    data = {
        "unit": ["X", "X", None],
        "assessor": ["Ann", "Ann", "Bob"],
        "a": [1, 7, 2],
        "b": [3, "much", -1],
        "c": [float("inf"), 2, 2],
    }
    with pytest.raises(DataError) as caught:
        gather(INDEX, data)
    text = str(caught.value)
    for part in (
        "'much' is not a number",
        "row 2: no unit or assessor",
        "row 1 ('X', 'Ann') already appears in row 0",
        "'a': 7 is outside the scale from 0 to 5",
        "'b': -1 is outside the scale from 0 to 5",
        "'c': inf is outside the scale from 0 to 5",
    ):
        assert part in text
    with pytest.raises(DataError, match=r"(?s)column 'assessor'.*indicator 'c'"):
        gather(INDEX, {"unit": ["X"], "a": [1], "b": [2]})


def test_a_generated_survey_on_the_bundled_model():
    index = dli.models.load("dli-maturity")
    rng = np.random.default_rng(1)
    codes = [indicator.code for indicator in index.indicators]
    data = {"unit": ["X"] * 3 + ["Y"] * 3, "assessor": ["Ann", "Bob", "Cem"] * 2}
    data |= {code: rng.integers(0, 6, 6) for code in codes}
    ratings = gather(index, data)
    assessment = Assessment(index, ratings.data)
    assert assessment.units == ("X", "Y")
    assert np.isfinite(assessment.array(index.code)).all()


def test_joined_ratings_are_observations():
    ratings = gather(INDEX, DATA)
    scaled = dli.Method(normalisation=dli.normalisation.Scaled())
    from_table = Assessment(INDEX, ratings.data, method=scaled)
    assert_allclose(
        Assessment(INDEX, ratings.observations, method=scaled).array("T"), from_table.array("T")
    )
    assert ratings.units == ("X", "Y")
    assert ratings.codes == ("a", "b", "c")


def test_the_column_of_units_never_collides_with_one_of_a_table():
    data = {name if name != "unit" else "lowest": cells for name, cells in DATA.items()}
    with pytest.raises(
        DataError, match="'lowest' is both the column of the units and a column of result"
    ):
        gather(INDEX, data, unit="lowest")


@pytest.mark.parametrize("apart", ["far", float("nan"), None])
def test_the_distance_of_disagreements_is_a_number(apart):
    with pytest.raises(MethodError, match="apart must be a number, got"):
        gather(INDEX, DATA).disagreements(apart=apart)


@pytest.mark.parametrize("read", [krippendorff_alpha, join_ratings])
def test_text_is_not_a_rating(read):
    with pytest.raises(MethodError, match="ratings must be numbers"):
        read([["good", 1], [2, 3]])


@given(st.integers(0, 2**32), st.sampled_from(["median", "mean", "trimmed"]))
def test_a_joined_rating_lies_between_the_lowest_and_the_highest(seed, by):
    ratings = np.random.default_rng(seed).integers(0, 6, (5, 4)).astype(float)
    joined = join_ratings(ratings, by=by)
    assert (joined >= ratings.min(axis=0)).all()
    assert (joined <= ratings.max(axis=0)).all()
    assert_allclose(join_ratings(ratings[::-1], by=by), joined)
