import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import frozen

from dli import frames
from dli.aggregation import (
    ArithmeticMean,
    GeometricMean,
    HarmonicMean,
    Minimum,
    PowerMean,
    Traits,
)
from dli.assessment import Assessment
from dli.change import difference
from dli.errors import DataError, DLIWarning, MethodError, UnknownCodeError
from dli.framework import Bands, Index, Indicator
from dli.method import Method
from dli.normalisation import DistanceToReference, Goalposts, MinMax, Unscaled, ZScore
from dli.weighting import Equal, Fixed

# Worked by hand. Min-max of a: 0, 50, 100; of b (less is better): 100, 0, 50; of c: 0, 100, 50.
# S = (3 a + b) / 4: 25, 37.5, 87.5. T = (2 S + c) / 3: 50/3, 175/3, 75.
INDEX = Index(
    "T",
    [
        Index("S", [Indicator("a", weight=3), Indicator("b", direction=-1)], "Sub", weight=2),
        Indicator("c"),
    ],
    "Top",
    bands=Bands([50, 75], ["low", "middle", "high"]),
)
DATA = {
    "unit": ["X", "Y", "Z"],
    "a": [1.0, 2.0, 3.0],
    "b": [0.0, 10.0, 5.0],
    "c": [-4.0, 4.0, 0.0],
    "name": ["Ex", "Why", "Zed"],
}
PANEL = {
    "unit": ["X", "X", "Y", "Y", "Z"],
    "year": [2020, 2021, 2020, 2021, 2021],
    "a": [1.0, 2.0, 3.0, 4.0, 5.0],
    "b": [5.0, 4.0, 3.0, 2.0, 1.0],
    "c": [0.0, 1.0, 2.0, 3.0, 4.0],
}
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table, "mapping": dict}


@pytest.fixture
def assessment():
    return Assessment(INDEX, DATA)


def _gaps(**columns):
    return Assessment(INDEX, DATA | columns)


def test_scores_are_those_worked_by_hand(assessment):
    np.testing.assert_allclose(assessment.array("S"), [25, 37.5, 87.5])
    np.testing.assert_allclose(assessment.array("T"), [50 / 3, 175 / 3, 75])
    assert assessment.array("b").tolist() == [100, 0, 50]
    assert not assessment.array("b").flags.writeable


@pytest.mark.parametrize("library", MAKERS)
def test_results_come_back_in_the_library_of_the_data(library):
    assessment = Assessment(INDEX, MAKERS[library](DATA))
    kind = pd.DataFrame if library == "mapping" else type(MAKERS[library](DATA))
    for result in (assessment.scores, assessment.ranks, assessment.bands, assessment.weights,
                   assessment.contributions, assessment.flags, assessment.stage("raw"),
                   assessment.league_table(), assessment.profile("X")):  # fmt: skip
        assert isinstance(result, kind)
    read = frames.read(assessment.scores)
    assert read.names == ("unit", "T", "S", "c", "a", "b")
    np.testing.assert_allclose(read.column("T"), [50 / 3, 175 / 3, 75])


def test_ranks_and_bands_follow_the_scores(assessment):
    assert frames.read(assessment.ranks).column("T") == [3, 2, 1]
    assert frames.read(assessment.bands).column("T") == ["low", "middle", "high"]
    assert assessment.rank_array("b").tolist() == [1, 3, 2]


def test_effective_weights_are_products_down_the_tree(assessment):
    table = frames.read(assessment.weights)
    assert table.column("code") == ["T", "S", "c", "a", "b"]
    assert table.column("parent") == [None, "T", "T", "S", "S"]
    np.testing.assert_allclose(table.column("local"), [1, 2 / 3, 1 / 3, 0.75, 0.25])
    np.testing.assert_allclose(table.column("effective"), [1, 2 / 3, 1 / 3, 0.5, 1 / 6])
    assert assessment.effective_weight_array("a") == 0.5
    with pytest.raises(MethodError, match="node must have children, but 'a' is an indicator"):
        assessment.weight_array("a")


def test_contributions_are_effective_weight_times_value(assessment):
    expected = [[0, 100 / 6, 0], [25, 0, 100 / 3], [50, 50 / 6, 50 / 3]]
    np.testing.assert_allclose(assessment.contribution_array(), expected, atol=1e-12)
    assert frames.read(assessment.contributions).names == ("unit", "a", "b", "c")
    assert assessment.contribution_array("c").tolist() == [[0], [100], [50]]


@pytest.mark.parametrize(
    "aggregation",
    [ArithmeticMean(), GeometricMean(), HarmonicMean(), PowerMean(2.0), PowerMean(-3.0), Minimum()],
    ids=repr,
)
@pytest.mark.parametrize("gap", [False, True])
def test_contributions_and_the_reference_add_up_to_the_score(aggregation, gap):
    data = DATA | ({"a": [1.0, None, 3.0], "c": [None, 4.0, 0.0]} if gap else {})
    method = Method(normalisation=MinMax(1, 100), aggregation={0: aggregation, 1: aggregation})
    assessment = Assessment(INDEX, data, method=method)
    total = assessment.reference_array() + np.nansum(assessment.contribution_array(), axis=1)
    np.testing.assert_allclose(total, assessment.array("T"), rtol=1e-12)


