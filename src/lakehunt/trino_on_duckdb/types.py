"""Trino's types as values: parse them, print them as Trino does, and tell which converts to which.

It must not know SQL or DuckDB. The signatures, the analyzer and the lowering build on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_PRECISION = 38
"""Digits of the widest decimal (Trino, language/types: DECIMAL)."""


@dataclass(frozen=True, slots=True)
class Type:
    """A Trino type: `decimal` with (12, 1), `array` with its element, `row` with types and `names`.

    In a signature a parameter may be the name of a variable: `varchar` with ("x",).
    """

    base: str
    args: tuple[Type | int | str, ...] = ()
    names: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        return self.text(", ", "," if self.base == "decimal" else ", ")

    def client(self) -> str:
        """The text in a result's column list: `decimal(12, 1)`, `INTERVAL DAY TO SECOND`."""
        return self.text(", ", ", ", True)

    def text(self, separator: str, numbers: str, client: bool = False) -> str:
        """The type with the given separators between types and between numbers."""
        if not self.args:
            return self.base.upper() if client and self.base.startswith("interval") else self.base

        def shown(part: Type | int | str) -> str:
            return (
                part.text(separator, numbers, client)
                if client and isinstance(part, Type)
                else str(part)
            )

        if self.base == "row":
            names = self.names or (None,) * len(self.args)
            inner = separator.join(
                _field(n, shown(t)) for n, t in zip(names, self.args, strict=True)
            )
        else:
            inner = (numbers if self.base == "decimal" else separator).join(map(shown, self.args))
        if self.base.endswith(" with time zone"):
            return f"{self.base[: -len(' with time zone')]}({inner}) with time zone"
        return f"{self.base}({inner})"

    @property
    def element(self) -> Type:
        """What an array holds, or a map's values."""
        found = self.args[-1]
        assert isinstance(found, Type)
        return found

    @property
    def children(self) -> tuple[Type, ...]:
        """The types inside this one."""
        return tuple(a for a in self.args if isinstance(a, Type))

    @property
    def precision(self) -> int:
        """The first number: digits of a decimal or of a second's fraction."""
        return int(self.args[0]) if self.args and isinstance(self.args[0], int) else 3

    @property
    def scale(self) -> int:
        """The digits behind a decimal's point."""
        return int(self.args[1]) if isinstance(self.args[1], int) else 0

    @property
    def length(self) -> int | None:
        """The most characters, or None where unbounded."""
        return int(self.args[0]) if self.args and isinstance(self.args[0], int) else None


def _field(name: str | None, kind: str) -> str:
    if not name:
        return kind
    plain = re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name)
    return f"{name} {kind}" if plain else '"' + name.replace('"', '""') + f'" {kind}'


BOOLEAN, TINYINT, SMALLINT = Type("boolean"), Type("tinyint"), Type("smallint")
INTEGER, BIGINT, REAL, DOUBLE = Type("integer"), Type("bigint"), Type("real"), Type("double")
VARCHAR, VARBINARY, DATE, JSON = Type("varchar"), Type("varbinary"), Type("date"), Type("json")
IPADDRESS, UUID, UNKNOWN = Type("ipaddress"), Type("uuid"), Type("unknown")
DAY_TIME, YEAR_MONTH = Type("interval day to second"), Type("interval year to month")
STAMP, ZONED = "timestamp", "timestamp with time zone"

INTEGERS = ("tinyint", "smallint", "integer", "bigint")
NUMBERS = (*INTEGERS, "decimal", "real", "double")
TEXTS = ("varchar", "char")
SIMPLE_WORDS = """
boolean tinyint smallint integer bigint real double varbinary date json ipaddress uuid unknown
hyperloglog p4hyperloglog setdigest tdigest color joniregexp jsonpath codepoints
"""
SIMPLE = frozenset(SIMPLE_WORDS.split()) | {DAY_TIME.base, YEAR_MONTH.base}
ALIASES = {"int": "integer", "dec": "decimal", "numeric": "decimal", "string": "varchar"}
INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}


def varchar(length: int | None = None) -> Type:
    """The varchar of that many characters."""
    return VARCHAR if length is None else Type("varchar", (length,))


def decimal(precision: int, scale: int) -> Type:
    """The decimal of that many digits, `scale` of them behind the point."""
    return Type("decimal", (precision, scale))


def array(element: Type) -> Type:
    """The array of that element."""
    return Type("array", (element,))


def row(*fields: tuple[str | None, Type]) -> Type:
    """The row of those fields."""
    names = tuple(n for n, _ in fields)
    return Type("row", tuple(t for _, t in fields), names if any(names) else ())


def function(arguments: tuple[Type, ...], result: Type) -> Type:
    """The type of a lambda: its arguments' types, then its result's."""
    return Type("function", (*arguments, result))


# ------------------------------------------------------------------ reading


