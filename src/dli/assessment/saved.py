"""Saved assessments: one file, a zip archive of JSON text and NumPy arrays.

The file contains the index, the method, the input data and the scores. Loading computes the
assessment again and compares the scores. The user's own steps are saved by name with their
parameters, and their classes are passed when loading, so that loading a file never imports code.
"""

import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np
from attrs import frozen

from dli import frames
from dli.arrays import Floats
from dli.assessment import methodology_file
from dli.assessment.cells import to_plain
from dli.assessment.saved_head import (
    for_json,
    from_json,
    head_faults,
    read_columns,
    shape_faults,
)
from dli.assessment.scored import Scored
from dli.errors import DataError, DLIError, DLIWarning, MethodError, ModelError
from dli.files import format_fault, replacing
from dli.framework import Index
from dli.framework.choices import own_steps
from dli.method import Method
from dli.observations import Observations

__all__ = ["Saved", "read", "save"]

FORMAT = "dli-assessment/1"
# The entries of the archive and the largest size of each, so that a small file cannot decompress
# to more than a computer's memory.
ENTRIES = {"assessment.json": 128_000_000, "values.npy": 1_000_000_000, "scores.npy": 1_000_000_000}
# With a fixed time, equal assessments are saved as equal files.
_WHEN = (1980, 1, 1, 0, 0, 0)
# The errors raised by a damaged archive, text or array; TypeError is raised if path is not a path.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, TypeError, ValueError, OverflowError,
    RuntimeError,
)  # fmt: skip
_ARRAY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>])f8', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9]{1,12}), ([0-9]{1,12})\), \} *\n",
    re.DOTALL,
)
# The keys of the head that contain the methodology.
_TABLES = ("index", "method")


def save(assessment: Scored, path: str | PathLike[str]) -> None:
    """Write the index, the method, the data and the scores to a file.

    Raises
    ------
    DataError
        The data have cells that a file cannot contain, or are too large for one file.
    MethodError
        The index or the method has a step or parameter that a file cannot contain.
    FileError
        The file cannot be written; an existing file is left unchanged.
    """
    observations = assessment.observations
    methodology = for_json(methodology_file.to_tables(assessment.index, assessment.method))
    method = methodology.pop("method")
    table = observations.table
    codes = [indicator.code for indicator in assessment.index.indicators]
    library = table.library
    kept = {observations.unit_column, observations.period_column, *observations.context}
    if table.is_text:
        kept |= {indicator.data_column for indicator in assessment.index.indicators}
    context = [name for name in table.names if name in kept]
    head = {
        "format": FORMAT,
        "index": methodology,
        "method": method,
        "unit": observations.unit_column,
        "period": observations.period_column,
        "library": library if library in frames.LIBRARIES else None,
        "numpy": np.__version__,
        "codes": codes,
        "context": _context(table, context),
    }
    if table.reading != frames.Reading():
        head["reading"] = table.reading.options()
    if table.is_text:  # save the original text, so that it is read in the same way again
        head |= {"lines": table.lines, "reading": table.reading.options()}
    nodes = [node.code for node in assessment.index.walk()]
    arrays = (observations.values, np.stack([assessment.array(code) for code in nodes]))
    with replacing(path) as file:
        text = json.dumps(head, ensure_ascii=False, indent=1, default=_number_of_numpy)
        contents = [text.encode(), *map(_array_bytes, arrays)]
        faults = [
            f"{name} would have {len(content):,} bytes; the largest size is {most:,}"
            for content, (name, most) in zip(contents, ENTRIES.items(), strict=True)
            if len(content) > most
        ]
        if faults:
            msg = "the assessment is too large for one file"
            raise DataError(msg, faults)
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in zip(ENTRIES, contents, strict=True):
                archive.writestr(_entry(name), content)
        file.write_bytes(buffer.getvalue())


def _context(table: frames.Table, names: list[str]) -> dict[str, list[Any]]:
    """Return the cells of some columns as JSON values."""
    faults = []
    columns: dict[str, list[Any]] = {}
    for name in names:
        columns[name] = []
        cells = table.texts(name) if table.is_text else table.column(name)
        for row, cell in enumerate(cells):
            try:
                columns[name].append(to_plain(cell))
            except DataError as error:
                faults.append(f"{table.where(row)}: column {name!r} {error.summary}")
    if faults:
        msg = "a file cannot contain these cells; convert them or leave their columns out"
        raise DataError(msg, faults)
    return columns


def _array_bytes(array: Floats) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _number_of_numpy(value: object) -> Any:
    """Return a parameter that is a NumPy scalar as a Python object."""
    if isinstance(value, np.generic) and isinstance(value.item(), (bool, int, float, str)):
        return value.item()
    msg = f"a parameter of the method cannot be saved: {value!r}"
    raise MethodError(msg)


@frozen(kw_only=True, eq=False)
class Saved:
    """The contents of a saved assessment: its index, data and method, and its scores.

    Attributes
    ----------
    index : Index
    observations : Observations
    method : Method
    scores : ndarray of shape (n_nodes, n_units)
        The saved scores.
    numpy : str
        The version of NumPy that computed the scores.
    name : str
        The path of the file.
    steps : tuple of str
        The names of the user's own steps that were passed when loading.
    """

    index: Index
    observations: Observations
    method: Method
    scores: Floats
    numpy: str
    name: str
    steps: tuple[str, ...] = ()

    def compare(self, assessment: Scored) -> None:
        """Issue a warning if the scores of the assessment differ from those saved."""
        scores = np.stack([assessment.array(node.code) for node in self.index.walk()])
        if np.array_equal(scores, self.scores, equal_nan=True):
            return
        same_shape = scores.shape == self.scores.shape
        # Scores that are missing on one side only do not have a difference; they are counted.
        apart = np.nanmax(np.abs(scores - self.scores), initial=0) if same_shape else np.inf
        alone = np.sum(np.isnan(scores) != np.isnan(self.scores)) if same_shape else 0
        missing = f", and {alone} of them are missing in one of the two" if alone else ""
        msg = (
            f"the scores differ from those saved in {self.name!r} by up to {apart:.3g}{missing} "
            f"(saved with NumPy {self.numpy}, computed with {np.__version__})"
        )
        if self.steps:
            names = ", ".join(map(repr, self.steps))
            msg += f"; check that the steps passed are those it was saved with: {names}"
        warn(msg, DLIWarning, stacklevel=3)


