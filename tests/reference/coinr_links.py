"""Correlations, statistics and trends of an assessment against the numbers of COINr."""

import csv

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, META, TOLERANCE, number, numbers, rows

from dli import Assessment, Index, Indicator, frames, links, multivariate
from dli.change import trends


def levels(index):
    """Give the library's level of each of COINr's names of levels."""
    names = list(rows(FOLDER / "lineage.csv")[0])
    return {name: len(names) - 1 - i for i, name in enumerate(names)}


def by_pair(table, value="correlation"):
    found = frames.read(table)
    pairs = zip(found.column("first"), found.column("second"), strict=True)
    return {frozenset(pair): x for pair, x in zip(pairs, found.column(value), strict=True)}


def check(table, expected):
    """Compare with rows of Var1, Var2, Correlation, a code with itself left out."""
    theirs = {
        frozenset((row["Var1"], row["Var2"])): number(row["Correlation"])
        for row in expected
        if row["Var1"] != row["Var2"]
    }
    mine = by_pair(table)
    assert mine.keys() == theirs.keys()
    assert_allclose([mine[pair] for pair in theirs], list(theirs.values()), **TOLERANCE)


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_indicators_with_each_other(assessment, method):
    table = rows(FOLDER / f"corr_ind_{method}.csv")
    expected = [
        {"Var1": row["iCode"], "Var2": code, "Correlation": cell}
        for row in table
        for code, cell in row.items()
        if code != "iCode"
    ]
    check(multivariate.correlations(assessment, method=method), expected)


def test_raw_indicators_with_gaps(assessment):
    found = multivariate.correlations(assessment, stage="raw")
    check(found, rows(FOLDER / "corr_raw_pairwise.csv"))
    p_values = by_pair(found, "p_value")
    for row in rows(FOLDER / "corr_pvals_raw.csv"):
        for code in row.keys() - {"iCode", row["iCode"]}:
            pair = frozenset((row["iCode"], code))
            assert_allclose(p_values[pair], number(row[code]), rtol=1e-9, atol=1e-14)


def test_significant_pairs_within_a_pillar(assessment):
    table = multivariate.correlations(
        assessment, stage="raw", within=levels(assessment.index)["Pillar"]
    )
    r, p = by_pair(table), by_pair(table, "p_value")
    theirs = {
        frozenset((row["Var1"], row["Var2"])): number(row["Correlation"])
        for row in rows(FOLDER / "corr_raw_grouped_p05.csv")
        if row["Var1"] != row["Var2"]
    }
    assert theirs.keys() == r.keys()
    mine = [r[pair] if p[pair] <= 0.05 else np.nan for pair in theirs]
    assert_allclose(mine, list(theirs.values()), **TOLERANCE)


def test_across_levels(assessment):
    level = levels(assessment.index)
    expected = [
        {"Var1": row["iCode"], "Var2": code, "Correlation": cell}
        for row in rows(FOLDER / "corr_ind_pillars.csv")
        for code, cell in row.items()
        if code != "iCode"
    ]
    check(multivariate.correlations(assessment, None, level["Pillar"]), expected)
    found = multivariate.correlations(assessment, level["Pillar"], level["Index"])
    check(found, rows(FOLDER / "corr_pillars_index.csv"))


def test_with_ancestors(assessment):
    above = {row["Indicator"]: row for row in rows(FOLDER / "lineage.csv")}
    expected = [
        {**row, "Var1": above[row["Var2"]][row["Var1"]]} for row in rows(FOLDER / "corr_family.csv")
    ]
    check(multivariate.with_ancestors(assessment), expected)


@pytest.mark.parametrize(("name", "level"), [("high", "Pillar"), ("low", "Sub-index")])
def test_flags(assessment, settings, name, level):
    limit = settings[f"cor_{name}"]
    limits = {
        "high": multivariate.Limits(negative=-1, weak=-1, collinear=limit),
        "low": multivariate.Limits(negative=limit, weak=limit, collinear=1),
    }[name]
    word = {"high": "collinear", "low": "negative"}[name]
    within = levels(assessment.index)[level]
    found = by_pair(multivariate.correlations(assessment, within=within, limits=limits), "flag")
    expected = {
        frozenset((row["Ind1"], row["Ind2"])) for row in rows(FOLDER / f"corr_flags_{name}.csv")
    }
    assert {pair for pair, flag in found.items() if flag == word} == expected


def test_raw_indicators_with_denominators(assessment):
    names = [row["iCode"] for row in rows(META) if row["Type"] == "Denominator"]
    found = by_pair(links.with_variables(assessment, names, None, stage="raw"))
    high = {pair: abs(r) for pair, r in found.items() if r is not None and abs(r) > 0.6}
    theirs = {
        frozenset((row["Ind"], row["Denom"])): abs(number(row["Corr"]))
        for row in rows(FOLDER / "corr_denom.csv")
    }
    assert high.keys() == theirs.keys()
    assert_allclose([high[pair] for pair in theirs], list(theirs.values()), **TOLERANCE)


