"""The inputs of the reference numbers."""

import json

import numpy as np
import pytest
from tests.reference.coinr import FOLDER, INPUT, META, number, rows

from dli import Indicator, imputation


@pytest.fixture(scope="module")
def settings():
    return json.loads((FOLDER / "settings.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def params():
    return {row["iCode"]: row for row in rows(FOLDER / "norm_params.csv")}


@pytest.fixture(scope="module")
def codes(params):
    return list(params)


@pytest.fixture(scope="module")
def directions(params):
    return np.array([int(row["Direction"]) for row in params.values()])


@pytest.fixture(scope="module")
def data():
    return sorted(rows(INPUT), key=lambda row: row["uCode"])


@pytest.fixture(scope="module")
def raw(data, codes):
    return np.array([[number(row[code]) for code in codes] for row in data])


@pytest.fixture(scope="module")
def indicators(params):
    return [
        Indicator(code, direction=int(row["Direction"]), target=number(row["Target"]))
        for code, row in params.items()
    ]


@pytest.fixture(scope="module")
def context(data, codes):
    lineage = {row["Indicator"]: row for row in rows(FOLDER / "lineage.csv")}
    levels = list(next(iter(lineage.values())))[1:]
    return imputation.Context(
        columns={name: [row[name] for row in data] for name in data[0]},
        units=tuple(row["uCode"] for row in data),
        periods=None,
        codes=tuple(codes),
        parents={code: tuple(lineage[code][level] for level in levels) for code in codes},
        directions=tuple(
            int({row["iCode"]: row for row in rows(META)}[code]["Direction"]) for code in codes
        ),
    )
