"""What was read from a file is saved as it was written, and read in the same way again."""

import json
import zipfile

import numpy as np
import pytest

from dli import Assessment, DataError, Index, Indicator, MethodError
from dli.assessment.saved import _number_of_numpy
from dli.diagnosis import peers
from dli.frames import read

INDEX = Index("T", [Indicator("a"), Indicator("b", denominator="people")])
TEXT = """unit;a;b;people;gdp;group
X;1,5;n/a;2;1.250,50;1.1
Y;2;3;4;900;1.10
Z;7;8,25;2;n/a;1.1
"""
HOW = {"delimiter": ";", "decimal": ",", "thousands": ".", "missing": ("n/a", -999)}


@pytest.fixture
def assessment(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(TEXT)
    return Assessment(INDEX, path, **HOW)


def test_a_table_of_texts_loads_as_it_was(assessment, tmp_path):
    assessment.save(tmp_path / "saved")
    loaded = Assessment.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.observations.values, assessment.observations.values)
    assert loaded.context("group") == ["1.1", "1.10", "1.1"]
    assert loaded.context("gdp", numbers=True) == [1250.5, 900, None]
    assert loaded.observations.table.reading == assessment.observations.table.reading
    assert loaded.observations.table.where(2) == "line 4"
    changed = loaded.evolve(index=INDEX.without("b"))
    np.testing.assert_array_equal(changed.array("a"), assessment.array("a"))
    assert (tmp_path / "saved").read_bytes() == _saved_again(loaded, tmp_path)


def _saved_again(assessment, folder):
    assessment.save(folder / "again")
    return (folder / "again").read_bytes()


def test_peers_read_numbers_that_do_not_read_back_as_they_were_written(assessment):
    table = read(peers(assessment, "X", by=["gdp", "people"], k=1))
    assert table.column("unit") == ["Y"]  # Z has the same people, but no gdp
    assert table.column("compared") == [2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": "many"}, "lines must be whole numbers"),
        ({"lines": [2, 3]}, "column 'unit' must be a list of texts, one for each line"),
        ({"reading": 3}, "reading must be an object"),
        ({"reading": None}, "reading is missing"),
        ({"reading": {"comma": True}}, "no option for reading data 'comma'"),
        ({"reading": {"decimal": "."}}, "cannot be assessed|invalid|valid assessment"),
        (
            {"context": {"unit": [1, 2, 3]}},
            "column 'unit' must be a list of texts, one for each line",
        ),
        ({"library": "excel"}, "library must be one of"),
    ],
)
def test_texts_that_were_changed_are_refused(assessment, tmp_path, change, message):
    assessment.save(tmp_path / "saved")
    with zipfile.ZipFile(tmp_path / "saved") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    head = json.loads(parts["assessment.json"])
    head = {k: v for k, v in (head | change).items() if change.get(k, "kept") is not None}
    parts["assessment.json"] = json.dumps(head).encode()
    with zipfile.ZipFile(tmp_path / "saved", "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    with pytest.raises(DataError, match=message):
        Assessment.load(tmp_path / "saved")


def test_texts_that_are_not_the_values_are_refused(assessment, tmp_path):
    assessment.save(tmp_path / "saved")
    with zipfile.ZipFile(tmp_path / "saved") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["assessment.json"] = parts["assessment.json"].replace(b'"1,5"', b'"1,6"')
    with zipfile.ZipFile(tmp_path / "saved", "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    with pytest.raises(DataError, match="its values do not match its texts"):
        Assessment.load(tmp_path / "saved")


def test_only_numbers_and_text_of_numpy_are_parameters_in_a_file():
    assert _number_of_numpy(np.float32(0.5)) == 0.5
    with pytest.raises(MethodError, match="a parameter of the method cannot be saved: 1j"):
        _number_of_numpy(1j)
