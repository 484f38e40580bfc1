"""An assessment in one file: a zip archive of JSON text and NumPy arrays.

It holds the index, the method, the whole table that came in and the scores. Loading computes the
assessment again and compares.
"""

import json
import zipfile
from datetime import date, datetime
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np
from attrs import frozen

from dli import frames
from dli.arrays import Floats
from dli.assessment.scored import Scored
from dli.errors import DataError, DLIWarning
from dli.framework import Index
from dli.method import Method
from dli.observations import Observations

__all__ = ["Saved", "read", "save"]

FORMAT = "dli-assessment/1"
# A fixed time makes equal assessments equal files.
_WHEN = (1980, 1, 1, 0, 0, 0)


def save(assessment: Scored, path: str | PathLike[str]) -> None:
    """Write index, method, data and scores."""
    observations = assessment.observations
    table = observations.table
    codes = [indicator.code for indicator in assessment.index.indicators]
    context = [name for name in table.names if name not in codes]
    library = table.library
    head = {
        "format": FORMAT,
        "index": assessment.index.to_dict(),
        "method": assessment.method.to_dict(),
        "unit": observations.unit_column,
        "period": observations.period_column,
        "library": library if library in frames.LIBRARIES else None,
        "numpy": np.__version__,
        "codes": codes,
        "context": {name: [_plain(cell, name) for cell in table.column(name)] for name in context},
    }
    nodes = [node.code for node in assessment.index.walk()]
    scores = np.stack([assessment.array(code) for code in nodes])
    with zipfile.ZipFile(fspath(path), "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(head, ensure_ascii=False, indent=1)
        archive.writestr(_entry("assessment.json"), text.encode())
        for name, array in (("values.npy", observations.values), ("scores.npy", scores)):
            buffer = BytesIO()
            np.save(buffer, array, allow_pickle=False)
            archive.writestr(_entry(name), buffer.getvalue())


@frozen(kw_only=True, eq=False)
class Saved:
    """What a file holds: all that an assessment is made of, and the scores that it had.

    Attributes
    ----------
    index : Index
    observations : Observations
    method : Method
    scores : ndarray of shape (n_nodes, n_units)
    numpy : str
        The version of NumPy that computed them.
    name : str
        The file.
    """

    index: Index
    observations: Observations
    method: Method
    scores: Floats
    numpy: str
    name: str

    def compare(self, assessment: Scored) -> None:
        """Warn where an assessment made of the same has other scores."""
        scores = np.stack([assessment.array(node.code) for node in self.index.walk()])
        if np.array_equal(scores, self.scores, equal_nan=True):
            return
        same_shape = scores.shape == self.scores.shape
        apart = np.nanmax(np.abs(scores - self.scores)) if same_shape else np.inf
        msg = (
            f"the scores differ from those saved in {self.name!r} by up to {apart:.3g} "
            f"(saved with NumPy {self.numpy}, computed with {np.__version__})"
        )
        warn(msg, DLIWarning, stacklevel=3)


def read(path: str | PathLike[str]) -> Saved:
    """Read what was saved."""
    head, values, scores = _read(Path(fspath(path)))
    index = Index.from_dict(head["index"])
    columns: dict[str, Any] = {
        name: [_cell(cell) for cell in cells] for name, cells in head["context"].items()
    }
    columns |= dict(zip(head["codes"], values.T, strict=True))
    table = frames.read(columns, library=head["library"])
    return Saved(
        index=index,
        observations=Observations.read(table, index, unit=head["unit"], period=head["period"]),
        method=Method.from_dict(head["method"]),
        scores=scores,
        numpy=head["numpy"],
        name=fspath(path),
    )


def _read(path: Path) -> tuple[dict[str, Any], Any, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read("assessment.json"))
            values = np.load(BytesIO(archive.read("values.npy")), allow_pickle=False)
            scores = np.load(BytesIO(archive.read("scores.npy")), allow_pickle=False)
    except OSError as error:
        msg = f"cannot read {str(path)!r}: {error.strerror or error}"
        raise DataError(msg) from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        msg = f"{str(path)!r} is not a saved assessment: {error}"
        raise DataError(msg) from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        found = head.get("format") if isinstance(head, dict) else head
        msg = f"{str(path)!r} must say format {FORMAT!r}, got {found!r}"
        raise DataError(msg)
    return head, values, scores


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _plain(cell: Any, column: str) -> Any:
    """Turn a cell into what JSON holds; dates are marked as such."""
    if cell is None or isinstance(cell, (bool, int, float, str)):
        return cell
    if isinstance(cell, (datetime, date)):
        return {type(cell).__name__: cell.isoformat()}
    if isinstance(cell, np.generic):
        return _plain(cell.item(), column)
    msg = f"column {column!r} holds a {type(cell).__name__}, which a file cannot keep: {cell!r}"
    raise DataError(msg)


def _cell(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, text),) = plain.items()
    return {"date": date, "datetime": datetime}[kind].fromisoformat(text)
