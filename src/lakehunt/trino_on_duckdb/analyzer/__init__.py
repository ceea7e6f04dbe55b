"""The analyzer: a sqlglot tree and a catalog in, a typed tree out, or the error that Trino would
give.

It must not know DuckDB. `queries.Queries` is its door.
"""
