"""What several test files use: the backends that hold the tensors."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

import tensorplug as tp
from tensorplug.backends import BackendUnavailable

# SciPy looks at it once, when it is imported, and JAX imports SciPy.
os.environ["SCIPY_ARRAY_API"] = "1"


def _unavailable(name: str) -> str:
    """Why a backend cannot be used here, or nothing if it can."""
    try:
        tp.backend(name)
    except BackendUnavailable as reason:
        return str(reason)
    return ""


UNAVAILABLE = {name: reason for name in ("jax", "cupy") if (reason := _unavailable(name))}
"""`test_backends` says once for each that it is left out, and why."""

BACKENDS = [name for name in ("numpy", "jax", "cupy") if name not in UNAVAILABLE]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend, on which new tensors are put while the test runs."""
    with tp.backend(request.param):
        yield request.param


@pytest.fixture(params=["numpy", "jax", "cupy"])
def built_in_backend(request: pytest.FixtureRequest) -> str:
    """The name of a backend, skipped with its reason where it is unavailable."""
    if request.param in UNAVAILABLE:
        pytest.skip(UNAVAILABLE[request.param])
    name: str = request.param
    return name


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Memory returns by counting references alone, or not at all; `gc` sees what is made from here on only."""
    gc.disable()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.enable()
