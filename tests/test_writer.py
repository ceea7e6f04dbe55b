"""Records are written as lines that the table's own expression reads back."""

import re
from datetime import UTC, datetime

import pytest

from lakehunt.clocks import read_time, written_time
from lakehunt.errors import LakeError, UsageError
from lakehunt.expressions import read_expression
from lakehunt.writer.patterns import written_line

PATTERN = (
    '([^ ]*) [^ ]([0-9/]+)[^ ] (?:([^ ]*):([0-9]+)|-) (?:"(.*?)"|-)'
    '(?: ([^ "]+)(?: "([^"]*)")?)?( .*)?'
)
COLUMNS = ("who", "day", "ip", "port", "agent", "code", "host", "extra")
MOMENT = datetime(2026, 5, 1, 10, 0, 0, 123000, UTC)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({"day": "1/5"}, "- [1/5] - -"),
        ({"day": "1/5", "ip": "192.0.2.1", "port": "44"}, "- [1/5] 192.0.2.1:44 -"),
        ({"day": "1/5", "agent": "a b"}, '- [1/5] - "a b"'),
        ({"day": "1/5", "host": "example.com"}, '- [1/5] - - - "example.com"'),
        ({"day": "1/5", "code": "7", "extra": " x y"}, "- [1/5] - - 7 x y"),
    ],
)
def test_a_line_holds_what_was_given(row: dict[str, str], line: str) -> None:
    assert written_line(read_expression(PATTERN), COLUMNS, row) == line
    match = re.fullmatch(PATTERN, line)
    assert match
    assert {n: match[i] for i, n in enumerate(COLUMNS, 1) if n in row} == row


def test_a_value_that_would_not_come_back_is_refused() -> None:
    with pytest.raises(UsageError, match="who: 'a b' does not come back"):
        written_line(read_expression(PATTERN), COLUMNS, {"who": "a b", "day": "1/5"})


@pytest.mark.parametrize("pattern", [r"(\d+)", "(?=a)(b)", "(a|b)*", "(a"])
def test_an_expression_that_engines_read_differently_is_refused(pattern: str) -> None:
    with pytest.raises(LakeError, match="not reproduced locally"):
        read_expression(pattern)


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ({"t": "iso"}, {"t": "2026-05-01T10:00:00Z"}),
        ({"t": "iso_ms"}, {"t": "2026-05-01T10:00:00.123Z"}),
        ({"t": "iso_us"}, {"t": "2026-05-01T10:00:00.123000Z"}),
        ({"t": "epoch"}, {"t": "1777629600"}),
        ({"t": "epoch_ms"}, {"t": "1777629600123"}),
        ({"t": "epoch_decimal"}, {"t": "1777629600.123"}),
        ({"t": "dd/MMM/yyyy:HH:mm:ss Z"}, {"t": "01/May/2026:10:00:00 +0000"}),
        ({"d": "yyyy-MM-dd", "t": "HH:mm:ss"}, {"d": "2026-05-01", "t": "10:00:00"}),
    ],
)
def test_times_are_written_as_the_log_spells_them(
    time: dict[str, str], written: dict[str, str]
) -> None:
    assert written_time(time, MOMENT) == written
    read = read_time(time, written)
    assert read is not None
    assert abs((MOMENT - read).total_seconds()) < 1


def test_a_time_that_nobody_can_read_is_none() -> None:
    assert read_time({"t": "iso"}, {"t": "yesterday"}) is None
    assert read_time({"t": "epoch"}, {}) is None
