"""Audits of indices whose faults are known, and of data that cannot be judged."""

import warnings
from functools import cache

import attrs
import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from tests.report.pages import check, hostile

from dli import Assessment, Index, Indicator, Method, change, frames, multivariate, report
from dli import sensitivity as s
from dli.aggregation import ArithmeticMean, Copeland, GeometricMean, Minimum
from dli.errors import MethodError, UnknownCodeError
from dli.imputation import ColumnMean
from dli.multivariate import arrays
from dli.normalisation import Goalposts, MinMax, PercentileRank, ZScore
from dli.report import Paragraph, Picture, Table, audited_correlations, audited_ranks
from dli.report.language import ENGLISH, language_of
from dli.treatment import Percentiles
from dli.weighting import Equal

pytestmark = pytest.mark.once

N = 60
PARTS = {"P": ["a", "b", "c"], "Q": ["d", "e", "f"], "R": ["g", "h", "i"]}


def framework(**fields):
    """Give a framework of three sub-indices; keywords change fields of indicators by code."""
    return Index(
        "T",
        [
            Index(
                part,
                [
                    Indicator(
                        code,
                        f"Name of {code}",
                        **{"source": "Office", "scale": (-99, 99), **fields.get(code, {})},
                    )
                    for code in codes
                ],
                f"Part {part}",
            )
            for part, codes in PARTS.items()
        ],
        "Test",
    )


def table(n=N, noise=0.5, seed=3):
    """Give values of one factor, and of a factor for each sub-index, with noise."""
    rng = np.random.default_rng(seed)
    general = rng.normal(size=n)
    data = {"unit": [f"u{k:02d}" for k in range(n)]}
    for codes in PARTS.values():
        own = 0.75 * general + 0.65 * rng.normal(size=n)
        data |= {code: own + noise * rng.normal(size=n) for code in codes}
    return data


def with_a(values, **fields):
    """Audit the good index with other values of its first indicator."""
    return report.audit(Assessment(framework(a=fields), table() | {"a": values}), study=STUDY)


def answers(page):
    """Give the rows of the summary by number."""
    (summary,) = (block for block in page.sections[0].blocks if isinstance(block, Table))
    assert summary.head == ("no.", "question", "figure", "usual threshold", "source", "verdict")
    return {row[0]: dict(zip(summary.head, row, strict=True)) for row in summary.rows}


def verdicts(page, *, but=()):
    """Give the verdicts by number, those that cannot be judged without their reasons."""
    return {k: row["verdict"].split(":")[0] for k, row in answers(page).items() if k not in but}


def tables(page, title):
    """Give the tables of a section by the first word of the caption and the rows."""
    (section,) = (own for own in page.sections if own.title == title)
    return {block.caption: block.rows for block in section.blocks if isinstance(block, Table)}


def texts(page, title):
    """Give the paragraphs of a section."""
    (section,) = (own for own in page.sections if own.title == title)
    return "\n".join(own.text for own in section.blocks if isinstance(own, Paragraph))


GOOD = Assessment(framework(), table())
# The data of studies do not matter to questions about data, which need not wait for a new one.
STUDY = s.uncertainty(GOOD, [s.WeightNoise(0.25)], n_samples=200, rng=1)


@pytest.fixture(scope="module")
def good():
    """Give the audit of the good index with its pictures."""
    return report.audit(GOOD)


@pytest.fixture(autouse=True)
def _undrawn(good, monkeypatch):
    """Leave out pictures and most draws of all other audits, since they take most of the time."""
    for module in (audited_correlations, audited_ranks):
        monkeypatch.setattr(module, "picture", lambda draw, *said: Picture(b"<svg/>", *said))
    monkeypatch.setattr(audited_ranks, "_DRAWS", 100)
    monkeypatch.setattr(audited_ranks, "_BASE", 16)


def test_an_index_of_consistent_sub_indices_meets_all_that_can_be_judged(good):
    assert set(verdicts(good, but="1.2").values()) == {"meets"}
    assert verdicts(good)["1.2"] == "cannot be judged"
    assert len(verdicts(good)) == 20
    assert (
        "Of 20 questions, the index meets the threshold for 19 and does not meet it for 0; 1 "
        "cannot be judged."
    ) in texts(good, "Summary")


