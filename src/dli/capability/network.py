"""The validated data of a graph of capabilities, and its representation as arrays."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from dli.arrays import Floats
from dli.capability import influence
from dli.capability.elements import Capability, Link
from dli.checks import is_hashable, listed, several, text_faults
from dli.errors import MethodError, ModelError, UnknownCodeError

__all__ = ["Network", "NetworkT", "ahead"]

# Graphs that are built or evolved from a graph have the class of that graph.
NetworkT = TypeVar("NetworkT", bound="Network")


def _capabilities(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(listed("capabilities", items, "Capability objects"))


def _links(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(listed("links", items, "Link objects"))


@frozen
class Network:
    """Capabilities and barriers with their links: the data of `dli.capability.CapabilityGraph`.

    Nodes are numbered: first the capabilities in their order, then the outcomes.
    """

    capabilities: tuple[Capability, ...] = field(converter=_capabilities)
    links: tuple[Link, ...] = field(converter=_links)
    description: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        items = ((self.capabilities, Capability), (self.links, Link))
        strangers = [
            f"{item!r} is not a {kind.__name__}"
            for group, kind in items
            for item in group
            if not isinstance(item, kind)
        ]
        faults = strangers or self._faults()
        if not self.capabilities:
            faults.append("capabilities is empty; at least one is required")
        faults += text_faults(description=self.description)
        if faults:
            msg = "invalid graph of capabilities"
            raise ModelError(msg, faults)
        influence.refuse_divergence(self.among, self.codes)

    def _faults(self) -> list[str]:
        counts = Counter(self.codes)
        faults = [f"code {code!r} appears {n} times" for code, n in counts.items() if n > 1]
        sources = dict.fromkeys(link.source for link in self.links if link.source not in counts)
        faults += [str(UnknownCodeError("capability", [source], counts)) for source in sources]
        pairs = Counter((link.source, link.target) for link in self.links)
        faults += [
            f"the link from {source!r} to {target!r} appears {n} times"
            for (source, target), n in pairs.items()
            if n > 1
        ]
        return faults

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the capabilities and barriers."""
        return tuple(capability.code for capability in self.capabilities)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The codes of the outcomes: the indicators and sub-indices that links lead to."""
        known = set(self.codes)
        return tuple(dict.fromkeys(link.target for link in self.links if link.target not in known))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The codes of all nodes, in the order of their numbers."""
        return (*self.codes, *self.outcomes)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The number of each node, by code."""
        return {code: place for place, code in enumerate(self.nodes)}

    @cached_property
    def better(self) -> Floats:
        """The direction of improvement of each: 1 for a capability, -1 for a barrier."""
        return np.array([-1.0 if c.kind == "barrier" else 1.0 for c in self.capabilities])

    @cached_property
    def ends(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """The source, the target and the sign of each link; links of barriers are negative."""
        sources = np.array([self.places[link.source] for link in self.links], dtype=np.intp)
        targets = np.array([self.places[link.target] for link in self.links], dtype=np.intp)
        signs = np.array([float(link.sign) for link in self.links])
        return sources, targets, np.where(self.better[sources] < 0, -1.0, signs)

    @cached_property
    def direct(self) -> Any:
        """The signed strengths of links, as a sparse array of shape (n_capabilities, n_nodes)."""
        from scipy.sparse import csr_array

        sources, targets, signs = self.ends
        strengths = np.array([link.strength for link in self.links], dtype=np.float64)
        shape = (len(self.codes), len(self.nodes))
        return csr_array((strengths * signs, (sources, targets)), shape)

    @cached_property
    def among(self) -> Any:
        """The signed strengths of links among capabilities, as a sparse square array."""
        return self.direct[:, : len(self.codes)]

    @cached_property
    def onto(self) -> Floats:
        """The signed strengths of links to outcomes, of shape (n_capabilities, n_outcomes)."""
        return np.asarray(self.direct[:, len(self.codes) :].toarray())

    @cached_property
    def reach(self) -> Floats:
        """The total influence on outcomes, of shape (n_capabilities, n_outcomes)."""
        return influence.summed_effects(self.among, self.onto)

    @cached_property
    def required_pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The sources and the targets of the required links, as numbers of nodes."""
        required = np.array([link.required for link in self.links], dtype=np.bool_)
        sources, targets, _ = self.ends
        return sources[required], targets[required]

    def signed_links(self) -> list[tuple[int, int, float]]:
        """Return the source, the target and the signed strength of each link."""
        sources, targets, signs = (ends.tolist() for ends in self.ends)
        strengths = [sign * link.strength for sign, link in zip(signs, self.links, strict=True)]
        return list(zip(sources, targets, strengths, strict=True))

    def with_strengths(self, strengths: Sequence[float]) -> Self:
        """Return a copy of the graph with other strengths of its links.

        Parameters
        ----------
        strengths : sequence of float
            The strength of each link, from 0 to 1, in the order of ``links``.

        Returns
        -------
        CapabilityGraph
            The copy, with the new strengths.

        Raises
        ------
        MethodError
            The number of strengths differs from the number of links.
        ModelError
            Strengths are not from 0 to 1.
        """
        strengths = listed("strengths", strengths, "numbers")
        if len(strengths) != len(self.links):
            msg = (
                f"strengths must have one number for each of the {len(self.links)} links, got "
                f"{len(strengths)}"
            )
            raise MethodError(msg)
        links = [evolve(link, strength=s) for link, s in zip(self.links, strengths, strict=True)]
        return evolve(self, links=links)

    def find(self, code: str) -> Capability:
        """Return the capability or barrier with a code.

        Parameters
        ----------
        code : str
            The code of a capability or barrier.

        Returns
        -------
        Capability
            The capability or barrier.

        Raises
        ------
        UnknownCodeError
            The graph has no capability with that code; similar codes are suggested.
        """
        self.require([code])
        return self.capabilities[self.places[code]]

    def require(self, codes: Iterable[object]) -> None:
        """Raise an error unless all codes are capabilities or barriers of the graph.

        Parameters
        ----------
        codes : iterable of str
            The codes to check.

        Raises
        ------
        UnknownCodeError
            Some codes are not in the graph; all of them are listed.
        """
        known, codes = set(self.codes), several("codes", codes)
        unknown = [code for code in codes if not is_hashable(code) or code not in known]
        if unknown:
            raise UnknownCodeError("capability", unknown, self.codes)


def ahead(graph: Network, places: Iterable[int], *, backwards: bool = False) -> set[int]:
    """Return the given nodes and all that can be reached from them (backwards: that reach them)."""
    reached = set(places)
    todo = list(reached)
    links = [(j, i) if backwards else (i, j) for i, j, strength in graph.signed_links() if strength]
    onto: dict[int, list[int]] = {}
    for i, j in links:
        onto.setdefault(i, []).append(j)
    while todo:
        new = set(onto.get(todo.pop(), ())) - reached
        reached |= new
        todo += new
    return reached
