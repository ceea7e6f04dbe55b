"""JSON that no AWS service writes is read alike: odd values, keys twice, the other SerDe of JSON.

The judge is a real Trino; `test_tables` has what both are asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lakehunt.content import roots
from lakehunt.errors import Location
from lakehunt.model import Source, Table, Type
from lakehunt.sources import load_source
from lakehunt.sources.lines import HIVE_JSON, OPENX_JSON
from lakehunt.writer import expand
from lakehunt.writer.serdes import file_bytes

from .hostile import is_json, json_lines, strange_keys
from .judge import Judge
from .test_tables import (
    DELIVERED,
    Delivery,
    bucket,
    compare,
    deployment,
    differences,
    folded,
    keyed,
    locally,
    on_trino,
)

pytestmark = pytest.mark.live


def test_odd_records_of_cloudtrail_are_read_alike(tmp_path: Path, judge: Judge) -> None:
    source = load_source(roots(), "cloudtrail", deployment(bucket("records")))
    keys = [column.name for column in source.table.columns]
    whole = {"eventTime": "2026-05-01T10:00:00Z", "eventName": "X", "eventID": "x",
             "eventSource": "s3.amazonaws.com", "eventVersion": "1.08"}  # fmt: skip
    lines = json_lines(source.table, keys)
    odd = [json.loads(line) for line in lines if line.strip() and is_json(line)]
    # CloudTrail writes booleans as such: the reader of OpenX takes any other text for false
    records = [{**whole, **record} for record in odd if isinstance(record, dict)]
    texts = [json.dumps(r) for r in records if isinstance(r.get("managementEvent", True), bool)]
    files = {
        f"records from {start}": f'{{"Records":[{",".join(texts[start : start + 5])}]}}'.encode()
        for start in range(0, len(texts), 5)
    }
    delivery = Delivery(source, files)
    real, ours = folded(on_trino(judge, delivery)), folded(locally(tmp_path, delivery))
    found = differences(delivery, real, ours)
    assert not found, f"{len(found)} of {len(files)}\n" + "\n".join(found)


@pytest.mark.parametrize("name", ["waf", "route53_resolver"])
def test_the_json_reader_of_hive_is_read_alike(tmp_path: Path, judge: Judge, name: str) -> None:
    own = with_serde(load_source(roots(), name, deployment(bucket(f"hive {name}"))), HIVE_JSON)
    fresh = {"repeat": "3", "every": "7s", "record": {}}
    records = [*expand(own, [fresh], DELIVERED, Location("test"))]
    good = file_bytes(own.formats[0], own.partitions, records)
    keys = [column.name for column in own.table.columns]
    lines = [line for line in json_lines(own.table, keys) if is_read_by_hive(own.table, line)]
    files = {
        f"lines from {start}": good + "".join(f"{x}\n" for x in lines[start : start + 8]).encode()
        for start in range(0, len(lines), 8)
    }
    here = with_serde(load_source(roots(), name), HIVE_JSON)
    compare(tmp_path, judge, Delivery(own, files, here))


STRANGE = (("waf", OPENX_JSON), ("waf", HIVE_JSON), ("route53_resolver", OPENX_JSON),
           ("cloudfront.json", OPENX_JSON), ("cloudtrail", HIVE_JSON))  # fmt: skip


@pytest.mark.parametrize(("name", "serde"), STRANGE)
def test_keys_twice_and_in_another_case_are_read_alike(
    tmp_path: Path, judge: Judge, name: str, serde: str
) -> None:
    source, _, format_ = name.partition(".")
    own = deployment(bucket(f"keys {name} {serde[4:8]}"), source, format_)
    whole, here = load_source(roots(), source, own), load_source(roots(), source)
    if whole.table.serde != serde:
        whole, here = with_serde(whole, serde), with_serde(here, serde)
    record = json.dumps(next(iter(expand(whole, [{}], DELIVERED, Location("test")))).fields)
    is_document = whole.table.input_format.endswith("CloudTrailInputFormat")
    files = {
        text: (f'{{"Records":[{text}]}}' if is_document else f"{text}\n").encode()
        for text in strange_keys(record, keyed(whole.table))
        # such a key ends the query of Hive's reader
        if is_document or serde == OPENX_JSON or not has_key_twice(text)
    }
    delivery = Delivery(whole, files, here)
    real, ours = on_trino(judge, delivery), locally(tmp_path, delivery)
    if is_document:
        real, ours = folded(real), folded(ours)
    found = differences(delivery, real, ours)
    assert not found, f"{len(found)} of {len(files)}\n" + "\n".join(found)


def has_key_twice(text: str) -> bool:
    """Tell whether an object of a record has a key twice, in whatever case."""
    found: list[bool] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.append(len({key.lower() for key, _ in pairs}) < len(pairs))

    json.loads(text, object_pairs_hook=note)
    return any(found)


def is_read_by_hive(table: Table, line: str) -> bool:
    """Tell whether a line is a record whose values are of its columns' kinds.

    Any other ends the whole query on Athena and Trino; here it is a row, NULL where it has to be.
    """
    # that zero keeps its sign as text there, and not in the reader of OpenX
    if not line.startswith("{") or not is_json(line) or re.search("-0[]},]", line):
        return False
    record = json.loads(line)
    return all(_fits(record.get(column.name), column.type) for column in table.columns)


def _fits(value: Any, type_: Type) -> bool:
    if value is None:
        return True
    if type_.name == "struct":
        return isinstance(value, dict) and all(_fits(value.get(n), t) for n, t in type_.fields)
    if type_.name == "array":
        return isinstance(value, list) and all(_fits(v, type_.arguments[0]) for v in value)
    if type_.name == "string":
        return not isinstance(value, dict | list)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < 1 << 63


def with_serde(source: Source, serde: str) -> Source:
    """Return a source whose table has another SerDe, without properties."""
    first, *others = source.formats
    table = replace(first.table, serde=serde, serde_properties={})
    return source.only(replace(first, table=table), *others)
