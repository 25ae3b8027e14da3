"""The backend does what Tensorplug promises of every backend, but for the departures in departures.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dask", reason="dask is not installed: pip install dask")

DEPARTURES = Path(__file__).with_name("departures.toml")


def test_the_backend_conforms() -> None:
    command = ["conformance", "dask", "--quick", "--departures", str(DEPARTURES)]
    done = subprocess.run([sys.executable, "-m", "tensorplug", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
