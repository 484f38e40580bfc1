"""The graph of capabilities, with all that can be asked of it."""

from os import PathLike
from typing import Self

from attrs import frozen

from dli.capability import (
    checking,
    drawing,
    estimation,
    explanation,
    files,
    outcomes,
    planning,
    propagation,
    structure,
)
from dli.capability import leverage as leverage_module
from dli.capability import paths as paths_module
from dli.capability import uncertain as uncertain_module
from dli.capability.network import Network

__all__ = ["CapabilityGraph"]


@frozen(repr=False)
class CapabilityGraph(Network):
    """Capabilities and barriers with their links to each other and to outcomes of an index.

    Feedback among capabilities is allowed while it converges. What a link leads to is looked up
    in an index by `check`, and whenever the graph meets an assessment.

    Each method is the function of that name in a module of `dli.capability`, which documents it.

    Parameters
    ----------
    capabilities : sequence of Capability
        The nodes, barriers included.
    links : sequence of Link
        From capabilities to capabilities and to nodes of an index.
    description : str
        Where capabilities and links come from.

    Raises
    ------
    ModelError
        Repeated codes or links, and links from sources that are not in the graph; all are listed.
    DivergentInfluenceError
        Feedback that grows without limit.

    Examples
    --------
    >>> from dli.capability import Capability, CapabilityGraph, Link
    >>> graph = CapabilityGraph(
    ...     [Capability("data_integration"), Capability("data_silos", kind="barrier")],
    ...     [Link("data_silos", "data_integration", 0.45), Link("data_integration", "DI1", 0.45)],
    ... )
    >>> graph
    2 capabilities (1 barrier), 2 links, 1 outcome
    data_integration
        + 0.45  DI1
    data_silos  barrier
        - 0.45  data_integration
    """

    # The graph by itself.
    check = checking.check
    total_influence = structure.total_influence
    total_influence_array = structure.total_influence_array
    dematel = structure.dematel
    paths = paths_module.paths
    centrality = structure.centrality
    roadmap = structure.roadmap

    # The graph with an assessment.
    levels = outcomes.levels
    leverage = leverage_module.leverage
    leverage_array = leverage_module.leverage_array
    kinks = leverage_module.kinks
    explain = explanation.explain
    bottlenecks = structure.bottlenecks
    propagate = propagation.propagate
    plan = planning.plan
    frontier = planning.frontier
    estimate = estimation.estimate
    uncertain = uncertain_module.uncertain

    # In and out.
    save = files.save
    to_networkx = drawing.to_networkx
    to_mermaid = drawing.to_mermaid
    to_graphml = drawing.to_graphml
    __repr__ = drawing.text
    _repr_html_ = drawing.html

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a graph from a file in TOML.

        Raises
        ------
        ModelError
            Not such a file, or an invalid one: the file, table and key are named.
        """
        return files.load(cls, path)

    @classmethod
    def from_table(cls, links: object, capabilities: object = None) -> Self:
        """Build a graph from a table of links.

        Parameters
        ----------
        links : frame, mapping of columns, or path of a CSV file
            Columns ``source, target, strength`` and any of ``sign, evidence, required``.
        capabilities : frame, mapping of columns, or path of a CSV file, optional
            Columns ``code`` and any of ``name, kind, description``. By default every source is a
            capability.

        Raises
        ------
        ModelError
            Invalid rows; each is named with its faults.

        Examples
        --------
        >>> links = {"source": ["a", "b"], "target": ["b", "X"], "strength": [0.3, 0.5]}
        >>> CapabilityGraph.from_table(links)
        2 capabilities, 2 links, 1 outcome
        a
            + 0.3   b
        b
            + 0.5   X
        """
        return files.from_table(cls, links, capabilities)
