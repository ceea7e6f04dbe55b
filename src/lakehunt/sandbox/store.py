"""What lies in the sandbox's S3 and Glue, read and written in the process that serves them.

Knows moto's back ends, neither SQL nor engines. Everything else in the sandbox goes through it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glue.models import GlueBackend, glue_backends
from moto.s3.models import S3Backend, s3_backends

from lakehunt.sandbox.permissions import bucket_arn, refusal

_SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the sandbox's S3."""

    bucket: str
    key: str
    size_bytes: int
    etag: str

    @property
    def url(self) -> str:
        """Return its address."""
        return f"{_SCHEME}{self.bucket}/{self.key}"


class Missing(Exception):
    """A database, table or bucket that is not there; the message is what Glue or S3 would say."""


class Unreadable(Exception):
    """A table whose format the sandbox does not read."""


class Store:
    """The S3 and Glue of one region; objects are copied to a folder where files are needed."""

    def __init__(self, region: str, folder: Path) -> None:
        self.region = region
        self.folder = folder
        self.denies: Callable[[str], bool] = lambda asked: False

    def _may(self, action: str, resource: str) -> None:
        """Refuse what Athena may not write for whoever asks it."""
        asked = f"{action} {resource}"
        if self.denies(asked):
            raise Missing(refusal(asked))

    def _may_in_glue(self, action: str, path: str) -> None:
        self._may(action, f"arn:aws:glue:{self.region}:{DEFAULT_ACCOUNT_ID}:{path}")

    @property
    def _s3(self) -> S3Backend:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]

    @property
    def _glue(self) -> GlueBackend:
        return glue_backends[DEFAULT_ACCOUNT_ID][self.region]

    def make_bucket(self, name: str) -> None:
        """Make a bucket unless it is there."""
        if name not in self._s3.buckets:
            self._s3.create_bucket(name, self.region)

    def put(self, location: str, data: bytes) -> None:
        """Write an object.

        Raises:
            Missing: there is no such bucket, or it is denied.
        """
        bucket, key = split(location)
        self._may("s3:PutObject", bucket_arn(f"{bucket}/{key}"))
        self._bucket(bucket)
        self._s3.put_object(bucket, key, data)

    def objects(self, location: str) -> Iterator[StoredObject]:
        """Yield what lies below a location, as Hive takes it: hidden names are left out.

        Raises:
            Missing: there is no such bucket.
        """
        bucket, prefix = split(location)
        if prefix and not prefix.endswith("/"):
            prefix += "/"
        for key, stored in [*self._bucket(bucket).keys.items()]:
            name = key.rpartition("/")[2]
            if key.startswith(prefix) and name and not name.startswith((".", "_")):
                yield StoredObject(bucket, key, stored.size, stored.etag.strip('"'))

    def _bucket(self, name: str) -> Any:
        if name not in self._s3.buckets:
            what = "The specified bucket does not exist"
            raise Missing(f"{what} (Service: Amazon S3; Status Code: 404; NoSuchBucket: {name})")
        return self._s3.buckets[name]

    def read(self, stored: StoredObject) -> bytes:
        """Return an object's bytes."""
        data: bytes = self._bucket(stored.bucket).keys[stored.key].value
        return data

    def file(self, stored: StoredObject) -> Path:
        """Return an object as a file, whose place below the folder is its bucket and key."""
        path = self.folder / stored.bucket / stored.key
        mark = path.with_name(f".{path.name}.{stored.etag}")
        if not mark.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(stored))
            mark.touch()
        return path

    def databases(self) -> list[str]:
        """Return the names of the databases."""
        return sorted(self._glue.databases)

    def make_database(self, name: str) -> None:
        """Make a database."""
        self._may_in_glue("glue:CreateDatabase", f"database/{name}")
        self._glue.create_database(name, {"Name": name})

    def drop_database(self, name: str) -> None:
        """Drop a database and what is in it."""
        self._may_in_glue("glue:DeleteDatabase", f"database/{name}")
        self._glue.delete_database(name)

    def tables(self, database: str) -> list[Mapping[str, Any]]:
        """Return the tables and views of a database, by name.

        Raises:
            Missing: there is no such database.
        """
        if database not in self._glue.databases:
            raise Missing(f"Schema '{database}' does not exist")
        found = [table.as_dict() for table in self._glue.databases[database].tables.values()]
        return sorted(found, key=lambda table: str(table["Name"]))

    def table(self, database: str, name: str) -> Mapping[str, Any]:
        """Return a table or view as Glue describes it.

        Raises:
            Missing: there is none.
        """
        try:
            found: Mapping[str, Any] = self._glue.get_table(database, name).as_dict()
        except JsonRESTError as error:
            what = f"Table 'awsdatacatalog.{database}.{name}' does not exist"
            raise Missing(what) from error
        return found

    def put_table(self, database: str, table: Mapping[str, Any]) -> None:
        """Make a table or view, or replace it.

        Raises:
            Missing: there is no such database.
        """
        names = [one["Name"] for one in self.tables(database)]
        action = "glue:UpdateTable" if table["Name"] in names else "glue:CreateTable"
        self._may_in_glue(action, f"table/{database}/{table['Name']}")
        if table["Name"] in names:
            self._glue.update_table(database, table["Name"], dict(table))
        else:
            self._glue.create_table(database, table["Name"], dict(table))

    def drop_table(self, database: str, name: str) -> None:
        """Drop a table or view.

        Raises:
            Missing: there is none.
        """
        self.table(database, name)
        self._may_in_glue("glue:DeleteTable", f"table/{database}/{name}")
        self._glue.delete_table(database, name)

    def partitions(self, database: str, name: str) -> list[tuple[Sequence[str], str]]:
        """Return the values and the location of each registered partition."""
        table = self._glue.get_table(database, name)
        found = (partition.as_dict() for partition in table.partitions.values())
        return [(one["Values"], one["StorageDescriptor"]["Location"]) for one in found]

    def put_partition(self, database: str, name: str, values: Sequence[str], location: str) -> bool:
        """Register a partition and tell whether it is a new one."""
        known = [tuple(own) for own, _ in self.partitions(database, name)]
        if tuple(values) in known:
            return False
        self._may_in_glue("glue:CreatePartition", f"table/{database}/{name}")
        descriptor = {"Location": location, "Columns": []}
        described = {"Values": [*values], "StorageDescriptor": descriptor}
        self._glue.create_partition(database, name, described)
        return True


def split(location: str) -> tuple[str, str]:
    """Return the bucket and the key of an address."""
    bucket, _, key = location.removeprefix(_SCHEME).partition("/")
    return bucket, key
