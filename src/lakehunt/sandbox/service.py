"""The Athena API of the sandbox: each action takes a request's JSON and returns the answer's.

Knows the API's shapes and moto's workgroups, not HTTP. What it does not hold, moto answers.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from moto.athena.models import AthenaBackend, athena_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from lakehunt.model import Source
from lakehunt.sandbox.executions import ENDED, Execution, Request
from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.reading import Reading
from lakehunt.sandbox.store import Missing, Store

_MOST_ROWS = 1000
# Queries that compute at the same time; the others wait as QUEUED.
_SLOTS = 4
Json = dict[str, Any]


class ApiError(Exception):
    """An answer that is an error; `code` is what the SDK makes an exception of."""

    def __init__(self, message: str, code: str = "InvalidRequestException") -> None:
        super().__init__(message)
        self.code = code


class AthenaService:
    """Athena in one region."""

    def __init__(self, region: str, sources: Mapping[str, Source], folder: Path) -> None:
        self.store = Store(region, folder / "objects")
        self.reading = Reading(self.store, sources, folder / "parts")
        self.executions: dict[str, Execution] = {}
        self.faults = Faults()
        self._slots = threading.Semaphore(_SLOTS)
        self._tokens: dict[str, tuple[Json, str]] = {}
        self._lock = threading.Lock()
        self.actions: Mapping[str, Callable[[Json], Json]] = {
            "StartQueryExecution": self.start,
            "StopQueryExecution": self.stop,
            "GetQueryExecution": lambda given: {"QueryExecution": self._one(given).described()},
            "BatchGetQueryExecution": self.batch,
            "ListQueryExecutions": self.listed,
            "GetQueryResults": self.results,
            "GetQueryRuntimeStatistics": self.runtime,
            "GetTableMetadata": self.table,
            "ListTableMetadata": self.tables,
            "GetDatabase": self.database,
            "ListDatabases": self.databases,
            "GetWorkGroup": self.workgroup,
            "UpdateWorkGroup": self.update_workgroup,
            "UpdateNamedQuery": self.update_named_query,
            "BatchGetNamedQuery": self.named_queries,
        }

    def inject(self, faults: Faults) -> None:
        """Let these faults happen from now on."""
        self.faults = faults
        self.store.denies = faults.denies

    @property
    def _moto(self) -> AthenaBackend:
        return athena_backends[DEFAULT_ACCOUNT_ID][self.store.region]

    def start(self, given: Json) -> Json:
        """Start a statement; the same token starts it once."""
        token = given.get("ClientRequestToken", "")
        with self._lock:
            earlier = self._tokens.get(token) if token else None
            if earlier and earlier[0] != given:
                raise ApiError("Idempotent parameters do not match")
            if earlier:
                return {"QueryExecutionId": earlier[1]}
            execution = Execution(self._request(given))
            self.executions[execution.id] = execution
            self._tokens[token] = (given, execution.id)
        same = self._reusable(execution)
        if same is not None:
            execution.answer_from(same)
        else:
            execution.start(self.reading, self.faults, self._slots)
        return {"QueryExecutionId": execution.id}

    def _request(self, given: Json) -> Request:
        name = given.get("WorkGroup") or "primary"
        group = self._moto.work_groups.get(name)
        if group is None:
            raise ApiError(f"WorkGroup {name} is not found.")
        own = group.configuration or {}
        place = (own.get("ResultConfiguration") or {}).get("OutputLocation") or ""
        asked = (given.get("ResultConfiguration") or {}).get("OutputLocation") or ""
        enforced = place if own.get("EnforceWorkGroupConfiguration") else ""
        output = enforced or asked or place
        if not output:
            what = "No output location provided. An output location is required either through the"
            raise ApiError(f"{what} Workgroup result configuration setting or as an API input.")
        reuse = given.get("ResultReuseConfiguration") or {}
        return Request(
            sql=given["QueryString"],
            workgroup=name,
            output=output.rstrip("/") + "/",
            context=given.get("QueryExecutionContext") or {},
            parameters=tuple(given.get("ExecutionParameters") or ()),
            cutoff_bytes=int(own.get("BytesScannedCutoffPerQuery") or 0),
            reuse=reuse.get("ResultReuseByAgeConfiguration") or {"Enabled": False},
            prepared=_Prepared(self._moto, name),
        )

    def _reusable(self, execution: Execution) -> Execution | None:
        asked = execution.request
        if not asked.reuse.get("Enabled"):
            return None
        oldest = time.time() - 60 * int(asked.reuse.get("MaxAgeInMinutes", 60))
        for other in reversed([*self.executions.values()]):
            same = (other.request.sql, other.request.workgroup, other.request.context) == (
                asked.sql,
                asked.workgroup,
                asked.context,
            )
            if same and other.state == "SUCCEEDED" and other.ended > oldest and not other.reused:
                return other
        return None

    def _one(self, given: Json) -> Execution:
        id_ = given.get("QueryExecutionId", "")
        if id_ not in self.executions:
            raise ApiError(f"QueryExecution {id_} was not found")
        return self.executions[id_]

    def stop(self, given: Json) -> Json:
        """Cancel a query; one that has ended stays as it is."""
        self._one(given).stop()
        return {}

    def batch(self, given: Json) -> Json:
        """Return many executions at a time."""
        ids = given.get("QueryExecutionIds") or []
        unknown = [
            {"QueryExecutionId": id_, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "not found"}
            for id_ in ids
            if id_ not in self.executions
        ]
        found = [self.executions[id_].described() for id_ in ids if id_ in self.executions]
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": unknown}

    def listed(self, given: Json) -> Json:
        """Return the ids of a workgroup's executions, the latest first."""
        name = given.get("WorkGroup") or "primary"
        own = [one for one in self.executions.values() if one.request.workgroup == name]
        page, rest = _page([one.id for one in reversed(own)], given, 50)
        return {"QueryExecutionIds": page, **rest}

    def results(self, given: Json) -> Json:
        """Return a page of a result, the first with the names as its first row."""
        execution = self._one(given)
        if execution.state != "SUCCEEDED":
            ended = execution.state in ENDED
            what = (
                f"Query did not finish successfully. Final query state: {execution.state}"
                if ended
                else f"Query has not yet finished. Current state: {execution.state}"
            )
            raise ApiError(what)
        outcome = execution.outcome
        names = [[column["Name"] for column in outcome.columns]] if outcome.header else []
        page, rest = _page([*names, *outcome.rows], given, _MOST_ROWS)
        rows = [{"Data": [_datum(value) for value in row]} for row in page]
        metadata = {"ColumnInfo": [*outcome.columns]}
        return {
            "ResultSet": {"Rows": rows, "ResultSetMetadata": metadata},
            "UpdateCount": 0,
            **rest,
        }

    def runtime(self, given: Json) -> Json:
        """Return what a query has cost so far."""
        execution = self._one(given)
        scanned = {"InputBytes": execution.scanned_bytes, "OutputRows": len(execution.outcome.rows)}
        return {"QueryRuntimeStatistics": {"Rows": scanned}}

    def table(self, given: Json) -> Json:
        """Return a table's columns and parameters."""
        with _named_errors():
            database, name = (given[key].lower() for key in ("DatabaseName", "TableName"))
            return {"TableMetadata": _metadata(self.store.table(database, name))}

    def tables(self, given: Json) -> Json:
        """Return the tables of a database whose name the expression fits."""
        like = re.compile((given.get("Expression") or "*").replace("*", ".*"))
        with _named_errors():
            found = self.store.tables(given["DatabaseName"].lower())
        wanted = [_metadata(table) for table in found if like.fullmatch(table["Name"])]
        page, rest = _page(wanted, given, 50)
        return {"TableMetadataList": page, **rest}

    def database(self, given: Json) -> Json:
        """Return a database."""
        name = given["DatabaseName"].lower()
        if name not in self.store.databases():
            raise ApiError(f"EntityNotFoundException: {name}", "MetadataException")
        return {"Database": {"Name": name}}

    def databases(self, given: Json) -> Json:
        """Return the databases."""
        page, rest = _page([{"Name": name} for name in self.store.databases()], given, 50)
        return {"DatabaseList": page, **rest}

    def workgroup(self, given: Json) -> Json:
        """Return a workgroup, or say that it is not there."""
        group = self._moto.get_work_group(given["WorkGroup"])
        if group is None:
            raise ApiError(f"WorkGroup {given['WorkGroup']} is not found.")
        return {"WorkGroup": group}

    def update_workgroup(self, given: Json) -> Json:
        """Change the settings of a workgroup."""
        group = self._moto.work_groups.get(given["WorkGroup"])
        if group is None:
            raise ApiError(f"WorkGroup {given['WorkGroup']} is not found.")
        group.description = given.get("Description") or group.description
        updates = {**(given.get("ConfigurationUpdates") or {})}
        results = updates.pop("ResultConfigurationUpdates", {})
        merged = {**(group.configuration.get("ResultConfiguration") or {}), **results}
        group.configuration = {**group.configuration, **updates, "ResultConfiguration": merged}
        return {}

    def update_named_query(self, given: Json) -> Json:
        """Change a saved query."""
        query = self._moto.named_queries.get(given["NamedQueryId"])
        if query is None:
            raise ApiError(f"NamedQuery {given['NamedQueryId']} was not found")
        query.name, query.query_string = given["Name"], given["QueryString"]
        query.description = given.get("Description", "")
        return {}

    def named_queries(self, given: Json) -> Json:
        """Return many saved queries at a time."""
        known = self._moto.named_queries
        ids = given.get("NamedQueryIds") or []
        found = [
            {
                "NamedQueryId": query.id,
                "Name": query.name,
                "Description": query.description,
                "Database": query.database,
                "QueryString": query.query_string,
                "WorkGroup": query.workgroup.name,
            }
            for query in (known[id_] for id_ in ids if id_ in known)
        ]
        missing = [{"NamedQueryId": id_} for id_ in ids if id_ not in known]
        return {"NamedQueries": found, "UnprocessedNamedQueryIds": missing}


