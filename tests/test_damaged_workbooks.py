"""Workbooks of the COIN Tool that are damaged, hostile or filled in wrongly."""

import random
import re
import warnings
import zipfile
from datetime import date
from io import BytesIO

import openpyxl
import pytest

from dli.errors import DataError, DLIWarning
from dli.exchange import coin_tool, read_coin_tool, sheets

COLUMNS = [
    # weight, direction, lower, upper, index, sub-index, pillar, sub-pillar, name, code
    (2, 1, 0, 10, "Index", "si.01", "p.01", "sp.01", "First", "Ind.01"),
    (1, -1, 0, 8, "Index", "si.01", "p.01", "sp.01", "Second", "Ind.02"),
    (1, 1, None, None, "Index", "si.02", "p.01", "sp.02", "Third", "Ind.03"),
]
UNITS = [("Aland", "A", 1, 2, 3), ("Namibia", "NA", 4, "n/a", 6), ("Cland", "C", 7, 8, 10.5)]
DAY = date(2020, 1, 2)
NODES = [("Index", 1, "The index"), ("si.01", 3, "One"), ("si.02", 1, "Two"), ("si.03", None, "--"),
         ("sp.01", 1, "Sub one"), ("sp.02", 1, "Sub two")]  # fmt: skip


def workbook(path, change=lambda data, frame: None):
    """Lay out a workbook as the tool does, with some cells changed."""
    book = openpyxl.Workbook()
    data = book.active
    data.title = "Database"
    for place, column in enumerate(COLUMNS, 5):
        for row, value in enumerate(column, 7):
            data.cell(row, place, value)
    for row, (name, code, *values) in enumerate(UNITS, 17):
        for place, value in zip((2, 3, 5, 6, 7), (name, code, *values), strict=True):
            data.cell(row, place, value)
    frame = book.create_sheet("Framework")
    for row, node in enumerate(NODES, 5):
        for place, value in zip((3, 5, 8), node, strict=True):
            frame.cell(row, place, value)
    change(data, frame)
    book.save(path)
    return path


def faults(tmp_path, change):
    with pytest.raises(DataError) as caught:
        read_coin_tool(workbook(tmp_path / "tool.xlsx", change))
    return [fault.removeprefix("sheet 'Database', ") for fault in caught.value.faults]


def set_cells(**cells):
    def change(data, _):
        for cell, value in cells.items():
            data[cell] = value

    return change


def test_namibia_is_a_unit(tmp_path):
    _, data = read_coin_tool(workbook(tmp_path / "tool.xlsx"))
    assert list(data["unit"]) == ["A", "NA", "C"]
    assert list(data["Ind.01"]) == [1, 4, 7]


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ("E17:E18", "cells E17:E18: merged; unmerge them and fill in each"),
        ("E17:F17", "cells E17:F17: merged"),
        ("B18:C18", "cells B18:C18: merged"),
        ("C17:C18", "cells C17:C18: merged"),
        ("E16:F16", "cells E16:F16: merged"),
        ("E9:E10", "cells E9:E10: merged"),
        ("G19:H25", "cells G19:H25: merged"),
    ],
)
def test_merged_cells_are_named(tmp_path, cells, fault):
    found = faults(tmp_path, lambda data, _: data.merge_cells(cells))
    assert any(text.startswith(fault) for text in found), found


