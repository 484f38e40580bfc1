"""The doors: what is mutated, and what reads it."""

import io
import math
import random
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from tests.fuzzing.mutation import mutated

from dli import Assessment, DLIError, Index, Indicator, Observations, exchange, models
from dli.aggregation import power_mean
from dli.capability import Capability, CapabilityGraph, Link
from dli.robustness.arrays import dominance
from dli.weighting import AHP, ahp_priorities, entropy_weights

INDEX = Index("T", [Indicator("a"), Indicator("b", direction=-1, denominator="people")])
CSV = [
    b"unit,a,b,people,region\nX,1,2,3,N\nY,1.5,-2e3,4,S\nZ,,0.25,5,N\n",
    b'unit;a;b;people\n"X";1,5;1.234,5;3\nY;..;2,0;4\n',
    b"geo,item,year,value,people\nX,a,2019,1,3\nX,b,2019,2,3\nY,a,2019,,4\nY,b,2019,5,4\n",
    b"unit,item,2019 [YR2019],2020 [YR2020],people\nX,a,1,2,3\nX,b,..,4,3\nY,a,1,2,4\n",
    b"freq,item,geo\\TIME\t2019\t2020\nA,a,X\t1 b\t: \nA,b,X\t2\t3\n",
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"delimiter": ";", "decimal": ",", "thousands": "."},
    {"missing": ("..", ":", -999), "flags": True, "percent": True},
    {"delimiter": "\t", "missing": ":", "flags": True},
    {"header_line": 2},
]
IMETA = [
    (
        b"iCode,Parent,Level,Weight,Direction,Type,iName\nT,NA,2,1,1,Aggregate,Top\n"
        b"a,T,1,1,1,Indicator,Alpha\nb,T,1,2,-1,Indicator,Beta\nGDP,NA,NA,NA,NA,Denominator,\n"
    )
]
IDATA = [b"uCode,uName,a,b,GDP\nX,Xe,1,2,3\nNA,Namibia,4,,6\nZ,Zet,7,8.5,9\n"]


@dataclass
class Door:
    """What is mutated for a door, and what reads a mutated input in a folder."""

    seeds: list[bytes]
    read: Callable[[bytes, Path, random.Random], object]


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _csv(data: bytes, folder: Path, rng: random.Random) -> object:
    """Read a file as its first line suggests, now and then in another way."""
    path, first = _file(folder, "data.csv", data), data.partition(b"\n")[0]
    tabs, semicolons = b"\t" in first, b";" in first
    options = OPTIONS[3 if tabs else 1 if semicolons else rng.choice((0, 2))]
    if rng.random() < 0.1:
        options = rng.choice(OPTIONS)
    if b"value" in first:
        keys = {"unit": "geo", "indicator": "item", "value": "value", "period": "year"}
        return Observations.from_long(path, INDEX, **keys, **options)
    if b"20" in first:
        unit = "geo" if b"geo" in first else "unit"
        return Observations.from_wide(path, INDEX, unit=unit, indicator="item", **options)
    return Assessment(INDEX, path, period=rng.choice((None, None, None, "people")), **options)


def _coinr(data: bytes, folder: Path, _: random.Random) -> object:
    meta, values = IMETA[0], IDATA[0]
    if b"iCode" in data:
        meta = data
    else:
        values = data
    pair = _file(folder, "iData.csv", values), _file(folder, "iMeta.csv", meta)
    index, frame = exchange.read_coinr(*pair)
    return Assessment(index, frame, unit="uCode")


CELLS = [
    1, 2.5, 0, -3, 1e308, 1e-308, math.nan, math.inf, None, True, "x", "3", b"x", 1j, 10**400,
    Decimal("1.5"), Decimal("NaN"), date(2020, 1, 1), np.float32(2), np.int8(3), np.nan, pd.NA,
    pd.NaT, np.datetime64("2020"), (), [1], {}, {1}, object(), "\ud800", np.ma.masked,
]  # fmt: skip


def _values(rng: random.Random) -> Any:
    """Return something like a table: mostly numbers, in some container."""
    usual = [rng.choice(CELLS) for _ in range(3)] if rng.random() < 0.5 else [1.0, 2.0, 0.5]
    n_rows, n_columns = rng.randint(0, 5), rng.randint(0, 4)
    rows = [
        [rng.choice(usual) if rng.random() < 0.9 else rng.choice(CELLS) for _ in range(n_columns)]
        for _ in range(n_rows)
    ]
    if rng.random() < 0.1 and rows:
        rows[-1] = rows[-1][:-1]
    try:
        return rng.choice(CONTAINERS)(rows)
    except Exception:  # noqa: BLE001 the container refuses them
        return rows


def _usual(rows: Any) -> Any:
    """Replace objects at which polars and pyarrow themselves fail, even by ending the process."""
    usual = (int, float, str, bytes, type(None), date)
    return [[cell if isinstance(cell, usual) else None for cell in row] for row in rows]


CONTAINERS: list[Callable[[Any], Any]] = [
    lambda rows: rows,
    lambda rows: tuple(map(tuple, rows)),
    np.array,
    lambda rows: np.array(rows, dtype=object),
    lambda rows: np.ma.masked_invalid(np.array(rows, dtype=float)),
    lambda rows: rows[0],
    pd.DataFrame,
    lambda rows: pd.DataFrame(rows).convert_dtypes(),
    lambda rows: pl.DataFrame(_usual(rows), orient="row", strict=False),
    lambda rows: pa.Table.from_pandas(pd.DataFrame(_usual(rows)).rename(columns=str)),
    lambda rows: {str(i): row for i, row in enumerate(rows)},
    lambda rows: dict(zip(("unit", "a", "b", "people"), rows, strict=False)),
    iter,
]
FUNCTIONS: list[Callable[[Any], object]] = [
    entropy_weights,
    ahp_priorities,
    dominance,
    lambda values: power_mean(values, [0.5, 0.25, 0.25], 2.0),
    AHP,
    lambda values: Assessment(INDEX, values),
    lambda values: Assessment(INDEX, values, missing=("x", 3), decimal="."),
]


