"""The public attack run: what is promised of it holds, and whatever shape it is mailed in."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripts.attack_run import PAGE, page

from tests.conftest import PROJECT, Ran
from tests.lakes import lines
from tests.mailing import looked_up, tarred_and_gzipped, zipped

Run = Callable[..., Ran]


def test_the_page_is_what_the_logs_give(samples: Path) -> None:
    assert samples.is_dir()
    assert PAGE.read_text(encoding="utf-8") == page(), "stale: make docs"


def test_the_readme_says_what_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(
        r"(\d+) findings .*in (\d+) stor.*Of (\d+) techniques.*?(\d+) are", text, re.S
    )
    assert found is not None
    findings, stories, techniques, named = found.groups()
    readme = " ".join((PROJECT / "README.md").read_text(encoding="utf-8").split())
    assert f"**{findings} findings in {stories} stories; {named} of the {techniques} tech" in readme
    assert f"{findings} findings of" in readme


def _files(samples: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((samples / "invictus").iterdir())}


def _events(samples: Path) -> Iterator[dict[str, object]]:
    for data in _files(samples).values():
        yield from json.loads(data)["Records"]


SHAPES: dict[str, Callable[[Path], bytes]] = {
    "files.zip": lambda samples: zipped(_files(samples)),
    "files.tar.gz": lambda samples: tarred_and_gzipped(_files(samples)),
    "events.jsonl.gz": lambda samples: gzip.compress(lines(*_events(samples))),
    "events.json": lambda samples: json.dumps([*_events(samples)]).encode(),
    "lookup.json": lambda samples: looked_up(*_events(samples)),
}


# The names of the files say another account than the records, which were made anonymous.
_OF_FILES, _OF_RECORDS = "218007301253", "123837392027"


def _told(ran: Ran) -> list[tuple[object, ...]]:
    """Return the findings but for what only the names of files tell."""
    out = ran.out.replace(_OF_FILES, _OF_RECORDS)
    findings = [json.loads(line) for line in out.splitlines()]
    keys = ("query_id", "actor", "target", "first_event_time", "last_event_time", "event_count")
    return sorted(tuple(json.dumps(finding[key]) for key in keys) for finding in findings)


@pytest.mark.parametrize("name", SHAPES)
def test_mailed_in_any_shape_it_gives_the_same_findings(
    name: str, samples: Path, tmp_path: Path, lakehunt: Run, once: Run
) -> None:
    (tmp_path / name).write_bytes(SHAPES[name](samples))
    mailed = lakehunt("hunt", tmp_path, "--format", "jsonl")
    assert "2,900 events, 2,900 of them in the window, 0 unparsed" in mailed.err
    asked = _told(once("hunt", samples / "invictus", "--format", "jsonl"))
    assert _told(mailed) == asked
    assert len(asked) <= 40


def test_a_class_of_events_that_is_not_here_is_named(samples: Path, lakehunt: Run) -> None:
    ran = lakehunt("hunt", samples / "invictus", "--attack", "T1485", "--attack", "T1486")
    assert (
        "no Data events are here: cloudtrail.objects_deleted_in_bulk,"
        " cloudtrail.objects_encrypted_with_foreign_key could not see what only they tell"
    ) in ran.err


def test_on_ordinary_events_a_hunt_is_nearly_silent(samples: Path, lakehunt: Run) -> None:
    ran = lakehunt("hunt", samples / "opensearch-catalog", "--format", "jsonl")
    findings = [json.loads(line) for line in ran.out.splitlines()]
    assert len(findings) <= 5
    assert not {finding["severity"] for finding in findings} & {"high", "critical"}
