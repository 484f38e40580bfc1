"""Reports of one unit or a whole index, each one file that opens without a network.

HTML needs more packages: ``pip install "digital-leadership-index[report]"``.
"""

from dli.report.document import Paragraph, Picture, Report, Section, Statement, Table
from dli.report.unit import of_unit
from dli.report.whole import of_index

__all__ = [
    "Paragraph",
    "Picture",
    "Report",
    "Section",
    "Statement",
    "Table",
    "of_index",
    "of_unit",
]
