"""Reports on a unit or a whole index, audits and explorers, each in a single file.

HTML requires additional packages: ``pip install "digital-leadership-index[report]"``.
"""

from dli.report.auditing import audit
from dli.report.document import Paragraph, Picture, Section, Statement, Table
from dli.report.exploring import explorer
from dli.report.report import Report
from dli.report.unit import of_unit
from dli.report.whole import of_index

__all__ = [
    "Paragraph",
    "Picture",
    "Report",
    "Section",
    "Statement",
    "Table",
    "audit",
    "explorer",
    "of_index",
    "of_unit",
]


def __dir__() -> list[str]:
    return __all__