def test_the_report_is_whole_in_both_forms(good):
    assert good.title == "Statistical audit: Test"
    assert good.subtitle == "60 units, 9 indicators"
    assert [own.title for own in good.sections] == [
        "Summary", "Concept", "Data", "Correlations", "Weights and importance", "Robustness",
        "Other methods", "Added value", "Sources of the thresholds", "Methods", "How to reproduce this",
    ]  # fmt: skip
    page = check(good.html())
    assert "10.1787/9789264043466-en" in "".join(page.words)
    assert len(good.pictures) == 2
    for row in answers(good).values():
        assert row["question"] in good.markdown()


def test_each_section_repeats_its_questions_with_figure_and_verdict(good):
    told = "\n".join(texts(good, own.title) for own in good.sections[1:8])
    for number, row in answers(good).items():
        assert (
            f"{number} {row['question']} Figure: {row['figure']}. Usual threshold: "
            f"{row['usual threshold']} ({row['source']})."
        ) in told
    assert "Cannot be judged: whether a direction is right" in told


def test_a_negatively_correlated_indicator_is_named():
    page = with_a(-table()["a"])
    row = answers(page)["3.1"]
    assert row["verdict"] == "does not meet"
    assert row["figure"] == (
        "2 of 9 pairs below 0, 2 of them significantly: Name of a and Name of b; Name of a "
        "and Name of c"
    )
    found = tables(page, "Correlations")[
        "Indicators of the same sub-index with a correlation below 0."
    ]
    assert {row[:2] for row in found} == {("Name of a", "Name of b"), ("Name of a", "Name of c")}
    assert answers(page)["3.2"]["figure"] == (
        "1 of 9 correlate more with another sub-index: Name of a"
    )
    assert "loadings of opposite signs at P" in answers(page)["3.4"]["figure"]
    # Declared for what it is, it is no fault.
    turned = with_a(-table()["a"], direction=-1)
    assert set(verdicts(turned, but="1.2").values()) == {"meets"}
    assert "lower is better for 1 (Name of a)" in answers(turned)["1.2"]["figure"]


def test_a_correlation_just_below_zero_is_no_firm_finding():
    data = table()
    b, noise = data["b"], np.random.default_rng(8).normal(size=N)
    noise -= noise.mean()
    slightly = noise - b * (noise @ (b - b.mean())) / ((b - b.mean()) @ b) - 0.05 * b
    row = answers(with_a(slightly))["3.1"]
    assert "1 of 9 pairs below 0, 0 of them significantly" in row["figure"]
    assert row["verdict"] == "meets"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_doubled_indicator_is_named_whatever_its_sign(sign):
    page = with_a(sign * (table()["d"] * 3 + 1))
    assert answers(page)["2.5"]["figure"] == "1 pair: Name of a and Name of d"
    assert verdicts(page)["2.5"] == "does not meet"
    rows = tables(page, "Data")["Pairs of indicators with a correlation beyond the threshold."]
    assert rows == (("Name of a", "Name of d", f"{sign:.2f}"),)


def test_low_alpha_and_a_weak_component_are_named():
    data = table() | {c: np.random.default_rng(9 + k).normal(size=N) for k, c in enumerate("abc")}
    page = report.audit(Assessment(framework(), data), study=STUDY)
    for number in ("3.3", "3.4"):
        assert verdicts(page)[number] == "does not meet"
        assert "below the threshold for P" in answers(page)[number]["figure"]


def test_an_indicator_that_belongs_elsewhere_is_named():
    data = table()
    stray = 0.9 * data["d"] + 0.1 * data["a"]
    page = with_a(stray)
    found = tables(page, "Correlations")
    (caption,) = (own for own in found if own.startswith("Indicators that correlate more"))
    code, name, own_part, own, other_part, other = found[caption][0]
    assert (code, name, own_part, other_part) == ("a", "Name of a", "Part P", "Part Q")
    assert float(other) > float(own)
    assert verdicts(page)["3.2"] == "does not meet"


