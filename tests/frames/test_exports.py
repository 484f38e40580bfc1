"""Files as publishers export them; small ones of these shapes, made up."""

import numpy as np
import pytest

from dli import Assessment, DataError, Index, Indicator, MethodError, Observations, frames

INDEX = Index("T", [Indicator("a"), Indicator("b", direction=-1)])
BANK = """Country Name,Country Code,Series Name,Series Code,2019 [YR2019],2020 [YR2020]
Kenya,KEN,Alpha,a,1.5,..
Kenya,KEN,Beta,b,2,3
Namibia,NA,Alpha,a,4,5
Namibia,NA,Beta,b,6,7

Data from database: Made up
Last Updated: 01/02/2024
"""
EUROSTAT = "freq,item,geo\\TIME_PERIOD\t2019 \t2020 \nA,a,AT\t1.5 b\t: \nA,b,AT\t2\t3 p\nA,a,BE\t4\t5 e\nA,b,BE\t: c\t7\n"
OECD = """LOCATION,INDICATOR,SUBJECT,TIME,Value,Flag Codes
AUS,a,TOT,2019,1.5,
AUS,b,TOT,2019,2,E
AUT,a,TOT,2019,,
AUT,b,TOT,2019,6,
"""
UNDATA = """"Country or Area","Year","Item","Value","Value Footnotes"
"Kenya","2019","a","1,234.5","1"
"Kenya","2019","b","2",""
"C\u00f4te d'Ivoire","2019","a","3","1,2"
"C\u00f4te d'Ivoire","2019","b","4",""
"""
EUROPE = "unit;a;b;region\nK\u00f6ln;1,5;1.234,5;West\nBonn;n/a;2,0;West\n"


