"""Statements that change Glue: databases, tables, views and partitions, prepared statements.

Knows Athena's DDL by sqlglot, and Glue's shapes. `statements` calls it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehunt.sandbox.partitions import template_of
from lakehunt.sandbox.queries import QueryFailed, Session, view_text
from lakehunt.sandbox.reading import Reading
from lakehunt.sandbox.results import Outcome
from lakehunt.sandbox.store import Store
from lakehunt.sandbox.written import FORMATS
from lakehunt.sql.typed import glue_type

WORDS = ("CREATE", "DROP", "ALTER", "MSCK")
_VIEW = re.compile(
    r"CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+([\w.\"`]+)\s+AS\s+(.*)", re.IGNORECASE | re.DOTALL
)
_REPAIR = re.compile(r"MSCK\s+REPAIR\s+TABLE\s+([\w.\"`]+)", re.IGNORECASE)
_TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_DELIMITED = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_ALREADY = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."


def define(sql: str, database: str, session: Session, reading: Reading) -> Outcome:
    """Carry out a statement that changes Glue.

    Raises:
        QueryFailed: it is none that the sandbox knows, or what it names is there or is not.
        Missing: a database or table is not there.
    """
    store = reading.store
    view = _VIEW.fullmatch(sql)
    if view:
        return _view(view, database, session, store)
    repair = _REPAIR.fullmatch(sql)
    if repair:
        return _repair(*named(repair[1], database), store)
    try:
        tree = sqlglot.parse_one(sql, read="athena")
    except SqlglotError as error:
        raise QueryFailed(f"FAILED: ParseException {str(error).splitlines()[0]}") from error
    for kind, act in _ACTS.items():
        if isinstance(tree, kind):
            act(tree, sql, database, store)
            return Outcome("_".join(sql.upper().split()[:2]))
    raise QueryFailed(f"NOT_SUPPORTED: the sandbox knows no {' '.join(sql.split()[:3])}")


def named(name: str, database: str) -> tuple[str, str]:
    """Return the database and the table that a name means, quotes of either kind taken off."""
    parts = re.sub(r"[`\"]", "", name).lower().split(".")
    return (parts[-2] if len(parts) > 1 else database), parts[-1]


def _view(match: re.Match[str], database: str, session: Session, store: Store) -> Outcome:
    place, name = named(match[2], database)
    known = {one["Name"] for one in store.tables(place)}
    if name in known and not match[1]:
        what = f"View already exists: 'awsdatacatalog.{place}.{name}'"
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: {what}")
    columns = session.columns(match[3])
    definition = {
        "originalSql": match[3],
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": c.name.lower(), "type": str(c.type)} for c in columns],
    }
    described = [{"Name": c.name.lower(), "Type": glue_type(c.type)} for c in columns]
    store.put_table(
        place,
        {
            "Name": name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "PartitionKeys": [],
            "StorageDescriptor": {"Columns": described, "SerdeInfo": {}, "Location": ""},
            "ViewOriginalText": view_text(definition),
            "ViewExpandedText": "/* Presto View */",
        },
    )
    return Outcome("CREATE_VIEW")


def _repair(database: str, name: str, store: Store) -> Outcome:
    table = store.table(database, name)
    location = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
    keys = [key["Name"] for key in table.get("PartitionKeys") or ()]
    pattern = re.compile("".join(f"{re.escape(key)}=([^/]+)/" for key in keys))
    added = []
    for stored in store.objects(location):
        match = pattern.match(stored.url.removeprefix(location))
        place = location + match[0] if match else ""
        if match and store.put_partition(database, name, match.groups(), place):
            added.append([f"Repair: Added partition to metastore {name}:{match[0].rstrip('/')}"])
    return Outcome("MSCK_REPAIR", rows=added)


def _create(tree: exp.Expression, sql: str, database: str, store: Store) -> None:
    assert isinstance(tree, exp.Create)
    is_soft = bool(tree.args.get("exists"))
    if tree.args["kind"].upper() in ("DATABASE", "SCHEMA"):
        name = (tree.this.name or tree.this.db).lower()
        if name not in store.databases():
            store.make_database(name)
        elif not is_soft:
            raise QueryFailed(
                f"{_ALREADY} AlreadyExistsException(message:Database {name} already exists)"
            )
        return
    if not isinstance(tree.this, exp.Schema):
        raise QueryFailed("FAILED: ParseException line 1:1 expected columns in parentheses")
    place, name = named(tree.this.this.sql("hive", comments=False), database)
    if name not in {one["Name"] for one in store.tables(place)}:
        store.put_table(place, _table_input(name, tree, sql))
    elif not is_soft:
        raise QueryFailed(f"{_ALREADY} AlreadyExistsException(message:Table {name} already exists)")


def _table_input(name: str, tree: exp.Create, sql: str) -> dict[str, Any]:
    """Return a table as Glue takes it; names and types are lower case."""
    found: dict[type[exp.Expr], exp.Expr] = {
        type(p): p for p in tree.args["properties"].expressions
    }
    partitioned = found.get(exp.PartitionedByProperty)
    location = found.get(exp.LocationProperty)
    serde, reads, writes, given = _format(found)
    pairs = {
        p.name: p.args["value"].name
        for p in tree.args["properties"].expressions
        if type(p) is exp.Property
    }
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **pairs},
        "PartitionKeys": _columns(partitioned.this.expressions if partitioned else ()),
        "StorageDescriptor": {
            "Columns": _columns(tree.this.expressions),
            "Location": location.name if location else "",
            "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": given},
        },
    }


def _format(found: Mapping[type[exp.Expr], exp.Expr]) -> tuple[str, str, str, dict[str, str]]:
    """Return the SerDe, both formats and the SerDe's parameters."""
    stored = found.get(exp.FileFormatProperty)
    kind = stored.this if stored else None
    word = kind.name.upper() if isinstance(kind, exp.Expr) else ""
    serde, reads, writes = FORMATS.get(word, (_DELIMITED, _TEXT_IN, _TEXT_OUT))
    if isinstance(kind, exp.InputOutputFormat):
        reads, writes = (kind.args[key].name for key in ("input_format", "output_format"))
    by_name = found.get(exp.RowFormatSerdeProperty)
    given: dict[str, str] = {}
    if by_name is not None:
        serde = by_name.name
        pairs = by_name.args.get("serde_properties") or found.get(exp.SerdeProperties)
        items = pairs.expressions if pairs else ()
        given = {item.name: item.args["value"].name for item in items}
    delimited = found.get(exp.RowFormatDelimitedProperty)
    if delimited is not None and delimited.args.get("fields"):
        given["field.delim"] = delimited.args["fields"].name.encode().decode("unicode_escape")
    return serde, reads, writes, given