def test_merged_cells_beside_the_table_do_not_matter(tmp_path):
    def change(data, frame):
        data.merge_cells("B2:H5")
        data.merge_cells("B40:C41")
        frame.merge_cells("A1:H2")

    index, _ = read_coin_tool(workbook(tmp_path / "tool.xlsx", change))
    assert len(index.indicators) == 3


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"C18": None}, "cell C18: no unit code, but the row has a value in sheet 'Database', cell E18"),
        ({"C18": "n/a"}, "cell C18: no unit code, but the row has a value"),
        ({"B20": "Dland", "E20": "n/a"}, "cell C20: no unit code, but the row has a value"),
        ({"E16": None}, "cell E16: no indicator code, but the column has a value in row 17"),
        ({"E16": "n/a"}, "cell E16: no indicator code"),
        ({"E16": "NA"}, "cell E16: no indicator code"),
        ({"J30": 4, "C30": "D"}, "cell J16: no indicator code, but the column has a value in row 30"),
        ({"E9": None}, "cell E9: blank, but the other goalpost, in row 10, is 10; enter both goalposts or neither"),
        ({"F10": "n/a"}, "cell F10: blank, but the other goalpost, in row 9, is 0"),
        ({"E9": "low"}, "cell E9: 'low' is not a number"),
        ({"E17": True}, "cell E17: True is not a number"),
        ({"C17": True}, "cell C17: True, expected text"),
        ({"E17": "#N/A"}, "cell E17: the error value '#N/A', expected a number or text"),
        ({"F17": DAY}, "cell F17: a date, stored as '43832'"),
        ({"C18": DAY}, "cell C18: a date"),
        ({"E16": "=A1"}, "cell E16: a formula, expected a value"),
        ({"C18": "=A1"}, "cell C18: a formula, expected a value"),
        ({"E16": "unit"}, "cell E16: 'unit' is the column of the units' codes or names; rename"),
        ({"F11": "Other"}, "cell F11: 'Other', but the index is 'Index' elsewhere"),
        ({"F11": None}, "cell F11: blank, but the index is 'Index' elsewhere"),
        ({"F14": "sp.02"}, "cell G14: the parent of 'sp.02' is 'si.02', but 'si.01' in sheet 'Database', cell F14"),
        ({"E14": "Ind.02"}, "cell E14: 'Ind.02' is also the code of an indicator"),
        ({"E14": "Index"}, "cell E14: 'Index' is also the code of the index"),
        ({"E16": "Index"}, "cell E16: 'Index' is also the code of the index"),
        ({"F14": "si.01"}, "cell F14: the parent of 'si.01' is 'si.01', but 'Index' in sheet 'Database', cell E12"),
        ({"C19": "A"}, "cell C19: unit 'A' already appears in sheet 'Database', cell C17"),
        ({"XFD1048576": 1}, "cell XFD16: no indicator code, but the column has a value in row 1048576"),
    ],
)  # fmt: skip
def test_cells_that_would_be_lost_or_misread_are_named(tmp_path, cells, expected):
    found = faults(tmp_path, set_cells(**cells))
    assert any(text.startswith(expected) for text in found), found


def test_a_bad_code_is_reported_once(tmp_path):
    assert faults(tmp_path, set_cells(E16="=A1")) == ["cell E16: a formula, expected a value"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"E6": -1}, "cell E6: weight must not be negative, got -1"),
        ({"C6": None}, "cell C6: no code, but the row has a weight"),
        ({"C6": "Index"}, "cell C6: 'Index' already appears in sheet 'Framework', cell C5"),
    ],
)
def test_faults_of_the_framework_are_named(tmp_path, cells, expected):
    found = faults(tmp_path, lambda _, frame: set_cells(**cells)(frame, None))
    assert f"sheet 'Framework', {expected}" in found


def test_nodes_without_a_weight_are_named(tmp_path):
    path = workbook(tmp_path / "tool.xlsx", lambda _, frame: set_cells(C9="other")(frame, None))
    with pytest.warns(
        DLIWarning, match=r"weight 1 and no name: 'sp.01' \(sheet 'Database', cell E14"
    ):
        index, _ = read_coin_tool(path)
    assert index.find("sp.01").weight == 1


def test_a_level_that_is_skipped_does_not_lose_the_one_below(tmp_path):
    path = workbook(tmp_path / "tool.xlsx", set_cells(G12=None, E11=None, F11=None, G11="n/a"))
    index, _ = read_coin_tool(path)
    assert [node.code for node in index.walk()] == [
        "Index", "si.01", "sp.02", "sp.01", "Ind.03", "Ind.01", "Ind.02",
    ]  # fmt: skip


def test_a_framework_that_lists_an_index_as_unused_keeps_its_weight(tmp_path):
    path = workbook(tmp_path / "tool.xlsx", lambda _, frame: set_cells(H6="--")(frame, None))
    index, _ = read_coin_tool(path)
    assert (index.find("si.01").name, index.find("si.01").weight) == ("", 3)


