"""`Tensor.backward` and `autograd.grad`: gradients with respect to leaves or inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...autograd import engine
from ...autograd.captured import note_written
from ...autograd.hooks import ACCUMULATED, HOOKS
from ...autograd.modes import is_inference_mode_enabled
from ..dispatch.keys import DispatchKey
from ..dispatch.levels import depth_of, lifted
from ..dispatch.registry import method
from ..memory.coercion import scalar_tensor
from ..memory.structure import broadcast_to, clone
from ..memory.tensor import Tensor, wrap
from ..memory.views import array_of, divided_like, overlapping, write
from ..types.errors import VmapError
from .hooks import RETAINING, Retaining, delivery
from .leaves import get_grad, require_like
from .lifting import BATCH_LIFTER, CONSTANT_LIFTER, LIFTER, conjugate, in_dtype, in_own_memory, own_key


@method()
def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Compute the gradient of this tensor with respect to its leaves, and accumulate it in their `grad`.

    Parameters
    ----------
    gradient : Tensor, optional
        The gradient with respect to this tensor; 1 by default, for a tensor of one element.
    retain_graph : bool, optional
        Whether the graph is kept for another pass; by default the value of `create_graph`.
    create_graph : bool, default: False
        Whether the gradients are recorded, so that they can be differentiated again.
    inputs : Tensor or sequence of Tensor, optional
        The tensors whose gradients are accumulated, leaves or not; all leaves by default.

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
        tensors = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        if not tensors:
            raise RuntimeError("backward: inputs is empty; leave it out for the gradients of all leaves")
        owners = {_input_node("backward", tensor): tensor for tensor in tensors}
    delivered = _run("backward", [(self, seed)], retain_graph, create_graph, owners, LIFTER if create_graph else None)
    exposed = {id(seed._array)}
    receivers = [node.tensor() if owners is None else owners[node] for node in delivered]
    with delivery:
        for owner, found in zip(receivers, delivered.values(), strict=True):
            if owner is not None:
                _accumulate(owner, found, create_graph, exposed)
    if ACCUMULATED:
        for owner in receivers:
            if owner is not None and owner._node in ACCUMULATED:
                ACCUMULATED[owner._node](owner)


@method("_gradients")
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
    """Gradients with respect to inputs: see `tensorplug.autograd.grad`, which calls this.

    With `linear`, recorded gradients depend on the `grad_outputs` only.
    """
    ends = _list("outputs", outputs)
    starts = _list("inputs", inputs)
    seeds: list[Any] = [None] * len(ends) if grad_outputs is None else _list("grad_outputs", grad_outputs, type(None))
    if len(seeds) != len(ends):
        raise ValueError(f"grad: got {len(seeds)} grad_outputs for {len(ends)} outputs")
    roots = [(end, _seed("grad", end, seed, create_graph)) for end, seed in zip(ends, seeds, strict=True)]
    nodes = [_input_node("grad", start) for start in starts]
    _require_one_level(ends, starts)
    batched = any(depth_of(seed) > depth_of(end) for end, seed in roots)
    lifter = (CONSTANT_LIFTER if linear else LIFTER) if create_graph else BATCH_LIFTER if batched else None
    delivered = _run("grad", roots, retain_graph, create_graph, nodes, lifter)
    exposed = {id(seed._array) for _, seed in roots}
    results: list[Tensor | None] = []
    for start, node in zip(starts, nodes, strict=True):
        if node in delivered:
            found = delivered[node]
            key = start._key if create_graph else own_key(found, start._key)
            if not create_graph:
                found = divided_like(start, key, found)
            results.append(_unshared(found, key, create_graph, exposed))
        elif allow_unused:
            results.append(None)
        else:
            raise RuntimeError(
                f"grad: the tensor of shape {start.shape} appears to not have been used in the graph; set "
                f"allow_unused=True if this is the desired behavior"
            )
    return tuple(results)


def _list(what: str, given: Any, *also: type) -> list[Any]:
    tensors = [given] if isinstance(given, Tensor) or not isinstance(given, Iterable) else list(given)
    for one in tensors:
        if not isinstance(one, (Tensor, *also)):
            raise TypeError(f"grad: {what} are tensors, got {type(one).__name__}")
    return tensors


def _unshared(found: Any, key: DispatchKey, create_graph: bool, exposed: set[int]) -> Tensor:
    """A gradient that shares no memory, which the user may write."""
    if not create_graph:
        return wrap(in_own_memory(found, key, exposed), key)
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
    lifter: engine.Lifter | None,
) -> dict[Any, Any]:
    """Run a backward pass; gradients of complex numbers follow PyTorch's convention outside, its conjugate inside."""
    if is_inference_mode_enabled():
        raise RuntimeError(
            f"{operation}: no gradients are computed in inference_mode; leave it, or use no_grad there instead"
        )
    seeds = [(root._node, conjugate(seed)) for root, seed in roots]
    retaining: Retaining | None = None
    if RETAINING:
        with delivery:
            tensors = list(RETAINING.values())
        retaining = Retaining(tensors)
    pairs = seeds if create_graph else [(node, seed._array) for node, seed in seeds]
    delivered = engine.run(
        pairs,
        retain_graph=create_graph if retain_graph is None else retain_graph,
        lifter=lifter,
        inputs=inputs,
        hooks=retaining or (HOOKS if HOOKS else None),
    )
    if retaining is not None:
        retaining.deliver()
    for node, found in delivered.items():
        ops = node.key.library.ops if lifter is None else lifter.ops_of(node.key)
        if node.key.dtype.kind == "c":
            delivered[node] = ops.conj(found)
        elif not create_graph:
            delivered[node] = in_dtype(found, node.key, ops)
    return delivered


