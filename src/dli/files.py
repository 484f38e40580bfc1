"""Writing files completely or not at all, and reading files within limits."""

import errno
import os
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

from dli.checks import is_number
from dli.errors import FileError, ModelError

__all__ = [
    "MAX_KEY_PARTS",
    "MAX_NESTING",
    "MAX_TOML_BYTES",
    "format_fault",
    "number_faults",
    "read_toml",
    "replacing",
    "write_toml",
]

MAX_TOML_BYTES = 10_000_000
"""The maximum size of a TOML file, in bytes; a thousand indicators need about 500,000 bytes."""
MAX_NESTING = 16
"""The maximum depth of nested arrays and inline tables in a TOML file."""
MAX_KEY_PARTS = 16
"""The maximum number of parts of a dotted key in a TOML file."""

# The tokens of TOML that are or may contain brackets and dots. A string that is not closed ends at
# the end of its line or of the file, so that no text is searched twice.
_TOKENS = re.compile(
    r"""
      "{3} (?: [^"\\]++ | \\.? | "(?!"") )*+ "{0,5}
    | '{3} (?: [^']++   | '(?!'')        )*+ '{0,5}
    | "    (?: [^"\\\n]++ | \\[^\n]?     )*+ "?
    | '    [^'\n]*+                          '?
    | \#   [^\n]*+
    | [\[\]{}.=,\n]
    """,
    re.VERBOSE | re.DOTALL,
)

# An array of numbers, dates and one-line texts as it is first written, with one value per line.
_ARRAY = re.compile(
    r"""
      \[\n
      ((?: [ ]+ (?: "(?: [^"\\\n]++ | \\[^\n] )*+" | [^\s"\[\]{},\#]++ ) ,\n )++)
      [ ]*\]
    """,
    re.VERBOSE,
)


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a temporary file that replaces the file at a path when the block ends.

    An existing file is unchanged until the new one is on the disk, and remains if anything fails.
    Links are followed, and special files such as ``/dev/stdout`` are written to directly.
    A process that is killed may leave a temporary file ``.dli-….tmp`` in the same folder.

    Parameters
    ----------
    path : path
        The file to write.

    Raises
    ------
    FileError
        The file cannot be written; the message contains the path.
    """
    temporary: Path | None = None
    try:
        final = _final(path)
        if final.exists() and not final.is_file():
            yield final
            return
        new = final.with_name(f".dli-{secrets.token_hex(8)}.tmp")
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        temporary = new
        yield temporary
        if final.exists():
            temporary.chmod(final.stat().st_mode)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(final)
        temporary = None
    except FileError:
        raise
    except UnicodeEncodeError as error:
        raise FileError(path, ValueError(_unencodable(error))) from error
    except OSError as error:
        raise FileError(path, error) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def _final(path: object) -> Path:
    """Return the file that a path refers to, which may not exist yet."""
    try:
        final = Path(os.path.realpath(os.fsdecode(path)))  # type: ignore[arg-type] # a TypeError
    except (TypeError, ValueError) as error:  # not a path; or one with a null character
        raise FileError(path, error) from error  # type: ignore[arg-type] # only shown
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file")
    if final.is_file() and not os.access(final, os.W_OK):
        raise PermissionError(errno.EACCES, "the existing file is read-only")
    return final


def _unencodable(error: UnicodeEncodeError) -> str:
    """Return a message that quotes the text that UTF-8 cannot encode."""
    near = error.object[max(error.start - 20, 0) : error.end + 20]
    return f"the text around {near!r} is not valid Unicode: a lone surrogate at {error.start}"


def format_fault(found: object, expected: str) -> str:
    """Return what is wrong with the format that a file declares, or an empty text.

    Parameters
    ----------
    found : object
        The format that the file declares.
    expected : str
        The name of the format and its version.

    Examples
    --------
    >>> format_fault("dli-index/2", "dli-index/1")
    "it was written by a newer version (format 'dli-index/2'); update this library to read it"
    >>> format_fault(None, "dli-index/1")
    "it must say format = 'dli-index/1', got None"
    """
    if found == expected:
        return ""
    name, _, version = expected.partition("/")
    newer = re.fullmatch(rf"{re.escape(name)}/([1-9][0-9]{{0,8}})", str(found))
    if newer and int(newer[1]) > int(version):
        return (
            f"it was written by a newer version (format {found!r}); update this library to read it"
        )
    return f"it must say format = {expected!r}, got {found!r}"


def read_toml(path: str | PathLike[str], what: str) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Parameters
    ----------
    path : path
        The file to read.
    what : str
        The kind of file in messages, such as "model file".

    Raises
    ------
    ModelError
        The file cannot be read, is not TOML in UTF-8, or exceeds a limit: `MAX_TOML_BYTES`,
        `MAX_NESTING`, `MAX_KEY_PARTS`, or the range of numbers. The limits prevent damaged
        and malicious files from using up time and memory.
    """
    try:
        with Path(os.fsdecode(path)).open("rb") as file:
            content = file.read(MAX_TOML_BYTES + 1)
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"cannot read the {what} {str(path)!r}: {reason}"
        raise ModelError(msg) from error
    try:
        faults = _toml_faults(content)
        tables = {} if faults else tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as error:  # of the encoding, the syntax or a number
        msg = f"{str(path)!r} is not a {what} in TOML: {error}"
        raise ModelError(msg) from error
    faults += number_faults(tables)
    if faults:
        msg = f"the {what} {str(path)!r} exceeds a limit"
        raise ModelError(msg, faults)
    return tables