# A unit that has the median of every indicator is the reference itself.
AMONG = {"unit": list("PQRMS"), "a": [2.0, 9.0, 1.0, 4.0, 5.0], "b": [3.0, 8.0, 6.0, 6.0, 7.0],
         "c": [5.0, 2.0, 6.0, 4.0, 1.0]}  # fmt: skip


@pytest.mark.parametrize(
    "aggregation",
    [GeometricMean(), HarmonicMean(), PowerMean(2.0), Minimum()],
    ids=repr,
)
def test_contributions_without_sums_are_differences_from_the_medians(aggregation):
    index = Index("T", [Index("S", [Indicator("a", weight=2), Indicator("b")]), Indicator("c")])
    method = Method(normalisation=Unscaled(), aggregation=aggregation)
    assessment = Assessment(index, AMONG, method=method)
    np.testing.assert_allclose(assessment.reference_array(), assessment.array("T")[3])
    for row, unit in enumerate(AMONG["unit"]):
        expected = frames.read(difference(assessment, unit, "M")).column("points")
        np.testing.assert_allclose(assessment.contribution_array()[row], expected, atol=1e-12)
    assert frames.read(assessment.contributions).names == ("unit", "a", "b", "c", "reference")


def test_contributions_to_a_geometric_mean_tell_units_apart():
    """Value times derivative would be half the score for both indicators of every unit."""
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("XYZ"), "a": [1.0, 4.0, 9.0], "b": [9.0, 4.0, 4.0]}
    method = Method(normalisation=Unscaled(), aggregation=GeometricMean())
    points = Assessment(index, data, method=method).contribution_array()
    mean = (3 - 4) / np.log(3 / 4)  # the logarithmic mean of the scores of X and the medians
    expected = [mean / 2 * np.log(1 / 4), mean / 2 * np.log(9 / 4)]
    np.testing.assert_allclose(points, [expected, [0, 0], [2, 0]], atol=1e-12)


def test_medians_are_those_of_the_period():
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": list("XYXY"), "year": [1, 1, 2, 2], "a": [1.0, 3.0, 8.0, None],
            "b": [2.0, 2.0, 2.0, 2.0]}  # fmt: skip
    method = Method(normalisation=Unscaled(), aggregation=GeometricMean())
    reference = Assessment(index, data, period="year", method=method).reference_array()
    np.testing.assert_allclose(reference, [2, 2, 4, 2])


def test_an_aggregation_without_traits_has_contributions_from_the_medians():
    class Maximum:
        traits = Traits(local=True)

        def aggregate(self, values, weights):
            return values.max(axis=-1)

    assessment = Assessment(INDEX, DATA, method=Method(aggregation={"S": Maximum()}))
    assert assessment.array("S").tolist() == [100, 50, 100]
    total = assessment.reference_array() + assessment.contribution_array().sum(axis=1)
    np.testing.assert_allclose(total, assessment.array("T"))


# Missing values


def test_the_weight_of_a_missing_child_is_shared_among_the_rest():
    assessment = _gaps(b=[None, 10.0, 5.0])  # b is now: missing, 0, 100
    np.testing.assert_allclose(assessment.array("S"), [0, 37.5, 100])
    flags = frames.read(assessment.flags)
    assert [flags.column(name) for name in flags.names] == [
        ["X"], ["b"], ["missing"], ["no value; Sub: its weight goes to the other children"],
    ]  # fmt: skip


def test_a_missing_child_can_make_the_node_missing():
    assessment = _gaps(b=[None, 10.0, 5.0]).evolve(missing="propagate")
    assert np.isnan(assessment.array("S")).tolist() == [True, False, False]
    assert np.isnan(assessment.array("T")).tolist() == [True, False, False]
    assert frames.read(assessment.ranks).column("T") == [None, 2, 1]
    assert np.isnan(assessment.contribution_array()[0]).all()
    flags = frames.read(assessment.flags)
    assert flags.column("flag") == ["missing", "no score", "no score"]
    assert flags.column("note")[1:] == [
        "1 of 2 children have a value; the method requires all"
    ] * 2  # fmt: skip
    assert "no score either" in flags.column("note")[0]


def test_missing_values_can_be_refused():
    with pytest.raises(DataError, match=r"(?s)children of 'S' are missing.*unit 'X': 'b'"):
        _gaps(b=[None, 10.0, 5.0]).evolve(missing="raise")


