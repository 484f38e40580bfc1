import platform
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

import dli
from dli.versions import installed

HEAVY = [
    "attrs",
    "numpy",
    "scipy",
    "networkx",
    "narwhals",
    "cattrs",
    "pandas",
    "polars",
    "pyarrow",
    "matplotlib",
]


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


@pytest.mark.parametrize(
    "name", [name for name in dli.__all__ if not name.endswith(("Error", "Warning"))]
)
def test_every_public_name_loads_when_it_is_asked_for(name):
    code = (
        "import dli, sys; before = [module for module in sys.modules if module.startswith('dli.')];"
        f"first = dli.{name}; print(before, first is dli.{name}, {name!r} in dir(dli))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['dli.errors'] True True"


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'dli' has no attribute 'sensibility'"):
        _ = dli.sensibility


def test_versions_are_shown_of_all_that_can_be_used(capsys):
    dli.show_versions()
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["dli"] == dli.__version__ == version("digital-leadership-index")
    assert rows["numpy"] == np.__version__
    assert rows["python"] == platform.python_version()
    assert {"attrs", "scipy", "networkx", "pandas", "polars", "matplotlib"} <= set(rows)


def test_what_is_not_installed_is_said():
    assert installed("no-such-distribution") == "not installed"


def test_an_unknown_name_of_the_package_is_an_error():
    with pytest.raises(AttributeError, match="module 'dli' has no attribute 'version'"):
        _ = dli.version