def test_numbers_of_the_table_are_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(coin_tool, "MAX_VALUES", 8)
    (fault,) = faults(tmp_path, set_cells())
    assert fault == "cell G19: 3 units by 3 indicators are more than the limit of 8 values"


# -- the file itself ---------------------------------------------------------------------------


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_shared_texts(parts):
    """Move the texts of cells to a table of their own, as spreadsheets write them."""
    texts = []

    def moved(match):
        texts.append(match[2])
        return b'<c r="%s" t="s"><v>%d</v></c>' % (match[1], len(texts) - 1)

    parts = {
        name: re.sub(rb'<c r="(\w+)" t="inlineStr"><is>(<t>[^<]*</t>)</is></c>', moved, content)
        for name, content in parts.items()
    }
    table = b"".join(b"<si>%s</si>" % text for text in texts)
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s">%s</sst>' % (main, table)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", override)
    return parts


def packed(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_parts(tmp_path, **changes):
    """Write a workbook in the XML of which something is exchanged."""
    parts = parts_of(workbook(tmp_path / "plain.xlsx"))
    for name, (old, new) in changes.items():
        (path,) = [path for path in parts if path.endswith(f"/{name}.xml")]
        assert old in parts[path], parts[path][:3000]
        parts[path] = parts[path].replace(old, new, 1)
    return packed(tmp_path / "tool.xlsx", parts)


E17 = b'<c r="E17" t="n"><v>1</v></c>'


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (b'<c r="E17"><v>1e999</v></c>', "cell E17: '1e999', not a finite number"),
        (b'<c r="E17"><v>1_0</v></c>', "cell E17: '1_0', not a finite number"),
        (b'<c r="E17"><v>nan</v></c>', "cell E17: 'nan', not"),
        (b'<c r="E17" t="s"><v>-1</v></c>', "cell E17: the missing text '-1'"),
        (b'<c r="E17" t="s"><v>9999</v></c>', "cell E17: the missing text '9999'"),
        (b'<c r="E17" t="b"><v>2</v></c>', "cell E17: the truth value '2'"),
        (b'<c r="E17" t="d"><v>2020-01-01</v></c>', "cell E17: the date '2020-01-01'"),
        (b'<c r="E17" t="q"><v>1</v></c>', "cell E17: a cell of the unknown type 'q', '1'"),
        (b'<c r="E17" t="inlineStr"><is><t>x</t></is></c>', "cell E17: 'x' is not a number"),
        (b'<c r="E17"><v>1</v></c><c r="E17"><v>2</v></c>', "sheet 'Database': cell E17 appears twice"),
        (b'<c r="17E"><v>1</v></c>', "sheet 'Database': cell '17E' does not exist"),
        (b'<c r="XFE17"><v>1</v></c>', "sheet 'Database': cell 'XFE17' does not exist"),
        (b'<c r="E1048577"><v>1</v></c>', "sheet 'Database': cell 'E1048577' does not exist"),
        (b'<c r="E17"><v>' + b"9" * 5000 + b"</v></c>", "cell E17: '99999"),
        (b'</row><row r="0"><c r="E17"><v>1</v></c>', "sheet 'Database': row '0' does not exist"),
        (b'</row><row r="x"><c r="E17"><v>1</v></c>', "sheet 'Database': row 'x' does not exist"),
        (b'</row><row r="1048576"/><row><c><v>1</v></c>', "sheet 'Database': row None does not exist"),
        (b'<c r="XFD17"/><c><v>1</v></c>', "sheet 'Database': cell None does not exist"),
    ],
)  # fmt: skip
def test_cells_that_cannot_be_read_are_named(tmp_path, cell, fault):
    with pytest.raises(DataError) as caught:
        read_coin_tool(with_parts(tmp_path, sheet1=(E17, cell)))
    found = [text.removeprefix("sheet 'Database', ") for text in caught.value.faults]
    assert any(text.startswith(fault) for text in found), found
    assert all(len(text) < 200 for text in found)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (b'<c r="E17" t="inlineStr"><is><t> n/a </t></is></c>', None),
        (b'<c r="E17"><v> 2.5 </v></c>', 2.5),
        (b'<c r="E17"><v>1E-3</v></c>', 0.001),
        (b'<c r="E17" s="77"><v>3</v></c>', 3),
        (b'<c r="E17" t="s"/>', None),
    ],
)
def test_cells_of_other_writers_are_read(tmp_path, cell, value):
    _, data = read_coin_tool(with_parts(tmp_path, sheet1=(E17, cell)))
    first = data["Ind.01"][0]
    assert first == value if value is not None else first != first  # noqa: PLR0124 NaN


