"""Types of every relation and query, and DuckDB's text of a query, by Trino on DuckDB.

Knows sources and the package's errors; makes ours of them. Engines and `check` call it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from sqlglot import exp

from lakehunt import trino_on_duckdb as trino
from lakehunt.errors import LakehuntError, Location, Refused, SqlError
from lakehunt.model import ACTIVITY, Column, Param, Source, Type, ValueType, View, owner_of
from lakehunt.sql.activity import ACTIVITY_TYPES
from lakehunt.sql.bind import WINDOW_NAMES, bind
from lakehunt.sql.compile import Draft, Statement, athena_tree
from lakehunt.sql.parse import place_of
from lakehunt.times import ALL_TIME
from lakehunt.trino_on_duckdb import Analysis, Translation
from lakehunt.trino_on_duckdb.parser import parse
from lakehunt.trino_on_duckdb.types import Type as TrinoType
from lakehunt.trino_on_duckdb.types import parse as read_type

Catalog = Mapping[str, Mapping[str, str]]
_NAMES = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary",
          "timestamp": "timestamp(3)"}  # fmt: skip
# Glue's words for Trino's types, where they are not text.
_GLUE = {
    **{name: name for name in ("boolean", "tinyint", "smallint", "bigint", "double", "date")},
    "integer": "int",
    "real": "float",
    "varbinary": "binary",
    "timestamp": "timestamp",
}
_WINDOW = dict.fromkeys(WINDOW_NAMES, "timestamp(3)")
_PARAMETERS = {
    ValueType.TEXT: "varchar",
    ValueType.INTEGER: "bigint",
    ValueType.DOUBLE: "double",
    ValueType.BOOLEAN: "boolean",
    ValueType.TIMESTAMP: "timestamp(3)",
    ValueType.DATE: "date",
    ValueType.INTERVAL: "interval day to second",
}


def trino_type(type_: Type) -> str:
    """Return a column's type as Athena shows it in a query: string is varchar, struct is row."""
    if type_.name == "struct":
        fields = ", ".join(f'"{name}" {trino_type(field)}' for name, field in type_.fields)
        return f"row({fields})"
    if type_.arguments:
        return f"{type_.name}({', '.join(trino_type(inner) for inner in type_.arguments)})"
    return _NAMES.get(type_.name, type_.name)


def view_type(text: str) -> str:
    """Return a Trino type as a stored view spells it: field names quoted and in lower case."""
    return _stored(read_type(text))


def _stored(type_: TrinoType) -> str:
    if type_.base == "row" and type_.names:
        names = (f'"{(name or "").lower()}"' for name in type_.names)
        fields = zip(names, type_.children, strict=True)
        return f"row({', '.join(f'{name} {_stored(inner)}' for name, inner in fields)})"
    if type_.children:
        return f"{type_.base}({', '.join(_stored(inner) for inner in type_.children)})"
    return str(type_)


def glue_type(type_: TrinoType) -> str:
    """Return the type that Glue shows for a Trino type; text where Glue has none of the kind."""
    inner = [glue_type(child) for child in type_.children]
    if type_.base == "row":
        names = type_.names or tuple(f"field{i}" for i in range(len(inner)))
        fields = zip(names, inner, strict=True)
        return f"struct<{','.join(f'{name}:{kind}'.lower() for name, kind in fields)}>"
    if inner:
        return f"{type_.base}<{','.join(inner)}>"
    if type_.base == "decimal":
        return str(type_)
    return _GLUE.get(type_.base, "string")


def raw_columns(columns: Iterable[Column]) -> dict[str, str]:
    """Return columns with their Trino types, and the hidden column `$path`."""
    return {**{column.name: trino_type(column.type) for column in columns}, "$path": "varchar"}


def catalog_of(sources: Iterable[Source]) -> Catalog:
    """Return every relation of some sources with the Trino type of each column.

    A source is read and a view analyzed when their columns are first asked for; a wrong one raises
    ContentError or SqlError then.
    """
    return _Catalog(sources)


