"""The values that everything is made of: sources, queries, cases, windows, results, findings.

Knows nothing of files, SQL engines or the command line. Every floor above uses it.
"""

from lakehunt.model.outcomes import (
    Bill,
    Failure,
    FileNote,
    Finding,
    Result,
    SourceAccount,
    Story,
)
from lakehunt.model.queries import (
    Case,
    Kind,
    Param,
    Query,
    Record,
    Scalar,
    Severity,
    Status,
    Value,
    ValueType,
)
from lakehunt.model.sources import (
    COMMON_COLUMNS,
    Column,
    CsvTable,
    Field,
    Format,
    PartitionColumn,
    Partitions,
    Skip,
    Source,
    Table,
    Type,
    View,
)
from lakehunt.model.windows import (
    DURATION,
    Window,
    duration,
    instant,
)

__all__ = [
    "COMMON_COLUMNS",
    "Bill",
    "Case",
    "Column",
    "CsvTable",
    "DURATION",
    "Failure",
    "Field",
    "FileNote",
    "Finding",
    "Format",
    "Kind",
    "Param",
    "PartitionColumn",
    "Partitions",
    "Query",
    "Record",
    "Result",
    "Scalar",
    "Severity",
    "Skip",
    "Source",
    "SourceAccount",
    "Status",
    "Story",
    "Table",
    "Type",
    "Value",
    "ValueType",
    "View",
    "Window",
    "duration",
    "instant",
]
