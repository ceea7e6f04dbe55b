"""Files of JSON as a table's SerDe reads them: keys are found in any case.

Glue has columns in lower case, whatever the log has, and DuckDB takes a key as it is written. Knows
the local engine's reading of records, not what a table is of. `reading` reads what it returns.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path

from lakehunt.engines.local.documents import check_utf8, unpacked
from lakehunt.engines.local.serdes.json_records import Flavour, Records
from lakehunt.model import Type as LogType
from lakehunt.sandbox.store import Unreadable
from lakehunt.sources.lines import OPENX_JSON
from lakehunt.trino_on_duckdb.types import Type

_FASTEST = 1


def keys_of(columns: Mapping[str, Type], given: Mapping[str, str]) -> dict[str, str]:
    """Return the key that each column is read from, as the table's properties map it."""
    return {name: given.get(f"mapping.{name}", name) for name in columns}


def records_of(columns: Mapping[str, Type], serde: str, given: Mapping[str, str]) -> Records:
    """Return what reads the records of a table.

    Raises:
        Unreadable: its keys are to be found in a way that is not reproduced.
    """
    if given.get("dots.in.keys", "false").lower() == "true":
        raise Unreadable("tables with `dots.in.keys` are not read by the sandbox")
    keys = keys_of(columns, given)
    fields = tuple((keys[name], _logged(type_)) for name, type_ in columns.items())
    flavour = Flavour.OPENX if serde == OPENX_JSON else Flavour.HIVE
    is_case_sensitive = given.get("case.insensitive", "true").lower() != "true"
    return Records(LogType("struct", fields=fields), flavour, is_case_sensitive)


def _logged(type_: Type) -> LogType:
    """Return a type of Trino as Glue has it."""
    if type_.base == "row":
        inner = zip(map(str, type_.names), type_.children, strict=True)
        return LogType("struct", fields=tuple((name, _logged(child)) for name, child in inner))
    name = "string" if type_.base == "varchar" else type_.base
    return LogType(name, tuple(map(_logged, type_.children)))


def spelled(file: Path, copy: Path, records: Records) -> Path:
    """Return a file in which DuckDB finds what the SerDe finds: itself, or a copy that is written.

    A line that is broken stays as it is.

    Raises:
        Unreadable: it is no text, or packed in a way that the sandbox does not unpack.
    """
    try:
        data = unpacked(file.read_bytes())
        check_utf8(data)
    except (ValueError, OSError, EOFError) as error:
        raise Unreadable(f"{file.name} is not read by the sandbox: {error}") from error
    lines = data.splitlines()
    if not any(map(records.has_strange_keys, lines)):
        return file
    texts = map(bytes.decode, lines)
    written = "".join(f"{records.written(line) or line}\n" for line in texts if line.strip())
    copy.parent.mkdir(parents=True, exist_ok=True)
    packs = file.suffix == ".gz"
    copy.write_bytes(gzip.compress(written.encode(), _FASTEST) if packs else written.encode())
    return copy
