"""Codes of countries from names as publishers write them."""

import csv
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dli import datasets, frames
from dli.errors import DataError, DLIWarning, MethodError
from dli.exchange import countries, country_codes


@pytest.fixture(autouse=True)
def _fresh():
    countries._countries.cache_clear()
    yield
    countries._countries.cache_clear()


@pytest.fixture
def _converter():
    pytest.importorskip("country_converter", reason="names of countries need country_converter")


needs_converter = pytest.mark.usefixtures("_converter")

# Each name with its code of ISO 3166-1; the spellings are those of the World Bank, the United
# Nations, the IMF and the OECD.
NAMES = {
    "Kenya": "KEN", "KENYA": "KEN", "  Kenya ": "KEN", "KEN": "KEN", "XKX": "XKX",
    "Korea, Rep.": "KOR", "Korea, Dem. People's Rep.": "PRK", "Republic of Korea": "KOR",
    "Viet Nam": "VNM", "Vietnam": "VNM", "Türkiye": "TUR", "Turkey": "TUR", "TÜRKIYE": "TUR",
    "Cote d'Ivoire": "CIV", "Côte d’Ivoire": "CIV", "Co\u0302te d'Ivoire": "CIV",
    "Ivory Coast": "CIV", "Kosovo": "XKX", "Kosovo*": "XKX", "Kosovo (UNSCR 1244)": "XKX",
    "Egypt, Arab Rep.": "EGY", "Venezuela, RB": "VEN", "Lao PDR": "LAO", "Bahamas, The": "BHS",
    "Congo, Rep.": "COG", "Congo, Dem. Rep.": "COD", "Bolivia (Plurinational State of)": "BOL",
    "Micronesia, Fed. Sts.": "FSM", "West Bank and Gaza": "PSE", "Puerto Rico (US)": "PRI",
    "Hong Kong SAR, China": "HKG", "China, Macao Special Administrative Region": "MAC",
    "China, P.R.: Mainland": "CHN", "Taiwan Province of China": "TWN", "Chinese Taipei": "TWN",
    "Réunion": "REU", "Curaçao": "CUW", "Curacao": "CUW", "Virgin Islands (U.S.)": "VIR",
    "British Virgin Islands": "VGB", "Faroe Islands": "FRO", "St. Martin (French part)": "MAF",
    "Sint Maarten (Dutch part)": "SXM", "Namibia": "NAM", "Niger": "NER", "Nigeria": "NGA",
    "Guinea": "GIN", "Guinea-Bissau": "GNB", "Equatorial Guinea": "GNQ", "Dominica": "DMA",
    "Papua New Guinea": "PNG", "Dominican Republic": "DOM", "France [2]": "FRA", "Fiji 5/": "FJI",
    "Burma": "MMR", "Swaziland": "SWZ", "Cape Verde": "CPV", "Macedonia, FYR": "MKD",
    "U.S.A.": "USA", "UK": "GBR", "Czechia": "CZE", "Czech Republic": "CZE", "Perú": "PER",
}  # fmt: skip
# Misspelt, part of a country, more than one, a region, or a country that is no more.
NO_NAMES = (
    "Germny", "New Mexico", "Mexico City", "Niger River", "New England", "England", "Scotland",
    "Northern Ireland", "Northern Cyprus", "Latin America", "Euro area", "World", "Arab World",
    "China excluding Hong Kong", "China and Hong Kong", "Georgia (US state)", "Serbia and Montenegro", "Czechoslovakia",
    "Netherlands Antilles", "South America", "Sub-Saharan Africa", "Mali and Niger", "Somaliland",
    "", "NA", "CHI", "Nigera", "Nigeri", "Nigerria", "Indianesia", "Georgia State", "Iranq",
    "Mexic", "Mexique", "Sudann", "Chadd", "Omann", "Cubaa", "Ghanaa", "Maliii", "Perus",
)  # fmt: skip


@needs_converter
def test_names_have_the_codes_of_the_standard():
    assert dict(zip(NAMES, country_codes(NAMES.keys()), strict=True)) == NAMES


@needs_converter
@pytest.mark.parametrize("name", NO_NAMES)
def test_nothing_is_guessed(name):
    with pytest.raises(DataError, match=r"row 0: '.*' (was not found|may be MLI or NER)"):
        country_codes([name])


