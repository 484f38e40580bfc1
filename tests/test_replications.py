"""The published indices that the documentation computes again, each from one file."""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import attrs
import numpy as np
import pytest

import dli

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "replications"
TABLES = ROOT.parent / "shared" / "data"

sys.path.append(str(FOLDER))
library = import_module("catalogue")
CATALOGUE = {replication.file: replication for replication in library.CATALOGUE}

# For each figure: cells compared, cells that cannot be computed, the bound of the error, and what is
# off: figures or classes, or ranks and places. A bound is half a unit of the last printed digit of
# the index, plus the same of its components, in the proportion in which they enter it.
EXPECTED = {
    "egdi.toml": [
        ("index to 2016", 1106, 0, (0.5 + 0.5 * 2 / 3 + 5 / 3) * 1e-5, 259),
        ("index from 2018", 579, 0, 1e-4, 42),
        ("rank to 2016", 1106, 0, (0, 0)),
        ("rank from 2018", 579, 0, (7, 1)),
    ],
    "egdi-2010.toml": [
        ("index of 2008", 182, 0, 0.01213, 7),
        ("index of 2010", 183, 0, 1e-5, 23),
        ("rank of 2008", 182, 0, (7, 2)),
        ("rank of 2010", 183, 0, (0, 0)),
    ],
    "hdi.toml": [("index", 5808, 0, 0, 0), ("rank of 2022", 193, 0, (0, 0))],
    "ihdi.toml": [("index", 1963, 0, 5e-4, 0)],
    "gii.toml": [("index", 4405, 0, 5e-4, 0), ("rank of 2022", 166, 0, (0, 0))],
    "gdi.toml": [("index", 4710, 0, 5e-4, 0)],
    "gtmi.toml": [("index", 396, 0, 1e-6, 65), ("group", 396, 0, 0)],
    "spi.toml": [("overall score", 1425, 0, 1e-4, 121)],
    "dgi.toml": [("index", 38, 0, 1e-3, 3), ("rank of members", 33, 0, (0, 0))],
    "svi.toml": [
        ("percentile rank of variables", 47127, 0, 1e-12, 0),
        ("sum of themes and total", 15708, 0, 1e-12, 0),
        ("percentile rank of themes", 12567, 0, 0, 0),
        ("percentile rank of total", 3141, 0, 0, 0),
        ("rank by total", 3141, 0, (0, 0)),
    ],
    "townsend.toml": [
        ("score", 9481, 0, 1e-12, 0),
        ("rank by score", 9481, 0, (0, 0)),
        ("quintile", 9481, 0, 0),
    ],
    "imd.toml": [
        ("rank by domain", 98532, 0, (86, 1)),
        ("rank", 32844, 0, (60, 2)),
        ("decile", 32844, 0, 0),
    ],
    "gci.toml": [("index", 189, 2, (5 + 1) * 0.005, 54)],
    "cpi.toml": [("index", 180, 0, 1, 18), ("rank", 180, 0, (43, 7))],
    "ourdata.toml": [("pillars", 120, 0, 0.01, 14)],
}


def replicate(file):
    """Return a replication and its assessment, or skip where its table is not here."""
    replication = CATALOGUE[file]
    if not replication.is_bundled and not (TABLES / replication.table).is_file():
        pytest.skip(f"the table ../shared/data/{replication.table} may not be bundled")
    return replication, assessed(file)


@cache
def assessed(file):
    return library.assess(CATALOGUE[file], TABLES)


def comparisons(file):
    """Return the rows of a replication, or skip where its table is not here."""
    return library.compare(*replicate(file))


def cells(assessment, column):
    """Return the numbers of a published column, NaN where it has none."""
    found = assessment.context(column, numbers=True)
    return np.array([np.nan if cell is None else cell for cell in found], dtype=float)


def test_every_methodology_file_is_in_the_catalogue_once():
    files = [replication.file for replication in library.CATALOGUE]
    assert sorted(files) == sorted(path.name for path in FOLDER.glob("*.toml"))
    assert list(EXPECTED) == files


@pytest.mark.parametrize("file", CATALOGUE)
def test_a_methodology_takes_less_than_sixty_lines(file):
    assert len((FOLDER / file).read_text("utf-8").splitlines()) < 60


@pytest.mark.parametrize("file", CATALOGUE)
def test_the_published_figures_are_computed_again(file):
    rows = comparisons(file)
    for row, (figure, compared, not_computed, *expected) in zip(rows, EXPECTED[file], strict=True):
        assert (row.figure, row.compared, row.not_computed) == (figure, compared, not_computed)
        if isinstance(expected[0], tuple):
            assert (row.ranks_off, row.places_off) == expected[0], figure
            assert row.largest_error is row.differ is None
        else:
            *bounds, differ = expected
            assert row.differ == differ, figure
            assert (row.largest_error is None) == (not bounds)
            # A bound that is met exactly is met but for the last digits of floats.
            assert row.largest_error is None or row.largest_error <= bounds[0] + 1e-14


