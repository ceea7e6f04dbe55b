"""Reads what an account holds of a stack, and makes it hold what a plan says.

The one that calls AWS for deploying. Knows calls and answers, not what they are for; `cli` opens an
account and hands the outcome on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from lakehunt.config import Access, Athena
from lakehunt.deploy.catalog import CatalogColumn, CatalogTable, table_input
from lakehunt.deploy.plan import Action, Change, Found, Plan
from lakehunt.deploy.resources import (
    MARK,
    Database,
    Kind,
    SavedQuery,
    Workgroup,
    described,
    fingerprint,
    kind_of,
    settings,
    undescribed,
)
from lakehunt.deploy.stack import Stack
from lakehunt.errors import CloudError
from lakehunt.permissions import missing_permission
from lakehunt.s3.session import aws_session

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import (
        WorkGroupConfigurationTypeDef,
        WorkGroupConfigurationUpdatesTypeDef,
        WorkGroupTypeDef,
    )
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import ColumnOutputTypeDef, TableInputTypeDef, TableTypeDef

# Written by Glue and Athena themselves, and of no consequence for what a table means.
_KEPT_BY_AWS = ("transient_lastDdlTime", "lastDdlTime", MARK)
_BATCH = 50  # BatchGetNamedQuery takes as many ids


@dataclass(frozen=True, slots=True)
class Account:
    """The clients of one account and region."""

    glue: GlueClient
    athena: AthenaClient


def open_account(athena: Athena) -> Account:
    """Return the account that a configuration or the environment names.

    Raises:
        ConfigError: there is no such profile.
        CloudError: there is no region.
    """
    session = aws_session(
        Access(profile=athena.profile, region=athena.region, profile_line=athena.profile_line)
    )
    with told("opening the account"):
        return Account(session.client("glue"), session.client("athena"))


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn what AWS refuses into an error that says what was being done."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        message = f"{said.get('Code')}: {said.get('Message')}"
        raise CloudError(f"{doing}: {missing_permission(message) or message}") from error
    except BotoCoreError as error:
        raise CloudError(f"{doing}: {error}") from error


def read_account(account: Account, stack: Stack) -> dict[tuple[Kind, str], Found]:
    """Return what the account holds under the names of a stack."""
    found = [
        *_databases(account.glue, stack.database.name),
        *_tables(account.glue, stack),
        *_workgroups(account.athena, stack.workgroup.name),
        *_queries(account.athena, stack.workgroup.name),
    ]
    return {(kind_of(item.resource), item.resource.name): item for item in found}


@contextmanager
def _unless(client: AthenaClient | GlueClient, *codes: str) -> Iterator[None]:
    """Pass over what AWS says of something that is not there."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in codes:
            raise


def _databases(glue: GlueClient, name: str) -> list[Found]:
    with told(f"reading the database {name}"), _unless(glue, "EntityNotFoundException"):
        glue.get_database(Name=name)
        return [Found(Database(name))]
    return []


def _tables(glue: GlueClient, stack: Stack) -> list[Found]:
    wanted = {table.name for table in stack.tables}
    found: list[Found] = []
    database = stack.database.name
    with told(f"reading the tables of {database}"), _unless(glue, "EntityNotFoundException"):
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
            for table in page["TableList"]:
                if table["Name"] in wanted:
                    mark = table.get("Parameters", {}).get(MARK, "")
                    found.append(Found(read_table(table), mark))
    return found


def read_table(table: TableTypeDef) -> CatalogTable:
    """Return a table as Glue answered it."""
    storage = table.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    is_view = table.get("TableType") == "VIRTUAL_VIEW"
    parameters = table.get("Parameters", {})
    return CatalogTable(
        name=table["Name"],
        columns=_columns(storage.get("Columns", [])),
        keys=_columns(table.get("PartitionKeys", [])),
        location=storage.get("Location", ""),
        input_format=storage.get("InputFormat", ""),
        output_format=storage.get("OutputFormat", ""),
        serde=serde.get("SerializationLibrary", ""),
        serde_properties=serde.get("Parameters", {}),
        parameters={k: v for k, v in parameters.items() if k not in _KEPT_BY_AWS},
        view_text=table.get("ViewOriginalText", "") if is_view else "",
    )


def _columns(columns: list[ColumnOutputTypeDef]) -> tuple[CatalogColumn, ...]:
    return tuple(CatalogColumn(c["Name"], c.get("Type", ""), c.get("Comment", "")) for c in columns)


