"""A window admits the same files on a real Trino, by partition projection, and locally."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlglot import exp

from lakehunt.content import roots
from lakehunt.deploy.trino import trino_statements
from lakehunt.engines.local.folder import open_folder
from lakehunt.errors import Location
from lakehunt.model import Source, Window
from lakehunt.sandbox.lake import BUCKET, deployment_of, told_by_files
from lakehunt.sources import load_source
from lakehunt.sql.bounds import predicate
from lakehunt.sql.compile import Draft, compile_draft
from lakehunt.writer import expand, write_lake

from .judge import Judge

pytestmark = pytest.mark.live
SOURCES = ("cloudtrail", "alb", "s3access", "vpcflow", "waf", "route53_resolver",
           "cloudfront_realtime")  # fmt: skip
START = datetime(2026, 5, 1, tzinfo=UTC)
NOON = Window(datetime(2026, 5, 3, 12, tzinfo=UTC), datetime(2026, 5, 3, 13, tzinfo=UTC))


@pytest.mark.parametrize("name", SOURCES)
def test_a_window_admits_the_same_files(
    tmp_path: Path, judge: Judge, sources: dict[str, Source], name: str
) -> None:
    records = [{"repeat": "30", "every": "7h", "record": {}}]
    files = write_lake(
        tmp_path, sources[name], expand(sources[name], records, START, Location("test"))
    )
    own = {name: sources[name]}
    source = load_source(roots(), name, deployment_of(told_by_files(tmp_path, own), own))
    database, bucket = f"projected_{name}", f"projected-{name}".replace("_", "-")
    judge.database(database, bucket)
    judge.sandbox.load(tmp_path, bucket)
    for statement in trino_statements(source):
        judge.run(statement.replace(f"s3://{BUCKET}/", f"s3://{bucket}/"), database)
    sql = f"SELECT event_id FROM {name} WHERE event_time >= :since AND event_time < :until"
    bounds = compile_draft(Draft("q", sql), {name: source}, NOON).reads[0].bounds
    held = exp.and_(*predicate(bounds, source.partitions, is_raw=True)).sql("trino")
    rows = judge.run(f'SELECT DISTINCT "$path" FROM {name}_raw WHERE {held}', database)
    lake = open_folder(tmp_path, own)
    admitted = lake.listing(sources[name], [bounds]).admitted([bounds])
    lake.close()
    assert sorted(str(row[0]).removeprefix(f"s3://{bucket}/") for row in rows) == sorted(
        Path(file.name).relative_to(tmp_path).as_posix() for file in admitted
    )
    assert 0 < len(admitted) < len(files)