@pytest.mark.parametrize("file", [file for file, own in CATALOGUE.items() if not own.is_bundled])
def test_the_page_shows_the_figures_of_tables_that_are_not_bundled(file):
    replication, rows = CATALOGUE[file], comparisons(file)
    page = (ROOT / "docs" / "replications.md").read_text("utf-8")
    assert "\n".join(library.markdown(replication, rows)) in page
    for doubt in replication.doubts:
        assert doubt in " ".join(page.split())


def test_run_assesses_and_compares():
    replication = CATALOGUE["dgi.toml"]
    assert library.run(replication) == comparisons("dgi.toml")


# Why some figures differ: what the doubts of the catalogue say.


@pytest.mark.parametrize(
    ("file", "column", "decimals"),
    [("egdi.toml", "egdi", 5), ("gtmi.toml", "gtmi", 6), ("dgi.toml", "dgi", 3)],
)
def test_components_have_no_more_digits_than_the_index(file, column, decimals):
    _, assessment = replicate(file)
    names = [column, *(indicator.code for indicator in assessment.index.indicators)]
    values = np.stack([cells(assessment, column), *(assessment.array(n) for n in names[1:])])
    assert np.nanmax(np.abs(values - np.round(values, decimals))) < 1e-12


def test_ranks_of_the_egdi_differ_only_beside_a_near_tie():
    _, assessment = replicate("egdi.toml")
    ranks, scores = cells(assessment, "rank"), cells(assessment, "egdi")
    periods = np.array(assessment.periods)
    for year in (2018, 2022, 2024):
        rows = np.flatnonzero(periods == year)
        off = rows[assessment.rank_array("EGDI")[rows] != ranks[rows]]
        for row in off:
            gaps = np.abs(scores[rows[rows != row]] - scores[row])
            assert gaps.min() <= 1e-4


def test_two_countries_explain_what_is_off_in_2008():
    _, assessment = replicate("egdi-2010.toml")
    rows = np.flatnonzero(np.array(assessment.periods) == 2008)
    errors = (assessment.array("EGDI") - cells(assessment, "egdi"))[rows]
    units = np.array(assessment.units)[rows]
    apart = np.abs(errors) > 6e-5
    off = assessment.rank_array("EGDI")[rows] != cells(assessment, "rank")[rows]
    published = cells(assessment, "egdi")[rows]
    # The others that move lie between a country's published index and its computed one.
    between = (published > 0.2733) & (published < 0.3018)
    assert sorted(units[off & ~between]) == ["ECU"]
    assert np.sort(np.abs(published - published[units == "ECU"]))[1] <= 1e-4
    assert dict(zip(units[apart], errors[apart].round(3), strict=True)) == {
        "CMR": 0.012,
        "KHM": 0.003,
    }


def test_rwanda_has_no_published_hdi_until_1994():
    _, assessment = replicate("hdi.toml")
    without = np.isnan(cells(assessment, "hdi"))
    keys = zip(np.array(assessment.units)[without], np.array(assessment.periods)[without])  # noqa: B905 the same mask
    assert sorted(keys) == [("RWA", year) for year in range(1990, 1995)]
    assert assessment.array("HDI")[assessment.row("RWA", period=1994)] == 0


def test_income_ranked_from_the_highest_down_would_not_do():
    _, assessment = replicate("svi.toml")
    income = dli.Indicator("income_per_head", direction=-1)
    index = dli.Index("ranked", [income])
    method = attrs.evolve(assessment.method, availability=1)
    ranked = dli.Assessment(index, assessment.observations.select(index), method=method)
    published = cells(assessment, "epl_income_per_head")
    known = ~np.isnan(published)
    errors = np.abs(ranked.array("income_per_head") - published[known])
    assert 0 < errors.max() <= 0.0011


def test_ranks_of_deprivation_differ_only_among_near_ties():
    replication, assessment = replicate("imd.toml")
    pairs = {**replication.figures[0].columns, **replication.figures[1].columns}
    for column, node in pairs.items():
        scores, ranks = assessment.array(node), cells(assessment, column).astype(int)
        in_order = np.sort(scores)[::-1]
        off = assessment.rank_array(node) != ranks
        assert np.abs(scores[off] - in_order[ranks[off] - 1]).max() < 0.0012  # of 100 points


def test_sources_of_corruption_perceptions_are_rounded():
    _, assessment = replicate("cpi.toml")
    unrounded = assessment.evolve(decimals=None)
    published = cells(assessment, "cpi")
    assert np.abs(unrounded.array("CPI") - published).max() < 1
    # Published ranks are those of published scores, so that the scores alone make them differ.
    assert np.array_equal(
        1 + np.searchsorted(np.sort(-published), -published), cells(assessment, "rank")
    )
    assert np.array_equal(
        (~np.isnan(assessment.stage_array("raw"))).sum(axis=1), cells(assessment, "n_sources")
    )


def test_two_profiles_of_cybersecurity_lack_pillars():
    _, assessment = replicate("gci.toml")
    missing = np.isnan(assessment.array("GCI"))
    assert np.array(assessment.units)[missing].tolist() == ["SVK", "SVN"]
