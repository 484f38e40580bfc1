"""COINr's pair of tables: what is read is what was written."""

import csv
import random
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import Minimum
from dli.errors import DataError, DLIError, DLIWarning, FileError, ModelError
from dli.exchange import read_coinr, write_coinr
from dli.framework import Bands
from dli.weighting import Equal

META = """Level,iCode,iName,Direction,Weight,Unit,Target,Denominator,Parent,Type
1,a,First,1,2,%,9.5,GDP,P,Indicator
1,b,Second,-1,1,NA,1,NA,P,Indicator
1,c,Third,1,1,NA,2,NA,Q,Indicator
2,P,Pillar,1,1,NA,NA,NA,T,Aggregate
2,Q,Quarter,1,3,NA,NA,NA,T,Aggregate
3,T,Top,1,1,NA,NA,NA,NA,Aggregate
NA,GDP,Product,NA,NA,NA,NA,NA,NA,Denominator
NA,region,Region,NA,NA,NA,NA,NA,NA,Group
NA,area,Area,NA,NA,NA,NA,NA,NA,Other
NA,postcode,Code,NA,NA,NA,NA,NA,NA,Other
"""
DATA = """uCode,uName,Time,region,GDP,area,postcode,a,b,c
NA,Namibia,2020,South,1.5,NA,004,0.1,3,NA
EST,Estonia,2020,NA,2,7.5,NA,0.30000000000000004,5,2
KEN,NA,2020,South,4,3,12,NA,4,1e-300
"""


def pair(tmp_path, data=DATA, meta=META):
    (tmp_path / "iData.csv").write_text(data, encoding="utf-8")
    (tmp_path / "iMeta.csv").write_text(meta, encoding="utf-8")
    return tmp_path / "iData.csv", tmp_path / "iMeta.csv"


def test_na_is_missing_but_the_code_of_namibia(tmp_path):
    index, data = read_coinr(*pair(tmp_path))
    assert index.find("a").target == 9.5
    assert (index.find("b").unit_of_measure, index.find("b").denominator) == ("", None)
    table = frames.read(data)
    assert table.column("uCode") == ["NA", "EST", "KEN"]
    assert table.column("name") == ["Namibia", "Estonia", None]
    assert table.column("region") == ["South", None, "South"]
    assert table.column("area") == [None, 7.5, 3]
    assert table.column("postcode") == ["004", None, "12"]
    assert table.column("a") == [0.1, 0.1 + 0.2, None]
    assert table.column("c") == [None, 2, 1e-300]


def test_only_the_cell_that_is_not_a_number_is_named(tmp_path):
    with pytest.raises(DataError) as caught:
        read_coinr(*pair(tmp_path, DATA.replace("0.30000000000000004,5,2", "..,5,2")))
    assert "missing values must be blank or NA" in caught.value.summary
    (fault,) = caught.value.faults
    assert fault.startswith("line 3 (uCode 'EST', Time 2020), column 'a': '..' is not a number")
    assert "set missing=('..',)" in fault


def test_other_marks_of_missing_values_can_be_declared(tmp_path):
    data = DATA.replace("0.30000000000000004,5,2", "..,5,2").replace("2,7.5", "2,..")
    _, frame = read_coinr(*pair(tmp_path, data), missing=("..",))
    table = frames.read(frame)
    assert table.column("a") == [0.1, None, None]
    assert table.column("area") == [None, None, 3]


def test_all_faults_of_the_data_are_listed_with_line_and_column(tmp_path):
    broken = (
        DATA.replace("EST,Estonia", "NA,Again").replace("KEN,", ",").replace("1.5", "Inf")
        .replace(",a,b,c", ",a,bb,c").replace("1e-300", "many")
    )  # fmt: skip
    with pytest.raises(DataError) as caught:
        read_coinr(*pair(tmp_path, broken))
    assert {fault.partition("; if")[0] for fault in caught.value.faults} == {
        "indicator 'b'; did you mean 'bb'?",
        "line 4: no uCode",
        "line 3 (uCode 'NA', Time 2020) already appears in line 2",
        "line 2 (uCode 'NA', Time 2020), column 'GDP': inf is not a finite number",
        "line 4, column 'c': 'many' is not a number",
    }


