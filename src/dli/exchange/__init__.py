"""Import of data and frameworks from other tools, and export of results."""

from dli.exchange.coin_tool import read_coin_tool
from dli.exchange.coinr import read_coinr
from dli.exchange.coinr_writing import write_coinr
from dli.exchange.countries import country_codes
from dli.exchange.long import to_long
from dli.exchange.results import write_csv, write_excel
from dli.exchange.sdmx import write_sdmx
from dli.exchange.workbook.writing import write_workbook

__all__ = [
    "country_codes",
    "read_coin_tool",
    "read_coinr",
    "to_long",
    "write_coinr",
    "write_csv",
    "write_excel",
    "write_sdmx",
    "write_workbook",
]


def __dir__() -> list[str]:
    return __all__
