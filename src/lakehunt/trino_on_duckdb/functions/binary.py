"""Binary data: hashes, encodings, numbers as bytes, slices.

It must not know text functions. Where DuckDB has no function for BLOB, Python's standard
library does the work.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
import zlib
from collections.abc import Callable

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, fails, invalid
from lakehunt.trino_on_duckdb.functions.entry import Entry, How, concatenation, table
from lakehunt.trino_on_duckdb.functions.xxhash import xxhash64

BAD = "INVALID_FUNCTION_ARGUMENT"
BYTES, TEXT = "varbinary", "varchar(x)"
# Digits of base 32 that can end a text: what five bits leave of whole bytes.
BASE32_ENDS = (0, 2, 4, 5, 7)
LARGEST_LENGTH = 2**31 - 1
LARGEST_PADDING = 2


def from_base64(text: str) -> bytes:
    """The bytes of base 64; padding may be left out."""
    return _base64(text, "+/")


def from_base64url(text: str) -> bytes:
    """The bytes of base 64 for URLs."""
    return _base64(text, "-_")


def _base64(text: str, last: str) -> bytes:
    body = text.rstrip("=")
    padding = len(text) - len(body)
    wrong_padding = padding and (len(text) % 4 or padding > LARGEST_PADDING)
    if (
        wrong_padding
        or len(body) % 4 == 1
        or not re.fullmatch(f"[A-Za-z0-9{re.escape(last)}]*", body)
    ):
        raise invalid("Illegal base64 character or length")
    return base64.b64decode(body + "=" * (-len(body) % 4), last.encode())


def to_base64url(data: bytes) -> str:
    """Base 64 for URLs, padded."""
    return base64.urlsafe_b64encode(data).decode()


def to_base32(data: bytes) -> str:
    """Base 32, padded."""
    return base64.b32encode(data).decode()


def from_base32(text: str) -> bytes:
    """The bytes of base 32; padding may be left out."""
    body = text.rstrip("=")
    if len(body) % 8 not in BASE32_ENDS:
        raise invalid(f"Invalid input length {len(body)}")
    try:
        return base64.b32decode(body + "=" * (-len(body) % 8))
    except binascii.Error:
        raise invalid("Unrecognized character") from None


def _of_bytes(decode: Callable[[str], bytes]) -> Callable[[bytes], bytes]:
    def converted(data: bytes) -> bytes:
        return decode(data.decode("utf-8", "replace"))

    return converted


def _hmac(name: str) -> Callable[[bytes, bytes], bytes]:
    def digest(data: bytes, key: bytes) -> bytes:
        return hmac.new(key, data, name).digest()

    return digest


def sha512(data: bytes) -> bytes:
    """The SHA-512 hash."""
    return hashlib.sha512(data).digest()


def _packer(form: str) -> Callable[[float], bytes]:
    def pack(number: float) -> bytes:
        return struct.pack(form, number)

    return pack


def _unpacker(form: str, message: str) -> Callable[[bytes], object]:
    size = struct.calcsize(form)

    def unpack(data: bytes) -> object:
        if len(data) != size:
            raise invalid(message.format(size=size, length=len(data)))
        return struct.unpack(form, data)[0]

    return unpack


def substr(data: bytes, start: int, length: int) -> bytes:
    """A part of bytes, counted from one or from the end; nothing where the start lies outside."""
    if start == 0 or length <= 0 or abs(start) > len(data):
        return b""
    first = start - 1 if start > 0 else len(data) + start
    return data[first : first + length]


def lpad(data: bytes, size: int, padding: bytes) -> bytes:
    """Bytes cut or filled up at the left to a size."""
    filler = _filler(data, size, padding)
    return filler + data if filler else data[:size]


def rpad(data: bytes, size: int, padding: bytes) -> bytes:
    """Bytes cut or filled up at the right to a size."""
    return data[:size] + _filler(data, size, padding)


def _filler(data: bytes, size: int, padding: bytes) -> bytes:
    if not 0 <= size <= LARGEST_LENGTH:
        raise invalid("Target length must be in the range [0..2147483647]")
    if not padding:
        raise invalid("Padding bytes must not be empty")
    missing = max(size - len(data), 0)
    return (padding * (missing // len(padding) + 1))[:missing]


def reverse(data: bytes) -> bytes:
    """Bytes from the last to the first."""
    return data[::-1]


NATIVE: tuple[tuple[str, str, str], ...] = (
    ("length", BYTES, "octet_length($1)"),
    ("md5", BYTES, "unhex(md5($1))"),
    ("sha1", BYTES, "unhex(sha1($1))"),
    ("sha256", BYTES, "unhex(sha256($1))"),
    ("to_hex", BYTES, "hex($1)"),
    ("to_base64", BYTES, "to_base64($1)"),
    ("from_hex", TEXT, "trino_from_hex($1)"),
    ("from_hex", BYTES, "trino_from_hex(decode($1))"),
)
PYTHON: tuple[tuple[str, str, str], ...] = (
    ("sha512", BYTES, "trino_sha512($1)"),
    ("xxhash64", BYTES, "trino_xxhash64($1)"),
    ("crc32", BYTES, "trino_crc32($1)"),
    ("hmac_md5", f"{BYTES}; {BYTES}", "trino_hmac_md5($*)"),
    ("hmac_sha1", f"{BYTES}; {BYTES}", "trino_hmac_sha1($*)"),
    ("hmac_sha256", f"{BYTES}; {BYTES}", "trino_hmac_sha256($*)"),
    ("hmac_sha512", f"{BYTES}; {BYTES}", "trino_hmac_sha512($*)"),
    ("from_base64", TEXT, "trino_from_base64($1)"),
    ("from_base64", BYTES, "trino_from_base64_bytes($1)"),
    ("from_base64url", TEXT, "trino_from_base64url($1)"),
    ("from_base64url", BYTES, "trino_from_base64url_bytes($1)"),
    ("to_base64url", BYTES, "trino_to_base64url($1)"),
    ("from_base32", TEXT, "trino_from_base32($1)"),
    ("from_base32", BYTES, "trino_from_base32_bytes($1)"),
    ("to_base32", BYTES, "trino_to_base32($1)"),
    ("to_big_endian_32", "integer", "trino_to_big_endian_32($1)"),
    ("to_big_endian_64", "bigint", "trino_to_big_endian_64($1)"),
    ("from_big_endian_32", BYTES, "trino_from_big_endian_32($1)"),
    ("from_big_endian_64", BYTES, "trino_from_big_endian_64($1)"),
    ("to_ieee754_32", "real", "trino_to_ieee754_32($1)"),
    ("to_ieee754_64", "double", "trino_to_ieee754_64($1)"),
    ("from_ieee754_32", BYTES, "trino_from_ieee754_32($1)"),
    ("from_ieee754_64", BYTES, "trino_from_ieee754_64($1)"),
    ("substr", f"{BYTES}; bigint", "trino_substr_bytes($1, $2, octet_length($1))"),
    ("substr", f"{BYTES}; bigint; bigint", "trino_substr_bytes($*)"),
    ("lpad", f"{BYTES}; bigint; {BYTES}", "trino_lpad_bytes($*)"),
    ("rpad", f"{BYTES}; bigint; {BYTES}", "trino_rpad_bytes($*)"),
    ("reverse", BYTES, "trino_reverse_bytes($1)"),
)
ENTRIES: tuple[Entry, ...] = (
    *table(How.NATIVE, NATIVE),
    *table(How.PYTHON, PYTHON),
    Entry("concat", (BYTES,), How.NATIVE, choose=concatenation),
)

BIG_ENDIAN = "expected {size}-byte input, but got instead: {length}"
FLOAT = "Input floating-point value must be exactly {size} bytes long"
DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_from_hex",
        "s",
        f"CASE WHEN length(s) % 2 = 1 THEN {fails(BAD, 'invalid input length', 'BLOB')} "
        f"WHEN regexp_full_match(s, '[0-9A-Fa-f]*') THEN unhex(s) "
        f"WHEN s IS NOT NULL THEN {fails(BAD, 'not a hexadecimal digit', 'BLOB')} END",
    ),
    Python("trino_sha512", ("BLOB",), "BLOB", sha512),
    Python("trino_xxhash64", ("BLOB",), "BLOB", xxhash64),
    Python("trino_crc32", ("BLOB",), "BIGINT", zlib.crc32),
    *(
        Python(f"trino_hmac_{name}", ("BLOB", "BLOB"), "BLOB", _hmac(name))
        for name in ("md5", "sha1", "sha256", "sha512")
    ),
    *(
        Python(f"trino_{name}", ("VARCHAR",), "BLOB", function)
        for name, function in (
            ("from_base64", from_base64),
            ("from_base64url", from_base64url),
            ("from_base32", from_base32),
        )
    ),
    *(
        Python(f"trino_{name}_bytes", ("BLOB",), "BLOB", _of_bytes(function))
        for name, function in (
            ("from_base64", from_base64),
            ("from_base64url", from_base64url),
            ("from_base32", from_base32),
        )
    ),
    Python("trino_to_base64url", ("BLOB",), "VARCHAR", to_base64url),
    Python("trino_to_base32", ("BLOB",), "VARCHAR", to_base32),
    Python("trino_to_big_endian_32", ("INTEGER",), "BLOB", _packer(">i")),
    Python("trino_to_big_endian_64", ("BIGINT",), "BLOB", _packer(">q")),
    Python("trino_to_ieee754_32", ("FLOAT",), "BLOB", _packer(">f")),
    Python("trino_to_ieee754_64", ("DOUBLE",), "BLOB", _packer(">d")),
    Python("trino_from_big_endian_32", ("BLOB",), "INTEGER", _unpacker(">i", BIG_ENDIAN)),
    Python("trino_from_big_endian_64", ("BLOB",), "BIGINT", _unpacker(">q", BIG_ENDIAN)),
    Python("trino_from_ieee754_32", ("BLOB",), "FLOAT", _unpacker(">f", FLOAT)),
    Python("trino_from_ieee754_64", ("BLOB",), "DOUBLE", _unpacker(">d", FLOAT)),
    Python("trino_substr_bytes", ("BLOB", "BIGINT", "BIGINT"), "BLOB", substr),
    Python("trino_lpad_bytes", ("BLOB", "BIGINT", "BLOB"), "BLOB", lpad),
    Python("trino_rpad_bytes", ("BLOB", "BIGINT", "BLOB"), "BLOB", rpad),
    Python("trino_reverse_bytes", ("BLOB",), "BLOB", reverse),
)