def write_toml(path: str | PathLike[str], tables: Mapping[str, Any], what: str) -> None:
    """Write tables to a TOML file that `read_toml` can read.

    Parameters
    ----------
    path : path
        The file to write.
    tables : mapping
        The tables to write.
    what : str
        The kind of file in messages.

    Raises
    ------
    FileError
        The file cannot be written; an existing file is unchanged.
    ModelError
        The file would exceed a limit of `read_toml`.
    """
    import tomli_w

    with replacing(path) as file:
        text = tomli_w.dumps(tables)
        # Within a text of several lines, a carriage return would be read back as a line feed.
        if "\\r" not in text:
            text = tomli_w.dumps(tables, multiline_strings=True)
        content = text.encode()
        faults = [*_toml_faults(content), *number_faults(tables)]
        if faults:
            msg = f"the {what} {str(path)!r} would exceed a limit"
            raise ModelError(msg, faults)
        file.write_bytes(_with_short_arrays(text).encode())


def _with_short_arrays(text: str) -> str:
    """Return a text in TOML with short arrays on one line, which is easier to read."""

    def on_one_line(array: re.Match[str]) -> str:
        line = f"[{', '.join(cell.strip()[:-1] for cell in array[1].split(chr(10)) if cell)}]"
        return line if len(line) <= 80 else array[0]

    short = _ARRAY.sub(on_one_line, text)
    # Within a text of several lines, something that looks like an array is part of the text.
    return short if repr(tomllib.loads(short)) == repr(tomllib.loads(text)) else text


def _toml_faults(content: bytes) -> list[str]:
    """Return which limit a text in TOML exceeds, without parsing it."""
    if len(content) > MAX_TOML_BYTES:
        return [f"it has more than {MAX_TOML_BYTES:,} bytes, the largest size"]
    text = content.decode("utf-8-sig")
    depth = dots = 0
    for token in _TOKENS.finditer(text):
        mark = token[0]
        if mark == ".":
            dots += 1
        elif mark in "[{":
            depth, dots = depth + 1, 0
        elif mark in "]}":
            depth, dots = depth - 1, 0
        elif mark in "=,\n":
            dots = 0
        fault = ""
        if depth > MAX_NESTING:
            fault = f"arrays and tables are nested more than {MAX_NESTING} levels deep"
        elif dots >= MAX_KEY_PARTS:
            fault = f"a key has more than {MAX_KEY_PARTS} parts"
        if fault:
            return [f"line {text.count(chr(10), 0, token.start()) + 1}: {fault}"]
    return []


def number_faults(tables: object) -> list[str]:
    """Return the places of whole numbers beyond the range of floats in tables.

    Parameters
    ----------
    tables : mapping, list or a value of these
        The tables of a TOML file.

    Examples
    --------
    >>> number_faults({"node": [{"weight": 10**400}]})
    ['node[1].weight: a whole number beyond the range of floats']
    """
    faults = []
    pending: list[tuple[str, object]] = [("", tables)]
    while pending:
        where, value = pending.pop()
        if isinstance(value, Mapping):
            pending += [(f"{where}.{key}" if where else str(key), v) for key, v in value.items()]
        elif isinstance(value, list):
            pending += [(f"{where}[{i}]", item) for i, item in enumerate(value, 1)]
        elif type(value) is int and not is_number(value):
            faults.append(f"{where}: a whole number beyond the range of floats")
    return faults