def test_data_without_codes_of_units_list_their_other_faults(tmp_path):
    with pytest.raises(DataError) as caught:
        read_coinr(*pair(tmp_path, DATA.replace("uCode", "code").replace("0.1,3", "x,3")))
    assert len(caught.value.faults) == 2
    assert "line 2, column 'a': 'x' is not a number" in str(caught.value)


def test_a_denominator_that_no_row_describes_is_missed(tmp_path):
    meta = META.replace("9.5,GDP", "9.5,GNI")
    with pytest.raises(DataError, match="denominator 'GNI'"):
        read_coinr(*pair(tmp_path, meta=meta))


def test_faults_of_the_metadata_name_line_and_code(tmp_path):
    with pytest.raises(ModelError, match=r"line 3 \(code 'b'\), column 'Weight': '\?'"):
        read_coinr(*pair(tmp_path, meta=META.replace("Second,-1,1", "Second,-1,?")))


def test_na_in_frames_is_missing_in_columns_of_numbers():
    meta = {"iCode": ["T", "a"], "Parent": ["NA", "T"], "Weight": [1, "NA"]}
    index, data = read_coinr({"uCode": ["X", "Y"], "a": [1, "NA"]}, meta)
    assert index.find("a").weight == 1
    assert frames.read(data).column("a") == [1, None]


def test_what_was_read_is_written_again(tmp_path):
    index, data = read_coinr(*pair(tmp_path))
    assessment = Assessment(index, data, unit="uCode")
    with pytest.warns(DLIWarning, match=r"unit 'NA': R reads it as missing"):
        files = write_coinr(assessment, tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["iData.csv", "iMeta.csv"]
    again_index, again = read_coinr(*files)
    assert again_index == index
    before, after = frames.read(data), frames.read(again)
    assert set(before.names) == set(after.names)
    for name in before.names:
        assert before.column(name) == after.column(name), name
    with files[1].open(newline="", encoding="utf-8") as file:
        types = {row["iCode"]: row["Type"] for row in csv.DictReader(file)}
    assert types == {
        "T": "Aggregate", "P": "Aggregate", "Q": "Aggregate", "a": "Indicator", "b": "Indicator",
        "c": "Indicator", "GDP": "Denominator", "region": "Group", "area": "Other",
        "postcode": "Group",
    }  # fmt: skip


def test_levels_and_names_are_as_coinr_requires(tmp_path):
    index = Index("T", [Index("P", [Indicator("a", "First"), Indicator("b", direction=-1)]),
                        Index("Q", [Indicator("c", weight=0.1)], weight=3)])  # fmt: skip
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [1, 3], "c": [5, 4]}
    _, meta = write_coinr(Assessment(index, data), tmp_path)
    assert meta.read_text(encoding="utf-8") == (
        "Level,iCode,iName,Direction,Weight,Parent,Type\n"
        "3,T,T,1,1.0,NA,Aggregate\n"
        "2,P,P,1,1.0,T,Aggregate\n"
        "2,Q,Q,1,3.0,T,Aggregate\n"
        "1,a,First,1,1.0,P,Indicator\n"
        "1,b,b,-1,1.0,P,Indicator\n"
        "1,c,c,1,0.1,Q,Indicator\n"
    )


