"""Results as SDMX-CSV 2.0."""

import csv
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import Difference
from dli.errors import DataError, FileError, MethodError, UnknownCodeError
from dli.exchange import write_sdmx
from dli.exchange.sdmx import _period
from dli.imputation import ColumnMean
from dli.versions import installed

INDEX = Index(
    "T",
    [
        Index(
            "P",
            [
                Indicator("a", unit_of_measure="days"),
                Indicator("b", direction=-1, goalposts=(5, 3)),
            ],
        ),
        Indicator("c"),
    ],
    name="Test, of course",
)
DATA = {"iso3": ["KEN", "EST"], "year": [2024, 2024], "a": [1, 3], "b": [5.0, None], "c": [2, 1]}
HEAD = (
    "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,"
    "UNIT_MEASURE,SOURCE"
)


def assess(data=DATA, index=INDEX, **choices):
    period = "year" if "year" in data else None
    return Assessment(index, data, unit="iso3", period=period, method=Method(**choices))


def written(assessment, path, **options):
    write_sdmx(assessment, path, agency="ACME", **options)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def statuses(rows):
    return {(row["REF_AREA"], row["INDICATOR"], row["MEASURE"]): row["OBS_STATUS"] for row in rows}


def test_a_file_by_hand(tmp_path):
    path = tmp_path / "scores.csv"
    write_sdmx(assess(), path, agency="ACME.STAT", dataflow="DF_T", version="2.1.0", nodes="P")
    source = f'"Test, of course (T) by digital-leadership-index {installed()}"'
    lines = [
        HEAD,
        f"dataflow,ACME.STAT:DF_T(2.1.0),I,KEN,P,SCORE,2024,0.0,A,points,{source}",
        f"dataflow,ACME.STAT:DF_T(2.1.0),I,KEN,P,RANK,2024,3,A,rank,{source}",
        f"dataflow,ACME.STAT:DF_T(2.1.0),I,EST,P,SCORE,2024,100.0,E,points,{source}",
        f"dataflow,ACME.STAT:DF_T(2.1.0),I,EST,P,RANK,2024,1,E,rank,{source}",
    ]
    data = {**DATA, "iso3": ["KEN", "EST", "FIN"], "year": [2024] * 3}
    data |= {"a": [1, 3, 2], "b": [5.0, None, 4.0], "c": [2, 1, 3]}
    write_sdmx(assess(data), path, agency="ACME.STAT", dataflow="DF_T", version="2.1.0", nodes="P")
    text = path.read_bytes().decode()
    assert text.split("\r\n")[:5] == lines
    assert text.endswith("\r\n")
    assert len(text.splitlines()) == 7


def test_the_status_says_what_is_missing_imputed_and_estimated(tmp_path):
    data = {**DATA, "iso3": ["KEN", "EST", "FIN"], "year": [2024] * 3}
    data |= {"a": [1, 3, None], "b": [5.0, None, None], "c": [2, 1, 3]}
    options = {"quantities": ["raw", "imputed", "normalised", "score", "rank", "weight"]}
    status = statuses(written(assess(data), tmp_path / "s.csv", **options))
    assert status["EST", "b", "RAW"] == status["EST", "b", "SCORE"] == "O"
    assert status["KEN", "b", "RAW"] == status["KEN", "P", "SCORE"] == "A"
    assert status["EST", "P", "SCORE"] == status["EST", "T", "RANK"] == "E"
    assert status["FIN", "P", "SCORE"] == "O"
    assert status["FIN", "P", "WEIGHT"] == "A"
    data |= {"b": [5.0, None, 4.0]}
    filled = assess(data, imputation=ColumnMean())
    status = statuses(written(filled, tmp_path / "s.csv", **options))
    assert status["EST", "b", "RAW"] == "O"
    assert status["EST", "b", "IMPUTED"] == status["EST", "b", "SCORE"] == "I"
    assert status["EST", "b", "WEIGHT"] == "A"
    assert status["EST", "P", "SCORE"] == "E"
    assert status["KEN", "P", "SCORE"] == "A"


def test_a_score_that_was_filled_from_other_units_is_imputed(tmp_path):
    index = Index("T", [Index("P", [Indicator("a"), Indicator("b")]), Indicator("c")])
    data = {"iso3": ["KEN", "EST", "FIN"], "a": [1, 3, None], "b": [5, 4, None], "c": [2, 1, 3]}
    assessment = assess(data, index, node_imputation={"P": ColumnMean()})
    status = statuses(written(assessment, tmp_path / "s.csv"))
    assert status["FIN", "P", "SCORE"] == status["FIN", "P", "RANK"] == "I"
    assert status["FIN", "T", "SCORE"] == "E"
    assert status["KEN", "P", "SCORE"] == "A"


