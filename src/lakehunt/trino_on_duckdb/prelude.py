"""What a DuckDB connection needs before lowered SQL runs on it: settings, SQL macros, Python
functions.

It must not know the analyzer or the lowering. The runner calls `install` with the text that it
is about to run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import duckdb
from duckdb.func import FunctionNullHandling

from lakehunt.trino_on_duckdb.functions import DEFINITIONS
from lakehunt.trino_on_duckdb.functions.definitions import Macro, Python, TrinoError, named

FLOATS = ("DOUBLE", "FLOAT")
SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET integer_division = false",
    "SET ieee_floating_point_ops = true",
)


@dataclass(slots=True)
class Prelude:
    """What one connection has been given so far: `need` adds the definitions that a text names,
    each once."""

    connection: duckdb.DuckDBPyConnection
    installed: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for statement in SETTINGS:
            self.connection.execute(statement)

    def need(self, sql: str) -> None:
        """Installs the macros and functions named in `sql`, and those that these name."""
        for name in sorted(named(sql) & DEFINITIONS.keys() - self.installed):
            if name in self.installed:
                continue
            self.installed.add(name)
            definition = DEFINITIONS[name]
            if isinstance(definition, Macro):
                self.need(definition.body)
                self.connection.execute(definition.statement)
            else:
                _register(self.connection, definition, self.unread)


def install(connection: duckdb.DuckDBPyConnection, sql: str | None = None) -> Prelude:
    """A connection's prelude with what `sql` names installed, or with everything where it is None.

    Keep what it returns and call its `need` before each further statement.
    """
    prelude = Prelude(connection)
    prelude.need(" ".join(DEFINITIONS) if sql is None else sql)
    return prelude


def _register(connection: duckdb.DuckDBPyConnection, function: Python, unread: list[str]) -> None:
    parameters = [duckdb.dtype(name) for name in function.parameters]
    call, name, returns = _watched(function.call, unread), function.name, function.returns
    if returns in FLOATS:
        call, name, returns = _as_text(call), f"{name}_as_text", "VARCHAR"
    if not function.nulls:
        call = _null_on_null(call, len(parameters))
    # DuckDB's stub lists the results a function may have; ours are objects by their table.
    create = cast(Callable[..., object], connection.create_function)
    special = FunctionNullHandling.SPECIAL
    # Functions belong to the database: another connection to it may have made this one already.
    with contextlib.suppress(duckdb.CatalogException):
        create(name, call, parameters, duckdb.dtype(returns), null_handling=special)
    if returns != function.returns:
        # DuckDB takes a NaN from Python for NULL, so floating-point results come as text.
        names = ", ".join("abcd"[: len(parameters)])
        body = f"CAST({name}({names}) AS {function.returns})"
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {function.name}({names}) AS {body}")


def _watched(call: Callable[..., object], unread: list[str]) -> Callable[..., object]:
    """`call` that notes in `unread` what it does not reproduce, since TRY would hide the error."""

    def watched(*arguments: object) -> object:
        try:
            return call(*arguments)
        except TrinoError as error:
            if str(error).startswith("NOT_REPRODUCED"):
                unread.append(str(error))
            raise

    return watched


def _as_text(call: Callable[..., object]) -> Callable[..., object]:
    def shown(*arguments: object) -> object:
        result = call(*arguments)
        return None if result is None else repr(result)

    return shown


def _null_on_null(call: Callable[..., object], count: int) -> Callable[..., object]:
    """`call` that answers None where an argument is None.

    There is one form per count of arguments, because DuckDB reads the parameters of a function.
    """
    forms: tuple[Callable[..., object], ...] = (
        lambda a: None if a is None else call(a),
        lambda a, b: None if a is None or b is None else call(a, b),
        lambda a, b, c: None if a is None or b is None or c is None else call(a, b, c),
        lambda a, b, c, d: None if None in (a, b, c, d) else call(a, b, c, d),
    )
    return forms[count - 1]