def test_ranks_within_groups_are_by_period_too():
    index = Index("T", [Indicator("a")])
    data = {"unit": list("VWXYZ"), "a": [1, 2, 3, 4, 5], "region": ["N", "S", "N", "S", None]}
    found = frames.read(Assessment(index, data).ranks_within("region"))
    assert found.names == ("unit", "region", "T", "a")
    assert found.column("T") == [2, 2, 1, 1, None]
    panel = {name: cells * 2 for name, cells in data.items()} | {"year": [1] * 5 + [2] * 5}
    found = frames.read(Assessment(index, panel, period="year").ranks_within("region"))
    assert found.column("T") == [2, 2, 1, 1, None] * 2
    with pytest.raises(UnknownCodeError, match="no column 'regoin'"):
        Assessment(index, data).ranks_within("regoin")


def test_coverage_asks_for_a_share_of_children():
    gaps = _gaps(b=[None, 10.0, 5.0])
    assert not np.isnan(gaps.evolve(coverage=0.5).array("S")).any()
    strict = gaps.evolve(coverage=0.6)
    assert np.isnan(strict.array("S")).tolist() == [True, False, False]
    assert "coverage requires 0.6" in frames.read(strict.flags).column("note")[1]


def test_coverage_may_differ_by_level_and_by_node():
    index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")])
    data = {"unit": list("XYZ"), "a": [1, 2, 3], "b": [None, 1, 2], "c": [1, None, 2]}
    assessment = Assessment(index, data, method=Method(coverage={"A": 1.0, 0: 0.5}))
    assert np.isnan(assessment.array("A")).tolist() == [True, False, False]
    assert not np.isnan(assessment.array("T")).any()
    statement = assessment.methodology()
    assert "A node (T) has a score only if at least 50%" in statement
    assert "A node (A) has a score only if at least 100%" in statement


def test_units_with_too_few_indicators_are_left_out_and_flagged():
    left = _gaps(b=[None, 10.0, 5.0], a=[None, 2.0, 3.0]).evolve(availability=0.5)
    assert left.units == ("Y", "Z")
    assert left.array("c").tolist() == [100, 0]  # X no longer sets an end of the scale
    flags = frames.read(left.flags)
    assert (flags.column("unit"), flags.column("code"), flags.column("flag")) == (
        ["X"], [None], ["left out"],
    )  # fmt: skip
    assert left.context("name") == ["Why", "Zed"]
    with pytest.raises(DataError, match="unit 'X' was left out"):
        left.row("X")
    assert left.evolve(availability=0.0).units == ("X", "Y", "Z")


def test_a_unit_with_nothing_is_refused_unless_left_out():
    nothing = {"a": [None, 2.0, 3.0], "b": [None, 10.0, 5.0], "c": [None, 4.0, 0.0]}
    with pytest.raises(DataError, match=r"(?s)availability above 0.*unit 'X'"):
        _gaps(**nothing)
    method = Method(availability=0.01)
    assert Assessment(INDEX, DATA | nothing, method=method).units == ("Y", "Z")
    with pytest.raises(
        DataError, match=r"no unit has the share .* the most complete unit has 0.667"
    ):
        Assessment(INDEX, DATA | {"a": [None] * 3}, method=Method(availability=0.9))


def test_a_node_that_no_unit_has_enough_of_is_missing_for_all():
    assessment = _gaps(a=[None, 2.0, 3.0], b=[5.0, None, 1.0], c=[1.0, 2.0, 3.0])
    strict = assessment.evolve(index=INDEX.without("c"), missing="propagate", availability=0.5)
    assert np.isnan(strict.array("S")).tolist() == [True, True, False]
    sparse = {
        "unit": ["X", "Y", "Z"],
        "a": [None, 1.0, 2.0],
        "b": [1.0, None, None],
        "c": [1, 2, 3],
    }
    fixed = INDEX.replace("b", Indicator("b", goalposts=(0, 2)))
    none = Assessment(fixed, sparse, method=Method(missing="propagate"))
    assert np.isnan(none.array("S")).all()
    assert np.isnan(none.rank_array("T")).all()
    assert frames.read(none.league_table()).column("rank") == [None, None, None]


def test_an_outside_aggregation_sees_complete_values_only():
    class Plain:
        def aggregate(self, values, weights):
            assert not np.isnan(values).any()
            return (values * weights).sum(axis=-1)

    gaps = {"a": [1.0, None, 3.0], "b": [None, 10.0, 5.0]}
    plain = Assessment(INDEX, DATA | gaps, method=Method(aggregation=Plain()))
    np.testing.assert_allclose(plain.array("T"), _gaps(**gaps).array("T"))


def test_scores_without_weight_left_are_flagged_as_such():
    index = INDEX.with_weights({"b": 0})
    method = Method(normalisation=ZScore())
    flags = frames.read(Assessment(index, DATA | {"a": [None, 2.0, 3.0]}, method=method).flags)
    assert flags.column("note")[-1] == "1 of 2 children have a value"


