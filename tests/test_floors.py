"""Imports go down only, so that a reader of one floor need not know those above."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import dli

SOURCE = Path(dli.__file__).parent
FLOORS = [
    {"errors", "frames", "printing"},
    {"framework", "observations"},
    {
        "imputation",
        "treatment",
        "normalisation",
        "weighting",
        "aggregation",
        "multivariate",
        "moments",
    },
    {"method"},
    {"assessment", "elicitation", "models", "datasets", "screening"},
    {"sensitivity", "diagnosis", "exchange", "links", "trends", "capability"},
    {"plots", "report"},
]
# Steps see arrays only, and share the moments of a column; the rest of a floor may look at its neighbours.
ARRAYS_ONLY = FLOORS[2]
ALLOWED_EXTRA = {
    "models": {"errors", "framework", "capability"},
    "datasets": {"errors", "frames", "framework", "capability"},
}
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def _room(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _rooms_imported(path):
    """Give the rooms that a module imports, within functions and for types too."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            rooms |= {
                name.name.split(".")[1] for name in node.names if name.name.startswith("dli.")
            }
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dli":
            assert node.level == 0, f"{path}: imports are absolute"
            parts = node.module.split(".")
            rooms |= {parts[1]} if len(parts) > 1 else {name.name for name in node.names}
    return rooms


def _floor(room):
    return next((i for i, floor in enumerate(FLOORS) if room in floor), None)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down_only(path):
    own = _room(path)
    assert _floor(own) is not None, f"{own} has no floor"
    for room in _rooms_imported(path) - {own}:
        if own in ALLOWED_EXTRA:
            assert room in ALLOWED_EXTRA[own]
        elif own in ARRAYS_ONLY:
            assert room in {"errors", "moments"}
        else:
            assert _floor(room) <= _floor(own), f"{own} imports {room}, which is above it"
        assert room not in {"plots", "report"} or own in {"plots", "report"}


def test_the_walk_sees_imports_of_every_form(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "import dli.method\ndef f():\n    from dli import frames\n    from dli.errors import E\n"
    )
    assert _rooms_imported(path) == {"method", "frames", "errors"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_has_a_docstring(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


PUBLIC = [
    "dli",
    *(f"dli.{room}" for room in sorted({_room(path) for path in MODULES}) if room != "py"),
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


def test_the_top_level_is_what_users_type():
    assert set(dli.__all__) == {
        "Assessment", "Bands", "DLIError", "DLIWarning", "DataError", "DivergentInfluenceError",
        "InconsistentJudgementsError", "Index", "Indicator", "Method", "MethodError",
        "ModelError", "StudyError", "UnknownCodeError", "aggregation", "capability", "datasets", "diagnosis", "elicitation", "exchange",
        "imputation",
        "links", "models", "multivariate", "normalisation", "plots", "report", "screening", "sensitivity", "treatment", "trends",
        "weighting",
    }  # fmt: skip
