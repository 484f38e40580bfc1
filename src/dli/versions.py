"""Which versions of the library, and of what it can use, are installed."""

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
    """Print the versions of Python, of the library and of all that it can use.

    Paste them into a bug report, or keep them with results that must be repeated.

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
    for name, own in versions.items():
        print(f"{name:<{width}} {own}")  # noqa: T201 what it is asked for
