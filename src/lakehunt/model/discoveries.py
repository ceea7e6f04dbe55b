"""What a look at a place found: which logs lie there, how they are delivered, and what is unknown.

Knows no engine and no bucket. `discover` makes it, `render` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from lakehunt.model.outcomes import FileNote


@dataclass(frozen=True, slots=True)
class Shape:
    """What some files of a source look like.

    `format` is one of the source's, `kind` says it in words. Where a user chooses the fields of the
    log, `fields` names them as the files do, in their order, from `header`, a line of the file;
    without a header there are only `columns`, counted, and `row`, a first row of that many cells.
    `is_usual`: nothing need be configured for them. `unknown` are fields that the source does not
    know.
    """

    format: str
    kind: str
    header: str = ""
    fields: tuple[str, ...] = ()
    columns: int = 0
    row: tuple[str, ...] = field(default=(), compare=False)
    unknown: tuple[str, ...] = ()
    is_usual: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way in which logs of a source lie in a place.

    `layout` is one of the source's, empty where it has none for files that lie so. `above` is the
    folder in which it begins, with a closing slash unless it is empty. `example` is a file.
    """

    layout: str
    above: str
    example: str


@dataclass(frozen=True, slots=True)
class FoundSource:
    """The logs of one source in a place.

    `bucket` is what the configuration calls the bucket of such logs. `deliveries` has those of a
    layout first, then what is most frequent. `values` are those that paths tell, by column, without
    the day. `first_day` and `last_day` are those of the folders or names; where none tells, and the
    events were read, those of the events, as `days_by_events` says. `files` and `size_bytes` are
    None where not everything was listed.
    """

    source: str
    bucket: str
    deliveries: tuple[Delivery, ...]
    values: Mapping[str, tuple[str, ...]]
    first_day: date | None
    last_day: date | None
    days_by_events: bool
    shapes: Mapping[Shape, int]
    files: int | None
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a place holds. `location` is a folder, or an s3:// address in `bucket`.

    `skipped` are files and folders that sources leave out, `unknown` those of no source. `remarks`
    say what was not looked at in full. `calls` counts the listings of a bucket.
    """

    location: str
    bucket: str
    region: str
    kms_key: str
    sources: tuple[FoundSource, ...]
    skipped: tuple[FileNote, ...]
    unknown: tuple[FileNote, ...]
    remarks: tuple[str, ...] = ()
    calls: int = 0
