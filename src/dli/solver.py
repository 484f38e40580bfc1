"""Mixed-integer programs by SciPy, without what the solver prints.

HiGHS, which SciPy calls, prints a line of its own when a solution has to be repaired after
presolve. No option stops it, and it goes past Python's ``sys.stdout``.
"""

import ctypes
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock
from typing import IO, Any

__all__ = ["milp", "quiet"]

_STDOUT = 1
_SOLVER_LINE = re.compile(rb"Highs\w*::[^\n]*\n?")


class _Diverted:
    """Standard output of the process while at least one solver runs."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.n_solvers = 0
        self.original = -1
        self.file: IO[bytes] | None = None


_diverted = _Diverted()


def _flush() -> None:
    """Write out what C code has printed so far."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep lines of the solver from standard output while the body runs.

    Standard output goes to a temporary file meanwhile. Whatever else was written to it, by other
    threads for instance, is passed on afterwards. Several threads may be inside at once.
    """
    with _diverted.lock:
        if _diverted.n_solvers == 0:
            _divert()
        _diverted.n_solvers += 1
    try:
        yield
    finally:
        with _diverted.lock:
            _diverted.n_solvers -= 1
            if _diverted.n_solvers == 0:
                _restore()


def _divert() -> None:
    with suppress(OSError), ExitStack() as opened:
        # Without standard output, or without a place for the file, nothing is diverted.
        original = os.dup(_STDOUT)
        opened.callback(os.close, original)
        file = opened.enter_context(tempfile.TemporaryFile())
        _flush()
        os.dup2(file.fileno(), _STDOUT)
        _diverted.original, _diverted.file = original, file
        opened.pop_all()


def _restore() -> None:
    file, _diverted.file = _diverted.file, None
    if file is None:
        return
    _flush()
    os.dup2(_diverted.original, _STDOUT)
    os.close(_diverted.original)
    with file:
        file.seek(0)
        others = _SOLVER_LINE.sub(b"", file.read())
    while others:
        others = others[os.write(_STDOUT, others) :]


def milp(objective: Any, **keywords: Any) -> Any:
    """Return the result of `scipy.optimize.milp`, which takes the same arguments, in silence."""
    from scipy import optimize

    with quiet():
        return optimize.milp(objective, **keywords)
