"""The tensor's side of automatic differentiation: leaves, backward passes, and where gradients are kept."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...autograd import engine
from ...autograd.captured import note_written
from ...autograd.checkpoint import SURROUNDINGS
from ...autograd.hooks import (
    HOOKS,
    Hook,
    RemovableHandle,
    register,
)
from ...autograd.modes import is_inference_mode_enabled
from ...autograd.node import Leaf, Node
from ..dispatch.keys import OPERATIONS, DispatchKey
from ..dispatch.operation import Operation
from ..memory.coercion import scalar_tensor
from ..memory.steps import take_view
from ..memory.structure import broadcast_to, cast, clone
from ..memory.tensor import (
    Tensor,
    make_leaf,
    new_tensor,
    wrap,
)
from ..memory.views import (
    array_of,
    detach,
    end_history,
    make_view,
    overlapping,
    put_view_operation,
    require_recorded_view,
    require_writable,
    rewrite_history,
    write,
)
from ..types.devices import as_device
from ..types.errors import DeviceError, ShapeError

SURROUNDINGS.append(lambda: as_device(None))

_delivery = threading.Lock()

_take_view = Operation(
    "take_view",
    family="composite",
    operands=("x",),
    decomposition=lambda ops, x, steps: take_view(ops, x, steps),
)


class _TensorOps:
    """The operations as functions of tensors, by the names that rules use for those of raw arrays."""

    def __getattr__(self, name: str) -> Any:
        function = OPERATIONS[name].function
        setattr(self, name, function)
        return function

    def take_view(self, x: Tensor, steps: Any) -> Tensor:
        found: Tensor = take_view(self, x, steps)
        return found

    def put_view(self, x: Tensor, value: Tensor, steps: Any) -> Tensor:
        # Of the kind of x: the value may be a part of a complex number.
        kernel, key = x._key.table["put_view"]
        return put_view_operation.finish(
            kernel(array_of(x), array_of(value), steps=steps), key, (x, value), steps=steps
        )

    def zeros_like(self, x: Tensor) -> Tensor:
        return wrap(x._key.library.ops.zeros_like(array_of(x)), x._key)

    def ones_like(self, x: Tensor) -> Tensor:
        return wrap(x._key.library.ops.ones_like(array_of(x)), x._key)

    def full_like(self, x: Tensor, value: float) -> Tensor:
        return wrap(x._key.library.ops.full_like(array_of(x), value), x._key)


class _ConstantLifter:
    """The same for a pass of which only the dependence on the gradients it begins with is recorded."""

    ops = _TensorOps()

    def lift(self, array: Any, key: DispatchKey, node: Any, storage: Any, version: int) -> Tensor:
        """A tensor of a saved array, without its history."""
        tensor = _LIFTER.lift(array, key, node, storage, version)
        tensor._node = None
        return tensor


class TensorLifter:
    """How saved arrays become tensors again: see `tensorplug.autograd.engine.Lifter`."""

    ops = _TensorOps()

    def lift(self, array: Any, key: DispatchKey, node: Any, storage: Any, version: int) -> Tensor:
        """A tensor of a saved array; it keeps the version that it was saved at, and follows no later write."""
        tensor = new_tensor()
        tensor._array = array
        tensor._key = node.key if node is not None else key.library.key_of(array)
        tensor._node = node
        tensor._storage = storage
        tensor._version = version
        tensor._view = None
        return tensor


_LIFTER = TensorLifter()
_CONSTANT_LIFTER = _ConstantLifter()


def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Begin, or for a leaf end, to record operations on this tensor, and return it.

    Raises
    ------
    RuntimeError
        If its dtype is not a floating-point one, or it is to be False for a result of recorded operations.
    """
    array_of(self)
    if not requires_grad:
        if isinstance(self._node, Node):
            raise RuntimeError(
                "requires_grad_: you can only change requires_grad flags of leaf tensors; use x.detach() for a tensor "
                "without history"
            )
        self._node = None
    elif self._node is None:
        if not self.dtype.is_differentiable:
            raise RuntimeError(
                f"requires_grad_: only tensors of floating-point and complex dtype can require gradients, got "
                f"{self.dtype}; convert it first, as in x.to(tensorplug.float32)"
            )
        make_leaf(self)
    return self


