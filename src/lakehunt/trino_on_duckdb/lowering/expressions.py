"""Typed expressions as DuckDB text.

It must not know scopes. The query lowering builds on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import functions, ir, walk
from ..analyzer.scope import place
from ..errors import Refused
from ..functions.definitions import Macro, named
from ..types import INTEGERS, STAMP, ZONED, Type
from .arithmetic import arithmetic
from .calls import literal
from .carried import NESTED, duck, field_names, has, quoted, text
from .casts import cast
from .comparisons import compared, padded, plain
from .constants import constant
from .subqueries import Subqueries

Handler = Callable[["Expressions", Any], str]


def _moment_in_utc(node: ir.Expr) -> ir.Expr | None:
    """What is shown `AT TIME ZONE 'UTC'`, None for any other expression."""
    if not isinstance(node, ir.Call) or node.signature.name != "at_timezone":
        return None
    moment, zone = node.arguments
    return moment if literal(zone) == "UTC" else None


class Expressions(Subqueries):
    """The expression half of the lowering."""

    def __init__(self) -> None:
        self.columns: dict[tuple[int, int], str] = {}
        self.replaced: list[dict[ir.Expr, str]] = []

    def lower(self, node: ir.Expr) -> str:
        """The text of an expression, an operand as it stands. Raises Refused with the place of the
        node.
        """
        for replaced in reversed(self.replaced):
            found = replaced.get(node)
            if found is not None:
                return found
        handler = HANDLERS[type(node)]
        try:
            return handler(self, node)
        except Refused as refused:
            if not refused.line:
                refused.line, refused.column = place(node.origin)
            raise
        except functions.Refused as refused:
            raise Refused(str(refused), *place(node.origin)) from refused

    # -------------------------------------------------------------- leaves

    def _constant(self, node: ir.Constant) -> str:
        return constant(node)

    def _variable(self, node: ir.Variable) -> str:
        return f"CAST(getvariable({text(node.name)}) AS {duck(node.type)})"

    def _field(self, node: ir.Field) -> str:
        duck(node.type)
        found = self.columns.get((node.relation, node.index))
        if found is None:
            raise Refused("a column is used where DuckDB does not see it")
        return found

    def _parameter(self, node: ir.Parameter) -> str:
        return quoted(node.name)

    def _lambda(self, node: ir.Lambda) -> str:
        names = ", ".join(quoted(p.name) for p in node.parameters)
        return f"lambda {names}: {self.lower(node.body)}"

    def _cast(self, node: ir.Cast) -> str:
        if node.safe and node.value.type.base == "varchar" and node.type.base in INTEGERS:
            return f"trino_try_text_to_{node.type.base}({self.lower(node.value)})"
        moment = _moment_in_utc(node.value)
        is_replaced = any(node.value in replaced for replaced in self.replaced)
        if moment is not None and node.type.base == STAMP and not is_replaced:
            # local time there is the instant itself
            local = Type(STAMP, node.value.type.args)
            done = cast(f"trino_instant_of({self.lower(moment)})", local, node.type)
        else:
            done = cast(self.lower(node.value), node.value.type, node.type)
        return _tried(done) if node.safe else done

    def _case(self, node: ir.Case) -> str:
        duck(node.type)
        whens = " ".join(f"WHEN {self.lower(c)} THEN {self.lower(r)}" for c, r in node.whens)
        return f"(CASE {whens} ELSE {self.lower(node.default)} END)"

    def _field_of(self, node: ir.FieldOf) -> str:
        duck(node.type)
        name = field_names(node.base.type)[node.index]
        return f"({self.lower(node.base)}).{quoted(name)}"

    # -------------------------------------------------------------- operators

    def _operator(self, node: ir.Operator) -> str:
        name, arguments = node.name, node.arguments
        duck(node.type)
        form = OPERATORS.get(name)
        if form is not None:
            return form(self, node)
        values = [self.lower(a) for a in arguments]
        kinds = [a.type for a in arguments]
        if name in "+-*/%":
            return arithmetic(name, values, kinds, node.type)
        for kind in kinds:
            duck(kind)
        if any(_is_null(a) for a in arguments) and not name.startswith("IS"):
            return "CAST(NULL AS BOOLEAN)"
        if name in ("=", "<>"):
            equal = self._equal(arguments[0], arguments[1])
            return equal if name == "=" else f"(NOT {equal})"
        return compared(name, values[0], values[1], kinds[0])

    def _equal(self, left: ir.Expr, right: ir.Expr) -> str:
        """Equality, of rows that the text spells out field by field."""
        if _spells_row(left) and _spells_row(right):
            pairs = zip(walk.parts(left), walk.parts(right), strict=True)
            return f"({' AND '.join(self._equal(a, b) for a, b in pairs)})"
        return compared("=", self.lower(left), self.lower(right), left.type)

    def _logical(self, node: ir.Operator) -> str:
        left, right = (self.lower(a) for a in node.arguments)
        return f"({left} {node.name.upper()} {right})"

    def _not(self, node: ir.Operator) -> str:
        return f"(NOT {self.lower(node.arguments[0])})"

    def _negate(self, node: ir.Operator) -> str:
        return f"(-{self.lower(node.arguments[0])})"

    def _is_null(self, node: ir.Operator) -> str:
        return f"({self.lower(node.arguments[0])} IS NULL)"

    def _between(self, node: ir.Operator) -> str:
        value, low, high = (self.lower(a) for a in node.arguments)
        kind = node.arguments[0].type
        if plain(kind) and kind.base != "char":
            return f"({value} BETWEEN {low} AND {high})"
        return f"({compared('>=', value, low, kind)} AND {compared('<=', value, high, kind)})"

    def _in(self, node: ir.Operator) -> str:
        value, *items = (self.lower(a) for a in node.arguments)
        kind = node.arguments[0].type
        if plain(kind):
            return f"({value} IN ({', '.join(items)}))"
        first, *rest = node.arguments
        return "(" + " OR ".join(self._equal(first, i) for i in rest) + ")"

    def _like(self, node: ir.Operator) -> str:
        value, pattern, *escape = node.arguments
        text_of = self.lower(value)
        if value.type.base == "char":
            text_of = padded(text_of, value.type)
        found = f"{text_of} LIKE {self.lower(pattern)}"
        if not escape:
            return f"({found})"
        if any(_is_null(e) for e in escape):
            return "CAST(NULL AS BOOLEAN)"
        mark, shown = literal(escape[0]), literal(pattern)
        if mark is None or shown is None or len(mark) != 1:
            raise Refused("LIKE with a computed ESCAPE or pattern is not reproduced")
        rest = shown.replace(mark * 2, "")
        if any(c not in (f"{mark}%", f"{mark}_") for c in _escapes(rest, mark)):
            raise Refused("LIKE with an escape before another character is not reproduced")
        return f"({found} ESCAPE {text(mark)})"

    def _array(self, node: ir.Operator) -> str:
        items = ", ".join(self.lower(a) for a in node.arguments)
        carried = duck(node.type)
        if not items or node.type.element.base == "unknown":
            return f"CAST([{items}] AS {carried})"
        return f"[{items}]"

    def _row(self, node: ir.Operator) -> str:
        names = field_names(node.type)
        fields = ", ".join(
            f"{quoted(n)} := {self.lower(a)}" for n, a in zip(names, node.arguments, strict=True)
        )
        return f"struct_pack({fields})"

    def _subscript(self, node: ir.Operator) -> str:
        base, index = node.arguments
        values, at = self.lower(base), self.lower(index)
        if base.type.base == "array":
            return f"({values})[trino_index({values}, {at})]"
        if base.type.children[0].base in NESTED or has(base.type.children[0], ZONED):
            raise Refused(f"a subscript of {base.type} is not reproduced")
        carried = duck(base.type.children[0])
        missing = "CAST('INVALID_FUNCTION_ARGUMENT: Key not present in map' AS INTEGER)"
        failing = f"CAST({missing} AS {carried})"
        if carried not in (
            "VARCHAR",
            "INTEGER",
            "BIGINT",
            "DOUBLE",
            "SMALLINT",
            "TINYINT",
            "FLOAT",
            "BOOLEAN",
        ):
            failing = f"CAST('INVALID_FUNCTION_ARGUMENT: Key not present in map' AS {carried})"
        known = f"map_contains({values}, {at}) OR {at} IS NULL OR {values} IS NULL"
        key = f"CASE WHEN {known} THEN {at} ELSE {failing} END"
        return f"({values})[{key}]"

    def _coalesce(self, node: ir.Operator) -> str:
        return f"coalesce({', '.join(self.lower(a) for a in node.arguments)})"

    def _try(self, node: ir.Operator) -> str:
        return _tried(self.lower(node.arguments[0]))

    def _grouping(self, node: ir.Grouping) -> str:
        raise Refused("grouping() here is not reproduced")


def _tried(sql: str) -> str:
    if _may_refuse(sql, set()):
        raise Refused("TRY around a function that refuses some values is not reproduced")
    return f"TRY({sql})"


def _may_refuse(sql: str, seen: set[str]) -> bool:
    """True where the text may raise a refusal of ours, which TRY would turn into NULL."""
    if "NOT_REPRODUCED" in sql:
        return True
    fresh = named(sql) - seen
    seen |= fresh
    bodies = (functions.DEFINITIONS[n] for n in fresh if n in functions.DEFINITIONS)
    return any(isinstance(d, Macro) and _may_refuse(d.body, seen) for d in bodies)


def _spells_row(node: ir.Expr) -> bool:
    return isinstance(node, ir.Operator) and node.name == "row"


def _is_null(node: ir.Expr) -> bool:
    return isinstance(node, ir.Constant) and node.value is None


def _escapes(pattern: str, mark: str) -> list[str]:
    found, at = [], 0
    while at < len(pattern):
        if pattern[at] == mark:
            found.append(pattern[at : at + 2])
            at += 1
        at += 1
    return found


OPERATORS: dict[str, Handler] = {
    "and": Expressions._logical,
    "or": Expressions._logical,
    "not": Expressions._not,
    "negate": Expressions._negate,
    "is null": Expressions._is_null,
    "between": Expressions._between,
    "in": Expressions._in,
    "like": Expressions._like,
    "array": Expressions._array,
    "row": Expressions._row,
    "subscript": Expressions._subscript,
    "coalesce": Expressions._coalesce,
    "try": Expressions._try,
}
HANDLERS: dict[type[ir.Expr], Handler] = {
    ir.Constant: Expressions._constant,
    ir.Variable: Expressions._variable,
    ir.Field: Expressions._field,
    ir.Parameter: Expressions._parameter,
    ir.Lambda: Expressions._lambda,
    ir.Cast: Expressions._cast,
    ir.Case: Expressions._case,
    ir.FieldOf: Expressions._field_of,
    ir.Call: Expressions.call,
    ir.Operator: Expressions._operator,
    ir.Aggregate: Expressions.aggregated,
    ir.Grouping: Expressions._grouping,
    ir.Window: Expressions.window,
    ir.Subquery: Expressions.subquery,
}
