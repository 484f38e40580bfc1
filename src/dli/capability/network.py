"""Capabilities and their links as data: checked once, and as arrays."""

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

# What is built or evolved from a graph is a graph of the same class.
NetworkT = TypeVar("NetworkT", bound="Network")


def _capabilities(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(listed("capabilities", items, "Capability objects"))


def _links(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(listed("links", items, "Link objects"))


@frozen
class Network:
    """Capabilities and barriers with their links; `dli.capability.CapabilityGraph` documents them.

    The nodes are numbered: the capabilities in their order, then the outcomes.
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
            faults.append("it has no capabilities")
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
        """The codes of the indicators and sub-indices that links lead to."""
        known = set(self.codes)
        return tuple(dict.fromkeys(link.target for link in self.links if link.target not in known))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The codes of all nodes, by number."""
        return (*self.codes, *self.outcomes)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The number of each node."""
        return {code: place for place, code in enumerate(self.nodes)}

    @cached_property
    def better(self) -> Floats:
        """Which way is better, of shape (n_capabilities,): 1 for a capability, -1 for a barrier."""
        return np.array([-1.0 if c.kind == "barrier" else 1.0 for c in self.capabilities])

    @cached_property
    def ends(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """The source, the target and the sign of each link; links of barriers take away."""
        sources = np.array([self.places[link.source] for link in self.links], dtype=np.intp)
        targets = np.array([self.places[link.target] for link in self.links], dtype=np.intp)
        signs = np.array([float(link.sign) for link in self.links])
        return sources, targets, np.where(self.better[sources] < 0, -1.0, signs)

    @cached_property
    def direct(self) -> Any:
        """The signed strengths, a sparse array of shape (n_capabilities, n_nodes)."""
        from scipy.sparse import csr_array

        sources, targets, signs = self.ends
        strengths = np.array([link.strength for link in self.links], dtype=np.float64)
        shape = (len(self.codes), len(self.nodes))
        return csr_array((strengths * signs, (sources, targets)), shape)

    @cached_property
    def among(self) -> Any:
        """The signed strengths among capabilities, a sparse array."""
        return self.direct[:, : len(self.codes)]

    @cached_property
    def onto(self) -> Floats:
        """The signed strengths onto outcomes, of shape (n_capabilities, n_outcomes)."""
        return np.asarray(self.direct[:, len(self.codes) :].toarray())

    @cached_property
    def reach(self) -> Floats:
        """The influence on outcomes over all chains, of shape (n_capabilities, n_outcomes)."""
        return influence.summed_effects(self.among, self.onto)

    @cached_property
    def required_pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The sources and the targets of the links that are required."""
        required = np.array([link.required for link in self.links], dtype=np.bool_)
        sources, targets, _ = self.ends
        return sources[required], targets[required]

    def signed_links(self) -> list[tuple[int, int, float]]:
        """Return the source, the target and the signed strength of each link."""
        sources, targets, signs = (ends.tolist() for ends in self.ends)
        strengths = [sign * link.strength for sign, link in zip(signs, self.links, strict=True)]
        return list(zip(sources, targets, strengths, strict=True))

    def with_strengths(self, strengths: Sequence[float]) -> Self:
        """Return the graph with other strengths of its links, in their order.

        Raises
        ------
        MethodError
            Not as many strengths as links.
        ModelError
            Strengths outside 0 to 1.
        """
        strengths = listed("strengths", strengths, "numbers")
        if len(strengths) != len(self.links):
            msg = f"strengths must be {len(self.links)}, one for each link, got {len(strengths)}"
            raise MethodError(msg)
        links = [evolve(link, strength=s) for link, s in zip(self.links, strengths, strict=True)]
        return evolve(self, links=links)

    def find(self, code: str) -> Capability:
        """Return the capability or barrier of a code.

        Raises
        ------
        UnknownCodeError
            No such capability; the nearest code is named.
        """
        self.require([code])
        return self.capabilities[self.places[code]]

    def require(self, codes: Iterable[object]) -> None:
        """Refuse codes that are not capabilities of the graph.

        Raises
        ------
        UnknownCodeError
        """
        known, codes = set(self.codes), several("codes", codes)
        unknown = [code for code in codes if not is_hashable(code) or code not in known]
        if unknown:
            raise UnknownCodeError("capability", unknown, self.codes)


def ahead(graph: Network, places: Iterable[int], *, backwards: bool = False) -> set[int]:
    """Return some nodes and all that links lead to from them, or to them."""
    found = set(places)
    todo = list(found)
    links = [(j, i) if backwards else (i, j) for i, j, strength in graph.signed_links() if strength]
    onto: dict[int, list[int]] = {}
    for i, j in links:
        onto.setdefault(i, []).append(j)
    while todo:
        new = set(onto.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return found
