"""The view `activity`: all sources on the common columns, bounded branch by branch."""

from datetime import UTC, datetime

import pytest

from lakehunt.errors import SqlError
from lakehunt.model import Source, Window
from lakehunt.sql.activity import ACTIVITY_TYPES
from lakehunt.sql.compile import Draft, compile_draft
from lakehunt.sql.typed import analyzed, catalog_of

WINDOW = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))
TEXT = (
    "SELECT a.source, a.bytes FROM activity AS a"
    " WHERE a.event_time >= :since AND a.event_time < :until AND a.account_id = '111122223333'"
)


def test_each_branch_is_bounded_as_if_it_stood_alone(sources: dict[str, Source]) -> None:
    statement = compile_draft(Draft("x", TEXT), sources, WINDOW)
    assert {read.source.name for read in statement.reads} == {*sources}
    for read in statement.reads:
        assert read.bounds.first == "2026/05/01"
        assert read.bounds.last is not None
        assert read.bounds.values is not None
        told = {column.name for column in read.source.partitions.columns}
        assert ("account_id" in read.bounds.values) == ("account_id" in told)


def test_its_columns_are_of_the_types_that_it_promises(sources: dict[str, Source]) -> None:
    statement = compile_draft(Draft("x", "SELECT * FROM activity"), sources, WINDOW)
    found = analyzed(statement.sql, catalog_of(sources.values())).columns
    shown = {column.name: str(column.type).partition("(")[0] for column in found}
    assert shown == {name: type_.partition("(")[0] for name, type_ in ACTIVITY_TYPES.items()}


def test_a_cte_of_that_name_is_the_querys_own(sources: dict[str, Source]) -> None:
    text = "WITH activity AS (SELECT event_name FROM cloudtrail) SELECT event_name FROM activity"
    statement = compile_draft(Draft("x", text), sources, WINDOW)
    assert [read.source.name for read in statement.reads] == ["cloudtrail"]


def test_a_misspelt_name_is_told(sources: dict[str, Source]) -> None:
    with pytest.raises(SqlError, match="did you mean activity"):
        compile_draft(Draft("x", "SELECT 1 FROM activty"), sources, WINDOW)
