"""Reading tokens one by one, and the small forms that expressions and queries share.

It must not know expressions or queries. Both parsers are built on it.
"""

from __future__ import annotations

from typing import NoReturn, TypeVar

from sqlglot import exp

from ..errors import Refused, TrinoError
from .lexer import RESERVED, Token, tokens

N = TypeVar("N", bound=exp.Expression)
# More tokens than are looked at in one go.
_FARTHEST = 8


def _place(token: Token) -> tuple[int, int]:
    return token.line, token.column


class Cursor:
    """A place in the tokens of one text; nodes tell theirs only where `marks` says so."""

    def __init__(self, sql: str, marks: bool = True) -> None:
        self.sql = sql
        self.tokens = tokens(sql)
        self.at = 0
        self.marks = marks
        # no word is empty: behind the end of the text none is seen
        self._words = [*(token.word for token in self.tokens), *[""] * _FARTHEST]

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def ahead(self, count: int = 1) -> Token:
        """The token that many behind the next one."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        """The next token, stepped over."""
        found = self.tokens[self.at]
        self.at += 1
        return found

    def sees(self, word: str, *more: str) -> bool:
        """True where the next tokens are these words or signs."""
        # asked some hundred times for each item of a query, and nearly always in vain
        if self._words[self.at] != word:
            return False
        begins = self.at + 1
        return not more or self._words[begins : begins + len(more)] == [*more]

    def eats(self, *words: str) -> bool:
        """The same, and steps over them."""
        if self.sees(*words):
            self.at += len(words)
            return True
        return False

    def eats_any(self, *words: str) -> str | None:
        """The word that comes next if it is one of these, stepped over."""
        word = self.token.word
        if word and word in words:
            self.at += 1
            return word
        return None

    def expect(self, *words: str) -> None:
        """Steps over the words, or raises SYNTAX_ERROR."""
        for word in words:
            if not self.eats(word):
                self.mismatch(word.upper())

    def mismatch(self, expected: str = "") -> NoReturn:
        """Raises SYNTAX_ERROR at the next token."""
        wanted = f". Expecting: {expected!r}" if expected else ""
        shown = "<EOF>" if self.token.kind == "end" else f"'{self.token.value}'"
        self.error("SYNTAX_ERROR", f"mismatched input {shown}{wanted}", self.token)

    def error(self, code: str, message: str, token: Token) -> NoReturn:
        """Raises that TrinoError at the token."""
        raise TrinoError(code, message, token.line, token.column)

    def refuse(self, reason: str, token: Token | None = None) -> NoReturn:
        """Raises Refused at the token, or at the next one."""
        raise Refused(reason, *_place(token or self.token))

    def mark(self, node: N, token: Token) -> N:
        """The node, with its place in the text in `meta`."""
        if self.marks:
            meta = node.meta
            meta["line"], meta["col"] = token.line, token.column
        return node

    def mark_like(self, node: N, other: exp.Expression) -> N:
        """The node, with the place of another."""
        if self.marks:
            node.meta.update(other.meta)
        return node

    def is_identifier(self, token: Token) -> bool:
        """True where the token can name something."""
        return token.kind == "quoted" or (token.kind == "name" and token.word not in RESERVED)

    def identifier(self) -> exp.Identifier:
        """The identifier that comes next."""
        if not self.is_identifier(self.token):
            self.mismatch("<identifier>")
        token = self.take()
        return self.mark(exp.Identifier(this=token.value, quoted=token.kind == "quoted"), token)

    def identifiers(self) -> list[exp.Identifier]:
        """Identifiers within parentheses."""
        self.expect("(")
        found = [self.identifier()]
        while self.eats(","):
            found.append(self.identifier())
        self.expect(")")
        return found

    def data_type(self) -> exp.DataType:
        """A type's name with its parameters, kept as written."""
        return exp.DataType(this=exp.DType.USERDEFINED, kind=self._type_text())

    def _type_text(self) -> str:
        if self.sees("row", "("):
            self.at += 2
            fields = [self._row_field()]
            while self.eats(","):
                fields.append(self._row_field())
            self.expect(")")
            text = f"row({', '.join(fields)})"
        elif self.eats("interval"):
            text = f"interval {self.take().word} {self.take().word} {self.take().word}"
        else:
            if self.token.kind not in ("name", "quoted"):
                self.mismatch("<type>")
            name = self.take().value
            if name.lower() == "double":
                self.eats("precision")
            text = name + self._type_arguments()
            if self.eats("with", "time", "zone"):
                text += " with time zone"
            elif self.eats("without", "time", "zone"):
                pass
        while self.eats("array"):
            text = f"array({text})"
        return text

    def _row_field(self) -> str:
        follows = self.ahead()
        named = follows.kind in ("name", "quoted") and not self.sees("double", "precision")
        if self.token.word in ("timestamp", "time") and follows.word in ("with", "without"):
            named = False
        if self.token.word == "interval" and self.ahead(2).word == "to":
            named = False
        if not named or (follows.word == "array" and self.ahead(2).word not in ("(", "<")):
            return self._type_text()
        token = self.take()
        name = token.word if token.kind == "name" else '"' + token.value.replace('"', '""') + '"'
        return f"{name} {self._type_text()}"

    def _type_arguments(self) -> str:
        closing = ")" if self.eats("(") else ">" if self.eats("<") else ""
        if not closing:
            return ""
        found = [self._type_argument()]
        while self.eats(","):
            found.append(self._type_argument())
        self.expect(closing)
        return f"({','.join(found)})"

    def _type_argument(self) -> str:
        return self.take().value if self.token.kind == "integer" else self._type_text()
