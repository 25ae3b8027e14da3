"""What several test files use: the backends that hold the tensors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import tensorplug as tp

BACKENDS = ("numpy", "jax")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend, on which new tensors are put while the test runs."""
    if request.param != "numpy":
        pytest.importorskip(request.param, reason=f"{request.param} is an extra, which may not be installed")
    with tp.backend(request.param):
        yield request.param
