"""Leaves: `requires_grad`, `grad`, `grad_fn`, `data`, and `zero_grad`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...autograd.captured import note_written
from ...autograd.hooks import ACCUMULATED, HOOKS
from ...autograd.node import Leaf, Node
from ..dispatch.registry import attribute, method
from ..memory.tensor import Tensor, make_leaf
from ..memory.views import array_of, detach
from ..types.errors import DeviceError, ShapeError

__all__ = ["zero_grad"]


@method()
def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set whether this tensor requires a gradient, and return it.

    Raises
    ------
    RuntimeError
        If its dtype is not floating-point or complex, or a non-leaf tensor is to require none.
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


@attribute("requires_grad", requires_grad_)
def requires_grad(self: Tensor) -> bool:
    """Whether this tensor requires a gradient, so that operations on it are recorded."""
    array_of(self)
    return self._node is not None


@attribute("is_leaf")
def is_leaf(self: Tensor) -> bool:
    """Whether the tensor is a leaf: not the result of a recorded operation."""
    array_of(self)
    return not isinstance(self._node, Node)


@attribute("grad_fn")
def grad_fn(self: Tensor) -> Node | None:
    """The node of the recorded operation that made this tensor; None for a leaf."""
    array_of(self)
    return self._node if isinstance(self._node, Node) else None


def set_grad(self: Tensor, value: Tensor | None) -> None:
    """Replace the accumulated gradient.

    Raises
    ------
    TypeError, ShapeError, DeviceError
        If it is not a tensor of this dtype, shape and device.
    """
    if value is not None:
        require_like("grad", value, self)
        note_written(value)
    self._grad = value


def forget_grad(self: Tensor) -> None:
    """Delete the accumulated gradient."""
    self._grad = None


@attribute("grad", set_grad, forget_grad)
def get_grad(self: Tensor) -> Tensor | None:
    """The gradient that backward passes have accumulated; None before the first."""
    return getattr(self, "_grad", None)


def require_like(what: str, value: Any, tensor: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{what}: got {type(value).__name__}, wanted a Tensor or None")
    if value.shape != tensor.shape:
        raise ShapeError(f"{what}: got a gradient of shape {value.shape}, wanted {tensor.shape}")
    if value.device is not tensor.device:
        raise DeviceError(f"{what}: got a gradient on {value.device}, wanted {tensor.device}")
    if value.dtype is not tensor.dtype:
        raise TypeError(f"{what}: got a gradient of {value.dtype}, wanted {tensor.dtype}")


def set_data(self: Tensor, data: Any) -> None:
    """Replace the tensor's memory by that of another, as in PyTorch; node, gradient and hooks stay.

    Earlier views, and what operations have saved, keep the old memory.

    Raises
    ------
    TypeError
        If the data is no tensor.
    RuntimeError
        If the tensor requires a gradient and the data, of another shape, dtype or device, does not fit: for a result
        of recorded operations, a leaf with hooks, and a dtype that has no gradients.
    """
    if not isinstance(data, Tensor):
        raise TypeError(f"data: got {type(data).__name__}, wanted a Tensor")
    shared = detach(data)
    if self._node is not None and (shared._key is not self._key or shared.shape != self.shape):
        _replace_leaf(self, shared)
    array_of(self)
    for slot in ("_array", "_key", "_storage", "_version", "_view"):
        setattr(self, slot, getattr(shared, slot))


@attribute("data", set_data)
def get_data(self: Tensor) -> Tensor:
    """The detached tensor, which shares the memory, as in PyTorch."""
    return detach(self)


def _replace_leaf(self: Tensor, data: Tensor) -> None:
    """Make a new leaf, as gradients recorded for the old data do not fit the new."""
    leaf = self._node
    given = f"data: got shape {data.shape}, {data.dtype} on {data.device}"
    if not data._key.is_differentiable:
        raise RuntimeError(f"{given}; the data of a tensor that requires grad must be floating-point or complex")
    if type(leaf) is not Leaf or leaf in HOOKS or leaf in ACCUMULATED:
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
    """Reset the accumulated gradients of tensors.

    Parameters
    ----------
    parameters
        A tensor; tuples, lists, dicts and other iterables of tensors, nested in any way; or an object with a method
        ``parameters()`` that returns these.
    set_to_none : bool, default: True
        Whether `grad` becomes None; otherwise it is filled with zeros.

    Raises
    ------
    TypeError
        If there is anything else among them.

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
    if isinstance(parameters, Tensor):
        held = None if set_to_none else get_grad(parameters)
        if held is not None:
            held = held if held._node is None else detach(held)
            held.zero_()
        parameters._grad = held
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
