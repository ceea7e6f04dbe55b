"""A deployment is planned, made once, and told apart from what people changed by hand."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehunt.config import read_config
from lakehunt.content import roots
from lakehunt.deploy.account import (
    Account,
    apply_plan,
    open_account,
    read_account,
    read_table,
)
from lakehunt.deploy.catalog import view_sql
from lakehunt.deploy.plan import Action, Plan, make_plan, plan_lines
from lakehunt.deploy.stack import make_stack
from lakehunt.library import query_by_id
from lakehunt.sandbox.server import Sandbox
from lakehunt.sources import load_sources
from tests.conftest import PROJECT, Ran

CONFIG = """\
[deployment]
accounts = ["111122223333"]
regions = ["us-east-1"]
first_day = 2024-01-01
[deployment.buckets]
trail = "trail-bucket"
[athena]
results = "s3://results-bucket/athena/"
max_scan = "50 GB"
"""
Lakehunt = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, which is the current one."""
    (tmp_path / "lakehunt.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass
class Deployment:
    """A deployment with two saved queries, in the account of the test's server."""

    config: Path
    account: Account
    content: Path | None = None

    def plan(self, *, overwrite: bool = False) -> Plan:
        config, at = read_config(self.config), roots(self.content)
        queries = [query_by_id(at, f"cloudtrail.{name}") for name in ("root_used", "trail_stopped")]
        sources = load_sources(at, config.deployment)
        stack = make_stack(sources, [query for query in queries if query], config, ())
        return make_plan(stack, read_account(self.account, stack), overwrite=overwrite)

    def apply(self, *, overwrite: bool = False) -> Plan:
        plan = self.plan(overwrite=overwrite)
        apply_plan(self.account, plan, lambda change: None)
        return plan


@pytest.fixture
def deployment(lakehunt_sandbox: Sandbox, project: Path) -> Deployment:
    config = project / "lakehunt.toml"
    return Deployment(config, open_account(read_config(config).athena))


@pytest.fixture
def deployed(deployment: Deployment) -> Deployment:
    """The same, after it was deployed."""
    deployment.apply()
    return deployment


def actions(plan: Plan) -> dict[str, str]:
    """What a plan does, by resource, unless that is nothing."""
    idle = Action.UNCHANGED
    return {str(c): c.action.value for c in plan.changes if c.action is not idle}


def test_the_command_plans_makes_and_is_done(
    lakehunt_sandbox: Sandbox, project: Path, lakehunt: Lakehunt
) -> None:
    planned = lakehunt("deploy")
    assert planned.code == 0
    for line in ("database lakehunt", "table cloudtrail_raw", "view cloudtrail\n"):
        assert f"create    {line}" in planned.out
    assert "create    workgroup lakehunt" in planned.out
    assert "create    query cloudtrail.trail_stopped" in planned.out
    assert "cloudtrail.key_with_chains" in planned.err
    made = lakehunt("deploy", "--apply")
    assert made.out == planned.out
    assert made.err.count("done: create") == made.out.count("create  ")
    again = lakehunt("deploy", "--apply")
    assert again.code == 0
    assert re.fullmatch(r"\d+ unchanged\n", again.out)
    assert "done" not in again.err


def test_what_is_deployed(deployed: Deployment) -> None:
    glue, athena = boto3.client("glue"), boto3.client("athena")
    table = glue.get_table(DatabaseName="lakehunt", Name="cloudtrail_raw")["Table"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert [key["Name"] for key in table["PartitionKeys"]] == ["account_id", "region", "day"]
    columns = {column["Name"]: column for column in table["StorageDescriptor"]["Columns"]}
    assert columns["resources"]["Type"] == (
        "array<struct<arn:string,accountid:string,type:string>>"
    )
    assert columns["eventtime"]["Comment"].startswith("end of the call")
    assert table["Parameters"]["projection.account_id.values"] == "111122223333"
    view = glue.get_table(DatabaseName="lakehunt", Name="cloudtrail")["Table"]
    assert view["TableType"] == "VIRTUAL_VIEW"
    assert view["Parameters"]["presto_view"] == "true"
    assert view["StorageDescriptor"]["Columns"][0] == {"Name": "event_time", "Type": "timestamp"}
    group = athena.get_work_group(WorkGroup="lakehunt")["WorkGroup"]["Configuration"]
    assert group["BytesScannedCutoffPerQuery"] == 50 * 10**9
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["EngineVersion"]["SelectedEngineVersion"] == "Athena engine version 3"
    assert group["ResultConfiguration"] == {
        "OutputLocation": "s3://results-bucket/athena/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }


def test_activity_reads_the_sources_that_are_deployed(deployed: Deployment) -> None:
    glue = boto3.client("glue")

    def view() -> str:
        table = glue.get_table(DatabaseName="lakehunt", Name="activity")["Table"]
        assert table["StorageDescriptor"]["Columns"][0] == {
            "Name": "event_time",
            "Type": "timestamp",
        }
        return view_sql(read_table(table))

    assert re.findall(r"FROM (\w+)", view()) == ["cloudtrail"]
    kinds = [str(change) for change in deployed.plan().changes]
    assert kinds.index("view activity") > kinds.index("view cloudtrail_unparsed")
    bucket = 'trail = "trail-bucket"\n'
    deployed.config.write_text(CONFIG.replace(bucket, f'{bucket}alb = "alb-bucket"\n'))
    assert actions(deployed.apply())["view activity"] == "update"
    assert re.findall(r"FROM (\w+)", view()) == ["alb", "cloudtrail"]
    assert not actions(deployed.plan())


def test_activity_is_left_as_it_is_where_some_sources_are_named(
    lakehunt_sandbox: Sandbox, project: Path, lakehunt: Lakehunt
) -> None:
    ran = lakehunt("deploy", "cloudtrail")
    assert "view cloudtrail\n" in ran.out
    assert "view activity" not in ran.out
    assert "activity: left out, it reads all sources; name none to make it" in ran.err


@pytest.mark.parametrize("format_", ["athena", "glue", "trino", "cloudformation", "terraform"])
def test_every_format_has_activity_after_what_it_reads(
    project: Path, lakehunt: Lakehunt, format_: str
) -> None:
    ran = lakehunt("ddl", "--format", format_)
    assert ran.code == 0, ran.err
    told = {
        "athena": "VIEW activity AS",
        "trino": "VIEW activity AS",
        "terraform": '"name": "activity"',
    }
    own = told.get(format_, '"Name": "activity"')
    other = own.replace("activity", "cloudtrail_unparsed")
    assert ran.out.index(own) > ran.out.index(other) > 0
    assert own not in lakehunt("ddl", "cloudtrail", "--format", format_).out


@pytest.mark.parametrize("named", [(), ("cloudtrail",)], ids=["all", "by name"])
def test_of_a_source_that_is_mapped_alone_nothing_is_made_but_what_does_not_read_it(
    lakehunt_sandbox: Sandbox, project: Path, lakehunt: Lakehunt, named: tuple[str, ...]
) -> None:
    config = project / "lakehunt.toml"
    config.write_text(f'{CONFIG}[tables]\ncloudtrail_raw = "other_db.logs"\n')
    planned = lakehunt("deploy", *named)
    assert planned.code == 0, planned.err
    assert "cloudtrail: left out, [tables] maps it to a table that is there" in planned.err
    made = re.findall(r"create +(.*)", planned.out)
    assert made == ["database lakehunt", "workgroup lakehunt"]
    template = json.loads(lakehunt("ddl", "--format", "cloudformation", *named).out)
    statements = [
        statement
        for resource in template["Resources"].values()
        for statement in resource["Properties"].get("PolicyDocument", {}).get("Statement", ())
    ]
    assert statements
    assert all(statement["Resource"] for statement in statements)


def test_a_saved_query_looks_at_the_last_days(deployed: Deployment) -> None:
    athena = boto3.client("athena")
    ids = athena.list_named_queries(WorkGroup="lakehunt")["NamedQueryIds"]
    queries = athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]
    saved = {query["Name"]: query for query in queries}
    query = saved["cloudtrail.trail_stopped"]
    assert query["Database"] == "lakehunt"
    assert query["QueryString"].startswith("-- cloudtrail.trail_stopped, version ")
    text = " ".join(query["QueryString"].split())
    assert "event_time >= CAST(CURRENT_DATE - INTERVAL '1' DAY AS timestamp(3))" in text
    assert "day <= date_format(CURRENT_DATE + INTERVAL '1' DAY, '%Y/%m/%d')" in text


def test_what_we_changed_ourselves_is_updated_in_place(deployed: Deployment) -> None:
    text = deployed.config.read_text()
    deployed.config.write_text(text.replace('["us-east-1"]', '["us-east-1", "eu-west-1"]'))
    plan = deployed.apply()
    assert actions(plan) == {"table cloudtrail_raw": "update"}
    (change,) = plan.to_do
    assert change.details == ("projection.region.values: us-east-1 becomes us-east-1,eu-west-1",)
    assert not actions(deployed.plan())


def change_table(change: Callable[[dict[str, Any]], object]) -> None:
    """Change the raw table as somebody with the console would."""
    glue = boto3.client("glue")
    table: dict[str, Any] = {
        **glue.get_table(DatabaseName="lakehunt", Name="cloudtrail_raw")["Table"]
    }
    names = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
    given: Any = {name: table[name] for name in names}
    change(given)
    glue.update_table(DatabaseName="lakehunt", TableInput=given)


def test_what_was_changed_by_hand_is_left_alone(deployed: Deployment, lakehunt: Lakehunt) -> None:
    change_table(lambda table: table["Parameters"].update({"skip.header.line.count": "1"}))
    ran = lakehunt("deploy", "--apply")
    assert ran.code == 1
    assert "drifted   table cloudtrail_raw\n    changed by hand since\n" in ran.out
    assert "skip.header.line.count goes" in ran.out
    assert "--overwrite" in ran.err
    assert actions(deployed.apply(overwrite=True)) == {"table cloudtrail_raw": "update"}
    assert not actions(deployed.plan())


def test_a_drifted_query_and_workgroup(deployed: Deployment) -> None:
    athena = boto3.client("athena")
    athena.update_work_group(
        WorkGroup="lakehunt", ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10**13}
    )
    id_ = athena.list_named_queries(WorkGroup="lakehunt")["NamedQueryIds"][0]
    query = athena.batch_get_named_query(NamedQueryIds=[id_])["NamedQueries"][0]
    name, description = query["Name"], query["Description"]
    athena.update_named_query(
        NamedQueryId=id_, Name=name, Description=description, QueryString="SELECT 1"
    )
    plan = deployed.plan()
    assert actions(plan) == {"workgroup lakehunt": "drifted", f"query {name}": "drifted"}
    assert "max_scan: 10000000000000 becomes 50000000000" in "\n".join(plan_lines(plan))
    deployed.apply(overwrite=True)
    assert not actions(deployed.plan())


def test_somebody_elses_table_is_not_ours_to_change(deployment: Deployment) -> None:
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "lakehunt"})
    glue.create_table(
        DatabaseName="lakehunt",
        TableInput={
            "Name": "cloudtrail",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "string"}]},
        },
    )
    (drifted,) = deployment.apply().drifted
    assert drifted.details == ("not deployed by lakehunt", "is a table")
    assert actions(deployment.apply(overwrite=True)) == {"view cloudtrail": "replace"}
    assert not actions(deployment.plan())


