"""A connection to a Trino as configured, and what it means when that refuses.

The door to the `trino` client. Knows the protocol's errors, not what a query is about.
"""

import os

import requests
from trino import exceptions
from trino.auth import Authentication, BasicAuthentication, JWTAuthentication
from trino.dbapi import Connection

from lakehunt.config import Trino
from lakehunt.errors import CloudError, ConfigError, EngineError, LakehuntError

PASSWORD, TOKEN = "LAKEHUNT_TRINO_PASSWORD", "LAKEHUNT_TRINO_TOKEN"
_ABSENT = ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND")
# What the client raises of an answer that is no query's, and of none at all.
FAILURES = (
    exceptions.Error,
    exceptions.HttpError,
    requests.exceptions.RequestException,
)
_ATTEMPTS = 3


def connect(settings: Trino) -> Connection:
    """Return a connection, its session in UTC and its values as the protocol has them.

    Nothing is sent yet.

    Raises:
        ConfigError: the configuration names no host, or the environment no secret.
    """
    if not settings.host:
        raise ConfigError("--engine trino: set `host` under [trino] in lakehunt.toml")
    return Connection(
        host=settings.host,
        port=settings.port or None,
        user=settings.user,
        source="lakehunt",
        catalog=settings.catalog,
        schema=settings.schema,
        http_scheme="https" if settings.tls else "http",
        auth=_authentication(settings),
        verify=settings.ca_file or settings.verify,
        max_attempts=_ATTEMPTS,
        timezone="UTC",
        legacy_primitive_types=True,
    )


def table_names(settings: Trino) -> frozenset[str]:
    """Return the tables and views of the schema; none where the server does not tell."""
    schema = settings.schema.replace("'", "''")
    sql = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
    try:
        with connect(settings) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return frozenset(str(row[0]) for row in cursor.fetchall())
    except FAILURES:
        return frozenset()


def _authentication(settings: Trino) -> Authentication | None:
    if settings.authentication == "basic":
        return BasicAuthentication(settings.user, _secret(PASSWORD, "basic"))
    if settings.authentication == "jwt":
        return JWTAuthentication(_secret(TOKEN, "jwt"))
    return None


def _secret(name: str, authentication: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        what = f'[trino] says authentication = "{authentication}"'
        raise ConfigError(f"{what}, and the environment has no {name}")
    return value


def why_failed(name: str, settings: Trino, error: Exception) -> LakehuntError:
    """Return what an error of the client means for a query."""
    if isinstance(error, exceptions.TrinoQueryError):
        return _why_query_failed(name, error)
    where = f"{settings.host}:{settings.port or (443 if settings.tls else 8080)}"
    text = str(error)
    if isinstance(error, exceptions.TrinoAuthError) or "error 401" in text:
        how = f'`user` and authentication = "{settings.authentication}" under [trino]'
        return CloudError(f"{where}: authentication of {settings.user} failed; see {how}")
    if "error 403" in text:
        return CloudError(f"{where}: {settings.user} may not run queries there")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        hint = "name its certificate authority with `verify` under [trino]"
        return CloudError(f"{where}: the certificate is not trusted; {hint}")
    hint = "is it running, and are `host`, `port` and `tls` under [trino] right?"
    return CloudError(f"{where}: no answer of a Trino: {_brief(text)}; {hint}")


def _why_query_failed(name: str, error: exceptions.TrinoQueryError) -> LakehuntError:
    told = f"{name}: {error.error_name}: {error.message}"
    if error.error_name in _ABSENT:
        hint = "`lakehunt ddl --format trino` prints the statements that make the tables"
        return EngineError(f"{told}; {hint}")
    if error.error_name == "PERMISSION_DENIED":
        return CloudError(told)
    return EngineError(told)


def is_ours_alone(error: Exception) -> bool:
    """Tell whether an error concerns one query only, so that others may go on."""
    return isinstance(error, exceptions.TrinoQueryError)


def _brief(text: str) -> str:
    """Return the innermost reason that a library of connections gives."""
    return text.rpartition("]")[2].strip(" )\"'>") or text
