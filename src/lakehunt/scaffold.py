"""Writes the files of a new query or source, filled with what can be known.

Knows the file formats. `cli` calls it.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import Location, UsageError
from lakehunt.model import ACTIVITY, Record, Result, Source, Window
from lakehunt.sql.compile import Draft
from lakehunt.sql.words import RESERVED
from lakehunt.writer import expand, write_lake

_SLUG = re.compile(r"[a-z][a-z0-9_]{2,60}")
# The name of a source becomes that of its views: what is generated beside them ends like this.
_OURS = ("_raw", "_lines", "_unparsed")
_WORD = re.compile(r"[A-Za-z][\w.]*")
_QUERY = """\
-- ---
-- title: TODO what was seen, in a few words
-- kind: detection
-- severity: medium
-- status: draft
-- version: 1
-- sources: [{source}]
-- question: TODO who did what, and from where?
-- attack: [T1078]
-- stage: initial access
-- group_by: [actor]
-- params:
--   names: {{type: texts, default: [{name}], help: names of events to look for}}
-- columns: {{event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, log_file: text}}
-- expected: [TODO who does this for good reason]
-- misses: [TODO what slips past]
-- next: TODO what the reader does now.
-- ---
SELECT
    event_time,
    account_id,
    region,
    actor,
    source_ip,
    event_name,
    target,
    outcome,
    event_id,
    log_file
FROM {source}
WHERE
    event_time >= :since AND event_time < :until
    AND event_name IN (:names)
ORDER BY event_time, event_id
"""
_CASES = """\
cases:
  hit:
    window: [2026-05-01T00:00:00Z, 2026-05-02T00:00:00Z]
    given:
      {source}:
        - {record}
    expect:
      - {{event_time: "{at}", event_name: {name}, outcome: {outcome}}}
  near_miss:
    like: hit
    {change}
    expect: []
"""
_AT = "2026-05-01T10:00:00Z"
# JSON, one object per line: the form of most newer logs. A name in capitals is to be replaced.
_TEMPLATE = """\
-- ---
-- title: TODO what is logged, in a few words
-- docs: https://docs.aws.amazon.com/TODO
-- notes: One JSON object per line. TODO what a reader of these logs must know.
-- ---
{% import 'macros.j2' as log -%}
CREATE EXTERNAL TABLE IF NOT EXISTS `{{ table }}_raw` (
    `timestamp` string COMMENT 'ISO 8601, UTC',
    id string COMMENT 'TODO a column for each key, spelled as in the log',
    client_ip string COMMENT 'address of the client',
    operation string COMMENT 'what was asked for',
    resource string COMMENT 'what it was asked of',
    status string COMMENT 'how it ended'
)
{{ partitioned_by }}
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json'='true')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '{{ location }}'
TBLPROPERTIES ({{ properties }});

CREATE OR REPLACE VIEW {{ table }} AS
SELECT
    -- the nine columns that every source has, NULL where this one tells nothing
    {{ log.iso_time('"timestamp"') }} AS event_time,
    account_id,
    region,
    client_ip AS actor,
    client_ip AS source_ip,
    operation AS event_name,
    resource AS target,
    CASE
        WHEN status = 'OK' THEN 'success'
        WHEN status = 'DENIED' THEN 'denied'
        WHEN status IS NOT NULL THEN 'failure'
    END AS outcome,
    id AS event_id,
    status,
    day,
    "$path" AS log_file
FROM {{ table }}_raw
WHERE {{ log.iso_time('"timestamp"') }} IS NOT NULL;
"""
_PARTITIONS = """\
# Where SOURCE logs are delivered, and the facts that code must not know.
# Source: TODO the page of the documentation, with the day on which you read it.
bucket: SOURCE                      # a key of [deployment.buckets] in lakehunt.toml

layouts:                            # in order; `lakehunt ddl` takes the first
  account: AWSLogs/${account_id}/SOURCE/${region}/${day}/

file: ${account_id}_SOURCE_${region}_${stamp:yyyyMMdd'T'HHmm'Z'}_${rest}.log.gz

columns:
  account_id: {type: enum, values: deployment.accounts, pattern: '\\d{12}', example: "111122223333"}
  region: {type: enum, values: deployment.regions, example: us-east-1}
  day: {type: date, format: yyyy/MM/dd, range: "deployment.first_day,NOW", interval: 1 DAYS}

