"""FROM clauses of Trino's grammar to sqlglot nodes.

It must not know types or names in scope. The query parser builds on it.
"""

from __future__ import annotations

from sqlglot import exp

from .expressions import Expressions

MOST_PARTS = 3
"""Parts of a table's name: catalog, schema, table."""
NOT_AN_ALIAS = frozenset(("tablesample", "match_recognize"))


class Relations(Expressions):
    """The FROM half of the query parser."""

    def _from(self, node: exp.Select) -> None:
        first = self._relation()
        node.set("from_", exp.From(this=first))
        joins: list[exp.Join] = list(first.args.pop("joins", None) or [])
        while self.eats(","):
            right = self._relation()
            nested = right.args.pop("joins", None) or []
            join = exp.Join(this=right)
            joins.append(join)
            if nested:
                # a comma binds weaker than JOIN: the joins on the right belong together
                join.set("this", self._group(right, nested))
        node.set("joins", joins)

    def _group(self, first: exp.Expression, joins: list[exp.Join]) -> exp.Expression:
        first.set("joins", joins)
        return exp.Paren(this=first)

    def _relation(self) -> exp.Expression:
        left = self._sampled()
        joins: list[exp.Join] = []
        while (join := self._join()) is not None:
            joins.append(join)
        if joins:
            if isinstance(left, exp.Paren):
                left = exp.Paren(this=left)
            left.set("joins", joins)
        return left

    def _join(self) -> exp.Join | None:
        token = self.token
        if self.eats("cross", "join"):
            return self.mark(exp.Join(this=self._sampled(), kind="CROSS"), token)
        if self.sees("natural"):
            self.refuse("NATURAL JOIN is not reproduced")
        side = ""
        if token.word in ("left", "right", "full"):
            side = self.take().word.upper()
            self.eats("outer")
            self.expect("join")
        elif not (self.eats("inner", "join") or self.eats("join")):
            return None
        return self._join_to(self.mark(exp.Join(side=side or None), token))

    def _join_to(self, join: exp.Join) -> exp.Join:
        right = self._relation() if not self._flat_right() else self._sampled()
        join.set("this", right)
        if self.eats("on"):
            join.set("on", self.expression())
        elif self.sees("using"):
            self.at += 1
            join.set("using", self.identifiers())
        else:
            self.mismatch("ON")
        return join

    def _flat_right(self) -> bool:
        """True where the joined relation is followed by its own ON or USING, and not by another
        JOIN.
        """
        mark = self.at
        self._sampled()
        flat = self.token.word in ("on", "using")
        self.at = mark
        return flat

    def _sampled(self) -> exp.Expression:
        node = self._aliased()
        if self.sees("tablesample"):
            node = self._sample(node)
        return node

    def _sample(self, node: exp.Expression) -> exp.Expression:
        self.expect("tablesample")
        method = self.eats_any("bernoulli", "system")
        if method is None:
            self.mismatch("BERNOULLI")
        self.expect("(")
        percent = self.expression()
        self.expect(")")
        node.set("sample", exp.TableSample(method=method.upper(), percent=percent))
        return node

    def _aliased(self) -> exp.Expression:
        node = self._relation_primary()
        if self.sees("match_recognize", "("):
            self.refuse("MATCH_RECOGNIZE is not reproduced")
        explicit = self.eats("as")
        if not explicit and not self._starts_alias():
            return node
        name = self.identifier()
        columns = self.identifiers() if self.sees("(") else []
        if isinstance(node, exp.Paren):
            self.refuse("an alias for a parenthesised join is not reproduced")
        node.set("alias", exp.TableAlias(this=name, columns=columns))
        if self.sees("match_recognize", "("):
            self.refuse("MATCH_RECOGNIZE is not reproduced")
        return node

    def _starts_alias(self) -> bool:
        word, follows = self.token.word, self.ahead()
        if word in ("limit", "offset") and (
            follows.kind == "integer" or follows.word in ("all", "?")
        ):
            return False
        if word == "fetch" and follows.word in ("first", "next"):
            return False
        return self.is_identifier(self.token) and word not in NOT_AN_ALIAS

    def _relation_primary(self) -> exp.Expression:
        token = self.token
        if self.eats("unnest"):
            self.expect("(")
            found = exp.Unnest(expressions=self.expressions_until(")"))
            if self.eats("with", "ordinality"):
                found.set("offset", True)
            return self.mark(found, token)
        if self.eats("lateral"):
            self.expect("(")
            lateral = exp.Lateral(this=exp.Subquery(this=self.query()))
            self.expect(")")
            return self.mark(lateral, token)
        if self.sees("table", "(") or self.sees("json_table"):
            self.refuse("table functions are not reproduced")
        if self.eats("("):
            return self._parenthesised(token.start)
        return self._table_name()

    def _parenthesised(self, start: int) -> exp.Expression:
        token = self.token
        if self.starts_query():
            node: exp.Expression = exp.Subquery(this=self.query())
        else:
            node = exp.Paren(this=self._relation())
        self.expect(")")
        return self.mark(node, token)

    def _table_name(self) -> exp.Table:
        token = self.token
        parts = [self.identifier()]
        while self.eats("."):
            parts.append(self.identifier())
        if len(parts) > MOST_PARTS:
            self.error("SYNTAX_ERROR", "Too many parts in table name", token)
        if self.sees("for") and self.ahead().word in ("version", "timestamp"):
            self.refuse("time travel is not reproduced")
        keys = ("this", "db", "catalog")
        args = dict(zip(keys, reversed(parts), strict=False))
        return self.mark(exp.Table(**args), token)
