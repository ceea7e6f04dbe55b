"""Trino's table of functions, read when a name is first asked for.

It must not know how a call is resolved: `binding` does that. The facts are in signatures.tsv,
written by
scripts/signatures.py from a server.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from .types import Type, parse, varchar

UNBOUNDED = 2**31 - 1
"""From this length on a varchar has none."""
Numbers = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: types may be variables (`T`) or have variables as parameters (`varchar(x)`).

    `texts` are the argument types exactly as SHOW FUNCTIONS prints them: the key of the tables of
    functions.
    """

    name: str
    kind: str
    arguments: tuple[Type, ...]
    returns: Type
    texts: tuple[str, ...]
    variadic: bool = False
    volatile: bool = False

    def __str__(self) -> str:
        return (
            f"{self.name}({', '.join(self.texts)}{'...' if self.variadic else ''}) {self.returns}"
        )

    @property
    def generic(self) -> bool:
        """True where a type variable occurs."""
        return any(mentions_variable(t) for t in (*self.arguments, self.returns))


def is_variable(kind: Type) -> bool:
    """True for a type variable such as `T` or `K1`."""
    return not kind.args and re.fullmatch(r"[A-Za-z]\d?", kind.base) is not None


def mentions_variable(kind: Type) -> bool:
    """True where a type variable occurs in the type."""
    return is_variable(kind) or any(mentions_variable(c) for c in kind.children)


@lru_cache(maxsize=1)
def _lines() -> dict[str, list[str]]:
    text = (files(__package__) / "signatures.tsv").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        found.setdefault(line.split("\t", 1)[0], []).append(line)
    return found


def names() -> list[str]:
    """Every function's name."""
    return sorted(_lines())


@cache
def named(name: str) -> tuple[Signature, ...]:
    """The signatures of a function, none where there is no such function."""
    return tuple(_read(line) for line in _lines().get(name, ()))


def _read(line: str) -> Signature:
    name, kind, arguments, returns, flags = line.split("\t")
    texts = tuple(arguments.split("; ")) if arguments else ()
    types = tuple(parse(t) for t in texts)
    return Signature(
        name, kind, types, parse(returns), texts, "variadic" in flags, "volatile" in flags
    )


# ------------------------------------------------------------------ parameters that a formula gives


def _n(numbers: Numbers, key: str) -> int:
    return numbers.get(key) or 0


def _length(value: int | None) -> int | None:
    return value if value is not None and value < UNBOUNDED else None


def _replace3(n: Numbers) -> int | None:
    x, z = n.get("x"), n.get("z")
    return None if x is None or z is None else _length(x + z * (x + 1))


def _regexp_replace(n: Numbers) -> int | None:
    x, y = n.get("x"), n.get("y")
    return None if x is None or y is None else _length(x + max(x * y // 2, y) * (x + 1))


def _whole(n: Numbers) -> int:
    return _n(n, "p") - _n(n, "s") + min(_n(n, "s"), 1)


FORMULAS: dict[tuple[str, str], Callable[[Numbers], int | None]] = {
    ("ceil", "rp"): _whole,
    ("ceiling", "rp"): _whole,
    ("floor", "rp"): _whole,
    ("concat", "u"): lambda n: _n(n, "x") + _n(n, "y"),
    ("mod", "r_precision"): lambda n: (
        min(_n(n, "b_precision") - _n(n, "b_scale"), _n(n, "a_precision") - _n(n, "a_scale"))
        + max(_n(n, "a_scale"), _n(n, "b_scale"))
    ),
    ("mod", "r_scale"): lambda n: max(_n(n, "a_scale"), _n(n, "b_scale")),
    ("regexp_replace", "z"): _regexp_replace,
    ("replace", "u"): _replace3,
    ("round", "rs"): lambda n: 0,
    ("truncate", "rp"): lambda n: max(_n(n, "p") - _n(n, "s"), 1),
    ("url_encode", "y"): lambda n: None if n.get("x") is None else _length(12 * _n(n, "x")),
}
"""Trino's formulas for parameters of results (Trino's function sources at release 476)."""


def computed(signature: Signature, key: str, numbers: Numbers) -> int | None:
    """The number that a variable of the return type stands for."""
    if signature.name == "round" and key == "rp":
        return min(38, _whole(numbers) if len(signature.arguments) == 1 else _n(numbers, "p") + 1)
    if signature.name == "to_iso8601":
        fraction = _n(numbers, "p")
        plain = 28 if "zone" in signature.texts[0] else 22
        return plain + (fraction + 1 if fraction else 0)
    formula = FORMULAS.get((signature.name, key))
    return formula(numbers) if formula else numbers.get(key)


def operator(name: str, arguments: tuple[Type, ...], returns: Type) -> Signature:
    """A signature for a call that SHOW FUNCTIONS does not list."""
    return Signature(name, "scalar", arguments, returns, tuple(map(str, arguments)))


FORMAT = Signature("format", "scalar", (varchar(),), varchar(), ("varchar", "any"))
"""`format` takes anything behind its pattern; SHOW FUNCTIONS hides it."""
