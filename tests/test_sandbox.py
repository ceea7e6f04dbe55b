"""The sandbox answers as Athena does: what clients see of queries, tables, files and failures."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.lake import load_lake, make_tables
from lakehunt.sandbox.server import RESULTS, Sandbox
from tests.asking import Ask, asker, rows_of
from tests.conftest import Ran

_DAY = "SELECT count(*) AS n FROM cloudtrail WHERE day = '2026/05/19'"


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    return asker(sandbox)


def test_a_view_of_a_deployed_table_reads_the_lake(ask: Ask) -> None:
    execution = ask("SELECT event_name, log_file FROM cloudtrail WHERE event_name = 'StopLogging'")
    header, *rows = rows_of(execution)
    assert header == ["event_name", "log_file"]
    assert rows
    assert all(row[0] == "StopLogging" for row in rows)
    assert all(str(row[1]).startswith("s3://lakehunt-lake/AWSLogs/111122223333/") for row in rows)


def test_types_and_values_are_shown_as_athena_shows_them(ask: Ask) -> None:
    execution = ask(
        "SELECT 1 AS a, BIGINT '2' AS b, 1.50 AS c, 1e10 AS d, CAST(0.5 AS real) AS e, true AS f,"
        " '' AS g, CAST(NULL AS varchar) AS h, DATE '2026-05-01' AS i,"
        " TIMESTAMP '2026-05-01 10:00:00.120' AS j, ARRAY['x', NULL] AS k,"
        " MAP(ARRAY['x'], ARRAY[1]) AS l, CAST(ROW(1, 'y') AS ROW(m integer, n varchar)) AS o,"
        " X'68AB' AS p, TIMESTAMP '2026-05-01 10:00:00.120 UTC' AS q"
    )
    assert rows_of(execution)[1] == [
        *("1", "2", "1.50", "1.0E10", "0.5", "true", "", None, "2026-05-01"),
        *("2026-05-01 10:00:00.120", "[x, null]", "{x=1}", "{m=1, n=y}", "68 ab"),
        "2026-05-01 10:00:00.120 UTC",
    ]  # fmt: skip
    found = boto3.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    info = found["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [column["Type"] for column in info] == [
        *("integer", "bigint", "decimal", "double", "float", "boolean", "varchar", "varchar"),
        *("date", "timestamp", "array", "map", "row", "varbinary", "timestamp with time zone"),
    ]  # fmt: skip
    assert (info[2]["Precision"], info[2]["Scale"]) == (3, 2)


def test_a_result_lies_in_s3_as_athena_writes_it(ask: Ask) -> None:
    execution = ask("SELECT 'a \"b\", c' AS x, CAST(NULL AS varchar) AS y, '' AS z")
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"][5:].partition("/")
    assert key == f"here/{execution['QueryExecutionId']}.csv"
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == b'"x","y","z"\n"a ""b"", c",,""\n'
    assert boto3.client("s3").head_object(Bucket=bucket, Key=f"{key}.metadata")


def test_bytes_scanned_are_those_of_the_partitions_read(ask: Ask, demo_lake: Path) -> None:
    def scanned(sql: str) -> int:
        return int(ask(sql)["Statistics"]["DataScannedInBytes"])

    files = [path for path in demo_lake.rglob("*.json.gz") if "2026/05/19" in path.as_posix()]
    assert scanned(_DAY) == sum(path.stat().st_size for path in files)
    assert 0 < scanned(f"{_DAY} AND region = 'eu-west-1'") < scanned(_DAY)
    assert scanned("SELECT count(*) FROM cloudtrail WHERE day = '1999/01/01'") == 0
    assert scanned("SELECT 1") == 0


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT nope FROM cloudtrail", "COLUMN_NOT_FOUND: line 1:8: Column 'nope'"),
        ("SELECT 1 FROM nope", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.lakehunt.nope'"),
        ("SELEC 1", "SYNTAX_ERROR: line 1:1: mismatched input 'SELEC'"),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT: "),
        ("SELECT foo(1)", "FUNCTION_NOT_FOUND: line 1:8: "),
        ("SELECT ?", "INVALID_PARAMETER_USAGE: "),
        ("CREATE TABLE cloudtrail AS SELECT 1 AS a", "TABLE_ALREADY_EXISTS: "),
        ("DROP TABLE nope", "FAILED: SemanticException"),
        ("INSERT INTO cloudtrail SELECT 1", "SYNTAX_ERROR: "),
    ],
)
def test_a_failure_has_athenas_code_and_place(ask: Ask, sql: str, reason: str) -> None:
    execution = ask(sql)
    assert execution["Status"]["State"] == "FAILED"
    assert execution["Status"]["StateChangeReason"].startswith(reason)
    assert execution["Status"]["AthenaError"]["ErrorCategory"] == 2
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        boto3.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])


def test_results_come_in_pages_of_at_most_a_thousand(ask: Ask) -> None:
    execution = ask("SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x) ORDER BY x")
    rows = rows_of(execution)
    assert [row[0] for row in rows] == ["x", *(str(n) for n in range(1, 2501))]
    first = boto3.client("athena").get_query_results(
        QueryExecutionId=execution["QueryExecutionId"], MaxResults=10
    )
    assert len(first["ResultSet"]["Rows"]) == 10
    assert first["NextToken"]


def test_tables_made_of_queries_are_read_back(ask: Ask) -> None:
    made = ask(
        "CREATE TABLE busy WITH (format = 'PARQUET', partitioned_by = ARRAY['region'],"
        f" external_location = 's3://{RESULTS}/busy/') AS"
        " SELECT event_time, actor, resources, region FROM cloudtrail"
    )
    assert made["Status"]["State"] == "SUCCEEDED", made["Status"]
    assert made["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    table = boto3.client("glue").get_table(DatabaseName="lakehunt", Name="busy")["Table"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["region"]
    count = "SELECT region, count(*), count(resources), min(event_time) FROM {} GROUP BY 1"
    assert sorted(rows_of(ask(count.format("busy")))) == sorted(
        rows_of(ask(count.format("cloudtrail")))
    )
    pruned = ask("SELECT count(*) FROM busy WHERE region = 'eu-west-1'")["Statistics"]
    whole = ask("SELECT count(*) FROM busy")["Statistics"]
    assert 0 < pruned["DataScannedInBytes"] < whole["DataScannedInBytes"]
    ask("DROP TABLE busy")
    assert ask("SELECT 1 FROM busy")["Status"]["State"] == "FAILED"


@pytest.mark.parametrize("how", ["PARQUET", "JSON", "TEXTFILE"])
def test_unload_writes_files_that_a_table_reads(ask: Ask, how: str) -> None:
    place = f"s3://{RESULTS}/unloaded/"
    sql = f"UNLOAD (SELECT 'a' AS k, 1 AS n UNION ALL SELECT 'b', 2) TO '{place}'"
    execution = ask(f"{sql} WITH (format = '{how}')")
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    manifest = execution["Statistics"]["DataManifestLocation"]
    assert manifest.endswith(f"{execution['QueryExecutionId']}-manifest.csv")
    again = ask(f"{sql} WITH (format = '{how}')")
    assert again["Status"]["StateChangeReason"].startswith("HIVE_PATH_ALREADY_EXISTS")
    form = {
        "PARQUET": "STORED AS PARQUET",
        "JSON": "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'",
        "TEXTFILE": "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'",
    }[how]
    ask(f"CREATE EXTERNAL TABLE back (k string, n int) {form} LOCATION '{place}'")
    assert sorted(rows_of(ask("SELECT k, n FROM back"))) == [["a", "1"], ["b", "2"], ["k", "n"]]


def test_prepared_statements_and_parameters(ask: Ask) -> None:
    ask("PREPARE named FROM SELECT count(*) AS n FROM cloudtrail WHERE event_name = ? AND day > ?")
    by_name = rows_of(ask("EXECUTE named USING 'StopLogging', '2026/01/01'"))
    sql = "SELECT count(*) AS n FROM cloudtrail WHERE event_name = ? AND day > ?"
    assert by_name == rows_of(ask(sql, ExecutionParameters=["'StopLogging'", "'2026/01/01'"]))
    assert int(str(by_name[1][0])) > 0
    injected = ask("SELECT ?", ExecutionParameters=["(SELECT 1 FROM cloudtrail)"])
    assert injected["Status"]["StateChangeReason"].startswith("INVALID_PARAMETER_USAGE")


def test_what_stands_in_glue_is_listed(ask: Ask) -> None:
    assert ["cloudtrail_raw"] in rows_of(ask("SHOW TABLES IN lakehunt"))
    assert ["cloudtrail_raw"] not in rows_of(ask("SHOW VIEWS"))
    assert rows_of(ask("SHOW DATABASES")) == [["default"], ["lakehunt"]]
    described = [str(row[0]).split() for row in rows_of(ask("DESCRIBE cloudtrail_raw"))]
    assert ["eventtime", "string"] in [line[:2] for line in described]
    assert "day=2026/05/19" in str(rows_of(ask("SHOW PARTITIONS cloudtrail_raw")))

    created = "\n".join(str(row[0]) for row in rows_of(ask("SHOW CREATE TABLE cloudtrail_raw")))
    assert "com.amazon.emr.cloudtrail.CloudTrailInputFormat" in created
    metadata = boto3.client("athena").get_table_metadata(
        CatalogName="AwsDataCatalog", DatabaseName="lakehunt", TableName="cloudtrail"
    )["TableMetadata"]
    assert metadata["TableType"] == "VIRTUAL_VIEW"


def test_a_foreign_table_over_the_same_logs_is_read_by_its_own_columns(ask: Ask) -> None:
    made = ask(
        "CREATE EXTERNAL TABLE theirs (useridentity struct<type:string,arn:string>,"
        " eventname string, resources array<struct<arn:string>>) PARTITIONED BY (region string)"
        " ROW FORMAT SERDE 'com.amazon.emr.hive.serde.CloudTrailSerde'"
        " STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'"
        " OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'"
        " LOCATION 's3://lakehunt-lake/AWSLogs/111122223333/CloudTrail/'"
    )
    assert made["Status"]["State"] == "SUCCEEDED", made["Status"]
    added = ask(
        "ALTER TABLE theirs ADD PARTITION (region = 'us-east-1')"
        " LOCATION 's3://lakehunt-lake/AWSLogs/111122223333/CloudTrail/us-east-1/'"
    )
    assert added["Status"]["State"] == "SUCCEEDED", added["Status"]
    asked = "SELECT useridentity.arn, element_at(resources, 1).arn AS target FROM {} WHERE {}"
    where = "eventname IN ('StopLogging', 'GetObject') AND region = 'us-east-1'"
    theirs = rows_of(ask(asked.format("theirs", where)))
    ours = rows_of(ask(asked.format("cloudtrail_raw", f"{where} AND account_id = '111122223333'")))
    assert len(ours) > 1
    assert sorted(map(str, theirs)) == sorted(map(str, ours))


def test_any_source_comes_along_by_its_content(
    lakehunt_sandbox: Sandbox, sources: dict[str, Source], tmp_path: Path
) -> None:
    folder = tmp_path / "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/01"
    folder.mkdir(parents=True)
    header = (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes"
        " start end action log-status"
    )
    record = (
        "2 111122223333 eni-0a 192.0.2.9 10.0.0.5 4000 22 6 1 1 1777629600 1777629660 ACCEPT OK"
    )
    name = "111122223333_vpcflowlogs_us-east-1_fl-0a_20260501T1005Z_a.log.gz"
    (folder / name).write_bytes(gzip.compress(f"{header}\n{record}\nno flow\n".encode()))
    make_tables(lakehunt_sandbox, roots(), load_lake(lakehunt_sandbox, tmp_path, sources), "flow")
    asked = "SELECT event_time, region, actor, target, day FROM vpcflow"
    assert lakehunt_sandbox.run(asked, "flow") == [
        ["2026-05-01 10:00:00.000", "us-east-1", "eni-0a", "10.0.0.5:22", "2026/05/01"]
    ]
    unparsed = lakehunt_sandbox.run("SELECT line FROM vpcflow_unparsed", "flow")
    assert unparsed == [["no flow"]]


_OF_A_PROJECT = """
from pathlib import Path

