"""UNDP's indices of gender and inequality from one file each, and other methods said in files."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dli import Assessment, datasets, frames
from dli.errors import MethodError, ModelError

pytestmark = pytest.mark.once

FOLDER = Path(__file__).parents[1] / "examples" / "replications"
TABLES = {"gii": "undp-gender", "gdi": "undp-gender", "ihdi": "undp-ihdi"}
# Column of the published figures: (file, node, number of figures).
PUBLISHED = {
    "gii": ("gii", "GII", 4405),
    "gdi": ("gdi", "GDI", 4710),
    "ihdi": ("ihdi", "IHDI", 1963),
    "hdi": ("ihdi", "HDI", 1963),
}


def _table(name):
    return datasets.load(TABLES[name], "mapping")


@pytest.fixture(scope="module")
def found():
    return {
        name: Assessment.from_file(
            FOLDER / f"{name}.toml", datasets.load(table), unit="iso3", period="year"
        )
        for name, table in TABLES.items()
    }


def _differ(assessment, node, published):
    """Return how many published figures are not those of a node at three decimals."""
    given = np.isfinite(published)
    return int((np.round(assessment.array(node)[given], 3) != published[given]).sum())


@pytest.mark.parametrize("column", PUBLISHED)
def test_every_published_figure_follows_from_the_file(found, column):
    name, node, number = PUBLISHED[column]
    published = _table(name)[column]
    assert np.isfinite(published).sum() == number
    assert _differ(found[name], node, published) == 0


def test_published_ranks_are_those_of_the_ratio(found):
    table = _table("gii")
    ranked = np.isfinite(table["gii_rank"])
    assert ranked.sum() == 166
    assert_array_equal(
        found["gii"].rank_array("equality")[ranked],
        table["gii_rank"][ranked],
    )
    # The index itself is ranked from the most unequal.
    highest = table["gii_rank"] == 166
    assert found["gii"].rank_array("GII")[highest].tolist() == [1]


@pytest.mark.parametrize("name", TABLES)
def test_rows_without_a_figure_lack_a_component(found, name):
    table, assessment = _table(name), found[name]
    columns = {i.data_column for i in assessment.index.indicators} - {None}
    lack = np.any([np.isnan(table[column]) for column in sorted(columns)], axis=0)
    assert_array_equal(np.isnan(table[name]), lack)
    assert_array_equal(np.isnan(assessment.array(name.upper())), lack)
    # 4,882 rows have one of the two indices of gender.
    assert lack.sum() == {"gii": 4882 - 4405, "gdi": 4882 - 4710, "ihdi": 0}[name]


def test_the_index_needs_its_limits_of_mortality(found):
    published, deaths = _table("gii")["gii"], _table("gii")["maternal_mortality"]
    beyond = np.isfinite(published) & ((deaths < 10) | (deaths > 1000))
    differ = _differ(found["gii"].evolve(treatment=None), "GII", published)
    # Limits that are not there can only change these values.
    assert 0.9 * beyond.sum() < differ <= beyond.sum()


def test_one_country_by_hand(found):
    # Argentina 1990, with the figures of the table: 0.489 is published.
    deaths, births = 87.81426539, 70.928
    seats, school = (0.2279635258, 0.7720364742), (0.3531240981, 0.3785017654)
    work = (0.2911, 0.7868)
    health = np.sqrt(10 / deaths / births)
    power = np.sqrt(np.multiply(seats, school))
    sexes = np.cbrt(np.multiply(power, work) * (health, 1))
    equal = np.cbrt((health + 1) / 2 * power.mean() * np.mean(work))
    row = found["gii"].row("ARG", period=1990)
    for node, percent in {
        "women_health": health,
        "power_men": power[1],
        "women": sexes[0],
        "men": sexes[1],
        "both": 2 / (1 / sexes).sum(),
        "equal": equal,
    }.items():
        assert_allclose(found["gii"].array(node)[row], 100 * percent, rtol=1e-8)
    expected = 1 - 2 / (1 / sexes).sum() / equal
    assert_allclose(found["gii"].array("GII")[row], expected, rtol=1e-8)
    assert round(expected, 3) == 0.489


def test_both_sexes_by_hand(found):
    # Argentina 1990: the goalposts of life expectancy are 65 years apart for both sexes.
    life = np.array([74.963 - 22.5, 68.552 - 17.5]) / 65
    schooling = np.array([14.20767627 / 18 + 8.005130755 / 15, 12.60815149 / 18 + 8.259140797 / 15])
    income = np.log([80.89508152, 192.6265589]) / np.log(750)
    women, men = np.cbrt(life * schooling / 2 * income)
    row = found["gdi"].row("ARG", period=1990)
    assert_allclose(found["gdi"].arrays(["women", "men"])[row], [100 * women, 100 * men])
    assert_allclose(found["gdi"].array("GDI")[row], women / men)
    assert round(women / men, 3) == 0.968


@pytest.mark.parametrize("name", TABLES)
def test_files_are_short_and_hold_all(found, name, tmp_path):
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert sorted(tomllib.loads(text)) == ["format", "index", "method", "node"]
    found[name].save_methodology(tmp_path / "again.toml")
    again = Assessment.from_file(
        tmp_path / "again.toml", datasets.load(TABLES[name]), unit="iso3", period="year"
    )
    assert again.index == found[name].index
    assert_array_equal(again.array(name.upper()), found[name].array(name.upper()))


# -- other published methods, on figures that are made up ----------------------------------------


def _assess(folder, nodes, tables, data):
    path = folder / "methodology.toml"
    path.write_text(f'format = "dli-index/1"\nnode = [\n{nodes}\n]\n{tables}', encoding="utf-8")
    return Assessment.from_file(path, data)


def test_human_poverty_is_a_power_mean_of_order_three(tmp_path):
    # HPI-1: early death, illiteracy, and the mean of no safe water and underweight children.
    poverty = _assess(
        tmp_path,
        """
        { code = "HPI", aggregation = { method = "PowerMean", p = 3 } },
        { code = "early_death", parent = "HPI" },
        { code = "illiteracy", parent = "HPI" },
        { code = "living", parent = "HPI" },
        { code = "no_water", parent = "living" },
        { code = "underweight", parent = "living" },
        """,
        """
        [index]
        code = "free_of_poverty"
        aggregation = { method = "Complement", of = 100 }
        [method]
        missing = "propagate"
        normalisation = { method = "Unscaled" }
        """,
        {
            "unit": ["A", "B", "C"],
            "early_death": [10, 30, 5],
            "illiteracy": [20, 40, 5],
            "no_water": [5, 50, 5],
            "underweight": [15, 30, None],
        },
    )
    # A: 10, 20 and 10; B: 30, 40 and 40.
    expected = np.cbrt([10_000 / 3, 155_000 / 3, np.nan])
    assert_allclose(poverty.array("HPI"), expected)
    # The least poor comes first only above the complement.
    assert poverty.rank_array("free_of_poverty")[:2].tolist() == [1, 2]
    assert poverty.rank_array("HPI")[:2].tolist() == [2, 1]


POVERTY_NODES = """
    { code = "MPI", aggregation = { method = "CensoredMean", at = 0.3333 }, normalisation = { method = "CutOff", at = 0, inclusive = true } },
    { code = "health", parent = "MPI" },
    { code = "education", parent = "MPI" },
    { code = "living", parent = "MPI" },
    { code = "nutrition", parent = "health" },
    { code = "deaths", parent = "health", direction = -1 },
    { code = "schooling", parent = "education" },
    { code = "attendance", parent = "education" },
    { code = "water", parent = "living", direction = -1 },
    { code = "assets", parent = "living" },
    { code = "rooms", parent = "living" },
