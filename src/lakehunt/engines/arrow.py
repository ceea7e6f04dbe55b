"""The Arrow type of each of Trino's types, where the values come over a wire.

Knows types, not values. The engines that ask a service read results with it.
"""

import pyarrow

from lakehunt.trino_on_duckdb.types import Type

TEXT = pyarrow.string()
PLAIN = {
    "boolean": pyarrow.bool_(),
    "tinyint": pyarrow.int8(),
    "smallint": pyarrow.int16(),
    "integer": pyarrow.int32(),
    "bigint": pyarrow.int64(),
    "float": pyarrow.float32(),
    "real": pyarrow.float32(),
    "double": pyarrow.float64(),
    "date": pyarrow.date32(),
}


def arrow_type(type_: Type) -> pyarrow.DataType:
    """Return the Arrow type of a Trino type."""
    inner = [arrow_type(child) for child in type_.children]
    if type_.base == "array":
        return pyarrow.list_(inner[0])
    if type_.base == "map":
        return pyarrow.map_(*inner)
    if type_.base == "row":
        names = type_.names or (None,) * len(inner)
        named = [name or f"field{n}" for n, name in enumerate(names)]
        return pyarrow.struct([*zip(named, inner, strict=True)])
    if type_.base == "decimal":
        return pyarrow.decimal128(type_.precision, type_.scale)
    if type_.base == "timestamp":
        return pyarrow.timestamp("us")
    return PLAIN.get(type_.base, TEXT)
