"""`--engine trino` where no Trino is: what is missing or wrong is told before anything is sent."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehunt.config import read_config
from lakehunt.engines.trino.session import PASSWORD, TOKEN
from lakehunt.errors import ConfigError
from tests.conftest import Ran

ASK = ("sql", "SELECT 1 AS n", "--engine", "trino", "--since", "2026-05-01")


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write [trino] into the lakehunt.toml of the current folder."""

    def write(text: str) -> Path:
        path = tmp_path / "lakehunt.toml"
        path.write_text(f"[trino]\n{text}\n")
        monkeypatch.chdir(tmp_path)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('host = "https://trino.example.com"', "2: `host`, expected a name such as trino"),
        ('host = "t"\nport = "8443"', "3: `port`, expected a whole number"),
        ('host = "t"\nport = 99999', "3: `port`, expected a port such as 8443"),
        ('authentication = "kerberos"', "2: `authentication`, expected none or basic or jwt"),
        ('authentication = "basic"\ntls = false', "3: `tls`, expected true: basic sends a secret"),
        ('tls = "yes"', "2: `tls`, expected true or false"),
        ("verify = 1", "2: `verify`, expected true, false or the path"),
        ('password = "x"', "2: `password`, expected host or port or user"),
        ("concurrency = -1", "2: `concurrency`, expected a whole number"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(
    configured: Callable[[str], Path], text: str, expected: str
) -> None:
    path = configured(text)
    with pytest.raises(ConfigError) as error:
        read_config(path)
    assert str(error.value).startswith(f"{path}:{expected}")


def test_what_the_file_says(configured: Callable[[str], Path]) -> None:
    path = configured('host = "t.example.com"\nauthentication = "jwt"\nverify = "ca.pem"')
    trino = read_config(path).trino
    assert (trino.port, trino.user, trino.catalog, trino.schema) == (
        0,
        "lakehunt",
        "hive",
        "lakehunt",
    )
    assert (trino.tls, trino.verify, trino.ca_file) == (True, True, str(path.parent / "ca.pem"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "set `host` under [trino]"),
        ('host = "t"\nauthentication = "basic"', f"the environment has no {PASSWORD}"),
        ('host = "t"\nauthentication = "jwt"', f"the environment has no {TOKEN}"),
    ],
)
def test_what_is_not_configured(
    configured: Callable[[str], Path], lakehunt: Callable[..., Ran], text: str, told: str
) -> None:
    configured(text)
    ran = lakehunt(*ASK)
    assert ran.code == 2
    assert told in ran.err


def test_a_lake_is_none_of_its_own(
    configured: Callable[[str], Path], lakehunt: Callable[..., Ran]
) -> None:
    configured('host = "t"')
    ran = lakehunt(*ASK, "--lake", "logs")
    assert ran.code == 2
    assert "reads the tables of hive.lakehunt, no lake" in ran.err
    assert "lakehunt ddl --format trino" in ran.err


def test_the_extra_that_is_not_installed(
    configured: Callable[[str], Path], lakehunt: Callable[..., Ran], monkeypatch: Any
) -> None:
    configured('host = "t"')
    for name in [name for name in sys.modules if name.startswith("lakehunt.engines.trino")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trino", None)
    ran = lakehunt(*ASK)
    assert ran.code == 2
    assert "pip install 'lakehunt[trino]'" in ran.err


def test_what_would_be_sent(lakehunt: Callable[..., Ran]) -> None:
    since = ("--since", "2026-05-01", "--until", "2026-05-01")
    ran = lakehunt("show", "cloudtrail.trail_stopped", "--sql", "--engine", "trino", *since)
    assert ran.code == 0, ran.err
    assert "day >= '2026/05/01'" in ran.out
    assert "event_time >= TIMESTAMP '2026-05-01 00:00:00.000'" in ran.out
