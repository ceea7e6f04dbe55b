"""Shows what a run is expected to read and to cost, and how good earlier forecasts were.

Knows the model, not how forecasts are made. `cli` calls it.
"""

from collections.abc import Iterable, Mapping, Sequence

from lakehunt.model import Amount, Forecast, Past, QueryForecast
from lakehunt.render.neutral import for_terminal, plain
from lakehunt.render.words import counted, sized

PAST_COLUMNS = ("ended", "query", "forecast_bytes", "scanned_bytes", "share", "usd", "state")
_GB = 10**9


def query_value(query: QueryForecast, *, is_local: bool) -> dict[str, object]:
    """Return what a query would read as a row: `tables` says how often each is read."""
    tables = [name if n == 1 else f"{name} x{n}" for name, n in query.tables.items()]
    row: dict[str, object] = {"query": query.name, "tables": ", ".join(tables)}
    if is_local:
        fetched = query.amount.size_bytes - query.kept_bytes
        return {
            "source": query.name,
            "objects": query.amount.objects,
            "bytes": query.amount.size_bytes,
            "bytes_to_fetch": fetched,
        }
    return {
        **row,
        "partitions": query.amount.partitions,
        "objects": query.amount.objects,
        "bytes": query.amount.size_bytes,
        "usd": round(query.usd, 6),
    }


def for_people(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with its price written out, as tables show it."""
    usd = row.get("usd")
    return {**row, "usd": f"{usd:.6f}"} if isinstance(usd, float) else {**row}


def forecast_value(forecast: Forecast, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return a forecast as its JSON object."""
    return {
        "queries": rows,
        "bytes": forecast.amount.size_bytes,
        "usd": round(forecast.usd, 6),
        "unknown": dict(forecast.unknown),
    }


def forecast_lines(forecast: Forecast, limit_bytes: int, *, is_local: bool) -> Iterable[str]:
    """Yield a forecast in sum, what is not known, and whether a run would be refused."""
    amount = forecast.amount
    if is_local:
        fetched = amount.size_bytes - sum(query.kept_bytes for query in forecast.queries)
        yield f"{_listed(amount)} to read, {sized(fetched)} of that to fetch"
        return
    queries = counted(len(forecast.queries), "query", "queries")
    yield (
        f"{queries} would scan {sized(amount.size_bytes)} at most, about {forecast.usd:,.4f} USD;"
        f" {_listed(amount)}, found with {counted(forecast.listings, 'listing')}"
    )
    yield from unknown_lines(forecast)
    if limit_bytes and amount.size_bytes > limit_bytes:
        allow = f"--max-scan {-(-amount.size_bytes // _GB)}GB allows it"
        yield f"a run would be refused: {sized(limit_bytes)} are allowed; {allow}"


def unknown_lines(forecast: Forecast) -> Iterable[str]:
    """Yield the tables of which nothing is forecast, and why."""
    for table, reason in forecast.unknown.items():
        yield f"no forecast of {for_terminal(table)}: {for_terminal(reason)}"


def _listed(amount: Amount) -> str:
    found = f"{counted(amount.objects, 'object')} of {sized(amount.size_bytes)}"
    if amount.partitions is None:
        return found
    return f"{counted(amount.partitions, 'partition')} projected, {found} in them"


def past_value(past: Past) -> dict[str, object]:
    """Return a query of the history as a row; `share` is what was read of what was forecast."""
    name = f"{past.query} v{past.version}" if past.version else past.query
    share = None
    if past.is_told and past.forecast_bytes:
        share = round(past.scanned_bytes / past.forecast_bytes, 3)
    return {
        "ended": plain(past.ended),
        "query": name,
        "forecast_bytes": past.forecast_bytes,
        "scanned_bytes": past.scanned_bytes,
        "share": share,
        "usd": round(past.usd, 6),
        "state": "REUSED" if past.reused else past.state,
        "execution_id": past.execution_id,
    }


def history_lines(history: Sequence[Past], path: str) -> Iterable[str]:
    """Yield how good the forecasts of a history were, in sum."""
    told = [past for past in history if past.is_told]
    expected = sum(past.forecast_bytes or 0 for past in told)
    scanned = sum(past.scanned_bytes for past in told)
    more = sum(past.scanned_bytes > (past.forecast_bytes or 0) for past in told)
    yield f"{counted(len(history), 'query', 'queries')} in {for_terminal(path)}"
    if not told:
        return
    share = f", {scanned / expected:.1%} of it" if expected else ""
    yield (
        f"of {counted(len(told), 'query', 'queries')} with a forecast: {sized(expected)} expected,"
        f" {sized(scanned)} read{share}; {more:,} read more than was expected"
    )
