"""Texts of which a log file holds some wherever one of its records fulfils a condition.

Knows trees and raw columns, not files. A scan passes over files without them; in the others the
condition itself still decides. One text too few would lose rows, so a part of the condition that is
not plainly a value that stands in the file as it is asked for says nothing.
"""

import re
from collections.abc import Collection, Iterable
from functools import reduce
from itertools import product
from typing import TypeAlias

from sqlglot import exp

from lakehunt.model import Type

# Of each set a file has to hold a text; without sets nothing is known.
Needles: TypeAlias = tuple[frozenset[str], ...]

# JSON may write a slash, a quote or a backslash in another way, and what is no ASCII.
_SAME = re.compile(r"[ !#-.0-\[\]-~]+")
# A number may be written in many ways.
_NUMBER = re.compile(r"[-+]?[0-9]*[.]?[0-9]*([eE][-+]?[0-9]+)?")
# Shorter texts are found everywhere; searching for many takes as long as parsing. Few sets keep
# small what many alternatives make together.
_LEAST_CHARACTERS = 4
_MOST_TEXTS = 8
_MOST_SETS = 4
_WILD = re.compile("[%_]")
# JSON inside a text is written anew, its blanks and numbers in another way.
_WORD = re.compile(r"[-.0-9@A-Z_a-z]+")
_LETTER = re.compile("[A-DF-Za-df-z]")
# What these return, if anything, is their first operand or a part of it.
_PARTS = (
    "json_extract_scalar", "ltrim", "nullif", "regexp_extract", "rtrim", "split_part", "substr",
    "substring", "trim",
)  # fmt: skip


def needles(conditions: Iterable[exp.Expr], texts: Collection[str]) -> Needles:
    """Return what a file must hold for all conditions to be true of one of its records.

    Args:
        texts: in lower case, the raw columns whose text is in the file as it is, and the paths of
            such fields of structs, `a.b`.
    """
    return _few(one for condition in conditions for one in _required(condition, texts))


def any_of(alternatives: Iterable[Needles]) -> Needles:
    """Return what a file must hold where one of some conditions is true."""
    return reduce(_either, alternatives)


def text_paths(name: str, type_: Type) -> Iterable[str]:
    """Yield the path of a column, or of each of its fields, that is text; in lower case."""
    if type_.name == "string":
        yield name.lower()
    for field, own in type_.fields:
        yield from text_paths(f"{name}.{field}", own)


def _required(node: exp.Expr, texts: Collection[str]) -> Needles:
    if isinstance(node, exp.Paren):
        return _required(node.this, texts)
    if isinstance(node, exp.And):
        return _few((*_required(node.left, texts), *_required(node.right, texts)))
    if isinstance(node, exp.Or):
        return _either(_required(node.left, texts), _required(node.right, texts))
    return _compared(node, texts)


def _compared(node: exp.Expr, texts: Collection[str]) -> Needles:
    if isinstance(node, exp.EQ):
        sides = (node.left, node.right)
        return _one_of(*sides, texts=texts) or _one_of(*reversed(sides), texts=texts)
    if isinstance(node, exp.In) and not (node.args.get("query") or node.args.get("unnest")):
        return _one_of(node.this, *node.expressions, texts=texts)
    if isinstance(node, exp.Like):
        return _one_of(node.this, node.expression, texts=texts, wild=_WILD)
    return ()


def _either(first: Needles, second: Needles) -> Needles:
    # (a and b) or (c and d): each of a, b with each of c, d
    return _few(one | other for one, other in product(first, second))


def _few(sets: Iterable[frozenset[str]]) -> Needles:
    """Return the smallest of some sets: to ask less of a file than could be asked is safe."""
    kept: list[frozenset[str]] = []
    for one in sorted(dict.fromkeys(sets), key=len):
        if len(kept) < _MOST_SETS and len(one.union(*kept)) <= _MOST_TEXTS:
            kept.append(one)
    return tuple(kept)


def _one_of(
    value: exp.Expr,
    *literals: exp.Expr,
    texts: Collection[str],
    wild: re.Pattern[str] | None = None,
) -> Needles:
    if not literals or not _is_verbatim(value, texts):
        return ()
    found = [_needle(literal, wild) for literal in literals]
    return (frozenset(found),) if all(found) else ()


def _is_verbatim(value: exp.Expr, texts: Collection[str]) -> bool:
    """Tell whether a value, if it is one, stands in the file in one piece."""
    if isinstance(value, exp.Paren):
        return _is_verbatim(value.this, texts)
    if isinstance(value, exp.Case):
        results = [branch.args["true"] for branch in value.args["ifs"]]
        results += [value.args["default"]] if value.args.get("default") else []
        return all(isinstance(r, exp.Null) or _is_verbatim(r, texts) for r in results)
    if isinstance(value, exp.Anonymous):
        name, operands = value.name.lower(), value.expressions
        read = operands if name == "coalesce" else operands[:1] if name in _PARTS else ()
        return bool(read) and all(_is_verbatim(operand, texts) for operand in read)
    return _path(value) in texts


def _path(value: exp.Expr) -> str:
    """Return a column or a field of one by its path, "" for anything else."""
    names: list[str] = []
    while isinstance(value, exp.Dot):
        names.append(value.name)
        value = value.this
    if not isinstance(value, exp.Column):
        return ""
    names += [part.name for part in reversed(value.parts)]
    return ".".join(reversed(names)).lower()


def _needle(literal: exp.Expr, wild: re.Pattern[str] | None) -> str:
    """Return the longest part of a literal that is always written alike, "" if that says little."""
    if isinstance(literal, exp.Paren):
        return _needle(literal.this, wild)
    if not isinstance(literal, exp.Literal) or not literal.is_string:
        return ""
    if _NUMBER.fullmatch(literal.name):
        return ""
    if wild or '"' in literal.name or literal.name.startswith(("{", "[")):
        pieces = wild.split(literal.name) if wild else [literal.name]
        words = (word for piece in pieces for word in _WORD.findall(piece))
        parts = [word for word in words if _LETTER.search(word)]
    else:
        parts = _SAME.findall(literal.name)
    longest = max(parts, key=len, default="")
    return longest if len(longest) >= _LEAST_CHARACTERS else ""
