"""A short run of every door with fixed seeds; ``make fuzz`` runs as long as one likes."""

import pytest
from tests.fuzzing.doors import doors, try_door

pytestmark = pytest.mark.once

COUNTS = {"csv": 400, "model": 200, "capabilities": 200, "saved": 150, "coinr": 150, "workbook": 60,
          "arrays": 600}  # fmt: skip


@pytest.fixture(scope="module")
def all_doors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doors")
    return folder, doors(folder)


@pytest.mark.parametrize("name", COUNTS)
def test_mutated_input_gives_a_result_or_an_error_of_the_library(all_doors, name):
    folder, found = all_doors
    outcomes = {try_door(found[name], folder, seed) for seed in range(COUNTS[name])}
    assert len(outcomes) > 1  # some are read and some refused: the mutations reach the reader
    assert "result" in outcomes


def test_every_door_is_tried(all_doors):
    assert set(all_doors[1]) == set(COUNTS)
