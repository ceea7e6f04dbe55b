"""A table that is there already stands for ours: what differs is named, bridged or refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lakehunt.config import Mapped
from lakehunt.content import roots
from lakehunt.errors import ConfigError, EngineError, SqlError
from lakehunt.model import Column, Source, Table, Type, Window
from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.lake import BUCKET, load_lake
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sources import load_source
from lakehunt.sources.ddl import read_type
from lakehunt.sql.adopt import Adopted, Foreign, adopt
from lakehunt.sql.compile import Draft, athena_text, compile_draft
from tests.conftest import Ran
from tests.foreign import IDENTITY, make_foreign_table

_WINDOW = Window(datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 3, tzinfo=UTC))


def adopted(
    source: Source, keys: dict[str, str], mapped: Mapped | None = None, **given: Any
) -> Adopted:
    """A source over a table with these partition columns, otherwise like its own."""
    columns = tuple(Column(name, Type(type_)) for name, type_ in keys.items())
    sample = given.pop("sample", {})
    table = replace(source.table, partition_columns=columns, **{"properties": {}, **given})
    return adopt(source, Foreign("db.logs", table, sample), mapped or Mapped("db.logs"))


def text(source: Source, sql: str = "SELECT event_id FROM cloudtrail") -> str:
    """What Athena gets of a query on one line."""
    sources = {source.name: source}
    draft = Draft("q", sql, narrow={"account_id": ("012345670123",)})
    return " ".join(athena_text(compile_draft(draft, sources, _WINDOW), sources).split())


@pytest.mark.parametrize(
    ("keys", "given", "conditions"),
    [
        pytest.param(
            {"account": "string", "year": "string", "month": "string", "day": "string"},
            {},
            """"account" IN ('012345670123') AND CAST("year" AS integer) >= 2026
            AND (CAST("year" AS integer) > 2026 OR (CAST("year" AS integer) = 2026
            AND (CAST("month" AS integer) > 4 OR (CAST("month" AS integer) = 4
            AND CAST("day" AS integer) >= 30))))""",
            id="year, month and day",
        ),
        pytest.param(
            {"timestamp": "string"},
            {"properties": {"projection.timestamp.type": "date",
                            "projection.timestamp.format": "yyyy/MM/dd"}},
            """WHERE "timestamp" >= '2026/04/30' AND "timestamp" < '2026/05/04'""",
            id="a projected text",
        ),
        pytest.param(
            {"dt": "string", "aws_account_id": "bigint"},
            {"sample": {"dt": "2026-01-31-07"}},
            """"aws_account_id" IN (12345670123) AND "dt" >= '2026-04-30-00'
            AND "dt" < '2026-05-04-00'""",
            id="a registered text by the hour",
        ),
        pytest.param(
            {"date": "date"},
            {},
            """WHERE "date" >= DATE '2026-04-30' AND "date" < DATE '2026-05-04'""",
            id="a date",
        ),
    ],
)  # fmt: skip
def test_bounds_are_said_in_the_tables_own_columns(
    cloudtrail: Source, keys: dict[str, str], given: dict[str, Any], conditions: str
) -> None:
    found = text(adopted(cloudtrail, keys, **given).source)
    assert re.sub(r"[()\s]", "", conditions) in re.sub(r"[()\s]", "", found)
    assert 'FROM "db"."logs"' in found


def test_without_a_day_it_is_said_that_nothing_is_pruned(cloudtrail: Source) -> None:
    found = adopted(cloudtrail, {})
    assert any("each query reads every day" in line for line in found.differences)
    assert any("no partition column for region" in line for line in found.differences)
    sql = text(found.source)
    assert 'recipientAccountId AS "account_id"' in sql
    assert "day >= '2026/04/30'" in sql


def test_an_unknown_way_of_writing_days_never_prunes(cloudtrail: Source) -> None:
    found = adopted(cloudtrail, {"day": "string"}, sample={"day": "1-May-26"})
    assert any("say `format` under [tables]" in line for line in found.differences)
    named = Mapped("db.logs", {"day": "d"}, "yyyyMMdd")
    found = adopted(cloudtrail, {"d": "string"}, named)
    assert "\"d\" >= '20260430'" in text(found.source)


def test_the_relations_become_ctes_that_take_no_name_of_the_query(cloudtrail: Source) -> None:
    sql = """WITH cloudtrail_1 AS (SELECT event_id FROM cloudtrail)
    SELECT a.event_id FROM cloudtrail AS a JOIN cloudtrail_1 AS b ON a.event_id = b.event_id
    UNION ALL SELECT line FROM cloudtrail_unparsed"""
    found = text(adopted(cloudtrail, {"day": "string"}, sample={"day": "2026/01/01"}).source, sql)
    assert found.startswith("WITH cloudtrail_raw_1 AS ( SELECT")
    assert "cloudtrail_2 AS ( SELECT" in found
    assert "FROM cloudtrail_raw_1 AS cloudtrail_raw" in found
    assert "FROM cloudtrail_2 AS cloudtrail WHERE" in found
    assert "cloudtrail_1 AS ( SELECT event_id FROM (" in found


def test_columns_that_differ_are_bridged_and_named(cloudtrail: Source) -> None:
    columns = tuple(
        Column(c.name.lower(), read_type(IDENTITY)) if c.name == "userIdentity"
        else Column(c.name.lower(), Type("string")) if c.name == "managementEvent"
        else Column(c.name.lower(), c.type)
        for c in cloudtrail.table.columns
        if c.name != "tlsDetails"
    )  # fmt: skip
    found = adopted(cloudtrail, {"day": "string"}, columns=columns, serde="other.SerDe")
    told = "\n".join(found.differences)
    assert "db.logs: no column tlsDetails: NULL" in told
    assert "column userIdentity lacks identityProvider" in told
    assert "sessionContext.sourceIdentity" in told
    assert "column managementEvent is string: converted" in told
    assert "SerDe is other.SerDe, not org.apache.hive" in told
    assert found.source.stand_in is not None
    assert found.source.stand_in.columns["managementEvent"].startswith("TRY_CAST(")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: replace(t, columns=t.columns[:1]), "has no column eventSource, by which"),
        (
            lambda t: replace(
                t,
                columns=tuple(
                    Column(c.name, Type("string")) if c.name == "userIdentity" else c
                    for c in t.columns
                ),
            ),
            "column userIdentity is string, not struct<type:string",
        ),
    ],
    ids=["missing", "another type"],
)
def test_what_cannot_be_bridged_is_refused(
    cloudtrail: Source, change: Callable[[Table], Table], expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        adopt(cloudtrail, Foreign("db.logs", change(cloudtrail.table)), Mapped("db.logs"))


def test_a_configured_column_must_be_there(cloudtrail: Source) -> None:
    with pytest.raises(ConfigError, match="no partition column dt; there are"):
        adopted(cloudtrail, {"day": "string"}, Mapped("db.logs", {"day": "dt"}))
    with pytest.raises(ConfigError, match="`dya` is none of"):
        adopted(cloudtrail, {"day": "string"}, Mapped("db.logs", {"dya": "day"}))


def test_a_relation_of_lines_is_not_there(cloudtrail: Source) -> None:
    """Where a source is text, what did not parse is read from a table of lines."""
    lines = replace(cloudtrail.table, name="cloudtrail_lines")
    format_ = replace(cloudtrail.formats[0], lines_table=lines)
    source = adopted(cloudtrail.only(format_), {"day": "string"}).source
    with pytest.raises(SqlError, match="cloudtrail_lines cannot be read"):
        text(source, "SELECT 1 AS a FROM cloudtrail_lines")


_CONFIG = f"""
[athena]
workgroup = "primary"
results = "s3://{RESULTS}/run/"

