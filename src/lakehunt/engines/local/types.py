"""DuckDB's spelling of a column's type, and the structure that its JSON reader takes.

Knows types only. Struct fields keep the case of the log's keys: DuckDB matches keys by case and
gives NULL otherwise.
"""

from lakehunt.model import Type

_NAMES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "float": "FLOAT",
    "binary": "BLOB",
}


def duckdb_type(type_: Type) -> str:
    """Return the type as DuckDB declares it."""
    if type_.name == "struct":
        fields = ", ".join(f"{quoted(name)} {duckdb_type(field)}" for name, field in type_.fields)
        return f"STRUCT({fields})"
    if type_.name == "array":
        return f"{duckdb_type(type_.arguments[0])}[]"
    if type_.name == "map":
        key, value = type_.arguments
        return f"MAP({duckdb_type(key)}, {duckdb_type(value)})"
    return _NAMES.get(type_.name, type_.name.upper())


def json_structure(type_: Type) -> object:
    """Return what DuckDB's `from_json` takes for this type: dictionaries, lists and type names."""
    if type_.name == "struct":
        return {name: json_structure(field) for name, field in type_.fields}
    if type_.name == "array":
        return [json_structure(type_.arguments[0])]
    return duckdb_type(type_)


def quoted(name: str) -> str:
    """Return a name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
