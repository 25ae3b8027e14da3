"""The library of batches: each array has a batch axis in front, and looks like one example.

The axis is of length 1 where all examples are the same, so that what they share is computed once and broadcasts. A
kernel is, first come first served, a batching rule by name, a rule by family, the operation's decomposition computed on
batches, or a loop over the examples, whose results are stacked.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from ...backends import ByKind
from ..dispatch.keys import Library, derivations, key_for
from ..dispatch.levels import open_levels
from ..dispatch.registry import OPERATIONS
from ..types.errors import BatchedValueError, EscapedTensorError, VmapError
from .proxy import NUMBERS, DerivedBackend, DerivedLibrary, Proxy, at_place, proxies_in, replaced

Rule = Callable[..., Any]
"""A kernel of batches."""

MakeRule = Callable[["BatchedLibrary", Any], Rule]
"""``make(library, kernel)`` gives the rule of the inner library's kernel."""

RULES: dict[str, MakeRule] = {}
"""Batching rules by the name of the operation."""


class BatchedLibrary(DerivedLibrary):
    """The operations of another library on batches of its arrays."""

    __slots__ = ()

    transform = "vmap"

    def make_backend(self) -> DerivedBackend:
        return _BatchedBackend(self)

    def shape_of(self, proxy: Proxy) -> tuple[int, ...]:
        shape: tuple[int, ...] = proxy.array.shape
        return shape[1:]

    def constant(self, array: Any) -> Proxy:
        """A batch in which every example is the one array."""
        return Proxy(self.inner.ops.reshape(array, (1, *array.shape)), self)

    def operate(self, function: Callable[..., Any], *operands: Any) -> Proxy:
        arrays, level = self.aligned(operands)
        return Proxy(function(*arrays), self, level)

    def aligned(self, operands: Any) -> tuple[list[Any], Any]:
        """The inner arrays with equally many axes, so that they broadcast as the examples do, and their level.

        Numbers and None stay as they are.
        """
        level = None
        most = 0
        found = []
        for one in operands:
            if one is not None and not isinstance(one, NUMBERS):
                if type(one) is not Proxy or one.library is not self:
                    one = self.own(one)
                level = one.level if level is None else same_level(level, one.level)
                most = max(most, len(one.array.shape))
            found.append(one)
        return [self.with_axes(one, most - 1) if type(one) is Proxy else one for one in found], level

    def with_axes(self, x: Proxy, ndim: int) -> Any:
        """The inner array of examples with so many axes, of which new ones come first."""
        array = x.array
        shape = array.shape
        missing = ndim + 1 - len(shape)
        return self.inner.ops.reshape(array, (shape[0], *(1,) * missing, *shape[1:])) if missing > 0 else array

    def full(self, operands: Any) -> tuple[list[Any], Any]:
        """The inner arrays with the batch at its full length in each, and their level."""
        owned = [self.own(one) for one in operands]
        length = max(map(length_of, owned))
        return [self.expanded(one, length) for one in owned], functools.reduce(same_level, (x.level for x in owned))

    def expanded(self, x: Proxy, length: int) -> Any:
        """The inner array with that many examples."""
        if length_of(x) == length:
            return x.array
        return self.inner.ops.broadcast_to(x.array, (length, *x.shape))

    def example(self, x: Proxy, position: int) -> Any:
        """One example, as an array of the inner library."""
        return self.inner.ops.getitem(x.array, (min(position, length_of(x) - 1), ...))

    def find(self, name: str) -> Callable[..., Any] | None:
        kernel = self.inner.find(name)
        if name in self.unsupported or kernel is None:
            return kernel
        operation = OPERATIONS.get(name)
        make = RULES.get(name) or _rule_of_family(operation)
        if make is not None:
            made = make
            if type(kernel) is ByKind:
                return kernel.wrapped(lambda one: made(self, one))
            return made(self, kernel)
        if operation is not None and operation.decomposition is not None:
            return self._decomposed(operation.decompose, self.looped(name, kernel))
        return self.looped(name, kernel)

    def _decomposed(self, decompose: Callable[..., Any], loop: Rule) -> Rule:
        ops, scope, owned = self.ops, self.scope, self.owned

        def decomposed(*arrays: Any, **parameters: Any) -> Any:
            first = arrays[0][0] if type(arrays[0]) in (list, tuple) else arrays[0]
            try:
                with scope(getattr(first, "device", None)):
                    return owned(decompose(ops, *arrays, **parameters))
            except VmapError:
                return loop(*arrays, **parameters)

        return decomposed

    def looped(self, name: str, kernel: Callable[..., Any]) -> Rule:
        """A kernel applied to one example after the other."""

        def loop(*arrays: Any, **parameters: Any) -> Any:
            given = list(proxies_in((arrays, parameters), self))
            level = functools.reduce(same_level, (x.level for x in given), None)
            found = []
            for position in range(max(map(length_of, given), default=1)):
                one, named = replaced((arrays, parameters), self, functools.partial(self.example, position=position))
                found.append(kernel(*one, **named))
            return self._stacked(name, found, level)

        return loop

    def _stacked(self, name: str, found: list[Any], level: Any) -> Any:
        first = found[0]
        if isinstance(first, (tuple, list)):
            parts = [self._stacked(name, [one[i] for one in found], level) for i in range(len(first))]
            return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
        if first is None:
            return None
        if len({tuple(one.shape) for one in found}) > 1:
            shapes = ", ".join(str(tuple(one.shape)) for one in found)
            raise VmapError(f"vmap: {name} gives a result of another shape for each example: {shapes}")
        if len(found) == 1:
            return Proxy(self.constant(first).array, self, level)
        return Proxy(self.inner.ops.stack(found, axis=0), self, level)

    def lift(self, tensor: Any, array: Any) -> Any:
        """A tensor of a level outside at the level of an array of this library.

        Raises
        ------
        EscapedTensorError
            If that is open no more.
        """
        levels = []
        while type(array) is Proxy:
            levels.append(array.level)
            array = array.array
        levels.reverse()
        still_open: Any = open_levels()
        for depth in range(tensor._key.library.depth, self.depth):
            level = levels[depth] or (still_open[depth] if depth < len(still_open) else None)
            if level is None or not level.is_open:
                raise escaped()
            tensor = level.lift(tensor)
        return tensor

    def receive(self, array: Proxy, source: Any, target: Any, transfer: Callable[..., Any]) -> Proxy:
        """A batch of another backend's library, by ``transfer(array, source, target)`` of what is inside."""
        return Proxy(transfer(array.array, inner_key(source), inner_key(target)), self, array.level)

    def draw(self, generator: Any, count: int, key: Any) -> Proxy:
        """Random words for each example, as the level wants them."""
        level: Any = open_levels()[self.depth - 1]
        inner = inner_key(key)
        found: Any = level.draw(lambda number: generator.draw(number, inner), count)
        if level.randomness == "same":
            return self.constant(found)
        return Proxy(self.inner.ops.reshape(found, (level.size, count)), self, level)


