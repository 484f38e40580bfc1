"""What links lead to in an index, and what is doubtful about them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dli import frames
from dli.capability import influence
from dli.errors import UnknownCodeError
from dli.framework import Index, Indicator

if TYPE_CHECKING:
    from dli.capability.graph import CapabilityGraph

__all__ = ["check", "require_targets"]


def require_targets(graph: "CapabilityGraph", index: Index) -> None:
    """Refuse links that lead to what is neither a capability nor in the index."""
    known = {node.code for node in index.walk()}
    unknown = [code for code in graph.outcomes if code not in known]
    if unknown:
        what = f"node of index {index.code!r} or capability for a link to lead to:"
        raise UnknownCodeError(what, unknown, [*known, *graph.codes])


def check(graph: "CapabilityGraph", index: Index) -> Any:
    """List what is doubtful about a graph beside an index."""
    require_targets(graph, index)
    codes = (*graph.codes, *graph.outcomes)
    direct = graph.direct
    findings = []
    for sign, what in ((1, "add to"), (-1, "take from")):
        sums = (direct * sign).maximum(0).sum(axis=0)
        findings += [
            ("sum above 1", codes[j], f"the links that {what} it have {sums[j]:.4g} together")
            for j in np.flatnonzero(sums > 1 + 1e-9).tolist()
        ]
    findings += _sign_findings(graph, index)
    findings += _reach_findings(graph, index)
    square = direct[:, : len(graph.codes)]
    for members in influence.loops(square):
        names = ", ".join(codes[i] for i in members.tolist())
        findings.append(("loop", codes[members[0]], f"feedback among {names}"))
    kinds, at, notes = zip(*findings, strict=True) if findings else ((), (), ())
    return frames.build({"kind": list(kinds), "code": list(at), "note": list(notes)})


def _sign_findings(graph: "CapabilityGraph", index: Index) -> list[tuple[str, str, str]]:
    findings = []
    for link in graph.links:
        if link.sign == -1 and link.target not in graph.codes:
            node = index.find(link.target)
            if isinstance(node, Indicator) and node.direction == -1:
                note = (
                    f"{link.source} takes from it, but its normalised value is turned already: "
                    "more is better there"
                )
                findings.append(("sign", link.target, note))
    return findings


def _reach_findings(graph: "CapabilityGraph", index: Index) -> list[tuple[str, str, str]]:
    touched = {link.source for link in graph.links} | {link.target for link in graph.links}
    findings = [
        ("isolated", code, "no link leads to it or away from it")
        for code in graph.codes
        if code not in touched
    ]
    reaching = (graph.reach != 0).any(axis=1)
    findings += [
        ("no outcome", code, "its links lead to nothing that the index measures")
        for code, reaches in zip(graph.codes, reaching.tolist(), strict=True)
        if code in touched and not reaches
    ]
    covered = set(graph.outcomes) - {index.code}
    findings += [
        ("unreached", indicator.code, "no link leads to it or to a sub-index above it")
        for indicator in index.indicators
        if not covered & {indicator.code, *(node.code for node in index.path(indicator.code))}
    ]
    return findings
