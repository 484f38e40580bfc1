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
    """List the bundled models.

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
        The index as a survey of maturity, or on public figures.

    Returns
    -------
    Index
        The tree of the model.

    Raises
    ------
    UnknownCodeError
        No such model.

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

    Its links and strengths are this project's reading of the source that the model names, each
    with its evidence.

    Parameters
    ----------
    name : {"dli-maturity", "dli-public"}
        Of the model that the links lead to.

    Returns
    -------
    CapabilityGraph
        With the evidence for each link.

    Raises
    ------
    UnknownCodeError
        No such model.

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
    """Load the pairwise judgements that a model carries as an illustration.

    They show how judgements are written down and are nobody's opinion; the model does not use
    them.

    Parameters
    ----------
    name : str
        Of a model that comes with judgements.

    Returns
    -------
    dict
        By the code of the judged node, ``{(code, code): how many times the first counts}``, as
        `dli.weighting.AHP` takes them.

    Raises
    ------
    UnknownCodeError
        No such model.

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
