"""Checks of a graph against an index: targets of links, and doubtful links."""

import numpy as np

from dli import frames
from dli.capability import influence
from dli.capability.network import Network
from dli.checks import instance
from dli.errors import ModelError, UnknownCodeError
from dli.frames import Frame
from dli.framework import Index

__all__ = ["check", "require_targets"]


def require_targets(graph: Network, index: Index) -> None:
    """Raise an error if links lead to nodes that are neither capabilities nor in the index."""
    known = {node.code for node in index.walk()}
    both = [f"{code!r}" for code in graph.codes if code in known]
    if both:
        msg = f"codes of capabilities must differ from those of the nodes of index {index.code!r}"
        raise ModelError(msg, both)
    unknown = [code for code in graph.outcomes if code not in known]
    if unknown:
        what = f"node of index {index.code!r} or capability for a link to lead to:"
        raise UnknownCodeError(what, unknown, [*known, *graph.codes])


def check(graph: Network, index: Index) -> Frame:
    """Return findings about a graph that may be errors, given the index that it leads to.

    Parameters
    ----------
    index : Index
        The index whose indicators and sub-indices are the outcomes of the graph.

    Returns
    -------
    frame
        One row for each finding: ``kind``, ``code`` and ``note``. The kinds are:

        ``sum above 1``
            The strengths of all links that add to a node, or of all that subtract from it, sum to
            more than 1.
        ``sign``
            A link subtracts from an indicator of direction -1, whose normalised value is already
            reversed.
        ``isolated``
            A capability has no links.
        ``no outcome``
            The links of a capability do not lead to any outcome.
        ``unreached``
            No link leads to an indicator or to a sub-index above it.
        ``loop``
            Capabilities feed back on each other.

    Raises
    ------
    ModelError
        Capabilities have the codes of nodes of the index.
    UnknownCodeError
        Links lead to nodes that are neither capabilities nor in the index; all are listed.
    """
    instance("index", index, Index)
    require_targets(graph, index)
    findings = []
    for sign, what in ((1, "add to"), (-1, "take from")):
        sums = (graph.direct * sign).maximum(0).sum(axis=0)
        findings += [
            ("sum above 1", graph.nodes[j], f"the links that {what} it sum to {sums[j]:.4g}")
            for j in np.flatnonzero(sums > 1 + 1e-9).tolist()
        ]
    turned = {i.code for i in index.indicators if i.direction == -1} - set(graph.codes)
    for link in graph.links:
        if link.sign == -1 and link.target in turned:
            note = (
                f"{link.source} takes from it, but its normalised value is turned already: more "
                "is better there"
            )
            findings.append(("sign", link.target, note))
    findings += _reach_findings(graph, index)
    for members in influence.loops(graph.among):
        names = ", ".join(graph.codes[i] for i in members.tolist())
        findings.append(("loop", graph.codes[members[0]], f"feedback among {names}"))
    columns = zip(*findings, strict=True) if findings else ((), (), ())
    return frames.build(
        {name: list(column) for name, column in zip(("kind", "code", "note"), columns, strict=True)}
    )


def _reach_findings(graph: Network, index: Index) -> list[tuple[str, str, str]]:
    linked = {link.source for link in graph.links} | {link.target for link in graph.links}
    findings = [
        ("isolated", code, "no link leads to it or away from it")
        for code in graph.codes
        if code not in linked
    ]
    reaching = (graph.reach != 0).any(axis=1)
    findings += [
        ("no outcome", code, "its links lead to nothing that the index measures")
        for code, reaches in zip(graph.codes, reaching.tolist(), strict=True)
        if code in linked and not reaches
    ]
    covered = set(graph.outcomes) - {index.code}
    findings += [
        ("unreached", indicator.code, "no link leads to it or to a sub-index above it")
        for indicator in index.indicators
        if not covered & {indicator.code, *(node.code for node in index.path(indicator.code))}
    ]
    return findings
