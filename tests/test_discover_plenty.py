"""In a bucket of millions of objects, what lies there is found in a few hundred listings."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from tests.buckets import Server
from tests.conftest import Ran, written
from tests.lakes import document, event
from tests.plenty import Plenty

Lakehunt = Callable[..., Ran]
EVENT = gzip.compress(document(event("StopLogging", "2026-05-03T10:00:00Z")))
# Ten accounts, five regions, three years, 185 files a day; and 120,000 flat server access logs.
ACCOUNTS = [f"1111222233{n:02}/" for n in range(10)]
REGIONS = ["ap-south-1/", "eu-central-1/", "eu-west-1/", "us-east-1/", "us-west-2/"]
FIRST, LAST = date(2023, 4, 1), date(2026, 3, 31)
FILES_A_DAY = 185


def days() -> Iterator[date]:
    yield from (FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1))


@cache
def names(folder: str) -> Sequence[str]:
    """Return what a folder of the bucket of millions holds."""
    match folder.split("/")[:-1]:
        case ["AWSLogs", account, "CloudTrail", region, *time]:
            return times(account, region, time)
        case ["AWSLogs", _, "Config"]:
            return ["us-east-1/"]
        case ["access"]:
            return flat_names()
        case parts:
            fixed = (["AWSLogs/", "access/"], ACCOUNTS, ["CloudTrail/", "Config/"], REGIONS)
            return fixed[len(parts)]


def times(account: str, region: str, time: Sequence[str]) -> Sequence[str]:
    """Return the folders of years, months or days, or the files of a day."""
    if len(time) == 3:
        start = f"{account}_CloudTrail_{region}_{''.join(time)}T"
        return [f"{start}{n // 60:02}{n % 60:02}Z_{n:016}.json.gz" for n in range(FILES_A_DAY)]
    own = [f"{day:%Y/%m/%d}".split("/") for day in days()]
    return sorted({day[len(time)] + "/" for day in own if day[: len(time)] == [*time]})


@cache
def flat_names() -> Sequence[str]:
    return sorted(
        f"{day:%Y-%m-%d}-{n // 60:02}-{n % 60:02}-00-{n:016X}" for day in days() for n in range(109)
    )


def test_ten_million_objects_take_a_few_hundred_listings(
    tmp_path: Path, s3: Server, lakehunt: Lakehunt
) -> None:
    count = len(ACCOUNTS) * len(REGIONS) * len([*days()]) * FILES_A_DAY
    assert count > 10_000_000
    s3.bucket("plenty")
    plenty = Plenty(names, EVENT)
    s3.fault = plenty
    s3.asked.clear()
    ran = lakehunt("discover", "s3://plenty")
    found = written(ran, tmp_path / "found.toml").deployment
    assert found.accounts == tuple(name.rstrip("/") for name in ACCOUNTS)
    assert found.regions == tuple(name.rstrip("/") for name in REGIONS)
    assert found.first_day == FIRST
    assert f"# cloudtrail: {FIRST} to {LAST}, JSON" in ran.out
    # the folder of each account: CloudTrail, its regions; of each region both ends and three steps
    assert len(s3.listed) < 400
    assert f"{len(s3.listed)} listings" in ran.err


def test_flat_names_are_passed_over_by_the_thousand(
    tmp_path: Path, s3: Server, lakehunt: Lakehunt
) -> None:
    s3.bucket("plenty")
    s3.fault = Plenty(names, b"-\n")
    s3.asked.clear()
    ran = lakehunt("discover", "s3://plenty/access")
    written(ran, tmp_path / "found.toml")
    assert len(flat_names()) > 100_000
    assert f"# s3access: {FIRST} to {LAST}, text" in ran.out
    told = "of the objects named 2023-..., 2024-..., 2025-..., 2026-... the first thousand of each"
    assert f"# not looked at in full: s3://plenty/access/: {told}" in ran.out
    assert len(s3.listed) < 30
