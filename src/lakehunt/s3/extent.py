"""The first and the last day of which files are there, found in a few calls.

Knows walks and buckets. The S3 lake tells with it where a window without files should have been.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from lakehunt.layouts import strftime
from lakehunt.s3.bucket import Bucket
from lakehunt.s3.objects import CONNECTIONS, StoredObject
from lakehunt.s3.routes import Span, Trail, day_of
from lakehunt.s3.skim import Run

# So many places are looked into: each takes six calls.
_MOST_PLACES = 200
# Objects seen at either end of a place: names of other logs in the same folder show among them.
_END_OBJECTS = 200
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_Choice = Callable[[Iterable[str]], str]


def first_and_last(bucket: Bucket, trails: Sequence[tuple[str, Trail]]) -> tuple[str, ...]:
    """Return the earliest and latest value of the window column, or nothing where none is told.

    Raises:
        CloudError: the bucket cannot be listed.
    """
    places = trails[:_MOST_PLACES]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        firsts = pool.map(lambda place: _end(bucket, place[0], place[1], min), places)
        lasts = pool.map(lambda place: _end(bucket, place[0], place[1], max), places)
        days = {*firsts, *lasts} - {""}
    return (min(days), max(days)) if days else ()


def end_objects(
    bucket: Bucket, prefix: str, trail: Trail, now: datetime
) -> tuple[StoredObject, ...]:
    """Return the first objects below a prefix at which only time is left, and the last ones.

    One call for the first, one for the last where logs still arrive, five where they do not.

    Raises:
        CloudError: the bucket cannot be listed.
    """
    # what stands before any time is no log: notes that somebody left there
    first = bucket.page(prefix, _behind(prefix, trail, _LONG_AGO), _END_OBJECTS)
    if not first.last:
        return first.objects
    last = bucket.page(prefix, _behind(prefix, trail, now), _END_OBJECTS).objects
    if not last:
        folder, _ = _folder(bucket, prefix, trail, max)
        last = bucket.page(folder, "", _END_OBJECTS).objects if folder else ()
    return (*first.objects, *last)


def _behind(prefix: str, trail: Trail, moment: datetime) -> str:
    """Return the key that the keys of a day and those after it follow."""
    text = moment.strftime(strftime(trail.route.format))
    return trail.range(prefix, Span(text, "")).after


def last_object(
    bucket: Bucket, run: Run, stamp: tuple[str, str, str], now: datetime
) -> StoredObject:
    """Return an object of the last day among names that go on with a time, found by halving.

    Args:
        stamp: what of the first name stands before its time, that time, and its date format.

    Raises:
        CloudError: the bucket cannot be listed.
    """
    above, text, format_ = stamp
    first = datetime.strptime(text, strftime(format_)).replace(tzinfo=UTC)
    found, least, most = run.first, 1, max((now - first).days, 0) + 1
    while least <= most:
        middle = (least + most) // 2
        day = (first + timedelta(days=middle)).replace(hour=0, minute=0, second=0)
        after = f"{run.folder}{above}{day.strftime(strftime(format_))}"
        objects = bucket.page(run.start, after, 1).objects
        if objects:
            found, least = objects[0], middle + 1
        else:
            most = middle - 1
    return found


def _end(bucket: Bucket, prefix: str, trail: Trail, choose: _Choice) -> str:
    folder, whole = _folder(bucket, prefix, trail, choose)
    return day_of(whole) if folder else ""


def _folder(bucket: Bucket, prefix: str, trail: Trail, choose: _Choice) -> tuple[str, Trail]:
    while trail.done < len(trail.route.steps):
        names = [
            folder.removeprefix(prefix).rstrip("/") for folder in bucket.folder(prefix).folders
        ]
        onward = {name: after for name in names if (after := trail.onward(name))}
        if not onward:
            return "", trail
        name = choose(onward)
        prefix, trail = f"{prefix}{name}/", onward[name]
    return prefix, trail
