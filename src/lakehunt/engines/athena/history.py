"""The history of queries on Athena: what was forecast and what was read, a line of JSON for each.

Knows a file that only grows, not how forecasts are made. The engine adds to it; `estimate
--history` shows it. No text of a query and no value of a parameter stands in it.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from lakehunt.errors import UsageError
from lakehunt.model import Past, instant

# How the names of AWS's endpoints end, in each of its partitions. Source: botocore 1.44,
# data/partitions.json (read 2026-11-30).
_OF_AWS = (
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.ic.gov",
    ".api.aws.scloud",
    ".api.cloud-aws.adc-e.uk",
    ".api.aws.hci.ic.gov",
)


@dataclass(frozen=True, slots=True)
class History:
    """The history in one file, which is made when there is something to note."""

    path: Path

    def of(self, endpoint: str) -> "History":
        """Return the history of an endpoint: what no AWS was paid for is kept apart."""
        host = urlsplit(endpoint).hostname or ""
        if not endpoint or host.endswith(_OF_AWS):
            return self
        return History(self.path.with_name(f"{self.path.stem}-elsewhere{self.path.suffix}"))

    def add(self, past: Past) -> None:
        """Note a query; a folder that cannot be written to is no reason to end a run."""
        line = json.dumps({**asdict(past), "ended": instant(past.ended)}, ensure_ascii=False)
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # one write at the end of the file: lines of processes side by side stay whole
            with self.path.open("ab", buffering=0) as file:
                file.write(f"{line}\n".encode())

    def read(self) -> Iterator[Past]:
        """Yield what was noted, oldest first.

        Raises:
            UsageError: the file cannot be read, or a line of it is none of ours.
        """
        if not self.path.exists():
            return
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.path} cannot be read: {error}") from error
        for number, line in enumerate(lines, 1):
            try:
                told = json.loads(line)
                yield Past(**{**told, "ended": datetime.fromisoformat(told["ended"])})
            except (ValueError, TypeError, KeyError) as error:
                what = "a line that lakehunt did not write; remove it"
                raise UsageError(f"{self.path}:{number}: {what}") from error
