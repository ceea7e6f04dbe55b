"""`lakehunt.toml`: where the logs lie, what fills the tables, the engines' own, what is known.

Knows the file's format, not what the values are used for. Faces and workflows call it.
"""

from lakehunt.config.file import (
    ACCOUNT,
    FILE_NAME,
    REGION,
    Access,
    Athena,
    Cache,
    Config,
    Deployment,
    Mapped,
    find_config,
    read_config,
)
from lakehunt.config.known import PARAMS as KNOWN_PARAMS
from lakehunt.config.known import Known
from lakehunt.config.reading import size_bytes
from lakehunt.config.trino import Trino

__all__ = [
    "ACCOUNT",
    "REGION",
    "Access",
    "Athena",
    "Cache",
    "Config",
    "Deployment",
    "FILE_NAME",
    "KNOWN_PARAMS",
    "Known",
    "Mapped",
    "Trino",
    "find_config",
    "read_config",
    "size_bytes",
]
