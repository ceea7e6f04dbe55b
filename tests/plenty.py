"""A bucket of millions of objects that are nowhere: listings are made up as they are asked for."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from tests.buckets import Asked

# The names in a folder, in the order of keys; one that ends with a slash is a folder.
_MOST = 1000
Names = Callable[[str], Sequence[str]]


@dataclass
class Plenty:
    """Answers for one bucket as S3 would; stands in as a fault of the server.

    Each object holds the same bytes. `listed` counts the keys that listings returned.
    """

    names: Names
    body: bytes
    listed: int = 0

    def __call__(self, asked: Asked) -> Response | None:
        if asked.is_fetch:
            return Response(self.body, 200, {"ETag": '"x"'})
        if not asked.is_listing:
            return None
        query = {name: values[0] for name, values in asked.query.items()}
        prefix, after = query.get("prefix", ""), query.get("start-after", "")
        most = min(int(query.get("max-keys", _MOST)), _MOST)
        found: list[str] = []
        for key in self._keys(prefix, after, is_flat="delimiter" not in query):
            found.append(key)
            if len(found) > most:
                break
        self.listed += min(len(found), most)
        return _answer(found[:most], len(self.body), is_cut=len(found) > most)

    def _keys(self, prefix: str, after: str, *, is_flat: bool) -> Iterator[str]:
        folder = prefix[: prefix.rfind("/") + 1]
        yield from self._below(folder, prefix, after, is_flat=is_flat)

    def _below(self, folder: str, prefix: str, after: str, *, is_flat: bool) -> Iterator[str]:
        names = self.names(folder)
        for number in range(_first(names, folder, prefix, after), len(names)):
            key = folder + names[number]
            if not key.startswith(prefix):
                return
            if key.endswith("/") and is_flat:
                yield from self._below(key, key, after, is_flat=True)
            elif key > after or (key.endswith("/") and self._goes_on(key, after)):
                yield key

    def _goes_on(self, folder: str, after: str) -> bool:
        return next(self._below(folder, folder, after, is_flat=True), None) is not None


def _first(names: Sequence[str], folder: str, prefix: str, after: str) -> int:
    """Return where the names begin that may be listed: a folder may hold what follows a key."""
    start = bisect_left(names, prefix.removeprefix(folder))
    if after.startswith(folder):
        start = max(start, bisect_right(names, after.removeprefix(folder)) - 1)
    elif after > folder:
        start = len(names)
    return max(start, 0)


def _answer(keys: Sequence[str], size_bytes: int, *, is_cut: bool) -> Response:
    objects = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{size_bytes}</Size><ETag>&quot;x&quot;</ETag>"
        "<LastModified>2026-05-01T00:00:00.000Z</LastModified></Contents>"
        for key in keys
        if not key.endswith("/")
    )
    folders = "".join(
        f"<CommonPrefixes><Prefix>{escape(key)}</Prefix></CommonPrefixes>"
        for key in keys
        if key.endswith("/")
    )
    cut = f"<IsTruncated>{str(is_cut).lower()}</IsTruncated>"
    body = f"<ListBucketResult>{cut}<KeyCount>{len(keys)}</KeyCount>{objects}{folders}"
    return Response(f"{body}</ListBucketResult>", 200, content_type="application/xml")
