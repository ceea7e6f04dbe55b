"""Runs statements over a folder of raw logs: one scan per source, then every query on its parts.

Knows DuckDB, lakes and scans. Workflows call it through the protocol in `engines.base`.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import duckdb
import pyarrow

from lakehunt.engines.base import Limits, Progress, Run
from lakehunt.engines.local.account import account_by_file, account_for_files, account_for_rows
from lakehunt.engines.local.connection import Connection, failure
from lakehunt.engines.local.empty import define_empty
from lakehunt.engines.local.folder import open_folder
from lakehunt.engines.local.kept.keeping import keep_files
from lakehunt.engines.local.kept.rows import ScanFiles, find_kept
from lakehunt.engines.local.kept.sql import reads_lines
from lakehunt.engines.local.kept.store import KeptStore
from lakehunt.engines.local.lake import Lake, LogFile
from lakehunt.engines.local.original import original_records
from lakehunt.engines.local.scan import kept_rows, scan_files
from lakehunt.engines.local.shown import shown_rows
from lakehunt.engines.local.types import quoted, text
from lakehunt.errors import EngineError, LakehuntError
from lakehunt.model import (
    Amount,
    Forecast,
    QueryForecast,
    Result,
    Source,
    SourceAccount,
    Window,
)
from lakehunt.sql.bind import WINDOW_NAMES
from lakehunt.sql.compile import Draft, Statement, compile_draft, require_bounds, waiting_tree
from lakehunt.sql.share import Scan, plan_scans
from lakehunt.sql.typed import catalog_of, lowered, pointed
from lakehunt.times import ALL_TIME
from lakehunt.trino_on_duckdb import Translation

# Above this an unbounded query of one's own is asked to say that it means it.
_UNBOUNDED_BYTES = 1_000_000_000


class LocalEngine:
    """DuckDB over one lake; close it to give back its temporary parts."""

    def __init__(
        self, lake: Path | Lake, sources: Mapping[str, Source], store: KeptStore | None = None
    ) -> None:
        """Take a lake, or open a folder as one, and where rows are kept that were parsed before.

        Raises:
            LakeError: the folder is missing or holds nothing that is known.
        """
        self.sources = sources
        self.lake: Lake = open_folder(lake, sources) if isinstance(lake, Path) else lake
        self.store = store
        self.catalog = catalog_of(sources.values())

    def close(self) -> None:
        """Close the lake."""
        self.lake.close()

    def absent(self) -> frozenset[str]:
        """Return the names of sources that surely have no file in the lake."""
        return self.lake.absent

    def run(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits, progress: Progress
    ) -> Run:
        """Return the results of all drafts; without a window they run over all there is.

        Raises:
            UnboundedError: a query has no bound on time and the lake is large.
            EngineError: the scan itself failed.
        """
        started = time.perf_counter()
        compiled, translations, scans = self._planned(drafts, window, limits)
        with (
            tempfile.TemporaryDirectory(prefix="lakehunt-") as name,
            Connection(folder := Path(name)) as connection,
        ):
            # the window of all there is comes from the account
            needs_all = window is None and _is_windowed(drafts, compiled)
            parse_all = limits.count or limits.counts_only or needs_all
            session = _Session(self, connection, folder, window, limits, parse_all)
            accounts = (*session.scan(scans, progress), *self._absent(compiled.values(), scans))
            data = window or _whole(accounts)
            session.set_window(data or ALL_TIME)
            results = {} if limits.counts_only else session.answers(compiled, translations)
        seconds = time.perf_counter() - started
        return Run(data, results, accounts, seconds, tuple(self.lake.unknown))

    def forecast(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits
    ) -> tuple[Forecast, Mapping[str, LakehuntError]]:
        """Return what a run of the drafts would read of each source, once for all of them, and why
        some would not run.

        Raises:
            UnboundedError: a query has no bound on time and the lake is large.
        """
        compiled, _, scans = self._planned(drafts, window, limits)
        failed = {name: one for name, one in compiled.items() if isinstance(one, LakehuntError)}
        return Forecast(tuple(self._expected(scan) for scan in scans)), failed

    def _expected(self, scan: Scan) -> QueryForecast:
        files = self.lake.listing(scan.source, scan.bounds).admitted(scan.bounds)
        tables = {scan.source.table.name: 1}
        amount = Amount(None, len(files), sum(file.size_bytes for file in files))
        kept = self.lake.kept_bytes(files)
        return QueryForecast(scan.source.name, tables, amount, kept_bytes=kept)

    def originals(self, source: Source, log_file: str, event_id: str) -> list[Mapping[str, object]]:
        """Return the records of a log file that are shown under this id, as logged.

        Raises:
            LakeError: the file is none of the lake's, or cannot be read.
        """
        return [*original_records(self.lake, source, log_file, event_id)]

    def _planned(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits
    ) -> tuple[dict[str, Statement | LakehuntError], Mapping[str, Translation], Sequence[Scan]]:
        """Return drafts as statements, or why they are none; the DuckDB text of each statement; and
        the scans that serve them.
        """
        compiled: dict[str, Statement | LakehuntError] = {}
        translations: dict[str, Translation] = {}
        for draft in drafts:
            try:
                one = compile_draft(
                    draft, self.sources, window, limits.lateness, absent=self.absent()
                )
                # the window of all there is, the scan will tell
                waits = window is None and draft.is_windowed
                tree = waiting_tree(draft, self.sources, self.absent()) if waits else one.tree
                translations[draft.name] = lowered(tree, self.catalog, waits=waits)
                compiled[draft.name] = one
            except LakehuntError as error:
                compiled[draft.name] = pointed(error, draft, self.catalog)
        statements = [one for one in compiled.values() if isinstance(one, Statement)]
        scans = plan_scans(statements)
        self._guard(statements, scans, limits)
        return compiled, translations, scans

    def _absent(
        self, compiled: Iterable[Statement | LakehuntError], scans: Sequence[Scan]
    ) -> Iterator[SourceAccount]:
        """Yield the accounts of sources without files that a statement over all would have read."""
        read = {scan.source.name for scan in scans}
        if any(isinstance(one, Statement) and one.is_over_all for one in compiled):
            yield from (SourceAccount(name) for name in sorted(self.absent() - read))

    def _guard(
        self, statements: Sequence[Statement], scans: Sequence[Scan], limits: Limits
    ) -> None:
        for scan in scans if not limits.all_time else ():
            if all(bounds.is_bounded for bounds in scan.bounds):
                continue
            size = self.lake.size_bytes(scan.source, scan.bounds, _UNBOUNDED_BYTES)
            if size > _UNBOUNDED_BYTES:
                for one in statements:
                    own = [r for r in one.reads if r.source.name == scan.source.name]
                    why = f"the lake holds {size / 1e9:.1f} GB of it"
                    require_bounds(replace(one, reads=tuple(own)), why)


class _Session:
    """One run: its connection, its folder of parts, and what its scans saw."""

    def __init__(
        self,
        engine: LocalEngine,
        connection: Connection,
        folder: Path,
        window: Window | None,
        limits: Limits,
        parse_all: bool,
    ) -> None:
        self.lake = engine.lake
        self.store = engine.store
        self.catalog = engine.catalog
        self.connection = connection
        self.folder = folder
        self.window = window
        self.limits = limits
        self.parse_all = parse_all
        self.scanned_bytes: dict[str, int] = {}

    def scan(self, scans: Sequence[Scan], progress: Progress) -> tuple[SourceAccount, ...]:
        """Scan each source that is read, once, and return the accounts."""
        try:
            return tuple(self._scan(scan, progress) for scan in scans)
        except duckdb.Error as error:
            raise EngineError(f"reading the lake: {failure(error)}") from error

    def _scan(self, scan: Scan, progress: Progress) -> SourceAccount:
        listing = self.lake.listing(scan.source, scan.bounds)
        files = listing.admitted(scan.bounds)
        account = account_for_files(listing, files, scan.bounds, self.limits)
        if not files:
            if self.limits.counts_only:
                return account
            define_empty(self.connection, scan.source, self.catalog)
            return account
        folder = self.folder / scan.source.name
        folder.mkdir()
        known = self._known(scan, files, progress)
        with self.lake.reading([files[number] for number in known.others]):
            parts = scan_files(
                self.connection, scan, known, folder, progress, parse_all=self.parse_all
            )
        for need in scan.needs:
            self.connection.run(
                f"CREATE TEMP VIEW {quoted(need.relation)} AS {kept_rows(need, parts, scan.source)}"
            )
        account = account_for_rows(self.connection, account, files, parts, self.window)
        if self.limits.counts_only:
            told = account_by_file(self.connection, files, parts)
            account = replace(account, by_file=told)
        self.scanned_bytes[scan.source.name] = account.bytes_read
        return account

    def _known(self, scan: Scan, files: Sequence[LogFile], progress: Progress) -> ScanFiles:
        """Return files with what is kept of them, after keeping all if the run is to."""
        if self.store is None or reads_lines(scan):
            return ScanFiles(files)
        known = find_kept(self.store, scan.source, files, keep=self.limits.keep)
        if not self.limits.keep:
            return known
        with self.lake.reading([files[number] for number in known.others]):
            return keep_files(self.connection, self.store, scan.source, known, progress)

    def set_window(self, window: Window) -> None:
        """Give the window to the statements that wait for it."""
        for name, moment in zip(WINDOW_NAMES, (window.since, window.until), strict=True):
            shown = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
            self.connection.run(f"SET VARIABLE {name} = TIMESTAMP {text(shown)}")

    def answers(
        self,
        compiled: Mapping[str, Statement | LakehuntError],
        translations: Mapping[str, Translation],
    ) -> dict[str, Result | LakehuntError]:
        """Return the result of each statement, or why there is none."""
        with self.connection.within_bound():
            return {
                name: self.answer(one, translations[name]) if isinstance(one, Statement) else one
                for name, one in compiled.items()
            }

    def answer(self, statement: Statement, translation: Translation) -> Result | LakehuntError:
        """Return the rows of one statement over the scanned parts, or why there are none."""
        started = time.perf_counter()
        most = self.limits.max_rows
        try:
            wanted = None if most is None else most + 1
            table = self._rows(translation, wanted)
        except duckdb.Error as error:
            return EngineError(f"{statement.name}: {failure(error)}")
        except LakehuntError as error:
            return error
        truncated = most is not None and table.num_rows > most
        names = {read.source.name for read in statement.reads}
        return Result(
            table=table.slice(0, most) if truncated else table,
            engine="local",
            fingerprint=statement.fingerprint,
            seconds=time.perf_counter() - started,
            scanned_bytes=sum(self.scanned_bytes.get(name, 0) for name in names),
            truncated=truncated,
        )

    def _rows(self, translation: Translation, wanted: int | None) -> pyarrow.Table:
        try:
            return shown_rows(self.connection, translation, wanted)
        except duckdb.OutOfMemoryException:
            # what cannot go to files may have all the memory there is
            self.connection.lift_limit()
            return shown_rows(self.connection, translation, wanted)


def _is_windowed(
    drafts: Iterable[Draft], compiled: Mapping[str, Statement | LakehuntError]
) -> bool:
    """Tell whether a statement names the window that it runs over."""
    own = (draft for draft in drafts if isinstance(compiled[draft.name], Statement))
    return any(draft.is_windowed for draft in own)


def _whole(accounts: Sequence[SourceAccount]) -> Window | None:
    """Return the window from the first event to just after the last.

    None without events, or where not all of them were counted.
    """
    if any(account.not_counted for account in accounts):
        return None
    firsts = [account.first_event for account in accounts if account.first_event]
    lasts = [account.last_event for account in accounts if account.last_event]
    return Window(min(firsts), max(lasts) + timedelta(milliseconds=1)) if firsts else None
