"""Trino's SQL on DuckDB: the same rows, or a refusal that names what cannot be reproduced.

Knows sqlglot and DuckDB, nothing of logs. The local engine calls `translate` and `install`.
"""

from lakehunt.trino_on_duckdb.prelude import install
from lakehunt.trino_on_duckdb.translate import translate

__all__ = ["install", "translate"]
