"""Loads sources: templates rendered for a deployment, read back, and completed.

Knows the order of the steps. `lakehunt.sources` offers it to every floor above.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lakehunt.config import Deployment
from lakehunt.content import (
    Root,
    source_formats,
    source_header,
    source_names,
    source_template,
    split_header,
)
from lakehunt.errors import ContentError, Location, Problem, nearest
from lakehunt.model import Format, Partitions, Source, Table, View
from lakehunt.sources.absent import filled
from lakehunt.sources.ddl import Statement, read_table, read_view, statements
from lakehunt.sources.deployed import value_names
from lakehunt.sources.lines import READ, lines_ddl, unparsed_sql
from lakehunt.sources.partitionsfile import check_partitions, load_partitions
from lakehunt.sources.placement import Placement
from lakehunt.sources.template import render


def load_sources(
    roots: Iterable[Root], deployment: Deployment | None = None, *, is_local: bool = False
) -> dict[str, Source]:
    """Return all sources by name, their tables rendered for a deployment when they are asked for.

    Args:
        is_local: with every column as without a deployment, of which only the fields count: those
            of files that do not name theirs.

    Raises:
        ContentError: any header or partitions file has problems.
        ConfigError: the deployment names a source, bucket, layout, format or field that there is
            not.
    """
    roots = tuple(roots)
    names = source_names(roots)
    if deployment is not None:
        tables = ("fields",) if is_local else ("layouts", "formats", "fields")
        _check_names(deployment, tables, names, "source")
    sources = {name: _source(roots, name, deployment, is_local) for name in names}
    if deployment is not None and not is_local:
        buckets = dict.fromkeys(source.partitions.bucket for source in sources.values())
        _check_names(deployment, ("buckets", "prefixes"), buckets, "bucket of a source")
        columns = (column for source in sources.values() for column in source.partitions.columns)
        values = (name for column in columns for name in value_names(column.values))
        _check_names(deployment, ("values",), dict.fromkeys(values), "name in a source's folders")
    return sources


def _check_names(
    deployment: Deployment, tables: Iterable[str], names: Iterable[str], what: str
) -> None:
    known = [*names]
    for table in tables:
        for name in getattr(deployment, table):
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else f"there are: {', '.join(known)}"
                raise deployment.error(table, name, f"no {what}; {hint}")


def load_source(
    roots: Iterable[Root],
    name: str,
    deployment: Deployment | None = None,
    *,
    is_local: bool = False,
) -> Source:
    """Return one source; without a deployment it has every partition column and every field.

    Its templates are read at once.

    Args:
        is_local: as for `load_sources`.

    Raises:
        UsageError: there is no such source; names the nearest.
        ContentError: its files have problems.
        ConfigError: the deployment asks for a layout, format or field that the source lacks.
    """
    source = _source(tuple(roots), name, deployment, is_local)
    source.make()
    return source


def _source(
    roots: tuple[Root, ...], name: str, deployment: Deployment | None, is_local: bool
) -> Source:
    header = source_header(roots, name)
    header.check_keys(("title", "docs"), ("notes",))
    if header.problems:
        raise ContentError(header.problems)
    own = deployment or Deployment()
    if is_local:
        own = Deployment(fields=own.fields, lines=own.lines)
    is_whole = is_local or deployment is None
    placement = Placement(name, load_partitions(roots, name), own, is_whole=is_whole)
    first = placement.format_of(source_formats(roots, name))
    names = sorted(source_formats(roots, name), key=lambda format_: format_ != first)
    return Source(
        name=name,
        title=header.text("title"),
        docs=header.text("docs"),
        partitions=placement.partitions,
        make=_Formats(_Maker(roots, name, placement), names),
        layout=placement.layout,
    )


def _check_alike(path: Path, formats: tuple[Format, ...]) -> None:
    for other in formats[1:]:
        if other.event_view.columns != formats[0].event_view.columns:
            what = f"format {other.name}: its event view has other columns than {formats[0].name}"
            raise ContentError([Problem(Location(path), what, "the same columns in each format")])


def _check_read(where: Location, table: Table) -> None:
    """Refuse a table whose files nothing here reads."""
    for what, name, known in (
        ("input format", table.input_format, [*READ]),
        ("SerDe", table.serde, READ.get(table.input_format, ())),
    ):
        if name not in known:
            told = f"{table.name}: {what} {name}" if name else f"{table.name} has no {what}"
            raise ContentError([Problem(_spelled(where, name), told, " or ".join(known))])


def _spelled(where: Location, name: str) -> Location:
    """Return the line of a template that spells a name: rendered lines are not the file's."""
    rows = Path(where.path).read_text(encoding="utf-8").split("\n")
    own = (number for number, row in enumerate(rows, start=1) if name and name in row)
    return replace(where, line=next(own, where.line))


