"""Text functions: length, substr, split, trim, pad, replace, translate and their like.

It must not know regular expressions or JSON. The table of functions collects ENTRIES, the
prelude DEFINITIONS.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, fails
from lakehunt.trino_on_duckdb.functions.entry import Call, Entry, How, concatenation, table
from lakehunt.trino_on_duckdb.functions.texts import (
    from_utf8,
    hamming_distance,
    levenshtein_distance,
    luhn_check,
    normalize,
    soundex,
    split_to_map,
    split_to_multimap,
    strpos,
)

BAD = "INVALID_FUNCTION_ARGUMENT"
# Java's Character.isWhitespace, which is what trim removes.
WHITESPACE = (
    "'\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2008\u2009\u200a\u2028\u2029\u205f\u3000'"
)

NATIVE: tuple[tuple[str, str, str], ...] = (
    ("concat_ws", "varchar; array(varchar)", "trino_joined($2, $1)"),
    ("length", "varchar(x)", "length($1)"),
    ("lower", "varchar(x)", "lower($1)"),
    ("starts_with", "varchar(x); varchar(y)", "starts_with($1, $2)"),
    ("to_utf8", "varchar(x)", "encode($1)"),
    ("replace", "varchar(x); varchar(y)", "replace($1, $2, '')"),
    ("ltrim", "varchar(x)", f"ltrim($1, {WHITESPACE})"),
    ("rtrim", "varchar(x)", f"rtrim($1, {WHITESPACE})"),
    ("trim", "varchar(x)", f"trim($1, {WHITESPACE})"),
    ("ltrim", "varchar(x); codepoints", "ltrim($1, $2)"),
    ("rtrim", "varchar(x); codepoints", "rtrim($1, $2)"),
    ("trim", "varchar(x); codepoints", "trim($1, $2)"),
)

MACROS: tuple[tuple[str, str, str], ...] = (
    ("chr", "bigint", "trino_chr($1)"),
    ("codepoint", "varchar(1)", "trino_codepoint($1)"),
    ("lpad", "varchar(x); bigint; varchar(y)", "trino_lpad($*)"),
    ("rpad", "varchar(x); bigint; varchar(y)", "trino_rpad($*)"),
    ("replace", "varchar(x); varchar(y); varchar(z)", "trino_replace($*)"),
    ("reverse", "varchar(x)", "trino_reverse_text($1)"),
    ("split", "varchar(x); varchar(y)", "trino_split($*)"),
    ("split", "varchar(x); varchar(y); bigint", "trino_split_limit($*)"),
    ("split_part", "varchar(x); varchar(y); bigint", "trino_split_part($*)"),
    ("strpos", "varchar(x); varchar(y)", "trino_strpos($*)"),
    ("substr", "varchar(x); bigint", "trino_substr($*)"),
    ("substr", "varchar(x); bigint; bigint", "trino_substr_length($*)"),
    ("substring", "varchar(x); bigint", "trino_substr($*)"),
    ("substring", "varchar(x); bigint; bigint", "trino_substr_length($*)"),
    ("upper", "varchar(x)", "trino_upper($1)"),
    ("translate", "varchar(x); varchar(y); varchar(z)", "translate($*)"),
    ("from_utf8", "varbinary", "coalesce(TRY(decode($1)), trino_from_utf8($1, chr(65533)))"),
)

PYTHON: tuple[tuple[str, str, str], ...] = (
    ("from_utf8", "varbinary; bigint", "trino_from_utf8($1, trino_chr($2))"),
    ("from_utf8", "varbinary; varchar(x)", "trino_from_utf8($*)"),
    ("hamming_distance", "varchar(x); varchar(y)", "trino_hamming_distance($*)"),
    ("levenshtein_distance", "varchar(x); varchar(y)", "trino_levenshtein_distance($*)"),
    ("luhn_check", "varchar", "trino_luhn_check($1)"),
    ("normalize", "varchar(x); varchar(y)", "trino_normalize($*)"),
    ("soundex", "varchar", "trino_soundex($1)"),
    ("split_to_map", "varchar; varchar; varchar", "trino_split_to_map($*)"),
    ("split_to_multimap", "varchar; varchar; varchar", "trino_split_to_multimap($*)"),
    ("strpos", "varchar(x); varchar(y); bigint", "trino_strpos_instance($*)"),
)

# A char is carried without the spaces at its end; what sees them fills it up first.
FULL = "rpad($1, $p1, ' ')"
CHARS: tuple[tuple[str, str, str], ...] = (
    ("concat", "char(x); char(y)", f"rtrim({FULL} || $2, ' ')"),
    ("length", "char(x)", "CASE WHEN $1 IS NOT NULL THEN CAST($p1 AS BIGINT) END"),
    ("lower", "char(x)", "lower($1)"),
    ("upper", "char(x)", "trino_upper($1)"),
    ("lpad", "char(x); bigint; varchar(y)", f"trino_lpad({FULL}, $2, $3)"),
    ("ltrim", "char(x)", f"ltrim($1, {WHITESPACE})"),
    ("ltrim", "char(x); codepoints", "ltrim($1, $2)"),
    ("reverse", "char(x)", f"rtrim(trino_reverse_text({FULL}), ' ')"),
    ("rtrim", "char(x)", f"rtrim($1, {WHITESPACE})"),
    ("rtrim", "char(x); codepoints", "rtrim($1, $2)"),
    ("substr", "char(x); bigint", f"trino_substr({FULL}, $2)"),
    ("substr", "char(x); bigint; bigint", f"trino_substr_length({FULL}, $2, $3)"),
    ("substring", "char(x); bigint", f"trino_substr({FULL}, $2)"),
    ("substring", "char(x); bigint; bigint", f"trino_substr_length({FULL}, $2, $3)"),
    ("trim", "char(x)", f"trim($1, {WHITESPACE})"),
    ("trim", "char(x); codepoints", "trim($1, $2)"),
)

REFUSED: tuple[tuple[str, str, str], ...] = (
    ("to_utf8", "char(x)", "the bytes of a char: cast to varchar first"),
    ("word_stem", "varchar(x)", "no Snowball stemmer here"),
    ("word_stem", "varchar(x); varchar(2)", "no Snowball stemmer here"),
)


def _with_separator(call: Call) -> str:
    if call.arguments[1:]:
        return "concat_ws($*)"
    return fails(BAD, "There must be two or more arguments", "VARCHAR")


ENTRIES: tuple[Entry, ...] = (
    Entry("concat", ("varchar",), How.NATIVE, choose=concatenation),
    Entry("concat_ws", ("varchar", "varchar"), How.NATIVE, choose=_with_separator),
    *table(How.NATIVE, NATIVE),
    *table(How.MACRO, MACROS),
    *table(How.MACRO, CHARS),
    *table(How.PYTHON, PYTHON),
    *table(How.REFUSED, REFUSED),
)

PAD = (
    "CASE WHEN s IS NULL OR n IS NULL OR p IS NULL THEN NULL "
    "WHEN n NOT BETWEEN 0 AND 2147483647 THEN "
    + fails(BAD, "Target length must be in the range [0..2147483647]", "VARCHAR")
    + " WHEN p = '' THEN "
    + fails(BAD, "Padding string must not be empty", "VARCHAR")
    + " ELSE {0}(s, CAST(n AS INTEGER), p) END"
)
EMPTY_DELIMITER = fails(BAD, "The delimiter may not be the empty string", "VARCHAR[]")
CODE_POINTS = "regexp_extract_all({0}, '(?s).')"

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_chr",
        "n",
        "CASE WHEN n BETWEEN 0 AND 55295 OR n BETWEEN 57344 AND 1114111 THEN chr(CAST(n AS "
        "INTEGER)) "
        f"WHEN n IS NOT NULL THEN {fails(BAD, 'Not a valid Unicode code point', 'VARCHAR')} END",
    ),
    Macro(
        "trino_codepoint",
        "s",
        f"CASE WHEN length(s) <> 1 THEN "
        f"{fails(BAD, 'Input string must be a single character string', 'INTEGER')} "
        "ELSE unicode(s) END",
    ),
    Macro("trino_lpad", "s, n, p", PAD.format("lpad")),
    Macro("trino_rpad", "s, n, p", PAD.format("rpad")),
    Macro(
        "trino_replace",
        "s, a, b",
        f"CASE WHEN a = '' THEN b || array_to_string({CODE_POINTS.format('s')}, b) "
        "|| CASE WHEN s = '' THEN '' ELSE b END ELSE replace(s, a, b) END",
    ),
    Macro(
        "trino_reverse_text", "s", f"array_to_string(list_reverse({CODE_POINTS.format('s')}), '')"
    ),
    Macro(
        "trino_split",
        "s, d",
        f"CASE WHEN s IS NULL OR d IS NULL THEN NULL WHEN d = '' THEN {EMPTY_DELIMITER} "
        "ELSE string_split(s, d) END",
    ),
    Macro(
        "trino_split_limit",
        "s, d, n",
        "CASE WHEN s IS NULL OR d IS NULL OR n IS NULL THEN NULL "
        f"WHEN n <= 0 THEN {fails(BAD, 'Limit must be positive', 'VARCHAR[]')} "
        f"WHEN d = '' THEN {EMPTY_DELIMITER} "
        "WHEN len(string_split(s, d)) <= n THEN string_split(s, d) "
        "ELSE list_append(list_slice(string_split(s, d), 1, n - 1), "
        "array_to_string(list_slice(string_split(s, d), n, -1), d)) END",
    ),
    Macro(
        "trino_split_part",
        "s, d, n",
        "CASE WHEN s IS NULL OR d IS NULL OR n IS NULL THEN NULL "
        f"WHEN n <= 0 THEN {fails(BAD, 'Index must be greater than zero', 'VARCHAR')} "
        f"WHEN d = '' THEN ({CODE_POINTS.format('s')})[n] ELSE (string_split(s, d))[n] END",
    ),
    Macro(
        "trino_strpos", "s, d", "CASE WHEN d = '' THEN strpos(s, d) * 0 + 1 ELSE strpos(s, d) END"
    ),
    Macro(
        "trino_substr",
        "s, n",
        "CASE WHEN n BETWEEN 1 AND 2147483647 OR n < 0 AND length(s) + n >= 0 THEN substr(s, n) "
        "WHEN n IS NOT NULL THEN substr(s, 1, 0) END",
    ),
    Macro(
        "trino_substr_length",
        "s, n, m",
        "CASE WHEN m > 0 AND (n BETWEEN 1 AND 2147483647 OR n < 0 AND length(s) + n >= 0) "
        "THEN substr(s, n, least(m, 2147483647)) WHEN n IS NOT NULL AND m IS NOT NULL THEN "
        "substr(s, 1, 0) END",
    ),
    # DuckDB has a capital for the sharp s, Java's simple mapping has none.
    Macro(
        "trino_upper",
        "s",
        "CASE WHEN contains(s, 'ß') THEN array_to_string(list_transform(string_split(s, 'ß'), "
        "lambda trino_it: upper(trino_it)), 'ß') ELSE upper(s) END",
    ),
    Python("trino_from_utf8", ("BLOB", "VARCHAR"), "VARCHAR", from_utf8),
    Python("trino_hamming_distance", ("VARCHAR", "VARCHAR"), "BIGINT", hamming_distance),
    Python("trino_levenshtein_distance", ("VARCHAR", "VARCHAR"), "BIGINT", levenshtein_distance),
    Python("trino_luhn_check", ("VARCHAR",), "BOOLEAN", luhn_check),
    Python("trino_normalize", ("VARCHAR", "VARCHAR"), "VARCHAR", normalize),
    Python("trino_soundex", ("VARCHAR",), "VARCHAR", soundex),
    Python("trino_split_to_map", ("VARCHAR",) * 3, "MAP(VARCHAR, VARCHAR)", split_to_map),
    Python(
        "trino_split_to_multimap", ("VARCHAR",) * 3, "MAP(VARCHAR, VARCHAR[])", split_to_multimap
    ),
    Python("trino_strpos_instance", ("VARCHAR", "VARCHAR", "BIGINT"), "BIGINT", strpos),
)
