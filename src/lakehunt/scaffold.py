"""Writes the files of a new query, filled with what can be known.

Knows the file formats. `cli` calls it.
"""

import re
from pathlib import Path

from lakehunt.errors import UsageError

_SLUG = re.compile(r"[a-z][a-z0-9_]{2,60}")
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
--   names: {{type: texts, default: [ListBuckets], help: API calls to look for}}
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
        - {{eventTime: "2026-05-01T10:00:00Z", eventName: ListBuckets}}
    expect:
      - {{event_time: "2026-05-01T10:00:00Z", event_name: ListBuckets, outcome: success}}
  near_miss:
    like: hit
    set: {{eventName: GetBucketAcl}}
    expect: []
"""


def new_query(root: Path, source: str, slug: str) -> tuple[Path, Path]:
    """Write a query and its cases below a content root and return both paths.

    Raises:
        UsageError: the name does not fit, or a file is there already.
    """
    if not _SLUG.fullmatch(slug):
        raise UsageError(f"{source}.{slug}: name what was seen, such as {source}.trail_stopped")
    repository = root / "tests" / "cases"
    cases = repository if repository.is_dir() else root / "cases"
    query_path = root / "queries" / source / f"{slug}.sql"
    case_path = cases / source / f"{slug}.yaml"
    for path, text in ((query_path, _QUERY), (case_path, _CASES)):
        if path.exists():
            raise UsageError(f"{path} is there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(source=source), encoding="utf-8")
    return query_path, case_path
