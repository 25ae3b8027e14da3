"""Hooks of modules: functions called before and after `forward`, in the backward pass, and with states."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from ..autograd.function import Function
from ..autograd.hooks import LOCK, Hooks, RemovableHandle
from ..core import Tensor


class Hook(NamedTuple):
    """A function, and how it is called."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class _AllModules:
    """The owner of the hooks that are called for each module."""

    def __init__(self) -> None:
        self._hooks: dict[str, Hooks] = {}


ALL_MODULES = _AllModules()


def add_hook(
    module: Any, kind: str, function: Callable[..., Any], prepend: bool = False, *options: bool
) -> RemovableHandle:
    """Add a hook of a kind, after those that the module has or before them."""
    hook: Any = Hook(function, *options)
    with LOCK:
        hooks = module._hooks.setdefault(kind, Hooks())
        handle = hooks.add(module, hook)
        if prepend:
            number, _ = hooks.functions.popitem()
            hooks.functions = {number: hook, **hooks.functions}
    return handle


def hooks_of(module: Any, kind: str) -> tuple[Any, ...]:
    """The hooks of a kind, in the order in which they are called, first those of all modules."""
    found = [owner._hooks.get(kind) for owner in (ALL_MODULES, module)]
    # Tuples of a whole, as another thread may add a hook or remove one.
    return sum((tuple(hooks.functions.values()) for hooks in found if hooks is not None), ())


def call_with_hooks(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call `forward` and the hooks around it."""
    for hook in hooks_of(module, "forward_pre"):
        if not hook.with_kwargs:
            changed = hook.function(module, args)
            args = args if changed is None else _as_tuple(changed)
        elif (changed := hook.function(module, args, kwargs)) is not None:
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(f"a forward pre-hook with kwargs returns (args, kwargs) or None, got {changed!r}")
            args, kwargs = changed
    watched = hooks_of(module, "backward") or hooks_of(module, "backward_pre")
    gradients = _Gradients(module, len(args)) if watched else None
    waiting, result = None, None
    try:
        result = module.forward(*(gradients.watch_inputs(args) if gradients else args), **kwargs)
        waiting = list(hooks_of(module, "forward"))
        while waiting:
            result = _after(waiting.pop(0), module, args, kwargs, result)
    except Exception:
        for hook in hooks_of(module, "forward") if waiting is None else waiting:
            if hook.always_call:
                try:
                    result = _after(hook, module, args, kwargs, result)
                except Exception as error:
                    warnings.warn(f"a forward hook with always_call=True raised {error!r}", RuntimeWarning, 3)
        raise
    return gradients.watch_outputs(result) if gradients else result


def _after(hook: Hook, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    given = (module, args, kwargs, result) if hook.with_kwargs else (module, args, result)
    changed = hook.function(*given)
    return result if changed is None else changed


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


class _Gradients:
    """The gradients of one call's inputs and outputs, which backward hooks get and may replace."""

    def __init__(self, module: Any, inputs: int) -> None:
        self.module = module
        self.inputs: Any = (None,) * inputs
        self.outputs: Any = None
        self.has_inputs = False

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        args, self.has_inputs = _watched(args, self._at_inputs)
        return args

    def watch_outputs(self, result: Any) -> Any:
        found, _ = _watched(_as_tuple(result), self._at_outputs)
        if not isinstance(result, tuple):
            return found[0]
        return type(result)(*found) if hasattr(result, "_fields") else found

    def _at_outputs(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in hooks_of(self.module, "backward_pre"):
            gradients = _replaced(gradients, hook.function(self.module, gradients), "backward pre-hook")
        self.outputs = gradients
        if not self.has_inputs:
            for hook in hooks_of(self.module, "backward"):
                changed = hook.function(self.module, self.inputs, gradients)
                if changed is not None and any(one is not None for one in _as_tuple(changed)):
                    raise RuntimeError("a backward hook returned gradients of inputs, none of which requires one")
        return gradients

    def _at_inputs(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.outputs is not None:
            for hook in hooks_of(self.module, "backward"):
                changed = hook.function(self.module, gradients, self.outputs)
                gradients = _replaced(gradients, changed, "backward hook")
            # A second derivative reaches the inputs without passing the outputs.
            self.outputs = None
        return gradients


def _replaced(gradients: tuple[Any, ...], changed: Any, kind: str) -> tuple[Any, ...]:
    found = gradients if changed is None else _as_tuple(changed)
    if len(found) != len(gradients):
        raise RuntimeError(f"a {kind} returned {len(found)} gradients, wanted {len(gradients)}")
    for given, one in zip(gradients, found, strict=True):
        if one is not None and not isinstance(one, Tensor):
            raise TypeError(f"a {kind} returned {type(one).__name__}, wanted Tensor or None for each gradient")
        if one is not None and given is not None and one.shape != given.shape:
            raise RuntimeError(f"a {kind} returned a gradient of shape {one.shape}, wanted {given.shape}")
    return found


def _watched(values: tuple[Any, ...], receive: Callable[..., Any]) -> tuple[tuple[Any, ...], bool]:
    """The values, of which the gradients of the tensors pass through a function, if one has a gradient."""
    places = [i for i, x in enumerate(values) if isinstance(x, Tensor)]
    found = list(values)
    for i, tensor in zip(
        places, _Watched.apply(len(values), places, receive, *(values[i] for i in places)), strict=True
    ):
        found[i] = tensor
    return tuple(found), any(found[i].grad_fn is not None for i in places)


class _Watched(Function):
    """The identity, whose gradients pass through a function."""

    @staticmethod
    def forward(ctx: Any, count: int, places: list[int], receive: Callable[..., Any], *tensors: Any) -> Any:
        ctx.count, ctx.places, ctx.receive = count, places, receive
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(tensor for tensor in tensors if not tensor.requires_grad))
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        by_place = dict(zip(ctx.places, gradients, strict=True))
        found = ctx.receive(tuple(by_place.get(i) for i in range(ctx.count)))
        # Copies, as hooks may keep what they were given, to which further gradients would be added.
        return (None, None, None, *(None if found[i] is None else found[i].clone() for i in ctx.places))


def find_hook(module: Any, kind: str, of: type, name: str | None = None) -> tuple[int, Any]:
    """The number and the function of the hook of a class, and of the tensor of a name; None if there is none."""
    hooks: Any = module._hooks.get(kind, Hooks())
    for number, hook in hooks.functions.items():
        if isinstance(hook.function, of) and name in (None, getattr(hook.function, "_tensor_name", None)):
            return number, hook.function
    return -1, None