def test_a_panel_is_written_with_its_periods(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"iso": ["X", "X", "Y", "Y"], "year": [2020, 2021] * 2, "a": [1, 2, None, 4],
            "b": [1, 2, 3, 4], "name": ["Xx", "Xx", "Yy", 5], "old": [True, False, True, None]}  # fmt: skip
    assessment = Assessment(index, data, unit="iso", period="year")
    files = write_coinr(assessment, tmp_path)
    assert files[0].read_text(encoding="utf-8").splitlines()[:2] == [
        "uCode,uName,Time,old,a,b", "X,Xx,2020,True,1.0,1.0",
    ]  # fmt: skip
    again_index, again = read_coinr(*files)
    second = Assessment(again_index, again, unit="uCode", period="Time")
    assert second.observations.periods == (2020, 2021, 2020, 2021)
    assert second.context("name") == ["Xx", "Xx", "Yy", "5"]
    np.testing.assert_array_equal(second.array("T"), assessment.array("T"))


@given(st.data())
def test_written_and_read_the_index_and_the_data_are_the_same(tmp_path_factory, data):
    finite = st.floats(allow_nan=False, allow_infinity=False)
    weights = st.floats(min_value=0.001, max_value=1e6)
    indicators = [
        Indicator(code, direction=data.draw(st.sampled_from([1, -1])), weight=data.draw(weights),
                  target=data.draw(finite), denominator=data.draw(st.sampled_from([None, "GDP"])))
        for code in "abcd"
    ]  # fmt: skip
    split = data.draw(st.integers(1, 3))
    index = Index("T", [Index("P", indicators[:split], weight=data.draw(weights)),
                        Index("Q", indicators[split:])])  # fmt: skip
    # Divided by its denominator, a smaller value would be below the range of floats.
    numbers = st.floats(-1e9, 1e9).map(lambda number: number if abs(number) > 1e-300 else 0.0)
    cells = st.one_of(st.none(), numbers)
    table = {"unit": ["X", "Y", "Z"], "GDP": data.draw(st.lists(weights, min_size=3, max_size=3))}
    table["a"] = [data.draw(numbers), 1e10, -1.5e10]
    for code in "bcd":
        table[code] = [*data.draw(st.lists(cells, min_size=1, max_size=1)), 1e10, -1.5e10]
    folder = tmp_path_factory.mktemp("coinr")
    assessment = Assessment(index, table)
    again_index, again = read_coinr(*write_coinr(assessment, folder))
    assert [n.code for n in again_index.walk()] == [n.code for n in index.walk()]
    for node in index.indicators:
        other = again_index.find(node.code)
        assert [getattr(other, f) for f in ("weight", "direction", "target", "denominator")] == [
            getattr(node, f) for f in ("weight", "direction", "target", "denominator")
        ]
    second = Assessment(again_index, again, unit="uCode")
    np.testing.assert_array_equal(second.stage_array("raw"), assessment.stage_array("raw"))
    np.testing.assert_array_equal(second.context("GDP"), assessment.context("GDP"))


def test_what_coinr_cannot_express_is_named(tmp_path):
    index = Index(
        "top level",
        [
            Indicator("a", goalposts=(0, 9), scale=(0, 10), target=3, description="x", source="y"),
            Index("P", [Indicator("NA", denominator="GDP", denominator_factor=1000)],
                  aggregation=Minimum(), weighting=Equal(), bands=Bands([5], ["low", "high"])),
        ],
    )  # fmt: skip
    data = {"unit": ["1", "2", "3"], "a": [1, 2, 3], "NA": [1, 2, 4], "GDP": [1, 2, 5],
            "P code": ["NA", "x", "y"]}  # fmt: skip
    assessment = Assessment(index, data, method=Method(weighting=Equal()))
    with pytest.warns(DLIWarning) as caught:
        write_coinr(assessment, tmp_path)
    (warning,) = caught
    assert warning.filename == __file__
    text = str(warning.message)
    for part in (
        "'a': its goalposts, scale, description, source cannot be written",
        "'NA': its denominator factor cannot be written",
        "'P': its weighting, aggregation, bands cannot be written",
        "not those of the method (Equal())",
        "units 1, 2, 3: R reads them as numbers",
        "code 'top level': COINr requires a letter",
        "code 'P code': COINr requires a letter",
        "code 'NA': COINr requires",
        "column 'P code': R reads 'NA' as missing",
        "'a' is not on the level directly below its parent 'top level'",
        "indicator 'NA' has no target",
    ):
        assert part in text, part


