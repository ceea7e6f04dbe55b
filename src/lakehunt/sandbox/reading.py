"""Makes DuckDB relations of tables in Glue: by a source's own reader, or by the table's format.

Knows SerDes and the local engine's scan, nothing of any one source. A table is a source's when its
columns are among that source's and its SerDe is the same, or when its files are recognised.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.kept.rows import ScanFiles
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.recognise import Recogniser
from lakehunt.engines.local.scan import kept_rows, scan_files
from lakehunt.engines.local.types import quoted, text
from lakehunt.model import Source
from lakehunt.model import Type as LogType
from lakehunt.sandbox.json_files import keys_of, records_of, spelled
from lakehunt.sandbox.partitions import Placed, placed_objects
from lakehunt.sandbox.store import Store, StoredObject, Unreadable
from lakehunt.sql.compile import Draft, compile_draft
from lakehunt.sql.share import plan_scans
from lakehunt.sql.typed import trino_type
from lakehunt.trino_on_duckdb.lowering.carried import duck
from lakehunt.trino_on_duckdb.types import Type, parse

_RECOGNISED_FILES = 3
_GLUE_WORDS = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary",
               "timestamp": "timestamp(3)"}  # fmt: skip
_GLUE_TOKEN = re.compile(r"\w+(?=\s*:)|\w+|[<>:,()]")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table of Glue as a query sees it: Trino types by column, partition keys, its objects.

    `sql` gives DuckDB's SELECT of it, and reads the objects for it.
    """

    columns: Mapping[str, Type]
    keys: tuple[str, ...]
    placed: Sequence[Placed]
    sql: Callable[[], str]


def glue_to_trino(glue: str) -> Type:
    """Return a Glue type such as `struct<a:int>` as Trino has it."""

    def spelled(match: re.Match[str]) -> str:
        token = match[0]
        if match.string[match.end() :].lstrip().startswith(":"):
            return f'"{token}"'
        signs = {"<": "(", ">": ")", ":": " ", "struct": "row"}
        return signs.get(token.lower(), _GLUE_WORDS.get(token.lower(), token))

    return parse(_GLUE_TOKEN.sub(spelled, glue))


@dataclass(frozen=True, slots=True)
class _Held:
    """The bytes of an object, as a lake reads them."""

    store: Store
    stored: StoredObject

    def read(self) -> bytes:
        return self.store.read(self.stored)

    def head(self, size_bytes: int) -> bytes:
        return self.read()[:size_bytes]

    def on_disk(self) -> Path:
        return self.store.file(self.stored)

    def version(self) -> str:
        return f"{self.stored.url} {self.stored.etag}"