from lakehunt.content import roots
from lakehunt.sandbox.lake import load_lake, make_tables
from lakehunt.sources import load_sources


def test_the_tables_of_our_own_source(lakehunt_sandbox, lakehunt_content):
    at = roots(lakehunt_content)
    deployment = load_lake(lakehunt_sandbox, Path("lake"), load_sources(at))
    assert "door_log" in make_tables(lakehunt_sandbox, at, deployment, "doors")
    assert lakehunt_sandbox.run("SELECT event_name FROM door_log", "doors") == [["Open"]]
"""


def test_a_project_has_the_sandbox_read_its_own_content(
    tmp_path: Path, lakehunt: Callable[..., Ran]
) -> None:
    assert lakehunt("new", "source", "door_log", "--content", tmp_path / "own").code == 0
    folder = tmp_path / "lake/AWSLogs/111122223333/door_log/eu-west-1/2026/05/01"
    folder.mkdir(parents=True)
    record = b'{"timestamp": "2026-05-01T10:00:00Z", "operation": "Open"}\n'
    name = "111122223333_door_log_eu-west-1_20260501T1005Z_a.log.gz"
    (folder / name).write_bytes(gzip.compress(record))
    (tmp_path / "pytest.ini").write_text("[pytest]\nlakehunt_content = own\n")
    (tmp_path / "test_doors.py").write_text(_OF_A_PROJECT)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in ran.stdout, ran.stdout


def test_one_token_starts_one_query(sandbox: Sandbox) -> None:
    client = boto3.client("athena")
    given: dict[str, Any] = {
        "QueryString": "SELECT 1",
        "ResultConfiguration": {"OutputLocation": f"s3://{RESULTS}/"},
        "ClientRequestToken": "a" * 32,
    }
    first = client.start_query_execution(**given)["QueryExecutionId"]
    assert client.start_query_execution(**given)["QueryExecutionId"] == first
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        client.start_query_execution(**{**given, "QueryString": "SELECT 2"})


def test_a_result_is_used_again_when_that_is_asked_for(ask: Ask) -> None:
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}
    first = ask(_DAY, ResultReuseConfiguration=reuse)
    again = ask(_DAY, ResultReuseConfiguration=reuse)
    assert first["Statistics"]["DataScannedInBytes"] > 0
    assert again["Statistics"]["DataScannedInBytes"] == 0
    assert again["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
    assert rows_of(first) == rows_of(again)


def test_the_workgroups_cut_off_ends_a_query(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.store.put(f"s3://{RESULTS}/large/lines.json", b'{"n": 1}\n' * 1_200_000)
    serde = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
    ask(f"CREATE EXTERNAL TABLE large (n int) {serde} LOCATION 's3://{RESULTS}/large/'")
    boto3.client("athena").create_work_group(
        Name="small",
        Configuration={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfiguration": {"OutputLocation": f"s3://{RESULTS}/small/"},
        },
    )
    execution = ask("SELECT count(*) FROM large", WorkGroup="small")
    assert "Bytes scanned limit was exceeded" in execution["Status"]["StateChangeReason"]
    assert execution["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{RESULTS}/small/")


def test_a_stopped_query_is_cancelled_and_stays_so(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(slow="slowly", slow_seconds=600)
    client = boto3.client("athena")
    id_ = client.start_query_execution(
        QueryString="SELECT 1 -- slowly",
        ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/"},
    )["QueryExecutionId"]
    client.stop_query_execution(QueryExecutionId=id_)
    state = client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]["Status"]["State"]
    assert state == "CANCELLED"


def test_faults_are_seen_by_clients(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.faults = Faults(failing="doomed")
    assert ask("SELECT 1 -- doomed")["Status"]["State"] == "FAILED"
    assert ask("SELECT 1")["Status"]["State"] == "SUCCEEDED"
    sandbox.faults = Faults(throttled=1.0)
    with pytest.raises(ClientError, match="ThrottlingException"):
        boto3.client("athena").list_query_executions()
    sandbox.faults = Faults(lost=0.5, seed=1)
    assert boto3.client("athena").list_query_executions()


def test_the_command_serves_a_lake_until_it_is_stopped(demo_lake: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lakehunt", "sandbox", str(demo_lake), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        exports = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        code = (
            "import boto3; print(*(t['Name'] for t in"
            " boto3.client('glue').get_tables(DatabaseName='lakehunt')['TableList']))"
        )
        seen = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **exports},
            capture_output=True,
            text=True,
            check=True,
        )
        process.terminate()
        assert process.wait() == 0
    assert "cloudtrail_unparsed" in seen.stdout
