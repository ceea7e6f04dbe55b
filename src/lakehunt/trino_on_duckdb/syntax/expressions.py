"""Expressions of Trino's grammar to sqlglot nodes that keep every name, argument and place.

It must not know types or names in scope. The query parser builds on it.
"""

from __future__ import annotations

from sqlglot import exp

from .lexer import RESERVED, Token
from .special import SPECIAL, SpecialForms

COMPARISONS: dict[str, type[exp.Expression]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
MULTIPLIED: dict[str, type[exp.Expression]] = {"*": exp.Mul, "/": exp.Div, "%": exp.Mod}
TYPED_WORDS = """
date time timestamp decimal double real bigint integer int smallint tinyint boolean varchar char
varbinary json ipaddress uuid
"""
TYPED = frozenset(TYPED_WORDS.split())
MOST_PARTS = 4
"""Parts of a column's name: catalog, schema, table, column."""
LARGEST = 2**63 - 1
"""Of the integers that may be written; one more where a minus stands before it."""
UNITS = ("year", "month", "day", "hour", "minute", "second")


class Expressions(SpecialForms):
    """The expression half of the parser."""

    def expression(self) -> exp.Expression:
        """OR of ANDs of NOTs of predicates."""
        left = self._conjunction()
        while self.sees("or"):
            token = self.take()
            left = self.mark(exp.Or(this=left, expression=self._conjunction()), token)
        return left

    def _conjunction(self) -> exp.Expression:
        left = self._negation()
        while self.sees("and"):
            token = self.take()
            left = self.mark(exp.And(this=left, expression=self._negation()), token)
        return left

    def _negation(self) -> exp.Expression:
        if self.sees("not"):
            token = self.take()
            return self.mark(exp.Not(this=self._negation()), token)
        return self._predicate()

    def _predicate(self) -> exp.Expression:
        left = self.value()
        while True:
            found = self._predicate_on(left)
            if found is None:
                return left
            left = found

    def _predicate_on(self, left: exp.Expression) -> exp.Expression | None:
        token = self.token
        if token.word in COMPARISONS and token.kind == "op":
            self.at += 1
            return self.mark(COMPARISONS[token.word](this=left, expression=self._compared()), token)
        if token.word == "is":
            return self._is(left)
        negated = token.word == "not" and self.ahead().word in ("between", "in", "like")
        if negated:
            self.at += 1
        found = self._set_predicate(left)
        if found is None:
            return None
        self.mark(found, token)
        return self.mark(exp.Not(this=found), token) if negated else found

    def _compared(self) -> exp.Expression:
        word = self.token.word
        if word in ("all", "any", "some") and self.ahead().word == "(":
            token = self.take()
            self.expect("(")
            query = exp.Subquery(this=self.query())
            self.expect(")")
            quantifier = exp.All if word == "all" else exp.Any
            return self.mark(quantifier(this=query), token)
        return self.value()

    def _is(self, left: exp.Expression) -> exp.Expression:
        token = self.take()
        negated = self.eats("not")
        node: exp.Expression
        if self.eats("null"):
            node = exp.Is(this=left, expression=exp.Null())
        else:
            self.expect("distinct", "from")
            kind = exp.NullSafeEQ if negated else exp.NullSafeNEQ
            return self.mark(kind(this=left, expression=self.value()), token)
        self.mark(node, token)
        return self.mark(exp.Not(this=node), token) if negated else node

    def _set_predicate(self, left: exp.Expression) -> exp.Expression | None:
        if self.eats("between"):
            if self.token.word in ("symmetric", "asymmetric") and self.ahead().word != "and":
                self.at += 1
                self.mismatch()
            low = self.value()
            self.expect("and")
            return exp.Between(this=left, low=low, high=self.value())
        if self.eats("in"):
            self.expect("(")
            if self.starts_query():
                query = exp.Subquery(this=self.query())
                self.expect(")")
                return exp.In(this=left, query=query)
            return exp.In(this=left, expressions=self.expressions_until(")"))
        if self.eats("like"):
            node: exp.Expression = exp.Like(this=left, expression=self.value())
            if self.eats("escape"):
                node = exp.Escape(this=node, expression=self.value())
            return node
        return None

    # -------------------------------------------------------------- values

    def value(self) -> exp.Expression:
        """Concatenation of sums of products."""
        left = self._sum()
        while self.sees("||"):
            token = self.take()
            left = self.mark(exp.DPipe(this=left, expression=self._sum()), token)
        return left

    def _sum(self) -> exp.Expression:
        left = self._product()
        while word := self.token.word:
            if word not in ("+", "-"):
                break
            token = self.take()
            kind = exp.Add if word == "+" else exp.Sub
            left = self.mark(kind(this=left, expression=self._product()), token)
        return left

    def _product(self) -> exp.Expression:
        left = self._signed()
        while self.token.kind == "op" and self.token.word in MULTIPLIED:
            token = self.take()
            kind = MULTIPLIED[token.word]
            # `typed` keeps sqlglot's generators from casting the operands of a division
            options = {"typed": True} if kind is exp.Div else {}
            left = self.mark(kind(this=left, expression=self._signed(), **options), token)
        return left

    def _signed(self, largest: int = LARGEST) -> exp.Expression:
        token = self.token
        if token.kind == "op" and token.word in ("+", "-"):
            self.at += 1
            inner = self._signed(LARGEST + 1 if token.word == "-" else LARGEST)
            if token.word == "+":
                return self.mark(exp.Paren(this=inner), token)
            return self.mark(exp.Neg(this=inner), token)
        left = self.primary(largest)
        while self.sees("at", "time", "zone"):
            token = self.take()
            self.at += 2
            zone = self.interval() if self.sees("interval") else self.primary()
            left = self.mark(exp.AtTimeZone(this=left, zone=zone), token)
        return left

    def primary(self, largest: int = LARGEST) -> exp.Expression:
        """A literal, name, call, parenthesis, with its subscripts and fields."""
        token = self.token
        node = self.mark(self._primary_start(largest), token)
        while True:
            if self.sees("[") and token.word != "[":
                bracket = self.take()
                index = self.expression()
                self.expect("]")
                # `offset` keeps sqlglot's generators from shifting the index
                node = self.mark(exp.Bracket(this=node, expressions=[index], offset=1), bracket)
            elif self.sees(".") and self.ahead().word != "*":
                self.at += 1
                node = self._field(node, self.identifier(), token)
            else:
                return node

    def _field(self, base: exp.Expression, name: exp.Identifier, start: Token) -> exp.Expression:
        if isinstance(base, exp.Column) and len(base.parts) < MOST_PARTS:
            parts = [*reversed([p.copy() for p in base.parts])]
            keys = ("table", "db", "catalog")
            node = exp.Column(this=name, **dict(zip(keys, parts, strict=False)))
            return self.mark_like(node, base)
        return self.mark(exp.Dot(this=base, expression=name), start)

    def _primary_start(self, largest: int) -> exp.Expression:
        token = self.token
        if token.kind in ("string", "integer", "decimal", "double", "hex"):
            return self._plain_literal(largest)
        if token.word == "(":
            return self._parenthesis()
        if token.word in ("?", ":"):
            return self._placeholder()
        if token.word in SPECIAL:
            found = self.special()
            if found is not None:
                return found
        if token.kind == "name":
            typed = self._typed_literal()
            if typed is not None:
                return typed
        return self._named()

    def _placeholder(self) -> exp.Expression:
        token = self.take()
        if token.word == "?":
            return exp.Placeholder()
        if self.token.kind != "name":
            self.at -= 1
            self.mismatch("<expression>")
        return exp.Placeholder(this=self.take().value)

    def _plain_literal(self, largest: int) -> exp.Expression:
        token = self.take()
        if token.kind == "string":
            return exp.Literal.string(token.value)
        if token.kind == "hex":
            if len(token.value) % 2 or not all(c in "0123456789abcdefABCDEF" for c in token.value):
                self.error(
                    "INVALID_LITERAL",
                    "Binary literal must contain hexadecimal digits in pairs",
                    token,
                )
            return exp.HexString(this=token.value)
        if token.kind == "integer" and int(token.value) > largest:
            self.error("SYNTAX_ERROR", f"Invalid numeric literal: {token.value}", token)
        return exp.Literal.number(token.value)

    def _typed_literal(self) -> exp.Expression | None:
        token = self.token
        if token.word == "interval":
            return (
                self.interval()
                if self.ahead().kind == "string" or self.ahead().word in "+-"
                else None
            )
        if (
            token.word == "double"
            and self.ahead().word == "precision"
            and self.ahead(2).kind == "string"
        ):
            self.at += 1
        elif self.ahead().kind != "string":
            return None
        if token.word in RESERVED:
            return None
        self.at += 1
        text = exp.Literal.string(self.take().value)
        if token.word not in TYPED:
            self.error("TYPE_NOT_FOUND", f"Unknown resolvedType: {token.value}", token)
        return exp.Introducer(this=exp.var(token.word.upper()), expression=text)

    def interval(self) -> exp.Expression:
        """`INTERVAL '1' DAY`, its sign drawn into the text."""
        token = self.take()
        sign = "-" if self.eats("-") else "" if self.eats("+") else ""
        if self.token.kind != "string":
            self.mismatch("<string>")
        text = self.take().value
        text = text[1:] if sign and text.startswith("-") else sign + text
        unit = self._unit()
        span: exp.Expression = exp.var(unit)
        if self.eats("to"):
            span = exp.IntervalSpan(this=exp.var(unit), expression=exp.var(self._unit()))
        return self.mark(exp.Interval(this=exp.Literal.string(text), unit=span), token)

    def _unit(self) -> str:
        word = self.eats_any(*UNITS)
        if word is None:
            self.mismatch("<interval unit>")
        return word.upper()

    def _parenthesis(self) -> exp.Expression:
        if self._is_lambda():
            return self._lambda()
        self.expect("(")
        if self.starts_query():
            query = exp.Subquery(this=self.query())
            self.expect(")")
            return query
        found = self.expressions_until(")")
        if not found:
            self.mismatch()
        return exp.Paren(this=found[0]) if len(found) == 1 else exp.Tuple(expressions=found)

    def _is_lambda(self) -> bool:
        at = self.at + 1
        while self.tokens[at].kind in ("name", "quoted") or self.tokens[at].word == ",":
            at += 1
        return self.tokens[at].word == ")" and self.tokens[at + 1].word == "->"

    def _lambda(self) -> exp.Expression:
        parameters: list[exp.Identifier] = []
        if self.eats("("):
            while not self.eats(")"):
                parameters.append(self.identifier())
                self.eats(",")
        else:
            parameters.append(self.identifier())
        self.expect("->")
        return exp.Lambda(this=self.expression(), expressions=parameters)

    def _named(self) -> exp.Expression:
        if not self.is_identifier(self.token):
            self.mismatch("<expression>")
        if self.ahead().word == "->":
            return self._lambda()
        if self.sees("array", "["):
            self.at += 2
            return exp.Array(expressions=self.expressions_until("]"))
        if self.is_call():
            return self.call()
        if self.ahead().word == "over" and self.ahead(2).kind != "end":
            self.refuse("measures of row pattern recognition are not reproduced")
        return exp.Column(this=self.identifier())
