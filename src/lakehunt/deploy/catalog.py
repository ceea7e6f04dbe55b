"""Tables and views as the Glue Data Catalog holds them.

Knows Glue's shapes, not how to call Glue. The stack makes these values of the model, `account`
reads them back; both are compared and printed from here.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lakehunt.model import Column, Table, View
from lakehunt.sql.typed import glue_type, view_type
from lakehunt.trino_on_duckdb.types import parse as read_type

# A table with these is a view of Athena: https://trino.io/docs/476/connector/hive.html#hive-views
# and `ViewReaderUtil` of trinodb/trino. The columns of the text bear Trino's types, and must
# be such that those of the query can become them, or Athena calls the view stale.
_VIEW_PARAMETERS = {"presto_view": "true", "comment": "Presto View"}
_VIEW_TEXT = "/* Presto View: {} */"
VIEW_EXPANDED = "/* Presto View */"
CATALOG = "awsdatacatalog"


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column with Glue's spelling of its name and type."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table of the Data Catalog; one with a `view_text` is a view."""

    name: str
    columns: tuple[CatalogColumn, ...]
    keys: tuple[CatalogColumn, ...] = ()
    location: str = ""
    input_format: str = ""
    output_format: str = ""
    serde: str = ""
    serde_properties: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    view_text: str = ""

    @property
    def is_view(self) -> bool:
        """Tell whether this is a view."""
        return bool(self.view_text)

    @property
    def type(self) -> str:
        """Return Glue's word for what this is."""
        return "VIRTUAL_VIEW" if self.is_view else "EXTERNAL_TABLE"


def catalog_table(table: Table) -> CatalogTable:
    """Return an external table as Glue holds it: patterns without the DDL literal's escapes."""
    return CatalogTable(
        name=table.name,
        columns=_columns(table.columns),
        keys=_columns(table.partition_columns),
        location=table.location,
        input_format=table.input_format,
        output_format=table.output_format,
        serde=table.serde,
        serde_properties={"serialization.format": "1", **table.serde_properties},
        parameters={"EXTERNAL": "TRUE", **table.properties},
    )


def _columns(columns: Iterable[Column]) -> tuple[CatalogColumn, ...]:
    return tuple(CatalogColumn(c.name.lower(), c.type.glue(), c.comment) for c in columns)


def catalog_view(view: View, types: Mapping[str, str], database: str) -> CatalogTable:
    """Return a view as Athena stores it, in a database that holds what it reads.

    Args:
        types: the Trino type of each column of the view.
    """
    columns = [(name.lower(), view_type(type_)) for name, type_ in types.items()]
    text = {
        "originalSql": view.sql.strip(),
        "catalog": CATALOG,
        "schema": database,
        "columns": [{"name": name, "type": type_} for name, type_ in columns],
        # whoever asks the view needs leave to read its tables; Trino wants an owner otherwise
        "runAsInvoker": True,
    }
    encoded = base64.b64encode(json.dumps(text).encode()).decode()
    return CatalogTable(
        name=view.name,
        columns=tuple(CatalogColumn(name, glue_type(read_type(type_))) for name, type_ in columns),
        parameters=_VIEW_PARAMETERS,
        view_text=_VIEW_TEXT.format(encoded),
    )


def view_sql(table: CatalogTable) -> str:
    """Return the SELECT of a view, or '' where its text is not Athena's."""
    encoded = table.view_text.removeprefix("/* Presto View: ").removesuffix(" */")
    try:
        value = json.loads(base64.b64decode(encoded, validate=True))
    except ValueError:
        return ""
    return str(value.get("originalSql", "")) if isinstance(value, dict) else ""


def table_input(table: CatalogTable, parameters: Mapping[str, str]) -> dict[str, object]:
    """Return a table as Glue's API takes it, with some parameters more."""
    storage: dict[str, object] = {"Columns": [_column(column) for column in table.columns]}
    views: dict[str, object] = {}
    if table.is_view:
        storage["SerdeInfo"] = {}
        views = {"ViewOriginalText": table.view_text, "ViewExpandedText": VIEW_EXPANDED}
    else:
        storage |= {
            "Location": table.location,
            "InputFormat": table.input_format,
            "OutputFormat": table.output_format,
            "SerdeInfo": {
                "SerializationLibrary": table.serde,
                "Parameters": dict(table.serde_properties),
            },
        }
    return {
        "Name": table.name,
        "TableType": table.type,
        "Parameters": {**table.parameters, **parameters},
        "PartitionKeys": [_column(column) for column in table.keys],
        "StorageDescriptor": storage,
        **views,
    }


def glue(database: str, tables: Iterable[CatalogTable]) -> str:
    """Return a database and its tables as JSON, each member the input of one call of Glue's API."""
    inputs = [{"DatabaseName": database, "TableInput": table_input(t, {})} for t in tables]
    value = {"CreateDatabase": {"DatabaseInput": {"Name": database}}, "CreateTable": inputs}
    return json.dumps(value, indent=2)


def _column(column: CatalogColumn) -> dict[str, str]:
    comment = {"Comment": column.comment} if column.comment else {}
    return {"Name": column.name, "Type": column.type, **comment}
