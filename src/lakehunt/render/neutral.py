"""Makes log text harmless where it is shown, and turns values into plain JSON ones.

Knows values and outputs, not what they mean. Every renderer calls it.
"""

import base64
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from lakehunt.model import instant

# Control characters, and format characters such as the ones that turn the reading direction.
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
# What a spreadsheet takes for a formula. Source: OWASP, "CSV Injection" (read 2026-11-23).
_FORMULA = re.compile(r"^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")


def for_terminal(text: str) -> str:
    """Return text on one line, with each control or hidden character written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if unicodedata.category(c) not in HIDDEN else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def for_json(document: str) -> str:
    """Return a JSON document in which no hidden character stands bare; line ends stay."""
    if document.isascii():
        return document
    return "".join(
        c if c == "\n" or unicodedata.category(c) not in HIDDEN else json.dumps(c)[1:-1]
        for c in document
    )


def for_spreadsheet(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.search(text) else text


def plain(value: object) -> object:
    """Return a value as JSON has it: times ISO 8601 with Z, decimals text, binary base64."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _plain_text(value)


def _plain_text(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value.astimezone(UTC) if value.tzinfo else value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    assert isinstance(value, Decimal) or value is not None
    return str(value)
