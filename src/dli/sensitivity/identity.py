"""What a study belongs to, so that draws of one are never added to those of another."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from dli.arrays import Floats
from dli.assessment import methodology_file
from dli.errors import DLIError
from dli.sensitivity.design import Design
from dli.sensitivity.engine import uniforms
from dli.sensitivity.tally import Kept

__all__ = ["Identity", "identity"]

# Draws that are scored to compare what no text shows, such as a step of one's own; of a seed that
# no study has, since seeds are at least 0 and chunks few.
_N_PROBES, _PROBE = 4, 2**40
_DIGESTS = frozenset({"index", "data", "method", "factors"})
# How far other processors and versions of NumPy may round the same scores in another way.
_ROUNDING = 1e-6


@frozen(eq=False)
class Identity:
    """What a study is made of, in short.

    Attributes
    ----------
    parts : dict of str to str
        By name: a text, or the digest of a long one.
    probe : ndarray of shape (n_probes, n_units)
        The scores of a few draws.
    """

    parts: Mapping[str, str]
    probe: Floats

    def differences(self, other: "Identity") -> list[str]:
        """Name what another study has that this one has not, or none."""
        found = []
        for name, own in self.parts.items():
            theirs = other.parts.get(name)
            if own != theirs:
                fault = "another one" if name in _DIGESTS else f"{theirs}, not {own}"
                found.append(f"{name}: {fault}")
        if not found and not self._scores_alike(other):
            found.append(
                "scores: the same draws give others, so a step or an input works in another way"
            )
        return found

    def _scores_alike(self, other: "Identity") -> bool:
        spread = np.nanmax(np.abs(self.probe), initial=0.0)
        return np.allclose(
            self.probe, other.probe, rtol=_ROUNDING, atol=_ROUNDING * spread, equal_nan=True
        )


def identity(study: Design, kept: Kept) -> Identity:
    """Return what a study is made of."""
    assessment = study.assessment
    observations = assessment.observations
    rows = json.dumps([list(map(str, assessment.units)), list(map(str, assessment.periods or ()))])
    values = np.ascontiguousarray(observations.values, dtype="<f8").tobytes()
    method = _plain(assessment.method)
    try:
        tables: Any = methodology_file.to_tables(assessment.index, assessment.method)
    except DLIError:  # a step that no file can hold
        index = _plain([(node.code, node.weight) for node in assessment.index.walk()])
    else:
        method = _text(tables.pop("method", {}))
        index = _text(tables)
    parts = {
        "index": _digest(index),
        "data": _digest(rows, values),
        "method": _digest(method),
        "inputs": ", ".join(map(_plain, study.inputs)),
        "factors": _digest(*study.names),
        "node": study.node.code,
        "keep": ", ".join(kept.names),
        "places": str(kept.places),
    }
    n = len(study.names)
    return Identity(parts, study.scores(uniforms(0, _PROBE, np.empty((n, _N_PROBES)))).copy())


def _plain(candidate: object) -> str:
    """Return what an object is made of.

    What has no short text of its own, such as an array or a data frame, is its class alone: what it
    does is seen in the scores.
    """
    if candidate is None or isinstance(candidate, (bool, int, float, str, np.generic)):
        return str(candidate)
    if isinstance(candidate, Mapping):
        items = (f"{_plain(key)}: {_plain(own)}" for key, own in candidate.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(candidate, (list, tuple)):
        return f"[{', '.join(map(_plain, candidate))}]"
    name = getattr(candidate, "__qualname__", type(candidate).__qualname__)
    own_class: Any = type(candidate)
    if not attrs.has(own_class):
        return str(name)
    fields = attrs.fields_dict(own_class)
    return f"{name}({', '.join(f'{key}={_plain(getattr(candidate, key))}' for key in fields)})"


def _text(tables: object) -> str:
    return json.dumps(tables, sort_keys=True, default=_plain)


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()
