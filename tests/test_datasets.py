import csv
import math
import re
import socket
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from dli import datasets
from dli.errors import DataError, UnknownCodeError

SHARED = Path(__file__).parents[2] / "shared" / "data"
LIBRARIES = ["pandas", "polars", "pyarrow"]
SHAPES = {
    "digital-government": (193, 36),
    "oecd-dgi-2023": (38, 10),
    "uk-townsend-2011": (9481, 9),
    "un-egdi": (11 * 193, 9),
    "undp-gender": (4882, 22),
    "undp-hdi": (33 * 195, 10),
    "undp-ihdi": (1963, 12),
    "us-svi-2018": (3142, 43),
    "wb-gtmi": (2 * 198, 9),
    "wb-spi": (1425, 9),
}

# The column of the units, and its codes, where they are not countries.
AREAS = {
    "uk-townsend-2011": ("ward", "[ESW][0-9]{8}|95[A-Z]{2}[0-9]{2}"),
    "us-svi-2018": ("fips", "[0-9]{5}"),
}
COUNTRIES = sorted(set(SHAPES) - set(AREAS))
UNBALANCED = {"undp-gender", "undp-ihdi", "wb-spi"}

# Regions that the copy has wrong.
CORRECTED = {("region", "ARM"): "Asia", ("region", "FJI"): "Oceania", ("region", "NIC"): "America"}

every_dataset = pytest.mark.parametrize("name", sorted(SHAPES))
every_dataset_of_countries = pytest.mark.parametrize("name", COUNTRIES)


def _columns(frame):
    """Give any library's frame as lists, a missing cell as None."""
    if isinstance(frame, dict):
        lists = {name: list(cells.tolist()) for name, cells in frame.items()}
    elif hasattr(frame, "to_pydict"):
        lists = frame.to_pydict()
    else:
        lists = {name: frame[name].to_list() for name in frame.columns}
    return {name: [None if _is_gap(cell) else cell for cell in lists[name]] for name in lists}


def _is_gap(cell):
    return cell is None or type(cell).__name__ == "NAType" or cell != cell  # noqa: PLR0124 NaN alone differs from itself


def _unit(name):
    return AREAS.get(name, ("iso3", "[A-Z]{3}"))


def _rows(name):
    columns = _columns(datasets.load(name, "mapping"))
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _row(name, **wanted):
    found = [row for row in _rows(name) if wanted.items() <= row.items()]
    assert len(found) == 1
    return found[0]