def _columns(definitions: Any) -> list[dict[str, str]]:
    columns = []
    for definition in definitions:
        type_ = definition.args["kind"].sql("hive").lower()
        column = {
            "Name": definition.name.lower(),
            "Type": type_.replace(", ", ",").replace(": ", ":"),
        }
        for constraint in definition.args.get("constraints") or ():
            if isinstance(constraint.kind, exp.CommentColumnConstraint):
                column["Comment"] = constraint.kind.this.name
        columns.append(column)
    return columns


def _drop(tree: exp.Expression, sql: str, database: str, store: Store) -> None:
    assert isinstance(tree, exp.Drop)
    target = tree.args["tables"][0]
    is_soft = bool(tree.args.get("exists"))
    if tree.args["kind"].upper() in ("DATABASE", "SCHEMA"):
        name = (target.name or target.db).lower()
        if name not in store.databases():
            if is_soft:
                return
            what = f"[Error 10072]: Database does not exist: {name}"
            raise QueryFailed(f"FAILED: SemanticException {what}")
        if store.tables(name) and not tree.args.get("cascade"):
            what = f"InvalidOperationException(message:Database {name} is not empty."
            raise QueryFailed(f"{_ALREADY} {what} One or more tables exist.)")
        store.drop_database(name)
        return
    place, name = named(target.sql("hive", comments=False), database)
    if is_soft and (
        place not in store.databases() or name not in {one["Name"] for one in store.tables(place)}
    ):
        return
    store.drop_table(place, name)


def _alter(tree: exp.Expression, sql: str, database: str, store: Store) -> None:
    place, name = named(tree.this.sql("hive", comments=False), database)
    table = store.table(place, name)
    for action in tree.args.get("actions") or ():
        if not isinstance(action, exp.AddPartition):
            raise QueryFailed(f"NOT_SUPPORTED: the sandbox knows no {' '.join(sql.split()[:5])}")
        pairs = action.this.find_all(exp.EQ)
        values = {pair.this.name.lower(): pair.expression.name for pair in pairs}
        location = action.args.get("location")
        where = location.name if location else template_of(table, values)
        keys = [key["Name"] for key in table["PartitionKeys"]]
        is_new = store.put_partition(place, name, [values[key] for key in keys], where)
        if not is_new and not action.args.get("exists"):
            what = "AlreadyExistsException(message:Partition already exists.)"
            raise QueryFailed(f"{_ALREADY} {what}")


_ACTS: Mapping[type[exp.Expr], Callable[[Any, str, str, Store], None]] = {
    exp.Create: _create,
    exp.Drop: _drop,
    exp.Alter: _alter,
}
