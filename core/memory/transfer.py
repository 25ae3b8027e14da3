"""Tensors between devices and backends, and copies."""

from __future__ import annotations

from typing import Any

from ..dispatch.keys import Kind, kind_for
from ..dispatch.operation import Operation
from ..types.devices import as_device
from .coercion import require_tensors
from .tensor import Tensor
from .views import array_of

_to_device = Operation("to_device", family="conversion", operands=("x",))
_clone = Operation("clone", family="conversion", operands=("x",), methods=())


def transfer(array: Any, source: Kind, target: Kind) -> Any:
    """A raw array on another device, in memory of its own: through DLPack on one accelerator, else through the host.

    Between libraries on the CPU the host's way copies once, as DLPack's would.
    """
    if source.device.type == target.device.type != "cpu":
        try:
            return target.library.backend.from_dlpack(array, target.native_device, copy=True)
        except (BufferError, RuntimeError, NotImplementedError):
            pass
    host = source.library.backend.to_numpy(array)
    return target.library.backend.from_numpy(host, target.native_device)


class _Back:
    """How the gradient of a transfer goes back: for raw arrays and for tensors."""

    __slots__ = ("source", "target")

    def __init__(self, source: Kind, target: Kind) -> None:
        self.source = source
        self.target = target

    def __call__(self, g: Any) -> Any:
        return to_device(g, self.source.device) if type(g) is Tensor else transfer(g, self.target, self.source)

    def again(self, t: Any) -> Any:
        """The same way as the transfer, for a tangent."""
        return to_device(t, self.target.device) if type(t) is Tensor else transfer(t, self.source, self.target)


def to_device(x: Tensor, device: Any, /, *, stream: Any = None) -> Tensor:
    """The tensor on another device, which may be another backend's, as a recorded operation.

    Parameters
    ----------
    x : Tensor
    device : device
        See `tensorplug.device`; short forms are looked for on the tensor's own backend first.
    stream : optional
        Accepted for the standard's sake; transfers are complete when the function returns.

    Returns
    -------
    Tensor
        In memory of its own; `x` itself if it is there already.

    Raises
    ------
    ValueError
        If there is no such device.
    TypeError
        If the backend there lacks the dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).to_device("numpy:cpu").device
    device('numpy:cpu')
    """
    target = as_device(device, x.device)
    if target is x.device:
        return x
    kind = kind_for(target, x.dtype)
    array = transfer(array_of(x), x._kind, kind)
    return _to_device.finish(array, kind, (x,), back=_Back(x._kind, kind))


_to_device.function = to_device


def clone(x: Tensor, /) -> Tensor:
    """A copy of the tensor, as a recorded operation.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.clone(tp.tensor([1, 2]))
    tensor([1, 2])
    """
    require_tensors("clone", x)
    return _clone.finish(x._kind.library.backend.copy(array_of(x)), x._kind, (x,))


_clone.function = clone
