"""Readers of files by the SerDe of a table: made-up sources, one per SerDe."""
