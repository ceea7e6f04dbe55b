"""Who reads a lake in S3: credentials, profiles and roles, and the permission that a refusal names.

moto's server on loopback stands for S3 and STS.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.buckets import Server, refusal
from tests.conftest import Ran
from tests.lakes import three_days

Lakehunt = Callable[..., Ran]
_COUNT = "SELECT event_name, count(*) AS n FROM cloudtrail GROUP BY 1 ORDER BY 1"
DENIED = (
    "User: arn:aws:sts::111122223333:assumed-role/analyst/alice is not authorized to perform:"
    " {} on resource: {} because no resource-based policy allows the {} action"
)


def test_a_refused_listing_names_the_permission(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    s3.fault = lambda asked: refusal(403, "AccessDenied", "Access Denied")
    ran = lakehunt("hunt", "s3://trail/AWSLogs")
    assert ran.code == 3
    assert "s3:ListBucket is missing on arn:aws:s3:::trail in the role's policy" in ran.err


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Access Denied", "s3:GetObject is missing on arn:aws:s3:::trail/AWSLogs/"),
        ("Access Denied", "or kms:Decrypt on the key that encrypts the object"),
        (
            DENIED.format("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/k", "kms:Decrypt"),
            "kms:Decrypt is missing on arn:aws:kms:us-east-1:111122223333:key/k for"
            " arn:aws:sts::111122223333:assumed-role/analyst/alice (no resource-based policy",
        ),
    ],
)
def test_refused_objects_name_the_permission(
    tmp_path: Path,
    s3: Server,
    cloudtrail: Source,
    lakehunt: Lakehunt,
    message: str,
    expected: str,
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    s3.fault = lambda asked: refusal(403, "AccessDenied", message) if asked.is_fetch else None
    ran = lakehunt("hunt", "s3://trail")
    assert ran.code == 3
    assert expected in ran.err


def test_the_key_of_a_location_is_named_where_reading_is_refused(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    Path("lakehunt.toml").write_text(f'[locations."s3://trail"]\nkms_key = "{key}"\n')
    s3.fault = lambda asked: (
        refusal(403, "AccessDenied", "Access Denied") if asked.is_fetch else None
    )
    ran = lakehunt("hunt", "s3://trail")
    assert (ran.code, f"or kms:Decrypt on {key}" in ran.err) == (3, True)


def test_one_refused_object_is_named_and_the_rest_is_read(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    keys = s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    s3.fault = lambda asked: (
        refusal(403, "AccessDenied", "Access Denied") if asked.path.endswith(keys[0]) else None
    )
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail")
    assert ran.code == 0
    assert f"NOT READ: s3://trail/{keys[0]}: access denied: s3:GetObject is missing" in ran.err
    assert f"{len(keys) - 1} of {len(keys)} files read" in ran.err


def test_expired_credentials_say_so(s3: Server, lakehunt: Lakehunt) -> None:
    s3.bucket("trail")
    s3.fault = lambda asked: refusal(400, "ExpiredToken", "The provided token has expired.")
    Path("lakehunt.toml").write_text('[locations."s3://trail"]\nprofile = "audit"\n')
    Path("aws-config").write_text("[profile audit]\nregion = us-east-1\n")
    Path("aws-credentials").write_text(
        "[audit]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    ran = lakehunt("hunt", "s3://trail")
    assert ran.code == 3
    assert "credentials have expired; log in again" in ran.err
    assert "aws sso login --profile audit" in ran.err


def test_a_location_says_who_reads_it(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    Path("lakehunt.toml").write_text(
        '[locations."s3://trail"]\nrole_arn = "arn:aws:iam::444455556666:role/reader"\n'
        'external_id = "shared"\nrequester_pays = true\n'
    )
    s3.asked.clear()
    assert lakehunt("sql", _COUNT, "--lake", "s3://trail").code == 0
    reads = [asked for asked in s3.asked if asked.is_listing or asked.is_fetch]
    # moto hands out keys of a role that begin so
    assert all("Credential=ASIA" in asked.headers["HTTP_AUTHORIZATION"] for asked in reads)
    assert {asked.headers.get("HTTP_X_AMZ_REQUEST_PAYER") for asked in reads} == {"requester"}


def test_a_role_that_cannot_be_assumed_is_named(s3: Server, lakehunt: Lakehunt) -> None:
    s3.bucket("trail")
    Path("lakehunt.toml").write_text(
        '[locations."s3://trail"]\nrole_arn = "arn:aws:iam::444455556666:role/reader"\n'
    )
    message = (
        "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: sts:AssumeRole"
        " on resource: arn:aws:iam::444455556666:role/reader"
    )
    s3.fault = lambda asked: (
        refusal(403, "AccessDenied", message, wrapped=True) if asked.method == "POST" else None
    )
    ran = lakehunt("hunt", "s3://trail")
    assert ran.code == 3
    assert "sts:AssumeRole is missing on arn:aws:iam::444455556666:role/reader for" in ran.err
    assert "its trust policy" in ran.err


def test_a_profile_that_is_missing_shows_the_nearest(s3: Server, lakehunt: Lakehunt) -> None:
    Path("aws-config").write_text("[profile audit]\nregion = us-east-1\n")
    Path("lakehunt.toml").write_text('[locations."s3://trail"]\nprofile = "adit"\n')
    ran = lakehunt("hunt", "s3://trail")
    assert ran.code == 2
    assert "lakehunt.toml:2: no AWS profile adit; did you mean audit?" in ran.err


def test_without_credentials_it_says_where_to_set_them(
    s3: Server, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ran = lakehunt("hunt", "s3://trail")
    assert (ran.code, "no AWS credentials; set AWS_PROFILE" in ran.err) == (3, True)
