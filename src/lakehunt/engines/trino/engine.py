"""Runs statements on a Trino: bound, with partition bounds, side by side, counted.

Knows statements and the parts of this room. Workflows call it through `engines.base`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lakehunt.config import Trino
from lakehunt.engines.base import Limits, Progress, Run
from lakehunt.engines.counting import counted, counting_draft
from lakehunt.engines.trino.queries import Answer, Queries
from lakehunt.engines.trino.session import connect, table_names
from lakehunt.errors import LakehuntError, Refused, UnboundedError
from lakehunt.model import Result, Source, Window
from lakehunt.sql.compile import Draft, Statement, compile_draft, require_bounds
from lakehunt.sql.typed import catalog_of, check_types, trino_text

# What no query on Trino tells.
_FILES = {"files": "Trino tells which bytes it read, not which files"}


@dataclass(frozen=True, slots=True)
class _Sent:
    """A statement as it is sent."""

    draft: Draft
    statement: Statement
    sql: str

    @property
    def text(self) -> str:
        return f"{self.draft.comment}\n{self.sql}"


class TrinoEngine:
    """A Trino with the tables of `ddl --format trino`, or those of Athena over one Glue."""

    def __init__(self, settings: Trino, sources: Mapping[str, Source]) -> None:
        """Take a configuration; nothing is sent.

        Raises:
            ConfigError: it lacks the host, or the environment the secret.
        """
        connect(settings).close()
        self.settings = settings
        self.sources = sources
        self.catalog = catalog_of(sources.values())

    def absent(self) -> frozenset[str]:
        """Return the names of sources without a table here; none where Trino does not tell.

        Without any table none is left out either: each query then says how they are made.
        """
        there = self._tables
        return frozenset(
            name
            for name, source in self.sources.items()
            if there and not there.intersection(source.relations)
        )

    @cached_property
    def _tables(self) -> frozenset[str]:
        return table_names(self.settings)

    def close(self) -> None:
        """Do nothing: no connection outlives its query."""

    def run(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits, progress: Progress
    ) -> Run:
        """Return the results of all drafts; a query that fails does not keep the others.

        Raises:
            UnboundedError: a query reads a log table without a bound on time.
            CloudError: the server refuses, or cannot be reached.
        """
        return _Running(self, window, limits, progress).run(drafts)


class _Running:
    """One run: what was sent, and what came back."""

    def __init__(
        self, engine: TrinoEngine, window: Window | None, limits: Limits, progress: Progress
    ) -> None:
        self.engine = engine
        self.window = window
        self.limits = limits
        self.progress = progress
        self.sent: dict[str, _Sent] = {}
        self.results: dict[str, Result | LakehuntError] = {}

    def run(self, drafts: Sequence[Draft]) -> Run:
        started = time.perf_counter()
        for draft in drafts:
            self._compile(draft)
        reads = [read for sent in self.sent.values() for read in sent.statement.reads]
        sources = {read.source.name: read.source for read in reads}
        for source in sources.values() if self.limits.count else ():
            self._compile(counting_draft(source, reads, self.window))
        texts = {name: sent.text for name, sent in self.sent.items()}
        Queries(self.engine.settings, self.limits.max_rows).run(texts, self._heard)
        accounts = tuple(
            counted(source, self.results, self.limits.lateness, _FILES)
            for source in sources.values()
        )
        results = {draft.name: self.results[draft.name] for draft in drafts}
        return Run(self.window, results, accounts, time.perf_counter() - started)

    def _compile(self, draft: Draft) -> None:
        engine = self.engine
        try:
            self._check(draft)
            # only what reads all sources asks which there are
            absent = engine.absent() if draft.is_over_all else frozenset[str]()
            statement = compile_draft(
                draft, engine.sources, self.window, self.limits.lateness, absent=absent
            )
            if not self.limits.all_time:
                require_bounds(statement, "a cluster would read all of it")
            sql = trino_text(statement, engine.sources, engine.catalog)
        except UnboundedError:
            raise
        except LakehuntError as error:
            self.results[draft.name] = error
            return
        self.sent[draft.name] = _Sent(draft, statement, sql)

    def _check(self, draft: Draft) -> None:
        """Refuse here what Trino would refuse; what only DuckDB cannot do goes its way."""
        try:
            check_types(draft, self.engine.catalog)
        except Refused:
            return

    def _heard(self, name: str, answer: Answer | LakehuntError) -> None:
        sent = self.sent[name]
        if isinstance(answer, LakehuntError):
            self.results[name] = answer
        else:
            self.results[name] = Result(
                table=answer.table,
                engine="trino",
                fingerprint=sent.statement.fingerprint,
                seconds=answer.seconds,
                scanned_bytes=answer.scanned_bytes,
                truncated=answer.truncated,
                execution_id=answer.query_id,
            )
        self.progress(len(self.results) / len(self.sent))
