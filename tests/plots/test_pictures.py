"""What the pictures show, the errors, and that they use the axes that come in."""

import json

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt
from tests.capability.cases import DATA, INDEX, example

from dli import Assessment, Index, Indicator, Method, datasets, models, plots
from dli.aggregation import Copeland, GeometricMean
from dli.change import change, difference
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import Goalposts, MinMax, PercentileRank
from dli.robustness import order
from dli.sensitivity import Alternatives, WeightNoise, sobol, uncertainty
from dli.treatment import Percentiles
from dli.weighting import BenefitOfTheDoubt

PANEL = {**DATA, "unit": ["X", "Y", "X", "Y"], "year": [1, 1, 2, 2]}


@pytest.fixture(autouse=True)
def _closed():
    plt.close("all")  # what other tests may have left
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


@pytest.fixture(scope="module")
def study():
    return uncertainty(example(), [WeightNoise(0.5)], n_samples=200, rng=1)


@pytest.fixture(scope="module")
def real():
    data = datasets.load("digital-government")
    return Assessment(models.load("dli-public"), data, unit="iso3")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.framework(INDEX, ax=ax),
        lambda ax: plots.league(example(), ax=ax),
        lambda ax: plots.profile(example(), "X", ax=ax),
        lambda ax: plots.distributions(example(), ax=ax),
        lambda ax: plots.correlations(example(), ax=ax),
        lambda ax: plots.weight_stability(example(), "A", ax=ax),
        lambda ax: plots.bump(example(data=PANEL, period="year"), ["X"], ax=ax),
        lambda ax: plots.waterfall(difference(example(), "X", "Y"), ax=ax),
        lambda ax: plots.hasse(order(example()), ax=ax),
    ],
    ids=[
        "framework",
        "league",
        "profile",
        "distributions",
        "correlations",
        "stability",
        "bump",
        "waterfall",
        "hasse",
    ],
)
def test_axes_that_come_in_are_used_and_returned(draw):
    _, ax = plt.subplots()
    assert draw(ax) is ax
    assert len(plt.get_fignums()) == 1


def test_a_framework_is_rings_as_wide_as_weights():
    index = Index(
        "T", [Index("A", [Indicator("a", weight=3), Indicator("b")], weight=3), Indicator("c")]
    )
    ax = plots.framework(index)
    assert texts(ax) == ["A", "c", "a", "b", "T"]
    widths = [p.theta2 - p.theta1 for p in ax.patches]
    assert widths == pytest.approx([270, 90, 202.5, 67.5])
    weightless = Index("T", [Indicator("a", weight=0), Indicator("b", weight=0)])
    assert texts(plots.framework(weightless)) == ["T", "segments too small for their codes: 2"]


