"""What can go wrong, one class for each kind of thing at fault.

```text
DLIError
├── ModelError (ValueError)               an index or a model file that is not valid
├── DataError (ValueError)                a table that cannot be assessed
├── MethodError (ValueError)              a step that cannot work on what it was given
│   └── InconsistentJudgementsError       pairwise judgements that contradict one another
├── DivergentInfluenceError (ValueError)  a loop of influence that grows without end
├── StudyError (RuntimeError)             a study whose workers failed
├── FileError (OSError)                   a file that cannot be written
└── UnknownCodeError (KeyError)           a code, unit, period or name that is not there
DLIWarning (UserWarning)                  usable, but doubtful
```

Every error lists all the faults that were found, not only the first.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from os import PathLike
from typing import Any

__all__ = [
    "DLIError",
    "DLIWarning",
    "DataError",
    "DivergentInfluenceError",
    "FileError",
    "InconsistentJudgementsError",
    "MethodError",
    "ModelError",
    "StudyError",
    "UnknownCodeError",
]

_SHOWN = 20


class DLIError(Exception):
    """The root of all errors that this library raises on purpose.

    Parameters
    ----------
    summary : str
        What was expected.
    faults : iterable of str
        Each departure from it, with the code, unit or row that is at fault.

    Attributes
    ----------
    summary : str
        What is wrong, without the list of faults.
    faults : tuple of str
        All of them; the printed message stops after twenty.

    Examples
    --------
    >>> print(DataError("values must be finite", ["unit 'A', code 'DS01': inf"]))
    values must be finite:
      - unit 'A', code 'DS01': inf
    """

    # The step of the method that raised it and the code of the node, where they are known.
    place: tuple[str, str | None] | None = None

    def __init__(self, summary: str, faults: Iterable[str] = ()) -> None:
        faults = tuple(faults)
        super().__init__(summary, faults)
        self.summary = summary
        self.faults = faults

    def __str__(self) -> str:
        if not self.faults:
            return self.summary
        lines = [f"  - {fault}" for fault in self.faults[:_SHOWN]]
        if len(self.faults) > _SHOWN:
            lines.append(f"  - and {len(self.faults) - _SHOWN} more (all of them in `.faults`)")
        return "\n".join([f"{self.summary}:", *lines])


class ModelError(DLIError, ValueError):
    """An index, or the file that describes it, is not valid."""


class DataError(DLIError, ValueError):
    """A table cannot be assessed as it is."""


class MethodError(DLIError, ValueError):
    """A step of the method cannot work on what it was given."""


class InconsistentJudgementsError(MethodError):
    """Pairwise judgements contradict one another or cannot be joined to one scale."""


class DivergentInfluenceError(DLIError, ValueError):
    """Capabilities strengthen each other so much that their influence grows without limit.

    Parameters
    ----------
    loop : iterable of str
        The codes of the nodes that influence each other.
    radius : float
        What their influence is multiplied by in each round: the spectral radius.

    Examples
    --------
    >>> print(DivergentInfluenceError(["a", "b"], 1.2))
    influence does not converge: it grows 1.2 times with each turn among 'a', 'b'; weaken a link
    """

    def __init__(self, loop: Iterable[str], radius: float) -> None:
        self.loop = tuple(loop)
        self.radius = radius
        named = ", ".join(f"{code!r}" for code in self.loop[:_SHOWN])
        more = f" and {len(self.loop) - _SHOWN} more" if len(self.loop) > _SHOWN else ""
        super().__init__(
            f"influence does not converge: it grows {radius:.4g} times with each turn among "
            f"{named}{more}; weaken a link"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.loop, self.radius)


class StudyError(DLIError, RuntimeError):
    """A study could not be finished, continued or merged, or did not count what is asked for."""


class FileError(DLIError, OSError):
    """A file cannot be written; what was there before is untouched.

    Parameters
    ----------
    path : str or path-like
        Of the file.
    error : Exception
        What the system or the encoder said.
    """

    def __init__(self, path: str | PathLike[str], error: Exception) -> None:
        reason = getattr(error, "strerror", None) or str(error)
        super().__init__(f"cannot write {str(path)!r}: {reason}")
        self.filename = str(path)
        self.errno = getattr(error, "errno", None)
        self._parts = (path, error)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._parts


class UnknownCodeError(DLIError, KeyError):
    """A code, unit, period or name that is not there.

    Parameters
    ----------
    what : str
        The kind of thing that was looked for, such as ``"indicator"``.
    unknown : iterable
        Everything that was asked for and is not there.
    known : iterable
        Everything that there is.

    Examples
    --------
    >>> print(UnknownCodeError("indicator", ["DS1"], ["DS01", "DV01"]))
    no indicator 'DS1'; did you mean 'DS01'?
    """

    def __init__(self, what: str, unknown: Iterable[object], known: Iterable[object]) -> None:
        self.what = what
        self.unknown = tuple(unknown)
        self.known = tuple(known)
        lines = [f"no {what} {item!r}{did_you_mean(item, self.known)}" for item in self.unknown]
        if len(lines) == 1:
            super().__init__(lines[0])
        else:
            super().__init__(f"unknown: {what}", lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.unknown, self.known)


class DLIWarning(UserWarning):
    """Input or result that is usable, but doubtful; a field of the result says so too."""


def did_you_mean(wanted: object, known: Iterable[object]) -> str:
    """Give the hint that ends a message about an unknown name, or nothing.

    Examples
    --------
    >>> did_you_mean("DS1", ["DS01", "DV01"])
    "; did you mean 'DS01'?"
    >>> did_you_mean("2022", [2021, 2022])
    '; did you mean 2022?'
    >>> did_you_mean("imd", ["IMD"])
    "; did you mean 'IMD'?"
    >>> did_you_mean("DS1", ["X"])
    ''
    """
    by_text = {str(item): item for item in known}
    near = get_close_matches(str(wanted), by_text, n=1)
    if not near:  # 'imd' and 'IMD' have no letter in common
        by_text = {text.lower(): item for text, item in by_text.items()}
        near = get_close_matches(str(wanted).lower(), by_text, n=1)
    return f"; did you mean {by_text[near[0]]!r}?" if near else ""
