"""Where the files of a table lie, partition by partition, and what a query wants of them.

Knows values of partition columns, not who describes a table. `projection` computes partitions;
`forecast` lists what either leads to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lakehunt.s3.ranges import Range

_PARTS = 3  # year, month and day


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one place reads of a table: values by partition column, and texts of the time.

    `time` names the column that tells the time, or those of year, month and day, whose text is
    then `2026-05-01`. `first` is included, `before` is not; an empty one is no bound.
    """

    values: tuple[tuple[str, frozenset[str]], ...] = ()
    time: tuple[str, ...] = ()
    first: str = ""
    before: str = ""

    def admits(self, told: Mapping[str, str]) -> bool:
        """Tell whether a partition may be wanted of which these values are known."""
        if any(told[name] not in known for name, known in self.values if name in told):
            return False
        text = self._text(told)
        is_early = self.first and text < self.first[: len(text)]
        return not (is_early or (self.before and text >= self.before))

    def _text(self, told: Mapping[str, str]) -> str:
        if len(self.time) != _PARTS:
            return "".join(told.get(name, "") for name in self.time)
        known = [told[name] for name in self.time if name in told]
        if not all(part.isdecimal() for part in known):
            return ""
        return "-".join(part.zfill(4 if n == 0 else 2) for n, part in enumerate(known))


@dataclass(frozen=True, slots=True)
class Lack:
    """Values of a partition column that are wanted of a place without them; both in words."""

    column: str
    asked: str
    has: str


class Place(Protocol):
    """Where the files of one table lie."""

    def ranges(self, wanted: Iterable[Wanted]) -> Iterator[tuple[str, Range]]:
        """Yield buckets and ranges of keys that hold all files that any place wants."""

    def values(self, bucket: str, key: str) -> tuple[Mapping[str, str], str] | None:
        """Return the values of the partition of a key or folder, and what follows in it.

        None for a stranger.
        """

    def count(self, wanted: Wanted) -> int | None:
        """Return how many partitions a place wants, None where nobody can tell."""

    def known_values(self, column: str) -> Sequence[str] | None:
        """Return the only values that a partition column has, None where it may have any."""

    def lacks(self, wanted: Iterable[Wanted]) -> Iterator[Lack]:
        """Yield for each column what any of some wants of it and no partition has."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Partitions by the folder in which each lies; a table without partitions is one folder.

    `folders` maps bucket and prefix, which ends with a slash unless it is empty, to values.
    """

    folders: Mapping[tuple[str, str], Mapping[str, str]]

    def ranges(self, wanted: Iterable[Wanted]) -> Iterator[tuple[str, Range]]:
        """Yield the folders of wanted partitions."""
        wanted = [*wanted]
        for (bucket, prefix), values in self.folders.items():
            if any(one.admits(values) for one in wanted):
                yield bucket, Range(prefix)

    def values(self, bucket: str, key: str) -> tuple[Mapping[str, str], str] | None:
        """Return the values of the nearest folder above."""
        prefix = key[: key.rfind("/") + 1]
        while (bucket, prefix) not in self.folders:
            if not prefix:
                return None
            prefix = prefix[: prefix.rstrip("/").rfind("/") + 1]
        return self.folders[bucket, prefix], key[len(prefix) :]

    def count(self, wanted: Wanted) -> int:
        """Return how many of them are wanted."""
        return sum(wanted.admits(values) for values in self.folders.values())

    def known_values(self, column: str) -> None:
        """Return None: a partition more can be registered at any time."""

    def lacks(self, wanted: Iterable[Wanted]) -> Iterator[Lack]:
        """Yield nothing: that a partition is not registered does not tell that it should be."""
        return iter(())
