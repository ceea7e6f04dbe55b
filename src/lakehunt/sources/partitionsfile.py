"""Reads `partitions/<source>.yaml`: where files lie, how they are recognised, what users choose.

Knows the file's keys, not DDL. The package's loader calls it.
"""

from collections.abc import Iterable
from datetime import timedelta

from lakehunt.content import Reader, Root, load_yaml
from lakehunt.errors import ContentError, Location, Problem, nearest
from lakehunt.model import CsvTable, Field, PartitionColumn, Partitions, Skip, Table, duration
from lakehunt.sources.allowed import check_against, check_values, is_borne_out

_KEYS = ("bucket", "layouts", "file", "columns", "window", "time", "lateness", "shapes")
_OPTIONAL = (
    "earliness",
    "identify",
    "event_class",
    "global_region",
    "skip",
    "csv",
    "example",
    "unique",
    "fields",
    "default_fields",
    "activity",
)
_COLUMN_OPTIONAL = (
    "values",
    "format",
    "range",
    "interval",
    "record",
    "pattern",
    "column",
    "example",
)
_ACTIVITY = ("peer_ip", "peer_port", "bytes", "resource")


def load_partitions(roots: Iterable[Root], name: str) -> Partitions:
    """Return `partitions/<source>.yaml` as a value.

    Raises:
        ContentError: the file is missing or has problems.
    """
    reader = _reader(roots, name)
    reader.check_keys(_KEYS, _OPTIONAL)
    check_values(reader)
    columns = tuple(_partition_column(reader, str(key)) for key in reader.mapping("columns"))
    if reader.text("window") not in [column.name for column in columns]:
        reader.problem(reader.line("window"), "`window`", "the name of a column")
    fields = tuple(_field(reader, str(key)) for key in reader.mapping("fields"))
    partitions = Partitions(
        bucket=reader.text("bucket"),
        layouts=_texts(reader.inner("layouts")),
        files=reader.texts("file"),
        columns=columns,
        window=reader.text("window"),
        time=_texts(reader.inner("time")),
        lateness=_span(reader, "lateness"),
        earliness=_span(reader, "earliness"),
        shapes=reader.texts("shapes"),
        identify=reader.texts("identify"),
        event_class=reader.text("event_class"),
        global_region=reader.text("global_region"),
        skip=tuple(_skip(reader, str(key)) for key in reader.mapping("skip")),
        csv=tuple(_csv_table(reader, str(key)) for key in reader.mapping("csv")),
        example=reader.mapping("example"),
        unique=reader.texts("unique"),
        fields=fields,
        default_fields=_default_fields(reader, fields),
        activity=_activity(reader),
    )
    if reader.problems:
        raise ContentError(dict.fromkeys(reader.problems))
    return partitions


def check_partitions(
    roots: Iterable[Root], name: str, partitions: Partitions, table: Table
) -> None:
    """Refuse a partitions file that the table of its source does not bear out.

    Raises:
        ContentError: it names a column that the table lacks, or another shape than its files have.
    """
    if not is_borne_out(partitions, table):
        reader = _reader(roots, name)
        check_against(reader, partitions, table)
        raise ContentError(reader.problems)


def _reader(roots: Iterable[Root], name: str) -> Reader:
    paths = [root.partitions / f"{name}.yaml" for root in roots]
    path = next((p for p in reversed(paths) if p.is_file()), paths[0])
    if not path.is_file():
        raise ContentError([Problem(Location(path), "missing", f"the partitions of {name}")])
    return Reader(path, load_yaml(path.read_text(encoding="utf-8"), path), [])


def _texts(reader: Reader) -> dict[str, str]:
    return {str(key): reader.text(str(key)) for key in reader.data}


def _span(reader: Reader, key: str) -> timedelta:
    try:
        return duration(reader.text(key, "0"))
    except ValueError as error:
        reader.problem(reader.line(key), f"`{key}`: {error}")
        return timedelta()


def _partition_column(reader: Reader, name: str) -> PartitionColumn:
    column = reader.inner("columns").inner(name)
    column.check_keys(("type",), _COLUMN_OPTIONAL)
    return PartitionColumn(name, **_texts(column))


def _skip(reader: Reader, name: str) -> Skip:
    rule = reader.inner("skip").inner(name)
    rule.check_keys(("reason",), ("path", "keys", "line"))
    texts = (rule.text("reason"), rule.text("path"))
    return Skip(name, *texts, rule.texts("keys"), rule.text("line"))


def _csv_table(reader: Reader, name: str) -> CsvTable:
    table = reader.inner("csv").inner(name)
    table.check_keys(("title", "identify", "columns"), ("lacks",))
    columns = table.inner("columns")
    keys = {str(header): columns.texts(str(header)) for header in columns.data}
    for header in table.texts("identify"):
        if header not in keys:
            table.problem(table.line("identify"), f"`{header}`", "headers under `columns`")
    identify, lacks = table.texts("identify"), _texts(table.inner("lacks"))
    return CsvTable(name, table.text("title"), identify, keys, lacks)


def _field(reader: Reader, name: str) -> Field:
    field = reader.inner("fields").inner(name)
    field.check_keys((), ("key", "type", "since", "comment"))
    key = field.text("key", name.replace("_", "-"))
    type_ = field.text("type", "string")
    return Field(name, key, type_, field.text("since"), field.text("comment"))


def _default_fields(reader: Reader, fields: Iterable[Field]) -> tuple[str, ...]:
    names = [field.name for field in fields]
    chosen = reader.texts("default_fields")
    for name in chosen:
        if name not in names:
            line = reader.line("default_fields")
            reader.problem(line, f"`{name}`", "a name under `fields`", nearest(name, names))
    return chosen or tuple(names)


def _activity(reader: Reader) -> dict[str, str]:
    activity = reader.inner("activity")
    activity.check_keys((), _ACTIVITY)
    return _texts(activity)
