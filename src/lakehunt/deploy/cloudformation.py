"""A stack as a CloudFormation template.

Knows the template's form. `ddl --format cloudformation` prints it.
"""

import json
import re
from typing import cast

from lakehunt.deploy.catalog import CatalogTable, table_input
from lakehunt.deploy.policies import Place, Policy, admin, analyst
from lakehunt.deploy.resources import (
    MARK,
    Kind,
    SavedQuery,
    described,
    fingerprint,
    kind_of,
    settings,
)
from lakehunt.deploy.stack import Stack

_PLACE = Place("${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}")


def cloudformation(stack: Stack) -> str:
    """Return the template as JSON; it creates policies, so its stack asks for CAPABILITY_IAM."""
    queries = (*stack.statements, *stack.queries)
    resources = {
        "Database": _resource(
            "AWS::Glue::Database",
            CatalogId=_ref("AWS::AccountId"),
            DatabaseInput={"Name": stack.database.name},
        ),
        **{_logical(kind_of(table), table.name): _table(table) for table in stack.tables},
        "WorkGroup": _resource(
            "AWS::Athena::WorkGroup",
            Name=stack.workgroup.name,
            Description=described(stack.workgroup),
            WorkGroupConfiguration=settings(stack.workgroup),
        ),
        **{_logical(Kind.QUERY, query.name): _query(query) for query in queries},
        "AnalystPolicy": _policy(analyst(stack, _PLACE)),
        "AdminPolicy": _policy(admin(stack, _PLACE)),
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Tables, views, saved queries and policies for AWS security logs",
        "Resources": resources,
        "Outputs": {
            "AnalystPolicyArn": {"Value": _ref("AnalystPolicy")},
            "AdminPolicyArn": {"Value": _ref("AdminPolicy")},
        },
    }
    return json.dumps(template, indent=2)


def _resource(type_: str, **properties: object) -> dict[str, object]:
    return {"Type": type_, "Properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _logical(kind: Kind, name: str) -> str:
    """Return a logical id, which takes letters and digits only."""
    parts = re.split(r"[^A-Za-z0-9]+", f"{kind} {name}")
    return "".join(part[:1].upper() + part[1:] for part in parts)


def _table(table: CatalogTable) -> dict[str, object]:
    return _resource(
        "AWS::Glue::Table",
        CatalogId=_ref("AWS::AccountId"),
        DatabaseName=_ref("Database"),
        TableInput=table_input(table, {MARK: fingerprint(table)}),
    )


def _query(query: SavedQuery) -> dict[str, object]:
    return _resource(
        "AWS::Athena::NamedQuery",
        Name=query.name,
        Description=described(query),
        Database=_ref("Database"),
        QueryString=query.sql,
        WorkGroup=_ref("WorkGroup"),
    )


def _policy(policy: Policy) -> dict[str, object]:
    """Return a policy whose ARNs are filled when the stack is made."""
    arns = [cast(list[str], statement["Resource"]) for statement in policy.statements]
    filled = [
        {**statement, "Resource": [{"Fn::Sub": arn} if "${" in arn else arn for arn in own]}
        for statement, own in zip(policy.statements, arns, strict=True)
    ]
    document = {**policy.document(), "Statement": filled}
    return _resource(
        "AWS::IAM::ManagedPolicy", Description=policy.description, PolicyDocument=document
    )
