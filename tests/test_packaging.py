"""The wheel carries the content, and a fresh install finds it there."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(iter(WheelBuilder(str(PROJECT)).build(directory=str(folder)))))


def test_the_wheel_holds_queries_tables_and_cases(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "lakehunt/content/queries/cloudtrail/trail_stopped.sql",
        "lakehunt/content/ddl/cloudtrail.sql.j2",
        "lakehunt/content/partitions/cloudtrail.yaml",
        "lakehunt/content/cases/cloudtrail/trail_stopped.yaml",
        "lakehunt/demo/attack.yaml",
        "lakehunt/py.typed",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(("shared", "tests"))]


def test_an_installed_wheel_finds_its_content(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", system_site_packages=False, with_pip=False)
    packages = next((tmp_path / "env" / "lib").iterdir()) / "site-packages"
    zipfile.ZipFile(wheel).extractall(packages)
    # the dependencies are those of the environment that runs the tests
    dependencies = next(p for p in map(Path, sys.path) if (p / "click").is_dir())
    (packages / "dependencies.pth").write_text(str(dependencies))
    python = tmp_path / "env" / "bin" / "python"
    ran = subprocess.run(
        [python, "-m", "lakehunt", "list"], capture_output=True, text=True, check=False
    )
    assert "cloudtrail.trail_stopped" in ran.stdout, ran.stderr