def test_missing_constant_and_extreme_values_are_named():
    values = table()["a"].copy()
    values[:30] = np.nan
    page = with_a(values)
    assert answers(page)["2.1"]["figure"] == (
        "1 of 9 below the threshold; the lowest is Name of a with 50%"
    )
    assert verdicts(page)["2.1"] == "does not meet"
    assert verdicts(page)["2.2"] == "meets"
    constant = with_a(np.full(N, 3.0), goalposts=(-9, 9))
    assert answers(constant)["2.4"]["figure"] == "Name of a"
    assert verdicts(constant)["2.4"] == "does not meet"
    empty = with_a(np.full(N, np.nan), goalposts=(-9, 9))
    assert {verdicts(empty)[number] for number in ("2.1", "2.4")} == {"does not meet"}
    values = table()["a"].copy()
    values[3] = 90.0
    far = with_a(values)
    assert answers(far)["2.3"]["figure"] == "1 of 9 with outliers: Name of a"
    treated = Assessment(
        framework(), table() | {"a": values}, method=Method(treatment=Percentiles(5, 95))
    )
    near = report.audit(treated, study=STUDY)
    assert answers(near)["2.3"]["figure"] == "0 of 9 with outliers"
    assert verdicts(near)["2.3"] == "meets"
    (row,) = tables(near, "Data")["Indicators with outliers in the data, or after treatment."]
    assert float(row[2]) > 2 > abs(float(row[4]))


def test_units_that_lack_values_are_named_and_those_left_out_counted():
    data = table()
    for code in "abcd":
        data[code][0] = np.nan
    for code in "abcdefgh":
        data[code][1] = np.nan
    page = report.audit(Assessment(framework(), data), study=STUDY)
    assert answers(page)["2.2"]["figure"] == (
        "2 of 60 below the threshold; the lowest is u01 with 11%"
    )
    assert tables(page, "Data")["Units with too few values."] == (("u01", "11%"), ("u00", "56%"))
    for least, told in ((0.2, "1 more was"), (0.6, "2 more were")):
        strict = report.audit(Assessment(framework(), data, method=Method(availability=least)))
        assert f"; {told} left out" in answers(strict)["2.2"]["figure"]


def test_imputed_values_are_counted():
    data = table()
    data["a"][:20] = np.nan
    filled = Assessment(framework(), data, method=Method(imputation=ColumnMean()))
    row = answers(report.audit(filled, study=STUDY))["2.6"]
    assert (row["figure"], row["verdict"]) == ("20 of 540 values (3.7%)", "meets")
    for code in "abcd":
        data[code][:20] = np.nan
    filled = Assessment(framework(), data, method=Method(imputation=ColumnMean()))
    row = answers(report.audit(filled, study=STUDY))["2.6"]
    assert (row["figure"], row["verdict"]) == ("80 of 540 values (14.8%)", "does not meet")


def test_what_the_framework_lacks_is_named():
    bare = framework(a={"source": " "}, b={"scale": None}, c={"scale": None, "goalposts": (-9, 9)})
    page = report.audit(Assessment(bare, table()), study=STUDY)
    assert answers(page)["1.3"]["figure"] == "8 of 9 have a valid range or goalposts"
    assert answers(page)["1.4"]["figure"] == "9 of 9 have a name and 8 of 9 have a source"
    found = tables(page, "Concept")
    assert found["Indicators without a name or a source."] == (("a", "source"),)
    assert [r[0] for r in found["Indicators without a valid range or goalposts."]] == ["b"]
    assert {verdicts(page)[k] for k in ("1.3", "1.4")} == {"does not meet"}
    lonely = Index(
        "T", [Index("P", [Indicator("a")]), Index("Q", [Indicator("b"), Indicator("c")])]
    )
    page = report.audit(Assessment(lonely, table()))
    assert answers(page)["1.1"]["figure"].endswith("1 to 2 in each of 2 sub-indices")
    assert verdicts(page)["1.1"] == "does not meet"
    assert ("a", "name and source") in tables(page, "Concept")[
        "Indicators without a name or a source."
    ]


