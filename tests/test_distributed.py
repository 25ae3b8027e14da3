"""Tensors divided over meshes of devices: 8 virtual devices in one process, and 2 processes on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import tensorplug as tp
from tensorplug.distributed import Shard, distribute_tensor, init_device_mesh

FOLDER = Path(__file__).parent / "distributed"
SECONDS = 600


def _environment(devices: int) -> dict[str, str]:
    return {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "OMP_NUM_THREADS": "1",
    }


def test_on_eight_devices() -> None:
    """The tests in ``distributed/check_*.py``: XLA takes the number of devices when a process begins."""
    pytest.importorskip("jax")
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *"-q -n 0 -p no:cacheprovider -o python_files=check_*.py".split(), FOLDER],
        env=_environment(8), capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def test_two_processes() -> None:
    """Each process of ``distributed/process.py`` trains as on one device, eager and compiled."""
    jax = pytest.importorskip("jax")
    if "gloo" not in str(jax.config.values.get("jax_cpu_collectives_implementation", "gloo")):
        pytest.skip("this jaxlib has no collectives between processes on CPUs")
    port = _free_port()
    running = [
        subprocess.Popen(
            [sys.executable, FOLDER / "process.py", str(rank), "2", str(port)],
            env=_environment(1), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        said = [one.communicate(timeout=SECONDS)[0] for one in running]
    finally:
        for one in running:
            one.kill()
    for one, text in zip(running, said, strict=True):
        assert one.returncode == 0, text
        assert "as on one device" in text


def test_backends_without_meshes_are_named() -> None:
    with pytest.raises(NotImplementedError, match=r"init_device_mesh: backend 'numpy' has no meshes of devices; "):
        init_device_mesh("numpy:cpu", (1,))


def test_plain_tensors_are_on_no_mesh() -> None:
    x = tp.ones(2)
    assert not hasattr(x, "placements")
    assert not hasattr(x, "device_mesh")
    for name in ("full_tensor", "to_local", "redistribute"):
        with pytest.raises(
            RuntimeError, match=f"{name}: a tensor on numpy:cpu is on no mesh of devices; use distribute"
        ):
            getattr(x, name)()
    with pytest.raises(TypeError, match="distribute_tensor: got no device_mesh, wanted a DeviceMesh"):
        distribute_tensor(x, None, [Shard(0)])