def requires_grad(self: Tensor) -> bool:
    """Whether operations on this tensor are recorded."""
    array_of(self)
    return self._node is not None


def is_leaf(self: Tensor) -> bool:
    """Whether the tensor is no result of recorded operations."""
    array_of(self)
    return not isinstance(self._node, Node)


def grad_fn(self: Tensor) -> Node | None:
    """The node of the operation that made this tensor; None for a leaf."""
    array_of(self)
    return self._node if isinstance(self._node, Node) else None


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call a function with this tensor's gradient whenever a backward pass has computed it.

    Parameters
    ----------
    hook
        What it returns, unless that is None, takes the gradient's place.

    Returns
    -------
    RemovableHandle
        Its ``remove()`` takes the hook away.

    Raises
    ------
    TypeError
        If the hook is no function. In the backward pass: if it returns something else than a tensor or None.
    RuntimeError
        If the tensor requires no gradient. In the backward pass: if the hook returns a gradient of another shape,
        dtype or device.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10)
    >>> x.sum().backward()
    >>> x.grad
    tensor([10., 10.])
    """
    array_of(self)
    if not callable(hook):
        raise TypeError(f"register_hook: got {type(hook).__name__}, wanted a function of the gradient")
    if self._node is None:
        raise RuntimeError("register_hook: the tensor requires no gradient, so no hook would ever be called")
    return register(self._node, functools.partial(_call_hook, hook, self._key, self.shape))


def _call_hook(hook: Callable[[Tensor], Any], key: DispatchKey, shape: tuple[int, ...], gradient: Any) -> Any:
    replaced = hook(shown(gradient, key))
    if replaced is None:
        return gradient
    if type(replaced) is not Tensor:
        raise TypeError(f"register_hook: a hook returns a Tensor or None, got {type(replaced).__name__}")
    if replaced.shape != shape or replaced._key is not key:
        raise RuntimeError(
            f"register_hook: the hook returned a gradient of shape {replaced.shape}, {replaced.dtype} on "
            f"{replaced.device}, wanted shape {shape}, {key.dtype} on {key.device}"
        )
    return passed(replaced, key, type(gradient) is Tensor)


_retaining: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()
"""The results of operations that keep their gradients, by their identity."""


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this tensor in its `grad` though it is no leaf.

    Raises
    ------
    RuntimeError
        If the tensor requires no gradient.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor(3.0, requires_grad=True)
    >>> y = x * 2
    >>> y.retain_grad()
    >>> (y * y).backward()
    >>> y.grad
    tensor(12.)
    """
    array_of(self)
    if self._node is None:
        raise RuntimeError("retain_grad: the tensor requires no gradient; make it with requires_grad=True")
    if isinstance(self._node, Node) and not retains_grad(self):
        self._grad = None
        with _delivery:
            _retaining[id(self)] = self


def retains_grad(self: Tensor) -> bool:
    """Whether this is no leaf and keeps its gradient."""
    return _retaining.get(id(self)) is self and isinstance(self._node, Node)


class _Retaining:
    """The hooks of a pass, which also keep the gradients of some results."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self._tensors = {tensor._node: tensor for tensor in tensors if grad_fn(tensor) is not None}
        self._kept: list[tuple[Tensor, Tensor]] = []

    def __contains__(self, node: Any) -> bool:
        return node in self._tensors or node in HOOKS

    def __getitem__(self, node: Any) -> Hook:
        tensor = self._tensors.get(node)
        return HOOKS[node] if tensor is None else functools.partial(self._keep, tensor)

    def _keep(self, tensor: Tensor, gradient: Any) -> Any:
        if tensor._node in HOOKS:
            gradient = HOOKS[tensor._node](gradient)
        self._kept.append((tensor, shown(gradient, tensor._key)))
        return gradient

    def deliver(self) -> None:
        """Add what was kept to the tensors' own gradients."""
        with _delivery:
            for tensor, found in self._kept:
                held = get_grad(tensor)
                tensor._grad = found if held is None else held + found