def test_figures_agree_with_the_functions_that_they_come_from(good):
    alphas = frames.read(multivariate.cronbach_alpha(GOOD))
    own = dict(zip(alphas.column("code"), alphas.column("alpha"), strict=True))
    rows = tables(good, "Correlations")["Cronbach's alpha of the children of each node."]
    assert {row[0]: row[-1] for row in rows} == {code: f"{a:.2f}" for code, a in own.items()}
    found = arrays.principal_components(GOOD.arrays(["a", "b", "c"]))
    (row,) = (
        row
        for row in tables(good, "Correlations")[
            "The first principal component of the children of each node."
        ]
        if row[0] == "P"
    )
    assert row[2] == f"{found.explained[0]:.0%}"
    found = s.importance(GOOD)
    (rows,) = tables(good, "Weights and importance").values()
    assert [row[3] for row in rows] == [f"{share:.2f}" for share in found.shares]
    assert f"{found.correlations.min():.2f} (" in answers(good)["4.2"]["figure"]
    moved = np.abs(GOOD.rank_array("P") - GOOD.rank_array("T")) >= 10
    rows = next(iter(tables(good, "Added value").values()))
    assert rows[0][2] == f"{moved.mean():.0%}"


def test_other_methods_are_those_of_a_comparison(good):
    other = {
        "as it is": GOOD,
        "geometric": GOOD.evolve(normalisation=MinMax(1, 100), aggregation=GeometricMean()),
        "z-scores": GOOD.evolve(normalisation=ZScore()),
        "percentile ranks": GOOD.evolve(normalisation=PercentileRank(1, 100)),
    }
    summary = frames.read(change.compare(other).summary)
    (rows,) = tables(good, "Other methods").values()
    assert [row[1] for row in rows] == [
        f"{shift:.2f}" for shift in summary.column("mean_rank_shift")[1:]
    ]
    assert "Equal weights are left out: the index already uses them." in texts(
        good, "Other methods"
    )


def test_the_study_is_told_and_its_intervals_counted():
    study = s.uncertainty(GOOD, [s.WeightNoise(0.25)], n_samples=300, rng=4)
    page = report.audit(GOOD, study=study)
    width = study.rank_quantiles(0.95) - study.rank_quantiles(0.05)
    figure = answers(page)["5.1"]["figure"]
    assert figure.startswith(f"{(width < 10).mean():.0%} of 60 units; the median is ")
    assert f"the largest {width.max():.0f} ({GOOD.units[int(width.argmax())]})" in figure
    assert "over 300 simulations with these uncertain inputs: WeightNoise(" in texts(
        page, "Robustness"
    )
    assert "seed 4" in texts(page, "How to reproduce this")
    choices = {
        row[0]
        for caption, rows in tables(page, "Robustness").items()
        for row in rows
        if caption.startswith("How much each choice affects the ranks")
    }
    assert choices == {
        *(f"weight of Part {code}" for code in "PQR"),
        *(f"weight of Name of {code}" for code in "abcdefghi"),
    }


def test_loose_ranks_do_not_meet():
    wild = s.uncertainty(GOOD, [s.DirichletWeights(0.05)], n_samples=200, rng=1)
    assert verdicts(report.audit(GOOD, study=wild))["5.1"] == "does not meet"


def test_means_alternate_where_no_value_is_zero():
    posts = framework(**{code: {"goalposts": (-9, 9)} for code in "abcdefghi"})
    positive = Assessment(posts, table())
    page = report.audit(positive)
    assert "GeometricMean()" in texts(page, "Robustness")
    assert "Only the weights vary" not in texts(page, "Robustness")
    assert (
        tables(page, "Other methods")["How far ranks change under other methods."][0][0]
        == "geometric mean"
    )
    geometric = positive.evolve(aggregation=GeometricMean())
    rows = next(iter(tables(report.audit(geometric), "Other methods").values()))
    # A z-score is below 0, where there is no geometric mean.
    assert [row[0] for row in rows] == ["arithmetic mean", "percentile ranks"]
    assert "Z-scores: left out." in texts(report.audit(geometric), "Other methods")
    text = texts(report.audit(GOOD), "Robustness")
    assert "some normalised values are 0 or less" in text
    rule = texts(report.audit(GOOD.evolve(aggregation=Minimum())), "Robustness")
    assert "the index does not use arithmetic means, or geometric means, throughout" in rule
    assert "some normalised values are 0 or less" in texts(report.audit(GOOD), "Other methods")


def test_choices_that_nodes_carry_are_not_overridden_in_silence():
    index = framework(**{code: {"goalposts": (-9, 9)} for code in "abcdefghi"})
    own = attrs.evolve(index, weighting=Equal(), aggregation=ArithmeticMean())
    page = report.audit(Assessment(own, table()))
    text = texts(page, "Other methods")
    assert "Equal weights are left out: some nodes of the index have their own weighting." in text
    assert (
        "The geometric mean is left out: some nodes of the index have their own aggregation."
    ) in text
    assert "which takes precedence over alternatives" in texts(page, "Robustness")


