"""What is not installed is told in one line, with the extra that brings it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import tensorplug as tp
from tensorplug import digits, extras
from tensorplug.conformance import run
from tensorplug.conformance.pytest_plugin import pytest_load_initial_conftests

ROOT = Path(__file__).resolve().parent.parent
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
OPTIONAL = ("graphviz", "hypothesis", "junitparser", "matplotlib", "pebble", "pytest", "rich", "safetensors")


def test_the_command() -> None:
    assert extras.install_command("jax") == 'pip install ".[jax]" in a clone of Tensorplug'


def test_every_extra_that_is_named_is_there() -> None:
    texts = [
        *ROOT.rglob("*.py"),
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
    named = set()
    for path in texts:
        if not any(part.startswith((".", "build")) for part in path.relative_to(ROOT).parts):
            text = path.read_text()
            named |= set(re.findall(r'(?<!def )\binstall_command\([\'"](\w+)[\'"]\)', text))
            named |= {extra for found in re.findall(r'"\.\[([\w,]+)\]"', text) for extra in found.split(",")}
            named |= set(re.findall(r'\brequire\([^()]*?, "(\w+)", ', text))
            # There is no such distribution to be had yet.
            assert path.samefile(__file__) or not re.search(r'pip install "?tensorplug\b(?!-)', text) or "Once" in text
    assert named == set(EXTRAS) - {"dev", "docs"}


def test_test_includes_conformance() -> None:
    assert "tensorplug[conformance,onnx]" in EXTRAS["test"]
    brought = {re.split("[>=]", requirement)[0] for requirement in EXTRAS["conformance"]}
    assert brought == {"hypothesis", "junitparser", "matplotlib", "pebble", "pytest", "rich", "safetensors"}


@pytest.mark.parametrize(
    ("module", "call", "extra"),
    [
        ("sklearn", digits.load, "demo"),
        ("onnx", lambda: tp.onnx.export(tp.exp, tp.ones(1)), "onnx"),
        ("safetensors", lambda: tp.save(tp.ones(1), os.devnull), "save"),
        ("safetensors", lambda: tp.load(os.devnull), "save"),
        ("hypothesis", lambda: run(["numpy"], level="quick", operations=["add"]), "conformance"),
    ],
)
def test_functions(module: str, call: Callable[[], object], extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError) as refused:
        call()
    name = extras.DISTRIBUTIONS.get(module, module)
    assert str(refused.value).endswith(
        f"needs {name}, not installed here; to install it: {extras.install_command(extra)}"
    )
    assert refused.value.name == module
    assert "\n" not in str(refused.value)


def test_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    pytest_load_initial_conftests(None, ["tests"])
    with pytest.raises(pytest.UsageError, match=r"the conformance suite needs hypothesis, .*\[conformance\]"):
        pytest_load_initial_conftests(None, ["tensorplug.conformance"])


def test_saving_is_not_checked_without_safetensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    (outcome,) = run(["numpy"], level="quick", operations=["saving"])
    assert outcome.status == "unsupported"
    assert outcome.reason.startswith("saving needs safetensors, not installed here")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line where no extra is installed."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL}))\n"
        f"from tensorplug.cli import main; sys.exit(main({list(arguments)}))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["backends", "compare", "conformance", "demo", "info"])
def test_help_needs_no_extra(name: str) -> None:
    done = command(name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: tensorplug {name}")


def test_conformance_without_extras() -> None:
    done = command("conformance", "numpy", "--quick")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "tensorplug conformance: the conformance suite needs hypothesis, not installed here; "
        f"to install it: {extras.install_command('conformance')}\n"
    )


def test_compare_without_extras(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("def inputs(): return [[1.0, 2.0]]\ndef program(x): return x * 2\n")
    pytest.importorskip("jax")
    done = command("compare", str(program), "--backends", "numpy", "jax")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("program agrees on numpy and jax, the reference.\n")
    done = command("compare", str(program), "--report", str(tmp_path / "report.html"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(
        f"the report needs matplotlib, not installed here; to install it: {extras.install_command('conformance')}\n"
    )
