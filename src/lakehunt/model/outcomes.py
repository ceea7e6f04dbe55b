"""What a run leaves: results, findings, stories, and the account of what was read.

Knows no engine. Engines and workflows make it, renderers show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lakehunt.errors import UsageError
from lakehunt.model.forecasts import Forecast
from lakehunt.model.queries import Query

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class FileNote:
    """A file that was not read as events, and why."""

    path: Path | str
    reason: str


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What a run saw of one file: its rows, and the first, last and middle of their times (UTC).

    `values` are those that its path tells.
    """

    name: str
    size_bytes: int
    values: Mapping[str, str]
    rows: int = 0
    unparsed: int = 0
    first_event: datetime | None = None
    last_event: datetime | None = None
    median_event: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """What was asked for of a table and lies outside of its partitions: none of it was read.

    `asked` and `has` are values of `column` in words, `remedy` says what to do.
    """

    table: str
    column: str
    asked: str
    has: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """What a run saw of one source: every file and row, and what the data can show at all.

    `partial` names files that were read in full and whose events lack parts by nature.
    `first_event` and `last_event` are UTC; `hours` counts the hours that hold an event.
    `files_passed_over` do not hold what is asked for and were not parsed; the rows of `files_kept`
    were kept by a run before. `others` has the values of files by partition column where none has a
    value that was asked for. `by_file` is filled where a run is asked for it. `not_counted` says
    of `files` or `rows` why there are no numbers; those that stand here then mean nothing. `gaps`
    are what its tables have no partitions of.
    """

    source: str
    files_listed: int = 0
    files_read: int = 0
    files_pruned: int = 0
    files_empty: int = 0
    files_passed_over: int = 0
    files_kept: int = 0
    bytes_read: int = 0
    skipped: tuple[FileNote, ...] = ()
    refused: tuple[FileNote, ...] = ()
    partial: tuple[FileNote, ...] = ()
    rows_read: int = 0
    rows_in_window: int = 0
    rows_unparsed: int = 0
    rows_duplicate: int = 0
    header_lines: int = 0
    first_event: datetime | None = None
    last_event: datetime | None = None
    hours: int = 0
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    event_classes: Mapping[str, int] = field(default_factory=dict)
    lateness: timedelta = timedelta()
    days_listed: tuple[str, ...] = ()
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_file: tuple[FileAccount, ...] = ()
    not_counted: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of one query as Arrow, and how they were come by.

    `execution_id` is the service's own id of the query and `usd` its price, where there is one.
    """

    table: "pyarrow.Table"
    engine: str
    fingerprint: str
    seconds: float
    scanned_bytes: int
    truncated: bool = False
    execution_id: str = ""
    usd: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(self.table.column_names)

    def rows(self) -> list[dict[str, object]]:
        """Return the rows as dictionaries of Python values, timestamps in UTC without zone."""
        rows: list[dict[str, object]] = self.table.to_pylist()
        return rows

    def to_dataset(
        self,
        path: str,
        *,
        database: str = "",
        table: str = "",
        partition_by: Sequence[str] = (),
        mode: Literal["append", "overwrite", "overwrite_partitions"] = "append",
    ) -> tuple[str, ...]:
        """Write the rows as Parquet below an s3:// folder and return the objects written.

        With a database and a table the dataset is registered in Glue, where Athena reads it.

        Args:
            mode: add to what is there, put it all away first, or only the partitions at hand.

        Raises:
            UsageError: there are no rows, of which no table could be made, or one of `database`
                and `table` is missing.
        """
        if not self.table.num_rows:
            raise UsageError(f"{path}: nothing written, the result has no rows")
        if bool(database) != bool(table):
            raise UsageError(f"{path}: registering takes both a database and a table")
        # a second that only writing pays
        import awswrangler  # noqa: PLC0415
        import pandas  # noqa: PLC0415

        nested = {f.name: _glue(f.type) for f in self.table.schema if f.type.num_fields}
        written = awswrangler.s3.to_parquet(
            # pandas has no type for what is nested: an object then, whose type is told beside it
            self.table.to_pandas(
                types_mapper=lambda type_: None if type_.num_fields else pandas.ArrowDtype(type_)
            ),
            path=path,
            dataset=True,
            database=database or None,
            table=table or None,
            partition_cols=[*partition_by] or None,
            mode=mode,
            dtype=nested,
        )
        return tuple(written["paths"])


_GLUE = {"int64": "bigint", "int32": "int", "int16": "smallint", "int8": "tinyint",
         "bool": "boolean", "date32[day]": "date", "binary": "binary"}  # fmt: skip


def _glue(type_: "pyarrow.DataType") -> str:
    """Return what Glue calls an Arrow type; text where it has none of the kind."""
    name = str(type_)
    if type_.num_fields:
        inner = [type_.field(number) for number in range(type_.num_fields)]
        if name.startswith("struct"):
            return f"struct<{','.join(f'{field.name}:{_glue(field.type)}' for field in inner)}>"
        if name.startswith("map"):
            return f"map<{_glue(type_.key_type)},{_glue(type_.item_type)}>"
        return f"array<{_glue(inner[0].type)}>"
    if name.startswith("decimal"):
        return f"decimal({type_.precision},{type_.scale})"
    plain = name.partition("[")[0]
    return _GLUE.get(name, plain if plain in ("double", "float", "timestamp") else "string")


@dataclass(frozen=True, slots=True)
class Bill:
    """What the queries of a run have cost; `counting_usd` is the part that its account took.

    `forecast` is what was expected, None where nothing was.
    """

    queries: int = 0
    reused: int = 0
    scanned_bytes: int = 0
    usd: float = 0.0
    counting_usd: float = 0.0
    forecast: Forecast | None = None

    def with_query(
        self, scanned_bytes: int, usd: float, *, reused: bool, is_counting: bool
    ) -> "Bill":
        """Return the bill with one more query on it."""
        return Bill(
            self.queries + 1,
            self.reused + reused,
            self.scanned_bytes + scanned_bytes,
            self.usd + usd,
            self.counting_usd + (usd if is_counting else 0.0),
            self.forecast,
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acted, and with which access key where that is known."""

    actor: str
    access_key_id: str | None = None


