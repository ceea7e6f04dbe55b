"""Rows of files that were parsed before: the first question pays, the next ones read Parquet.

`store` knows files alone, `keeping` fills it. A scan reads what is kept in place of the logs.
"""
