"""Text functions that DuckDB lacks, in Python: each takes and gives what the Trino function does.

It must not know SQL. The table of text functions registers them.
"""

from __future__ import annotations

import unicodedata

from lakehunt.trino_on_duckdb.functions.definitions import invalid

# Letters A to Z in the American Soundex of Apache Commons Codec; 0 parts equal digits, H and W do
# not.
SOUNDEX = "01230120022455012623010202"
# Above this product of lengths Trino refuses to compute a Levenshtein distance.
LARGEST_PRODUCT = 1_000_000
CONTINUATION, LONGEST_SEQUENCE = 0x80, 6


def from_utf8(data: bytes, replacement: str) -> str:
    """The text of `data`, each invalid sequence replaced by `replacement`, at most one character.

    An invalid sequence is as long as its first byte promises, or as its right bytes reach.
    """
    if len(replacement) > 1:
        raise invalid("Replacement character string must empty or a single character")
    text, at = "", 0
    while at < len(data):
        length = _promised(data[at])
        end = at + 1
        while end < at + length and data[end : end + 1] and data[end] & 0xC0 == CONTINUATION:
            end += 1
        try:
            text += data[at:end].decode("utf-8")
        except UnicodeDecodeError:
            text += replacement
        at = end
    return text


def _promised(first: int) -> int:
    """How many bytes a sequence has by its first one."""
    ones = 8 - (first ^ 0xFF).bit_length()
    return ones if 1 < ones <= LONGEST_SEQUENCE else 1


def hamming_distance(left: str, right: str) -> int:
    """The number of places where two texts of one length differ."""
    if len(left) != len(right):
        raise invalid("The input strings to hamming_distance function must have the same length")
    return sum(a != b for a, b in zip(left, right, strict=True))


def levenshtein_distance(left: str, right: str) -> int:
    """The least number of inserted, removed or changed code points from one text to the other."""
    if not left or not right:
        return len(left) + len(right)
    if len(left) * (len(right) - 1) > LARGEST_PRODUCT:
        raise invalid("The combined inputs for Levenshtein distance are too large")
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


def luhn_check(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others."""
    if any(not "0" <= c <= "9" for c in digits):
        raise invalid("Invalid character: only digits are allowed")
    if not digits:
        return False
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def normalize(text: str, form: str) -> str:
    """`text` in the Unicode normal form NFC, NFD, NFKC or NFKD."""
    if form not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise invalid("Normalization form must be one of [NFD, NFC, NFKD, NFKC]")
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


def soundex(text: str) -> str:
    """The four characters of American Soundex, as Apache Commons Codec computes them."""
    letters = [c for c in text.upper() if c.isalpha()]
    if any(not "A" <= c <= "Z" for c in letters):
        raise invalid("The character is not mapped")
    if not letters:
        return ""
    code, last = letters[0], SOUNDEX[ord(letters[0]) - 65]
    for letter in letters[1:]:
        if letter in "HW":
            continue
        digit = SOUNDEX[ord(letter) - 65]
        if digit not in ("0", last):
            code += digit
        last = digit
    return (code + "000")[:4]


def strpos(text: str, part: str, instance: int) -> int:
    """The position of the given occurrence of `part`, counted from the end where negative; 0
    where there is none."""
    if instance == 0:
        raise invalid("'instance' must be a positive or negative number.")
    if not part:
        return 1
    place = -1 if instance > 0 else len(text)
    for _ in range(abs(instance)):
        if instance > 0:
            place = text.find(part, place + 1)
        else:
            place = text.rfind(part, 0, place + len(part) - 1) if place + len(part) > 1 else -1
        if place < 0:
            return 0
    return place + 1


def split_to_map(text: str, entry: str, pair: str) -> dict[str, str]:
    """The map of a text like `a=1,b=2`."""
    found: dict[str, str] = {}
    for key, value in _pairs(text, entry, pair, "'"):
        if key in found:
            raise invalid(f"Duplicate keys ({key}) are not allowed")
        found[key] = value
    return found


def split_to_multimap(text: str, entry: str, pair: str) -> dict[str, list[str]]:
    """The map of a text like `a=1,b=2,a=3`, each key with all its values."""
    found: dict[str, list[str]] = {}
    for key, value in _pairs(text, entry, pair, ""):
        found.setdefault(key, []).append(value)
    return found


def _pairs(text: str, entry: str, pair: str, mark: str) -> list[tuple[str, str]]:
    if not entry:
        raise invalid("entryDelimiter is empty")
    if not pair:
        raise invalid("keyValueDelimiter is empty")
    if entry == pair:
        raise invalid("entryDelimiter and keyValueDelimiter must not be the same")
    entries = text.split(entry)
    if entries[-1] == "":
        entries.pop()
    found = []
    for part in entries:
        key, middle, value = part.partition(pair)
        if not middle or pair in value:
            reason = "Key-value delimiter must appear exactly once in each entry. Bad input: "
            raise invalid(f"{reason}{mark}{part}{mark}")
        found.append((key, value))
    return found
