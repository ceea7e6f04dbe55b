"""From nothing to findings: deployed tables are asked by our engine and by AWS SDK for pandas."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import awswrangler as wr
import pytest

from lakehunt.config import Athena, Deployment
from lakehunt.engines.athena.engine import AthenaEngine
from lakehunt.engines.base import Limits
from lakehunt.errors import UsageError
from lakehunt.model import Result, Source, Window
from lakehunt.sandbox.lake import BUCKET, load_lake
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sql.compile import Draft
from tests.conftest import Ran

# awswrangler 3.17 calls pandas 3.1 in ways that this announces the end of.
_OLD_CALLS = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
_ASKED = ("--since", "2026-05-01", "--until", "2026-05-31", "--source", "cloudtrail")


def toml(deployment: Deployment) -> str:
    """A configuration of a deployment."""
    buckets = "\n".join(f'{key} = "{name}"' for key, name in deployment.buckets.items())
    return f"""
[deployment]
accounts = {[*deployment.accounts]}
regions = {[*deployment.regions]}
first_day = {deployment.first_day}
organization = "{deployment.organization}"
[deployment.buckets]
{buckets}
[athena]
results = "s3://{RESULTS}/deployed/"
"""


@pytest.fixture
def deployed(
    lakehunt_sandbox: Sandbox,
    demo_lake: Path,
    sources: Mapping[str, Source],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lakehunt: Callable[..., Ran],
) -> Sandbox:
    """A sandbox with the demo's lake, its tables made by `deploy`."""
    (tmp_path / "lakehunt.toml").write_text(toml(load_lake(lakehunt_sandbox, demo_lake, sources)))
    monkeypatch.chdir(tmp_path)
    lakehunt_sandbox.store.make_bucket(RESULTS)
    ran = lakehunt("deploy", "cloudtrail", "--apply")
    assert ran.code == 0, ran.err
    return lakehunt_sandbox


def test_a_hunt_on_deployed_tables_finds_what_the_local_one_does(
    deployed: Sandbox, demo_lake: Path, lakehunt: Callable[..., Ran]
) -> None:
    there = lakehunt("hunt", "--engine", "athena", "--rows", "--format", "jsonl", *_ASKED)
    assert there.code == 1, there.err
    here = lakehunt("hunt", demo_lake, "--rows", "--format", "jsonl", *_ASKED)
    on_disk = here.out.replace(str(demo_lake), f"s3://{BUCKET}")
    assert sorted(there.out.splitlines()) == sorted(on_disk.splitlines())
    assert there.out.count("\n") > 20


@_OLD_CALLS
def test_awswrangler_reads_the_catalog_and_the_tables(deployed: Sandbox) -> None:
    names = {table["Name"] for table in wr.catalog.get_tables(database="lakehunt")}
    assert {"cloudtrail", "cloudtrail_raw", "cloudtrail_unparsed"} <= names
    types = wr.catalog.get_table_types(database="lakehunt", table="cloudtrail_raw")
    assert types is not None
    assert types["eventname"] == "string"
    assert types["resources"] == "array<struct<arn:string,accountid:string,type:string>>"
    assert wr.catalog.get_table_location("lakehunt", "cloudtrail_raw").startswith("s3://")
    assert wr.catalog.does_table_exist("lakehunt", "cloudtrail")
    frame = wr.athena.read_sql_query(
        "SELECT event_name, count(*) AS n FROM cloudtrail WHERE day >= '2026/05/01' GROUP BY 1",
        database="lakehunt",
        workgroup="lakehunt",
        ctas_approach=False,
    )
    assert len(frame) > 10
    assert frame["n"].sum() > 100


@pytest.fixture
def result(deployed: Sandbox, sources: Mapping[str, Source]) -> Result:
    """Rows with a time, a text, a list and a number."""
    engine = AthenaEngine(Athena(results=f"s3://{RESULTS}/run/"), sources)
    sql = """SELECT event_name, region, min(event_time) AS first_time, count(*) AS n,
    array_agg(DISTINCT source_ip) AS source_ips FROM cloudtrail GROUP BY 1, 2"""
    try:
        run = engine.run([Draft("q", sql)], _may(), Limits(count=False), lambda share: None)
    finally:
        engine.close()
    found = run.results["q"]
    assert isinstance(found, Result), found
    return found


def _may() -> Window:
    return Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


@_OLD_CALLS
def test_a_result_becomes_a_dataset_that_glue_knows(result: Result) -> None:
    wr.catalog.create_database("findings")
    place = f"s3://{RESULTS}/findings/"
    written = result.to_dataset(
        place, database="findings", table="calls", partition_by=["region"], mode="overwrite"
    )
    assert len(written) == len({row["region"] for row in result.rows()})
    types = wr.catalog.get_table_types(database="findings", table="calls")
    assert types == {
        "event_name": "string",
        "first_time": "timestamp",
        "n": "bigint",
        "source_ips": "array<string>",
        "region": "string",
    }
    frame = wr.s3.read_parquet(place, dataset=True)
    assert len(frame) == result.table.num_rows
    assert sorted(frame["event_name"]) == sorted(str(row["event_name"]) for row in result.rows())


def test_nothing_makes_no_dataset(result: Result) -> None:
    empty = replace(result, table=result.table.slice(0, 0))
    with pytest.raises(UsageError, match="no rows"):
        empty.to_dataset(f"s3://{RESULTS}/none/")
    with pytest.raises(UsageError, match="both a database and a table"):
        result.to_dataset(f"s3://{RESULTS}/none/", table="calls")
