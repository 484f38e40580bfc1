"""The reference numbers of the leading R package, COINr 1.1.14.

The folder is that of the environment variable DLI_REFERENCE; another one laid out alike, with its
inputs beside its outputs, is tested as well.
"""

import csv
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = Path(os.environ.get("DLI_REFERENCE", SHARED / "reference" / "coinr"))
INPUT = FOLDER / "input_iData.csv"
META = FOLDER / "input_iMeta.csv"
if not INPUT.exists():
    INPUT, META = SHARED / "data" / "asem" / "iData.csv", SHARED / "data" / "asem" / "iMeta.csv"

needed = pytest.mark.skipif(
    not (FOLDER / "settings.json").exists(), reason=f"no reference numbers in {FOLDER}"
)

TOLERANCE = {"rtol": 1e-9, "atol": 1e-12}


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(cell):
    return float(cell) if cell not in ("", "NA") else np.nan


def numbers(name, columns):
    """Give the columns of a reference file as an array."""
    return np.array([[number(row[c]) for c in columns] for row in rows(FOLDER / f"{name}.csv")])


def lineage():
    """Give for each step of aggregation the parents with their children."""
    table = rows(FOLDER / "lineage.csv")
    levels = list(table[0])
    steps = []
    for low, high in pairwise(levels):
        children = {}
        for row in table:
            children.setdefault(row[high], {})[row[low]] = None
        steps.append({parent: list(own) for parent, own in children.items()})
    return steps
