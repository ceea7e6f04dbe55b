"""Every query of the library gives the same rows on a real Trino and on the local engine.

The cases of a query are written as AWS delivers them, into S3 and into a folder; the tables are
those of `ddl --format trino`. What Trino answered to the same question before is not asked again:
`pytest -m live tests/trino_live --update-goldens` stores what it answers in `answers`.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from lakehunt.casefiles import load_cases
from lakehunt.check.cases import case_draft, write_case
from lakehunt.config import Deployment, Trino
from lakehunt.content import roots
from lakehunt.deploy.trino import trino_statements
from lakehunt.engines.base import Limits
from lakehunt.engines.local.documents import unpacked
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.trino.engine import TrinoEngine
from lakehunt.layouts import locate
from lakehunt.library import load_queries
from lakehunt.model import ACTIVITY, Case, Query, Result, Source, Window
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft, compile_draft
from lakehunt.sql.typed import Catalog, catalog_of, trino_text

from .answers import FOLDER, Answer, digest, store, stored
from .judge import Judge
from .server import CATALOG, VERSION

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Together:
    """A query with one set of parameters, and all its cases with these: one lake, one question."""

    query: Query
    cases: tuple[Case, ...]

    def __str__(self) -> str:
        return f"{self.query.id}-{self.cases[0].name}"

    @property
    def window(self) -> Window:
        """Return the window that holds those of the cases."""
        windows = [case.window for case in self.cases]
        return Window(min(w.since for w in windows), max(w.until for w in windows))

    @property
    def draft(self) -> Draft:
        """Return the query with its parameters."""
        return case_draft(self.query, self.cases[0])


def gathered() -> list[Together]:
    """Return every case of the library, those of equal parameters together."""
    groups: dict[tuple[str, str], list[Case]] = {}
    queries = load_queries(roots())
    for query in queries.values():
        for case in load_cases(roots(), query.id).values():
            groups.setdefault((query.id, repr(case.params)), []).append(case)
    return [Together(queries[id_], tuple(cases)) for (id_, _), cases in groups.items()]


GROUPS = gathered()
TEMPLATE = "template"
AT_A_TIME = 3
_INPUT = ("Name", "Owner", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor",
          "ViewOriginalText", "ViewExpandedText")  # fmt: skip


@dataclass(frozen=True)
class Library:
    """The tables of every source on Trino, copied for each case, which has its own lake."""

    judge: Judge
    folder: Path
    sources: Mapping[str, Source]
    deployed: Mapping[str, Source]
    catalog: Catalog
    statements: Mapping[str, Sequence[str]]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, number: int) -> Answer:
        """Return what Trino answers, row by row in one form: the stored answer if there is one."""
        group = GROUPS[number]
        lake = self.folder / str(number)
        files: dict[str, set[Path]] = {}
        for case in group.cases:
            for name, paths in write_case(lake, case, self.sources).items():
                files.setdefault(name, set()).update(paths)
        asked = self._asked(number, lake, files)
        known = stored(group.query.id).get(group.cases[0].name)
        if known is not None and known.asked == asked:
            return known
        return Answer(asked, self._rows(number, lake, files))

    def _asked(self, number: int, lake: Path, files: Mapping[str, set[Path]]) -> str:
        group, read = GROUPS[number], self._read(number, files)
        absent = self.deployed.keys() - read if group.draft.is_over_all else ()
        statement = compile_draft(
            group.draft, self.deployed, group.window, absent=frozenset(absent)
        )
        sql = trino_text(statement, self.deployed, self.catalog)
        parts: list[str | bytes] = [VERSION, sql]
        for name in sorted(read):
            parts += self.statements[name]
            for path in sorted(files.get(name, ())):
                parts += [path.relative_to(lake).as_posix(), unpacked(path.read_bytes())]
        return digest(parts)

    def _rows(self, number: int, lake: Path, files: Mapping[str, set[Path]]) -> list[str]:
        self._make_templates()
        group = GROUPS[number]
        database = f"case_{number}"
        store = self.judge.sandbox.store
        store.make_database(database)
        for name in self._read(number, files):
            bucket = self.sources[name].partitions.bucket
            place = f"{database}-{bucket}".replace("_", "-")
            store.make_bucket(place)
            values: dict[str, set[str]] = {}
            for path in files.get(name, ()):
                key = path.relative_to(lake).as_posix()
                store.put(f"s3://{place}/{key}", path.read_bytes())
                told = locate(self.sources[name].partitions, key)
                for column, value in (told.values if told else {}).items():
                    values.setdefault(column, set()).add(value)
            self._copy(database, self.deployed[name], place, values)
        settings = Trino("127.0.0.1", self.judge.port, "test", CATALOG, database)
        engine = TrinoEngine(settings, self.deployed)
        run = engine.run([group.draft], group.window, Limits(count=False), _quiet)
        return shown(run.results[group.query.id], rf"s3://case-{number}-[a-z0-9-]+/")

    def _make_templates(self) -> None:
        """Have Trino make the tables of every source, once."""
        with self.lock:
            store = self.judge.sandbox.store
            if TEMPLATE in store.databases():
                return
            store.make_database(TEMPLATE)
            for source in self.deployed.values():
                store.make_bucket(f"template-{_slug(source)}")
                for statement in self.statements[source.name]:
                    self.judge.run(statement, TEMPLATE)

    def _read(self, number: int, files: Mapping[str, object]) -> set[str]:
        """Return the sources that a group needs tables of.

        Over `activity` each query is asked of all once: that takes Trino as long as fifty others.
        Then of those that the cases have files of.
        """
        query = GROUPS[number].query
        if ACTIVITY not in query.sources:
            return {*query.sources}
        is_first = number == 0 or GROUPS[number - 1].query.id != query.id
        return {*self.sources} if is_first else {*query.sources, *files} - {ACTIVITY}

    def _copy(
        self, database: str, source: Source, place: str, values: Mapping[str, set[str]]
    ) -> None:
        """Put the relations of a source into a database, over what lies in one bucket."""
        store = self.judge.sandbox.store
        columns = {column.name: column.raw_name for column in source.partitions.columns}
        for table in store.tables(TEMPLATE):
            if table["Name"] not in self._relations(source):
                continue
            text = json.dumps({key: table[key] for key in _INPUT if key in table}).replace(
                f"s3://template-{_slug(source)}/", f"s3://{place}/"
            )
            copied = json.loads(text)
            for name, raw in columns.items():
                key = f"projection.{raw}.values"
                if key in copied["Parameters"]:
                    copied["Parameters"][key] = ",".join(sorted(values.get(name, {"none"})))
            if copied.get("ViewOriginalText"):
                copied["ViewOriginalText"] = _moved(copied["ViewOriginalText"], database)
            store._glue.create_table(database, copied["Name"], copied)

    @staticmethod
    def _relations(source: Source) -> tuple[str, ...]:
        return (*source.relations, f"{source.name}_documents")


def _slug(source: Source) -> str:
    return source.partitions.bucket.replace("_", "-")


def _moved(view: str, database: str) -> str:
    """Return the text of a view with another schema for the names in it."""
    encoded = view.removeprefix("/* Presto View: ").removesuffix(" */")
    value = {**json.loads(base64.b64decode(encoded)), "schema": database}
    return f"/* Presto View: {base64.b64encode(json.dumps(value).encode()).decode()} */"


def _quiet(share: float) -> None:
    """Draw nothing."""


def shown(result: object, place: str) -> list[str]:
    """Return rows as texts in order, without the place that files lie in."""
    assert isinstance(result, Result), result
    rows = (json.dumps([_plain(value) for value in row.values()]) for row in result.rows())
    return sorted(re.sub(place, "", row) for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return [_plain(inner) for inner in value.values()]
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def library(
    judge: Judge, sources: dict[str, Source], tmp_path_factory: pytest.TempPathFactory
) -> Library:
    """The tables of `ddl --format trino`, made by Trino itself when it is first asked."""
    buckets = {source.partitions.bucket: source for source in sources.values()}
    deployment = Deployment(
        buckets={name: f"template-{_slug(source)}" for name, source in buckets.items()},
        accounts=("none",),
        regions=("none",),
        first_day=datetime(2020, 1, 1, tzinfo=UTC).date(),
        # a case's file has every field, one after the other
        fields={
            name: tuple(field.name for field in source.partitions.fields)
            for name, source in sources.items()
            if source.partitions.fields
        },
        values={name: ("none",) for name in ("web_acl", "vpc", "source_bucket", "distribution_id")},
    )
    deployed = load_sources(roots(), deployment)
    statements = {name: tuple(trino_statements(s)) for name, s in deployed.items()}
    catalog = catalog_of(deployed.values())
    folder = tmp_path_factory.mktemp("cases")
    return Library(judge, folder, sources, deployed, catalog, statements)


@pytest.fixture(scope="module")
def answers(library: Library, request: pytest.FixtureRequest) -> Mapping[int, Future[Answer]]:
    """What Trino says of each case that is to be tested, asked a few at a time."""
    numbers = [
        int(str(item.callspec.params["number"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_query_on_trino"
    ]
    # all before the first test: the tests change the environment, which clients read
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return {number: pool.submit(library.answer, number) for number in numbers}


@pytest.mark.parametrize("number", range(len(GROUPS)), ids=map(str, GROUPS))
def test_query_on_trino(
    library: Library,
    answers: Mapping[int, Future[Answer]],
    number: int,
    request: pytest.FixtureRequest,
) -> None:
    real = answers[number].result()
    group = GROUPS[number]
    if request.config.getoption("--update-goldens"):
        store(group.query.id, {**stored(group.query.id), group.cases[0].name: real})
    lake = library.folder / str(number)
    engine = LocalEngine(lake, library.sources)
    try:
        run = engine.run([group.draft], group.window, Limits(), _quiet)
    finally:
        engine.close()
    assert real.rows == shown(run.results[group.query.id], re.escape(f"{lake}/"))


def test_answers_are_stored_of_cases_alone() -> None:
    """A query or a case that is gone leaves no answer behind."""
    asked = {(group.query.id, group.cases[0].name) for group in GROUPS}
    there = {(path.stem, case) for path in FOLDER.glob("*.jsonl") for case in stored(path.stem)}
    assert there <= asked
