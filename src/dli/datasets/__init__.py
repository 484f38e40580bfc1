"""Bundled datasets of real figures, with their sources, terms of use and known doubts."""

import csv
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from dli import frames
from dli.checks import is_hashable
from dli.datasets.description import Column, Description
from dli.datasets.geography import borders
from dli.errors import DataError, UnknownCodeError

__all__ = ["Column", "Description", "available", "borders", "describe", "load"]


def __dir__() -> list[str]:
    return __all__


@cache
def available() -> tuple[str, ...]:
    """Return the names of the bundled tables; `borders` returns the bundled geometry.

    Examples
    --------
    >>> available()  # doctest: +NORMALIZE_WHITESPACE
    ('digital-government', 'oecd-dgi-2023', 'uk-townsend-2011', 'un-egdi', 'undp-gender',
     'undp-hdi', 'undp-ihdi', 'us-svi-2018', 'wb-gtmi', 'wb-spi')
    """
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv")))


def load(name: str, library: str | None = None) -> Any:
    """Load a dataset into a data frame; no network is needed.

    Parameters
    ----------
    name : str
        One of `available()`.
    library : {"pandas", "polars", "pyarrow", "mapping"}, optional
        The library of the result; by default the first of these that is installed.

    Returns
    -------
    frame
        A row for each country, county or ward (and year). Figures are as published; figures that
        were not published are missing values.

    Raises
    ------
    UnknownCodeError
        The dataset does not exist.
    DataError
        The library does not exist or is not installed, or ``name`` is ``"borders"``, which is not a
        table.

    Examples
    --------
    >>> data = load("digital-government", "mapping")
    >>> len(data["iso3"])
    193
    """
    description = describe(name)
    if name == "borders":
        msg = "borders are geometry, not a table: use dli.datasets.borders()"
        raise DataError(msg)
    text = (files(__name__) / f"{name}.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    cells = dict(zip(header, zip(*rows, strict=True), strict=True))
    columns: dict[str, Any] = {}
    for column in description.columns:
        texts = cells[column.name]
        if column.kind == "text":
            columns[column.name] = [cell or None for cell in texts]
        elif column.kind == "whole" and all(texts):
            columns[column.name] = np.array([int(cell) for cell in texts])
        else:
            columns[column.name] = np.array([float(cell) if cell else np.nan for cell in texts])
    whole = [column.name for column in description.columns if column.kind == "whole"]
    return frames.build(columns, library, integers=whole)


@cache
def describe(name: str) -> Description:
    """Return the description of a dataset: its source, terms of use, columns and known doubts.

    Parameters
    ----------
    name : str
        One of `available()`, or ``"borders"``.

    Returns
    -------
    Description
        The description, which prints as text; its sections are attributes.

    Raises
    ------
    UnknownCodeError
        The dataset does not exist.

    Examples
    --------
    >>> describe("undp-hdi").terms
    'CC BY 3.0 IGO'
    """
    known = (*available(), "borders")
    if not is_hashable(name) or name not in known:
        raise UnknownCodeError("dataset", [name], known)
    table = tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    columns = tuple(Column(**column) for column in table.pop("columns"))
    return Description(name=name, columns=columns, **table)