def _arrays(_: bytes, __: Path, rng: random.Random) -> object:
    return rng.choice(FUNCTIONS)(_values(rng))


def _saved_seeds(folder: Path) -> list[bytes]:
    path = folder / "seed.dli"
    data = {
        "unit": ["X", "Y", "Z"],
        "a": [1.0, 2.0, 4.0],
        "b": [3.0, None, 5.0],
        "people": [1, 2, 3],
    }
    Assessment(INDEX, data | {"day": [date(2020, 1, 1), None, None]}).save(path)
    packed = path.read_bytes()
    # Not compressed, so that mutations reach the text and the arrays inside.
    plain = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return [packed, plain.getvalue()]


def _repacked(data: bytes, folder: Path, rng: random.Random) -> object:
    """Load a mutated archive, or a whole archive around one mutated entry."""
    path = _file(folder, "saved.dli", data)
    if rng.random() < 0.5:
        seed = (folder / "seed.dli").read_bytes()
        with zipfile.ZipFile(io.BytesIO(seed)) as old, zipfile.ZipFile(path, "w") as new:
            chosen = rng.choice(old.namelist())
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, mutated([content], rng) if name == chosen else content)
    return Assessment.load(path)


def _workbook_seeds(folder: Path) -> list[bytes]:
    import openpyxl

    book = openpyxl.Workbook()
    data, frame = book.active, book.create_sheet("Framework")
    data.title = "Database"
    columns = [(2, 1, 0, 10, "Index", "si.01", "p.01", "sp.01", "First", "Ind.01"),
               (1, -1, 0, 8, "Index", "si.02", "p.01", "sp.02", "Second", "Ind.02")]  # fmt: skip
    for place, column in enumerate(columns, 5):
        for row, cell in enumerate(column, 7):
            data.cell(row, place, cell)
    for row, cells in enumerate([("Aland", "A", 1, 2), ("Bland", "B", 3, "n/a")], 17):
        for place, cell in zip((2, 3, 5, 6), cells, strict=True):
            data.cell(row, place, cell)
    nodes = [("Index", 1, "The index"), ("si.01", 3, "One"), ("si.02", 1, "Two")]
    for row, node in enumerate(nodes, 5):
        for place, cell in zip((3, 5, 8), node, strict=True):
            frame.cell(row, place, cell)
    book.save(folder / "seed.xlsx")
    return [(folder / "seed.xlsx").read_bytes()]


def _workbook(data: bytes, folder: Path, rng: random.Random) -> object:
    """Read a mutated workbook, or one with a mutated part, repacked so that its sums are right."""
    path = _file(folder, "book.xlsx", data)
    if rng.random() < 0.8:
        seed = (folder / "seed.xlsx").read_bytes()
        with zipfile.ZipFile(io.BytesIO(seed)) as old, zipfile.ZipFile(path, "w") as new:
            chosen = rng.choice([n for n in old.namelist() if n.endswith((".xml", ".rels"))])
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, mutated([content], rng) if name == chosen else content)
    return exchange.read_coin_tool(path)


def doors(folder: Path) -> dict[str, Door]:
    """Return all doors by name; seeds that need files are made in the folder."""
    index_path, graph_path = folder / "seed.toml", folder / "graph.toml"
    models.load("dli-public").save(index_path)
    Index("T", [Indicator("a", goalposts=(0, 1)), Index("S", [Indicator("b")])]).save(
        folder / "small.toml"
    )
    models.load_capabilities("dli-public").save(graph_path)
    few = [Capability("c", "See", description="far"), Capability("d", kind="barrier")]
    links = [Link("c", "a", 0.5), Link("d", "c", 0.25), Link("d", "b", 0.5, evidence="told")]
    CapabilityGraph(few, links).save(folder / "few.toml")
    small = (folder / "small.toml").read_bytes()
    return {
        "csv": Door(CSV, _csv),
        "model": Door(
            [small, small, index_path.read_bytes()],
            lambda data, place, _: Index.load(_file(place, "model.toml", data)),
        ),
        "capabilities": Door(
            [(folder / "few.toml").read_bytes(), graph_path.read_bytes()],
            lambda data, place, _: CapabilityGraph.load(_file(place, "links.toml", data)),
        ),
        "saved": Door(_saved_seeds(folder), _repacked),
        "coinr": Door([*IMETA, *IDATA], _coinr),
        "workbook": Door(_workbook_seeds(folder), _workbook),
        "arrays": Door([b""], _arrays),
    }


def try_door(door: Door, folder: Path, seed: int) -> str:
    """Return what one mutated input did: "result", or the name of the DLIError.

    Anything else that is raised goes on to the caller.
    """
    rng = random.Random(seed)  # noqa: S311 not for secrets
    data = mutated(door.seeds, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning of NumPy must not reach the user either
        warnings.simplefilter("ignore", category=UserWarning)
        try:
            door.read(data, folder, rng)
        except DLIError as error:
            str(error)
            return type(error).__name__
    return "result"
