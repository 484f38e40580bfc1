"""Normalisation, imputation, treatment and aggregation against the numbers of COINr."""

import numpy as np
import pytest
from attrs import evolve
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, META, TOLERANCE, lineage, number, numbers, rows

from dli import Indicator, aggregation, imputation, normalisation, treatment
from dli.errors import MethodError

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


def compare(scheme, values, indicators, expected, factor=1.0):
    """Compare the columns that the scheme takes; give the others.

    COINr gives NaN, infinities or turned scales where this library says what is wrong.
    """
    refused = []
    for j, indicator in enumerate(indicators):
        try:
            scheme.normalise(values[:, [j]], [indicator])
        except MethodError:
            refused.append(j)
    taken = [j for j in range(len(indicators)) if j not in refused]
    assert taken
    result = scheme.normalise(values[:, taken], [indicators[j] for j in taken])
    factors = np.broadcast_to(factor, len(indicators))
    assert_allclose(result * factors[taken], expected[:, taken], **TOLERANCE)
    return refused


@pytest.mark.parametrize("stage", ["raw", "treated"])
@pytest.mark.parametrize("name", NORMALISATIONS)
def test_normalisation(name, stage, settings, raw, codes, indicators):
    values = raw if stage == "raw" else numbers("treat_default", codes)
    expected = numbers(f"norm_{name}_{stage}", codes)
    refused = compare(NORMALISATIONS[name](settings), values, indicators, expected)
    assert not np.isfinite(expected[:, refused]).any()


@pytest.mark.parametrize("cap", [False, True])
@pytest.mark.parametrize("stage", ["raw", "treated"])
def test_distance_to_reference(stage, cap, settings, raw, codes, indicators):
    values = raw if stage == "raw" else numbers("treat_default", codes)
    expected = numbers(f"norm_dist2ref_{'cap_' if cap else ''}{stage}", codes)
    row = settings["iref"] - 1
    scheme = normalisation.DistanceToReference(row, cap=cap)
    signed = values * np.array([indicator.direction for indicator in indicators])
    for j in compare(scheme, values, indicators, expected):
        assert not signed[row, j] > np.nanmin(signed[:, j])


@pytest.mark.parametrize("stage", ["raw", "treated"])
def test_fraction_of_max_where_more_is_better(stage, raw, codes, indicators, directions):
    # Where less is better COINr gives x / min(x), which does not turn the direction.
    more = np.flatnonzero(directions > 0)
    values = (raw if stage == "raw" else numbers("treat_default", codes))[:, more]
    expected = numbers(f"norm_fracmax_{stage}", codes)[:, more]
    scheme = normalisation.FractionOfMax()
    for j in compare(scheme, values, [indicators[j] for j in more], expected):
        assert not np.nanmax(values[:, j]) > 0


@pytest.mark.parametrize("cap", [False, True])
def test_distance_to_target(cap, raw, codes, indicators, directions):
    expected = numbers(f"norm_dist2targ_{'cap_' if cap else ''}raw", codes)
    signed = raw * directions
    for j in compare(normalisation.DistanceToTarget(cap=cap), raw, indicators, expected):
        assert not indicators[j].target * directions[j] > np.nanmin(signed[:, j])


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
    factors = [number(row["goalpost_scale"]) for row in params.values()]
    expected = numbers(f"norm_goalposts_{'' if truncate else 'notrunc_'}raw", codes)
    scheme = normalisation.Goalposts(0, 1, truncate=truncate)
    assert not compare(scheme, raw, posts, expected, factors)


def test_scaled(raw, codes, params, directions):
    bounded = [
        Indicator(
            code,
            direction=int(d),
            scale=(number(row["scaled_lower"]), number(row["scaled_upper"])),
        )
        for (code, row), d in zip(params.items(), directions, strict=True)
    ]
    factors = [number(row["scale_factor"]) for row in params.values()]
    expected = numbers("norm_scaled_raw", codes)
    assert not compare(normalisation.Scaled(0, 1), raw, bounded, expected, factors)


def test_a_panel_is_normalised_over_all_periods(settings):
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
    scale = normalisation.MinMax(*settings["panel_mm"])
    assert_allclose(scale.normalise(values, indicators), expected, **TOLERANCE)


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