def test_methods_that_the_index_has_are_no_alternatives():
    scored = report.audit(GOOD.evolve(normalisation=ZScore()), study=STUDY)
    rows = next(iter(tables(scored, "Other methods").values()))
    assert [row[0] for row in rows] == [
        "geometric mean of values from 1 to 100",
        "percentile ranks",
    ]
    own = attrs.evolve(framework(), weighting=Equal(), aggregation=ArithmeticMean())
    both = Method(normalisation={"a": ZScore(), "*": PercentileRank()})
    page = report.audit(Assessment(own, table(), method=both), study=STUDY)
    assert answers(page)["6.1"]["verdict"] == "cannot be judged: no other method can be applied"


def test_constants_of_a_formula_are_not_judged():
    mixed = Index("T", [Indicator("a"), Indicator("k", constant=1.0, goalposts=(0, 2))])
    page = report.audit(Assessment(mixed, table()))
    assert answers(page)["1.4"]["figure"] == "0 of 1 have a name and 0 of 1 have a source"
    assert answers(page)["2.4"]["figure"] == "none"


def test_unequal_weights_are_compared_and_an_unimportant_part_is_named():
    index = framework().with_weights({"P": 8.0, "Q": 1.0, "R": 1.0})
    data = table() | {c: np.random.default_rng(20 + k).normal(size=N) for k, c in enumerate("abc")}
    page = report.audit(Assessment(index, data))
    assert "equal weights" in answers(page)["6.1"]["figure"]
    level = framework().with_weights({"P": 0.02, "Q": 0.49, "R": 0.49})
    page = report.audit(Assessment(level, data))
    assert "far from the weight for P" in answers(page)["4.1"]["figure"]
    assert verdicts(page)["4.1"] == "does not meet"
    assert "weak: P" in answers(page)["4.2"]["figure"]


def test_an_index_of_one_factor_adds_nothing_to_its_parts():
    page = report.audit(Assessment(framework(), table(noise=0.01)), study=STUDY)
    assert verdicts(page)["2.5"] == "does not meet"
    one = np.random.default_rng(2).normal(size=N)
    data = table() | {c: one + 0.01 * table()[c] for c in "abcdefghi"}
    page = report.audit(Assessment(framework(), data), study=STUDY)
    assert {verdicts(page)[k] for k in ("3.1", "3.3", "3.4")} == {"meets"}
    assert {verdicts(page)[k] for k in ("7.1", "7.2")} == {"does not meet"}
    assert "below the threshold for Part P, Part Q, Part R" in answers(page)["7.1"]["figure"]
    assert "; above the threshold: " in answers(page)["7.2"]["figure"]
    assert "and 4 more" in answers(page)["7.2"]["figure"]
    assert "33 more" in answers(page)["2.5"]["figure"]
    assert any("The first 20 of 36." in caption for caption in tables(page, "Data"))


def test_few_units_are_not_judged():
    data = {key: values[:6] for key, values in table().items()}
    page = report.audit(Assessment(framework(), data))
    open_ones = {k for k, verdict in verdicts(page).items() if verdict == "cannot be judged"}
    assert open_ones == {
        "1.2", "2.3", "2.5", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "5.1", "6.1", "7.1", "7.2",
    }  # fmt: skip
    assert answers(page)["3.1"]["verdict"] == (
        "cannot be judged: 6 units have a score, but 10 are needed"
    )
    assert answers(page)["5.1"]["verdict"].endswith(
        "ten places are a lot among 6 units; this question is for 30 to 500 units"
    )
    check(page.html())
    fixed = framework(**{code: {"goalposts": (-9, 9)} for code in "abcdefghi"})
    alone = report.audit(Assessment(fixed, {key: values[:1] for key, values in table().items()}))
    assert answers(alone)["2.4"]["verdict"].endswith("there is only one unit")
    assert answers(alone)["3.3"]["verdict"].endswith("1 unit has a score, but 10 are needed")
    check(alone.html())


