"""The local engine: DuckDB in-process over the raw files of a folder."""
