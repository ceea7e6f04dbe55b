"""Times and windows as users type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lakehunt.errors import UsageError
from lakehunt.model import ValueType, Window, duration, instant
from lakehunt.times import read_instant, read_value, read_window

NOW = datetime(2026, 5, 10, 12, 0, 0, 123456, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", "2026-05-09T12:00:00.123Z"),
        ("7d", "2026-05-03T12:00:00.123Z"),
        ("90 minutes", "2026-05-10T10:30:00.123Z"),
        ("now", "2026-05-10T12:00:00.123Z"),
        ("2026-05-01", "2026-04-30T22:00:00.000Z"),
        ("2026-05-01T10:00:00", "2026-05-01T08:00:00.000Z"),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00.000Z"),
        ("2026-05-01 10:00+05:00", "2026-05-01T05:00:00.000Z"),
    ],
)
def test_times_are_read_in_the_users_zone(text: str, expected: str) -> None:
    assert instant(read_instant(text, BERLIN, NOW)) == expected


def test_a_last_day_is_meant_whole() -> None:
    window = read_window("2026-05-01", "2026-05-01", UTC, NOW)
    assert str(window) == "2026-05-01T00:00:00.000Z to 2026-05-02T00:00:00.000Z"


def test_an_open_end_is_now() -> None:
    window = read_window("24h", None, UTC, NOW)
    assert window is not None
    assert instant(window.until) == "2026-05-10T12:00:00.123Z"
    assert read_window(None, None, UTC, NOW) is None


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "24x", "99999999d"])
def test_what_is_no_time_says_what_would_be(text: str) -> None:
    with pytest.raises(UsageError, match="write 24h, 7d, 2026-05-01 or"):
        read_instant(text, UTC, NOW)


def test_since_after_until_is_refused() -> None:
    with pytest.raises(UsageError, match="--since 2026-05-03T00:00:00Z is not before --until"):
        read_window("2026-05-03", "2026-05-01", UTC, NOW)


def test_a_window_is_in_utc_and_not_empty() -> None:
    with pytest.raises(ValueError, match="UTC"):
        Window(NOW.astimezone(BERLIN), NOW.astimezone(BERLIN))
    with pytest.raises(ValueError, match="after"):
        Window(NOW, NOW)


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        (ValueType.TEXTS, "a, b", ("a", "b")),
        (ValueType.TEXTS, "", ()),
        (ValueType.INTEGER, "-3", -3),
        (ValueType.BOOLEAN, "true", True),
        (ValueType.INTERVAL, "2 hours", duration("2h")),
    ],
)
def test_values_are_read_by_type(type_: ValueType, text: str, expected: object) -> None:
    assert read_value(type_, text) == expected


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (ValueType.INTEGER, "3.5"),
        (ValueType.INTEGER, "9" * 30),
        (ValueType.DOUBLE, "nan"),
        (ValueType.BOOLEAN, "yes"),
        (ValueType.TIMESTAMP, "today"),
    ],
)
def test_values_that_do_not_fit_are_refused(type_: ValueType, text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        read_value(type_, text)
