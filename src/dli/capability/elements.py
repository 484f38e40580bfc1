"""Capabilities and barriers, and the links that lead from them."""

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

# How the evidence of a link begins whose strength comes from data.
ESTIMATED = "estimated from"
_KINDS = ("capability", "barrier")


@frozen
class Capability:
    """Something that a government is able to do, or a barrier to it.

    Parameters
    ----------
    code : str
        Short, and unique in the whole.
    name : str
        For tables and reports; the code where there is none.
    kind : {"capability", "barrier"}
        The level of a capability runs from 0, absent, to 1, complete; that of a barrier from 0,
        gone, to 1, in full force. All links of a barrier take away.
    description : str
        What it consists of.

    Raises
    ------
    ModelError
        Fields that are not valid; all of them are listed.
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
    """What one capability does for another or for an outcome.

    Parameters
    ----------
    source : str
        The code of a capability or barrier.
    target : str
        The code of a capability or barrier, or of an indicator or sub-index.
    strength : float
        From 0 to 1: what one unit more of the source, from absent to complete, adds to the target
        directly, from the worst to the best of its scale.
    sign : {1, -1}
        -1 where it takes away. The links of barriers take away by themselves.
    evidence : str
        The evidence for it.
    required : bool
        The target does not rise above the level of this source: the weakest link limits it.

    Raises
    ------
    ModelError
        Fields that are not valid; all of them are listed.
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
            faults.append("source and target are the same; a capability cannot feed itself")
        faults += filter(None, [number_fault("strength", self.strength, least=0, most=1)])
        if not (is_whole(self.sign, -1, 1) and self.sign):
            faults.append(f"sign must be 1 or -1, got {self.sign!r}")
        faults += flag_faults(required=self.required)
        if faults:
            msg = f"invalid link from {self.source!r} to {self.target!r}"
            raise ModelError(msg, faults)
