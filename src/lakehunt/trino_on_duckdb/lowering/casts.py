"""CAST as DuckDB text, by the two types.

It must not know scopes. The expression lowering calls `cast` with the value already lowered.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Refused
from ..functions.definitions import fails
from ..types import INTEGERS, STAMP, VARCHAR, ZONED, Type
from .arithmetic import NARROW
from .carried import duck, field_names, has, quoted, text

NUMERIC = (*INTEGERS, "decimal", "real", "double")
JSON_KEYS = ("varchar", "decimal", "boolean", *INTEGERS)


def cast(value: str, source: Type, target: Type, depth: int = 0) -> str:
    """The text of `CAST(value AS target)`. Raises Refused where it is not reproduced."""
    carried = duck(target)
    if source == target:
        return value
    if source.base == "unknown":
        return f"CAST(NULL AS {carried})"
    if source.base in ("array", "map", "row") and source.base == target.base:
        return _structure(value, source, target, depth)
    duck(source)
    if target.base in ("varchar", "joniregexp", "jsonpath", "codepoints") and source.base != "json":
        return _to_text(value, source, target)
    if source.base == "json" or target.base == "json":
        return _json(value, source, target, depth)
    found = CASTS.get((source.base, target.base)) or _numbers(source, target)
    if found is None:
        raise Refused(f"CAST from {source} to {target} is not reproduced")
    return found(value, source, target)


def keeps(source: Type, target: Type) -> bool:
    """True where the cast changes nothing in DuckDB."""
    return cast("x", source, target) == "x"


# ------------------------------------------------------------------ text


def _to_text(value: str, source: Type, target: Type) -> str:
    if source.base in ("varchar", "joniregexp", "jsonpath", "codepoints"):
        if target.length is None or (source.length is not None and source.length <= target.length):
            return value
        return f"left({value}, {target.length})"
    if source.base == "char":
        length = source.length or 1
        padded = f"rpad({value}, {length}, ' ')"
        return (
            padded
            if target.length is None or target.length >= length
            else f"left({padded}, {target.length})"
        )
    written = _written(value, source)
    return written if target.length is None else f"trino_short_text({written}, {target.length})"


def _written(value: str, source: Type) -> str:
    if source.base == "decimal" and source.precision == source.scale:
        return f"trino_decimal_text({value})"
    if source.base in (*INTEGERS, "boolean", "decimal", "uuid"):
        return f"CAST({value} AS VARCHAR)"
    macros = {
        "date": "trino_date_text({0})",
        "double": "trino_text_of_double({0})",
        "real": "trino_text_of_real({0})",
        STAMP: "trino_timestamp_text({0}, {1})",
        ZONED: "trino_zoned_text({0}, {1})",
        "time": "trino_time_text({0}, {1})",
        "interval day to second": "trino_span_text({0})",
        "interval year to month": "trino_months_text({0})",
        "ipaddress": "trino_ip_text({0})",
    }
    if source.base not in macros:
        raise Refused(f"CAST from {source} to varchar is not reproduced")
    return macros[source.base].format(value, source.precision if source.args else 0)


# ------------------------------------------------------------------ scalars

Caster = Callable[[str, Type, Type], str]


def _plain(value: str, source: Type, target: Type) -> str:
    return f"CAST({value} AS {duck(target)})"


def _rounded(value: str, source: Type, target: Type) -> str:
    return f"CAST(round({value}) AS {duck(target)})"


def _decimal_to_real(value: str, source: Type, target: Type) -> str:
    """Trino divides two reals, and so rounds twice."""
    unscaled = f"CAST(CAST(trino_unscaled({value}) AS BIGINT) AS FLOAT)"
    return f"({unscaled} / CAST('1e{source.scale}' AS FLOAT))"


def _numbers(source: Type, target: Type) -> Caster | None:
    if source.base not in NUMERIC or target.base not in NUMERIC:
        return None
    if source.base in ("real", "double") and target.base in INTEGERS:
        name = source.base if target.base == "bigint" else "float"
        return lambda v, s, t: f"trino_{name}_to_{t.base}({v})"
    if source.base == "decimal" and target.base in INTEGERS:
        return _rounded
    if target.base == "real" and source.base == "decimal" and source.precision <= NARROW:
        return _decimal_to_real
    if {source.base, target.base} == {"real", "decimal"}:
        raise Refused(f"CAST from {source} to {target} is not reproduced")
    if (source.base, target.base) == ("double", "decimal"):
        return lambda v, s, t: f"CAST(CAST({v} AS VARCHAR) AS {duck(t)})"
    return _plain


def _from_text(value: str, source: Type, target: Type) -> str:
    if source.base == "char":
        raise Refused(f"CAST from {source} to {target} is not reproduced")
    if target.base == "decimal":
        return f"CAST(trino_text_to_exact({value}) AS {duck(target)})"
    if target.base in (STAMP, "time", ZONED):
        name = {STAMP: "timestamp", ZONED: "zoned"}.get(target.base, "time")
        return f"trino_text_to_{name}({value}, {target.precision})"
    return f"trino_text_to_{target.base}({value})"


def _round_moment(value: str, source: Type, target: Type) -> str:
    if target.precision >= source.precision:
        return value
    name = "cast_time_to_scale" if target.base == "time" else "cast_to_scale"
    return f"trino_{name}({value}, {10 ** (6 - target.precision)})"


def _round_zoned(value: str, source: Type, target: Type) -> str:
    if target.precision >= source.precision:
        return value
    rounded = f"trino_cast_to_scale(({value}).instant, {10 ** (6 - target.precision)})"
    packed = f'struct_pack("instant" := {rounded}, "zone" := ({value})."zone")'
    return f"CASE WHEN {value} IS NOT NULL THEN {packed} END"


def _local(value: str, source: Type, target: Type) -> str:
    return _round_moment(f"trino_local({value})", Type(STAMP, source.args), target)


def _in_utc(value: str, source: Type, target: Type) -> str:
    stamp = (
        _round_moment(value, source, Type(STAMP, target.args)) if source.base == STAMP else value
    )
    return f"trino_zoned(CAST({stamp} AS TIMESTAMP), 'UTC')"


def _time_of(value: str, source: Type, target: Type) -> str:
    local = f"trino_local({value})" if source.base == ZONED else value
    return _round_moment(f"CAST({local} AS TIME)", source, target)


CASTS: dict[tuple[str, str], Caster] = {
    **{("varchar", t): _from_text for t in (*NUMERIC, "boolean", "date", STAMP, ZONED, "time")},
    **{(n, "boolean"): lambda v, s, t: f"({v} <> 0)" for n in NUMERIC},
    **{("boolean", n): _plain for n in NUMERIC},
    ("varchar", "char"): lambda v, s, t: f"rtrim(left({v}, {t.length}), ' ')",
    ("char", "char"): lambda v, s, t: f"rtrim(left({v}, {t.length}), ' ')",
    ("varchar", "varbinary"): lambda v, s, t: f"encode({v})",
    ("varchar", "ipaddress"): lambda v, s, t: f"trino_ip({v})",
    ("varchar", "uuid"): lambda v, s, t: f"trino_text_to_uuid({v})",
    ("ipaddress", "varbinary"): lambda v, s, t: f"trino_ip_bytes({v})",
    ("varbinary", "ipaddress"): lambda v, s, t: f"trino_ip_of_bytes({v})",
    ("date", STAMP): _plain,
    ("date", ZONED): _in_utc,
    (STAMP, "date"): _plain,
    (STAMP, STAMP): _round_moment,
    (STAMP, ZONED): _in_utc,
    (STAMP, "time"): _time_of,
    (ZONED, "date"): lambda v, s, t: f"CAST(trino_local({v}) AS DATE)",
    (ZONED, STAMP): _local,
    (ZONED, ZONED): _round_zoned,
    (ZONED, "time"): _time_of,
    ("time", "time"): _round_moment,
}

# ------------------------------------------------------------------ structures


def _structure(value: str, source: Type, target: Type, depth: int) -> str:
    if source.base == "row":
        return _row(value, source, target, depth)
    item = f"c_{depth}"
    inner = [
        cast(item, a, b, depth + 1) for a, b in zip(source.children, target.children, strict=True)
    ]
    if all(text == item for text in inner):
        return value
    if source.base == "array":
        return f"list_transform({value}, lambda {item}: {inner[0]})"
    if has(target.children[0], ZONED):
        raise Refused(f"CAST from {source} to {target} is not reproduced")
    keys, values = (
        f"list_transform(map_{w}({value}), lambda {item}: {t})"
        for w, t in zip(("keys", "values"), inner, strict=True)
    )
    if inner[0] == item:
        return f"map({keys}, {values})"
    return let(keys, f"k_{depth}", _map_of(f"k_{depth}", values, target))


def _map_of(keys: str, values: str, target: Type) -> str:
    """The map; keys that the cast has made the same are no valid argument of it."""
    failing = fails("INVALID_CAST_ARGUMENT", "Duplicate map keys are not allowed", duck(target))
    same = f"len(list_distinct({keys})) < len({keys})"
    return f"CASE WHEN {same} THEN {failing} ELSE map({keys}, {values}) END"


def _row(value: str, source: Type, target: Type, depth: int) -> str:
    item = f"c_{depth}"
    before, after = field_names(source), field_names(target)
    inner = [
        cast(f"({item}).{quoted(n)}", a, b, depth + 1)
        for n, a, b in zip(before, source.children, target.children, strict=True)
    ]
    if before == after and all(
        t == f"({item}).{quoted(n)}" for t, n in zip(inner, before, strict=True)
    ):
        return value
    packed = ", ".join(f"{quoted(n)} := {t}" for n, t in zip(after, inner, strict=True))
    return let(value, item, f"CASE WHEN {item} IS NOT NULL THEN struct_pack({packed}) END")


def let(value: str, name: str, body: str) -> str:
    """The body with `name` standing for the value, which is evaluated once."""
    return f"(list_transform([{value}], lambda {name}: {body}))[1]"


# ------------------------------------------------------------------ json


def _json(value: str, source: Type, target: Type, depth: int) -> str:
    if source.base == "json":
        return _from_json(value, target, depth)
    return _to_json(value, source, depth)


def _from_json(value: str, target: Type, depth: int) -> str:
    if target.base in (*INTEGERS, "boolean", "double", "real"):
        return f"trino_json_to_{target.base}({value})"
    if target.base == "varchar":
        written = f"trino_json_to_varchar({value})"
        return written if target.length is None else f"trino_short_text({written}, {target.length})"
    if target.base == "decimal":
        return f"CAST(trino_json_to_decimal_text({value}) AS {duck(target)})"
    structures = {"array": _array_of_json, "map": _map_of_json, "row": _row_of_json}
    return structures[target.base](value, target, depth) if target.base in structures else value


def _part_of_json(item: str, target: Type, depth: int) -> str:
    """A part of a JSON value: SQL's NULL stands for JSON's, which a part of type json keeps."""
    return f"coalesce({item}, 'null')" if target.base == "json" else _from_json(item, target, depth)


def _array_of_json(value: str, target: Type, depth: int) -> str:
    item = f"j_{depth}"
    inner = _part_of_json(item, target.element, depth + 1)
    return f"list_transform(trino_json_elements({value}), lambda {item}: {inner})"


def _map_of_json(value: str, target: Type, depth: int) -> str:
    item, members = f"j_{depth}", f"m_{depth}"
    key, kind = target.children
    inner = _part_of_json(item, kind, depth + 1)
    keys = made = f"map_keys({members})"
    if key != VARCHAR:
        if key.base not in (*NUMERIC, "boolean"):
            raise Refused(f"CAST from json to {target} is not reproduced")
        done = cast(item, VARCHAR, key, depth + 1)
        made = f"list_transform({keys}, lambda {item}: {done})"
    values = f"list_transform(map_values({members}), lambda {item}: {inner})"
    packed = (
        f"map({keys}, {values})"
        if made == keys
        else let(made, f"k_{depth}", _map_of(f"k_{depth}", values, target))
    )
    body = f"CASE WHEN {members} IS NOT NULL THEN {packed} END"
    return let(f"trino_json_members({value})", members, body)


def _row_of_json(value: str, target: Type, depth: int) -> str:
    """An array of the fields in order; an object would need the names without regard to case."""
    members = f"m_{depth}"
    names = [n.lower() if n else "" for n in target.names] or [""] * len(target.args)
    parts = [
        _part_of_json(f"trino_json_field({members}, {at}, {text(name)})", kind, depth + 1)
        for at, (name, kind) in enumerate(zip(names, target.children, strict=True), 1)
    ]
    fields = zip(field_names(target), parts, strict=True)
    packed = ", ".join(f"{quoted(n)} := {t}" for n, t in fields)
    body = f"CASE WHEN {members} IS NOT NULL THEN struct_pack({packed}) END"
    checked = f"trino_json_row({value}, {len(parts)})"
    return let(checked, members, body)


def _to_json(value: str, source: Type, depth: int) -> str:  # noqa: PLR0911 (one per kind)
    item = f"j_{depth}"
    if source.base == "unknown":
        return "CAST(NULL AS VARCHAR)"
    if source.base in (*INTEGERS, "boolean", "decimal"):
        return _written(value, source)
    if source.base == "varchar":
        return f"trino_json_of_varchar({value})"
    if source.base in ("double", "real"):
        return f"trino_json_of_{source.base}({value})"
    if source.base in ("date", STAMP):
        return f"('\"' || {_written(value, source)} || '\"')"
    if source.base == "array":
        inner = f"coalesce({_to_json(item, source.element, depth + 1)}, 'null')"
        joined = f"array_to_string(list_transform({value}, lambda {item}: {inner}), ',')"
        return f"CASE WHEN {value} IS NOT NULL THEN '[' || {joined} || ']' END"
    if source.base == "row":
        return _row_to_json(value, source, depth)
    if source.base == "map" and source.children[0].base in JSON_KEYS:
        return _map_to_json(value, source, depth)
    if source.base == "json":
        return value
    raise Refused(f"CAST from {source} to json is not reproduced")


def _row_to_json(value: str, source: Type, depth: int) -> str:
    item = f"j_{depth}"
    shown = source.names or ("",) * len(source.args)
    parts = []
    for field, name, kind in zip(field_names(source), shown, source.children, strict=True):
        inner = f"coalesce({_to_json(f'({item}).{quoted(field)}', kind, depth + 1)}, 'null')"
        parts.append(
            f"trino_json_of_varchar('{(name or '').replace(chr(39), chr(39) * 2)}') || ':' || "
            f"{inner}"
        )
    body = " || ',' || ".join(parts)
    return let(value, item, f"CASE WHEN {item} IS NOT NULL THEN '{{' || {body} || '}}' END")


def _map_to_json(value: str, source: Type, depth: int) -> str:
    """An object with its keys in the order of their text."""
    item = f"j_{depth}"
    key, kind = source.children
    name = f"({item}).key" if key.base == "varchar" else _written(f"({item}).key", key)
    inner = f"coalesce({_to_json(f'({item}).value', kind, depth + 1)}, 'null')"
    member = f"struct_pack(k := {name}, t := trino_json_of_varchar({name}) || ':' || {inner})"
    members = f"list_sort(list_transform(map_entries({value}), lambda {item}: {member}))"
    joined = f"array_to_string(list_transform({members}, lambda {item}: ({item}).t), ',')"
    return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {joined} || '}}' END"
