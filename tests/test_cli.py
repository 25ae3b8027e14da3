"""The command line: what its commands have in common, ``tensorplug info``, and ``make help``."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

import tensorplug as tp
from tensorplug import info
from tensorplug.backends import load
from tensorplug.cli import COMMANDS, BackendNames, add_backends, main

ROOT = Path(__file__).parents[1]

POSITIONAL = {"compare": ["program.py"], "new-backend": ["mine"]}
"""What commands must be given."""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tensorplug {tp.__version__}\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_an_unknown_option_shows_the_usage_of_its_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = [name, *POSITIONAL.get(name, ()), "--frobnicate"]
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"usage: tensorplug {name} ")
    assert "unrecognized arguments: --frobnicate" in printed


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([], None),
        (["--backend", "a"], ["a"]),
        (["--backend", "a", "b"], ["a", "b"]),
        (["--backends", "a,b"], ["a", "b"]),
        (["--backend", "a, b", "--backend=c", "--backend", "a"], ["a", "b", "c"]),
    ],
)
def test_names_of_backends(given: list[str], names: list[str] | None) -> None:
    parser = argparse.ArgumentParser()
    add_backends(parser)
    assert parser.parse_args(given).backends == names
    # With positional names too, as for the suite.
    parser.add_argument("backends", nargs="*", action=BackendNames)
    assert parser.parse_args(given).backends == (names or [])
    assert parser.parse_args(["x", *given]).backends == ["x", *(names or [])]


@pytest.mark.parametrize("name", ["compare", "conformance", "demo"])
def test_every_command_names_backends_alike(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("def program(): return 1\n")
    given = [name, str(tmp_path / "program.py")] if name == "compare" else [name]
    assert main([*given, "--backend", "nowhere"]) == 2
    assert re.search("'nowhere' is unknown|unknown backend 'nowhere'", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("option", "name", "nearest"),
    [
        ("--op", "sofmax", "softmax"),
        ("--op", "_norm", "norm"),
        ("--chapter", "sort", "sorting"),
        ("--op", "?", "add"),
    ],
)
def test_names_that_no_check_has(option: str, name: str, nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "numpy", option, name, option, name]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"tensorplug conformance: no {'chapter' if 'chapter' in option else 'operation'} ")
    assert nearest in printed
    assert printed.count(repr(name)) == 1
    assert len(printed) < 200 or name == "?"


def test_info(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORPLUG_BACKEND", "numpy")
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    for line in (f"  version: {tp.__version__}", f"  numpy: {numpy.__version__}", "  TENSORPLUG_BACKEND: numpy"):
        assert f"\n{line}\n" in printed
    assert "backend cupy\n" in printed
    assert re.search(r"backend numpy\n  status: available\n.*\n  devices: cpu\n  BLAS: \S+ \S+\n", printed)


def test_info_shows_what_a_backend_says_of_itself(backend: str) -> None:
    lines = dict(info.sections())[f"backend {backend}"]
    assert lines.items() >= load(backend).backend.about().items()
    assert lines["devices"] == ", ".join(load(backend).devices)
    if backend == "jax":
        import jax

        assert lines["version"] == f"jax {jax.__version__}"
        assert {"jaxlib", "compilation cache"} <= lines.keys()


def test_info_of_a_backend_that_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no driver")

    monkeypatch.setattr(load("numpy").backend, "about", fail)
    assert dict(info.sections())["backend numpy"]["about"] == "raised OSError: no driver"


def test_output_may_be_cut_off() -> None:
    command = [sys.executable, "-c", "from tensorplug.cli import main; main(['info'])"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.stderr == ""


def test_make_help_lists_every_target() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.search(r"^\.PHONY: (help .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert re.findall(r"^  make (\S+)  +\S", done.stdout, re.MULTILINE) == sorted(
        phony[1].split(), key=done.stdout.index
    )
    assert all(f"  make {target} " in done.stdout for target in phony[1].split())


@pytest.mark.parametrize(
    ("target", "installed", "extras"),
    [
        ("demo", None, "jax,demo"),
        ("demo", "jax,demo", None),
        ("demo", "jax,demo,test,dev", None),
        ("test", None, "jax,demo,test,dev"),
        ("test", "jax,demo", "jax,demo,test,dev"),
        ("test", "jax,demo,test,dev", None),
        ("demo test", None, "jax,demo,test,dev"),
        ("demo EXTRAS=demo", None, "demo"),
        ("docs-site", None, "jax,docs"),
        ("docs-site", "jax,demo,test,dev", "jax,demo,test,dev,docs"),
        ("test", "jax,docs", "jax,docs,demo,test,dev"),
        ("demo docs-site", "jax,demo,docs", None),
    ],
)
def test_make_installs_what_its_target_needs(
    target: str, installed: str | None, extras: str | None, tmp_path: Path
) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("pyproject.toml", "Makefile"):
        shutil.copy(ROOT / name, tmp_path)
    if installed is not None:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
        (tmp_path / ".venv" / "installed").write_text(f"{tmp_path} {installed}\n")
    command = ["make", "-n", f"PYTHON={sys.executable}", *target.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.findall(r'install .* -e "\.\[(.*)\]"', done.stdout) == ([] if extras is None else [extras])
    # An environment that is here is added to.
    assert ("--clear" in done.stdout) == (installed is None)
    if "test" in target:
        assert re.search(r"some \d+ minutes", done.stdout)
        assert "GB of memory" in done.stdout
