"""Where the tables of one deployment lie, and what fills the holes of a template.

Knows configuration and partition projection. What is not configured is a marked placeholder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lakehunt.config import Deployment
from lakehunt.errors import ConfigError, nearest
from lakehunt.layouts import ORGANIZATION_ID, holes_of, plain_template
from lakehunt.model import Field, PartitionColumn, Partitions
from lakehunt.sources.ddl import literal, printed
from lakehunt.sources.deployed import filled

_ORGANIZATION = "organization"


class Placement:
    """One source in one deployment; a whole one has every column and every field.

    `partitions` are those of the source, the date format of each column being the layout's and the
    default fields those that the deployment chose.
    """

    def __init__(
        self, name: str, partitions: Partitions, deployment: Deployment, *, is_whole: bool
    ) -> None:
        self._name = name
        self._deployment = deployment
        self._whole = is_whole
        self.layout = self._layout(partitions)
        template = partitions.layouts[self.layout]
        formats = {hole.name: hole.format for hole in holes_of(template) if hole.format}
        placed = partitions if is_whole else _formatted(partitions, formats)
        self.partitions = replace(placed, default_fields=self._chosen(partitions))
        self._template = self._filled_template(template)

    def _layout(self, partitions: Partitions) -> str:
        first = next(iter(partitions.layouts))
        if self._deployment.organization and _ORGANIZATION in partitions.layouts:
            first = _ORGANIZATION
        wanted = self._deployment.layouts.get(self._name, first)
        return self._known("layout", wanted, partitions.layouts)

    def format_of(self, formats: Sequence[str]) -> str:
        """Return the format that the deployment has, by default the first.

        Raises:
            ConfigError: the source is not delivered in it.
        """
        wanted = self._deployment.formats.get(self._name, formats[0])
        return self._known("format", wanted, formats)

    def _filled_template(self, template: str) -> str:
        bucket = self._deployment.buckets.get(
            self.partitions.bucket, f"<bucket {self.partitions.bucket}>"
        )
        prefix = self._deployment.prefix_of(self.partitions.bucket)
        organization = self._deployment.organization or f"<{ORGANIZATION_ID}>"
        path = plain_template(template).replace(f"${{{ORGANIZATION_ID}}}", organization)
        for column in self.partitions.columns:
            path = path.replace(f"${{{column.name}}}", f"${{{column.raw_name}}}")
        return f"s3://{bucket}/{prefix}{path}"

    @property
    def _columns(self) -> list[PartitionColumn]:
        """Return the columns that the layout has, in the order of the path."""
        if self._whole:
            return [*self.partitions.columns]
        by_name = {column.name: column for column in self.partitions.columns}
        holes = holes_of(self.partitions.layouts[self.layout])
        return [by_name[hole.name] for hole in holes if hole.name in by_name]

    def _chosen(self, partitions: Partitions) -> tuple[str, ...]:
        """Return the names of the fields that the deployment has."""
        if self._name not in self._deployment.fields:
            return partitions.default_fields
        known = [field.name for field in partitions.fields]
        if not known:
            raise self._fields_error(f"the fields of {self._name} are always the same")
        by_key = {field.key: field.name for field in partitions.fields}
        given = (by_key.get(name, name) for name in self._deployment.fields[self._name])
        chosen = tuple(self._known("field", name, known) for name in given)
        twice = next((name for name in chosen if chosen.count(name) > 1), "")
        if twice or not chosen:
            raise self._fields_error(f"{twice} stands here twice" if twice else "names no field")
        return chosen

    def _fields_error(self, what: str) -> ConfigError:
        """Return the error of the fields that the deployment has, at their line."""
        return self._deployment.error("fields", self._name, what)

    def _known(self, what: str, name: str, known: Iterable[str]) -> str:
        names = [*known]
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean {near}?" if near else f"there are: {', '.join(names)}"
            table = f"{what}s"
            raise self._deployment.error(table, self._name, f"no {what} {name}; {hint}")
        return name

    @property
    def _fields(self) -> list[Field]:
        fields = {field.name: field for field in self.partitions.fields}
        names = fields if self._whole else self.partitions.default_fields
        return [fields[name] for name in names]

    def holes(self, table: str) -> Mapping[str, str]:
        """Return what fills the holes of a template.

        Raises:
            ConfigError: a field is chosen that the source has not.
        """
        columns = ", ".join(f"{column.raw_name} string" for column in self._columns)
        fields = self._fields
        return {
            "table": table,
            "columns": ",\n    ".join(_declared(field, field.type) for field in fields),
            "all_columns": ",\n    ".join(
                _declared(field, field.type) for field in self.partitions.fields
            ),
            "text_columns": ",\n    ".join(_declared(field, "string") for field in fields),
            "mappings": "".join(
                _mapping(field) for field in self.partitions.fields if field.key != field.name
            ),
            "partitioned_by": f"PARTITIONED BY ({columns})" if columns else "",
            "location": self._template.partition("${")[0],
            "properties": self._properties(),
        }

    def _properties(self) -> str:
        pairs = {"projection.enabled": "true" if self._columns else "false"}
        for column in self._columns:
            for key, value in self._projection(column).items():
                pairs[f"projection.{column.raw_name}.{key}"] = value
        if self._columns:
            pairs["storage.location.template"] = self._template
        return printed(pairs) + "\n"

    def _projection(self, column: PartitionColumn) -> dict[str, str]:
        if column.type == "date":
            step, _, unit = column.interval.partition(" ")
            return {
                "type": "date",
                "format": column.format,
                "range": filled(column.range, self._deployment, column.format),
                "interval": step,
                "interval.unit": unit,
            }
        return {"type": column.type, "values": filled(column.values, self._deployment, "")}


def _formatted(partitions: Partitions, formats: Mapping[str, str]) -> Partitions:
    columns = (replace(c, format=formats.get(c.name, c.format)) for c in partitions.columns)
    return replace(partitions, columns=tuple(columns))


def _declared(field: Field, type_: str) -> str:
    since = f" (since version {field.since})" if field.since else ""
    told = f"{field.comment}{since}".strip()
    comment = f" COMMENT {literal(told)}" if told else ""
    return f"`{field.name}` {type_}{comment}"


def _mapping(field: Field) -> str:
    return f",\n    'mapping.{field.name}'={literal(field.key)}"
