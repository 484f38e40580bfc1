"""The pair of tables that the reference numbers were made from."""

import numpy as np
from numpy.testing import assert_allclose
from tests.reference.coinr import FOLDER, INPUT, META, TOLERANCE, number, rows

from dli import Assessment
from dli.exchange import read_coinr, write_coinr


def test_the_pair_comes_over():
    index, data = read_coinr(INPUT, META)
    assessment = Assessment(index, data, unit="uCode")
    expected = {row["uCode"]: row for row in rows(FOLDER / "denominated.csv")}
    for j, indicator in enumerate(index.indicators):
        theirs = [number(expected[unit][indicator.code]) for unit in assessment.units]
        mine = assessment.stage_array("denominated")[:, j]
        assert_allclose(mine, theirs, **TOLERANCE, err_msg=indicator.code)


def test_the_pair_is_the_same_when_it_is_written_and_read(tmp_path):
    index, data = read_coinr(INPUT, META)
    assessment = Assessment(index, data, unit="uCode")
    # Without a warning: COINr's own example is all that COINr can express.
    again_index, again = read_coinr(*write_coinr(assessment, tmp_path))
    assert again_index == index
    second = Assessment(again_index, again, unit="uCode")
    np.testing.assert_array_equal(second.stage_array("raw"), assessment.stage_array("raw"))
    for name in assessment.observations.context:
        assert second.context(name) == assessment.context(name), name
