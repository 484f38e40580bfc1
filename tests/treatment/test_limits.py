"""Fixed limits in raw units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from dli import Assessment, Index, Indicator, Method
from dli.errors import MethodError
from dli.framework.choices import read_choice, write_choice
from dli.treatment import Clip, Traits
from dli.treatment.protocol import traits_of

few = settings(max_examples=30, deadline=None)
tables = arrays(np.float64, (7, 2), elements=st.integers(-20, 20).map(float)).map(
    lambda x: np.vstack([x, [np.nan, 0]])
)
VALUES = np.array([[-5.0, 1.0], [0.0, np.nan], [40.0, 2.0], [100.0, 3.0], [250.0, 101.0]])


@pytest.mark.parametrize(
    ("scheme", "first", "second"),
    [
        (Clip(0, 100), [0, 0, 40, 100, 100], [1, np.nan, 2, 3, 100]),
        (Clip(low=2), [2, 2, 40, 100, 250], [2, np.nan, 2, 3, 101]),
        (Clip(high=2), [-5, 0, 2, 2, 2], [1, np.nan, 2, 2, 2]),
        (Clip(np.int64(0), np.float32(100)), [0, 0, 40, 100, 100], [1, np.nan, 2, 3, 100]),
    ],
    ids=repr,
)
def test_clipping_by_hand(scheme, first, second):
    assert_array_equal(scheme.treat(VALUES), np.column_stack([first, second]))


def test_the_record_names_what_was_moved_and_nothing_else():
    treated, record = Clip(0, 102).treat_with_record(VALUES)
    assert_array_equal(treated, Clip(0, 102).treat(VALUES))
    assert [(p.row, p.column, p.step, p.before, p.after) for p in record.points] == [
        (0, 0, "Clip", -5, 0),
        (4, 0, "Clip", 250, 102),
    ]
    assert [(column.step, column.n_winsorised) for column in record.columns] == [
        ("Clip", 0),
        ("", 0),
    ]


@few
@given(x=tables, low=st.integers(-25, 24), rise=st.integers(1, 30))
def test_results_lie_between_the_limits_and_clipping_again_changes_nothing(x, low, rise):
    scheme = Clip(low, low + rise)
    found = scheme.treat(x)
    assert_array_equal(np.isnan(found), np.isnan(x))
    known = ~np.isnan(x)
    assert (found[known] >= low).all()
    assert (found[known] <= low + rise).all()
    inside = known & (x >= low) & (x <= low + rise)
    assert_array_equal(found[inside], x[inside])
    assert_array_equal(scheme.treat(found), found)
    assert_array_equal(Clip(high=low + rise).treat(Clip(low=low).treat(x)), found)


@pytest.mark.parametrize(
    ("parameters", "faults"),
    [
        ({}, ("Clip needs low, high or both, got neither",)),
        ({"low": 2, "high": 2}, ("low must be below high, got 2 and 2",)),
        ({"low": 3, "high": 2.5}, ("low must be below high, got 3 and 2.5",)),
        ({"low": "2"}, ("low must be a number, got '2'",)),
        (
            {"low": np.nan, "high": np.inf},
            ("low must be a number, got nan", "high must be a number, got inf"),
        ),
        ({"low": True, "high": -1}, ("low must be a number, got True",)),
    ],
)
def test_limits_that_cannot_be_used_are_all_named(parameters, faults):
    with pytest.raises(MethodError, match="invalid parameters of Clip") as caught:
        Clip(**parameters)
    assert caught.value.faults == faults


def test_columns_without_any_value_are_named():
    with pytest.raises(MethodError, match=r"a value in each column.*\n  - column 1$"):
        Clip(0).treat([[1.0, np.nan]])


@pytest.mark.parametrize("scheme", [Clip(0), Clip(high=5.5), Clip(-1, 1)], ids=repr)
def test_limits_survive_a_text_file(scheme):
    table = write_choice("treatment", scheme)
    assert table["method"] == "Clip"
    assert None not in table.values()
    assert read_choice("treatment", table) == scheme


def test_each_describes_the_limits_that_it_has():
    assert Clip(1.5).describe() == "Fixed limits: values below $1.5$ are raised to it."
    assert Clip(high=9).describe() == "Fixed limits: values above $9$ are lowered to it."
    both = "Fixed limits: values below $0$ are raised to it, values above $9$ are lowered to it."
    assert Clip(0, 9).describe() == both


def test_it_declares_that_it_keeps_the_order():
    assert traits_of(Clip(0)) == Traits(keeps_order=True, draws=True)


def test_it_serves_one_indicator_of_an_index():
    data = {"unit": ["A", "B", "C"], "x": [1.0, 5.0, 900.0], "y": [1.0, 5.0, 900.0]}
    index = Index("T", [Indicator("x"), Indicator("y")])
    assessment = Assessment(index, data, method=Method(treatment={"x": Clip(high=9)}))
    assert assessment.stage_array("treated").tolist() == [[1, 1], [5, 5], [9, 900]]
