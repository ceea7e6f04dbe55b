"""`lakehunt.toml`: the lake to read, the deployment that fills the tables, and Athena's own.

Knows the file's format, not what the values are used for. Faces and workflows call it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lakehunt.errors import ConfigError, nearest

FILE_NAME = "lakehunt.toml"
_PLAIN = ("prefix", "organization", "accounts", "regions", "first_day")
_TEXT_TABLES = ("buckets", "prefixes", "layouts", "formats")
_LIST_TABLES = ("fields", "values")
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_DATABASE = re.compile(r"[a-z0-9_]{1,255}")
_WORKGROUP = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_TABLE = re.compile(r"[^.]{1,255}\.[^.]{1,255}")
_SIZE = re.compile(r"(\d+) ?([KMGT]?)B?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the logs of one deployment lie: `[deployment]` of lakehunt.toml.

    `prefix` ends with a slash unless it is empty; `prefixes` has those of single buckets' keys.
    `layouts`, `formats` and `fields` say by source in which of its ways it is delivered, `values`
    what else a path may hold, such as the names of web ACLs.
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


@dataclass(frozen=True, slots=True)
class Athena:
    """Where queries run and what they may cost: `[athena]` of lakehunt.toml.

    `results` is the folder of query results, with a closing slash unless it is empty; `kms_key`
    the ARN of the key that encrypts them, SSE-S3 without one. `max_scan` is in bytes.
    """

    database: str = "lakehunt"
    workgroup: str = "lakehunt"
    results: str = ""
    kms_key: str = ""
    max_scan: int = 100 * 10**9
    region: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A table that is there already and stands for one of ours: `[tables]` of lakehunt.toml.

    `table` is `database.table`. `columns` names the table's own columns for our partition columns
    where they cannot be told apart by name, several joined by `/`; `format` is how the value of
    its day column is written, such as `yyyy-MM-dd`.
    """

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    format: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """What lakehunt.toml says; without a file everything is empty. `path` is the file itself.

    `tables` maps the name of a raw table to the table that stands for it.
    """

    path: Path | None = None
    lake: str = ""
    deployment: Deployment = Deployment()
    athena: Athena = Athena()
    tables: Mapping[str, Mapped] = field(default_factory=dict)


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
    reader = _Reader(path, text)
    reader.check(data, ("lake", "deployment", "athena", "tables"))
    lake = reader.text(data, "lake")
    if lake and "://" not in lake:
        lake = str(path.parent / lake)
    return Config(
        path,
        lake,
        _deployment(reader, reader.table(data, "deployment")),
        _athena(reader, reader.table(data, "athena")),
        _mapped(reader, reader.table(data, "tables")),
    )


def _deployment(reader: "_Reader", data: Mapping[str, object]) -> Deployment:
    reader.check(data, (*_PLAIN, *_TEXT_TABLES, *_LIST_TABLES))
    tables = {
        name: reader.table(data, name, "deployment.") for name in (*_TEXT_TABLES, *_LIST_TABLES)
    }
    texts = {name: {k: reader.text(tables[name], k) for k in tables[name]} for name in _TEXT_TABLES}
    lists = {
        name: {k: reader.texts(tables[name], k) for k in tables[name]} for name in _LIST_TABLES
    }
    for key, bucket in texts["buckets"].items():
        if not _BUCKET.fullmatch(bucket):
            raise reader.error(key, "the name of a bucket")
    organization = reader.text(data, "organization")
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise reader.error("organization", "an id such as o-a1b2c3d4e5")
    accounts = reader.texts(data, "accounts")
    if not all(_ACCOUNT.fullmatch(account) for account in accounts):
        raise reader.error("accounts", 'account ids of 12 digits in quotes, such as "111122223333"')
    return Deployment(
        buckets=texts["buckets"],
        prefix=_folder(reader.text(data, "prefix")),
        organization=organization,
        accounts=accounts,
        regions=reader.texts(data, "regions"),
        first_day=reader.day(data, "first_day"),
        prefixes={key: _folder(prefix) for key, prefix in texts["prefixes"].items()},
        layouts=texts["layouts"],
        formats=texts["formats"],
        fields=lists["fields"],
        values=lists["values"],
    )


def _folder(prefix: str) -> str:
    stripped = prefix.strip("/")
    return f"{stripped}/" if stripped else ""


def _athena(reader: "_Reader", data: Mapping[str, object]) -> Athena:
    reader.check(
        data, ("database", "workgroup", "results", "kms_key", "max_scan", "region", "profile")
    )
    for key, form, expected in (
        ("database", _DATABASE, "a name of lower-case letters, digits and _"),
        ("workgroup", _WORKGROUP, "a name of letters, digits and . _ -"),
        ("results", _S3, "a folder such as s3://my-bucket/athena/"),
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
    )


def _mapped(reader: "_Reader", data: Mapping[str, object]) -> dict[str, Mapped]:
    tables: dict[str, Mapped] = {}
    for name, value in data.items():
        given = {"table": value} if isinstance(value, str) else reader.table(data, name, "tables.")
        texts = {key: reader.text(given, key) for key in given}
        table, format_ = texts.pop("table", ""), texts.pop("format", "")
        if not _TABLE.fullmatch(table):
            raise reader.error(name, 'a table such as "other_db.cloudtrail_logs"')
        tables[name] = Mapped(table, texts, format_)
    return tables


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    text_: str

    def error(self, key: str, expected: str) -> ConfigError:
        line = next(
            (n for n, row in enumerate(self.text_.split("\n"), 1) if row.strip().startswith(key)), 1
        )
        return ConfigError(f"{self.path}:{line}: `{key}`, expected {expected}")

    def check(self, data: Mapping[str, object], known: tuple[str, ...]) -> None:
        for key in data:
            if key not in known:
                near = nearest(key, known)
                raise self.error(key, near or " or ".join(known))

    def table(self, data: Mapping[str, object], key: str, above: str = "") -> dict[str, object]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"a table [{above}{key}]")
        return value

    def size(self, data: Mapping[str, object], key: str) -> int:
        match = _SIZE.fullmatch(str(data[key]).strip())
        if match is None:
            raise self.error(key, 'a number of bytes, such as "100 GB"')
        power: int = " KMGT".index(match[2].upper() or " ")
        return int(match[1]) * int(1000**power)

    def text(self, data: Mapping[str, object], key: str) -> str:
        value = data.get(key, "")
        if not isinstance(value, str):
            raise self.error(key, "text in quotes")
        return value

    def texts(self, data: Mapping[str, object], key: str) -> tuple[str, ...]:
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, 'a list of texts in quotes, such as ["us-east-1"]')
        return tuple(value)

    def day(self, data: Mapping[str, object], key: str) -> date | None:
        value = data.get(key)
        if value is None or type(value) is date:
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise self.error(key, "a date such as 2024-01-01") from error
