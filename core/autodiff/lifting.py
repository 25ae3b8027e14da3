"""Lifting: raw arrays and saved values as tensors, so that gradient rules run on tensors and are recorded."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...autograd.checkpoint import SURROUNDINGS
from ...autograd.engine import FREED
from ...autograd.node import Leaf, Node
from ...autograd.rule import NO_GRADIENT, changed
from ...backends import scan
from ..dispatch.keys import DispatchKey, derivations
from ..dispatch.levels import AtOpenLevels, depth_of, innermost, together
from ..dispatch.operation import Operation, operation
from ..dispatch.registry import FUNCTIONS, MEMBERS, OPERATIONS, method
from ..memory.steps import take_view
from ..memory.structure import cast, clone
from ..memory.tensor import Tensor, make_leaf, new_tensor, wrap
from ..memory.values import inspect, known
from ..memory.views import array_of, detach, make_view, put_view_operation, require_recorded_view, require_writable
from ..types.devices import as_device

SURROUNDINGS.append(AtOpenLevels)
SURROUNDINGS.append(lambda: as_device(None))


@operation(name="take_view", shares=True)
def _take_view(ops: Any, x: Any, *, steps: Any) -> Any:
    """A view by steps."""
    return take_view(ops, x, steps)


class _TensorOps:
    """The `ops` of gradient rules as functions of tensors."""

    inspect = staticmethod(inspect)
    known = staticmethod(known)

    def __getattr__(self, name: str) -> Any:
        if name not in FUNCTIONS and name not in OPERATIONS:
            raise AttributeError(f"there is no operation {name!r}")
        function = FUNCTIONS.get(name) or self._of_operation(OPERATIONS[name])
        setattr(self, name, function)
        return function

    def _of_operation(self, operation: Operation) -> Callable[..., Any]:
        """An internal operation; one without a rule is differentiated by its decomposition."""
        if operation.rule is not None or operation.name in NO_GRADIENT or operation.decomposition is None:
            return (
                operation
                if len(operation.operands) == 1
                else lambda *given, **named: operation(*together(*given), **named)
            )
        return functools.partial(operation.decompose, self)

    def take_view(self, x: Tensor, steps: Any) -> Tensor:
        found: Tensor = take_view(self, x, steps)
        return found

    def put_view(self, x: Tensor, value: Tensor, steps: Any) -> Tensor:
        x, value = together(x, value)
        # The key of x: the value may be a part of complex numbers.
        kernel, key = x._key.table["put_view"]
        return put_view_operation.finish(
            kernel(array_of(x), array_of(value), steps=steps), key, (x, value), steps=steps
        )

    def pointwise(self, formula: Callable[..., Any], operands: Any, options: tuple[Any, ...], summed: bool) -> Any:
        """Apply an elementwise formula, and sum the result if `summed`."""
        found = formula(self, *operands, *options)
        return self.sum(found) if summed else found

    def scan(self, step: Any, *arguments: Any) -> Any:
        """Apply a step along first axes: see `tensorplug.backends.Backend.scan`."""
        return scan(step, self, *arguments)

    def zeros_like(self, x: Tensor) -> Tensor:
        return wrap(x._key.library.ops.zeros_like(array_of(x)), x._key)

    def ones_like(self, x: Tensor) -> Tensor:
        return wrap(x._key.library.ops.ones_like(array_of(x)), x._key)

    def full_like(self, x: Tensor, value: float) -> Tensor:
        return wrap(x._key.library.ops.full_like(array_of(x), value), x._key)


TENSOR_OPS = _TensorOps()


class TensorLifter:
    """Lifts saved arrays to tensors: see `tensorplug.autograd.engine.Lifter`."""

    ops = TENSOR_OPS

    def ops_of(self, key: DispatchKey) -> Any:
        """Those of tensors."""
        return TENSOR_OPS

    def lift(self, array: Any, key: DispatchKey, node: Any, storage: Any, version: int) -> Tensor:
        """A tensor of a saved array with its node, at its saved version."""
        tensor = new_tensor()
        tensor._array = array
        tensor._key = node.key if node is not None else key.library.key_of(array)
        tensor._node = node
        tensor._storage = storage
        tensor._version = version
        tensor._view = None
        return tensor


LIFTER = MEMBERS["_lifter"] = TensorLifter()


class _ConstantLifter(TensorLifter):
    """Lifts saved arrays to constants, so that a recorded pass depends on its `grad_outputs` only."""

    def lift(self, array: Any, key: DispatchKey, node: Any, storage: Any, version: int) -> Tensor:
        """A tensor of a saved array, without its history."""
        tensor = super().lift(array, key, node, storage, version)
        tensor._node = None
        return tensor


CONSTANT_LIFTER = _ConstantLifter()


class _BatchLifter:
    """What a pass with a batch of gradients computes with in a graph that was recorded outside of the `vmap`."""

    def ops_of(self, key: DispatchKey) -> Any:
        """Those of batches of the node's arrays."""
        return derivations["vmap"](key.library).ops

    def lift(self, array: Any, key: DispatchKey, node: Any, storage: Any, version: int) -> Any:
        """A saved array, the same for all examples."""
        library: Any = derivations["vmap"](key.library)
        return None if array is None else library.own(array)


