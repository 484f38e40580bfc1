"""Damaged, hostile and newer files are errors of the library, never others."""

import copy
import io
import json
import random
import tomllib
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import tomli_w

from dli import Assessment, Index, Indicator, Method
from dli.aggregation import PowerMean
from dli.capability import Capability, CapabilityGraph, Link
from dli.errors import DataError, DLIError, ModelError
from dli.framework import Bands
from dli.weighting import AHP, Equal

ODD = [
    None, True, -1, 0, 3, 1.5, float("nan"), float("inf"), 1e308, 10**30, 10**400, "", "x", "a", "\ud800",
    [], [1], ["a"], [[1, "a"]], {}, {"date": 1}, {"datetime": "2020"}, {"tuple": [1]}, {"method": "AHP"},
    {"method": []}, {"for": 1}, [{"for": 0, "method": "Equal"}],
]  # fmt: skip


def damaged(rng, content):
    """Return content with some bytes changed, lost, inserted or repeated."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        at = rng.randrange(len(content) + 1)
        to = min(at + rng.choice([1, 1, 2, 8, 100]), len(content))
        kind = rng.randrange(5)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at:to] = rng.randbytes(to - at)
        elif kind == 2:
            content[at:at] = rng.choice(
                [rng.randbytes(3), b"[", b'"', b"'", b".", b"\n", b"=", b"9"]
            )
        elif kind == 3:
            del content[at : to if rng.random() < 0.8 else len(content)]
        else:
            content[at:at] = content[at:to]
    return bytes(content)


def _places(value):
    """Yield each container of a value of JSON with each of its keys."""
    pending = [value]
    while pending:
        item = pending.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item))
        for key in keys:
            yield item, key
            if isinstance(item[key], (dict, list)):
                pending.append(item[key])


def altered(rng, value):
    """Return a copy of a value of JSON with some of its items replaced, lost or renamed."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        places = list(_places(value))
        if not places:
            break
        container, key = rng.choice(places)
        kind = rng.randrange(6)
        if kind == 0:
            del container[key]
        elif kind == 1 and isinstance(container, dict):
            container[rng.choice(["", "x", "for", "method", "parent", "code"])] = container.pop(key)
        elif kind == 2:
            other, place = rng.choice(places)
            container[key] = copy.deepcopy(other[place])
        else:
            container[key] = copy.deepcopy(rng.choice(ODD))
    return value


def rezipped(rng, content):
    """Return an archive whose checksums are right and whose content is not."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    if rng.random() < 0.7:
        head = altered(rng, json.loads(entries["assessment.json"]))
        entries["assessment.json"] = json.dumps(head).encode()
    else:
        name = rng.choice(list(entries))
        entries[name] = damaged(rng, entries[name])
    return zipped(entries)


def zipped(entries):
    """Return an archive of entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


INDEX = Index(
    "T",
    [
        Index(
            "S",
            [Indicator("a", goalposts=(0, 10), scale=(-5, 50)), Indicator("b", direction=-1)],
            weighting=AHP({("a", "b"): 3}),
            bands=Bands([25, 50], ["low", "middle", "high"]),
        ),
        Indicator("c", target=3.0, description="two\nlines"),
    ],
    aggregation=PowerMean(2.0),
)
DATA = {
    "unit": ["X", "Y", "Z"],
    "a": [1, 2, 3],
    "b": [3, 1, None],
    "c": [0.1, 0.2, 0.4],
    "when": [(1, "x"), np.datetime64("2021-01-01"), None],
}
METHOD = Method(weighting={"T": Equal()}, aggregation={0: PowerMean(1.0)}, coverage={"S": 0.5})
GRAPH = CapabilityGraph(
    [Capability("x", "X"), Capability("y", kind="barrier", description="two\nlines")],
    [Link("x", "a", 0.5, evidence="e"), Link("y", "x", 0.3, required=True)],
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "a.dli"
    Assessment(INDEX, DATA, method=METHOD).save(path)
    return path.read_bytes()


@pytest.mark.filterwarnings("ignore::dli.DLIWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_assessment_loads_or_is_refused(tmp_path, archive, seed):
    rng = random.Random(seed)  # noqa: S311 no secret
    path = tmp_path / "a.dli"
    for turn in range(150):
        path.write_bytes((damaged, rezipped, rezipped)[turn % 3](rng, archive))
        with suppress(DLIError):
            Assessment.load(path)


@pytest.mark.parametrize("what", [INDEX, GRAPH], ids=["index", "graph"])
def test_a_damaged_file_in_toml_loads_or_is_refused(tmp_path, what):
    rng = random.Random(1)  # noqa: S311 no secret
    path = tmp_path / "x.toml"
    what.save(path)
    whole = path.read_bytes()
    for turn in range(300):
        content = damaged(rng, whole)
        if turn % 2:
            tables = altered(rng, tomllib.loads(whole.decode()))
            try:
                content = tomli_w.dumps(tables).encode()
            except (TypeError, ValueError):  # null, or half a surrogate pair
                continue
        path.write_bytes(content)
        with suppress(DLIError):
            type(what).load(path)


def _entries(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def _head(archive, **changes):
    entries = _entries(archive)
    head = json.loads(entries["assessment.json"]) | changes
    return zipped(entries | {"assessment.json": json.dumps(head).encode()})


def _refused(path, content, message):
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        Assessment.load(path)


def test_every_truncated_assessment_is_refused(tmp_path, archive):
    for end in range(0, len(archive), 50):
        _refused(tmp_path / "a.dli", archive[:end], "not a valid saved assessment")


def test_newer_versions_are_named(tmp_path, archive):
    newer = "it was written by a newer version"
    _refused(tmp_path / "a", _head(archive, format="dli-assessment/2"), newer)
    only = zipped({"assessment.json": b'{"format": "dli-assessment/3"}'})
    _refused(tmp_path / "a", only, newer)
    (tmp_path / "m").write_text('format = "dli-index/2"\n')
    with pytest.raises(ModelError, match=newer):
        Index.load(tmp_path / "m")
    (tmp_path / "m").write_text('format = "dli-capabilities/10"\n')
    with pytest.raises(ModelError, match=newer):
        CapabilityGraph.load(tmp_path / "m")


def test_an_archive_that_unfolds_without_end_is_refused(tmp_path, archive, monkeypatch):
    monkeypatch.setattr(
        "dli.assessment.saved.ENTRIES",
        {"assessment.json": 100_000, "values.npy": 1000, "scores.npy": 1000},
    )
    entries = _entries(archive) | {"values.npy": bytes(10_000_000)}
    _refused(
        tmp_path / "a", zipped(entries), "'values.npy' declares a size of 10,000,000 bytes; the"
    )
    # It says less than it has.
    content = zipped(entries).replace((10_000_000).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    _refused(tmp_path / "a", content, "not a valid saved assessment")
    entries = _entries(archive)
    size = len(entries["values.npy"])
    content = zipped(entries).replace(size.to_bytes(4, "little"), (size + 1).to_bytes(4, "little"))
    _refused(tmp_path / "a", content, "ends early")
    many = {"unit": [f"u{i}" for i in range(1000)], **dict.fromkeys("abc", np.linspace(0, 9, 1000))}
    with pytest.raises(DataError, match="too large for one file") as caught:
        Assessment(INDEX, many).save(tmp_path / "b")
    assert caught.value.faults[0] == "values.npy would have 24,128 bytes; the largest size is 1,000"


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999, 999999999999), }\n",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (3, 3), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }\n",
    ],
)
def test_arrays_of_other_shapes_and_kinds_are_refused(tmp_path, archive, header):
    entries = _entries(archive)
    entries["values.npy"] = b"\x93NUMPY\x01\x00\x76\x00" + header + bytes(72)
    _refused(tmp_path / "a", zipped(entries), "an array (declares|is not)")