def read(path: str | PathLike[str], steps: Mapping[str, Callable[..., Any]] | None = None) -> Saved:
    """Return the contents of a saved assessment.

    Raises
    ------
    MethodError
        ``steps`` is not a mapping of names to classes or functions.
    ModelError
        The file cannot be read.
    DataError
        The file is not a saved assessment, is damaged, names steps that were not passed, or was
        written by a newer version. The sizes of its three entries are checked before they are
        read: at most 128 MB for the JSON text, and 1 GB each for the values and for the scores.
    """
    own = own_steps(steps)
    head, values, scores = _read(path)
    faults = head_faults(head)
    if not faults:
        faults = shape_faults(head, values, scores)
    if not faults:
        columns, faults = read_columns(head["context"], (head["unit"], head["period"]))
    if faults:
        msg = f"{str(path)!r} is not a complete saved assessment"
        raise DataError(msg, faults)
    try:
        tables = {**head["index"], "method": head["method"]}
        index, method = methodology_file.from_tables(tables, own)
        nodes = list(index.walk())
        codes = [indicator.code for indicator in index.indicators]
        if head["codes"] != codes or len(scores) != len(nodes):
            msg = "its values or scores do not match its index"
            raise DataError(msg)
        table = _table(head, columns, values, index)
        observations = Observations.read(table, index, unit=head["unit"], period=head["period"])
        if not np.array_equal(observations.values, values, equal_nan=True):
            msg = "its values do not match its texts"
            raise DataError(msg)
        return Saved(
            index=index,
            observations=observations,
            method=method,
            scores=scores,
            numpy=head["numpy"],
            name=str(path),
            steps=tuple(own),
        )
    except DLIError as error:
        msg = f"{str(path)!r} does not hold a valid assessment: {error.summary}"
        raise DataError(msg, error.faults) from error


def _table(
    head: dict[str, Any], columns: dict[str, Any], values: Floats, index: Index
) -> frames.Table:
    """Return the table of the input data, as text if the data were read from a file."""
    if "lines" in head:
        return frames.from_texts(columns, head["lines"], head["library"], **head["reading"])
    columns = columns | {
        indicator.data_column: column
        for indicator, column in zip(index.indicators, values.T, strict=True)
        if indicator.data_column is not None
    }
    return frames.read(columns, library=head["library"], **head.get("reading", {}))


def _read(path: str | PathLike[str]) -> tuple[dict[str, Any], Floats, Floats]:
    """Return the head, the values and the scores in a file."""
    try:
        with zipfile.ZipFile(Path(os.fsdecode(path))) as archive:
            head = json.loads(_content(archive, "assessment.json"))
            # Check the format first, because a newer version may write the rest differently.
            fault = format_fault(head.get("format") if isinstance(head, dict) else head, FORMAT)
            if fault:
                raise DataError(fault)
            head |= {key: from_json(head[key]) for key in _TABLES if key in head}
            values, scores = (_array(_content(archive, name)) for name in list(ENTRIES)[1:])
    except OSError as error:
        msg = f"cannot read the saved assessment {str(path)!r}: {error.strerror or error}"
        raise ModelError(msg) from error
    except _DAMAGE as error:
        other = methodology_file.what_it_is(path)
        if other:
            msg = f"{str(path)!r} is not a saved assessment: it is {other}"
        else:
            msg = f"{str(path)!r} is not a valid saved assessment: {error}"
        raise DataError(msg) from error
    return head, values, scores


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return an entry of the archive; raise `DataError` if its declared properties are invalid."""
    entries = [entry for entry in archive.infolist() if entry.filename == name]
    if len(entries) != 1:
        raise DataError(f"it has {len(entries)} entries {name!r}, expected one")
    (entry,) = entries
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"entry {name!r} is not compressed with deflate")
    if entry.file_size > ENTRIES[name]:
        most = f"the largest size is {ENTRIES[name]:,}"
        raise DataError(f"entry {name!r} declares a size of {entry.file_size:,} bytes; {most}")
    with archive.open(entry) as file:
        # The size limits the read if an entry is larger than it declares.
        content = file.read(entry.file_size)
    if len(content) != entry.file_size:
        raise DataError(f"entry {name!r} ends early")
    return content


def _array(content: bytes) -> Floats:
    """Return a two-dimensional array; only the layout that `save` writes is accepted."""
    header = _ARRAY.match(content)
    if header is None:
        raise ValueError("an array is not a two-dimensional array of floats")
    order, in_fortran, *shape = header.groups()
    n_rows, n_columns = map(int, shape)
    if len(content) - header.end() != 8 * n_rows * n_columns:
        raise ValueError(
            f"an array declares the shape {(n_rows, n_columns)}, but has another number of values"
        )
    flat = np.frombuffer(content, f"{order.decode()}f8", offset=header.end())
    layout: Any = "F" if in_fortran == b"True" else "C"
    return flat.astype(np.float64).reshape((n_rows, n_columns), order=layout)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
