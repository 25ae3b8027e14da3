"""Kernels, functions of one library's arrays, and the indices that those of `getitem` and `put` are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, final

Array = Any
"""An array of the backend's own library; never a Tensor."""

Kernel = Callable[..., Any]
"""A function of arrays of one backend, with the signature of the operation that it computes."""


@final
class ByKind:
    """A kernel that dispatches on the kind of the dtype (``"f"``, ``"c"``, ``"i"``, ``"u"``, ``"b"``) to other kernels.

    Parameters
    ----------
    default
        The kernel for all other kinds.
    **kernels
        Kernels by NumPy's letter of a kind: ``b`` bool, ``i`` signed and ``u`` unsigned integer, ``c`` complex.
    """

    __slots__ = ("_default", "_kernels")

    def __init__(self, default: Kernel, **kernels: Kernel) -> None:
        self._default = default
        self._kernels = kernels

    def of(self, kind: str) -> Kernel:
        """The kernel for operands of one kind."""
        return self._kernels.get(kind, self._default)

    def wrapped(self, wrapper: Callable[[Kernel], Kernel]) -> ByKind:
        """Apply `wrapper` to every kernel."""
        kernels = {kind: wrapper(kernel) for kind, kernel in self._kernels.items()}
        return ByKind(wrapper(self._default), **kernels)

    def __call__(self, x: Array, *operands: Any, **parameters: Any) -> Any:
        return self.of(x.dtype.kind)(x, *operands, **parameters)


@final
class PartialKernel(NamedTuple):
    """A kernel that leaves some operands to the decomposition of its operation.

    Attributes
    ----------
    kernel : callable
        It may return NotImplemented, for the values of its operands.
    fits : callable
        ``fits(*operands)``: whether it serves for operands of these shapes and dtypes.
    """

    kernel: Kernel
    fits: Callable[..., bool]


class Span(NamedTuple):
    """A slice of static length whose start may be a traced integer, while a function is compiled."""

    start: Any
    size: int


class Region(tuple[Any, ...]):
    """A basic index of integers, spans, ``slice(None)``, None and ``...``, whose integers may be traced."""