def test_an_index_of_one_level_is_audited():
    flat = Index("T", [Indicator(code) for code in "abc"])
    page = report.audit(Assessment(flat, table()))
    assert answers(page)["1.1"]["figure"] == "1 level below the index, 3 indicators"
    assert answers(page)["1.1"]["verdict"].endswith("there are no sub-indices")
    assert answers(page)["3.1"]["figure"].startswith("0 of 3 pairs")
    assert answers(page)["3.2"]["verdict"].endswith(
        "the index does not have two sub-indices to compare"
    )
    assert "at 1 of 1 nodes" in answers(page)["3.3"]["figure"]
    single = report.audit(Assessment(Index("T", [Indicator("a")]), table()))
    assert verdicts(single)["7.2"] == "does not meet"
    for number, reason in {
        "3.1": "there is no pair to correlate",
        "3.3": "no node has more than one child",
        "3.4": "principal components cannot be computed at any node",
        "4.1": "the index has only one child",
        "5.1": "WeightNoise does not change any weight",
        "7.1": "the index has only one child",
    }.items():
        assert reason in answers(single)[number]["verdict"]


def test_a_panel_is_audited_in_one_period():
    early, late = table(), table(seed=6)
    late["a"] = -late["a"]
    late["b"][:40] = np.nan
    both = {key: [*early[key], *late[key]] for key in early} | {"year": [2000] * N + [2010] * N}
    panel = Assessment(framework(), both, period="year")
    page = report.audit(panel, period=2000)
    assert page.subtitle == "60 units, 9 indicators, 2000"
    assert verdicts(page)["3.1"] == verdicts(page)["2.1"] == "meets"
    assert verdicts(report.audit(panel, period=2010))["3.1"] == "does not meet"
    assert verdicts(report.audit(panel, period=2010))["2.1"] == "does not meet"
    assert answers(page)["5.1"]["figure"].split(";")[0].endswith(" of 60 units")
    found = s.importance(panel, period=2000)
    (rows,) = tables(page, "Weights and importance").values()
    assert [row[3] for row in rows] == [f"{share:.2f}" for share in found.shares]
    with pytest.raises(MethodError, match="several periods: choose one of"):
        report.audit(panel)
    with pytest.raises(UnknownCodeError, match="no period 2020"):
        report.audit(panel, period=2020)


def test_what_cannot_be_computed_says_why():
    data = table()
    for k, code in enumerate("abcdefghi"):
        data[code] = np.full(N, float(k))
    posts = framework(**{code: {"goalposts": (-9, 9)} for code in "abcdefghi"})
    page = report.audit(Assessment(posts, data, method=Method(normalisation=Goalposts())))
    for number, reason in {
        "3.1": "no two indicators have values for 10 of the same units",
        "3.2": "no indicator has values for 10 units that the sub-indices cover",
        "3.3": "alpha cannot be computed at any node",
        "3.4": "principal components cannot be computed at any node",
        "4.1": "the weight or the importance is not known for Part P, Part Q, Part R",
        "4.2": "no node below the index varies",
        "7.2": "no indicator that varies has values for 10 units",
    }.items():
        assert reason in answers(page)[number]["verdict"]
    half = table()
    for codes, there in (("ab", slice(0, 9)), ("cdefghi", slice(9, None))):
        for code in codes:
            half[code] = np.full(N, np.nan)
            half[code][there] = table()[code][there]
    page = report.audit(Assessment(framework(), half))
    rows = tables(page, "Correlations")[
        "The first principal component of the children of each node."
    ]
    assert "components require at least two units" in rows[0][-1]
    little = table()
    little["b"][8:] = np.nan
    page = report.audit(Assessment(framework(), little))
    rows = tables(page, "Correlations")[
        "The first principal component of the children of each node."
    ]
    assert rows[0][-1] == "8 units have values for all children, but 10 are needed"
    nobody = Assessment(
        Index("T", [Indicator(code, goalposts=(0, 9)) for code in "ab"]),
        {"unit": list("XYZ"), "a": [1, 2, None], "b": [None, None, 3]},
        method=Method(missing="propagate"),
    )
    page = report.audit(nobody)
    assert "no unit has a score of 'T'" in answers(page)["5.1"]["verdict"]
    assert answers(page)["4.1"]["verdict"].endswith("0 units have a score, but 10 are needed")
    check(page.html())


