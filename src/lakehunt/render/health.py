"""Shows how the logs of a lake are: rows by source and day, and lines on gaps and fields.

Knows the model. `cli` calls it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from lakehunt.model import DayHealth, SourceHealth, Span
from lakehunt.render.neutral import for_terminal, plain
from lakehunt.render.words import counted, sized

_MOST_LINES = 10
_MOST_NAMES = 3


def day_values(sources: Iterable[SourceHealth]) -> list[dict[str, object]]:
    """Return each day of each source as its stable JSON object."""
    return [_day_value(day) for one in sources for day in one.days]


def _day_value(day: DayHealth) -> dict[str, object]:
    return {
        "source": day.source,
        "day": plain(day.day),
        "days": day.days,
        "is_by_event": day.is_by_event,
        "files": day.files,
        "size_bytes": day.size_bytes,
        "rows": day.rows,
        "unparsed": day.unparsed,
        "first_event_time": plain(day.first_event),
        "last_event_time": plain(day.last_event),
        "delay_median_seconds": _seconds(day.delay_median),
        "delay_max_seconds": _seconds(day.delay_max),
        "strange_fields": day.strange_fields,
    }


def day_rows(sources: Iterable[SourceHealth]) -> list[dict[str, object]]:
    """Return each day of each source as a row of the table for people."""
    return [_day_row(day) for one in sources for day in one.days]


def _day_row(day: DayHealth) -> dict[str, object]:
    if not day.files:
        assert day.day is not None
        shown = f"{_spoken_span(Span(day.day, day.days))} MISSING"
        return {"source": day.source, "day": shown, "files": 0} | dict.fromkeys(
            ("size", "rows", "unparsed", "delay_median", "delay_max", "strange_fields"), "-"
        )
    return {
        "source": day.source,
        "day": f"{day.day or 'not told'}{' (first event)' if day.is_by_event else ''}",
        "files": day.files,
        "size": sized(day.size_bytes),
        "rows": day.rows,
        "unparsed": day.unparsed,
        "delay_median": _spoken(day.delay_median),
        "delay_max": _spoken(day.delay_max),
        "strange_fields": _few(day.strange_fields),
    }


def source_value(health: SourceHealth) -> dict[str, object]:
    """Return what is told of a source beside its days as its JSON object."""
    return {
        "source": health.source,
        "files": health.files,
        "missing": _span_values(health.missing),
        "silent": [
            {**silence.values, "last_day": plain(silence.last_day)} for silence in health.silences
        ],
        "place_gaps": [
            {**gaps.values, "missing": _span_values(gaps.spans)} for gaps in health.place_gaps
        ],
        "undelivered": health.undelivered,
        "location": health.location or None,
        "strange_fields": [
            {"name": field.name, "records": field.records, "example": field.example}
            for field in health.strange_fields
        ],
        "files_looked_into": health.looked_into,
    }


def _span_values(spans: Iterable[Span]) -> list[dict[str, object]]:
    return [
        {"first_day": plain(span.day), "last_day": plain(span.last), "days": span.days}
        for span in spans
    ]


def health_lines(health: SourceHealth) -> Iterator[str]:
    """Yield what is missing and what is strange about a source."""
    if health.location:
        yield (
            f"{health.source}: no file is here; lakehunt.toml says that they lie in"
            f" {for_terminal(health.location)}"
        )
    if health.missing:
        yield f"{health.source}: {_days(health.missing)} missing: {_listed(health.missing)}"
    for column, values in health.undelivered.items():
        shown = _some([for_terminal(value) for value in values])
        yield f"{health.source}: no file with {column} {shown}, which lakehunt.toml lists"
    if health.late_days:
        longest = max(day.delay_max or timedelta() for day in health.late_days)
        yield (
            f"{health.source}: events of {counted(len(health.late_days), 'day')} came up to"
            f" {_spoken(longest)} late; runs with a window count on {_spoken(health.lateness)}:"
            f" take --lateness {longest.days + 1}d"
        )
    yield from _place_lines(health)
    yield from _field_lines(health)


def _place_lines(health: SourceHealth) -> Iterator[str]:
    for gaps in health.place_gaps[:_MOST_LINES]:
        without = f"nothing from {_place(gaps.values)} on {_days(gaps.spans)} of others"
        yield f"{health.source}: {without}: {_listed(gaps.spans)}"
    if len(health.place_gaps) > _MOST_LINES:
        more = len(health.place_gaps) - _MOST_LINES
        yield f"{health.source}: {more:,} more places lack days; --format json names them all"
    for silence in health.silences[:_MOST_LINES]:
        yield f"{health.source}: nothing from {_place(silence.values)} after {silence.last_day}"
    if len(health.silences) > _MOST_LINES:
        more = len(health.silences) - _MOST_LINES
        yield f"{health.source}: {more:,} more places fell silent; --format json names them all"


def _field_lines(health: SourceHealth) -> Iterator[str]:
    looked = f"{health.looked_into:,} of {counted(health.files, 'file')}"
    for field in health.strange_fields[:_MOST_LINES]:
        yield (
            f"{health.source}: the table lacks {for_terminal(field.name)}, in"
            f" {counted(field.records, 'record')}, such as in {for_terminal(field.example)}"
        )
    if len(health.strange_fields) > _MOST_LINES:
        more = len(health.strange_fields) - _MOST_LINES
        yield f"{health.source}: {more:,} more fields; --format json names them all"
    if health.looked_into < health.files:
        yield f"{health.source}: fields that the table lacks were looked for in {looked}"


def _place(values: Mapping[str, str]) -> str:
    return ", ".join(for_terminal(value) for value in values.values())


def _days(spans: Iterable[Span]) -> str:
    return counted(sum(span.days for span in spans), "day")


def _spoken_span(span: Span) -> str:
    return f"{span.day}" if span.days == 1 else f"{span.day} to {span.last}"


def _listed(spans: Iterable[Span]) -> str:
    return _some([_spoken_span(span) for span in spans], " spans")


def _some(texts: Sequence[str], what: str = "") -> str:
    more = len(texts) - _MOST_LINES
    shown = ", ".join(texts[:_MOST_LINES])
    return f"{shown} and {more:,} more{what}" if more > 0 else shown


def _few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES]) or "-"
    return f"{shown} (+{more})" if more > 0 else shown


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _spoken(span: timedelta | None) -> str:
    """Return a delay in its two largest units."""
    if span is None:
        return "-"
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    counts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    told = [f"{count}{unit}" for count, unit in counts if count]
    return " ".join(told[:2]) or "0s"
