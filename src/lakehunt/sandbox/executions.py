"""Query executions: queued, running in a thread of their own, ended; and what Athena tells of them.

Knows states and statistics, not the API's requests. The Athena service starts and asks them.
"""

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.queries import QueryFailed, Session
from lakehunt.sandbox.reading import Reading
from lakehunt.sandbox.results import Outcome, result_files
from lakehunt.sandbox.statements import Statement, execute, kind_of
from lakehunt.sandbox.store import Missing

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
_ENGINE = "Athena engine version 3"
# Athena's own failure categories: https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html
_SYSTEM, _USER = 1, 2
_GENERIC_ERROR = 1006


@dataclass(slots=True)
class Request:
    """What StartQueryExecution was given, its workgroup's settings already applied.

    `cutoff_bytes` ends a query that would scan more; 0 is no limit.
    """

    sql: str
    workgroup: str
    output: str
    context: Mapping[str, str]
    parameters: tuple[str, ...]
    cutoff_bytes: int
    reuse: Mapping[str, Any]
    prepared: Any = field(default_factory=dict)


class Execution:
    """One query execution."""

    def __init__(self, request: Request) -> None:
        self.id = str(uuid.uuid4())
        self.request = request
        self.state = "QUEUED"
        self.reason = ""
        self.is_system_error = False
        self.submitted = time.time()
        self.ended = 0.0
        self.scanned_bytes = 0
        self.reused = False
        self.outcome = Outcome("")
        self.files: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._done = threading.Event()
        self._session: Session | None = None

    @property
    def database(self) -> str:
        """Return the database that unqualified names belong to."""
        return self.request.context.get("Database", "default").strip('`"').lower() or "default"

    def start(self, reading: Reading, faults: Faults, slots: threading.Semaphore) -> None:
        """Run in a thread; at most as many at a time as there are slots."""
        work = (reading, faults, slots)
        threading.Thread(target=self._run, args=work, name=f"query-{self.id}", daemon=True).start()

    def stop(self) -> None:
        """Cancel it unless it has ended."""
        if self._end("CANCELLED", "Query cancelled by user"):
            self._stopped.set()
            session = self._session
            if session is not None:
                session.interrupt()

    def wait(self) -> None:
        """Return when it has ended."""
        self._done.wait()

    def answer_from(self, earlier: "Execution") -> None:
        """Take the result of an earlier execution, which costs nothing."""
        self.outcome, self.files, self.reused = earlier.outcome, earlier.files, True
        self._end("SUCCEEDED")

    def _run(self, reading: Reading, faults: Faults, slots: threading.Semaphore) -> None:
        with slots:
            with self._lock:
                if self.state != "QUEUED":
                    return
                self.state = "RUNNING"
            self._stopped.wait(faults.delay_seconds(self.request.sql))
            if self._stopped.is_set():
                return
            session = self._session = Session(reading, self.database)
            try:
                if faults.fails(self.request.sql):
                    raise QueryFailed(faults.reason)
                self._carry_out(session, reading)
                self._end("SUCCEEDED")
            except QueryFailed as error:
                self._end("FAILED", str(error))
            except Exception as error:  # noqa: BLE001  what DuckDB and moto raise ends the query only
                self.is_system_error = True
                self._end("FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}")
            finally:
                session.close()

    def _carry_out(self, session: Session, reading: Reading) -> None:
        request = self.request
        statement = Statement(
            self.id,
            request.sql,
            self.database,
            request.output,
            request.parameters,
            request.prepared,
            self._scans,
        )
        self.outcome = execute(statement, session, reading)
        files = result_files(self.outcome, request.output + self.id)
        self.files = tuple(files)
        if self.state != "RUNNING":
            return
        try:
            for location, data in files.items():
                reading.store.put(location, data)
        except Missing as error:
            raise QueryFailed(f"Access denied or no such bucket: {error}") from error

    def _scans(self, size: int) -> None:
        self.scanned_bytes = size
        limit = self.request.cutoff_bytes
        if limit and size > limit:
            raise QueryFailed("Bytes scanned limit was exceeded")

    def _end(self, state: str, reason: str = "") -> bool:
        with self._lock:
            if self.state in ENDED:
                return False
            self.state, self.reason, self.ended = state, reason, time.time()
            self._done.set()
            return True

    def described(self) -> dict[str, Any]:
        """Return it as GetQueryExecution does."""
        request = self.request
        found: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": request.sql,
            "StatementType": kind_of(request.sql),
            "ResultConfiguration": {"OutputLocation": self._output()},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {**request.reuse}},
            "QueryExecutionContext": {**request.context},
            "Status": self._status(),
            "EngineVersion": {"SelectedEngineVersion": _ENGINE, "EffectiveEngineVersion": _ENGINE},
            "Statistics": self._statistics(),
            "WorkGroup": request.workgroup,
        }
        if self.outcome.substatement:
            found["SubstatementType"] = self.outcome.substatement
        if request.parameters:
            found["ExecutionParameters"] = [*request.parameters]
        return found

    def _output(self) -> str:
        if self.files and self.outcome.written is None:
            return self.files[0]
        return self.request.output + self.id

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.state in ENDED:
            status["CompletionDateTime"] = self.ended
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": _SYSTEM if self.is_system_error else _USER,
                "ErrorType": _GENERIC_ERROR,
                "Retryable": False,
                "ErrorMessage": self.reason,
            }
        return status

    def _statistics(self) -> dict[str, Any]:
        spent = int(((self.ended or time.time()) - self.submitted) * 1000)
        found: dict[str, Any] = {
            "EngineExecutionTimeInMillis": spent,
            "DataScannedInBytes": self.scanned_bytes,
            "TotalExecutionTimeInMillis": spent,
            "QueryQueueTimeInMillis": 0,
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        }
        if self.outcome.written is not None and self.files:
            found["DataManifestLocation"] = self.files[0]
        return found
