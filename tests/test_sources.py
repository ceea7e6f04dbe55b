"""A source's DDL is rendered for a deployment and read back as the one model of the source."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lakehunt.config import Access, Config, Deployment, Mapped, find_config, read_config
from lakehunt.content import roots
from lakehunt.errors import ConfigError, ContentError, UsageError
from lakehunt.layouts import locate
from lakehunt.model import COMMON_COLUMNS, Source
from lakehunt.scaffold import new_source
from lakehunt.sources import load_source, load_sources
from lakehunt.sql.compile import Draft, compile_draft
from lakehunt.sql.share import plan_scans
from lakehunt.sql.typed import analyzed, catalog_of, lowered
from lakehunt.times import ALL_TIME
from tests.conftest import PROJECT

DEPLOYMENT = Deployment(
    buckets={"trail": "my-trail-bucket"},
    prefix="logs/",
    organization="o-a1b2c3d4e5",
    accounts=("111122223333", "444455556666"),
    regions=("us-east-1", "eu-west-1"),
    first_day=date(2024, 1, 1),
)


@pytest.mark.parametrize("name", load_sources(roots()))
def test_rendered_ddl(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"ddl/{name}.sql", load_source(roots(), name, DEPLOYMENT).ddl)


@pytest.mark.parametrize("source", load_sources(roots()).values(), ids=lambda s: s.name)
def test_event_view_opens_with_the_common_columns(source: Source) -> None:
    assert source.event_view.columns[: len(COMMON_COLUMNS)] == COMMON_COLUMNS
    assert source.event_view.columns[-1] == "log_file"
    assert {"line", "log_file"} <= {*source.unparsed_view.columns}


def test_the_model_keeps_the_spelling_of_the_logs_keys(cloudtrail: Source) -> None:
    columns = {column.name: column for column in cloudtrail.table.columns}
    assert columns["userIdentity"].type.fields[0][0] == "type"
    assert ("ARN", columns["eventName"].type) in columns["resources"].type.arguments[0].fields
    glue = columns["userIdentity"].type.glue()
    assert glue.startswith("struct<type:string,principalid:string,arn:string")
    assert "webidfederationdata:struct<federatedprovider:string,attributes:map<string" in glue
    assert columns["eventTime"].comment.startswith("end of the call")


def test_projection_properties_come_from_the_partitions_file() -> None:
    properties = load_source(roots(), "cloudtrail", DEPLOYMENT).table.properties
    assert properties["projection.account_id.values"] == "111122223333,444455556666"
    assert properties["projection.day.range"] == "2024/01/01,NOW"
    assert properties["projection.day.interval.unit"] == "DAYS"
    template = properties["storage.location.template"]
    assert template.startswith("s3://my-trail-bucket/logs/AWSLogs/o-a1b2c3d4e5/${account_id}/")
    assert template.endswith("/CloudTrail/${region}/${day}/")


def test_what_is_not_configured_is_a_marked_placeholder(cloudtrail: Source) -> None:
    assert "<bucket trail>" in cloudtrail.table.location
    assert cloudtrail.table.properties["projection.account_id.values"] == "<accounts>"


def test_an_unknown_source_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean cloudtrail"):
        load_source(roots(), "cloudtrial")


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("ddl/cloudtrail.sql.j2", "eventName string", "eventName sting", "not Athena DDL"),
        ("ddl/cloudtrail.sql.j2", "{{ location }}", "{{ loction }}", "template: 'loction'"),
        ("ddl/cloudtrail.sql.j2", "{{ table }}_unparsed AS", "x AS", "no view cloudtrail_unparsed"),
        ("partitions/cloudtrail.yaml", "window: day", "window: dya", "`window`, expected the name"),
        ("partitions/cloudtrail.yaml", "lateness: 1 day", "lateness: soon", "`lateness`: 'soon'"),
        ("partitions/cloudtrail.yaml", "bucket: trail", "buckt: trail", "did you mean bucket"),
        (
            "ddl/cloudtrail.sql.j2",
            "org.apache.hive.hcatalog.data.JsonSerDe",
            "org.foo.Bar",
            ":80: cloudtrail_raw: SerDe org.foo.Bar, expected org.apache.hive.hcatalog.data.Json",
        ),
        (
            "ddl/cloudtrail.sql.j2",
            "com.amazon.emr.cloudtrail.CloudTrailInputFormat",
            "org.foo.Input",
            ":82: cloudtrail_raw: input format org.foo.Input, expected org.apache.hadoop.mapred",
        ),
    ],
)
def test_a_broken_source_names_the_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, expected: str
) -> None:
    for name in ("ddl/cloudtrail.sql.j2", "partitions/cloudtrail.yaml"):
        target = tmp_path / name
        target.parent.mkdir()
        text = (PROJECT / name).read_text(encoding="utf-8")
        target.write_text(text.replace(old, new) if name == file else text)
    with pytest.raises(ContentError) as raised:
        load_source(roots(tmp_path), "cloudtrail")
    assert expected in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / file))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[lines]", "[linez]", ":20: `shapes: linez`, expected `lines`: door_log_raw has one"),
        ("[lines]", "[lines, linez]", "`shapes` names linez, expected lines, or the path of a"),
        ("timestamp: iso}", "timestamp: isoo}", ":16: `timestamp: isoo`, expected iso, iso_ms,"),
        ("timestamp: iso}", "timestmp: iso}", ":16: `time`: door_log_raw has no column timestmp"),
        ("type: enum,", "type: enumm,", ":11: `type: enumm`, expected enum or date, did you mean"),
        ("values: deployment.regions", "pattern: x", ":12: `values` is missing, expected it of a"),
        ("deployment.regions", "deployment.reggions", ":12: `values` names deployment.reggions, e"),
        ("deployment.regions", "deployment.values", "`values` names deployment.values, expected"),
        ("day,NOW", "dayy,NOW", ":13: `range` names deployment.first_dayy, expected deployment.f"),
        ("day,NOW", "day", ":13: `range: deployment.first_day`, expected two ends with a comma"),
        ("day,NOW", "day,2026-05-01", "`range` names 2026-05-01, expected"),
        ("1 DAYS", "DAILY", ":13: `interval: DAILY`, expected a number and one of YEARS, MONTHS,"),
        ("${stamp:", "${stmp:", ":8: `file` has a format for stmp, expected stamp or day, did yo"),
        ("${stamp:yyyyMMdd'T'HHmm'Z'}", "${stamp}", ":8: `file` has ${stamp} without a format"),
        ("_${rest}", "_${region}", ":8: `file` has ${region} twice, expected each hole once"),
        ("HHmm'Z'", "hhmm'Z'", ":8: `stamp: yyyyMMdd'T'hhmm'Z'` has hh, expected letters of a d"),
        ("/${region}/", "/${regoin}/", ":6: `account` has ${regoin}, expected a column: account"),
        ("/${region}/", "/${region:MM}/", ":6: `account` has a format for region, expected one"),
        ("/${day}/", "/${day:'y='YYYY}/", ":6: `day: 'y='YYYY` has YYYY, expected letters of a"),
        ("yyyy/MM/dd", "YYYY/MM/DD", ":13: `format: YYYY/MM/DD` has YYYY, expected letters of a "),
        ("yyyy/MM/dd", "yyyy/MM/DD", "has DD, expected letters of a date: yyyy, MMM, MM, dd, HH"),
        ("yyyy/MM/dd", "yyyy/mm/dd", "`format: yyyy/mm/dd` has mm without HH, expected letters"),
        ("yyyy/MM/dd", "yyyy/'MM/dd", "`format: yyyy/'MM/dd` has ', expected letters of a date"),
        ("'\\d{12}'", '"[0-9"', ":11: `pattern`: unterminated character set at position 0, exp"),
    ],
)
def test_a_partitions_file_says_only_what_can_be(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    _, path = new_source(tmp_path, "door_log")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        load_source(roots(tmp_path), "door_log")
    assert str(raised.value).count("\n") == 0
    assert str(raised.value).startswith(f"{path}:")
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("deployment.regions", '"deployment.regions,global"', "'us-east-1,eu-west-1,global'"),
        ("deployment.regions", '"x,deployment.values.zone,y"', "values'='x,a,b,y'"),
        ("deployment.first_day,NOW", "2024/02/01,NOW+1DAYS", "'2024/02/01,NOW+1DAYS'"),
        ("yyyy/MM/dd", "\"'dt='yyyy-MM-dd-HH\"", "format'='\\'dt=\\'yyyy-MM-dd-HH'"),
    ],
)
def test_what_a_partitions_file_may_say(tmp_path: Path, old: str, new: str, expected: str) -> None:
    _, path = new_source(tmp_path, "door_log")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    placed = replace(DEPLOYMENT, values={"zone": ("a", "b")})
    assert expected in load_source(roots(tmp_path), "door_log", placed).ddl


@pytest.mark.parametrize(
    ("path", "layout", "values"),
    [
        (
            "x/AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/01/a.json.gz",
            "account",
            {"account_id": "111122223333", "region": "us-east-1", "day": "2026/05/01"},
        ),
        (
            "AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/us-east-1/2026/05/01/a.json",
            "organization",
            {"organization_id": "o-a1b2c3d4e5", "account_id": "111122223333", "day": "2026/05/01"},
        ),
        (
            "dump/111122223333_CloudTrail_eu-west-1_20260501T2355Z_AbCdEfGhIjKlMnOp.json",
            "",
            {"account_id": "111122223333", "region": "eu-west-1", "day": "2026/05/01"},
        ),
        ("AWSLogs/111122223333/CloudTrail/us-east-1/a.json.gz", None, {}),
        ("events.json", None, {}),
    ],
)
def test_paths_tell_where_a_file_was_delivered(
    cloudtrail: Source, path: str, layout: str | None, values: dict[str, str]
) -> None:
    place = locate(cloudtrail.partitions, path)
    assert (place.layout if place else None) == layout
    assert place is None or values.items() <= dict(place.values).items()


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    text = 'lake = "logs"\n[deployment]\naccounts = ["012345670123"]\n'
    (tmp_path / "lakehunt.toml").write_text(text)
    config = find_config(tmp_path / "a" / "b")
    assert config.lake == str(tmp_path / "logs")
    assert config.deployment.accounts == ("012345670123",)
    assert find_config(Path("/nonexistent")) == Config()


def test_athena_and_tables_that_are_there_already(tmp_path: Path) -> None:
    path = tmp_path / "lakehunt.toml"
    path.write_text(
        '[athena]\nresults = "s3://results/x"\nmax_scan = "50 GB"\n'
        '[tables]\na_raw = "db.logs"\n'
        '[tables.b_raw]\ntable = "db.b"\nday = "dt"\nformat = "yyyy-MM-dd"\n'
    )
    config = read_config(path)
    assert (config.athena.results, config.athena.max_scan) == ("s3://results/x/", 50 * 10**9)
    assert config.athena.workgroup == "lakehunt"
    assert config.tables["a_raw"] == Mapped("db.logs")
    assert config.tables["b_raw"] == Mapped("db.b", {"day": "dt"}, "yyyy-MM-dd")


def test_a_location_says_how_what_lies_below_it_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "lakehunt.toml"
    path.write_text(
        '[locations."s3://logs"]\nprofile = "audit"\n'
        '[locations."s3://logs/org/"]\nrole_arn = "arn:aws:iam::444455556666:role/reader"\n'
        'external_id = "e"\nregion = "eu-central-1"\nrequester_pays = true\n'
    )
    config = read_config(path)
    assert config.access("s3://logs/orga/AWSLogs") == Access(profile="audit")
    below = config.access("s3://logs/org")
    assert (below.role_arn, below.external_id, below.requester_pays) == (
        "arn:aws:iam::444455556666:role/reader",
        "e",
        True,
    )
    assert config.access("s3://other") == Access()


# A location below another table with keys of the same names: the line must be the right one.
_PLACE = '[athena]\nregion = "us-east-1"\n[locations."s3://logs"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[deployment]\naccounts = [111122223333]", ":2: `accounts`, expected a list of texts"),
        ('[deployment]\naccounts = ["1234"]', ":2: `accounts`, expected account ids of 12 digits"),
        ('[deployment]\nregons = ["x"]', ":2: `regons`, expected regions"),
        ('lake = "x"\n[deployment]\nfirst_day = "soon"', ":3: `first_day`, expected a date"),
        ('[deployment.buckets]\ntrail = "s3://b"', ":2: `trail`, expected the name of a bucket"),
        ('[athena]\nresults = "bucket/x"', ":2: `results`, expected a folder such as s3://"),
        ('[athena]\nmax_scan = "lots"', ":2: `max_scan`, expected a number of bytes"),
        ('[tables]\ncloudtrail_raw = "logs"', ":2: `cloudtrail_raw`, expected a table such as"),
        (f'{_PLACE}region = "Frankfurt"', ":4: `region`, expected a region such as"),
        (f'{_PLACE}role_arn = "reader"', ":4: `role_arn`, expected a role such as"),
        (f'{_PLACE}external_id = "x"', ":4: `external_id`, expected a role_arn beside it"),
        (f'{_PLACE}requester_pays = "yes"', ":4: `requester_pays`, expected true or false"),
        (f'{_PLACE}kms = "x"', ":4: `kms`, expected kms_key"),
        ('[locations."bucket"]\nprofile = "x"', ":1: `bucket`, expected a place such as"),
        ('[athena]\nusd_per_tb = "5"', ":2: `usd_per_tb`, expected a number of US dollars"),
        ("lake = [", "not readable as TOML"),
        ('[athena]\nregion = "Frankfurt"', ":2: `region`, expected a region such as"),
        ('[athena]\nkms_key = "alias/logs"', ":2: `kms_key`, expected a key such as"),
        ('[athena]\nworkgroup = "a b"', ":2: `workgroup`, expected a name of letters"),
        ('[deployment]\nregions = [\n  "eu-west-1",\n  "all",\n]', ":4: `regions`: all, expected"),
        ('[deployment]\nregions = ["us-est-1"]', ":2: `regions`: us-est-1, expected regions such"),
        ("[deployment]\nfirst_day = 2999-01-01", ":2: `first_day`, expected a day that has begun"),
        ('[deployment.values]\nweb_acl = [\n"a",\n"b,c"]', ":4: `web_acl`: b,c, expected one name"),
        # keys of the same name in other tables, comments, quotes and dotted keys
        (
            '[athena] # region\nregion = "eu-west-1"\n'
            '[ locations . "s3://logs" ]  # mine\nregion = "x"',
            ":4: `region`, expected a region such as",
        ),
        ('[deployment.layouts]\nflow = "x"\n[deployment.buckets]\nflow = "UP"', ":4: `flow`"),
        ('[deployment]\nbuckets.flow = "ok-1"\nbuckets.waf = "UP"', ":3: `waf`, expected the name"),
        ('athena = {workgroup = "w", database = "A"}', ":1: `database`, expected a name of"),
        ('[tables.cloudtrail_raw]\nday = "dt"', ":1: `cloudtrail_raw`, expected a table such as"),
        ('[tables.cloudtrail_raw]\ntable = "a.b"\nday = 5', ":3: `day`, expected text in quotes"),
    ],
)
def test_a_broken_configuration_names_the_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "lakehunt.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'layouts]\ncloudtral = "account"',
            ":3: [deployment.layouts] cloudtral: no source; did",
        ),
        (
            'layouts]\nalb = "hive"',
            ":3: [deployment.layouts] alb: no layout hive; there",
        ),
        (
            'formats]\nvpcflow = "orc"',
            ":3: [deployment.formats] vpcflow: no format orc; there",
        ),
        (
            'fields]\nvpcflow = ["srcadr"]',
            ":3: [deployment.fields] vpcflow: no field srcadr; did",
        ),
        (
            'buckets]\ntrial = "b-1"',
            ":3: [deployment.buckets] trial: no bucket of a source; did",
        ),
        (
            'values]\nwebacl = ["a"]',
            ":3: [deployment.values] webacl: no name in a source's folders; did you mean web_acl?",
        ),
        (
            'fields]\nvpcflow = ["start", "srcaddr", "start"]',
            ":3: [deployment.fields] vpcflow: start stands here twice",
        ),
        ("fields]\nvpcflow = []", ":3: [deployment.fields] vpcflow: names no field"),
        (
            'fields]\nalb = ["time"]',
            ":3: [deployment.fields] alb: the fields of alb are always the same",
        ),
        ('prefixes]\nflows = "a/"', ":3: [deployment.prefixes] flows: no bucket of a source; did"),
    ],
)
def test_a_name_that_no_source_has_names_the_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "lakehunt.toml"
    path.write_text(f'lake = "logs"\n[deployment.{text}\n')
    with pytest.raises(ConfigError) as raised:
        load_sources(roots(), read_config(path).deployment)
    assert str(raised.value).startswith(f"{path}:3: [deployment.")
    assert expected in str(raised.value)


def test_fields_without_a_time_still_make_a_table() -> None:
    """AWS delivers such logs; their rows are those that the view leaves out."""
    source = load_source(roots(), "vpcflow", Deployment(fields={"vpcflow": ("srcaddr", "dstaddr")}))
    assert [column.name for column in source.table.columns] == ["srcaddr", "dstaddr"]


def test_a_query_on_one_log_reads_the_tables_of_no_other() -> None:
    """Reading them all takes a third of a second, on every command."""
    sources = load_sources(roots())
    catalog = catalog_of(sources.values())
    text = "SELECT count(*) AS n FROM alb WHERE event_time >= :since AND event_time < :until"
    analyzed(text, catalog)
    statement = compile_draft(Draft("q", text), sources, ALL_TIME)
    plan_scans([statement])
    lowered(statement.tree, catalog)
    assert [name for name, one in sources.items() if getattr(one.make, "made", ())] == ["alb"]
