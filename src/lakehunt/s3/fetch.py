"""Fetches objects into the cache, many at once and a little ahead of whoever reads them.

Knows buckets and the cache. The fast way is obstore; what it refuses is asked again through
boto3, whose errors tell what is missing.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import obstore
from botocore.exceptions import BotoCoreError, ClientError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from lakehunt.errors import LakehuntError
from lakehunt.s3.bucket import Bucket
from lakehunt.s3.cache import ObjectCache
from lakehunt.s3.failures import ObjectError, why_unread
from lakehunt.s3.objects import CONNECTIONS, StoredObject

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from obstore import GetOptions

_CHUNK_BYTES = 1 << 20
# How much is fetched ahead of the reader, and how much of an object is fetched for its head.
_AHEAD_BYTES = 256 << 20
_AHEAD_OBJECTS = 4 * CONNECTIONS
_SMALL_BYTES = 8 << 20
_ATTEMPTS = 4
# After so many refusals with nothing read, the others are not asked for.
_HOPELESS = 10


class Fetcher:
    """The objects of one bucket as files of this machine; close it after use.

    `fetched` and `fetched_bytes` count what came from S3, `cached` what was here already.
    """

    def __init__(self, bucket: Bucket, cache: ObjectCache) -> None:
        self.bucket = bucket
        self.fetched = self.fetched_bytes = self.cached = 0
        self._cache = cache
        self._store = _store(bucket)
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._lock = threading.Lock()
        self._waiting: Iterator[StoredObject] = iter(())
        self._ahead: OrderedDict[str, tuple[Future[Path], int]] = OrderedDict()
        self._ahead_bytes = 0
        self._refused = 0
        self._cause: LakehuntError | None = None

    def close(self) -> None:
        """Give up what is still being fetched."""
        self._pool.shutdown(cancel_futures=True)

    def expect(self, objects: Iterable[StoredObject]) -> None:
        """Begin to fetch objects in the order in which they will be read."""
        with self._lock:
            for future, _ in self._ahead.values():
                future.cancel()
            self._ahead.clear()
            self._ahead_bytes = 0
            self._waiting = iter([*objects])
            self._top_up()

    def read(self, one: StoredObject) -> bytes:
        """Return an object whole.

        Raises:
            ObjectError: it cannot be read.
        """
        try:
            return self._cache.read(self.path(one))
        except FileNotFoundError:
            # the cache is small and had to make room
            return self._cache.read(self._whole(one))

    def head(self, one: StoredObject, size_bytes: int) -> bytes:
        """Return the first bytes of an object; a small one is fetched whole. Raises as `read`."""
        if one.size_bytes <= _SMALL_BYTES:
            return self.read(one)[:size_bytes]
        try:
            return self._opened(one, f"bytes=0-{size_bytes - 1}").read()
        except BotoCoreError as error:
            raise self._failed(error, one) from error

    def keeps(self, one: StoredObject) -> bool:
        """Tell whether an object is here and need not be fetched."""
        return self._cache.has(str(self.bucket.address(one.key)), one.etag, one.size_bytes)

    def path(self, one: StoredObject) -> Path:
        """Return a file that holds an object; raises as `read`."""
        with self._lock:
            future, size = self._ahead.pop(one.key, (None, 0))
            self._ahead_bytes -= size
            self._top_up()
        return future.result() if future else self._whole(one)

    def check(self) -> None:
        """Fail if nothing could be read for a reason that is not one object's own.

        Raises:
            LakehuntError: says what AWS refused.
        """
        if self._cause is not None and not (self.fetched or self.cached):
            raise self._cause

    def _top_up(self) -> None:
        """Begin to fetch more while there is room ahead; the caller holds the lock."""
        while self._ahead_bytes < self._room and len(self._ahead) < _AHEAD_OBJECTS:
            one = next(self._waiting, None)
            if one is None:
                return
            self._ahead[one.key] = (self._pool.submit(self._whole, one), one.size_bytes)
            self._ahead_bytes += one.size_bytes

    @property
    def _room(self) -> int:
        # what is fetched ahead must not push itself out of the cache
        return min(_AHEAD_BYTES, self._cache.most_bytes // 4)

    def _whole(self, one: StoredObject) -> Path:
        if self._cause and self._refused >= _HOPELESS and not (self.fetched or self.cached):
            raise ObjectError(str(self._cause), self._cause)
        name = str(self.bucket.address(one.key))
        path, was_there = self._cache.path(
            name, one.etag, one.size_bytes, lambda file: self._fill(one, file)
        )
        with self._lock:
            self.cached += was_there
            self.fetched += not was_there
            self.fetched_bytes += 0 if was_there else one.size_bytes
        return path

    def _fill(self, one: StoredObject, file: IO[bytes]) -> None:
        """Write the rest of an object, going on where a connection broke."""
        if file.tell() < one.size_bytes:
            with suppress(BaseError, OSError, ValueError):
                self._fast(one, file)
        for attempt in range(_ATTEMPTS):
            if file.tell() >= one.size_bytes:
                return
            try:
                self._explained(one, file)
            except BotoCoreError as error:
                if attempt == _ATTEMPTS - 1:
                    raise self._failed(error, one) from error

    def _fast(self, one: StoredObject, file: IO[bytes]) -> None:
        options: GetOptions = {"if_match": one.etag}
        if file.tell():
            options["range"] = {"offset": file.tell()}
        answer = obstore.get(self._store, one.key, options=options)
        for chunk in answer.stream(min_chunk_size=_CHUNK_BYTES):
            file.write(chunk)

    def _explained(self, one: StoredObject, file: IO[bytes]) -> None:
        """Fetch through boto3, whose errors have a code."""
        for chunk in self._opened(one, f"bytes={file.tell()}-").iter_chunks(_CHUNK_BYTES):
            file.write(chunk)

    def _opened(self, one: StoredObject, span: str) -> "StreamingBody":
        """Return a part of an object to be read; raises ObjectError, and BotoCoreError."""
        try:
            answer = self.bucket.client.get_object(
                Bucket=self.bucket.name,
                Key=one.key,
                IfMatch=one.etag,
                Range=span,
                **self.bucket.payer,
            )
        except ClientError as error:
            raise self._failed(error, one) from error
        return answer["Body"]

    def _failed(self, error: BotoCoreError | ClientError, one: StoredObject) -> ObjectError:
        failed = why_unread(error, self.bucket.address(one.key), self.bucket.access)
        if failed.cause is not None:
            with self._lock:
                self._refused += 1
                self._cause = self._cause or failed.cause
        return failed


def _store(bucket: Bucket) -> S3Store:
    endpoint = bucket.client.meta.endpoint_url
    return S3Store(
        bucket.name,
        region=bucket.region,
        endpoint=endpoint,
        request_payer=bucket.access.requester_pays,
        credential_provider=Boto3CredentialProvider(bucket.session),
        client_options={"allow_http": endpoint.startswith("http://")},
        retry_config={"max_retries": 4},
    )