def test_a_league_divides_scores_by_what_parts_bring():
    assessment = example()
    ax = plots.league(assessment, highlight=["Y"])
    assert ticks(ax.yaxis) == ["V", "Y", "Z", "X"]
    bold = [label.get_text() for label in ax.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["Y"]
    widths = np.array([bar.get_width() for bar in ax.patches]).reshape(2, 4)
    assert widths.sum(axis=0) == pytest.approx(-np.sort(-assessment.array("T")))
    assert len(plots.league(assessment, top=2).patches) == 4
    geometric = example(aggregation=GeometricMean(), normalisation=MinMax(1, 100))
    for whole in (example(aggregation=Copeland()), geometric):  # in one piece
        assert len(plots.league(whole).patches) == 4
    assert ticks(plots.league(example(data=PANEL, period="year"), period=2).yaxis) == ["Y", "X"]


def test_193_names_have_room(real):
    ax = plots.league(real)
    assert len(ax.get_yticks()) == 193
    height = ax.figure.get_size_inches()[1] / 193 * 72
    assert height > ax.get_yticklabels()[0].get_fontsize()


def test_a_profile_shows_the_unit_among_others():
    ax = plots.profile(example(), "X", peers=["Y", "Z"])
    assert ticks(ax.yaxis) == ["T", "A", "B"]
    dots = [
        line.get_xdata()[0]
        for line in ax.lines
        if line.get_marker() == "o" and len(line.get_xdata())
    ]
    assert dots == pytest.approx([example().array(code)[0] for code in "TAB"])
    alone = example(data={**DATA, "a1": [None, 1.0, 2.0, 3.0], "a2": [None, 2.0, 3.0, 4.0]})
    shown = plots.profile(alone, "X", peers=["X"])
    assert (
        len([line for line in shown.lines if line.get_marker() == "o"]) == 3
    )  # no A, one for the legend
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        plots.profile(example(), "X", peers=["Q"])


def test_a_radar_shows_a_few_units():
    ax = plots.radar(example(), ["X", "Y"], nodes=2)
    assert [line.get_label() for line in ax.lines] == ["X", "Y"]
    assert ax.lines[0].get_ydata()[:4] == pytest.approx([20, 40, 60, 30])
    with pytest.raises(MethodError, match="got 1 units and 2 nodes"):
        plots.radar(example(), ["X"])
    with pytest.raises(MethodError, match="requires polar axes"):
        plots.radar(example(), ["X"], nodes=2, ax=plt.figure().subplots())


def test_distributions_mark_what_treatment_moved():
    treated = example(treatment=Percentiles(20, 80))
    ax = plots.distributions(treated, ["a1"])
    moved = [line for line in ax.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert moved[0].get_xdata().tolist() == pytest.approx([0.0, 1.0])
    assert ticks(ax.yaxis) == ["a1"]
    flat = example(data={**DATA, "a1": [5.0] * 4})
    assert ticks(plots.distributions(flat).yaxis) == ["a1", "a2", "b1", "b2"]
    with pytest.raises(
        MethodError, match=r"distributions can only be drawn for indicators.*\n.*'A'"
    ):
        plots.distributions(example(), ["A"])
    with pytest.raises(UnknownCodeError, match="no node 'q'"):
        plots.distributions(example(), ["q"])


def test_correlations_are_written_where_there_is_room(real):
    ax = plots.correlations(example())
    assert len(ax.texts) == 16
    assert ax.texts[0].get_text() == "1.00"
    assert not plots.correlations(real, method="spearman").texts
    flat = plots.correlations(example(data={**DATA, "a1": [5.0] * 4}))
    assert [text.get_text() for text in flat.texts[:4]] == ["–"] * 4
    with pytest.raises(MethodError, match="no correlation can be computed"):
        plots.correlations(example(data={name: cells[:1] for name, cells in DATA.items()}))


def test_rank_intervals_and_acceptability_follow_the_nominal_order(study):
    ax = plots.rank_intervals(study, highlight=["X"])
    assert ticks(ax.yaxis) == ["V", "Y", "Z", "X"]
    medians = ax.collections[-1].get_offsets()[:, 0]
    assert medians.tolist() == pytest.approx(study.rank_quantiles(0.5)[[3, 1, 2, 0]].tolist())
    heat = plots.rank_acceptability(study, top=None)
    shares = heat.images[0].get_array()
    assert np.asarray(shares).sum(axis=1) == pytest.approx(np.ones(4))
    assert ticks(heat.yaxis) == ["V", "Y", "Z", "X"]
    panel = uncertainty(example(data=PANEL, period="year"), [WeightNoise(0.5)], n_samples=9, rng=1)
    assert ticks(plots.rank_intervals(panel, period=2).yaxis) == ["Y", "X"]
    assert ticks(plots.rank_acceptability(panel, period=1).yaxis) == ["Y", "X"]
    with pytest.raises(MethodError, match="several periods: choose one of"):
        plots.rank_acceptability(panel)


def test_sobol_bars_are_the_indices():
    found = sobol(
        example(),
        [WeightNoise(0.5), Alternatives("normalisation", [MinMax(), PercentileRank(0, 100)])],
        n_samples=64, rng=1, output=["mean_rank_shift", "score"], groups="inputs",
    )  # fmt: skip
    ax = plots.sobol(found)
    widths = sorted(bar.get_width() for bar in ax.patches)
    expected = np.concatenate([found.first_order[:, 0], found.total_order[:, 0]])
    assert widths == pytest.approx(sorted(expected.tolist()))
    assert plots.sobol(found, output="score", unit="Y").get_xlabel().endswith("score of Y")
    with pytest.raises(MethodError, match="output 'score' has a value for each unit"):
        plots.sobol(found, output="score")
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        plots.sobol(found, output="score", unit="Q")
    panel = example(data=PANEL, period="year")
    by_year = sobol(panel, [WeightNoise(0.5)], n_samples=16, rng=1, output="score", groups="inputs")
    own = plots.sobol(by_year, output="score", unit="X", period=2).patches[0].get_width()
    assert own == pytest.approx(by_year.first_order[0, panel.row("X", period=2)])


def test_weight_stability_draws_lines_that_meet_where_units_swap():
    index = Index(
        "T",
        [Indicator(c, weight=w, goalposts=(0, 100)) for c, w in zip("abc", (5, 3, 2), strict=True)],
    )
    data = {"unit": ["p", "q"], "a": [80.0, 60.0], "b": [40.0, 70.0], "c": [60.0, 55.0]}
    assessment = Assessment(index, data, method=Method(normalisation=Goalposts()))
    ax = plots.weight_stability(assessment, "a")
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([4 / 9])  # as worked out beforehand for weights of .5, .3 and .2
    own = example(weighting={"A": BenefitOfTheDoubt()})
    with pytest.raises(MethodError):
        plots.weight_stability(own, "a1")


@pytest.mark.parametrize(
    ("assessment", "code", "message"),
    [
        (example(), "T", "cannot vary the weight of 'T': it does not have siblings"),
        (
            example(aggregation=GeometricMean(), normalisation=Goalposts(1, 100)),
            "A",
            "the aggregation at 'T' must be an arithmetic mean",
        ),
        (
            example(data={**DATA, "a1": [None] * 4}),
            "a1",
            "no unit has the scores of all children of 'A'",
        ),
    ],
)
def test_weights_that_cannot_move_are_refused(assessment, code, message):
    with pytest.raises(MethodError, match=message):
        plots.weight_stability(assessment, code)


def test_bumps_are_ranks_over_periods():
    data = {
        "unit": list("XYZ") * 3,
        "year": [1] * 3 + [2] * 3 + [3] * 3,
        "a": [1.0, 2, 3, 6, 5, 4, 7, 8, 9],
    }
    panel = Assessment(Index("T", [Indicator("a")]), data, period="year")
    ax = plots.bump(panel, ["X"])
    line = next(line for line in ax.lines if line.get_marker() == "o")
    assert line.get_ydata().tolist() == [3, 1, 3]
    assert texts(ax) == ["X"]
    with pytest.raises(UnknownCodeError, match="no unit 'Q'"):
        plots.bump(panel, ["Q"])
    with pytest.raises(MethodError, match="bump requires an assessment with periods"):
        plots.bump(example(), ["X"])


def test_a_waterfall_leads_from_one_score_to_the_other():
    assessment = example()
    table = difference(assessment, "X", "Y")
    ax = plots.waterfall(table, start=float(assessment.array("T")[1]), top=2)
    assert ticks(ax.yaxis)[-1] == "2 others"
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends[-1] == pytest.approx(assessment.array("T")[0])
    panel = example(data=PANEL, period="year")
    changed = change(panel, panel.evolve(aggregation=GeometricMean(), normalisation=Goalposts(1, 100)), "X",
                     period_before=1, period_after=2)  # fmt: skip
    assert "method" in ticks(plots.waterfall(changed).yaxis)
    with pytest.raises(
        DataError,
        match="waterfall requires a table with the columns points and code:\n  - column 'points'",
    ):
        plots.waterfall({"code": ["a"]})


def test_a_hasse_diagram_puts_the_better_above():
    rows = {"unit": list("STUV"), "a1": [9.0, 5, 6, 1], "a2": [9.0, 6, 5, 1],
            "b1": [9.0, 5, 5, 1], "b2": [1.0, 5, 5, 9]}  # fmt: skip
    ordered = order(example(data=rows))
    ax = plots.hasse(ordered, highlight=["T"])
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert all(heights[a] > heights[b] for a, b in ordered.edges)
    strong = [line for line in ax.lines if line.get_color() == plots.Style().good]
    assert (len(ax.lines), len(strong)) == (4, 2)  # S above T above V
    with pytest.raises(DataError, match="must be in the order; these are not:\n  - 'Q'"):
        plots.hasse(ordered, highlight=["Q"])


def square(x, name, kind="Polygon"):
    ring = [[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]]
    coordinates = [ring] if kind == "Polygon" else [[ring]]
    return {"properties": {"id": name}, "geometry": {"type": kind, "coordinates": coordinates}}


def test_a_map_fills_what_has_a_score(tmp_path):
    features = [
        square(0, "X"),
        square(1, "Y", "MultiPolygon"),
        square(2, "none"),
        {"geometry": None},
    ]
    world = {"type": "FeatureCollection", "features": features}
    ax = plots.choropleth(example(), world, key="id")
    filled, hatched = ax.collections
    assert filled.get_array().tolist() == pytest.approx(example().array("T")[:2].tolist())
    assert len(hatched.get_paths()) == 1
    assert ax.get_title() == "not on the map: V, Z"
    whole = [square(i, unit) for i, unit in enumerate("XYZV")]
    assert plots.choropleth(example(), {"features": whole}, key="id").get_title() == ""
    path = tmp_path / "world.geojson"
    path.write_text(json.dumps(world))
    assert len(plots.choropleth(example(), path, key="id", node="A").collections) == 2


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"type": "Feature"}, "must be a GeoJSON FeatureCollection"),
        (
            {"features": [square(0, "Q")]},
            "no feature matches a unit with a score by its property 'id'",
        ),
        ("nowhere.geojson", "cannot read GeoJSON from 'nowhere.geojson'"),
    ],
)
def test_geometry_that_does_not_fit_is_refused(geometry, message):
    with pytest.raises(DataError, match=message):
        plots.choropleth(example(), geometry, key="id")
