"""Every table reads the same rows on a real Trino and on the local engine, rows of NULLs included.

It must not know what a view makes of the rows.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet
import pytest

from lakehunt.config import Deployment
from lakehunt.content import roots
from lakehunt.deploy.catalog import catalog_table
from lakehunt.deploy.trino import trino_statements
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import Location
from lakehunt.layouts import file_name, folder
from lakehunt.model import Result, Source, Table, Type
from lakehunt.sources import load_source
from lakehunt.sources.lines import HIVE_JSON, LAZY_SIMPLE, OPENX_JSON, PARQUET
from lakehunt.sql.compile import Draft
from lakehunt.writer import expand
from lakehunt.writer.serdes import file_bytes
from tests.conftest import SHARED

from .hostile import DELIMITED, is_json, json_lines, mutated, mutated_json
from .judge import Judge, Row, plain

pytestmark = pytest.mark.live
CONTENT = Path(__file__).parent.parent / "serdes" / "content"
DELIVERED = datetime(2026, 5, 1, 10, 5, tzinfo=UTC)
VALUES = {"account_id": "111122223333", "region": "us-east-1", "day": "2026/05/01",
          "web_acl": "shop", "vpc": "vpc-0a", "source_bucket": "example-data",
          "distribution_id": "E1SFLUZKKLSP61"}  # fmt: skip
SAMPLED = ("alb", "s3access", "cloudfront", "vpcflow", "waf", "route53_resolver", "route53_public")
MUTATIONS = 150
TOGETHER = 8


def deployment(
    bucket: str, source: str = "", format_: str = "", fields: Sequence[str] = ()
) -> Deployment:
    """Return a deployment whose logs all lie in one bucket."""
    keys = ("trail", "alb", "s3access", "waf", "dns", "public_dns", "flow", "cloudfront",
            "cloudfront_realtime", "web", "flows", "names")  # fmt: skip
    return Deployment(
        buckets=dict.fromkeys(keys, bucket),
        accounts=(VALUES["account_id"],),
        regions=(VALUES["region"],),
        first_day=date(2026, 4, 30),
        formats={source: format_} if format_ else {},
        fields={source: tuple(fields)} if fields else {},
        values={name: (value,) for name, value in VALUES.items()},
    )


def bucket(words: str) -> str:
    """Return the name of a bucket for a test, such that its database can have it as well."""
    return re.sub("[^a-z0-9]", "-", words.lower())


@dataclass(frozen=True)
class Delivery:
    """Files of one deployed source by a word for each, and where AWS would put them."""

    source: Source
    files: Mapping[str, bytes]
    here: Source | None = None
    """The source as it is read locally, where that is none that ships."""

    def places(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield the word, the key and the bytes of each file."""
        partitions = self.source.partitions
        place = folder(partitions, self.source.layout, VALUES)
        for number, (word, data) in enumerate(self.files.items()):
            name = file_name(partitions, VALUES, DELIVERED, f"{number:04}")
            if self.source.table.serde == PARQUET:
                name = name.removesuffix(".gz").removesuffix(".log") + ".parquet"
            yield word, place + name, gzip.compress(data) if name.endswith(".gz") else data

    @property
    def query(self) -> str:
        """Return what both are asked: every column, and the file."""
        table = self.source.table
        names = (column.name.lower() for column in (*table.columns, *table.partition_columns))
        columns = ", ".join(f'"{name}"' for name in names)
        return f'SELECT {columns}, "$path" FROM {table.name}'


def by_file(delivery: Delivery, rows: Sequence[Row]) -> dict[str, Counter[Row]]:
    """Return the rows of each file by its word, how often each row is there."""
    words = {key.rpartition("/")[2]: word for word, key, _ in delivery.places()}
    found: dict[str, Counter[Row]] = {word: Counter() for word in words.values()}
    for row in rows:
        found[words[str(row[-1]).rpartition("/")[2]]][row[:-1]] += 1
    return found


def on_trino(judge: Judge, delivery: Delivery) -> dict[str, Counter[Row]]:
    """Return what Trino reads of each file."""
    own = delivery.source.table.location.removeprefix("s3://").partition("/")[0]
    database = own.replace("-", "_")
    judge.database(database, own)
    for _, key, data in delivery.places():
        judge.sandbox.store.put(f"s3://{own}/{key}", data)
    if delivery.source.table.input_format.endswith("CloudTrailInputFormat"):
        for statement in trino_statements(delivery.source):
            judge.run(statement, database)
    else:
        judge.tables(database, [catalog_table(delivery.source.table)])
    return by_file(delivery, judge.run(delivery.query, database))


