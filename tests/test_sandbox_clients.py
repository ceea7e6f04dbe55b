"""Clients that know no sandbox: PyAthena, awswrangler and `aws`, as their users call them."""

import json
import os
import shutil
import subprocess
import time
from datetime import datetime
from typing import Any

import boto3
import pyathena
import pytest
from pyathena.async_cursor import AsyncCursor
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor

from lakehunt.sandbox.server import RESULTS, Sandbox

wr: Any = pytest.importorskip("awswrangler")

# awswrangler 3.17 calls pandas in ways that pandas 3 will drop
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
_STOPPED = "SELECT event_time, event_name, mfa FROM cloudtrail WHERE event_name = 'StopLogging'"
_PLACE = f"s3://{RESULTS}/clients/"


@pytest.fixture
def connection(sandbox: Sandbox) -> Any:
    return pyathena.connect(s3_staging_dir=_PLACE, schema_name="lakehunt", poll_interval=0.05)


def test_a_cursor_reads_rows_of_python_values(connection: Any) -> None:
    cursor = connection.cursor()
    rows = cursor.execute(f"{_STOPPED} ORDER BY 1").fetchall()
    assert [column[1] for column in cursor.description] == ["timestamp", "varchar", "boolean"]
    assert [row[1] for row in rows] == ["StopLogging"] * 2
    assert isinstance(rows[0][0], datetime)
    assert cursor.data_scanned_in_bytes > 0
    named = cursor.execute(
        "SELECT count(*) FROM cloudtrail WHERE event_name = %(name)s", {"name": "StopLogging"}
    )
    assert named.fetchone() == (len(rows),)
    marked = cursor.execute(
        "SELECT count(*) FROM cloudtrail WHERE event_name = ?",
        ["'StopLogging'"],
        paramstyle="qmark",
    )
    assert marked.fetchone() == (len(rows),)
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND"):
        cursor.execute("SELECT nope FROM cloudtrail")
    assert "cloudtrail" in [table.name for table in cursor.list_table_metadata()]


def test_a_pandas_cursor_reads_a_frame(connection: Any) -> None:
    frame = connection.cursor(PandasCursor).execute(f"{_STOPPED} ORDER BY 1").as_pandas()
    assert {*frame["event_name"]} == {"StopLogging"}
    assert str(frame["event_time"].dtype).startswith("datetime64")


def test_an_async_cursor_answers_later(connection: Any) -> None:
    cursor = connection.cursor(AsyncCursor)
    _, future = cursor.execute(_STOPPED)
    assert [row[1] for row in future.result().fetchall()] == ["StopLogging"] * 2
    cursor.close()


@pytest.mark.parametrize(
    "how",
    [
        {"ctas_approach": False},
        {"ctas_approach": True},
        {"ctas_approach": False, "unload_approach": True, "s3_output": f"{_PLACE}unloaded/"},
    ],
    ids=["plain", "ctas", "unload"],
)
def test_awswrangler_reads_a_query(sandbox: Sandbox, how: dict[str, Any]) -> None:
    frame = wr.athena.read_sql_query(
        _STOPPED, database="lakehunt", **{"s3_output": f"{_PLACE}plain/", **how}
    )
    assert [*frame.columns] == ["event_time", "event_name", "mfa"]
    assert [*frame["event_name"]] == ["StopLogging"] * 2
    assert str(frame["event_time"].dtype).startswith("datetime64")
    tables = [one["Name"] for one in wr.catalog.get_tables(database="lakehunt")]
    assert not [name for name in tables if name.startswith("temp_table")]


def _read(sql: str, **more: Any) -> Any:
    given = {"database": "lakehunt", "ctas_approach": False, "s3_output": _PLACE}
    return wr.athena.read_sql_query(sql, **given, **more)


def test_awswrangler_reads_in_chunks_and_with_parameters(sandbox: Sandbox) -> None:
    chunks = _read("SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x)", chunksize=1000)
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]
    sql = "SELECT count(*) AS n FROM cloudtrail WHERE event_name = :name"
    frame = _read(sql, params={"name": "StopLogging"})
    assert [*frame["n"]] == [2]


def test_awswrangler_knows_the_catalog_and_writes_datasets_into_it(sandbox: Sandbox) -> None:
    assert wr.catalog.does_table_exist(database="lakehunt", table="cloudtrail_raw")
    types = wr.catalog.get_table_types(database="lakehunt", table="cloudtrail_raw")
    assert types["eventname"] == "string"
    assert "lakehunt" in [*wr.catalog.databases()["Database"]]
    frame = wr.athena.read_sql_query(
        "SELECT region, event_name FROM cloudtrail",
        "lakehunt",
        ctas_approach=False,
        s3_output=_PLACE,
    )
    wr.s3.to_parquet(
        frame,
        path=f"s3://{RESULTS}/dataset/",
        dataset=True,
        database="lakehunt",
        table="busy",
        partition_cols=["region"],
    )
    counted = "SELECT region, count(*) AS n FROM {} GROUP BY 1 ORDER BY 1"
    there, here = (
        wr.athena.read_sql_query(
            counted.format(name), "lakehunt", ctas_approach=False, s3_output=_PLACE
        )
        for name in ("busy", "cloudtrail")
    )
    assert there.equals(here)
    described = wr.athena.describe_table(table="busy", database="lakehunt", s3_output=_PLACE)
    assert "event_name" in [name.strip() for name in described["Column Name"]]
    wr.athena.create_ctas_table(
        "SELECT event_name FROM busy", database="lakehunt", ctas_table="kept",
        s3_output=f"{_PLACE}kept/", wait=True,
    )  # fmt: skip
    assert boto3.client("glue").get_table(DatabaseName="lakehunt", Name="kept")["Table"]
    assert wr.catalog.delete_table_if_exists(database="lakehunt", table="kept")


def _aws(sandbox: Sandbox, *words: str) -> Any:
    environment = {**os.environ, **sandbox.environment}
    ran = subprocess.run(
        ["aws", *words, "--output", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS command line is not installed")
def test_the_aws_command_line_asks_waits_and_reads(sandbox: Sandbox) -> None:
    started = _aws(
        sandbox, "athena", "start-query-execution", "--query-string", f"{_STOPPED} ORDER BY 1",
        "--query-execution-context", "Database=lakehunt",
        "--result-configuration", f"OutputLocation={_PLACE}",
    )  # fmt: skip
    own = ("--query-execution-id", started["QueryExecutionId"])
    for _ in range(100):
        told = _aws(sandbox, "athena", "get-query-execution", *own)["QueryExecution"]
        if told["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.1)
    assert told["Status"]["State"] == "SUCCEEDED"
    assert told["Statistics"]["DataScannedInBytes"] > 0
    head, *rows = _aws(sandbox, "athena", "get-query-results", *own)["ResultSet"]["Rows"]
    assert [cell["VarCharValue"] for cell in head["Data"]] == ["event_time", "event_name", "mfa"]
    assert [row["Data"][1]["VarCharValue"] for row in rows] == ["StopLogging"] * 2
    tables = _aws(sandbox, "glue", "get-tables", "--database-name", "lakehunt")["TableList"]
    assert {"cloudtrail", "cloudtrail_raw"} <= {table["Name"] for table in tables}
