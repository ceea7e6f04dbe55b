"""The resources of a deployment as values, and what makes one equal to another.

Knows their shapes in AWS, not how to call it. The stack makes them of the model, `account` reads
them back; formats print them.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from lakehunt.deploy.catalog import CatalogTable, view_sql

# Where the fingerprint of what was deployed is kept: a table's parameters, else the description.
MARK = "lakehunt.fingerprint"
_MARK = re.compile(r" ?\[lakehunt ([0-9a-f]{16})\]$")
_ENGINE = "Athena engine version 3"
_WORKGROUP = "Queries on AWS security logs"


class Kind(StrEnum):
    """A kind of resource, in the order in which they are made."""

    DATABASE = "database"
    TABLE = "table"
    VIEW = "view"
    WORKGROUP = "workgroup"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the Data Catalog."""

    name: str


@dataclass(frozen=True, slots=True)
class Workgroup:
    """A workgroup of Athena: what its queries may cost and where their results go.

    `results` is a folder in S3; `kms_key` is empty for SSE-S3. What it says overrides what a
    client asks for, so that the limit holds.
    """

    name: str
    results: str
    kms_key: str
    max_scan: int
    engine: str = _ENGINE
    enforced: bool = True
    metrics: bool = True


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query that a workgroup keeps for the console."""

    name: str
    description: str
    sql: str


Resource: TypeAlias = Database | CatalogTable | Workgroup | SavedQuery


def kind_of(resource: Resource) -> Kind:
    """Return what a resource is."""
    match resource:
        case Database():
            return Kind.DATABASE
        case CatalogTable():
            return Kind.VIEW if resource.is_view else Kind.TABLE
        case Workgroup():
            return Kind.WORKGROUP
        case SavedQuery():
            return Kind.QUERY


def content(resource: Resource) -> dict[str, str]:
    """Return what makes a resource itself, by readable names: equal for equal resources."""
    match resource:
        case Database():
            return {}
        case CatalogTable():
            return _table_content(resource)
        case Workgroup():
            names = ("results", "kms_key", "max_scan", "engine", "enforced", "metrics")
            return {name: str(getattr(resource, name)) for name in names}
        case SavedQuery():
            return {"description": resource.description, "sql": resource.sql}


def _table_content(table: CatalogTable) -> dict[str, str]:
    columns = {f"column {c.name}": f"{c.type} {c.comment}".strip() for c in table.columns}
    keys = {f"partition column {c.name}": f"{c.type} {c.comment}".strip() for c in table.keys}
    if table.is_view:
        return {**columns, "sql": view_sql(table) or table.view_text}
    order = ",".join(column.name for column in table.columns)
    return {
        **columns,
        **keys,
        "order of columns": order,
        "location": table.location,
        "input format": table.input_format,
        "output format": table.output_format,
        "SerDe": table.serde,
        **table.serde_properties,
        **table.parameters,
    }


def fingerprint(resource: Resource) -> str:
    """Return 16 hexadecimal digits of a resource's content."""
    text = json.dumps(content(resource), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def described(resource: Workgroup | SavedQuery) -> str:
    """Return the description of a resource, its fingerprint at the end."""
    text = resource.description if isinstance(resource, SavedQuery) else _WORKGROUP
    return f"{text} [lakehunt {fingerprint(resource)}]"


def undescribed(text: str) -> tuple[str, str]:
    """Return a description without its fingerprint, and that."""
    match = _MARK.search(text)
    return (text[: match.start()], match[1]) if match else (text, "")


def settings(group: Workgroup) -> dict[str, object]:
    """Return a workgroup's configuration as Athena takes it."""
    encryption = {"EncryptionOption": "SSE_S3"}
    if group.kms_key:
        encryption = {"EncryptionOption": "SSE_KMS", "KmsKey": group.kms_key}
    return {
        "EnforceWorkGroupConfiguration": group.enforced,
        "PublishCloudWatchMetricsEnabled": group.metrics,
        "BytesScannedCutoffPerQuery": group.max_scan,
        "EngineVersion": {"SelectedEngineVersion": group.engine},
        "ResultConfiguration": {
            "OutputLocation": group.results,
            "EncryptionConfiguration": encryption,
        },
    }
