"""The definition of a study in short, so that draws of different studies are never combined."""

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

# A few draws are scored to compare what text cannot show, such as a user-defined step. They are
# those of a chunk with a number that no study reaches.
_N_PROBES, _PROBE = 4, 2**40
_DIGESTS = frozenset({"index", "data", "method", "factors"})
# The same scores may differ by this much on other processors and with other versions of NumPy.
_ROUNDING = 1e-6


@frozen(eq=False)
class Identity:
    """A summary of the definition of a study.

    Attributes
    ----------
    parts : dict of str to str
        The parts of the definition by name: a short text, or the digest of a long one.
    probe : ndarray of shape (n_probes, n_units)
        The scores of a few draws.
    """

    parts: Mapping[str, str]
    probe: Floats

    def differences(self, other: "Identity") -> list[str]:
        """Return the differences of another study from this one, as texts for a message."""
        faults = []
        for name, expected in self.parts.items():
            part = other.parts.get(name)
            if part != expected:
                is_short = name not in _DIGESTS
                faults.append(
                    f"{name}: {part}, not {expected}" if is_short else f"different {name}"
                )
        if not faults and not self._scores_alike(other):
            faults.append(
                "different scores for the same draws, so a step or an input works differently"
            )
        return faults

    def _scores_alike(self, other: "Identity") -> bool:
        spread = np.nanmax(np.abs(self.probe), initial=0.0)
        return np.allclose(
            self.probe, other.probe, rtol=_ROUNDING, atol=_ROUNDING * spread, equal_nan=True
        )


def identity(study: Design, kept: Kept) -> Identity:
    """Return a summary of the definition of a study, to compare it with that of another study."""
    assessment = study.assessment
    observations = assessment.observations
    rows = json.dumps([list(map(str, assessment.units)), list(map(str, assessment.periods or ()))])
    values = np.ascontiguousarray(observations.values, dtype="<f8").tobytes()
    method = _plain(assessment.method)
    try:
        tables: Any = methodology_file.to_tables(assessment.index, assessment.method)
    except DLIError:  # a step that cannot be written to a file
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
    """Return a short text that describes an object by its class and its parameters.

    An object without such a text, such as an array or a data frame, is described by its class
    alone; the scores show whether its contents differ.
    """
    if candidate is None or isinstance(candidate, (bool, int, float, str, np.generic)):
        return str(candidate)
    if isinstance(candidate, Mapping):
        items = (f"{_plain(key)}: {_plain(value)}" for key, value in candidate.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(candidate, (list, tuple)):
        return f"[{', '.join(map(_plain, candidate))}]"
    name = getattr(candidate, "__qualname__", type(candidate).__qualname__)
    kind: Any = type(candidate)
    if not attrs.has(kind):
        return str(name)
    fields = attrs.fields_dict(kind)
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
