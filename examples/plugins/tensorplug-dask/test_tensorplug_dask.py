"""The backend does what Tensorplug promises of every backend, but for the departures in departures.toml."""

from __future__ import annotations

import re
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


def test_random_numbers_are_made_in_chunks() -> None:
    """They are NumPy's, and the graph has no values."""
    import dask

    import tensorplug as tp

    def draw(device: str) -> list[tp.Tensor]:
        tp.manual_seed(3)
        return [
            tp.rand(2000, 100, device=device),
            tp.randn(5001, 17, device=device, dtype="float64"),
            tp.randint(-5, 9, (100_001,), device=device),
        ]

    with dask.config.set({"array.chunk-size": "64KiB"}):
        drawn = draw("dask:cpu")
        for found, wanted in zip(drawn, draw("numpy:cpu"), strict=True):
            values = found.to_native().__dask_graph__().values()
            assert not [value for value in values if getattr(value, "nbytes", 0) > 1024]
            assert (found.numpy() == wanted.numpy()).all()


def test_what_outgrows_memory() -> None:
    """The cluster keeps its limits, gives the same with a worker killed, and an error without any."""
    pytest.importorskip("distributed", reason="distributed is not installed: pip install distributed")
    command = [sys.executable, str(DEPARTURES.with_name("beyond_memory.py"))]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
    size, limit = map(int, re.findall(r"(\d+) MB", told)[:2])
    assert size >= 10 * limit - 1
    assert "NumPy's stream: True" in told
    assert "restarted workers: 0" in told
    assert "worker killed: True" in told
    for client, workers in re.findall(r"peak memory: client (\d+) MB, workers \[(.*)\]", told):
        assert max(map(int, [client, *workers.split(",")])) < limit
    same, near, slice_ = map(float, re.findall(r"(?:other:|rows|NumPy's) (\d\S*\d)$", told, re.MULTILINE))
    assert same < 1e-12
    assert near < 0.05
    assert slice_ < 1e-12
    assert "none restarted: NoWorkerError" in told
