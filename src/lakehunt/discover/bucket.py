"""Discovers a prefix in S3 in a few hundred listings, whatever the number of objects.

Knows walks, pages and the lister. The package hands it on where boto3 is there.

Folders are listed with delimiters down to those of days. Below them only the first and the last
objects are looked at, and of many names that begin alike the first thousand.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from lakehunt.config import Access
from lakehunt.discover.sightings import Sightings, seen_in_part
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.lister import Lister
from lakehunt.engines.local.s3_lake import Stored
from lakehunt.errors import LakeError
from lakehunt.layouts import stamp_in_name
from lakehunt.model import Discovery, FoundSource, Source
from lakehunt.s3.address import Address
from lakehunt.s3.bucket import Bucket, open_bucket
from lakehunt.s3.cache import ObjectCache
from lakehunt.s3.extent import end_objects, last_object
from lakehunt.s3.fetch import Fetcher
from lakehunt.s3.objects import CONNECTIONS, StoredObject
from lakehunt.s3.routes import Trail
from lakehunt.s3.skim import Run, Skim
from lakehunt.s3.walk import Found, Walk
from lakehunt.sql.bounds import Bounds

# Files of a source whose shape is looked at, and objects in no layout that are looked into.
_MOST_SAMPLES = 4
_MOST_LOOKED_INTO = 100
# Places, such as the folder of one account and region, in which the ends are looked up.
_MOST_PLACES = 400
_Item = TypeVar("_Item")


def discover_bucket(
    address: Address,
    access: Access,
    sources: Mapping[str, Source],
    cache: ObjectCache,
    now: datetime,
) -> Discovery:
    """Return what lies below an address in S3, or what one object is.

    Raises:
        LakeError: there is no such bucket, nothing has this prefix, or no log is known there.
        CloudError: AWS refuses or cannot be reached.
    """
    bucket = open_bucket(address.bucket, access)
    looker = _Looker(bucket, sources, Fetcher(bucket, cache), Lister(sources), now)
    try:
        return looker.discovery(address)
    finally:
        looker.close()


@dataclass(slots=True)
class _Looker:
    """One look at a bucket."""

    bucket: Bucket
    sources: Mapping[str, Source]
    fetcher: Fetcher
    lister: Lister
    now: datetime
    remarks: list[str] = field(default_factory=list)

    def close(self) -> None:
        self.fetcher.close()
        self.lister.close()

    def discovery(self, address: Address) -> Discovery:
        skim = Skim(self.bucket)
        key = address.key.strip("/")
        below = f"{key}/" if key else ""
        top = skim.folder(below)
        found = Found()
        if top.objects or top.folders:
            walk = Walk(self.bucket, below, self.sources.values(), skim.folder)
            found = walk.find(dict.fromkeys(self.sources, (Bounds(),)))
        else:
            below = key
            found.loose = [one for one in self.bucket.page(key).objects if one.key == key]
            if not found.loose:
                raise LakeError(f"{address}: nothing has this prefix")
        chosen = _spread(_places(found), _MOST_PLACES)
        self._add(self._at_ends(chosen))
        self._add(self._loose(found, skim))
        sightings = self._sightings()
        self._tell(sightings, found, {prefix for prefix, _ in chosen})
        for run in _last_of_each(skim.runs):
            self._note_last(sightings, run)
        return self._told(self.bucket.address(below), found, skim, sightings)

    def _told(
        self, place: Address, found: Found, skim: Skim, sightings: Mapping[str, Sightings]
    ) -> Discovery:
        skipped = [note for notes in found.skipped.values() for note in notes]
        skipped += [note for one in self.lister.listings.values() for note in one.skipped]
        unknown = [*found.unknown.values(), *self.lister.unknown]
        told: list[FoundSource] = []
        for one in sightings.values():
            source, unread = one.found(_MOST_SAMPLES)
            told.append(seen_in_part(source))
            unknown += unread
        self.fetcher.check()
        if not told and not skipped:
            what = f"{unknown[0].path}: {unknown[0].reason}" if unknown else "no object is there"
            raise LakeError(f"{place}: no log that is known here ({what})")
        return Discovery(
            location=str(place),
            bucket=self.bucket.name,
            region=self.bucket.region,
            kms_key=self._kms_key(sightings.values()),
            sources=tuple(told),
            skipped=tuple(skipped),
            unknown=tuple(unknown),
            remarks=(*self.remarks, *_remarks(found, skim, self.bucket)),
            calls=self.bucket.calls,
        )

    def _at_ends(self, places: Sequence[tuple[str, Trail]]) -> list[StoredObject]:
        """Return the first and last objects of places in which only time is left."""

        def ends(place: tuple[str, Trail]) -> tuple[StoredObject, ...]:
            return end_objects(self.bucket, place[0], place[1], self.now)

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            found = pool.map(ends, places)
            return [one for objects in found for one in objects]

    def _loose(self, found: Found, skim: Skim) -> list[StoredObject]:
        """Return objects in no layout, and those of layouts that tell no time."""
        timeless = {prefix for prefix, trail in found.trails if not trail.route.format}
        objects = [one for prefix in timeless for one in skim.folder(prefix).objects]
        return [*{one.key: one for one in [*found.loose, *objects]}.values()]

    def _add(self, objects: Iterable[StoredObject]) -> None:
        """Put objects where they belong: by name, or by their first bytes where these are few."""
        stored = {one.key: one for one in objects}
        files = {key: self._file(one) for key, one in stored.items()}
        nameless = [key for key, file in files.items() if not self.lister.is_placed(file, key)]
        chosen = _spread(nameless, _MOST_LOOKED_INTO)
        self.fetcher.expect(stored[key] for key in chosen)
        for key in chosen:
            self.lister.add(files[key], key)
        if len(chosen) < len(nameless):
            what = f"{len(chosen):,} of {len(nameless):,} objects whose names tell nothing"
            self.remarks.append(f"{what} were looked into")

    def _file(self, one: StoredObject) -> LogFile:
        name = str(self.bucket.address(one.key))
        return LogFile(name, one.size_bytes, Stored(self.fetcher, one))

    def _sightings(self) -> dict[str, Sightings]:
        sightings: dict[str, Sightings] = {}
        above = str(self.bucket.address(""))
        for name, listing in self.lister.listings.items():
            # the ends of a place may have been seen twice
            files = {file.name: file for file in listing.files}
            for file in files.values():
                one = sightings.setdefault(name, Sightings(listing.source))
                one.add(file, file.name.removeprefix(above))
        return sightings

    def _tell(
        self, sightings: Mapping[str, Sightings], found: Found, looked: Container[str]
    ) -> None:
        """Add what the folders tell that were not looked into, where others like them hold logs."""
        for prefix, trail in found.trails:
            one = sightings.get(trail.route.source.name)
            layouts = {layout for layout, _ in one.ways} if one else set()
            if one and prefix not in looked and trail.route.layout in layouts:
                one.tell(trail.values)

    def _note_last(self, sightings: Mapping[str, Sightings], run: Run) -> None:
        """Note the last day of many names that begin alike."""
        name = run.first.key.removeprefix(run.folder)
        for one in sightings.values():
            stamp = stamp_in_name(one.source.partitions, name)
            if stamp is not None and run.start.startswith(f"{run.folder}{stamp[0]}"):
                last = last_object(self.bucket, run, stamp, self.now)
                one.add(self._file(last), last.key)

    def _kms_key(self, sightings: Iterable[Sightings]) -> str:
        """Return the key that encrypts the objects, '' where none does or S3 does not tell."""
        for one in sightings:
            for file in one.sample(1):
                if isinstance(file.content, Stored):
                    key = self.bucket.kms_key(file.content.object)
                    if key:
                        return key
        return ""


def _places(found: Found) -> list[tuple[str, Trail]]:
    """Return the folders at which only time is left, each once, with one of its trails."""
    places = {prefix: trail for prefix, trail in reversed(found.trails) if trail.route.format}
    return [*reversed(places.items())]


def _spread(items: Sequence[_Item], most: int) -> list[_Item]:
    """Return some of many items, from all over."""
    if len(items) <= most:
        return [*items]
    return [items[number * len(items) // most] for number in range(most)]


def _last_of_each(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield of the runs of a folder the last: of stamped names it is the newest."""
    last: dict[str, Run] = {}
    for run in runs:
        if run.folder not in last or last[run.folder].start < run.start:
            last[run.folder] = run
    yield from last.values()


def _remarks(found: Found, skim: Skim, bucket: Bucket) -> Iterator[str]:
    places = len(_places(found))
    if places > _MOST_PLACES:
        what = f"first and last day are those of {_MOST_PLACES:,} of {places:,} folders"
        yield f"{what}, such as that of one account and region"
    starts: dict[str, list[str]] = {}
    for run in skim.runs:
        starts.setdefault(run.folder, []).append(run.start.removeprefix(run.folder))
    for folder, names in starts.items():
        shown = ", ".join(f"{name}..." for name in names)
        what = "the first thousand of each were looked at, and no folder of such a name"
        yield f"{bucket.address(folder)}: of the objects named {shown} {what}"
    for prefix in skim.unfinished:
        yield f"{bucket.address(prefix)}: too many names of many kinds; not looked at to the end"
