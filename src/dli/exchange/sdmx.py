"""Export of results as SDMX-CSV 2.0, the CSV format of SDMX 3.0 for data."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import StringIO
from os import PathLike
from typing import Any

import numpy as np
from attrs import evolve

from dli.arrays import Bools
from dli.assessment import Assessment
from dli.checks import instance, is_hashable, is_number, mapping, refuse, text_faults
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.exchange.long import QUANTITIES, Column, columns_of
from dli.exchange.results import DANGEROUS
from dli.exchange.sdmx_structure import Code, Structure, one_line
from dli.files import replacing
from dli.framework import Indicator
from dli.framework.index import Node
from dli.framework.select import Nodes
from dli.versions import installed

__all__ = ["write_sdmx"]

# The types IDType, NCNameIDType, NestedNCNameIDType and VersionType of the schemas of SDMX 3.0.
_ID = re.compile(r"[A-Za-z0-9_@$\-]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\-]*")
_AGENCY = re.compile(rf"{_NAME.pattern}(\.{_NAME.pattern})*")
_VERSION = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+(-[0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*)?)?")
# Years, months, days, quarters, half-years and weeks, as SDMX writes them and in other notations.
_YEAR, _MONTH = r"[0-9]{4}", r"(?:0[1-9]|1[0-2])"
_PERIOD = re.compile(rf"{_YEAR}(-{_MONTH}(-(0[1-9]|[12][0-9]|3[01]))?)?")
_PART = re.compile(
    rf"({_YEAR})[- ]?(?:(Q)([1-4])|([HS])([12])|(W)([0-4][0-9]|5[0-3])|(M)({_MONTH}))"
)

_HEAD = (
    "STRUCTURE", "STRUCTURE_ID", "ACTION", "REF_AREA", "INDICATOR", "MEASURE", "TIME_PERIOD",
    "OBS_VALUE", "OBS_STATUS", "UNIT_MEASURE", "SOURCE",
)  # fmt: skip
# The code list CL_OBS_STATUS of SDMX.
_NORMAL, _ESTIMATED, _IMPUTED, _MISSING, _CANNOT_EXIST = "A", "E", "I", "O", "M"
# All other quantities have the unit of measure of the indicator.
_UNITS = {
    "normalised": "points",
    "score": "points",
    "contribution": "points",
    "rank": "rank",
    "weight": "share",
    "effective_weight": "share",
}


def write_sdmx(  # noqa: PLR0913 a reference to a dataflow has several parts
    assessment: Assessment,
    path: str | PathLike[str],
    *,
    agency: str,
    dataflow: str | None = None,
    version: str = "1.0.0",
    quantities: str | Sequence[str] = ("score", "rank"),
    nodes: Nodes = None,
    unit_dimension: str = "REF_AREA",
    time_period: object = None,
    identifiers: Mapping[Any, str] | None = None,
    units_of_measure: Mapping[str, str] | None = None,
    structure: str | PathLike[str] | None = None,
) -> None:
    """Write results as SDMX-CSV 2.0: one row for each unit, node and quantity (in each period).

    The columns are ``STRUCTURE``, ``STRUCTURE_ID`` and ``ACTION``; the dimensions ``REF_AREA``,
    ``INDICATOR`` (the node), ``MEASURE`` (the quantity in capitals, such as ``SCORE``) and
    ``TIME_PERIOD``; ``OBS_VALUE`` with all digits; the attributes ``OBS_STATUS`` and
    ``UNIT_MEASURE``; and ``SOURCE``, an additional column with the index and the version of this
    library.

    ``OBS_STATUS`` contains codes of the list CL_OBS_STATUS: ``A`` for a normal value; ``I`` for an
    imputed value; ``E`` (estimated) for the score of a node some of whose indicators are missing or
    imputed; ``O`` for a missing value; and ``M`` for a value that cannot exist, such as a weight
    that the aggregation does not use.

    Parameters
    ----------
    assessment : Assessment
        The assessment to write.
    path : path
        The file to write. An existing file is replaced when the new one is complete.
    agency : str
        The agency that maintains the dataflow, such as ``"OECD"`` or ``"OECD.GOV"``.
    dataflow : str, optional
        The identifier of the dataflow; by default the code of the index.
    version : str
        The version of the dataflow.
    quantities : str or sequence of str
        The quantities to write; `to_long` lists them.
    nodes : int, str or sequence of str, optional
        A tree level, a code or several codes; by default all nodes.
    unit_dimension : str
        The name of the dimension of units, for units that are not areas.
    time_period : object, optional
        The period, such as 2024, if the data do not have periods. Without it, the column
        ``TIME_PERIOD`` is left out.
    identifiers : mapping of unit or code to str, optional
        Identifiers of units and nodes whose names are not valid in SDMX.
    units_of_measure : mapping of quantity to str, optional
        The texts in ``UNIT_MEASURE``. By default, these are ``points`` for scores, ``rank`` for
        ranks, ``share`` for weights, and the indicator's ``unit_of_measure`` for its values.
    structure : path, optional
        A second file to write, with the structure message in SDMX-ML 2.1 that a database needs
        before it can load the data: the dataflow, its data structure, concepts, and code lists of
        units, nodes, quantities and statuses. The names of units are those in a column ``name`` of
        the data; nodes have their names, descriptions and parents.

    Raises
    ------
    DataError
        Units, nodes, periods or other names are not valid identifiers in SDMX or, with a structure,
        names contain characters that XML does not allow. All of them are listed.
    MethodError
        ``time_period`` is passed for data with periods, a quantity is not defined, or both files
        have the same path.
    UnknownCodeError
        A quantity or node does not exist, or an identifier is passed for something that does not.
    FileError
        A file cannot be written; existing files are unchanged.

    References
    ----------
    SDMX Technical Working Group, *SDMX-CSV 2.0, Data Message Field Guide*,
    https://github.com/sdmx-twg/sdmx-csv. The structure message follows SDMX 2.1, Section 3A,
    *SDMX-ML*.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from dli import Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> data = {"iso3": ["KEN", "EST", "FIN"], "a": [1, 3, 2], "b": [5, None, 4]}
    >>> assessment = Assessment(index, data | {"year": [2024] * 3}, unit="iso3", period="year")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scores.csv"
    ...     write_sdmx(assessment, path, agency="ACME", quantities="rank", nodes="T")
    ...     for line in path.read_text().splitlines():
    ...         print(line.rpartition(",")[0])  # all but the source
    STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE
    dataflow,ACME:T(1.0.0),I,KEN,T,RANK,2024,2,A,rank
    dataflow,ACME:T(1.0.0),I,EST,T,RANK,2024,1,E,rank
    dataflow,ACME:T(1.0.0),I,FIN,T,RANK,2024,3,A,rank
    """
    instance("assessment", assessment, Assessment)
    columns = columns_of(assessment, quantities, nodes)
    names = _Names(assessment, columns, identifiers)
    periods = _periods(assessment, time_period)
    measures = _measures(assessment, columns, units_of_measure)
    dataflow = assessment.index.code if dataflow is None else dataflow
    described = None
    if structure is not None:
        if str(structure) == str(path):
            msg = f"structure must not be the file of the data, got {str(path)!r} for both"
            raise MethodError(msg)
        described = Structure(
            agency=agency,
            dataflow=dataflow,
            version=version,
            title=_code(dataflow, assessment.index),
            unit_dimension=unit_dimension,
            has_periods=bool(periods),
            units=_unit_codes(assessment, names),
            nodes=_node_codes(assessment, names),
            quantities=list(dict.fromkeys(column.quantity for column in columns)),
        )
    _refuse(
        [
            *_not_valid("agency", agency, _AGENCY),
            *_not_valid("dataflow", dataflow, _ID),
            *_not_valid("version", version, _VERSION),
            *_not_valid("unit_dimension", unit_dimension, _NAME),
            *names.faults(),
            *_period_faults(periods),
            *_measure_faults(measures),
            *(described.faults() if described is not None else ()),
        ]
    )
    head = [unit_dimension if name == "REF_AREA" else name for name in _HEAD]
    if not periods:
        head.remove("TIME_PERIOD")
    reference = ("dataflow", f"{agency}:{dataflow}({version})", "I")
    source = _source(assessment)
    unit_periods = assessment.periods or [time_period] * len(assessment.units)
    statuses = [_statuses(assessment, column) for column in columns]
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    for row, (unit, period) in enumerate(zip(assessment.units, unit_periods, strict=True)):
        time = (periods[period],) if periods else ()
        for column, status, measure in zip(columns, statuses, measures, strict=True):
            value = _text(column.values[row], whole=column.quantity == "rank")
            key = (names[unit], names[column.code], column.quantity.upper())
            writer.writerow([*reference, *key, *time, value, status[row], measure, source])
    with replacing(path) as file:
        file.write_bytes(text.getvalue().encode())
        # The structure is written within the block, so that either both files exist or neither.
        if described is not None and structure is not None:
            with replacing(structure) as other:
                other.write_bytes(described.content())


def _refuse(faults: list[str]) -> None:
    if faults:
        msg = (
            "the following are not valid in SDMX (identifiers may contain letters A to Z, digits, "
            "'_', '-', '@' and '$'; periods must be like 2024, 2024-Q3, 2024-03 or 2024-03-31); "
            "rename them, or map units and nodes with identifiers={...}"
        )
        raise DataError(msg, faults)


class _Names:
    """The identifiers of units and nodes."""

    def __init__(
        self, assessment: Assessment, columns: Sequence[Column], identifiers: object
    ) -> None:
        what = "unit or code to identifier"
        self._mapped = {} if identifiers is None else mapping("identifiers", identifiers, what)
        self.kinds = {
            "unit": list(dict.fromkeys(assessment.units)),
            "node": list(dict.fromkeys(column.code for column in columns)),
        }
        known = [*self.kinds["unit"], *(node.code for node in assessment.index.walk())]
        unknown = [name for name in self._mapped if name not in known]
        if unknown:
            what = "unit or node"
            raise UnknownCodeError(what, unknown, known)
        texts = {f"the identifier of {name!r}": text for name, text in self._mapped.items()}
        refuse("write_sdmx", text_faults(**texts))

    def __getitem__(self, name: Any) -> str:
        return str(self._mapped.get(name, name))

    def faults(self) -> Iterator[str]:
        """Yield the units and nodes whose identifiers are invalid or not unique."""
        for what, names in self.kinds.items():
            for name in names:
                if not _ID.fullmatch(self[name]):
                    mapped = f" (identifier {self[name]!r})" if name in self._mapped else ""
                    yield f"{what} {name!r}{mapped}"
            counts = Counter(self[name] for name in names)
            yield from (
                f"{n} {what}s have the identifier {text!r}" for text, n in counts.items() if n > 1
            )


def _unit_codes(assessment: Assessment, names: _Names) -> list[Code]:
    """Return the identifier and the name of each unit."""
    unit_names: dict[Any, str] = {}
    if "name" in assessment.observations.context:
        for unit, name in zip(assessment.units, assessment.context("name"), strict=True):
            # A unit may have several names over time; the last one is its present name.
            unit_names[unit] = one_line(name) or unit_names.get(unit, "")
    return [Code(names[unit], unit_names.get(unit) or str(unit)) for unit in names.kinds["unit"]]


def _node_codes(assessment: Assessment, names: _Names) -> list[Code]:
    """Return the identifier, name and parent of each node that is written."""
    index, written = assessment.index, set(names.kinds["node"])
    codes = []
    for code in names.kinds["node"]:
        above = [names[node.code] for node in index.path(code) if node.code in written]
        codes.append(evolve(_code(names[code], index.find(code)), parent=next(iter(above), None)))
    return codes


def _code(identifier: str, node: Node) -> Code:
    """Return the name and description of a node under an identifier."""
    return Code(identifier, one_line(node.name or node.code), one_line(node.description))


def _not_valid(name: str, value: object, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield why a parameter is not a valid name in SDMX."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        yield f"{name} {value!r}"
    elif value in _HEAD and value != "REF_AREA" and pattern is _NAME:
        yield f"{name} {value!r} is the name of another column"


def _periods(assessment: Assessment, time_period: object) -> dict[Any, str | None]:
    """Return each period in the notation of SDMX, None if it is invalid; empty without periods."""
    if assessment.periods is None:
        if time_period is None:
            return {}
        if not is_hashable(time_period):
            msg = f"time_period must be a period such as 2024, got {time_period!r}"
            raise MethodError(msg)
        return {time_period: _period(time_period)}
    if time_period is not None:
        msg = f"time_period must be None for data with periods, got {time_period!r}"
        raise MethodError(msg)
    return {period: _period(period) for period in assessment.rows_by_period}


def _period_faults(periods: Mapping[Any, str | None]) -> Iterator[str]:
    yield from (f"period {period!r}" for period, text in periods.items() if text is None)
    counts = Counter(text for text in periods.values() if text is not None)
    yield from (f"{n} periods are written as {text}" for text, n in counts.items() if n > 1)


def _period(period: object) -> str | None:
    """Return a period in the notation of SDMX, or None if it is not valid there."""
    if isinstance(period, datetime):
        is_day = period.tzinfo is None and period == datetime.combine(period, datetime.min.time())
        return period.date().isoformat() if is_day else None
    if isinstance(period, date):
        return period.isoformat()
    is_whole = is_number(period) and float(period).is_integer()  # type: ignore[arg-type] # checked
    text = str(int(period)) if is_whole else str(period)  # type: ignore[call-overload] # checked
    if _PERIOD.fullmatch(text):
        return text
    part = _PART.fullmatch(text)
    if part is None:
        return None
    year, kind, number = (group for group in part.groups() if group is not None)
    # SDMX writes half-years as semesters (S1, S2), and months as in ISO 8601.
    return f"{year}-{number}" if kind == "M" else f"{year}-{kind.replace('H', 'S')}{number}"


def _measures(assessment: Assessment, columns: Sequence[Column], texts: object) -> list[str]:
    """Return the unit of measure of each column."""
    chosen = {} if texts is None else mapping("units_of_measure", texts, "quantity to text")
    unknown = [name for name in chosen if name not in QUANTITIES]
    if unknown:
        what = "quantity"
        raise UnknownCodeError(what, unknown, QUANTITIES)
    refuse("write_sdmx", text_faults(**chosen))
    units = _UNITS | chosen
    nodes = {node.code: node for node in assessment.index.walk()}
    return [
        units.get(column.quantity) or str(getattr(nodes[column.code], "unit_of_measure", ""))
        for column in columns
    ]


def _measure_faults(measures: Iterable[str]) -> Iterator[str]:
    for text in dict.fromkeys(measures):
        if text.startswith(DANGEROUS):
            yield f"unit of measure {text!r}: spreadsheets would read it as a formula"


def _source(assessment: Assessment) -> str:
    """Return the text of the column SOURCE: the index and the version of this library."""
    index = assessment.index
    title = index.name if index.name and not index.name.startswith(DANGEROUS) else "Index"
    return f"{title} ({index.code}) by digital-leadership-index {installed()}"


def _text(value: float, *, whole: bool) -> str:
    """Return a value as text with every digit, an empty text if it is missing."""
    if np.isnan(value):
        return ""
    return str(int(value)) if whole else repr(float(value))


def _statuses(assessment: Assessment, column: Column) -> list[str]:
    """Return the code of CL_OBS_STATUS for each value of a quantity."""
    is_weight = column.quantity.endswith("weight")
    status = np.full(len(column.values), _NORMAL)
    if not is_weight and column.quantity not in ("raw", "denominated"):
        imputed, estimated = _doubts(assessment, column.code)
        status[estimated] = _ESTIMATED
        status[imputed] = _IMPUTED
    status[np.isnan(column.values)] = _CANNOT_EXIST if is_weight else _MISSING
    return [str(code) for code in status]


def _doubts(assessment: Assessment, code: str) -> tuple[Bools, Bools]:
    """Return which values of a node are imputed, and which have missing or imputed indicators."""
    share = assessment.known_share_array(code)
    if isinstance(assessment.index.find(code), Indicator):
        return share < 1, np.zeros(len(share), dtype=bool)
    filled = assessment.held.nodes[code].filled
    return np.zeros(len(share), bool) if filled is None else ~np.isnan(filled), share < 1
