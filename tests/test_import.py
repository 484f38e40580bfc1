import subprocess
import sys

import pytest

import dli

HEAVY = ["scipy", "networkx", "narwhals", "cattrs", "pandas", "polars", "pyarrow", "matplotlib"]


def test_importing_the_package_stays_light():
    code = f"import dli, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_everything_works_without_a_data_frame_library():
    code = (
        "import sys\n"
        "for name in ('pandas', 'polars', 'pyarrow'): sys.modules[name] = None\n"
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name in ('pandas', 'polars', 'pyarrow') else find(name, *a)\n"
        "import dli\n"
        "data = dli.datasets.load('digital-government')\n"
        "index = dli.models.load('dli-public')\n"
        "assessment = dli.Assessment(index, data, unit='iso3')\n"
        "print(type(assessment.scores).__name__, assessment.league_table()['iso3'][0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "dict KOR"


def test_rooms_upstairs_load_when_they_are_asked_for():
    code = (
        "import dli, sys; before = 'dli.sensitivity' in sys.modules;"
        "dli.sensitivity.uncertainty; print(before, 'sensitivity' in dir(dli))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'dli' has no attribute 'sensibility'"):
        _ = dli.sensibility