def test_entries_that_are_not_there_or_compressed_otherwise_are_refused(tmp_path, archive):
    entries = _entries(archive)
    del entries["scores.npy"]
    _refused(tmp_path / "a", zipped(entries), "it has 0 entries 'scores.npy', expected one")
    with zipfile.ZipFile(tmp_path / "b", "w", zipfile.ZIP_LZMA) as other:
        for name, content in _entries(archive).items():
            other.writestr(name, content)
    _refused(tmp_path / "b", (tmp_path / "b").read_bytes(), "is not compressed with deflate")


def test_text_that_is_nested_too_deep_is_refused(tmp_path, archive):
    entries = _entries(archive) | {"assessment.json": b"[" * 100_000}
    _refused(tmp_path / "a", zipped(entries), "not a valid saved assessment")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"codes": {}, "unit": None}, r"(?s)codes must be a list, got {}.*unit must be a text, got None"),
        ({"library": "excel"}, "library must be one of"),
        ({"codes": [1, 2, 3]}, "codes must be texts"),
        ({"codes": ["a", "b", "z"]}, "do not match its index"),
        ({"codes": ["a", "b"]}, "2 codes for 3 columns of values"),
        ({"context": {"unit": 1}}, "context: column 'unit' must be a list, got 1"),
        ({"context": {"unit": ["X"]}}, "column 'unit' has 1 rows, but the values have 3"),
        ({"context": {"unit": ["X", "Y", []]}}, "row 2: a list cannot name a unit or period"),
        ({"context": {"unit": ["X", "Y", {"set": 1}]}}, "column 'unit', row 2: .* is not a cell"),
        ({"context": {"a": [1, 2, 3]}}, "'a' is both an indicator and context"),
        ({"context": {}}, "does not hold a valid assessment: columns are missing"),
        ({"method": {"wait": 1}}, "method: key 'wait' is unknown"),
        ({"method": {"weighting": [1]}}, r"method: weighting\[1\] must be an object with a key 'for'"),
        ({"method": {"coverage": [{"for": 1}]}}, r"method.coverage.*key 'share' is missing"),
        ({"method": {"coverage": [{"for": [], "share": 1}]}}, "must be a code or a level"),
        ({"method": {"coverage": 10**400}}, "method.coverage: a whole number beyond"),
        ({"index": {}}, "does not hold a valid assessment"),
    ],
)  # fmt: skip
def test_what_the_head_must_hold_is_named(tmp_path, archive, changes, message):
    _refused(tmp_path / "a", _head(archive, **changes), message)


def test_parameters_of_numpy_are_saved_as_numbers_and_others_are_refused(tmp_path):
    Assessment(INDEX, DATA, method=Method(availability=np.float32(0.5))).save(tmp_path / "a")
    assert Assessment.load(tmp_path / "a").method.availability == 0.5
    odd = Method(availability=np.longdouble(0.5))
    (tmp_path / "a").write_text("old")
    with pytest.raises(DLIError, match="cannot be saved"):
        Assessment(INDEX, DATA, method=odd).save(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "old"


def test_scores_of_more_units_than_rows_are_refused(tmp_path, archive):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((5, 4)))
    entries = _entries(archive) | {"scores.npy": buffer.getvalue()}
    _refused(tmp_path / "a", zipped(entries), "scores of 4 units for 3 rows")
