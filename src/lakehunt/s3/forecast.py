"""How much a place reads of a table: the objects of its partitions, listed and added up.

Knows buckets and places, neither queries nor prices. Engines that pay by the byte call it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from lakehunt.model import Amount
from lakehunt.s3.bucket import Bucket
from lakehunt.s3.ranges import Range, list_ranges
from lakehunt.s3.tables import Place, Wanted

Partition = frozenset[tuple[str, str]]
# Hive passes over names that begin so, those of folders in a partition too.
_HIDDEN = (".", "_")


class Buckets:
    """Buckets by name, each opened when it is first listed; it remembers what it has listed."""

    def __init__(self, open_: Callable[[str], Bucket]) -> None:
        self._open = open_
        self._opened: dict[str, Bucket] = {}

    def __getitem__(self, name: str) -> Bucket:
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    @property
    def calls(self) -> int:
        """Return how many listings were asked for."""
        return sum(bucket.calls for bucket in self._opened.values())


def amounts(
    place: Place, wanted: Iterable[Wanted], buckets: Buckets, enough_bytes: int | None = None
) -> Mapping[Wanted, Amount]:
    """Return how much of a table is wanted; with more bytes than enough, some of it.

    Raises:
        LakeError: there is no such bucket.
        CloudError: it cannot be listed.
    """
    wanted = [*dict.fromkeys(wanted)]
    ranges: dict[str, list[Range]] = {}
    for name, range_ in place.ranges(wanted):
        ranges.setdefault(name, []).append(range_)
    held = _held(place, ranges, buckets, enough_bytes)
    return {one: _amount(place, one, held) for one in wanted}


def _held(
    place: Place,
    ranges: Mapping[str, Sequence[Range]],
    buckets: Buckets,
    enough_bytes: int | None,
) -> Mapping[Partition, tuple[int, int]]:
    """Return objects and bytes by partition."""
    objects: Counter[Partition] = Counter()
    size: Counter[Partition] = Counter()
    for name, own in ranges.items():
        # the objects of a folder are of one partition
        partitions: dict[str, Partition | None] = {}
        for stored in list_ranges(buckets[name], own, enough_bytes):
            folder, _, file = stored.key.rpartition("/")
            if folder not in partitions:
                partitions[folder] = _partition(place, name, folder)
            partition = partitions[folder]
            if partition is not None and not file.startswith(_HIDDEN):
                objects[partition] += 1
                size[partition] += stored.size_bytes
    return {partition: (count, size[partition]) for partition, count in objects.items()}


def _partition(place: Place, bucket: str, folder: str) -> Partition | None:
    """Return the partition of a folder; None for a stranger and for one that Hive passes over."""
    found = place.values(bucket, f"{folder}/" if folder else "")
    if found is None or any(part.startswith(_HIDDEN) for part in found[1].split("/")):
        return None
    return frozenset(found[0].items())


def _amount(place: Place, wanted: Wanted, held: Mapping[Partition, tuple[int, int]]) -> Amount:
    own = [size for partition, size in held.items() if wanted.admits(dict(partition))]
    count = place.count(wanted)
    return Amount(count, sum(objects for objects, _ in own), sum(size for _, size in own))
