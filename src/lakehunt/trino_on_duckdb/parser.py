"""One Athena query as a sqlglot tree that loses nothing that Trino distinguishes.

It must not know types. sqlglot's own parser renames functions and drops arguments, so the grammar
is our own.
"""

from __future__ import annotations

from .syntax.queries import parse

__all__ = ["parse"]
