"""Which permission a call takes, and what AWS answers to somebody who lacks it.

Knows the forms of requests to S3 and to services that speak JSON. The server asks it before it
answers, the store before it writes for Athena.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

WHO = "arn:aws:sts::123456789012:assumed-role/analyst/sandbox"
_SERVICE = re.compile(r"Credential=[^/]+/\d+/[\w-]+/(\w+)/aws4_request")
_SERVICES = {"AWSGlue": "glue", "AmazonAthena": "athena"}
# By method, for a bucket and for an object in it.
_S3 = {
    "GET": ("ListBucket", "GetObject"),
    "HEAD": ("ListBucket", "GetObject"),
    "PUT": ("CreateBucket", "PutObject"),
    "POST": ("DeleteObject", "PutObject"),
    "DELETE": ("DeleteBucket", "DeleteObject"),
}


def asked_for(environ: Mapping[str, Any]) -> str:
    """Return a request as permission and resource, such as `s3:GetObject arn:aws:s3:::b/key`.

    Of services that speak JSON the resource is not told; what is not known is ''.
    """
    service, _, action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if service in _SERVICES:
        return f"{_SERVICES[service]}:{action}"
    scope = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
    path = unquote(environ.get("PATH_INFO", "")).lstrip("/")
    if scope is None or scope[1] != "s3" or not path or environ["REQUEST_METHOD"] not in _S3:
        return ""
    on_bucket, on_object = _S3[environ["REQUEST_METHOD"]]
    key = path.partition("/")[2]
    return f"s3:{on_object if key else on_bucket} {bucket_arn(path)}"


def bucket_arn(path: str) -> str:
    """Return the ARN of `bucket` or `bucket/key`."""
    return f"arn:aws:s3:::{path.rstrip('/')}"


def refusal(asked: str) -> str:
    """Return how AWS says that a permission is missing."""
    action, _, resource = asked.partition(" ")
    on = f" on resource: {resource}" if resource else ""
    return f"User: {WHO} is not authorized to perform: {action}{on}"
