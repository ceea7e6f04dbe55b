"""Files of a source put where AWS would, and what its relations make of them."""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Result, Source, SourceAccount
from lakehunt.sql.compile import Draft
from tests.conftest import SHARED, shared

Row = dict[str, object]
# Where AWS delivers a file of each source; what stands for `{}` tells files apart.
PLACES = {
    "alb": "AWSLogs/111122223333/elasticloadbalancing/us-east-1/2026/05/01/111122223333"
    "_elasticloadbalancing_us-east-1_app.web.50dc6c495c0c9188_20260501T1005Z_192.0.2.10_{}.log.gz",
    "s3access": "111122223333/us-east-1/example-data/2026/05/01/2026-05-01-00-00-00-{}",
    "cloudfront": "E1SFLUZKKLSP61.2026-05-01-10.{}.gz",
    "cloudfront_realtime": "2026/05/01/10/edge-realtime-1-2026-05-01-10-05-00-{}.gz",
    "vpcflow": "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/01/"
    "111122223333_vpcflowlogs_us-east-1_fl-0a_20260501T1005Z_{}.log.gz",
    "waf": "AWSLogs/111122223333/WAFLogs/us-east-1/shop/2026/05/01/10/05/"
    "111122223333_waflogs_us-east-1_shop_20260501T1005Z_{}.log.gz",
    "route53_resolver": "AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a/2026/05/01/"
    "vpc-0a_vpcdnsquerylogs_111122223333_20260501T1005Z_{}.log.gz",
    "route53_public": "2026/05/01/10/aws-route53-queries-1-2026-05-01-10-05-00-{}.gz",
}


@dataclass(frozen=True)
class Delivered:
    """A lake with files of one source, as bytes that nobody of us wrote or that went wrong."""

    folder: Path
    sources: Mapping[str, Source]
    source: str

    def put(self, name: str, data: bytes) -> None:
        """Put a file there, gzipped where its name says so."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    def deliver(self, data: bytes, name: str = "a") -> None:
        """Put a file where AWS would."""
        self.put(PLACES[self.source].format(name), data)

    def deliver_lines(self, *lines: str, name: str = "a") -> None:
        """Put lines as one file where AWS would."""
        text = "".join(f"{line}\n" for line in lines)
        self.deliver(text.encode(errors="surrogateescape"), name)

    def ask(self, sql: str) -> tuple[list[Row], SourceAccount]:
        """Return the rows of a query and what the run says of the source's files."""
        ((rows,), account) = self._run([sql])
        return rows, account

    def rows(self, columns: str = "*") -> list[Row]:
        """Return what could be read."""
        return self.ask(f"SELECT {columns} FROM {self.source}")[0]

    def unparsed(self) -> list[str]:
        """Return the lines that could not be read."""
        return self.told("log_file")[1]

    def count(self) -> tuple[int, int]:
        """Return how many rows there are, and how many lines that could not be read."""
        rows, unparsed, _ = self.told("log_file")
        return len(rows), len(unparsed)

    def told(self, columns: str = "*") -> tuple[list[Row], list[str], SourceAccount]:
        """Return what could be read, the lines that could not, and what the run says of both."""
        read = f"SELECT {columns} FROM {self.source}"
        (rows, unparsed), account = self._run([read, f"SELECT line FROM {self.source}_unparsed"])
        return rows, [str(row["line"]) for row in unparsed], account

    def _run(self, queries: Iterable[str]) -> tuple[list[list[Row]], SourceAccount]:
        drafts = [Draft(f"q{number}", sql) for number, sql in enumerate(queries)]
        engine = LocalEngine(self.folder, self.sources)
        try:
            run = engine.run(drafts, None, Limits(), lambda share: None)
        finally:
            engine.close()
        found = []
        for result in run.results.values():
            assert isinstance(result, Result), result
            found.append(result.rows())
        return found, next(one for one in run.accounts if one.source == self.source)


def sample(source: str, name: str) -> bytes:
    """Return a sample file as text, or skip where it is absent."""
    data = shared("samples", source, name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def samples(*sources: str) -> list[tuple[str, str]]:
    """Return source and name of each sample file of lines, where there are any."""
    found: list[tuple[str, str]] = []
    for source in sources:
        folder = SHARED / "samples" / source
        files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet")
        found += sorted((source, path.relative_to(folder).as_posix()) for path in files)
    return found
