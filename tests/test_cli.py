"""The command line as a user meets it: help, exit codes, one clear line for each mistake."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.cli.main import _COMMANDS
from lakehunt.content import roots, source_names
from lakehunt.model import Source
from tests.conftest import Ran
from tests.lakes import document, event, put, stopped_trail

Run = Callable[..., Ran]
NAME = "111122223333_CloudTrail_us-east-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json"


@pytest.fixture
def lake(tmp_path: Path, cloudtrail: Source) -> Path:
    """A lake with one finding in it."""
    return stopped_trail(tmp_path / "lake", cloudtrail)


def test_help(lakehunt: Run, golden: Callable[[str, str], None]) -> None:
    ran = lakehunt("--help")
    golden("help.txt", ran.out)
    assert ran.code == 0


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_has_help(command: str, lakehunt: Run) -> None:
    ran = lakehunt(command, "--help")
    assert ran.code == 0
    assert "Usage:" in ran.out


def test_hunt_exits_1_with_findings_and_0_without(lake: Path, lakehunt: Run) -> None:
    assert lakehunt("hunt", lake).code == 1
    assert lakehunt("hunt", lake, "--severity", "critical", "--tag", "none").code == 2
    assert lakehunt("hunt", lake, "--attack", "t1110").code == 0
    assert lakehunt("hunt", lake, "--attack", "t1685").code == 1


def test_run_takes_parameters(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("run", "cloudtrail.key_with_chains", "--lake", lake,
                   "-p", "access_key_id=ASIAEXAMPLEKEY000001", "--format", "jsonl")  # fmt: skip
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 2


def test_options_narrow_what_is_read(lake: Path, lakehunt: Run) -> None:
    count = "SELECT count(*) n FROM cloudtrail"
    for option, value, expected in (
        ("--account", "111122223333", 2),
        ("--account", "444455556666", 0),
        ("--region", "us-east-1", 2),
        ("--actor", "arn:aws:iam::111122223333:role/analyst", 2),
        ("--actor", "nobody", 0),
        ("--since", "2026-05-01T10:01:00Z", 1),
    ):
        ran = lakehunt("sql", count, "--lake", lake, option, value, "--format", "jsonl")
        assert json.loads(ran.out) == {"n": expected}, (option, value)
    assert "leaves out us-east-1" in lakehunt("sql", count, "--lake", lake, "--region", "x").err


def test_a_window_outside_the_data_says_what_there_is(lake: Path, lakehunt: Run) -> None:
    for command in (
        ("hunt", lake, "--attack", "T1685"),
        ("sql", "SELECT actor FROM cloudtrail", "--lake", lake),
    ):
        ran = lakehunt(*command, "--since", "2020-01-01", "--until", "2020-01-02")
        assert ran.code == 0
        assert "the data covers 2026-05-01 to 2026-05-01" in ran.err
        assert "--since 2026-05-01" in ran.err


def test_an_account_or_region_without_files_says_which_there_are(lake: Path, lakehunt: Run) -> None:
    for narrowed, expected in (
        (("--account", "999999999999"), "the files are of account_id 111122223333\n"),
        (("--region", "eu-north-1"), "the files are of region us-east-1\n"),
    ):
        for command in (("hunt", lake), ("sql", "SELECT 1 AS x FROM cloudtrail", "--lake", lake)):
            ran = lakehunt(*command, *narrowed, "--since", "2026-04-30")
            assert ran.code == 0
            assert f"no file is of what was asked for: {expected}" in ran.err
            assert "outside the window" not in ran.err
    both = ("--account", "111122223333", "--account", "999999999999")
    assert "asked for" not in lakehunt("hunt", lake, *both).err


def test_an_actor_that_nobody_is_says_who_is_like_it(lake: Path, lakehunt: Run) -> None:
    sql = ("sql", "SELECT actor FROM cloudtrail", "--lake", lake)
    ran = lakehunt(*sql, "--format", "jsonl")
    actor = json.loads(ran.out.splitlines()[0])["actor"]
    part = actor.rpartition(":")[2].upper()
    for command in (("hunt", lake, "--severity", "high", "--source", "cloudtrail"), sql):
        assert (
            f"no event has the actor {part}; there is {actor} ("
            in lakehunt(*command, "--actor", part).err
        )
        ran = lakehunt(*command, "--actor", "x'; DROP")
        assert "no event has the actor x'; DROP, nor one whose name holds that" in ran.err
        assert "no event has" not in lakehunt(*command, "--actor", actor).err


def test_strict_turns_refused_files_into_an_exit_code(lake: Path, lakehunt: Run) -> None:
    query = ("sql", "SELECT 1 AS x FROM cloudtrail", "--lake", lake)
    assert lakehunt(*query, "--strict").code == 0
    put(lake / NAME, document(event("Cut"))[:-4])
    assert lakehunt(*query).code == 0
    ran = lakehunt(*query, "--strict")
    assert ran.code == 3
    assert "broken JSON" in ran.err
    assert ran.err.splitlines()[-1] == "1 file could not be read in full; named above"


MISTAKES = {
    "missing folder": (["hunt", "{lake}/nowhere"], "nowhere: no such file or folder"),
    "two lakes": (["hunt", "{lake}", "--lake", "x"], "two lakes"),
    "no lake": (["hunt"], "no lake: give a folder of logs or s3://bucket/prefix with --lake"),
    "athena": (
        ["hunt", "{lake}", "--engine", "athena"],
        "reads the tables of the database lakehunt",
    ),
    "unknown query": (["run", "cloudtrail.trail_stoped"], "did you mean cloudtrail.trail_stopped?"),
    "unknown command": (["hnt"], "did you mean hunt?"),
    "missing parameter": (
        ["run", "cloudtrail.key_with_chains", "--lake", "{lake}"],
        "cloudtrail.key_with_chains: needs -p access_key_id=VALUE (text)",
    ),
    "unknown parameter": (
        ["run", "cloudtrail.key_with_chains", "-p", "acces_key_id=x", "--lake", "{lake}"],
        "did you mean access_key_id?",
    ),
    "no value": (["run", "cloudtrail.key_with_chains", "-p", "x"], "-p x: expected NAME=VALUE"),
    "unknown time": (["hunt", "{lake}", "--since", "lately"], "'lately' is no time"),
    "since after until": (
        ["hunt", "{lake}", "--since", "2026-05-02", "--until", "2026-05-01"],
        "--since 2026-05-02T00:00:00Z is not before --until",
    ),
    "unknown zone": (["hunt", "{lake}", "--since", "24h", "--tz", "Mars/X"], "no such time zone"),
    "lateness": (["hunt", "{lake}", "--lateness", "soon"], "--lateness 'soon'"),
    "no SQL": (["sql", "SELEC 1", "--lake", "{lake}"], "line 1, column"),
    "unknown table": (
        ["sql", "SELECT 1 FROM x", "--lake", "{lake}"],
        "TABLE_NOT_FOUND: Table 'x' does not exist",
    ),
    "unknown column": (
        ["sql", "SELECT evnt_name FROM cloudtrail", "--lake", "{lake}"],
        "line 1, column 8: COLUMN_NOT_FOUND: Column 'evnt_name' cannot be resolved. Did you mean",
    ),
    "unknown function": (
        ["sql", "SELECT geometry_union(actor) FROM cloudtrail", "--lake", "{lake}"],
        "geometry_union",
    ),
    "no out folder": (["hunt", "{lake}", "--out", "/nowhere/x.csv"], "no folder /nowhere"),
    "unknown source": (["ddl", "cloudtrial"], "did you mean cloudtrail?"),
    "show without window": (["show", "cloudtrail.root_used", "--sql"], "needs a window"),
    "show a source as sent": (
        ["show", "cloudtrail", "--sql", "--engine", "athena"],
        "cloudtrail is none; `lakehunt ddl cloudtrail` prints tables and views",
    ),
    "show a source of an engine": (["show", "activity", "--engine", "athena"], "`lakehunt ddl`"),
    "show lines of what has none": (
        ["show", "cloudtrail_lines"],
        "there are: cloudtrail_raw, cloudtrail, cloudtrail_unparsed",
    ),
    "list an unknown source": (["list", "--source", "clodtrail"], "did you mean cloudtrail?"),
    "list an unknown tag": (["list", "--tag", "nosuch"], "--tag nosuch: no such tag"),
    "hunt an unknown source": (["hunt", "{lake}", "--source", "wag"], "did you mean waf?"),
    "hunt an unknown source beside one": (
        ["hunt", "{lake}", "--source", "cloudtrail", "--source", "nosuch"],
        "--source nosuch: no such source",
    ),
    "hunt an unknown tag": (
        ["hunt", "{lake}", "--severity", "critical", "--tag", "nosuch"],
        "no such tag",
    ),
    "hunt an unknown technique": (
        ["hunt", "{lake}", "--severity", "critical", "--attack", "T9999"],
        "no detection fits",
    ),
    "content folder": (["list", "--content", "/nowhere"], "no such content folder"),
    "new query of no source": (["new", "query", "guardduty.x"], "no source guardduty"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line(
    mistake: str, lake: Path, lakehunt: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, expected = MISTAKES[mistake]
    ran = lakehunt(*(argument.replace("{lake}", str(lake)) for argument in arguments))
    assert ran.code == 2
    assert ran.out == ""
    assert expected in ran.err
    assert "Traceback" not in ran.err


def test_a_broken_header_is_named_with_its_line(tmp_path: Path, lakehunt: Run) -> None:
    path = put(tmp_path / "queries" / "cloudtrail" / "x.sql", b"-- ---\n-- titel: x\n-- ---\nS")
    ran = lakehunt("list", "--content", tmp_path)
    assert ran.code == 2
    assert f"{path}:2: unknown key `titel`, did you mean title?" in ran.err
    assert lakehunt("check", "--no-cases", "--content", tmp_path).code == 1


@pytest.mark.parametrize("source", source_names(roots()))
def test_new_query_is_clean_from_the_start(source: str, tmp_path: Path, lakehunt: Run) -> None:
    name = f"{source}.buckets_listed"
    ran = lakehunt("new", "query", name, "--content", tmp_path)
    assert ran.code == 0
    assert f"lakehunt check {name}" in ran.out
    cases = (tmp_path / "cases" / source / "buckets_listed.yaml").read_text()
    assert "set: {" in cases
    checked = lakehunt("check", name, "--content", tmp_path)
    assert (checked.code, checked.out) == (0, "")
    assert lakehunt("new", "query", name, "--content", tmp_path).code == 2


def test_new_query_on_a_new_source_is_clean_from_the_start(tmp_path: Path, lakehunt: Run) -> None:
    lakehunt("new", "source", "door_log", "--content", tmp_path)
    template = tmp_path / "ddl" / "door_log.sql.j2"
    # no field of a record has the name of the event
    named = template.read_text().replace("operation AS event_name", "concat('-', id) AS event_name")
    template.write_text(named)
    assert lakehunt("new", "query", "door_log.opened", "--content", tmp_path).code == 0
    checked = lakehunt("check", "door_log.opened", "--content", tmp_path)
    assert (checked.code, checked.out) == (0, "")


def test_a_new_source_has_tables_and_reads_logs_from_the_start(
    tmp_path: Path, lakehunt: Run
) -> None:
    content = tmp_path / "own content"
    ran = lakehunt("new", "source", "door_log", "--content", content)
    assert (ran.code, ran.out) == (0, f"lakehunt ddl door_log --content '{content}'\n")
    assert str(content / "partitions" / "door_log.yaml") in ran.err
    ddl = lakehunt("ddl", "door_log", "--content", content)
    assert ddl.code == 0
    for name in (
        "`door_log_raw`",
        "`door_log_lines`",
        "VIEW door_log AS",
        "VIEW door_log_unparsed",
    ):
        assert name in ddl.out
    folder = tmp_path / "lake/AWSLogs/111122223333/door_log/eu-west-1/2026/05/01"
    name = "111122223333_door_log_eu-west-1_20260501T1005Z_a.log.gz"
    record = {
        "timestamp": "2026-05-01T10:00:00Z",
        "operation": "Open",
        "resource": "d",
        "status": "?",
    }
    put(folder / name, json.dumps(record).encode() + b"\nno record\n", packed=True)
    lake = ("--lake", tmp_path / "lake", "--content", content, "--format", "jsonl")
    columns = "event_time, account_id, region, event_name, outcome"
    rows = lakehunt("sql", f"SELECT {columns} FROM door_log", *lake)
    assert json.loads(rows.out) == {
        "event_time": "2026-05-01T10:00:00.000Z",
        "account_id": "111122223333",
        "region": "eu-west-1",
        "event_name": "Open",
        "outcome": "failure",
    }
    left = lakehunt("sql", "SELECT line FROM door_log_unparsed", *lake)
    assert json.loads(left.out) == {"line": "no record"}


@pytest.mark.parametrize(
    "name",
    ["cloudtrail", "door_log", "Door-Log", "door_raw", "x", "activity", "select", "union", "date"],
)
def test_a_new_source_takes_no_name_that_is_taken(tmp_path: Path, lakehunt: Run, name: str) -> None:
    assert lakehunt("new", "source", "door_log", "--content", tmp_path).code == 0
    before = sorted(tmp_path.rglob("*"))
    ran = lakehunt("new", "source", name, "--content", tmp_path)
    assert ran.code == 2
    assert name in ran.err
    assert sorted(tmp_path.rglob("*")) == before


_RECORD = '{at: "2026-05-01T10:00:00Z", eventName: ListBuckets}'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("event_time >= :since AND event_time < :until\n    AND ", "", "is read unbounded"),
        ("event_name IN (:names)", "event_name = 'x'", "the parameter names is declared"),
        ("IN (:names)", "IN (:nmes)", ":nmes is not declared; did you mean :names?"),
        ("    outcome,\n", "", "but `columns` promises"),
        ("    outcome,\n", "    mfa AS outcome,\n", "outcome comes back as boolean"),
        ("SELECT\n    event_time,", "SELECT\n    *,", "SELECT *"),
        ("FROM cloudtrail", "FROM cloudtrial", "no table cloudtrial"),
        ("    actor,\n    source", "    actr,\n    source", "Did you mean 'actor'?"),
        ("(:names)", "(:names) AND day = '2026/05/01'", "sql:34:36: day is the day of delivery"),
        ("status: draft", "status: stable", "sql:17: `misses` of a stable query still says TODO"),
        ("expect: []", "expect: [{event_name: A}]", "case near_miss: 0 rows, expected 1"),
        ("outcome: success", "outcome: failure", "outcome is 'success', expected 'failure'"),
        ("eventName: Other", "eventNam: Other", "did you mean eventName"),
        (_RECORD, "{repeat: abc, record: {}}", ".yaml:6: `repeat: abc`, expected a number such"),
        (_RECORD, "{repeat: 0, record: {}}", ".yaml:6: `repeat: 0`, expected a number such as 25"),
        (_RECORD, "{repeat: 2, every: soon, record: {}}", ".yaml:6: `every: soon`, expected 10s,"),
        (f"- {_RECORD}", "[]", "case hit: 0 rows, expected 1"),
    ],
)
def test_check_finds_what_is_wrong_with_a_query(
    tmp_path: Path, lakehunt: Run, old: str, new: str, expected: str
) -> None:
    (tmp_path / "queries").mkdir()
    lakehunt("new", "query", "cloudtrail.buckets_listed", "--content", tmp_path)
    changed = 0
    for path in tmp_path.rglob("buckets_listed.*"):
        text = path.read_text()
        changed += text.count(old)
        path.write_text(text.replace(old, new, 1))
    assert changed
    ran = lakehunt("check", "cloudtrail.buckets_listed", "--content", tmp_path)
    assert ran.code == 1
    assert expected in ran.out
    assert len({*ran.out.splitlines()}) == len(ran.out.splitlines())


def test_a_severity_that_no_detection_has_is_an_empty_hunt(lake: Path, lakehunt: Run) -> None:
    critical = ("--severity", "critical")
    ran = lakehunt("hunt", lake, *critical, "--format", "json")
    assert ran.code == 0
    assert json.loads(ran.out)["findings"] == []
    told = "no detection that fits is of severity critical or above: nothing is asked"
    assert told in ran.err
    assert told in lakehunt("hunt", lake, *critical, "--attack", "T1685").err
    ran = lakehunt("estimate", "--hunt", "--lake", lake, "--engine", "local", *critical)
    assert (ran.code, told in ran.err) == (0, True)
    assert told not in lakehunt("hunt", lake, "--severity", "high").err


def test_ddl_is_filled_from_the_configuration(
    tmp_path: Path, lakehunt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "<bucket trail>" in lakehunt("ddl", "cloudtrail", "--format", "athena").out
    (tmp_path / "lakehunt.toml").write_text('[deployment.buckets]\ntrail = "my-bucket"\n')
    assert "LOCATION 's3://my-bucket/AWSLogs/'" in lakehunt("ddl").out


def test_the_lake_of_the_configuration_is_used(
    lake: Path, tmp_path: Path, lakehunt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lakehunt.toml").write_text('lake = "lake"\n')
    monkeypatch.chdir(tmp_path)
    assert lakehunt("hunt", "--attack", "T1685").code == 1


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["show", "cloudtrail.trail_stopped"]], ids=lambda a: a[0]
)
def test_looking_loads_no_engine(arguments: list[str]) -> None:
    code = (
        "import sys; from lakehunt.cli.main import main\n"
        "sys.argv = ['lakehunt', *sys.argv[1:]]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'duckdb', 'sqlglot', 'boto3', 'pyarrow', 'numpy', 'jinja2'} & {*sys.modules}\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
