"""What AWS delivers is accounted for: each line of each sample, and what the folders tell."""

from pathlib import Path

import pytest

from lakehunt.layouts import locate
from lakehunt.model import Source
from tests.delivered import PLACES, Delivered, sample, samples

# CloudFront's real-time sample is a record that somebody parsed.
_SAMPLED = [source for source in PLACES if source != "cloudfront_realtime"]
_WHOLE = ("alb", "s3access", "cloudfront")


@pytest.mark.parametrize(("source", "name"), samples(*_SAMPLED))
def test_every_line_of_a_sample_is_a_row_a_header_or_left_out(
    tmp_path: Path, sources: dict[str, Source], source: str, name: str
) -> None:
    lake = Delivered(tmp_path, sources, source)
    text = sample(source, name)
    lake.deliver(text)
    rows, unparsed, account = lake.told("log_file")
    lines = len(text.splitlines())
    assert len(rows) + len(unparsed) + account.header_lines == lines
    assert (account.rows_read, account.rows_unparsed) == (len(rows) + len(unparsed), len(unparsed))
    assert account.refused == ()
    # what is no record: a test of the bucket, and a first line that somebody put there
    odd = [line for line in unparsed if line != "#" and not line.startswith("Enable AccessLog")]
    assert source not in _WHOLE or odd == []


@pytest.mark.parametrize(
    ("source", "path", "values"),
    [
        (
            "vpcflow",
            "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/"
            "year=2026/month=05/day=01/hour=07/x",
            {"account_id": "111122223333", "region": "eu-west-1", "day": "2026/05/01"},
        ),
        (
            "vpcflow",
            "p/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/01/10/x",
            {"account_id": "111122223333", "region": "us-east-1", "day": "2026/05/01"},
        ),
        (
            "waf",
            "AWSLogs/111122223333/WAFLogs/cloudfront/TEST-WEBACL/2026/10/28/19/50/x",
            {"region": "cloudfront", "web_acl": "TEST-WEBACL", "day": "2026/10/28"},
        ),
        (
            "waf",
            "2026/10/28/19/aws-waf-logs-shop-1-2026-10-28-19-50-31-0a1b2c3d-4e5f.gz",
            {"day": "2026/10/28"},
        ),
        (
            "route53_resolver",
            "AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a/2026/02/11/x",
            {"account_id": "111122223333", "vpc": "vpc-0a", "day": "2026/02/11"},
        ),
    ],
)
def test_folders_tell_where_a_file_was_delivered(
    sources: dict[str, Source], source: str, path: str, values: dict[str, str]
) -> None:
    place = locate(sources[source].partitions, path)
    assert place is not None
    assert values.items() <= dict(place.values).items()