def shown(gradient: Any, key: DispatchKey) -> Tensor:
    """A gradient of a pass, raw or recorded, as a tensor that users may see and write."""
    if key.dtype.kind != "c":
        return owned(gradient, key)
    return owned(_conjugate(gradient) if type(gradient) is Tensor else key.library.ops.conj(gradient), key)


def owned(value: Any, key: DispatchKey, exposed: set[int] | None = None) -> Tensor:
    """A raw array, or a recorded tensor, as a tensor that can be written without changing anything else.

    A raw array is copied, or, where the identities of those that something else sees are `exposed`, if it must be.
    """
    if type(value) is Tensor:
        return clone(value)
    if exposed is not None:
        return wrap(_own(value, key, exposed), key)
    return wrap(key.library.backend.copy(value) if key.writable else value, key)


def passed(gradient: Tensor, key: DispatchKey, recorded: bool) -> Any:
    """A user's gradient as a pass has it: a tensor where it is recorded, else a raw array."""
    tensor = _conjugate(cast(gradient, key.dtype))
    return tensor if recorded else array_of(tensor)


def saved(self: Tensor) -> tuple[Any, Any, int]:
    """Array, storage and version, from which a tensor can be made again that follows no later write."""
    array = array_of(self)
    storage = self._storage or self._make_storage()
    return array, storage, self._version


def lifted(array: Any, key: DispatchKey, node: Any = None, storage: Any = None, version: int = 0) -> Tensor:
    """A tensor of a raw array, with a history."""
    return wrap(array, key, node) if storage is None else _LIFTER.lift(array, key, node, storage, version)


def variable(self: Tensor) -> Tensor:
    """A tensor that shares the memory, with a node or leaf of its own that leads to this one's, if there is one."""
    alone = detach(self)
    if self._node is not None:
        return make_view(self, "reshape", self.shape)
    make_leaf(alone)
    return alone


def require_written(self: Tensor, operation: str) -> None:
    """Refuse what was written without being recorded, if recording it would be refused."""
    require_writable(operation, self)
    require_recorded_view(operation, self)


def get_grad(self: Tensor) -> Tensor | None:
    """The gradient that backward passes have accumulated here; None before the first."""
    return getattr(self, "_grad", None)


def set_grad(self: Tensor, value: Tensor | None) -> None:
    """Replace the accumulated gradient.

    Raises
    ------
    TypeError, ShapeError, DeviceError
        If it is not a tensor of this dtype, shape and device.
    """
    if value is not None:
        _require_like("grad", value, self)
        note_written(value)
    self._grad = value


def _require_like(what: str, value: Any, tensor: Tensor) -> None:
    if type(value) is not Tensor:
        raise TypeError(f"{what}: got {type(value).__name__}, wanted a Tensor or None")
    if value.shape != tensor.shape:
        raise ShapeError(f"{what}: got a gradient of shape {value.shape}, wanted {tensor.shape}")
    if value.device is not tensor.device:
        raise DeviceError(f"{what}: got a gradient on {value.device}, wanted {tensor.device}")
    if value.dtype is not tensor.dtype:
        raise TypeError(f"{what}: got a gradient of {value.dtype}, wanted {tensor.dtype}")


def get_data(self: Tensor) -> Tensor:
    """The tensor without history, sharing its memory, as in PyTorch."""
    return detach(self)


