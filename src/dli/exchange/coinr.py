"""COINr's pair of tables: iData with the data, iMeta with the framework."""

from typing import Any

from dli import frames
from dli.errors import DataError
from dli.frames import Frame
from dli.framework import Index

__all__ = ["read_coinr"]


def read_coinr(data: object, metadata: object) -> tuple[Index, Frame]:
    """Return the index and the data of COINr's iMeta and iData.

    Parameters
    ----------
    data : frame, mapping of columns, or path of a CSV file
        iData: a row for each unit, with ``uCode``, and optionally ``uName`` and ``Time``.
    metadata : frame, mapping of columns, or path of a CSV file
        iMeta: a row for each indicator, aggregate, group and denominator.

    Returns
    -------
    index : Index
    data : frame
        In the library of the data, ``uName`` renamed to ``name``; for ``Assessment(index, data,
        unit="uCode")``, with ``period="Time"`` for a panel.

    Raises
    ------
    ModelError
        Metadata that do not define a framework; row and code of each fault are named.
    DataError
        Data without ``uCode`` or without columns that the metadata name.

    Examples
    --------
    >>> meta = {
    ...     "iCode": ["I", "a", "b", "GDP"],
    ...     "Parent": [None, "I", "I", None],
    ...     "Level": [2, 1, 1, None],
    ...     "Weight": [1, 1, 1, None],
    ...     "Direction": [1, 1, -1, None],
    ...     "Type": ["Aggregate", "Indicator", "Indicator", "Denominator"],
    ... }
    >>> index, data = read_coinr({"uCode": ["X"], "a": [1], "b": [2], "GDP": [3]}, meta)
    >>> [indicator.code for indicator in index.indicators]
    ['a', 'b']
    """
    meta = _without_na(frames.read(metadata))
    index = Index.from_table(meta)
    codes = [str(code) for code in meta.column("iCode")]
    types: list[Any] = meta.column("Type") if "Type" in meta.names else [None] * meta.n_rows
    kinds = {i.code: "Indicator" for i in index.indicators}
    kinds |= {c: k for c, k in zip(codes, types, strict=True) if k in ("Group", "Denominator")}
    table = frames.read(data)
    faults = table.require(["uCode"], "column")
    faults += [f for code, kind in kinds.items() for f in table.require([code], kind.lower())]
    if faults:
        msg = "iData lacks columns that COINr's tables need"
        raise DataError(msg, faults)
    columns: dict[str, Any] = {}
    for name in table.names:
        cells: Any = table.column(name)
        if kinds.get(name) in ("Indicator", "Denominator"):
            numbers, wrong = table.numbers([name])
            # Text among numbers is kept: the error of the assessment names its rows.
            cells = cells if wrong else numbers[:, 0]
        columns["name" if name == "uName" and "name" not in table.names else name] = cells
    return index, frames.build(columns, table.library)


def _without_na(meta: frames.Table) -> frames.Table:
    """Read R's NA as missing in the columns that name other rows or kinds."""
    columns: dict[str, Any] = {name: meta.column(name) for name in meta.names}
    for name in ("Parent", "Type", "Denominator"):
        if name in columns and "NA" not in columns.get("iCode", ()):
            columns[name] = [None if cell == "NA" else cell for cell in columns[name]]
    for name in ("Weight", "Level", "Direction", "Target"):
        numbers, wrong = meta.numbers([name]) if name in columns else (None, [True])
        if numbers is not None and not wrong:
            columns[name] = numbers[:, 0]
    return frames.read(columns)