def test_parts_with_ranks_of_few_units_are_not_compared():
    data = table(n=40)
    for code in "abc":
        data[code][:20] = np.nan
    page = report.audit(Assessment(framework(), data))
    found = next(iter(tables(page, "Added value").values()))
    assert [row[0] for row in found] == ["Q", "R"]
    for codes, rows in (("def", slice(0, 20)), ("ghi", slice(20, 40))):
        for code in codes:
            data[code][rows] = np.nan
    page = report.audit(Assessment(framework(), data))
    assert answers(page)["7.1"]["verdict"].endswith(
        "no node below the index has ranks for 30 units"
    )


def test_ten_places_among_very_many_units_are_not_judged():
    page = report.audit(
        Assessment(Index("T", [Indicator("a"), Indicator("b")]), table(n=501)),
    )
    for number in ("5.1", "7.1"):
        assert answers(page)[number]["verdict"].endswith(
            "ten places are few among 501 units; this question is for 30 to 500 units"
        )
    assert "2 uncertain factors, 501 units" in texts(page, "Robustness")


# -- in other languages ----------------------------------------------------------------------------

FRENCH = language_of("fr")
NO_BREAK = "\N{NO-BREAK SPACE}"


def said(page):
    """Give all texts of an audit that are not a statement, with plain spaces."""
    found = [page.title, page.subtitle]
    for section in page.sections:
        found.append(section.title)
        for block in section.blocks:
            if isinstance(block, Paragraph):
                found.append(block.text)
            elif isinstance(block, Table):
                found += [block.caption, *block.head, *(cell for row in block.rows for cell in row)]
            elif isinstance(block, Picture):
                found += [block.alt, block.caption]
    return [text.replace(NO_BREAK, " ") for text in found]


def answers_of(page):
    """Give the rows of the summary by number, whatever the language."""
    return {row[0]: row for row in page.sections[0].blocks[1].rows}


@cache
def judged():
    """Give assessments that between them meet, miss and leave open most thresholds."""
    few = {key: values[:6] for key, values in table().items()}
    poor = table() | {"a": -table()["a"], "d": 2 * table()["e"]}
    poor["b"][:30] = np.nan
    poor["g"][0] = 90.0
    weights = framework(a={"source": ""}).with_weights({"P": 8.0, "Q": 1.0, "R": 1.0})
    return {
        "good": GOOD,
        "few": Assessment(framework(), few),
        "poor": Assessment(weights, poor),
        "strict": Assessment(framework(), poor, method=Method(availability=0.95)),
        "flat": Assessment(Index("T", [Indicator(code) for code in "abc"]), table()),
        "large": Assessment(Index("T", [Indicator(code) for code in "ab"]), table(n=501)),
        "other rule": GOOD.evolve(aggregation=Minimum()),
    }


@pytest.mark.parametrize("case", judged())
def test_an_audit_in_french_judges_as_the_english_one(case):
    one = judged()[case]
    english, french = report.audit(one), report.audit(one, lang="fr")
    assert english.lang is ENGLISH
    assert french.lang is FRENCH
    verdict = {"meets": "respecté", "does not meet": "non respecté"}
    own, other = (page.sections[0].blocks[1].rows for page in (english, french))
    assert [row[0] for row in own] == [row[0] for row in other]
    assert [verdict.get(row[5], "ne peut être apprécié") for row in own] == [
        row[5].split(NO_BREAK)[0] if ":" in row[5] else row[5] for row in other
    ]
    blocks = [[b for part in page.sections for b in part.blocks] for page in (english, french)]
    tables_of = [[b for b in found if isinstance(b, Table)] for found in blocks]
    assert [(len(t.head), len(t.rows), t.words) for t in tables_of[0]] == [
        (len(t.head), len(t.rows), t.words) for t in tables_of[1]
    ]
    check(french.html(), "fr")


@pytest.mark.parametrize("case", judged())
def test_nothing_of_an_audit_in_french_is_left_in_english(case):
    texts_ = said(report.audit(judged()[case], lang="fr"))
    english = [text for text in FRENCH.messages if FRENCH.messages[text] != text]
    assert set(english).isdisjoint(texts_)
    fixed = [text for text in english if "{" not in text and len(text) > 20]
    assert [(text, own) for own in texts_ for text in fixed if text in own] == []


