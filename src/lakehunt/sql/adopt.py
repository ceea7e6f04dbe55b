"""Tells how a table that is there already can stand for the raw table of a source.

Knows both by their model, nothing of Glue. Columns, SerDe and partition columns are compared; what
differs is named, and bridged by an expression where that can be done.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lakehunt.config import Mapped
from lakehunt.errors import ConfigError
from lakehunt.layouts import trino_format, window_column
from lakehunt.model import Column, DayKey, PartitionColumn, Source, StandIn, Table, Type
from lakehunt.sources.absent import item
from lakehunt.sql.inline import quoted
from lakehunt.sql.typed import trino_type, view_type

_PARTS = ("year", "month", "day")
_DAY_NAMES = ("day", "date", "dt", "timestamp", "event_date", "log_date", "partition_date")
# How a day is written in folders; such texts sort by time, so that they can be compared.
_FORMATS = {
    r"\d{4}/\d\d/\d\d": "yyyy/MM/dd",
    r"\d{4}-\d\d-\d\d": "yyyy-MM-dd",
    r"\d{8}": "yyyyMMdd",
    r"\d{4}/\d\d/\d\d/\d\d": "yyyy/MM/dd/HH",
    r"\d{4}-\d\d-\d\d-\d\d": "yyyy-MM-dd-HH",
    r"\d{10}": "yyyyMMddHH",
}
_SORTS = re.compile(r"yyyy[^a-zA-Z]?MM[^a-zA-Z]?dd([^a-zA-Z]?HH([^a-zA-Z]?mm)?)?")
_ACCOUNT_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Foreign:
    """A table of somebody else's: `name` is `database.table`, `sample` the values of a partition.

    Without registered partitions there is no sample.
    """

    name: str
    table: Table
    sample: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A source that reads a foreign table, and what differs in words."""

    source: Source
    differences: tuple[str, ...]


def adopt(source: Source, foreign: Foreign, mapped: Mapped) -> Adopted:
    """Return a source whose raw table is a foreign one.

    Raises:
        ConfigError: the table lacks what the source cannot do without, has it in a form that
            cannot be bridged, or is not partitioned as the configuration says.
    """
    return _Adopting(source, foreign, mapped).adopted()


class _Adopting:
    def __init__(self, source: Source, foreign: Foreign, mapped: Mapped) -> None:
        self.source = source
        self.foreign = foreign
        self.mapped = mapped
        self.keys = {key.name: key for key in foreign.table.partition_columns}
        self.there = {c.name.lower(): c for c in foreign.table.columns}
        self.differences: list[str] = []
        self._check_names()

    def _check_names(self) -> None:
        ours = [column.name for column in self.source.partitions.columns]
        for name, columns in self.mapped.columns.items():
            if name not in ours:
                raise ConfigError(f"[tables] {self.foreign.name}: `{name}` is none of {ours}")
            for column in columns.split("/"):
                if column not in self.keys:
                    what = f"{self.foreign.name} has no partition column {column}"
                    raise ConfigError(f"[tables] {what}; there are {[*self.keys] or 'none'}")

    def adopted(self) -> Adopted:
        table, own = self.foreign.table, self.source.table
        for what, theirs, ours in (
            ("SerDe", table.serde, own.serde),
            ("input format", table.input_format, own.input_format),
        ):
            if theirs != ours:
                self.differences.append(f"{what} is {theirs}, not {ours}")
        columns = {column.name: self._column(column) for column in own.columns}
        day = self._day()
        values: dict[str, tuple[str, bool]] = {}
        for column in self.source.partitions.columns:
            if column.name == self.source.partitions.window:
                columns[column.raw_name] = self._day_value(day)
            else:
                columns[column.raw_name] = self._value(column, values)
        stand_in = StandIn(self.foreign.name, columns, values, day)
        named = (f"{self.foreign.name}: {difference}" for difference in self.differences)
        return Adopted(replace(self.source, stand_in=stand_in), tuple(named))

    def _column(self, column: Column) -> str:
        theirs = self.there.get(column.name.lower())
        if theirs is None:
            needed = {name.lower() for name in self.source.partitions.identify}
            if column.name.lower() in needed:
                what = f"has no column {column.name}, by which a record is recognised"
                raise ConfigError(f"[tables] {self.foreign.name} {what}")
            self.differences.append(f"no column {column.name}: NULL")
            return _null(column.type)
        name = quoted(theirs.name)
        if theirs.type.glue() == column.type.glue():
            return name
        bridged = _bridged(name, theirs.type, column.type)
        if bridged is None:
            what = f"column {column.name} is {theirs.type.glue()}, not {column.type.glue()}"
            raise ConfigError(f"[tables] {self.foreign.name}: {what}")
        absent = ", ".join(_absent(theirs.type, column.type))
        told = f"lacks {absent}: NULL" if absent else f"is {theirs.type.glue()}: converted"
        self.differences.append(f"column {column.name} {told}")
        return bridged

    def _value(self, column: PartitionColumn, values: dict[str, tuple[str, bool]]) -> str:
        name = self.mapped.columns.get(column.name) or self._alike(column.name)
        if name is None:
            self.differences.append(f"no partition column for {column.name}: read from the record")
            return column.record or "CAST(NULL AS varchar)"
        is_number = self.keys[name].type.name != "string"
        values[column.name] = (name, is_number)
        if not is_number:
            return quoted(name)
        # as a number an account id has lost its leading zeros
        return f"lpad(CAST({quoted(name)} AS varchar), {_ACCOUNT_DIGITS}, '0')"

    def _alike(self, name: str) -> str | None:
        return next((key for key in self.keys if _bare(key) == _bare(name)), None)

    def _day(self) -> DayKey | None:
        window = self.source.partitions.window
        named = self.mapped.columns.get(window, "")
        names = tuple(named.split("/")) if named else self._day_columns()
        if not names:
            what = "no partition column tells the day: each query reads every day"
            self.differences.append(f"{what}; name it with `{window}` under [tables]")
            return None
        if len(names) == len(_PARTS):
            return DayKey(names, self.keys[names[0]].type.name)
        key = self.keys[names[0]]
        if key.type.name in ("date", "timestamp"):
            return DayKey(names, key.type.name)
        format_ = self.mapped.format or self._format(key.name)
        if not format_ or not _SORTS.fullmatch(format_):
            what = f"days in {key.name} are written in an unknown way: each query reads every day"
            self.differences.append(f"{what}; say `format` under [tables]")
            return None
        return DayKey(names, "string", format_)

    def _day_columns(self) -> tuple[str, ...]:
        if {*_PARTS} <= {*self.keys}:
            return _PARTS
        dates = [k for k in self.keys if self._property(k, "type") == "date"]
        return tuple((dates or [name for name in _DAY_NAMES if name in self.keys])[:1])

    def _property(self, key: str, name: str) -> str:
        return self.foreign.table.properties.get(f"projection.{key}.{name}", "")

    def _format(self, key: str) -> str:
        value = self.foreign.sample.get(key, "")
        found = (format_ for pattern, format_ in _FORMATS.items() if re.fullmatch(pattern, value))
        return self._property(key, "format") or next(found, "")

    def _day_value(self, day: DayKey | None) -> str:
        ours = window_column(self.source.partitions).format
        written = f"'{trino_format(ours)}'"
        if day is None:
            # where nothing else tells it, the day is the event's own
            return f"date_format({item(self.source.event_view.sql, 'event_time')}, {written})"
        columns = [quoted(column) for column in day.columns]
        if len(columns) == len(_PARTS):
            joined = " || '-' || ".join(f"CAST({column} AS varchar)" for column in columns)
            return f"date_format(TRY(date_parse({joined}, '%Y-%c-%e')), {written})"
        if day.format == ours:
            return columns[0]
        if day.format:
            parsed = f"TRY(date_parse({columns[0]}, '{trino_format(day.format)}'))"
            return f"date_format({parsed}, {written})"
        return f"date_format({columns[0]}, {written})"