def test_a_unit_named_as_a_column_is_named(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("b")])
    with pytest.warns(DLIWarning, match="unit 'b' is also the name of a column"):
        write_coinr(Assessment(index, {"unit": ["b", "Y"], "a": [1, 2], "b": [2, 1]}), tmp_path)


@pytest.mark.parametrize(
    ("codes", "context", "message"),
    [
        (("uCode", "b"), {}, "node 'uCode' has a name that COINr reserves for a column"),
        (("a", "Time"), {}, "node 'Time'"),
        (("a", "b"), {"T": ["x", "y"]}, "column 'T' has the code of a node"),
        (("a", "b"), {"uCode": ["x", "y"]}, "column 'uCode' has a name that COINr reserves"),
        (("a", "b"), {"Time": ["x", None]}, "period 'x' is not a number"),
    ],
)
def test_names_with_two_meanings_are_refused(tmp_path, codes, context, message):
    index = Index("T", [Indicator(code) for code in codes])
    data = {"unit": ["X", "Y"], **{code: [1, 2] for code in codes}, **context}
    with pytest.raises(DataError, match=message):
        write_coinr(Assessment(index, data), tmp_path)
    assert not list(tmp_path.iterdir())


def test_old_files_stay_when_one_cannot_be_written(tmp_path):
    (tmp_path / "iData.csv").write_text("old")
    index = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [2, 1], "region": ["\ud800", "N"]}
    assessment = Assessment(index, data)
    with pytest.raises(FileError, match="cannot write"):
        write_coinr(assessment, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["iData.csv"]
    assert (tmp_path / "iData.csv").read_text() == "old"
    with pytest.raises(FileError, match="cannot write"):
        write_coinr(assessment, tmp_path / "iData.csv")


def test_only_an_assessment_can_be_written(tmp_path):
    with pytest.raises(DataError, match="assessment must be an Assessment, got 5"):
        write_coinr(5, tmp_path)


PIECES = ["NA", "..", "", ",", "\n", '"', "x", "0", "-1", "1e999", "nan", "é", "T", "a", "Index",
          "Group", "Aggregate", "\x00", "é", " "]  # fmt: skip


def mutated(text, rng):
    """Return a text with some of its cells exchanged, cut out or replaced."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(text))
        stop = min(len(text), start + rng.choice([0, 1, 1, 3, 20]))
        text = text[:start] + rng.choice(PIECES) + text[stop:]
    return text


def read_mutants(tmp_path, seeds):
    n_read = 0
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 no secret
        data = mutated(DATA, rng) if seed % 3 else DATA
        meta = mutated(META, rng) if seed % 3 != 1 else META
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DLIWarning)
            try:
                index, frame = read_coinr(*pair(tmp_path, data, meta))
                assessment = Assessment(index, frame, unit="uCode")
                files = write_coinr(assessment, tmp_path / "again")
                again, frame = read_coinr(*files)
            except DLIError:
                continue
            assert [n.code for n in again.walk()] == [n.code for n in index.walk()], seed
            codes = [indicator.code for indicator in index.indicators]
            written, _ = frames.read(frame).numbers(codes)
            expected = assessment.stage_array("raw")
            np.testing.assert_array_equal(written, expected, err_msg=f"seed {seed}")
            n_read += 1
    return n_read


def test_damaged_pairs_are_read_or_refused(tmp_path):
    assert 10 < read_mutants(tmp_path, range(300)) < 290


def test_pandas_na_and_missing_strings_are_read():
    frame = pd.DataFrame({"uCode": ["X", "Y"], "a": pd.array([1, None], dtype="Int64")})
    _, data = read_coinr(frame, {"iCode": ["T", "a"], "Parent": [None, "T"]})
    assert frames.read(data).column("a") == [1, None]
