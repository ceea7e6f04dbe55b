"""Resolution of a call: which signature, with which types, by Trino's rules.

It must not know scopes or trees; a lambda comes as something that tells its result's type for given
argument types.
The analyzer calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .errors import TrinoError
from .signatures import Numbers, Signature, computed, is_variable, mentions_variable
from .types import UNKNOWN, Type, coerce_base, coerces, common, function


@dataclass(frozen=True, slots=True)
class LambdaArgument:
    """A lambda before its types are known: how many parameters, and its result's type for given
    ones.
    """

    arity: int
    result: Callable[[tuple[Type, ...]], Type]


MOST_ROUNDS = 6
"""Passes over the arguments until the variables must stand."""
Actual = Type | LambdaArgument


@dataclass(frozen=True, slots=True)
class Bound:
    """A signature with its variables replaced."""

    signature: Signature
    arguments: tuple[Type, ...]
    returns: Type


@dataclass(slots=True)
class _Variables:
    types: dict[str, Type] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=dict)
    changed: bool = True

    def bind(self, name: str, kind: Type, coercion: bool) -> bool:
        known = self.types.get(name)
        if known is None:
            self.types[name] = kind
            self.changed = True
            return True
        if known == kind:
            return True
        joined = common(known, kind) if coercion else None
        if joined is None:
            return False
        if joined != known:
            self.types[name] = joined
            self.changed = True
        return True


def resolve(candidates: Sequence[Signature], actuals: Sequence[Actual]) -> Bound | None:
    """The best signature, or None where none fits. Raises TrinoError where several fit equally
    well.
    """
    for generic in (False, True):
        for candidate in candidates:
            if (
                candidate.generic == generic
                and (found := bind(candidate, actuals, False)) is not None
            ):
                return found
    fitting = [b for c in candidates if (b := bind(c, actuals, True)) is not None]
    if len(fitting) <= 1:
        return fitting[0] if fitting else None
    best = [b for b in fitting if all(o is b or _more_specific(b, o) for o in fitting)]
    if len(best) == 1:
        return best[0]
    chosen = _by_unknown(fitting, actuals)
    if chosen is not None:
        return chosen
    listed = ", ".join(str(b.signature) for b in fitting)
    raise TrinoError(
        "AMBIGUOUS_FUNCTION_CALL",
        "Could not choose a best candidate operator. Explicit type casts must be added. "
        f"Candidates are: {listed}",
    )


def _more_specific(a: Bound, b: Bound) -> bool:
    if any(t.base == "function" for t in (*a.arguments, *b.arguments)):
        return not b.signature.generic or a.signature.generic
    return bind(b.signature, a.arguments, True) is not None


def _by_unknown(fitting: list[Bound], actuals: Sequence[Actual]) -> Bound | None:
    if not any(a == UNKNOWN for a in actuals):
        return None
    only = [
        b
        for b in fitting
        if all(a in (UNKNOWN, t) for a, t in zip(actuals, b.arguments, strict=False))
    ]
    if len(only) == 1:
        return only[0]
    pool = only or fitting
    if len({b.returns for b in pool}) == 1:
        return min(pool, key=lambda b: str(b.signature))
    return None


def bind(signature: Signature, actuals: Sequence[Actual], coercion: bool) -> Bound | None:
    """The signature bound to these arguments, or None."""
    formals = _formals(signature, len(actuals))
    if formals is None:
        return None
    variables = _Variables()
    rounds = 0
    while variables.changed and rounds < MOST_ROUNDS:
        variables.changed = False
        rounds += 1
        for formal, actual in zip(formals, actuals, strict=True):
            if not _unify(formal, actual, variables, coercion):
                return None
    return _finish(signature, formals, actuals, variables)


def _formals(signature: Signature, count: int) -> tuple[Type, ...] | None:
    formals = signature.arguments
    if signature.variadic and count >= len(formals) - 1:
        return (*formals[:-1], *[formals[-1]] * (count - len(formals) + 1))
    return formals if len(formals) == count else None


def _unify(formal: Type, actual: Actual, variables: _Variables, coercion: bool) -> bool:  # noqa: PLR0911 (one per kind)
    if isinstance(actual, LambdaArgument):
        return _unify_lambda(formal, actual, variables)
    if formal.base == "function":
        return False
    if is_variable(formal):
        return variables.bind(formal.base, actual, coercion)
    if actual == UNKNOWN and coercion and formal.children:
        return all(_unify(c, UNKNOWN, variables, coercion) for c in formal.children)
    if not _parametric(formal):
        return coerces(actual, formal) if coercion else actual == formal
    source = coerce_base(actual, formal.base) if coercion else actual
    if source is None or source.base != formal.base:
        return False
    return _unify_parameters(formal, source, variables, coercion)


def _unify_parameters(formal: Type, source: Type, variables: _Variables, coercion: bool) -> bool:
    if formal.children:
        return len(formal.args) == len(source.args) and all(
            _unify(f, s, variables, coercion)
            for f, s in zip(formal.children, source.children, strict=True)
        )
    keys = [str(a) for a in formal.args]
    if keys[0] in variables.numbers:
        known = _numbered(formal, variables.numbers)
        joined = common(known, source)
        if joined is None or (not coercion and source != known):
            return False
        source = joined
    values: list[int | None] = [a if isinstance(a, int) else None for a in source.args]
    values += [None] * (len(keys) - len(values))
    fresh = dict(zip(keys, values, strict=True))
    if any(variables.numbers.get(k, -1) != v for k, v in fresh.items()):
        variables.numbers.update(fresh)
        variables.changed = True
    return True


def _unify_lambda(formal: Type, actual: LambdaArgument, variables: _Variables) -> bool:
    if formal.base != "function" or len(formal.args) != actual.arity + 1:
        return False
    inputs = []
    for kind in formal.children[:-1]:
        known = _substitute(kind, variables)
        if known is None:
            return True
        inputs.append(known)
    result = actual.result(tuple(inputs))
    wanted = formal.children[-1]
    if is_variable(wanted):
        return variables.bind(wanted.base, result, True)
    return _unify(wanted, result, variables, False)


def _finish(
    signature: Signature,
    formals: tuple[Type, ...],
    actuals: Sequence[Actual],
    variables: _Variables,
) -> Bound | None:
    arguments = []
    for formal, actual in zip(formals, actuals, strict=True):
        known = _substitute(formal, variables)
        if known is None:
            return None
        if isinstance(actual, LambdaArgument):
            result = actual.result(known.children[:-1])
            if result != known.children[-1]:
                return None
            known = function(known.children[:-1], result)
        arguments.append(known)
    numbers: Numbers = dict(variables.numbers)
    returns = _substitute(
        signature.returns, variables, lambda key: computed(signature, key, numbers)
    )
    return None if returns is None else Bound(signature, tuple(arguments), returns)


def _parametric(formal: Type) -> bool:
    """True where a variable occurs, as a type or as a number."""
    return mentions_variable(formal) or any(
        isinstance(a, str) or (isinstance(a, Type) and _parametric(a)) for a in formal.args
    )


def _numbered(formal: Type, numbers: Numbers) -> Type:
    values = [numbers.get(a) if isinstance(a, str) else a for a in formal.args]
    return Type(formal.base, tuple(v for v in values if v is not None))


def _substitute(
    formal: Type, variables: _Variables, number: Callable[[str], int | None] | None = None
) -> Type | None:
    if is_variable(formal):
        return variables.types.get(formal.base)
    if not formal.args:
        return formal
    args: list[Type | int | str] = []
    for argument in formal.args:
        if isinstance(argument, Type):
            inner = _substitute(argument, variables, number)
            if inner is None:
                return None
            args.append(inner)
        elif isinstance(argument, str):
            value = number(argument) if number else variables.numbers.get(argument)
            if value is not None:
                args.append(value)
        else:
            args.append(argument)
    return Type(formal.base, tuple(args), formal.names)