@lru_cache(maxsize=4096)
def parse(text: str) -> Type:
    """The type that a text names, as `SHOW FUNCTIONS`, a client or a cast writes it; ValueError
    where none.
    """
    tokens = re.findall(r'"(?:[^"]|"")*"|\w+|[(),]', text)
    reader = _Reader(tokens)
    found = reader.type()
    if reader.at != len(tokens):
        raise ValueError(text)
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ""

    def word(self, *words: str) -> bool:
        if all(self.peek(i).lower() == w for i, w in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def type(self) -> Type:
        name = self.peek()
        self.at += 1
        lower = ALIASES.get(name.lower(), name.lower())
        if not re.match(r"\w", name):
            raise ValueError(name)
        if lower == "double":
            self.word("precision")
        if lower == "interval":
            words = [self.peek(i).lower() for i in range(3)]
            self.at += 3
            return Type("interval " + " ".join(words))
        args: list[Type | int | str] = []
        names: list[str | None] = []
        if self.word("("):
            self._arguments(lower, args, names)
        return self._finish(name, lower, args, names)

    def _arguments(self, base: str, args: list[Type | int | str], names: list[str | None]) -> None:
        while not self.word(")"):
            if self.at >= len(self.tokens):
                raise ValueError("unclosed type")
            if base == "row" and (named := self._row_name()) is not None:
                names.append(named)
                args.append(self.type())
            elif self.peek().isdigit():
                args.append(int(self.peek()))
                self.at += 1
            elif base in ("varchar", "char", "decimal", STAMP, "time"):
                args.append(self.peek())
                self.at += 1
            else:
                names.append(None)
                args.append(self.type())
            self.word(",")

    def _row_name(self) -> str | None:
        first, second = self.peek(), self.peek(1)
        if second in (",", ")", "(", "") or (first.lower(), second.lower()) == (
            "double",
            "precision",
        ):
            return None
        if first.lower() in (STAMP, "time") and second.lower() == "with":
            return None
        if first.lower() == "interval" and self.peek(2).lower() == "to":
            return None
        self.at += 1
        return first[1:-1].replace('""', '"') if first.startswith('"') else first

    def _finish(
        self, name: str, base: str, args: list[Type | int | str], names: list[str | None]
    ) -> Type:
        if base in (STAMP, "time"):
            zoned = self.word("with", "time", "zone")
            if not zoned:
                self.word("without", "time", "zone")
            return Type(base + (" with time zone" if zoned else ""), tuple(args) or (3,))
        if base == "decimal":
            return Type(base, (*args, *((38, 0)[len(args) :])))
        if base == "char":
            return Type(base, tuple(args) or (1,))
        if base == "row":
            return Type(base, tuple(args), tuple(names) if any(names) else ())
        if base in SIMPLE or args or base in ("varchar", "function"):
            return Type(base, tuple(args))
        return Type(name, ())


# ------------------------------------------------------------------ conversion


def coerce_base(source: Type, base: str) -> Type | None:  # noqa: PLR0911 (one per kind)
    """The type of that base that `source` turns into by itself, or None."""
    if source.base == base:
        return source
    digits = INTEGER_DIGITS.get(source.base)
    if source == UNKNOWN:
        return _from_unknown(base)
    if digits is not None:
        if base == "decimal":
            return decimal(digits, 0)
        wider = base in ("real", "double") or INTEGER_DIGITS.get(base, 0) > digits
        return Type(base) if wider else None
    if source.base == "decimal":
        return Type(base) if base in ("real", "double") else None
    if source.base == "real":
        return DOUBLE if base == "double" else None
    if source.base == "date":
        return Type(base, (0,)) if base in (STAMP, ZONED) else None
    if source.base in (STAMP, "time"):
        return Type(base, source.args) if base == source.base + " with time zone" else None
    if source.base in TEXTS:
        if source.base == "varchar" and base == "char":
            return Type("char", (min(source.length or 65536, 65536),))
        return Type(base) if base in ("joniregexp", "jsonpath", "codepoints") else None
    return None


def _from_unknown(base: str) -> Type | None:
    if base in ("varchar", "char"):
        return Type(base, (0,))
    if base == "decimal":
        return decimal(1, 0)
    if base in (STAMP, ZONED, "time", "time with time zone"):
        return Type(base, (0,))
    return Type(base) if base in SIMPLE else None


@lru_cache(maxsize=8192)
def common(a: Type, b: Type) -> Type | None:
    """The narrowest type that both turn into by themselves, or None."""
    if b in (a, UNKNOWN):
        return a
    if a == UNKNOWN:
        return b
    if a.base == b.base:
        return _common_parameters(a, b)
    widened = coerce_base(a, b.base)
    if widened is not None:
        return common(widened, b)
    widened = coerce_base(b, a.base)
    return common(a, widened) if widened is not None else None


def _common_parameters(a: Type, b: Type) -> Type | None:  # noqa: PLR0911 (one per kind)
    if a.base == "decimal":
        scale = max(a.scale, b.scale)
        whole = max(a.precision - a.scale, b.precision - b.scale)
        return decimal(min(MAX_PRECISION, whole + scale), scale)
    if a.base in TEXTS:
        if a.length is None or b.length is None:
            return VARCHAR
        return a if a.length >= b.length else b
    if a.base in (STAMP, ZONED, "time", "time with time zone"):
        return a if a.precision >= b.precision else b
    if a.base in ("array", "map", "row") and len(a.args) == len(b.args):
        inner = [common(x, y) for x, y in zip(a.children, b.children, strict=True)]
        if any(t is None for t in inner):
            return None
        names: tuple[str | None, ...] = ()
        if a.base == "row":
            left = a.names or (None,) * len(a.args)
            right = b.names or (None,) * len(b.args)
            names = tuple(x if x == y else None for x, y in zip(left, right, strict=True))
        return Type(a.base, tuple(t for t in inner if t), names if any(names) else ())
    return None


def coerces(source: Type, target: Type) -> bool:
    """True where `source` turns into `target` by itself."""
    return common(source, target) == target


def walk(kind: Type) -> Iterator[Type]:
    """The type and every type inside it."""
    yield kind
    for child in kind.children:
        yield from walk(child)


def comparable(kind: Type) -> bool:
    """True where `=` is defined."""
    return not any(
        t.base
        in ("hyperloglog", "p4hyperloglog", "setdigest", "tdigest", "qdigest", "function", "color")
        for t in walk(kind)
    )


def orderable(kind: Type) -> bool:
    """True where `<` is defined."""
    return comparable(kind) and not any(t.base in ("map", "json") for t in walk(kind))
