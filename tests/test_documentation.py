"""What the documents and examples show is what happens."""

import inspect
import re
import subprocess
import sys
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from types import FunctionType, ModuleType

import pytest

import dli

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^::: (\S+)$", re.MULTILINE)


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


SHOWN = re.compile(r"^```python exec[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("absent", [[], ["pandas"], ["pandas", "polars", "pyarrow"]], ids=str)
@pytest.mark.parametrize("page", ["index.md", "first-index.md"])
def test_the_first_pages_run_with_every_library_and_with_none(page, absent):
    blocks = SHOWN.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(blocks) > 1
    hidden = (
        "import sys, importlib.util as u\n"
        f"absent = {absent!r}\n"
        "sys.modules.update(dict.fromkeys(absent))\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name in absent else find(name, *a)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", hidden + "\n".join(blocks)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Korea" in done.stdout or "Goslau" in done.stdout


def _spec(name):
    try:
        return find_spec(name)
    except ModuleNotFoundError:  # the part before the last dot is a class or module, no package
        return None


def _objects(name):
    """Return the objects that a module exports, or the object that a dotted name means."""
    if _spec(name):
        module = import_module(name)
        return [(f"{name}.{own}", getattr(module, own)) for own in module.__all__]
    module, _, own = name.rpartition(".")
    return [(name, getattr(import_module(module), own))]


def _public_modules():
    """Return the modules of the interface: those that `dli` exports, and their arrays."""
    rooms = [f"dli.{name}" for name in dli.__all__ if isinstance(getattr(dli, name), ModuleType)]
    arrays = [f"{room}.arrays" for room in rooms if _spec(f"{room}.arrays")]
    return ["dli", "dli.errors", "dli.frames", "dli.method", *rooms, *arrays]


def test_the_reference_has_every_public_object_exactly_once():
    pages = sorted((ROOT / "docs" / "api").rglob("*.md"))
    named = [name for page in pages for name in ENTRY.findall(page.read_text(encoding="utf-8"))]
    entries = Counter(id(own) for name in named for _, own in _objects(name))
    public = {
        name: own
        for module in _public_modules()
        for name, own in _objects(module)
        if not isinstance(own, ModuleType)
    }
    assert len(public) > 250
    assert [name for name, own in public.items() if entries[id(own)] != 1] == []


def test_the_reference_has_the_methods_that_classes_take_from_modules():
    # The reader of the source sees attributes there, without signature and text.
    pages = "\n".join(page.read_text("utf-8") for page in (ROOT / "docs" / "api").rglob("*.md"))
    public = [item for module in _public_modules() for item in _objects(module)]
    exported = {id(own) for _, own in public}
    taken = {
        f"{name}.{method}": f"{own.__module__}.{own.__qualname__}"
        for name, cls in public
        if isinstance(cls, type)
        for method, own in vars(cls).items()
        if isinstance(own, FunctionType) and "." not in own.__qualname__
        if not method.startswith("_") and id(own) not in exported
    }
    assert taken
    entries = {name: f"[](){{#{name}}}\n\n::: {source}\n" for name, source in taken.items()}
    assert [name for name, entry in entries.items() if entry not in pages] == []


def _entries(docstring):
    """Yield the parameters, results and attributes of a docstring, and whether a text follows."""
    lines = docstring.split("\n")
    section = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if set(following.strip()) == {"-"}:
            section = line.strip()
        elif section in ("Parameters", "Returns", "Attributes") and re.match(r"[^\s-]", line):
            yield line, following.startswith(" ") and following.strip() != ""


def test_every_parameter_and_result_of_what_is_public_is_described():
    said_nothing = []
    for module in _public_modules():
        for name, own in _objects(module):
            members = vars(own).items() if isinstance(own, type) else ()
            parts = [(name, own)] + [
                (f"{name}.{member}", getattr(part, "fget", None) or getattr(part, "func", part))
                for member, part in members
                if not member.startswith("_")
            ]
            said_nothing += [
                f"{part}: {line}"
                for part, found in parts
                if callable(found) or isinstance(found, classmethod)
                for line, is_described in _entries(inspect.getdoc(found) or "")
                if not is_described
            ]
    assert said_nothing == []


def _texts():
    """Return the pages and the source files, with their names."""
    paths = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py"), ROOT / "README.md"]
    return [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in paths]


# The site does not set Sphinx's markup: formulas are between dollars, and code between fences.
SPHINX = re.compile(
    r":(?:math|func|class|meth|ref|doc|mod):`|^ *\.\. [a-z-]+::|^ *[^\s#:].*[^:\s]::$|^::$",
    re.MULTILINE,
)


def test_no_text_has_markup_that_the_site_does_not_set():
    found = [
        f"{name}:{text[: match.start()].count(chr(10)) + 1}: {match.group().strip()}"
        for name, text in _texts()
        for match in SPHINX.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["rule :math:`T = W`", "see :func:`fit`", ".. math::\n", "    .. note::\n", "In R::\n", "::\n"],
)
def test_markup_that_the_site_does_not_set_is_found(text):
    assert SPHINX.search(f"First line.\n{text}")


@pytest.mark.parametrize("text", ["a[::2]", "::: dli.Index", "`x[::-1]`:", "for x in y[::2]:"])
def test_slices_and_entries_of_the_reference_are_no_such_markup(text):
    assert not SPHINX.search(f"First line.\n{text}\n")


# Phrases that read as if translated, and that have been mended: see that they do not return.
FOREIGN = {
    "anew": "again",
    "cannot stand": "is not valid",
    "comes or goes": "is added or removed",
    "from turn to turn": "without limit",
    "in vain": "without result",
    "is no number": "is not a number",
    "not the first alone": "not only the first",
    "take no part": "are left out",
    "takes no part": "is left out",
    "the fullest": "the most complete",
    "the more so": "and more so",
    "to and fro": "back and forth",
    "told to be": "declared to be",
    "what is at zero": "a value of zero",
    "without rest": "exactly",
}


def test_no_text_has_a_phrase_that_reads_as_translated():
    phrases = "|".join(phrase.replace(" ", r"\s+") for phrase in FOREIGN)
    wrong = re.compile(rf"\b(?:{phrases})\b", re.IGNORECASE)
    found = []
    for name, text in _texts():
        for match in wrong.finditer(text):
            phrase = " ".join(match.group().lower().split())
            line = text[: match.start()].count("\n") + 1
            found.append(f"{name}:{line}: write {FOREIGN[phrase]!r} for {phrase!r}")
    assert found == []


def test_every_page_is_in_the_menu():
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    pages |= {f"notebooks/{own.stem}.md" for own in (ROOT / "examples/notebooks").glob("*.ipynb")}
    menu = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    assert sorted(re.findall(r"[\w/-]+\.md$", menu, re.MULTILINE)) == sorted(pages)


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
