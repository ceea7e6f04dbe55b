"""What a run over somebody's own table would read is told from what Glue says of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sandbox.lake import load_lake
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sources import load_source
from tests.conftest import ATHENA_TOML, Ran
from tests.foreign import make_foreign_table

Lakehunt = Callable[..., Ran]
_COUNT = "SELECT count(*) AS n FROM cloudtrail"


def foreign(sources: dict[str, Source], sandbox: Sandbox, lake: Path, place: Path) -> None:
    """Make somebody's table over the lake, and let it stand for ours."""
    deployment = load_lake(sandbox, lake, sources)
    make_foreign_table(sources["cloudtrail"], load_source(roots(), "cloudtrail", deployment).table)
    boto3.client("s3").create_bucket(Bucket=RESULTS)
    mapped = '[tables]\ncloudtrail_raw = "other_db.cloudtrail_logs"\n'
    (place / "lakehunt.toml").write_text(ATHENA_TOML + mapped)


def scanned_and_forecast(ran: Ran) -> tuple[int, int]:
    assert ran.code == 0, ran.err
    bill = json.loads(ran.out)["run"]["bill"]
    return bill["scanned_bytes"], bill["forecast_bytes"]


_OWN = ("--account", "111122223333")
_ONE_DAY = ("--since", "2026-05-18", "--until", "2026-05-18", *_OWN)


def test_a_mapped_table_is_forecast_where_glue_says_it_lies(
    place: Path,
    lakehunt_sandbox: Sandbox,
    demo_lake: Path,
    sources: dict[str, Source],
    lakehunt: Lakehunt,
) -> None:
    foreign(sources, lakehunt_sandbox, demo_lake, place)
    asked = ("sql", _COUNT, "--engine", "athena", "--format", "json", *_ONE_DAY)
    scanned, forecast = scanned_and_forecast(lakehunt(*asked))
    assert forecast == scanned
    objects = lakehunt_sandbox.store.objects("s3://lakehunt-lake/")
    of_all_days = sum(o.size_bytes for o in objects if "/111122223333/CloudTrail/" in o.key)
    assert 0 < forecast < of_all_days


def test_registered_partitions_are_read_from_glue_wherever_they_lie(
    place: Path,
    lakehunt_sandbox: Sandbox,
    demo_lake: Path,
    sources: dict[str, Source],
    lakehunt: Lakehunt,
) -> None:
    foreign(sources, lakehunt_sandbox, demo_lake, place)
    glue, s3 = boto3.client("glue"), boto3.client("s3")
    table = glue.get_table(DatabaseName="other_db", Name="cloudtrail_logs")["Table"]
    s3.create_bucket(Bucket="another-bucket")
    keys = [{"Name": name, "Type": "string"} for name in ("owner", "year", "month", "day")]
    given: Any = {"Name": "cloudtrail_logs", "TableType": "EXTERNAL_TABLE", "PartitionKeys": keys,
             "Parameters": {}, "StorageDescriptor": table["StorageDescriptor"]}  # fmt: skip
    glue.update_table(DatabaseName="other_db", TableInput=given)
    (place / "lakehunt.toml").write_text(
        f'{ATHENA_TOML}[tables.cloudtrail_raw]\ntable = "other_db.cloudtrail_logs"\n'
        'account_id = "owner"\n'
    )
    own = next(
        o for o in lakehunt_sandbox.store.objects("s3://lakehunt-lake/AWSLogs/111122223333/")
    )
    store, name = lakehunt_sandbox.store, own.key.rpartition("/")[2]
    for bucket, month, day in (("lakehunt-lake", "5", "18"), ("another-bucket", "05", "19")):
        for owner in ("111122223333", "444455556666"):
            location = f"s3://{bucket}/copy/{owner}-{day}"
            store.put(f"{location}/{name}", b"x" * 1000)
            store.put(f"{location}/_SUCCESS", b"hidden")
            values = [owner, "2026", month, day]
            store.put_partition("other_db", "cloudtrail_logs", values, location)
    asked = ("sql", _COUNT, "--engine", "athena", "--format", "json")
    told = lakehunt("estimate", _COUNT, *_ONE_DAY, "--format", "jsonl")
    row = json.loads(told.out)
    # the day and the next, for what is delivered late; one account of the two
    assert (row["partitions"], row["objects"], row["bytes"]) == (2, 2, 2000)
    assert row["tables"] == "other_db.cloudtrail_logs"
    later = ("--since", "2026-05-19", "--until", "2026-05-19", *_OWN)
    told = lakehunt("estimate", _COUNT, *later, "--format", "jsonl")
    assert json.loads(told.out)["bytes"] == 1000
    assert lakehunt(*asked, *_ONE_DAY, "--max-scan", "1KB").code == 2
