"""Athena's text as tokens, by the lexical rules of Trino's grammar.

It must not know the grammar above the tokens. The cursor reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import TrinoError

RESERVED_WORDS = """
alter and as between by case cast constraint create cross cube current_catalog current_date
current_path current_role current_schema current_time current_timestamp current_user deallocate
delete describe distinct drop else end escape except execute exists extract false for from full
group grouping having in inner insert intersect into is join json_array json_exists json_object
json_query json_table json_value left like listagg localtime localtimestamp natural normalize
not null on or order outer prepare recursive right rollup select skip table then trim true
uescape union unnest using values when where with
"""
RESERVED = frozenset(RESERVED_WORDS.split())
"""Words that name nothing unless quoted (Trino, language/reserved)."""

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\r\n]*|/\*.*?\*/)
    |(?P<unicode>[uU]&'(?:[^']|'')*')
    |(?P<hex>[xX]'[^']*')
    |(?P<string>'(?:[^']|'')*')
    |(?P<double>(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)[eE][+-]?\d+)
    |(?P<decimal>\d[\d_]*\.[\d_]*|\.\d[\d_]*)
    |(?P<radix>0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)
    |(?P<integer>\d[\d_]*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<op><>|!=|<=|>=|->|=>|\|\||[-+*/%<>=(),.;:?\[\]{}|&@^$])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class Token:
    """One token: kind, value (quotes undone), lower-case word where it is a plain name, place."""

    kind: str
    value: str
    word: str
    start: int
    line: int = 0
    column: int = 0


def tokens(sql: str) -> list[Token]:
    """The tokens of the text, an `end` last. Raises TrinoError where a character begins none."""
    found: list[Token] = []
    at = 0
    match = TOKEN.match
    line, begins = 1, 0
    while at < len(sql):
        m = match(sql, at)
        if m is None:
            raise TrinoError("SYNTAX_ERROR", f"mismatched input {sql[at]!r}", line, at - begins + 1)
        kind = m.lastgroup or ""
        text = m.group()
        if kind != "space":
            token = _token(kind, text, at, sql)
            token.line, token.column = line, at - begins + 1
            found.append(token)
        if "\n" in text:
            line += text.count("\n")
            begins = at + text.rfind("\n") + 1
        at = m.end()
    found.append(Token("end", "<EOF>", "", at, line, at - begins + 1))
    return found


def place(sql: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    line = sql.count("\n", 0, offset) + 1
    return line, offset - (sql.rfind("\n", 0, offset) + 1) + 1


def _token(kind: str, text: str, at: int, sql: str) -> Token:  # noqa: PLR0911 (one per kind)
    if kind == "name":
        return Token(kind, text, text.lower(), at)
    if kind == "string":
        return Token(kind, text[1:-1].replace("''", "'"), "", at)
    if kind == "unicode":
        return Token("string", _unicode(text[3:-1].replace("''", "'"), at, sql), "", at)
    if kind == "quoted":
        if text == '""':
            line, column = place(sql, at)
            raise TrinoError(
                "SYNTAX_ERROR", "Zero-length delimited identifier not allowed", line, column
            )
        return Token(kind, text[1:-1].replace('""', '"'), "", at)
    if kind == "radix":
        return Token("integer", str(int(text.replace("_", ""), 0)), "", at)
    if kind in ("integer", "decimal", "double"):
        return Token(kind, text.replace("_", ""), "", at)
    if kind == "hex":
        return Token(kind, re.sub(r"\s", "", text[2:-1]), "", at)
    return Token(kind, text, text, at)


def _unicode(text: str, at: int, sql: str) -> str:
    def decode(m: re.Match[str]) -> str:
        body = m.group(1)
        return "\\" if body == "\\" else chr(int(body.lstrip("+"), 16))

    done = re.sub(r"\\(\\|\+[0-9a-fA-F]{6}|[0-9a-fA-F]{4})", decode, text)
    if re.search(r"\\(?!\\)", text) and done == text:
        line, column = place(sql, at)
        raise TrinoError("INVALID_LITERAL", "Incomplete escape sequence", line, column)
    return done
