"""The book of queries that may be running, so that whatever ends the process ends them too.

Knows Athena's start and stop, nothing else of a query. A second process keeps a copy: it stops
what is open when the first dies without a word, as by `kill -9`.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

Request = Mapping[str, Any]
TOKEN = "ClientRequestToken"
Line = Mapping[str, Any]


class Ledger:
    """Open queries by token. A query is entered before it is started: no moment goes unwatched."""

    def __init__(self, tell: Callable[[Line], None] | None = None) -> None:
        self._open: dict[str, tuple[Request, str]] = {}
        self._tell = tell or (lambda line: None)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is open."""
        return not self._open

    def take(self, line: Line) -> None:
        """Enter what another ledger told: a request, the id it got, or its end."""
        if "request" in line:
            self._open[line["request"][TOKEN]] = (line["request"], "")
        elif "id" in line:
            self._open[line["token"]] = (self._open[line["token"]][0], line["id"])
        elif "ended" in line:
            self._open.pop(line["ended"], None)
        self._tell(line)

    def starting(self, request: Request) -> None:
        """Note that a query is about to be started."""
        self.take({"request": request})

    def started(self, token: str, id_: str) -> None:
        """Note the id of a query."""
        self.take({"token": token, "id": id_})

    def ended(self, token: str) -> None:
        """Note that a query does not run any more."""
        self.take({"ended": token})

    def stop_all(self, client: "AthenaClient") -> list[str]:
        """Cancel what is open and return the ids; one that cannot be stopped does not keep others.

        A query whose id never arrived is asked for by its token: Athena answers with the id of
        the query that the token started, and starts none a second time.
        """
        stopped = []
        for token, (request, known) in [*self._open.items()]:
            try:
                id_ = known or client.start_query_execution(**request)["QueryExecutionId"]
                client.stop_query_execution(QueryExecutionId=id_)
            except Exception:  # noqa: BLE001, S112  the others have to be stopped too
                continue
            stopped.append(id_)
            self.ended(token)
        return stopped


class Watch:
    """A process of its own, in a session of its own, that outlives this one by a moment."""

    def __init__(self, region: str, profile: str) -> None:
        command = [sys.executable, "-m", "lakehunt.engines.athena.watch", region, profile]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def tell(self, line: Line) -> None:
        """Hand a line on; a watch that is gone is no reason to stop."""
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError):
            pipe.write(json.dumps(line).encode() + b"\n")
            pipe.flush()

    def close(self) -> None:
        """End the watch; what is still open is stopped by it."""
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError):
            pipe.close()
        self._process.wait()