def _shared(path):
    if not (SHARED / path).is_file():
        pytest.skip(f"the source figures ../shared/data/{path} are not here")
    with (SHARED / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_ten_datasets_are_bundled():
    assert datasets.available() == tuple(sorted(SHAPES))


@every_dataset
def test_every_row_is_there_once(name):
    rows = _rows(name)
    assert (len(rows), len(rows[0])) == SHAPES[name]
    unit, _ = _unit(name)
    keys = [(row.get("year"), row[unit]) for row in rows]
    assert keys == sorted(set(keys))


@every_dataset
def test_every_file_is_below_one_megabyte(name):
    assert len((files(datasets) / f"{name}.csv").read_bytes()) < 1_000_000


@every_dataset
def test_every_unit_has_a_code_of_its_kind(name):
    unit, pattern = _unit(name)
    assert all(re.fullmatch(pattern, row[unit]) for row in _rows(name))


@every_dataset_of_countries
def test_every_country_has_a_name(name):
    assert all(row["name"] == row["name"].strip() != "" for row in _rows(name))


@every_dataset_of_countries
def test_a_country_has_one_name_in_all_years(name):
    names = {(row["iso3"], row["name"]) for row in _rows(name)}
    renamed = {code for code, n in Counter(iso3 for iso3, _ in names).items() if n > 1}
    # The World Bank changed four names between its editions; the description says so.
    assert renamed == ({"FSM", "PSE", "TUR", "TWN"} if name == "wb-gtmi" else set())


@pytest.mark.parametrize("name", sorted(set(COUNTRIES) - UNBALANCED))
def test_all_editions_cover_the_same_countries(name):
    rows = _rows(name)
    editions = Counter(row.get("year") for row in rows)
    assert set(editions.values()) == {len({row["iso3"] for row in rows})}


@every_dataset
def test_figures_are_those_of_the_file_to_the_last_digit(name):
    text = (files(datasets) / f"{name}.csv").read_text(encoding="utf-8")
    loaded = _rows(name)
    for row, cells in zip(loaded, csv.DictReader(text.splitlines()), strict=True):
        for column in datasets.describe(name).columns:
            cell = cells[column.name]
            expected = (cell if column.kind == "text" else float(cell)) if cell else None
            assert row[column.name] == expected


@every_dataset
@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_gets_the_same_figures(name, library):
    module = pytest.importorskip(library)
    frame = datasets.load(name, library)
    kind = module.Table if library == "pyarrow" else module.DataFrame
    assert isinstance(frame, kind)
    assert _columns(frame) == _columns(datasets.load(name, "mapping"))


def test_whole_numbers_stay_whole():
    pytest.importorskip("pandas")
    egdi = datasets.load("un-egdi", "pandas")
    assert str(egdi["year"].dtype) == "int64"
    assert str(egdi["rank"].dtype) == "Int64"
    assert datasets.load("un-egdi", "mapping")["year"].dtype.kind == "i"


def test_pandas_is_the_default_where_it_is_installed():
    pandas = pytest.importorskip("pandas")
    assert isinstance(datasets.load("wb-gtmi"), pandas.DataFrame)


def test_a_loaded_table_is_the_callers_own():
    table = datasets.load("wb-gtmi", "mapping")
    table["gtmi"][0] = np.nan
    assert not np.isnan(datasets.load("wb-gtmi", "mapping")["gtmi"][0])


@every_dataset
def test_nothing_is_fetched(name, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a network connection was asked for")

    datasets.describe.cache_clear()
    monkeypatch.setattr(socket, "socket", refuse)
    datasets.load(name, "mapping")
    assert datasets.describe(name).name == name


def test_unknown_datasets_are_named_with_the_nearest():
    with pytest.raises(UnknownCodeError, match="no dataset 'un-egd'; did you mean 'un-egdi'"):
        datasets.load("un-egd")
    with pytest.raises(UnknownCodeError, match="no dataset 'HDI'"):
        datasets.describe("HDI")


def test_unknown_libraries_are_refused():
    with pytest.raises(DataError, match=r"library must be one of pandas, polars.*got 'excel'"):
        datasets.load("un-egdi", "excel")


# Figures as the publishers print them.


def test_denmark_leads_the_egdi_of_2024():
    row = _row("un-egdi", iso3="DNK", year=2024)
    assert round(row["egdi"], 4) == 0.9847
    assert row["rank"] == 1


def test_the_egdi_of_2024_has_the_published_world_mean_and_groups():
    scores = [row["egdi"] for row in _rows("un-egdi") if row["year"] == 2024]
    assert round(math.fsum(scores) / len(scores), 4) == 0.6382
    groups = Counter(sum(score > bound for bound in (0.25, 0.5, 0.75)) for score in scores)
    assert [groups[i] for i in (3, 2, 1, 0)] == [76, 62, 44, 11]


def test_the_egdi_is_the_mean_of_its_components_from_2014_on():
    rows = [row for row in _rows("un-egdi") if row["year"] >= 2014]
    assert len(rows) == 5 * 193
    for row in rows:
        mean = (row["osi"] + row["tii"] + row["hci"]) / 3
        assert row["egdi"] == pytest.approx(mean, abs=7.5e-5)


def test_countries_that_a_survey_did_not_cover_have_no_egdi():
    uncovered = [row for row in _rows("un-egdi") if row["egdi"] is None]
    years = Counter(row["year"] for row in uncovered)
    assert years == {2003: 20, 2004: 15, 2005: 14, 2008: 11, 2010: 10, 2012: 3}
    assert all(row["rank"] is None for row in uncovered)
    assert not any(row["egdi"] == 0 for row in _rows("un-egdi"))
    for code in ("osi", "tii", "hci"):
        assert not any(row[code] == 0 for row in uncovered)


def test_switzerland_leads_the_hdi_of_2022():
    row = _row("undp-hdi", iso3="CHE", year=2022)
    assert (row["hdi"], row["rank"], row["region"]) == (0.967, 1, None)
    assert (row["life_expectancy"], row["income_per_head"]) == (84.255, 69432.78669)


def test_the_hdi_has_ranks_in_2022_only_and_no_value_for_two_entities():
    rows = _rows("undp-hdi")
    assert {row["year"] for row in rows if row["rank"] is not None} == {2022}
    covered = {row["iso3"] for row in rows if row["hdi"] is not None}
    assert {row["iso3"] for row in rows} - covered == {"MCO", "PRK"}
    assert sum(row["hdi"] is not None for row in rows) == 5808


def test_the_gtmi_of_2022_has_the_published_means_and_groups():
    rows = [row for row in _rows("wb-gtmi") if row["year"] == 2022]
    means = {
        code: round(math.fsum(row[code] for row in rows) / len(rows), 3)
        for code in ("gtmi", "cgsi", "psdi", "dcei", "gtei")
    }
    assert means == {"gtmi": 0.552, "cgsi": 0.575, "psdi": 0.649, "dcei": 0.449, "gtei": 0.536}
    shares = Counter(row["group"] for row in rows)
    assert [round(100 * shares[group] / len(rows)) for group in "ABCD"] == [35, 23, 27, 15]


def test_namibia_is_no_missing_value():
    for name in set(COUNTRIES) - {"oecd-dgi-2023"}:
        assert any(row["iso3"] == "NAM" and row["name"] == "Namibia" for row in _rows(name))


def test_digital_government_has_the_members_of_the_united_nations():
    rows = _rows("digital-government")
    assert Counter(row["region"] for row in rows) == {
        "Africa": 54, "Asia": 47, "Europe": 43, "America": 35, "Oceania": 14,
    }  # fmt: skip
    codes = {row["iso3"] for row in rows}
    assert codes == {row["iso3"] for row in _rows("un-egdi")}
    assert not codes & {"TWN", "XKX", "PSE", "HKG", "VAT"}


def test_digital_government_agrees_with_the_other_datasets():
    egdi = {row["iso3"]: row for row in _rows("un-egdi") if row["year"] == 2024}
    gtmi = {row["iso3"]: row for row in _rows("wb-gtmi") if row["year"] == 2022}
    for row in _rows("digital-government"):
        un, bank = egdi[row["iso3"]], gtmi[row["iso3"]]
        assert (row["DV01"], row["DV02"], row["DT10"]) == (un["osi"], un["epi"], un["hci"])
        assert (row["DV03"], row["DV04"], row["DG04"]) == (bank["psdi"], bank["dcei"], bank["cgsi"])


def test_the_doubts_count_the_missing_cells_of_digital_government():
    rows = _rows("digital-government")
    codes = [name for name in rows[0] if re.fullmatch("D[SVGIT][0-9]{2}", name)]
    gaps = sum(row[code] is None for row in rows for code in codes)
    doubts = " ".join(datasets.describe("digital-government").doubts)
    assert f"DT09 is missing for {sum(row['DT09'] is None for row in rows)} governments" in doubts
    assert f"{100 * gaps / (len(rows) * len(codes)):.1f} percent of all indicator cells" in doubts


# Descriptions.


@every_dataset
def test_every_column_is_described_in_its_order(name):
    description = datasets.describe(name)
    assert [column.name for column in description.columns] == list(datasets.load(name, "mapping"))
    assert all(column.kind in {"text", "number", "whole"} for column in description.columns)
    assert all(column.meaning for column in description.columns)
    assert all(c.unit_of_measure for c in description.columns if c.kind == "number")


@every_dataset
def test_a_description_prints_everything_within_eighty_columns(name):
    description = datasets.describe(name)
    text = repr(description)
    assert max(map(len, text.splitlines())) <= 80
    flat = " ".join(text.split())
    said = [
        description.title,
        description.publisher,
        description.editions,
        description.terms,
        description.citation,
        *description.copies,
        *description.checks,
        *description.doubts,
        *(column.meaning for column in description.columns),
    ]
    assert all(said)
    assert [part for part in said if part not in flat] == []
    assert str(description) == text


@every_dataset
def test_a_description_is_a_page_in_a_notebook(name):
    description = datasets.describe(name)
    page = description._repr_markdown_()
    assert page.startswith(f"**{description.title}** (`{name}`)")
    for part in (description.terms, *description.doubts):
        assert part in page
    for column in description.columns:
        assert f"| `{column.name}` | {column.meaning} | {column.unit_of_measure} |" in page


def test_marks_of_html_and_tables_are_escaped_in_a_notebook():
    column = datasets.Column(name="x", kind="number", meaning="a | b", unit_of_measure="< 5")
    description = datasets.Description(
        name="d", title="T", publisher="A & B", editions="", terms="", citation="",
        copies=[], checks=["x > 0"], doubts=[], columns=(column,),
    )  # fmt: skip
    page = description._repr_markdown_()
    assert "| `x` | a \\| b | &lt; 5 |" in page
    assert "A &amp; B" in page
    assert "    - x &gt; 0" in page


@every_dataset
def test_terms_and_copies_are_stated(name):
    description = datasets.describe(name)
    permitted = r"CC BY|[Nn]one stated|Open Government Licence|Public domain|OECD terms"
    assert re.search(permitted, description.terms)
    assert all(re.search("[0-9a-f]{12}", copy) for copy in description.copies)


# Borders; their geometry is tested with the maps.


def test_borders_are_described_as_tables_are():
    description = datasets.describe("borders")
    text = repr(description)
    assert max(map(len, text.splitlines())) <= 80
    assert description.terms.startswith("Public domain")
    assert all(re.search("[0-9a-f]{12}", copy) for copy in description.copies)
    assert "Disputed areas appear as the source draws them" in " ".join(text.split())
    names = [column.name for column in description.columns]
    world = datasets.borders()
    assert all(list(feature["properties"]) == names for feature in world["features"])
    assert "Disputed areas appear as the source draws them" in world["note"]


def test_borders_are_not_a_table():
    assert "borders" not in datasets.available()
    with pytest.raises(DataError, match=r"not a table: use dli\.datasets\.borders\(\)"):
        datasets.load("borders")
    with pytest.raises(UnknownCodeError, match="no dataset 'border'; did you mean 'borders'"):
        datasets.describe("border")


def test_borders_are_below_four_hundred_kilobytes():
    assert len((files(datasets) / "borders.json").read_bytes()) < 400_000


# Comparison with the sources, where they are at hand.


@pytest.mark.parametrize(
    ("name", "path", "renamed"),
    [
        ("un-egdi", "un_egdi/egdi.csv", {"name": "country"}),
        (
            "undp-hdi",
            "undp_hdi/hdi_1990_2022.csv",
            {
                "name": "country",
                "life_expectancy": "le",
                "expected_schooling": "eys",
                "mean_schooling": "mys",
                "income_per_head": "gnipc",
                "rank": "hdi_rank",
            },
        ),
        ("wb-gtmi", "wb_gtmi/gtmi_2020_2022.csv", {"name": "country"}),
        ("digital-government", "dli_indicators/indicators.csv", {"region": "un_region", "income_group": "wb_income_group"}),
        (
            "digital-government",
            "country_metadata/countries.csv",
            {"population_millions": "population_2022_millions", "gdp_per_head": "gdp_pc_ppp2021_y2021"},
        ),
    ],
)  # fmt: skip
def test_figures_are_those_of_the_source(name, path, renamed):
    sources = {(row.get("year"), row["iso3"]): row for row in _shared(path)}
    rows = _rows(name)
    if name == "digital-government":
        members = {iso3 for (_, iso3), row in sources.items() if row["un_member"] == "1"}
        assert {row["iso3"] for row in rows} == members
    else:
        assert len(rows) == len(sources)
    n_compared = 0
    for row in rows:
        year = str(row["year"]) if "year" in row else None
        source = sources[year, row["iso3"]]
        for column, value in row.items():
            key = renamed.get(column, column)
            # UNDP's region codes are written out.
            if key not in source or (name, column) == ("undp-hdi", "region"):
                continue
            if (column, row["iso3"]) in CORRECTED:
                assert value == CORRECTED[column, row["iso3"]] != source[key]
                continue
            n_compared += 1
            expected = source[key] or None
            if isinstance(value, str) or expected is None:
                assert value == expected, (row["iso3"], year, column)
            elif value is None:
                # The editions that write 0 for countries they did not cover.
                assert name == "un-egdi"
                assert row["egdi"] is None
                assert column == "rank" or float(expected) == 0
            else:
                assert value == float(expected), (row["iso3"], year, column)
    assert n_compared >= 5 * len(rows)
