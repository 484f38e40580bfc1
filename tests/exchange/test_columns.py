"""Indicators with a column of another name, or a constant, in tables for other tools."""

import warnings

import numpy as np
import pandas as pd

from dli import Assessment, Index, Indicator, Method, frames
from dli.exchange import read_coinr, write_coinr, write_csv
from dli.normalisation import Unscaled

INDEX = Index(
    "T",
    [
        Indicator("first", column="x", denominator="y"),
        Indicator("second", column="y", denominator="people"),
        Indicator("third", column="x"),
        Indicator("y2", column="y", denominator="x"),
        Indicator("fixed", constant=1, goalposts=(0, 2)),
        Indicator("own"),
    ],
)
DATA = {
    "unit": ["X", "Y", "Z"],
    "x": [6.0, 12.0, None],
    "y": [2.0, 3.0, 5.0],
    "own": [1.0, 4.0, 2.0],
    "people": [10.0, 20.0, 30.0],
}


def test_coinr_has_the_values_under_the_codes(tmp_path):
    assessment = Assessment(INDEX, DATA)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*cannot be written")  # goalposts
        files = write_coinr(assessment, tmp_path)
    data, meta = map(pd.read_csv, files)
    assert list(data) == ["uCode", "people", *(i.code for i in INDEX.indicators)]
    assert data["fixed"].tolist() == [1, 1, 1]
    assert data["second"].tolist() == DATA["y"]
    # A denominator that is the column of indicators is the first of them.
    denominators = dict(zip(meta["iCode"], meta["Denominator"], strict=True))
    assert [denominators[i.code] for i in INDEX.indicators[:2]] == ["second", "people"]
    assert denominators["y2"] == "first"
    assert meta["Denominator"].notna().sum() == 3

    index, read = read_coinr(*files)
    again = Assessment(index, read, unit="uCode", method=Method(normalisation=Unscaled()))
    for stage in ("raw", "denominated"):
        np.testing.assert_array_equal(again.stage_array(stage), assessment.stage_array(stage))


def test_a_denominator_with_the_name_of_an_indicator_is_that_column(tmp_path):
    index = Index(
        "T", [Indicator("a", column="b"), Indicator("b"), Indicator("c", denominator="b")]
    )
    data = {"unit": ["X", "Y"], "b": [1, 2], "c": [3, 4]}
    _, meta = write_coinr(Assessment(index, data), tmp_path)
    assert pd.read_csv(meta).set_index("iCode")["Denominator"]["c"] == "b"


def test_the_framework_of_results_says_columns_and_constants(tmp_path):
    framework = write_csv(Assessment(INDEX, DATA), tmp_path)[0]
    assert Index.from_table(framework) == INDEX
    assert frames.read(tmp_path / "data-raw.csv").names == (
        "unit", *(i.code for i in INDEX.indicators),
    )  # fmt: skip
