"""What the fuzzing of workbooks found."""

import pytest
from tests.fuzzing.seeds import WORKBOOKS, packed

from dli import DataError
from dli.exchange import read_coin_tool


@pytest.mark.parametrize(("code", "cell"), [(b"si.02", "F12"), (b"Ind.02", "F16")])
def test_a_line_break_within_a_code_is_reported_with_its_cell(tmp_path, code, cell):
    parts = dict(WORKBOOKS[0])
    name = "xl/worksheets/sheet1.xml"
    assert code in parts[name]
    parts[name] = parts[name].replace(code, code.replace(b".", b"&#10;."))
    path = tmp_path / "book.xlsx"
    path.write_bytes(packed(parts))
    with pytest.raises(DataError, match=rf"{cell}: code must not contain control characters, got "):
        read_coin_tool(path)
