"""The doors: what is mutated, and what reads it."""

import io
import math
import random
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
from attrs import evolve
from tests.fuzzing.mutation import mutated
from tests.fuzzing.seeds import CAPABILITIES, IDATA, IMETA, MODELS, WORKBOOKS, packed

from dli import Assessment, DLIError, Index, Indicator, Observations, exchange, frames, models
from dli.aggregation import power_mean
from dli.capability import CapabilityGraph
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


@dataclass
class Door:
    """What is mutated for a door, and what reads a mutated input in a folder.

    The seeds are small, so that an input is cheap and a mutation meets what matters; one input in
    two hundred is a large one, such as a bundled model.
    """

    seeds: list[bytes]
    read: Callable[[bytes, Path, random.Random], object]
    large: list[bytes] = field(default_factory=list)
    mutate: Callable[[list[bytes], random.Random], bytes] = mutated


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    # A buffer would take longer than the few bytes that it holds.
    with path.open("wb", buffering=0) as file:
        file.write(data)
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


def _coinr(data: bytes, folder: Path, rng: random.Random) -> object:
    """Read a pair with one mutated table; one in ten as a user would, from files to scores."""
    is_meta = b"iCode" in data
    other = rng.choice(IDATA if is_meta else IMETA)
    name, other_name = ("iMeta.csv", "iData.csv") if is_meta else ("iData.csv", "iMeta.csv")
    mutant = _file(folder, name, data)
    if rng.random() < 0.1:
        pair = mutant, _file(folder, other_name, other)
        index, frame = exchange.read_coinr(*(pair[::-1] if is_meta else pair))
        return Assessment(index, frame, unit="uCode")
    # Frames of pandas take longer than all the rest, and the other table is always the same.
    table, other_table = evolve(frames.read(mutant), library="mapping"), _table(other)
    return exchange.read_coinr(*((other_table, table) if is_meta else (table, other_table)))


@cache
def _table(data: bytes) -> frames.Table:
    """Return a table that is not mutated, as read from a file."""
    with tempfile.TemporaryDirectory() as name:
        return evolve(frames.read(_file(Path(name), "table.csv", data)), library="mapping")


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


def _styled_workbook() -> bytes:
    """Return a workbook with all the parts that openpyxl writes."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Database"
    book.create_sheet("Framework")
    for sheet, part in zip(book.worksheets, ("sheet1", "sheet2"), strict=True):
        content = WORKBOOKS[0][f"xl/worksheets/{part}.xml"].decode()
        for cell in re.finditer(r'<c r="(\w+)"[^>]*>(?:<is><t>|<v>)([^<]*)', content):
            number = re.fullmatch(r"-?\d+", cell[2])
            sheet[cell[1]] = int(cell[2]) if number else cell[2]
    book.save(out)
    return out.getvalue()


def _workbook(data: bytes, folder: Path, rng: random.Random) -> object:
    """Read a mutated workbook, or one with a mutated part, packed anew so that its sums are right."""
    how: Any = nullcontext()
    if rng.random() < 0.8:
        place = rng.randrange(len(WORKBOOKS))
        parts = dict(WORKBOOKS[place])
        chosen = rng.choice([*parts, *(name for name in parts if "sheet" in name)])
        parts[chosen] = mutated([parts[chosen]], rng)
        data = packed(parts)
        if chosen.startswith("xl/worksheets/") and rng.random() < 0.8:
            how = _opened_before(place)
    path = _file(folder, "book.xlsx", data)
    with how:
        return exchange.read_coin_tool(path)


def _opened_before(place: int) -> Any:
    """Let openpyxl open a book whose sheets alone are mutated with what it made of the others.

    Sheets are read by this library itself; opening the rest takes openpyxl three times as long.
    """
    book = _book(place)

    def load_workbook(stream: Any, **_: object) -> Any:
        book._archive = zipfile.ZipFile(stream)
        return book

    return mock.patch.object(openpyxl, "load_workbook", load_workbook)


@cache
def _book(place: int) -> Any:
    stream = io.BytesIO(packed(WORKBOOKS[place]))
    return openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)


# What stands for a value in TOML: a text of one line, a number or a word.
_WORD = re.compile(rb'"[^"\n]*"|[\w.+-]+')
_VALUES = [
    b'""', b'"T"', b'"a"', b'"b"', b'"S"', b'"c"', b'"d"', b"0", b"1", b"-1", b"0.5", b"nan",
    b"-inf", b"1e400", b"9" * 400, b"true", b"2020-01-01", b"[]", b"{}", b"[1, [2]]", b"[0, 1]",
    b'{method = "Equal"}', b"{method = 1}", b'"barrier"', b'"\\u0000"', b'"AHP"', b'"BestWorst"',
    b"parent", b"code", b"weight", b"bands", b"strength", b"target", b"description", b"method",
]  # fmt: skip


def _toml(seeds: list[bytes], rng: random.Random) -> bytes:
    """Return a mutated file; half of them are still TOML as a rule, with some words exchanged."""
    if rng.random() < 0.5:
        return mutated(seeds, rng)
    data = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 2, 3))):
        words = list(_WORD.finditer(data))
        if not words:
            break
        word = rng.choice(words)
        new = rng.choice(_VALUES) if rng.random() < 0.7 else rng.choice(words)[0]
        data = data[: word.start()] + new + data[word.end() :]
    return data


def doors(folder: Path) -> dict[str, Door]:
    """Return all doors by name; seeds that need files are made in the folder."""
    models.load("dli-public").save(folder / "large.toml")
    models.load_capabilities("dli-public").save(folder / "graph.toml")
    return {
        "csv": Door(CSV, _csv),
        "model": Door(
            MODELS,
            lambda data, place, _: Index.load(_file(place, "model.toml", data)),
            large=[(folder / "large.toml").read_bytes()],
            mutate=_toml,
        ),
        "capabilities": Door(
            CAPABILITIES,
            lambda data, place, _: CapabilityGraph.load(_file(place, "links.toml", data)),
            large=[(folder / "graph.toml").read_bytes()],
            mutate=_toml,
        ),
        "saved": Door(_saved_seeds(folder), _repacked),
        "coinr": Door([*IMETA, *IDATA], _coinr),
        "workbook": Door([*map(packed, WORKBOOKS)], _workbook, large=[_styled_workbook()]),
        "arrays": Door([b""], _arrays),
    }


def try_door(door: Door, folder: Path, seed: int) -> str:
    """Return what one mutated input did: "result", or the name of the DLIError.

    Anything else that is raised goes on to the caller.
    """
    rng = random.Random(seed)  # noqa: S311 not for secrets
    is_large = bool(door.large) and rng.random() < 0.005
    data = door.mutate(door.large if is_large else door.seeds, rng)
    with warnings.catch_warnings():
        warnings.resetwarnings()  # filters are compared with all others when they are added
        warnings.simplefilter("error")  # a warning of NumPy must not reach the user either
        warnings.simplefilter("ignore", category=UserWarning)
        try:
            door.read(data, folder, rng)
        except DLIError as error:
            str(error)
            return type(error).__name__
    return "result"
