"""Trino: a cluster of one's own over a Hive metastore or Glue."""