def set_data(self: Tensor, data: Any) -> None:
    """Give the tensor the memory of another, as in PyTorch; history, gradient and hooks stay.

    Views that were made before keep the old memory, and so does what operations have saved.

    Raises
    ------
    TypeError
        If the data is no tensor.
    RuntimeError
        If the tensor requires a gradient and the data, of another shape, dtype or device, does not fit: for a result
        of recorded operations, a leaf with hooks, and a dtype that has no gradients.
    """
    if type(data) is not Tensor:
        raise TypeError(f"data: got {type(data).__name__}, wanted a Tensor")
    shared = detach(data)
    if self._node is not None and (shared._key is not self._key or shared.shape != self.shape):
        _replace_leaf(self, shared)
    array_of(self)
    for slot in ("_array", "_key", "_storage", "_version", "_view"):
        setattr(self, slot, getattr(shared, slot))


def _replace_leaf(self: Tensor, data: Tensor) -> None:
    """Begin the history anew, as what was recorded of the old data has no gradient for the new."""
    leaf = self._node
    given = f"data: got shape {data.shape}, {data.dtype} on {data.device}"
    if not data._key.is_differentiable:
        raise RuntimeError(f"{given}; the data of a tensor that requires grad must be floating-point or complex")
    if type(leaf) is not Leaf or leaf in HOOKS:
        what = "a tensor with hooks" if type(leaf) is Leaf else "a result of recorded operations"
        raise RuntimeError(f"{given}; {what} takes data of its own shape {self.shape}, {self.dtype} on {self.device}")
    leaf.tensor = _no_owner
    self._node = Leaf(self, data._key)


def _no_owner() -> Any:
    raise RuntimeError(
        "backward: the data of a leaf was replaced by data of another shape, dtype or device since the graph was "
        "recorded; compute the result again"
    )


def zero_grad(parameters: Any, set_to_none: bool = True) -> None:
    """Forget the gradients that backward passes have accumulated in tensors, so that the next pass begins anew.

    Parameters
    ----------
    parameters
        A tensor; tuples, lists, dicts and other iterables of tensors, nested in any way; or an object with a method
        ``parameters()`` that gives such.
    set_to_none : bool, default: True
        Whether `grad` becomes None; zeros are written into it otherwise.

    Raises
    ------
    TypeError
        If something else is in there.

    Examples
    --------
    >>> import tensorplug as tp
    >>> parameters = {"weight": tp.ones(2, requires_grad=True), "bias": tp.ones(2, requires_grad=True)}
    >>> (parameters["weight"] * 3 + parameters["bias"]).sum().backward()
    >>> parameters["weight"].grad
    tensor([3., 3.])
    >>> tp.zero_grad(parameters)
    >>> parameters["weight"].grad is None
    True
    """
    if type(parameters) is Tensor:
        held = get_grad(parameters)
        if held is not None and not set_to_none:
            held = held if held._node is None else detach(held)
            held.zero_()
        parameters._grad = None if set_to_none else held
    elif callable(getattr(parameters, "parameters", None)):
        zero_grad(parameters.parameters(), set_to_none)
    elif isinstance(parameters, Mapping):
        zero_grad(parameters.values(), set_to_none)
    elif isinstance(parameters, Iterable) and not isinstance(parameters, str):
        for one in parameters:
            zero_grad(one, set_to_none)
    else:
        raise TypeError(
            f"zero_grad: got {type(parameters).__name__}, wanted a tensor, iterables of tensors, or an object with a "
            f"method parameters()"
        )


