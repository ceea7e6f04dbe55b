"""Somebody's own table over the sandbox's lake: other names, other partition columns."""

from typing import Any

import boto3

from lakehunt.model import Source, Table

# The shape of the table in AWS's own documentation: older than some fields of ours.
IDENTITY = (
    "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,"
    "accesskeyid:string,username:string,sessioncontext:struct<attributes:"
    "struct<mfaauthenticated:string,creationdate:string>,sessionissuer:struct<type:string,"
    "principalid:string,arn:string,accountid:string,username:string>>>"
)


def make_foreign_table(source: Source, like: Table) -> None:
    """Make a table as AWS's documentation has it: fewer fields, other partition columns."""
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "other_db"})
    columns: Any = [
        {"Name": c.name.lower(), "Type": IDENTITY if c.name == "userIdentity" else c.type.glue()}
        for c in source.table.columns
        if c.name not in ("tlsDetails", "addendum", "edgeDeviceDetails")
    ]
    glue.create_table(
        DatabaseName="other_db",
        TableInput={
            "Name": "cloudtrail_logs",
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [
                {"Name": "account", "Type": "string"},
                {"Name": "region", "Type": "string"},
                {"Name": "timestamp", "Type": "string"},
            ],
            "Parameters": {
                name.replace(".account_id.", ".account.").replace(".day.", ".timestamp."): (
                    value.replace("${account_id}", "${account}").replace("${day}", "${timestamp}")
                )
                for name, value in like.properties.items()
            },
            "StorageDescriptor": {
                "Columns": columns,
                "Location": like.location,
                "InputFormat": source.table.input_format,
                "OutputFormat": source.table.output_format,
                "SerdeInfo": {"SerializationLibrary": source.table.serde},
            },
        },
    )