class _Prepared(MutableMapping[str, str]):
    """The prepared statements of a workgroup, wherever they were made."""

    def __init__(self, moto: AthenaBackend, workgroup: str) -> None:
        self._moto = moto
        self._workgroup = workgroup

    def __getitem__(self, name: str) -> str:
        return str(self._moto.prepared_statements[name].query_statement)

    def __setitem__(self, name: str, sql: str) -> None:
        self._moto.create_prepared_statement(name, self._moto.work_groups[self._workgroup], sql, "")

    def __delitem__(self, name: str) -> None:
        del self._moto.prepared_statements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._moto.prepared_statements)

    def __len__(self) -> int:
        return len(self._moto.prepared_statements)


class _named_errors:  # noqa: N801  used as a function is
    """Turns what is missing into the error that Athena gives."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Missing):
            what = f"EntityNotFoundException: Entity Not Found: {error}"
            raise ApiError(what, "MetadataException") from error


def _page(items: Sequence[Any], given: Json, most: int) -> tuple[Sequence[Any], Json]:
    start = int(given.get("NextToken") or 0)
    end = start + min(int(given.get("MaxResults") or most), most)
    return items[start:end], {"NextToken": str(end)} if end < len(items) else {}


def _datum(value: str | None) -> Json:
    return {} if value is None else {"VarCharValue": value}


def _metadata(table: Mapping[str, Any]) -> Json:
    stored = table.get("StorageDescriptor") or {}
    return {
        "Name": table["Name"],
        "TableType": table.get("TableType"),
        "Columns": stored.get("Columns") or [],
        "PartitionKeys": table.get("PartitionKeys") or [],
        "Parameters": table.get("Parameters") or {},
    }
