"""Window functions: places, ranks and neighbours in a window.

It must not know frames; the lowering writes the OVER clause where the mark stands.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition, fails
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, Refused, table

TABLE: tuple[tuple[str, str, str], ...] = (
    ("row_number", "", "row_number()$after"),
    ("rank", "", "rank()$after"),
    ("dense_rank", "", "dense_rank()$after"),
    ("percent_rank", "", "percent_rank()$after"),
    ("cume_dist", "", "cume_dist()$after"),
    ("first_value", "t", "first_value($1$nulls)$after"),
    ("last_value", "t", "last_value($1$nulls)$after"),
    ("lag", "t", "lag($1$nulls)$after"),
    ("lead", "t", "lead($1$nulls)$after"),
)


def _counted(name: str, position: int, least: int, message: str) -> Choose:
    """A function with a count among its arguments, which must be a literal of at least `least`."""

    def choose(call: Call) -> str:
        literal = call.arguments[position].literal
        if literal is None or not literal.lstrip("-").isdigit():
            raise Refused(f"{name} with a computed count")
        if int(literal) < least:
            error = fails("INVALID_FUNCTION_ARGUMENT", message, call.duckdb or "BIGINT")
            # The clauses are named, so that the call is not refused for them.
            return f"{error} /*$nulls$after*/"
        return f"{name}($*$nulls)$after"

    return choose


OFFSET, NTH = "Offset must be at least 0", "Offset must be at least 1"
ENTRIES: tuple[Entry, ...] = (
    *table(How.NATIVE, TABLE),
    Entry(
        "ntile", ("bigint",), How.NATIVE, choose=_counted("ntile", 0, 1, "Buckets must be positive")
    ),
    Entry("nth_value", ("t", "bigint"), How.NATIVE, choose=_counted("nth_value", 1, 1, NTH)),
    Entry("lag", ("t", "bigint"), How.NATIVE, choose=_counted("lag", 1, 0, OFFSET)),
    Entry("lag", ("t", "bigint", "t"), How.NATIVE, choose=_counted("lag", 1, 0, OFFSET)),
    Entry("lead", ("t", "bigint"), How.NATIVE, choose=_counted("lead", 1, 0, OFFSET)),
    Entry("lead", ("t", "bigint", "t"), How.NATIVE, choose=_counted("lead", 1, 0, OFFSET)),
)
DEFINITIONS: tuple[Definition, ...] = ()
