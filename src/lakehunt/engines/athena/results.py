"""A result of Athena as Arrow, with the types that the query has.

Knows Athena's texts and files. NULL and an empty text are told apart; a row more than asked for is
never read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet
from pyathena.model import AthenaQueryExecution
from pyathena.util import parse_output_location

from lakehunt.engines.arrow import PLAIN, TEXT, arrow_type
from lakehunt.engines.athena.account import Account
from lakehunt.sql.carry import read_carried
from lakehunt.trino_on_duckdb.types import Type

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import ColumnInfoTypeDef, GetQueryResultsOutputTypeDef

_PAGE_ROWS = 1000
_MICROSECONDS = len("2026-05-01 10:00:00.123456")


def read_result(
    account: Account,
    execution: AthenaQueryExecution,
    types: Mapping[int, Type],
    most: int | None,
) -> tuple[pyarrow.Table, bool]:
    """Return the rows of a query, at most so many, and whether there are more.

    Args:
        types: the types of the columns, by position, that come as JSON text.

    Raises:
        CloudError: AWS refuses the result.
    """
    first = _page(account, execution, None)
    info = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    wanted = None if most is None else most + 1
    if not first.get("NextToken") or (wanted is not None and wanted < _PAGE_ROWS):
        texts = _by_row(first, info, skip=1)
    elif execution.output_location:
        texts = _from_file(account, execution.output_location, info, wanted)
    else:
        texts = _paged(account, execution, first, info, wanted)
    rows = texts.slice(0, most) if wanted is not None else texts
    columns = [
        typed(rows.column(number), one, types.get(number)) for number, one in enumerate(info)
    ]
    names = [one["Name"] for one in info]
    return pyarrow.Table.from_arrays(columns, names=names), texts.num_rows > rows.num_rows


def read_unloaded(account: Account, execution: AthenaQueryExecution) -> pyarrow.Table:
    """Return the rows of an UNLOAD into Parquet; timestamps in microseconds.

    Raises:
        CloudError: AWS refuses one of its files.
    """
    manifest = _object(account, str(execution.data_manifest_location)).read().decode()
    parts = [
        pyarrow.parquet.read_table(
            pyarrow.BufferReader(_object(account, location).read()),
            coerce_int96_timestamp_unit="us",
        )
        for location in manifest.split()
    ]
    return pyarrow.concat_tables(parts) if parts else pyarrow.table({})


def _page(
    account: Account, execution: AthenaQueryExecution, token: str | None
) -> "GetQueryResultsOutputTypeDef":
    arguments = {"QueryExecutionId": execution.query_id, "MaxResults": _PAGE_ROWS}
    if token:
        arguments["NextToken"] = token
    return account.call("reading a result", account.athena.get_query_results, **arguments)


def _by_row(
    page: "GetQueryResultsOutputTypeDef", info: "Sequence[ColumnInfoTypeDef]", skip: int
) -> pyarrow.Table:
    rows = [
        [cell.get("VarCharValue") for cell in row.get("Data", ())]
        for row in page["ResultSet"]["Rows"][skip:]
    ]
    columns = [pyarrow.array([row[n] for row in rows], TEXT) for n in range(len(info))]
    return pyarrow.Table.from_arrays(columns, names=[str(n) for n in range(len(info))])


def _paged(
    account: Account,
    execution: AthenaQueryExecution,
    first: "GetQueryResultsOutputTypeDef",
    info: "Sequence[ColumnInfoTypeDef]",
    wanted: int | None,
) -> pyarrow.Table:
    parts = [_by_row(first, info, skip=1)]
    token = first.get("NextToken")
    while token and (wanted is None or sum(part.num_rows for part in parts) < wanted):
        page = _page(account, execution, token)
        parts.append(_by_row(page, info, skip=0))
        token = page.get("NextToken")
    return pyarrow.concat_tables(parts)


def _from_file(
    account: Account, location: str, info: "Sequence[ColumnInfoTypeDef]", wanted: int | None
) -> pyarrow.Table:
    names = [str(number) for number in range(len(info))]
    source = pyarrow.PythonFile(_object(account, location), mode="r")
    reader = pyarrow.csv.open_csv(
        source,
        pyarrow.csv.ReadOptions(column_names=names, skip_rows_after_names=1),
        # one column of NULL is an empty line
        pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        # Athena quotes every text, so what is empty and not quoted is NULL
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return pyarrow.Table.from_batches(_enough(reader, wanted), schema=reader.schema)


def _enough(
    batches: Iterator[pyarrow.RecordBatch], wanted: int | None
) -> Iterator[pyarrow.RecordBatch]:
    seen = 0
    for batch in batches:
        yield batch
        seen += batch.num_rows
        if wanted is not None and seen >= wanted:
            return


def _object(account: Account, location: str) -> Any:
    bucket, key = parse_output_location(location)
    return account.call("reading a result", account.s3.get_object, Bucket=bucket, Key=key)["Body"]


def typed(
    texts: pyarrow.ChunkedArray, info: "ColumnInfoTypeDef", nested: Type | None
) -> pyarrow.ChunkedArray:
    """Return a column of Athena's texts in the type that it has; what Arrow lacks stays text."""
    if nested is not None:
        arrow = arrow_type(nested)
        values = (read_carried(text, nested, _scalar) for text in texts.to_pylist())
        return pyarrow.chunked_array([pyarrow.array([*values], arrow)])
    kind = info["Type"]
    if kind == "decimal":
        return texts.cast(pyarrow.decimal128(info.get("Precision", 38), info.get("Scale", 0)))
    if kind == "timestamp":
        longest = max((len(text) for text in texts.to_pylist() if text), default=0)
        return texts.cast(pyarrow.timestamp("us" if longest <= _MICROSECONDS else "ns"))
    if kind == "varbinary":
        values = (None if text is None else bytes.fromhex(text) for text in texts.to_pylist())
        return pyarrow.chunked_array([pyarrow.array([*values], pyarrow.binary())])
    return texts.cast(PLAIN.get(kind, TEXT))


def _scalar(text: str, type_: Type) -> Any:
    """Return a value inside a list, map or row, from what JSON has of it."""
    if type_.base == "decimal":
        return Decimal(text)
    if type_.base == "timestamp":
        return datetime.fromisoformat(text)
    if type_.base == "date":
        return date.fromisoformat(text)
    return float(text) if type_.base in ("real", "double") else int(text)
