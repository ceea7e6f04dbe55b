"""IP addresses: whether a network contains an address.

An address is its sixteen bytes as UHUGEINT, IPv4 mapped. It must not know casts; a literal
network becomes a range.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from lakehunt.trino_on_duckdb.functions.definitions import (
    Definition,
    Macro,
    Python,
    TrinoError,
    failing,
    invalid,
)
from lakehunt.trino_on_duckdb.functions.entry import Call, Entry, How

MAPPED = 0xFFFF << 32
PART = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
IPV4_SHAPE = rf"{PART}(?:\.{PART}){{3}}"
IPV4 = 4
BITS = {IPV4: 32, 6: 128}


@lru_cache(maxsize=4096)
def network_range(text: str) -> tuple[int, int]:
    """The first and the last address of a network, IPv4 mapped into IPv6. Raises TrinoError for
    what is no CIDR."""
    base_text, slash, length_text = text.partition("/")
    if not slash:
        raise invalid("Invalid CIDR")
    try:
        base = ipaddress.ip_address(base_text)
    except ValueError:
        raise invalid("Invalid network IP address") from None
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", length_text):
        raise TrinoError(f'GENERIC_INTERNAL_ERROR: For input string: "{length_text}"')
    if "%" in base_text:
        raise invalid("Invalid network IP address")
    length, bits = int(length_text), BITS[base.version]
    if length < 0:
        raise invalid("Invalid prefix length")
    if length > bits:
        raise invalid("Prefix length exceeds address length")
    size, number = 1 << (bits - length), int(base)
    if base.version == IPV4:
        if number % size:
            raise invalid("Invalid CIDR")
        return MAPPED + number, MAPPED + number + size - 1
    first = number // size * size
    return first, first + size - 1


def network_texts(text: str) -> list[str]:
    """The bounds of a network as texts of digits."""
    first, last = network_range(text)
    return [str(first), str(last)]


def _contains(call: Call) -> str:
    text = call.arguments[0].literal
    if text is None:
        return "trino_network_contains($1, $2)"
    try:
        first, last = network_range(text)
    except TrinoError as error:
        return failing(error, "BOOLEAN", "$2")
    return f"($2 BETWEEN CAST('{first}' AS UHUGEINT) AND CAST('{last}' AS UHUGEINT))"


def address_digits(text: str) -> str:
    """The number of an address as digits. Raises TrinoError for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise TrinoError(f"INVALID_CAST_ARGUMENT: Cannot cast value to IPADDRESS: {text}") from None
    if "%" in text:
        raise TrinoError(f"INVALID_CAST_ARGUMENT: Cannot cast value to IPADDRESS: {text}")
    return str(int(address) + (MAPPED if address.version == IPV4 else 0))


def address_text(digits: str) -> str:
    """The text of an address from its digits: IPv4 where it is mapped."""
    number = int(digits)
    if MAPPED <= number <= MAPPED + 0xFFFFFFFF:
        return str(ipaddress.IPv4Address(number - MAPPED))
    return str(ipaddress.IPv6Address(number))


ENTRIES: tuple[Entry, ...] = (
    Entry("contains", ("varchar", "ipaddress"), How.MACRO, choose=_contains),
)
DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_network_contains",
        "n, a",
        "a BETWEEN CAST(trino_network(n)[1] AS UHUGEINT) AND CAST(trino_network(n)[2] AS UHUGEINT)",
    ),
    # IPv4 is by far the most of what logs hold, so it is read and written without Python.
    Macro(
        "trino_ip",
        "s",
        f"CASE WHEN regexp_full_match(s, '{IPV4_SHAPE}') THEN CAST('{MAPPED}' AS UHUGEINT) "
        "+ CAST(CAST(split_part(s, '.', 1) AS UBIGINT) * 16777216 + CAST(split_part(s, '.', 2) "
        "AS UBIGINT) * 65536 "
        "+ CAST(split_part(s, '.', 3) AS UBIGINT) * 256 + CAST(split_part(s, '.', 4) AS UBIGINT) "
        "AS UHUGEINT) "
        "ELSE CAST(trino_ip_digits(s) AS UHUGEINT) END",
    ),
    Macro("trino_ip_text", "a", "trino_ip_of_digits(CAST(a AS VARCHAR))"),
    Python("trino_ip_digits", ("VARCHAR",), "VARCHAR", address_digits),
    Python("trino_ip_of_digits", ("VARCHAR",), "VARCHAR", address_text),
    Python("trino_network", ("VARCHAR",), "VARCHAR[]", network_texts),
)