[tables]
cloudtrail_raw = "other_db.cloudtrail_logs"
"""
# Everything that writes, but for results.
_WRITES = (
    "glue:(Create|Update|Delete|Batch(Create|Update|Delete)|Put|Tag)|athena:(Create|Update|Delete)"
    rf"|s3:(Create|Delete)|s3:Put(?!Object arn:aws:s3:::{RESULTS}/)"
)


@pytest.fixture
def reader(
    lakehunt_sandbox: Sandbox,
    demo_lake: Path,
    sources: dict[str, Source],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Sandbox:
    """Somebody's table over the demo's lake, seen by a role that may create nothing."""
    deployment = load_lake(lakehunt_sandbox, demo_lake, sources)
    own = load_source(roots(), "cloudtrail", deployment).table
    assert own.location.startswith(f"s3://{BUCKET}/")
    make_foreign_table(sources["cloudtrail"], own)
    (tmp_path / "lakehunt.toml").write_text(_CONFIG)
    monkeypatch.chdir(tmp_path)
    boto3.client("s3").create_bucket(Bucket=RESULTS)
    lakehunt_sandbox.faults = Faults(denied=_WRITES)
    return lakehunt_sandbox


def test_a_hunt_over_a_foreign_table_finds_the_same_and_writes_nothing(
    reader: Sandbox, demo_lake: Path, lakehunt: Callable[..., Ran]
) -> None:
    before = [one.url for one in reader.store.objects(f"s3://{BUCKET}/")]
    asked = ("--source", "cloudtrail", "--since", "2026-05-01", "--until", "2026-05-31")
    there = lakehunt("hunt", "--engine", "athena", "--rows", "--format", "jsonl", *asked)
    assert there.code == 1, there.err
    assert "other_db.cloudtrail_logs: no column tlsDetails: NULL" in there.err
    here = lakehunt("hunt", demo_lake, "--rows", "--format", "jsonl", *asked)
    on_disk = here.out.replace(str(demo_lake), f"s3://{BUCKET}")
    assert sorted(there.out.splitlines()) == sorted(on_disk.splitlines())
    assert there.out.count("\n") > 20
    glue = boto3.client("glue")
    names = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    assert names <= {"default", "other_db"}
    tables = glue.get_tables(DatabaseName="other_db")["TableList"]
    assert [table["Name"] for table in tables] == ["cloudtrail_logs"]
    assert [one.url for one in reader.store.objects(f"s3://{BUCKET}/")] == before


def test_that_role_may_create_nothing(reader: Sandbox, lakehunt: Callable[..., Ran]) -> None:
    """What the test above rests on: the sandbox refuses to write, by whichever way."""
    with pytest.raises(ClientError, match="not authorized to perform: glue:CreateDatabase"):
        boto3.client("glue").create_database(DatabaseInput={"Name": "mine"})
    with pytest.raises(ClientError, match="not authorized to perform: s3:PutObject on resource"):
        boto3.client("s3").put_object(Bucket=BUCKET, Key="a", Body=b"")
    with pytest.raises(EngineError, match="not authorized to perform: glue:CreateTable"):
        reader.run("CREATE VIEW mine AS SELECT 1 AS a", "other_db")
    with pytest.raises(EngineError, match="not authorized to perform: glue:CreateTable"):
        reader.run("CREATE TABLE mine AS SELECT 1 AS a", "other_db")


@pytest.mark.parametrize(
    ("denied", "missing"),
    [
        ("glue:GetTable", "glue:GetTable is missing for arn:aws:sts::123456789012:assumed-role/"),
        ("athena:StartQuery", "athena:StartQueryExecution is missing for arn:aws:sts::"),
        (rf"s3:Put.*{RESULTS}", f"s3:PutObject is missing on arn:aws:s3:::{RESULTS}/run/"),
    ],
    ids=["glue", "athena", "results"],
)
def test_a_denied_call_names_the_permission(
    reader: Sandbox, lakehunt: Callable[..., Ran], denied: str, missing: str
) -> None:
    reader.faults = Faults(denied=denied)
    sql = "SELECT count(*) AS n FROM cloudtrail"
    ran = lakehunt("sql", sql, "--engine", "athena", "--since", "2026-05-18")
    assert ran.code == 3
    assert f"access denied: {missing}" in ran.err


def test_a_deployment_that_is_denied_names_the_permission(
    reader: Sandbox, lakehunt: Callable[..., Ran], tmp_path: Path
) -> None:
    deployment = 'accounts = ["111122223333"]\nregions = ["us-east-1"]\nfirst_day = 2026-05-01'
    buckets = '[deployment.buckets]\nalb = "logs"'
    config = f"{_CONFIG}[deployment]\n{deployment}\n{buckets}\n"
    (tmp_path / "lakehunt.toml").write_text(config)
    ran = lakehunt("deploy", "alb", "--apply")
    assert ran.code == 3
    assert "access denied: glue:CreateDatabase is missing for arn:aws:sts::" in ran.err


def test_show_prints_what_would_be_sent_to_a_mapped_table(
    reader: Sandbox, lakehunt: Callable[..., Ran]
) -> None:
    asked = ("show", "cloudtrail.trail_stopped", "--sql", "--since", "2026-05-18")
    shown = lakehunt(*asked)
    assert shown.code == 0, shown.err
    assert 'FROM "other_db"."cloudtrail_logs"' in shown.out
    assert '"timestamp" >=' in shown.out
    assert "no column tlsDetails: NULL" in shown.err
    assert "other_db" not in lakehunt(*asked, "--engine", "local").out
