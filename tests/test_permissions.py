"""Where AWS refuses, the permission that is missing is named, and on what, for whom, given by whom.

The texts are those that AWS writes.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from lakehunt.permissions import missing_permission
from tests.buckets import Asked, Server
from tests.conftest import Ran

BOB = "arn:aws:iam::111122223333:user/bob"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            f"User: {BOB} is not authorized to perform: glue:GetTable on resource:"
            " arn:aws:glue:eu-west-1:111122223333:catalog because no identity-based policy allows"
            " the glue:GetTable action",
            "access denied: glue:GetTable is missing on arn:aws:glue:eu-west-1:111122223333:catalog"
            f" for {BOB} (no identity-based policy allows the glue:GetTable action)",
        ),
        (
            f"User: {BOB} is not authorized to perform: kms:Decrypt on resource: {KEY} because no"
            " resource-based policy allows the kms:Decrypt action",
            f"access denied: kms:Decrypt is missing on {KEY} for {BOB}"
            " (no resource-based policy allows the kms:Decrypt action)",
        ),
        (
            f"{BOB} is not authorized to perform: s3:GetBucketLocation",
            f"access denied: s3:GetBucketLocation is missing for {BOB}",
        ),
        (
            "Insufficient Lake Formation permission(s): Required Select on cloudtrail_raw",
            "access denied: the Lake Formation grant Select is missing on cloudtrail_raw"
            " (an administrator of the data lake gives it)",
        ),
        (
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
            " MetaException(message:Insufficient Lake Formation permission(s): Required Create"
            " Database on Catalog (Service: AmazonDataCatalog; Status Code: 400; Error Code:"
            " AccessDeniedException; Request ID: 1; Proxy: null))",
            "access denied: the Lake Formation grant Create Database is missing on Catalog"
            " (an administrator of the data lake gives it)",
        ),
        (
            "Insufficient Lake Formation permission(s) on logs (Database name: logs) (Service:"
            " AWSGlue; Status Code: 400; Error Code: AccessDeniedException; Request ID: 1)",
            "access denied: a Lake Formation grant is missing on logs (Database name: logs)"
            " (an administrator of the data lake gives it)",
        ),
        (
            "PERMISSION_DENIED: Permission denied on S3 path: s3://trail/AWSLogs/a.json.gz",
            "access denied: s3:GetObject is missing on arn:aws:s3:::trail/AWSLogs/a.json.gz in the"
            " role's policy or the bucket's, or kms:Decrypt on the key that encrypts the object",
        ),
        (
            "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split: Access Denied (Service: Amazon S3;"
            " Status Code: 403; Error Code: AccessDenied; Request ID: 1) (Path: s3://trail/a.gz)",
            "access denied: s3:GetObject is missing on arn:aws:s3:::trail/a.gz in the role's policy"
            " or the bucket's, or kms:Decrypt on the key that encrypts the object",
        ),
        ("SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved", "None"),
        ("Query exhausted resources at this scale factor", "None"),
    ],
)
def test_the_permission_is_read_from_what_aws_says(message: str, expected: str) -> None:
    assert str(missing_permission(message)) == expected


def test_a_table_that_lake_formation_holds_back_names_the_grant(
    s3: Server, lakehunt: Callable[..., Ran]
) -> None:
    Path("lakehunt.toml").write_text('[tables]\ncloudtrail_raw = "other.logs"\n')
    message = "Insufficient Lake Formation permission(s): Required Describe on logs"

    def refuse(asked: Asked) -> Response | None:
        if not asked.headers.get("HTTP_X_AMZ_TARGET", "").endswith("GetTable"):
            return None
        body = {"__type": "AccessDeniedException", "Message": message}
        return Response(json.dumps(body), 400, content_type="application/x-amz-json-1.1")

    s3.fault = refuse
    ran = lakehunt("run", "cloudtrail.trail_stopped", "--engine", "athena", "--since", "24h")
    assert ran.code == 3
    what = "the Lake Formation grant Describe is missing on logs"
    assert f"reading the table other.logs: access denied: {what}" in ran.err
