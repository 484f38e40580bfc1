"""The bundled models of the Digital Leadership Index."""

import tomllib
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from dli.checks import is_hashable
from dli.errors import UnknownCodeError
from dli.framework import Index

if TYPE_CHECKING:
    from dli.capability import CapabilityGraph

__all__ = ["available", "load", "load_capabilities", "load_judgements"]


def __dir__() -> list[str]:
    return __all__


_GRAPH = ".capabilities.toml"


def available() -> tuple[str, ...]:
    """Return the names of the bundled models.

    Examples
    --------
    >>> available()
    ('dli-maturity', 'dli-public')
    """
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(
        sorted(
            name.removesuffix(".toml")
            for name in names
            if name.endswith(".toml") and not name.endswith(_GRAPH)
        )
    )


def load(name: str) -> Index:
    """Load a bundled model.

    Parameters
    ----------
    name : {"dli-maturity", "dli-public"}
        The index as a maturity survey, or the index based on public figures.

    Returns
    -------
    Index
        The index with its tree, weights and scales.

    Raises
    ------
    UnknownCodeError
        The model does not exist.

    Examples
    --------
    >>> len(load("dli-public").indicators)
    29
    """
    _require(name)
    with as_file(files(__name__) / f"{name}.toml") as path:
        return Index.load(path)


def load_capabilities(name: str) -> "CapabilityGraph":
    """Load the graph that links capabilities and barriers to a model's outcomes.

    The links and their strengths are this project's interpretation of the source that the model
    cites; each link states its evidence.

    Parameters
    ----------
    name : {"dli-maturity", "dli-public"}
        The name of the model that the links lead to.

    Returns
    -------
    CapabilityGraph
        The graph, with the evidence for each link.

    Raises
    ------
    UnknownCodeError
        The model does not exist.

    Examples
    --------
    >>> graph = load_capabilities("dli-public")
    >>> len(graph.capabilities), len(graph.links)
    (25, 72)
    """
    from dli.capability import CapabilityGraph

    _require(name)
    with as_file(files(__name__) / f"{name}{_GRAPH}") as path:
        return CapabilityGraph.load(path)


def load_judgements(name: str) -> dict[str, dict[tuple[str, str], float]]:
    """Load the pairwise judgements that a model contains as an illustration.

    They show the format of judgements and are nobody's opinion; the model does not use them.

    Parameters
    ----------
    name : str
        The name of a model; the result is empty if it does not contain judgements.

    Returns
    -------
    dict
        For the code of each judged node, ``{(code, code): how many times as important the first
        is}``, as `dli.weighting.AHP` requires.

    Raises
    ------
    UnknownCodeError
        The model does not exist.

    Examples
    --------
    >>> load_judgements("dli-maturity")["DLI"]["DS", "DI"]
    3
    """
    _require(name)
    tables = tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    return {
        table["node"]: {(first, second): value for first, second, value in table["pairs"]}
        for table in tables.get("judgements", [])
    }


def _require(name: str) -> None:
    if not is_hashable(name) or name not in available():
        raise UnknownCodeError("model", [name], available())
