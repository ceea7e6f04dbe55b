"""What Trino refuses, we refuse: by its error name, at its place, with the nearest known name."""

from __future__ import annotations

import pytest

from lakehunt.trino_on_duckdb import Refused, TrinoError, translate

CATALOG = {
    "cloudtrail": {
        "eventname": "varchar",
        "eventtime": "timestamp(3)",
        "count": "bigint",
        "useridentity": "row(type varchar, arn varchar)",
    }
}
ERRORS = [
    ("SELECT evntname FROM cloudtrail", "COLUMN_NOT_FOUND", 8, "Did you mean 'eventname'?"),
    ("SELECT 1 FROM cloudtral", "TABLE_NOT_FOUND", 15, "Did you mean 'cloudtrail'?"),
    ("SELECT regexp_lik('a', 'b')", "FUNCTION_NOT_FOUND", 8, "Did you mean 'regexp_like'?"),
    ("SELECT useridentity.arm FROM cloudtrail", "INVALID_COLUMN_REFERENCE", 8, "useridentity.arm"),
    ("SELECT (useridentity).arm FROM cloudtrail", "INVALID_COLUMN_REFERENCE", 8, "mean 'arn'?"),
    ("SELECT eventname.x.y FROM cloudtrail", "TYPE_MISMATCH", 8, "Expression eventname is not"),
    ("SELECT x FROM y WHERE z = 9223372036854775808", "SYNTAX_ERROR", 27, "numeric literal"),
    ("SELECT 1 - 9223372036854775808", "SYNTAX_ERROR", 12, "numeric literal"),
    ("SELECT DATE '٢٠٢٠-01-01'", "INVALID_LITERAL", 8, "DATE literal"),
    ("SELECT eventname.x FROM cloudtrail", "TYPE_MISMATCH", 8, "is not of type ROW"),
    ("SELECT 1 FROM cloudtrail WHERE eventname = 5", "TYPE_MISMATCH", 42, "varchar = integer"),
    ("SELECT eventname, count(*) FROM cloudtrail", "EXPRESSION_NOT_AGGREGATE", 8, "GROUP BY"),
    ("SELECT count(*) c FROM cloudtrail HAVING c > 1", "COLUMN_NOT_FOUND", 42, "'c'"),
    ("SELECT eventname FROM cloudtrail a, cloudtrail b", "AMBIGUOUS_NAME", 8, "is ambiguous"),
    ("SELECT FROM cloudtrail", "SYNTAX_ERROR", 8, "mismatched input"),
    ("SELECT CAST(1 AS texts)", "TYPE_MISMATCH", 8, "Unknown type: texts"),
]
REFUSED = [
    ("SELECT TIMESTAMP '2020-01-01 00:00:00.123456789'", "DuckDB keeps microseconds"),
    ("SELECT 1 FROM cloudtrail NATURAL JOIN cloudtrail", "NATURAL JOIN"),
    ("SELECT approx_set(count) FROM cloudtrail", "hyperloglog"),
]


@pytest.mark.parametrize(("sql", "code", "column", "words"), ERRORS, ids=[e[0] for e in ERRORS])
def test_trino_error(sql: str, code: str, column: int, words: str) -> None:
    with pytest.raises(TrinoError) as caught:
        translate(sql, CATALOG)
    assert (caught.value.code, caught.value.line, caught.value.column) == (code, 1, column)
    assert words in str(caught.value)


@pytest.mark.parametrize(("sql", "words"), REFUSED, ids=[r[0] for r in REFUSED])
def test_refused(sql: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        translate(sql, CATALOG)
