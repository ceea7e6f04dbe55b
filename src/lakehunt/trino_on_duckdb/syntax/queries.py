"""Queries of Trino's grammar to sqlglot nodes.

It must not know types or names in scope. `parse` is its only door.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from .relations import Relations

SET_OPERATIONS: dict[str, type[exp.SetOperation]] = {
    "union": exp.Union,
    "except": exp.Except,
    "intersect": exp.Intersect,
}


class Queries(Relations):
    """The query half of the parser."""

    def query(self) -> exp.Expression:
        """A query with its WITH, ORDER BY, OFFSET and LIMIT."""
        ctes = self._with() if self.sees("with") else None
        if self.sees("with"):
            self.mismatch()
        node = self._limited(self._term())
        if ctes is not None:
            if isinstance(node, exp.Values):
                node = exp.Subquery(this=node)
            node.set("with_", ctes)
        return node

    def _with(self) -> exp.With:
        token = self.take()
        recursive = self.eats("recursive")
        if self.sees("function") and self.ahead().kind in ("name", "quoted"):
            self.refuse("inline functions are not reproduced")
        ctes = [self._cte()]
        while self.eats(","):
            ctes.append(self._cte())
        return self.mark(exp.With(expressions=ctes, recursive=recursive), token)

    def _cte(self) -> exp.CTE:
        token = self.token
        name = self.identifier()
        columns = self.identifiers() if self.sees("(") else []
        self.expect("as", "(")
        query = self.query()
        self.expect(")")
        return self.mark(
            exp.CTE(this=query, alias=exp.TableAlias(this=name, columns=columns)), token
        )

    def _term(self) -> exp.Expression:
        left = self._intersection()
        while self.token.word in ("union", "except"):
            left = self._set_operation(left, self._intersection)
        return left

    def _intersection(self) -> exp.Expression:
        left = self._query_primary()
        while self.sees("intersect"):
            left = self._set_operation(left, self._query_primary)
        return left

    def _set_operation(self, left: exp.Expression, right: Any) -> exp.Expression:
        token = self.take()
        distinct = not self.eats("all")
        if distinct:
            self.eats("distinct")
        if self.sees("corresponding"):
            self.refuse("CORRESPONDING is not reproduced")
        kind = SET_OPERATIONS[token.word]
        return self.mark(kind(this=left, expression=right(), distinct=distinct), token)

    def _query_primary(self) -> exp.Expression:
        token = self.token
        if self.sees("select"):
            return self.mark(self._select(), token)
        if self.eats("values"):
            return self.mark(self._values(), token)
        if self.eats("table"):
            select = exp.Select(expressions=[exp.Star()], from_=exp.From(this=self._table_name()))
            return self.mark(select, token)
        if self.eats("("):
            inner = self.query()
            self.expect(")")
            return self.mark(exp.Subquery(this=inner), token)
        return self.mismatch("SELECT")

    def _values(self) -> exp.Values:
        rows = [self.expression()]
        while self.eats(","):
            rows.append(self.expression())
        return exp.Values(expressions=rows)

    def _limited(self, node: exp.Expression) -> exp.Expression:
        order = self.order_by() if self.sees("order") else None
        offset: exp.Expression | None = None
        limit: exp.Expression | None = None
        if self.sees("offset"):
            self.at += 1
            offset = exp.Offset(expression=self._count())
            self.eats_any("row", "rows")
        if self.eats("limit"):
            limit = None if self.eats("all") else exp.Limit(expression=self._count())
        elif self.sees("fetch"):
            limit = self._fetch()
        if (order or limit or offset) and (
            isinstance(node, exp.Values)
            or (isinstance(node, exp.Subquery) and self._has_tail(node))
        ):
            node = exp.Subquery(this=node)
        for key, part in (("order", order), ("offset", offset), ("limit", limit)):
            if part is not None:
                node.set(key, part)
        return node

    def _has_tail(self, node: exp.Expression) -> bool:
        return any(node.args.get(k) for k in ("order", "limit", "offset"))

    def _count(self) -> exp.Expression:
        if self.token.kind != "integer":
            if self.token.word == "?":
                self.refuse("a parameter as a row count is not reproduced")
            self.mismatch("<integer>")
        return exp.Literal.number(self.take().value)

    def _fetch(self) -> exp.Expression:
        self.expect("fetch")
        if not self.eats_any("first", "next"):
            self.mismatch("FIRST")
        count = self._count() if self.token.kind == "integer" else exp.Literal.number("1")
        self.eats_any("row", "rows")
        if self.eats("with", "ties"):
            ties = exp.LimitOptions(rows=True, with_ties=True)
            return exp.Fetch(direction="FIRST", count=count, limit_options=ties)
        self.expect("only")
        return exp.Fetch(direction="FIRST", count=count)

    # -------------------------------------------------------------- SELECT

    def _select(self) -> exp.Select:
        self.expect("select")
        node = exp.Select()
        if self.eats("distinct"):
            node.set("distinct", exp.Distinct())
        elif self.sees("all") and self.ahead().word not in (",", "from", "."):
            self.at += 1
        node.set("expressions", self._listed(self._select_item))
        if self.eats("from"):
            self._from(node)
        if self.eats("where"):
            node.set("where", exp.Where(this=self.expression()))
        if self.eats("group", "by"):
            node.set("group", self._group_by())
        if self.eats("having"):
            node.set("having", exp.Having(this=self.expression()))
        if self.eats("window"):
            node.set("windows", self._listed(self._named_window))
        return node

    def _listed(self, one: Any) -> list[Any]:
        found = [one()]
        while self.eats(","):
            found.append(one())
        return found

    def _select_item(self) -> exp.Expression:
        token = self.token
        if self.eats("*"):
            return self.mark(exp.Star(), token)
        node = self.expression()
        if self.sees(".", "*"):
            self.at += 2
            return self._all_fields(node, token.word)
        if self.eats("as"):
            return self.mark(exp.Alias(this=node, alias=self.identifier()), token)
        if self.is_identifier(self.token):
            return self.mark(exp.Alias(this=node, alias=self.identifier()), token)
        return node

    def _all_fields(self, node: exp.Expression, word: str) -> exp.Expression:
        columns = self.identifiers() if self.eats("as") else []
        found = self.mark_like(exp.Dot(this=node, expression=exp.Star()), node)
        if columns:
            found.meta["aliases"] = [c.name for c in columns]
        return found

    def _named_window(self) -> exp.Expression:
        name = self.identifier()
        self.expect("as")
        return self.window_body(exp.Window(this=name))

    def _group_by(self) -> exp.Group:
        token = self.token
        if self.sees("auto") or self.sees("all", "auto"):
            self.refuse("GROUP BY AUTO is not reproduced")
        if self.sees("all") and self.ahead().word not in (
            "having",
            ")",
            "",
            "order",
            "limit",
            "window",
            ";",
        ):
            self.at += 1
        elif self.eats("distinct"):
            self.refuse("GROUP BY DISTINCT is not reproduced")
        return self.mark(exp.Group(expressions=self._listed(self._grouping_element)), token)

    def _grouping_element(self) -> exp.Expression:
        token = self.token
        if word := self.eats_any("rollup", "cube"):
            self.expect("(")
            kind = exp.Rollup if word == "rollup" else exp.Cube
            sets = []
            while not self.eats(")"):
                sets.append(self._grouping_set())
                self.eats(",")
            return self.mark(kind(expressions=sets), token)
        if self.eats("grouping", "sets"):
            self.expect("(")
            node = exp.GroupingSets(expressions=self._listed(self._grouping_set))
            self.expect(")")
            return self.mark(node, token)
        return self._grouping_set()

    def _grouping_set(self) -> exp.Expression:
        if self.sees("(", ")"):
            self.at += 2
            return exp.Tuple(expressions=[])
        return self.expression()


def parse(sql: str, marks: bool = True) -> exp.Expression:
    """The tree of one query, each node with its place in the text unless `marks` is false.

    Raises TrinoError where Trino's grammar does not allow the text, Refused for forms of it that
    are not read.
    """
    reader = Queries(sql, marks)
    node = reader.query()
    reader.eats(";")
    if reader.token.kind != "end":
        reader.mismatch()
    return node
