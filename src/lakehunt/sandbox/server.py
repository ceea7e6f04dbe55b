"""S3, Glue and Athena on loopback, for clients that know no difference.

Knows HTTP and moto's server; Athena's actions that run something are the service's own. The
command `sandbox` and the pytest fixture start it.
"""

import json
import re
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import moto.backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from lakehunt.errors import EngineError
from lakehunt.model import Source
from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.permissions import asked_for, refusal
from lakehunt.sandbox.service import ApiError, AthenaService
from lakehunt.sandbox.store import Store

REGION = "us-east-1"
RESULTS = "lakehunt-results"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([\w-]+)/athena/")
_TARGET = "AmazonAthena."
_GLUE_TARGET = "AWSGlue."
# What moto lacks and a Trino asks while it makes tables: here no table has statistics.
_STATISTICS: Mapping[str, Mapping[str, object]] = {
    f"{verb}ColumnStatisticsFor{what}": {"ColumnStatisticsList": [], "Errors": []}
    for verb in ("Delete", "Get", "Update")
    for what in ("Table", "Partition")
}
Start = Callable[[str, list[tuple[str, str]]], Any]


class _Quiet(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: stderr is the command's."""


class Sandbox:
    """A running sandbox; use it in a `with`, or stop it.

    Its state is that of the process: one at a time.
    """

    def __init__(self, sources: Mapping[str, Source], port: int = 0) -> None:
        """Start serving on a port of 127.0.0.1, any free one by default."""
        self._folder = tempfile.TemporaryDirectory(prefix="lakehunt-sandbox-")
        self._sources = sources
        self._services: dict[str, AthenaService] = {}
        self._faults = Faults()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self.reset()
        self._server = make_server(
            "127.0.0.1", port, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return what AWS_ENDPOINT_URL has to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return what a client's environment has to hold."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": REGION,
        }

    def stop(self) -> None:
        """Cancel what runs and stop serving."""
        self._cancel()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._folder.cleanup()

    def reset(self) -> None:
        """Forget every bucket, table, query and fault."""
        self._cancel()
        self._faults = Faults()
        for name in ("s3", "glue", "athena", "sts"):
            moto.backends.get_backend(name).reset()
        self._services.clear()
        self.store.make_database("default")

    def _cancel(self) -> None:
        for service in self._services.values():
            for execution in [*service.executions.values()]:
                execution.stop()

    def service(self, region: str = REGION) -> AthenaService:
        """Return Athena in a region."""
        with self._lock:
            if region not in self._services:
                folder = Path(tempfile.mkdtemp(prefix=f"{region}-", dir=self._folder.name))
                self._services[region] = AthenaService(region, self._sources, folder)
                self._services[region].inject(self._faults)
            return self._services[region]

    @property
    def store(self) -> Store:
        """Return the S3 and Glue of the usual region."""
        return self.service().store

    @property
    def faults(self) -> Faults:
        """Return the faults that are injected."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        for service in self._services.values():
            service.inject(faults)

    def run(self, sql: str, database: str = "default") -> list[list[str | None]]:
        """Run a statement to its end and return its rows.

        Raises:
            EngineError: it failed, with Athena's code and message.
        """
        self.store.make_bucket(RESULTS)
        service = self.service()
        given = {
            "QueryString": sql,
            "QueryExecutionContext": {"Database": database},
            "ResultConfiguration": {"OutputLocation": f"s3://{RESULTS}/"},
        }
        execution = service.executions[service.start(given)["QueryExecutionId"]]
        execution.wait()
        if execution.state != "SUCCEEDED":
            raise EngineError(execution.reason)
        return [[*row] for row in execution.outcome.rows]

    def load(self, folder: Path, bucket: str, prefix: str = "") -> int:
        """Put the files of a folder into a bucket and return how many."""
        self.store.make_bucket(bucket)
        count = 0
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = prefix + path.relative_to(folder).as_posix()
                self.store.put(f"s3://{bucket}/{key}", path.read_bytes())
                count += 1
        return count

    def _by_moto(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        answered: Iterable[bytes] = self._app(environ, start)
        return answered

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        asked = asked_for(environ)
        if asked and self._faults.denies(asked):
            return _denied(asked, start)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.startswith(_TARGET):
            return self._by_athena(environ, start)
        statistics = _STATISTICS.get(target.removeprefix(_GLUE_TARGET))
        if statistics is not None:
            return _json("200 OK", statistics, start)
        return self._by_moto(environ, start)

    def _by_athena(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        target = environ["HTTP_X_AMZ_TARGET"]
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = self.service(scope[1] if scope else REGION)
        action = service.actions.get(target.removeprefix(_TARGET))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if self._faults.is_throttled():
            return _error(ApiError("Rate exceeded", "ThrottlingException"), start)
        if action is None:
            environ["wsgi.input"] = BytesIO(body)
            return self._by_moto(environ, start)
        try:
            found = action(json.loads(body or b"{}"))
        except ApiError as error:
            return _error(error, start)
        if self._faults.is_lost():
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return ()
        return _json("200 OK", found, start)


def _error(error: ApiError, start: Start) -> Iterator[bytes]:
    said = {"__type": error.code, "message": str(error), "Message": str(error)}
    return _json("400 Bad Request", said, start)


def _denied(asked: str, start: Start) -> Iterator[bytes]:
    """Answer as the service does that is asked for something withheld."""
    if not asked.startswith("s3:"):
        return _error(ApiError(refusal(asked), "AccessDeniedException"), start)
    said = f"<Code>AccessDenied</Code><Message>{escape(refusal(asked))}</Message>"
    data = f'<?xml version="1.0" encoding="UTF-8"?><Error>{said}</Error>'.encode()
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(data)))]
    start("403 Forbidden", headers)
    return iter([data])


def _json(status: str, value: object, start: Start) -> Iterator[bytes]:
    data = json.dumps(value).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(data)))]
    start(status, headers)
    return iter([data])
