"""What statements will read on Athena, and their price, told before any of them is started.

Knows statements, tables and prices. The engine asks it; a run above the limit goes no further.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lakehunt.config import Access
from lakehunt.engines.athena.account import Account
from lakehunt.engines.athena.tables import read_place, tables_of, wanted_of
from lakehunt.errors import LakehuntError, LimitError
from lakehunt.model import Amount, Forecast, QueryForecast
from lakehunt.prices import athena_usd
from lakehunt.s3.bucket import open_bucket
from lakehunt.s3.forecast import Buckets, amounts
from lakehunt.s3.tables import Place, Wanted
from lakehunt.sql.compile import Statement

_GB, _MB = 10**9, 10**6
# Listing goes on to this many times the limit, so that a refusal can say how much it would be.
_FAR_ABOVE = 10


@dataclass(frozen=True, slots=True)
class _Part:
    """A table that a place of a query reads, as often as its view does, and what is wanted."""

    table: str
    wanted: Wanted
    times: int


class Forecaster:
    """Forecasts for one account; what was read of Glue and listed of S3 is remembered.

    `now` is the moment as of which it was read.
    """

    def __init__(self, account: Account, access: Callable[[str], Access]) -> None:
        self._account = account
        self.now = datetime.now(UTC)
        self.database = account.settings.database
        self._buckets = Buckets(lambda name: open_bucket(name, access(f"s3://{name}")))
        self._places: dict[str, Place | LakehuntError] = {}

    def forecast(self, statements: Mapping[str, Statement], limit_bytes: int = 0) -> Forecast:
        """Return what statements read by name; listing ends early far above a limit, 0 is none.

        A table that Glue does not tell, or whose bucket cannot be listed, is named in the result.
        """
        calls = self._buckets.calls
        parts = {name: [*_parts(one, self._account)] for name, one in statements.items()}
        enough = limit_bytes * _FAR_ABOVE or None
        found = self._forecast(parts, enough)
        is_least = enough is not None and found.amount.size_bytes > enough
        if enough is not None and not is_least:
            # what was enough of a table may be more than is read of it: now the rest
            found = self._forecast(parts, None)
        return Forecast(found.queries, found.unknown, self._buckets.calls - calls, is_least)

    def _forecast(self, parts: Mapping[str, Sequence[_Part]], enough_bytes: int | None) -> Forecast:
        tables: dict[str, list[Wanted]] = {}
        for part in (part for own in parts.values() for part in own):
            tables.setdefault(part.table, []).append(part.wanted)
        known: dict[tuple[str, Wanted], Amount] = {}
        unknown: dict[str, str] = {}
        for table, wanted in tables.items():
            try:
                own = amounts(self.place(table), wanted, self._buckets, enough_bytes)
                known |= {(table, one): amount for one, amount in own.items()}
            except LakehuntError as error:
                unknown[table] = str(error)
        price = self._account.settings.usd_per_tb
        return Forecast(
            tuple(_query(name, own, known, price) for name, own in parts.items()), unknown
        )

    def place(self, table: str) -> Place:
        """Return where the files of a table, named with its database, lie.

        Raises:
            LakehuntError: Glue does not tell.
        """
        if table not in self._places:
            database, _, name = table.partition(".")
            try:
                self._places[table] = read_place(self._account, database, name, self.now)
            except LakehuntError as error:
                self._places[table] = error
        place = self._places[table]
        if isinstance(place, LakehuntError):
            raise place
        return place


def _parts(statement: Statement, account: Account) -> Iterator[_Part]:
    for read in statement.reads:
        wanted = wanted_of(read.source, read.bounds)
        for table, times in tables_of(read, account.settings.database).items():
            yield _Part(table, wanted, times)


def _query(
    name: str, parts: Sequence[_Part], known: Mapping[tuple[str, Wanted], Amount], price: float
) -> QueryForecast:
    tables: Counter[str] = Counter()
    amount = Amount()
    for part in parts:
        tables[part.table] += part.times
        own = known.get((part.table, part.wanted), Amount(None))
        amount = sum([own] * part.times, amount)
    return QueryForecast(name, tables, amount, athena_usd(amount.size_bytes, price))


def require_within(forecast: Forecast, limit_bytes: int) -> None:
    """Refuse a run that would read more than is allowed; 0 allows anything.

    Raises:
        LimitError: says how much, by what, and which flags help.
    """
    size = forecast.amount.size_bytes
    if not limit_bytes or size <= limit_bytes:
        return
    most = max(forecast.queries, key=lambda query: query.amount.size_bytes)
    least = "at least " if forecast.is_least else ""
    what = (
        f"this would scan {least}{_sized(size)} (about {forecast.usd:,.2f} USD), more than the"
        f" {_sized(limit_bytes)} allowed; most of it {most.name}: {_sized(most.amount.size_bytes)}"
    )
    enough = -(-size // _GB)
    hint = "narrow it with --since, --account or --region; `lakehunt estimate` shows each query"
    flag = f"--max-scan {enough}GB" if not forecast.is_least else "--max-scan SIZE"
    allow = f"allow it with {flag}, or with `max_scan` under [athena] in lakehunt.toml"
    raise LimitError(f"nothing was started: {what}; {hint}; {allow}")


def _sized(size_bytes: int) -> str:
    if size_bytes >= _GB:
        return f"{size_bytes / _GB:,.1f} GB"
    return f"{size_bytes / _MB:,.1f} MB" if size_bytes >= _MB else f"{size_bytes:,} bytes"