@needs_converter
@pytest.mark.parametrize("name", ["digital-government", "un-egdi", "undp-hdi", "wb-gtmi", "wb-spi"])
def test_the_names_of_four_publishers_have_their_codes(name):
    table = frames.read(datasets.load(name, "mapping"))
    named = dict(zip(table.column("name"), table.column("iso3"), strict=True))
    assert dict(zip(named, country_codes(list(named)), strict=True)) == named


@needs_converter
def test_the_short_and_official_names_of_all_countries_have_their_codes():
    file = Path(find_spec("country_converter").origin).with_name("country_data.tsv")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if not row["obsolete"]]
    codes = [row["ISO3"] for row in rows]
    assert len(codes) > 240
    for column in ("name_short", "name_official", "ISO3"):
        assert country_codes([row[column] for row in rows]) == codes


@needs_converter
@pytest.mark.parametrize("column", [
    pd.Series(["Kenya", "Chad", "Kenya"]), pl.Series(["Kenya", "Chad", "Kenya"]),
    np.array(["Kenya", "Chad", "Kenya"]), ("Kenya", "Chad", "Kenya"),
], ids=["pandas", "polars", "numpy", "tuple"])  # fmt: skip
def test_a_column_of_any_library_has_a_code_for_each_cell(column):
    assert country_codes(column) == ["KEN", "TCD", "KEN"]


@needs_converter
def test_all_faults_are_listed_with_their_rows(caplog):
    names = ["Atlantis", "Kenya", None, *["Atlantis"] * 6, "Mali and Niger", 5, "None"]
    with pytest.raises(DataError, match=r"without a code \(correct them, or pass") as caught:
        country_codes(names)
    assert caught.value.faults == (
        "rows 0, 3, 4, 5, 6 and 2 more: 'Atlantis' was not found",
        "row 2: no name",
        "row 9: 'Mali and Niger' may be MLI or NER",
        "row 10: 5 is not a text",
        "row 11: 'None' was not found",
    )
    assert not caplog.records


@needs_converter
def test_a_word_about_another_place_is_named():
    with pytest.raises(DataError, match="'Niger River' was not found: 'river' is not part of a"):
        country_codes(["Niger River"])
    with pytest.raises(DataError, match="'lake' and 'shore' are not part of a name of TCD"):
        country_codes(["Chad, lake shore"])


@needs_converter
def test_a_misspelt_name_has_a_hint():
    with pytest.raises(DataError) as caught:
        country_codes(["Nigera", "Kenia", "Untied States", "Africa"])
    assert caught.value.faults == (
        "row 0: 'Nigera' was not found: 'nigera' is not part of a name of NER; did you mean 'Nigeria'?",
        "row 1: 'Kenia' was not found; did you mean 'Kenya'?",
        "row 2: 'Untied States' was not found; did you mean 'United States'?",
        "row 3: 'Africa' was not found",
    )


@needs_converter
def test_names_without_a_code_may_be_missing(caplog):
    with pytest.warns(DLIWarning, match=r"row 1: 'Atlantis' was not found\n  - row 2: no name"):
        codes = country_codes(["Kenya", "Atlantis", float("nan")], unmatched="missing")
    assert codes == ["KEN", None, None]
    assert not caplog.records


@needs_converter
def test_known_names_come_first():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = country_codes(["EU", "Korea"], known={"EU": "EUU", "Korea": "PRK"})
    assert codes == ["EUU", "PRK"]


@needs_converter
def test_pandas_is_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.delitem(sys.modules, "country_converter", raising=False)
    assert country_codes(["Kenya"]) == ["KEN"]
    assert "country_converter" not in sys.modules


def test_without_country_converter_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(countries, "find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"pip install 'digital-leadership-index\[countries\]'"):
        country_codes(["Kenya"])


@pytest.mark.parametrize("names", ["Kenya", b"KEN", {"a": 1}, 5, None])
def test_names_that_are_no_column_are_an_error(names):
    with pytest.raises(MethodError, match="names must be a column of names"):
        country_codes(names)


def test_options_of_the_wrong_kind_are_an_error():
    with pytest.raises(MethodError, match="unmatched must be 'raise' or 'missing', got 'ignore'"):
        country_codes(["Kenya"], unmatched="ignore")
    with pytest.raises(MethodError, match="known must be a mapping of name to code, got 5"):
        country_codes(["Kenya"], known=5)
    with pytest.raises(MethodError, match="the code of 'Kenya' must be text, got None"):
        country_codes(["Kenya"], known={"Kenya": None})
