"""Numbers: rounding, remainders, logarithms, bits and bases, by type.

It must not know casts or operators. Where DuckDB raises on a value outside a domain, Java
answers NaN.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions import arithmetic
from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, fails
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, table

BAD, RANGE = "INVALID_FUNCTION_ARGUMENT", "NUMERIC_VALUE_OUT_OF_RANGE"
WHOLE = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}
DECIMAL = "decimal(p,s)"
NAN, INFINITY = "CAST('NaN' AS DOUBLE)", "CAST('Infinity' AS DOUBLE)"

NATIVE: tuple[tuple[str, str, str], ...] = (
    ("atan", "double", "atan($1)"),
    ("atan2", "double; double", "atan2($1, $2)"),
    ("cbrt", "double", "cbrt($1)"),
    ("cosh", "double", "cosh($1)"),
    ("sinh", "double", "sinh($1)"),
    ("tanh", "double", "tanh($1)"),
    ("degrees", "double", "degrees($1)"),
    ("radians", "double", "radians($1)"),
    ("exp", "double", "exp($1)"),
    ("pow", "double; double", "pow($1, $2)"),
    ("power", "double; double", "pow($1, $2)"),
    ("e", "", "exp(CAST(1 AS DOUBLE))"),
    ("pi", "", "pi()"),
    ("nan", "", NAN),
    ("infinity", "", INFINITY),
    ("is_nan", "double", "isnan($1)"),
    ("is_nan", "real", "isnan($1)"),
    ("is_finite", "double", "isfinite($1)"),
    ("is_infinite", "double", "isinf($1)"),
    ("rand", "", "random()"),
    ("random", "", "random()"),
    ("uuid", "", "uuid()"),
    ("bitwise_and", "bigint; bigint", "($1 & $2)"),
    ("bitwise_or", "bigint; bigint", "($1 | $2)"),
    ("bitwise_xor", "bigint; bigint", "xor($1, $2)"),
    ("bitwise_not", "bigint", "(~$1)"),
    ("sign", DECIMAL, "CAST(sign($1) AS DECIMAL(1,0))"),
    ("abs", DECIMAL, "CAST(abs($1) AS $r)"),
)
MACROS: tuple[tuple[str, str, str], ...] = (
    ("ln", "double", "trino_ln($1)"),
    ("log", "double; double", "(trino_ln($2) / trino_ln($1))"),
    ("log2", "double", "(trino_ln($1) / trino_ln(CAST(2 AS DOUBLE)))"),
    ("log10", "double", "trino_log10($1)"),
    ("sqrt", "double", f"CASE WHEN $1 < 0 THEN {NAN} ELSE sqrt($1) END"),
    ("round", "double", "trino_round($1, 0)"),
    ("round", "double; integer", "trino_round($1, $2)"),
    ("round", "real", "CAST(trino_round(CAST($1 AS DOUBLE), 0) AS FLOAT)"),
    ("round", "real; integer", "CAST(trino_round(CAST($1 AS DOUBLE), $2) AS FLOAT)"),
    ("truncate", "double", "trunc($1)"),
    ("truncate", "real", "trunc($1)"),
    ("width_bucket", "double; double; double; bigint", "trino_width_bucket($*)"),
    ("width_bucket", "double; array(double)", "trino_width_bucket_of($*)"),
    ("to_base", "bigint; bigint", "trino_to_base($*)"),
    ("from_base", "varchar(x); bigint", "trino_from_base($*)"),
    ("bit_count", "bigint; bigint", "trino_bit_count($*)"),
    ("normal_cdf", "double; double; double", "trino_normal_cdf($*)"),
    ("inverse_normal_cdf", "double; double; double", "trino_inverse_normal_cdf($*)"),
    ("wilson_interval_lower", "bigint; bigint; double", "trino_wilson_lower($*)"),
    ("wilson_interval_upper", "bigint; bigint; double", "trino_wilson_upper($*)"),
)


def _trigonometric(name: str) -> Entry:
    """sin, cos, tan, asin: NaN where the argument is infinite or outside the domain."""
    inside = "abs($1) <= 1" if name in ("acos", "asin") else "isfinite($1)"
    text = f"CASE WHEN {inside} THEN {name}($1) WHEN $1 IS NOT NULL THEN {NAN} END"
    return Entry(name, ("double",), How.MACRO, text)


def _remainder(kind: str) -> Entry:
    if kind in ("double", "real"):
        return Entry(
            "mod", (kind, kind), How.PYTHON, f"CAST(trino_remainder($1, $2) AS {_duck(kind)})"
        )
    zero = fails("DIVISION_BY_ZERO", "Division by zero", _duck(kind))
    return Entry(
        "mod",
        (kind, kind),
        How.MACRO,
        f"CASE WHEN $1 IS NULL THEN NULL WHEN $2 = 0 THEN {zero} ELSE $1 % $2 END",
    )


def _duck(kind: str) -> str:
    return {"real": "FLOAT"}.get(kind, kind.upper())


def _decimal_remainder(call: Call) -> str:
    zero = fails("DIVISION_BY_ZERO", "Division by zero", "$r")
    scales = "CAST(trino_decimal_remainder(CAST($1 AS VARCHAR), CAST($2 AS VARCHAR)) AS $r)"
    return f"CASE WHEN $1 IS NULL THEN NULL WHEN $2 = 0 THEN {zero} ELSE {scales} END"


def _shift(name: str, kind: str) -> Entry:
    bits = WHOLE[kind]
    power = "CAST(pow(2, CAST($2 AS DOUBLE)) AS HUGEINT)"
    if name == "bitwise_left_shift":
        moved, beyond = f"CAST($1 AS HUGEINT) * {power}", "0"
    elif name == "bitwise_right_shift":
        moved, beyond = f"trino_unsigned($1, {bits}) // {power}", "0"
    else:
        moved = (
            f"CASE WHEN $1 < 0 THEN -((-1 - CAST($1 AS HUGEINT)) // {power}) - 1 ELSE $1 // "
            f"{power} END"
        )
        beyond = "CASE WHEN $1 < 0 THEN -1 ELSE 0 END"
    negative = fails("NOT_REPRODUCED", "a shift by less than nothing", _duck(kind))
    return Entry(
        name,
        (kind, "integer"),
        How.MACRO,
        f"CASE WHEN $2 < 0 THEN {negative} WHEN $2 >= {bits} AND $1 IS NOT NULL THEN "
        f"CAST({beyond} AS {_duck(kind)}) "
        f"WHEN $2 IS NOT NULL THEN CAST(trino_signed({moved}, {bits}) AS {_duck(kind)}) END",
    )


def _whole(kind: str) -> tuple[Entry, ...]:
    """The functions of one whole number type."""
    duck = _duck(kind)
    rounded = (
        f"CASE WHEN $2 >= 0 THEN $1 ELSE CAST(trino_round_whole(CAST($1 AS BIGINT), $2) AS "
        f"{duck}) END"
    )
    return (
        Entry("abs", (kind,), How.NATIVE, "abs($1)"),
        Entry("ceil", (kind,), How.NATIVE, "$1"),
        Entry("ceiling", (kind,), How.NATIVE, "$1"),
        Entry("floor", (kind,), How.NATIVE, "$1"),
        Entry("round", (kind,), How.NATIVE, "$1"),
        Entry("round", (kind, "integer"), How.MACRO, rounded),
        Entry("sign", (kind,), How.NATIVE, f"CAST(sign($1) AS {duck})"),
        _remainder(kind),
        *(
            _shift(name, kind)
            for name in (
                "bitwise_left_shift",
                "bitwise_right_shift",
                "bitwise_right_shift_arithmetic",
            )
        ),
    )


def _float(kind: str) -> tuple[Entry, ...]:
    """The functions of double or real that are alike."""
    duck = _duck(kind)
    sign = f"CASE WHEN isnan($1) OR $1 = 0 THEN $1 ELSE CAST(sign($1) AS {duck}) END"
    return (
        Entry("abs", (kind,), How.NATIVE, "abs($1)"),
        Entry("ceil", (kind,), How.NATIVE, "ceil($1)"),
        Entry("ceiling", (kind,), How.NATIVE, "ceil($1)"),
        Entry("floor", (kind,), How.NATIVE, "floor($1)"),
        Entry("sign", (kind,), How.MACRO, sign),
        _remainder(kind),
    )


def _decimal(operation: str) -> Choose:
    """Rounding of decimals on their digits, since DuckDB's precision may be too small for the
    result."""

    def choose(call: Call) -> str:
        places = "$2" if len(call.arguments) > 1 else "CAST(0 AS INTEGER)"
        # Trino answers zero for short decimals when all digits are rounded away.
        short = "CAST($p1 AS BIGINT)" if len(call.arguments) > 1 else "CAST(0 AS BIGINT)"
        return (
            f"CAST(trino_{operation}_decimal(CAST($1 AS VARCHAR), CAST({places} AS BIGINT), "
            f"$s1, {short}) AS $r)"
        )

    return choose


ENTRIES: tuple[Entry, ...] = (
    *table(How.NATIVE, NATIVE),
    *table(How.MACRO, MACROS),
    *(_trigonometric(name) for name in ("sin", "cos", "tan", "asin", "acos")),
    *(entry for kind in WHOLE for entry in _whole(kind)),
    *(entry for kind in ("double", "real") for entry in _float(kind)),
    Entry("ceil", (DECIMAL,), How.MACRO, "CAST(ceil($1) AS $r)"),
    Entry("ceiling", (DECIMAL,), How.MACRO, "CAST(ceil($1) AS $r)"),
    Entry("floor", (DECIMAL,), How.MACRO, "CAST(floor($1) AS $r)"),
    Entry("round", (DECIMAL,), How.PYTHON, choose=_decimal("round")),
    Entry("round", (DECIMAL, "integer"), How.PYTHON, choose=_decimal("round")),
    Entry("truncate", (DECIMAL,), How.PYTHON, choose=_decimal("truncate")),
    Entry("truncate", (DECIMAL, "integer"), How.PYTHON, choose=_decimal("truncate")),
    Entry(
        "mod",
        ("decimal(a_precision,a_scale)", "decimal(b_precision,b_scale)"),
        How.PYTHON,
        choose=_decimal_remainder,
    ),
)

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_ln",
        "x",
        f"CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN -{INFINITY} WHEN x IS NOT NULL THEN {NAN} END",
    ),
    Macro(
        "trino_log10",
        "x",
        f"CASE WHEN x > 0 THEN log10(x) WHEN x = 0 THEN -{INFINITY} WHEN x IS NOT NULL THEN "
        f"{NAN} END",
    ),
    # DuckDB may evaluate all branches of constants, so the cast to a whole number must not fail.
    Macro(
        "trino_round",
        "x, n",
        "CASE WHEN n IS NULL OR x IS NULL THEN NULL WHEN NOT isfinite(x) THEN x "
        f"WHEN pow(CAST(10 AS DOUBLE), n) = 0 THEN {NAN} "
        "WHEN abs(x) * pow(CAST(10 AS DOUBLE), n) >= 9223372036854775807 THEN x "
        "ELSE sign(x) * trino_round_half(abs(x) * pow(CAST(10 AS DOUBLE), n)) / pow(CAST(10 AS "
        "DOUBLE), n) END",
    ),
    Macro(
        "trino_round_half", "x", "CASE WHEN x - floor(x) >= 0.5 THEN floor(x) + 1 ELSE floor(x) END"
    ),
    Macro(
        "trino_unsigned",
        "x, bits",
        "CASE WHEN x < 0 THEN CAST(x AS HUGEINT) + CAST(pow(2, bits) AS HUGEINT) ELSE CAST(x AS "
        "HUGEINT) END",
    ),
    Macro(
        "trino_signed",
        "x, bits",
        "((x + CAST(pow(2, bits - 1) AS HUGEINT)) % CAST(pow(2, bits) AS HUGEINT) + CAST(pow(2, "
        "bits) AS HUGEINT)) "
        "% CAST(pow(2, bits) AS HUGEINT) - CAST(pow(2, bits - 1) AS HUGEINT)",
    ),
    Python("trino_round_whole", ("BIGINT", "BIGINT"), "BIGINT", arithmetic.round_whole),
    Python(
        "trino_round_decimal",
        ("VARCHAR", "BIGINT", "BIGINT", "BIGINT"),
        "VARCHAR",
        arithmetic.round_decimal,
    ),
    Python(
        "trino_truncate_decimal",
        ("VARCHAR", "BIGINT", "BIGINT", "BIGINT"),
        "VARCHAR",
        arithmetic.truncate_decimal,
    ),
    Python(
        "trino_decimal_remainder", ("VARCHAR", "VARCHAR"), "VARCHAR", arithmetic.decimal_remainder
    ),
    Python("trino_remainder", ("DOUBLE", "DOUBLE"), "DOUBLE", arithmetic.remainder),
    Python(
        "trino_width_bucket",
        ("DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"),
        "BIGINT",
        arithmetic.width_bucket,
    ),
    Python("trino_width_bucket_of", ("DOUBLE", "DOUBLE[]"), "BIGINT", arithmetic.width_bucket_of),
    Python("trino_to_base", ("BIGINT", "BIGINT"), "VARCHAR", arithmetic.to_base),
    Python("trino_from_base", ("VARCHAR", "BIGINT"), "BIGINT", arithmetic.from_base),
    Python("trino_bit_count", ("BIGINT", "BIGINT"), "BIGINT", arithmetic.bit_count),
    Python("trino_normal_cdf", ("DOUBLE", "DOUBLE", "DOUBLE"), "DOUBLE", arithmetic.normal_cdf),
    Python(
        "trino_inverse_normal_cdf",
        ("DOUBLE", "DOUBLE", "DOUBLE"),
        "DOUBLE",
        arithmetic.inverse_normal_cdf,
    ),
    Python("trino_wilson_lower", ("BIGINT", "BIGINT", "DOUBLE"), "DOUBLE", arithmetic.wilson_lower),
    Python("trino_wilson_upper", ("BIGINT", "BIGINT", "DOUBLE"), "DOUBLE", arithmetic.wilson_upper),
)
