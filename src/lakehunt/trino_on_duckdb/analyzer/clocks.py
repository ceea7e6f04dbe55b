"""EXTRACT, AT TIME ZONE and the current time.

It must not know calendars. The analyzer of calls builds on it.
"""

from __future__ import annotations

from sqlglot import exp

from .. import ir
from ..errors import Refused, TrinoError
from ..types import (
    DAY_TIME,
    STAMP,
    ZONED,
    Type,
    varchar,
)
from .resolution import Resolution
from .scope import Scope, fail, place


class Clocks(Resolution):
    """The forms of dates and times."""

    def extract(self, node: exp.Extract, scope: Scope) -> ir.Expr:
        """`EXTRACT(field FROM value)` is the function of the field's name."""
        value = self.analyze(node.expression, scope)
        name = node.this.name.lower()
        if name.startswith("timezone") and not value.type.base.endswith("with time zone"):
            raise fail("TYPE_MISMATCH", f"Cannot extract {name.upper()} from {value.type}", node)
        try:
            return self.call(name, [value], node)
        except TrinoError as error:
            raise fail(
                "TYPE_MISMATCH", f"Cannot extract {name.upper()} from {value.type}", node
            ) from error

    def at_time_zone(self, node: exp.AtTimeZone, scope: Scope) -> ir.Expr:
        """`value AT TIME ZONE zone` is at_timezone."""
        value = self.analyze(node.this, scope)
        zone = self.analyze(node.args["zone"], scope)
        if value.type.base.startswith("time") and not value.type.base.startswith(STAMP):
            raise Refused("AT TIME ZONE of a time is not reproduced", *place(node))
        if value.type.base not in (STAMP, ZONED):
            raise fail(
                "TYPE_MISMATCH",
                f"Type of value must be a time or timestamp with or without time zone "
                f"(actual {value.type})",
                node,
            )
        if zone.type == DAY_TIME:
            zone = offset_zone(zone, node)
        if zone.type.base != "varchar":
            raise fail(
                "TYPE_MISMATCH",
                f"Type of value must be varchar or interval (actual {zone.type})",
                node,
            )
        if value.type.base == STAMP:
            value = self.coerce(value, Type(ZONED, value.type.args))
        return self.call("at_timezone", [value, zone], node)

    def clock(self, node: exp.Expression, scope: Scope) -> ir.Expr:
        """CURRENT_TIMESTAMP and its kin."""
        if isinstance(node, exp.CurrentDate):
            return self.call("current_date", [], node)
        if isinstance(node, (exp.CurrentTime, exp.Localtime)):
            raise Refused("the current time of day is not reproduced", *place(node))
        size = int(node.this.this) if node.args.get("this") is not None else 3
        now = self.call("now", [], node)
        base = ZONED if isinstance(node, exp.CurrentTimestamp) else STAMP
        target = Type(base, (size,))
        return now if now.type == target else ir.Cast(target, now, False, True)


def offset_zone(zone: ir.Expr, node: exp.Expression) -> ir.Expr:
    """An interval as the name of a zone: `+03:04`."""
    if not isinstance(zone, ir.Constant) or not isinstance(zone.value, int) or zone.value % 60000:
        raise Refused("AT TIME ZONE with a computed interval is not reproduced", *place(node))
    minutes = zone.value // 60000
    text = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return ir.Constant(varchar(len(text)), text)
