"""The published indices that the documentation reproduces."""

from pathlib import Path
from runpy import run_path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def _main(name):
    return run_path(str(EXAMPLES / f"replicate_{name}.py"))["main"]()


def test_egdi_is_reproduced_in_six_editions():
    found = _main("egdi")
    assert sorted(found) == [2010, 2014, 2016, 2018, 2022, 2024]
    for error, places in found.values():
        assert error <= 1e-4
        assert places <= 1


def test_hdi_is_reproduced_for_every_country_and_year():
    assert _main("hdi") == (5808, 0)


def test_gtmi_is_reproduced_with_its_groups():
    error, differ = _main("gtmi")
    assert error <= 1.0001e-6  # figures are published to six decimals
    assert differ == 0


@pytest.mark.parametrize("name", ["egdi", "hdi", "gtmi"])
def test_replications_take_less_than_thirty_lines(name):
    code = (EXAMPLES / f"replicate_{name}.py").read_text().splitlines()
    start = next(i for i, line in enumerate(code) if line.startswith("def main"))
    assert len([line for line in code[start:] if line.strip()]) < 30
