"""`python -m lakehunt.trino_on_duckdb`: queries as JSON lines in, results as JSON lines out.

It must not know more than the package's root. People and the judge call it.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from sqlglot import exp

from .analyzer.relations import Flavour
from .errors import Refused, TrinoError
from .runner import Runner
from .translation import Translation, translate


def answer(runner: Runner, sql: str, flavour: Flavour) -> dict[str, Any]:
    """The result line of one query: columns and rows, or refused, or error and message."""
    try:
        translation = translate(sql, {}, flavour)
        rows = runner.rows(translation)
        check_order(translation, rows)
    except Refused as refused:
        return {"sql": sql, "refused": str(refused)}
    except TrinoError as error:
        return {"sql": sql, "error": error.code, "message": str(error)}
    return {
        "sql": sql,
        "columns": [[c.name, c.type.client()] for c in translation.columns],
        "rows": rows,
    }


def check_order(translation: Translation, rows: list[list[Any]]) -> None:
    """Refuses rows whose order a reader may take for Trino's: the text orders inside, not at the
    top.
    """
    ordered = translation.analysis.query.order or translation.analysis.tree.find(exp.Order) is None
    if not ordered and any(row != rows[0] for row in rows):
        raise Refused("the rows have no given order: ORDER BY stands inside the query only")


def main() -> None:
    """Answers each line of standard input."""
    parser = argparse.ArgumentParser(prog="python -m lakehunt.trino_on_duckdb")
    parser.add_argument(
        "--flavour", choices=[f.value for f in Flavour], default=Flavour.TRINO.value
    )
    flavour = Flavour(parser.parse_args().flavour)
    runner = Runner()
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            result = answer(runner, _query(line, number), flavour)
            sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


def _query(line: str, number: int) -> str:
    try:
        sql = json.loads(line)["sql"]
    except (ValueError, KeyError, TypeError):
        sql = None
    if not isinstance(sql, str):
        sys.exit(f'line {number}: expected {{"sql": "SELECT ..."}}')
    return sql


if __name__ == "__main__":
    main()
