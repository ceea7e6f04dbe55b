"""Runs many statements on a Trino at a time; whatever ends the run, none is left running.

Knows statements and their rows, not what they are about.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

import pyarrow
from trino.dbapi import Cursor

from lakehunt.config import Trino
from lakehunt.engines.trino.results import table_of
from lakehunt.engines.trino.session import FAILURES, connect, is_ours_alone, why_failed
from lakehunt.errors import LakehuntError
from lakehunt.trino_on_duckdb.types import parse

_PAGE_ROWS = 10_000
# How long a query that was cancelled may take to be gone.
_STOPPING_SECONDS = 10.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one statement, and what the server tells of it."""

    table: pyarrow.Table
    truncated: bool
    query_id: str
    seconds: float
    scanned_bytes: int


Heard = Callable[[str, Answer | LakehuntError], None]


class Queries:
    """The queries of one run, each on a connection of its own."""

    def __init__(self, settings: Trino, most_rows: int | None) -> None:
        self._settings = settings
        self._most = most_rows
        self._running: set[Cursor] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def run(self, texts: Mapping[str, str], heard: Heard) -> None:
        """Run statements to their end; each that ends is heard of at once.

        Raises:
            ConfigError: the configuration lacks something.
            CloudError: the server refuses, or cannot be reached; all are cancelled.
        """
        pool = ThreadPoolExecutor(self._settings.concurrency)
        ended: SimpleQueue[str] = SimpleQueue()
        futures: dict[str, Future[Answer | LakehuntError]] = {}
        try:
            for name, sql in texts.items():
                futures[name] = pool.submit(self._answer, name, sql)
                futures[name].add_done_callback(partial(_tell, ended, name))
            for _ in futures:
                name = _next(ended)
                heard(name, futures[name].result())
        finally:
            # nothing is left after a good end; after any other, nothing is left running
            pool.shutdown(wait=False, cancel_futures=True)
            self._stop(futures.values())

    def _answer(self, name: str, sql: str) -> Answer | LakehuntError:
        with connect(self._settings) as connection:
            cursor = connection.cursor()
            with self._lock:
                self._running.add(cursor)
            try:
                return self._read(cursor, sql)
            except FAILURES as error:
                failure = why_failed(name, self._settings, error)
                if is_ours_alone(error):
                    return failure
                raise failure from error
            finally:
                with self._lock:
                    self._running.discard(cursor)

    def _read(self, cursor: Cursor, sql: str) -> Answer:
        started = time.perf_counter()
        cursor.execute(sql)
        wanted = None if self._most is None else self._most + 1
        rows: list[object] = []
        while page := cursor.fetchmany(_PAGE_ROWS):
            rows += page
            if self._is_stopped or (wanted is not None and len(rows) >= wanted):
                cursor.cancel()
                break
        described = cursor.description
        names = [column[0] for column in described]
        types = [parse(column[1]) for column in described]
        stats = cursor.stats
        return Answer(
            table=table_of(names, types, rows[: self._most]),
            truncated=wanted is not None and len(rows) >= wanted,
            query_id=str(cursor.query_id),
            seconds=time.perf_counter() - started,
            scanned_bytes=stats.get("physicalInputBytes") or stats.get("processedBytes") or 0,
        )

    def _stop(self, futures: Iterable["Future[Answer | LakehuntError]"]) -> None:
        """Cancel what runs, also what the server gives an id only now."""
        self._is_stopped = True
        end = time.monotonic() + _STOPPING_SECONDS
        while not all(future.done() for future in futures) and time.monotonic() < end:
            with self._lock:
                running = [*self._running]
            for cursor in running:
                with suppress(*FAILURES):
                    cursor.cancel()
            time.sleep(_LOOK_SECONDS)


def _tell(ended: "SimpleQueue[str]", name: str, _: "Future[Answer | LakehuntError]") -> None:
    ended.put(name)


def _next(ended: "SimpleQueue[str]") -> str:
    """Return the name of the next query that ends; an interrupt is heard meanwhile."""
    while True:
        try:
            return ended.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue
