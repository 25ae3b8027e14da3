"""The examples run, and say the same on every backend."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .curves import PROGRAMS, curve

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

BESIDE_THE_VALUES = re.compile(r",\s+backend='\w+'(,\s+device='cuda:0')?")


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
    # A program adds in another order, and training enlarges roundings of float32.
    number = re.compile(r"\d+\.\d+")
    assert number.sub("", compiled) == number.sub("", eager)
    assert [float(one) for one in number.findall(compiled)] == pytest.approx(
        [float(one) for one in number.findall(eager)], rel=0.1
    )
