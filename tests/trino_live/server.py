"""A real Trino on this machine: found, fetched once, started on loopback, stopped.

It must not know queries. The fixture of the live tests and scripts/battery.py use it; run as a
program it tells whether this machine can have one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "476"
"""Athena does not name its Trino. Versions 427 to 435 are not published as server archives."""
SERVER, PLUGIN = f"trino-server-core-{VERSION}", f"trino-hive-{VERSION}"
ARTIFACTS = (f"{SERVER}.tar.gz", f"{PLUGIN}.zip")
OLDEST_JAVA = 24
"""Trino 476, requirements: https://trino.io/docs/476/installation/deployment.html"""
START_SECONDS = 180
CONFIG = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
query.max-memory=1GB
catalog.config-dir={folder}/catalog
plugin.dir={home}/plugin
"""
CATALOG = "awsdatacatalog"
"""What Athena calls it, and therefore the stored text of each of its views."""
GLUE_CATALOG = """\
connector.name=hive
hive.metastore=glue
hive.metastore.glue.region=us-east-1
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.aws-access-key=test
hive.metastore.glue.aws-secret-key=test
hive.metastore.glue.default-warehouse-dir=s3://warehouse/
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region=us-east-1
s3.path-style-access=true
s3.aws-access-key=test
s3.aws-secret-key=test
hive.partition-projection-enabled=true
hive.recursive-directories=true
hive.ignore-absent-partitions=true
hive.table-statistics-enabled=false
hive.collect-column-statistics-on-write=false
hive.non-managed-table-writes-enabled=true
"""
"""As Athena reads: folders below a partition's too, and a projected partition may be absent."""
FLAGS = (
    "-Xmx2G",
    "-XX:+UseG1GC",
    "-Djdk.attach.allowAttachSelf=true",
    "-XX:+EnableDynamicAgentLoading",
    "--add-modules=jdk.incubator.vector",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dfile.encoding=UTF-8",
    "-Duser.timezone=UTC",
    "-Dnode.environment=test",
    "-Dnode.id=one",
    "-Dnode.bind-ip=127.0.0.1",
    "-Dnode.internal-address=127.0.0.1",
)


class Unavailable(Exception):
    """This machine cannot run the server; the text says what is missing."""


class Broken(Exception):
    """The server could not be fetched or did not start; the text is the end of its log."""


def java() -> Path:
    """The newest Java of JAVA_HOME, the PATH and /usr/lib/jvm that Trino takes."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    found = [home / "bin" / "java" for home in homes]
    found += [Path(path) for path in [shutil.which("java")] if path]
    programs = [(_major(path), path) for path in found if os.access(path, os.X_OK)]
    newest, program = max(programs, default=(0, Path()))
    if newest < OLDEST_JAVA:
        raise Unavailable(f"no Java {OLDEST_JAVA} or newer: install one, or set JAVA_HOME")
    return program


def _major(program: Path) -> int:
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    number = re.search(r'"(\d+)', told.stderr)
    return int(number[1]) if number else 0


def maven() -> Path:
    """Maven's program, which fetches the server."""
    program = shutil.which("mvn")
    if program is None:
        raise Unavailable("no Maven: install it, so that `mvn` is on the PATH")
    return Path(program)


def cache() -> Path:
    """The folder that keeps the server between runs."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lakehunt" / "trino"


def fetched(folder: Path) -> Path:
    """The unpacked server below a folder, fetched where it is not there yet.

    It appears under its name only when complete, so that two runs at once do no harm.
    """
    home = folder / SERVER
    if home.exists():
        return home
    program = maven()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        for artifact in ARTIFACTS:
            _fetch(program, artifact, work)
        with tarfile.open(work / ARTIFACTS[0]) as archive:
            archive.extractall(work, filter="data")
        shutil.rmtree(work / SERVER / "plugin", ignore_errors=True)
        with zipfile.ZipFile(work / ARTIFACTS[1]) as archive:
            archive.extractall(work / SERVER / "plugin")
        try:
            (work / SERVER).rename(home)
        except OSError:
            if not home.exists():
                raise
    return home


def _fetch(program: Path, artifact: str, folder: Path) -> None:
    name, kind = artifact.split(f"-{VERSION}.")
    command = [str(program), "-q", "-B", "dependency:copy", f"-DoutputDirectory={folder}"]
    ran = subprocess.run(
        [*command, f"-Dartifact=io.trino:{name}:{VERSION}:{kind}"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    if ran.returncode:
        raise Broken(f"Maven did not fetch {artifact}: {(ran.stdout + ran.stderr)[-2000:]}")


@contextmanager
def running(endpoint: str = "") -> Iterator[int]:
    """The port of a Trino on loopback, which ends with the block, on SIGTERM too.

    With the endpoint of an AWS it has the catalog `awsdatacatalog` over that Glue and S3.

    Raises Unavailable where Java or Maven is missing, Broken where it does not start.
    """
    program, _ = java(), maven()
    home = fetched(cache())
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="lakehunt-trino-") as name:
            port = _free_port()
            (Path(name) / "catalog").mkdir()
            if endpoint:
                catalog = Path(name) / "catalog" / f"{CATALOG}.properties"
                catalog.write_text(GLUE_CATALOG.format(endpoint=endpoint), encoding="utf-8")
            process = _started(program, home, Path(name), port)
            try:
                _wait(process, Path(name) / "server.log", port)
                yield port
            finally:
                _stop(process)
    finally:
        signal.signal(signal.SIGTERM, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _started(program: Path, home: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    config = CONFIG.format(port=port, folder=folder, home=home)
    (folder / "config.properties").write_text(config, encoding="utf-8")
    (folder / "log.properties").write_text("io.trino=WARN\n", encoding="utf-8")
    places = (
        f"-Dnode.data-dir={folder / 'data'}",
        f"-Dconfig={folder / 'config.properties'}",
        f"-Dlog.levels-file={folder / 'log.properties'}",
    )
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [program, *FLAGS, *places, "-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait(process: subprocess.Popen[bytes], log: Path, port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if _ready(port):
            return
        time.sleep(0.3)
    text = log.read_text(encoding="utf-8", errors="replace")
    raise Broken(f"Trino did not start: {text[-3000:]}")


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=5) as answer:
            return json.load(answer)["starting"] is False
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    """Exits 0 where the server can run here, else 1 with the reason; `--fetch` fetches it."""
    try:
        print(f"Java {_major(java())}, Maven {maven()}")
        if "--fetch" in sys.argv:
            fetched(cache())
    except (Unavailable, Broken) as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
