"""Ranges of keys: the objects in them, listed many at once and split where there are many.

Knows keys and pages, not what they mean. `walk` makes ranges.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from lakehunt.s3.bucket import Bucket
from lakehunt.s3.objects import CONNECTIONS, StoredObject

_PIECES = 8


@dataclass(frozen=True, slots=True)
class Range:
    """The keys under a prefix that follow `after` and precede `before`, where these are set.

    `cuts` are keys at which it may be split, in order.
    """

    prefix: str
    after: str = ""
    before: str = ""
    cuts: tuple[str, ...] = ()

    def rest(self, key: str) -> list["Range"]:
        """Return what follows a key, in pieces to be listed at once."""
        cuts = [cut for cut in self.cuts if key < cut and (not self.before or cut < self.before)]
        step = max(1, -(-len(cuts) // (_PIECES - 1)))
        starts = [key, *cuts[::step]]
        ends = [*starts[1:], self.before]
        return [
            replace(self, after=start, before=end, cuts=tuple(c for c in cuts if start < c < end))
            for start, end in zip(starts, ends, strict=True)
        ]


def list_ranges(
    bucket: Bucket, ranges: Iterable[Range], enough_bytes: int | None = None
) -> list[StoredObject]:
    """Return the objects in ranges, in the order of keys; with more bytes than enough, some.

    Raises:
        CloudError: the bucket cannot be listed.
    """
    found: dict[str, StoredObject] = {}
    size = 0
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        pending = {pool.submit(_page, bucket, one) for one in ranges}
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    objects, rest = future.result()
                    found |= {one.key: one for one in objects}
                    size += sum(one.size_bytes for one in objects)
                    pending |= {pool.submit(_page, bucket, one) for one in rest}
                if enough_bytes is not None and size > enough_bytes:
                    break
        finally:
            pool.shutdown(cancel_futures=True)
    return [found[key] for key in sorted(found)]


def _page(bucket: Bucket, range_: Range) -> tuple[Sequence[StoredObject], list[Range]]:
    page = bucket.page(range_.prefix, range_.after)
    before = range_.before
    objects = [one for one in page.objects if not before or one.key < before]
    is_over = not page.last or (before and page.last >= before)
    return objects, [] if is_over else range_.rest(page.last)
