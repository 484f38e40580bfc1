"""What is in doubt."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from tests.diagnosis.cases import DATA, assessment, column, names, panel, tables

from dli import Index, Indicator, Method
from dli.diagnosis import risks
from dli.errors import MethodError, UnknownCodeError
from dli.imputation import ColumnMean
from dli.normalisation import Goalposts
from dli.sensitivity import WeightNoise, uncertainty
from dli.treatment import Winsorise


def of_kind(found, kind):
    """Return the rows of a kind as (code, value, note)."""
    cells = zip(found["kind"], found["code"], found["value"], found["note"], strict=True)
    return [tuple(rest) for own, *rest in cells if own == kind]


def test_a_unit_without_risks_has_an_empty_table():
    found = risks(assessment(), "Y")
    assert len(found) == 0
    assert list(found.columns) == ["kind", "code", "value", "note"]


def test_a_sub_index_below_the_floor():
    found = of_kind(risks(assessment(), "U", floor=40), "low")
    assert found == [("B", 30, "score below the floor, 40")]
    assert not of_kind(risks(assessment(), "V", floor=40), "low")


def test_the_floor_is_the_lower_quartile_by_default():
    # B: 10, 30, 40, 60, 70, 90.
    found = of_kind(risks(assessment(), "U"), "low")
    assert found == [("B", 30, "score below the lower quartile, 32.5")]


def test_of_three_units_none_is_low_or_narrow_by_a_quartile():
    for n, low in (
        (1, []),
        (2, []),
        (3, []),
        (4, [("B", 10, "score below the lower quartile, 25")]),
    ):
        rows = [*range(n - 1), 5]  # Z scores 10 in B, and the others 30, 40 and 60
        own = assessment({name: [cells[i] for i in rows] for name, cells in DATA.items()})
        assert [flag for flag in of_kind(risks(own, "Z"), "low") if flag[0] == "B"] == low
        assert of_kind(risks(own, "Z", floor=11), "low") == [
            ("A", 10, "score below the floor, 11"),
            ("B", 10, "score below the floor, 11"),
        ]
    for n, count in ((2, 0), (3, 0), (4, 1)):
        few = assessment({name: cells[:n] for name, cells in WIDE.items()}, index=NARROW)
        assert sum(code == "S" for code, *_ in of_kind(risks(few, "U"), "narrow")) == count


def test_the_removal_of_an_indicator_that_raises_a_score_is_no_risk():
    # Without a U rises from 70 to 80, and with it the lead over the median, from 10 to 30. Without
    # b it falls to 60, and so it does where only others have b.
    flat = Index("T", [Index("S", [Indicator(c, goalposts=(0, 100)) for c in "ab"]), Indicator("d", goalposts=(0, 100))])  # fmt: skip
    data = WIDE | {"a": [60.0, 70.0, 70.0, 70.0, 70.0], "b": [80.0, 50.0, 50.0, 50.0, 50.0]}
    found = of_kind(risks(assessment(data, index=flat), "U"), "narrow")
    assert [note[-3:] for _, _, note in found] == ["'b'"]
    assert_allclose([value for _, value, _ in found], [1 - (60 - 70) / (70 - 60)])


NARROW = Index("T", [Index("S", [Indicator("a", goalposts=(0, 100)), Index("R", [Indicator("b", goalposts=(0, 100)), Indicator("c", goalposts=(0, 100))])]), Indicator("d", goalposts=(0, 100))])  # fmt: skip
WIDE = {
    "unit": list("UVWXY"),
    "a": [100.0, 40.0, 40.0, 40.0, 40.0],
    "b": [50.0, 50.0, 50.0, 50.0, 50.0],
    "c": [60.0, 50.0, 50.0, 50.0, 50.0],
    "d": [1.0, 2.0, 3.0, 4.0, 5.0],
}


def test_a_strength_that_rests_on_one_indicator():
    found = of_kind(risks(assessment(WIDE, index=NARROW), "U"), "narrow")
    # S: 77.5 against 45; without a it is 55 against 50. R: 55 against 50; without c both are 50.
    assert [(code, note[-3:]) for code, _, note in found] == [("S", "'a'"), ("R", "'c'")]
    assert_allclose([value for _, value, _ in found], [1 - 5 / 32.5, 1])


def test_an_indicator_that_holds_a_score_down_is_no_support_of_it():
    # Without a, U's S rises from 60 to 70, but the median from 40 to 65: the lead falls to 5.
    flat = Index("T", [Index("S", [Indicator(c, goalposts=(0, 100)) for c in "ab"]), Indicator("d", goalposts=(0, 100))])  # fmt: skip
    data = WIDE | {"a": [50.0, 15.0, 15.0, 15.0, 15.0], "b": [70.0, 65.0, 65.0, 65.0, 65.0]}
    found = of_kind(risks(assessment(data, index=flat), "U"), "narrow")
    assert found == []
    # By b alone it would lead by 5, by a alone by 35 of 20: nothing of the lead comes from b.
    low = data | {"a": [70.0, 65.0, 65.0, 65.0, 65.0], "b": [50.0, 15.0, 15.0, 15.0, 15.0]}
    assert of_kind(risks(assessment(low, index=flat), "U"), "narrow") == []


@pytest.mark.parametrize("method", [{"missing": "propagate"}, {"coverage": 0.8}])
def test_nothing_is_narrow_where_the_rule_gives_no_score_without_the_indicator(method):
    own = assessment(WIDE, index=NARROW, method=Method(normalisation=Goalposts(), **method))
    assert not np.isnan(own.array("S")).any()
    assert not of_kind(risks(own, "U"), "narrow")


def test_the_quartile_and_the_median_are_compared_with_the_tolerance_of_ties():
    ends = {"goalposts": (0, 1)}
    flat = Index("T", [Index("S", [Indicator(c, **ends) for c in "ab"]), Indicator("d", **ends)])
    # All scores in S are the same but for rounding: nobody is ahead of the median or low.
    even = {
        "unit": list("UVWXY"),
        "d": [0.5] * 5,
        "a": [0.1 + 0.2, 0.3, 0.3, 0.3, 0.3],
        "b": [0.3] * 5,
    }
    own = assessment(even, index=flat, method=Method(normalisation=Goalposts(0, 1)))
    assert own.array("S")[0] > own.array("S")[1]
    assert len(risks(own, "U")) == 0
    odd = even | {"a": [0.3, *[0.1 + 0.2] * 4]}
    own = assessment(odd, index=flat, method=Method(normalisation=Goalposts(0, 1)))
    assert own.array("S")[0] < own.array("S")[1]
    assert len(risks(own, "U")) == 0
    assert len(risks(own, "U", floor=0.1 + 0.2)) == 0
    assert len(risks(own, "U", floor=0.3 + 1e-9)) == 1
    # The same where U would fall without a: no lead is there to be lost.
    mixed = even | {"a": [0.4, 0.3, 0.3, 0.3, 0.3], "b": [0.2, 0.3, 0.3, 0.3, 0.3]}
    own = assessment(mixed, index=flat, method=Method(normalisation=Goalposts(0, 1)))
    assert own.array("S")[0] > own.array("S")[1]
    assert len(risks(own, "U")) == 0
    # U is below the upper quartile, V, by a rounding; a alone puts both there.
    data = {"unit": list("UVWXSYZQ"), "a": [0.3, *[0.1 + 0.2] * 3, *[0.1] * 4]}
    data |= {"b": [0.0] * 8, "d": [0.5] * 8}
    own = assessment(data, index=flat, method=Method(normalisation=Goalposts(0, 1)))
    assert own.array("S")[0] < np.quantile(own.array("S"), 0.75)
    assert [len(of_kind(risks(own, unit), "narrow")) for unit in "UVZ"] == [1, 1, 0]


def test_no_strength_is_narrow_that_is_none():
    own = assessment(WIDE, index=NARROW)
    assert not of_kind(risks(own, "V"), "narrow")
    even = assessment(WIDE | {"a": [40.0] * 5, "c": [50.0] * 5}, index=NARROW)
    assert not of_kind(risks(even, "U"), "narrow")
    alone = Index("T", [Index("S", [Indicator("a", goalposts=(0, 100))]), Indicator("d", goalposts=(0, 100))])  # fmt: skip
    assert not of_kind(risks(assessment(WIDE, index=alone), "U"), "narrow")


def test_a_strength_with_a_single_value():
    data = WIDE | {"b": [None, 50.0, 50.0, 50.0, 50.0], "c": [None, 50.0, 50.0, 50.0, 50.0]}
    ((code, value, note),) = of_kind(risks(assessment(data, index=NARROW), "U"), "narrow")
    assert (code, note) == ("S", "score in the upper quartile on 'a' alone")
    assert math.isnan(value)
    nobody = WIDE | {"b": [None] * 5, "c": [None] * 5}
    ((_, value, _),) = of_kind(risks(assessment(nobody, index=NARROW), "U"), "narrow")
    assert math.isnan(value)


class Own:
    """Give the third unit three times the weight in the first child."""

    def weights(self, values, children):
        weights = np.full(values.shape, 1.0)
        weights[2, 0] = 3.0
        return weights / weights.sum(axis=1, keepdims=True)


def test_weights_of_each_unit_are_kept_when_an_indicator_is_left_out():
    data = {code: [*cells[3:], *cells[:3]] for code, cells in WIDE.items()}
    assert data["unit"][2] == "U"
    method = Method(normalisation=Goalposts(), weighting=Own())
    # S of U: 3/4 of 100 and 1/4 of R, which is 3/4 of 50 and 1/4 of 60; without a it is R.
    found = of_kind(risks(assessment(data, index=NARROW, method=method), "U"), "narrow")
    assert_allclose(found[0][1], 1 - (52.5 - 50) / (75 + 52.5 / 4 - 45))
    # Without c, U has 3/4 of 60 and 1/4 of 50: 57.5, where it was 66 with 1/5 of 100.
    ends = {"goalposts": (0, 100)}
    three = Index("T", [Index("S", [Indicator(c, **ends) for c in "abc"]), Indicator("d", **ends)])
    wide = data | {
        code: [50.0, 50.0, own, 50.0, 50.0]
        for code, own in (("a", 60.0), ("b", 50.0), ("c", 100.0))
    }
    found = of_kind(risks(assessment(wide, index=three, method=method), "U"), "narrow")
    assert_allclose([value for _, value, _ in found], [1 - 7.5 / 16])
    data["b"][2] = None
    found = of_kind(risks(assessment(data, index=NARROW, method=method), "U"), "missing")
    assert_allclose([value for _, value, _ in found], [3 / 16, 3 / 4])


def test_above_the_median_is_not_yet_a_strength():
    # The third has its lead from a alone, but the upper quartile begins above it.
    data = {"unit": list("STUVWXYZ"), "a": [100.0, 100.0, 60.0, *[40.0] * 5]}
    data |= {code: [50.0] * 8 for code in "bcd"}
    own = assessment(data, index=NARROW)
    assert len(of_kind(risks(own, "S"), "narrow")) == 1
    assert not of_kind(risks(own, "U"), "narrow")


@pytest.mark.parametrize(("b", "flagged"), [(56.0, True), (58.0, False)])
def test_more_than_half_of_the_lead_is_what_counts(b, flagged):
    # A lead of 20 by a and of 6 or 8 by b is one of 13 or 14; without a, 7 or 6 of it are gone.
    data = WIDE | {"a": [70.0, *[50.0] * 4], "b": [b, *[50.0] * 4]}
    ends = {"goalposts": (0, 100)}
    flat = Index("T", [Index("S", [Indicator(c, **ends) for c in "ab"]), Indicator("d", **ends)])
    found = of_kind(risks(assessment(data, index=flat), "U"), "narrow")
    assert [note[-3:] for _, _, note in found] == (["'a'"] if flagged else [])


def test_missing_and_imputed_shares_of_weight():
    assert of_kind(risks(assessment(), "W"), "missing") == [
        ("A", 0.5, "share of its weight that has no value: b")
    ]
    filled = Method(normalisation=Goalposts(), imputation=ColumnMean())
    found = risks(assessment(method=filled), "W")
    assert of_kind(found, "imputed") == [("A", 0.5, "share of its weight that is imputed: b")]
    assert not of_kind(found, "missing")
    deep = WIDE | {"a": [None, *WIDE["a"][1:]], "b": [None, *WIDE["b"][1:]]}
    found = of_kind(risks(assessment(deep, index=NARROW), "U"), "missing")
    assert [(code, value) for code, value, _ in found] == [("S", 0.75), ("R", 0.5)]
    assert found[0][2].endswith(": a, b")


def test_a_sub_index_without_a_score_is_not_low_or_narrow():
    data = WIDE | {code: [None, *WIDE[code][1:]] for code in "abc"}
    found = risks(assessment(data, index=NARROW), "U", floor=50)
    note = "share of its children that have a score; it has none itself"
    assert of_kind(found, "no score") == [("S", 0, note), ("R", 0, note)]
    assert list(found["kind"])[2:] == ["missing", "missing"]
    assert list(found["value"])[2:] == [1, 1]


def test_a_unit_without_a_score_has_risks_that_say_so():
    own = assessment(method=Method(normalisation=Goalposts(), missing="propagate"))
    found = risks(own, "W")
    assert [(code, value) for code, value, _ in of_kind(found, "no score")] == [
        ("T", 0.5),
        ("A", 0.5),
    ]
    assert of_kind(found, "missing") == [("A", 0.5, "share of its weight that has no value: b")]
    assert not of_kind(risks(own, "U"), "no score")


def test_a_single_value_of_positive_weight_is_alone():
    ends = {"goalposts": (0, 100)}
    flat = Index(
        "T",
        [
            Index("S", [Indicator("a", **ends), Indicator("b", weight=0, **ends)]),
            Indicator("d", **ends),
        ],
    )
    found = of_kind(risks(assessment(WIDE, index=flat), "U"), "narrow")
    ((code, value, note),) = found
    assert (code, note) == ("S", "score in the upper quartile on 'a' alone")
    assert math.isnan(value)


def test_treated_values():
    data = {"unit": [f"u{i}" for i in range(12)], "a": [*map(float, range(11)), 5000.0], "b": [*map(float, range(12))]}  # fmt: skip
    flat = Index("T", [Indicator("a"), Indicator("b")])
    own = assessment(data, index=flat, method=Method(treatment=Winsorise()))
    assert of_kind(risks(own, "u11"), "treated") == [
        ("a", 5000, "value before it was treated as an outlier; 10 is used")
    ]
    assert len(risks(own, "u3")) == 0


def test_a_rank_that_depends_on_choices():
    own = assessment(DATA | {"a": [90.0, *DATA["a"][1:]]})
    study = uncertainty(own, [WeightNoise(0.9)], n_samples=300, rng=1)
    low, high = study.rank_quantiles(0.05), study.rank_quantiles(0.95)
    widest = int(np.argmax(high - low))
    unit = own.units[widest]
    ((code, value, note),) = of_kind(risks(own, unit, study=study), "rank")
    assert code == "T"
    assert value == high[widest] - low[widest] > 0.6
    assert note.endswith(f"rank {low[widest]:g} to {high[widest]:g} of 6")
    assert not of_kind(risks(own, unit, study=study, spread=1.0), "rank")
    assert not of_kind(risks(own, "Y", study=study), "rank")


class Study:
    """What `risks` reads of a study: ranks from 1 to 2 of five units."""

    def __init__(self, assessment):
        self.assessment = assessment
        self.nominal_scores = assessment.array("T")
        self.design = SimpleNamespace(node=assessment.index)

    def rank_quantiles(self, q):
        return np.full(5, 1.0 if q < 0.5 else 4.0)


def test_a_span_that_equals_the_share_of_units_but_for_rounding_is_no_risk():
    own = assessment(WIDE, index=NARROW)
    # 0.6 of 5 units are 3 places, and a share that is less by a rounding is the same.
    for spread, flagged in ((0.6, False), (np.nextafter(0.6, 0), False), (0.59, True)):
        assert bool(of_kind(risks(own, "V", study=Study(own), spread=spread), "rank")) == flagged


def test_risks_are_of_the_period():
    assert of_kind(risks(panel(), "U", period=2022, floor=30), "low") == []
    assert of_kind(risks(panel(), "U", period=2022, floor=38), "low") == [
        ("A", 37.5, "score below the floor, 38"),
        ("B", 30, "score below the floor, 38"),
    ]


@given(data=tables())
def test_the_shares_of_weight_are_shares(data):
    own = assessment(data)
    for unit in own.units:
        found = risks(own, unit)
        assert all(0 < value <= 1 for _, value, _ in of_kind(found, "missing"))
        gaps = np.isnan(own.stage_array("normalised")[own.row(unit)])
        assert bool(of_kind(found, "missing")) == bool(gaps.any())
        assert all(value > 0.5 or math.isnan(value) for _, value, _ in of_kind(found, "narrow"))


def test_risks_say_what_is_wrong():
    own = assessment()
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        risks(own, "Q")
    other = assessment({name: cells[:4] for name, cells in DATA.items()})
    study = uncertainty(other, [WeightNoise(0.2)], n_samples=10, rng=1)
    with pytest.raises(
        MethodError,
        match=r"invalid arguments of risks:\n.*floor must be a number, got 'low'\n.*spread must be a number from 0 to 1, got 2\n.*study must have the same units",
    ):
        risks(own, "U", floor="low", spread=2, study=study)
    with pytest.raises(MethodError, match="no periods, got period=1999"):
        risks(own, "U", period=1999)
    with pytest.raises(MethodError, match="choose one of 2020, 2022"):
        risks(panel(), "U")
    assert column(risks(own, "U"), "code")
    assert names(risks(own, "U")) == ["kind", "code", "value", "note"]
