"""The graph of capabilities, with its methods."""

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
    """A graph of capabilities and barriers with links to each other and to outcomes of an index.

    Feedback among capabilities is allowed if it converges. Targets of links that are not
    capabilities are outcomes, that is, nodes of an index. `check` and all methods with an
    assessment verify that the index contains them.

    Parameters
    ----------
    capabilities : sequence of Capability
        The capabilities and barriers.
    links : sequence of Link
        Links from capabilities to other capabilities and to nodes of an index.
    description : str
        A description of the graph, such as the source of its capabilities and links.

    Raises
    ------
    ModelError
        Codes or links are repeated, or links have sources that are not in the graph; all faults are
        listed.
    DivergentInfluenceError
        Feedback grows without limit.

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

    # Methods that require only the graph. Each is documented in the module that defines it.
    check = checking.check
    total_influence = structure.total_influence
    total_influence_array = structure.total_influence_array
    dematel = structure.dematel
    paths = paths_module.paths
    centrality = structure.centrality
    roadmap = structure.roadmap

    # Methods that also require an assessment.
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

    # Output.
    save = files.save
    to_networkx = drawing.to_networkx
    to_mermaid = drawing.to_mermaid
    to_graphml = drawing.to_graphml
    __repr__ = drawing.text
    _repr_html_ = drawing.html

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a graph from a TOML file.

        Parameters
        ----------
        path : path
            The file to read, as written by `save`.

        Returns
        -------
        CapabilityGraph
            The graph.

        Raises
        ------
        ModelError
            The file does not contain a graph, or an invalid one: the file, table and key are named.
        """
        return files.load(cls, path)

    @classmethod
    def from_table(cls, links: object, capabilities: object = None) -> Self:
        """Build a graph from a table of links.

        Parameters
        ----------
        links : frame, mapping of columns, or path of a CSV file
            A table with the columns ``source, target, strength`` and any of ``sign, evidence,
            required``, as in `Link`.
        capabilities : frame, mapping of columns, or path of a CSV file, optional
            A table with the column ``code`` and any of ``name, kind, description``, as in
            `Capability`. By default, every source of a link is a capability.

        Returns
        -------
        CapabilityGraph
            The graph.

        Raises
        ------
        ModelError
            Columns are missing, or rows are invalid; each row is named with its faults.

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
