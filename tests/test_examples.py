"""The examples run, and say the same on every backend."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

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
