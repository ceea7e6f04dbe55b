"""A deployment is printed in five formats, each of which its own reader accepts."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint import ManualArgs
from cfnlint.api import lint

from lakehunt.sandbox.server import Sandbox
from tests.conftest import Ran
from tests.test_deploy import CONFIG

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
Ddl = Callable[..., str]


@pytest.fixture
def ddl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lakehunt: Callable[..., Ran]) -> Ddl:
    """Print what is configured in a format."""
    (tmp_path / "lakehunt.toml").write_text(f'{CONFIG}kms_key = "{KEY}"\n')
    monkeypatch.chdir(tmp_path)

    def run(format_: str, *arguments: str) -> str:
        ran = lakehunt("ddl", "--format", format_, *arguments)
        assert ran.code == 0, ran.err
        return ran.out

    return run


def test_cloudformation_is_clean(ddl: Ddl) -> None:
    problems = lint(ddl("cloudformation"), config=ManualArgs(regions=["us-east-1"]))
    assert not [f"{match.path_string}: {match.message}" for match in problems]


def test_cloudformation_is_complete(ddl: Ddl) -> None:
    resources = json.loads(ddl("cloudformation"))["Resources"]
    kinds = {resource["Type"] for resource in resources.values()}
    assert kinds == {
        "AWS::Athena::NamedQuery",
        "AWS::Athena::WorkGroup",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::IAM::ManagedPolicy",
    }
    group = resources["WorkGroup"]["Properties"]["WorkGroupConfiguration"]
    assert group["BytesScannedCutoffPerQuery"] == 50 * 10**9
    assert group["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    statement = resources["QueryViewCloudtrail"]["Properties"]["QueryString"]
    assert statement.startswith("CREATE OR REPLACE VIEW cloudtrail AS\nSELECT\n")
    assert "QueryCloudtrailTrailStopped" in resources


def test_cloudformation_makes_what_deploy_makes(
    ddl: Ddl, lakehunt_sandbox: Sandbox, lakehunt: Callable[..., Ran]
) -> None:
    glue, athena = boto3.client("glue"), boto3.client("athena")
    for resource in json.loads(ddl("cloudformation"))["Resources"].values():
        given = resource["Properties"]
        match resource["Type"]:
            case "AWS::Glue::Database":
                glue.create_database(DatabaseInput=given["DatabaseInput"])
            case "AWS::Glue::Table":
                glue.create_table(DatabaseName="lakehunt", TableInput=given["TableInput"])
            case "AWS::Athena::WorkGroup":
                given["Configuration"] = given.pop("WorkGroupConfiguration")
                athena.create_work_group(**given)
            case "AWS::Athena::NamedQuery":
                athena.create_named_query(**{**given, "Database": "l", "WorkGroup": "lakehunt"})
    assert re.fullmatch(r"\d+ unchanged", lakehunt("deploy").out.strip())


def policies(template: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: resource["Properties"]["PolicyDocument"]["Statement"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    }


def test_an_analyst_reads_and_changes_nothing(ddl: Ddl) -> None:
    analyst = policies(json.loads(ddl("cloudformation")))["AnalystPolicy"]
    actions = {action for statement in analyst for action in statement["Action"]}
    assert not [a for a in actions if re.search(r":(Create|Update|Delete)|\*", a)]
    resources = [arn for statement in analyst for arn in statement["Resource"]]
    assert "*" not in resources
    by_sid = {statement["Sid"]: statement for statement in analyst}
    logs = {"Fn::Sub": "arn:${AWS::Partition}:s3:::trail-bucket/AWSLogs/*"}
    assert by_sid["ReadLogs"]["Resource"] == [logs]
    assert by_sid["ReadLogs"]["Action"] == ["s3:GetObject"]
    assert by_sid["ListLogs"]["Condition"] == {"StringLike": {"s3:prefix": ["AWSLogs/*"]}}
    assert by_sid["WriteResults"]["Resource"][0]["Fn::Sub"].endswith(":results-bucket/athena/*")
    assert by_sid["UseResultKey"]["Resource"][0].startswith("arn:aws:kms:")


def test_an_admin_may_also_change_the_stack(ddl: Ddl) -> None:
    found = policies(json.loads(ddl("cloudformation")))
    actions = {action for statement in found["AdminPolicy"] for action in statement["Action"]}
    needed = {"glue:CreateTable", "glue:UpdateTable", "athena:UpdateNamedQuery"}
    assert needed <= actions
    assert {a for s in found["AnalystPolicy"] for a in s["Action"]} <= actions


def test_terraform_takes_texts_as_they_are(ddl: Ddl) -> None:
    text = ddl("terraform")
    resources = json.loads(text)["resource"]
    raw = resources["aws_glue_catalog_table"]["cloudtrail_raw"]
    template = raw["parameters"]["storage.location.template"]
    assert template.endswith("AWSLogs/$${account_id}/CloudTrail/$${region}/$${day}/")
    # what opens an expression names something of this configuration
    values = json.loads(text)
    for expression in re.findall(r"(?<!\$)\$\{([^}]*)\}", text):
        head, *path = expression.split(".")
        node = values["data"] if head == "data" else resources[head]
        for part in path[:2] if head == "data" else path[:1]:
            node = node[part]
    assert not re.search(r"(?<!%)%\{", text)


def test_terraform_is_complete(ddl: Ddl) -> None:
    resources = json.loads(ddl("terraform"))["resource"]
    configuration = resources["aws_athena_workgroup"]["logs"]["configuration"]
    assert configuration["engine_version"] == {"selected_engine_version": "Athena engine version 3"}
    assert configuration["bytes_scanned_cutoff_per_query"] == 50 * 10**9
    view = resources["aws_glue_catalog_table"]["cloudtrail"]
    assert view["view_original_text"].startswith("/* Presto View: ")
    assert {"view_cloudtrail", "cloudtrail_trail_stopped"} <= {*resources["aws_athena_named_query"]}
    policy = json.loads(resources["aws_iam_policy"]["analyst"]["policy"])
    assert policy["Version"] == "2012-10-17"


def test_glue_json_is_what_its_api_takes(ddl: Ddl, lakehunt_sandbox: Sandbox) -> None:
    calls = json.loads(ddl("glue"))
    glue = boto3.client("glue")
    glue.create_database(**calls["CreateDatabase"])
    for given in calls["CreateTable"]:
        glue.create_table(**given)
    names = {table["Name"] for table in glue.get_tables(DatabaseName="lakehunt")["TableList"]}
    assert {"cloudtrail_raw", "cloudtrail", "cloudtrail_unparsed"} <= names


def test_trino_statements(ddl: Ddl, golden: Callable[[str, str], None]) -> None:
    text = ddl("trino", "cloudtrail")
    golden("ddl/cloudtrail.trino.sql", text.partition("CREATE OR REPLACE VIEW cloudtrail AS")[0])


def test_what_is_not_configured_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lakehunt: Callable[..., Ran]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = lakehunt("ddl", "cloudtrail")
    assert ran.code == 0
    assert "s3://<bucket trail>/AWSLogs/" in ran.out
    assert "to be filled from lakehunt.toml: <bucket trail>" in ran.err
    ran = lakehunt("ddl", "--format", "terraform")
    assert ran.code == 2
    assert "nothing to deploy" in ran.err


@pytest.mark.parametrize("format_", ["cloudformation", "terraform"])
def test_a_whole_deployment_has_no_marks(
    format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lakehunt: Callable[..., Ran]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = '[deployment]\nregions = ["us-east-1"]\nbuckets.trail = "b-1"\n'
    (tmp_path / "lakehunt.toml").write_text(settings)
    ran = lakehunt("ddl", "--format", format_)
    assert (ran.code, ran.out) == (2, "")
    marks = "<accounts>, <first_day yyyy/MM/dd>, <results>"
    assert ran.err == f"lakehunt: lakehunt.toml does not say {marks}\n"


def test_no_workgroup_has_a_smaller_limit_than_athena_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lakehunt: Callable[..., Ran]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = '[deployment]\nbuckets.trail = "b-1"\n[athena]\nmax_scan = '
    (tmp_path / "lakehunt.toml").write_text(f'{settings}"9 MB"\n')
    ran = lakehunt("ddl", "--format", "terraform")
    assert ran.code == 2
    assert "lakehunt.toml:4: `max_scan`, expected 10 MB or more" in ran.err
    (tmp_path / "lakehunt.toml").write_text(f"{settings}10_000_000\n")
    assert "max_scan" not in lakehunt("ddl", "--format", "terraform").err
