"""Dask arrays as a backend, through array-api-compat: NumPy in chunks, computed when values are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorplug.backends import Backend, hookimpl


class Dask(Backend):
    """Dask arrays."""

    name = "dask"
    contract = 1
    distribution = "dask"
    install = 'pip install "dask[array]"'

    def load(self) -> Any:
        """Import Dask's arrays in the clothes of the standard."""
        import array_api_compat.dask.array

        return array_api_compat.dask.array


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Dask()