def test_an_audit_in_french_reads_well():
    page = report.audit(GOOD, study=STUDY, lang="fr")
    own = said(page)
    assert own[:2] == ["Audit statistique : Test", "60 entités, 9 indicateurs"]
    assert [part.title for part in page.sections] == [
        "Synthèse", "Cadre conceptuel", "Données", "Corrélations", "Poids et importance",
        "Robustesse", "Autres méthodes", "Valeur ajoutée", "Sources des seuils", "Méthodes",
        "Reproduire ces résultats",
    ]  # fmt: skip
    for text in (
        "Bilan des 20 questions : seuil respecté pour 19, non respecté pour 0, appréciation ",
        "impossible pour 1. Un seuil est une convention, non une preuve",
        "2.1 Chaque indicateur est-il renseigné pour un nombre suffisant d’entités ? Résultat : 0",
        "0 sur 9 au-dessous du seuil ; minimum : Name of a, avec 100 %. Seuil habituel : 65 % des entités (",
        "des entités (COINr (2022)). Respecté.",
        "Ne peut être apprécié : seuls les spécialistes du domaine",
        "|asymétrie| > 2 et aplatissement > 3,5",
        "Rangs dans 200 simulations où varient les paramètres suivants : WeightNoise(",
        "L’équipondération est écartée : c’est déjà celle de l’indice.",
        "Certains textes sont en anglais",
    ):
        assert any(text in one for one in own), text
    (sources,) = page.sections[8].blocks
    assert sources.markdown.startswith(f"- Manuel OCDE/JRC (2008){NO_BREAK}: OCDE")
    assert sources.lang == ""
    few = report.audit(Assessment(framework(), {k: v[:6] for k, v in table().items()}), lang="fr")
    assert "Ne peut être apprécié : 6 entités ont un score ; il en faut 10." in " ".join(said(few))
    # Reasons come by errors, and keep the spaces of the language all the same.
    assert f"6 entités ont un score{NO_BREAK}; il en faut 10" in answers_of(few)["2.3"][5]


def test_an_unknown_language_of_an_audit_is_refused():
    with pytest.raises(MethodError, match=r"lang must be one of 'en', 'fr', or the path of"):
        report.audit(GOOD, study=STUDY, lang="xx")


def test_one_unit_and_one_indicator_are_in_the_singular():
    alone = {key: values[:1] for key, values in table().items()}
    one = Assessment(Index("T", [Indicator("a", goalposts=(-9, 9))]), alone)
    assert report.audit(one).subtitle == "1 unit, 1 indicator"
    assert report.audit(one, lang="fr").subtitle == "1 entité, 1 indicateur"


# -- limits ----------------------------------------------------------------------------------------


def test_copeland_is_audited():
    page = report.audit(GOOD.evolve(aggregation=Copeland()), study=STUDY)
    check(page.html())
    assert verdicts(page)["3.1"] == "meets"


def test_long_studies_and_many_indicators_are_cut():
    codes = [f"x{k:03d}" for k in range(101)]
    rng = np.random.default_rng(3)
    wide = Assessment(
        Index("T", [Indicator(code) for code in codes]),
        {"unit": list(range(12)), **{code: rng.random(12) for code in codes}},
    )
    page = report.audit(wide)
    assert "The correlations between 101 indicators are not drawn" in texts(page, "Correlations")
    assert "with 101 uncertain factors, 12 units" in texts(page, "Robustness")


def test_whatever_names_hold_is_shown_as_it_is():
    check(report.audit(hostile()).html())


def test_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report.audit(GOOD, study=STUDY)


def test_what_is_no_assessment_or_study_of_it_is_refused():
    with pytest.raises(MethodError, match="assessment must be of the class Assessment"):
        report.audit("T")
    with pytest.raises(MethodError, match="study must be of the class Uncertainty"):
        report.audit(GOOD, study="T")
    part = s.uncertainty(GOOD, [s.WeightNoise(0.25)], n_samples=2, rng=1, node="P")
    with pytest.raises(MethodError, match="study must be of the index, 'T', got one of 'P'"):
        report.audit(GOOD, study=part)
    other = Assessment(framework(), table(n=30))
    with pytest.raises(MethodError, match="study must be of the same units"):
        report.audit(other, study=STUDY)
    with pytest.raises(MethodError, match="the data have no periods, got period=3"):
        report.audit(GOOD, period=3)
