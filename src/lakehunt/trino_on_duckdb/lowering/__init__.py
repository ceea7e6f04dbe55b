"""The lowering: a typed tree in, DuckDB's SQL out, or Refused.

It must not know scopes or names of the user's text. `queries.Queries` is its door.
"""