def _require_one_level(ends: list[Any], starts: list[Any]) -> None:
    """Refuse gradients by what is the same for all examples of a `vmap`, which would be summed over these."""
    if max(map(depth_of, ends)) > min(map(depth_of, starts)):
        raise VmapError(
            "grad: a tensor that is the same for all examples of a vmap has another gradient in each; use "
            "tensorplug.func.grad inside of the vmap, or give the tensor to its function with in_dims=None"
        )


def _seed(operation: str, tensor: Tensor, gradient: Tensor | None, create_graph: bool) -> Tensor:
    array_of(tensor)
    if tensor._node is None:
        raise RuntimeError(
            f"{operation}: the tensor of shape {tensor.shape} does not require grad and does not have a grad_fn; "
            f"make it from tensors with requires_grad=True, outside of no_grad"
        )
    if gradient is not None:
        # One of `grad` may be of a level inside of the tensor's, as in a batch of Jacobian's rows.
        like = lifted(tensor, gradient) if isinstance(gradient, Tensor) and operation == "grad" else tensor
        require_like(operation, gradient, like)
        array_of(gradient)
        return gradient
    if tensor._array.shape and tensor.numel() != 1:
        raise RuntimeError(
            f"{operation}: grad can be implicitly created only for scalar outputs, got shape {tensor.shape}; give a "
            f"gradient of that shape"
        )
    if create_graph:
        # The user may get it as a gradient, and write it.
        return wrap(tensor._key.library.ops.ones_like(tensor._array), tensor._key)
    one = scalar_tensor(tensor._key, 1, "backward")
    return one if not tensor.shape else broadcast_to(one, tensor.shape)


def _input_node(operation: str, tensor: Any) -> Any:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{operation}: inputs are tensors, got {type(tensor).__name__}")
    array_of(tensor)
    if tensor._node is None:
        raise RuntimeError(f"{operation}: an input, of shape {tensor.shape}, does not require grad")
    return tensor._node


def _accumulate(owner: Tensor, found: Any, create_graph: bool, exposed: set[int]) -> None:
    """Add a gradient to that of a leaf, in place unless the sum is recorded."""
    held = get_grad(owner)
    if not create_graph:
        found = divided_like(owner, owner._key, found)
    if held is not None and (held._key is not owner._key or held.shape != found.shape):
        raise RuntimeError(
            f"backward: the gradient so far, of shape {held.shape}, {held._key}, does not fit the new data of the "
            f"tensor, of shape {owner.shape}, {owner._key}; set x.grad = None first"
        )
    if create_graph:
        owner._grad = clone(found) if held is None else held + found
        note_written(owner._grad)
    elif held is None:
        owner._grad = wrap(in_own_memory(found, owner._key, exposed), owner._key)
    else:
        kernel, _ = owner._key.table["add"]
        held_array = array_of(held)
        in_place = owner._key.library.find("add_") if owner._key.writable else None
        if held._node is not None or overlapping(held):
            owner._grad = wrap(kernel(held_array, found), owner._key)
        else:
            write(held, (in_place or kernel)(held_array, found))
