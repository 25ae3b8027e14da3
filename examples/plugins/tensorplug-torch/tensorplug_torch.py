"""PyTorch's tensors as a backend, through array-api-compat, on the CPU and on CUDA devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tensorplug.backends import Backend, hookimpl


class Torch(Backend):
    """PyTorch, which computes; Tensorplug differentiates."""

    name = "torch"
    contract = 1
    distribution = "torch"
    install = "pip install torch"

    def load(self) -> Any:
        """Import PyTorch in the clothes of the standard."""
        import array_api_compat.torch

        return array_api_compat.torch

    def dtypes(self) -> Mapping[str, Any]:
        """All but unsigned integers above uint8, which PyTorch has in name only."""
        return {name: dtype for name, dtype in super().dtypes().items() if name not in LEFT_OUT}

    def devices(self) -> Mapping[str, Any]:
        """The CPU, and each CUDA device."""
        torch = self.namespace
        names = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        return {name: torch.device(name) for name in names}


LEFT_OUT = ("uint16", "uint32", "uint64")


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Torch()
