"""Trino's grammar of queries: tokens, expressions, queries.

It must not know types. `lakehunt.trino_on_duckdb.parser` is its door.
"""
