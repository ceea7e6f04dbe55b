"""The tables of lakehunt.toml as values, and where the file is found.

Knows the file's format, not what the values are used for. `config` hands it on.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from lakehunt.config.known import Known, read_known
from lakehunt.config.reading import Reader
from lakehunt.config.trino import Trino, read_trino
from lakehunt.errors import ConfigError, Location

FILE_NAME = "lakehunt.toml"
_PLAIN = ("prefix", "organization", "accounts", "regions", "first_day")
_TEXT_TABLES = ("buckets", "prefixes", "layouts", "formats")
_LIST_TABLES = ("fields", "values")
ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_DATABASE = re.compile(r"[a-z0-9_]{1,255}")
_WORKGROUP = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+")
# `eusc-de-east-1` is one too. Source: AWS General Reference, "AWS service endpoints".
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)?-(central|(north|south)?(east|west)|north|south)-\d")
_A_KEY = "a key such as arn:aws:kms:us-east-1:111122223333:key/..."
_A_REGION = "a region such as eu-central-1"
_ENDPOINT = re.compile(r"https?://[^/]+")
# a value of a partition column, which stands in a list that commas divide
_NAME = re.compile(r"[^,\s]+")
_TABLE = re.compile(r"[^.]{1,255}\.[^.]{1,255}")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the logs of one deployment lie: `[deployment]` of lakehunt.toml.

    `prefix` ends with a slash unless it is empty; `prefixes` has those of single buckets' keys.
    `layouts`, `formats` and `fields` say by source in which of its ways it is delivered, `values`
    what else a path may hold, such as the names of web ACLs. `lines` has where in the file each key
    of these tables stands, such as that of `("layouts", "alb")`.
    """

    buckets: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    organization: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    first_day: date | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], Location] = field(default_factory=dict, compare=False)

    def prefix_of(self, bucket: str) -> str:
        """Return what stands before the folders of AWS in a bucket, by the bucket's key."""
        return self.prefixes.get(bucket, self.prefix)

    def error(self, table: str, key: str, what: str) -> ConfigError:
        """Return the error of a key under [deployment.<table>], at its line."""
        line = self.lines.get((table, key))
        return ConfigError(f"{f'{line}: ' if line else ''}[deployment.{table}] {key}: {what}")


@dataclass(frozen=True, slots=True)
class Athena:
    """Where queries run and what they may cost: `[athena]` of lakehunt.toml.

    `results` is the folder of query results, with a closing slash unless it is empty; `kms_key`
    the ARN of the key that encrypts them, SSE-S3 without one. `max_scan` is in bytes.
    `concurrency` is how many queries run at a time, 0 for what the region's quota suggests;
    `reuse` how old a result may be that is used again. `profile_line` and `max_scan_line` are where
    these stand.
    """

    database: str = "lakehunt"
    workgroup: str = "lakehunt"
    results: str = ""
    kms_key: str = ""
    max_scan: int = 100 * 10**9
    region: str = ""
    profile: str = ""
    usd_per_tb: float = 5.0
    catalog: str = "AwsDataCatalog"
    concurrency: int = 0
    reuse: timedelta = timedelta()
    profile_line: Location | None = field(default=None, compare=False)
    max_scan_line: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Access:
    """How what lies below an s3:// address is reached: `[locations."s3://..."]` of lakehunt.toml.

    `kms_key` is the key that encrypts the objects, named where it is refused; `endpoint` stands
    for AWS's own, for a server that speaks S3. `profile_line` is where the profile stands.
    """

    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    kms_key: str = ""
    region: str = ""
    endpoint: str = ""
    requester_pays: bool = False
    profile_line: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A table that is there already and stands for one of ours: `[tables]` of lakehunt.toml.

    `table` is `database.table`. `columns` names the table's own columns for our partition columns
    where they cannot be told apart by name, several joined by `/`; `format` is how the value of
    its day column is written, such as `yyyy-MM-dd`. `line` is where it is mapped.
    """

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    format: str = ""
    line: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Cache:
    """What is kept on this machine, where, and how many bytes at most: `[cache]`.

    Objects of S3 that were fetched, and with `keep` the rows of logs that were parsed.
    """

    folder: str = ""
    max_size: int = 10 * 10**9
    keep: bool = False
    max_kept_size: int = 20 * 10**9


@dataclass(frozen=True, slots=True)
class Config:
    """What lakehunt.toml says; without a file everything is empty. `path` is the file itself.

    `tables` maps the name of a raw table to the table that stands for it, `locations` an s3://
    address to how what lies below it is reached.
    """

    path: Path | None = None
    lake: str = ""
    deployment: Deployment = Deployment()
    athena: Athena = Athena()
    tables: Mapping[str, Mapped] = field(default_factory=dict)
    locations: Mapping[str, Access] = field(default_factory=dict)
    cache: Cache = Cache()
    known: Known = Known()
    trino: Trino = Trino()

    def access(self, address: str) -> Access:
        """Return how an s3:// address is reached: by the longest location that it lies below."""
        above = [place for place in self.locations if f"{address}/".startswith(f"{place}/")]
        return self.locations[max(above, key=len)] if above else Access()


