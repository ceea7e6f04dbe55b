"""Tables as Glue describes them: where their files lie, and what a place of a query wants of them.

Knows Glue's answers and partition bounds, not how files are listed. The forecast asks for both.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lakehunt.engines.athena.account import Account
from lakehunt.layouts import HOLE, strftime, window_column
from lakehunt.model import DayKey, Source, StandIn
from lakehunt.s3.address import read_address
from lakehunt.s3.objects import LAST
from lakehunt.s3.projection import Projected, read_projection
from lakehunt.s3.tables import Place, Registered, Wanted
from lakehunt.sql.bounds import Bounds
from lakehunt.sql.compile import Read
from lakehunt.sql.parse import parse_query

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_SCHEMES = ("s3a://", "s3n://")


def tables_of(read: Read, database: str) -> Counter[str]:
    """Return the tables behind a relation, each with its database, and how often each is read.

    Athena reads a table anew wherever it is named.
    """
    source, relation = read.source, read.occurrence.relation
    view = next((view for view in source.views if view.name == relation), None)
    named = [relation]
    if view is not None:
        own = {table.name for table in source.tables}
        every = (table.name.lower() for table in parse_query(view.sql).find_all(exp.Table))
        named = [name for name in every if name in own]
    stand_in = source.stand_in
    return Counter(stand_in.table if stand_in else f"{database}.{name}" for name in named)


def read_place(account: Account, database: str, name: str, now: datetime) -> Place:
    """Return where the files of a table lie; what is relative in its projection is so to `now`.

    Raises:
        CloudError: Glue refuses or has no such table.
    """
    asked = {"DatabaseName": database, "Name": name}
    table = account.call(f"reading the table {database}.{name}", account.glue.get_table, **asked)
    return _place(account, database, table["Table"], now)


def _place(account: Account, database: str, table: "TableTypeDef", now: datetime) -> Place:
    location = table.get("StorageDescriptor", {}).get("Location", "")
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    properties = table.get("Parameters", {})
    if not keys:
        return Registered({_folder(location): {}})
    if properties.get("projection.enabled", "").lower() != "true":
        return Registered(dict(_registered(account, database, table["Name"], keys)))
    hive = f"{location.rstrip('/')}/" + "".join(f"{key}=${{{key}}}/" for key in keys)
    template = properties.get("storage.location.template") or hive
    # the holes are no part of an address: what precedes them is
    head = template.partition("${")[0]
    bucket, _ = _folder(head)
    below = f"{template.partition(f'{bucket}/')[2].rstrip('/')}/"
    names = [match[1] for match in HOLE.finditer(below)]
    return Projected(bucket, below, {n: read_projection(n, properties, now) for n in names})


def _registered(
    account: Account, database: str, name: str, keys: list[str]
) -> Iterator[tuple[tuple[str, str], Mapping[str, str]]]:
    more: dict[str, Any] = {}
    while True:
        page = account.call(
            f"reading the partitions of {database}.{name}",
            account.glue.get_partitions,
            DatabaseName=database,
            TableName=name,
            ExcludeColumnSchema=True,
            **more,
        )
        for one in page["Partitions"]:
            values = dict(zip(keys, one.get("Values", ()), strict=False))
            yield _folder(one.get("StorageDescriptor", {}).get("Location", "")), values
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _folder(location: str) -> tuple[str, str]:
    """Return the bucket and the prefix of a location."""
    for scheme in _SCHEMES:
        location = location.replace(scheme, "s3://", 1)
    address = read_address(location)
    prefix = address.key.rstrip("/")
    return address.bucket, f"{prefix}/" if prefix else ""


def wanted_of(source: Source, bounds: Bounds) -> Wanted:
    """Return what bounds say in the words of the table that a source is read from."""
    if source.stand_in is not None:
        return _wanted_of_stand_in(source, source.stand_in, bounds)
    columns = {column.name: column.raw_name for column in source.partitions.columns}
    values = ((columns[name], known) for name, known in (bounds.values or {}).items())
    time = columns[source.partitions.window]
    before = bounds.last + LAST if bounds.last else ""
    return Wanted(tuple(values), (time,), bounds.first or "", before)


def _wanted_of_stand_in(source: Source, stand_in: StandIn, bounds: Bounds) -> Wanted:
    values = []
    for name, (column, is_number) in stand_in.values.items():
        known = (bounds.values or {}).get(name)
        if known is not None:
            bare = {str(int(v)) for v in known if v.isdecimal()} if is_number else set()
            values.append((column, known | bare))
    key = stand_in.day
    if key is None:
        return Wanted(tuple(values))
    format_ = strftime(window_column(source.partitions).format)
    first, last = (
        datetime.strptime(end, format_).date() if end else None
        for end in (bounds.first, bounds.last)
    )
    # the day after is the end of whatever is finer than a day
    ends = (_day(key, first), _day(key, last + timedelta(days=1) if last else None))
    return Wanted(tuple(values), key.columns, *ends)


def _day(key: DayKey, day: date | None) -> str:
    """Return a day as the columns of a table tell it, '' for none."""
    if day is None:
        return ""
    if key.has_parts or not key.format:
        midnight = " 00:00:00" if key.type == "timestamp" and len(key.columns) == 1 else ""
        return day.isoformat() + midnight
    return day.strftime(strftime(key.format))