BATCH_LIFTER = _BatchLifter()


@method("_gradient_for_user", static=True)
def gradient_for_user(gradient: Any, key: DispatchKey) -> Tensor:
    """A gradient of the engine, a raw array or a recorded tensor, as a tensor that users may see and write."""
    if isinstance(gradient, Tensor):
        return tensor_for_user(conjugate(gradient), key)
    key = own_key(gradient, key)
    return tensor_for_user(key.library.ops.conj(gradient) if key.dtype.kind == "c" else gradient, key)


@method("_tensor_for_user", static=True)
def tensor_for_user(value: Any, key: DispatchKey, exposed: set[int] | None = None) -> Tensor:
    """A raw array or a recorded tensor as a tensor that shares no memory.

    Given the ids of arrays that are `exposed`, a raw array is copied only if it is one of them or a view.
    """
    if isinstance(value, Tensor):
        return clone(value)
    key = own_key(value, key)
    value = in_dtype(value, key, key.library.ops)
    if exposed is not None:
        return wrap(in_own_memory(value, key, exposed), key)
    return wrap(key.library.backend.copy(value) if key.writable else value, key)


@method("_gradient_for_engine")
def gradient_for_engine(gradient: Tensor, key: DispatchKey, recorded: bool) -> Any:
    """A user's gradient as the engine has it: a tensor if the pass is recorded, else a raw array."""
    tensor = conjugate(cast(gradient, key.dtype))
    return tensor if recorded else array_of(tensor)


def _saved_value(node: Node, names: tuple[str, ...]) -> Tensor | None:
    """A tensor that an operation has saved, or None if no gradient needs it; a leaf itself, as in PyTorch."""
    if node.saved is None:
        raise RuntimeError(FREED.format(name=node.name))
    tensors: tuple[str, ...] = getattr(getattr(node.rule, "saved", None), "tensors", ())
    position = next((i for i, one in enumerate(tensors) if one in names), None)
    if position is None:
        raise AttributeError(f"{node.name} has not saved that tensor: its gradient needs {tensors or 'none'}")
    found, storage, version = node.rule.lift(node, node.saved, LIFTER.lift)[3 * position : 3 * position + 3]
    if found is None:
        return None
    if storage is None:
        return wrap(found, node.key.library.key_of(found))
    if storage.version != version:
        raise changed(node, tensors[position], found.shape, storage.version, version)
    if found._node is None:
        # Numbers are kept for later operations, so nobody may write them.
        return clone(found)
    leaf = found._node.tensor() if isinstance(found._node, Leaf) else None
    return found if leaf is None or leaf._storage is not storage else leaf


# Set here, since the engine knows no Tensor.
for _name, _names in {"self": ("x", "x1"), "other": ("x2",), "exponent": ("x2",), "result": ("out",)}.items():
    setattr(Node, f"_saved_{_name}", property(functools.partial(_saved_value, names=_names)))


@method("_save")
def saved(self: Tensor) -> tuple[Any, Any, int]:
    """Array, storage and version, from which `_lift` makes the tensor again."""
    array = array_of(self)
    storage = self._storage or self._make_storage()
    return array, storage, self._version


@method("_lift", static=True)
def lifted(array: Any, key: DispatchKey, node: Any = None, storage: Any = None, version: int = 0) -> Tensor:
    """A tensor of a raw array with a node."""
    return wrap(array, key, node) if storage is None else LIFTER.lift(array, key, node, storage, version)


@method("_variable")
def variable(self: Tensor) -> Tensor:
    """A tensor that shares the memory, with a new leaf, or a new node whose edge is this tensor's node."""
    self = innermost(self)
    alone = detach(self)
    if self._node is not None:
        return make_view(self, "reshape", self.shape)
    make_leaf(alone)
    return alone


@method("_require_writable")
def require_recordable(self: Tensor, operation: str) -> None:
    """Raise if a write of this tensor, already done, cannot be recorded."""
    require_writable(operation, self)
    require_recorded_view(operation, self)


def conjugate(tensor: Tensor) -> Tensor:
    """The complex conjugate; a real tensor itself."""
    if tensor.dtype.kind != "c":
        return tensor
    conjugated: Tensor = LIFTER.ops.conj(tensor)
    return conjugated


def own_key(array: Any, key: DispatchKey) -> DispatchKey:
    """The key, or, in a pass with a batch of gradients, that of the batch."""
    return array.library.key_of(array) if depth_of(array) > key.library.depth else key


def in_dtype(array: Any, key: DispatchKey, ops: Any) -> Any:
    """The array in the key's dtype: a Python number in a formula turns NumPy's bfloat16 into float32."""
    if key.is_half and array.dtype != key.native_dtype:
        return ops.cast(array, key.dtype.name)
    return array


def in_own_memory(array: Any, key: DispatchKey, exposed: set[int]) -> Any:
    """The array, copied if it is exposed or a view, so that a write changes nothing else."""
    if key.writable and (id(array) in exposed or key.library.backend.is_view(array)):
        return key.library.backend.copy(array)
    exposed.add(id(array))
    return array
