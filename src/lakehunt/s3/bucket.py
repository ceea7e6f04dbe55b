"""One bucket: the folders and objects in it, each listing asked for once.

Knows boto3. `ranges`, `walk` and `fetch` read buckets through it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakehunt.config import Access
from lakehunt.errors import LakeError, nearest
from lakehunt.s3.address import Address
from lakehunt.s3.failures import explained
from lakehunt.s3.objects import CONNECTIONS, Folder, Page, StoredObject
from lakehunt.s3.session import aws_session

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

# The most that one listing returns. Source: Amazon S3 API Reference, ListObjectsV2.
MOST_LISTED = 1000
_REGION_HEADER = "x-amz-bucket-region"
_DEFAULT_REGION = "us-east-1"


@dataclass(slots=True)
class Bucket:
    """A bucket as one access reaches it; safe for many threads. `calls` counts the listings.

    All of it raises CloudError where AWS refuses or cannot be reached.
    """

    name: str
    access: Access
    session: boto3.Session
    client: "S3Client"
    region: str
    calls: int = 0
    _folders: dict[str, Folder] = field(default_factory=dict)
    _pages: dict[tuple[str, str, int], Page] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address(self, key: str) -> Address:
        """Return where a key of this bucket lies."""
        return Address(self.name, key)

    def folder(self, prefix: str) -> Folder:
        """Return what lies directly below a prefix, all of it."""
        known = self._folders.get(prefix)
        if known is not None:
            return known
        objects: list[StoredObject] = []
        folders: list[str] = []
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, Delimiter="/", **self.payer
        )
        with self._explained(prefix):
            for page in pages:
                self._count()
                objects += _stored(page.get("Contents", ()))
                folders += (one["Prefix"] for one in page.get("CommonPrefixes", ()))
        found = Folder(tuple(objects), tuple(folders))
        self._folders[prefix] = found
        return found

    def page(self, prefix: str, after: str = "", most: int = MOST_LISTED) -> Page:
        """Return the next objects under a prefix whose keys follow one, a thousand at most."""
        known = self._pages.get((prefix, after, most))
        if known is not None:
            return known
        with self._explained(prefix):
            answer = self.client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, StartAfter=after, MaxKeys=most, **self.payer
            )
        self._count()
        contents = answer.get("Contents", ())
        last = contents[-1]["Key"] if answer["IsTruncated"] and contents else ""
        found = Page(_stored(contents), last)
        self._pages[prefix, after, most] = found
        return found

    def part(self, prefix: str, after: str) -> tuple[Folder, bool]:
        """Return what follows a key directly below a prefix, a thousand at most; and if it is all.

        A folder that a key before it lies in is among what follows.
        """
        with self._explained(prefix):
            answer = self.client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, Delimiter="/", StartAfter=after, **self.payer
            )
        self._count()
        folders = tuple(one["Prefix"] for one in answer.get("CommonPrefixes", ()))
        return Folder(_stored(answer.get("Contents", ())), folders), not answer["IsTruncated"]

    def kms_key(self, one: StoredObject) -> str:
        """Return the key that encrypts an object, '' where none does or it is not told."""
        try:
            answer = self.client.head_object(Bucket=self.name, Key=one.key, **self.payer)
        except (BotoCoreError, ClientError):
            return ""
        return str(answer.get("SSEKMSKeyId", ""))

    @property
    def payer(self) -> Mapping[str, Any]:
        """Return what says that the reader pays, where that is so."""
        return {"RequestPayer": "requester"} if self.access.requester_pays else {}

    def _count(self) -> None:
        with self._lock:
            self.calls += 1

    @contextmanager
    def _explained(self, prefix: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise explained(error, self.address(prefix), self.access) from error


def _stored(contents: "Sequence[ObjectTypeDef]") -> tuple[StoredObject, ...]:
    # a key that ends with a slash is a folder that the console made
    return tuple(
        StoredObject(one["Key"], one["Size"], one["ETag"])
        for one in contents
        if not one["Key"].endswith("/")
    )


def open_bucket(name: str, access: Access) -> Bucket:
    """Return a bucket, in the region where it lies.

    Raises:
        LakeError: there is no such bucket; names the nearest.
        CloudError: there are no credentials, AWS refuses them or cannot be reached.
    """
    session = aws_session(access)
    region = access.region or session.region_name or _DEFAULT_REGION
    client = _client(session, access, region)
    own = _region(client, name, access) or region
    if own != region:
        client = _client(session, access, own)
    return Bucket(name, access, session, client, own)


def _region(client: "S3Client", name: str, access: Access) -> str:
    """Return where a bucket lies, nothing where S3 does not tell; raises as `open_bucket`."""
    try:
        answer = client.head_bucket(Bucket=name)
        return answer["ResponseMetadata"]["HTTPHeaders"].get(_REGION_HEADER, "")
    except ClientError as error:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        # the region is told even to whom the rest is refused
        if _REGION_HEADER in headers:
            return str(headers[_REGION_HEADER])
    except BotoCoreError as error:
        raise explained(error, Address(name), access) from error
    # an answer to HEAD has no text: a listing says why
    try:
        client.list_objects_v2(Bucket=name, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        found = explained(error, Address(name), access)
        if isinstance(found, LakeError):
            raise LakeError(f"{found}{_nearest(client, name)}") from error
        raise found from error
    return ""


def _client(session: boto3.Session, access: Access, region: str) -> "S3Client":
    config = Config(
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 6},
        s3={"addressing_style": "path"} if access.endpoint else {},
    )
    return session.client(
        "s3", region_name=region, endpoint_url=access.endpoint or None, config=config
    )


def _nearest(client: "S3Client", name: str) -> str:
    """Return a hint at the bucket that was meant, where the account's buckets may be listed."""
    try:
        known = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    except (BotoCoreError, ClientError):
        return ""
    near = nearest(name, known)
    return f"; did you mean s3://{near}?" if near else ""
