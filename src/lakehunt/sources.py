"""Makes a `Source` of its DDL template and its partitions file.

Knows Jinja, Athena's DDL and partition projection; nothing of any one source.
The rendered DDL is parsed back, and that tree is the one model of the source.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import jinja2
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from lakehunt.config import Deployment
from lakehunt.content import (
    Reader,
    Root,
    load_yaml,
    source_header,
    source_names,
    source_template,
    split_header,
)
from lakehunt.errors import ContentError, Location, Problem
from lakehunt.model import (
    Column,
    CsvTable,
    PartitionColumn,
    Partitions,
    Skip,
    Source,
    Table,
    Type,
    View,
    duration,
)

_VIEW = re.compile(r"CREATE\s+OR\s+REPLACE\s+VIEW\s+(\w+)\s+AS\s+", re.IGNORECASE)
_PARTITION_KEYS = ("bucket", "layouts", "file", "stamp", "columns", "window", "lateness", "shapes")
_PARTITION_OPTIONAL = (
    "earliness",
    "identify",
    "event_class",
    "global_region",
    "skip",
    "csv",
    "example",
    "unique",
)


def load_sources(roots: Iterable[Root], deployment: Deployment | None = None) -> dict[str, Source]:
    """Return all sources by name, their tables rendered for a deployment.

    Raises:
        ContentError: any template or partitions file has problems.
    """
    roots = tuple(roots)
    return {name: load_source(roots, name, deployment) for name in source_names(roots)}


def load_source(roots: Iterable[Root], name: str, deployment: Deployment | None = None) -> Source:
    """Return one source; without a deployment its places are marked placeholders.

    Raises:
        UsageError: there is no such source; names the nearest.
        ContentError: its files have problems.
    """
    roots = tuple(roots)
    path = source_template(roots, name)
    _, body, body_line = split_header(path.read_text(encoding="utf-8"), Location(path))
    header = source_header(roots, name)
    header.check_keys(("title", "docs"), ("notes",))
    if header.problems:
        raise ContentError(header.problems)
    partitions = load_partitions(roots, name)
    ddl = _render(path, body, body_line, name, partitions, deployment or Deployment())
    table, views = _parse(Location(path, body_line), ddl)
    missing = {name, f"{name}_unparsed"} - {view.name for view in views}
    if missing:
        what = f"no view {' and '.join(sorted(missing))}"
        raise ContentError([Problem(Location(path), what, "the relations of each source")])
    by_name = {view.name: view for view in views}
    return Source(
        name=name,
        title=header.text("title"),
        docs=header.text("docs"),
        ddl=ddl,
        table=table,
        event_view=by_name[name],
        unparsed_view=by_name[f"{name}_unparsed"],
        partitions=partitions,
    )


def load_partitions(roots: Iterable[Root], name: str) -> Partitions:
    """Return `partitions/<source>.yaml` as a value.

    Raises:
        ContentError: the file is missing or has problems.
    """
    paths = [root.partitions / f"{name}.yaml" for root in roots]
    path = next((p for p in reversed(paths) if p.is_file()), paths[0])
    if not path.is_file():
        raise ContentError([Problem(Location(path), "missing", f"the partitions of {name}")])
    reader = Reader(path, load_yaml(path.read_text(encoding="utf-8"), path), [])
    reader.check_keys(_PARTITION_KEYS, _PARTITION_OPTIONAL)
    columns = tuple(_partition_column(reader, str(key)) for key in reader.mapping("columns"))
    if reader.text("window") not in [column.name for column in columns]:
        reader.problem(reader.line("window"), "`window`", "the name of a column")
    partitions = Partitions(
        bucket=reader.text("bucket"),
        layouts=_texts(reader.inner("layouts")),
        file=reader.text("file"),
        stamp=reader.text("stamp"),
        columns=columns,
        window=reader.text("window"),
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
    )
    if reader.problems:
        raise ContentError(reader.problems)
    return partitions


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
    column.check_keys(("type",), ("values", "format", "range", "interval", "record"))
    return PartitionColumn(name, **_texts(column))


def _skip(reader: Reader, name: str) -> Skip:
    rule = reader.inner("skip").inner(name)
    rule.check_keys(("reason",), ("path", "keys"))
    return Skip(name, rule.text("reason"), rule.text("path"), rule.texts("keys"))


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


def _render(
    path: Path, body: str, line: int, name: str, partitions: Partitions, deployment: Deployment
) -> str:
    place = _Placement(partitions, deployment)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
    try:
        return environment.from_string(body).render(
            table=name,
            partition_columns=", ".join(f"{c.name} string" for c in partitions.columns),
            location=place.root,
            properties=place.properties(),
        )
    except jinja2.TemplateError as error:
        where = line - 1 + (getattr(error, "lineno", None) or 1)
        raise ContentError([Problem(Location(path, where), f"template: {error}")]) from error


class _Placement:
    """Where the table of one deployment lies; what is not configured is a marked placeholder."""

    def __init__(self, partitions: Partitions, deployment: Deployment) -> None:
        bucket = deployment.buckets.get(partitions.bucket, f"<bucket {partitions.bucket}>")
        wanted = "organization" if deployment.organization else next(iter(partitions.layouts))
        layout = wanted if wanted in partitions.layouts else next(iter(partitions.layouts))
        template = partitions.layouts[layout]
        if deployment.organization:
            template = template.replace("${organization_id}", deployment.organization)
        self.partitions = partitions
        self.deployment = deployment
        self.template = f"s3://{bucket}/{deployment.prefix}{template}"
        self.root = self.template.partition("${")[0]

    def properties(self) -> str:
        """Return the projection properties as the inside of TBLPROPERTIES."""
        pairs = {"projection.enabled": "true"}
        for column in self.partitions.columns:
            for key, value in self._column(column).items():
                pairs[f"projection.{column.name}.{key}"] = value
        pairs["storage.location.template"] = self.template
        return ",".join(f"\n    '{key}'='{value}'" for key, value in pairs.items()) + "\n"

    def _column(self, column: PartitionColumn) -> dict[str, str]:
        if column.type == "date":
            step, _, unit = column.interval.partition(" ")
            return {
                "type": "date",
                "format": column.format,
                "range": self._filled(column.range),
                "interval": step,
                "interval.unit": unit,
            }
        return {"type": column.type, "values": self._filled(column.values)}

    def _filled(self, text: str) -> str:
        day = self.deployment.first_day
        first_day = day.strftime("%Y/%m/%d") if day else "<first_day yyyy/MM/dd>"
        return (
            text.replace("deployment.accounts", ",".join(self.deployment.accounts) or "<accounts>")
            .replace("deployment.regions", ",".join(self.deployment.regions) or "<regions>")
            .replace("deployment.first_day", first_day)
        )


def _parse(where: Location, ddl: str) -> tuple[Table, tuple[View, ...]]:
    tables: list[Table] = []
    views: list[View] = []
    for line, statement in _statements(where, ddl):
        place = Location(where.path, where.line + line)
        match = _VIEW.match(statement)
        try:
            if match:
                views.append(_view(match[1], statement[match.end() :]))
            else:
                tables.append(_table(statement))
        except (ParseError, TokenError, ValueError) as error:
            what = str(error).partition("\n")[0]
            raise ContentError([Problem(place, f"not Athena DDL: {what}")]) from error
    if len(tables) != 1:
        raise ContentError([Problem(where, f"{len(tables)} tables", "one CREATE EXTERNAL TABLE")])
    return tables[0], tuple(views)


def _statements(where: Location, ddl: str) -> list[tuple[int, str]]:
    """Return each statement with the number of lines before it; comments stay inside."""
    try:
        tokens = sqlglot.tokenize(ddl, read="athena")
    except TokenError as error:
        raise ContentError([Problem(where, f"not SQL: {error}")]) from error
    statements: list[tuple[int, str]] = []
    start: int | None = None
    end = 0
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if start is not None:
                statements.append((ddl.count("\n", 0, start), ddl[start:end]))
            start = None
        else:
            start = token.start if start is None else start
            end = token.end + 1
    if start is not None:
        statements.append((ddl.count("\n", 0, start), ddl[start:end]))
    return statements


def _view(name: str, sql: str) -> View:
    select = sqlglot.parse_one(sql, read="trino")
    if not isinstance(select, exp.Select):
        raise ValueError(f"view {name} is no SELECT")
    columns = tuple(item.output_name for item in select.selects)
    if not all(columns):
        raise ValueError(f"view {name}: column {columns.index('') + 1} has no name")
    return View(name, columns, sql)


def _table(statement: str) -> Table:
    create = sqlglot.parse_one(statement, read="athena")
    if not isinstance(create, exp.Create) or not isinstance(create.this, exp.Schema):
        raise ValueError("expected CREATE EXTERNAL TABLE name (columns)")
    found: dict[type[exp.Expr], exp.Expr] = {
        type(p): p for p in create.args["properties"].expressions
    }
    partitioned = found[exp.PartitionedByProperty].this
    serde = found.get(exp.RowFormatSerdeProperty)
    return Table(
        name=create.this.this.name,
        columns=tuple(_column(c) for c in create.this.expressions),
        partition_columns=tuple(_column(c) for c in partitioned.expressions),
        serde=serde.name if serde else "",
        input_format=_format(found, "input_format"),
        output_format=_format(found, "output_format"),
        location=found[exp.LocationProperty].name,
        properties={
            p.name: p.args["value"].name
            for p in create.args["properties"].expressions
            if type(p) is exp.Property
        },
        serde_properties=_pairs(serde.args.get("serde_properties") if serde else None),
    )


def _pairs(properties: exp.Expr | None) -> dict[str, str]:
    items = properties.expressions if properties else []
    return {item.name: item.args["value"].name for item in items}


def _format(found: Mapping[type[exp.Expr], exp.Expr], key: str) -> str:
    stored = found.get(exp.FileFormatProperty)
    value = stored.this.args.get(key) if stored and isinstance(stored.this, exp.Expr) else None
    return value.name if value else ""


def _column(definition: exp.Expr) -> Column:
    kind = definition.args.get("kind")
    if not isinstance(kind, exp.DataType):
        raise ValueError(f"column {definition.name} has no type")
    comment = next(
        (
            constraint.kind.name
            for constraint in definition.args.get("constraints") or ()
            if isinstance(constraint.kind, exp.CommentColumnConstraint)
        ),
        "",
    )
    return Column(definition.name, _type(kind), comment)


_SCALARS = {"TEXT": "string", "INT": "int", "VARBINARY": "binary"}


def _type(kind: exp.DataType) -> Type:
    name = kind.this.name if hasattr(kind.this, "name") else str(kind.this)
    if name == "STRUCT":
        fields = ((f.name, _type(f.args["kind"])) for f in kind.expressions)
        return Type("struct", fields=tuple(fields))
    if name in ("ARRAY", "MAP"):
        return Type(name.lower(), tuple(_type(inner) for inner in kind.expressions))
    if kind.expressions:
        sizes = ",".join(size.name for size in kind.expressions)
        return Type(f"{name.lower()}({sizes})")
    return Type(_SCALARS.get(name, name.lower()))
