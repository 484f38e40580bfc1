"""Statistics, correlations, components and single functions against the numbers of COINr."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, TOLERANCE, lineage, number, numbers, rows

from dli import Indicator, aggregation, moments, normalisation, treatment
from dli.errors import MethodError
from dli.multivariate import arrays as multivariate


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