class _Catalog(Mapping[str, Mapping[str, str]]):
    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.name: source for source in sources}
        self._known: dict[str, Mapping[str, str]] = {ACTIVITY: ACTIVITY_TYPES}

    def __getitem__(self, name: str) -> Mapping[str, str]:
        if name not in self._known:
            source = owner_of(self._sources, name)
            if source is None:
                raise KeyError(name)
            self._known[name] = _columns(source, name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        yield ACTIVITY
        for source in self._sources.values():
            yield from source.relations

    def __len__(self) -> int:
        return 1 + sum(len(source.relations) for source in self._sources.values())


def _columns(source: Source, relation: str) -> Mapping[str, str]:
    """Return the columns of a source's relation with their Trino types."""
    tables = {table.name: (*table.columns, *table.partition_columns) for table in source.tables}
    view = next((view for view in source.views if view.name == relation), None)
    if view is None:
        return raw_columns(tables[relation])
    return _view_columns(view, tuple(tables.items()))


# Each engine has a catalog of its own, and all ask for the same few views.
@lru_cache(maxsize=256)
def _view_columns(
    view: View, tables: tuple[tuple[str, tuple[Column, ...]], ...]
) -> Mapping[str, str]:
    known = {name: raw_columns(columns) for name, columns in tables}
    analysis = analyzed(view.sql, known, where=Location(view.name))
    return {column.name: str(column.type) for column in analysis.columns}


def analyzed(
    query: str | exp.Query,
    catalog: Catalog,
    params: Mapping[str, Param] | None = None,
    where: Location | None = None,
) -> Analysis:
    """Return what is known about a query as written, its parameters typed but not bound.

    A text has the places for errors, a tree of `parse_query` has none.

    Raises:
        SqlError: Athena would refuse it; with Athena's error name, and the place in the text.
        Refused: it holds what the local engine cannot reproduce.
    """
    types = {name: _PARAMETERS[param.type.element] for name, param in (params or {}).items()}
    assert isinstance(query, str | exp.Expression)
    with _ours(where):
        return trino.analyze(query, catalog, trino.Flavour.ATHENA, {**types, **_WINDOW})


def check_types(draft: Draft, catalog: Catalog) -> None:
    """Refuse a draft that `analyzed` refuses, with the place in its text."""
    try:
        analyzed(draft.tree, catalog, draft.params)
    except LakehuntError as error:
        raise pointed(error, draft, catalog) from error


def pointed(error: LakehuntError, draft: Draft, catalog: Catalog) -> LakehuntError:
    """Return why a draft is refused as its text shows it, the error itself where it does not."""
    try:
        analyzed(draft.text, catalog, draft.params, draft.where)
        written = parse(draft.text)
        if isinstance(written, exp.Query):
            bound = bind(written, ALL_TIME, draft.params, draft.values)
            lowered(bound, catalog, draft.where)
    except LakehuntError as found:
        return found
    return error


def result_columns(tree: exp.Query, catalog: Catalog) -> tuple[trino.Column, ...]:
    """Return the columns of a bound query with their Trino types; raises as `analyzed`."""
    assert isinstance(tree, exp.Expression)
    with _ours(None):
        return trino.analyze(tree, catalog, trino.Flavour.ATHENA).columns


def trino_text(statement: Statement, sources: Mapping[str, Source], catalog: Catalog) -> str:
    """Return a statement as Trino takes it, with partition bounds on every log table.

    Raises:
        SqlError: as `analyzed`.
        Refused: the analyzer does not read it, and it has an UNNEST, which means another thing
            on Trino where it is one of rows.
    """
    tree = athena_tree(statement, sources)
    assert isinstance(tree, exp.Expression)
    try:
        with _ours(None):
            analysis = trino.analyze(tree, catalog, trino.Flavour.ATHENA)
            return trino.printed(analysis, trino.Flavour.TRINO)
    except Refused:
        if tree.find(exp.Unnest):
            raise
        return str(tree.sql("trino"))


def lowered(
    query: str | exp.Expr,
    catalog: Catalog,
    where: Location | None = None,
    *,
    waits: bool = False,
) -> Translation:
    """Return a bound query in DuckDB's SQL, with the types of its columns.

    Args:
        waits: the window is not known yet: the connection will have it in variables.

    Raises:
        SqlError, Refused: as `analyzed`.
    """
    assert isinstance(query, str | exp.Expression)
    with _ours(where):
        variables = _WINDOW if waits else None
        return trino.translate(query, catalog, trino.Flavour.ATHENA, variables)


@contextmanager
def _ours(where: Location | None) -> Iterator[None]:
    try:
        yield
    except trino.Refused as error:
        place = place_of(error, where)
        raise Refused(f"{place}not reproduced locally: {error.message}") from error
    except trino.TrinoError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise SqlError(f"{place_of(error, where)}{error.code}: {error.message}{hint}") from error
