"""Reading tables from any data-frame library, and building results in the same library.

The library reads pandas, polars and pyarrow frames (and others that narwhals supports), mappings of
columns, and CSV files. Results are frames of the same library. If the data are a mapping or a file,
results are frames of the first of pandas, polars and pyarrow that is installed, or a mapping of
arrays if none is.
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
