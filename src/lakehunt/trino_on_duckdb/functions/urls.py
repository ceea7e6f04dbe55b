"""URL functions: a URL taken apart as java.net.URI does, and text escaped for and from forms.

It must not know SQL beyond its tables. A text that is no URI gives NULL, a missing part the
empty text.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, invalid
from lakehunt.trino_on_duckdb.functions.entry import Entry, How, quote, table

ESCAPE = "%[0-9A-Fa-f]{2}"
# Beyond ASCII Java takes what is neither a control nor a space.
WIDE = r"[^\x00-\x80\x81-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
UNRESERVED = r"A-Za-z0-9\-_.!~*'()"
ANY = rf"(?:[{UNRESERVED};/?:@&=+$,\[\]]|{ESCAPE}|{WIDE})"
PATH = rf"(?:[{UNRESERVED};/:@&=+$,]|{ESCAPE}|{WIDE})*"
REGISTRY = rf"(?:[{UNRESERVED}$,;:@&=+]|{ESCAPE}|{WIDE})+"
LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
NUMBER = "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
TOP = "[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
HOST = rf"{NUMBER}(?:\.{NUMBER}){{3}}|(?:{LABEL}\.)*{TOP}\.?|{LABEL}\.?"
SERVER = re.compile(
    rf"(?:(?:[{UNRESERVED};:&=+$,]|{ESCAPE}|{WIDE})*@)?(?P<host>{HOST}|\[[^\]]*\])(?::(?P<port>[0-9]*))?"
)
HIERARCHY = re.compile(rf"(?://(?P<authority>[^/?#]*))?(?P<path>{PATH})(?:\?(?P<query>{ANY}*))?")
SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):")
LARGEST_PORT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL: None where there is none, still escaped."""

    scheme: str | None
    host: str | None
    port: int | None
    path: str | None
    query: str | None
    fragment: str | None


@lru_cache(maxsize=4096)
def parse(text: str) -> Url | None:
    """The parts of a text that is a URI by java.net.URI's rules, else None."""
    rest, mark, fragment = text.partition("#")
    scheme = SCHEME.match(rest)
    broken = mark and not re.fullmatch(f"{ANY}*", fragment)
    if broken or not scheme and re.match("[^:/?#]*:", rest):
        return None
    name, end = scheme["scheme"] if scheme else None, fragment if mark else None
    specific = rest[scheme.end() :] if scheme else rest
    if scheme and not specific.startswith("/"):
        return Url(name, None, None, None, None, end) if re.fullmatch(f"{ANY}+", specific) else None
    found = HIERARCHY.fullmatch(specific)
    if not found or specific == "//" and not mark:
        return None
    place = _server(found["authority"]) if found["authority"] else (None, None)
    return place and Url(name, *place, found["path"], found["query"], end)


def _server(authority: str) -> tuple[str | None, int | None] | None:
    """Host and port of an authority, neither of one that only names a registry, None of none."""
    found = SERVER.fullmatch(authority)
    if found and (not found["port"] or int(found["port"]) <= LARGEST_PORT):
        host = found["host"]
        if not host.startswith("[") or _is_address(host[1:-1]):
            return host, int(found["port"]) if found["port"] else None
    return (None, None) if re.fullmatch(REGISTRY, authority) else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _decoded(text: str | None) -> str:
    return unquote(text, errors="replace") if text else ""


def protocol(text: str) -> str | None:
    """The scheme."""
    url = parse(text)
    return None if url is None else url.scheme or ""


def host(text: str) -> str | None:
    """The host, an IPv6 address in brackets."""
    url = parse(text)
    return None if url is None else url.host or ""


def port(text: str) -> int | None:
    """The port, None where there is none."""
    url = parse(text)
    return None if url is None else url.port


def path(text: str) -> str | None:
    """The path, unescaped."""
    url = parse(text)
    return None if url is None else _decoded(url.path)


def query(text: str) -> str | None:
    """The query, unescaped."""
    url = parse(text)
    return None if url is None else _decoded(url.query)


def fragment(text: str) -> str | None:
    """The fragment, unescaped."""
    url = parse(text)
    return None if url is None else _decoded(url.fragment)


def parameter(text: str, name: str) -> str | None:
    """The value of the first query parameter of a name, the empty text for one without value."""
    url = parse(text)
    if url is None or url.query is None:
        return None
    for pair in url.query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return decode(value)
    return None


def decode(text: str) -> str:
    """Text unescaped from a form: plus signs are blanks."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise invalid("URLDecoder: Illegal hex characters in escape (%) pattern")
    return unquote(text.replace("+", " "), errors="replace")


def encode(text: str) -> str:
    """Text escaped for a form."""
    return re.sub(
        r"[^A-Za-z0-9\-_.*]",
        lambda c: "+" if c[0] == " " else "".join(f"%{byte:02X}" for byte in c[0].encode()),
        text,
    )


TEXT = "varchar(x)"
# URLs that need no care: a host by name, nothing escaped. RE2 takes their parts.
SAFE = UNRESERVED + "/:@&=+$,;"
SIMPLE = (
    rf"([A-Za-z][A-Za-z0-9+.\-]*)://((?:{LABEL}\.)*{TOP})(?::([0-9]{{1,5}}))?"
    rf"(/[{SAFE}]*)?(?:\?([{SAFE}?]*))?(?:#([{SAFE}?]*))?"
)
PARTS = ("protocol", "host", "port", "path", "query", "fragment")


def _part(name: str) -> Macro:
    """The macro of a part: by RE2 for simple URLs, by Python for others."""
    shape = quote(f"^{SIMPLE}$")
    simple = f"regexp_extract(u, {shape}, {PARTS.index(name) + 1})"
    if name == "port":
        simple = f"CAST(nullif({simple}, '') AS BIGINT)"
    body = f"CASE WHEN regexp_matches(u, {shape}) AND NOT ends_with(u, chr(10)) THEN {simple} "
    return Macro(f"trino_url_{name}", "u", f"{body}ELSE trino_url_{name}_of_any(u) END")


TABLE: tuple[tuple[str, str, str], ...] = (
    *((f"url_extract_{name}", TEXT, f"trino_url_{name}($1)") for name in PARTS),
    ("url_extract_parameter", f"{TEXT}; varchar(y)", "trino_url_parameter($1, $2)"),
    ("url_decode", TEXT, "trino_url_decode($1)"),
    ("url_encode", TEXT, "trino_url_encode($1)"),
)
ENTRIES: tuple[Entry, ...] = table(How.PYTHON, TABLE)
DEFINITIONS: tuple[Definition, ...] = (
    *(_part(name) for name in PARTS),
    Python("trino_url_protocol_of_any", ("VARCHAR",), "VARCHAR", protocol),
    Python("trino_url_host_of_any", ("VARCHAR",), "VARCHAR", host),
    Python("trino_url_port_of_any", ("VARCHAR",), "BIGINT", port),
    Python("trino_url_path_of_any", ("VARCHAR",), "VARCHAR", path),
    Python("trino_url_query_of_any", ("VARCHAR",), "VARCHAR", query),
    Python("trino_url_fragment_of_any", ("VARCHAR",), "VARCHAR", fragment),
    Python("trino_url_parameter", ("VARCHAR", "VARCHAR"), "VARCHAR", parameter),
    Python("trino_url_decode", ("VARCHAR",), "VARCHAR", decode),
    Python("trino_url_encode", ("VARCHAR",), "VARCHAR", encode),
)
