"""The whole way from the raw table to scores, ranks and comparisons, by `Assessment` alone."""

import csv

import numpy as np
import pytest
from attrs import evolve
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, INPUT, META, TOLERANCE, lineage, number, numbers, rows

from dli import Assessment, Index, Method, aggregation, frames, imputation, normalisation, treatment
from dli.change import compare
from dli.ranking import rank_scores
from dli.sensitivity import remove_elements


def table(path):
    """Give a CSV file as columns, numbers parsed, in the order of the units' codes."""
    with path.open(newline="", encoding="utf-8") as file:
        found = sorted(csv.DictReader(file), key=lambda row: row["uCode"])
    named = {row["iCode"]: row["Type"] for row in rows(META)}
    return {
        name: [number(row[name]) if named.get(name) in ("Indicator", "Denominator") else row[name]
               for row in found]
        for name in found[0]
    }  # fmt: skip


@pytest.fixture(scope="module")
def index():
    return Index.from_table(META)


@pytest.fixture(scope="module")
def assessment(index, settings):
    method = Method(
        imputation=imputation.GroupMean(settings["grp"], empty="keep"),
        treatment=treatment.Winsorise(settings["winmax"], settings["skew"], settings["kurt"]),
        normalisation=normalisation.MinMax(*settings["mm"], ends="observed"),
    )
    return Assessment(index, table(INPUT), unit="uCode", method=method)


@pytest.fixture(scope="module")
def parents():
    return [parent for step in lineage() for parent in step]


def check_scores(assessment, name, parents):
    expected = numbers(name, parents)
    for j, code in enumerate(parents):
        assert_allclose(assessment.array(code), expected[:, j], **TOLERANCE, err_msg=code)


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("denominated", "denominated"),
        ("imputed", "impute_mean_grp"),
        ("treated", "treat_default"),
        ("normalised", "norm_minmax_treated"),
    ],
)
def test_every_stage_of_the_main_pipeline(assessment, stage, name):
    codes = [indicator.code for indicator in assessment.index.indicators]
    assert_allclose(assessment.stage_array(stage), numbers(name, codes), **TOLERANCE)


def test_scores_of_the_main_pipeline(assessment, parents):
    check_scores(assessment, "agg_amean", parents)


def test_denominators_with_factors_of_ones_own(assessment, settings):
    custom = {"Goods": ("GDP", 1.0), "CO2": ("Population", 1000.0), "Flights": ("Area", 10.0)}
    index = assessment.index
    codes = {indicator.code for indicator in index.indicators}
    if not (custom.keys() <= codes):
        pytest.skip("denominated_custom.csv is of other indicators")
    for indicator in index.indicators:
        name, factor = custom.get(indicator.code, (None, 1.0))
        changed = evolve(indicator, denominator=name, denominator_factor=factor)
        index = index.replace(indicator.code, changed)
    given = assessment.evolve(index=index, method=Method())
    order = [indicator.code for indicator in index.indicators]
    expected = numbers("denominated_custom", order)
    assert_allclose(given.stage_array("denominated"), expected, **TOLERANCE)


@pytest.mark.parametrize(("name", "weights"), [("original", None), ("alt", "weights_alt.csv")])
def test_effective_weights(index, name, weights):
    if weights is not None:
        index = index.with_weights(
            {row["iCode"]: number(row["Weight"]) for row in rows(FOLDER / weights)}
        )
    for row in rows(FOLDER / f"eff_weights_{name}.csv"):
        share = 1.0
        code = row["iCode"]
        while (parent := index.parent(code)) is not None:
            share *= index.find(code).weight / sum(child.weight for child in parent.children)
            code = parent.code
        assert_allclose(share, number(row["EffWeight"]), **TOLERANCE)