def find_config(folder: Path) -> Config:
    """Return the nearest lakehunt.toml at or above a folder, or an empty one.

    Raises:
        ConfigError: the file has problems.
    """
    for place in (folder, *folder.parents):
        if (place / FILE_NAME).is_file():
            return read_config(place / FILE_NAME)
    return Config()


def read_config(path: Path) -> Config:
    """Return one lakehunt.toml as a value; a relative `lake` counts from the file's folder.

    Raises:
        ConfigError: no TOML, an unknown key or a value of the wrong form, with the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not readable as TOML: {error}") from error
    reader = Reader(path, text)
    reader.check(
        data, ("lake", "deployment", "athena", "trino", "tables", "locations", "cache", "known")
    )
    lake = reader.text(data, "lake")
    if lake and "://" not in lake:
        lake = str(path.parent / lake)
    return Config(
        path,
        lake,
        _deployment(reader.within("deployment"), reader.table(data, "deployment")),
        _athena(reader.within("athena"), reader.table(data, "athena")),
        _mapped(reader.within("tables"), reader.table(data, "tables")),
        _locations(reader.within("locations"), reader.table(data, "locations")),
        _cache(reader.within("cache"), reader.table(data, "cache")),
        read_known(reader.within("known"), reader.table(data, "known")),
        read_trino(reader.within("trino"), reader.table(data, "trino")),
    )


def _deployment(reader: Reader, data: Mapping[str, object]) -> Deployment:
    reader.check(data, (*_PLAIN, *_TEXT_TABLES, *_LIST_TABLES))
    tables = {
        name: reader.table(data, name, "deployment.") for name in (*_TEXT_TABLES, *_LIST_TABLES)
    }
    inner = {name: reader.within(name) for name in tables}
    texts = {
        name: {k: inner[name].text(tables[name], k) for k in tables[name]} for name in _TEXT_TABLES
    }
    lists = {
        name: {k: inner[name].texts(tables[name], k) for k in tables[name]} for name in _LIST_TABLES
    }
    for key, bucket in texts["buckets"].items():
        if not _BUCKET.fullmatch(bucket):
            raise inner["buckets"].error(key, "the name of a bucket")
    organization = reader.text(data, "organization")
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise reader.error("organization", "an id such as o-a1b2c3d4e5")
    accounts = reader.texts(data, "accounts")
    if not all(ACCOUNT.fullmatch(account) for account in accounts):
        raise reader.error("accounts", 'account ids of 12 digits in quotes, such as "111122223333"')
    regions = reader.texts(data, "regions")
    for region in regions:
        if not REGION.fullmatch(region):
            raise reader.item_error("regions", region, "regions such as eu-central-1")
    first_day = reader.day(data, "first_day")
    if first_day and first_day > datetime.now(UTC).date():
        raise reader.error("first_day", "a day that has begun: the first that has logs")
    for key, items in lists["values"].items():
        for item in items:
            if not _NAME.fullmatch(item):
                raise inner["values"].item_error(key, item, "one name, without commas and blanks")
    return Deployment(
        buckets=texts["buckets"],
        prefix=_folder(reader.text(data, "prefix")),
        organization=organization,
        accounts=accounts,
        regions=regions,
        first_day=first_day,
        prefixes={key: _folder(prefix) for key, prefix in texts["prefixes"].items()},
        layouts=texts["layouts"],
        formats=texts["formats"],
        fields=lists["fields"],
        values=lists["values"],
        lines={(name, key): inner[name].where(key) for name in tables for key in tables[name]},
    )


def _folder(prefix: str) -> str:
    stripped = prefix.strip("/")
    return f"{stripped}/" if stripped else ""


def _athena(reader: Reader, data: Mapping[str, object]) -> Athena:
    reader.check(
        data,
        (
            "database",
            "workgroup",
            "results",
            "kms_key",
            "max_scan",
            "region",
            "profile",
            "usd_per_tb",
            "catalog",
            "concurrency",
            "reuse",
        ),
    )
    for key, form, expected in (
        ("database", _DATABASE, "a name of lower-case letters, digits and _"),
        ("workgroup", _WORKGROUP, "a name of letters, digits and . _ -"),
        ("results", _S3, "a folder such as s3://my-bucket/athena/"),
        ("kms_key", _KEY, _A_KEY),
        ("region", REGION, _A_REGION),
    ):
        if key in data and not form.fullmatch(reader.text(data, key)):
            raise reader.error(key, expected)
    default = Athena()
    results = reader.text(data, "results").rstrip("/")
    return Athena(
        database=reader.text(data, "database") or default.database,
        workgroup=reader.text(data, "workgroup") or default.workgroup,
        results=f"{results}/" if results else "",
        kms_key=reader.text(data, "kms_key"),
        max_scan=reader.size(data, "max_scan") if "max_scan" in data else default.max_scan,
        region=reader.text(data, "region"),
        profile=reader.text(data, "profile"),
        usd_per_tb=reader.price(data, "usd_per_tb", default.usd_per_tb),
        catalog=reader.text(data, "catalog") or default.catalog,
        concurrency=reader.count(data, "concurrency"),
        reuse=reader.span(data, "reuse"),
        profile_line=reader.where("profile") if "profile" in data else None,
        max_scan_line=reader.where("max_scan") if "max_scan" in data else None,
    )


def _mapped(reader: Reader, data: Mapping[str, object]) -> dict[str, Mapped]:
    tables: dict[str, Mapped] = {}
    for name, value in data.items():
        given = {"table": value} if isinstance(value, str) else reader.table(data, name, "tables.")
        texts = {key: reader.within(name).text(given, key) for key in given}
        table, format_ = texts.pop("table", ""), texts.pop("format", "")
        if not _TABLE.fullmatch(table):
            raise reader.error(name, 'a table such as "other_db.cloudtrail_logs"')
        tables[name] = Mapped(table, texts, format_, reader.where(name))
    return tables


def _cache(reader: Reader, data: Mapping[str, object]) -> Cache:
    reader.check(data, ("folder", "max_size", "keep", "max_kept_size"))
    folder = reader.text(data, "folder")
    if not isinstance(data.get("keep", False), bool):
        raise reader.error("keep", "true or false")
    sizes = {
        name: reader.size(data, name) for name in ("max_size", "max_kept_size") if name in data
    }
    place = str(reader.path.parent / folder) if folder else ""
    return Cache(place, keep=data.get("keep") is True, **sizes)


def _locations(reader: Reader, data: Mapping[str, object]) -> dict[str, Access]:
    locations: dict[str, Access] = {}
    for place in data:
        if not _S3.fullmatch(place):
            raise reader.error(place, 'a place such as [locations."s3://my-bucket/prefix"]')
        own = reader.table(data, place, "locations.")
        locations[place.rstrip("/")] = _access(reader.within(place), own)
    return locations


def _access(reader: Reader, data: Mapping[str, object]) -> Access:
    reader.check(
        data,
        (
            "profile",
            "role_arn",
            "external_id",
            "kms_key",
            "region",
            "endpoint",
            "requester_pays",
        ),
    )
    for key, form, expected in (
        ("role_arn", _ROLE, "a role such as arn:aws:iam::111122223333:role/log-reader"),
        ("kms_key", _KEY, _A_KEY),
        ("region", REGION, _A_REGION),
        ("endpoint", _ENDPOINT, "an address such as https://s3.example.com"),
    ):
        if key in data and not form.fullmatch(reader.text(data, key)):
            raise reader.error(key, expected)
    if "external_id" in data and "role_arn" not in data:
        raise reader.error("external_id", "a role_arn beside it")
    if not isinstance(data.get("requester_pays", False), bool):
        raise reader.error("requester_pays", "true or false")
    texts = {key: reader.text(data, key) for key in data if key != "requester_pays"}
    line = reader.where("profile") if "profile" in data else None
    return Access(**texts, requester_pays=data.get("requester_pays") is True, profile_line=line)
