"""Mixed-integer programs with SciPy, without the output of the solver.

HiGHS, which SciPy calls, prints a line when a solution has to be repaired after presolve. No option
suppresses this line, and it bypasses Python's ``sys.stdout``.
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
    """Remove lines of the solver from standard output while the body runs.

    Meanwhile, standard output is redirected to a temporary file. All other output, for example of
    other threads, is passed on afterwards. Several threads may enter at the same time.
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
        # Nothing is diverted if there is no standard output, or no place for the file.
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
        output = _SOLVER_LINE.sub(b"", file.read())
    while output:
        output = output[os.write(_STDOUT, output) :]


def milp(objective: Any, **keywords: Any) -> Any:
    """Return the result of `scipy.optimize.milp` with the same arguments, without its output."""
    from scipy import optimize

    with quiet():
        return optimize.milp(objective, **keywords)