def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradient of this tensor with respect to each leaf to the leaf's `grad`.

    Parameters
    ----------
    gradient : Tensor, optional
        The gradient of some scalar with respect to this tensor; 1 by default, for a tensor of one element.
    retain_graph : bool, optional
        Whether the graph is kept for another pass; by default what `create_graph` is.
    create_graph : bool, default: False
        Whether the gradients are themselves recorded, so that they can be differentiated.
    inputs : Tensor or sequence of Tensor, optional
        The tensors whose gradients are wanted, leaves or not; all leaves by default.

    Raises
    ------
    RuntimeError
        If the tensor requires no gradient, has more than one element and no `gradient` is given, or its graph was
        freed by an earlier pass.
    ShapeError
        If `gradient` has another shape.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """
    seed = _seed("backward", self, gradient, create_graph)
    owners: dict[Any, Tensor] | None = None
    if inputs is not None:
        tensors = [inputs] if type(inputs) is Tensor else list(inputs)
        if not tensors:
            raise RuntimeError("backward: inputs is empty; leave it out for the gradients of all leaves")
        owners = {_input_node("backward", tensor): tensor for tensor in tensors}
    delivered = _run("backward", [(self, seed)], retain_graph, create_graph, owners)
    exposed = {id(seed._array)}
    receivers = [node.tensor() if owners is None else owners[node] for node in delivered]
    with _delivery:
        for owner, found in zip(receivers, delivered.values(), strict=True):
            if owner is not None:
                _accumulate(owner, found, create_graph, exposed)


def gradients(
    self: Tensor,
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    linear: bool = False,
) -> tuple[Tensor | None, ...]:
    """See `tensorplug.autograd.grad`, which calls this.

    With `linear`, the gradients that are recorded depend on the `grad_outputs` only.
    """
    ends = _list("outputs", outputs)
    starts = _list("inputs", inputs)
    seeds: list[Any] = [None] * len(ends) if grad_outputs is None else _list("grad_outputs", grad_outputs, type(None))
    if len(seeds) != len(ends):
        raise ValueError(f"grad: got {len(seeds)} grad_outputs for {len(ends)} outputs")
    roots = [(end, _seed("grad", end, seed, create_graph)) for end, seed in zip(ends, seeds, strict=True)]
    nodes = [_input_node("grad", start) for start in starts]
    delivered = _run("grad", roots, retain_graph, create_graph, nodes, _CONSTANT_LIFTER if linear else _LIFTER)
    exposed = {id(seed._array) for _, seed in roots}
    results: list[Tensor | None] = []
    for start, node in zip(starts, nodes, strict=True):
        if node in delivered:
            found = delivered[node]
            results.append(_handed_out(found, start._key, create_graph, exposed))
        elif allow_unused:
            results.append(None)
        else:
            raise RuntimeError(
                f"grad: the tensor of shape {start.shape} appears to not have been used in the graph; set "
                f"allow_unused=True if this is the desired behavior"
            )
    return tuple(results)


def _list(what: str, given: Any, *also: type) -> list[Any]:
    tensors = [given] if type(given) is Tensor or not isinstance(given, Iterable) else list(given)
    for one in tensors:
        if not isinstance(one, (Tensor, *also)):
            raise TypeError(f"grad: {what} are tensors, got {type(one).__name__}")
    return tensors


def _handed_out(found: Any, key: DispatchKey, create_graph: bool, exposed: set[int]) -> Tensor:
    """A gradient that the user may write without changing anything else."""
    if not create_graph:
        return wrap(_own(found, key, exposed), key)
    if id(found) in exposed or id(found._array) in exposed:
        return clone(found)
    exposed.add(id(found))
    tensor: Tensor = found
    return tensor


def _run(
    operation: str,
    roots: Iterable[tuple[Tensor, Tensor]],
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Any,
    lifter: engine.Lifter = _LIFTER,
) -> dict[Any, Any]:
    """A backward pass; gradients come in and go out in PyTorch's convention for complex numbers."""
    if is_inference_mode_enabled():
        raise RuntimeError(
            f"{operation}: no gradients are computed in inference_mode; leave it, or use no_grad there instead"
        )
    seeds = [(root._node, _conjugate(seed)) for root, seed in roots]
    retaining: _Retaining | None = None
    if _retaining:
        with _delivery:
            tensors = list(_retaining.values())
        retaining = _Retaining(tensors)
    pairs = seeds if create_graph else [(node, seed._array) for node, seed in seeds]
    delivered = engine.run(
        pairs,
        retain_graph=create_graph if retain_graph is None else retain_graph,
        lifter=lifter if create_graph else None,
        inputs=inputs,
        hooks=retaining or (HOOKS if HOOKS else None),
    )
    if retaining is not None:
        retaining.deliver()
    for node, found in delivered.items():
        if node.key.dtype.kind == "c":
            delivered[node] = _conjugate(found) if create_graph else node.key.library.ops.conj(found)
    return delivered


