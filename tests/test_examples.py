"""The examples run, and say the same on every backend; a plugin among them is installed by pip and conforms."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .curves import PROGRAMS, curve

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

BESIDE_THE_VALUES = re.compile(r",\s+backend='\w+'")


@functools.cache
def output(name: str, *arguments: str) -> str:
    """What an example prints, without a warning."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONWARNINGS": "error"}
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def stops(text: str) -> dict[str, str]:
    """What the tour prints under each title, in one line, without what says on which backend it is."""
    parts = re.split(r"\n(.+)\n-+\n", BESIDE_THE_VALUES.sub("", text))
    return {title: " ".join(part.split()) for title, part in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_tour(built_in_backend: str) -> None:
    found = stops(output("tour.py", "--backend", built_in_backend))
    wanted = stops(output("tour.py", "--backend", "numpy"))
    assert len(found) == len(wanted) == 16
    # There devices are named, and here memory is shared with NumPy on one backend only.
    for title in ("Devices", "The NumPy bridge"):
        del found[title], wanted[title]
    assert found == wanted


CURVES = json.loads((Path(__file__).parent / "references" / "examples.json").read_text())


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_networks_learn_as_in_pytorch(backend: str, name: str, compiled: bool) -> None:
    # The transformer's learning rate is a tensor in float32.
    accuracy = 1e-8 if name == "transformer" else 1e-13
    assert curve(name, "tensorplug", backend, compiled) == pytest.approx(CURVES[name], rel=accuracy)


@pytest.mark.parametrize(
    ("name", "options", "score"),
    [
        ("digits_cnn.py", [], r"held out: (98|99|100)\.\d% correct"),
        ("character_rnn.py", ["--steps", "2"], r"held out: \d\.\d+ bits per character"),
        ("transformer.py", ["--steps", "2"], r"held out: \d\.\d+ bits per character"),
        ("vae.py", [], r"held out: bound 2[34]\.\d+ nats"),
    ],
)
def test_networks_run_whole(name: str, options: list[str], score: str) -> None:
    eager, compiled = (
        re.sub(r" +[\d.]+ s$", "", output(name, *options, *more), flags=re.MULTILINE) for more in ([], ["--compile"])
    )
    assert re.search(score, eager)
    assert compiled == eager


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """What a command of Tensorplug prints where the plugin of Numba is installed."""
    project = shutil.copytree(EXAMPLES / "plugins" / "tensorplug-numba", tmp_path_factory.mktemp("projects") / "numba")
    target = tmp_path_factory.mktemp("environment")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(project)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONWARNINGS": "error"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-P", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


class TestNumbaPlugin:
    """The plugin that compiles two losses with Numba."""

    def test_its_kernels_are_listed(self, installed: Callable[..., str]) -> None:
        listed = " ".join(installed("-m", "tensorplug", "backends").split())
        assert "of tensorplug-numba 0.1.0: huber_loss_with_slope, smooth_l1_loss_with_slope" in listed

    def test_numba_is_imported_when_it_is_wanted(self, installed: Callable[..., str]) -> None:
        code = """if True:
            import sys, tensorplug as tp
            x, y = tp.tensor([1.0, 5.0], requires_grad=True), tp.zeros(2)
            print("numba" in sys.modules)
            tp.SmoothL1Loss()(x, y).backward()
            print("numba" in sys.modules, x.grad.tolist())
        """
        assert installed("-c", code) == "False\nTrue [0.5, 0.5]\n"

    def test_what_is_too_large_for_the_dtype(self, installed: Callable[..., str]) -> None:
        code = """if True:
            import tensorplug as tp
            x = tp.tensor([3e38, -3e38], requires_grad=True)
            loss = tp.SmoothL1Loss(reduction="sum")(x, tp.zeros(2))
            loss.backward()
            print(loss.item(), x.grad.tolist(), tp.HuberLoss(delta=1e39)(x * 0.0, tp.zeros(2)).item())
        """
        assert installed("-c", code) == "inf [1.0, -1.0] 0.0\n"

    def test_without_numba_the_plugin_is_set_aside(self, installed: Callable[..., str]) -> None:
        code = """if True:
            import importlib.util
            found = importlib.util.find_spec
            importlib.util.find_spec = lambda name, *others: None if name == "numba" else found(name, *others)
            import tensorplug as tp
            from tensorplug.backends import listing
            x = tp.tensor([1.0, 5.0], requires_grad=True)
            tp.SmoothL1Loss()(x, tp.zeros(2)).backward()
            print(x.grad.tolist(), [entry.reason for entry in listing() if entry.status == "set aside"])
        """
        reason = "its kernels for backend 'numpy': Numba is not installed; to install it: pip install numba"
        assert installed("-c", code) == f"[0.5, 0.5] {[reason]}\n"

    def test_its_kernels_conform(self, installed: Callable[..., str]) -> None:
        operations = ("--op", "huber_loss_with_slope", "--op", "smooth_l1_loss_with_slope")
        told = installed("-m", "tensorplug", "conformance", "numpy", "--quick", "--jobs", "1", *operations)
        assert "0 failed, 0 unsupported" in told.splitlines()[-1]
