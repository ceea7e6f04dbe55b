"""Queries are bound, bounded and printed without changing what they ask."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlglot import exp

from lakehunt.errors import SqlError, UsageError
from lakehunt.model import Param, Source, Value, ValueType, Window
from lakehunt.sql.bind import bind, read_params
from lakehunt.sql.bounds import derive
from lakehunt.sql.compile import Draft, athena_text, compile_draft
from lakehunt.sql.occurrences import find_occurrences
from lakehunt.sql.parse import fingerprint, parse_query, print_query
from lakehunt.sql.rolling import rolling_text

WINDOW = Window(datetime(2026, 5, 1, 23, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))


def one_line(tree: exp.Expr) -> str:
    return print_query(tree, pretty=False)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT json_extract_scalar(x, '$.a:b') AS v, split(x, '.', 2) AS w",
        "SELECT json_extract(x, '$[\"x-amz-y\"]') AS v, reduce(a, 0, (s, x) -> s + x, s -> s) AS w",
        "SELECT x FROM t CROSS JOIN UNNEST(a, b) WITH ORDINALITY AS u(c, d, n)",
        "SELECT count(*) FILTER(WHERE x > 1) AS n, array_agg(x ORDER BY y DESC) AS a FROM t",
        "SELECT x FROM t WHERE x LIKE '100%' ESCAPE '!' AND y = 'it''s'",
        "SELECT 1.0 AS a, 1e0 AS b, 0.10 AS c, 1234567890123456789 AS d",
        "SELECT x FROM a LEFT JOIN b USING (k) GROUP BY ROLLUP (x) HAVING count(*) > 1",
        "SELECT lag(x, 1, 0) OVER (PARTITION BY y ORDER BY z ASC) AS p FROM t"
        " ORDER BY 1 ASC NULLS FIRST",
        'SELECT "$path", t."End" FROM t',
    ],
)
def test_printing_keeps_the_query(sql: str) -> None:
    tree = parse_query(sql)
    assert one_line(tree).lower() == sql.lower()
    assert one_line(parse_query(one_line(tree))) == one_line(tree)


def test_a_fingerprint_survives_reformatting_and_nothing_else() -> None:
    first = fingerprint(parse_query("SELECT a FROM t WHERE b = 1 -- why"))
    assert first == fingerprint(parse_query("select a\nfrom  t\nwhere b=1"))
    assert first != fingerprint(parse_query("SELECT a FROM t WHERE b = 2"))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELEC 1", "line 1, column"),
        ("SELECT 1; SELECT 2", "line 1, column 11: SYNTAX_ERROR: mismatched input 'SELECT'"),
        ("DROP TABLE cloudtrail", "mismatched input 'DROP'. Expecting: 'SELECT'"),
        ("SELECT 'open", "line 1"),
        ("", "mismatched input <EOF>"),
    ],
)
def test_text_that_is_no_query_is_refused_with_its_place(sql: str, expected: str) -> None:
    with pytest.raises(SqlError, match=expected):
        parse_query(sql)


PARAMS = {
    type_.value: Param(type_.value, type_) for type_ in ValueType if type_ is not ValueType.DATES
}
HOSTILE = "x' OR 1=1 -- \u2028 :since {{ 1 }} %s"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("text", HOSTILE, "'x'' OR 1=1 -- \u2028 :since {{ 1 }} %s'"),
        ("integer", -5, "(-5)"),
        ("double", 0.5, "5.00000000000000000e-01"),
        ("boolean", False, "FALSE"),
        ("date", date(2026, 5, 1), "DATE '2026-05-01'"),
        ("interval", timedelta(hours=2), "INTERVAL '7200' SECOND"),
        (
            "timestamp",
            datetime(2026, 5, 1, 10, tzinfo=UTC),
            "TIMESTAMP '2026-05-01 10:00:00.000'",
        ),
        ("text", None, "CAST(NULL AS varchar)"),
    ],
)
def test_a_value_becomes_a_typed_literal(name: str, value: Value, expected: str) -> None:
    bound = bind(parse_query(f"SELECT a FROM t WHERE a = :{name}"), WINDOW, PARAMS, {name: value})
    assert one_line(bound) == f"SELECT a FROM t WHERE a = {expected}"


@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        ("a IN (:texts)", ("x", "y'"), "a IN ('x', 'y''')"),
        ("a IN ('z', :texts)", ("x",), "a IN ('z', 'x')"),
        ("a IN (:texts)", (), "FALSE"),
        ("a NOT IN (:texts)", (), "NOT FALSE"),
        ("contains(ARRAY[:texts], a)", ("x", "y"), "contains(ARRAY['x', 'y'], a)"),
        ("contains(ARRAY[:texts], a)", (), "contains(CAST(ARRAY[] AS array(varchar)), a)"),
    ],
)
def test_a_list_expands_where_it_stands(sql: str, values: Value, expected: str) -> None:
    tree = bind(parse_query(f"SELECT a FROM t WHERE {sql}"), WINDOW, PARAMS, {"texts": values})
    assert one_line(tree) == f"SELECT a FROM t WHERE {expected}"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM :text",
        "SELECT a FROM t ORDER BY :text",
        "SELECT a FROM t GROUP BY :text",
        "SELECT a FROM t WHERE a = :texts",
        "SELECT lower(:texts) FROM t",
        "SELECT a FROM t WHERE a = :nowhere",
    ],
)
def test_a_placeholder_where_no_value_can_stand_is_refused(sql: str) -> None:
    with pytest.raises(SqlError):
        bind(parse_query(sql), WINDOW, PARAMS, {"text": "x", "texts": ("x",)})


def test_the_window_is_always_there() -> None:
    tree = bind(parse_query("SELECT a FROM t WHERE b >= :since AND b < :until"), WINDOW)
    assert "TIMESTAMP '2026-05-01 23:00:00.000'" in one_line(tree)
    assert [*tree.find_all(exp.Placeholder)] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"leats": "3"}, "-p leats: no such parameter; did you mean least"),
        ({"least": "three"}, "-p least: 'three' is no integer"),
        ({}, "needs -p key=VALUE"),
    ],
)
def test_wrong_parameters_say_what_is_right(given: dict[str, str], expected: str) -> None:
    params = {
        "least": Param("least", ValueType.INTEGER, "", 3, has_default=True),
        "key": Param("key", ValueType.TEXT, "the key"),
    }
    with pytest.raises(UsageError, match=expected):
        read_params(params, given)


COLUMNS = {
    "cloudtrail": ("event_time", "event_name", "event_source", "actor", "region", "day", "event_id")
}
SINCE = "event_time >= TIMESTAMP '2026-05-01 23:00:00.000'"
CONDITIONS = [
    (f"SELECT actor FROM cloudtrail WHERE {SINCE} AND event_name IN ('a', 'b')", [2]),
    (f"WITH x AS (SELECT event_time, actor FROM cloudtrail) SELECT * FROM x WHERE {SINCE}", [1]),
    (f"SELECT * FROM (SELECT * FROM cloudtrail) AS x WHERE x.{SINCE}", [1]),
    (
        f"SELECT event_time FROM (SELECT event_time FROM cloudtrail UNION ALL"
        f" SELECT event_time FROM cloudtrail) WHERE {SINCE}",
        [1, 1],
    ),
    # each reader filters the CTE otherwise: one alone must not cut it
    (
        "WITH x AS (SELECT event_name, actor FROM cloudtrail) SELECT a.actor FROM x AS a"
        " JOIN x AS b ON a.actor = b.actor WHERE a.event_name = 'p'",
        [0],
    ),
    # the outer side of a join keeps rows that fail its ON
    (
        "SELECT a.actor FROM cloudtrail AS a LEFT JOIN cloudtrail AS b"
        " ON a.actor = b.actor AND a.event_name = 'p' AND b.event_name = 'q'",
        [0, 1],
    ),
    # an anti-join looks for NULL: no early filter by it
    (
        "SELECT a.actor FROM cloudtrail AS a LEFT JOIN cloudtrail AS b ON a.actor = b.actor"
        " WHERE b.event_id IS NULL AND a.event_name = 'p'",
        [1, 0],
    ),
    # a count over all rows sees rows that the outer filter drops
    (
        "SELECT * FROM (SELECT event_name, count(*) OVER () AS n FROM cloudtrail) AS x"
        " WHERE event_name = 'p'",
        [0],
    ),
    ("SELECT * FROM (SELECT event_name FROM cloudtrail LIMIT 5) AS x WHERE event_name = 'p'", [0]),
    # what can raise is not evaluated early
    ("SELECT actor FROM cloudtrail WHERE CAST(actor AS bigint) = 5 AND event_name = 'p'", [1]),
    (
        "SELECT actor FROM cloudtrail AS a WHERE region = 'x' AND EXISTS (SELECT 1 FROM cloudtrail"
        " AS b WHERE b.actor = a.actor AND b.event_name = 'p')",
        [1, 1],
    ),
    ("SELECT actor FROM cloudtrail WHERE event_name = 'p' OR actor = 'q'", [1]),
    (
        "SELECT actor, count(*) AS n FROM (SELECT actor, event_name FROM cloudtrail) AS x"
        " GROUP BY actor HAVING count(*) > 3",
        [0],
    ),
]


@pytest.mark.parametrize(("sql", "expected"), CONDITIONS)
def test_conditions_that_may_be_applied_early(sql: str, expected: list[int]) -> None:
    found = find_occurrences(parse_query(sql), COLUMNS)
    assert [len(occurrence.conditions) for occurrence in found] == expected


@pytest.mark.parametrize(
    ("condition", "first", "last"),
    [
        ("event_time >= :since AND event_time < :until", "2026/05/01", "2026/05/02"),
        ("event_time BETWEEN :since AND :until", "2026/05/01", "2026/05/03"),
        (":since <= event_time", "2026/05/01", None),
        ("event_time >= :since - INTERVAL '14' DAY", "2026/04/17", None),
        ("event_time >= DATE '2026-05-01' AND event_time < DATE '2026-05-02'", "2026/05/01",
         "2026/05/02"),
        ("event_time > :since OR actor = 'x'", None, None),
        ("day >= '2026/04/30' AND event_time >= :since", "2026/05/01", None),
        ("day = '2026/05/01'", "2026/05/01", "2026/05/01"),
        ("NOT event_time >= :since", None, None),
    ],
)  # fmt: skip
def test_partition_bounds_follow_event_time(
    condition: str, first: str | None, last: str | None, cloudtrail: Source
) -> None:
    """Folders carry the day of delivery, up to a day after the event."""
    tree = bind(parse_query(f"SELECT actor FROM cloudtrail WHERE {condition}"), WINDOW)
    (occurrence,) = find_occurrences(tree, {"cloudtrail": cloudtrail.event_view.columns})
    bounds = derive(occurrence.conditions, cloudtrail.partitions)
    assert (bounds.first, bounds.last) == (first, last)


@pytest.mark.parametrize(
    ("condition", "first", "last"),
    [
        ("event_time > current_timestamp - INTERVAL '7' DAY", "2026/05/23", None),
        ("event_time >= (now() - INTERVAL '12' HOUR)", "2026/05/29", None),
        ("now() - INTERVAL '1' MONTH < event_time", "2026/04/29", None),
        ("event_time > localtimestamp(3) - INTERVAL '1' YEAR", "2025/05/29", None),
        ("event_time >= CAST(current_date AS timestamp) - INTERVAL '1' DAY", "2026/05/29", None),
        ("event_time BETWEEN current_date - INTERVAL '7' DAY AND now()", "2026/05/23",
         "2026/06/03"),
        ("event_time < current_date - INTERVAL '30' DAY", None, "2026/05/03"),
        ("event_time >= TIMESTAMP '2026-05-31 00:00:00' - INTERVAL '1' MONTH", "2026/04/30", None),
        ("date(event_time) = DATE '2026-05-19'", "2026/05/19", "2026/05/20"),
        ("DATE '2026-05-19' <= date(event_time)", "2026/05/19", None),
        ("CAST(event_time AS date) BETWEEN DATE '2026-05-18' AND DATE '2026-05-19'", "2026/05/18",
         "2026/05/20"),
        ("date(event_time) > current_date - INTERVAL '3' DAY", "2026/05/27", None),
        ("date(event_time) <= DATE '2026-05-19'", None, "2026/05/20"),
        ("event_time > now() - INTERVAL '7' DAY OR actor = 'x'", None, None),
        ("event_time <> now()", None, None),
        ("date(actor) = DATE '2026-05-19'", None, None),
        ("date_trunc('day', event_time) = DATE '2026-05-19'", None, None),
        ("event_time > from_unixtime(1779000000)", None, None),
    ],
)  # fmt: skip
def test_the_clock_and_the_day_of_an_event_bound_partitions_with_a_day_to_spare(
    condition: str, first: str | None, last: str | None, cloudtrail: Source
) -> None:
    columns = {"cloudtrail": cloudtrail.event_view.columns}
    now = datetime(2026, 5, 31, 12, tzinfo=UTC)
    whole = parse_query(f"SELECT actor FROM cloudtrail WHERE {condition}")
    inside = parse_query(
        f"WITH x AS (SELECT event_time, actor FROM cloudtrail) SELECT * FROM x WHERE {condition}"
    )
    for tree in (whole, inside):
        (occurrence,) = find_occurrences(tree, columns, now)
        bounds = derive(occurrence.conditions, cloudtrail.partitions)
        assert (bounds.first, bounds.last) == (first, last)


def test_of_the_day_of_a_text_nothing_is_said(sources: dict[str, Source]) -> None:
    sql = "SELECT 1 AS n FROM cloudfront_raw WHERE CAST(\"date\" AS date) = DATE '2026-05-19'"
    (read,) = compile_draft(Draft("q", sql), sources, None).reads
    assert not read.occurrence.conditions


def test_a_saved_query_keeps_counting_from_the_day_on_which_it_runs(
    sources: dict[str, Source],
) -> None:
    sql = "SELECT actor FROM cloudtrail WHERE event_time BETWEEN now() - INTERVAL '7' DAY AND now()"
    text = " ".join(rolling_text(Draft("q", sql), sources, 1).split())
    assert "day >= date_format(CURRENT_DATE - INTERVAL '8' DAY, '%Y/%m/%d')" in text
    assert "day <= date_format(CURRENT_DATE + INTERVAL '3' DAY, '%Y/%m/%d')" in text
    assert "'20" not in text


def compiled(sql: str, sources: dict[str, Source], **narrow: tuple[str, ...]) -> str:
    draft = Draft("q", sql, narrow=narrow)
    return " ".join(athena_text(compile_draft(draft, sources, WINDOW), sources).split())


def test_athena_gets_plain_partition_predicates_on_each_table(sources: dict[str, Source]) -> None:
    text = compiled(
        "SELECT a.actor FROM cloudtrail AS a JOIN cloudtrail AS b ON a.actor = b.actor"
        " WHERE a.event_time >= :since AND a.event_time < :until AND b.event_time >= :since"
        " AND a.region = 'eu-west-1'",
        sources,
    )
    assert "FROM cloudtrail WHERE day >= '2026/05/01' AND day <= '2026/05/02'" in text
    assert "region IN ('eu-west-1') ) AS a" in text
    assert "FROM cloudtrail WHERE day >= '2026/05/01' ) AS b" in text


def test_a_window_bounds_what_the_query_leaves_open(sources: dict[str, Source]) -> None:
    text = compiled("SELECT actor FROM cloudtrail", sources, account_id=("111122223333",))
    assert "event_time < TIMESTAMP '2026-05-02 00:00:00.000'" in text
    assert "day <= '2026/05/02'" in text
    assert "account_id IN ('111122223333')" in text


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM cloudtrial", "no table cloudtrial; did you mean cloudtrail"),
        ('SELECT 1 FROM "/etc/passwd"', "no table /etc/passwd"),
        ("SELECT 1 FROM 's3://bucket/x.parquet'", "mismatched input"),
    ],
)
def test_a_table_that_is_none_is_never_taken_for_a_file(
    sql: str, expected: str, sources: dict[str, Source]
) -> None:
    with pytest.raises(SqlError, match=expected):
        compiled(sql, sources)
