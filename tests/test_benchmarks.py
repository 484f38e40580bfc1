"""The benchmarks' own arithmetic, and the figures that are committed; nothing is measured here."""

import json
import re
import time
from pathlib import Path

import cattrs
import pytest
from benchmarks import measuring, recording
from benchmarks.measuring import Bench, Figure, Times
from benchmarks.recording import Record, Script
from benchmarks.run import RESULTS, SCRIPTS, joined, write

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
EXECUTED = re.compile(
    r'^```python exec="true" session="benchmarks"\n(.*?)^```', re.DOTALL | re.MULTILINE
)


def _ratio(value, *, sense="at most", name="study", unit="times"):
    return Figure(name, value, unit, 2.0, sense)


def _record(*figures, quick=False, script="sensitivity"):
    own = Script("2026-01-31", 1.5, (0.1, 0.2), list(figures))
    return Record(quick, {"cores": 2}, {"numpy": "2.0"}, {script: own})


@pytest.fixture(scope="module")
def committed():
    return cattrs.structure(json.loads(RESULTS.read_text("utf-8")), Record)


def test_the_committed_record_is_complete(committed):
    assert set(committed.scripts) <= set(SCRIPTS)
    assert {"processor", "cores", "memory"} == set(committed.machine)
    assert {"dli", "python", "numpy", "scipy"} <= set(committed.versions)
    for own in committed.scripts.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", own.date)
        assert own.figures or own.skipped


def test_every_committed_figure_has_a_goal_and_a_name_of_its_own(committed):
    for own in committed.scripts.values():
        names = [figure.name for figure in own.figures]
        assert len(set(names)) == len(names)
        for figure in own.figures:
            assert figure.sense in {"at most", "at least"}
            assert figure.goal >= 0
            assert figure.value >= 0
            assert figure.floor or figure.unit != "times"


def test_every_script_measures_and_is_run():
    files = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    assert files - set(SCRIPTS) == {"__init__", "measuring", "recording", "made_up", "run"}
    for name in SCRIPTS:
        source = (ROOT / "benchmarks" / f"{name}.py").read_text("utf-8")
        assert "def measure(bench: Bench) -> None:" in source


@pytest.mark.parametrize(
    ("sense", "value", "is_met"),
    [
        ("at most", 2.0, True),
        ("at most", 2.1, False),
        ("at least", 2.0, True),
        ("at least", 1.9, False),
    ],
)
def test_a_goal_is_met_on_its_own_side(sense, value, is_met):
    assert _ratio(value, sense=sense).is_met is is_met


@pytest.mark.parametrize(
    ("sense", "value", "earlier", "is_worse"),
    [
        ("at most", 1.31, 1.0, True),
        ("at most", 1.29, 1.0, False),
        ("at most", 0.5, 1.0, False),
        ("at least", 3.8, 5.0, True),
        ("at least", 3.9, 5.0, False),
        ("at least", 9.0, 5.0, False),
    ],
)
def test_a_ratio_that_is_much_worse_is_named(sense, value, earlier, is_worse):
    found = recording.worse(
        _record(_ratio(value, sense=sense)), _record(_ratio(earlier, sense=sense))
    )
    assert len(found) == is_worse
    for sentence in found:
        assert sentence.startswith(
            f"sensitivity, study: {value:.3g} times, committed {earlier:.3g}, "
        )


def test_seconds_and_what_was_not_committed_are_not_compared():
    slow = _record(_ratio(99, unit="s"), _ratio(99, name="new"))
    assert recording.worse(slow, _record(_ratio(1, unit="s"))) == []
    assert recording.worse(slow, _record(_ratio(1), script="weighting")) == []


def test_contestants_take_turns_and_are_represented_by_their_medians(monkeypatch):
    order, clock = [], iter(range(100))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock) ** 2)
    monkeypatch.setattr(time, "process_time", lambda: 0)
    times = measuring.turns(3, {"a": lambda: order.append("a"), "b": lambda: order.append("b")})
    assert order == ["a", "b"] * 3
    # From 2k to 2k + 1 squares grow by 4k + 1; a has the rounds k = 0, 2, 4, b those in between.
    assert times == {"a": Times(9, 0), "b": Times(13, 0)}
    assert measuring.timed(lambda: None).process == 0


def test_a_bench_keeps_ratios_figures_and_what_was_skipped(capsys):
    bench = Bench(quick=True)
    times = {"dli": Times(8, 3), "floor": Times(2, 2)}
    bench.ratio("process", times, ("dli", "floor"), at_most=2, floor="NumPy")
    bench.ratio("wall", times, ("dli", "floor"), at_least=5, floor="NumPy", clock="wall")
    bench.figure("size", 12, "kB", at_most=10)
    bench.skip("AHPy", "not installed")
    assert [(f.value, f.sense, f.is_met) for f in bench.figures] == [
        (1.5, "at most", True), (4, "at least", False), (12, "at most", False),
    ]  # fmt: skip
    assert bench.skipped == {"AHPy": "not installed"}
    assert bench.size(1000, 10) == 10
    assert Bench().size(1000, 10) == 1000
    assert "size: 12 kB (at most 10)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="two figures named 'size'"):
        bench.figure("size", 12, "kB", at_most=10)


@pytest.mark.parametrize("goals", [{}, {"at_most": 1, "at_least": 1}])
def test_a_figure_needs_one_goal(goals):
    with pytest.raises(TypeError, match=r"'size' needs one goal, at_most or at_least"):
        Bench().figure("size", 12, "kB", **goals)


def test_the_table_shows_the_goal_and_the_committed_value_beside_each_figure():
    lines = recording.table([_ratio(2.5), _ratio(1.5, name="new")], [_ratio(1.25)]).splitlines()
    assert lines[0].split() == ["figure", "measured", "goal", "committed", "compared", "with"]
    assert lines[1].split() == ["study", "2.5", "times", "at", "most", "2", "missed", "1.25"]
    assert lines[2].split() == ["new", "1.5", "times", "at", "most", "2"]


def test_a_record_is_read_as_it_was_written(tmp_path):
    record = _record(
        Figure("study", 1.5, "times", 2.0, "at most", "NumPy", {"dli": Times(3.0, 1.0)})
    )
    write(tmp_path / "results.json", record)
    written = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert cattrs.structure(written, Record) == record


def test_numbers_are_written_with_four_digits(tmp_path):
    write(tmp_path / "results.json", _record(_ratio(1.23456)))
    assert '"value": 1.235' in (tmp_path / "results.json").read_text("utf-8")


def test_some_scripts_join_the_others_only_if_measured_alike():
    new, earlier = _record(_ratio(1)), _record(_ratio(2), script="weighting")
    assert list(joined(new, earlier).scripts) == ["weighting", "sensitivity"]
    assert joined(new, None) is new
    with pytest.raises(
        SystemExit, match=r"a run that differs in quick: --update needs a run of all"
    ):
        joined(new, _record(_ratio(2), script="weighting", quick=True))


def test_versions_and_machine_are_those_of_this_run():
    import numpy as np

    assert recording.versions()["numpy"] == np.__version__
    assert recording.machine()["cores"] >= 1


def test_the_page_shows_every_committed_figure(committed, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    names = {}
    for block in EXECUTED.findall((ROOT / "docs" / "benchmarks.md").read_text("utf-8")):
        exec(compile(block, "benchmarks.md", "exec"), names)  # noqa: S102 our own document
    printed = capsys.readouterr().out
    for own in committed.scripts.values():
        for figure in own.figures:
            assert f"| {figure.name} |" in printed
