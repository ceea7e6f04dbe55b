"""A stack as a Terraform configuration in JSON syntax, for the AWS provider.

Knows the syntax and the provider's resources. `ddl --format terraform` prints it.
Source: hashicorp/terraform-provider-aws, website/docs/r (read 2026-11-29).
"""

import json
import re
from collections.abc import Mapping

from lakehunt.deploy.catalog import VIEW_EXPANDED, CatalogColumn, CatalogTable
from lakehunt.deploy.policies import Place, Policy, admin, analyst
from lakehunt.deploy.resources import MARK, SavedQuery, Workgroup, described, fingerprint
from lakehunt.deploy.stack import Stack

_PLACE = Place(
    "${data.aws_partition.current.partition}",
    "${data.aws_region.current.id}",
    "${data.aws_caller_identity.current.account_id}",
)
_DATABASE = "${aws_glue_catalog_database.logs.name}"
_WORKGROUP = "${aws_athena_workgroup.logs.name}"


def terraform(stack: Stack) -> str:
    """Return the configuration, to be kept as a file that ends in `.tf.json`."""
    queries = (*stack.statements, *stack.queries)
    value = {
        "terraform": {
            "required_version": ">= 1.3",
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}},
        },
        "data": {
            "aws_caller_identity": {"current": {}},
            "aws_partition": {"current": {}},
            "aws_region": {"current": {}},
        },
        "resource": {
            "aws_glue_catalog_database": {"logs": {"name": stack.database.name}},
            "aws_glue_catalog_table": {table.name: _table(table) for table in stack.tables},
            "aws_athena_workgroup": {"logs": _workgroup(stack.workgroup)},
            "aws_athena_named_query": {_label(query.name): _query(query) for query in queries},
            "aws_iam_policy": {
                "analyst": _policy(analyst(stack, _PLACE)),
                "admin": _policy(admin(stack, _PLACE)),
            },
        },
        "output": {
            "analyst_policy_arn": {"value": "${aws_iam_policy.analyst.arn}"},
            "admin_policy_arn": {"value": "${aws_iam_policy.admin.arn}"},
        },
    }
    return json.dumps(value, indent=2)


def literal(text: str) -> str:
    """Return a text that Terraform takes as it is: `${` and `%{` would open an expression."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _literals(values: Mapping[str, str]) -> dict[str, str]:
    return {literal(key): literal(value) for key, value in values.items()}


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _table(table: CatalogTable) -> dict[str, object]:
    storage: dict[str, object] = {"columns": [_column(column) for column in table.columns]}
    view: dict[str, object] = {}
    if table.is_view:
        view = {"view_original_text": table.view_text, "view_expanded_text": VIEW_EXPANDED}
    else:
        storage |= {
            "location": literal(table.location),
            "input_format": table.input_format,
            "output_format": table.output_format,
            "ser_de_info": {
                "serialization_library": table.serde,
                "parameters": _literals(table.serde_properties),
            },
        }
    return {
        "name": table.name,
        "database_name": _DATABASE,
        "table_type": table.type,
        "parameters": _literals({**table.parameters, MARK: fingerprint(table)}),
        "partition_keys": [_column(column) for column in table.keys],
        "storage_descriptor": storage,
        **view,
    }


def _column(column: CatalogColumn) -> dict[str, str]:
    comment = {"comment": literal(column.comment)} if column.comment else {}
    return {"name": column.name, "type": column.type, **comment}


def _workgroup(group: Workgroup) -> dict[str, object]:
    encryption = {"encryption_option": "SSE_S3"}
    if group.kms_key:
        encryption = {"encryption_option": "SSE_KMS", "kms_key_arn": group.kms_key}
    return {
        "name": group.name,
        "description": described(group),
        "configuration": {
            "enforce_workgroup_configuration": group.enforced,
            "publish_cloudwatch_metrics_enabled": group.metrics,
            "bytes_scanned_cutoff_per_query": group.max_scan,
            "engine_version": {"selected_engine_version": group.engine},
            "result_configuration": {
                "output_location": group.results,
                "encryption_configuration": encryption,
            },
        },
    }


def _query(query: SavedQuery) -> dict[str, object]:
    return {
        "name": query.name,
        "description": literal(described(query)),
        "database": _DATABASE,
        "workgroup": _WORKGROUP,
        "query": literal(query.sql),
    }


def _policy(policy: Policy) -> dict[str, object]:
    return {
        "name_prefix": "lakehunt-",
        "description": policy.description,
        "policy": json.dumps(policy.document()),
    }
