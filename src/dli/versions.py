"""The installed versions of the library and of its dependencies."""

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version

__all__ = ["installed", "show_versions"]

_DISTRIBUTION = "digital-leadership-index"


def installed(distribution: str = _DISTRIBUTION) -> str:
    """Return the version of a distribution, or "not installed"."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def show_versions() -> None:
    """Print the versions of Python, of the library and of its dependencies.

    Paste them into a bug report, or store them with results that must be reproducible.

    Examples
    --------
    >>> import dli
    >>> dli.show_versions()  # doctest: +ELLIPSIS
    dli ...
    python ...
    """
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requires(_DISTRIBUTION) or ()]
    versions = {
        "dli": installed(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    } | {name: installed(name) for name in sorted(set(names) - {_DISTRIBUTION})}
    width = max(map(len, versions))
    for name, number in versions.items():
        print(f"{name:<{width}} {number}")  # noqa: T201 the function is there to print