def _bare(name: str) -> str:
    """Return what is left of a column's name without the words that people add: `account`."""
    return re.sub(r"^aws|_|id$", "", name.lower())


def _null(type_: Type) -> str:
    return f"CAST(NULL AS {view_type(trino_type(type_))})"


def _bridged(value: str, have: Type, want: Type, depth: int = 0) -> str | None:
    """Return an expression of the wanted type over a value, None where there is none."""
    if have.glue() == want.glue():
        return value
    if have.name == want.name == "struct":
        return _bridged_struct(value, have, want, depth)
    if have.name == want.name == "array":
        inner = _bridged(f"x{depth}", have.arguments[0], want.arguments[0], depth + 1)
        return f"transform({value}, x{depth} -> {inner})" if inner else None
    nested = [type_.name in ("struct", "array", "map") for type_ in (have, want)]
    if want.name == "string":
        return f"json_format(CAST({value} AS JSON))" if nested[0] else f"CAST({value} AS varchar)"
    return None if any(nested) else f"TRY_CAST({value} AS {trino_type(want)})"


def _bridged_struct(value: str, have: Type, want: Type, depth: int) -> str | None:
    theirs = {name.lower(): type_ for name, type_ in have.fields}
    fields: list[str] = []
    for name, type_ in want.fields:
        own = theirs.get(name.lower())
        inner = f"{value}.{quoted(name.lower())}"
        found = _null(type_) if own is None else _bridged(inner, own, type_, depth)
        if found is None:
            return None
        fields.append(found)
    row = f"CAST(ROW({', '.join(fields)}) AS {view_type(trino_type(want))})"
    return f"CASE WHEN {value} IS NOT NULL THEN {row} END"


def _absent(have: Type, want: Type, above: str = "") -> Iterator[str]:
    """Yield the paths of fields that are wanted and not there."""
    if have.name == want.name == "array":
        yield from _absent(have.arguments[0], want.arguments[0], above)
    theirs = {name.lower(): type_ for name, type_ in have.fields}
    for name, type_ in want.fields if have.name == want.name else ():
        if name.lower() in theirs:
            yield from _absent(theirs[name.lower()], type_, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def adopted_sources(sources: Mapping[str, Source], adopted: Iterable[Adopted]) -> dict[str, Source]:
    """Return sources with the adopted ones in their places."""
    return {**sources, **{one.source.name: one.source for one in adopted}}
