"""Looks at a folder or a bucket and tells which logs lie there, and how they are delivered.

Knows sources, layouts and the two kinds of places, no engine's queries. The command `discover`
calls it.
"""

from lakehunt.discover.folder import discover_folder

__all__ = ["discover_folder"]