def _file(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_a_wide_table_of_the_world_bank(tmp_path):
    path = _file(tmp_path, BANK)
    keys = {"unit": "Country Code", "indicator": "Series Code"}
    with pytest.raises(
        DataError, match=r"(?s)notes follow the table, set last_line=5\).*line 7: 1 "
    ):
        Observations.from_wide(path, INDEX, **keys)
    with pytest.raises(DataError, match=r"(?s)line 2 .*'KEN', indicator 'a', period 2020\).*miss"):
        Observations.from_wide(path, INDEX, **keys, last_line=5)
    observations = Observations.from_wide(path, INDEX, **keys, last_line=5, missing="..")
    assert observations.units == ("KEN", "KEN", "NA", "NA")
    assert observations.periods == (2019, 2020, 2019, 2020)
    np.testing.assert_array_equal(observations.values, [[1.5, 2], [np.nan, 3], [4, 6], [5, 7]])
    assert observations.context_columns["Country Name"] == ["Kenya"] * 2 + ["Namibia"] * 2
    assert Assessment(INDEX, observations).units == observations.units


def test_a_table_of_eurostat(tmp_path):
    path = _file(tmp_path, EUROSTAT)
    how = {"unit": "geo", "indicator": "item", "delimiter": "\t"}
    with pytest.raises(DataError, match=r"only one column; if '.t' separates cells"):
        Observations.from_wide(path, INDEX, unit="geo", indicator="item", delimiter=";")
    with pytest.raises(DataError, match=r"'1\.5 b' is not a number; set flags=True"):
        Observations.from_wide(path, INDEX, **how, missing=":")
    observations = Observations.from_wide(path, INDEX, **how, missing=":", flags=True)
    np.testing.assert_array_equal(observations.values, [[1.5, 2], [np.nan, 3], [4, np.nan], [5, 7]])
    assert observations.units == ("AT", "AT", "BE", "BE")


def test_the_first_column_of_eurostat_must_hold_all_keys(tmp_path):
    path = _file(tmp_path, "freq,geo\\TIME\t2019\nA,AT\t1\nBE\t2\n")
    with pytest.raises(DataError, match=r"line 3: 1 keys in the first column, expected 2"):
        frames.read(path, delimiter="\t")


def test_a_long_table_of_the_oecd(tmp_path):
    path = _file(tmp_path, OECD)
    observations = Observations.from_long(
        path, INDEX, unit="LOCATION", indicator="INDICATOR", value="Value", period="TIME"
    )
    np.testing.assert_array_equal(observations.values, [[1.5, 2], [np.nan, 6]])
    assert observations.context == ("SUBJECT",)  # a flag for each value belongs to no unit


def test_a_table_of_un_data(tmp_path):
    path = _file(tmp_path, UNDATA, "cp1252")
    how = {"unit": "Country or Area", "indicator": "Item", "value": "Value", "period": "Year"}
    with pytest.raises(DataError, match=r"encoding='cp1252' or 'utf-16'"):
        Observations.from_long(path, INDEX, **how)
    with pytest.raises(DataError, match=r"thousands=','"):
        Observations.from_long(path, INDEX, **how, encoding="cp1252")
    observations = Observations.from_long(path, INDEX, **how, encoding="cp1252", thousands=",")
    assert observations.units == ("Kenya", "C\u00f4te d'Ivoire")
    assert observations.values.tolist() == [[1234.5, 2], [3, 4]]


def test_a_sheet_saved_as_csv_in_europe(tmp_path):
    path = _file(tmp_path, EUROPE, "cp1252")
    how = {"encoding": "cp1252", "delimiter": ";", "decimal": ",", "thousands": "."}
    with pytest.raises(DataError, match=r"'n/a' is not a number; if it marks a missing value"):
        Assessment(INDEX, Observations.read(path, INDEX, **how))
    observations = Observations.read(path, INDEX, **how, missing="n/a")
    np.testing.assert_array_equal(observations.values, [[1.5, 1234.5], [np.nan, 2]])
    assert observations.units == ("K\u00f6ln", "Bonn")


def test_notes_above_the_table_are_skipped(tmp_path):
    path = _file(tmp_path, "Made up\n\nunit,a,b\nX,1,2\nY,3,4\n")
    with pytest.raises(DataError, match="if notes come before the table, set header_line=3"):
        frames.read(path)
    assert frames.read(path, header_line=3).names == ("unit", "a", "b")
    with pytest.raises(DataError, match="is empty"):
        frames.read(path, header_line=9)


def test_a_value_that_appears_twice_is_named_with_what_tells_the_rows_apart():
    data = {"geo": ["X", "X", "X"], "item": ["a", "a", "b"], "sex": ["F", "M", "F"], "v": [1, 2, 3]}
    with pytest.raises(DataError) as caught:
        Observations.from_long(data, INDEX, unit="geo", indicator="item", value="v")
    assert caught.value.faults == (
        (
            "row 1 (unit 'X', indicator 'a') is a duplicate of row 0; keep only one of the two, "
            "which differ in 'sex' ('F', 'M'), 'v' (1, 2)"
        ),
    )
    same = {"geo": ["X", "X"], "item": ["a", "a"], "v": [1, 1]}
    with pytest.raises(DataError, match=r"row 1 \(unit 'X', indicator 'a'\) .* of row 0$"):
        Observations.from_long(same, INDEX, unit="geo", indicator="item", value="v")


def test_rows_without_a_key_and_missing_columns_are_named():
    data = {"geo": ["X", None], "item": [None, "b"], "year": [1, None], "v": [1, 2]}
    with pytest.raises(DataError) as caught:
        Observations.from_long(data, INDEX, unit="geo", indicator="item", value="v", period="year")
    assert caught.value.faults == (
        "row 0: the indicator is missing",
        "row 1: the unit and the period are missing",
    )
    with pytest.raises(DataError, match=r"(?s)columns are missing .*column 'itm'; did you mean"):
        Observations.from_long(data, INDEX, unit="geo", indicator="itm", value="v")


def test_an_indicator_cannot_have_the_code_of_a_key():
    data = {"a": ["X"], "item": ["a"], "v": [1]}
    with pytest.raises(
        DataError, match="indicators must not have the name of the column of units or periods"
    ):
        Observations.from_long(data, INDEX, unit="a", indicator="item", value="v")


def test_wide_tables_name_their_periods():
    index = Index("T", [Indicator("a")])
    data = {"unit": ["X"], "2021-Q1": [1], "2021-Q2": [2], "note": ["n"]}
    assert Observations.from_wide(data, index, unit="unit").periods == ("2021-Q1", "2021-Q2")
    some = Observations.from_wide(data, index, unit="unit", periods=["2021-Q2"])
    assert some.periods == ("2021-Q2",)
    own = Observations.from_wide(data, index, unit="unit", periods={"2021-Q2": 7}, period="t")
    assert (own.periods, own.period_column) == ((7,), "t")
    with pytest.raises(DataError, match="no column has the name of a period"):
        Observations.from_wide({"unit": ["X"], "a": [1]}, index, unit="unit")
    with pytest.raises(DataError, match="cannot be called 'note'"):
        Observations.from_wide(data, index, unit="unit", period="note")
    with pytest.raises(MethodError, match="indicator must name the column of the codes"):
        Observations.from_wide(data, INDEX, unit="unit")


def test_whole_numbers_may_name_columns_and_indicators():
    import pandas as pd

    index = Index("T", [Indicator("1"), Indicator("2")])
    frame = pd.DataFrame({"unit": ["X", "X"], "code": [1, 2], 2019: [1.0, 2.0], 2020: [3.0, 4.0]})
    observations = Observations.from_wide(frame, index, unit="unit", indicator="code")
    assert observations.periods == (2019, 2020)
    assert observations.values.tolist() == [[1, 2], [3, 4]]
    assert isinstance(observations.frame({"x": [1, 2]}), pd.DataFrame)


def test_lines_without_any_key_at_the_end_may_be_notes(tmp_path):
    text = BANK.partition("\n\n")[0] + "\n,,,,,\nData from database: Made up,,,,,\n"
    path = _file(tmp_path, text)
    keys = {"unit": "Country Code", "indicator": "Series Code"}
    with pytest.raises(DataError, match=r"if notes follow the table, set last_line=5"):
        Observations.from_wide(path, INDEX, **keys, missing="..")


def test_a_name_with_a_tab_asks_for_the_delimiter(tmp_path):
    with pytest.raises(
        DataError, match=r"line 1: a name contains a tab; if '.t' separates cells, set"
    ):
        Observations.from_wide(_file(tmp_path, EUROSTAT), INDEX, unit="geo", indicator="item")


def test_a_marker_with_a_flag_asks_for_both(tmp_path):
    path = _file(tmp_path, EUROSTAT)
    with pytest.raises(DataError, match=r"set missing=\(':',\) and flags=True"):
        Observations.from_wide(path, INDEX, unit="geo", indicator="item", delimiter="\t")


def test_steps_are_no_options_for_reading():
    data = {"unit": ["X"], "a": [1], "b": [2]}
    with pytest.raises(MethodError, match=r"(?s)steps are set with `method`.*imputation=3"):
        Assessment(INDEX, data, imputation=3)


def test_a_table_of_another_shape_is_pointed_to_its_reader():
    with pytest.raises(DataError, match=r"use Observations.from_long or Observations.from_wide"):
        Assessment(INDEX, {"unit": ["X"], "2019": [1]})


def test_observations_say_what_they_hold(tmp_path):
    path = _file(tmp_path, BANK)
    keys = {"unit": "Country Code", "indicator": "Series Code"}
    observations = Observations.from_wide(path, INDEX, **keys, last_line=5, missing="..")
    shown = "2 units in 2 periods: 4 rows, 2 indicators, 1 of 8 values missing"
    assert repr(observations) == shown
    flat = Observations.read({"unit": ["X"], "a": [1], "b": [2]}, INDEX)
    assert repr(flat) == "1 unit: 1 row, 2 indicators, 0 of 2 values missing"
