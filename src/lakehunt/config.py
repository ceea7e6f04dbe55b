"""`lakehunt.toml`: the lake to read and the deployment that fills the tables.

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
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the logs of one deployment lie: `[deployment]` of lakehunt.toml.

    `prefix` ends with a slash unless it is empty.
    """

    buckets: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    organization: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    first_day: date | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What lakehunt.toml says; without a file everything is empty. `path` is the file itself."""

    path: Path | None = None
    lake: str = ""
    deployment: Deployment = Deployment()


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
    reader.check(data, ("lake", "deployment"))
    lake = reader.text(data, "lake")
    if lake and "://" not in lake:
        lake = str(path.parent / lake)
    deployment = data.get("deployment", {})
    if not isinstance(deployment, dict):
        raise reader.error("deployment", "a table [deployment]")
    return Config(path, lake, _deployment(reader, deployment))


def _deployment(reader: "_Reader", data: Mapping[str, object]) -> Deployment:
    reader.check(data, ("buckets", "prefix", "organization", "accounts", "regions", "first_day"))
    buckets = data.get("buckets", {})
    if not isinstance(buckets, dict):
        raise reader.error("buckets", "a table [deployment.buckets]")
    for key in buckets:
        if not _BUCKET.fullmatch(reader.text(buckets, key)):
            raise reader.error(key, "the name of a bucket")
    organization = reader.text(data, "organization")
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise reader.error("organization", "an id such as o-a1b2c3d4e5")
    accounts = reader.texts(data, "accounts")
    if not all(_ACCOUNT.fullmatch(account) for account in accounts):
        raise reader.error("accounts", 'account ids of 12 digits in quotes, such as "111122223333"')
    prefix = reader.text(data, "prefix").strip("/")
    return Deployment(
        buckets={key: str(value) for key, value in buckets.items()},
        prefix=f"{prefix}/" if prefix else "",
        organization=organization,
        accounts=accounts,
        regions=reader.texts(data, "regions"),
        first_day=reader.day(data, "first_day"),
    )


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
