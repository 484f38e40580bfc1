"""Tables of results, in the library of the data."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dli.errors import DataError

__all__ = ["LIBRARIES", "Frame", "build", "default_library", "is_installed"]

# A frame in the library of the data: pandas, polars, pyarrow, or a mapping of arrays.
Frame: TypeAlias = Any

LIBRARIES = ("pandas", "polars", "pyarrow", "mapping")


def build(
    columns: Mapping[str, Any], library: Any = None, *, integers: Iterable[str] = ()
) -> Frame:
    """Build a frame of a library from columns.

    Parameters
    ----------
    columns : mapping of str to sequence or ndarray
        The cells of each column; NaN in floats and None in text mean missing.
    library : {"pandas", "polars", "pyarrow", "mapping"}, optional
        The library of the frame; by default the first of these that is installed.
    integers : iterable of str
        Columns of whole numbers that are floats because some values are missing.

    Returns
    -------
    frame
        The frame, in which missing cells are the missing values of its library.

    Examples
    --------
    >>> build({"unit": ["A"], "score": [61.5]}, "mapping")["score"].tolist()
    [61.5]
    """
    library = default_library() if library is None else library
    if library == "mapping":
        return {name: _as_array(cells) for name, cells in columns.items()}
    if isinstance(library, str) and (library not in LIBRARIES or not is_installed(library)):
        msg = f"library must be one of {', '.join(LIBRARIES)} and be installed, got {library!r}"
        raise DataError(msg)
    try:
        return _built(columns, library, frozenset(integers))
    except (TypeError, ValueError, OverflowError) as error:
        shown = library if isinstance(library, str) else getattr(library, "value", library)
        msg = f"{shown} cannot hold a column of the result ({', '.join(columns)}): {error}"
        raise DataError(msg) from error


def _built(columns: Mapping[str, Any], library: Any, integers: frozenset[str]) -> Frame:
    if library == "pandas":
        return _build_pandas(columns, integers)
    import narwhals as nw

    frame = nw.from_dict(dict(columns), backend=library)
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    frame = frame.with_columns(
        *(nw.when(~nw.col(name).is_nan()).then(nw.col(name)).alias(name) for name in floats)
    )
    whole = [name for name in integers if name in floats]
    return (frame.with_columns(nw.col(*whole).cast(nw.Int64)) if whole else frame).to_native()


def default_library() -> str:
    """Return the library of results if the data are a mapping or a file."""
    return next((name for name in LIBRARIES[:-1] if is_installed(name)), "mapping")


@cache
def is_installed(name: str) -> bool:
    """Return whether a library can be imported."""
    return find_spec(name) is not None


def _build_pandas(columns: Mapping[str, Any], integers: frozenset[str]) -> Any:
    import pandas as pd

    def cells(name: str) -> Any:
        values = columns[name]
        if name not in integers:
            return values
        if np.isnan(values).any():
            return pd.array(np.asarray(values), dtype="Int64")
        return np.asarray(values).astype(np.int64)

    return pd.DataFrame({name: cells(name) for name in columns})


def _as_array(cells: Any) -> NDArray[Any]:
    array = np.asarray(cells)
    # NumPy would silently convert [1, "a"] and ["a", None] to text.
    return array if array.dtype.kind in "fiub" else np.asarray(cells, dtype=object)
