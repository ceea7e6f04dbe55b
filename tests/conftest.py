"""Fixtures that many tests share: the content, the samples beside the project, the command line."""

import gc
import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from lakehunt.cli.main import main
from lakehunt.config import Config, read_config
from lakehunt.content import roots
from lakehunt.demo import make_lake
from lakehunt.engines.base import Limits, Run
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Result, Source, Window
from lakehunt.sandbox.lake import load_lake, make_tables
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft

if TYPE_CHECKING:
    from tests.buckets import Server

PROJECT = Path(__file__).parent.parent
SHARED = PROJECT.parent / "shared"
ATHENA_TOML = f"""
[athena]
workgroup = "primary"
results = "s3://{RESULTS}/run/"
"""


def pytest_collection_finish() -> None:
    """Spare the collector what stays: thousands of tests, and trees that live as long as one."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite tests/golden")


@pytest.fixture(autouse=True)
def _clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _clean(monkeypatch, tmp_path_factory.getbasetemp())


def _clean(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No test sees the machine's AWS settings, terminal, history or cache."""
    own = folder / str(uuid4())
    monkeypatch.setenv("XDG_STATE_HOME", str(own / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(own / "cache"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="session")
def sources() -> dict[str, Source]:
    """All sources that ship."""
    return load_sources(roots())


@pytest.fixture(scope="session")
def cloudtrail(sources: dict[str, Source]) -> Source:
    return sources["cloudtrail"]


def shared(*parts: str) -> Path:
    """Return a path of the folder beside the project, or skip where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    return path


@pytest.fixture
def samples() -> Path:
    """Real CloudTrail logs that nobody here wrote."""
    return shared("samples", "cloudtrail")


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


def written(ran: Ran, path: Path) -> Config:
    """Return settings that a command wrote, as the other commands read it."""
    assert ran.code == 0, ran.err
    path.write_text(ran.out)
    return read_config(path)


@pytest.fixture
def lakehunt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ran]]:
    """Run the command line in this process."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["lakehunt", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        code = stopped.value.code
        return Ran(int(code or 0), captured.out, captured.err)

    yield run


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Run the command line in this process, each command once for the tests of a module."""

    @cache
    def run(*arguments: object) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patched:
            _clean(patched, tmp_path_factory.getbasetemp())
            patched.setattr("sys.argv", ["lakehunt", *map(str, arguments)])
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as stopped:
                main()
        return Ran(int(stopped.value.code or 0), out.getvalue(), err.getvalue())

    return run


Ask = Callable[..., tuple[list[dict[str, object]], Run]]
_EVENTS = "SELECT event_name, account_id, region, request_parameters, log_file FROM cloudtrail"


@pytest.fixture
def ask(sources: dict[str, Source]) -> Ask:
    """Run one query over a lake and return its rows and the run."""

    def run(
        lake: Path, sql: str = _EVENTS, window: Window | None = None, limits: Limits | None = None
    ) -> tuple[list[dict[str, object]], Run]:
        return answered(LocalEngine(lake, sources), sql, window, limits)

    return run


def answered(
    engine: LocalEngine, sql: str, window: Window | None = None, limits: Limits | None = None
) -> tuple[list[dict[str, object]], Run]:
    """Run one query, close the engine, and return the rows and the run."""
    try:
        ran = engine.run([Draft("q", sql)], window, limits or Limits(), lambda share: None)
    finally:
        engine.close()
    result = ran.results["q"]
    assert isinstance(result, Result), result
    return result.rows(), ran


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with tests/golden/NAME, or rewrite it with --update-goldens."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs: see --update-goldens"

    return compare


@pytest.fixture(scope="session")
def demo_lake(sources: dict[str, Source], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's bucket of CloudTrail, with fewer ordinary events."""
    folder = tmp_path_factory.mktemp("demo") / "lake"
    make_lake(folder, sources, lambda share: None, events=300)
    return folder / sources["cloudtrail"].partitions.bucket


@pytest.fixture
def sandbox(lakehunt_sandbox: Sandbox, demo_lake: Path, sources: dict[str, Source]) -> Sandbox:
    """A local Athena with the demo's lake, its tables in the database `lakehunt`."""
    deployment = load_lake(lakehunt_sandbox, demo_lake, sources)
    make_tables(lakehunt_sandbox, roots(), deployment, "lakehunt")
    return lakehunt_sandbox


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lakehunt.toml for the sandbox."""
    (tmp_path / "lakehunt.toml").write_text(ATHENA_TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Iterator[Server]":
    """A real S3 for one test, credentials for it, and a home of its own."""
    from tests.buckets import served

    with served() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.chdir(tmp_path)
        yield server
