"""Studies in files: they come back with the same bits, and no damaged file is taken for one."""

import json
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.sensitivity.cases import example
from tests.sensitivity.test_continued import ASSESSMENT, CHUNK, NOISE, check_same, made

from dli.aggregation import MazziottaPareto
from dli.errors import DataError, FileError, ModelError, StudyError
from dli.sensitivity import Uncertainty, WeightNoise, saved_study


def load(path, assessment=ASSESSMENT, inputs=NOISE):
    return Uncertainty.load(path, assessment, inputs)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Give the file of a study whose last task has fewer draws."""
    path = tmp_path_factory.mktemp("studies") / "s.study"
    made(CHUNK + 100).save(path)
    return path


@pytest.mark.parametrize("n_samples", [40, CHUNK, CHUNK + 100, 3 * CHUNK + 5])
@pytest.mark.parametrize(
    "own", [{}, {"keep": "ranks"}, {"keep": "scores"}, {"places": 3}, {"node": "A"}]
)
def test_a_study_comes_back_as_it_was_and_goes_on(n_samples, own, tmp_path):
    path = tmp_path / "s.study"
    study = made(n_samples, **own)
    study.save(path)
    found = load(path)
    check_same(found, study)
    assert (str(found), found.keep, found.places) == (str(study), study.keep, study.places)
    check_same(found.more(CHUNK), made(n_samples + CHUNK, **own))
    found.save(path)
    check_same(load(path), study)


def test_equal_studies_are_equal_files(tmp_path, saved):
    load(saved).save(tmp_path / "again.study")
    assert (tmp_path / "again.study").read_bytes() == saved.read_bytes()


def test_bins_that_the_first_draws_told_come_back(tmp_path):
    assessment = example(aggregation=MazziottaPareto())
    study = made(CHUNK + 50, assessment)
    study.save(tmp_path / "s.study")
    found = load(tmp_path / "s.study", assessment)
    check_same(found, study)
    assert_array_equal(found.score_quantiles(0.2), study.score_quantiles(0.2))
    check_same(found.more(500), made(CHUNK + 550, assessment))


def test_a_merged_study_comes_back(tmp_path):
    parts = [made(3 * CHUNK + 9, part=(i, 2)) for i in (1, 2)]
    study = parts[0].merge(parts[1]).merge(made(500, rng=9)).merge(made(700, rng=2))
    study.save(tmp_path / "m.study")
    found = load(tmp_path / "m.study")
    check_same(found, study)
    assert found.seeds == (2, 3, 9)
    parts[0].merge(parts[1]).save(tmp_path / "m.study")
    check_same(load(tmp_path / "m.study"), made(3 * CHUNK + 9))


def test_another_study_is_refused_and_what_differs_is_named(saved):
    for own, words in [
        ((example(seed=2), NOISE), r"different data"),
        ((ASSESSMENT, [WeightNoise(0.1)]), r"inputs: WeightNoise\(.*0\.4.*0\.1"),
    ]:
        with pytest.raises(StudyError, match=rf"belongs to another study:\n  - {words}"):
            load(saved, *own)


def rewrite(saved, path, **changes):
    """Write the file again with other entries; bytes or a function of the old ones; None for none."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = changes.get(name.partition(".")[0], old.read(name))
            content = change(old.read(name)) if callable(change) else change
            if content is not None:
                new.writestr(name, content)
    return path


def head(**changes):
    def change(content):
        return json.dumps({**json.loads(content), **changes})

    return change


def parts(**changes):
    def change(content):
        read = json.loads(content)
        return json.dumps({**read, "parts": {**read["parts"], **changes}})

    return change