def test_children_left_with_no_weight_give_no_score():
    class Plain:
        def aggregate(self, values, weights):
            return (values * weights).sum(axis=-1)

    index = INDEX.with_weights({"b": 0})
    for aggregation in (Plain(), ArithmeticMean()):
        method = Method(aggregation=aggregation)
        scores = Assessment(index, DATA | {"a": [None, 2.0, 3.0]}, method=method).array("S")
        assert np.isnan(scores).tolist() == [True, False, False]


# Weights by unit


@frozen
class _OwnWeights:
    """Give each unit weights of its own."""

    def weights(self, values, children):
        return np.linspace([0.0, 1.0], [1.0, 0.0], len(values))


def test_units_may_have_weights_of_their_own():
    assessment = Assessment(INDEX, DATA, method=Method(weighting={"S": _OwnWeights()}))
    np.testing.assert_allclose(assessment.array("S"), [100, 25, 100])
    table = frames.read(assessment.weights)
    assert table.names == ("unit", "code", "parent", "local", "effective")
    assert table.column("unit") == ["X"] * 5 + ["Y"] * 5 + ["Z"] * 5
    np.testing.assert_allclose(table.column("local")[3::5], [0, 0.5, 1])
    np.testing.assert_allclose(table.column("effective")[3::5], [0, 1 / 3, 2 / 3])
    np.testing.assert_allclose(assessment.contribution_array().sum(axis=1), assessment.array("T"))
    assert "Each unit has its own weights" in assessment.methodology()
    gap = assessment.evolve(index=INDEX)  # the same choices once more
    np.testing.assert_array_equal(gap.array("T"), assessment.array("T"))
    panel = Assessment(INDEX, DATA | {"year": [1, 1, 2]}, period="year", method=assessment.method)
    assert frames.read(panel.weights).column("year")[-1] == 2


def test_own_weights_and_missing_values_go_together():
    class Plain:
        def aggregate(self, values, weights):
            return (values * weights).sum(axis=-1)

    gaps = DATA | {"a": [1.0, None, 3.0]}
    for aggregation in (ArithmeticMean(), Plain()):
        method = Method(weighting={"S": _OwnWeights()}, aggregation=aggregation)
        np.testing.assert_allclose(Assessment(INDEX, gaps, method=method).array("S"), [100, 0, 100])


# Per part of the tree


def test_parts_of_the_tree_have_choices_of_their_own():
    method = Method(
        normalisation={2: MinMax(1, 100), "c": ZScore()},
        weighting={0: Equal()},
        aggregation={"S": GeometricMean()},
    )
    assessment = Assessment(INDEX, DATA, method=method)
    np.testing.assert_allclose(assessment.array("S")[0], 1**0.75 * 100**0.25)
    np.testing.assert_allclose(assessment.array("c"), [-1, 1, 0])
    np.testing.assert_allclose(assessment.weight_array("T"), [0.5, 0.5])


def test_the_index_may_carry_choices_itself():
    index = Index("T", INDEX.children, weighting=Fixed({"S": 0.25, "c": 0.75}))
    assert Assessment(index, DATA).weight_array("T").tolist() == [0.25, 0.75]


# Steps


def test_stages_show_each_step():
    a = Indicator("a", denominator="people", denominator_factor=10)
    index = Index("T", [a, Indicator("b")])

    class Fill:
        def fit_transform(self, values):
            return np.nan_to_num(values, nan=7.0)

    class Halve:
        def treat(self, values):
            return np.minimum(values, 8.0)

    assessment = Assessment(
        index,
        {"unit": ["X", "Y"], "a": [2.0, 9.0], "b": [None, 9.0], "people": [2.0, 3.0]},
        method=Method(imputation=Fill(), treatment={"b": Halve()}),
    )
    stages = {
        name: assessment.stage_array(name).tolist()
        for name in ("denominated", "imputed", "treated", "normalised")
    }
    assert stages == {
        "denominated": [[10, pytest.approx(np.nan, nan_ok=True)], [30, 9]],
        "imputed": [[10, 7], [30, 9]],
        "treated": [[10, 7], [30, 8]],
        "normalised": [[0, 0], [100, 100]],
    }
    flags = frames.read(assessment.flags)
    assert flags.column("flag") == ["imputed", "treated"]
    assert flags.column("note") == ["7", "9 became 8"]
    assert frames.read(assessment.stage("treated")).column("b") == [7, 8]
    with pytest.raises(UnknownCodeError, match="no stage 'trated'; did you mean 'treated'"):
        assessment.stage("trated")


def test_a_missing_denominator_makes_the_indicator_missing():
    index = Index("T", [Indicator("a", denominator="people"), Indicator("b")])
    data = {
        "unit": ["X", "Y", "Z"],
        "a": [2.0, 9.0, 3.0],
        "b": [1.0, 2.0, 3.0],
        "people": [2, None, 1],
    }
    flags = frames.read(Assessment(index, data).flags)
    assert flags.column("note") == [
        "no value of 'people'; T: its weight goes to the other children"
    ]