class _BatchedBackend(DerivedBackend):
    """Values are read of what is the same for all examples; checks are made of the whole batch."""

    def to_numpy(self, array: Proxy) -> numpy.ndarray:
        if length_of(array) > 1:
            raise BatchedValueError(
                f"vmap: a value of shape {array.shape} was read{at_place()}, but each example has another; compute "
                "with tensorplug.where in place of if, and return from the function what is to be read"
            )
        library: Any = self.library
        return self.inner.to_numpy(library.example(array, 0))

    def inspect(self, check: Callable[..., None], *arrays: Any, **parameters: Any) -> None:
        inner: Any = self.library.inner
        inner.ops.inspect(check, *(self.library.own(one).array for one in arrays), **parameters)

    def known(self, predicate: Callable[..., Any], otherwise: bool, *arrays: Any, **parameters: Any) -> bool:
        library: Any = self.library
        owned = [library.own(one) for one in arrays]
        if any(length_of(one) > 1 for one in owned):
            return otherwise
        found: bool = library.inner.ops.known(
            predicate, otherwise, *(library.example(one, 0) for one in owned), **parameters
        )
        return found


def length_of(x: Proxy) -> int:
    """The length of the batch axis; 1 where all examples are the same."""
    length: int = x.array.shape[0]
    return length


