"""What an analyst and an administrator of a deployment must be allowed, and nothing more.

Knows the stack and the names of actions. The formats that make policies print them.
Source: Service Authorization Reference, Amazon Athena, AWS Glue, Amazon S3 (read 2026-11-29).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lakehunt.deploy.stack import Stack

Statement: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: what it is for, and its statements; a statement's `Resource` is a list of ARNs."""

    description: str
    statements: tuple[Statement, ...]

    def document(self) -> dict[str, object]:
        """Return the policy as IAM takes it."""
        return {"Version": "2012-10-17", "Statement": [*self.statements]}


@dataclass(frozen=True, slots=True)
class Place:
    """The names that an ARN holds and that a template does not know: each format has its own."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def s3(self, resource: str) -> str:
        """Return the ARN of a bucket or of objects."""
        return f"arn:{self.partition}:s3:::{resource}"


def analyst(stack: Stack, place: Place) -> Policy:
    """Return what those who ask may: run queries in the workgroup, read logs and results."""
    return Policy("Ask the log tables", tuple(_asking(stack, place)))


def admin(stack: Stack, place: Place) -> Policy:
    """Return what those who deploy may: what an analyst may, and change the stack itself."""
    group = place.arn("athena", f"workgroup/{stack.workgroup.name}")
    changing = [
        _allow(
            "ChangeTables",
            ("glue:CreateDatabase", "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"),
            _catalog(stack, place),
        ),
        _allow(
            "ChangeWorkgroup",
            (
                "athena:CreateNamedQuery",
                "athena:CreateWorkGroup",
                "athena:DeleteNamedQuery",
                "athena:UpdateNamedQuery",
                "athena:UpdateWorkGroup",
            ),
            [group],
        ),
    ]
    return Policy("Ask and deploy the log tables", (*_asking(stack, place), *changing))


def _allow(
    sid: str, actions: Iterable[str], resources: Iterable[str], **condition: object
) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [*actions],
        "Resource": [*resources],
        **condition,
    }


def _asking(stack: Stack, place: Place) -> list[Statement]:
    group = place.arn("athena", f"workgroup/{stack.workgroup.name}")
    catalog = place.arn("athena", "datacatalog/AwsDataCatalog")
    statements = [
        _allow("RunQueries", _RUN, [group]),
        _allow("SeeCatalog", ("athena:GetDataCatalog",), [catalog]),
        _allow("ReadTables", _READ_TABLES, _catalog(stack, place)),
        *_logs(stack, place),
        *_results(stack, place),
    ]
    if stack.workgroup.kms_key:
        actions = ("kms:Decrypt", "kms:GenerateDataKey")
        statements.append(_allow("UseResultKey", actions, [stack.workgroup.kms_key]))
    return statements


_RUN = (
    "athena:BatchGetNamedQuery",
    "athena:BatchGetQueryExecution",
    "athena:GetNamedQuery",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryRuntimeStatistics",
    "athena:GetWorkGroup",
    "athena:ListNamedQueries",
    "athena:ListQueryExecutions",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_READ_TABLES = (
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
)


def _catalog(stack: Stack, place: Place) -> list[str]:
    name = stack.database.name
    return [
        place.arn("glue", "catalog"),
        place.arn("glue", f"database/{name}"),
        place.arn("glue", f"table/{name}/*"),
    ]


def _logs(stack: Stack, place: Place) -> list[Statement]:
    """Return what reads the log files: below the tables' own folders only."""
    folders: dict[str, list[str]] = {}
    for table in stack.tables:
        if not table.is_view:
            bucket, prefix = _split(table.location)
            folders.setdefault(bucket, []).append(prefix)
    if not folders:
        # IAM takes no statement without a resource
        return []
    objects = [place.s3(f"{b}/{p}*") for b, prefixes in folders.items() for p in {*prefixes}]
    buckets = [place.s3(bucket) for bucket in folders]
    below = sorted({f"{prefix}*" for prefixes in folders.values() for prefix in prefixes})
    only = {"StringLike": {"s3:prefix": below}}
    return [
        _allow("ListLogs", ("s3:ListBucket",), buckets, Condition=only),
        _allow("LocateLogs", ("s3:GetBucketLocation",), buckets),
        _allow("ReadLogs", ("s3:GetObject",), sorted(objects)),
    ]


def _results(stack: Stack, place: Place) -> list[Statement]:
    bucket, prefix = _split(stack.workgroup.results)
    objects = (
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    )
    whole = ("s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
    only = {"StringLike": {"s3:prefix": [f"{prefix}*"]}}
    return [
        _allow("ListResults", ("s3:ListBucket",), [place.s3(bucket)], Condition=only),
        _allow("LocateResults", whole, [place.s3(bucket)]),
        _allow("WriteResults", objects, [place.s3(f"{bucket}/{prefix}*")]),
    ]


def _split(location: str) -> tuple[str, str]:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return bucket, prefix
