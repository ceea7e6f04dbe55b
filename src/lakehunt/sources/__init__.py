"""Makes a `Source` of its DDL templates and its partitions file.

Knows Jinja, Athena's DDL and partition projection; nothing of any one source.
The rendered DDL is parsed back, and that tree is the one model of the source.
"""

from lakehunt.sources.load import load_source, load_sources
from lakehunt.sources.partitionsfile import load_partitions

__all__ = ["load_partitions", "load_source", "load_sources"]