def test_runs_of_text_are_joined_without_their_pronunciation(tmp_path):
    text = b'<c r="E15" t="inlineStr"><is><r><t>Fi</t></r><r><t>rst</t></r><rPh><t>x</t></rPh></is></c>'
    parts = parts_of(workbook(tmp_path / "plain.xlsx", set_cells(E15=4711)))
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b'<c r="E15" t="n"><v>4711</v></c>', text)
    index, _ = read_coin_tool(packed(tmp_path / "tool.xlsx", parts))
    assert index.find("Ind.01").name == "First"


def test_shared_texts_are_read(tmp_path):
    parts = with_shared_texts(parts_of(workbook(tmp_path / "plain.xlsx")))
    assert b"inlineStr" not in parts["xl/worksheets/sheet1.xml"]
    index, data = read_coin_tool(packed(tmp_path / "tool.xlsx", parts))
    expected, same = read_coin_tool(tmp_path / "plain.xlsx")
    assert index == expected
    assert list(data["unit"]) == list(same["unit"])
    parts["xl/sharedStrings.xml"] = b"<sst>"
    with pytest.raises(DataError, match="as a workbook"):
        read_coin_tool(packed(tmp_path / "tool.xlsx", parts))


def test_rows_and_cells_without_references_follow_each_other(tmp_path):
    parts = parts_of(workbook(tmp_path / "plain.xlsx"))
    name = "xl/worksheets/sheet1.xml"
    cells = b'<c r="E17"><v>5</v></c><c><v>6</v></c><c><v>7</v></c>'
    row = parts[name].split(b'<row r="17"')[1].split(b"</row>")[0]
    head = row[: row.index(b'<c r="E17"')]
    parts[name] = parts[name].replace(row, head + cells)
    parts[name] = parts[name].replace(b'<row r="18"', b"<row")
    _, data = read_coin_tool(packed(tmp_path / "tool.xlsx", parts))
    assert [data[code][0] for code in ("Ind.01", "Ind.02", "Ind.03")] == [5, 6, 7]
    assert data["Ind.01"][1] == 4


def test_a_formula_that_gives_an_empty_text_is_blank(tmp_path):
    parts = parts_of(workbook(tmp_path / "plain.xlsx", set_cells(H16=4711, G15=4712)))
    name = "xl/worksheets/sheet1.xml"
    for cell in (b'r="H16" t="n"><v>4711', b'r="G15" t="n"><v>4712'):
        assert cell in parts[name]
        parts[name] = parts[name].replace(
            cell, cell[:7] + b' t="str"><f>IF(A1,B1,"")</f><v>'
        )  # fmt: skip
    index, _ = read_coin_tool(packed(tmp_path / "tool.xlsx", parts))
    assert [indicator.name for indicator in index.indicators] == ["First", "Second", ""]


@pytest.mark.parametrize(
    ("ref", "fault"),
    [
        (b"E17:", None), (b"E17", None), (b"E17:E17", None),
        (b"A1:XFD1048576", "cells A1:XFD1048576: merged"),
        (b"E18:E17", "sheet 'Database': merged cells 'E18:E17' do not exist"),
        (b"E:F", "sheet 'Database': merged cells 'E:F' do not exist"),
    ],
)  # fmt: skip
def test_merged_ranges_are_read_whatever_their_size(tmp_path, ref, fault):
    merge = b'</sheetData><mergeCells><mergeCell ref="' + ref + b'"/></mergeCells>'
    path = with_parts(tmp_path, sheet1=(b"</sheetData>", merge))
    if fault is None:
        read_coin_tool(path)
        return
    with pytest.raises(DataError) as caught:
        read_coin_tool(path)
    assert any(
        text.removeprefix("sheet 'Database', ").startswith(fault) for text in caught.value.faults
    )