def test_a_weight_that_does_not_enter_cannot_exist(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("c")])
    assessment = assess(index=index, aggregation=Difference())
    rows = written(assessment, tmp_path / "s.csv", quantities="weight", nodes="a")
    assert [(row["OBS_VALUE"], row["OBS_STATUS"]) for row in rows] == [("", "M")] * 2


def test_units_of_measure_are_those_of_the_quantities(tmp_path):
    quantities = ["raw", "score", "rank", "effective_weight"]
    rows = written(assess(), tmp_path / "s.csv", quantities=quantities, nodes=["a", "b"])
    found = {(row["INDICATOR"], row["MEASURE"]): row["UNIT_MEASURE"] for row in rows}
    assert found["a", "RAW"] == "days"
    assert found["b", "RAW"] == ""
    assert found["a", "SCORE"] == "points"
    assert found["a", "EFFECTIVE_WEIGHT"] == "share"
    given = {"score": "IX", "raw": "NUMBER"}
    rows = written(assess(), tmp_path / "s.csv", quantities=quantities, units_of_measure=given)
    found = {(row["INDICATOR"], row["MEASURE"]): row["UNIT_MEASURE"] for row in rows}
    assert (found["a", "RAW"], found["T", "SCORE"]) == ("NUMBER", "IX")
    assert found["T", "RANK"] == "rank"
    with pytest.raises(MethodError, match="score must be text, got 5"):
        write_sdmx(assess(), tmp_path / "s.csv", agency="A", units_of_measure={"score": 5})
    with pytest.raises(UnknownCodeError, match="no quantity 'scores'; did you mean 'score'"):
        write_sdmx(assess(), tmp_path / "s.csv", agency="A", units_of_measure={"scores": "IX"})


def test_data_without_periods_have_no_column_of_them_or_the_one_that_is_given(tmp_path):
    data = {name: cells for name, cells in DATA.items() if name != "year"}
    rows = written(assess(data), tmp_path / "s.csv")
    assert "TIME_PERIOD" not in rows[0]
    rows = written(assess(data), tmp_path / "s.csv", time_period=2024)
    assert {row["TIME_PERIOD"] for row in rows} == {"2024"}
    with pytest.raises(MethodError, match="time_period must be None for data with periods, got 20"):
        write_sdmx(assess(), tmp_path / "s.csv", agency="A", time_period=2024)
    with pytest.raises(MethodError, match=r"time_period must be a period such as 2024, got \[\]"):
        write_sdmx(assess(data), tmp_path / "s.csv", agency="A", time_period=[])
    with pytest.raises(DataError, match="period '2024/25'"):
        write_sdmx(assess(data), tmp_path / "s.csv", agency="A", time_period="2024/25")


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (2024, "2024"), (2024.0, "2024"), (np.int64(2024), "2024"), ("2024", "2024"),
        ("2024-03", "2024-03"), ("2024-03-31", "2024-03-31"), ("2024Q3", "2024-Q3"),
        ("2024-Q3", "2024-Q3"), ("2024 H1", "2024-S1"), ("2024-S2", "2024-S2"),
        ("2024W07", "2024-W07"), ("2024M03", "2024-03"), (date(2024, 3, 31), "2024-03-31"),
        (datetime(2024, 3, 31), "2024-03-31"), (datetime(2024, 3, 31, 12), None),  # noqa: DTZ001
        ("2024/25", None), ("2024-13", None), ("2024Q5", None), (24, None), (2024.5, None),
        ("first", None), (None, None), ("٢٠٢٤", None),
    ],
    ids=repr,
)  # fmt: skip
def test_periods_are_written_as_in_the_standard(period, text):
    assert _period(period) == text


