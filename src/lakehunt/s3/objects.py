"""Objects and folders as a bucket lists them.

Knows values only. `bucket` makes them; whoever walks or fetches reads them.
"""

from dataclasses import dataclass

# How many requests run at once: S3 allows 5,500 reads a second for each prefix.
CONNECTIONS = 64
# Follows every text that goes on from the one before it.
LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was listed; its ETag tells one content of a key from another."""

    key: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    """Objects under a prefix in the order of keys, and the key after which the next page begins.

    `last` is empty where no more follow.
    """

    objects: tuple[StoredObject, ...]
    last: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies directly below a prefix: objects, and folders as prefixes that end with a slash."""

    objects: tuple[StoredObject, ...]
    folders: tuple[str, ...]
