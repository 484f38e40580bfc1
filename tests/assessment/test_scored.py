"""Rows that belong together, keys of tables, and weights within a node."""

import numpy as np
import pytest

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import GeometricMean, Traits
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.imputation import ColumnMean
from dli.observations.faults import RESERVED
from dli.treatment import Percentiles
from dli.weighting import Entropy, Equal

INDEX = Index("T", [Index("S", [Indicator("a"), Indicator("b", weight=3)]), Indicator("c")])
PANEL = {
    "unit": ["X", "Y", "X", "Y", "Z"],
    "year": [2020, 2020, 2021, 2021, 2021],
    "name": ["Ex", "Why", "Ex", "Why", "Zed"],
    "a": [1.0, 2.0, 3.0, 4.0, None],
    "b": [5.0, 4.0, 3.0, 2.0, 1.0],
    "c": [1.0, 5.0, 2.0, 4.0, 3.0],
}


@pytest.fixture
def panel():
    return Assessment(INDEX, PANEL, period="year")


@pytest.fixture
def single():
    return Assessment(INDEX, {name: cells[2:] for name, cells in PANEL.items()})


def test_rows_belong_together_within_a_period(panel):
    assert panel.rows(2021).tolist() == [2, 3, 4]
    assert panel.rows_beside(3).tolist() == [2, 3, 4]
    assert list(panel.rows_by_period) == [2020, 2021]


def test_a_forgotten_period_is_asked_for_with_the_choice(panel):
    with pytest.raises(
        MethodError, match=r"several periods: choose one of 2020, 2021 with period="
    ):
        panel.rows()
    many = {"unit": [f"{i}" for i in range(12)], "year": list(range(12)), "a": range(12)}
    long = Assessment(Index("T", [Indicator("a")]), {**many, "a": list(range(12))}, period="year")
    with pytest.raises(MethodError, match=r"choose one of 0, 1, 2, \.\.\., 11 with"):
        long.rows()


def test_an_unknown_period_is_named(panel):
    with pytest.raises(UnknownCodeError, match="no period 1999"):
        panel.rows(1999)


def test_a_single_period_need_not_be_named(panel):
    only = Assessment(INDEX, {k: v[2:] for k, v in PANEL.items()}, period="year")
    assert only.rows().tolist() == [0, 1, 2]
    assert only.row("Y") == 1


def test_a_period_of_data_without_periods_is_refused(single):
    assert single.rows().tolist() == [0, 1, 2]
    with pytest.raises(MethodError, match="the data have no periods, got period=1999"):
        single.row("X", period=1999)


def test_rows_are_found_by_unit(panel):
    assert panel.row("X", period=2021) == 2
    assert panel.rows_of(["Z", "X", "Z"], panel.rows(2021)) == [4, 2]
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        panel.row("Q", period=2021)
    with pytest.raises(UnknownCodeError, match="no period of unit 'Z' 2020"):
        panel.row("Z", period=2020)
    with pytest.raises(UnknownCodeError, match="no unit 'Z'"):
        panel.rows_of(["Z"], panel.rows(2020))
    with pytest.raises(MethodError, match="at least one unit, got none"):
        panel.rows_of([], panel.rows(2020))


def test_a_unit_without_a_score_is_named(panel):
    strict = panel.evolve(missing="propagate")
    assert strict.scored_row("X", "S", period=2021) == 2
    with pytest.raises(DataError, match="unit 'Z' has no score at 'S'"):
        strict.scored_row("Z", "S", period=2021)


def test_frames_carry_keys_names_and_rows(panel):
    table = frames.read(panel.frame({"x": [1.0, 2.0]}, rows=[4, None], names=True))
    assert table.names == ("unit", "year", "name", "x")
    assert table.column("unit") == ["Z", None]
    assert table.column("year") == [2021, None]
    assert table.column("name") == ["Zed", None]


def test_frames_know_which_rows_were_left_out():
    data = {**PANEL, "a": [None] * 5, "b": [None, 4.0, 3.0, 2.0, 1.0]}
    index = INDEX.replace("a", Indicator("a", goalposts=(0, 1)))
    kept = Assessment(index, data, period="year", method=Method(availability=0.5))
    assert kept.units == ("Y", "X", "Y", "Z")
    assert frames.read(kept.frame({"x": [0.0]}, rows=[1])).column("year") == [2021]
    one = {name: [*cells[:2], cells[4]] for name, cells in data.items()}
    with pytest.raises(DataError, match="unit 'X' was left out"):
        Assessment(index, one, method=Method(availability=0.5)).row("X")


def test_a_column_with_the_name_of_a_key_is_refused(panel):
    with pytest.raises(
        DataError, match=r"(?s)must not have the name of a column of results.*'year'"
    ):
        panel.frame({"year": [1] * 5})


