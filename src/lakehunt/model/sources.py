"""What a log source is: its table, its views, and where its files lie.

Knows neither DDL nor files. `sources` makes it; the language and the engines use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from lakehunt.model.queries import Record

# What the relations of a source are called, behind its name.
_ENDINGS = ("", "_raw", "_lines", "_unparsed")
# The columns that open each event view and each row detection, in this order.
COMMON_COLUMNS = (
    "event_time",
    "account_id",
    "region",
    "actor",
    "source_ip",
    "event_name",
    "target",
    "outcome",
    "event_id",
)


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type as Glue has it; struct fields keep the spelling of the log's keys."""

    name: str
    arguments: tuple["Type", ...] = ()
    fields: tuple[tuple[str, "Type"], ...] = ()

    def glue(self) -> str:
        """Return Glue's spelling: lower case, no blanks."""
        if self.name == "struct":
            inner = ",".join(f"{key.lower()}:{type_.glue()}" for key, type_ in self.fields)
            return f"struct<{inner}>"
        if self.arguments:
            return f"{self.name}<{','.join(a.glue() for a in self.arguments)}>"
        return self.name


@dataclass(frozen=True, slots=True)
class Column:
    """A column as delivered; `name` is spelled as the key in the log."""

    name: str
    type: Type
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The external table of a source, read back from its own DDL."""

    name: str
    columns: tuple[Column, ...]
    partition_columns: tuple[Column, ...]
    serde: str
    input_format: str
    output_format: str
    location: str
    properties: Mapping[str, str]
    serde_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """A view of a source: its name, its columns in order, and its SELECT in Athena's dialect."""

    name: str
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class PartitionColumn:
    """One projected column: how Athena enumerates it, and where a record itself tells it.

    `name` is what the views call it and `raw_name` what the raw table does: they differ where the
    log has a field of that name. `pattern` is what a value in a path looks like.
    """

    name: str
    type: str
    values: str = ""
    format: str = ""
    range: str = ""
    interval: str = ""
    record: str = ""
    pattern: str = ""
    column: str = ""
    example: str = ""

    def __hash__(self) -> int:
        # columns are looked up by for each path of a lake
        return hash(self.name)

    @property
    def raw_name(self) -> str:
        """Return what the raw table calls the column."""
        return self.column or self.name


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a log whose columns the user chooses; `key` is its name in the log itself."""

    name: str
    key: str
    type: str = "string"
    since: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """A kind of file that lies beside the logs and holds no events of this source.

    It is told by a part of its path, by the keys of its first record, or by how its first line
    begins.
    """

    name: str
    reason: str
    path: str = ""
    keys: tuple[str, ...] = ()
    line: str = ""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV that a service hands out in place of records.

    `columns` maps a header to the keys of the record that its cells fill; `lacks` names in words
    the keys that such a table may not tell.
    """

    name: str
    title: str
    identify: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partitions:
    """What `partitions/<source>.yaml` says: where the files lie and how they are recognised.

    `layouts` are folders and `files` names, with holes such as `${region}` or, for a time,
    `${stamp:yyyyMMdd}`. `time` maps the raw columns that hold an event's time to their format.
    `fields` are the columns that a user can choose, in the order of the log, `default_fields` the
    names of those that are there when nobody chose. `activity` maps columns of the view `activity`
    to expressions over the event view.
    """

    bucket: str
    layouts: Mapping[str, str]
    files: tuple[str, ...]
    columns: tuple[PartitionColumn, ...]
    window: str
    time: Mapping[str, str]
    lateness: timedelta
    earliness: timedelta
    shapes: tuple[str, ...]
    identify: tuple[str, ...]
    event_class: str = ""
    global_region: str = ""
    skip: tuple[Skip, ...] = ()
    csv: tuple[CsvTable, ...] = ()
    example: Record = field(default_factory=dict)
    unique: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    default_fields: tuple[str, ...] = ()
    activity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """The relations of a source in one of the formats that it is delivered in.

    `lines_table` is the same files as one column `line`; None where a record is no line of text.
    """

    name: str
    ddl: str
    table: Table
    lines_table: Table | None
    event_view: View
    unparsed_view: View


