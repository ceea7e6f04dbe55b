"""Partition projection as Athena documents it: which prefixes there are, and whose an object is."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from lakehunt.s3.objects import LAST
from lakehunt.s3.projection import Projected, read_projection
from lakehunt.s3.ranges import Range
from lakehunt.s3.tables import Registered, Wanted

_NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def projected(template: str, **properties: str) -> Projected:
    """A table over a template, its properties as `day_type="date"`."""
    known = {f"projection.{key.replace('_', '.')}": value for key, value in properties.items()}
    names = [part.partition("}")[0] for part in template.split("${")[1:]]
    return Projected("b", template, {name: read_projection(name, known, _NOW) for name in names})


def prefixes(place: Projected, *wanted: Wanted) -> list[str]:
    return [range_.prefix for _, range_ in place.ranges(wanted or (Wanted(),))]


def only(place: Projected, *wanted: Wanted) -> Range:
    ((_, found),) = place.ranges(wanted)
    return found


_DAYS = {"day_type": "date", "day_format": "yyyy/MM/dd", "day_range": "2026/04/01,NOW"}
_ENUM = {"account_type": "enum", "account_values": "111122223333, 444455556666"}


def test_an_enumeration_is_every_value_that_is_wanted() -> None:
    place = projected("AWSLogs/${account}/x/${day}/", **_ENUM, **_DAYS)
    assert prefixes(place) == ["AWSLogs/111122223333/x/", "AWSLogs/444455556666/x/"]
    one = Wanted((("account", frozenset({"444455556666", "999999999999"})),))
    assert prefixes(place, one) == ["AWSLogs/444455556666/x/"]
    assert prefixes(place, Wanted((("account", frozenset()),))) == []


def test_days_are_a_range_of_keys_within_the_projection() -> None:
    place = projected("x/${day}/", **_DAYS)
    wanted = Wanted((), ("day",), "2026/05/01", "2026/05/02" + LAST)
    assert only(place, wanted) == Range("x/", "x/2026/05/01", "x/2026/05/02" + LAST,
                                        ("x/2026/05/02",))  # fmt: skip
    assert place.count(wanted) == 2
    later = Wanted((), ("day",), "2026/05/01", "2026/06/01" + LAST)
    assert only(place, later).before == "x/2026/05/03" + LAST
    assert place.count(later) == 3
    assert place.count(Wanted()) == 33
    assert place.count(Wanted((), ("day",), "2027/01/01", "2027/01/02")) == 0


@pytest.mark.parametrize(
    ("first", "before", "asked"),
    [
        ("2026/03/30", "2026/04/02" + LAST, "2026/03/30 to 2026/04/02"),
        ("2026/03/30", "2026/03/30" + LAST, "2026/03/30"),
        ("2026/05/01", "2026/05/05" + LAST, "2026/05/01 to 2026/05/05"),
        ("2026/05/01", "2026/05/04", None),
        ("2026/04/01", "2026/05/03" + LAST, None),
        ("", "", None),
    ],
    ids=["begins early", "all early", "ends late", "ends with the last", "all there", "no bound"],
)
def test_days_that_no_partition_has_are_told(first: str, before: str, asked: str | None) -> None:
    place = projected("x/${account}/${day}/", **_ENUM, **_DAYS)
    told = [(lack.asked, lack.has) for lack in place.lacks([Wanted((), ("day",), first, before)])]
    assert told == ([(asked, "2026/04/01 to 2026/05/03")] if asked else [])


def test_hours_of_today_that_are_to_come_are_not_told_as_missing() -> None:
    hours = {"day_type": "date", "day_format": "yyyy-MM-dd-HH", "day_range": "2026-04-01-00,NOW",
             "day_interval_unit": "HOURS"}  # fmt: skip
    place = projected("x/${day}/", **hours)
    assert not [*place.lacks([Wanted((), ("day",), "2026-05-01-00", "2026-05-04-00")])]
    (lack,) = place.lacks([Wanted((), ("day",), "2026-03-31-00", "2026-05-04-00")])
    assert lack.has == "2026-04-01-00 to 2026-05-03-12"


def test_values_that_no_partition_has_are_told_once_for_all_wants() -> None:
    place = projected("x/${org}/${account}/${day}/", org_type="injected", **_ENUM, **_DAYS)
    asked = ("111122223333", "0111122223333", "999999999999"), ("999999999999", "888888888888")
    wanted = [Wanted((("account", frozenset(a)), ("org", frozenset({"o-1"})))) for a in asked]
    (lack,) = place.lacks(wanted)
    assert (lack.column, lack.asked) == ("account", "888888888888, 999999999999")
    assert lack.has == "111122223333, 444455556666"
    assert place.known_values("org") is None


def test_several_wants_are_one_range_from_first_to_last() -> None:
    place = projected("x/${day}/", **_DAYS)
    early = Wanted((), ("day",), "2026/04/10", "2026/04/12")
    late = Wanted((), ("day",), "2026/05/01", "")
    found = only(place, early, late)
    assert (found.after, found.before) == ("x/2026/04/10", "x/2026/05/03" + LAST)


@pytest.mark.parametrize(
    ("format_", "range_", "key", "day"),
    [
        ("'year='yyyy'/month='MM'/day='dd", "year=2026/month=04/day=01,NOW",
         "x/year=2026/month=05/day=01/a", "year=2026/month=05/day=01"),
        ("yyyy-MM-dd-HH", "2026-04-01-00,NOW-1HOUR", "x/2026-05-03-11/a", "2026-05-03-11"),
        ("dd-MM-yyyy", "01-04-2026,NOW", "x/01-05-2026/a", "01-05-2026"),
    ],
    ids=["hive", "hours", "not in order"],
)  # fmt: skip
def test_other_ways_of_writing_days(format_: str, range_: str, key: str, day: str) -> None:
    place = projected("x/${day}/", day_type="date", day_format=format_, day_range=range_)
    assert place.values("b", key) == ({"day": day}, "a")
    found = only(place, Wanted())
    assert found.prefix == "x/"
    assert key > found.after
    assert not found.before or key < found.before


def test_year_month_and_day_are_pruned_part_by_part() -> None:
    place = projected(
        "x/${year}/${month}/${day}/",
        year_type="integer", year_range="2020,2030",
        month_type="integer", month_range="1,12", month_digits="2",
        day_type="integer", day_range="1,31", day_digits="2",
    )  # fmt: skip
    wanted = Wanted((), ("year", "month", "day"), "2026-04-30", "2026-05-02")
    expected = ["x/2026/04/30/", "x/2026/04/31/", "x/2026/05/01/"]
    assert prefixes(place, wanted) == expected
    assert place.count(wanted) == 3


def test_what_is_not_enumerated_is_listed_and_told_by_its_key() -> None:
    place = projected("x/${org}/${day}/", org_type="injected", **_DAYS)
    assert prefixes(place) == ["x/"]
    assert place.count(Wanted()) is None
    assert prefixes(place, Wanted((("org", frozenset({"o-1"})),))) == ["x/o-1/"]
    assert place.values("b", "x/o-1/2026/05/01/y/f") == ({"org": "o-1", "day": "2026/05/01"}, "y/f")


@pytest.mark.parametrize(
    "key",
    ["x/999999999999/2026/05/01/a", "x/111122223333/2026/03/31/a", "x/111122223333/2026/05/04/a",
     "y/111122223333/2026/05/01/a", "x/111122223333/2026/05/a"],
    ids=["account", "too early", "tomorrow", "elsewhere", "no day"],
)  # fmt: skip
def test_what_the_projection_does_not_hold_is_nobodys(key: str) -> None:
    place = projected("x/${account}/${day}/", **_ENUM, **_DAYS)
    assert place.values("b", "x/111122223333/2026/05/01/a") is not None
    assert place.values("b", key) is None
    assert place.values("other", "x/111122223333/2026/05/01/a") is None


@pytest.mark.parametrize(
    ("folders", "key", "expected"),
    [
        (("",), "a", ""),
        (("logs/",), "logs/2026/a", "logs/"),
        (("logs/", "logs/2026/"), "logs/2026/a", "logs/2026/"),
        (("logs/",), "login/a", None),
        (("logs/",), "a", None),
    ],
)
def test_a_registered_folder_holds_what_is_below_it(
    folders: Sequence[str], key: str, expected: str | None
) -> None:
    place = Registered({("b", folder): {"day": folder} for folder in folders})
    found = place.values("b", key)
    assert (None if found is None else found[0]["day"]) == expected
