"""The tables and views of a source as statements for a Trino over a Hive metastore or Glue.

Knows Trino's Hive connector. `ddl --format trino` prints them.
Source: https://trino.io/docs/476/connector/hive.html (table and column properties).
"""

from collections.abc import Iterable, Iterator, Mapping

from lakehunt.deploy.catalog import CatalogColumn, CatalogTable, catalog_table
from lakehunt.errors import ConfigError
from lakehunt.model import Column, Source, Table
from lakehunt.sources.lines import PARQUET_INPUT, TEXT_INPUT
from lakehunt.sql.typed import trino_type, view_type

_OPENX = "org.openx.data.jsonserde.JsonSerDe"
# The format whose SerDe and input format are these. Another input format is one that Trino lacks.
_FORMATS = {
    _OPENX: "OPENX_JSON",
    "org.apache.hive.hcatalog.data.JsonSerDe": "JSON",
    "org.apache.hadoop.hive.serde2.RegexSerDe": "REGEX",
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": "TEXTFILE",
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": "CSV",
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "PARQUET",
}
_INPUT_FORMATS = (TEXT_INPUT, PARQUET_INPUT)
# What a property of the table or its SerDe is called, and how its value is written.
_PROPERTIES = {
    "input.regex": ("regex", "{text}"),
    "input.regex.case.insensitive": ("regex_case_insensitive", "{plain}"),
    "field.delim": ("textfile_field_separator", "{text}"),
    "separatorChar": ("csv_separator", "{text}"),
    "quoteChar": ("csv_quote", "{text}"),
    "escapeChar": ("csv_escape", "{text}"),
    "serialization.null.format": ("null_format", "{text}"),
    "skip.header.line.count": ("skip_header_line_count", "{plain}"),
    "storage.location.template": ("partition_projection_location_template", "{text}"),
    "projection.enabled": ("partition_projection_enabled", "{plain}"),
}
# Lines at a file's start that are no rows: of other formats only Hive's own property says it.
_HEADERS = "skip.header.line.count"
_WITH_HEADERS = ("TEXTFILE", "CSV")
_PROJECTION = {
    "type": "{upper}",
    "values": "{list}",
    "range": "{list}",
    "interval": "{plain}",
    "interval.unit": "{upper}",
    "digits": "{plain}",
    "format": "{text}",
}
# Hive's default, which Trino does not take as a property.
_LEFT_OUT = ("serialization.format", "EXTERNAL")


def trino_statements(source: Source) -> Iterator[str]:
    """Yield the statements that make a source's relations in the schema in use.

    A table whose files Trino cannot take apart becomes one of whole documents, and a view of its
    name over the records in them.

    Raises:
        ConfigError: Trino cannot read a table in any way.
    """
    for table in source.tables:
        if table.input_format in _INPUT_FORMATS:
            yield _create(catalog_table(table), table.columns)
        else:
            yield from _documents(source, table)
    for view in source.views:
        yield f"CREATE OR REPLACE VIEW {view.name} AS\n{view.sql.strip()}"


def _documents(source: Source, table: Table) -> Iterator[str]:
    """Yield a table of whole documents and the view of the records in them."""
    key = source.partitions.shapes[0] if source.partitions.shapes else ""
    if not key.isalnum():
        raise ConfigError(f"{table.name}: Trino has no {table.input_format}")
    name, records = f"{source.name}_documents", key.lower()
    fields = ", ".join(f'"{c.name.lower()}" {_type(c)}' for c in table.columns)
    whole = CatalogTable(
        name=name,
        columns=(CatalogColumn(records, f"array(row({fields}))"),),
        keys=catalog_table(table).keys,
        location=table.location,
        serde=_OPENX,
        parameters=table.properties,
    )
    yield _create_typed(whole, {records: whole.columns[0].type})
    columns = [f'"{column.name.lower()}"' for column in table.columns]
    keys = [f'd."{column.name}"' for column in table.partition_columns]
    selected = [f"u.{column}" for column in columns] + [*keys, 'd."$path" AS "$path"']
    yield (
        f"CREATE OR REPLACE VIEW {table.name} AS\nSELECT\n    "
        + ",\n    ".join(selected)
        + f"\nFROM {name} AS d\nCROSS JOIN UNNEST(d.{records}) AS u ({', '.join(columns)})"
    )


def _type(column: Column) -> str:
    return view_type(trino_type(column.type))


def _create(table: CatalogTable, columns: Iterable[Column]) -> str:
    return _create_typed(table, {column.name.lower(): _type(column) for column in columns})


def _create_typed(table: CatalogTable, types: Mapping[str, str]) -> str:
    keys = (_key(key, table.parameters) for key in table.keys)
    columns = [f'"{name}" {type_}' for name, type_ in types.items()]
    names = ", ".join(_text(key.name) for key in table.keys)
    properties = {
        "format": _text(_FORMATS[table.serde]),
        "external_location": _text(table.location),
        "partitioned_by": f"ARRAY[{names}]",
        **_properties({**table.serde_properties, **table.parameters}, _FORMATS[table.serde]),
    }
    inside = ",\n    ".join((*columns, *keys))
    given = ",\n    ".join(f"{name} = {value}" for name, value in properties.items())
    return f"CREATE TABLE IF NOT EXISTS {table.name} (\n    {inside}\n)\nWITH (\n    {given}\n)"


def _properties(given: Mapping[str, str], format_: str) -> dict[str, str]:
    """Return properties by Trino's names; those that it has no name for go along as they are."""
    named = {key for key in given if key in _PROPERTIES}
    if format_ not in _WITH_HEADERS:
        named.discard(_HEADERS)
    known = {
        _PROPERTIES[key][0]: _value(_PROPERTIES[key][1], value)
        for key, value in given.items()
        if key in named
    }
    others = {
        key: value
        for key, value in given.items()
        if key not in (*named, *_LEFT_OUT) and not key.startswith("projection.")
    }
    if others:
        keys, values = (", ".join(map(_text, texts)) for texts in (others, others.values()))
        known["extra_properties"] = f"MAP(ARRAY[{keys}], ARRAY[{values}])"
    return known


def _key(key: CatalogColumn, properties: Mapping[str, str]) -> str:
    given = {
        f"partition_projection_{name.replace('.', '_')}": _value(form, value)
        for name, form in _PROJECTION.items()
        if (value := properties.get(f"projection.{key.name}.{name}")) is not None
    }
    inside = ", ".join(f"{name} = {value}" for name, value in given.items())
    return f'"{key.name}" varchar' + (f" WITH ({inside})" if inside else "")


def _value(form: str, value: str) -> str:
    items = ", ".join(_text(item) for item in value.split(","))
    return form.format(
        text=_text(value), plain=value, upper=_text(value.upper()), list=f"ARRAY[{items}]"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