def test_alpha(assessment):
    tables = {
        "Raw": frames.read(multivariate.cronbach_alpha(assessment, stage="raw")),
        "Treated": frames.read(multivariate.cronbach_alpha(assessment, stage="treated")),
        "Normalised": frames.read(multivariate.cronbach_alpha(assessment)),
        "Aggregated": frames.read(multivariate.cronbach_alpha(assessment)),
    }
    leaves = levels(assessment.index)["Indicator"]
    checked = 0
    for row in rows(FOLDER / "cronbach.csv"):
        code = "Index" if row["group"] == "All" else row["group"]
        low = leaves + 1 - int(row["Level"])
        if low == leaves:
            name = "indicator_alpha"
        elif low == assessment.index.level(code) + 1:
            name = "alpha"
        else:
            continue  # grandchildren that are no indicators
        table = tables[row["dset"]]
        at = table.column("code").index(code)
        assert_allclose(table.column(name)[at], number(row["alpha"]), **TOLERANCE)
        checked += 1
    assert checked


@pytest.mark.parametrize(("name", "low"), [("lev1", "Indicator"), ("lev2", "Pillar")])
def test_first_components(assessment, name, low):
    table = frames.read(multivariate.cronbach_alpha(assessment, levels(assessment.index)[low] - 1))
    mine = dict(zip(table.column("code"), table.column("first_component"), strict=True))
    first = [row for row in rows(FOLDER / f"pca_{name}_eigen.csv") if row["PC"] == "1"]
    assert mine.keys() == {row["group"] for row in first}
    for row in first:
        assert_allclose(mine[row["group"]], number(row["var_explained"]), **TOLERANCE)


@pytest.mark.parametrize("stage", ["raw", "treated"])
def test_statistics_of_an_assessment(assessment, stage):
    table = frames.read(multivariate.statistics(assessment, stage=stage))
    place = {code: i for i, code in enumerate(table.column("code"))}
    names = {
        "Min": "minimum", "Max": "maximum", "Mean": "mean", "Median": "median", "Std": "sd",
        "Skew": "skewness", "Kurt": "kurtosis", "N.Avail": "n_available", "N.Same": "n_same",
        "Frc.Avail": "share_available", "Frc.Unique": "share_unique",
    }  # fmt: skip
    words = {
        "Flag.Avail": "few values", "Flag.NonZero": "few values other than 0",
        "Flag.Unique": "few different values", "Flag.SkewKurt": "outliers",
    }  # fmt: skip
    for row in rows(FOLDER / f"stats_{stage}.csv"):
        at = place[row["iCode"]]
        for theirs, mine in names.items():
            assert_allclose(table.column(mine)[at], number(row[theirs]), **TOLERANCE)
        flagged = table.column("flag")[at].split(", ")
        for theirs, word in words.items():
            assert (word in flagged) == (row[theirs] != "ok"), (row["iCode"], theirs)


def test_trends_of_the_panel():
    with (FOLDER / "panel_input.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    codes = [name for name in table[0] if name not in ("uName", "uCode", "Time")]
    data = {
        "uCode": [row["uCode"] for row in table],
        "Time": [int(row["Time"]) for row in table],
        **dict(zip(codes, numbers("panel_input", codes).T, strict=True)),
    }
    assessment = Assessment(
        Index("T", [Indicator(code) for code in codes]), data, unit="uCode", period="Time"
    )
    found = frames.read(trends(assessment, None, stage="raw"))
    keys = list(zip(found.column("uCode"), found.column("node"), strict=True))
    growth = dict(zip(keys, found.column("growth"), strict=True))
    relative = dict(zip(keys, found.column("relative_slope"), strict=True))
    first = dict(zip(keys, found.column("first"), strict=True))
    slope = dict(zip(keys, found.column("slope"), strict=True))
    n_growth = n_slope = 0
    for row in rows(FOLDER / "panel_trends.csv"):
        key = row["uCode"], row["iCode"]
        if growth[key] is not None:
            assert_allclose(growth[key], number(row["CAGR"]), rtol=1e-9, atol=1e-12)
            n_growth += 1
        else:  # theirs is none too, or infinite or of amounts below zero
            assert not np.isfinite(number(row["CAGR"])) or first[key] < 0
        if relative[key] is not None:
            # A line that begins near zero is a difference of large numbers in their intercept.
            rtol = 1e-9 * max(1, abs(relative[key]) / 1000)
            assert_allclose(100 * relative[key], number(row["prc_change"]), rtol=rtol, atol=1e-12)
            n_slope += 1
        elif slope[key] is not None:  # of a line that begins at or below zero
            assert not slope[key] / number(row["prc_change"]) > 0
    assert min(n_growth, n_slope) > 0.5 * len(keys)
