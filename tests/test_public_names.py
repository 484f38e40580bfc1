"""The public names, pinned: one that goes or comes is a change that users see."""

import importlib
import tomllib
from pathlib import Path

import pytest

NAMES = tomllib.loads((Path(__file__).parent / "public_names.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", NAMES)
def test_public_names_are_those_that_are_pinned(module):
    assert importlib.import_module(module).__all__ == NAMES[module]


@pytest.mark.parametrize("module", NAMES)
def test_completion_shows_public_names_only(module):
    assert dir(importlib.import_module(module)) == sorted(NAMES[module])
