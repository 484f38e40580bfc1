"""Tables that were compiled to be computed again: against their sources, and by their methods."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dli import datasets

SHARED = Path(__file__).parents[2] / "shared" / "data"

SVI_VARIABLES = {
    "poverty": "POV",
    "unemployment": "UNEMP",
    "income_per_head": "PCI",
    "no_diploma": "NOHSDP",
    "aged_65": "AGE65",
    "aged_17": "AGE17",
    "disability": "DISABL",
    "single_parent": "SNGPNT",
    "minority": "MINRTY",
    "limited_english": "LIMENG",
    "multi_unit": "MUNIT",
    "mobile_home": "MOBILE",
    "crowding": "CROWD",
    "no_vehicle": "NOVEH",
    "group_quarters": "GROUPQ",
}
# Themes 1 to 4 are these runs of the fifteen variables.
SVI_THEMES = [slice(0, 4), slice(4, 8), slice(8, 10), slice(10, 15)]

# Table: (file of the source, rows of the source that are left out, source of each column). A sum
# of counts has several sources.
SOURCES = {
    "us-svi-2018": (
        "cdc_svi_2018/svi_county_2018.csv",
        0,
        {
            "fips": "FIPS",
            "state": "ST_ABBR",
            "county": "COUNTY",
            **{name: f"EP_{code}" for name, code in SVI_VARIABLES.items()},
            **{f"epl_{name}": f"EPL_{code}" for name, code in SVI_VARIABLES.items()},
            **{f"{kind}_theme{i}": f"{kind.upper()}_THEME{i}" for kind in ("spl", "rpl") for i in range(1, 5)},
            "spl_total": "SPL_THEMES",
            "rpl_total": "RPL_THEMES",
        },
    ),
    "uk-townsend-2011": (
        "uk_townsend_2011/townsend_ward_2011.csv",
        0,
        {
            "ward": "GEO_CODE",
            "households": "F989",
            "no_car": "F991",
            "renting": ("F2357", "F2362", "F2368"),
            "overcrowded": ("F2081", "F2083"),
            "active": "F244",
            "unemployed": "F248",
            "score": "TDS",
            "quintile": "quintile",
        },
    ),
    "undp-gender": (
        "undp_hdr_2024/gender_inequality_1990_2022.csv",
        78,
        {
            "year": "year",
            "iso3": "iso3",
            "gii": "gii",
            "gii_rank": "gii_rank",
            "maternal_mortality": "mmr",
            "adolescent_births": "abr",
            "gdi": "gdi",
            **{
                f"{name}_{sex}": f"{code}_{sex[0].replace('w', 'f')}"
                for name, code in {
                    "parliament": "pr",
                    "secondary": "se",
                    "labour": "lfpr",
                    "life_expectancy": "le",
                    "expected_schooling": "eys",
                    "mean_schooling": "mys",
                    "income_per_head": "gni_pc",
                }.items()
                for sex in ("women", "men")
            },
        },
    ),
    "undp-ihdi": (
        "undp_hdr_2024/gender_inequality_1990_2022.csv",
        4960 - 1963,
        {
            "year": "year",
            "iso3": "iso3",
            "ihdi": "ihdi",
            "hdi": "hdi",
            "life_expectancy": "le",
            "expected_schooling": "eys",
            "mean_schooling": "mys",
            "income_per_head": "gnipc",
            "inequality_life": "ineq_le",
            "inequality_education": "ineq_edu",
            "inequality_income": "ineq_inc",
        },
    ),
    "wb-spi": (
        "wb_spi/spi_2016_2023.csv",
        0,
        {
            name: name
            for name in (
                "year", "iso3", "spi",
                "data_use", "data_services", "data_products", "data_sources", "data_infrastructure",
            )
        },
    ),
    "oecd-dgi-2023": (
        "oecd_dgi_2023/dgi_2023.csv",
        0,
        {
            "iso3": "iso3",
            "dgi": "dgi",
            "rank": "rank",
            "digital_by_design": "digital_design",
            "data_driven": "data_driven",
            "platform": "govt_as_platform",
            "open_by_default": "open_default",
            "user_driven": "user_driven",
            "proactive": "proactiveness",
        },
    ),
}  # fmt: skip


def _load(name):
    """Return the columns of a table, texts as lists and numbers as arrays."""
    columns = datasets.load(name, "mapping")
    return {
        column: cells.tolist() if cells.dtype == object else cells
        for column, cells in columns.items()
    }


def _stack(table, names):
    return np.column_stack([table[name] for name in names])


def _shared(path):
    if not (SHARED / path).is_file():
        pytest.skip(f"the source figures ../shared/data/{path} are not here")
    with (SHARED / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _doubts(name):
    return " ".join(datasets.describe(name).doubts)


# Comparison with the sources, where they are at hand.


@pytest.mark.parametrize("name", SOURCES)
def test_every_figure_is_that_of_the_source(name):
    path, n_left_out, columns = SOURCES[name]
    source, table = _shared(path), _load(name)
    assert set(table) - set(columns) <= {"name"}
    keys = [column for column in ("year", "iso3", "fips", "ward") if column in table]
    rows = {tuple(row[columns[key]] for key in keys): row for row in source}
    wanted = list(zip(*(map(str, table[key]) for key in keys), strict=True))
    assert len(rows) == len(source) == len(wanted) + n_left_out
    for column, origin in columns.items():
        cells = [rows[key][origin] for key in wanted] if isinstance(origin, str) else [
            sum(int(rows[key][part]) for part in origin) for key in wanted
        ]  # fmt: skip
        if isinstance(table[column], list):
            assert table[column] == cells, column
        else:
            numbers = [float(cell) if cell != "" else np.nan for cell in cells]
            expected = [np.nan if number == -999 else number for number in numbers]
            assert_array_equal(table[column], expected, err_msg=column)


@pytest.mark.parametrize(
    ("path", "column", "names"),
    [
        ("country_metadata/countries.csv", "name", ["wb-spi", "oecd-dgi-2023"]),
        ("undp_hdi/hdi_1990_2022.csv", "country", ["undp-gender", "undp-ihdi"]),
    ],
)
def test_countries_have_the_names_of_the_publisher(path, column, names):
    published = {row["iso3"]: row[column] for row in _shared(path)}
    for name in names:
        table = _load(name)
        assert table["name"] == [published[code] for code in table["iso3"]]


def test_the_rows_of_the_gender_source_that_are_left_out_have_neither_index():
    source = _shared("undp_hdr_2024/gender_inequality_1990_2022.csv")
    table, adjusted = _load("undp-gender"), _load("undp-ihdi")
    kept = set(zip(map(str, table["year"]), table["iso3"], strict=True))
    assert kept == {(row["year"], row["iso3"]) for row in source if row["gii"] or row["gdi"]}
    kept = set(zip(map(str, adjusted["year"]), adjusted["iso3"], strict=True))
    assert kept == {(row["year"], row["iso3"]) for row in source if row["ihdi"]}


def test_households_are_the_base_of_cars_tenure_and_crowding():
    for row in _shared("uk_townsend_2011/townsend_ward_2011.csv"):
        assert row["F989"] == row["F2347"] == row["F2075"]


def test_the_hdi_of_women_and_men_is_that_of_the_source():
    source = _shared("undp_hdr_2024/gender_inequality_1990_2022.csv")
    rows = {(row["year"], row["iso3"]): row for row in source}
    table = _load("undp-gender")
    for sex, column in (("women", "hdi_f"), ("men", "hdi_m")):
        computed = _hdi(table, f"_{sex}", *LONGEVITY[sex])
        published = [
            float(rows[key][column] or "nan")
            for key in zip(map(str, table["year"]), table["iso3"], strict=True)
        ]
        assert_allclose(computed, published, atol=1e-9)


# Social vulnerability: percentile ranks, their sums, and percentile ranks of those.


def _percentile_ranks(values):
    """Return the share of the other units below each, to four decimals."""
    ranks = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    below = np.searchsorted(np.sort(values[known]), values[known], side="left")
    ranks[known] = np.round(below / (known.sum() - 1), 4)
    return ranks


@pytest.mark.parametrize("variable", SVI_VARIABLES)
def test_ranks_of_vulnerability_follow_from_the_estimates(variable):
    table = _load("us-svi-2018")
    ranks = _percentile_ranks(table[variable])
    if variable == "income_per_head":
        ranks = 1 - ranks
    assert_allclose(ranks, table[f"epl_{variable}"], atol=1e-12)


def test_themes_are_sums_of_ranks_and_the_total_is_the_sum_of_themes():
    table = _load("us-svi-2018")
    ranks = _stack(table, [f"epl_{variable}" for variable in SVI_VARIABLES])
    for i, theme in enumerate(SVI_THEMES, 1):
        assert_allclose(ranks[:, theme].sum(axis=1), table[f"spl_theme{i}"], atol=2e-15)
    sums = _stack(table, [f"spl_theme{i}" for i in range(1, 5)])
    assert_allclose(sums.sum(axis=1), table["spl_total"], atol=2e-15)


def test_themes_and_the_total_are_ranked_by_rounded_sums():
    table = _load("us-svi-2018")
    n_compared = 0
    for part in ("theme1", "theme2", "theme3", "theme4", "total"):
        published = table[f"rpl_{part}"]
        assert_array_equal(_percentile_ranks(np.round(table[f"spl_{part}"], 4)), published)
        n_compared += int((~np.isnan(published)).sum())
    assert n_compared == 15708


def test_sums_that_are_not_rounded_split_ties_of_counties():
    table = _load("us-svi-2018")
    ranks = _stack(table, [f"epl_{variable}" for variable in SVI_VARIABLES])
    # Sums of doubles differ in their last digit by the order of the terms.
    for i, theme in enumerate(SVI_THEMES, 1):
        sums, published = ranks[:, theme].sum(axis=1), table[f"rpl_theme{i}"]
        changed = (_percentile_ranks(sums) != published)[~np.isnan(published)]
        assert changed.sum() >= 50


def test_one_county_lacks_three_estimates_and_what_follows_from_them():
    table = _load("us-svi-2018")
    missing = {
        name: [table["fips"][i] for i in np.flatnonzero(np.isnan(column))]
        for name, column in table.items()
        if not isinstance(column, list) and np.isnan(column).any()
    }
    lacking = ["poverty", "unemployment", "income_per_head"]
    sums = ["spl_theme1", "spl_total", "rpl_theme1", "rpl_total"]
    expected = [*lacking, *(f"epl_{variable}" for variable in lacking), *sums]
    assert missing == {name: ["35039"] for name in expected}
    assert f"these {len(expected)} cells are missing" in _doubts("us-svi-2018")


def test_codes_of_counties_keep_their_leading_zero():
    table = _load("us-svi-2018")
    first = (table["fips"][0], table["state"][0], table["county"][0])
    assert first == ("01001", "AL", "Autauga")
    assert len(set(table["state"])) == 51


# Townsend's score: the sum of four z-scores.


def test_townsend_scores_follow_from_the_counts():
    table = _load("uk-townsend-2011")
    percentages = 100 * np.column_stack(
        [
            table["no_car"] / table["households"],
            table["renting"] / table["households"],
            table["overcrowded"] / table["households"],
            table["unemployed"] / table["active"],
        ]
    )
    percentages[:, 2:] = np.log1p(percentages[:, 2:])
    z = (percentages - percentages.mean(axis=0)) / percentages.std(axis=0, ddof=1)
    assert_allclose(z.sum(axis=1), table["score"], atol=1e-13)


def test_townsend_quintiles_are_those_of_the_scores():
    table = _load("uk-townsend-2011")
    bounds = np.quantile(table["score"], [0.2, 0.4, 0.6, 0.8])
    quintiles = 1 + np.searchsorted(bounds, table["score"], side="left")
    assert_array_equal(quintiles, table["quintile"])
    assert np.bincount(quintiles)[1:].tolist() == [1897, 1896, 1896, 1896, 1896]


def test_wards_are_those_of_four_nations():
    wards = _load("uk-townsend-2011")["ward"]
    counts = [sum(ward.startswith(nation) for ward in wards) for nation in ("E", "W", "S", "95")]
    assert counts == [7678, 868, 353, 582]
    assert sum(ward.startswith(("E36", "W39")) for ward in wards) == 19


def test_counts_of_a_ward_are_part_of_their_base():
    table = _load("uk-townsend-2011")
    for count in ("no_car", "renting", "overcrowded"):
        assert np.all(table[count] <= table["households"])
    assert np.all(table["unemployed"] <= table["active"])


# UNDP's indices, by the technical notes of the report.

LONGEVITY = {"women": (22.5, 87.5), "men": (17.5, 82.5)}


def _hdi(table, suffix="", shortest=20.0, longest=85.0):
    life, expected, mean, income = (
        table[name + suffix]
        for name in ("life_expectancy", "expected_schooling", "mean_schooling", "income_per_head")
    )
    health = np.clip((life - shortest) / (longest - shortest), 0, 1)
    education = (np.minimum(expected / 18, 1) + np.minimum(mean / 15, 1)) / 2
    standard = np.clip(np.log(income / 100) / np.log(75000 / 100), 0, 1)
    return np.cbrt(health * education * standard)


def _gii(table, least_women=0.0):
    deaths = np.clip(table["maternal_mortality"], 10, 1000)
    health = np.sqrt(10 / deaths / table["adolescent_births"])
    seats = np.maximum(table["parliament_women"], least_women), table["parliament_men"]
    schooling = table["secondary_women"], table["secondary_men"]
    power = [np.sqrt(a * b) / 100 for a, b in zip(seats, schooling, strict=True)]
    labour = table["labour_women"] / 100, table["labour_men"] / 100
    women, men = np.cbrt(health * power[0] * labour[0]), np.cbrt(power[1] * labour[1])
    equal = np.cbrt((health + 1) / 2 * sum(power) / 2 * sum(labour) / 2)
    return 1 - 2 / (1 / women + 1 / men) / equal


def test_the_published_gii_follows_from_its_components():
    table = _load("undp-gender")
    assert np.isfinite(table["gii"]).sum() == 4405
    assert_array_equal(np.round(_gii(table), 3), table["gii"])


def test_a_higher_floor_of_seats_would_change_the_gii():
    table = _load("undp-gender")
    none = table["parliament_women"] == 0.01
    assert np.nanmin(table["parliament_women"]) == 0.01
    changed = np.abs(_gii(table, 0.1) - table["gii"]) > 6e-4
    assert_array_equal(changed, none & np.isfinite(table["gii"]))
    assert f"({none.sum()} rows, {changed.sum()} of them with a GII)" in _doubts("undp-gender")


def test_ranks_of_the_gii_are_those_of_unrounded_values():
    table = _load("undp-gender")
    ranked = np.isfinite(table["gii_rank"])
    assert set(table["year"][ranked]) == {2022}
    ranks = table["gii_rank"][ranked]
    assert len(ranks) == 166
    by_value = 1 + np.searchsorted(np.sort(_gii(table)[ranked]), _gii(table)[ranked])
    assert_array_equal(by_value, ranks)
    printed = table["gii"][ranked]
    n_moved = int((1 + np.searchsorted(np.sort(printed), printed) != ranks).sum())
    assert f"{n_moved} countries of 2022 get another place" in _doubts("undp-gender")


def test_shares_of_women_and_men_in_parliament_sum_to_one_hundred():
    table = _load("undp-gender")
    total = table["parliament_women"] + table["parliament_men"]
    assert_allclose(total[np.isfinite(total)], 100, atol=1e-8)


def test_the_published_gdi_follows_from_its_components():
    table = _load("undp-gender")
    women, men = (_hdi(table, f"_{sex}", *LONGEVITY[sex]) for sex in ("women", "men"))
    assert np.isfinite(table["gdi"]).sum() == 4710
    assert_array_equal(np.round(women / men, 3), table["gdi"])


def test_the_gender_table_covers_as_many_countries_as_its_doubts_say():
    table = _load("undp-gender")
    counts = [
        int(np.isfinite(table[index][table["year"] == year]).sum())
        for index in ("gii", "gdi")
        for year in (1990, 2022)
    ]
    assert counts == [80, 166, 73, 182]


def test_the_published_ihdi_follows_from_its_components():
    table = _load("undp-ihdi")
    kept = (
        1 - _stack(table, [f"inequality_{part}" for part in ("life", "education", "income")]) / 100
    )
    assert_array_equal(np.round(_hdi(table) * np.cbrt(kept.prod(axis=1)), 3), table["ihdi"])
    assert np.all(table["ihdi"] < table["hdi"])


def test_the_ihdi_starts_from_the_hdi_of_its_own_table():
    table, full = _load("undp-ihdi"), _load("undp-hdi")
    place = {key: i for i, key in enumerate(zip(full["year"], full["iso3"], strict=True))}
    rows = [place[key] for key in zip(table["year"], table["iso3"], strict=True)]
    shared = ["hdi", "life_expectancy", "expected_schooling", "mean_schooling", "income_per_head"]
    for name in shared:
        assert_array_equal(table[name], full[name][rows])
    covered = {year: int((table["year"] == year).sum()) for year in (2010, 2022)}
    assert covered == {2010: 112, 2022: 165}
    assert set(table["year"]) == set(range(2010, 2023))


# Means of pillars and of dimensions.

PILLARS = ["data_use", "data_services", "data_products", "data_sources", "data_infrastructure"]
DIMENSIONS = [
    "digital_by_design", "data_driven", "platform", "open_by_default", "user_driven", "proactive",
]  # fmt: skip


def test_the_spi_is_the_mean_of_its_five_pillars():
    table = _load("wb-spi")
    pillars = _stack(table, PILLARS)
    assert_allclose(pillars.mean(axis=1), table["spi"], atol=7e-5)
    assert pillars.min() >= 0
    assert pillars.max() <= 100


def test_the_spi_covers_more_economies_year_by_year():
    years, counts = np.unique(_load("wb-spi")["year"], return_counts=True)
    assert years.tolist() == list(range(2016, 2024))
    assert counts.tolist() == [167, 174, 174, 174, 181, 181, 187, 187]


def test_the_spi_of_2022_is_that_of_digital_government():
    table, other = _load("wb-spi"), _load("digital-government")
    place = {code: i for i, code in enumerate(other["iso3"])}
    rows = [
        i
        for i, (year, code) in enumerate(zip(table["year"], table["iso3"], strict=True))
        if year == 2022 and code in place
    ]
    assert len(rows) == 186
    places = [place[table["iso3"][i]] for i in rows]
    codes = [f"DI0{i}" for i in range(1, 6)]
    assert_array_equal(_stack(table, PILLARS)[rows], _stack(other, codes)[places])


def test_the_dgi_is_the_mean_of_its_six_dimensions():
    table = _load("oecd-dgi-2023")
    assert_allclose(_stack(table, DIMENSIONS).mean(axis=1), table["dgi"], atol=5.01e-4)


def test_the_dgi_ranks_the_members_of_the_oecd_as_published():
    table = _load("oecd-dgi-2023")
    member = np.isfinite(table["rank"])
    scores, ranks = table["dgi"][member], table["rank"][member]
    assert_array_equal(ranks, 1 + np.searchsorted(np.sort(-scores), -scores))
    # The paper's average of the OECD, its ten highest-ranked members and its lowest.
    assert round(scores.mean(), 3) == 0.605
    codes = np.array(table["iso3"])
    order = codes[member][np.argsort(ranks)].tolist()
    assert order[:10] == ["KOR", "DNK", "GBR", "NOR", "AUS", "EST", "COL", "IRL", "FRA", "CAN"]
    assert (order[-1], len(order)) == ("CRI", 33)
    assert codes[~member].tolist() == ["ARG", "BRA", "HRV", "PER", "ROU"]
    highest = [codes[np.argmax(table[dimension])] for dimension in DIMENSIONS]
    assert highest == ["AUS", "KOR", "KOR", "KOR", "GBR", "KOR"]
