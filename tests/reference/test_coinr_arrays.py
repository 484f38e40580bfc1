"""The array functions against the numbers of the leading R package, COINr 1.1.14.

The folder is that of the environment variable DLI_REFERENCE; another one laid out alike, with its
inputs beside its outputs, is tested as well.
"""

import csv
import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from numpy.testing import assert_allclose

from dli import Indicator, aggregation, imputation, moments, multivariate, normalisation, treatment
from dli.errors import MethodError

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = Path(os.environ.get("DLI_REFERENCE", SHARED / "reference" / "coinr"))
INPUT = FOLDER / "input_iData.csv"
META = FOLDER / "input_iMeta.csv"
if not INPUT.exists():
    INPUT, META = SHARED / "data" / "asem" / "iData.csv", SHARED / "data" / "asem" / "iMeta.csv"

pytestmark = pytest.mark.skipif(
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


# Of COINr's names, those whose file is the whole definition; the others have tests of their own.
NORMALISATIONS = {
    "minmax": lambda s: normalisation.MinMax(*s["mm"]),
    "minmax_b": lambda s: normalisation.MinMax(*s["mm_b"]),
    "zscore": lambda s: normalisation.ZScore(*s["z"]),
    "rank": lambda _: normalisation.Rank(),
    "rank_avg": lambda _: normalisation.Rank("average"),
    "borda": lambda _: normalisation.Borda(),
    "prank": lambda _: normalisation.PercentileRank(),
    "dist2max": lambda _: normalisation.MinMax(0, 1),
}


@pytest.mark.parametrize("stage", ["raw", "treated"])
@pytest.mark.parametrize("name", NORMALISATIONS)
def test_normalisation(name, stage, settings, raw, codes, indicators):
    values = raw if stage == "raw" else numbers("treat_default", codes)
    result = NORMALISATIONS[name](settings).normalise(values, indicators)
    assert_allclose(result, numbers(f"norm_{name}_{stage}", codes), **TOLERANCE)


@pytest.mark.parametrize("cap", [False, True])
@pytest.mark.parametrize("stage", ["raw", "treated"])
def test_distance_to_reference(stage, cap, settings, raw, codes, indicators):
    values = raw if stage == "raw" else numbers("treat_default", codes)
    expected = numbers(f"norm_dist2ref_{'cap_' if cap else ''}{stage}", codes)
    scheme = normalisation.DistanceToReference(settings["iref"] - 1, cap=cap)
    # Where the reference is missing or the worst, COINr gives NaN and infinities; here it is said.
    good = []
    for j, indicator in enumerate(indicators):
        try:
            scheme.normalise(values[:, [j]], [indicator])
        except MethodError:
            assert not np.isfinite(expected[:, j]).any() or np.nanmax(expected[:, j]) == 1
        else:
            good.append(j)
    result = scheme.normalise(values[:, good], [indicators[j] for j in good])
    assert_allclose(result, expected[:, good], **TOLERANCE)


@pytest.mark.parametrize("stage", ["raw", "treated"])
def test_fraction_of_max_where_more_is_better(stage, raw, codes, indicators, directions):
    # Where less is better COINr gives x / min(x), which does not turn the direction.
    more = np.flatnonzero(directions > 0)
    values = (raw if stage == "raw" else numbers("treat_default", codes))[:, more]
    expected = numbers(f"norm_fracmax_{stage}", codes)[:, more]
    result = normalisation.FractionOfMax().normalise(values, [indicators[j] for j in more])
    assert_allclose(result, expected, **TOLERANCE)


@pytest.mark.parametrize("cap", [False, True])
def test_distance_to_target(cap, raw, codes, indicators):
    expected = numbers(f"norm_dist2targ_{'cap_' if cap else ''}raw", codes)
    result = normalisation.DistanceToTarget(cap=cap).normalise(raw, indicators)
    assert_allclose(result, expected, **TOLERANCE)


@pytest.mark.parametrize("truncate", [False, True])
def test_goalposts(truncate, raw, codes, params, directions):
    posts = [
        Indicator(
            code,
            direction=int(d),
            goalposts=(number(row["goalpost_lower"]), number(row["goalpost_upper"]))[:: int(d)],
        )
        for (code, row), d in zip(params.items(), directions, strict=True)
    ]
    (scale,) = {number(row["goalpost_scale"]) for row in params.values()}
    expected = numbers(f"norm_goalposts_{'' if truncate else 'notrunc_'}raw", codes)
    result = normalisation.Goalposts(0, scale, truncate=truncate).normalise(raw, posts)
    assert_allclose(result, expected, **TOLERANCE)


def test_scaled(raw, codes, params, directions):
    bounded = [
        Indicator(
            code,
            direction=int(d),
            scale=(number(row["scaled_lower"]), number(row["scaled_upper"])),
        )
        for (code, row), d in zip(params.items(), directions, strict=True)
    ]
    (factor,) = {number(row["scale_factor"]) for row in params.values()}
    result = normalisation.Scaled(0, factor).normalise(raw, bounded)
    assert_allclose(result, numbers("norm_scaled_raw", codes), **TOLERANCE)


def test_a_panel_is_normalised_over_all_periods():
    name = FOLDER / "panel_norm_global.csv"
    columns = [c for c in rows(name)[0] if c not in ("uName", "uCode", "Time")]
    panel = {(row["uCode"], row["Time"]): row for row in rows(FOLDER / "panel_input.csv")}
    expected = numbers("panel_norm_global", columns)
    source = [panel.get((row["uCode"], row["Time"])) for row in rows(name)]
    if None in source or not set(columns) <= set(source[0]):
        pytest.skip("panel_norm_global.csv is of other data than panel_input.csv")
    meta = {row["iCode"]: row for row in rows(META)}
    indicators = [Indicator(c, direction=int(meta[c]["Direction"])) for c in columns]
    values = np.array([[number(row[c]) for c in columns] for row in source])
    assert_allclose(normalisation.MinMax().normalise(values, indicators), expected, **TOLERANCE)


IMPUTATIONS = {
    "mean": lambda _: imputation.ColumnMean(),
    "median": lambda _: imputation.ColumnMedian(),
    "mean_grp": lambda s: imputation.GroupMean(s["grp"], empty="keep"),
    "median_grp": lambda s: imputation.GroupMedian(s["grp2"], empty="keep"),
    "row_mean": lambda _: imputation.RowMean(),
    "row_median_lev2": lambda _: imputation.RowMedian(-1),
}


@pytest.mark.parametrize("name", IMPUTATIONS)
def test_imputation(name, settings, codes, context):
    values = numbers("denominated", codes)
    result = imputation.impute(IMPUTATIONS[name](settings), values, context)
    assert_allclose(result, numbers(f"impute_{name}", codes), **TOLERANCE)


PANELS = {
    "latest": imputation.Latest(),
    "latest_max1": imputation.Latest(1),
    "linear": imputation.Linear(),
    "linear_constant": imputation.Linear(),
    "constant": imputation.Latest(backfill=True),
}


@pytest.mark.parametrize("name", PANELS)
def test_imputation_of_a_panel(name):
    table = rows(FOLDER / "panel_input.csv")
    columns = [c for c in table[0] if c not in ("uName", "uCode", "Time")]
    values = np.array([[number(row[c]) for c in columns] for row in table])
    context = imputation.Context(
        columns={},
        units=tuple(row["uCode"] for row in table),
        periods=tuple(int(row["Time"]) for row in table),
        codes=tuple(columns),
        parents={},
    )
    result = imputation.impute(PANELS[name], values, context)
    expected = {
        (row["uCode"], int(row["Time"])): [number(row[c]) for c in columns]
        for row in rows(FOLDER / f"panel_{name}.csv")
    }
    keys = zip(context.units, context.periods, strict=True)
    assert_allclose(result, [expected[key] for key in keys], **TOLERANCE)


TREATMENTS = {
    "default": lambda s: treatment.Winsorise(s["winmax"], s["skew"], s["kurt"]),
    "default_with_na": lambda s: treatment.Winsorise(s["winmax"], s["skew"], s["kurt"]),
    "strict": lambda s: treatment.Winsorise(s["winmax_b"], s["skew_b"], s["kurt_b"]),
    "combine": lambda s: treatment.Winsorise(s["winmax_b"], s["skew_b"], s["kurt_b"], combine=True),
    "log_plus": lambda s: treatment.Winsorise(
        s["winmax_b"], s["skew_b"], s["kurt_b"], fallback=treatment.LogPlus()
    ),
    "boxcox": lambda s: treatment.Winsorise(
        s["winmax_b"], s["skew_b"], s["kurt_b"], fallback=treatment.BoxCox(s["lambda"])
    ),
}


@pytest.mark.parametrize("name", TREATMENTS)
def test_treatment(name, settings, codes):
    scheme = TREATMENTS[name](settings)
    source = "denominated" if name == "default_with_na" else "impute_mean_grp"
    values = numbers(source, codes)
    treated, record = scheme.treat_with_record(values)
    assert_allclose(treated, numbers(f"treat_{name}", codes), **TOLERANCE)
    alone = evolve(scheme, fallback=None).treat_with_record(values)[1]
    details = rows(FOLDER / f"treat_{name}_details.csv")
    assert [row["iCode"] for row in details] == codes
    for row, whole, winsorised in zip(details, record.columns, alone.columns, strict=True):
        check(row, "0", whole.skewness_before, whole.kurtosis_before)
        check(row, "1", winsorised.skewness_after, winsorised.kurtosis_after)
        check(row, "2", whole.skewness_after, whole.kurtosis_after)
        assert winsorised.n_winsorised == int(row["winsorise.nwin"] or 0)
        assert (whole.step == "") == (row["check_SkewKurt0.Pass"] == "TRUE")


def check(row, step, skewness, kurtosis):
    for name, value in (("Skew", skewness), ("Kurt", kurtosis)):
        cell = row.get(f"check_SkewKurt{step}.{name}", "")
        if cell:
            assert_allclose(value, number(cell), **TOLERANCE)


@pytest.mark.parametrize("name", ["default", "strict", "log_plus", "combine"])
def test_treated_points(name, settings, codes):
    values = numbers("impute_mean_grp", codes)
    record = TREATMENTS[name](settings).treat_with_record(values)[1]
    found = {(point.row, point.column): point.step for point in record.points}
    for i, row in enumerate(rows(FOLDER / f"treat_{name}_points.csv")):
        for j, code in enumerate(codes):
            step, cell = found.get((i, j), ""), row[code]
            assert (step == "") == (cell == "")
            # COINr still tells a winsorised point where the transform started anew.
            if step.startswith("Winsorise"):
                assert cell == {"Winsorise, high": "winhi", "Winsorise, low": "winlo"}[step]


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


def own_weights(name):
    return {row["iCode"]: number(row["Weight"]) for row in rows(FOLDER / name)}


def aggregated(scores, schemes, weights, coverage=(0, 0, 0)):
    """Go up the tree, each step with an aggregation and a least share of children."""
    for step, scheme, least in zip(lineage(), schemes, coverage, strict=True):
        for parent, children in step.items():
            values = np.stack([scores[child] for child in children], axis=1)
            w = np.array([weights.get(child, 1.0) for child in children])
            result = scheme.aggregate(values, w / w.sum())
            enough = (~np.isnan(values)).mean(axis=1) >= least
            scores[parent] = np.where(enough, result, np.nan)
    return scores


NAMES = {
    "a_amean": aggregation.ArithmeticMean(),
    "a_gmean": aggregation.GeometricMean(),
    "a_hmean": aggregation.HarmonicMean(),
}
AGGREGATIONS = {
    "amean": ("mean", False, lambda _: ["a_amean"] * 3),
    "amean_equal": ("mean", None, lambda _: ["a_amean"] * 3),
    "amean_alt": ("mean", True, lambda _: ["a_amean"] * 3),
    "gmean": ("b", True, lambda _: ["a_gmean"] * 3),
    "hmean": ("b", True, lambda _: ["a_hmean"] * 3),
    "genmean": ("b", True, lambda s: [aggregation.PowerMean(s["genp"])] * 3),
    "genmean_b": ("b", True, lambda s: [aggregation.PowerMean(s["genp_b"])] * 3),
    "mixed": ("b", True, lambda s: s["lev_f"]),
    "zm_gmean": ("zm", False, lambda _: ["a_gmean"] * 3),
    "copeland": ("mean", True, lambda _: [aggregation.Copeland()] * 3),
    "copeland_top": ("mean", True, lambda _: ["a_amean", "a_amean", aggregation.Copeland()]),
    "na_amean": ("na", True, lambda _: ["a_amean"] * 3),
    "na_gmean": ("na", True, lambda _: ["a_gmean"] * 3),
    "na_hmean": ("na", True, lambda _: ["a_hmean"] * 3),
    "na_thresh": ("na", True, lambda _: ["a_amean"] * 3),
    "na_thresh_levels": ("na", True, lambda _: ["a_amean"] * 3),
}


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_aggregation(name, settings, codes):
    _, alternative, choose = AGGREGATIONS[name]
    given = numbers(f"agg_{name}", codes)
    meta = {row["iCode"]: number(row["Weight"]) for row in rows(META)}
    weights = {True: own_weights("weights_alt.csv"), False: meta, None: {}}[alternative]
    coverage = {
        "na_thresh": [settings["datt"]] * 3,
        "na_thresh_levels": settings["datt_v"],
    }.get(name, [0] * 3)
    chosen = [NAMES.get(s, s) if isinstance(s, str) else s for s in choose(settings)]
    scores = aggregated(dict(zip(codes, given.T, strict=True)), chosen, weights, coverage)
    parents = [parent for step in lineage() for parent in step]
    result = np.stack([scores[parent] for parent in parents], axis=1)
    assert_allclose(result, numbers(f"agg_{name}", parents), **TOLERANCE)


def test_outranking_and_copeland():
    pillars = list(lineage()[1].values())
    pillars = [pillar for family in pillars for pillar in family]
    scores = numbers("agg_amean", pillars)
    table = own_weights("weights_alt.csv")
    weights = np.array([table[pillar] for pillar in pillars])
    units = [row["uCode"] for row in rows(FOLDER / "outrank_pillars.csv")]
    matrix = aggregation.outranking_matrix(scores, weights)
    assert_allclose(matrix, numbers("outrank_pillars", units), **TOLERANCE)
    expected = numbers("outrank_pillars_copeland", ["copeland", "nDominant"])
    assert_allclose(aggregation.copeland_scores(scores, weights), expected[:, 0])
    assert (matrix > 1 - 1e-12).sum() == expected[0, 1]


def test_outranking_of_complete_pairs_under_missing_values(codes):
    # COINr's own matrix depends on the order of rows wherever a value is missing; the pairs that
    # have all values agree.
    columns = ["LPI", "Flights", "Ship", "Bord", "Elec", "Gas", "ConSpeed", "Cov4G"]
    if not set(columns) <= set(codes):
        pytest.skip("other indicators")
    values = numbers("norm_minmax_b_raw", columns)
    units = [row["uCode"] for row in rows(FOLDER / "outrank_with_na.csv")]
    complete = np.flatnonzero(~np.isnan(values).any(axis=1))
    pairs = np.ix_(complete, complete)
    matrix = aggregation.outranking_matrix(values, np.ones(8))
    assert_allclose(matrix[pairs], numbers("outrank_with_na", units)[pairs], **TOLERANCE)


@pytest.mark.parametrize("stage", ["raw", "treated"])
def test_statistics(stage, raw, codes):
    values = raw if stage == "raw" else numbers("treat_default", codes)
    found = multivariate.statistics(values)
    table = rows(FOLDER / f"stats_{stage}.csv")
    assert [row["iCode"] for row in table] == codes
    columns = {
        "Min": found.minimum,
        "Max": found.maximum,
        "Mean": found.mean,
        "Median": found.median,
        "Std": found.sd,
        "Skew": found.skewness,
        "Kurt": found.kurtosis,
        "N.Avail": found.n_available,
        "N.NonZero": found.n_nonzero,
        "N.Unique": found.n_unique,
        "N.Same": found.n_same,
        "Frc.Avail": found.share_available,
        "Frc.NonZero": found.share_nonzero,
        "Frc.Unique": found.share_unique,
        "Frc.Same": found.share_same,
    }
    for name, result in columns.items():
        assert_allclose(result, [number(row[name]) for row in table], **TOLERANCE, err_msg=name)
    flags = {
        "Flag.Avail": found.lacks_values,
        "Flag.NonZero": found.lacks_nonzero,
        "Flag.Unique": found.lacks_variety,
        "Flag.SkewKurt": found.has_outliers,
    }
    for name, flagged in flags.items():
        assert flagged.tolist() == [row[name] != "ok" for row in table], name


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlations(method):
    names = [row["iCode"] for row in rows(FOLDER / f"corr_ind_{method}.csv")]
    values = numbers("norm_minmax_treated", names)
    found = multivariate.correlations(values, method=method)
    assert_allclose(found.coefficients, numbers(f"corr_ind_{method}", names), **TOLERANCE)


def test_correlations_of_complete_pairs_and_their_p_values(raw, codes):
    found = multivariate.correlations(raw)
    p_values = np.where(np.eye(len(codes)), 0, found.p_values)
    order = [row["iCode"] for row in rows(FOLDER / "corr_pvals_raw.csv")]
    places = [codes.index(code) for code in order]
    expected = numbers("corr_pvals_raw", order)
    assert_allclose(p_values[np.ix_(places, places)], expected, rtol=1e-9, atol=1e-14)
    for row in rows(FOLDER / "corr_raw_pairwise.csv"):
        i, j = codes.index(row["Var1"]), codes.index(row["Var2"])
        assert_allclose(found.coefficients[i, j], number(row["Correlation"]), **TOLERANCE)


@pytest.mark.parametrize(("name", "level"), [("high", 0), ("low", 1)])
def test_flagged_correlations(name, level, settings, codes):
    values = numbers("norm_minmax_treated", codes)
    limit = settings[f"cor_{name}"]
    limits = {"above": limit} if name == "high" else {"below": limit}
    flagged = set()
    for parent, children in lineage()[level].items():
        own = children if level == 0 else [code for c in children for code in lineage()[0][c]]
        found = multivariate.correlations(values[:, [codes.index(c) for c in own]])
        flagged |= {(parent, frozenset((own[i], own[j]))) for i, j in found.pairs(**limits)}
    expected = rows(FOLDER / f"corr_flags_{name}.csv")
    assert flagged == {(row["Group"], frozenset((row["Ind1"], row["Ind2"]))) for row in expected}


def test_correlations_with_the_nodes_above(codes):
    table = rows(FOLDER / "lineage.csv")
    above = {row["Indicator"]: row for row in table}
    parents = [parent for step in lineage() for parent in step]
    values, scores = numbers("agg_amean", codes), numbers("agg_amean", parents)
    found = multivariate.correlations(values, scores).coefficients
    for row in rows(FOLDER / "corr_family.csv"):
        i, j = codes.index(row["Var2"]), parents.index(above[row["Var2"]][row["Var1"]])
        assert_allclose(found[i, j], number(row["Correlation"]), **TOLERANCE)


def members(group, level):
    """Give the elements of a level below a node, which may be a group of a higher level."""
    table = rows(FOLDER / "lineage.csv")
    levels = list(table[0])
    return list(
        dict.fromkeys(row[levels[level - 1]] for row in table if group in ("All", *row.values()))
    )


def test_cronbach_alpha(raw, codes):
    parents = [parent for step in lineage() for parent in step]
    aggregate = dict(zip(parents, numbers("agg_amean", parents).T, strict=True))
    for row in rows(FOLDER / "cronbach.csv"):
        own = members(row["group"], int(row["Level"]))
        stage = {
            "Raw": lambda: raw,
            "Normalised": lambda: numbers("norm_minmax_treated", codes),
            "Treated": lambda: numbers("treat_default", codes),
            "Aggregated": lambda: numbers("agg_amean", codes),
        }[row["dset"]]()
        known = {**dict(zip(codes, stage.T, strict=True)), **aggregate}
        values = np.stack([known[code] for code in own], axis=1)
        assert_allclose(multivariate.cronbach_alpha(values), number(row["alpha"]), **TOLERANCE)


@pytest.mark.parametrize("name", ["raw", "lev1", "lev2", "lev2_all"])
def test_principal_components(name, raw, codes):
    parents = [parent for step in lineage() for parent in step]
    known = dict(zip(parents, numbers("agg_amean", parents).T, strict=True))
    table = raw if name == "raw" else numbers("agg_amean", codes)
    known |= dict(zip(codes, table.T, strict=True))
    loadings = rows(FOLDER / f"pca_{name}_loadings.csv")
    eigen = rows(FOLDER / f"pca_{name}_eigen.csv")
    for group in dict.fromkeys(row["group"] for row in eigen):
        own = list(dict.fromkeys(row["iCode"] for row in loadings if row["group"] == group))
        found = multivariate.principal_components(np.stack([known[c] for c in own], axis=1))
        for row in (row for row in eigen if row["group"] == group):
            place = int(row["PC"]) - 1
            assert found.n_units == int(row["n_rows"])
            assert_allclose(found.eigenvalues[place], number(row["eigenvalue"]), **TOLERANCE)
            assert_allclose(found.explained[place], number(row["var_explained"]), **TOLERANCE)
            mine = found.loadings[:, place]
            theirs = {
                r["iCode"]: number(r["loading"])
                for r in loadings
                if r["group"] == group and r["PC"] == row["PC"]
            }
            sign = np.sign(mine @ [theirs[code] for code in own])
            assert_allclose(sign * mine, [theirs[c] for c in own], rtol=1e-8, atol=1e-10)


VECTORS = {
    "skew": moments.skewness,
    "kurt": moments.kurtosis,
    "minmax": lambda x: column(normalisation.MinMax(), x),
    "zscore": lambda x: column(normalisation.ZScore(), x),
    "rank": lambda x: column(normalisation.Rank(), x),
    "borda": lambda x: column(normalisation.Borda(), x),
    "prank": lambda x: column(normalisation.PercentileRank(), x),
    "fracmax": lambda x: column(normalisation.FractionOfMax(), x),
    "dist2max": lambda x: column(normalisation.MinMax(0, 1), x),
    "dist2ref3": lambda x: column(normalisation.DistanceToReference(2), x),
    "dist2targ": lambda x: column(normalisation.DistanceToTarget(), x, target=4),
    "dist2targ_neg": lambda x: column(normalisation.DistanceToTarget(), x, target=1, direction=-1),
    "goalposts": lambda x: column(normalisation.Goalposts(0, 10), x, goalposts=(1, 5)),
    "goalposts_neg": lambda x: column(
        normalisation.Goalposts(0, 10), x, goalposts=(5, 1), direction=-1
    ),
    "scaled": lambda x: column(normalisation.Scaled(0, 100), x, scale=(1, 10)),
    "log_CT": lambda x: treatment.log_transform(x[:, np.newaxis])[:, 0],
    "log_CT_plus": lambda x: treatment.log_plus_transform(x[:, np.newaxis])[:, 0],
    "boxcox0": lambda x: treatment.box_cox_transform(x[:, np.newaxis], 0)[:, 0],
    "boxcox05": lambda x: treatment.box_cox_transform(x[:, np.newaxis], 0.5)[:, 0],
    "amean_w": lambda x: mean(1, x),
    "gmean_w": lambda x: mean(0, x),
    "hmean_w": lambda x: mean(-1, x),
    "genmean2_w": lambda x: mean(2, x),
}


def column(scheme, x, **parameters):
    return scheme.normalise(x[:, np.newaxis], [Indicator("x", **parameters)])[:, 0]


def mean(p, x):
    return aggregation.power_mean(x[np.newaxis], np.arange(1.0, x.size + 1), p)[0]


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name):
    vectors = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
    for case in vectors.values():
        x = np.array(case["x"], dtype=np.float64)
        expected = case.get(name)
        if isinstance(expected, str):
            with pytest.raises(MethodError):
                VECTORS[name](x)
            continue
        expected = np.array(expected, dtype=np.float64)
        try:
            result = VECTORS[name](x)
        except MethodError:
            # What is refused here is no number there, or none that could be used: means of values
            # below zero, fractions of such a maximum, a target that is worse than the worst.
            useless = ("fracmax", "dist2targ", "dist2targ_neg", "hmean_w", "genmean2_w")
            assert not np.isfinite(expected).all() or name in useless
            continue
        if name == "genmean2_w" and np.isnan(x).any():
            continue  # COINr's power mean gives up at the first missing value
        assert_allclose(result, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("points", [5, 2])
def test_winsorised_vectors(points):
    vectors = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
    for case in vectors.values():
        expected = case[f"winsorise{points}"]
        if isinstance(expected, str):
            continue
        x = np.array(case["x"], dtype=np.float64)[:, np.newaxis]
        scheme = treatment.Winsorise(points, fallback=None)
        result, record = scheme.treat_with_record(x)
        assert_allclose(result[:, 0], np.array(expected["x"], dtype=np.float64))
        assert record.columns[0].n_winsorised == expected["nwin"]
