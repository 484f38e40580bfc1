"""The errors of this library, one class for each kind of cause, and its warning.

```text
DLIError
├── ModelError (ValueError)               an invalid index or model file
├── DataError (ValueError)                data that cannot be assessed
├── MethodError (ValueError)              an invalid parameter or step of the method
│   └── InconsistentJudgementsError       pairwise judgements that contradict one another
├── DivergentInfluenceError (ValueError)  influence that grows without limit
├── StudyError (RuntimeError)             a study that could not be completed
├── FileError (OSError)                   a file that cannot be written
└── UnknownCodeError (KeyError)           a code, unit, period or name that does not exist
DLIWarning (UserWarning)                  a usable but doubtful input or result
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
    """The base class of all errors that this library raises on purpose.

    Parameters
    ----------
    summary : str
        What is wrong or what was expected.
    faults : iterable of str
        Each fault, with the code, unit or row that it concerns.

    Attributes
    ----------
    summary : str
        What is wrong, without the list of faults.
    faults : tuple of str
        All faults; the printed message stops after twenty.

    Examples
    --------
    >>> print(DataError("values must be finite", ["unit 'A', code 'DS01': inf"]))
    values must be finite:
      - unit 'A', code 'DS01': inf
    """

    # The step of the method that raised the error and the code of the node, if they are known.
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
    """An index, or the file that describes it, is invalid."""


class DataError(DLIError, ValueError):
    """The data cannot be assessed as they are."""


class MethodError(DLIError, ValueError):
    """A parameter is invalid, or a step of the method cannot process its input."""


class InconsistentJudgementsError(MethodError):
    """Pairwise judgements contradict one another or cannot be combined into one scale."""


class DivergentInfluenceError(DLIError, ValueError):
    """Capabilities strengthen each other so much that their influence grows without limit.

    Parameters
    ----------
    loop : iterable of str
        The codes of the nodes that influence each other.
    radius : float
        The factor by which their influence grows in each round: the spectral radius.

    Examples
    --------
    >>> print(DivergentInfluenceError(["a", "b"], 1.2))
    influence does not converge: it grows 1.2 times in each round among 'a', 'b'; weaken a link
    """

    def __init__(self, loop: Iterable[str], radius: float) -> None:
        self.loop = tuple(loop)
        self.radius = radius
        named = ", ".join(f"{code!r}" for code in self.loop[:_SHOWN])
        more = f" and {len(self.loop) - _SHOWN} more" if len(self.loop) > _SHOWN else ""
        super().__init__(
            f"influence does not converge: it grows {radius:.4g} times in each round among "
            f"{named}{more}; weaken a link"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.loop, self.radius)


class StudyError(DLIError, RuntimeError):
    """A study could not be completed, continued or merged, or lacks the requested results."""


class FileError(DLIError, OSError):
    """A file cannot be written; an existing file is unchanged.

    Parameters
    ----------
    path : str or path-like
        The path of the file.
    error : Exception
        The error of the operating system or of the encoder.
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
    """A code, unit, period or name does not exist.

    Parameters
    ----------
    what : str
        The kind of object that was looked for, such as ``"indicator"``.
    unknown : iterable
        The names that were not found.
    known : iterable
        The names that exist.

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
    """An input or a result is usable but doubtful; an attribute of the result says so too."""


def did_you_mean(wanted: object, known: Iterable[object]) -> str:
    """Return the hint that ends a message about an unknown name, or an empty text.

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
