"""Tables made of queries and UNLOAD: the rows of a query as files in S3.

Knows file formats and the two statements. `statements` calls it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from lakehunt.sandbox.queries import QueryFailed, Session
from lakehunt.sandbox.results import Outcome
from lakehunt.sandbox.store import Store
from lakehunt.sql.typed import glue_type
from lakehunt.trino_on_duckdb.analysis import Column
from lakehunt.trino_on_duckdb.syntax.lexer import Token, tokens

if TYPE_CHECKING:
    from lakehunt.sandbox.statements import Statement

_TABLE_OF_QUERY = re.compile(r"CREATE\s+TABLE\s+(?!.*\bSTORED\s+AS\b)", re.IGNORECASE | re.DOTALL)
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
FORMATS: Mapping[str, tuple[str, str, str]] = {
    "PARQUET": (
        f"{_PARQUET}.serde.ParquetHiveSerDe",
        f"{_PARQUET}.MapredParquetInputFormat",
        f"{_PARQUET}.MapredParquetOutputFormat",
    ),
    "JSON": (
        "org.openx.data.jsonserde.JsonSerDe",
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    ),
    "TEXTFILE": (
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    ),
}


@dataclass(slots=True)
class _Wanted:
    """A statement taken apart: the query, where its rows go, the options, the table it makes."""

    query: str
    location: str = ""
    options: dict[str, str | list[str]] = field(default_factory=dict)
    table: str = ""
    is_soft: bool = False


def is_table_of_query(sql: str) -> bool:
    """Tell whether a CREATE makes a table of a query."""
    if not _TABLE_OF_QUERY.match(sql):
        return False
    found = tokens(sql)
    follows = zip(found, found[1:], strict=False)
    return any(
        one.word == "as" and (two.word in ("select", "with", "(", "values", "table"))
        for one, two in follows
    )


def parted(listed: str) -> list[str]:
    """Return the expressions of a list, as texts."""
    found = tokens(listed)
    parts, depth, start = [], 0, 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.word, 0)
        if (token.word == "," and depth == 0) or token.kind == "end":
            parts.append(listed[start : token.start].strip())
            start = token.start + 1
    return parts


def write(sql: str, statement: "Statement", session: Session, store: Store) -> Outcome:
    """Write a query's rows and return the files; a table of them stands in Glue afterwards.

    Raises:
        QueryFailed: the query failed, the place is not empty, or the table is there already.
    """
    wanted = _unload(sql) if sql[:6].upper() == "UNLOAD" else _table(sql)
    name = wanted.table.lower().replace('"', "").split(".")
    database = name[-2] if len(name) > 1 else statement.database
    kind = "CREATE_TABLE_AS_SELECT" if wanted.table else "UNLOAD"
    if wanted.table and name[-1] in [one["Name"] for one in store.tables(database)]:
        if wanted.is_soft:
            return Outcome(kind, written=())
        shown = f"awsdatacatalog.{database}.{name[-1]}"
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: Table '{shown}' already exists")
    given = wanted.location or wanted.options.get("external_location")
    location = str(given or f"{statement.output}tables/{statement.id}").rstrip("/") + "/"
    if any(store.objects(location)):
        what = f"Target directory for table already exists: {location}"
        raise QueryFailed(f"HIVE_PATH_ALREADY_EXISTS: {what}")
    rows, columns = session.table(wanted.query, statement.parameters, statement.scanned)
    rows = rows.rename_columns([column.name.lower() for column in columns])
    keys = _texts(wanted.options.get("partitioned_by"))
    how = str(wanted.options.get("format") or "PARQUET").upper()
    stamp = f"{datetime.now(UTC):%Y%m%d_%H%M%S}_00000_{statement.id[:5]}_{statement.id}"
    if wanted.table:
        store.put_table(database, _described(name[-1], columns, keys, how, location))
    files = []
    for values, part in _parts(rows, keys):
        place = location + "".join(f"{k}={v}/" for k, v in zip(keys, values, strict=True))
        files.append(place + stamp)
        store.put(place + stamp, _encoded(part, how))
        if wanted.table and keys:
            store.put_partition(database, name[-1], values, place)
    return Outcome(kind, written=tuple(files))


def _parts(rows: pyarrow.Table, keys: Sequence[str]) -> Iterator[tuple[list[str], pyarrow.Table]]:
    if not keys:
        if rows.num_rows:
            yield [], rows
        return
    for values in rows.select(keys).group_by(keys).aggregate([]).to_pylist():
        kept = None
        for name in keys:
            same = pyarrow.compute.equal(rows[name], values[name])
            kept = same if kept is None else pyarrow.compute.and_(kept, same)
        yield [str(values[name]) for name in keys], rows.filter(kept).drop_columns([*keys])


def _encoded(rows: pyarrow.Table, how: str) -> bytes:
    out = BytesIO()
    if how == "PARQUET":
        pyarrow.parquet.write_table(rows, out, compression="snappy")
    elif how == "JSON":
        import json  # noqa: PLC0415  one of several formats

        for row in rows.to_pylist():
            out.write(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
    elif how == "TEXTFILE":
        options = pyarrow.csv.WriteOptions(
            include_header=False, delimiter="\x01", quoting_style="none"
        )
        pyarrow.csv.write_csv(rows, out, options)
    else:
        raise QueryFailed(f"NOT_SUPPORTED: the sandbox writes PARQUET, JSON and TEXTFILE, no {how}")
    return out.getvalue()


def _described(
    name: str, columns: Sequence[Column], keys: Sequence[str], how: str, location: str
) -> dict[str, Any]:
    serde, reads, writes = FORMATS.get(how, FORMATS["PARQUET"])
    typed = {column.name.lower(): glue_type(column.type) for column in columns}
    listed = {key: [{"Name": n, "Type": t} for n, t in typed.items() if (n in keys) is key]
              for key in (True, False)}  # fmt: skip
    parameters = {"field.delim": "\x01"} if how == "TEXTFILE" else {}
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
        "PartitionKeys": listed[True],
        "StorageDescriptor": {
            "Columns": listed[False],
            "Location": location,
            "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters},
        },
    }


def _unload(sql: str) -> _Wanted:
    found = tokens(sql)
    end = _closing(found, 1)
    query = sql[found[1].start + 1 : found[end].start]
    if found[end + 1].word != "to" or found[end + 2].kind != "string":
        raise QueryFailed("SYNTAX_ERROR: line 1:1: expected UNLOAD (query) TO 'location'")
    options = _options(sql, found[end + 3 :])
    return _Wanted(query, found[end + 2].value, options)


def _table(sql: str) -> _Wanted:
    found = tokens(sql)
    start = 2
    is_soft = [token.word for token in found[2:5]] == ["if", "not", "exists"]
    if is_soft:
        start = 5
    at = next(n for n, token in enumerate(found) if n > start and token.word in ("with", "as"))
    table = "".join(sql[found[start].start : found[at].start].split())
    options: dict[str, str | list[str]] = {}
    if found[at].word == "with":
        options = _options(sql, found[at:])
        at = _closing(found, at + 1) + 1
    return _Wanted(sql[found[at].start + 2 :], options=options, table=table, is_soft=is_soft)


def _closing(found: Sequence[Token], opening: int) -> int:
    depth = 0
    for number, token in enumerate(found[opening:], start=opening):
        depth += {"(": 1, ")": -1}.get(token.word, 0)
        if depth == 0:
            return number
    raise QueryFailed("SYNTAX_ERROR: line 1:1: a parenthesis is not closed")


def _options(sql: str, found: Sequence[Token]) -> dict[str, str | list[str]]:
    """Return `name = value` of a WITH list; a value is a text, a word or an array of texts."""
    if not found or found[0].word != "with":
        return {}
    end = _closing(found, 1)
    options: dict[str, str | list[str]] = {}
    for part in parted(sql[found[1].start + 1 : found[end].start]):
        name, _, value = part.partition("=")
        texts = [token.value for token in tokens(value) if token.kind == "string"]
        array = value.strip().upper().startswith("ARRAY")
        options[name.strip().lower()] = texts if array else (texts[0] if texts else value.strip())
    return options


def _texts(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value
