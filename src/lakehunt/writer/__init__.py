"""Writes log records as the files that AWS would deliver, driven by a source's model.

Knows columns, layouts and SerDes, nothing of any one source. Cases, the demo and tests use it.
"""

from lakehunt.clocks import written_time
from lakehunt.writer.lake import DELIVERY, write_empty, write_lake
from lakehunt.writer.records import LogRecord, expand

__all__ = ["DELIVERY", "LogRecord", "expand", "write_empty", "write_lake", "written_time"]