def test_values_beyond_goalposts_are_flagged():
    index = Index(
        "T", [Indicator("a", goalposts=(0, 2)), Indicator("b", direction=-1, goalposts=(9, 1))]
    )
    assessment = Assessment(index, DATA, method=Method(normalisation=Goalposts()))
    np.testing.assert_allclose(assessment.array("a"), [50, 100, 100])
    np.testing.assert_allclose(assessment.array("b"), [100, 0, 50])
    flags = frames.read(assessment.flags)
    assert list(zip(flags.column("unit"), flags.column("code"), strict=True)) == [
        ("X", "b"), ("Y", "b"), ("Z", "a"),
    ]  # fmt: skip
    assert flags.column("note")[2] == "3 lies beyond the goalposts 0 to 2"


def test_one_unit_is_assessed_where_the_scale_is_fixed():
    index = Index("T", [Indicator("a", goalposts=(0, 5)), Indicator("b", goalposts=(0, 5))])
    one = {"unit": ["X"], "a": [4], "b": [3]}
    assert Assessment(index, one).array("T").tolist() == [70]
    with pytest.raises(MethodError, match="'a'"):
        Assessment(Index("T", [Indicator("a")]), one)


def test_a_constant_column_is_refused_with_its_code():
    with pytest.raises(MethodError, match="'b'"):
        _gaps(b=[3.0, 3.0, 3.0])


def test_a_geometric_mean_names_units_and_codes_at_or_below_zero():
    with pytest.raises(MethodError) as caught:
        Assessment(INDEX, DATA, method=Method(aggregation={"S": GeometricMean()}))
    assert "MinMax(low=1)" in str(caught.value)
    assert caught.value.faults == ("unit 'X', 'a': 0", "unit 'Y', 'b': 0")
    with pytest.raises(MethodError, match="of at least zero"):
        Assessment(INDEX, DATA, method=Method(normalisation=ZScore(), aggregation=PowerMean(2.5)))


def test_a_value_outside_the_domain_of_an_aggregation_counts_where_it_counts_for_a_score():
    index = Index("T", [Indicator("a", weight=0), Indicator("b"), Indicator("c")])
    data = {
        "unit": ["X", "Y", "Z"],
        "a": [0.0, 4.0, 8.0],  # without weight
        "b": [2.0, 0.0, 8.0],  # Y has no score anyway
        "c": [8.0, None, 2.0],
    }
    method = Method(normalisation=Identity(), aggregation=GeometricMean(), coverage=1.0)
    scores = Assessment(index, data, method=method).array("T")
    assert scores.tolist() == pytest.approx([4.0, np.nan, 4.0], nan_ok=True)


def test_an_imputation_sees_the_context_of_the_units_that_are_kept():
    seen = []

    class Fill:
        def impute(self, values, context):
            seen.append(context)
            return np.nan_to_num(values, nan=2.0)

    data = PANEL | {"a": [None, 2.0, 3.0, 4.0, 5.0], "c": [None, None, 2.0, 3.0, 4.0],
                    "region": list("NNSSS")}  # fmt: skip
    method = Method(imputation={"S": Fill()}, availability=0.5)
    panel = Assessment(INDEX, data, period="year", method=method)
    (context,) = seen
    assert context.codes == ("a", "b")
    assert context.parents == {"a": ("S", "T"), "b": ("S", "T")}
    assert context.units == ("X", "Y", "Y", "Z")
    assert context.periods == (2021, 2020, 2021, 2021)
    assert context.columns["region"] == ["N", "S", "S", "S"]
    assert np.isnan(panel.stage_array("imputed")).sum() == 1


def test_a_reference_unit_is_found_by_its_name_among_those_kept():
    method = Method(normalisation={2: DistanceToReference("Z")}, availability=0.5)
    data = DATA | {"a": [None, 2.0, 3.0], "b": [None, 10.0, 5.0]}
    assert Assessment(INDEX, data, method=method).array("a").tolist() == [0, 1]
    all_kept = Assessment(INDEX, DATA, method=Method(normalisation={2: DistanceToReference("Z")}))
    assert all_kept.array("a").tolist() == [0, 0.5, 1]


def test_an_outside_normalisation_may_tell_what_it_cuts_off():
    class Capped:
        def normalise(self, values, indicators):
            return np.minimum(values, 2.0)

        def truncated(self, values, indicators):
            return values > 2

    assessment = Assessment(INDEX, DATA, method=Method(normalisation={"a": Capped()}))
    flags = frames.read(assessment.flags)
    assert flags.column("unit") == ["Z"]
    assert flags.column("note") == ["3 lies beyond its scale"]