class Mark(StrEnum):
    """What the known lists say of a finding."""

    BREAK_GLASS = "break-glass"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the known lists kept out of the result of a query, or would keep out of it.

    `events` are events, or rows of a query that counts none. None where it was not counted.
    """

    query_id: str
    events: int | None
    findings: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detection says about one subject: rows that agree on its `group_by` columns.

    `common` maps each common column to its distinct values, in the order seen; `outcomes` counts
    the events by how they ended, as far as the rows tell.
    """

    query: Query
    fingerprint: str
    subject: Mapping[str, object]
    first_event_time: datetime
    last_event_time: datetime
    event_count: int
    common: Mapping[str, tuple[object, ...]]
    callers: tuple[Caller, ...]
    examples: tuple[Mapping[str, object], ...]
    log_files: tuple[str, ...]
    marks: tuple[Mark, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_vain(self) -> bool:
        """Tell whether no event of it came to anything."""
        in_vain = sum(self.outcomes.get(outcome, 0) for outcome in ("denied", "failure"))
        return 0 < in_vain == self.event_count

    @property
    def access_key_ids(self) -> tuple[str, ...]:
        """Return the access keys that were used, as far as the detection tells them."""
        return tuple(dict.fromkeys(c.access_key_id for c in self.callers if c.access_key_id))

    @property
    def rank(self) -> int:
        """Return the rank of its severity."""
        return self.query.severity.rank if self.query.severity else 0


@dataclass(frozen=True, slots=True)
class Handover:
    """A moment at which one caller was given the credential of another identity.

    It lasts until `until` where that is known. With `only_from` it counts only for calls from the
    same address: others may have been given the credential.
    """

    given_by: Caller
    given: Caller
    event_time: datetime
    until: datetime | None
    source_ip: str | None
    only_from: str | None
    event_name: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Story:
    """What one actor did, under its own name and others, as findings in time order.

    `handovers` are how the actor came by the other names.
    """

    actor: str
    findings: tuple[Finding, ...]
    handovers: tuple[Handover, ...] = ()

    @property
    def gravest(self) -> Finding:
        """Return the gravest finding, the oldest of these."""
        return max(self.findings, key=lambda finding: finding.rank)

    @property
    def urgent(self) -> Finding:
        """Return the gravest finding of which something succeeded, if there is one."""
        return max(self.findings, key=lambda finding: (not finding.is_vain, finding.rank))

    @property
    def event_count(self) -> int:
        """Return how many events its findings have in sum."""
        return sum(finding.event_count for finding in self.findings)

    @property
    def first_event_time(self) -> datetime:
        """Return when it began."""
        return self.findings[0].first_event_time

    @property
    def last_event_time(self) -> datetime:
        """Return when it ended."""
        return max(finding.last_event_time for finding in self.findings)

    def distinct(self, column: str) -> tuple[str, ...]:
        """Return the distinct values of a common column, in the order told."""
        values = (str(value) for finding in self.findings for value in finding.common[column])
        return tuple(dict.fromkeys(values))


@dataclass(frozen=True, slots=True)
class Failure:
    """A query of a hunt that could not be run, and why."""

    query_id: str
    message: str
