"""The pair of tables that the reference numbers were made from."""

from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, INPUT, META, TOLERANCE, number, rows

from dli import Assessment
from dli.exchange import read_coinr


def test_the_pair_comes_over():
    index, data = read_coinr(INPUT, META)
    assessment = Assessment(index, data, unit="uCode")
    expected = {row["uCode"]: row for row in rows(FOLDER / "denominated.csv")}
    for j, indicator in enumerate(index.indicators):
        theirs = [number(expected[unit][indicator.code]) for unit in assessment.units]
        mine = assessment.stage_array("denominated")[:, j]
        assert_allclose(mine, theirs, **TOLERANCE, err_msg=indicator.code)