# Outside objects that do not keep their promise


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], r"got shape \(1,\)"),
        ([0.5, 0.4], "a sum of 0.9"),
        ([1.5, -0.5], r"got \[1.5, -0.5\]"),
        ([[0.5, np.nan]] * 3, "weights below 0 or not finite"),
    ],
)
def test_weights_that_are_none_are_refused(weights, message):
    class Wrong:
        def weights(self, values, children):
            return weights

    with pytest.raises(MethodError, match=f"weighting Wrong of 'S' .*{message}"):
        Assessment(INDEX, DATA, method=Method(weighting={"S": Wrong()}))


def test_steps_that_lose_values_are_refused():
    class Shorter:
        def normalise(self, values, indicators):
            return values[1:]

    class Losing:
        def normalise(self, values, indicators):
            return np.where(values > 1, values, np.nan)

    class Many:
        def aggregate(self, values, weights):
            return values

    with pytest.raises(MethodError, match=r"normalisation Shorter must keep the shape \(3, 3\)"):
        Assessment(INDEX, DATA, method=Method(normalisation=Shorter()))
    with pytest.raises(
        MethodError, match=r"(?s)missing or infinite.*'a': 1 of them.*'c': 2 of them"
    ):
        Assessment(INDEX, DATA, method=Method(normalisation=Losing()))
    with pytest.raises(MethodError, match="one score for each of 3 units, got shape"):
        Assessment(INDEX, DATA, method=Method(aggregation=Many()))


def test_errors_of_a_step_on_arrays_say_which_codes_and_units():
    class Fussy:
        def treat(self, values):
            raise MethodError("cannot treat column 1", ["column 1, row 2: too odd"])

        def aggregate(self, values, weights):
            raise MethodError("cannot join column 0")

    data = DATA | {"a": [None, 2.0, 3.0], "b": [None, 10.0, 5.0]}
    method = Method(treatment={"S": Fussy()}, availability=0.5)
    with pytest.raises(MethodError) as caught:
        Assessment(INDEX, data | {"unit": ["X", "Y", "Z"]}, method=Method(treatment=Fussy()))
    assert str(caught.value) == "treatment Fussy: cannot treat 'b':\n  - 'b', unit 'Z': too odd"
    with pytest.raises(MethodError, match="cannot treat 'b'"):
        Assessment(INDEX, DATA, method=method)
    with pytest.raises(MethodError, match="aggregation Fussy of 'S': cannot join 'a'"):
        Assessment(INDEX, DATA, method=Method(aggregation={"S": Fussy()}))


def test_errors_of_a_scheme_say_which_node():
    with pytest.raises(MethodError, match="weighting of 'S' by Fixed"):
        Assessment(INDEX, DATA, method=Method(weighting={"S": Fixed({"a": 1.0})}))


@pytest.mark.parametrize(
    ("index", "method", "message"),
    [
        ("T", None, "index must be of type Index, got 'T'"),
        (INDEX, MinMax(), "method must be of type Method"),
    ],
    ids=["index", "method"],
)
def test_other_arguments_are_refused(index, method, message):
    with pytest.raises(MethodError, match=message):
        Assessment(index, DATA, method=method)


# Panels


def test_ranks_are_within_periods_and_scales_over_all():
    panel = Assessment(INDEX, PANEL, period="year")
    np.testing.assert_allclose(panel.array("T"), [0, 25, 50, 75, 100])
    assert panel.rank_array("T").tolist() == [2, 3, 1, 2, 1]
    table = frames.read(panel.league_table(0))
    assert table.names == ("unit", "year", "rank", "band", "T")
    assert table.column("unit") == ["Y", "X", "Z", "Y", "X"]
    assert table.column("year") == [2020, 2020, 2021, 2021, 2021]
    assert "3 units, 2 periods, 3 indicators" in repr(panel)
    assert panel.row("Y", period=2021) == 3
    with pytest.raises(UnknownCodeError, match="no period of unit 'Z' 2020"):
        panel.row("Z", period=2020)
    with pytest.raises(MethodError, match="several periods: choose one of 2020, 2021 with period="):
        panel.row("Z")
    assert frames.read(panel.profile("Y", period=2020)).column("median")[0] == pytest.approx(25)


def test_tables_of_panels_carry_the_period():
    panel = Assessment(INDEX, PANEL, period="year")
    assert frames.read(panel.scores).names[:3] == ("unit", "year", "T")
    assert frames.read(panel.ranks).column("year") == PANEL["year"]


def test_faults_and_flags_of_panels_name_the_period():
    gaps = PANEL | {"a": [None, 2.0, 3.0, 4.0, 5.0]}
    panel = Assessment(INDEX, gaps, period="year")
    assert frames.read(panel.flags).names == ("unit", "year", "code", "flag", "note")
    with pytest.raises(DataError, match="unit 'X', period 2020: 'a'"):
        panel.evolve(missing="raise")
    kept = panel.evolve(availability=0.9)
    assert kept.periods == (2021, 2020, 2021, 2021)
    with pytest.raises(MethodError, match="unit 'X', period 2021, 'a': 0"):
        kept.evolve(aggregation=GeometricMean())


# Tables and text


