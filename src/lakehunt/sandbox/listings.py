"""SHOW and DESCRIBE: what stands in Glue, as lines of text.

Knows Glue and the wording of Hive. `statements` calls it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lakehunt.sandbox.definitions import named
from lakehunt.sandbox.partitions import placed_objects
from lakehunt.sandbox.queries import QueryFailed, view_definition
from lakehunt.sandbox.results import Outcome, Row, of_lines
from lakehunt.sandbox.store import Store
from lakehunt.trino_on_duckdb.types import Type

WORDS = ("SHOW", "DESCRIBE", "DESC")
_FORMS = (
    ("SHOW_DATABASES", r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+LIKE\s+'(?P<like>[^']*)')?"),
    ("SHOW_TABLES", r"SHOW\s+TABLES(?:\s+IN\s+(?P<name>\S+))?(?:\s+'(?P<like>[^']*)')?"),
    ("SHOW_VIEWS", r"SHOW\s+VIEWS(?:\s+IN\s+(?P<name>\S+))?(?:\s+LIKE\s+'(?P<like>[^']*)')?"),
    ("SHOW_PARTITIONS", r"SHOW\s+PARTITIONS\s+(?P<name>\S+)"),
    ("SHOW_COLUMNS", r"SHOW\s+COLUMNS\s+(?:FROM|IN)\s+(?P<name>\S+)"),
    ("SHOW_CREATE_TABLE", r"SHOW\s+CREATE\s+TABLE\s+(?P<name>\S+)"),
    ("SHOW_CREATE_VIEW", r"SHOW\s+CREATE\s+VIEW\s+(?P<name>\S+)"),
    ("DESCRIBE_TABLE", r"DESC(?:RIBE)?(?:\s+FORMATTED|\s+EXTENDED)?\s+(?P<name>\S+)"),
)
_STRING = Type("string")
_COLUMNS = {"SHOW_DATABASES": "database_name", "SHOW_TABLES": "tab_name", "SHOW_VIEWS": "views",
            "SHOW_PARTITIONS": "partition", "SHOW_COLUMNS": "field",
            "SHOW_CREATE_TABLE": "createtab_stmt", "SHOW_CREATE_VIEW": "Create View"}  # fmt: skip


def listed(sql: str, database: str, store: Store) -> Outcome:
    """Return what a SHOW or DESCRIBE prints.

    Raises:
        QueryFailed: it is none that the sandbox knows.
        Missing: what it names is not there.
    """
    for kind, form in _FORMS:
        match = re.fullmatch(form, sql, re.IGNORECASE)
        if match:
            rows = _rows(kind, match.groupdict(), database, store)
            # DESCRIBE announces three columns and gives one line, its parts joined by tabs
            names = _COLUMNS.get(kind, "col_name data_type comment").split()
            return of_lines(kind, [(name, _STRING) for name in names], rows)
    raise QueryFailed(f"NOT_SUPPORTED: the sandbox knows no {' '.join(sql.split()[:3])}")


def _rows(kind: str, given: Mapping[str, str | None], database: str, store: Store) -> list[Row]:
    like = re.compile((given.get("like") or "*").replace("*", ".*").replace("%", ".*"))
    name = given.get("name") or ""
    if kind == "SHOW_DATABASES":
        return [[one] for one in store.databases() if like.fullmatch(one)]
    if kind in ("SHOW_TABLES", "SHOW_VIEWS"):
        place = named(name, database)[1] if name else database
        return [
            [one["Name"]]
            for one in store.tables(place)
            if like.fullmatch(one["Name"]) and (kind == "SHOW_TABLES" or _is_view(one))
        ]
    return _told(kind, *named(name, database), store)


def _told(kind: str, place: str, name: str, store: Store) -> list[Row]:
    table = store.table(place, name)
    if kind == "SHOW_PARTITIONS":
        found = placed_objects(store, place, table)
        values = dict.fromkeys(tuple(one.values.items()) for one in found)
        return [["/".join(f"{key}={value}" for key, value in one)] for one in values]
    keys = table.get("PartitionKeys") or []
    columns = [*table["StorageDescriptor"]["Columns"], *keys]
    if kind == "SHOW_COLUMNS":
        return [[column["Name"]] for column in columns]
    if kind == "SHOW_CREATE_TABLE":
        return [[line] for line in _create_table(place, table)]
    if kind == "SHOW_CREATE_VIEW":
        text = view_definition(table)["originalSql"]
        return [[line] for line in (f"CREATE VIEW {place}.{name} AS", *text.splitlines())]
    return _described(columns, keys)


def _is_view(table: Mapping[str, Any]) -> bool:
    return table.get("TableType") == "VIRTUAL_VIEW"


def _described(
    columns: Sequence[Mapping[str, str]], keys: Sequence[Mapping[str, str]]
) -> list[Row]:
    rows: list[Row] = [[_line(column)] for column in columns]
    if keys:
        head = {"Name": "# col_name", "Type": "data_type", "Comment": "comment"}
        blank = "\t \t "
        rows += [[blank], [f"# Partition Information{blank}"], [_line(head)], [blank]]
        rows += [[_line(key)] for key in keys]
    return rows


def _line(column: Mapping[str, str]) -> str:
    cells = (column["Name"], column["Type"], column.get("Comment") or "")
    return "\t".join(f"{cell:<20}" for cell in cells)


def _create_table(database: str, table: Mapping[str, Any]) -> list[str]:
    stored = table["StorageDescriptor"]
    serde = stored.get("SerdeInfo") or {}
    keys = table.get("PartitionKeys") or []
    lines = [
        f"CREATE EXTERNAL TABLE `{database}.{table['Name']}`(",
        *_definitions(stored["Columns"]),
    ]
    if keys:
        lines += ["PARTITIONED BY (", *_definitions(keys)]
    lines += ["ROW FORMAT SERDE", f"  '{serde.get('SerializationLibrary', '')}'"]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES (", *_pairs(serde["Parameters"])]
    lines += ["STORED AS INPUTFORMAT", f"  '{stored.get('InputFormat', '')}'"]
    lines += ["OUTPUTFORMAT", f"  '{stored.get('OutputFormat', '')}'"]
    lines += ["LOCATION", f"  '{stored.get('Location', '')}'"]
    return [*lines, "TBLPROPERTIES (", *_pairs(table.get("Parameters") or {})]


def _definitions(columns: Sequence[Mapping[str, str]]) -> list[str]:
    return _closed([f"  `{column['Name']}` {column['Type']}" for column in columns])


def _pairs(pairs: Mapping[str, str]) -> list[str]:
    return _closed([f"  '{key}'='{value}'" for key, value in pairs.items()])


def _closed(lines: Sequence[str]) -> list[str]:
    return [*(f"{line}," for line in lines[:-1]), f"{lines[-1] if lines else ''})"]