def locally(lake: Path, delivery: Delivery) -> dict[str, Counter[Row]]:
    """Return what the local engine reads of each file."""
    for _, key, data in delivery.places():
        path = lake / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    own = delivery.here or load_source(roots(), delivery.source.name)
    engine = LocalEngine(lake, {own.name: own})
    try:
        run = engine.run([Draft("q", delivery.query)], None, Limits(), lambda share: None)
    finally:
        engine.close()
    result = run.results["q"]
    assert isinstance(result, Result), result
    columns = ([plain(v) for v in column.to_pylist()] for column in result.table.columns)
    return by_file(delivery, [*zip(*columns, strict=True)])


def differences(
    delivery: Delivery, real: Mapping[str, Counter[Row]], ours: Mapping[str, Counter[Row]]
) -> list[str]:
    """Return for each file that is read differently what only one of the two has."""
    found: list[str] = []
    for word, data in delivery.files.items():
        only_real, only_ours = real[word] - ours[word], ours[word] - real[word]
        if (only_real or only_ours) and not is_left_out(delivery, word, only_real, only_ours):
            shown = f"  Trino {[*only_real][:3]}\n  local {[*only_ours][:3]}"
            found.append(f"{word}: {data[:3000]!r}\n{shown}")
    return found


def compare(lake: Path, judge: Judge, delivery: Delivery) -> None:
    """Assert that both read the files alike."""
    found = differences(delivery, on_trino(judge, delivery), locally(lake, delivery))
    assert not found, f"{len(found)} of {len(delivery.files)}\n" + "\n".join(found)


def is_left_out(
    delivery: Delivery, word: str, only_real: Counter[Row], only_ours: Counter[Row]
) -> bool:
    """Tell whether what differs are lines that are no JSON, each a row of NULLs here.

    The reader of OpenX, on Athena and Trino, is lenient: quotes, commas and colons may lack, and
    what follows the closing brace is not looked at. Such a line was damaged or forged, and is told
    here by `_unparsed`.
    """
    table = delivery.source.table
    lines = delivery.files[word].decode(errors="replace").split("\n")
    broken = sum(not is_json(line) for line in lines)
    return (
        table.serde == OPENX_JSON
        and only_ours.total() == only_real.total() <= broken
        and all({*row[: len(table.columns)]} == {None} for row in only_ours)
    )


def hostile_lines(source: Source) -> list[str]:
    """Return lines of a source's table: as AWS writes one, and damaged in many ways."""
    fresh = {"repeat": "3", "every": "7s", "record": {}}
    records = [*expand(source, [fresh], DELIVERED, Location("test"))]
    written = file_bytes(source.formats[0], source.partitions, records).decode()
    whole = written.splitlines()
    lines = whole[int(source.table.properties.get("skip.header.line.count", "0")) :]
    odd: Sequence[str] = DELIMITED if source.table.serde == LAZY_SIMPLE else ()
    mutate = mutated
    if source.table.serde in (OPENX_JSON, HIVE_JSON):
        mutate = mutated_json
        odd = [*json_lines(source.table, [key for key, _ in keyed(source.table)])]
    mutations = (mutate(lines[seed % len(lines)], seed) for seed in range(MUTATIONS))
    return [*lines, *odd, *mutations]


def keyed(table: Table) -> list[tuple[str, Type]]:
    """Return what each column of a table is called in a record, and its type."""
    mapped = table.serde_properties
    return [(mapped.get(f"mapping.{c.name.lower()}", c.name), c.type) for c in table.columns]


def hostile(source: Source) -> Delivery:
    """Return hostile lines in files of a few, a good line above them."""
    header = file_bytes(source.formats[0], source.partitions, [])
    good, *lines = [line.encode(errors="surrogateescape") + b"\n" for line in hostile_lines(source)]
    files = {
        f"lines from {start}": header + good + b"".join(lines[start : start + TOGETHER])
        for start in range(0, len(lines), TOGETHER)
    }
    return Delivery(source, files)


FIELDS = {"vpcflow": ("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport",
                      "dstport", "protocol", "packets", "bytes", "start", "end", "action",
                      "log-status", "vpc-id", "subnet-id", "instance-id", "region")}  # fmt: skip
TEXTS = ("alb", "s3access", "route53_public", "cloudfront", "cloudfront_realtime", "vpcflow",
         "waf", "route53_resolver", "cloudfront.json")  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_lines_are_read_alike(tmp_path: Path, judge: Judge, name: str) -> None:
    source, _, format_ = name.partition(".")
    fields = FIELDS.get(source, ())
    own = deployment(bucket(f"hostile {name}"), source, format_, fields)
    delivery = hostile(load_source(roots(), source, own))
    compare(tmp_path, judge, delivery)


def sample_files(source: str) -> dict[str, bytes]:
    """Return the sample files of a source as text, where they are on this machine."""
    place = SHARED / "samples" / source
    files = (path for path in sorted(place.rglob("*")) if path.suffix not in (".parquet", ""))
    return {path.relative_to(place).as_posix(): _unpacked(path.read_bytes()) for path in files}


