"""What the documents and examples show is what happens."""

import re
import subprocess
from pathlib import Path
from runpy import run_path

import pytest

import dli

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "mapping"])
def test_the_readme_runs_as_printed_with_every_library(library, monkeypatch, capsys):
    load = dli.datasets.load
    monkeypatch.setattr(dli.datasets, "load", lambda name: load(name, library))
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    assert len(blocks) == 1
    for block in blocks:
        assert len(block.splitlines()) <= 25
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 our own document
    printed = capsys.readouterr().out
    assert "Korea" in printed
    assert "# Methods" in printed


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_every_example_runs_and_prints(path, capsys):
    run_path(str(path))["main"]()
    assert capsys.readouterr().out


def test_the_quickstart_shows_all_governments_and_a_profile(capsys):
    run_path(str(ROOT / "examples" / "quickstart.py"))["main"]("EST")
    printed = capsys.readouterr().out
    assert len(re.findall(r"^ *\d+  \S", printed, re.MULTILINE)) == 193
    assert "Estonia: score and rank" in printed
    assert max(map(len, printed.splitlines())) <= 120


def test_the_changelog_names_the_version_or_what_comes():
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_no_tracked_file_leans_on_one_machine():
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    # Put together here, so that this file does not match itself.
    wrong = re.compile(
        "|".join(["/" + "work/", "/" + "tmp/", "python" + "hosted", "pypi" + r"\.org"])
    )
    found = []
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yml", ".txt", ".cff", ""} and path.is_file():
            found += [
                f"{name}: {m.group()}" for m in wrong.finditer(path.read_text(encoding="utf-8"))
            ]
    assert found == []