def same_level(level: Any, other: Any) -> Any:
    """The level of two arrays that meet.

    Raises
    ------
    EscapedTensorError
        If they are of two calls of `vmap`.
    """
    if other is None or other is level:
        return level
    if level is not None:
        raise escaped()
    return other


def escaped() -> EscapedTensorError:
    """The error for a tensor that is used beyond its level."""
    return EscapedTensorError(
        f"vmap: a tensor of one example is used{at_place()} outside of the call of vmap that made it; return it from "
        "the function, which gives the tensor of all examples"
    )


@functools.cache
def batching(inner: Library) -> BatchedLibrary:
    """The library of batches of another one's arrays."""
    return BatchedLibrary(inner)


derivations["vmap"] = batching


def inner_key(key: Any) -> Any:
    """The key of the batch that examples of a key are in."""
    return key_for(key.device._inner, key.dtype)


def elementwise(library: BatchedLibrary, kernel: Any) -> Rule:
    """Operands that broadcast, of which axes are counted among all."""

    def rule(*arrays: Any, **parameters: Any) -> Any:
        if len(arrays) == 1:
            x = library.own(arrays[0])
            return Proxy(kernel(x.array, **parameters), library, x.level)
        inner, level = library.aligned(arrays)
        return Proxy(kernel(*inner, **parameters), library, level)

    return rule


def leading(library: BatchedLibrary, kernel: Any) -> Rule:
    """What works on the last axes, or on all elements alike: the batch is one more axis in front."""

    def rule(x: Any, *arguments: Any, **parameters: Any) -> Any:
        x = library.own(x)
        return _results(library, kernel(x.array, *arguments, **parameters), x.level)

    return rule


def along_axes(library: BatchedLibrary, kernel: Any) -> Rule:
    """What works along axes that are counted from the first, or along all."""

    def rule(x: Any, **parameters: Any) -> Any:
        x = library.own(x)
        for name in ("axis", "axes"):
            if name in parameters:
                parameters[name] = shifted(parameters[name], x.ndim)
        return _results(library, kernel(x.array, **parameters), x.level)

    return rule


def reduction(library: BatchedLibrary, kernel: Any) -> Rule:
    """What takes axes away, or all."""

    def rule(x: Any, *, axis: Any = None, **parameters: Any) -> Any:
        x = library.own(x)
        if axis is None and x.ndim == 0:
            column = library.inner.ops.reshape(x.array, (length_of(x), 1))
            return Proxy(kernel(column, axis=(1,), **{**parameters, "keepdims": False}), library, x.level)
        return Proxy(kernel(x.array, axis=shifted(axis, x.ndim), **parameters), library, x.level)

    return rule


def position(library: BatchedLibrary, kernel: Any) -> Rule:
    """Where something is along an axis, or among all elements in their order."""

    def rule(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        x = library.own(x)
        if axis is not None:
            return Proxy(kernel(x.array, axis=shifted(axis, x.ndim), keepdims=keepdims), library, x.level)
        reshape = library.inner.ops.reshape
        found = kernel(reshape(x.array, (length_of(x), x.size)), axis=1, keepdims=False)
        return Proxy(reshape(found, (length_of(x), *(1,) * x.ndim)) if keepdims else found, library, x.level)

    return rule


def shifted(axis: Any, ndim: int) -> Any:
    """Axes of an example, counted from the first, as axes of the batch; None for all."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(one, ndim) for one in axis)
    return axis + 1 if axis >= 0 else axis


def _results(library: BatchedLibrary, found: Any, level: Any) -> Any:
    if isinstance(found, (tuple, list)):
        return tuple(Proxy(one, library, level) for one in found)
    return Proxy(found, library, level)


def _rule_of_family(operation: Any) -> MakeRule | None:
    """The rule of an operation that has none by name, by what its declaration says."""
    if operation is None:
        return None
    if operation.elementwise:
        return elementwise
    if len(operation.operands) > 1 or operation.sequence:
        return None
    if "axis" in operation.parameters:
        return reduction if "keepdims" in operation.parameters else along_axes
    if "axes" in operation.parameters:
        return along_axes
    return leading if operation.name.startswith("linalg.") and operation.decomposition is None else None
