"""The main job: its command, what its table promises, its plot, and how it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

import tensorplug as tp
from tensorplug import demo, digits

for module in demo.NEEDED:
    pytest.importorskip(module, reason=f"{module} belongs to the extra demo, which may not be installed")


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "COLUMNS": "60"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each row by the backend's name."""
    split = [line.split() for line in table.splitlines() if re.match(r"\w+:\w+", line)]
    return {cells[0].partition(":")[0]: cells for cells in split}


def test_the_promised_figures(tmp_path: Path) -> None:
    from matplotlib import image

    pytest.importorskip("jax")
    start = time.perf_counter()
    file = tmp_path / "curves"
    done = command("-m", "tensorplug", "demo", "--plot", file)
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    assert seconds < 60
    found = rows(done.stdout)
    assert {"numpy", "jax"} <= found.keys()
    assert found["numpy"][0] == "numpy:cpu"
    for _, loss, accuracy, per_epoch, compiled, difference in found.values():
        assert float(loss) < 0.6
        assert float(accuracy.rstrip("%")) >= 96
        assert 0 < float(per_epoch) < seconds
        assert 0 < float(compiled) < seconds
        assert difference == "reference" or float(difference) <= 1e-4
    assert found["jax"][-1] == "reference"
    assert "40/40 epochs" in done.stderr
    assert file.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert image.imread(file, format="png").shape[:2] == (675, 1050)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("Loss curves")]
    assert max(map(len, lines)) <= 60
    assert lines[0].split() == ["device", "loss", "accuracy", "s/epoch", "compiled", "from", "jax"]


def test_in_double_precision_backends_differ_by_roundings() -> None:
    pytest.importorskip("jax")
    done = command("-m", "tensorplug", "demo", "--dtype", "float64", "--epochs", "2")
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    # 2 of the 20 epochs for which 1e-9 is promised.
    assert float(found["numpy"][-1]) <= 1e-9 / 10
    assert found["jax"][-1] == "reference"


def test_one_backend_is_its_own_reference() -> None:
    done = command("-m", "tensorplug", "demo", "--backend", "numpy", "--epochs", "1", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert list(rows(done.stdout)) == ["numpy"]
    assert rows(done.stdout)["numpy"][-1] == "reference"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--backend", "nowhere"), "unknown backend 'nowhere'; known are numpy, cupy, jax"),
        (("--backend", "numpy,nowhere"), "unknown backend 'nowhere'"),
        (("--plot", "/nowhere/curves.png"), "cannot write the plot: folder '/nowhere' does not exist"),
        (("--plot", "/"), "cannot write the plot: '/' is a folder"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(arguments: tuple[str, ...], reason: str) -> None:
    done = command("-m", "tensorplug", "demo", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"tensorplug demo: {reason}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--epochs", "0"), ("--epochs", "many"), ("--seed", "-1"), ("--dtype", "int8")])
def test_wrong_options(arguments: tuple[str, ...]) -> None:
    done = command("-m", "tensorplug", "demo", *arguments)
    assert done.returncode == 2
    assert f"argument {arguments[0]}" in done.stderr


@pytest.mark.parametrize(
    ("prelude", "arguments", "reason"),
    [
        ("sys.modules['jax'] = None", "'--backend=jax'", "backend 'jax' is unavailable: "),
        (
            "sys.modules['sklearn'] = None",
            "",
            "the demo needs scikit-learn, not installed here; to install it: pip install",
        ),
        ("os.environ['JAX_ENABLE_X64'] = '0'", "'--backend=jax', '--dtype=float64'", "backend 'jax' does not support"),
    ],
)
def test_what_is_missing_is_refused_in_one_line(prelude: str, arguments: str, reason: str) -> None:
    if "X64" in prelude:
        pytest.importorskip("jax")
    code = f"import os, sys; {prelude}; from tensorplug.cli import main; sys.exit(main(['demo', {arguments}]))"
    done = command("-c", code)
    assert done.returncode == 2
    assert done.stderr.startswith(f"tensorplug demo: {reason}")
    assert done.stderr.count("\n") == 1


def test_data_are_the_same_on_every_backend(backend: str) -> None:
    data = digits.load()
    assert [part.backend for part in data] == [backend] * 4
    assert data.images.shape == (1438, 64)
    assert data.held_out_images.shape == (359, 64)
    images = data.images.numpy().astype("float64")
    numpy.testing.assert_allclose(images.mean(axis=0), 0, atol=1e-5)
    deviations = images.std(axis=0)
    assert ((abs(deviations - 1) < 1e-5) | (deviations < 1e-5)).all()
    with tp.backend("numpy"):
        for here, there in zip(data, digits.load(), strict=True):
            assert (here.numpy() == there.numpy()).all()


def test_one_seed_is_one_model(backend: str) -> None:
    runs = [demo.train(backend, 1, seed, lambda loss: None) for seed in (5, 5, 6)]
    assert runs[0].difference(runs[1]) == 0
    assert runs[0].difference(runs[2]) > 0
    assert runs[0].losses == runs[1].losses