def test_the_league_table_is_in_the_order_of_ranks(assessment):
    table = frames.read(assessment.league_table())
    assert table.names == ("unit", "rank", "name", "band", "T", "S", "c")
    assert table.column("name") == ["Zed", "Why", "Ex"]
    assert table.column("rank") == [1, 2, 3]
    assert frames.read(assessment.league_table(2)).names[-2:] == ("a", "b")
    assert frames.read(assessment.league_table(np.int64(2))).names[-2:] == ("a", "b")
    for level in (3, -1, True, "1"):
        with pytest.raises(MethodError, match="level must be a whole number from 0"):
            assessment.league_table(level)


def test_units_without_a_score_come_last():
    table = frames.read(
        _gaps(b=[5.0, 10.0, None], c=[1.0, 2.0, None]).evolve(missing="propagate").league_table()
    )
    assert table.column("unit") == ["Y", "X", "Z"]
    assert table.column("rank") == [1, 2, None]
    assert table.column("band")[-1] is None


def test_a_profile_sets_a_unit_beside_all(assessment):
    profile = frames.read(assessment.profile("Y"))
    assert profile.column("code") == ["T", "S", "c"]
    np.testing.assert_allclose(profile.column("score"), [175 / 3, 37.5, 100])
    assert profile.column("rank") == [2, 2, 1]
    deep = frames.read(assessment.profile("Y", level=np.int64(2)))
    assert deep.column("code")[-2:] == ["a", "b"]
    np.testing.assert_allclose(profile.column("median"), [175 / 3, 37.5, 50])
    np.testing.assert_allclose(profile.column("best"), [75, 87.5, 100])
    with pytest.raises(UnknownCodeError, match="no unit 'YY'"):
        assessment.profile("YY")


def test_a_league_table_without_bands_or_names_has_neither():
    plain = Assessment(Index("T", INDEX.children), {k: v for k, v in DATA.items() if k != "name"})
    assert frames.read(plain.league_table(0)).names == ("unit", "rank", "T")
    assert plain._repr_html_().count("<tr>") == 4


def test_an_assessment_prints_its_league_table(assessment):
    assert repr(assessment).splitlines() == [
        "T  Top",
        "3 units, 3 indicators",
        "",
        "rank  unit  name  band       T     S      c",
        "   1  Z     Zed   high    75.0  87.5   50.0",
        "   2  Y     Why   middle  58.3  37.5  100.0",
        "   3  X     Ex    low     16.7  25.0    0.0",
    ]


def test_a_long_assessment_prints_its_ends_within_80_columns():
    n = 40
    data = {
        "unit": [f"U{i}" for i in range(n)],
        "name": [f"A name that is very long indeed, number {i} <b>" for i in range(n)],
        "a": np.arange(n), "b": np.arange(n), "c": np.arange(n),
    }  # fmt: skip
    index = INDEX.replace("c", Index("Cc", [Indicator("c")]))
    wide = Index("T", [*index.children, *(Index(f"Extra{i}", [Indicator(f"e{i}")]) for i in range(4))],
                 bands=INDEX.bands)  # fmt: skip
    assessment = Assessment(wide, data | {f"e{i}": np.arange(n) for i in range(4)})
    lines = repr(assessment).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) == 20
    assert "band" not in lines[3]
    html = assessment._repr_html_()
    assert html.count("<tr>") == 17
    assert "number 39 &lt;b&gt;" in html


def test_small_scores_print_with_more_digits():
    text = repr(Assessment(INDEX, DATA, method=Method(normalisation=MinMax(0, 1))))
    assert "0.583" in text


def test_context_columns_are_at_hand(assessment):
    assert assessment.context("name") == ["Ex", "Why", "Zed"]
    with pytest.raises(UnknownCodeError, match="no column 'nam'; did you mean 'name'"):
        assessment.context("nam")


# Variants


def test_evolve_changes_one_thing(assessment):
    changed = assessment.evolve(normalisation=MinMax(0, 1))
    np.testing.assert_allclose(changed.array("T") * 100, assessment.array("T"))
    smaller = assessment.evolve(index=INDEX.without("S"))
    assert smaller.array("T").tolist() == [0, 100, 50]
    assert assessment.evolve(method=Method(coverage=0.5)).method.coverage == 0.5
    with pytest.raises(
        UnknownCodeError, match="no field to change 'agregation'; did you mean 'aggregation'"
    ):
        assessment.evolve(agregation=GeometricMean())


# Saving