def _conjugate(tensor: Tensor) -> Tensor:
    if tensor.dtype.kind != "c":
        return tensor
    conjugated: Tensor = _LIFTER.ops.conj(tensor)
    return conjugated


def _seed(operation: str, tensor: Tensor, gradient: Tensor | None, create_graph: bool) -> Tensor:
    array_of(tensor)
    if tensor._node is None:
        raise RuntimeError(
            f"{operation}: the tensor of shape {tensor.shape} does not require grad and does not have a grad_fn; "
            f"make it from tensors with requires_grad=True, outside of no_grad"
        )
    if gradient is not None:
        _require_like(operation, gradient, tensor)
        array_of(gradient)
        return gradient
    if tensor._array.shape and tensor.numel() != 1:
        raise RuntimeError(
            f"{operation}: grad can be implicitly created only for scalar outputs, got shape {tensor.shape}; give a "
            f"gradient of that shape"
        )
    if create_graph:
        # What comes of it may be handed to the user, who may write it.
        return wrap(tensor._key.library.ops.ones_like(tensor._array), tensor._key)
    one = scalar_tensor(tensor._key, 1, "backward")
    return one if not tensor.shape else broadcast_to(one, tensor.shape)


def _input_node(operation: str, tensor: Any) -> Any:
    if type(tensor) is not Tensor:
        raise TypeError(f"{operation}: inputs are tensors, got {type(tensor).__name__}")
    array_of(tensor)
    if tensor._node is None:
        raise RuntimeError(f"{operation}: an input, of shape {tensor.shape}, does not require grad")
    return tensor._node


def _accumulate(owner: Tensor, found: Any, create_graph: bool, exposed: set[int]) -> None:
    """Add a gradient to the leaf's own, in place unless the sum must be differentiable."""
    held = get_grad(owner)
    if held is not None and (held._key is not owner._key or held.shape != found.shape):
        raise RuntimeError(
            f"backward: the gradient so far, of shape {held.shape}, {held._key}, does not fit the new data of the "
            f"tensor, of shape {owner.shape}, {owner._key}; set x.grad = None first"
        )
    if create_graph:
        owner._grad = clone(found) if held is None else held + found
        note_written(owner._grad)
    elif held is None:
        owner._grad = wrap(_own(found, owner._key, exposed), owner._key)
    else:
        kernel, _ = owner._key.table["add"]
        held_array = array_of(held)
        in_place = owner._key.library.find("add_") if owner._key.writable else None
        if held._node is not None or overlapping(held):
            owner._grad = wrap(kernel(held_array, found), owner._key)
        else:
            write(held, (in_place or kernel)(held_array, found))


def _own(array: Any, key: DispatchKey, exposed: set[int]) -> Any:
    """The gradient in memory that nothing else sees, so that writing it in place changes it alone."""
    if key.writable and (id(array) in exposed or key.library.backend.is_view(array)):
        return key.library.backend.copy(array)
    exposed.add(id(array))
    return array


PROPERTIES = {
    "requires_grad": property(requires_grad, lambda self, flag: (requires_grad_(self, flag), None)[1]),
    "is_leaf": property(is_leaf),
    "grad_fn": property(grad_fn),
    "data": property(get_data, set_data),
    "grad": property(get_grad, set_grad, lambda self: set_grad(self, None)),
    "retains_grad": property(retains_grad),
}
"""Properties of Tensor."""

METHODS = {
    "backward": backward,
    "detach": detach,
    "register_hook": register_hook,
    "requires_grad_": requires_grad_,
    "retain_grad": retain_grad,
    "_end_history": end_history,
    "_gradients": gradients,
    "_lift": staticmethod(lifted),
    "_lifter": _LIFTER,
    "_owned": staticmethod(owned),
    "_passed": passed,
    "_save": saved,
    "_shown": staticmethod(shown),
    "_variable": variable,
    "_require_writable": require_written,
    "_write_history": rewrite_history,
}
"""Methods of Tensor."""
