"""Gathers what the files of one source tell: layouts, accounts, regions, days, and their shapes.

Knows paths and shapes, not where the files lie. `folder` and `bucket` fill it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from lakehunt.engines.local.documents import UNREADABLE, why_unreadable
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.shapes import shape_of
from lakehunt.layouts import Place, holes_of, locate, strftime, window_column
from lakehunt.model import Delivery, FileNote, FoundSource, Shape, Source

# The holes of names that tell one file from the next, and nothing else.
_OF_ONE_FILE = ("rest", "node")


@dataclass(slots=True)
class Sightings:
    """The files of one source that were seen; `files` and `size_bytes` count all that were."""

    source: Source
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    families: dict[tuple[str, ...], list[LogFile]] = field(default_factory=dict)
    files: int = 0
    size_bytes: int = 0

    def add(self, file: LogFile, path: str) -> None:
        """Take a file in, by its path in the place."""
        place = locate(self.source.partitions, path) or Place({}, above=_folder(path))
        way = (place.layout or _loose(self.source), place.above)
        self.ways[way] += 1
        self.examples.setdefault(way, path)
        self.tell(place.values)
        if place.layout or place.is_named:
            self.note_day(place.values.get(self.source.partitions.window))
        family = (place.layout, place.above, *_family(self.source, place.values))
        self.families.setdefault(family, []).append(file)
        self.files += 1
        self.size_bytes += file.size_bytes

    def tell(self, values: Mapping[str, str]) -> None:
        """Take in what a path tells."""
        for name in _told(self.source) & {*values}:
            self.values.setdefault(name, set()).add(values[name])

    def note_day(self, value: str | None) -> None:
        """Take in a value of the window column."""
        if value:
            format_ = strftime(window_column(self.source.partitions).format)
            self.days.append(datetime.strptime(value, format_).replace(tzinfo=UTC).date())

    def sample(self, most: int) -> list[LogFile]:
        """Return files to look into: the newest of each kind, then the oldest, small ones first."""
        newest = [files[-1] for files in self.families.values()]
        oldest = [files[0] for files in self.families.values() if len(files) > 1]
        chosen = [*newest[: max(most - 1, 1)], *oldest][:most]
        return sorted(chosen, key=lambda file: file.size_bytes)

    def found(self, most_samples: int) -> tuple[FoundSource, list[FileNote]]:
        """Return what the files tell together, and those of the sample that cannot be read."""
        shapes, notes = _shapes(self.source, self.sample(most_samples))
        ways = sorted((way for way, _ in self.ways.most_common()), key=lambda way: not way[0])
        found = FoundSource(
            source=self.source.name,
            bucket=self.source.partitions.bucket,
            deliveries=tuple(Delivery(*way, self.examples[way]) for way in ways),
            values={name: tuple(sorted(told)) for name, told in sorted(self.values.items())},
            first_day=min(self.days, default=None),
            last_day=max(self.days, default=None),
            days_by_events=False,
            shapes=shapes,
            files=self.files,
            size_bytes=self.size_bytes,
        )
        return found, notes


def seen_in_part(found: FoundSource) -> FoundSource:
    """Return a source of which not every file was listed."""
    return replace(found, files=None, size_bytes=None)


def _loose(source: Source) -> str:
    """Return the layout of files that lie in no folders of their own, '' where there is none."""
    layouts = source.partitions.layouts.items()
    return next((name for name, template in layouts if not template), "")


def _folder(path: str) -> str:
    above = path.rpartition("/")[0]
    return f"{above}/" if above else ""


def _told(source: Source) -> set[str]:
    """Return the names of what paths tell of a deployment."""
    partitions = source.partitions
    columns = {column.name for column in partitions.columns}
    holes = {hole.name for layout in partitions.layouts.values() for hole in holes_of(layout)}
    return (columns | holes) - {partitions.window}


def _family(source: Source, values: Mapping[str, str]) -> Sequence[str]:
    own = (*_OF_ONE_FILE, source.partitions.window)
    return [f"{name}={value}" for name, value in sorted(values.items()) if name not in own]


def _shapes(source: Source, files: Iterable[LogFile]) -> tuple[Counter[Shape], list[FileNote]]:
    shapes: Counter[Shape] = Counter()
    notes: list[FileNote] = []
    for file in files:
        try:
            shapes[shape_of(source, file)] += 1
        except UNREADABLE as error:
            notes.append(FileNote(file.name, why_unreadable(error)))
    return shapes, notes