"""
POVERTY_METHOD = """
    [index]
    code = "poor"
    aggregation = { method = "Complement" }
    [method]
    missing = "propagate"
    normalisation = [
        { for = "nutrition", method = "CutOff", at = 1 },
        { for = "deaths", method = "CutOff", at = 0 },
        { for = "schooling", method = "CutOff", at = 6 },
        { for = "attendance", method = "CutOff", at = 1 },
        { for = "water", method = "CutOff", at = 30 },
        { for = "assets", method = "CutOff", at = 2 },
        { for = "rooms", method = "CutOff", at = 1 },
    ]
"""


def test_multidimensional_poverty_counts_who_is_poor_and_how_much(tmp_path):
    households = {
        "unit": ["A", "B", "C", "D"],
        "region": ["N", "N", "S", "S"],
        "people": [4, 6, 5, 1],
        "nutrition": [1, 0, 0, 1],
        "deaths": [0, 1, 0, 0],
        "schooling": [3, 2, 8, 7],
        "attendance": [1, 0, 1, 1],
        "water": [40, 10, 45, 5],
        "assets": [3, 1, 1, 4],
        "rooms": [2, 0.5, 0.5, 2],
    }
    poverty = _assess(tmp_path, POVERTY_NODES, POVERTY_METHOD, households)
    # A: schooling 1/6 and water 1/9, below a third; B: all but water; C: nutrition and living.
    assert_allclose(poverty.array("MPI"), [0, 8 / 9, 1 / 2, 0])
    assert poverty.array("poor").tolist() == [0, 1, 1, 0]
    regions = frames.read(poverty.groups("region", nodes=["MPI", "poor"], weight="people"))
    means = {
        (code, group): mean
        for code, group, mean in zip(
            regions.column("code"), regions.column("group"), regions.column("mean"), strict=True
        )
    }
    # Six of ten people in the north are poor, five of six in the south.
    assert_allclose(means["poor", "N"], 0.6)
    assert_allclose(means["poor", "S"], 5 / 6)
    # M0 = H * A: what the poor lack is 8/9 in the north and 1/2 in the south.
    assert_allclose(means["MPI", "N"], 0.6 * 8 / 9)
    assert_allclose(means["MPI", "S"], 5 / 6 / 2)


def test_sustainable_development_goals_between_a_percentile_and_a_target(tmp_path):
    goals = _assess(
        tmp_path,
        """
        { code = "goal_1" },
        { code = "goal_2" },
        { code = "poverty", parent = "goal_1", direction = -1 },
        { code = "hunger", parent = "goal_2", direction = -1 },
        { code = "yield", parent = "goal_2" },
        """,
        """
        [index]
        code = "SDG"
        [method]
        normalisation = [
            { for = "poverty", method = "MinMax", best = 0, percentiles = [2.5, 100] },
            { for = "hunger", method = "MinMax", best = 0, percentiles = [2.5, 100] },
            { for = "yield", method = "MinMax", best = 7, percentiles = [2.5, 100] },
        ]
        """,
        {
            "unit": ["A", "B", "C", "D", "E"],
            "poverty": [0, 10, 20, 30, 40],
            "hunger": [5, None, 10, 20, 40],
            "yield": [1, 2, 3, 4, 8],
        },
    )
    # The worst ends: 40 - 0.1 * 10, 40 - 0.075 * 20 and 1 + 0.1 * 1.
    assert_allclose(goals.array("poverty"), np.array([39, 29, 19, 9, 0]) / 0.39)
    assert_allclose(goals.array("hunger"), np.array([33.5, np.nan, 28.5, 18.5, 0]) / 0.385)
    assert_allclose(goals.array("yield"), np.array([0, 0.9, 1.9, 2.9, 5.9]) / 0.059)
    # B has no figure of hunger, so that goal 2 is its yield.
    assert_allclose(goals.array("SDG")[1], (29 / 0.39 + 0.9 / 0.059) / 2)
    assert_allclose(goals.array("SDG")[4], (0 + (0 + 100) / 2) / 2)


def test_risk_is_a_scaled_geometric_mean_of_hazards(tmp_path):
    # INFORM: (10 - g) / 9 * 10, where g is the geometric mean of (10 - x) / 10 * 9 + 1.
    risk = _assess(
        tmp_path,
        """
        { code = "hazard", aggregation = { method = "Complement", of = 10 }, normalisation = { method = "MinMax", high = 10, worst = 0, best = 9 } },
        { code = "safety", parent = "hazard" },
        { code = "quake", parent = "safety", direction = -1, goalposts = [10, 0] },
        { code = "flood", parent = "safety", direction = -1, goalposts = [10, 0] },
        { code = "vulnerability", goalposts = [0, 10] },
        """,
        """
        [index]
        code = "risk"
        [method]
        aggregation = { method = "GeometricMean" }
        normalisation = [
            { for = "quake", method = "MinMax", low = 1, high = 10 },
            { for = "flood", method = "MinMax", low = 1, high = 10 },
            { for = "vulnerability", method = "MinMax", high = 10 },
        ]
        """,
        {"unit": ["A", "B"], "quake": [0, 10], "flood": [10, 10], "vulnerability": [4, 9]},
    )
    # A: values of 10 and 1; B: 1 and 1.
    assert_allclose(risk.array("safety"), [np.sqrt(10), 1])
    hazard = np.array([(10 - np.sqrt(10)) / 0.9, 10])
    assert_allclose(risk.array("hazard", normalised=True), hazard)
    assert_allclose(risk.array("risk"), np.sqrt(hazard * [4, 9]))


def test_equally_distributed_income_has_shares_of_people_from_the_data(tmp_path):
    # The GDI until 2010: 1 / (share of women / x of women + share of men / x of men).
    equal = _assess(
        tmp_path,
        """
        { code = "one", constant = 1 },
        { code = "sum", aggregation = { method = "Sum" } },
        { code = "women", parent = "sum" },
        { code = "share_women", parent = "women" },
        { code = "x_women", parent = "women" },
        { code = "men", parent = "sum" },
        { code = "share_men", parent = "men" },
        { code = "x_men", parent = "men" },
        """,
        """
        [index]
        code = "equally_distributed"
        [method]
        missing = "propagate"
        aggregation = { method = "Ratio" }
        normalisation = { method = "Unscaled" }
        """,
        {
            "unit": ["A", "B"],
            "share_women": [0.25, 0.5],
            "share_men": [0.75, 0.5],
            "x_women": [0.5, 0.6],
            "x_men": [1, 0.6],
        },
    )
    # A: 1 / (0.5 + 0.75); B has no gap.
    assert_allclose(equal.array("equally_distributed"), [0.8, 0.6])


def test_a_power_of_one_indicator_is_a_product_with_a_weight_of_two(tmp_path):
    # Fiscal freedom in the Index of Economic Freedom: 100 - 0.03 * tax^2.
    freedom = _assess(
        tmp_path,
        """
        { code = "loss", aggregation = { method = "Product", total = 3 } },
        { code = "factor", parent = "loss", constant = 0.03, weight = 1 },
        { code = "tax", parent = "loss", weight = 2 },
        """,
        """
        [index]
        code = "freedom"
        aggregation = { method = "Complement", of = 100 }
        [method]
        normalisation = { method = "Unscaled" }
        """,
        {"unit": ["A", "B"], "tax": [10, 50]},
    )
    assert_allclose(freedom.array("freedom"), [97, 25])


# -- what a writer of such a file gets wrong ------------------------------------------------------


def _changed(tmp_path, *replacements, name="gii"):
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed.toml"
    path.write_text(text, encoding="utf-8")
    return Assessment.from_file(path, datasets.load(TABLES[name]), unit="iso3", period="year")


@pytest.mark.parametrize(
    ("replacement", "error", "match"),
    [
        (("deaths_2", "deaths"), ModelError, r"code 'deaths' appears 2 times"),
        (("constant = 1, goalposts = [0, 1]", "constant = 1"), MethodError, r"'men_health': all its values are 1"),
        (('"maternal_mortality", direction = -1', '"maternal_mortality"'), MethodError, r"Reciprocal reverses the order of values.*'deaths'"),
        (('code = "men", parent = "both"', 'code = "men", parent = "equality"'), MethodError, r"Ratio of 'equality': Ratio joins exactly two children, got 3"),
    ],
    ids=["one code twice", "constant without a scale", "direction", "three children"],
)  # fmt: skip
def test_mistakes_are_told_with_the_code(tmp_path, replacement, error, match):
    with pytest.raises(error, match=match):
        _changed(tmp_path, replacement)


def test_goalposts_of_income_are_logarithms(tmp_path):
    plain = _changed(tmp_path, ("log = true", "log = false"), name="ihdi")
    assert _differ(plain, "IHDI", _table("ihdi")["ihdi"]) > 1900
