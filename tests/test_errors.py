import pickle

import pytest

from dli.errors import (
    DataError,
    DivergentInfluenceError,
    DLIError,
    MethodError,
    ModelError,
    UnknownCodeError,
)


def test_a_message_lists_the_faults_and_says_how_many_are_not_shown():
    error = DataError("values must be finite", (f"row {i}" for i in range(25)))
    lines = str(error).splitlines()
    assert lines[0] == "values must be finite:"
    assert lines[1] == "  - row 0"
    assert len(lines) == 22
    assert lines[-1] == "  - and 5 more (all of them in `.faults`)"
    assert len(error.faults) == 25


def test_a_summary_alone_is_the_message():
    assert str(MethodError("weights must not all be 0")) == "weights must not all be 0"


def test_one_unknown_code_gives_one_line_and_several_a_list():
    assert str(UnknownCodeError("unit", ["KNE"], ["KEN", "EST"])) == (
        "no unit 'KNE'; did you mean 'KEN'?"
    )
    several = UnknownCodeError("unit", ["KNE", 7], ["KEN"])
    assert several.faults == ("no unit 'KNE'; did you mean 'KEN'?", "no unit 7")


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (DivergentInfluenceError, ValueError),
        (ModelError, ValueError),
        (DataError, ValueError),
        (MethodError, ValueError),
    ],
)
def test_errors_are_also_the_built_in_that_callers_expect(kind, built_in):
    assert issubclass(kind, built_in)
    assert issubclass(kind, DLIError)
    assert issubclass(UnknownCodeError, KeyError)


@pytest.mark.parametrize(
    "error",
    [DataError("summary", ["one", "two"]), UnknownCodeError("unit", ["a", "b"], ["c"])],
    ids=["faults", "unknown"],
)
def test_errors_survive_pickling_as_workers_need_it(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.faults == error.faults
