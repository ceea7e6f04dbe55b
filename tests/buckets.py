"""A real S3 on loopback: moto's server, with every request seen and faults put in between."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from urllib.request import Request, urlopen
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

# What stands in for the server's own answer to a request; None lets the server answer.
Fault = Callable[["Asked"], Response | None]


@dataclass(frozen=True)
class Asked:
    """A request: its method, path, query and headers (as WSGI spells them)."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]

    @property
    def is_listing(self) -> bool:
        return self.method == "GET" and "list-type" in self.query

    @property
    def is_fetch(self) -> bool:
        return self.method == "GET" and self.path.count("/") > 1 and not self.is_listing


@dataclass
class Server:
    """The server, what it was asked, and the fault that is put before it."""

    asked: list[Asked] = field(default_factory=list)
    fault: Fault = lambda asked: None
    page: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        self._app: Any = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        query = environ["QUERY_STRING"]
        headers = {key: value for key, value in environ.items() if key.startswith("HTTP_")}
        asked = Asked(environ["REQUEST_METHOD"], environ["PATH_INFO"], parse_qs(query), headers)
        self.asked.append(asked)
        instead = self.fault(asked)
        if instead is not None:
            return instead(environ, start)
        if self.page and asked.is_listing:
            environ["QUERY_STRING"] = f"{query}&max-keys={self.page}"
        answer: Iterable[bytes] = self._app(environ, start)
        return answer

    @property
    def client(self) -> Any:
        return boto3.client("s3", endpoint_url=self.url)

    @property
    def listed(self) -> list[str]:
        """The prefixes that were listed, in order."""
        return [asked.query.get("prefix", [""])[0] for asked in self.asked if asked.is_listing]

    @property
    def fetched(self) -> list[str]:
        """The keys that were fetched, in order."""
        return [asked.path.split("/", 2)[2] for asked in self.asked if asked.is_fetch]

    def bucket(self, name: str, **objects: bytes) -> None:
        """Make a bucket."""
        self.client.create_bucket(Bucket=name)

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Put an object."""
        self.client.put_object(Bucket=bucket, Key=key, Body=data)

    def upload(self, bucket: str, folder: Path, prefix: str = "") -> list[str]:
        """Put a folder's files below a prefix of a new bucket and return their keys."""
        self.bucket(bucket)
        client = self.client
        keys = []
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                keys.append(f"{prefix}{file.relative_to(folder).as_posix()}")
                client.put_object(Bucket=bucket, Key=keys[-1], Body=file.read_bytes())
        return keys


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing: a test looks at what was asked."""


@contextmanager
def served() -> Iterator[Server]:
    """Serve S3, STS and the rest of moto until the end of the block."""
    server = Server()
    http = make_server("127.0.0.1", 0, server, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{http.port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        # moto keeps what it holds for the whole process
        with urlopen(Request(f"{server.url}/moto-api/reset", method="POST")):
            pass
        server.asked.clear()
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def refusal(status: int, code: str, message: str, *, wrapped: bool = False) -> Response:
    """Return S3's answer when it refuses, or STS's, which is wrapped."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<ErrorResponse>{body}</ErrorResponse>" if wrapped else body
    return Response(body, status, content_type="application/xml")


def cut(data: bytes, size_bytes: int) -> Response:
    """Return the answer of a connection that breaks after so many bytes."""

    class Cut(Response):
        automatically_set_content_length = False

    return Cut([data[:size_bytes]], 200, {"Content-Length": str(len(data)), "ETag": '"x"'})
