"""SQL that others published runs on the raw tables with nothing changed but the table's name."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lakehunt.config import Athena
from lakehunt.content import roots
from lakehunt.engines.athena.engine import AthenaEngine
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import UnboundedError
from lakehunt.model import Result, Source
from lakehunt.sandbox.lake import load_lake, make_tables
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sql.compile import Draft
from tests.athena_guide import QUERIES, RECORDS
from tests.conftest import Ran
from tests.lakes import lake_of

_TABLES = {
    "cloudtrail_logs": "cloudtrail_raw",
    "waf_logs": "waf_raw",
    "r53_rlogs": "route53_resolver_raw",
}
_ALL_TIME = Limits(all_time=True, count=False)


def renamed(sql: str) -> str:
    for theirs, ours in _TABLES.items():
        sql = sql.replace(theirs, ours)
    return sql


def drafts() -> list[Draft]:
    return [Draft(name, renamed(sql)) for name, (sql, _) in QUERIES.items()]


def looked_at(name: str, result: Result) -> list[list[object]]:
    """The cells of the rows, or of the columns that are named after the query."""
    _, _, columns = name.partition(": ")
    wanted = [column.lower() for column in columns.split(", ")] if columns else None
    found = []
    for row in result.rows():
        cells = {key.lower(): value for key, value in row.items()}
        found.append([cells[c] for c in wanted] if wanted else [*row.values()])
    if "ORDER BY" not in QUERIES[name][0].upper():
        found.sort(key=str)
    return found


def expected(name: str) -> list[list[object]]:
    sql, rows = QUERIES[name]
    return rows if "ORDER BY" in sql.upper() else sorted(rows, key=str)


@pytest.fixture(scope="module")
def three(sources: dict[str, Source]) -> dict[str, Source]:
    return {name: sources[name] for name in RECORDS}


@pytest.fixture(scope="module")
def lake(three: dict[str, Source], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("public") / "lake"
    for name, records in RECORDS.items():
        lake_of(folder, three[name], *records)
    return folder


@pytest.fixture(scope="module")
def answers(three: dict[str, Source], lake: Path) -> Iterator[Mapping[str, object]]:
    engine = LocalEngine(lake, three)
    try:
        yield engine.run(drafts(), None, _ALL_TIME, lambda share: None).results
    finally:
        engine.close()


@pytest.mark.parametrize("name", QUERIES)
def test_a_public_query_runs_on_the_raw_table(answers: Mapping[str, object], name: str) -> None:
    result = answers[name]
    assert isinstance(result, Result), result
    assert looked_at(name, result) == expected(name)


def test_they_run_on_athena_with_all_time(
    lakehunt_sandbox: Sandbox, three: dict[str, Source], lake: Path
) -> None:
    deployment = load_lake(lakehunt_sandbox, lake, three)
    make_tables(lakehunt_sandbox, roots(), deployment, "lakehunt")
    engine = AthenaEngine(Athena(workgroup="primary", results=f"s3://{RESULTS}/"), three)
    try:
        with pytest.raises(UnboundedError, match="--all-time"):
            engine.run(drafts(), None, Limits(count=False), lambda share: None)
        run = engine.run(drafts(), None, _ALL_TIME, lambda share: None)
    finally:
        engine.close()
    for name, result in run.results.items():
        assert isinstance(result, Result), result
        assert looked_at(name, result) == expected(name), name


@pytest.mark.parametrize(
    ("sql", "cast"),
    [
        # in the table of the guide srcport is an int
        ("SELECT query_name FROM route53_resolver_raw WHERE srcport > 1024",
         "srcport is text: write TRY_CAST(srcport AS bigint)"),
        ("SELECT query_name FROM route53_resolver_raw AS r WHERE r.srcport IN (53, 5353)",
         "r.srcport is text: write TRY_CAST(r.srcport AS bigint)"),
        ("SELECT action FROM waf_raw WHERE formatversion = 1",
         "formatversion is text: write TRY_CAST(formatversion AS bigint)"),
        ("SELECT action FROM waf_raw WHERE requestbodysize BETWEEN 8192 AND 1e9",
         "requestbodysize is text: write TRY_CAST(requestbodysize AS double)"),
        ("SELECT srcport + 1 AS a FROM route53_resolver_raw",
         "srcport is text: write TRY_CAST(srcport AS bigint)"),
    ],
    ids=["greater", "in", "equal", "between", "sum"],
)  # fmt: skip
def test_a_text_compared_with_a_number_is_refused_with_the_cast_to_write(
    lake: Path, lakehunt: Callable[..., Ran], sql: str, cast: str
) -> None:
    ran = lakehunt("sql", sql, "--lake", lake, "--all-time")
    assert ran.code == 2
    assert "TYPE_MISMATCH" in ran.err
    assert cast in ran.err
    column, _, written = cast.partition(" is text: write ")
    assert lakehunt("sql", sql.replace(column, written), "--lake", lake).code == 0
