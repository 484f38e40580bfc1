"""Units that look alike, units in the index of a frame, and all faults at once."""

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Assessment, DataError, DLIWarning, Index, Indicator, MethodError, Observations
from dli.change import compare
from dli.links import with_variables
from dli.observations.names import look_alikes, plain_name

INDEX = Index("T", [Indicator("a", scale=(0, 10)), Indicator("b", denominator="people")])
DATA = {"unit": ["X", "Y"], "a": [1, 2], "b": [3, 4], "people": [5, 6]}
PLAIN = Index("T", [Indicator("a")])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A", "A "),
        ("A", "a"),
        ("A  B", "A B"),
        ("A\tB", "A B"),
        ("C\u00f4te", "Co\u0302te"),
        ("A", "A\u200b"),
        ("A\u00a0B", "A B"),
        ("12", 12),
        ("\uff21", "A"),
    ],
)
def test_units_that_look_alike_give_a_warning_that_names_both(first, second):
    data = {"unit": [first, "other", second], "a": [1, 2, 3]}
    with pytest.warns(DLIWarning, match="units that look alike") as caught:
        observations = Observations.read(data, PLAIN)
    assert observations.look_alikes == ((first, second),)
    assert f"{first!r} and {second!r}" in str(caught[0].message)


def test_the_same_unit_in_several_periods_is_not_alike():
    data = {"unit": ["A", "A"], "t": [1, 2], "a": [1, 2]}
    assert Observations.read(data, PLAIN, period="t").look_alikes == ()


@given(
    st.lists(st.text(st.sampled_from("abA \t\u0301\u200b\u00e9"), max_size=4) | st.integers(0, 9))
)
def test_the_quick_look_never_hides_a_pair(names):
    groups: dict[str, set] = {}
    for name in names:
        groups.setdefault(plain_name(name), set()).add((type(name), name))
    assert len(look_alikes(names)) == sum(len(group) > 1 for group in groups.values())


def test_the_index_of_a_frame_may_name_the_units():
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index(["X", "Y"], name="iso"))
    with pytest.raises(
        DataError,
        match=r"'unit' \(the column of the units, set with unit=\); unit=None reads .* from the index",
    ):
        Observations.read(frame, PLAIN)
    observations = Observations.read(frame, PLAIN, unit=None)
    assert (observations.units, observations.unit_column) == (("X", "Y"), "iso")
    assert Observations.read(frame.rename_axis(None), PLAIN, unit=None).unit_column == "unit"
    assert Assessment(PLAIN, frame, unit=None).array("T").tolist() == [0, 100]


def test_an_index_that_cannot_name_the_units_is_refused():
    frame = pd.DataFrame({"a": [1.0]}, index=pd.MultiIndex.from_tuples([("X", 1)]))
    with pytest.raises(DataError, match="index with one level, got 2; convert the levels"):
        Observations.read(frame, PLAIN, unit=None)
    with pytest.raises(
        DataError, match="requires a pandas frame, whose index it reads, got DataFrame"
    ):
        Observations.read(pl.DataFrame({"a": [1]}), PLAIN, unit=None)
    with pytest.raises(DataError, match="the index and a column are both called 'a'"):
        Observations.read(pd.DataFrame({"a": [1]}).rename_axis("a"), PLAIN, unit=None)


def test_the_names_of_columns_must_be_text():
    with pytest.raises(MethodError) as caught:
        Observations.read(DATA, INDEX, unit=3, period=4)  # type: ignore[arg-type]
    assert caught.value.faults == ("unit must be text, got 3", "period must be text, got 4")


def test_missing_columns_do_not_hide_faults_of_cells_and_rows():
    index = Index("T", [*INDEX.children, Indicator("c")])
    with pytest.raises(DataError) as caught:
        Observations.read(DATA | {"unit": ["X", "X"], "a": [11, "n/a"]}, index)
    assert caught.value.faults == (
        "missing indicator 'c'",
        (
            "row 1 (unit 'X') is a duplicate of row 0; if the data have several periods, name their "
            "column with period="
        ),
        (
            "row 1 (unit 'X'), 'a': 'n/a' is not a number; if it marks a missing value, "
            "set missing=('n/a',)"
        ),
        "row 0 (unit 'X'), 'a': 11 is outside its scale (0, 10)",
    )
    with pytest.raises(DataError) as caught:
        Observations.read(DATA | {"a": [11, 1]}, INDEX, unit="iso")
    assert caught.value.faults == (
        "missing column 'iso' (the column of the units, set with unit=)",
        "row 0, 'a': 11 is outside its scale (0, 10)",
    )


def test_a_hint_comes_once_for_equal_cells():
    with pytest.raises(DataError) as caught:
        Observations.read({"unit": ["X", "Y"], "a": ["..", ".."]}, PLAIN)
    first, second = caught.value.faults
    assert first.endswith("set missing=('..',)")
    assert second.endswith("'..' is not a number")


def test_a_list_cannot_be_a_unit():
    with pytest.raises(
        DataError,
        match=r"row 0 \(unit \[1\]\): a unit or period must be a text, a number or a date",
    ):
        Observations.read({"unit": [[1], "Y"], "a": [1, 2]}, PLAIN)


def test_a_unit_that_one_of_two_tables_spells_otherwise_is_named():
    data = {"unit": ["Kenya", "Ghana", "Mali"], "a": [1.0, 2.0, 3.0]}
    assessment = Assessment(PLAIN, data)
    outside = {"unit": ["kenya ", "Ghana", "Mali", "Malta"], "gdp": [1.0, 2.0, 3.0, 4.0]}
    with pytest.warns(DLIWarning, match=r"these units: 'Kenya' \(did you mean 'kenya '\?\)"):
        with_variables(assessment, ["gdp"], data=outside)
    other = Assessment(PLAIN, {"unit": ["Kenja", "Ghana", "Mali"], "a": [3.0, 1.0, 2.0]})
    with pytest.warns(
        DLIWarning,
        match=r"assessment '2' does not contain these units: 'Kenya' \(did you mean 'Kenja",
    ):
        compare([assessment, other])


def test_units_that_one_of_two_tables_lacks_are_no_doubt_by_themselves():
    assessment = Assessment(PLAIN, {"unit": ["KEN", "GHA", "MLI"], "a": [1.0, 2.0, 3.0]})
    other = Assessment(PLAIN, {"unit": ["KEI", "GHA", "TGO"], "a": [3.0, 1.0, 2.0]})
    assert compare([assessment, other]).units == ("KEN", "GHA", "MLI", "KEI", "TGO")
    assert compare([assessment, assessment]).units == ("KEN", "GHA", "MLI")
