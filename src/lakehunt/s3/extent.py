"""The first and the last day of which files are there, found in a few calls.

Knows walks and buckets. The S3 lake tells with it where a window without files should have been.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lakehunt.s3.bucket import Bucket
from lakehunt.s3.objects import CONNECTIONS
from lakehunt.s3.routes import Trail, day_of

# So many places are looked into: each takes six calls.
_MOST_PLACES = 200
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


def last_folder(bucket: Bucket, prefix: str, trail: Trail) -> str:
    """Return the folder of the latest time below a prefix, '' where there is none.

    Raises:
        CloudError: the bucket cannot be listed.
    """
    return _folder(bucket, prefix, trail, max)[0]


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
