"""Discovers a prefix in S3 in a few hundred listings, whatever the number of objects.

Knows walks, pages and the lister. The package hands it on where boto3 is there.

Folders are listed with delimiters down to those of days. Below them only the first and the last
objects are looked at, and of many names that begin alike the first thousand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from lakehunt.config import Access
from lakehunt.discover.sightings import Sightings, seen_in_part
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.lister import Lister
from lakehunt.engines.local.s3_lake import Stored
from lakehunt.errors import LakeError
from lakehunt.layouts import stamp_in_name, strftime
from lakehunt.model import Discovery, FileNote, FoundSource, Source
from lakehunt.s3.address import Address
from lakehunt.s3.bucket import Bucket, open_bucket
from lakehunt.s3.cache import ObjectCache
from lakehunt.s3.extent import last_folder
from lakehunt.s3.fetch import Fetcher
from lakehunt.s3.objects import CONNECTIONS, StoredObject
from lakehunt.s3.routes import Span, Trail
from lakehunt.s3.skim import Run, Skim
from lakehunt.s3.walk import Found, Walk
from lakehunt.sql.bounds import Bounds

# Files of a source whose shape is looked at, and objects in no layout that are looked into.
_MOST_SAMPLES = 4
_MOST_LOOKED_INTO = 100
# Places, such as the folder of one account and region, in which the ends are looked up.
_MOST_PLACES = 400
# Objects seen at either end of a place: names of other logs in the same folder show among them.
_END_OBJECTS = 200
_A_DAY = timedelta(days=1)


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
        self._tell(sightings, found)
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
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return [one for ends in pool.map(self._ends, places) for one in ends]

    def _ends(self, place: tuple[str, Trail]) -> Sequence[StoredObject]:
        prefix, trail = place
        first = self.bucket.page(prefix, _before_time(prefix, trail), _END_OBJECTS)
        if not first.last:
            return first.objects
        today = _text(trail, self.now)
        after = trail.range(prefix, Span(today, "")).after if today else ""
        last = self.bucket.page(prefix, after, _END_OBJECTS).objects if after else ()
        if not last:
            folder = last_folder(self.bucket, prefix, trail)
            last = self.bucket.page(folder, "", _END_OBJECTS).objects if folder else ()
        return (*first.objects, *last)

    def _loose(self, found: Found, skim: Skim) -> list[StoredObject]:
        """Return objects in no layout, and those of layouts that tell no time."""
        timeless = {prefix for prefix, trail in found.trails if not trail.route.format}
        objects = [one for prefix in timeless for one in skim.folder(prefix).objects]
        return [*{one.key: one for one in [*found.loose, *objects]}.values()]

    def _add(self, objects: Iterable[StoredObject]) -> None:
        """Put objects where they belong: by name, or by their first bytes where these are few."""
        files = {one.key: self._file(one) for one in objects}
        nameless = [key for key, file in files.items() if not self.lister.is_placed(file, key)]
        chosen = _spread(nameless, _MOST_LOOKED_INTO)
        self.fetcher.expect(_stored(files[key]) for key in chosen)
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

    def _tell(self, sightings: Mapping[str, Sightings], found: Found) -> None:
        """Add what the folders tell that were not looked into, where others like them hold logs."""
        looked = {prefix for prefix, _ in _spread(_places(found), _MOST_PLACES)}
        for prefix, trail in found.trails:
            one = sightings.get(trail.route.source.name)
            layouts = {layout for layout, _ in one.ways} if one else set()
            if one and prefix not in looked and trail.route.layout in layouts:
                one.tell(trail.values)

    def _note_last(self, sightings: Mapping[str, Sightings], run: Run) -> None:
        """Note the last day of names that begin alike, found by halving."""
        for one in sightings.values():
            name = run.first.key.removeprefix(run.folder)
            stamp = stamp_in_name(one.source.partitions, name)
            if stamp is None or not run.start.startswith(f"{run.folder}{stamp[0]}"):
                continue
            last = self._last_object(run, f"{run.folder}{stamp[0]}", strftime(stamp[1]))
            if last:
                one.add(self._file(last), last.key)

    def _last_object(self, run: Run, above: str, format_: str) -> StoredObject | None:
        """Return an object of the last day; names go on with a time after `above`."""
        first = datetime.strptime(
            run.first.key[len(above) :][: len(self.now.strftime(format_))], format_
        ).replace(tzinfo=UTC)
        days = max((self.now - first).days, 0) + 1
        known, least, most = None, 0, days
        while least <= most:
            middle = (least + most) // 2
            moment = first + _A_DAY * middle
            text = moment.replace(hour=0, minute=0, second=0).strftime(format_)
            page = self.bucket.page(run.start, above + text, 1)
            if page.objects:
                known, least = page.objects[0], middle + 1
            else:
                most = middle - 1
        return known

    def _kms_key(self, sightings: Iterable[Sightings]) -> str:
        """Return the key that encrypts the objects, '' where none does or S3 does not tell."""
        for one in sightings:
            for file in one.sample(1):
                try:
                    answer = self.bucket.client.head_object(
                        Bucket=self.bucket.name, Key=_stored(file).key, **self.bucket.payer
                    )
                except (BotoCoreError, ClientError):
                    continue
                if answer.get("SSEKMSKeyId"):
                    return str(answer["SSEKMSKeyId"])
        return ""


def _stored(file: LogFile) -> StoredObject:
    content = file.content
    while not isinstance(content, Stored):
        raise TypeError(f"{file.name} is no object of its own")
    return content.object


def _places(found: Found) -> list[tuple[str, Trail]]:
    """Return the folders at which only time is left, each once, with one of its trails."""
    places = {prefix: trail for prefix, trail in reversed(found.trails) if trail.route.format}
    return [*reversed(places.items())]


def _spread[T](items: Sequence[T], most: int) -> list[T]:
    """Return some of many items, from all over."""
    if len(items) <= most:
        return [*items]
    return [items[number * len(items) // most] for number in range(most)]


def _before_time(prefix: str, trail: Trail) -> str:
    """Return a key before which other things lie than times: notes that somebody left there."""
    start = trail.range(prefix, Span(_text(trail, datetime(1970, 1, 1, tzinfo=UTC)), ""))
    return start.after


def _text(trail: Trail, moment: datetime) -> str:
    return moment.strftime(strftime(trail.route.format))


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
    for run in skim.runs:
        yield (
            f"{bucket.address(run.start)}...: of many objects with such names the first thousand"
            " were looked at, and no folder that begins so"
        )
    for prefix in skim.unfinished:
        yield f"{bucket.address(prefix)}: too many names of many kinds; not looked at to the end"
