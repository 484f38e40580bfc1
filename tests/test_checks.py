"""One check of each kind of value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Indicator
from dli.checks import (
    generator,
    is_number,
    is_whole,
    number,
    number_fault,
    seed_of,
    whole_number,
)
from dli.errors import MethodError, ModelError


@pytest.mark.parametrize("value", [1, 1.5, -2, np.float32(2), np.int8(3), 10**300])
def test_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize(
    "value", [True, np.True_, "1", None, float("nan"), float("inf"), 10**400, 1j, [1]]
)
def test_what_is_not_a_number(value):
    assert not is_number(value)


@pytest.mark.parametrize(
    ("value", "least", "most", "expected"),
    [
        (2, 1, 3, True),
        (np.int64(2), 1, 3, True),
        (np.uint8(1), 1, 1, True),
        (0, 1, 3, False),
        (4, 1, 3, False),
        (2.0, 1, 3, False),
        (True, 0, 3, False),
        (np.True_, 0, 3, False),
    ],
)
def test_whole_numbers_of_any_kind(value, least, most, expected):
    assert is_whole(value, least, most) is expected


def test_errors_name_the_value_and_its_limits():
    assert whole_number("k", np.int64(3), 1) == 3
    assert type(whole_number("k", np.int64(3), 1)) is int
    with pytest.raises(MethodError, match="k must be a whole number of at least 1, got 0"):
        whole_number("k", 0, 1)
    with pytest.raises(MethodError, match=r"k must be a whole number from 1 to 5, got 2\.5"):
        whole_number("k", 2.5, 1, 5)
    assert number("x", np.float32(0.5), least=0, most=1) == 0.5
    with pytest.raises(MethodError, match="x must be a number from 0 to 1, got 2"):
        number("x", 2, least=0, most=1)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({}, "x must be a number, got 'a'"),
        ({"above": 0}, "x must be a number above 0, got 'a'"),
        ({"above": 0, "below": 1}, "x must be a number above 0 and below 1, got 'a'"),
        ({"least": 0, "below": 1}, "x must be a number of at least 0 and below 1, got 'a'"),
        ({"least": 0, "most": 1}, "x must be a number from 0 to 1, got 'a'"),
    ],
)
def test_a_fault_says_the_limits(limits, text):
    assert number_fault("x", "a", **limits) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-10, 10), st.floats(-10, 10))
def test_limits_hold(value, low, high):
    inside = low <= value < high
    assert (number_fault("x", value, least=low, below=high) == "") is inside


def test_children_of_a_seed_sequence_differ_and_stay_the_same():
    root = np.random.SeedSequence(5)
    first, second = root.spawn(2)
    assert seed_of(first) != seed_of(second)
    assert seed_of(first) == seed_of(np.random.SeedSequence(5).spawn(1)[0])
    assert seed_of(root) == 5
    assert seed_of(np.random.SeedSequence([1, 2])) != seed_of(np.random.SeedSequence([2, 1]))


def test_a_generator_moves_on_and_none_is_new_each_time():
    rng = np.random.default_rng(1)
    assert seed_of(rng) != seed_of(rng)
    assert seed_of(None) != seed_of(None)


@pytest.mark.parametrize("seed", [-1, 1.5, "7", True])
def test_what_is_not_a_seed_is_refused(seed):
    with pytest.raises(MethodError, match=r"rng .* must be a whole number of at least 0"):
        seed_of(seed)


def test_equal_seeds_give_equal_streams():
    assert generator(7).random() == generator(7).random()
    assert generator(7).random() == np.random.default_rng(7).random()


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1f", "\x7f", "\ud800", "\uffff"])
def test_texts_have_no_control_characters(character):
    with pytest.raises(ModelError, match="code must not contain control characters"):
        Indicator(f"a{character}b")
    with pytest.raises(ModelError, match="name must not contain control characters"):
        Indicator("a", f"{character}b")
    assert Indicator("a", description="two\nlines\tand a tab").description


def test_a_code_has_no_line_breaks():
    with pytest.raises(ModelError, match="code must not contain control characters"):
        Indicator("a\nb")
