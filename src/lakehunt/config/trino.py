"""A Trino of one's own: `[trino]` of lakehunt.toml.

Knows the forms of the values, not what speaks to the server. The engine takes the value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lakehunt.config.reading import Reader

_KEYS = ("host", "port", "user", "catalog", "schema", "authentication", "tls", "verify",
         "concurrency")  # fmt: skip
_HOST = re.compile(r"[A-Za-z0-9.:_-]+")
_AUTHENTICATION = ("none", "basic", "jwt")
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Trino:
    """Where a Trino listens, which tables it has, and who asks.

    `port` 0 is the usual one, of HTTPS or HTTP. A password or token is none of the file's: the
    environment has it. `ca_file` is the certificate authority that signed the server's
    certificate, where that is none of the system's; without `verify` any certificate will do.
    `concurrency` is how many queries run at a time.
    """

    host: str = ""
    port: int = 0
    user: str = "lakehunt"
    catalog: str = "hive"
    schema: str = "lakehunt"
    authentication: str = "none"
    tls: bool = False
    verify: bool = True
    ca_file: str = ""
    concurrency: int = 4


def read_trino(reader: Reader, data: Mapping[str, object]) -> Trino:
    """Return `[trino]` as a value.

    Raises:
        ConfigError: an unknown key, or a value that can be none of its kind, with the line.
    """
    reader.check(data, _KEYS)
    default = Trino()
    host, authentication = reader.text(data, "host"), reader.text(data, "authentication")
    if host and not _HOST.fullmatch(host):
        raise reader.error("host", "a name such as trino.example.com, without scheme and port")
    if authentication and authentication not in _AUTHENTICATION:
        raise reader.error("authentication", " or ".join(_AUTHENTICATION))
    is_secret = authentication in ("basic", "jwt")
    tls = _flag(reader, data, "tls", default=is_secret)
    if is_secret and not tls:
        raise reader.error("tls", f"true: {authentication} sends a secret")
    port = reader.count(data, "port")
    if port > _LAST_PORT:
        raise reader.error("port", "a port such as 8443")
    verify = data.get("verify", True)
    ca_file = str(reader.path.parent / verify) if isinstance(verify, str) else ""
    return Trino(
        host=host,
        port=port,
        user=reader.text(data, "user") or default.user,
        catalog=reader.text(data, "catalog") or default.catalog,
        schema=reader.text(data, "schema") or default.schema,
        authentication=authentication or default.authentication,
        tls=tls,
        verify=bool(ca_file) or _flag(reader, data, "verify", default=True),
        ca_file=ca_file,
        concurrency=reader.count(data, "concurrency") or default.concurrency,
    )


def _flag(reader: Reader, data: Mapping[str, object], key: str, *, default: bool) -> bool:
    value = data.get(key, default)
    if not isinstance(value, bool):
        expected = "true, false or the path of a certificate authority's file"
        raise reader.error(key, expected if key == "verify" else "true or false")
    return value