def test_names_that_are_not_valid_are_all_listed(tmp_path):
    index = Index("T.1", [Indicator("Ind.01"), Indicator("b", unit_of_measure="=1+1")])
    data = {
        "iso3": ["South Africa", "KEN", "KEN"], "year": ["2024Q3", "2024/25", "2024-Q3"],
        "Ind.01": [1, 2, 3], "b": [2, 3, 4],
    }  # fmt: skip
    path = tmp_path / "s.csv"
    with pytest.raises(DataError, match="the following are not valid in SDMX") as caught:
        write_sdmx(
            assess(data, index), path, agency="5", version="one", unit_dimension="OBS_VALUE",
            quantities=["raw", "score"],
        )  # fmt: skip
    assert caught.value.faults == (
        "agency '5'",
        "dataflow 'T.1'",
        "version 'one'",
        "unit_dimension 'OBS_VALUE' is the name of another column",
        "unit 'South Africa'",
        "node 'T.1'",
        "node 'Ind.01'",
        "period '2024/25'",
        "2 periods are written as 2024-Q3",
        "unit of measure '=1+1': spreadsheets would read it as a formula",
    )
    assert not path.exists()
    with pytest.raises(DataError, match=r"agency None\n  - dataflow 5\n.*unit_dimension '1'"):
        write_sdmx(assess(), path, agency=None, dataflow=5, unit_dimension="1")


def test_identifiers_take_the_place_of_names(tmp_path):
    index = Index("T", [Indicator("Ind.01"), Indicator("b")])
    data = {"iso3": ["South Africa", "KEN"], "year": [2024, 2024], "Ind.01": [1, 2], "b": [2, 3]}
    assessment = assess(data, index)
    rows = written(
        assessment, tmp_path / "s.csv", unit_dimension="COUNTRY",
        identifiers={"South Africa": "ZAF", "Ind.01": "IND_01"},
    )  # fmt: skip
    assert {row["COUNTRY"] for row in rows} == {"ZAF", "KEN"}
    assert {row["INDICATOR"] for row in rows} == {"T", "IND_01", "b"}
    with pytest.raises(DataError, match=r"unit 'South Africa' \(identifier 'Z A'\)\n"):
        written(assessment, tmp_path / "s.csv", identifiers={"South Africa": "Z A"})
    with pytest.raises(DataError, match="2 units have the identifier 'KEN'"):
        written(assessment, tmp_path / "s.csv", identifiers={"South Africa": "KEN", "Ind.01": "x"})
    with pytest.raises(UnknownCodeError, match="no unit or node 'South Afrika'; did you mean"):
        written(assessment, tmp_path / "s.csv", identifiers={"South Afrika": "ZAF"})
    with pytest.raises(MethodError, match="the identifier of 'KEN' must be text, got None"):
        written(assessment, tmp_path / "s.csv", identifiers={"KEN": None})
    with pytest.raises(MethodError, match="identifiers must be a mapping of unit or code to id"):
        written(assessment, tmp_path / "s.csv", identifiers=5)


def test_nothing_is_written_where_it_cannot_be(tmp_path):
    with pytest.raises(FileError, match="cannot write"):
        write_sdmx(assess(), tmp_path / "none" / "s.csv", agency="ACME")
    with pytest.raises(MethodError, match="assessment must be of the class Assessment, got 5"):
        write_sdmx(5, tmp_path / "s.csv", agency="ACME")


def test_a_title_that_is_a_formula_is_not_written(tmp_path):
    index = Index("T", [Indicator("a")], name="=1+1")
    assert written(assess(index=index), tmp_path / "s.csv")[0]["SOURCE"].startswith("Index (T) by ")


NUMBERS = st.lists(
    st.tuples(st.floats(-1e12, 1e12), st.one_of(st.none(), st.floats(-1e12, 1e12))),
    min_size=1,
    max_size=5,
)


@given(NUMBERS)
def test_values_read_back_are_the_same_to_the_last_bit(tmp_path_factory, cells):
    cells = [*cells, (0.1, 0.7), (1 / 3, 2 / 3)]
    a, b = np.array(cells, dtype=float).T
    data = {"iso3": [f"U{i}" for i in range(len(a))], "a": a, "b": b}
    assessment = assess(data, Index("T", [Indicator("a"), Indicator("b")]))
    path = Path(tmp_path_factory.getbasetemp()) / "s.csv"
    rows = written(assessment, path, quantities=["raw", "score", "rank"])
    for row in rows:
        code, unit = row["INDICATOR"], assessment.units.index(row["REF_AREA"])
        values = {
            "RAW": assessment.stage_array("raw")[:, "Tab".index(code) - 1],
            "SCORE": assessment.array(code),
            "RANK": assessment.rank_array(code),
        }
        expected = values[row["MEASURE"]][unit]
        assert (row["OBS_STATUS"] == "O") == (row["OBS_VALUE"] == "") == np.isnan(expected)
        if row["OBS_VALUE"]:
            assert float(row["OBS_VALUE"]) == expected
