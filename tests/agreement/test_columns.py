"""The columns of all result tables are known, so that no key of a table can hide one."""

import re
import warnings
from contextlib import suppress

import pytest
from tests.agreement.cases import ASSESSMENTS, FUNCTIONS, TREE

from dli import Assessment, DataError, DLIWarning, Index, Indicator, MethodError
from dli.observations import Observations
from dli.observations.faults import RESERVED

CODES = {node.code for node in TREE.walk()}


def test_every_column_beside_keys_is_reserved(monkeypatch):
    columns = set()
    frame = Observations.frame

    def recorded(self, cells, **options):
        columns.update(cells)
        return frame(self, cells, **options)

    monkeypatch.setattr(Observations, "frame", recorded)
    assessment = next(iter(ASSESSMENTS.values()))()
    period = next(iter(assessment.rows_by_period))
    for function in FUNCTIONS.values():
        with warnings.catch_warnings(), suppress(MethodError, DataError):
            warnings.simplefilter("ignore", DLIWarning)
            function(assessment, period)
    tables = (assessment.league_table(), assessment.weights, assessment.flags, assessment.filled())
    assert len(tables) == 4
    assert len(columns) > 40
    unknown = columns - CODES - RESERVED - {"name"}
    assert {name for name in unknown if not re.fullmatch(r"q\d+(\.\d+)?", name)} == set()


@pytest.mark.parametrize("code", ["rank", "band", "share"])
def test_a_node_cannot_have_the_name_of_a_column_beside_it(code):
    index = Index("T", [Indicator(code)])
    with pytest.raises(
        DataError, match=f"{code!r} is both the code of a node and a column of result"
    ):
        Assessment(index, {"unit": ["X"], code: [1.0]})


def test_a_quantile_is_a_column_too():
    with pytest.raises(
        DataError, match="'q5' is both the column of the units and a column of result"
    ):
        Assessment(Index("T", [Indicator("a")]), {"q5": ["X"], "a": [1.0]}, unit="q5")
