"""PyTorch's tensors as a backend, through array-api-compat, on the CPU and on CUDA devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy

from tensorplug.backends import Backend, Kernel, hookimpl

LEFT_OUT = ("uint16", "uint32", "uint64")
"""Dtypes that PyTorch has in name, and few functions for."""


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
        """All that PyTorch computes with."""
        return {name: dtype for name, dtype in super().dtypes().items() if name not in LEFT_OUT}

    def devices(self) -> Mapping[str, Any]:
        """The CPU, and each CUDA device."""
        torch = self.namespace
        names = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        return {name: torch.device(name) for name in names}

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """The values, of a CUDA device's and of lazily conjugated tensors, too."""
        return super().to_numpy(array.detach().cpu().resolve_conj().resolve_neg())

    def synchronize(self, device: Any) -> None:
        """Wait for a CUDA device."""
        if device.type == "cuda":
            self.namespace.cuda.synchronize(device)

    def kernels(self) -> Mapping[str, Kernel]:
        """Functions that lose great quotients of float32 or parts of complex numbers, or warn of strides."""
        torch, search = self.namespace, self.standard_kernel("searchsorted")

        def by_parts(function: Callable[[Any], Any]) -> Kernel:
            return lambda x: torch.complex(function(x.real), function(x.imag)) if x.is_complex() else function(x)

        def in_double(function: Callable[[Any, Any], Any]) -> Kernel:
            def kernel(x1: Any, x2: Any) -> Any:
                if not x1.is_floating_point():
                    return function(x1, x2)
                return function(x1.double(), x2.double()).to(x1.dtype)

            return kernel

        return {
            "fmod": in_double(torch.fmod),
            "remainder": in_double(self.standard_kernel("remainder")),
            "negative": by_parts(torch.negative),
            "round": by_parts(torch.round),
            "searchsorted": lambda x1, x2, **side: search(x1.contiguous(), x2.contiguous(), **side),
        }


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Torch()
