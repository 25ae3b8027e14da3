"""``tensorplug new-backend``: docs/plugins.md is followed to the letter; the project it writes works at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tensorplug import cli

pytest.importorskip("array_api_strict", reason="array-api-strict is in the test extra")

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "plugins.md"

QUICKLY, WHOLE = re.findall(
    r"^```sh\n(.*?)^```", DOCUMENT.read_text().partition("## The first hour")[2], re.MULTILINE | re.DOTALL
)[:2]
"""The commands of the first hour: those that take seconds, and those that take minutes."""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """What each command prints in a folder of its own, with an environment of its own and no network."""
    folder, programs = tmp_path_factory.mktemp("hour"), tmp_path_factory.mktemp("programs")
    for name in ("pip", "pytest", "tensorplug"):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m {name} "$@"\n')
        (programs / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "environment"),
        "PIP_TARGET": str(folder / "environment"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        # That is how pip spells that it is not to be isolated.
        "PIP_NO_BUILD_ISOLATION": "0",
    }

    def run(commands: str) -> list[str]:
        printed = []
        for command in commands.splitlines():
            done = subprocess.run(
                command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            printed.append(done.stdout)
        return printed

    return run


def test_the_first_hour(shell: Callable[[str], list[str]]) -> None:
    written, _, listed, checked = shell(QUICKLY)
    assert written.splitlines() == [
        "tensorplug-mine is written. What to do next:",
        "  pip install ./tensorplug-mine",
        "  tensorplug conformance mine --quick",
    ]
    assert re.search(r"^mine +array-api-strict [\d.]+ +cpu +available", listed, re.MULTILINE)
    assert checked.splitlines()[-1].endswith("passed, 0 failed, 0 unsupported")


def test_the_whole_of_it(shell: Callable[[str], list[str]], request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--all"):
        pytest.skip("the quick level takes minutes: pytest --all")
    shell(WHOLE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cpu"], "'cpu' cannot name a backend"),
        (["Mine"], "'Mine' cannot name a backend"),
        (["mine", "--namespace", "a-b"], "--namespace is 'a-b', wanted the name of a module"),
        (["there"], "tensorplug-there' exists already"),
    ],
)
def test_errors(arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tensorplug-there").mkdir()
    assert cli.main(["new-backend", *arguments, "--folder", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tensorplug-there"]


def test_a_namespace_of_array_api_compat(tmp_path: Path) -> None:
    cli.main(["new-backend", "lazy", "--namespace", "array_api_compat.dask.array", "--folder", str(tmp_path)])
    project = tmp_path / "tensorplug-lazy"
    assert sorted(path.name for path in project.iterdir()) == [
        *("README.md", "departures.toml", "pyproject.toml", "tensorplug_lazy.py", "test_tensorplug_lazy.py"),
    ]
    settings = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert settings["dependencies"] == ["array-api-compat", "dask", "tensorplug"]
    assert settings["entry-points"] == {"tensorplug": {"lazy": "tensorplug_lazy"}}
    module = (project / "tensorplug_lazy.py").read_text()
    for line in (
        "class Lazy(Backend):",
        '    install = "pip install dask"',
        "        import array_api_compat.dask.array",
    ):
        assert line in module.splitlines()
    assert 'importorskip("dask"' in (project / "test_tensorplug_lazy.py").read_text()
