"""Typed queries as DuckDB text: FROM, grouping, set operations.

It must not know scopes. `lower` is the lowering's door.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .. import ir, walk
from ..analysis import Analysis
from ..errors import Refused
from ..functions.definitions import fails
from ..types import BIGINT, ZONED, Type
from .carried import duck, field_names, has, quoted, unique_names
from .casts import cast
from .comparisons import groups_plainly, ordering
from .expressions import Expressions


def lower(analysis: Analysis) -> str:
    """DuckDB's text of an analyzed query: the same rows, columns in the same order.

    Raises Refused, with the reason and the place, where that is not known to hold.
    """
    lowering = Queries()
    for column in analysis.columns:
        duck(column.type)
    return lowering.query_text(analysis.query)


DEPTH = "depth@"
MOST_DEPTH = 10
"""The depth at which Trino gives up by default (property max_recursion_depth)."""


class Queries(Expressions):
    """The query half of the lowering."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases: set[str] = set()

    def alias(self, wanted: str) -> str:
        """A relation's name that no other relation of the statement has."""
        found = next(n for n in _numbered(wanted.lower()) if n not in self.aliases)
        self.aliases.add(found)
        return quoted(found)

    def query_text(self, query: ir.Query) -> str:
        """The query with its WITH; its columns are named by `names`."""
        ctes = []
        recursive = any(isinstance(shared, ir.Recursive) for _, shared in query.ctes)
        for name, shared in query.ctes:
            if isinstance(shared, ir.Recursive):
                ctes.append(self._recursive(shared))
                continue
            columns = ", ".join(quoted(n) for n in names(shared))
            ctes.append(f"{quoted(name)}({columns}) AS ({self.query_text(shared)})")
        body = self._body(query)
        word = "WITH RECURSIVE" if recursive else "WITH"
        return f"{word} {', '.join(ctes)} {body}" if ctes else body

    def _recursive(self, query: ir.Recursive) -> str:
        """A recursive query that counts its depth, because Trino stops at a depth and raises."""
        step = query.step
        around = walk.relations(step.source) if step.source is not None else ()
        own = [r for r in around if isinstance(r, ir.Derived) and r.shared == query.name]
        if len(own) != 1 or step.limit is not None or step.offset is not None or step.ctes:
            raise Refused("this form of WITH RECURSIVE is not reproduced")
        depth = ir.Field(BIGINT, own[0].id, len(query.columns), DEPTH)
        deeper = ir.Operator(BIGINT, "+", (depth, ir.Constant(BIGINT, 1)))
        outputs = (*step.outputs, ir.Output(DEPTH, deeper))
        columns = (*query.columns, ir.Column(DEPTH, BIGINT))
        counted = self.query_text(replace(step, outputs=outputs, columns=columns))
        listed = ", ".join(quoted(n) for n in (*names(query), DEPTH))
        base, alias = self.alias("base"), self.alias("step")
        too_deep = fails("NOT_REPRODUCED", "recursion as deep as the limit of Trino", "BOOLEAN")
        test = f"CASE WHEN {alias}.{quoted(DEPTH)} >= {MOST_DEPTH} THEN {too_deep} ELSE TRUE END"
        return (
            f"{quoted(query.name)}({listed}) AS (SELECT {base}.*, CAST(0 AS BIGINT) "
            f"FROM ({self.query_text(query.base)}) AS {base} UNION ALL "
            f"SELECT * FROM ({counted}) AS {alias}({listed}) WHERE {test})"
        )

    def _body(self, query: ir.Query) -> str:
        if isinstance(query, ir.Select):
            return self._select(query)
        if isinstance(query, ir.Rows):
            return self._rows(query)
        if isinstance(query, ir.SetOperation):
            return self._set_operation(query)
        assert isinstance(query, ir.Wrapped)
        return self._outer(query, f"({self.query_text(query.query)})", query.id)

    # -------------------------------------------------------------- SELECT

    def _select(self, query: ir.Select) -> str:
        source = f" FROM {self._relation(query.source)}" if query.source is not None else ""
        where = f" WHERE {self.lower(query.where)}" if query.where is not None else ""
        if query.sets is not None:
            source, where = self._aggregated(query, source, where)
        try:
            return self._projected(query, source, where)
        finally:
            if query.sets is not None:
                self.replaced.pop()

    def _projected(self, query: ir.Select, source: str, where: str) -> str:
        values = [o.value for o in query.outputs]
        if query.distinct and any(not groups_plainly(v.type) for v in values):
            raise Refused("DISTINCT over values with a time zone or maps is not reproduced")
        shown = ", ".join(
            f"{self.lower(v)} AS {quoted(n)}" for v, n in zip(values, names(query), strict=True)
        )
        head = "SELECT DISTINCT" if query.distinct else "SELECT"
        order = self._output_order(query.order, values)
        if query.ties:
            return self._tied(query, f"{shown}", f"{source}{where}")
        return f"{head} {shown}{source}{where}{order}{_limits(query)}"

    def _tied(self, query: ir.Select, shown: str, rest: str) -> str:
        """The rows whose rank is within the limit, in the order of the rank."""
        if query.offset is not None or query.distinct:
            raise Refused("WITH TIES beside OFFSET or DISTINCT is not reproduced")
        alias = self.alias("ranked")
        rank = f'rank() OVER ({self.order_by(query.order)}) AS "rank@"'
        listed = ", ".join(f"{alias}.{quoted(n)}" for n in names(query))
        test = f'{alias}."rank@" <= {query.limit} ORDER BY {alias}."rank@"'
        return f"SELECT {listed} FROM (SELECT {shown}, {rank}{rest}) AS {alias} WHERE {test}"

    def _output_order(self, keys: Sequence[ir.SortKey], values: Sequence[ir.Expr]) -> str:
        shown = []
        for key in keys:
            if isinstance(key.value, ir.Constant):
                continue
            plainly = key.value in values and ordering("x", key.value.type) == "x"
            by = (
                str(values.index(key.value) + 1)
                if plainly
                else ordering(self.lower(key.value), key.value.type)
            )
            direction = "DESC" if key.descending else "ASC"
            shown.append(f"{by} {direction} NULLS {'FIRST' if key.nulls_first else 'LAST'}")
        return f" ORDER BY {', '.join(shown)}" if shown else ""

    def _aggregated(self, query: ir.Select, source: str, where: str) -> tuple[str, str]:
        """The grouped query as a new source; keys and aggregates become its columns."""
        assert query.sets is not None
        alias = self.alias("grouped")
        shown: list[str] = []
        replaced: dict[ir.Expr, str] = {}
        keys = []
        for at, key in enumerate(query.keys):
            value = self.lower(key)
            keys.append(value)
            column = quoted(f"k{at}")
            if has(key.type, "map", "char") or (has(key.type, ZONED) and key.type.base != ZONED):
                raise Refused(f"GROUP BY {key.type} is not reproduced")
            picked = f"any_value({value})" if key.type.base == ZONED else value
            shown.append(f"{picked} AS {column}")
            replaced[key] = f"{alias}.{column}"
        if any(key.type.base == ZONED for key in query.keys) and query.sets != (
            tuple(range(len(keys))),
        ):
            raise Refused("grouping sets over values with a time zone are not reproduced")
        for at, found in enumerate(_distinct(self._grouped_parts(query))):
            column = quoted(f"a{at}")
            shown.append(f"{self._grouped_value(found, keys, query)} AS {column}")
            replaced[found] = f"{alias}.{column}"
        inner = (
            f"SELECT {', '.join(shown) or '1 AS one'}{source}{where}{self._group_by(query, keys)}"
        )
        self.replaced.append(replaced)
        having = f" WHERE {self.lower(query.having)}" if query.having is not None else ""
        return f" FROM ({inner}) AS {alias}", having

    def _grouped_parts(self, query: ir.Select) -> Iterator[ir.Expr]:
        after = [o.value for o in query.outputs] + [k.value for k in query.order]
        for value in (*after, *((query.having,) if query.having is not None else ())):
            for found in walk.below(value):
                if isinstance(found, ir.Window):
                    continue
                if isinstance(found, (ir.Aggregate, ir.Grouping)):
                    yield found

    def _grouped_value(self, node: ir.Expr, keys: list[str], query: ir.Select) -> str:
        if isinstance(node, ir.Grouping):
            shown = ", ".join(keys[query.keys.index(a)] for a in node.arguments)
            if query.sets is not None and len(query.sets) == 1:
                return "0"
            return f"CAST(grouping({shown}) AS {duck(node.type)})"
        return self.lower(node)

    def _group_by(self, query: ir.Select, keys: list[str]) -> str:
        assert query.sets is not None
        places = [
            ordering(value, key.type) if key.type.base == ZONED else str(at + 1)
            for at, (value, key) in enumerate(zip(keys, query.keys, strict=True))
        ]
        if query.sets == ((),):
            return "" if any(True for _ in self._grouped_parts(query)) else " GROUP BY ()"
        if len(query.sets) == 1:
            return f" GROUP BY {', '.join(places[k] for k in query.sets[0])}"
        sets = ", ".join(f"({', '.join(places[k] for k in s)})" for s in query.sets)
        return f" GROUP BY GROUPING SETS ({sets})"

    # -------------------------------------------------------------- other queries

    def _rows(self, query: ir.Rows) -> str:
        rows = ", ".join(f"({', '.join(self.lower(v) for v in r)})" for r in query.rows)
        alias = self.alias("rows")
        columns = ", ".join(quoted(n) for n in names(query))
        return f"SELECT * FROM (VALUES {rows}) AS {alias}({columns})"

    def _set_operation(self, query: ir.SetOperation) -> str:
        kinds = [c.type for c in query.columns]
        if (query.distinct or query.kind != "UNION") and any(not groups_plainly(k) for k in kinds):
            raise Refused(f"{query.kind} over values with a time zone or maps is not reproduced")
        left, right = (self._as(side, kinds) for side in (query.left, query.right))
        word = query.kind if query.distinct else f"{query.kind} ALL"
        body = f"({left}) {word} ({right})"
        if not (query.order or query.limit is not None or query.offset is not None):
            return body
        return self._outer(query, f"({body})", query.id)

    def _as(self, query: ir.Query, kinds: Sequence[Type]) -> str:
        """The query with its columns cast to the types."""
        body = self.query_text(query)
        columns = names(query)
        alias = self.alias("side")
        shown = [
            cast(f"{alias}.{quoted(n)}", c.type, k)
            for n, c, k in zip(columns, query.columns, kinds, strict=True)
        ]
        if all(s == f"{alias}.{quoted(n)}" for s, n in zip(shown, columns, strict=True)):
            return body
        listed = ", ".join(f"{s} AS {quoted(n)}" for s, n in zip(shown, columns, strict=True))
        return f"SELECT {listed} FROM ({body}) AS {alias}"

    def _outer(self, query: ir.Query, body: str, number: int) -> str:
        """`SELECT * FROM body` with the query's order and limit."""
        if query.ties:
            raise Refused("WITH TIES behind a set operation is not reproduced")
        alias = self.alias("q")
        columns = names(query)
        for at, name in enumerate(columns):
            self.columns[number, at] = f"{alias}.{quoted(name)}"
        order = f" {self.order_by(query.order)}" if query.order else ""
        listed = ", ".join(quoted(n) for n in columns)
        return f"SELECT * FROM {body} AS {alias}({listed}){order.rstrip()}{_limits(query)}"

    # -------------------------------------------------------------- FROM

    def _relation(self, relation: ir.Relation) -> str:
        if isinstance(relation, ir.Join):
            return self._join(relation)
        if isinstance(relation, ir.Scan):
            return self._scan(relation)
        if isinstance(relation, ir.Derived):
            return self._derived(relation)
        if isinstance(relation, ir.Unnest):
            return self._unnest(relation)
        assert isinstance(relation, ir.Sampled)
        return self._sampled(relation)

    def _sampled(self, relation: ir.Sampled) -> str:
        percent = relation.percent
        if relation.method != "BERNOULLI" or not isinstance(percent, ir.Constant):
            raise Refused("TABLESAMPLE SYSTEM is not reproduced")
        if isinstance(relation.base, (ir.Join, ir.Unnest)):
            raise Refused("TABLESAMPLE of this relation is not reproduced")
        return f"{self._relation(relation.base)} TABLESAMPLE bernoulli({percent.value!s}%)"

    def _scan(self, relation: ir.Scan) -> str:
        alias = self.alias(relation.alias or "table")
        for at, column in enumerate(relation.columns):
            self.columns[relation.id, at] = f"{alias}.{quoted(column.name or '')}"
        return f"{'.'.join(map(quoted, relation.table))} AS {alias}"

    def _derived(self, relation: ir.Derived) -> str:
        alias = self.alias(relation.alias or "derived")
        columns = unique_names((c.name for c in relation.columns), "_col")
        for at, name in enumerate(columns):
            self.columns[relation.id, at] = f"{alias}.{quoted(name)}"
        listed = ", ".join(map(quoted, columns))
        if relation.shared is not None:
            self.columns[relation.id, len(columns)] = f"{alias}.{quoted(DEPTH)}"
            return f"{quoted(relation.shared)} AS {alias}({listed})"
        lateral = "LATERAL " if relation.lateral else ""
        if lateral and (relation.query.limit is not None or relation.query.offset is not None):
            raise Refused(
                "LATERAL with LIMIT is not reproduced: DuckDB gives the rows in another order"
            )
        return f"{lateral}({self.query_text(relation.query)}) AS {alias}({listed})"

    def _join(self, relation: ir.Join) -> str:
        left = self._relation(relation.left)
        right = self._relation(relation.right)
        if isinstance(relation.right, ir.Join):
            right = f"({right})"
        if relation.kind == "CROSS":
            return f"{left} CROSS JOIN {right}"
        test = self.lower(relation.condition) if relation.condition is not None else "TRUE"
        return f"{left} {relation.kind} JOIN {right} ON {test}"

    def _unnest(self, relation: ir.Unnest) -> str:
        alias = self.alias(relation.alias or "unnest")
        columns = unique_names((c.name for c in relation.columns), "_col")
        for at, name in enumerate(columns):
            self.columns[relation.id, at] = f"{alias}.{quoted(name)}"
        for offered in relation.columns:
            duck(offered.type)
        inner: list[str] = []
        outer: list[str] = []
        lengths: list[str] = []
        for argument, spread in zip(relation.arguments, relation.spread, strict=True):
            value, is_map = self.lower(argument), argument.type.base == "map"
            lengths.append(f"coalesce(len({f'map_keys({value})' if is_map else value}), 0)")
            for part in (
                (f"map_keys({value})", f"map_values({value})")
                if argument.type.base == "map"
                else (value,)
            ):
                column = f"u{len(inner)}"
                inner.append(f"unnest({part}) AS {column}")
                outer += _spread(column, argument.type.element) if spread else [column]
        if relation.ordinality:
            size = lengths[0] if len(lengths) == 1 else f"greatest({', '.join(lengths)})"
            outer.append(f"u{len(inner)}")
            inner.append(f"unnest(range(1, {size} + 1)) AS u{len(inner)}")
        listed = ", ".join(map(quoted, columns))
        body = f"SELECT {', '.join(inner)}"
        if any(relation.spread):
            body = f"SELECT {', '.join(outer)} FROM ({body})"
        return f"LATERAL ({body}) AS {alias}({listed})"


def names(query: ir.Query) -> list[str]:
    """The names of a lowered query's columns, each once."""
    return unique_names((c.name for c in query.columns), "_col")


def _numbered(word: str) -> Iterator[str]:
    yield word
    number = 1
    while True:
        yield f"{word}_{number}"
        number += 1


def _spread(column: str, kind: Type) -> list[str]:
    return [f"{column}.{quoted(n)}" for n in field_names(kind)]


def _distinct(values: Iterator[ir.Expr]) -> list[ir.Expr]:
    return list(dict.fromkeys(values))


def _limits(query: ir.Query) -> str:
    limit = f" LIMIT {query.limit}" if query.limit is not None else ""
    return limit + (f" OFFSET {query.offset}" if query.offset is not None else "")
