"""Runs many statements on Athena at a time: started under a limit, polled together, stopped on any
error.

Knows executions, not what comes back. One thread does it all, so that there is no moment in which
an interrupt finds a query that nobody knows of.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyathena.model import AthenaQueryExecution

from lakehunt.engines.athena.account import Account, why_failed
from lakehunt.engines.athena.ledger import TOKEN, Ledger
from lakehunt.errors import LakehuntError, LimitError

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

# BatchGetQueryExecution takes as many ids.
_BATCH = 50
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _SLOWER = 0.1, 5.0, 1.5
# How often a query is run again that failed for a reason of which Athena says that it may pass.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement to run: its name and its text; `attempt` counts from 1."""

    name: str
    sql: str
    attempt: int = 1


Heard = Callable[[Asked, AthenaQueryExecution], None]


class Queries:
    """The queries of one run."""

    def __init__(self, account: Account, ledger: Ledger, run_id: str, reuse_minutes: int) -> None:
        self.account = account
        self.ledger = ledger
        self.run_id = run_id
        self.reuse_minutes = reuse_minutes
        self.scanned_bytes = 0
        self._running: dict[str, tuple[Asked, str]] = {}

    def run(self, asked: Sequence[Asked], heard: Heard) -> None:
        """Run statements to their end; each that ends is heard of at once.

        Raises:
            LimitError: together they scanned more than `max_scan`; all are stopped.
            CloudError: AWS refuses, or cannot be reached; all are stopped.
        """
        waiting = deque(asked)
        pause = _FIRST_PAUSE_SECONDS
        try:
            while waiting or self._running:
                while waiting and len(self._running) < self.account.most_running:
                    self._start(waiting.popleft())
                ended = [*self._ended()]
                for one, execution in ended:
                    if _is_passing(execution) and one.attempt < _ATTEMPTS:
                        waiting.append(Asked(one.name, one.sql, one.attempt + 1))
                    else:
                        heard(one, execution)
                pause = (
                    _FIRST_PAUSE_SECONDS if ended else min(pause * _SLOWER, _LONGEST_PAUSE_SECONDS)
                )
                if self._running:
                    time.sleep(pause)
        finally:
            # nothing is left after a good end; after any other, nothing is left running
            self.ledger.stop_all(self.account.athena)

    def _start(self, asked: Asked) -> None:
        request = self._request(asked)
        token = request[TOKEN]
        self.ledger.starting(request)
        call = self.account.athena.start_query_execution
        answer = self.account.call(f"starting {asked.name}", call, **request)
        id_ = answer["QueryExecutionId"]
        self.ledger.started(token, id_)
        self._running[id_] = (asked, token)

    def _request(self, asked: Asked) -> dict[str, Any]:
        settings = self.account.settings
        text = f"{self.run_id}\n{asked.name}\n{asked.attempt}\n{asked.sql}"
        request: dict[str, Any] = {
            "QueryString": asked.sql,
            "QueryExecutionContext": {"Database": settings.database, "Catalog": settings.catalog},
            "WorkGroup": settings.workgroup,
            TOKEN: hashlib.sha256(text.encode()).hexdigest(),
        }
        if settings.results:
            request["ResultConfiguration"] = {"OutputLocation": settings.results}
        if self.reuse_minutes:
            age = {"Enabled": True, "MaxAgeInMinutes": self.reuse_minutes}
            request["ResultReuseConfiguration"] = {"ResultReuseByAgeConfiguration": age}
        return request

    def _ended(self) -> Iterator[tuple[Asked, AthenaQueryExecution]]:
        """Yield the executions that have ended since the last time."""
        scanned = 0
        ended = []
        for described in self._described():
            execution = AthenaQueryExecution({"QueryExecution": described})
            scanned += execution.data_scanned_in_bytes or 0
            if execution.state in AthenaQueryExecution.TERMINAL_STATES:
                asked, token = self._running.pop(str(execution.query_id))
                self.ledger.ended(token)
                self.scanned_bytes += execution.data_scanned_in_bytes or 0
                scanned -= execution.data_scanned_in_bytes or 0
                ended.append((asked, execution))
        limit = self.account.settings.max_scan
        if limit and self.scanned_bytes + scanned > limit:
            done = f"{(self.scanned_bytes + scanned) / 1e9:,.1f} GB scanned"
            hint = "narrow the window, or raise `max_scan` under [athena] in lakehunt.toml"
            raise LimitError(f"{done}, more than the {limit / 1e9:,.1f} GB allowed; {hint}")
        yield from ended

    def _described(self) -> "Iterator[QueryExecutionTypeDef]":
        ids = [*self._running]
        for start in range(0, len(ids), _BATCH):
            call = self.account.athena.batch_get_query_execution
            batch = ids[start : start + _BATCH]
            answer = self.account.call("asking for queries", call, QueryExecutionIds=batch)
            yield from answer["QueryExecutions"]


def _is_passing(execution: AthenaQueryExecution) -> bool:
    return execution.state == AthenaQueryExecution.STATE_FAILED and bool(execution.retryable)


def outcome_of(name: str, execution: AthenaQueryExecution) -> LakehuntError | None:
    """Return why a query that has ended left no result, None if it did."""
    if execution.state == AthenaQueryExecution.STATE_SUCCEEDED:
        return None
    return why_failed(name, execution.state_change_reason or execution.error_message or "")
