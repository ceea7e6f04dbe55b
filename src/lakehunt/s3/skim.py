"""Looks into folders of a bucket without listing what lies there by the thousand.

Knows keys and pages, not layouts. Discovering walks with it, where a lake would list in full.
"""

import re
import threading
from dataclasses import dataclass, field

from lakehunt.s3.bucket import Bucket
from lakehunt.s3.objects import LAST, Folder, StoredObject

# Names of one kind begin alike, up to a first sign: `2026-05-01-...`, `E1EXAMPLE.2026-...`.
_START = re.compile(r"[A-Za-z0-9]*[^A-Za-z0-9]?")
# So many kinds of names are told apart in a folder; where there are more, names say nothing.
_MOST_RUNS = 40


@dataclass(frozen=True, slots=True)
class Run:
    """Objects of a folder whose names begin alike, more than one listing returns.

    `start` is the folder with what the names begin with, `first` one of the first objects.
    """

    folder: str
    start: str
    first: StoredObject


@dataclass(slots=True)
class Skim:
    """The folders of a bucket that were looked into, each asked for once; safe for threads.

    `runs` are the names that were passed over after their first thousand; `unfinished` the folders
    with so many kinds of names that not all were seen.
    """

    bucket: Bucket
    runs: list[Run] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    _known: dict[str, Folder] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def folder(self, prefix: str) -> Folder:
        """Return what lies directly below a prefix, of names that begin alike the first thousand.

        A folder whose name begins as such objects do is not seen if it lies behind them.

        Raises:
            CloudError: the bucket cannot be listed.
        """
        if prefix not in self._known:
            self._known[prefix] = self._skimmed(prefix)
        return self._known[prefix]

    def _skimmed(self, prefix: str) -> Folder:
        objects: list[StoredObject] = []
        folders: dict[str, None] = {}
        after = ""
        for _ in range(_MOST_RUNS):
            part, is_all = self.bucket.part(prefix, after)
            objects += part.objects
            folders |= dict.fromkeys(part.folders)
            if is_all:
                return Folder(tuple(objects), tuple(folders))
            last = max([*part.folders, *(one.key for one in part.objects[-1:])], default="")
            if not last or last <= after:
                break
            after = last + LAST if last.endswith("/") else self._behind(prefix, part, last)
        with self._lock:
            self.unfinished.append(prefix)
        return Folder(tuple(objects), tuple(folders))

    def _behind(self, prefix: str, part: Folder, last: str) -> str:
        """Return the key behind the names that begin as the last one of a listing does."""
        match = _START.match(last.removeprefix(prefix))
        start = prefix + (match[0] if match else "")
        alike = [one for one in part.objects if one.key.startswith(start)]
        # a name that stands alone is no kind of names: go on from there
        if len(alike) == 1:
            return last
        with self._lock:
            self.runs.append(Run(prefix, start, alike[0]))
        return start + LAST