def _workgroups(athena: AthenaClient, name: str) -> list[Found]:
    # what Athena answers about a workgroup that is not there
    missing = "InvalidRequestException"
    with told(f"reading the workgroup {name}"), _unless(athena, missing):
        group = athena.get_work_group(WorkGroup=name)["WorkGroup"]
        return [Found(_workgroup(group), undescribed(group.get("Description", ""))[1])]
    return []


def _workgroup(group: WorkGroupTypeDef) -> Workgroup:
    set_ = group.get("Configuration", {})
    results = set_.get("ResultConfiguration", {})
    return Workgroup(
        name=group["Name"],
        results=results.get("OutputLocation", ""),
        kms_key=results.get("EncryptionConfiguration", {}).get("KmsKey", ""),
        max_scan=set_.get("BytesScannedCutoffPerQuery", 0),
        engine=set_.get("EngineVersion", {}).get("SelectedEngineVersion", ""),
        enforced=set_.get("EnforceWorkGroupConfiguration", False),
        metrics=set_.get("PublishCloudWatchMetricsEnabled", False),
    )


def _queries(athena: AthenaClient, workgroup: str) -> list[Found]:
    found: list[Found] = []
    missing = "InvalidRequestException"
    with told(f"reading the saved queries of {workgroup}"), _unless(athena, missing):
        pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=workgroup)
        ids = [id_ for page in pages for id_ in page["NamedQueryIds"]]
        for start in range(0, len(ids), _BATCH):
            batch = athena.batch_get_named_query(NamedQueryIds=ids[start : start + _BATCH])
            for query in batch["NamedQueries"]:
                description, mark = undescribed(query.get("Description", ""))
                saved = SavedQuery(query["Name"], description, query["QueryString"])
                found.append(Found(saved, mark, query["NamedQueryId"]))
    return found


def apply_plan(account: Account, plan: Plan, tell: Callable[[Change], None]) -> None:
    """Make the account hold what the plan says, in its order; `tell` hears of each change made.

    Raises:
        CloudError: AWS refused a change; those before it are made, and the next plan goes on.
    """
    acting: Mapping[Kind, Callable[[Account, Plan, Change], None]] = {
        Kind.DATABASE: _put_database,
        Kind.TABLE: _put_table,
        Kind.VIEW: _put_table,
        Kind.WORKGROUP: _put_workgroup,
        Kind.QUERY: _put_query,
    }
    for change in plan.to_do:
        with told(f"{change.action} {change}"):
            acting[change.kind](account, plan, change)
        tell(change)


def _put_database(account: Account, plan: Plan, change: Change) -> None:
    account.glue.create_database(DatabaseInput={"Name": change.resource.name})


def _put_table(account: Account, plan: Plan, change: Change) -> None:
    table = cast(CatalogTable, change.resource)
    database = plan.stack.database.name
    given = cast("TableInputTypeDef", table_input(table, {MARK: fingerprint(table)}))
    if change.action is Action.UPDATE:
        account.glue.update_table(DatabaseName=database, TableInput=given)
        return
    if change.action is Action.REPLACE:
        account.glue.delete_table(DatabaseName=database, Name=table.name)
    account.glue.create_table(DatabaseName=database, TableInput=given)


def _put_workgroup(account: Account, plan: Plan, change: Change) -> None:
    group = cast(Workgroup, change.resource)
    wanted = settings(group)
    if change.action is Action.CREATE:
        account.athena.create_work_group(
            Name=group.name,
            Description=described(group),
            Configuration=cast("WorkGroupConfigurationTypeDef", wanted),
        )
        return
    wanted["ResultConfigurationUpdates"] = wanted.pop("ResultConfiguration")
    account.athena.update_work_group(
        WorkGroup=group.name,
        Description=described(group),
        ConfigurationUpdates=cast("WorkGroupConfigurationUpdatesTypeDef", wanted),
    )


def _put_query(account: Account, plan: Plan, change: Change) -> None:
    query = cast(SavedQuery, change.resource)
    if change.found is None:
        account.athena.create_named_query(
            Name=query.name,
            Description=described(query),
            Database=plan.stack.database.name,
            QueryString=query.sql,
            WorkGroup=plan.stack.workgroup.name,
        )
        return
    account.athena.update_named_query(
        NamedQueryId=change.found.id,
        Name=query.name,
        Description=described(query),
        QueryString=query.sql,
    )