@pytest.mark.parametrize("name", ["T", "S", "a", *sorted(RESERVED)])
def test_keys_that_would_collide_are_refused_at_the_door(name):
    data = {"key" if k == "unit" else k: v for k, v in PANEL.items()} | {name: PANEL["a"]}
    with pytest.raises(DataError, match="must differ from other names"):
        Assessment(INDEX, data, unit=name, period="year")
    with pytest.raises(DataError, match=f"{name!r}.*periods"):
        Assessment(INDEX, data, unit="key", period=name)


def test_one_column_cannot_name_units_and_periods():
    with pytest.raises(DataError, match="'unit' cannot name both the units and the periods"):
        Assessment(INDEX, PANEL, period="unit")


def test_effective_weights_begin_where_one_likes(panel):
    assert panel.effective_weight_array("b") == pytest.approx(0.375)
    assert panel.effective_weight_array("b", within="S") == pytest.approx(0.75)
    assert panel.effective_weight_array("S", within="S") == 1.0
    with pytest.raises(UnknownCodeError, match="no node above 'b' 'c'"):
        panel.effective_weight_array("b", within="c")


def test_columns_of_no_nodes_are_none(panel):
    assert panel.arrays([]).shape == (5, 0)


def test_a_mapping_changes_the_levels_it_names_and_no_other(single):
    entropic = single.evolve(weighting={1: Entropy()})
    both = entropic.evolve(weighting={0: Equal()})
    assert both.method.weighting == {1: Entropy(), 0: Equal()}
    assert both.weight_array("S").tolist() == entropic.weight_array("S").tolist()
    assert both.weight_array("T").tolist() == [0.5, 0.5]
    equal = single.evolve(weighting=Equal()).evolve(weighting={"S": Entropy()})
    assert equal.weight_array("T").tolist() == [0.5, 0.5]
    assert equal.weight_array("S").tolist() == entropic.weight_array("S").tolist()
    fresh = single.evolve(
        aggregation={"T": GeometricMean()},
        normalisation=single.method.normalisation.__class__(1, 2),
    )
    assert fresh.method.aggregation == {"T": GeometricMean()}


def test_what_was_filled_is_counted_by_unit_and_by_indicator():
    data = {**PANEL, "b": [None, 4.0, 3.0, 2.0, 100.0]}
    method = Method(imputation={"a": ColumnMean()}, treatment=Percentiles(0, 75))
    assessment = Assessment(INDEX, data, period="year", method=method.__class__(
        imputation={"a": ColumnMean(), "b": None}, treatment=Percentiles(0, 75)))  # fmt: skip
    units = frames.read(assessment.filled())
    assert units.names == ("unit", "year", "missing", "imputed", "treated", "imputed_share")
    assert units.column("imputed") == [0, 0, 0, 0, 1]
    assert units.column("missing") == [1, 0, 0, 0, 0]
    assert units.column("imputed_share")[-1] == pytest.approx(1 / 3)
    indicators = frames.read(assessment.filled("indicators"))
    assert indicators.column("code") == [i.code for i in INDEX.indicators]
    place = indicators.column("code").index("b")
    assert indicators.column("missing")[place] == 1
    assert indicators.column("treated")[place] == 1
    with pytest.raises(UnknownCodeError, match="no way to count 'unit'"):
        assessment.filled("unit")


def test_contributions_need_scores_of_the_unit_alone(single):
    class Mean:
        def aggregate(self, values, weights):
            return values @ weights

        def gradient(self, values, weights):
            return np.broadcast_to(weights, values.shape)

    class Declared(Mean):
        traits = Traits(local=True, additive=True)

    complete = single.evolve(index=INDEX.without("a"))
    message = r"(?s)aggregation Mean of 'T': .* do not declare local=True"
    with pytest.raises(MethodError, match=message):
        complete.evolve(aggregation={"T": Mean()}).contribution_array()
    same = complete.evolve(aggregation={"T": Declared()}).contribution_array()
    np.testing.assert_allclose(same, complete.contribution_array())


def test_what_cannot_be_a_name_is_unknown(single):
    for ask in (
        lambda: single.array(["a"]),
        lambda: single.weight_array(["S"]),
        lambda: single.row(["X"]),
        lambda: single.rows_of([["X"]], single.rows()),
    ):
        with pytest.raises(UnknownCodeError, match=r"no (node|unit) \["):
            ask()
    with pytest.raises(MethodError, match="units must be one text or a sequence, got 3"):
        single.rows_of(3, single.rows())
    assert single.rows_of("X", single.rows()) == [single.row("X")]


def test_a_list_is_no_period(panel):
    with pytest.raises(UnknownCodeError, match=r"no period \[2021\]"):
        panel.rows([2021])
    with pytest.raises(MethodError, match="'a' is an indicator"):
        panel.weight_array("a")
