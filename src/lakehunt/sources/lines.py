"""Writes what every source of its kind has alike: `<source>_lines` and `<source>_unparsed`.

Knows SerDe classes, not sources. `_unparsed` is made of the table's own expression and the event
view's own condition, so that a record is in exactly one of the two views.
"""

from collections.abc import Callable, Iterator, Mapping

from lakehunt.layouts import skipped_paths
from lakehunt.model import Column, Partitions, Table, View
from lakehunt.sources.absent import condition, replaced
from lakehunt.sources.ddl import printed

REGEX = "org.apache.hadoop.hive.serde2.RegexSerDe"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPENX_JSON = "org.openx.data.jsonserde.JsonSerDe"
HIVE_JSON = "org.apache.hive.hcatalog.data.JsonSerDe"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
# one document, its records in a list
DOCUMENTS_INPUT = "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
# The tables whose files can be read here and on Athena: their SerDes, by input format.
READ: Mapping[str, tuple[str, ...]] = {
    TEXT_INPUT: (REGEX, LAZY_SIMPLE, OPENX_JSON, HIVE_JSON),
    PARQUET_INPUT: (PARQUET,),
    DOCUMENTS_INPUT: (HIVE_JSON, "com.amazon.emr.hive.serde.CloudTrailSerde"),
}
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"


def lines_ddl(name: str, table: Table) -> str:
    """Return the table of a source's lines, '' where a record is not one line of text."""
    if table.input_format != TEXT_INPUT:
        return ""
    names = [column.name for column in table.partition_columns]
    columns = ", ".join(f"{column} string" for column in names)
    partitioned = f"PARTITIONED BY ({columns})\n" if columns else ""
    return f"""\
CREATE EXTERNAL TABLE IF NOT EXISTS `{name}_lines` (
    line string COMMENT 'the line as delivered'
)
{partitioned}ROW FORMAT SERDE '{REGEX}'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT '{TEXT_INPUT}'
    OUTPUTFORMAT '{_TEXT_OUTPUT}'
LOCATION '{table.location}'
TBLPROPERTIES ({printed(table.properties)}
)"""


def unparsed_sql(name: str, table: Table, event_view: View, partitions: Partitions) -> str:
    """Return the SELECT of what the event view leaves out, '' for a table of an unknown kind."""
    kept = condition(event_view.sql)
    if table.input_format == TEXT_INPUT:
        columns = {column.name: text for column, text in _over_line(table).items()}
        return _select(table, partitions, "line", f"{name}_lines", replaced(kept, columns))
    if table.serde == PARQUET:
        return _select(table, partitions, f"{_as_json(table)} AS line", f"{name}_raw", kept)
    return ""


def _select(table: Table, partitions: Partitions, line: str, relation: str, kept: str) -> str:
    there = {column.name for column in table.partition_columns}
    places = [
        f"    {c.raw_name if c.raw_name in there else 'CAST(NULL AS varchar)'} AS {c.name},\n"
        if c.raw_name != c.name or c.raw_name not in there
        else f"    {c.name},\n"
        for c in partitions.columns
    ]
    conditions = (f"NOT COALESCE({kept}, FALSE)", *_no_records(table, partitions))
    return (
        f"SELECT\n{''.join(places)}    {line},\n"
        f'    "$path" AS log_file\nFROM {relation}\nWHERE\n    ' + "\n    AND ".join(conditions)
    )


def _no_records(table: Table, partitions: Partitions) -> Iterator[str]:
    """Yield conditions for what lies among the records and is none: other files, header lines."""
    others = skipped_paths(partitions.skip)
    if others:
        yield f"""NOT regexp_like("$path", '{others.replace("'", "''")}')"""
    if table.serde == LAZY_SIMPLE and partitions.fields:
        first = table.columns[0]
        keys = [field.key for field in partitions.fields if field.name == first.name]
        cell = _delimited_field(table, 1, first)
        yield f"NOT COALESCE(starts_with(line, '#') OR {cell} = '{keys[0]}', FALSE)"


def _over_line(table: Table) -> Mapping[Column, str]:
    """Return each column of a text table as an expression over a line."""
    makers: Mapping[str, Callable[[Table, int, Column], str]] = {
        REGEX: _regex_group,
        LAZY_SIMPLE: _delimited_field,
        OPENX_JSON: _json_key,
        HIVE_JSON: _json_key,
    }
    make = makers[table.serde]
    return {column: make(table, n, column) for n, column in enumerate(table.columns, start=1)}


def _regex_group(table: Table, number: int, _: Column) -> str:
    pattern = table.serde_properties["input.regex"].replace("'", "''")
    # the SerDe wants the whole line, and its dot takes every character
    return f"regexp_extract(line, '(?s)^{pattern}$', {number})"


def _delimited_field(table: Table, number: int, column: Column) -> str:
    delimiter = table.serde_properties.get("field.delim", "\x01")
    shown = f"'{delimiter}'" if delimiter.isprintable() else f"chr({ord(delimiter)})"
    return _typed(f"element_at(split(line, {shown}), {number})", column)


def _json_key(table: Table, _: int, column: Column) -> str:
    key = table.serde_properties.get(f"mapping.{column.name.lower()}", column.name)
    path = "'$[\"{}\"]'".format(key.replace("'", "''"))
    # JSON's own null is no value either
    text = f"NULLIF(json_format(json_extract(line, {path})), 'null')"
    if column.type.name in ("struct", "array", "map"):
        return text
    scalar = f"json_extract_scalar(line, {path})"
    if column.type.name == "string":
        return f"COALESCE({scalar}, {text})"
    return _typed(scalar, column)


def _typed(text: str, column: Column) -> str:
    if column.type.name == "string":
        return text
    return f"TRY_CAST({text} AS {'integer' if column.type.name == 'int' else column.type.name})"


def _as_json(table: Table) -> str:
    """Return a row as JSON text, every value a text."""
    names = ", ".join(f"'{column.name}'" for column in table.columns)
    values = ", ".join(f"CAST({_quoted(column.name)} AS varchar)" for column in table.columns)
    return f"json_format(CAST(MAP(ARRAY[{names}], ARRAY[{values}]) AS JSON))"


def _quoted(name: str) -> str:
    return f'"{name}"'
