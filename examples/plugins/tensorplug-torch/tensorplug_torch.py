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
        return {name: torch.device(name) for name in ("cpu", *map("cuda:{}".format, range(torch.cuda.device_count())))}

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """The values, of a CUDA device's and of lazily conjugated tensors, too."""
        return super().to_numpy(array.detach().cpu().resolve_conj().resolve_neg())

    def synchronize(self, device: Any) -> None:
        """Wait for a CUDA device."""
        if device.type == "cuda":
            self.namespace.cuda.synchronize(device)

    def kernels(self) -> Mapping[str, Kernel]:
        """Functions that lose digits, quotients beyond the range or parts of complex numbers, or warn of strides."""
        torch, search = self.namespace, self.standard_kernel("searchsorted")

        def by_parts(function: Callable[[Any], Any]) -> Kernel:
            return lambda x: torch.complex(function(x.real), function(x.imag)) if x.is_complex() else function(x)

        def acos(x: Any) -> Any:
            if x.is_complex():
                turned = torch.acosh(x)
                return torch.complex(abs(turned.imag), torch.copysign(turned.real, -x.imag))
            return torch.acos(x)

        def in_double(function: Callable[[Any, Any], Any], reduced: bool = True) -> Kernel:
            def kernel(x1: Any, x2: Any) -> Any:
                if not x1.is_floating_point():
                    return function(x1, x2)
                x, y = x1.double(), x2.double()
                for multiple in (y * 2.0**700 * 2.0**700, y * 2.0**700) if reduced else ():
                    x = torch.fmod(x, multiple)
                return function(x, y).to(x1.dtype)

            return kernel

        def along_last(function: Kernel) -> Kernel:
            def kernel(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
                axes = tuple(range(x.ndim)) if axis is None else axis
                if not isinstance(axes, tuple) or len(axes) < 2:
                    return function(x, axis=axis, keepdims=keepdims)
                last = tuple(range(-len(axes), 0))
                found = function(x.movedim(axes, last).contiguous(), axis=last, keepdims=True).movedim(last, axes)
                return found if keepdims else found.squeeze(axes)

            return kernel

        return {
            "acos": acos,
            "floor_divide": in_double(self.standard_kernel("floor_divide"), reduced=False),
            "fmod": in_double(torch.fmod),
            "mean": along_last(self.standard_kernel("mean")),
            "negative": by_parts(torch.negative),
            "pow": lambda x1, x2: torch.where(x2 == 0, 1, torch.pow(x1, x2)) if x2.is_complex() else torch.pow(x1, x2),
            "remainder": in_double(self.standard_kernel("remainder")),
            "round": by_parts(torch.round),
            "searchsorted": lambda x1, x2, **side: search(x1.contiguous(), x2.contiguous(), **side),
            "sum": along_last(self.standard_kernel("sum")),
        }


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Torch()
