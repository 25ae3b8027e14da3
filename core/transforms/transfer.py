"""Tensors taken into a level of `vmap` and out of it, as differentiable operations.

The maps are linear, in pairs that are each other's transposes: `lift` makes an array the same for all examples, and
`total` sums over them; `enter` makes an axis the batch, and `leave` an axis of the batch; `one` takes the value that
all examples have, and `only` gives a gradient to the first of them.
"""

from __future__ import annotations

from typing import Any, final

from ...autograd.modes import is_grad_enabled
from ...backends import device_of
from ..dispatch.keys import key_for
from ..memory.structure import carried
from ..memory.tensor import Tensor
from ..memory.views import array_of
from .batching import batching, inner_key, length_of, same_level
from .proxy import Proxy

_TRANSPOSED = {"lift": "total", "total": "lift", "enter": "leave", "leave": "enter", "one": "only", "only": "one"}
_INTO = ("enter", "lift", "only")


@final
class Transfer:
    """One of the maps, of one level."""

    __slots__ = ("axis", "level", "name")

    def __init__(self, name: str, level: Any, axis: int = 0) -> None:
        self.name = name
        self.level = level
        self.axis = axis

    def __call__(self, tensor: Tensor) -> Tensor:
        """The tensor on the other side, with its history."""
        source = tensor._key
        target = self._key(source)
        array = array_of(tensor)
        with source.library.scope(source.native_device):
            found = self.raw(array, source.library)
        if source.library.writable and is_grad_enabled():
            # What is saved inside must not be written from outside.
            found = target.library.backend.copy(found)
        elif source.library.writable:
            self.level.shared.add(id(array))
        elif target.writable and (id(found) in self.level.shared or target.library.backend.is_view(found)):
            found = target.library.backend.copy(found)
        elif target.writable:
            self.level.shared.add(id(found))
        return carried(found, target, tensor, _Back(self, source.library))

    def _key(self, key: Any) -> Any:
        if self.name not in _INTO:
            return inner_key(key)
        return key_for(batching(key.library).places[key.device.local_name], key.dtype)

    def raw(self, array: Any, library: Any) -> Any:
        """Transfer a raw array: of the library, or in a backward pass over a batch of gradients, of its batches."""
        if type(array) is Proxy and array.library.depth > library.depth:
            axis = self.axis + 1 if self.axis >= 0 else self.axis
            found = Transfer(self.name, self.level, axis).raw(array.array, array.library.inner)
            inside: Any = batching(array.library) if self.name in _INTO else array.library.inner
            return Proxy(found, inside, array.level)
        return getattr(self, f"_{self.name}")(array, library)

    def _lift(self, array: Any, library: Any) -> Proxy:
        return batching(library).constant(array)

    def _total(self, x: Proxy, library: Any) -> Any:
        if length_of(x) == 1 and self.level.size != 1:
            return library.example(x, 0) * self.level.size
        return library.inner.ops.sum(x.array, axis=0)

    def _enter(self, array: Any, library: Any) -> Proxy:
        axis = self.axis % len(array.shape)
        if axis:
            rest = (i for i in range(len(array.shape)) if i != axis)
            array = library.ops.permute_dims(array, (axis, *rest))
        return Proxy(array, batching(library), self.level)

    def _leave(self, x: Proxy, library: Any) -> Any:
        same_level(self.level, x.level)
        array = library.expanded(x, self.level.size)
        ndim = len(array.shape)
        axis = self.axis % ndim
        if axis:
            rest = range(1, ndim)
            array = library.inner.ops.permute_dims(array, (*rest[:axis], 0, *rest[axis:]))
        return array

    def _one(self, x: Proxy, library: Any) -> Any:
        same_level(self.level, x.level)
        return library.example(x, 0)

    def _only(self, array: Any, library: Any) -> Proxy:
        found = batching(library)
        if self.level.size == 1:
            return found.constant(array)
        zeros = library.ops.zeros((self.level.size, *array.shape), dtype=array.dtype, device=device_of(array))
        return Proxy(library.ops.put(zeros, array, (0, ...)), found, self.level)


@final
class _Back:
    """How gradients go back through a transfer from a library, and tangents along."""

    __slots__ = ("library", "transfer")

    def __init__(self, transfer: Transfer, library: Any) -> None:
        self.transfer = transfer
        self.library = library

    def __call__(self, g: Any) -> Any:
        way = self.transfer
        other = batching(self.library) if way.name in _INTO else self.library.inner
        return _carry(Transfer(_TRANSPOSED[way.name], way.level, way.axis), g, other)

    def again(self, t: Any) -> Any:
        return _carry(self.transfer, t, self.library)


def _carry(transfer: Transfer, given: Any, library: Any) -> Any:
    """What a transfer from a library makes of a gradient or tangent, which may be a batch of them."""
    if not isinstance(given, Tensor):
        return transfer.raw(given, library)
    if given._key.library.depth == library.depth:
        return transfer(given)
    found = transfer.raw(array_of(given), library)
    # The level that the batch belongs to is inside of the others.
    key = found.library.key_of(found)
    return carried(found, key, given, _Back(transfer, library))