def test_a_file_that_is_damaged_all_over_is_not_read_to_its_end(tmp_path):
    path = with_parts(tmp_path, sheet1=(b"</sheetData>", b'<row r="0"/>' * 5000 + b"</sheetData>"))
    with pytest.raises(DataError, match="cannot read the sheet 'Database'") as caught:
        read_coin_tool(path)
    assert len(caught.value.faults) == 1001


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        ("sheet1", b"<worksheet", b"<workbook", "cannot read"),
        ("sheet1", b"spreadsheetml/2006/main", b"spreadsheetml/2007/main", "its XML is not a worksheet"),
        ("sheet1", b"</sheetData>", b"", "cannot read the sheet 'Database': mismatched tag"),
        ("sheet1", b"<sheetData>", b"<sheetData>&x;", "cannot read .*undefined entity"),
        ("sheet2", b"<sheetData>", b"<sheetData>\xff", "cannot read the sheet 'Framework'"),
        ("workbook", b"<sheets>", b"<sheet>", "as a workbook"),
        ("styles", b"<cellXfs", b"<cellXf", "as a workbook"),
    ],
)  # fmt: skip
def test_xml_that_is_damaged_is_refused(tmp_path, part, old, new, message):
    with pytest.raises(DataError, match=message):
        read_coin_tool(with_parts(tmp_path, **{part: (old, new)}))


def test_content_types_that_are_wrong_are_refused(tmp_path):
    parts = parts_of(workbook(tmp_path / "plain.xlsx"))
    types = parts.pop("[Content_Types].xml")
    with pytest.raises(DataError, match=r"tool\.xlsx' as a workbook"):
        read_coin_tool(packed(tmp_path / "tool.xlsx", parts))
    wrong = types.replace(b"sheet.main+xml", b"document.main+xml")
    with pytest.raises(DataError, match="no valid workbook part"):
        read_coin_tool(packed(tmp_path / "tool.xlsx", {**parts, "[Content_Types].xml": wrong}))


def test_a_chart_in_place_of_a_sheet_is_missed(tmp_path):
    def change(_, frame):
        frame.title = "Other"
        frame.parent.create_chartsheet("Framework")

    message = r"lacks sheets \(its sheets: Database, Other\)|as a workbook"
    with pytest.raises(DataError, match=message):
        read_coin_tool(workbook(tmp_path / "tool.xlsx", change))


def test_a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_BYTES", 3 * 2**20)
    parts = parts_of(workbook(tmp_path / "plain.xlsx"))
    parts["xl/worksheets/sheet1.xml"] = b" " * sheets.MAX_BYTES
    path = packed(tmp_path / "tool.xlsx", parts)
    assert path.stat().st_size < 20_000
    with pytest.raises(DataError, match=r"unpacks to 3 MB, more than the limit of 3 MB; copy"):
        read_coin_tool(path)


def test_texts_and_styles_have_a_limit_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_TEXT_BYTES", 2**20)
    parts = parts_of(workbook(tmp_path / "plain.xlsx"))
    parts["xl/styles.xml"] += b" " * 2**20
    with pytest.raises(
        DataError, match=r"unpacks to texts and styles of 1 MB, more than the limit"
    ):
        read_coin_tool(packed(tmp_path / "tool.xlsx", parts))


def test_merged_ranges_and_levels_of_the_xml_are_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_MERGED", 1)
    merges = (
        b'</sheetData><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="A1:B2"/></mergeCells>'
    )
    with pytest.raises(DataError, match="'Database' has more than 1 merged ranges"):
        read_coin_tool(with_parts(tmp_path, sheet1=(b"</sheetData>", merges)))
    with pytest.raises(DataError, match="'Database': its XML has over 100 levels"):
        read_coin_tool(with_parts(tmp_path, sheet1=(b"</sheetData>", b"<a>" * 100)))


