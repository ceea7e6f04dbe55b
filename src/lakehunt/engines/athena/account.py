"""The Athena account of an engine: its clients, its calls, and what AWS means when it refuses.

The door to PyAthena and boto3 for running queries. Knows the API, not what a query is about.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
)
from pyathena import connect
from pyathena.util import RetryConfig, retry_api_call

from lakehunt.config import Access, Athena
from lakehunt.errors import CloudError, ConfigError, EngineError, LakehuntError, LimitError
from lakehunt.permissions import missing_permission
from lakehunt.s3.session import aws_session

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

_T = TypeVar("_T")
# Queries that an account may have queued or running, by region; elsewhere it is 20. Source: AWS
# General Reference, "Amazon Athena endpoints and quotas" (read 2026-11-23).
_QUOTAS = {
    "us-east-1": 200,
    **dict.fromkeys(("us-east-2", "us-west-2", "ap-northeast-1", "eu-central-1", "eu-west-1"), 150),
    **dict.fromkeys(
        ("ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "eu-west-2"), 100
    ),
}
_SMALLEST_QUOTA = 20
# Others share the quota: a run takes at most a quarter of it, and never more than this many.
_SHARE, _MOST_RUNNING = 4, 20
_CUT_OFF = "Bytes scanned limit was exceeded"


@dataclass(frozen=True, slots=True)
class Account:
    """The clients of one account and region, and how calls are repeated."""

    athena: "AthenaClient"
    s3: "S3Client"
    glue: "GlueClient"
    retry: RetryConfig
    settings: Athena

    @property
    def most_running(self) -> int:
        """Return how many queries run at the same time."""
        if self.settings.concurrency:
            return self.settings.concurrency
        quota = _QUOTAS.get(self.athena.meta.region_name, _SMALLEST_QUOTA)
        return min(quota // _SHARE, _MOST_RUNNING)

    def call(self, doing: str, call: Callable[..., _T], **arguments: Any) -> _T:
        """Return the answer of a call, repeated with jitter while AWS throttles it.

        Raises:
            CloudError: AWS refuses, or cannot be reached.
        """
        with _explained(doing):
            answer: _T = retry_api_call(call, self.retry, None, **arguments)
            return answer

    def table_names(self) -> frozenset[str]:
        """Return the names of the tables and views of the database, in lower case.

        Raises:
            CloudError: AWS refuses, or cannot be reached.
        """
        names: set[str] = set()
        with _explained("listing the tables"):
            pages = self.athena.get_paginator("list_table_metadata").paginate(
                CatalogName=self.settings.catalog, DatabaseName=self.settings.database
            )
            for page in pages:
                names.update(table["Name"].lower() for table in page["TableMetadataList"])
        return frozenset(names)


def open_account(settings: Athena) -> Account:
    """Return the account that a configuration or the environment names.

    Raises:
        ConfigError: there is no such profile, or no region.
        CloudError: there are no credentials.
    """
    with _explained("opening Athena"):
        session = aws_session(
            Access(settings.profile, region=settings.region, profile_line=settings.profile_line)
        )
        connection = connect(
            session=session,
            region_name=session.region_name,
            work_group=settings.workgroup,
            s3_staging_dir=settings.results,
            schema_name=settings.database,
            catalog_name=settings.catalog,
            config=Config(retries={"mode": "standard", "max_attempts": 5}),
        )
        athena = cast("AthenaClient", connection.client)
        s3 = cast("S3Client", connection.s3_client)
        glue = session.client("glue", region_name=session.region_name)
        return Account(athena, s3, glue, connection.retry_config, settings)


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    try:
        yield
    except NoRegionError as error:
        hint = "set `region` under [athena] in lakehunt.toml, or AWS_DEFAULT_REGION"
        raise ConfigError(f"{doing}: no AWS region; {hint}") from error
    except NoCredentialsError as error:
        hint = "set AWS_PROFILE, or `profile` under [athena] in lakehunt.toml"
        raise CloudError(f"{doing}: no AWS credentials; {hint}") from error
    except ClientError as error:
        said = error.response.get("Error", {})
        message = f"{said.get('Code')}: {said.get('Message')}"
        raise CloudError(f"{doing}: {missing_permission(message) or message}") from error
    except BotoCoreError as error:
        raise CloudError(f"{doing}: {error}") from error


def why_failed(name: str, reason: str) -> LakehuntError:
    """Return what the reason of a failed query means."""
    if _CUT_OFF in reason:
        hint = "narrow the window, or raise the workgroup's limit (`max_scan`, then deploy)"
        return LimitError(f"{name}: the workgroup's limit of scanned bytes ended it; {hint}")
    missing = missing_permission(reason)
    if missing:
        return CloudError(f"{name}: {missing}")
    return EngineError(f"{name}: {reason or 'ended by Athena without a reason'}")
