"""Values of an indicator that may mean that there is none."""

import pytest

from dli import Index, Indicator
from dli.errors import ModelError


def test_doubtful_values_are_a_tuple_of_numbers():
    assert Indicator("x").doubtful == ()
    assert Indicator("x", doubtful=[0, -1.5]).doubtful == (0, -1.5)
    assert Indicator("x", scale=(0, 3), doubtful=(0, 3)).doubtful == (0, 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"doubtful": 0}, r"doubtful must be a sequence of finite numbers, such as \(0,\), got 0"),
        ({"doubtful": "0"}, "doubtful must be a sequence of finite numbers, such as .*, got '0'"),
        ({"doubtful": None}, "doubtful must be a sequence of finite numbers, such as .*, got None"),
        ({"doubtful": (0, "x")}, r"finite numbers, such as .*, got \(0, 'x'\)"),
        ({"doubtful": (float("nan"),)}, r"finite numbers, such as .*, got \(nan,\)"),
        ({"doubtful": (True,)}, r"finite numbers, such as .*, got \(True,\)"),
        ({"doubtful": (0,), "constant": 1}, "constant and doubtful exclude each other: a constant does not come from data"),
        ({"doubtful": (0, 9), "scale": (0, 3)}, r"doubtful value 9 is outside the scale \(0, 3\) and thus never valid$"),
        ({"doubtful": (-1,), "weight": -1, "scale": (0, 3)}, r"(?s)weight must be.*doubtful value -1 is outside"),
    ],
)  # fmt: skip
def test_every_fault_of_doubtful_values_is_named(fields, message):
    with pytest.raises(ModelError, match=message):
        Indicator("x", **fields)


def test_indices_differ_by_doubtful_values():
    plain, doubtful = (Index("T", [Indicator("x", doubtful=own)]) for own in [(), (0,)])
    assert plain != doubtful
    assert hash(plain) != hash(doubtful)


def test_a_model_file_holds_doubtful_values(tmp_path):
    index = Index("T", [Indicator("x", doubtful=(0, 9)), Indicator("y")])
    index.save(tmp_path / "model.toml")
    text = (tmp_path / "model.toml").read_text()
    assert "doubtful = [0.0, 9.0]" in text
    assert text.count("doubtful") == 1
    assert Index.load(tmp_path / "model.toml") == index


def test_doubtful_values_in_a_file_must_be_numbers():
    tables = {
        "format": "dli-index/1",
        "index": {"code": "T"},
        "node": [{"code": "x", "doubtful": [0, "none"]}],
    }
    with pytest.raises(
        ModelError, match=r"code 'x'.*key 'doubtful': expected a number, got 'none'"
    ):
        Index.from_dict(tables)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([None, 0, None], (0,)),
        ([None, "0", None], (0,)),
        ([None, "0; 9", None], (0, 9)),
        ([7, 0.5, None], (0.5,)),  # of the index itself it is ignored, as COINr fills every row
    ],
)
def test_a_table_has_a_column_of_doubtful_values(cells, expected):
    table = {"code": ["T", "x", "y"], "parent": [None, "T", "T"], "doubtful": cells}
    x, y = Index.from_table(table).indicators
    assert (x.doubtful, y.doubtful) == (expected, ())


def test_a_doubtful_cell_that_is_no_number_is_named():
    table = {"code": ["T", "x"], "parent": [None, "T"], "doubtful": [None, "0; none"]}
    with pytest.raises(ModelError, match=r"row 1 \(code 'x'\): key 'doubtful': expected.*'none'"):
        Index.from_table(table)
