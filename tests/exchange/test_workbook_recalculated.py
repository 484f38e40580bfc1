"""The workbook after LibreOffice has calculated it again: the same scores and ranks as Python's."""

import shutil
import subprocess

import attrs
import numpy as np
import pytest
from tests.exchange.workbook_cells import agree, data_cell, edited, framework_cell, opened

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import GeometricMean, HarmonicMean, Minimum, PowerMean
from dli.exchange import write_workbook
from dli.normalisation import MinMax, PercentileRank, Rank, ZScore

OFFICE = shutil.which("soffice")
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed"),
]

# Without this setting LibreOffice shows the values that are stored, and nothing would be tested.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"
 oor:op="fuse"><value>0</value></prop></item></oor:items>"""

INDEX = Index(
    "T",
    [
        Index("P", [Indicator("a", goalposts=(10, 90)), Indicator("b", direction=-1)]),
        Index("Q", [Indicator("c"), Indicator("d", weight=2), Indicator("e", direction=-1)]),
        Index("R", [Indicator("f"), Indicator("g")], weight=0.5),
    ],
)
PLAIN = Method()
MIXED = Method(
    normalisation={
        "c": Rank("average"),
        "d": PercentileRank(1, 100, "mean"),
        "e": ZScore(50, 5),
        "Q": MinMax(1, 100),
        "*": MinMax(1, 100),
    },
    aggregation={
        "T": GeometricMean(), "P": Minimum(), "Q": HarmonicMean(), "R": PowerMean(2),
    },
)  # fmt: skip


def columns(rng):
    """Return data of 15 units with gaps and with ties."""
    values = {code: rng.integers(1, 100, 15) / 10 ** rng.integers(0, 3) for code in "abcdefg"}
    for cells in values.values():
        cells[rng.integers(1, 15, 2)] = np.nan
    return {"unit": [f"U{i}" for i in range(15)], **{c: v.tolist() for c, v in values.items()}}


def changed(rng, assessment, data):
    """Return an index and data with a random weight, goalposts and value, and the cells of these.

    One unit becomes the same as another, so that there are ties.
    """
    index, changes = assessment.index, {}
    code = str(rng.choice(["P", "Q", "a", "c", "g"]))
    weight = float(rng.choice([0.0, rng.uniform(0.1, 4)]))
    index = index.with_weights({code: weight})
    changes[framework_cell(assessment, code, "D")] = weight
    worst, best = float(rng.uniform(-5, 20)), float(rng.uniform(30, 95))
    own = index.find("a")
    index = index.replace("a", attrs.evolve(own, goalposts=(worst, best)))
    changes[framework_cell(assessment, "a", "H")] = worst
    changes[framework_cell(assessment, "a", "I")] = best
    data = {name: list(cells) for name, cells in data.items()}
    row, other = rng.choice(14, 2, replace=False) + 1
    for code in "abcdefg":
        data[code][row] = data[code][other]
        value = data[code][row]
        changes[data_cell(assessment, code, row)] = None if np.isnan(value) else float(value)
    code, row = str(rng.choice(list("bcdefg"))), int(rng.integers(15))
    value = float(rng.choice([np.nan, rng.uniform(1, 100)]))
    data[code][row] = value
    changes[data_cell(assessment, code, row)] = None if np.isnan(value) else value
    return index, data, changes


def recalculated(folder, files):
    """Return the files after LibreOffice has calculated them."""
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(SETTINGS)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    out = folder / "out"
    subprocess.run(
        [OFFICE, profile, "--headless", "--convert-to", "xlsx", "--outdir", out, *files],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return [out / file.name for file in files]


def test_a_workbook_that_is_changed_has_the_ranks_that_python_gives(tmp_path):
    rng = np.random.default_rng(5)
    files, expected = [], []
    for name, method in (("plain", PLAIN), ("mixed", MIXED)):
        data = columns(rng)
        assessment = Assessment(INDEX, data, method=method)
        write_workbook(assessment, tmp_path / "book.xlsx")
        for number in range(2):
            index, other, changes = changed(rng, assessment, data)
            file = tmp_path / f"{name}{number}.xlsx"
            edited(tmp_path / "book.xlsx", file, changes)
            files.append(file)
            expected.append(Assessment(index, other, method=method))
    for file, assessment in zip(recalculated(tmp_path, files), expected, strict=True):
        agree(file, assessment)
        profile = opened(file, formulas=False)["Profile"]
        unit = assessment.units.index(profile["B3"].value)
        assert profile["E8"].value == pytest.approx(assessment.array("T")[unit], rel=1e-12)
        assert profile["F8"].value == assessment.rank_array("T")[unit]
