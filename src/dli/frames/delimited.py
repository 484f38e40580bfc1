"""CSV files, and other text files whose cells are separated by a character."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from dli.errors import DataError
from dli.frames.reading import Reading

__all__ = ["read_lines", "repeated"]

_LINES = list[tuple[int, list[str]]]
_OTHER_DELIMITERS = {";": "';'", "\t": "'\\t'", "|": "'|'", ",": "','"}


def read_lines(path: Path, reading: Reading) -> tuple[list[str], _LINES]:
    """Return the names of the columns, and the cells of every other line with its line number.

    Raises
    ------
    DataError
        The file cannot be read, a column has no name, a name appears twice, or a line has more or
        fewer cells than the header. All faults are listed with their lines.
    """
    lines = _parsed(path, reading)
    if not lines:
        msg = f"{str(path)!r} is empty; expected a table with a line of column names"
        raise DataError(msg)
    (first, header), *body = lines
    names = [name.strip() for name in header]
    faults = [
        f"line {first}: column {j + 1} has no name" for j, name in enumerate(names) if not name
    ]
    faults += [f"line {first}: {name!r} appears twice" for name in repeated(names) if name]
    other = _other_delimiters(names, reading, first)
    uneven = [(line, len(row)) for line, row in body if len(row) != len(names)]
    faults += other + [f"line {line}: {n} cells, expected {len(names)}" for line, n in uneven]
    if faults:
        msg = f"{str(path)!r} is not a table" + ("" if other else _hint(body, uneven))
        raise DataError(msg, faults)
    return _without_axis(names, body)


def _parsed(path: Path, reading: Reading) -> _LINES:
    before = reading.header_line - 1
    try:
        with path.open(newline="", encoding=reading.encoding) as file:
            # Lines outside the table need not be valid CSV.
            within = islice(file, before, reading.last_line)
            rows = csv.reader(within, strict=True, delimiter=reading.delimiter)
            lines = [(before + rows.line_num, row) for row in rows if row]
    except OSError as error:
        msg = f"cannot read {str(path)!r}: {error.strerror}"
        raise DataError(msg) from error
    except UnicodeError as error:
        msg = (
            f"{str(path)!r} is not a text file in {reading.encoding.removesuffix('-sig').upper()}: "
            f"{error}; if it has another encoding, set it, such as encoding='cp1252' or 'utf-16'"
        )
        raise DataError(msg) from error
    except csv.Error as error:
        msg = f"{str(path)!r} is not a CSV file: line {before + rows.line_num}: {error}"
        raise DataError(msg) from error
    except ValueError as error:
        msg = f"cannot read {str(path)!r}: {error}"
        raise DataError(msg) from error
    if lines:
        lines[0][1][0] = lines[0][1][0].removeprefix("\ufeff")
    # A delimiter at the end of every line creates an empty column without a name.
    if lines and all(len(row) > 1 and not row[-1].strip() for _, row in lines) and (
        len({len(row) for _, row in lines}) == 1
    ):  # fmt: skip
        lines = [(line, row[:-1]) for line, row in lines]
    return lines


def _other_delimiters(names: Sequence[str], reading: Reading, line: int) -> list[str]:
    """Return a fault for each other delimiter that the names suggest; names do not contain tabs."""
    marks = _OTHER_DELIMITERS if len(names) == 1 else {"\t": _OTHER_DELIMITERS["\t"]}
    sign = "only one column" if len(names) == 1 else "a name contains a tab"
    return [
        f"line {line}: {sign}; if {words} separates cells, set delimiter={words}"
        for mark, words in marks.items()
        if mark != reading.delimiter and any(mark in name for name in names)
    ]


def _hint(body: _LINES, uneven: Sequence[tuple[int, int]]) -> str:
    """Return the setting that leaves out notes above or below the table, if there may be any."""
    if not uneven:
        return ""
    ((usual, _),) = Counter(len(row) for _, row in body).most_common(1)
    first, last = uneven[0][0], body[-1][0]
    before = [line for line, row in body if line < first and len(row) == usual]
    if before and uneven[-1][0] == last:
        return f" (if notes follow the table, set last_line={before[-1]})"
    if usual > 1 and len(uneven) > len(body) / 2:
        header = next(line for line, row in body if len(row) == usual)
        return f" (if notes come before the table, set header_line={header})"
    return ""


def _without_axis(names: list[str], body: _LINES) -> tuple[list[str], _LINES]:
    r"""Split the first column of Eurostat's tables, named for example ``unit,geo\TIME_PERIOD``."""
    before, mark, _ = names[0].partition("\\")
    keys = before.split(",")
    if not mark or len(set(keys)) < len(keys) or set(keys) & set(names[1:]):
        return names, body
    split = [(line, row[0].split(",")) for line, row in body]
    faults = [
        f"line {line}: {len(cells)} keys in the first column, expected {len(keys)} ({before})"
        for line, cells in split
        if len(cells) != len(keys)
    ]
    if faults:
        msg = f"the first column must hold {before}, separated by commas"
        raise DataError(msg, faults)
    joined = zip(split, body, strict=True)
    return [*keys, *names[1:]], [(line, [*cells, *row[1:]]) for (line, cells), (_, row) in joined]


def repeated(names: Iterable[Any]) -> Iterator[Any]:
    """Yield the names that appear more than once."""
    return (name for name, count in Counter(names).items() if count > 1)
