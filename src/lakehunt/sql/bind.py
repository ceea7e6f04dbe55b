"""Puts values in place of `:name`, as typed literals in the tree.

Knows parameter types, not tables. Text from a user can never become SQL here.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from sqlglot import exp

from lakehunt.errors import SqlError, UsageError, nearest
from lakehunt.model import Param, Scalar, Value, ValueType, Window
from lakehunt.times import read_value

# Under these a literal would be an ordinal, a name or an alias, no value.
_NO_VALUE = (exp.Table, exp.From, exp.Ordered, exp.Group, exp.TableAlias, exp.Alias, exp.Dot)
WINDOW_NAMES = ("since", "until")
_TYPES = {
    ValueType.TEXT: "varchar",
    ValueType.INTEGER: "bigint",
    ValueType.DOUBLE: "double",
    ValueType.BOOLEAN: "boolean",
    ValueType.TIMESTAMP: "timestamp(3)",
    ValueType.DATE: "date",
    ValueType.INTERVAL: "interval day to second",
}


def read_params(
    params: Mapping[str, Param], given: Mapping[str, str | list[str]]
) -> dict[str, Value]:
    """Return the value of every declared parameter: what is given, else its default.

    Raises:
        UsageError: a name is not declared, a value is missing or does not fit its type.
    """
    for name in given:
        if name not in params:
            near = nearest(name, params)
            known = ", ".join(params) or "none"
            hint = f"did you mean {near}?" if near else f"this query takes: {known}"
            raise UsageError(f"-p {name}: no such parameter; {hint}")
    values: dict[str, Value] = {}
    for name, param in params.items():
        if name in given:
            try:
                values[name] = read_value(param.type, given[name])
            except ValueError as error:
                raise UsageError(f"-p {name}: {error}") from error
        elif param.has_default:
            values[name] = param.default
        else:
            what = f"needs -p {name}=VALUE ({param.type}): {param.help}"
            raise UsageError(what)
    return values


def bind(
    tree: exp.Query,
    window: Window | None,
    params: Mapping[str, Param] | None = None,
    values: Mapping[str, Value] | None = None,
) -> exp.Query:
    """Return a copy of the tree with every placeholder replaced by a typed literal.

    `:since` and `:until` are `timestamp(3)` literals of the window; without one they stay. A list
    expands where it stands; an empty one makes IN false and NOT IN true.

    Raises:
        SqlError: a placeholder without a value, or one where no value can stand.
    """
    bound: exp.Query = tree.copy()
    known: dict[str, tuple[ValueType, Value]] = {}
    if window is not None:
        moments = zip(WINDOW_NAMES, (window.since, window.until), strict=True)
        known = {name: (ValueType.TIMESTAMP, moment) for name, moment in moments}
    for name, value in (values or {}).items():
        known[name] = ((params or {})[name].type, value)
    for hole in [*bound.find_all(exp.Placeholder)]:
        if window is None and hole.name in WINDOW_NAMES:
            continue
        if hole.name not in known:
            near = nearest(hole.name, known)
            hint = f"did you mean :{near}?" if near else "declare it under `params:`"
            raise SqlError(f":{hole.name}: no such parameter; {hint}")
        _fill(hole, *known[hole.name])
    return bound


def _fill(hole: exp.Placeholder, type_: ValueType, value: Value) -> None:
    parent = hole.parent
    if isinstance(parent, _NO_VALUE) and not (
        isinstance(parent, exp.Alias) and hole is parent.this
    ):
        raise SqlError(f":{hole.name}: no value can stand here")
    if not type_.is_list:
        assert not isinstance(value, tuple)
        hole.replace(literal(type_, value))
        return
    assert isinstance(value, tuple)
    if not isinstance(parent, exp.In | exp.Array) or hole.arg_key != "expressions":
        raise SqlError(f":{hole.name} is a list: it can stand in IN (...) or ARRAY[...] only")
    if not value and len(parent.expressions) == 1:
        empty = exp.false() if isinstance(parent, exp.In) else _empty_array(type_.element)
        parent.replace(empty)
        return
    index = hole.index or 0
    items = [literal(type_.element, item) for item in value]
    parent.set(
        "expressions", [*parent.expressions[:index], *items, *parent.expressions[index + 1 :]]
    )


def _empty_array(element: ValueType) -> exp.Expr:
    return _cast(exp.Array(expressions=[]), element, "array({})")


def literal(type_: ValueType, value: Scalar | None) -> exp.Expr:
    """Return a value as a typed literal: text quoted, numbers bare, times cast."""
    if isinstance(value, str):
        return exp.Literal.string(value)
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, timedelta):
        seconds = exp.Literal.string(str(int(value.total_seconds())))
        return exp.Interval(this=seconds, unit=exp.var("SECOND"))
    return _cast(exp.null(), type_) if value is None else _calendar(value)


def _calendar(value: date) -> exp.Expr:
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        milliseconds = exp.Literal.string(f"{text}.{value.microsecond // 1000:03d}")
        return exp.Introducer(this=exp.var("TIMESTAMP"), expression=milliseconds)
    day = exp.Literal.string(value.isoformat())
    return exp.Introducer(this=exp.var("DATE"), expression=day)


def _cast(value: exp.Expr, type_: ValueType, wrapped: str = "{}") -> exp.Expr:
    # the type as text, as the grammar leaves it
    to = exp.DataType(this=exp.DType.USERDEFINED, kind=wrapped.format(_TYPES[type_]))
    return exp.Cast(this=value, to=to)


def _number(value: float) -> exp.Expr:
    # an exponent makes it a double; 0.5 alone would be a decimal in Athena
    text = str(abs(value)) if isinstance(value, int) else f"{abs(value):.17e}"
    number = exp.Literal.number(text)
    negative = value < 0 or (isinstance(value, float) and math.copysign(1, value) < 0)
    return exp.paren(exp.Neg(this=number)) if negative else number
