"""Turns a Trino query tree into DuckDB's text, or refuses it by name.

Knows which forms both engines read alike; every other node is refused. Names only, no types.
"""

from sqlglot import exp

from lakehunt.errors import Refused, nearest
from lakehunt.trino_on_duckdb.functions import FUNCTIONS

_ALIKE = (
    exp.Add, exp.Alias, exp.And, exp.Array, exp.Between, exp.Boolean, exp.CTE, exp.Case,
    exp.Column, exp.DPipe, exp.DataType, exp.DataTypeParam, exp.Distinct, exp.Dot, exp.EQ,
    exp.Escape, exp.Except, exp.Exists, exp.Filter, exp.From, exp.GT, exp.GTE, exp.Group,
    exp.Having, exp.Identifier, exp.If, exp.In, exp.Intersect, exp.Interval, exp.Is, exp.Join,
    exp.LT, exp.LTE, exp.Lambda, exp.Like, exp.Limit, exp.Mul, exp.NEQ, exp.Neg, exp.Not, exp.Null,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Offset, exp.Or, exp.Order, exp.Ordered, exp.Paren,
    exp.Select, exp.Star, exp.Sub, exp.Subquery, exp.Table, exp.TableAlias, exp.Tuple, exp.Union,
    exp.Values, exp.Var, exp.Where, exp.Window, exp.WindowSpec, exp.With,
)  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)
_CAST_TYPES = (
    exp.DataType.Type.BOOLEAN,
    exp.DataType.Type.DATE,
    exp.DataType.Type.DOUBLE,
)


def translate(tree: exp.Query) -> str:
    """Return the query in DuckDB's SQL, with Trino's output names.

    Args:
        tree: a query of Trino's dialect in which calls are kept by name (`exp.Anonymous`).

    Raises:
        Refused: names the function or form that DuckDB would not answer alike.
    """
    query: exp.Query = tree.copy()
    _name_outputs(query)
    # children first, so that a call is built of lowered arguments
    for node in reversed([*query.walk(bfs=False)]):
        lowered = _lower(node)
        if lowered is not node:
            node.replace(lowered)
    return query.sql("duckdb", normalize_functions=False)


def _name_outputs(query: exp.Query) -> None:
    """Give unnamed outputs Trino's names (`_col0`), and unquoted ones lower case."""
    for select in query.find_all(exp.Select):
        if not isinstance(select.parent, exp.In | exp.Exists | exp.Union):
            select.set("expressions", [_named(s, i) for i, s in enumerate(select.selects)])


def _named(item: exp.Expr, index: int) -> exp.Expr:
    if isinstance(item, exp.Alias):
        identifier = item.args["alias"]
        if not identifier.quoted:
            identifier.set("this", identifier.name.lower())
        return item
    if isinstance(item, exp.Column | exp.Dot):
        if isinstance(item.this, exp.Star) or isinstance(item.expression, exp.Star):
            return item
        return exp.alias_(item, item.name.lower(), quoted=True)
    return item if isinstance(item, exp.Star) else exp.alias_(item, f"_col{index}")


def _lower(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous):
        return _lower_call(node)
    if isinstance(node, exp.Cast):
        return _lower_cast(node)
    if isinstance(node, exp.AtTimeZone):
        if node.args["zone"].name != "UTC":
            raise Refused("AT TIME ZONE other than 'UTC'")
        return node
    if isinstance(node, exp.Trim):
        return _lower_trim(node)
    if isinstance(node, exp.Literal):
        if not node.is_string and not node.name.isdigit() and "e" not in node.name.lower():
            raise Refused(f"the decimal {node.name}: write a double, such as {node.name}e0")
        return node
    if not isinstance(node, _ALIKE):
        raise Refused(f"{type(node).__name__} is not reproduced locally: `{node.sql('trino')}`")
    return node


def _lower_call(call: exp.Anonymous) -> exp.Expr:
    name = call.name.lower()
    function = FUNCTIONS.get(name)
    if function is None:
        near = nearest(name, FUNCTIONS)
        hint = f"; nearest that is: {near}" if near else ""
        raise Refused(f"the function {name} is not reproduced locally yet{hint}")
    if not function.least <= len(call.expressions) <= function.most:
        raise Refused(f"{name} with {len(call.expressions)} arguments")
    arguments = [argument.copy() for argument in call.expressions]
    if function.build is not None:
        return function.build(*arguments)
    return exp.Anonymous(this=function.name, expressions=arguments)


def _lower_cast(cast: exp.Cast) -> exp.Expr:
    to, value = cast.to, cast.this
    if to.is_type(exp.DataType.Type.BIGINT, exp.DataType.Type.INT):
        kind = "trino_try_bigint" if isinstance(cast, exp.TryCast) else "trino_bigint"
        return exp.Anonymous(this=kind, expressions=[value])
    if to.is_type(exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT) and not to.expressions:
        known = isinstance(value, exp.Null)
        return cast if known else exp.Anonymous(this="trino_varchar", expressions=[value])
    if to.is_type(exp.DataType.Type.TIMESTAMP):
        # finer than a millisecond does not occur: every timestamp here is timestamp(3)
        return type(cast)(this=value, to=exp.DataType.build("timestamp", dialect="duckdb"))
    if to.is_type(exp.DataType.Type.JSON) and isinstance(value, exp.Anonymous):
        return exp.Anonymous(this="to_json", expressions=[value])
    _check_cast(cast)
    return cast


def _check_cast(cast: exp.Cast) -> None:
    to = cast.to
    if to.is_type(exp.DataType.Type.ARRAY) and isinstance(cast.this, exp.Array):
        return
    if to.is_type(exp.DataType.Type.DATE) and not isinstance(cast.parent, _COMPARISONS):
        raise Refused("a date outside a comparison is not reproduced locally yet")
    if not to.is_type(*_CAST_TYPES):
        raise Refused(f"a cast to {to.sql('trino').lower()} is not reproduced locally yet")


def _lower_trim(trim: exp.Trim) -> exp.Expr:
    if trim.expression or trim.args.get("position"):
        raise Refused("trim with characters of its own is not reproduced locally yet")
    return exp.Anonymous(this="trim", expressions=[trim.this])