@pytest.mark.parametrize("library", MAKERS)
def test_a_saved_assessment_loads_with_the_same_bits(tmp_path, library):
    rng = np.random.default_rng(3)
    data = {"unit": ["X", "Y", "Z"], **{code: rng.normal(size=3) for code in "abc"},
            "when": [None, "x", "ü"]}  # fmt: skip
    method = Method(
        normalisation=ZScore(), weighting={"S": Equal()}, aggregation={0: PowerMean(1.0)}
    )
    saved = Assessment(INDEX, MAKERS[library](data), method=method)
    saved.save(tmp_path / "a.dli")
    loaded = Assessment.load(tmp_path / "a.dli")
    for node in INDEX.walk():
        assert loaded.array(node.code).tobytes() == saved.array(node.code).tobytes()
    assert loaded.index == saved.index
    assert loaded.method == saved.method
    assert type(loaded.scores) is type(saved.scores)
    assert loaded.context("when") == [None, "x", "ü"]
    saved.save(tmp_path / "b.dli")
    assert (tmp_path / "a.dli").read_bytes() == (tmp_path / "b.dli").read_bytes()


def test_dates_survive_and_other_objects_are_refused(tmp_path):
    import datetime as dt

    dates = [dt.date(2020, 1, 1), dt.datetime(2021, 1, 1, 12, tzinfo=dt.UTC), None]
    data = DATA | {"when": dates, "n": np.array([1, 2, 3]), "k": [np.int64(1), True, 2.5]}
    Assessment(INDEX, data).save(tmp_path / "a.dli")
    loaded = Assessment.load(tmp_path / "a.dli")
    assert loaded.context("when") == dates
    assert loaded.context("k") == [1, True, 2.5]
    with pytest.raises(DataError, match="column 'odd' holds a set"):
        Assessment(INDEX, DATA | {"odd": [{1}, {2}, {3}]}).save(tmp_path / "b.dli")


def test_outside_choices_whose_class_does_not_name_its_parameters_cannot_be_saved(tmp_path):
    class Scheme:
        def weights(self, values, children):
            return np.full(len(children), 1 / len(children))

    assessment = Assessment(INDEX, DATA, method=Method(weighting={"S": Scheme()}))
    with pytest.raises(MethodError, match="not one of this library's weighting methods"):
        assessment.save(tmp_path / "a.dli")


def test_other_bits_than_saved_are_told(tmp_path, monkeypatch):
    path = tmp_path / "a.dli"
    Assessment(INDEX, DATA).save(path)
    monkeypatch.setattr(MinMax, "normalise", lambda self, values, indicators: values)
    # Most for b of X, which is 0 and had the best score.
    with pytest.warns(DLIWarning, match=r"scores differ from those saved in .* by up to 100 \("):
        Assessment.load(path)


def test_a_file_that_is_no_assessment_is_refused(tmp_path):
    import zipfile

    path = tmp_path / "a.dli"
    path.write_text("text")
    with pytest.raises(DataError, match="not a valid saved assessment"):
        Assessment.load(path)
    Assessment(INDEX, DATA).save(path)
    for head in ('{"format": "other"}', "[1]"):
        with zipfile.ZipFile(path) as archive:
            arrays = {name: archive.read(name) for name in ("values.npy", "scores.npy")}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("assessment.json", head)
            for name, content in arrays.items():
                archive.writestr(name, content)
        with pytest.raises(DataError, match="must say format = 'dli-assessment/1'"):
            Assessment.load(path)


# The methods statement


def test_the_methods_statement_holds_formulas_parameters_and_weights():
    index = Index(
        "T",
        [
            Indicator("a", "First | one", goalposts=(0, 5), source="Survey", unit_of_measure="%"),
            Indicator("b", direction=-1, denominator="people", denominator_factor=1000),
        ],
        "Top",
        description="What it is.",
        bands=Bands([50], ["low", "high"]),
    )
    data = {"unit": ["X", "Y", "Z"], "a": [1, 2, 3], "b": [1, 2, None], "people": [1, 1, 1]}

    @frozen
    class Mine:
        """Weigh as I like."""

        def weights(self, values, children):
            return np.array([0.25, 0.75])

    text = Assessment(index, data, method=Method(weighting=Mine(), coverage=0.5)).methodology()
    for part in (
        "# Methods: Top", "What it is.", r"| a | First \| one | T | + | % | 0.25 | 0.25 |",
        "| b |  | T | − |", "1 of 6 values (16.7%) are missing", "b by people (times 1000)", "Sources: Survey.",
        "No values are imputed.", "| a | 0 | 5 |", "Weigh as I like.", "$", "at least 50%",
        "low below 50; high from 50", "digital-leadership-index",
    ):  # fmt: skip
        assert part in text


def test_the_methods_statement_tells_parts_apart():
    method = Method(normalisation={"c": ZScore()}, aggregation={"S": PowerMean(2.0)}, availability=0.5,
                    treatment={"c": None}, missing="propagate")  # fmt: skip
    panel = Assessment(INDEX, PANEL, period="year", method=method)
    text = panel.methodology()
    for part in ("a, b: ", "c: ", "S: ", "T: ", "in 2 periods (2020 to 2021)", "left out: 0 of 5",
                 "within each period", "A node with any missing child has no score."):  # fmt: skip
        assert part in text


class Identity:
    """A normalisation from outside that leaves values as they are."""

    def normalise(self, values, indicators):
        return values