window: day                         # the column derived from event_time
time: {timestamp: iso}              # the raw columns that hold the event's time
lateness: 1 day                     # how much later than its event a file may be named
earliness: 0

shapes: [lines]
identify: [timestamp, operation, resource]    # keys by which a record is recognised

example:                            # a full ordinary record, which cases fill up from
  id: 6f1c2a34-0000-4000-8000-000000000001
  client_ip: 198.51.100.10
  operation: Read
  resource: example
  status: OK
"""


def new_source(root: Path, name: str) -> tuple[Path, Path]:
    """Write a source's template and partitions below a content root and return both paths.

    Raises:
        UsageError: the name does not fit, or a file is there already.
    """
    if not _SLUG.fullmatch(name) or name.endswith(_OURS):
        raise UsageError(f"{name}: name the log in lower case, such as network_firewall")
    taken = {word: f"a reserved word in Athena's {where}" for word, where in RESERVED.items()}
    taken[ACTIVITY] = "the view over all sources"
    if name in taken:
        raise UsageError(f"{name} is {taken[name]}; name the log, such as network_firewall")
    template = root / "ddl" / f"{name}.sql.j2"
    partitions = root / "partitions" / f"{name}.yaml"
    _write({template: _TEMPLATE, partitions: _PARTITIONS.replace("SOURCE", name)})
    return template, partitions


def new_query(root: Path, source: Source, slug: str) -> tuple[Path, Path]:
    """Write a query and its cases below a content root and return both paths.

    They look for what the example record of the source is, so that they work as they stand.

    Raises:
        UsageError: the name does not fit, or a file is there already.
        ContentError: the source has problems.
    """
    if not _SLUG.fullmatch(slug):
        raise UsageError(f"{source.name}.{slug}: name what was seen, such as trail_stopped")
    repository = root / "tests" / "cases"
    cases = repository if repository.is_dir() else root / "cases"
    query_path = root / "queries" / source.name / f"{slug}.sql"
    case_path = cases / source.name / f"{slug}.yaml"
    name, outcome = _example(source)
    texts = {"source": source.name, "name": name, "outcome": outcome, "at": _AT}
    texts |= _changed(source, name)
    _write({query_path: _QUERY.format(**texts), case_path: _CASES.format(**texts)})
    return query_path, case_path


def _example(source: Source) -> tuple[str, str]:
    """Return what the event view makes of the example record: name and outcome, as YAML."""
    at = datetime.fromisoformat(_AT)
    window = Window(at, at + timedelta(hours=1))
    draft = Draft("example", f"SELECT event_name, outcome FROM {source.name}")
    with tempfile.TemporaryDirectory(prefix="lakehunt-new-") as folder:
        lake = Path(folder)
        write_lake(lake, source, expand(source, [{"at": _AT}], at, Location("example")))
        engine = LocalEngine(lake, {source.name: source})
        try:
            run = engine.run([draft], window, Limits(), lambda share: None)
        finally:
            engine.close()
    (result,) = run.results.values()
    if not isinstance(result, Result):
        raise result
    row = next(iter(result.rows()), {})
    return _yaml(row.get("event_name") or "TODO"), _yaml(row.get("outcome"))


def _changed(source: Source, name: str) -> dict[str, str]:
    """Return the record of the hit and what makes a near miss of it.

    That is another value in the field which the event is named after, or no record where none is.
    """
    fields = dict(_texts(source.partitions.example))
    named = next((key for key, value in fields.items() if _yaml(value) == name), "")
    if not named:
        return {"record": f'{{at: "{_AT}"}}', "change": f"given: {{{source.name}: []}}"}
    # the example has the rest of a field with fields in it
    own = "" if "." in named else f", {named}: {name}"
    return {"record": f'{{at: "{_AT}"{own}}}', "change": f"set: {{{named}: Other}}"}


def _texts(record: Record, above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _texts(value, f"{above}{key}.")
        elif isinstance(value, str):
            yield f"{above}{key}", str(value)


def _yaml(value: object) -> str:
    """Return a value as a word in YAML, in quotes where it must be."""
    if value is None:
        return "null"
    return str(value) if _WORD.fullmatch(str(value)) else json.dumps(str(value))


def _write(files: Mapping[Path, str]) -> None:
    """Write files that are not there yet, all or none."""
    for path in files:
        if path.exists():
            raise UsageError(f"{path} is there already")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