@dataclass(frozen=True, slots=True)
class DayKey:
    """The partition columns that tell a day: one, or those of year, month and day.

    `type` is Glue's; `format` is how a text spells the day, in Java's letters.
    """

    columns: tuple[str, ...]
    type: str
    format: str = ""

    @property
    def has_parts(self) -> bool:
        """Tell whether year, month and day stand apart."""
        return len(self.columns) > 1


@dataclass(frozen=True, slots=True)
class StandIn:
    """A table that is there already and stands for the raw table of a source.

    `table` is `database.table`. `columns` has an SQL expression over it for each of our columns.
    `values` names, for a partition column of ours, its own and whether that holds numbers; without
    a `day` nothing prunes by time.
    """

    table: str
    columns: Mapping[str, str]
    values: Mapping[str, tuple[str, bool]]
    day: DayKey | None


@dataclass(frozen=True, slots=True)
class Source:
    """A log source: its relations and where its files lie.

    `make` returns its formats, each time the same; it is called when a relation is first asked for,
    because most commands read few sources. `layout` is the name of the deployed layout. A
    `stand_in` is read in place of the raw table.
    """

    name: str
    title: str
    docs: str
    partitions: Partitions
    make: Callable[[], tuple[Format, ...]]
    layout: str = ""
    stand_in: StandIn | None = None

    @property
    def formats(self) -> tuple[Format, ...]:
        """Return the formats, the deployed one first; all event views have the same columns.

        Raises:
            ContentError: a template has problems.
        """
        return self.make()

    def only(self, *formats: Format) -> "Source":
        """Return the source as delivered in these formats."""
        return replace(self, make=lambda: formats)

    @property
    def ddl(self) -> str:
        """Return the statements of the deployed format."""
        return self.formats[0].ddl

    @property
    def table(self) -> Table:
        """Return the raw table of the deployed format."""
        return self.formats[0].table

    @property
    def lines_table(self) -> Table | None:
        """Return the table of lines of the deployed format."""
        return self.formats[0].lines_table

    @property
    def event_view(self) -> View:
        """Return the event view of the deployed format."""
        return self.formats[0].event_view

    @property
    def unparsed_view(self) -> View:
        """Return the view of what the event view leaves out, of the deployed format."""
        return self.formats[0].unparsed_view

    @property
    def tables(self) -> tuple[Table, ...]:
        """Return the external tables."""
        lines = self.lines_table
        return (self.table, lines) if lines else (self.table,)

    @property
    def views(self) -> tuple[View, ...]:
        """Return the views."""
        return (self.event_view, self.unparsed_view)

    @property
    def relations(self) -> tuple[str, ...]:
        """Return the names that a query may use in FROM."""
        return (*(table.name for table in self.tables), *(view.name for view in self.views))

    def columns_of(self, relation: str) -> tuple[str, ...]:
        """Return the columns of one of the relations, as they are written."""
        for table in self.tables:
            if table.name == relation:
                raw = (*table.columns, *table.partition_columns)
                return (*(column.name for column in raw), "$path")
        return next(view.columns for view in self.views if view.name == relation)


def relation_names(source: str) -> tuple[str, ...]:
    """Return what the relations of a source may be called; a log that is no text has no lines."""
    return tuple(f"{source}{ending}" for ending in _ENDINGS)


def owner_of(sources: Mapping[str, Source], relation: str) -> Source | None:
    """Return the source that a relation is of; no other source is read for it."""
    name = relation.lower()
    for ending in _ENDINGS:
        source = sources.get(name.removesuffix(ending)) if name.endswith(ending) else None
        if source is not None and name in source.relations:
            return source
    return None