def test_a_part_that_is_longer_than_it_says_is_refused(tmp_path):
    path = workbook(tmp_path / "tool.xlsx")
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), b"\x90\0\0\0"))
    with pytest.raises(DataError, match="cannot read"):
        read_coin_tool(path)


def test_the_number_of_cells_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_CELLS", 30)
    with pytest.raises(DataError, match="'Database' has more than 30 cells with a value"):
        read_coin_tool(workbook(tmp_path / "tool.xlsx"))


def test_blank_cells_with_a_format_are_not_counted(tmp_path):
    def change(data, _):
        data["XFD1048576"].font = openpyxl.styles.Font(bold=True)

    _, frame = read_coin_tool(workbook(tmp_path / "tool.xlsx", change))
    assert len(frame) == 3


def test_entities_that_expand_without_end_are_refused(tmp_path):
    entities = b"".join(
        b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10 if i else b"x" * 100) for i in range(10)
    )
    doctype = b"<!DOCTYPE worksheet [" + entities + b"]><worksheet"
    parts = parts_of(workbook(tmp_path / "plain.xlsx"))
    name = "xl/worksheets/sheet1.xml"
    text = parts[name].replace(b"<worksheet", doctype, 1)
    parts[name] = text.replace(E17, b'<c r="E17" t="str"><v>&e9;</v></c>')
    with pytest.raises(DataError, match=r"amplification|sheet 'Database', cell E17"):
        read_coin_tool(packed(tmp_path / "tool.xlsx", parts))


PIECES = [b"", b"0", b"-1", b"<", b">", b'"', b"</row>", b'<row r="1048576">', b"<c>", b"\0", b"\xff",
          b"NA", b"n/a", b"Ind.01", b"E17", b"XFD1", b't="s"', b't="b"', b't="e"', b"1e999", b"=", b"e5"]  # fmt: skip

CONTENTS = [b"", b"0", b"1", b"2", b"-1", b"1e9", b"1e999", b"NA", b"n/a", b"A", b"si.01", b"Index", b"17",
            b"E17", b"F16", b"XFD1048576"]  # fmt: skip


def mutant(parts, original, rng):
    """Return the bytes of a workbook with damage in its archive, or in the XML of one part."""
    if rng.random() < 0.3:
        content = bytearray(original)
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(content[: rng.choice([len(content), rng.randrange(len(content))])])
    parts = dict(parts)
    names = ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", *parts]
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(names[:2] if rng.random() < 0.7 else names)
        text = parts[name]
        if rng.random() < 0.03:
            parts[name] = b""
            continue
        contents = [match.span(1) for match in re.finditer(rb"""(?:<[vt]>|\br=")(\w*)""", text)]
        if contents and rng.random() < 0.5:
            start, stop = rng.choice(contents)
            parts[name] = text[:start] + rng.choice(CONTENTS) + text[stop:]
            continue
        start = rng.randrange(len(text) + 1)
        stop = min(len(text), start + rng.choice([0, 1, 1, 2, 5]))
        parts[name] = text[:start] + rng.choice(PIECES) + text[stop:]
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def read_mutants(tmp_path, seeds):
    original = workbook(tmp_path / "plain.xlsx")
    parts, content = with_shared_texts(parts_of(original)), original.read_bytes()
    n_read = 0
    for seed in seeds:
        path = tmp_path / "mutant.xlsx"
        path.write_bytes(mutant(parts, content, random.Random(seed)))  # noqa: S311 no secret
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DLIWarning)
            try:
                index, frame = read_coin_tool(path)
            except DataError as error:
                str(error)
                continue
        assert set(frame.columns) == {"unit", "name", *(i.code for i in index.indicators)}
        n_read += 1
    return n_read


def test_damaged_workbooks_are_read_or_refused(tmp_path):
    assert 10 < read_mutants(tmp_path, range(200)) < 190


def test_a_folder_is_not_a_workbook_and_a_file_that_vanishes_is_said(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="it is a folder, expected a workbook"):
        read_coin_tool(tmp_path)
    path = workbook(tmp_path / "tool.xlsx")

    def vanish(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", vanish)
    with pytest.raises(DataError, match=r"cannot read .*: Permission denied"):
        read_coin_tool(path)