def _unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def with_header(source: Source, data: bytes) -> bytes:
    """Return lines below the header that the table skips: a dump may lack it.

    CloudFront's table skips none, so that its header lines are rows there; here they are told by
    what they hold.
    """
    header = file_bytes(source.formats[0], source.partitions, [])
    marks = (b"#", header.split(b" ")[0] + b" ") if header else (b"#",)
    lines = data.splitlines(keepends=True)
    return header + b"".join(line for line in lines if not line.startswith(marks))


@pytest.mark.parametrize("name", [name for name in SAMPLED if name != "vpcflow"])
def test_samples_are_read_alike(tmp_path: Path, judge: Judge, name: str) -> None:
    source = load_source(roots(), name, deployment(bucket(f"samples {name}")))
    files = {word: with_header(source, data) for word, data in sample_files(name).items()}
    if not files:
        pytest.skip(f"no samples of {name} on this machine")
    compare(tmp_path, judge, Delivery(source, files))


FLOWS = sample_files("vpcflow")


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_log_of_its_own_fields_is_read_alike(
    tmp_path: Path, judge: Judge, name: str
) -> None:
    whole = load_source(roots(), "vpcflow")
    known = [field.key for field in whole.partitions.fields]
    words = FLOWS[name].split(b"\n")[0].decode().split()
    fields = words if {*words} & {*known} else ()
    if not {*fields} <= {*known}:
        pytest.skip("fields that the table does not have: they cannot be deployed")
    own = deployment(bucket(f"flows {name}"), "vpcflow", "", fields)
    source = load_source(roots(), "vpcflow", own)
    compare(tmp_path, judge, Delivery(source, {name: with_header(source, FLOWS[name])}))


def documents() -> dict[str, bytes]:
    """Return the CloudTrail samples that are documents of records."""
    files = {word: data for word, data in sample_files("cloudtrail").items()}
    return {word: data for word, data in files.items() if data.lstrip().startswith(b'{"Records":')}


def test_documents_of_cloudtrail_are_read_alike(tmp_path: Path, judge: Judge) -> None:
    source = load_source(roots(), "cloudtrail", deployment(bucket("documents")))
    files = documents()
    if not files:
        pytest.skip("no samples of cloudtrail on this machine")
    delivery = Delivery(source, files)
    real, ours = folded(on_trino(judge, delivery)), folded(locally(tmp_path, delivery))
    found = differences(delivery, real, ours)
    assert not found, f"{len(found)} of {len(files)}\n" + "\n".join(found)


def folded(read: Mapping[str, Counter[Row]]) -> dict[str, Counter[Row]]:
    """Return rows whose JSON texts have no two keys that differ in case only, and plain numbers.

    Columns of Hive are in lower case, so that the reader of OpenX has to look at no case; then it
    keeps only the last of such keys also where nobody asks for a column: `Tagging`, `tagging`. It
    keeps the digits of a number, where CloudTrail's reader takes a fraction for a double.
    """
    return {
        word: Counter(tuple(_folded(value) for value in row) for row in rows.elements())
        for word, rows in read.items()
    }


def _folded(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_folded(inner) for inner in value)
    if not isinstance(value, str) or not value.startswith(("{", "[", "-", *string.digits)):
        return value
    try:
        # zero has no sign there
        whole = json.loads(value, object_pairs_hook=_lowered, parse_float=lambda x: float(x) + 0.0)
    except ValueError:
        return value
    return json.dumps(whole, sort_keys=True)


def _lowered(pairs: Sequence[tuple[str, object]]) -> object:
    """Return an object whose keys are in lower case, of two alike the last."""
    return {key.lower(): value for key, value in pairs}


@pytest.mark.parametrize("name", ["vpcflow", "cloudfront"])
def test_parquet_is_read_alike(tmp_path: Path, judge: Judge, name: str) -> None:
    own = deployment(bucket(f"parquet {name}"), name, "parquet", FIELDS.get(name, ()))
    source = load_source(roots(), name, own)
    fresh = {"repeat": "3", "every": "7s", "record": {}}
    records = [*expand(source, [fresh], DELIVERED, Location("test"))]
    data = file_bytes(source.formats[0], source.partitions, records)
    whole = pyarrow.parquet.read_table(io.BytesIO(data))
    nothing = pyarrow.table(
        [pyarrow.nulls(2, field.type) for field in whole.schema], schema=whole.schema
    )
    tables = {
        "whole": whole,
        "other order": whole.select([*reversed(whole.column_names)]),
        "a column less and one more": whole.drop_columns([whole.column_names[1]]).append_column(
            "new_field", pyarrow.array(["x"] * whole.num_rows)
        ),
        "NULLs": nothing,
        "no rows": whole.slice(0, 0),
    }
    files = {word: as_parquet(table) for word, table in tables.items()}
    compare(tmp_path, judge, Delivery(source, files, source))


def as_parquet(table: pyarrow.Table) -> bytes:
    """Return a table as a file of Parquet."""
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    return out.getvalue()
