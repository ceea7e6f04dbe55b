"""Runs statements on Amazon Athena: bound, with partition bounds, side by side, counted and priced.

Knows statements and the parts of this room. Workflows call it through `engines.base`.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pyathena.model import AthenaQueryExecution

from lakehunt.config import Access, Athena
from lakehunt.engines.athena.account import open_account
from lakehunt.engines.athena.forecast import Forecaster, require_within
from lakehunt.engines.athena.gaps import gaps_of, require_projected
from lakehunt.engines.athena.history import History
from lakehunt.engines.athena.ledger import Ledger, Watch
from lakehunt.engines.athena.queries import Asked, Queries, outcome_of
from lakehunt.engines.athena.results import read_result, read_unloaded
from lakehunt.engines.base import Limits, Progress, Run
from lakehunt.engines.counting import counted, counting_draft
from lakehunt.errors import CloudError, LakehuntError, Refused
from lakehunt.model import Bill, Forecast, Past, Result, Source, Window
from lakehunt.prices import athena_usd
from lakehunt.sql.carry import Carried, carried
from lakehunt.sql.compile import (
    Draft,
    Read,
    Statement,
    athena_tree,
    compile_draft,
    require_bounds,
)
from lakehunt.sql.parse import print_query
from lakehunt.sql.typed import catalog_of, check_types, result_columns
from lakehunt.trino_on_duckdb.analysis import Column

# From so many rows on the one file that Athena writes of a result is what takes the time.
_UNLOADED_ROWS = 100_000
# What no query on Athena tells.
_FILES = {"files": "Athena tells which bytes it read, not which files"}


@dataclass(frozen=True, slots=True)
class _Sent:
    """A statement as it is sent: its text, how its columns are carried, its own folder if any."""

    draft: Draft
    statement: Statement
    columns: Carried
    unload: str
    is_counting: bool

    @property
    def text(self) -> str:
        sql = print_query(self.columns.tree)
        if self.unload:
            sql = f"UNLOAD ({sql}) TO '{self.unload}' WITH (format = 'PARQUET')"
        return f"{self.draft.comment}\n{sql}"


class AthenaEngine:
    """Athena in one account and region; close it to end what watches over its queries."""

    def __init__(
        self,
        settings: Athena,
        sources: Mapping[str, Source],
        reuse: timedelta = timedelta(),
        access: Callable[[str], Access] | None = None,
        history: History | None = None,
    ) -> None:
        """Open an account; no query is started.

        Args:
            reuse: how old a result may be that is used again for the same text.
            access: how a bucket is listed whose s3:// address is given; by default as Athena is
                reached.
            history: where it is noted what was forecast and what was read.

        Raises:
            ConfigError, CloudError: the account cannot be opened.
        """
        self.sources = sources
        self.catalog = catalog_of(sources.values())
        self.account = open_account(settings)
        self.reuse_minutes = int(reuse.total_seconds() // 60)
        own = Access(profile=settings.profile, region=settings.region)
        self.forecaster = Forecaster(self.account, access or (lambda address: own))
        self.history = history and history.of(self.account.athena.meta.endpoint_url)
        self._watch = Watch(self.account.athena.meta.region_name, settings.profile)
        self._ledger = Ledger(self._watch.tell)

    def close(self) -> None:
        """End the watch; a query that is still open is stopped."""
        self._ledger.stop_all(self.account.athena)
        self._watch.close()

    def absent(self) -> frozenset[str]:
        """Return the names of sources without a table here; none where AWS does not tell."""
        there = self._tables
        return frozenset(
            name
            for name, source in self.sources.items()
            if there is not None
            and source.stand_in is None
            and not there.intersection(source.relations)
        )

    @cached_property
    def _tables(self) -> frozenset[str] | None:
        try:
            return self.account.table_names()
        except CloudError:
            return None

    def run(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits, progress: Progress
    ) -> Run:
        """Return the results of all drafts; a query that fails does not keep the others.

        Raises:
            UnboundedError: a query reads a log table without a bound on time.
            UsageError: no table has an account or region that was asked for.
            LimitError: the run would scan more than is allowed, or did.
            CloudError: AWS refuses, or cannot be reached.
        """
        return _Running(self, window, limits, progress).run(drafts)

    def forecast(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits
    ) -> tuple[Forecast, Mapping[str, LakehuntError]]:
        """Return what a run of the drafts would read, and why some would not run; starts nothing.

        Raises:
            UnboundedError: a query reads a log table without a bound on time.
            UsageError: no table has an account or region that was asked for.
        """
        return _Running(self, window, limits, lambda share: None).forecast(drafts)

    def queries(self, run_id: str) -> Queries:
        """Return what runs the queries of one run."""
        return Queries(self.account, self._ledger, run_id, self.reuse_minutes)


class _Running:
    """One run: what was sent, and what came back."""

    def __init__(
        self, engine: AthenaEngine, window: Window | None, limits: Limits, progress: Progress
    ) -> None:
        self.engine = engine
        self.window = window
        self.limits = limits
        self.progress = progress
        self.run_id = uuid.uuid4().hex
        self.sent: dict[str, _Sent] = {}
        self.results: dict[str, Result | LakehuntError] = {}
        self.bill = Bill()
        self.expected: dict[str, int | None] = {}

    def run(self, drafts: Sequence[Draft]) -> Run:
        started = time.perf_counter()
        sources = self._prepare(drafts)
        gaps = gaps_of(self._reads, self.engine.forecaster, self.window)
        limit = self.engine.account.settings.max_scan
        forecast = self.engine.forecaster.forecast(self._statements, limit)
        require_within(forecast, limit)
        self.bill = Bill(forecast=forecast)
        self.expected = {
            query.name: None if {*query.tables} & {*forecast.unknown} else query.amount.size_bytes
            for query in forecast.queries
        }
        asked = [Asked(name, sent.text) for name, sent in self.sent.items()]
        self.engine.queries(self.run_id).run(asked, self._heard)
        accounts = tuple(
            replace(
                counted(source, self.results, self.limits.lateness, _FILES),
                gaps=tuple(gaps.get(source.name, ())),
            )
            for source in sources
        )
        results = {draft.name: self.results[draft.name] for draft in drafts}
        seconds = time.perf_counter() - started
        return Run(self.window, results, accounts, seconds, bill=self.bill)

    def forecast(self, drafts: Sequence[Draft]) -> tuple[Forecast, Mapping[str, LakehuntError]]:
        self._prepare(drafts)
        failed = {n: one for n, one in self.results.items() if isinstance(one, LakehuntError)}
        return self.engine.forecaster.forecast(self._statements), failed

    @property
    def _statements(self) -> dict[str, Statement]:
        return {name: sent.statement for name, sent in self.sent.items()}

    @property
    def _reads(self) -> list[Read]:
        return [read for sent in self.sent.values() for read in sent.statement.reads]

    def _prepare(self, drafts: Sequence[Draft]) -> list[Source]:
        """Compile the drafts and what counts their sources, and return these."""
        for draft in drafts:
            self._compile(draft)
        reads = self._reads
        require_projected(drafts, reads, self.engine.forecaster)
        sources = [*{read.source.name: read.source for read in reads}.values()]
        for source in sources if self.limits.count else ():
            draft = counting_draft(source, reads, self.window)
            self._compile(draft, is_counting=True)
        return sources

    def _compile(self, draft: Draft, *, is_counting: bool = False) -> None:
        engine = self.engine
        try:
            self._check(draft)
            # only what reads all sources asks which there are
            absent = engine.absent() if draft.is_over_all else frozenset[str]()
            statement = compile_draft(
                draft, engine.sources, self.window, self.limits.lateness, absent=absent
            )
        except LakehuntError as error:
            self.results[draft.name] = error
            return
        if not self.limits.all_time:
            require_bounds(statement, "Athena is paid by what it reads")
        tree = athena_tree(statement, engine.sources)
        unload = self._unload_place(draft, statement)
        columns = Carried(tree, {}) if unload else carried(tree, self._columns(statement))
        self.sent[draft.name] = _Sent(draft, statement, columns, unload, is_counting)

    def _check(self, draft: Draft) -> None:
        """Refuse here what Athena would refuse; what only DuckDB cannot do goes its way."""
        try:
            check_types(draft, self.engine.catalog)
        except Refused:
            return

    def _columns(self, statement: Statement) -> tuple[Column, ...]:
        try:
            return result_columns(statement.tree, self.engine.catalog)
        except LakehuntError:
            return ()

    def _unload_place(self, draft: Draft, statement: Statement) -> str:
        """Return where UNLOAD writes a large result whose order says nothing; '' for others."""
        results, most = self.engine.account.settings.results, self.limits.max_rows
        is_large = most is not None and most >= _UNLOADED_ROWS
        if not results or not is_large or statement.tree.args.get("order"):
            return ""
        return f"{results}unloaded/{self.run_id}/"

    def _heard(self, asked: Asked, execution: AthenaQueryExecution) -> None:
        sent = self.sent[asked.name]
        scanned = execution.data_scanned_in_bytes or 0
        self.bill = self.bill.with_query(
            scanned,
            athena_usd(scanned, self.engine.account.settings.usd_per_tb),
            reused=bool(execution.reused_previous_result),
            is_counting=sent.is_counting,
        )
        self._note(sent, execution)
        failed = outcome_of(asked.name, execution)
        self.results[asked.name] = failed or self._result(sent, execution)
        self.progress(len(self.results) / len(self.sent))

    def _note(self, sent: _Sent, execution: AthenaQueryExecution) -> None:
        scanned = execution.data_scanned_in_bytes or 0
        past = Past(
            ended=datetime.now(UTC),
            query=sent.draft.name,
            version=sent.draft.version,
            execution_id=str(execution.query_id),
            state=str(execution.state),
            reused=bool(execution.reused_previous_result),
            forecast_bytes=self.expected[sent.draft.name],
            scanned_bytes=scanned,
            usd=athena_usd(scanned, self.engine.account.settings.usd_per_tb),
        )
        if self.engine.history is not None:
            self.engine.history.add(past)

    def _result(self, sent: _Sent, execution: AthenaQueryExecution) -> Result | LakehuntError:
        account, most = self.engine.account, self.limits.max_rows
        if sent.unload:
            table = read_unloaded(account, execution)
            truncated = most is not None and table.num_rows > most
            table = table.slice(0, most) if truncated else table
        else:
            table, truncated = read_result(account, execution, sent.columns.types, most)
        scanned = execution.data_scanned_in_bytes or 0
        return Result(
            table=table,
            engine="athena",
            fingerprint=sent.statement.fingerprint,
            seconds=(execution.total_execution_time_in_millis or 0) / 1000,
            scanned_bytes=scanned,
            truncated=truncated,
            execution_id=str(execution.query_id),
            usd=athena_usd(scanned, account.settings.usd_per_tb),
        )