def test_effective_weights_of_an_assessment(assessment):
    found = frames.read(assessment.weights)
    effective = dict(zip(found.column("code"), found.column("effective"), strict=True))
    for row in rows(FOLDER / "eff_weights_original.csv"):
        assert_allclose(effective[row["iCode"]], number(row["EffWeight"]), **TOLERANCE)


def test_the_framework_is_that_of_the_lineage(index):
    for row in rows(FOLDER / "lineage.csv"):
        above = [node.code for node in index.path(row["Indicator"])]
        assert above == [row[level] for level in list(row)[1:]]


MEANS = {
    "a_amean": aggregation.ArithmeticMean(),
    "a_gmean": aggregation.GeometricMean(),
    "a_hmean": aggregation.HarmonicMean(),
}


@pytest.mark.parametrize("name", ["amean_alt", "gmean", "hmean", "genmean", "genmean_b", "mixed"])
def test_means_with_weights_by_level(assessment, index, settings, parents, name):
    chosen = {
        "amean_alt": lambda s: MEANS["a_amean"],
        "gmean": lambda s: MEANS["a_gmean"],
        "hmean": lambda s: MEANS["a_hmean"],
        "genmean": lambda s: aggregation.PowerMean(s["genp"]),
        "genmean_b": lambda s: aggregation.PowerMean(s["genp_b"]),
        # COINr counts its levels from the indicators up, this library from the index down.
        "mixed": lambda s: {i: MEANS[f] for i, f in enumerate(reversed(s["lev_f"]))},
    }[name](settings)
    weighted = index.with_weights(
        {row["iCode"]: number(row["Weight"]) for row in rows(FOLDER / "weights_alt.csv")}
    )
    ends = settings["mm" if name == "amean_alt" else "mm_b"]
    given = assessment.evolve(
        index=weighted,
        normalisation=normalisation.MinMax(*ends, ends="observed"),
        aggregation=chosen,
    )
    check_scores(given, f"agg_{name}", parents)


@pytest.mark.parametrize(
    "name", ["na_amean", "na_gmean", "na_hmean", "na_thresh", "na_thresh_levels"]
)
def test_means_of_incomplete_data(assessment, index, settings, parents, name):
    weighted = index.with_weights(
        {row["iCode"]: number(row["Weight"]) for row in rows(FOLDER / "weights_alt.csv")}
    )
    # The file is of raw values: no denominators.
    for indicator in index.indicators:
        own = weighted.find(indicator.code)
        weighted = weighted.replace(own.code, evolve(own, denominator=None))
    coverage = {
        "na_thresh": settings["datt"],
        "na_thresh_levels": dict(enumerate(reversed(settings["datt_v"]))),
    }.get(name, 0.0)
    method = Method(
        normalisation=normalisation.MinMax(*settings["mm_b"], ends="observed"),
        aggregation={"gmean": MEANS["a_gmean"], "hmean": MEANS["a_hmean"]}.get(
            name.removeprefix("na_"), MEANS["a_amean"]
        ),
        coverage=coverage,
    )
    check_scores(assessment.evolve(index=weighted, method=method), f"agg_{name}", parents)


def test_league_table_and_ranks(assessment):
    full, ranked = (
        {row["uCode"]: row for row in rows(FOLDER / f"results_{kind}.csv")}
        for kind in ("full", "ranks")
    )
    for node in assessment.index.walk():
        found, ranks = assessment.array(node.code), assessment.rank_array(node.code)
        theirs = np.array([number(full[unit][node.code]) for unit in assessment.units])
        assert_allclose(found, theirs, rtol=1e-9, atol=1e-9, err_msg=node.code)
        # COINr tells apart what differs by rounding only; here that is a tie.
        gaps = np.abs(theirs[:, np.newaxis] - theirs) + 1e9 * np.eye(len(theirs))
        apart = (gaps > 1e-9).all(axis=1) | (gaps.min(axis=1) == 0)
        expected = np.array([number(ranked[unit][node.code]) for unit in assessment.units])
        assert apart.sum() > len(apart) - 5
        assert ranks[apart].tolist() == expected[apart].tolist(), node.code
    league = frames.read(assessment.league_table())
    order = [r["uCode"] for r in rows(FOLDER / "results_full.csv")]
    assert league.column("uCode") == order
    assert league.column("rank") == [int(r["Rank"]) for r in rows(FOLDER / "results_full.csv")]