class Reading:
    """The relations of one store; what was parsed once is kept while its objects stay the same."""

    def __init__(self, store: Store, sources: Mapping[str, Source], folder: Path) -> None:
        self.store = store
        self.sources = sources
        self.folder = folder
        self._lock = threading.Lock()
        self._kept: dict[object, str] = {}

    def relation(self, database: str, table: Mapping[str, Any]) -> Relation:
        """Return a table as a relation; nothing of it is read yet.

        Raises:
            Missing: its bucket is not there.
        """
        placed = placed_objects(self.store, database, table)
        keys = tuple(key["Name"].lower() for key in table.get("PartitionKeys") or ())
        described = [*table["StorageDescriptor"]["Columns"], *(table.get("PartitionKeys") or ())]
        columns = {c["Name"].lower(): glue_to_trino(c["Type"]) for c in described}
        columns["$path"] = parse("varchar")
        return Relation(columns, keys, placed, lambda: self._read(table, columns, placed))

    def _read(
        self, table: Mapping[str, Any], columns: Mapping[str, Type], placed: Sequence[Placed]
    ) -> str:
        """Return DuckDB's SELECT of a table, of what was read before if its objects are the same.

        Raises:
            Unreadable: its format is none that the sandbox reads.
        """
        own = tuple((one.stored.url, one.stored.etag) for one in placed)
        with self._lock:
            key = (str(sorted(columns.items())), str(table["StorageDescriptor"]), own)
            if key not in self._kept:
                self._kept[key] = self._sql(table, columns, placed)
        return self._kept[key]

    def _sql(
        self, table: Mapping[str, Any], columns: Mapping[str, Type], placed: Sequence[Placed]
    ) -> str:
        if not placed:
            empty = (f"CAST(NULL AS {duck(t)}) AS {quoted(n)}" for n, t in columns.items())
            return f"SELECT {', '.join(empty)} WHERE false"
        source = self._source(table, columns, placed)
        if source is not None:
            return self._by_source(source, columns, placed)
        serde = table["StorageDescriptor"].get("SerdeInfo") or {}
        library = serde.get("SerializationLibrary", "")
        for end, reader in _READERS.items():
            if library.endswith(end):
                given = {**(table.get("Parameters") or {}), **(serde.get("Parameters") or {})}
                is_json = reader is _json
                files = self._spelled(library, given, columns, placed) if is_json else {}
                return self._by_format(reader, given, columns, placed, files)
        raise Unreadable(f"tables of {library or 'no SerDe'} are not read by the sandbox")

    def _source(
        self, table: Mapping[str, Any], columns: Mapping[str, Type], placed: Sequence[Placed]
    ) -> Source | None:
        """Return the source whose table this is, in the format that it is written in."""
        serde = (table["StorageDescriptor"].get("SerdeInfo") or {}).get("SerializationLibrary")
        formats = [s.only(f) for s in self.sources.values() for f in s.formats]
        alike = [
            source
            for source in formats
            if source.table.serde == serde and columns.keys() - {"$path"} <= _names(source)
        ]
        if alike:
            return min(alike, key=lambda source: len(_names(source)))
        recogniser = Recogniser(self.sources.values())
        for one in placed[:_RECOGNISED_FILES]:
            found = recogniser.recognise(self._file(one).head()).source
            if found is not None and columns.keys() & _names(found) - {"$path", *one.values}:
                return found
        return None

    def _file(self, one: Placed, names: Mapping[str, str] | None = None) -> LogFile:
        stored, known = one.stored, names or {}
        values = {known.get(name.lower(), name): value for name, value in one.values.items()}
        return LogFile(stored.url, stored.size_bytes, _Held(self.store, stored), values)

    def _by_source(
        self, source: Source, columns: Mapping[str, Type], placed: Sequence[Placed]
    ) -> str:
        names = {c.raw_name.lower(): c.name for c in source.partitions.columns}
        files = [self._file(one, names) for one in placed]
        draft = Draft(source.name, f'SELECT *, "$path" FROM {source.table.name}')
        scan = plan_scans([compile_draft(draft, {source.name: source}, None)])[0]
        folder = self.folder / f"{source.name}-{len(self._kept)}"
        folder.mkdir(parents=True)
        with Connection() as connection:
            parts = scan_files(
                connection, scan, ScanFiles(files), folder, lambda share: None, parse_all=True
            )
        rows = kept_rows(scan.needs[0], parts, source)
        own = {c.name.lower(): c for c in (*source.table.columns, *source.table.partition_columns)}
        keys = [name for name in placed[0].values if name.lower() not in own]
        told = {name.lower(): f"CAST(told.{quoted(name)} AS {duck(columns[name.lower()])})"
                for name in keys}  # fmt: skip
        shown = (
            quoted(name)
            if name == "$path"
            else f"{told.get(name) or _converted(own.get(name), type_)} AS {quoted(name)}"
            for name, type_ in columns.items()
        )
        return f"SELECT {', '.join(shown)} FROM ({rows}){_beside(placed, keys)}"

    def _spelled(
        self,
        serde: str,
        given: Mapping[str, str],
        columns: Mapping[str, Type],
        placed: Sequence[Placed],
    ) -> dict[str, Path]:
        """Return by address the files of JSON in which DuckDB finds what the SerDe finds."""
        beside = {"$path", *(name.lower() for name in placed[0].values)}
        own = {name: type_ for name, type_ in columns.items() if name not in beside}
        records = records_of(own, serde, given)
        folder = self.folder / f"json-{len(self._kept)}"
        return {
            one.url: spelled(self.store.file(one), folder / one.bucket / one.key, records)
            for one in (place.stored for place in placed)
        }

    def _by_format(
        self,
        reader: "Reader",
        parameters: Mapping[str, str],
        columns: Mapping[str, Type],
        placed: Sequence[Placed],
        copies: Mapping[str, Path],
    ) -> str:
        """Return DuckDB's SELECT of a table by its format; copies stand for files by address."""
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for one in placed:
            files = groups.setdefault(tuple(one.values.items()), [])
            files.append(str(copies.get(one.stored.url) or self.store.file(one.stored)))
        stored, copied = (re.escape(f"{folder}/") for folder in (self.store.folder, self.folder))
        below = text(f"^({stored}|{copied}json-[0-9]+/)")
        path = f"regexp_replace(filename, {below}, 's3://') AS {quoted('$path')}"
        parts = []
        for values, files in groups.items():
            told = {name.lower(): value for name, value in values}
            own = {n: t for n, t in columns.items() if n != "$path" and n not in told}
            cells = [
                f"CAST({text(told[n]) if n in told else quoted(n)} AS {duck(t)}) AS {quoted(n)}"
                for n, t in columns.items()
                if n != "$path"
            ]
            read = reader(files, own, parameters)
            parts.append(f"SELECT {', '.join([*cells, path])} FROM {read}")
        return " UNION ALL ".join(parts)


