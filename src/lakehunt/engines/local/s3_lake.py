"""A prefix in S3 as a lake: listed where the bounds of the statements lead, fetched ahead.

Knows the room `s3` and the lister. A face opens it and hands it to the engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lakehunt.config import Access
from lakehunt.engines.local.lake import Listing, LogFile
from lakehunt.engines.local.lister import Lister
from lakehunt.errors import LakeError
from lakehunt.layouts import locate
from lakehunt.model import FileNote, Source
from lakehunt.s3.address import Address
from lakehunt.s3.bucket import Bucket, open_bucket
from lakehunt.s3.cache import ObjectCache
from lakehunt.s3.extent import first_and_last
from lakehunt.s3.fetch import Fetcher
from lakehunt.s3.objects import StoredObject
from lakehunt.s3.ranges import list_ranges
from lakehunt.s3.walk import Found, Walk
from lakehunt.sql.bounds import Bounds

# Objects in no layout whose name does not tell either: so many are looked into.
_MOST_LOOKED_INTO = 2000
_NOT_LOOKED_INTO = "a name that tells nothing, one of many; not looked into"


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of an object."""

    fetcher: Fetcher
    object: StoredObject

    def read(self) -> bytes:
        """Return all of it, from this machine where it was fetched before."""
        return self.fetcher.read(self.object)

    def head(self, size_bytes: int) -> bytes:
        """Return its first bytes."""
        return self.fetcher.head(self.object, size_bytes)

    @property
    def is_kept(self) -> bool:
        """Tell whether it was fetched before and is still here."""
        return self.fetcher.keeps(self.object)

    def on_disk(self) -> Path:
        """Return the file of the cache that holds it."""
        return self.fetcher.path(self.object)

    def version(self) -> str:
        """Return its address and its ETag."""
        return f"{self.fetcher.bucket.address(self.object.key)} {self.object.etag}"


class S3Lake:
    """What lies below an address in S3; all of it raises CloudError where AWS refuses."""

    def __init__(
        self,
        address: Address,
        bucket: Bucket,
        sources: Mapping[str, Source],
        cache: ObjectCache,
        only: StoredObject | None = None,
    ) -> None:
        """Take what lies below an address in a bucket, or one object alone."""
        self.name = str(address)
        self._bucket = bucket
        self._only = only
        self._walk = Walk(bucket, address.key, sources.values())
        self._fetcher = Fetcher(bucket, cache)
        self._lister = Lister(sources)
        self._listed: set[str] = set()
        self._notes: dict[str, FileNote] = {}

    @property
    def unknown(self) -> Sequence[FileNote]:
        """Return what no source knows, of what was listed: folders, then objects."""
        return (*self._notes.values(), *self._lister.unknown)

    @property
    def absent(self) -> frozenset[str]:
        """Return none: only what a window admits is listed, and when it is asked for."""
        return frozenset()

    def listing(self, source: Source, bounds: Sequence[Bounds]) -> Listing:
        """Return the files of a source, only those of wanted days listed."""
        found = self._found(source, bounds)
        listing = self._lister.listings[source.name]
        self._add_notes(found)
        self._add((*list_ranges(self._bucket, found.ranges), *found.loose))
        if not listing.admitted(bounds):
            everything = [Bounds(values=one.values) for one in bounds]
            listing.days = first_and_last(self._bucket, self._found(source, everything).trails)
        return listing

    def size_bytes(self, source: Source, bounds: Sequence[Bounds], enough: int) -> int:
        """Return the bytes of a source's files that bounds admit; above `enough` it stops."""
        found = self._found(source, bounds)
        objects = list_ranges(self._bucket, found.ranges, enough)
        loose = (one for one in found.loose if locate(source.partitions, one.key))
        return sum(one.size_bytes for one in (*objects, *loose))

    def kept_bytes(self, files: Sequence[LogFile]) -> int:
        """Return the bytes of files that were fetched before and are still kept."""
        kept = (f for f in files if not isinstance(f.content, Stored) or f.content.is_kept)
        return sum(file.size_bytes for file in kept)

    def _found(self, source: Source, bounds: Sequence[Bounds]) -> Found:
        return Found(loose=[self._only]) if self._only else self._walk.find({source.name: bounds})

    def file(self, source: Source, name: str) -> LogFile | None:
        """Return the file of a source that was listed under this name."""
        files = self._lister.listings[source.name].files
        return next((file for file in files if file.name == name), None)

    @contextmanager
    def reading(self, files: Sequence[LogFile]) -> Iterator[None]:
        """Fetch files ahead while they are read in this order.

        Raises:
            CloudError: none could be read, because AWS refuses.
        """
        stored = (file.content for file in files)
        self._fetcher.expect(one.object for one in stored if isinstance(one, Stored))
        yield
        self._fetcher.check()

    def close(self) -> None:
        """End what is still being fetched, and close archives."""
        self._fetcher.close()
        self._lister.close()

    def _add_notes(self, found: Found) -> None:
        self._notes |= found.unknown
        for source, notes in found.skipped.items():
            known = {note.path for note in self._lister.listings[source].skipped}
            fresh = (note for note in notes if note.path not in known)
            self._lister.listings[source].skipped.extend(fresh)

    def _add(self, objects: Sequence[StoredObject]) -> None:
        """Put objects where they belong: by name, else by their first bytes."""
        fresh = [one for one in objects if one.key not in self._listed]
        self._listed.update(one.key for one in fresh)
        files = {one.key: self._file(one) for one in fresh}
        nameless = [one for one in fresh if not self._lister.is_placed(files[one.key], one.key)]
        self._fetcher.expect(nameless[:_MOST_LOOKED_INTO])
        for one in nameless[:_MOST_LOOKED_INTO]:
            self._lister.add(files[one.key], one.key)
        for one in nameless[_MOST_LOOKED_INTO:]:
            self._lister.refuse(files[one.key].name, _NOT_LOOKED_INTO)

    def _file(self, one: StoredObject) -> LogFile:
        name = str(self._bucket.address(one.key))
        return LogFile(name, one.size_bytes, Stored(self._fetcher, one))


def open_s3_lake(
    address: Address, access: Access, sources: Mapping[str, Source], cache: ObjectCache
) -> S3Lake:
    """Return what lies below an address: a prefix, or one object.

    Raises:
        LakeError: there is no such bucket, or nothing in it has this prefix.
        CloudError: AWS refuses or cannot be reached.
    """
    bucket = open_bucket(address.bucket, access)
    key = address.key.strip("/")
    below = bucket.address(f"{key}/" if key else "")
    folder = bucket.folder(below.key)
    if folder.objects or folder.folders:
        return S3Lake(below, bucket, sources, cache)
    only = next((one for one in bucket.page(key).objects if one.key == key), None)
    if only is None:
        raise LakeError(f"{address}: nothing has this prefix{_beside(bucket, key)}")
    return S3Lake(address, bucket, sources, cache, only)


def _beside(bucket: Bucket, key: str) -> str:
    """Return a hint at what lies in the nearest folder above a key that holds anything."""
    while key:
        key = key.rpartition("/")[0]
        above = bucket.folder(f"{key}/" if key else "")
        names = [folder.removeprefix(f"{key}/") for folder in above.folders]
        if names:
            return f"; {bucket.address(key)} holds {', '.join(names[:5])}"
    return ""
