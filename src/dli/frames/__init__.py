"""Tables in and out: whatever data-frame library the data came in, results go back to it.

Read are pandas, polars and pyarrow frames (and whatever else narwhals reads), mappings of columns
and CSV files. Built are frames of the same library; for a mapping or a file, of the first that is
installed of pandas, polars and pyarrow, and a plain mapping of arrays when there is none.
"""

from dli.arrays import is_missing
from dli.frames.incoming import from_texts, read, with_index_as_column, with_text_names
from dli.frames.reading import Reading, ReadingOptions
from dli.frames.results import LIBRARIES, Frame, build, default_library
from dli.frames.table import Table

__all__ = [
    "LIBRARIES",
    "Frame",
    "Reading",
    "ReadingOptions",
    "Table",
    "build",
    "default_library",
    "from_texts",
    "is_missing",
    "read",
    "with_index_as_column",
    "with_text_names",
]


def __dir__() -> list[str]:
    return __all__