def _beside(placed: Sequence[Placed], keys: Sequence[str]) -> str:
    """Return a join with what folders tell under names that the source has not."""
    if not keys:
        return ""
    rows = (
        f"({text(one.stored.url)}, {', '.join(text(one.values[key]) for key in keys)})"
        for one in placed
    )
    names = ", ".join(quoted(name) for name in keys)
    return f' JOIN (VALUES {", ".join(rows)}) AS told(path, {names}) ON "$path" = told.path'


def _names(source: Source) -> set[str]:
    columns = (*source.table.columns, *source.table.partition_columns)
    return {column.name.lower() for column in columns}


def _converted(column: Any, wanted: Type) -> str:
    """Return a source's column in the type that a table declares for it."""
    if column is None:
        return f"CAST(NULL AS {duck(wanted)})"
    return _as(quoted(column.name), column.type, wanted)


def _as(value: str, own: LogType, wanted: Type) -> str:
    """Return a value as one of another type, struct fields matched as Hive does: by any case."""
    if parse(trino_type(own)) == wanted:
        return value
    if own.name == "struct" and wanted.base == "row":
        fields = {name.lower(): (f"{value}.{quoted(name)}", type_) for name, type_ in own.fields}
        cells = []
        for name, type_ in zip(map(str, wanted.names), wanted.children, strict=True):
            found = fields.get(name.lower())
            cell = _as(*found, type_) if found else f"CAST(NULL AS {duck(type_)})"
            cells.append(f"{quoted(name)} := {cell}")
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(cells)}) END"
    if own.name == "array" and wanted.base == "array":
        return f"list_transform({value}, lambda x: {_as('x', own.arguments[0], wanted.element)})"
    return f"TRY_CAST({value} AS {duck(wanted)})"


Reader = Callable[[Sequence[str], Mapping[str, Type], Mapping[str, str]], str]


def _listed(files: Sequence[str]) -> str:
    return f"[{', '.join(text(file) for file in files)}]"


def _parquet(files: Sequence[str], _: Mapping[str, Type], __: Mapping[str, str]) -> str:
    return f"read_parquet({_listed(files)}, filename = true, union_by_name = true)"


def _json(files: Sequence[str], columns: Mapping[str, Type], given: Mapping[str, str]) -> str:
    keys = keys_of(columns, given)
    typed = {keys[name]: duck(type_) for name, type_ in columns.items()}
    structure = ", ".join(f"{text(key)}: {text(type_)}" for key, type_ in typed.items())
    cells = ", ".join(f"{quoted(key)} AS {quoted(name)}" for name, key in keys.items())
    how = "filename = true, format = 'newline_delimited', maximum_object_size = 67108864"
    read = f"read_json({_listed(files)}, columns = {{{structure}}}, {how})"
    return f"(SELECT {cells}, filename FROM {read})"


def _csv(files: Sequence[str], columns: Mapping[str, Type], given: Mapping[str, str]) -> str:
    names = ", ".join(f"{text(name)}: 'VARCHAR'" for name in columns)
    delimiter = given.get("field.delim") or given.get("separatorChar") or ","
    quote = given.get("quoteChar", '"' if "separatorChar" in given else "")
    how = (
        f"delim = {text(delimiter)}, quote = {text(quote)}, header = false, auto_detect = false"
        f", nullstr = {text(given.get('serialization.null.format', chr(92) + 'N'))}"
        f", skip = {int(given.get('skip.header.line.count', 0))}, filename = true"
        ", null_padding = true"
    )
    return f"read_csv({_listed(files)}, columns = {{{names}}}, {how})"


def _regex(files: Sequence[str], columns: Mapping[str, Type], given: Mapping[str, str]) -> str:
    pattern = text(given.get("input.regex", "(.*)"))
    lines = (
        f"read_csv({_listed(files)}, columns = {{'line': 'VARCHAR'}}, delim = chr(1), quote = ''"
        ", escape = '', header = false, auto_detect = false, filename = true"
        f", skip = {int(given.get('skip.header.line.count', 0))})"
    )
    cells = (
        f"CASE WHEN regexp_full_match(line, {pattern})"
        f" THEN regexp_extract(line, {pattern}, {number}) END AS {quoted(name)}"
        for number, name in enumerate(columns, start=1)
    )
    return f"(SELECT {', '.join(cells)}, filename FROM {lines})"


_READERS: Mapping[str, Reader] = {
    "ParquetHiveSerDe": _parquet,
    "JsonSerDe": _json,
    "LazySimpleSerDe": _csv,
    "OpenCSVSerde": _csv,
    "RegexSerDe": _regex,
}
