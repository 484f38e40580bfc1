"""Availability of data, and who is left out for lack of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, INPUT, META, TOLERANCE, number, rows
from tests.reference.coinr_pipeline import table

from dli import Index, frames
from dli.screening import availability, screen

RULES = {
    "byNA": ("availability",),
    "byzeros": ("nonzero",),
    "byNAandzeros": ("availability", "nonzero"),
}


def screened(settings, rules, **force):
    shares = {"availability": settings["screen_thresh"], "nonzero": settings["screen_nonzero"]}
    own = {rule: shares[rule] for rule in rules}
    return screen(Index.from_table(META), table(INPUT), unit="uCode", **own, **force)


@pytest.mark.parametrize("name", RULES)
def test_units_are_screened(name, settings):
    found = screened(settings, RULES[name])
    both = screened(settings, RULES["byNAandzeros"])
    expected = {row["uCode"]: row for row in rows(FOLDER / f"screen_{name}.csv")}
    told = frames.read(found.table)
    for i, unit in enumerate(found.units):
        row = expected[unit]
        assert told.column("missing")[i] == int(row["N_missing"])
        assert told.column("zeros")[i] == int(row["N_zero"])
        assert_allclose(found.available[i], number(row["Dat_Avail"]), **TOLERANCE)
        assert_allclose(found.nonzero[i], number(row["Non_Zero"]), **TOLERANCE)
        assert both.low_availability[i] == (row["LowData"] == "TRUE")
        assert both.low_nonzero[i] == (row["LowNonZero"] == "TRUE")
        assert found.included[i] == (row["Included"] == "TRUE")


def test_decisions_go_before_the_rules(settings):
    decided = zip(settings["force_uCode"], settings["force_include"], strict=True)
    found = screened(settings, ("availability",), force=dict(decided))
    expected = {row["uCode"]: row for row in rows(FOLDER / "screen_byNA_forced.csv")}
    included = [expected[unit]["Included"] == "TRUE" for unit in found.units]
    assert found.included.tolist() == included


def test_availability_below_each_node():
    found = frames.read(availability(Index.from_table(META), table(INPUT), unit="uCode"))
    expected = {row["uCode"]: row for row in rows(FOLDER / "data_avail_groups.csv")}
    units = found.column("uCode")
    for code in set(found.names) - {"uCode"}:
        theirs = [number(expected[unit][code]) for unit in units]
        assert_allclose(np.array(found.column(code)), theirs, **TOLERANCE)
    for row in rows(FOLDER / "data_avail_units.csv"):
        mine = found.column(found.names[1])[units.index(row["uCode"])]
        assert_allclose(mine, number(row["Dat_Avail"]), **TOLERANCE)
