"""Reads tables that are there already, so that sources can be asked through them.

Knows Glue's answers. `cli` opens an engine on what it returns; nothing is written.
"""

from collections.abc import Iterator, Mapping

from lakehunt.config import Config, Mapped
from lakehunt.deploy.account import Account, read_table, told
from lakehunt.deploy.catalog import CatalogColumn
from lakehunt.errors import ConfigError, nearest
from lakehunt.model import Column, Source, Table
from lakehunt.sources.ddl import read_type
from lakehunt.sql.adopt import Adopted, Foreign, adopt


def adopt_tables(
    account: Account, sources: Mapping[str, Source], config: Config
) -> tuple[Adopted, ...]:
    """Return each source that [tables] maps to a table, and what differs.

    Raises:
        ConfigError: a name is no raw table, or its table cannot stand for it.
        CloudError: Glue cannot be asked.
    """
    by_table = {source.table.name: source for source in sources.values()}
    for name in config.tables:
        if name not in by_table:
            near = nearest(name, by_table)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(by_table)}"
            where = f"{config.tables[name].line}: " if config.tables[name].line else ""
            raise ConfigError(f"{where}[tables] {name} is no raw table; {hint}")
    return tuple(
        adopt(by_table[name], read_foreign(account, mapped), mapped)
        for name, mapped in config.tables.items()
    )


def read_foreign(account: Account, mapped: Mapped) -> Foreign:
    """Return a table as Glue describes it, with the values of one of its partitions."""
    database, _, name = mapped.table.partition(".")
    with told(f"reading the table {mapped.table}"):
        found = read_table(account.glue.get_table(DatabaseName=database, Name=name)["Table"])
        if found.is_view:
            raise ConfigError(f"[tables] {mapped.table} is a view, expected a table")
        partitions = account.glue.get_partitions(
            DatabaseName=database, TableName=name, MaxResults=1
        )["Partitions"]
    values = partitions[0].get("Values", []) if partitions else []
    table = Table(
        name=name,
        columns=tuple(_columns(found.columns)),
        partition_columns=tuple(_columns(found.keys)),
        serde=found.serde,
        input_format=found.input_format,
        output_format=found.output_format,
        location=found.location,
        properties=found.parameters,
        serde_properties=found.serde_properties,
    )
    sample = dict(zip((key.name for key in found.keys), values, strict=False))
    return Foreign(mapped.table, table, sample)


def _columns(columns: tuple[CatalogColumn, ...]) -> Iterator[Column]:
    return (Column(column.name, read_type(column.type), column.comment) for column in columns)