def test_ranks_within_groups(assessment, settings, parents):
    found = frames.read(assessment.ranks_within(settings["grp"]))
    place = {unit: i for i, unit in enumerate(found.column("uCode"))}
    for row in rows(FOLDER / "results_groupranks.csv"):
        assert found.column(settings["grp"])[place[row["uCode"]]] == row[settings["grp"]]
        for code in parents:
            assert found.column(code)[place[row["uCode"]]] == number(row[code])


def test_the_summary_of_one_unit(assessment, settings):
    found = frames.read(assessment.profile(settings["summary_unit"], level=2))
    mine = {
        code: (name, score, rank)
        for code, name, score, rank in zip(
            *(found.column(c) for c in ("code", "name", "score", "rank")), strict=True
        )
    }
    for row in rows(FOLDER / "unit_summary.csv"):
        name, score, rank = mine[row["Code"]]
        assert (name, rank) == (row["Name"], int(row["Rank"]))
        assert_allclose(score, number(row["Score"]), **TOLERANCE)


def test_strengths_and_weaknesses_are_the_ranks_by_indicator(assessment):
    codes = [indicator.code for indicator in assessment.index.indicators]
    directions = np.array([indicator.direction for indicator in assessment.index.indicators])
    stages = {
        "Raw": assessment.stage_array("raw"),
        "Normalised": assessment.stage_array("normalised"),
    }
    for row in rows(FOLDER / "str_weak.csv"):
        values = stages.get(row["dset"])
        if values is None:
            values = stages["Normalised"]
        unit, j = assessment.units.index(row["uCode"]), codes.index(row["Code"])
        signed = values[:, j] * (directions[j] if row["dset"] == "Raw" else 1)
        assert rank_scores(signed)[unit] == number(row["Rank"])
        assert_allclose(values[unit, j], number(row["Value"]), **TOLERANCE)


@pytest.mark.parametrize("level", [1, 2])
def test_removal_of_elements(assessment, level):
    header = list(rows(FOLDER / f"remove_lev{level}_scores.csv")[0])
    codes = [code for code in header if code not in ("uCode", "Nominal")]
    found = remove_elements(assessment, codes)
    for kind in ("score", "rank"):
        expected = numbers(f"remove_lev{level}_{kind}s", ["Nominal", *codes])
        result = getattr(found.comparison, f"{kind}_array")
        assert_allclose(result, expected, **TOLERANCE)
    shifts = {row["iCode"]: number(row["MeanAbsDiff"])
              for row in rows(FOLDER / f"remove_lev{level}_meanabsdiff.csv")}  # fmt: skip
    assert_allclose(found.mean_rank_shift, [shifts[code] for code in codes], **TOLERANCE)


def test_comparison_of_assessments(assessment, settings):
    other = assessment.evolve(
        normalisation=normalisation.MinMax(*settings["mm_b"], ends="observed"),
        aggregation=aggregation.GeometricMean(),
    )
    found = compare({"coin.1": assessment, "coin.2": other})
    for kind in ("score", "rank"):
        columns = ["coin.1", "coin.2", "Diff"]
        expected = numbers(f"compare_{kind}s", columns)
        result = getattr(found, f"{kind}_array")
        assert_allclose(result, expected[:, :2], **TOLERANCE)
        assert_allclose(result[:, 0] - result[:, 1], expected[:, 2], rtol=1e-9, atol=1e-9)
    assert [row["uCode"] for row in rows(FOLDER / "compare_ranks.csv")] == list(found.units)
