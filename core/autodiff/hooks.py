"""`register_hook`, `register_post_accumulate_grad_hook` and `retain_grad`."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ...autograd.hooks import ACCUMULATED, HOOKS, Hook, RemovableHandle
from ...autograd.node import Leaf, Node
from ..dispatch.keys import DispatchKey
from ..dispatch.registry import attribute, method
from ..memory.tensor import Tensor
from ..memory.views import array_of
from .leaves import get_grad, grad_fn
from .lifting import gradient_for_engine, gradient_for_user, own_key

delivery = threading.Lock()


@method()
def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Register a function to be called with this tensor's gradient in each backward pass.

    Parameters
    ----------
    hook
        It returns None, or a tensor that replaces the gradient.

    Returns
    -------
    RemovableHandle
        Its ``remove()`` removes the hook.

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
    return HOOKS.add(self._node, functools.partial(_call_hook, hook, self._key, self.shape))


@method()
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Register a function to be called with this leaf after each backward pass that accumulated its gradient.

    Gradients of all leaves are there when the first of these hooks is called.

    Parameters
    ----------
    hook
        It is called with the leaf, and returns nothing.

    Returns
    -------
    RemovableHandle
        Its ``remove()`` removes the hook.

    Raises
    ------
    TypeError
        If the hook is no function.
    RuntimeError
        If the tensor requires no gradient, or is no leaf.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> handle = x.register_post_accumulate_grad_hook(lambda x: x.grad.mul_(10))
    >>> x.sum().backward()
    >>> x.grad
    tensor([10., 10.])
    """
    array_of(self)
    operation = "register_post_accumulate_grad_hook"
    if not callable(hook):
        raise TypeError(f"{operation}: got {type(hook).__name__}, wanted a function of the tensor")
    if type(self._node) is not Leaf:
        what = "requires no gradient" if self._node is None else "is no leaf; register_hook takes results of operations"
        raise RuntimeError(f"{operation}: the tensor of shape {self.shape} {what}")
    return ACCUMULATED.add(self._node, functools.partial(_call_with_leaf, hook))


def _call_with_leaf(hook: Callable[[Tensor], None], leaf: Tensor) -> Tensor:
    hook(leaf)
    return leaf


def _call_hook(hook: Callable[[Tensor], Any], key: DispatchKey, shape: tuple[int, ...], gradient: Any) -> Any:
    replaced = hook(gradient_for_user(gradient, key))
    if replaced is None:
        return gradient
    key = gradient._key if isinstance(gradient, Tensor) else own_key(gradient, key)
    if not isinstance(replaced, Tensor):
        raise TypeError(f"register_hook: a hook returns a Tensor or None, got {type(replaced).__name__}")
    if replaced.shape != shape or replaced._key is not key:
        raise RuntimeError(
            f"register_hook: the hook returned a gradient of shape {replaced.shape}, {replaced.dtype} on "
            f"{replaced.device}, wanted shape {shape}, {key.dtype} on {key.device}"
        )
    return gradient_for_engine(replaced, key, isinstance(gradient, Tensor))


RETAINING: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()
"""The tensors that retain their gradients, by `id`."""


@method()
def retain_grad(self: Tensor) -> None:
    """Accumulate the gradient of this non-leaf tensor in its `grad`.

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
        with delivery:
            RETAINING[id(self)] = self


@attribute("retains_grad")
def retains_grad(self: Tensor) -> bool:
    """Whether this is a non-leaf tensor whose `grad` accumulates gradients."""
    return RETAINING.get(id(self)) is self and isinstance(self._node, Node)


class Retaining:
    """The hooks of a backward pass, plus hooks that collect the gradients to retain."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self._tensors = {tensor._node: tensor for tensor in tensors if grad_fn(tensor) is not None}
        self._collected: list[tuple[Tensor, Tensor]] = []

    def __contains__(self, node: Any) -> bool:
        return node in self._tensors or node in HOOKS

    def __getitem__(self, node: Any) -> Hook:
        tensor = self._tensors.get(node)
        return HOOKS[node] if tensor is None else functools.partial(self._collect, tensor)

    def _collect(self, tensor: Tensor, gradient: Any) -> Any:
        if tensor._node in HOOKS:
            gradient = HOOKS[tensor._node](gradient)
        self._collected.append((tensor, gradient_for_user(gradient, tensor._key)))
        return gradient

    def deliver(self) -> None:
        """Add the collected gradients to the tensors' own."""
        with delivery:
            for tensor, found in self._collected:
                held = get_grad(tensor)
                tensor._grad = found if held is None else held + found
