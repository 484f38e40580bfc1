"""What is mutated at the doors for models, capabilities, COINr's tables and workbooks."""

import io
import zipfile

# Small, and together with every table, key and kind of value that the readers know.
MODELS = [
    b"""format = "dli-index/1"
[index]
code = "T"
[[node]]
code = "a"
goalposts = [0, 1]
[[node]]
code = "S"
weight = 2.5
[[node]]
code = "b"
parent = "S"
direction = -1
""",
    b"""format = "dli-index/1"
[index]
code = "T"
name = "Top"
bands = {thresholds = [0.5], names = ["low", "high"]}
weighting = {method = "AHP", judgements = [[1, 2], [0.5, 1]]}
aggregation = {method = "PowerMean", p = 0.5}
normalisation = {method = "MinMax"}
[[node]]
code = "a"
[[node]]
code = "b"
""",
    b"""format = "dli-index/1"  # a comment
[index]
code = "T"
weighting.method = "Equal"
[[node]]
code = "a"
name = 'A'
unit_of_measure = "percent"
goalposts = [0.0, 100]
scale = [-1, 1e3]
target = 90
denominator = "p"
denominator_factor = 1000
column = "x"
doubtful = [0, 9]
source = "s"
description = '''
Two
lines'''
[[node]]
code = "c"
constant = 1
""",
    b"""format = "dli-index/1"
node = [{code = "a", parent = "S"}, {code = "S", parent = "T"}, {code = "b", parent = "S"}]
index = {code = "T", weighting = {method = "Fixed", by_code = {S = 1}}}
method = {}
judgements = []
""",
]
CAPABILITIES = [
    b"""format = "dli-capabilities/1"
description = "few"
[[capability]]
code = "c"
name = "See"
description = "far"
[[capability]]
code = "d"
kind = "barrier"
[[link]]
source = "c"
target = "a"
strength = 0.5
[[link]]
source = "d"
target = "b"
strength = 0.25
evidence = "told"
required = true
sign = -1
""",
    b"""format = "dli-capabilities/1"
capability = [{code = "c"}, {code = "d"}, {code = "e", kind = "capability"}]
link = [
  {source = "c", target = "d", strength = 0.9},
  {source = "d", target = "c", strength = 1, sign = -1},
  {source = "e", target = "d", strength = 0},
]
""",
    b'format = "dli-capabilities/1"\ncapability = [{code = "c"}]\n',
]
IMETA = [
    b"""iCode,Parent,Level,Weight,Direction,Type,iName
T,NA,2,1,1,Aggregate,Top
a,T,1,1,1,Indicator,Alpha
b,T,1,2,-1,Indicator,Beta
GDP,NA,NA,NA,NA,Denominator,
""",
    b"""iCode,Parent,Level,Weight,Direction,Type,Target,Denominator,Unit
T,,3,1,,Aggregate,,,
S,T,2,.5,1,Aggregate,,NA,
a,S,1,1,1,Indicator,9,GDP,%
b,S,1,2,-1,,,,
G,,,,,Group,,,
""",
    b"iCode,Parent\nT,\na,T\nb,T\n",
]
IDATA = [
    b"uCode,uName,a,b,GDP,G\nX,Xe,1,2,3,g\nNA,Namibia,4,,6,\nZ,Zet,7,8.5,9,h\n",
    b"uCode,Time,G,note,a,b,GDP\nX,2019,g,1.1,1,2,3\nX,2020,NA,NA,4,-5e2,6\n",
    b"uCode,a,b,GDP,z,G\n004,1,2,3,01,1\n005,4,NA,6,NA,2\n",
]

_HEADER = b'<?xml version="1.0" encoding="UTF-8"?>'
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = b"http://schemas.openxmlformats.org/package/2006/"
_FORMAT = b'<xf numFmtId="%d" fontId="0" fillId="0" borderId="0" xfId="0"/>'
_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml."


def _relations(*targets: tuple[bytes, bytes]) -> bytes:
    links = [
        b'<Relationship Id="r%d" Type="%b/%b" Target="%b"/>' % (i, _OFFICE, kind, target)
        for i, (kind, target) in enumerate(targets, 1)
    ]
    return _HEADER + b'<Relationships xmlns="%brelationships">%b</Relationships>' % (
        _PACKAGE,
        b"".join(links),
    )


def _sheet(rows: dict[int, dict[str, object]], *, texts: list[str], rest: bytes = b"") -> bytes:
    """Return the XML of a sheet; its texts stand in it unless others are given to refer to."""
    body = []
    for row, cells in rows.items():
        body.append(b'<row r="%d">' % row)
        for letter, value in cells.items():
            at = b'r="%b%d"' % (letter.encode(), row)
            if isinstance(value, bytes):
                body.append(b"<c %b%b</c>" % (at, value))
            elif not isinstance(value, str):
                body.append(b"<c %b><v>%b</v></c>" % (at, str(value).encode()))
            elif value in texts:
                body.append(b'<c %b t="s"><v>%d</v></c>' % (at, texts.index(value)))
            else:
                body.append(b'<c %b t="inlineStr"><is><t>%b</t></is></c>' % (at, value.encode()))
        body.append(b"</row>")
    return _HEADER + b'<worksheet xmlns="%b"><sheetData>%b</sheetData>%b</worksheet>' % (
        _MAIN,
        b"".join(body),
        rest,
    )