def test_other_partition_columns_need_a_new_table(deployed: Deployment) -> None:
    change_table(lambda table: table["PartitionKeys"].pop())
    assert actions(deployed.plan(overwrite=True)) == {"table cloudtrail_raw": "replace"}


def test_what_is_not_configured_is_named(
    lakehunt_sandbox: Sandbox, project: Path, lakehunt: Lakehunt
) -> None:
    config = project / "lakehunt.toml"
    config.write_text(CONFIG.replace("first_day", "# first_day").replace("results", "# results"))
    ran = lakehunt("deploy", "--apply")
    assert ran.code == 2
    assert "<first_day yyyy/MM/dd>, <results>" in ran.err
    config.write_text("[deployment.buckets]\n")
    ran = lakehunt("deploy")
    assert ran.code == 2
    assert "[deployment.buckets] names none of " in ran.err
    config.write_text('[deployment.buckets]\nother = "x-bucket"')
    ran = lakehunt("deploy")
    assert (ran.code, ":2: [deployment.buckets] other: no bucket of a" in ran.err) == (2, True)


def test_an_error_of_aws_says_what_was_being_done(
    project: Path, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = lakehunt("deploy")
    assert ran.code == 3
    assert "opening the account" in ran.err
    assert "region" in ran.err


def test_a_pattern_keeps_its_level_of_escaping(deployment: Deployment, tmp_path: Path) -> None:
    """A Hive literal eats one backslash; what Glue stores is the pattern itself."""
    deployment.content = tmp_path / "own"
    for name in ("ddl/cloudtrail.sql.j2", "partitions/cloudtrail.yaml"):
        target = deployment.content / name
        target.parent.mkdir(parents=True)
        serde = "'org.apache.hive.hcatalog.data.JsonSerDe'"
        pattern = r"""
WITH SERDEPROPERTIES ('input.regex' = '^(\\d+) \\[(.*?)\\] "([^"]*)"$')"""
        text = (PROJECT / name).read_text(encoding="utf-8")
        target.write_text(text.replace(serde, serde + pattern))
    deployment.apply()
    table = boto3.client("glue").get_table(DatabaseName="lakehunt", Name="cloudtrail_raw")["Table"]
    stored = table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["input.regex"]
    assert stored == r'^(\d+) \[(.*?)\] "([^"]*)"$'
    assert not actions(deployment.plan())
