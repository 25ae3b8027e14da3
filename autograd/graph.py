"""`autograd.graph`: hooks on the tensors that operations save for the backward pass."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, final

from .function import SavedTensor
from .modes import no_grad
from .observers import observing
from .protocol import is_tensor
from .saved import Deferred, DeferredRule

__all__ = ["save_on_cpu", "saved_tensors_hooks"]

_innermost: ContextVar[Any] = ContextVar("tensorplug_saved_tensors_hooks", default=None)


class saved_tensors_hooks:
    """A context manager in which a function packs each tensor that is saved; another one unpacks it when needed.

    Of several around each other, the innermost counts.

    Parameters
    ----------
    pack_hook : callable
        ``pack_hook(tensor)`` returns anything. The tensor has no history, and must not be written.
    unpack_hook : callable
        ``unpack_hook(packed)`` returns a tensor of the same shape, dtype and device.

    Raises
    ------
    TypeError
        If a hook is no function. In the backward pass: if `unpack_hook` returns no tensor.
    RuntimeError
        In the backward pass: if the tensor has another shape, dtype or device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> with tp.autograd.graph.saved_tensors_hooks(lambda t: t.half(), lambda t: t.float()):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        for name, hook in (("pack_hook", pack_hook), ("unpack_hook", unpack_hook)):
            if not callable(hook):
                raise TypeError(f"saved_tensors_hooks: {name} is a function, got {type(hook).__name__}")
        self._pack_hook = pack_hook
        self._unpack_hook = unpack_hook
        self._entered: list[tuple[Token[Any], contextlib.AbstractContextManager[None]]] = []

    def __enter__(self) -> None:
        observer = observing(self._pack)
        self._entered.append((_innermost.set(self), observer))
        observer.__enter__()

    def __exit__(self, *exception: Any) -> None:
        token, observer = self._entered.pop()
        observer.__exit__(*exception)
        _innermost.reset(token)

    def _pack(self, node: Any, out: Any) -> None:
        """Pack what an operation has just saved."""
        if _innermost.get() is self and node.saved:
            lift = (out[0] if isinstance(out, tuple) else out)._lift
            node.saved = (_Packed(node, lift, self._pack_hook, self._unpack_hook),)
            node.rule = DeferredRule(node.rule)


class save_on_cpu(saved_tensors_hooks):
    """A context manager that keeps saved tensors in the main memory, as NumPy arrays.

    Parameters
    ----------
    pin_memory : bool, default: False
        Without effect.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> with tp.autograd.graph.save_on_cpu():
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory: bool = False) -> None:
        super().__init__(lambda tensor: (tensor.device, tensor.to("numpy")), lambda packed: packed[1].to(packed[0]))


@final
class _Packed(Deferred):
    """The saved values of a node, whose tensors a hook has packed."""

    __slots__ = ("_name", "_packed", "_saved", "_unpack_hook")

    def __init__(
        self, node: Any, lift: Any, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]
    ) -> None:
        self._name = node.name
        self._unpack_hook = unpack_hook
        self._saved = list(node.saved)
        self._packed: dict[int, tuple[Any, Any, tuple[int, ...], Any]] = {}
        for position, (array, key, storage, version) in _tensors(node):
            if array.shape == ():
                # A copy, as the tensors of numbers are kept for later operations with the same ones.
                tensor = lift(array, key).clone()
            else:
                tensor = lift(array, key, None, storage, version)
            # What it records would be packed in turn.
            with no_grad():
                packed = pack_hook(tensor)
            self._packed[position] = packed, tensor._key, tensor.shape, storage
            if isinstance(self._saved[position], SavedTensor):
                self._saved[position] = self._saved[position]._replace(array=None)
            else:
                self._saved[position] = None

    def values(self) -> tuple[Any, ...]:
        """The saved values with the tensors that the hook returns."""
        saved = list(self._saved)
        for position, (packed, key, shape, storage) in self._packed.items():
            tensor = self._unpack_hook(packed)
            self._require_like(tensor, key, shape)
            # Of the same memory: at the version of that time, so that a write since then is noticed.
            is_shared = tensor._storage is storage
            array, storage, version = (tensor._array, storage, tensor._version) if is_shared else tensor._save()
            if isinstance(saved[position], SavedTensor):
                saved[position] = saved[position]._replace(array=array, storage=storage, version=version)
            else:
                saved[position : position + 3] = array, storage, version
        return tuple(saved)

    def _require_like(self, tensor: Any, key: Any, shape: tuple[int, ...]) -> None:
        if not is_tensor(tensor):
            raise TypeError(f"{self._name}: unpack_hook returns a tensor, got {type(tensor).__name__}")
        if tensor._key is not key or tensor.shape != shape:
            raise RuntimeError(
                f"{self._name}: unpack_hook returned a tensor of shape {tensor.shape}, {tensor._key}; wanted shape "
                f"{shape}, {key}, as pack_hook got"
            )


def _tensors(node: Any) -> Any:
    """The position, and array, key, storage and version, of each saved tensor."""
    for position in range(0, 3 * len(node.rule.tensors), 3):
        array, storage, version = node.saved[position : position + 3]
        if storage is not None:
            yield position, (array, node.key.library.key_of(array), storage, version)
    for position, one in enumerate(node.saved):
        if isinstance(one, SavedTensor):
            yield position, (one.array, one.key, one.storage, one.version)
