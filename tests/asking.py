"""Statements run on the sandbox as any client of Athena does, through boto3."""

from collections.abc import Callable
from typing import Any

import boto3

from lakehunt.sandbox.server import RESULTS, Sandbox

Ask = Callable[..., dict[str, Any]]


def asker(sandbox: Sandbox) -> Ask:
    """Return what runs a statement and returns its execution once it has ended."""
    client = boto3.client("athena")

    def run(sql: str, **more: Any) -> dict[str, Any]:
        id_ = client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": "lakehunt"},
            ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/here/"},
            **more,
        )["QueryExecutionId"]
        sandbox.service().executions[id_].wait()
        return {**client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]}

    return run


def rows_of(execution: dict[str, Any]) -> list[list[str | None]]:
    """Return the rows of an execution, that of the column names first."""
    pages = boto3.client("athena").get_paginator("get_query_results")
    return [
        [cell.get("VarCharValue") for cell in row["Data"]]
        for page in pages.paginate(QueryExecutionId=execution["QueryExecutionId"])
        for row in page["ResultSet"]["Rows"]
    ]