@dataclass(slots=True)
class _Formats:
    """Reads the formats of a source when they are first asked for."""

    maker: "_Maker"
    names: list[str]
    made: tuple[Format, ...] = ()

    def __call__(self) -> tuple[Format, ...]:
        if not self.made:
            made = tuple(self.maker.format(name) for name in self.names)
            _check_alike(source_template(self.maker.roots, self.maker.name), made)
            self.made = made
        return self.made


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the relations of one source, format by format."""

    roots: tuple[Root, ...]
    name: str
    placement: Placement

    @property
    def partitions(self) -> Partitions:
        return self.placement.partitions

    def format(self, format_: str) -> Format:
        path = source_template(self.roots, self.name, format_)
        _, body, line = split_header(path.read_text(encoding="utf-8"), Location(path))
        where = Location(path, line)
        folders = [root.ddl for root in reversed(self.roots)]
        rendered = render(folders, where, body, self.placement.holes(self.name))
        found = statements(where, rendered)
        table = self._table(where, found)
        check_partitions(self.roots, self.name, self.partitions, table)
        views = {one.view: self._view(one, table) for one in found if one.view}
        if self.name not in views:
            what = f"no view {self.name}"
            raise ContentError([Problem(Location(path), what, "the event view of the source")])
        ddl = rendered
        for one in reversed(found):
            if one.view:
                ddl = ddl[: one.start] + one.with_sql(views[one.view].sql) + ddl[one.end :]
        return self._completed(where, format_, ddl, table, views)

    def _table(self, where: Location, found: list[Statement]) -> Table:
        own = [one for one in found if not one.view]
        tables = [read_table(one) for one in own]
        if len(tables) != 1:
            what = f"{len(tables)} tables"
            raise ContentError([Problem(where, what, "one CREATE EXTERNAL TABLE")])
        if tables[0].name != f"{self.name}_raw":
            what = f"table {tables[0].name}"
            raise ContentError([Problem(where, what, f"{self.name}_raw, `{{{{ table }}}}_raw`")])
        _check_read(own[0].where, tables[0])
        return tables[0]

    def _view(self, statement: Statement, table: Table) -> View:
        return read_view(statement, filled(statement.sql, table, self.partitions))

    def _completed(
        self, where: Location, format_: str, ddl: str, table: Table, views: dict[str, View]
    ) -> Format:
        """Return a format with what the template leaves to us: `_lines` and `_unparsed`."""
        lines_table = None
        ddl = ddl.rstrip() + "\n"
        name = f"{self.name}_unparsed"
        written = lines_ddl(self.name, table)
        if written:
            (statement,) = statements(where, written)
            lines_table = read_table(statement)
            ddl += f"\n{written};\n"
        if name not in views:
            sql = unparsed_sql(self.name, table, views[self.name], self.partitions)
            if not sql:
                near = nearest(name, views)
                problem = Problem(Location(where.path), f"no view {name}", "what is left out", near)
                raise ContentError([problem])
            (statement,) = statements(where, f"CREATE OR REPLACE VIEW {name} AS\n{sql}")
            views[name] = read_view(statement, statement.sql)
            ddl += f"\nCREATE OR REPLACE VIEW {name} AS\n{sql};\n"
        return Format(format_, ddl, table, lines_table, views[self.name], views[name])