def _book(database: bytes, framework: bytes, more: dict[str, bytes]) -> dict[str, bytes]:
    """Return the parts of a workbook, without those that openpyxl fills in itself."""
    kinds = {"xl/sharedStrings.xml": b"sharedStrings", "xl/styles.xml": b"styles"}
    parts = {
        b"/xl/workbook.xml": b"sheet.main",
        b"/xl/worksheets/sheet1.xml": b"worksheet",
        b"/xl/worksheets/sheet2.xml": b"worksheet",
    } | {b"/" + name.encode(): kinds[name] for name in more}
    types = b"".join(
        b'<Override PartName="%b" ContentType="%b%b+xml"/>' % (part, _TYPE, kind)
        for part, kind in parts.items()
    )
    sheets = b"".join(
        b'<sheet name="%b" sheetId="%d" r:id="r%d"/>' % (title, i, i)
        for i, title in enumerate((b"Database", b"Framework"), 1)
    )
    return {
        "[Content_Types].xml": _HEADER
        + b'<Types xmlns="%bcontent-types"><Default Extension="rels" ContentType="'
        b'application/vnd.openxmlformats-package.relationships+xml"/>%b</Types>'
        % (_PACKAGE, types),
        "_rels/.rels": _relations((b"officeDocument", b"xl/workbook.xml")),
        "xl/workbook.xml": _HEADER
        + b'<workbook xmlns="%b" xmlns:r="%b"><sheets>%b</sheets></workbook>'
        % (_MAIN, _OFFICE, sheets),
        "xl/_rels/workbook.xml.rels": _relations(
            (b"worksheet", b"worksheets/sheet1.xml"),
            (b"worksheet", b"worksheets/sheet2.xml"),
            *((kinds[name], name.removeprefix("xl/").encode()) for name in more),
        ),
        "xl/worksheets/sheet1.xml": database,
        "xl/worksheets/sheet2.xml": framework,
    } | more


def _workbooks() -> list[dict[str, bytes]]:
    columns: dict[int, dict[str, object]] = {
        7: {"E": 2, "F": 1},
        8: {"E": 1, "F": -1},
        9: {"E": 0, "F": 0},
        10: {"E": 10, "F": 8},
        11: {"E": "Index", "F": "Index"},
        12: {"E": "si.01", "F": "si.02"},
        13: {"E": "p.01", "F": "p.01"},
        14: {"E": "sp.01", "F": "sp.02"},
        15: {"E": "First", "F": "Second"},
        16: {"E": "Ind.01", "F": "Ind.02"},
    }
    units: dict[int, dict[str, object]] = {
        17: {"B": "Aland", "C": "A", "E": 1, "F": 2},
        18: {"B": "Bland", "C": "B", "E": 3, "F": "n/a"},
    }
    nodes: dict[int, dict[str, object]] = {
        5: {"C": "Index", "E": 1, "H": "The index"},
        6: {"C": "si.01", "E": 3, "H": "One"},
        7: {"C": "si.02", "E": 1, "H": "Two"},
    }
    plain = _book(_sheet(columns | units, texts=[]), _sheet(nodes, texts=[]), {})
    # A second one with formulas, a date, texts in a part of their own, and merged cells.
    odd: dict[int, dict[str, object]] = {
        12: {"E": b' t="str"><f>A1</f><v>si.01</v>', "F": b' t="str"><f>A2</f><v>si.02</v>'},
        17: {"B": "Aland", "C": 4, "D": b' t="b"><v>1</v>', "E": 1.5, "F": -2e-3},
        19: {"B": b' t="e"><v>#N/A</v>', "D": b' s="1"><v>43831</v>'},
    }
    texts = ["Aland", "Bland", "A", "B", "Index", "n/a", "The index"]
    shared = [b"<si><t>%b</t></si>" % text.encode() for text in texts[:-1]]
    spoken = b'<rPh sb="0" eb="1"><t>x</t></rPh>'
    shared.append(b"<si><r><t>The </t></r><r><t>index</t></r>%b</si>" % spoken)
    merged = b'<mergeCells count="1"><mergeCell ref="H1:J2"/></mergeCells>'
    more = {
        "xl/sharedStrings.xml": _HEADER + b'<sst xmlns="%b">%b</sst>' % (_MAIN, b"".join(shared)),
        "xl/styles.xml": _HEADER
        + b'<styleSheet xmlns="%b"><cellXfs>%b%b</cellXfs></styleSheet>'
        % (_MAIN, *(_FORMAT % number for number in (0, 14))),
    }
    database = _sheet(columns | units | odd, texts=texts, rest=merged)
    return [plain, plain, _book(database, _sheet(nodes, texts=texts), more)]


WORKBOOKS = _workbooks()
"""The parts of workbooks in the layout of the COIN Tool, by name."""


def packed(parts: dict[str, bytes]) -> bytes:
    """Return an archive of the parts, not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            # With a date given, the archive need not ask for the time.
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()
