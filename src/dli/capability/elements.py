"""The elements of a graph: capabilities, barriers and links."""

from attrs import field, frozen

from dli.checks import (
    choice_faults,
    code_faults,
    flag_faults,
    is_whole,
    number_fault,
    text_faults,
)
from dli.errors import ModelError

__all__ = ["ESTIMATED", "Capability", "Link"]

# The evidence of a link whose strength is estimated from data begins with these words.
ESTIMATED = "estimated from"
_KINDS = ("capability", "barrier")


@frozen
class Capability:
    """Something that a government is able to do, or a barrier to it.

    Parameters
    ----------
    code : str
        A short identifier that is unique in the graph and does not occur in the index.
    name : str
        The name in tables and reports; the code is used if it is empty.
    kind : {"capability", "barrier"}
        The level of a capability ranges from 0 (absent) to 1 (complete), that of a barrier from 0
        (removed) to 1 (in full force). All links of a barrier are negative.
    description : str
        A description of the capability or barrier.

    Raises
    ------
    ModelError
        Some fields are invalid; all of them are listed.
    """

    code: str
    name: str = ""
    kind: str = field(default="capability", kw_only=True)
    description: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [
            *code_faults(self.code),
            *text_faults(name=self.name, description=self.description),
        ]
        faults += choice_faults("kind", self.kind, _KINDS)
        if faults:
            msg = f"invalid capability {self.code!r}"
            raise ModelError(msg, faults)


@frozen
class Link:
    """The direct effect of a capability or barrier on another or on an outcome.

    Parameters
    ----------
    source : str
        The code of a capability or barrier.
    target : str
        The code of a capability or barrier, or of an indicator or sub-index.
    strength : float
        A number from 0 to 1: how much raising the source from absent (0) to complete (1) adds to
        the target directly, on a scale from the worst (0) to the best (1).
    sign : {1, -1}
        Use -1 for a link that reduces its target. Links of barriers are always negative.
    evidence : str
        The evidence for the link and its strength, such as a source.
    required : bool
        Whether the level of this source limits the target, which then does not rise above it.

    Raises
    ------
    ModelError
        Some fields are invalid; all of them are listed.
    """

    source: str
    target: str
    strength: float
    sign: int = field(default=1, kw_only=True)
    evidence: str = field(default="", kw_only=True)
    required: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [f"source: {fault}" for fault in code_faults(self.source)]
        faults += [f"target: {fault}" for fault in code_faults(self.target)]
        faults += text_faults(evidence=self.evidence)
        codes = (self.source, self.target)
        if all(isinstance(code, str) for code in codes) and self.source == self.target:
            faults.append("source and target are the same; a capability cannot link to itself")
        faults += filter(None, [number_fault("strength", self.strength, least=0, most=1)])
        if not (is_whole(self.sign, -1, 1) and self.sign):
            faults.append(f"sign must be 1 or -1, got {self.sign!r}")
        faults += flag_faults(required=self.required)
        if faults:
            msg = f"invalid link from {self.source!r} to {self.target!r}"
            raise ModelError(msg, faults)
