"""Calls with their clauses (DISTINCT, ORDER BY, FILTER, OVER) and the forms that SQL spells with
words.

It must not know precedence. The expression parser builds on it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from .cursor import Cursor

SPECIAL_WORDS = """
case cast try_cast exists extract trim substring position normalize grouping null true false row
current_date current_time current_timestamp localtime localtimestamp current_user
current_catalog current_schema current_path listagg json_value json_exists json_query
json_object json_array json_table
"""
SPECIAL = frozenset(SPECIAL_WORDS.split())
EXTRACTED_WORDS = """
year quarter month week day day_of_month day_of_week dow day_of_year doy year_of_week yow hour
minute second timezone_minute timezone_hour
"""
EXTRACTED = frozenset(EXTRACTED_WORDS.split())
CLOCKS: dict[str, Callable[..., exp.Expression]] = {
    "current_date": exp.CurrentDate,
    "current_time": exp.CurrentTime,
    "current_timestamp": exp.CurrentTimestamp,
    "localtime": exp.Localtime,
    "localtimestamp": exp.Localtimestamp,
}


class SpecialForms(Cursor):
    """Calls and worded forms."""

    def expression(self) -> exp.Expression:
        """An expression; the parser above defines it."""
        raise NotImplementedError

    def value(self) -> exp.Expression:
        """An operand; the parser above defines it."""
        raise NotImplementedError

    def query(self) -> exp.Expression:
        """A query; the parser above defines it."""
        raise NotImplementedError

    def starts_query(self) -> bool:
        """True where a query comes next, within parentheses or not."""
        at = self.at
        while self.tokens[at].word == "(":
            at += 1
        word = self.tokens[at].word
        table = word == "table" and self.tokens[at + 1].kind in ("name", "quoted")
        if table or word in ("select", "with", "values"):
            return at == self.at or self._parenthesised_query(at)
        return False

    def _parenthesised_query(self, at: int) -> bool:
        """True where the parentheses around a query hold a query and not an expression."""
        depth, end = 1, at
        while depth and self.tokens[end].kind != "end":
            depth += (
                {"(": 1, ")": -1}.get(self.tokens[end].word, 0)
                if self.tokens[end].kind == "op"
                else 0
            )
            end += 1
        follows = self.tokens[end].word
        return follows in (")", "union", "except", "intersect", "order", "limit", "offset", "fetch")

    def expressions_until(self, closing: str) -> list[exp.Expression]:
        """Expressions with commas between, up to the closing sign."""
        found: list[exp.Expression] = []
        if self.eats(closing):
            return found
        found.append(self.expression())
        while self.eats(","):
            found.append(self.expression())
        self.expect(closing)
        return found

    # -------------------------------------------------------------- calls

    def is_call(self) -> bool:
        """True where a name, dotted or not, is followed by a parenthesis."""
        at = self.at
        while self.tokens[at + 1].word == "." and self.tokens[at + 2].kind in ("name", "quoted"):
            at += 2
        return self.tokens[at + 1].word == "(" and at == self.at

    def call(self, name: str | None = None) -> exp.Expression:
        """A call with its clauses; the name stays as written."""
        token = self.take()
        self.expect("(")
        arguments = self._arguments()
        self.expect(")")
        node = self.mark(exp.Anonymous(this=name or token.value, expressions=arguments), token)
        return self._call_clauses(node)

    def _arguments(self) -> list[exp.Expression]:
        if self.sees(")"):
            return []
        if self.sees("*"):
            self.at += 1
            return [exp.Star()]
        distinct = self.eats("distinct")
        if not distinct and self.sees("all") and self.ahead().word not in (",", ")", ".", "("):
            self.at += 1
        found = [self.expression()]
        while self.eats(","):
            found.append(self.expression())
        if distinct:
            found = [exp.Distinct(expressions=found)]
        if self.sees("order"):
            order = self.order_by()
            order.set("this", found[-1])
            found[-1] = order
        return found

    def order_by(self) -> exp.Order:
        """`ORDER BY` and its items."""
        self.expect("order", "by")
        found = [self._sort_item()]
        while self.eats(","):
            found.append(self._sort_item())
        return exp.Order(expressions=found)

    def _sort_item(self) -> exp.Ordered:
        token = self.token
        this = self.expression()
        desc = self.eats_any("asc", "desc") == "desc"
        first = False
        if self.eats("nulls"):
            first = self.eats("first")
            if not first:
                self.expect("last")
        return self.mark(exp.Ordered(this=this, desc=desc, nulls_first=first), token)

    def _call_clauses(self, node: exp.Expression) -> exp.Expression:
        call = node
        if self.sees("within", "group"):
            self.at += 2
            self.expect("(")
            node = exp.WithinGroup(this=node, expression=self.order_by())
            self.expect(")")
        if self.sees("filter", "("):
            self.at += 2
            self.expect("where")
            node = exp.Filter(this=node, expression=exp.Where(this=self.expression()))
            self.expect(")")
        if self.sees("ignore", "nulls") or self.sees("respect", "nulls"):
            kind = exp.IgnoreNulls if self.take().word == "ignore" else exp.RespectNulls
            self.at += 1
            node = kind(this=node)
        if self.sees("over"):
            node = self._over(node)
        return self.mark_like(node, call)

    def _over(self, node: exp.Expression) -> exp.Expression:
        self.expect("over")
        if self.is_identifier(self.token):
            return exp.Window(this=node, alias=self.identifier(), over="OVER")
        return self.window_body(exp.Window(this=node, over="OVER"))

    def window_body(self, node: exp.Window) -> exp.Window:
        """`(name PARTITION BY ... ORDER BY ... frame)` set on the node."""
        self.expect("(")
        if self.is_identifier(self.token) and self.token.word not in (
            "partition",
            "rows",
            "range",
            "groups",
            "measures",
            "pattern",
        ):
            node.set("alias", self.identifier())
        if self.eats("partition", "by"):
            found = [self.expression()]
            while self.eats(","):
                found.append(self.expression())
            node.set("partition_by", found)
        if self.sees("order"):
            node.set("order", self.order_by())
        if self.token.word in ("measures", "pattern"):
            self.refuse("row pattern recognition is not reproduced")
        if kind := self.eats_any("rows", "range", "groups"):
            node.set("spec", self._frame(kind))
        self.expect(")")
        return node

    def _frame(self, kind: str) -> exp.WindowSpec:
        between = self.eats("between")
        start, start_side = self._bound()
        end: exp.Expression | str | None = "CURRENT ROW"
        end_side: str | None = None
        if between:
            self.expect("and")
            end, end_side = self._bound()
        if self.token.word in ("after", "initial", "seek", "pattern", "subset", "define"):
            self.refuse("row pattern recognition is not reproduced")
        return exp.WindowSpec(
            kind=kind.upper(), start=start, start_side=start_side, end=end, end_side=end_side
        )

    def _bound(self) -> tuple[exp.Expression | str, str | None]:
        if self.eats("current", "row"):
            return "CURRENT ROW", None
        bound: exp.Expression | str = "UNBOUNDED" if self.eats("unbounded") else self.expression()
        side = self.eats_any("preceding", "following")
        if side is None:
            self.mismatch("PRECEDING")
        return bound, side.upper()

    # -------------------------------------------------------------- worded forms

    def special(self) -> exp.Expression | None:
        """The worded form that comes next, or None where the word is an ordinary name here."""
        word = self.token.word
        if word in ("null", "true", "false"):
            self.at += 1
            return exp.Null() if word == "null" else exp.Boolean(this=word == "true")
        if word in CLOCKS:
            self.at += 1
            node = CLOCKS[word]()
            if word != "current_date" and self.eats("("):
                node.set("this", self.expression())
                self.expect(")")
            return node
        if word in ("current_user", "current_catalog", "current_schema", "current_path"):
            self.refuse(f"{word} depends on the session")
        form = getattr(self, f"_form_{word}", None)
        if form is None or (self.ahead().word != "(" and word != "case"):
            return (
                None if word in ("row", "substring", "position", "try_cast") else self._misplaced()
            )
        found: exp.Expression | None = form()
        return found

    def _misplaced(self) -> exp.Expression | None:
        self.at += 1
        self.mismatch()

    def _form_case(self) -> exp.Expression:
        self.expect("case")
        subject = None if self.sees("when") else self.expression()
        ifs = []
        while self.eats("when"):
            if subject is not None and self._starts_extended_when():
                self.mismatch()
            condition = self.expression()
            self.expect("then")
            ifs.append(exp.If(this=condition, true=self.expression()))
        if not ifs:
            self.mismatch("WHEN")
        default = self.expression() if self.eats("else") else None
        self.expect("end")
        return exp.Case(this=subject, ifs=ifs, default=default)

    def _starts_extended_when(self) -> bool:
        return self.token.word in ("is", "between", "in", "like", "<", ">", "<=", ">=", "<>", "=")

    def _form_cast(self) -> exp.Expression:
        safe = self.take().word == "try_cast"
        self.expect("(")
        this = self.expression()
        self.expect("as")
        to = self.data_type()
        if self.sees("format"):
            self.mismatch(")")
        self.expect(")")
        return (exp.TryCast if safe else exp.Cast)(this=this, to=to)

    _form_try_cast = _form_cast

    def _form_exists(self) -> exp.Expression:
        self.expect("exists", "(")
        query = self.query()
        self.expect(")")
        return exp.Exists(this=query)

    def _form_row(self) -> exp.Expression:
        self.expect("row", "(")
        return exp.Anonymous(this="ROW", expressions=self.expressions_until(")"))

    def _form_extract(self) -> exp.Expression:
        self.expect("extract", "(")
        name = self.take()
        if name.word not in EXTRACTED:
            self.error("SYNTAX_ERROR", f"Invalid EXTRACT field {name.value}", name)
        field = exp.var(name.value)
        self.expect("from")
        this = self.value()
        self.expect(")")
        return exp.Extract(this=field, expression=this)

    def _form_trim(self) -> exp.Expression:
        self.expect("trim", "(")
        side = self.eats_any("both", "leading", "trailing")
        name = {"leading": "ltrim", "trailing": "rtrim"}.get(side or "", "trim")
        first = None if side and self.sees("from") else self.expression()
        if self.eats("from"):
            text = self.value()
            arguments = [text] if first is None else [text, first]
        else:
            assert first is not None
            arguments = [first]
            if not side and self.eats(","):
                arguments.append(self.value())
        self.expect(")")
        return exp.Anonymous(this=name, expressions=arguments)

    def _form_substring(self) -> exp.Expression:
        self.expect("substring", "(")
        arguments = [self.expression()]
        name = "substring"
        if self.eats("from"):
            name = "substr"
            arguments.append(self.value())
            if self.eats("for"):
                arguments.append(self.value())
        else:
            while self.eats(","):
                arguments.append(self.expression())
        self.expect(")")
        return exp.Anonymous(this=name, expressions=arguments)

    def _form_position(self) -> exp.Expression:
        self.expect("position", "(")
        needle = self.value()
        self.expect("in")
        text = self.value()
        self.expect(")")
        return exp.Anonymous(this="strpos", expressions=[text, needle])

    def _form_normalize(self) -> exp.Expression:
        self.expect("normalize", "(")
        arguments = [self.value()]
        form = self.take().word if self.eats(",") else "nfc"
        self.expect(")")
        return exp.Anonymous(
            this="normalize", expressions=[*arguments, exp.Literal.string(form.upper())]
        )

    def _form_grouping(self) -> exp.Expression:
        return self.call()

    def _form_listagg(self) -> exp.Expression:
        token = self.take()
        self.expect("(")
        distinct = self.eats("distinct")
        if not distinct:
            self.eats("all")
        arguments = [self.expression()]
        if self.eats(","):
            if self.token.kind != "string":
                self.mismatch("<string>")
            arguments.append(exp.Literal.string(self.take().value))
        if distinct:
            arguments = [exp.Distinct(expressions=arguments)]
        if self.sees("on", "overflow"):
            arguments += self._overflow()
        self.expect(")")
        if not self.sees("within"):
            self.mismatch("WITHIN")
        return self._call_clauses(
            self.mark(exp.Anonymous(this="listagg", expressions=arguments), token)
        )

    def _overflow(self) -> list[exp.Expression]:
        self.at += 2
        if not self.eats("error"):
            self.refuse("LISTAGG ... ON OVERFLOW TRUNCATE is not reproduced")
        return []

    def _form_json_value(self) -> exp.Expression:
        """json_value, json_exists and json_query with nothing but an input and a path."""
        token = self.take()
        self.expect("(")
        arguments = [self.expression()]
        if self.eats(","):
            arguments.append(self.expression())
        if not self.eats(")"):
            self.refuse(f"the clauses of {token.word} are not reproduced")
        return exp.Anonymous(this=token.word, expressions=arguments)

    _form_json_exists = _form_json_query = _form_json_value

    def _form_json_object(self) -> exp.Expression:
        self.refuse(f"{self.token.word} is not reproduced")

    _form_json_array = _form_json_table = _form_json_object
