"""Imports go down only and never in a circle, so that a reader of one room need not know those above."""

import ast
import importlib
import pkgutil
from pathlib import Path

import networkx as nx
import pytest

import dli

SOURCE = Path(dli.__file__).parent
# From the ground up; a room imports rooms of lower floors only.
FLOORS = [
    {"errors"},
    {"checks", "arrays", "printing", "solver", "versions"},
    {"rescaling", "scratch"},
    {"files", "ranking", "frames", "moments", "periods", "steps"},
    {"imputation", "treatment", "normalisation", "weighting", "aggregation"},
    {"framework"},
    {"observations"},
    {"method"},
    {"scoring"},
    {"assessment", "screening", "datasets"},
    {"multivariate"},
    {"change"},
    {"robustness"},
    {"sensitivity"},
    {"diagnosis", "links", "capability", "exchange"},
    {"elicitation", "models"},
    {"plots"},
    {"report"},
]
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def _room(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _name(path):
    return ".".join(["dli", *path.relative_to(SOURCE).with_suffix("").parts])


NAMES = {_name(path): path for path in MODULES}


def _file_of(dotted):
    """Return the module file that a dotted name is or lies in, None for the top level."""
    parts = dotted.split(".")
    for end in range(len(parts), 1, -1):
        for name in (".".join(parts[:end]), ".".join([*parts[:end], "__init__"])):
            if name in NAMES:
                return name
    return None


def _imported(source):
    """Return the files that source code imports, within functions and for types too."""
    files = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            files |= {_file_of(name.name) for name in node.names if name.name.startswith("dli.")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dli":
            assert node.level == 0, "imports are absolute"
            files |= {_file_of(f"{node.module}.{name.name}") for name in node.names}
    return files - {None}


def _floor(room):
    return next((i for i, floor in enumerate(FLOORS) if room in floor), None)


ARROWS = {name: _imported(path.read_text()) for name, path in NAMES.items()}


@pytest.mark.parametrize("name", NAMES)
def test_imports_go_down_only(name):
    own = _room(NAMES[name])
    assert _floor(own) is not None, f"{own} has no floor"
    for other in ARROWS[name]:
        room = _room(NAMES[other])
        assert room == own or _floor(room) < _floor(own), f"{own} imports {room}"


def test_no_files_import_each_other_in_a_circle():
    graph = nx.DiGraph((name, other) for name, found in ARROWS.items() for other in found)
    circles = [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]
    assert circles == []


def test_nothing_is_imported_by_a_name_made_up_at_run_time():
    for path in MODULES:
        text = path.read_text()
        assert "import_module" not in text, path
        assert "__import__" not in text, path


def test_the_walk_sees_imports_of_every_form():
    source = (
        "import dli.method\nfrom dli import frames, Index\ndef f():\n    from dli.errors import E\n"
        "    from dli.weighting.ahp import AHP\n"
    )
    expected = {
        "dli.method.__init__",
        "dli.frames.__init__",
        "dli.errors",
        "dli.weighting.ahp.__init__",
    }
    assert _imported(source) == expected


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_has_a_docstring(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


ROOMS = sorted({_room(path) for path in MODULES} - {"scoring"})  # which has no public names
PUBLIC = [
    "dli",
    *(f"dli.{room}" for room in ROOMS),
    *(f"dli.{room}.arrays" for room in ROOMS if (SOURCE / room / "arrays.py").exists()),
]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_there_and_sorted(name):
    module = importlib.import_module(name)
    assert all(hasattr(module, public) for public in module.__all__)
    assert list(module.__all__) == sorted(set(module.__all__), key=_as_ruff_sorts)


@pytest.mark.parametrize("name", PUBLIC)
def test_no_public_name_hides_a_module(name):
    """Else what is meant depends on what was imported, and the reference shows the module."""
    module = importlib.import_module(name)
    inside = {path.name for path in pkgutil.iter_modules(getattr(module, "__path__", []))}
    assert not inside & set(module.__all__) or name == "dli"


def _as_ruff_sorts(name):
    """Constants, then classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name