def cell(value, kind):
    """Put a number into the first cell of an array."""

    def change(content):
        array = np.frombuffer(content, kind).copy()
        array[0] = value
        return array.tobytes()

    return change


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"study": b"{"}, "not a saved study that can be read"),
        ({"study": b"[]"}, "it must say format = 'dli-study/1'"),
        ({"study": b"[" * 100_000}, "not a saved study that can be read"),
        ({"study": head(format="dli-study/2")}, "written by a newer version"),
        ({"study": head(format=None)}, "it must say format"),
        ({"study": head(parts=None)}, "not a saved study"),
        ({"study": head(parts={})}, "not a saved study"),
        ({"study": parts(places="x")}, "not a saved study"),
        ({"study": parts(places="-3")}, "not a saved study of this assessment"),
        ({"study": parts(places="99999999999999")}, "places must be a whole number from 1 to 9"),
        ({"study": parts(keep="everything")}, "keep must be 'ranks' or 'scores', got 'everything'"),
        ({"study": head(runs=[])}, "overlap or are not in order"),
        ({"study": head(runs=[[3, 0, 40], [3, 0, 50]])}, "overlap or are not in order"),
        ({"study": head(runs=[[3, 0, -1]])}, r"its draws are \[3, 0, -1\]"),
        ({"study": head(runs=[[3, 0, 10**30]])}, "its draws are"),
        ({"study": head(runs=[[3, 0]])}, "not a saved study"),
        (
            {"study": head(runs=[[i, 0, 1024] for i in range(10_001)])},
            "its draws are in 10,001 stretches",
        ),
        ({"study": head(runs=[[3, 0, 1024 * 5]])}, "it counts 1 chunks of draws, and has made 5"),
        ({"study": head(runs=[[3, 0, 1024 * 7]], n_chunks=7)}, "'blocks' has 288 bytes"),
        ({"study": head(runs=[[3, 0, 1025]])}, "it counts 1,124 draws, and has made 1,025"),
        ({"study": head(power=3)}, "its power is 3, expected 0"),
        ({"study": head(runs=[[3, 0, 1024], [4, 0, 1024]])}, "it counts 1 chunks of draws"),
        ({"study": None}, "it has 0 entries 'study.json', expected one"),
        ({"ranks": None}, "it has 0 entries 'ranks', expected one"),
        ({"ranks": b""}, "entry 'ranks' has 0 bytes, expected 648"),
        ({"ranks": cell(-1, "<i8")}, "it has counts below 0\n.*counts of ranks are not those"),
        ({"ranks": cell(2**63 - 1, "<i8")}, "its counts of ranks are not those of its draws"),
        ({"n_draws": cell(2**62, "<i8")}, "draws, and has made 1,124"),
        ({"blocks": cell(np.inf, "<f8")}, "its sums are not finite numbers"),
        ({"width": cell(0.0, "<f8")}, "its bins are not finite numbers"),
        ({"middle": cell(np.nan, "<f8")}, "its bins are not finite numbers"),
    ],
)
def test_a_file_that_does_not_hold_a_study_is_refused(saved, tmp_path, changes, words):
    path = rewrite(saved, tmp_path / "x.study", **changes)
    with pytest.raises(DataError, match=rf"(?s){words}") as caught:
        load(path)
    assert "x.study" in str(caught.value)
    if "places" not in words and "keep" not in words:
        with pytest.raises((DataError, StudyError)):
            made(CHUNK + 200, checkpoint=path)


def test_scores_of_another_study_are_seen(saved, tmp_path):
    path = rewrite(saved, tmp_path / "x.study", probe=cell(1e9, "<f8"))
    with pytest.raises(StudyError, match=r"different scores for the same draws"):
        load(path)
    path = rewrite(saved, tmp_path / "x.study", study=parts(node="Z"))
    with pytest.raises(StudyError, match=r"node: 'Z', which is not a sub-index of this index"):
        load(path)
    path = rewrite(saved, tmp_path / "x.study", study=parts(node="a1"))
    with pytest.raises(StudyError, match=r"node: 'a1', which is not a sub-index of this index"):
        load(path)


def test_an_entry_that_is_there_twice_or_packed_otherwise_is_refused(saved, tmp_path):
    path = rewrite(saved, tmp_path / "x.study")
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr("ranks", b"")
    with pytest.raises(DataError, match=r"it has 2 entries 'ranks'"):
        load(path)
    rewrite(saved, path, ranks=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("ranks", b"12345678")
        archive.getinfo("ranks").file_size = 648  # what the archive says of it at its end
    with pytest.raises(DataError, match=r"entry 'ranks' ends early"):
        load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("study.json", b"{}")
    with pytest.raises(DataError, match=r"entry 'study.json' is not compressed with deflate"):
        load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("study.json", b" " * 10_000_001)
    with pytest.raises(DataError, match=r"'study.json' says that it has 10,000,001 bytes"):
        load(path)


@given(st.data())
def test_no_damage_goes_unnoticed_or_ends_in_another_error(saved, tmp_path_factory, data):
    content = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[place:]
    path = tmp_path_factory.getbasetemp() / "damaged.study"
    path.write_bytes(content)
    try:
        found = load(path)
    except (DataError, StudyError):
        return
    check_same(found, load(saved))  # the damage is where nothing is read, such as a time


def test_what_is_no_file_of_a_study(tmp_path, saved):
    for name, content, kind in [
        ("a.txt", b"text", DataError), ("empty", b"", DataError), ("none", None, ModelError),
    ]:  # fmt: skip
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(kind, match=re.escape(name)):
            load(path)
    with pytest.raises(ModelError, match=r"cannot read the saved study"):
        load(tmp_path)
    with pytest.raises(DataError):
        load(3.5)


def test_a_file_that_cannot_be_written_is_told_before_the_first_draw(tmp_path, saved):
    for path in (tmp_path / "nowhere" / "x.study", 3.5, "a\0b"):
        with pytest.raises(FileError, match=r"cannot write"):
            made(10, checkpoint=path)
        with pytest.raises(FileError, match=r"cannot write"):
            load(saved).save(path)


def test_draws_of_so_many_seeds_that_a_file_would_be_too_large(monkeypatch, tmp_path, saved):
    monkeypatch.setattr(saved_study, "_MOST", 100)
    monkeypatch.setattr(saved_study, "_MOST_RUNS", 9)
    with pytest.raises(DataError, match=r"stretches of draws would be too large; merge fewer"):
        made(10).save(tmp_path / "x.study")
    with pytest.raises(DataError, match=r"its draws are in 1 stretches"):
        load(saved)
