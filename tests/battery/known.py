"""Where our package is known to answer the battery otherwise than Trino: by query, the reason.

It must not hold what is refused. tests/test_battery.py expects each of these to differ, so that
one that is cured must leave; the page of what is supported lists them.
"""

_CODE = "an error on both sides, under another name"
_NAME = "the name of a column: Trino names a field of a column only, not of another expression"
_ZERO = "zero as text: Trino writes 0E0"
_DIGITS = "digits of other scripts: Trino reads them in casts of text to whole numbers"

KNOWN = {
    "SELECT MAP(ARRAY['a', 'a'], ARRAY[1, 2])": _CODE,
    "SELECT MAP(ARRAY['a', NULL], ARRAY[1, 2])": _CODE,
    "SELECT 12345678901234567890": _CODE,
    "SELECT CAST(nan() AS bigint)": _CODE,
    "SELECT who.nobody.arn FROM (VALUES ROW(CAST(ROW(ROW(1)) AS row(session row(arn integer)))))"
    " AS t(who)": _CODE,
    "SELECT who.nobody FROM (VALUES ROW(CAST(ROW('x') AS row(arn varchar)))) AS t(who)": _CODE,
    "SELECT element_at(resources, 1).arn FROM (VALUES CAST(ARRAY[ROW('arn:a', '1')]"
    " AS array(row(arn varchar, account varchar)))) AS t(resources)": _NAME,
    "SELECT CAST(ROW(1, 'a') AS row(x bigint, y varchar)).y": _NAME,
    "SELECT CAST(0e0 AS varchar)": _ZERO,
    "SELECT CAST(-0e0 AS varchar)": _ZERO,
    "SELECT CAST(v AS varchar) FROM (VALUES 0e0, 1e0, 12.5e0, 1e-5, infinity()) AS t(v)": _ZERO,
    "SELECT TRY_CAST('٣' AS bigint)": _DIGITS,
}
